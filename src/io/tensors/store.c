/* store.c - the table of storages, sorted by key: look-ups cost the same whatever keys a file brings. */
#include "io/tensors/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

hrnet_status hr_store_add(hr_store *store, const char *key, size_t n, hr_storage storage)
{
    if (store->n_storages == HR_MAX_TENSORS) return hr_fail(HRNET_ERR_LIMIT, "more than %d storages", HR_MAX_TENSORS);
    HR_GROW(store->storages, store->n_storages, store->capacity);
    storage.key = NULL;
    if (key != NULL) {
        if (memchr(key, '\0', n) != NULL) return hr_fail(HRNET_ERR_FORMAT, "a storage's key holds a NUL character");
        storage.key = hr_strndup(key, n);
        if (storage.key == NULL) return hr_fail_memory(n + 1);
    }
    store->storages[store->n_storages++] = storage;
    return HRNET_OK;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const hr_storage *)a)->key, ((const hr_storage *)b)->key);
}

hrnet_status hr_store_sort(hr_store *store)
{
    hr_storage *const all = store->storages;
    if (store->n_storages == 0) return HRNET_OK;
    qsort(all, store->n_storages, sizeof *all, by_key);
    hrnet_status status = HRNET_OK;
    size_t kept = 0;
    for (size_t i = 1; i < store->n_storages; i++) {
        if (by_key(&all[kept], &all[i]) != 0) {
            all[++kept] = all[i];
            continue;
        }
        if (all[kept].n_bytes != all[i].n_bytes || all[kept].dtype != all[i].dtype || all[kept].known != all[i].known)
            status = hr_fail(HRNET_ERR_FORMAT, "storage %.200s is described in two ways", all[kept].key);
        hr_free(all[i].key);
    }
    store->n_storages = kept + 1;
    return status;
}

hr_storage *hr_store_find(const hr_store *store, const char *key, size_t n)
{
    size_t low = 0, high = store->n_storages;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        hr_storage *const storage = &store->storages[middle];
        int order = strncmp(storage->key, key, n);
        if (order == 0 && storage->key[n] != '\0') order = 1;
        if (order == 0) return storage;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void hr_store_free(hr_store *store)
{
    if (store == NULL) return;
    if (store->zip != NULL) hr_torch_zip_close(store->zip);
    for (size_t i = 0; i < store->n_storages; i++) hr_free(store->storages[i].key);
    hr_free(store->storages);
    hr_source_close(&store->source);
    hr_free(store);
}
