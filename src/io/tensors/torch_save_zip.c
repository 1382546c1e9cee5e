/*
 * torch_save_zip.c - PyTorch's zip container: archive/data.pkl, archive/byteorder, archive/data/N for each storage,
 * archive/version. Entries are uncompressed. An extra field "FB" of zeros in each local header pads it, so that the
 * data starts at a multiple of 64 bytes, as PyTorch's own writer does for mapping files.
 *
 * libzip does not write files itself: it calls a "source", a function that understands commands (open, read, write,
 * seek ...). Two are defined here: run_sink, where libzip writes the archive, and run_feed, where it reads the elements
 * of one storage.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "base/mem.h"
#include "io/tensors/torch_save.h"

enum { DATA_ALIGN = 64, LOCAL_HEADER = 30, EXTRA_HEADER = 4, EXTRA_PADDING = 0x4246, DOS_DATE_1980 = 0x21 };

/* ------------------------------------------------------------------------------------------------ zip into a stream */

/* The archive's destination: a stream that starts empty. ZIP_SOURCE_STAT reports that no archive exists yet, so that
 * libzip never reads from it. */
typedef struct sink {
    FILE *stream;
    zip_error_t error;
} sink;

static zip_int64_t fail_sink(sink *s, int code, int reason)
{
    zip_error_set(&s->error, code, reason);
    return -1;
}

static zip_int64_t run_sink(void *context, void *data, zip_uint64_t n, zip_source_cmd_t command)
{
    sink *const s = context;
    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_SUPPORTS, ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK,
                                              ZIP_SOURCE_TELL, ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_COMMIT_WRITE,
                                              ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE,
                                              ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE, -1);
    case ZIP_SOURCE_STAT: return fail_sink(s, ZIP_ER_READ, ENOENT);
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&s->error, data, n);
    case ZIP_SOURCE_WRITE:
        return fwrite(data, 1, n, s->stream) == n ? (zip_int64_t)n : fail_sink(s, ZIP_ER_WRITE, errno);
    case ZIP_SOURCE_TELL_WRITE: return ftello(s->stream);
    case ZIP_SOURCE_SEEK_WRITE: {
        const zip_source_args_seek_t *const to = ZIP_SOURCE_GET_ARGS(zip_source_args_seek_t, data, n, &s->error);
        if (to == NULL) return -1;
        return fseeko(s->stream, to->offset, to->whence) == 0 ? 0 : fail_sink(s, ZIP_ER_SEEK, errno);
    }
    case ZIP_SOURCE_BEGIN_WRITE:
    case ZIP_SOURCE_COMMIT_WRITE: /* the caller commits the hr_file */
    case ZIP_SOURCE_ROLLBACK_WRITE:
    case ZIP_SOURCE_FREE: return 0;
    default: return fail_sink(s, ZIP_ER_OPNOTSUPP, 0);
    }
}

/* ------------------------------------------------------------------------------------------------ storages */

/* The origin of an entry whose elements come from hr_torch_elements.read: they are read when libzip opens the entry.
 * libzip has one entry open at a time, so that all feeds share one scratch buffer. */
typedef struct feed {
    const hr_torch_elements *elements;
    unsigned char *scratch; /* holds the largest storage */
    size_t n, at;           /* bytes in all; bytes that libzip has read */
} feed;

static zip_int64_t run_feed(void *context, void *data, zip_uint64_t n, zip_source_cmd_t command)
{
    feed *const f = context;
    const hr_torch_elements *const elements = f->elements;
    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SUPPORTS, -1);
    case ZIP_SOURCE_STAT: {
        zip_stat_t *const stat = data;
        zip_stat_init(stat);
        stat->size = f->n;
        stat->valid = ZIP_STAT_SIZE;
        return sizeof *stat;
    }
    case ZIP_SOURCE_OPEN:
        elements->read(elements->context, elements->index, f->scratch);
        f->at = 0;
        return 0;
    case ZIP_SOURCE_READ: {
        const size_t taken = n < f->n - f->at ? (size_t)n : f->n - f->at;
        memcpy(data, f->scratch + f->at, taken);
        f->at += taken;
        return (zip_int64_t)taken;
    }
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE: return 0;
    default: return -1;
    }
}

static size_t count_bytes(const hr_torch_elements *elements)
{
    return elements->n_elements * hr_dtype_size(elements->dtype);
}

/* ------------------------------------------------------------------------------------------------ the archive */

typedef struct archive {
    zip_t *zip;
    uint64_t at; /* offset of the next local header */
    feed *feeds; /* [n_storages] */
    void *scratch;
} archive;

