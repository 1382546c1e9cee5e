/*
 * torch_tree.c - from the values of a pickle to tensors and metadata: a depth-first walk over its containers. The walk
 * keeps a stack of its own (frames), one for each container that is open, and the path of keys to the current one.
 *
 * The tree comes from a hostile file at worst: shared parts can make it exponentially large (a list of ten references
 * to a list of ten references ...) and cycles endless. So depth, visits and copied text are limited, and a container
 * that is already open is not entered again.
 */
#include "io/tensors/torch_tree.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"

enum { MAX_DEPTH = 64, MAX_VISITS = 1 << 22, MAX_TEXT = 1 << 28, MAX_SKIPPED = 256 };

/* ------------------------------------------------------------------------------------------------ the walk */

/* An open container. */
typedef struct frame {
    hr_ref container;
    uint32_t cell;      /* of the next item; 0: none is left */
    size_t index;       /* of the next item; in a list it serves as the key */
    size_t path_length; /* of walker.path before this container's key was added */
    int of_pairs;       /* a list whose items are (key, value) */
} frame;

typedef struct walker {
    const hr_pickle *pickle;
    hr_tensors *out;
    size_t item_capacity, entry_capacity, skipped_capacity;
    frame frames[MAX_DEPTH];
    int depth;
    hr_text path;               /* keys of the open containers, joined with '/' */
    size_t n_visits, text_left; /* values visited; bytes of text that may still be copied */
} walker;

/* Copy n bytes of text, which count against MAX_TEXT. */
static hrnet_status copy_text(walker *w, const char *text, size_t n, char **out)
{
    if (n >= w->text_left)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d bytes of keys and text, found more", MAX_TEXT);
    w->text_left -= n + 1;
    *out = hr_strndup(text, n);
    return *out != NULL ? HRNET_OK : hr_fail_memory(n + 1);
}

/* Append a key of n bytes to the path; it counts against MAX_TEXT each time it is appended. */
static hrnet_status enter_path(walker *w, const char *key, size_t n)
{
    if (n >= w->text_left)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d bytes of keys and text, found more", MAX_TEXT);
    w->text_left -= n + 1;
    if (w->path.length > 0) hr_text_add_bytes(&w->path, "/", 1);
    hr_text_add_bytes(&w->path, key, n);
    return w->path.failed ? hr_fail_memory(n) : HRNET_OK;
}

static void leave_path(walker *w, size_t length)
{
    w->path.length = length;
    if (w->path.data != NULL) w->path.data[length] = '\0';
}

/* Follow calls that stand for their first argument (Parameter, Size). A chain of more than 8 of them, which no pickler
 * writes, gives value 0. */
static hr_ref resolve(const hr_pickle *pickle, hr_ref ref)
{
    for (int i = 0; i < 8; i++) {
        if (hr_torch_meaning_of(pickle, ref) != HR_TORCH_FIRST) return ref;
        ref = hr_pickle_argument(pickle, ref, 0);
    }
    return 0;
}

/* Read a size or stride: a tuple, or a torch.Size made of one. */
static hrnet_status read_dims(const hr_pickle *pickle, hr_ref ref, int64_t out[HR_MAX_DIMS], int *n_dims)
{
    const hr_ref dims = resolve(pickle, ref);
    const hr_value *const value = hr_pickle_value(pickle, dims);
    if (value->kind != HR_PICKLE_TUPLE && value->kind != HR_PICKLE_LIST)
        return hr_fail(HRNET_ERR_FORMAT, "expected a tuple of sizes or strides");
    if (value->n > HR_MAX_DIMS)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "expected at most %d dimensions, found %u", HR_MAX_DIMS, value->n);
    for (uint32_t d = 0; d < value->n; d++) {
        const hr_value *const size = hr_pickle_value(pickle, hr_pickle_item(pickle, dims, d));
        if (size->kind != HR_PICKLE_INTEGER) return hr_fail(HRNET_ERR_FORMAT, "expected integers as sizes and strides");
        out[d] = size->as.integer;
    }
    *n_dims = (int)value->n;
    return HRNET_OK;
}

/* Fill a tensor from the arguments (storage, offset, size, stride, ...) of the function that would rebuild it in
 * Python. typed: argument 6 is the element type, which may differ from the storage's. *usable 0: the element type is
 * not in hr_dtype. */
