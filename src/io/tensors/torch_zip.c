/*
 * torch_zip.c - PyTorch's container since 1.6: a zip archive with PREFIX/data.pkl (the pickle), PREFIX/data/KEY (the
 * bytes of each storage) and PREFIX/byteorder. PREFIX is the same for all entries: usually "archive" or the file's
 * name.
 *
 * Entries are read through libzip by their index and never extracted to disk, so that a name like "../x" means nothing.
 * What an entry claims about its size is checked against the size of the file before anything is allocated, and its CRC
 * is checked when its end is read: storages are read in part, so the first read of each goes on to the end.
 */
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/tensors/store.h"
#include "io/tensors/torch_tree.h"
#include "io/zip_names.h"

enum { DEFLATED_PICKLE = 1 << 20 }; /* bytes of a pickle that may be more than the file has */
enum { DEFLATE_MOST = 1032 };       /* the largest ratio that deflate can reach: 258 bytes from 2 bits */

static hrnet_status status_of(const zip_error_t *error)
{
    switch (zip_error_code_zip(error)) {
    case ZIP_ER_MEMORY: return HRNET_ERR_MEMORY;
    case ZIP_ER_READ:
    case ZIP_ER_SEEK: return HRNET_ERR_IO;
    case ZIP_ER_COMPNOTSUPP:
    case ZIP_ER_ENCRNOTSUPP:
    case ZIP_ER_NOPASSWD: return HRNET_ERR_UNSUPPORTED;
    default: return HRNET_ERR_FORMAT;
    }
}

static hrnet_status fail_zip(zip_error_t *error, const char *what)
{
    return hr_fail(status_of(error), "%s: %s", what, zip_error_strerror(error));
}

void hr_torch_zip_close(struct zip *zip)
{
    zip_discard(zip);
}

/* Open the archive over the source's memory or a copy of its descriptor, which libzip closes. */
static hrnet_status open_zip(hr_store *store)
{
    zip_error_t error;
    zip_error_init(&error);
    if (store->source.bytes != NULL) {
        zip_source_t *const source = zip_source_buffer_create(store->source.bytes, store->source.size, 0, &error);
        if (source != NULL) {
            store->zip = zip_open_from_source(source, ZIP_RDONLY, &error);
            if (store->zip == NULL) zip_source_free(source);
        }
    } else {
        int code = 0;
        const int fd = dup(store->source.fd);
        if (fd < 0) return hr_fail(HRNET_ERR_IO, "cannot duplicate the file's descriptor");
        store->zip = zip_fdopen(fd, 0, &code);
        if (store->zip == NULL) {
            close(fd);
            zip_error_init_with_code(&error, code);
        }
    }
    const hrnet_status status = store->zip != NULL ? HRNET_OK : fail_zip(&error, "zip");
    zip_error_fini(&error);
    return status;
}

/* What the archive says about an entry. */
typedef struct entry_facts {
    uint64_t size, stored_size; /* bytes, as content and in the file */
    int is_deflated;
} entry_facts;

/* Look at an entry. HRNET_ERR_FORMAT if it is impossible for the entry's compressed size and method,
 * as in a file of a few bytes that claims to hold gigabytes. */
static hrnet_status look_at_entry(const hr_store *store, uint64_t index, entry_facts *out)
{
    zip_stat_t entry;
    if (zip_stat_index(store->zip, index, 0, &entry) != 0) return fail_zip(zip_get_error(store->zip), "zip entry");
    if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE)
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "%.200s: expected a stored or deflated entry, found compression method %u", entry.name,
                       entry.comp_method);
    const uint64_t most = entry.comp_method == ZIP_CM_DEFLATE ? DEFLATE_MOST : 1;
    if (entry.comp_size > store->source.size || entry.size > entry.comp_size * most)
        return hr_fail(HRNET_ERR_FORMAT,
                       "%.200s: expected possible sizes, found %llu bytes from %llu in a file of %llu", entry.name,
                       (unsigned long long)entry.size, (unsigned long long)entry.comp_size,
                       (unsigned long long)store->source.size);
    *out = (entry_facts){entry.size, entry.comp_size, entry.comp_method == ZIP_CM_DEFLATE};
    return HRNET_OK;
}

/* Read n bytes, or up to the end, and drop them: libzip compares the CRC when the end is reached. Returns < 0 on
 * failure.
 */
static zip_int64_t skip(zip_file_t *file, uint64_t n)
{
    char dropped[16384];
    while (n > 0) {
        const zip_int64_t got = zip_fread(file, dropped, n < sizeof dropped ? n : sizeof dropped);
        if (got <= 0) return got;
        n -= (uint64_t)got;
    }
    return 0;
}

/* Copy n bytes from byte `at` of an entry. to_end: read all of the entry, so that its CRC is checked; else what stands
 * before `at` is passed over, which needs an entry that is not compressed. */