/* Add an uncompressed entry of n bytes; libzip reads the source when the archive is closed. The offset of its data is
 * computed here, since libzip writes entries in order and without gaps. Returns 0 on failure, also if source is NULL
 * because libzip could not create it; libzip keeps the reason. */
static int add_entry(archive *a, const char *name, zip_source_t *source, size_t n)
{
    static const unsigned char zeros[DATA_ALIGN];
    const uint64_t unpadded = a->at + LOCAL_HEADER + strlen(name) + EXTRA_HEADER;
    const uint64_t data_at = (unpadded + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
    a->at = data_at + n;
    if (source == NULL) return 0;
    const zip_int64_t index = zip_file_add(a->zip, name, source, 0);
    if (index < 0) {
        zip_source_free(source);
        return 0;
    }
    return zip_set_file_compression(a->zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0 &&
           /* a fixed date, so that the same tensors give the same file */
           zip_file_set_dostime(a->zip, (zip_uint64_t)index, 0, DOS_DATE_1980, 0) == 0 &&
           zip_file_extra_field_set(a->zip, (zip_uint64_t)index, EXTRA_PADDING, ZIP_EXTRA_FIELD_NEW, zeros,
                                    (zip_uint16_t)(data_at - unpadded), ZIP_FL_LOCAL) == 0;
}

static int add_bytes(archive *a, const char *name, const void *bytes, size_t n)
{
    return add_entry(a, name, zip_source_buffer(a->zip, bytes, n, 0), n);
}

/* Elements in memory are read from there; others through a feed. */
static int add_storage(archive *a, size_t number, const hr_torch_elements *elements)
{
    char name[48];
    feed *const f = &a->feeds[number];
    snprintf(name, sizeof name, "archive/data/%zu", number);
    *f = (feed){.elements = elements, .scratch = a->scratch, .n = count_bytes(elements)};
    if (elements->data != NULL || f->n == 0) return add_bytes(a, name, elements->data, f->n);
    return add_entry(a, name, zip_source_function(a->zip, run_feed, f), f->n);
}

static int add_entries(archive *a, const hr_bytes *pickle, const hr_torch_elements *storages, size_t n_storages)
{
    int is_added =
        add_bytes(a, "archive/data.pkl", pickle->data, pickle->size) && add_bytes(a, "archive/byteorder", "little", 6);
    for (size_t i = 0; i < n_storages && is_added; i++) is_added = add_storage(a, i, &storages[i]);
    return is_added && add_bytes(a, "archive/version", "3\n", 2);
}

/* zip_close writes everything; on failure zip_discard drops the archive. Both free the source. */
static hrnet_status write_archive(archive *a, FILE *stream, const hr_bytes *pickle, const hr_torch_elements *storages,
                                  size_t n_storages)
{
    sink s = {.stream = stream};
    zip_error_t error;
    zip_error_init(&s.error);
    zip_error_init(&error);
    zip_source_t *const source = zip_source_function_create(run_sink, &s, &error);
    a->zip = source != NULL ? zip_open_from_source(source, ZIP_CREATE, &error) : NULL;
    hrnet_status status = HRNET_OK;
    if (a->zip == NULL) {
        if (source != NULL) zip_source_free(source);
        status = hr_fail(HRNET_ERR_IO, "cannot begin the zip: %s", zip_error_strerror(&error));
    } else if (!add_entries(a, pickle, storages, n_storages) || zip_close(a->zip) != 0) {
        status = hr_fail(HRNET_ERR_IO, "cannot write the zip: %s", zip_strerror(a->zip));
        zip_discard(a->zip);
    }
    zip_error_fini(&error);
    zip_error_fini(&s.error);
    return status;
}

/* The scratch buffer holds the largest of the storages that come from a function. */
hrnet_status hr_torch_write_zip(FILE *stream, const hr_bytes *pickle, const hr_torch_elements *storages,
                                size_t n_storages)
{
    size_t n_scratch = 0;
    for (size_t i = 0; i < n_storages; i++) {
        const size_t n = storages[i].data == NULL ? count_bytes(&storages[i]) : 0;
        if (n > n_scratch) n_scratch = n;
    }
    archive a = {.feeds = hr_alloc(n_storages, sizeof *a.feeds), .scratch = hr_alloc(n_scratch, 1)};
    const hrnet_status status = a.feeds != NULL && a.scratch != NULL
                                    ? write_archive(&a, stream, pickle, storages, n_storages)
                                    : hr_fail_memory(n_scratch + n_storages * sizeof *a.feeds);
    hr_free(a.feeds);
    hr_free(a.scratch);
    return status;
}