static hrnet_status read_tensor(const walker *w, hr_ref arguments, int typed, hr_tensor *tensor, int *usable)
{
    const hr_pickle *const pickle = w->pickle;
    const hr_store *const store = w->out->store;
    const hr_value *const offset = hr_pickle_value(pickle, hr_pickle_item(pickle, arguments, 1));
    const hr_torch_name *const elements = hr_torch_look_up(pickle, hr_pickle_item(pickle, arguments, 6));
    hr_storage_id id;
    int n_strides;
    if (!hr_torch_storage_id(pickle, hr_pickle_item(pickle, arguments, 0), &id) || offset->kind != HR_PICKLE_INTEGER)
        return hr_fail(HRNET_ERR_FORMAT, "expected (storage, offset, size, stride), found other arguments");
    /* both numbers come from the file: a negative sum is refused here, one that is too large by hr_tensor_check */
    int64_t first;
    if (__builtin_add_overflow(offset->as.integer, id.view_offset, &first) || offset->as.integer < 0 || first < 0)
        return hr_fail(HRNET_ERR_FORMAT, "expected an offset of at least 0, found %lld", (long long)offset->as.integer);
    const hr_storage *const storage = hr_store_find(store, id.key->as.text, id.key->n);
    HR_TRY(read_dims(pickle, hr_pickle_item(pickle, arguments, 2), tensor->shape, &tensor->n_dims));
    HR_TRY(read_dims(pickle, hr_pickle_item(pickle, arguments, 3), tensor->strides, &n_strides));
    if (n_strides != tensor->n_dims)
        return hr_fail(HRNET_ERR_FORMAT, "%d sizes and %d strides", tensor->n_dims, n_strides);
    *usable = storage->known && (!typed || elements->meaning == HR_TORCH_ELEMENTS);
    if (!*usable) return HRNET_OK;
    tensor->storage = (size_t)(storage - store->storages);
    tensor->offset = (size_t)first;
    tensor->dtype = typed ? elements->dtype : storage->dtype;
    return hr_tensor_check(tensor, storage->n_bytes);
}

/* Add a tensor, unless its element type is unknown. n_items rises only when it is complete. */
static hrnet_status add_tensor(walker *w, const char *key, size_t n, hr_ref arguments, int typed)
{
    hr_tensors *const out = w->out;
    if (out->n_items == HR_MAX_TENSORS)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d tensors, found more", HR_MAX_TENSORS);
    HR_GROW(out->items, out->n_items, w->item_capacity);
    hr_tensor *const tensor = &out->items[out->n_items];
    *tensor = (hr_tensor){0};
    int usable = 0;
    hrnet_status status = copy_text(w, key, n, &tensor->name);
    if (status == HRNET_OK)
        status = copy_text(w, w->path.length > 0 ? w->path.data : "", w->path.length, &tensor->scope);
    if (status == HRNET_OK) {
        status = read_tensor(w, arguments, typed, tensor, &usable);
        if (status != HRNET_OK) hr_fail_in(status, tensor->name);
    }
    if (usable && status == HRNET_OK) {
        out->n_items++;
        return HRNET_OK;
    }
    hr_free(tensor->name);
    hr_free(tensor->scope);
    return status;
}

/* Add a metadata entry of n bytes under the current path and key. */
static hrnet_status add_entry(walker *w, const char *key, size_t n_key, const char *value, size_t n)
{
    hr_tensors *const out = w->out;
    const size_t path_length = w->path.length;
    if (n > HR_MAX_METADATA) return HRNET_OK;
    if (out->n_entries == HR_MAX_TENSORS)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d values, found more", HR_MAX_TENSORS);
    HR_GROW(out->entries, out->n_entries, w->entry_capacity);
    HR_TRY(enter_path(w, key, n_key));
    hr_entry *const entry = &out->entries[out->n_entries];
    *entry = (hr_entry){0};
    hrnet_status status = copy_text(w, w->path.data, w->path.length, &entry->key);
    if (status == HRNET_OK) status = copy_text(w, value, n, &entry->value);
    leave_path(w, path_length);
    if (status == HRNET_OK)
        out->n_entries++;
    else
        hr_free(entry->key);
    return status;
}

/* The bytes of a NumPy scalar: a BYTES value, or in protocol 2, which has none, the call _codecs.encode(text,
 * 'latin1'), whose text holds a character U+0000 to U+00FF for each byte. Returns how many there are; 0 for none or
 * more than 8. */
