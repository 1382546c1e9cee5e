/*
 * image_store.c - pictures by name from a folder (read as files) or a zip archive (one handle of libzip a reader, since
 * a handle must not be used by two threads).
 */
#include "data/image_store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/zip_names.h"

enum { MAX_PICTURE = 1 << 30 }; /* bytes of one encoded picture */

struct hr_image_store {
    char *path;
    char *stem;   /* "val2017" of "images/val2017.zip": the folder that such archives often have inside */
    int n_zips;   /* 0: a folder */
    zip_t **zips; /* [n_zips], one a reader */
};

static hrnet_status check_names(const char *path)
{
    hr_source source;
    HR_TRY(hr_source_open(&source, path));
    const hrnet_status status = hr_zip_check_names(&source, NULL);
    hr_source_close(&source);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

static hrnet_status open_zips(hr_image_store *store, int n_readers)
{
    const char *const slash = strrchr(store->path, '/');
    const char *const base = slash != NULL ? slash + 1 : store->path;
    store->stem = hr_strndup(base, strcspn(base, ".")); /* up to the first point */
    if (store->stem == NULL) return hr_fail_memory(strlen(base));
    HR_TRY(check_names(store->path));
    HR_NEW(store->zips, (size_t)n_readers);
    for (int i = 0; i < n_readers; i++, store->n_zips++) {
        int code = 0;
        zip_error_t error;
        store->zips[i] = zip_open(store->path, ZIP_RDONLY, &code);
        if (store->zips[i] != NULL) continue;
        zip_error_init_with_code(&error, code);
        const hrnet_status status = code == ZIP_ER_MEMORY ? HRNET_ERR_MEMORY : HRNET_ERR_FORMAT;
        hr_fail_message("%s: zip: %s", store->path, zip_error_strerror(&error));
        zip_error_fini(&error);
        return status;
    }
    return HRNET_OK;
}

hrnet_status hr_image_store_open(hr_image_store **out, const char *path, int n_readers)
{
    struct stat status;
    hr_image_store *store;
    if (stat(path, &status) != 0) return hr_fail(HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    HR_NEW(store, 1);
    store->path = hr_strdup(path);
    hrnet_status result = store->path != NULL ? HRNET_OK : hr_fail_memory(strlen(path) + 1);
    if (result == HRNET_OK && !S_ISDIR(status.st_mode)) result = open_zips(store, n_readers);
    if (result != HRNET_OK) {
        hr_image_store_close(store);
        return result;
    }
    *out = store;
    return HRNET_OK;
}

/* Refuse names that lead out of the folder: "", "/etc/passwd", "../x.jpg", "a/../../x.jpg". */
static hrnet_status check_name(const char *name)
{
    const char *part = name;
    int inside = name[0] != '/' && name[0] != '\0';
    /* part by part: ".." alone leads upwards, "..a" is a name like any other */
    while (inside && part != NULL) {
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) inside = 0;
        part = strchr(part, '/');
        if (part != NULL) part++;
    }
    if (!inside)
        return hr_fail(HRNET_ERR_FORMAT, "picture \"%.200s\": expected a name inside the folder of pictures", name);
    return HRNET_OK;
}

/* Index of the entry NAME, else of STEM/NAME; *out is -1 if the archive has neither. */
static hrnet_status locate(zip_t *zip, const char *stem, const char *name, zip_int64_t *out)
{
    hr_text text = {0};
    char *below;
    *out = zip_name_locate(zip, name, 0);
    if (*out >= 0) return HRNET_OK;
    hr_text_add(&text, "%s/%s", stem, name);
    HR_TRY(hr_text_take(&text, &below));
    *out = zip_name_locate(zip, below, 0);
    hr_free(below);
    return HRNET_OK;
}

/* Read an entry to its end. Its size in the archive's directory is not trusted (a few bytes can claim gigabytes): the
 * block starts at 128 KiB and doubles as bytes really arrive, up to MAX_PICTURE. */
static hrnet_status read_all(zip_file_t *file, hr_bytes *out)
{
    hr_bytes bytes = {0};
    size_t capacity = 0;
    for (;;) {
        if (bytes.size == capacity) {
            const size_t wanted = capacity != 0 ? capacity * 2 : 1 << 17;
            unsigned char *const grown = wanted <= MAX_PICTURE ? hr_resize(bytes.data, bytes.size, wanted, 1) : NULL;
            if (grown == NULL) {
                hr_free(bytes.data);
                if (wanted > MAX_PICTURE)
                    return hr_fail(HRNET_ERR_LIMIT, "expected at most %d bytes, found more", MAX_PICTURE);
                return hr_fail_memory(wanted);
            }
            bytes.data = grown;
            capacity = wanted;
        }
        const zip_int64_t got = zip_fread(file, bytes.data + bytes.size, capacity - bytes.size);
        if (got == 0) break;
        if (got < 0) {
            hr_free(bytes.data);
            return hr_fail(HRNET_ERR_FORMAT, "zip: %s", zip_error_strerror(zip_file_get_error(file)));
        }
        bytes.size += (size_t)got;
    }
    *out = bytes;
    return HRNET_OK;
}

static hrnet_status read_entry(const hr_image_store *store, zip_t *zip, const char *name, hr_bytes *out)
{
    zip_int64_t index;
    HR_TRY(locate(zip, store->stem, name, &index));
    if (index < 0) return hr_fail(HRNET_ERR_IO, "no such picture in the archive");
    zip_file_t *const file = zip_fopen_index(zip, (zip_uint64_t)index, 0);
    if (file == NULL) return hr_fail(HRNET_ERR_FORMAT, "zip: %s", zip_error_strerror(zip_get_error(zip)));
    const hrnet_status status = read_all(file, out);
    zip_fclose(file);
    return status;
}

hrnet_status hr_image_store_path(const hr_image_store *store, const char *name, char **out)
{
    hr_text text = {0};
    hr_text_add(&text, "%s/%s", store->path, name);
    return hr_text_take(&text, out);
}

hrnet_status hr_image_store_has(hr_image_store *store, int reader, const char *name, int *out)
{
    struct stat status;
    zip_int64_t index;
    char *path;
    *out = 0;
    if (check_name(name) != HRNET_OK) return HRNET_OK;
    if (store->n_zips > 0) {
        HR_TRY(locate(store->zips[reader], store->stem, name, &index));
        *out = index >= 0;
        return HRNET_OK;
    }
    HR_TRY(hr_image_store_path(store, name, &path));
    *out = stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
    hr_free(path);
    return HRNET_OK;
}

/* Folder and archive give the same messages: "PATH: reason". */
hrnet_status hr_image_store_read(hr_image_store *store, int reader, const char *name, hr_bytes *out)
{
    char *path;
    HR_TRY(check_name(name));
    HR_TRY(hr_image_store_path(store, name, &path));
    hrnet_status status;
    if (store->n_zips == 0) {
        status = hr_file_read(out, path, MAX_PICTURE);
    } else {
        status = read_entry(store, store->zips[reader], name, out);
        if (status != HRNET_OK) status = hr_fail_in(status, path);
    }
    hr_free(path);
    return status;
}

hrnet_status hr_image_store_load(hr_image_store *store, int reader, const char *name, hrnet_image *out)
{
    hr_bytes bytes;
    char *path;
    HR_TRY(hr_image_store_read(store, reader, name, &bytes));
    hrnet_status status = hr_image_store_path(store, name, &path);
    if (status == HRNET_OK) {
        status = hrnet_image_decode(out, bytes.data, bytes.size, path, HRNET_IMAGE_IGNORE_ORIENTATION);
        hr_free(path);
    }
    hr_free(bytes.data);
    return status;
}

void hr_image_store_close(hr_image_store *store)
{
    if (store == NULL) return;
    for (int i = 0; i < store->n_zips; i++) zip_discard(store->zips[i]);
    hr_free(store->zips);
    hr_free(store->stem);
    hr_free(store->path);
    hr_free(store);
}
