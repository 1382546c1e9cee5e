/*
 * torch_save.c - a state dict as torch.save writes it: data.pkl (protocol 2: an OrderedDict of _rebuild_tensor_v2
 * calls), byteorder, data/N for each tensor, version. The zip comes from libzip, written through base/file.h; entries
 * are stored, and an extra field "FB" of zeros pads each local header so that data starts at a multiple of 64 bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/tensors.h"

enum { DATA_ALIGN = 64, LOCAL_HEADER = 30, EXTRA_HEADER = 4, EXTRA_PADDING = 0x4246, DOS_DATE_1980 = 0x21 };

/* ------------------------------------------------------------------------------------------------ data.pkl */

static void add_uint(hr_text *out, uint64_t value, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++) bytes[i] = (unsigned char)(value >> (8 * i));
    hr_text_add_bytes(out, bytes, n);
}

static void add_unicode(hr_text *out, const char *text)
{
    hr_text_add_bytes(out, "X", 1);
    add_uint(out, strlen(text), 4);
    hr_text_add_bytes(out, text, strlen(text));
}

/* value >= 0: BININT when it fits, else LONG1 of 8 bytes */
static void add_integer(hr_text *out, int64_t value)
{
    hr_text_add_bytes(out, value <= INT32_MAX ? "J" : "\x8a\x08", value <= INT32_MAX ? 1 : 2);
    add_uint(out, (uint64_t)value, value <= INT32_MAX ? 4 : 8);
}

static const char *storage_type(hr_dtype dtype)
{
    return dtype == HR_F32 ? "FloatStorage" : dtype == HR_F16 ? "HalfStorage" : "LongStorage";
}

static int64_t count_elements(const hr_tensor_data *item)
{
    int64_t n = 1;
    for (int d = 0; d < item->n_dims; d++) n *= item->shape[d];
    return n;
}

/* name: _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks) */
static void add_tensor(hr_text *out, const hr_tensor_data *item, size_t index)
{
    char key[24];
    snprintf(key, sizeof key, "%zu", index);
    add_unicode(out, item->name);
    hr_text_add(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
    add_unicode(out, "storage");
    hr_text_add(out, "ctorch\n%s\n", storage_type(item->dtype));
    add_unicode(out, key);
    add_unicode(out, "cpu");
    add_integer(out, count_elements(item));
    hr_text_add(out, "tQ"); /* TUPLE, BINPERSID */
    add_integer(out, 0);
    hr_text_add(out, "(");
    for (int d = 0; d < item->n_dims; d++) add_integer(out, item->shape[d]);
    hr_text_add(out, "t(");
    for (int d = 0; d < item->n_dims; d++) {
        int64_t stride = 1;
        for (int e = d + 1; e < item->n_dims; e++) stride *= item->shape[e];
        add_integer(out, stride);
    }
    hr_text_add(out, "t\x89"
                     "ccollections\nOrderedDict\n)RtR"); /* requires_grad False, no hooks; TUPLE, REDUCE */
}

static hrnet_status make_pickle(hr_bytes *out, const hr_tensor_data *items, size_t n_items)
{
    hr_text text = {0};
    char *data;
    hr_text_add(&text, "\x80\x02"
                       "ccollections\nOrderedDict\n)R(");
    for (size_t i = 0; i < n_items; i++) add_tensor(&text, &items[i], i);
    hr_text_add(&text, "u."); /* SETITEMS, STOP */
    out->size = text.length;
    HR_TRY(hr_text_take(&text, &data));
    out->data = (unsigned char *)data;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ zip into a stream */

/* libzip writes an archive through a "source" with these commands; ours goes to the temporary file of an hr_file. It
 * starts as an archive that does not exist yet. */
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

/* Add one stored entry of n bytes whose local header will stand at *at; *at moves behind its data. */
static int add_entry(zip_t *zip, const char *name, const void *data, size_t n, uint64_t *at)
{
    static const unsigned char zeros[DATA_ALIGN];
    const uint64_t unpadded = *at + LOCAL_HEADER + strlen(name) + EXTRA_HEADER;
    const uint64_t data_at = (unpadded + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
    *at = data_at + n;
    zip_source_t *const source = zip_source_buffer(zip, data, n, 0);
    if (source == NULL) return 0;
    const zip_int64_t index = zip_file_add(zip, name, source, 0);
    if (index < 0) {
        zip_source_free(source);
        return 0;
    }
    return zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0 &&
           /* a fixed date, so that the same tensors make the same file */
           zip_file_set_dostime(zip, (zip_uint64_t)index, 0, DOS_DATE_1980, 0) == 0 &&
           zip_file_extra_field_set(zip, (zip_uint64_t)index, EXTRA_PADDING, ZIP_EXTRA_FIELD_NEW, zeros,
                                    (zip_uint16_t)(data_at - unpadded), ZIP_FL_LOCAL) == 0;
}

static int add_entries(zip_t *zip, const hr_bytes *pickle, const hr_tensor_data *items, size_t n_items)
{
    uint64_t at = 0;
    int good = add_entry(zip, "archive/data.pkl", pickle->data, pickle->size, &at) &&
               add_entry(zip, "archive/byteorder", "little", 6, &at);
    for (size_t i = 0; i < n_items && good; i++) {
        char name[48];
        snprintf(name, sizeof name, "archive/data/%zu", i);
        const size_t n_bytes = (size_t)count_elements(&items[i]) * hr_dtype_size(items[i].dtype);
        good = add_entry(zip, name, items[i].data, n_bytes, &at);
    }
    return good && add_entry(zip, "archive/version", "3\n", 2, &at);
}

static hrnet_status write_zip(FILE *stream, const hr_bytes *pickle, const hr_tensor_data *items, size_t n_items)
{
    sink s = {.stream = stream};
    zip_error_t error;
    zip_error_init(&s.error);
    zip_error_init(&error);
    zip_source_t *const source = zip_source_function_create(run_sink, &s, &error);
    zip_t *const zip = source != NULL ? zip_open_from_source(source, ZIP_CREATE, &error) : NULL;
    hrnet_status status = HRNET_OK;
    if (zip == NULL) {
        if (source != NULL) zip_source_free(source);
        status = hr_fail(HRNET_ERR_IO, "cannot begin the zip: %s", zip_error_strerror(&error));
    } else if (!add_entries(zip, pickle, items, n_items) || zip_close(zip) != 0) {
        status = hr_fail(HRNET_ERR_IO, "cannot write the zip: %s", zip_strerror(zip));
        zip_discard(zip);
    }
    zip_error_fini(&error);
    zip_error_fini(&s.error);
    return status;
}

hrnet_status hr_torch_save(const char *path, const hr_tensor_data *items, size_t n_items)
{
    hr_bytes pickle;
    hr_file file;
    HR_TRY(make_pickle(&pickle, items, n_items));
    hrnet_status status = hr_file_create(&file, path);
    if (status == HRNET_OK) {
        status = write_zip(file.stream, &pickle, items, n_items);
        if (status == HRNET_OK)
            status = hr_file_commit(&file);
        else
            hr_file_abandon(&file);
    }
    hr_free(pickle.data);
    return status;
}
