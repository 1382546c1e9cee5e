/*
 * store.c - checked access to the file, and the table of storages. The table is sorted and searched by bisection: a
 * hash table could be made slow by keys that a hostile file chooses.
 */
#include "io/tensors/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* ------------------------------------------------------------------------------------------------ the file */

hrnet_status hr_source_open(hr_source *out, const char *path)
{
    struct stat status;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO without a writer would wait */
    if (fd < 0) return hr_fail(HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return hr_fail(HRNET_ERR_IO, "%s: expected a regular file, found a folder, a device or a pipe", path);
    }
    char *const name = hr_strdup(path);
    if (name == NULL) {
        close(fd);
        return hr_fail_memory(strlen(path) + 1);
    }
    *out = (hr_source){name, NULL, fd, (uint64_t)status.st_size};
    return HRNET_OK;
}

hrnet_status hr_source_over(hr_source *out, const void *bytes, size_t n_bytes, const char *name)
{
    char *const copy = hr_strdup(name);
    if (copy == NULL) return hr_fail_memory(strlen(name) + 1);
    *out = (hr_source){copy, bytes, -1, n_bytes};
    return HRNET_OK;
}

/* pread, not read: it needs no shared file position and may return less than asked for. */
hrnet_status hr_source_read(const hr_source *source, uint64_t at, size_t n, void *out)
{
    if (at > source->size || n > source->size - at)
        return hr_fail(HRNET_ERR_FORMAT, "expected %zu bytes at offset %llu, found a file of %llu", n,
                       (unsigned long long)at, (unsigned long long)source->size);
    if (source->bytes != NULL) {
        memcpy(out, source->bytes + at, n);
        return HRNET_OK;
    }
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(source->fd, (unsigned char *)out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return hr_fail(HRNET_ERR_IO, "cannot read: %s", strerror(errno));
        if (got == 0) return hr_fail(HRNET_ERR_IO, "the file became shorter while it was read");
        done += (size_t)got;
    }
    return HRNET_OK;
}

void hr_source_close(hr_source *source)
{
    if (source->name != NULL && source->fd >= 0) close(source->fd);
    hr_free(source->name);
    *source = (hr_source){0};
}

/* ------------------------------------------------------------------------------------------------ storages */

/* Keys with a NUL are refused, since they would be cut as C strings and two of them could seem equal. */
hrnet_status hr_store_add(hr_store *store, const char *key, size_t n, hr_storage storage)
{
    if (store->n_storages == HR_MAX_TENSORS)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d storages, found more", HR_MAX_TENSORS);
    HR_GROW(store->storages, store->n_storages, store->capacity);
    storage.key = NULL;
    if (key != NULL) {
        if (memchr(key, '\0', n) != NULL)
            return hr_fail(HRNET_ERR_FORMAT, "expected a storage's key without NUL characters, found one");
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

/* Storages of one key stand side by side after sorting; the first is kept. A tensor that several parameters share
 * refers to its storage several times, each time with the same description. */
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
            status = hr_fail(HRNET_ERR_FORMAT, "storage %.200s: expected one size and type, found two", all[kept].key);
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
        int order =
            strncmp(storage->key, key, n); /* key has no NUL; its n bytes may be a prefix of the storage's key */
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
    for (size_t i = 0; i < store->n_storages; i++) {
        hr_free(store->storages[i].key);
        hr_free(store->storages[i].inflated);
    }
    hr_free(store->storages);
    hr_source_close(&store->source);
    hr_free(store);
}