static hrnet_status read_entry(zip_t *zip, uint64_t index, uint64_t at, size_t n, void *out, int to_end)
{
    zip_file_t *const file = zip_fopen_index(zip, index, 0);
    const char *const name = zip_get_name(zip, index, 0);
    hrnet_status status = HRNET_OK;
    if (file == NULL) return fail_zip(zip_get_error(zip), name);
    zip_int64_t got = to_end ? skip(file, at) : zip_fseek(file, (zip_int64_t)at, SEEK_SET);
    for (size_t done = 0; got >= 0 && done < n; done += (size_t)got) {
        got = zip_fread(file, (unsigned char *)out + done, n - done);
        if (got == 0) {
            status = hr_fail(HRNET_ERR_FORMAT, "%s: expected %llu bytes, found only %llu", name,
                             (unsigned long long)(at + n), (unsigned long long)(at + done));
            break;
        }
    }
    if (got >= 0 && status == HRNET_OK && to_end) got = skip(file, UINT64_MAX);
    if (got < 0) status = fail_zip(zip_file_get_error(file), name);
    zip_fclose(file);
    return status;
}

/* Inflate a whole storage, once. To begin at its start again for every view would take time in proportion to views x
 * bytes. */
static hrnet_status inflate(hr_store *store, hr_storage *storage)
{
    if (storage->inflated != NULL) return HRNET_OK;
    if (storage->n_bytes > HR_MAX_INFLATED - store->n_inflated)
        return hr_fail(
            HRNET_ERR_LIMIT,
            "data/%.200s: expected compressed storages that several tensors share to have at most %d bytes in "
            "all, found more; torch.save makes a file without compression",
            storage->key, HR_MAX_INFLATED);
    unsigned char *const bytes = hr_alloc((size_t)storage->n_bytes, 1);
    if (bytes == NULL) return hr_fail_memory((size_t)storage->n_bytes);
    const hrnet_status status = read_entry(store->zip, storage->at, 0, (size_t)storage->n_bytes, bytes, 1);
    if (status != HRNET_OK) {
        hr_free(bytes);
        return status;
    }
    storage->inflated = bytes;
    store->n_inflated += storage->n_bytes;
    return HRNET_OK;
}

hrnet_status hr_torch_zip_read(hr_store *store, hr_storage *storage, uint64_t at, size_t n, void *out)
{
    if (storage->is_deflated && storage->n_tensors > 1) {
        HR_TRY(inflate(store, storage));
        if (at > storage->n_bytes || n > storage->n_bytes - at)
            return hr_fail(HRNET_ERR_FORMAT, "expected %zu bytes at %llu of a storage of %llu", n,
                           (unsigned long long)at, (unsigned long long)storage->n_bytes);
        memcpy(out, storage->inflated + at, n);
        return HRNET_OK;
    }
    HR_TRY(read_entry(store->zip, storage->at, at, n, out, storage->is_deflated || !storage->verified));
    storage->verified = 1;
    return HRNET_OK;
}

/* Find the prefix: what stands before "/data.pkl". Refuses archives with two entries of one name, of which different
 * readers would take different ones (zip_name_locate takes the first). *is_script 1: the archive holds a TorchScript
 * program. Free *out with hr_free. */
static hrnet_status find_prefix(zip_t *zip, char **out, int *is_script)
{
    const zip_int64_t n = zip_get_num_entries(zip, 0);
    const char *found = NULL;
    if (n > HR_MAX_TENSORS + 1000)
        return hr_fail(HRNET_ERR_LIMIT, "zip: expected at most %d entries, found %lld", HR_MAX_TENSORS + 1000,
                       (long long)n);
    for (zip_int64_t i = 0; i < n; i++) {
        const char *const name = zip_get_name(zip, (zip_uint64_t)i, 0);
        const char *const slash = name != NULL ? strchr(name, '/') : NULL;
        if (name == NULL || zip_name_locate(zip, name, 0) != i)
            return hr_fail(HRNET_ERR_FORMAT, "zip: expected each name once, found two entries named %.200s",
                           name != NULL ? name : "(nothing)");
        if (slash != NULL && strcmp(slash, "/constants.pkl") == 0) *is_script = 1;
        if (slash != NULL && strcmp(slash, "/data.pkl") == 0 && found == NULL) found = name;
    }
    if (found == NULL) return hr_fail(HRNET_ERR_FORMAT, "expected a PyTorch checkpoint, found a zip without data.pkl");
    *out = hr_strndup(found, (size_t)(strchr(found, '/') - found));
    return *out != NULL ? HRNET_OK : hr_fail_memory(strlen(found));
}

/* Set *out to the index of PREFIX/FOLDERNAME (folder: "" or "data/"), or to -1 if there is no such entry. */
static hrnet_status locate(zip_t *zip, const char *prefix, const char *folder, const char *name, zip_int64_t *out)
{
    hr_text text = {0};
    char *path;
    hr_text_add(&text, "%s/%s%s", prefix, folder, name);
    HR_TRY(hr_text_take(&text, &path));
    *out = zip_name_locate(zip, path, 0);
    hr_free(path);
    return HRNET_OK;
}