static size_t scalar_bytes(const hr_pickle *pickle, hr_ref ref, unsigned char out[8])
{
    const hr_value *value = hr_pickle_value(pickle, ref);
    const int encoded =
        value->kind == HR_PICKLE_CALL && hr_pickle_is_global(pickle, value->as.call.callee, "_codecs", "encode");
    if (encoded) value = hr_pickle_value(pickle, hr_pickle_argument(pickle, ref, 0));
    if (value->kind != (encoded ? HR_PICKLE_TEXT : HR_PICKLE_BYTES)) return 0;
    size_t n = 0;
    for (uint32_t i = 0; i < value->n; i++) {
        unsigned byte = (unsigned char)value->as.text[i];
        /* UTF-8 of U+0080 to U+00FF: 110000xx 10xxxxxx */
        if (encoded && byte >= 0xc0 && i + 1 < value->n)
            byte = (byte & 3) << 6 | ((unsigned char)value->as.text[++i] & 0x3f);
        if (n == 8) return 0;
        out[n++] = (unsigned char)byte;
    }
    return n;
}

/* numpy.core.multiarray.scalar(numpy.dtype('f8', ...), bytes): upstream's checkpoints store their score ("perf") so. */
static hrnet_status add_numpy_number(walker *w, const char *key, size_t n_key, hr_ref call)
{
    const hr_pickle *const pickle = w->pickle;
    const hr_ref name = hr_pickle_argument(pickle, hr_pickle_argument(pickle, call, 0), 0);
    unsigned char bytes[8];
    char text[HR_NUMBER_TEXT];
    const size_t n = scalar_bytes(pickle, hr_pickle_argument(pickle, call, 1), bytes);
    if (hr_pickle_is_text(pickle, name, "f8") && n == 8) {
        double value;
        memcpy(&value, bytes, sizeof value);
        hr_number_text(value, text);
    } else if (hr_pickle_is_text(pickle, name, "f4") && n == 4) {
        float value;
        memcpy(&value, bytes, sizeof value);
        hr_number_text((double)value, text);
    } else if (hr_pickle_is_text(pickle, name, "i8") && n == 8) {
        int64_t value;
        memcpy(&value, bytes, sizeof value);
        snprintf(text, sizeof text, "%lld", (long long)value);
    } else {
        return HRNET_OK;
    }
    return add_entry(w, key, n_key, text, strlen(text));
}

/* Open a container as the new innermost frame, unless it is open already (a cycle). The root has no key. */
static hrnet_status enter(walker *w, hr_ref container, const char *key, size_t n, int of_pairs)
{
    for (int i = 0; i < w->depth; i++)
        if (w->frames[i].container == container) return HRNET_OK;
    if (w->depth == MAX_DEPTH)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d nested levels, found more", MAX_DEPTH);
    const size_t before = w->path.length;
    if (w->depth > 0) HR_TRY(enter_path(w, key, n));
    w->frames[w->depth++] = (frame){container, hr_pickle_value(w->pickle, container)->first, 0, before, of_pairs};
    return HRNET_OK;
}

/* A call of a known function: a tensor, a number, or a dictionary to enter. All others are dropped. */
static hrnet_status visit_call(walker *w, const char *key, size_t n, hr_ref call)
{
    const hr_pickle *const pickle = w->pickle;
    const hr_value *const value = hr_pickle_value(pickle, call);
    hr_ref arguments = value->as.call.arguments;
    hr_torch_meaning what = hr_torch_meaning_of(pickle, call);
    if (what == HR_TORCH_RETYPED) { /* a subclass of Tensor: take the tensor inside */
        what = hr_torch_look_up(pickle, hr_pickle_item(pickle, arguments, 0))->meaning;
        arguments = hr_pickle_item(pickle, arguments, 2);
        if (what != HR_TORCH_TENSOR && what != HR_TORCH_TENSOR_AS) return HRNET_OK;
    }
    switch (what) {
    case HR_TORCH_TENSOR: return add_tensor(w, key, n, arguments, 0);
    case HR_TORCH_TENSOR_AS: return add_tensor(w, key, n, arguments, 1);
    case HR_TORCH_NUMBER: return add_numpy_number(w, key, n, call);
    case HR_TORCH_DICT:
        /* Python 2 pickles an OrderedDict as OrderedDict([[key, value], ...]) */
        if (value->n == 0 && hr_pickle_value(pickle, hr_pickle_item(pickle, arguments, 0))->kind == HR_PICKLE_LIST)
            return enter(w, hr_pickle_item(pickle, arguments, 0), key, n, 1);
        return enter(w, call, key, n, 0);
    default: return HRNET_OK;
    }
}

