/*
 * torch_stream.c - the container that torch.save wrote before 1.6 and mmpose still publishes. The file is
 *
 *   five pickles, one after the other: magic number, protocol version 1001, facts about the machine (a dictionary), the
 *   object that was saved, the list of storage keys
 *   for each key of the list: the number of elements as int64, and the elements
 */
#include "base/mem.h"
#include "io/tensors/store.h"
#include "io/tensors/torch_tree.h"

enum { PROTOCOL = 1001, FIRST_WINDOW = 1 << 20 }; /* bytes that are read first for the pickles */

typedef struct pickles {
    hr_pickle magic, protocol, machine, object, keys;
} pickles;

static hrnet_status read_pickles(pickles *p, hr_cursor *bytes)
{
    HR_TRY(hr_pickle_read(&p->magic, bytes)); /* tensors.c has compared it to recognise the container */
    HR_TRY(hr_pickle_read(&p->protocol, bytes));
    const hr_value *const protocol = hr_pickle_value(&p->protocol, p->protocol.root);
    if (protocol->kind != HR_PICKLE_INTEGER || protocol->as.integer != PROTOCOL)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "expected protocol version %d, found %lld", PROTOCOL,
                       (long long)(protocol->kind == HR_PICKLE_INTEGER ? protocol->as.integer : -1));
    HR_TRY(hr_pickle_read(&p->machine, bytes));
    HR_TRY(hr_pickle_read(&p->object, bytes));
    return hr_pickle_read(&p->keys, bytes);
}

static void free_pickles(pickles *p)
{
    hr_pickle_free(&p->magic);
    hr_pickle_free(&p->protocol);
    hr_pickle_free(&p->machine);
    hr_pickle_free(&p->object);
    hr_pickle_free(&p->keys);
}

/* Read the pickles. Nothing says where they end, so they are read from a window at the start of the file that grows by
 * a factor of 8 while the data ends too early. *window holds the text of the values: free it after the pickles, also on
 * failure. *end is the offset after the last pickle. */
static hrnet_status read_head(const hr_source *source, pickles *p, unsigned char **window, uint64_t *end)
{
    for (uint64_t n = FIRST_WINDOW;; n *= 8) {
        const uint64_t most = source->size < HR_MAX_PICKLE ? source->size : HR_MAX_PICKLE;
        if (n > most) n = most;
        HR_NEW(*window, (size_t)n);
        HR_TRY(hr_source_read(source, 0, (size_t)n, *window));
        hr_cursor cursor = hr_cursor_over(*window, (size_t)n);
        const hrnet_status status = read_pickles(p, &cursor);
        *end = cursor.at;
        if (status == HRNET_OK || !cursor.failed || n == most)
            return status != HRNET_OK && cursor.failed && n == source->size ? hr_fail_in(status, HR_CUT_SHORT) : status;
        free_pickles(p);
        hr_free(*window);
        *window = NULL;
    }
}

/* The machine's dictionary has "little_endian": True, among a few other keys. */
static hrnet_status check_byte_order(const hr_pickle *machine)
{
    const hr_value *const root = hr_pickle_value(machine, machine->root);
    for (uint32_t i = 0; root->kind == HR_PICKLE_DICT && i + 1 < root->n && i < 64; i += 2) {
        const hr_value *const value = hr_pickle_value(machine, hr_pickle_item(machine, machine->root, i + 1));
        if (hr_pickle_is_text(machine, hr_pickle_item(machine, machine->root, i), "little_endian") &&
            value->kind == HR_PICKLE_BOOL && !value->as.integer)
            return hr_fail(HRNET_ERR_UNSUPPORTED, "expected little-endian numbers, found big-endian ones");
    }
    return HRNET_OK;
}

/* Find the offset of every storage: they follow each other from `at` on in the order of the keys. Each storage that the
 * object refers to must be listed once. */
static hrnet_status locate_storages(hr_store *store, const hr_pickle *keys, uint64_t at)
{
    const hr_value *const list = hr_pickle_value(keys, keys->root);
    size_t n_located = 0;
    if (list->kind != HR_PICKLE_LIST)
        return hr_fail(HRNET_ERR_FORMAT, "expected a list of storage keys after the object, found none");
    for (uint32_t cell = list->first; cell != 0; cell = keys->cells[cell].next) {
        const hr_value *const key = hr_pickle_value(keys, keys->cells[cell].value);
        hr_storage *const storage = key->kind == HR_PICKLE_TEXT ? hr_store_find(store, key->as.text, key->n) : NULL;
        if (storage == NULL || storage->at != 0)
            return hr_fail(HRNET_ERR_FORMAT, "expected the object's storages, each once, found one %s",
                           storage == NULL ? "that is not the object's" : "twice");
        if (storage->element_size == 0)
            return hr_fail(HRNET_ERR_UNSUPPORTED, "storage %.200s: expected a known element type, found another",
                           storage->key);
        uint64_t n_elements;
        if (store->source.size - at < sizeof n_elements)
            return hr_fail(HRNET_ERR_FORMAT,
                           HR_CUT_SHORT ": expected storage %.200s at offset %llu, found a file of %llu", storage->key,
                           (unsigned long long)at, (unsigned long long)store->source.size);
        HR_TRY(hr_source_read(&store->source, at, sizeof n_elements, &n_elements));
        if (n_elements != storage->n_bytes / storage->element_size)
            return hr_fail(HRNET_ERR_FORMAT, "storage %.200s: %llu elements, the pickle expects %llu", storage->key,
                           (unsigned long long)n_elements,
                           (unsigned long long)(storage->n_bytes / storage->element_size));
        at += sizeof n_elements;
        if (storage->n_bytes > store->source.size - at)
            return hr_fail(HRNET_ERR_FORMAT,
                           HR_CUT_SHORT ": storage %.200s: expected %llu bytes at offset %llu, found a file of %llu",
                           storage->key, (unsigned long long)storage->n_bytes, (unsigned long long)at,
                           (unsigned long long)store->source.size);
        storage->at = at;
        at += storage->n_bytes;
        n_located++;
    }
    if (n_located < store->n_storages)
        return hr_fail(HRNET_ERR_FORMAT, "expected a list of the object's %zu storages, found %zu", store->n_storages,
                       n_located);
    return HRNET_OK;
}

hrnet_status hr_torch_stream_index(hr_tensors *tensors)
{
    pickles p = {0};
    unsigned char *window = NULL;
    uint64_t end = 0;
    tensors->container = HR_TORCH_STREAM;
    hrnet_status status = read_head(&tensors->store->source, &p, &window, &end);
    if (status == HRNET_OK) status = check_byte_order(&p.machine);
    if (status == HRNET_OK) status = hr_torch_storages(tensors->store, &p.object);
    if (status == HRNET_OK) status = locate_storages(tensors->store, &p.keys, end);
    if (status == HRNET_OK) status = hr_torch_flatten(tensors, &p.object);
    free_pickles(&p);
    hr_free(window);
    return status;
}