static hrnet_status check_byte_order(const hr_store *store, const char *prefix)
{
    zip_int64_t index;
    entry_facts entry;
    char order[8] = {0}; /* longer than "little" and its NUL, so that a word that begins with "little" differs */
    HR_TRY(locate(store->zip, prefix, "", "byteorder", &index));
    if (index < 0) return HRNET_OK; /* written before PyTorch 2.1, which adds the entry; little-endian is assumed */
    HR_TRY(look_at_entry(store, (uint64_t)index, &entry));
    if (entry.size < sizeof order) HR_TRY(read_entry(store->zip, (uint64_t)index, 0, (size_t)entry.size, order, 1));
    if (strcmp(order, "little") != 0)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "byteorder: expected \"little\", found \"%.8s\"", order);
    return HRNET_OK;
}

/* Find the entry of every storage and check that it has the bytes that the pickle claims. Entries that overlap would
 * let a small file take the time of a large one, so all together must fit into the file. */
static hrnet_status locate_storages(hr_store *store, const char *prefix)
{
    uint64_t bytes_left = store->source.size;
    for (size_t i = 0; i < store->n_storages; i++) {
        hr_storage *const storage = &store->storages[i];
        zip_int64_t index;
        entry_facts entry;
        HR_TRY(locate(store->zip, prefix, "data/", storage->key, &index));
        if (index < 0)
            return hr_fail(HRNET_ERR_FORMAT, "expected all storages of the pickle, found no entry data/%.200s",
                           storage->key);
        HR_TRY(look_at_entry(store, (uint64_t)index, &entry));
        if (entry.stored_size > bytes_left)
            return hr_fail(HRNET_ERR_FORMAT, "data/%.200s: expected entries beside each other, found overlapping ones",
                           storage->key);
        bytes_left -= entry.stored_size;
        storage->is_deflated = entry.is_deflated;
        if (storage->known && entry.size < storage->n_bytes)
            return hr_fail(HRNET_ERR_FORMAT, "data/%.200s: expected %llu bytes, found %llu", storage->key,
                           (unsigned long long)storage->n_bytes, (unsigned long long)entry.size);
        storage->at = (uint64_t)index;
    }
    return HRNET_OK;
}

/* Read the pickle, then find the storages it refers to, then collect its tensors. The caller frees *bytes and *pickle,
 * also on failure. */
static hrnet_status index_entries(hr_tensors *tensors, const char *prefix, unsigned char **bytes, hr_pickle *pickle)
{
    hr_store *const store = tensors->store;
    zip_int64_t index;
    entry_facts entry;
    HR_TRY(check_byte_order(store, prefix));
    HR_TRY(locate(store->zip, prefix, "", "data.pkl", &index));
    HR_TRY(look_at_entry(store, (uint64_t)index, &entry));
    if (entry.size > HR_MAX_PICKLE)
        return hr_fail(HRNET_ERR_LIMIT, "data.pkl: expected at most %d bytes, found %llu", HR_MAX_PICKLE,
                       (unsigned long long)entry.size);
    /* values take some 40 bytes of memory a byte of pickle, and a deflated pickle a thousand times its share of the
     * file; PyTorch deflates none */
    if (entry.size > DEFLATED_PICKLE && entry.size - DEFLATED_PICKLE > store->source.size)
        return hr_fail(HRNET_ERR_LIMIT, "data.pkl: expected a size in proportion to the file's %llu bytes, found %llu",
                       (unsigned long long)store->source.size, (unsigned long long)entry.size);
    HR_NEW(*bytes, (size_t)entry.size);
    HR_TRY(read_entry(store->zip, (uint64_t)index, 0, (size_t)entry.size, *bytes, 1));
    hr_cursor cursor = hr_cursor_over(*bytes, (size_t)entry.size);
    HR_TRY(hr_pickle_read(pickle, &cursor));
    HR_TRY(hr_torch_storages(store, pickle));
    HR_TRY(locate_storages(store, prefix));
    return hr_torch_flatten(tensors, pickle);
}

hrnet_status hr_torch_zip_index(hr_tensors *tensors)
{
    char *prefix = NULL;
    unsigned char *bytes = NULL;
    hr_pickle pickle = {0};
    int has_end;
    tensors->container = HR_TORCH_ZIP;
    HR_TRY(hr_zip_check_names(&tensors->store->source, &has_end));
    if (!has_end)
        return hr_fail(HRNET_ERR_FORMAT,
                       HR_CUT_SHORT ": it begins as a zip, but after %llu bytes ends without the directory of one",
                       (unsigned long long)tensors->store->source.size);
    HR_TRY(open_zip(tensors->store));
    HR_TRY(find_prefix(tensors->store->zip, &prefix, &tensors->is_script));
    const hrnet_status status = index_entries(tensors, prefix, &bytes, &pickle);
    hr_pickle_free(&pickle);
    hr_free(bytes);
    hr_free(prefix);
    return status;
}