/* Visit one value: enter it if it is a container, else add it as an entry, a tensor, or nothing. */
static hrnet_status visit(walker *w, const char *key, size_t n, hr_ref ref)
{
    char number[HR_NUMBER_TEXT];
    if (++w->n_visits > MAX_VISITS)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d values, found more", MAX_VISITS);
    ref = resolve(w->pickle, ref);
    const hr_value *const value = hr_pickle_value(w->pickle, ref);
    switch ((hr_pickle_kind)value->kind) {
    case HR_PICKLE_CALL: return visit_call(w, key, n, ref);
    case HR_PICKLE_DICT:
    case HR_PICKLE_LIST:
    case HR_PICKLE_TUPLE: return enter(w, ref, key, n, 0);
    case HR_PICKLE_TEXT: return add_entry(w, key, n, value->as.text, value->n);
    case HR_PICKLE_BOOL: snprintf(number, sizeof number, "%s", value->as.integer ? "true" : "false"); break;
    case HR_PICKLE_INTEGER: snprintf(number, sizeof number, "%lld", (long long)value->as.integer); break;
    case HR_PICKLE_REAL: hr_number_text(value->as.real, number); break;
    default: return HRNET_OK;
    }
    return add_entry(w, key, n, number, strlen(number));
}

/* Visit the value of a dictionary's key. Keys other than texts and integers have no path, so their values are dropped.
 */
static hrnet_status visit_keyed(walker *w, hr_ref key, hr_ref ref)
{
    const hr_value *const value = hr_pickle_value(w->pickle, key);
    if (value->kind == HR_PICKLE_TEXT) return visit(w, value->as.text, value->n, ref);
    if (value->kind != HR_PICKLE_INTEGER) return HRNET_OK;
    char number[HR_NUMBER_TEXT];
    const int n = snprintf(number, sizeof number, "%lld", (long long)value->as.integer);
    return visit(w, number, (size_t)n, ref);
}

/* Visit the next item of the innermost container, or close it after its last. The frame is advanced first, since the
 * visit may open another one. */
static hrnet_status advance(walker *w)
{
    const hr_pickle *const pickle = w->pickle;
    frame *const f = &w->frames[w->depth - 1];
    if (f->cell == 0) {
        leave_path(w, f->path_length);
        w->depth--;
        return HRNET_OK;
    }
    const hr_cell item = pickle->cells[f->cell];
    f->cell = item.next;
    if (f->of_pairs)
        return visit_keyed(w, hr_pickle_item(pickle, item.value, 0), hr_pickle_item(pickle, item.value, 1));
    if (hr_pickle_value(pickle, f->container)->pairs) {
        f->cell = pickle->cells[item.next].next;
        return visit_keyed(w, item.value, pickle->cells[item.next].value);
    }
    char index[HR_NUMBER_TEXT];
    const int n = snprintf(index, sizeof index, "%zu", f->index++);
    return visit(w, index, (size_t)n, item.value);
}

/* ------------------------------------------------------------------------------------------------ skipped */

/* List the unknown globals of the whole pickle, each once. The comparison is quadratic in MAX_SKIPPED only. */
static hrnet_status list_skipped(walker *w)
{
    hr_tensors *const out = w->out;
    const hr_pickle *const pickle = w->pickle;
    for (size_t i = 0; i < pickle->n_values && out->n_skipped < MAX_SKIPPED; i++) {
        const hr_value *const value = hr_pickle_value(pickle, (hr_ref)i);
        if (value->kind != HR_PICKLE_GLOBAL || hr_torch_look_up(pickle, (hr_ref)i)->meaning != HR_TORCH_UNKNOWN)
            continue;
        const hr_value *const module = hr_pickle_value(pickle, value->as.global.module);
        const hr_value *const name = hr_pickle_value(pickle, value->as.global.name);
        char text[256];
        snprintf(text, sizeof text, "%.*s.%.*s", (int)(module->n < 120 ? module->n : 120), module->as.text,
                 (int)(name->n < 120 ? name->n : 120), name->as.text);
        size_t same = 0;
        while (same < out->n_skipped && strcmp(out->skipped[same], text) != 0) same++;
        if (same < out->n_skipped) continue;
        HR_GROW(out->skipped, out->n_skipped, w->skipped_capacity);
        HR_TRY(copy_text(w, text, strlen(text), &out->skipped[out->n_skipped]));
        out->n_skipped++;
    }
    return HRNET_OK;
}

/* The walk: visit the root, then advance until no container is open. */
hrnet_status hr_torch_flatten(hr_tensors *out, const hr_pickle *pickle)
{
    walker w = {.pickle = pickle, .out = out, .text_left = MAX_TEXT};
    hrnet_status status = visit(&w, "", 0, pickle->root);
    while (status == HRNET_OK && w.depth > 0) status = advance(&w);
    if (status == HRNET_OK) status = list_skipped(&w);
    hr_text_free(&w.path);
    return status;
}
