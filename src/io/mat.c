/*
 * mat.c - the reader. A file is a header and elements; an element is a tag (type, size) and content padded to 8 bytes,
 * or, when small, content inside the tag. An array is an element whose content is elements: flags, dimensions, name,
 * values. A cell array's values are arrays; only cells of text are followed, one level deep.
 */
#include "io/mat.h"

#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "io/cursor.h"
#include "base/grow.h"
#include "io/mat_format.h"

enum { MAX_UNPACKED = 1 << 28 };

typedef struct element {
    uint32_t type;
    hr_cursor content;
} element;

typedef struct mat_reader {
    hr_mat mat;
    size_t capacity;
    size_t unpacked; /* bytes that compressed elements gave so far */
} mat_reader;

static hrnet_status next_element(hr_cursor *in, element *out)
{
    const uint32_t first = hr_cursor_u32(in);
    const int is_small = first >> 16 != 0;
    out->type = is_small ? first & 0xffff : first;
    const size_t size = is_small ? first >> 16 : hr_cursor_u32(in);
    const size_t padded = is_small ? 4 : out->type == HR_MI_COMPRESSED ? size : (size + 7) / 8 * 8;
    /* the padding of a file's last element may be missing */
    const size_t taken = padded > hr_cursor_left(in) && size <= hr_cursor_left(in) ? hr_cursor_left(in) : padded;
    const unsigned char *const bytes = hr_cursor_take(in, taken);
    if (bytes == NULL || size > taken)
        return hr_fail(HRNET_ERR_FORMAT, "byte %zu: an element of %zu bytes is cut short", in->at, size);
    out->content = hr_cursor_over(bytes, size);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ values */

static size_t size_of(uint32_t type)
{
    switch (type) {
    case HR_MI_INT8:
    case HR_MI_UINT8:
    case HR_MI_UTF8: return 1;
    case HR_MI_INT16:
    case HR_MI_UINT16:
    case HR_MI_UTF16: return 2;
    case HR_MI_INT32:
    case HR_MI_UINT32:
    case HR_MI_SINGLE: return 4;
    case HR_MI_DOUBLE:
    case HR_MI_INT64:
    case HR_MI_UINT64: return 8;
    default: return 0;
    }
}

static double number_of(uint32_t type, uint64_t bits)
{
    switch (type) {
    case HR_MI_INT8: return (int8_t)bits;
    case HR_MI_INT16: return (int16_t)bits;
    case HR_MI_INT32: return (int32_t)bits;
    case HR_MI_INT64: return (double)(int64_t)bits;
    case HR_MI_SINGLE: {
        const uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        return (double)value;
    }
    case HR_MI_DOUBLE: {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    default: return (double)bits;
    }
}

static hrnet_status read_numbers(hr_mat_array *out, element values)
{
    const size_t size = size_of(values.type);
    if (size == 0 || values.content.size % size != 0 || values.content.size / size != out->count)
        return hr_fail(HRNET_ERR_FORMAT, "%zu bytes of type %u do not make %zu numbers", values.content.size,
                       (unsigned)values.type, out->count);
    HR_NEW(out->numbers, out->count);
    for (size_t i = 0; i < out->count; i++)
        out->numbers[i] = number_of(values.type, hr_cursor_uint(&values.content, size));
    return HRNET_OK;
}

/* Text of one or two bytes a character; what is no ASCII becomes '?'. */
static hrnet_status read_text(char **out, element values)
{
    const size_t size = size_of(values.type);
    if (size != 1 && size != 2) return hr_fail(HRNET_ERR_UNSUPPORTED, "text of type %u", (unsigned)values.type);
    const size_t n = values.content.size / size;
    char *text;
    HR_NEW(text, n + 1);
    for (size_t i = 0; i < n; i++) {
        const uint64_t c = hr_cursor_uint(&values.content, size);
        text[i] = c > 0 && c < 0x80 ? (char)c : '?';
    }
    *out = text;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ arrays */

/* What stands before the values of an array: class and flags, dimensions, name. */
static hrnet_status read_head(hr_cursor *in, hr_mat_array *out, uint32_t *flags)
{
    element part;
    HR_TRY(next_element(in, &part));
    if (part.type != HR_MI_UINT32 || part.content.size != 8)
        return hr_fail(HRNET_ERR_FORMAT, "an array without its class");
    *flags = hr_cursor_u32(&part.content);
    HR_TRY(next_element(in, &part));
    const size_t n_dims = part.content.size / 4;
    if (part.type != HR_MI_INT32 || n_dims < 1 || n_dims > HR_MAT_DIMS)
        return hr_fail(HRNET_ERR_FORMAT, "an array without 1 to %d dimensions", HR_MAT_DIMS);
    out->n_dims = (int)n_dims;
    out->count = 1;
    for (size_t d = 0; d < n_dims; d++) {
        out->dims[d] = hr_cursor_u32(&part.content);
        if (__builtin_mul_overflow(out->count, out->dims[d], &out->count))
            return hr_fail(HRNET_ERR_FORMAT, "an array with more elements than can be counted");
    }
    HR_TRY(next_element(in, &part));
    out->name = hr_strndup((const char *)part.content.data, part.content.size);
    return out->name != NULL ? HRNET_OK : hr_fail_memory(part.content.size + 1);
}

/* One cell that holds text; *out stays NULL when it holds something else. */
static hrnet_status read_cell(hr_cursor *in, char **out)
{
    element cell, values;
    hr_mat_array head = {0};
    uint32_t flags;
    HR_TRY(next_element(in, &cell));
    if (cell.type != HR_MI_MATRIX) return hr_fail(HRNET_ERR_FORMAT, "a cell that is no array");
    if (cell.content.size == 0) return HRNET_OK;
    hrnet_status status = read_head(&cell.content, &head, &flags);
    if (status == HRNET_OK && (flags & 0xff) == HR_MX_CHAR) {
        status = next_element(&cell.content, &values);
        if (status == HRNET_OK) status = read_text(out, values);
    }
    hr_free(head.name);
    return status;
}

/* A cell array of texts; out->texts stays NULL when any cell is something else. */
static hrnet_status read_cells(hr_mat_array *out, hr_cursor *in)
{
    if (out->count > hr_cursor_left(in) / 8)
        return hr_fail(HRNET_ERR_FORMAT, "%zu cells in %zu bytes", out->count, hr_cursor_left(in));
    HR_NEW(out->texts, out->count);
    for (size_t i = 0; i < out->count; i++) {
        HR_TRY(read_cell(in, &out->texts[i]));
        if (out->texts[i] != NULL) continue;
        for (size_t k = 0; k < i; k++) hr_free(out->texts[k]);
        hr_free(out->texts);
        out->texts = NULL;
        break;
    }
    return HRNET_OK;
}

static void free_array(hr_mat_array *array)
{
    for (size_t i = 0; array->texts != NULL && i < array->count; i++) hr_free(array->texts[i]);
    hr_free(array->texts);
    hr_free(array->numbers);
    hr_free(array->name);
}

static hrnet_status read_values(hr_mat_array *out, hr_cursor *in, uint32_t flags)
{
    const uint32_t class = flags & 0xff;
    element values;
    if (class == HR_MX_CELL) return read_cells(out, in);
    if (class < HR_MX_DOUBLE || class > HR_MX_UINT64 || (flags & HR_MX_COMPLEX) != 0) return HRNET_OK;
    HR_TRY(next_element(in, &values));
    return read_numbers(out, values);
}

/* Arrays of kinds that are passed over leave no trace. */
static hrnet_status read_array(mat_reader *r, hr_cursor in)
{
    hr_mat_array array = {0};
    uint32_t flags = 0;
    HR_ROOM(r->mat.arrays, r->mat.n, r->capacity);
    hrnet_status status = read_head(&in, &array, &flags);
    if (status == HRNET_OK) status = read_values(&array, &in, flags);
    if (status == HRNET_OK && (array.numbers != NULL || array.texts != NULL)) {
        r->mat.arrays[r->mat.n++] = array;
        return HRNET_OK;
    }
    if (status != HRNET_OK && array.name != NULL) hr_fail_in(status, array.name);
    free_array(&array);
    return status;
}

/* ------------------------------------------------------------------------------------------------ compression */

static void *allocate(void *context, unsigned n, unsigned size)
{
    (void)context;
    return hr_alloc(n, size);
}

static void release(void *context, void *block)
{
    (void)context;
    hr_free(block);
}

/* Inflate into *out [*size], which is for hr_free in any case. */
static hrnet_status inflate_into(z_stream *z, unsigned char **out, size_t *size, size_t limit)
{
    size_t capacity = 0;
    int code = Z_OK;
    while (code == Z_OK || code == Z_BUF_ERROR) {
        if (*size == limit) return hr_fail(HRNET_ERR_LIMIT, "more than %d bytes when unpacked", MAX_UNPACKED);
        if (*size == capacity) HR_ROOM(*out, *size, capacity);
        const size_t room = (capacity < limit ? capacity : limit) - *size;
        z->next_out = *out + *size;
        z->avail_out = (uInt)room;
        code = inflate(z, Z_NO_FLUSH);
        *size += room - z->avail_out;
        if (code == Z_BUF_ERROR && z->avail_out > 0) break; /* no input is left */
    }
    if (code == Z_MEM_ERROR) return hr_fail_memory(0);
    return code == Z_STREAM_END ? HRNET_OK : hr_fail(HRNET_ERR_FORMAT, "a compressed element is broken");
}

static hrnet_status unpack(mat_reader *r, hr_cursor packed)
{
    z_stream z = {.zalloc = allocate, .zfree = release};
    unsigned char *bytes = NULL;
    size_t size = 0;
    element inner = {0};
    if (inflateInit(&z) != Z_OK) return hr_fail_memory(0);
    z.next_in = (unsigned char *)packed.data;
    z.avail_in = (uInt)packed.size; /* an element's size has 32 bits */
    hrnet_status status = inflate_into(&z, &bytes, &size, MAX_UNPACKED - r->unpacked);
    inflateEnd(&z);
    r->unpacked += size;
    hr_cursor in = hr_cursor_over(bytes, size);
    if (status == HRNET_OK) status = next_element(&in, &inner);
    if (status == HRNET_OK && inner.type == HR_MI_MATRIX) status = read_array(r, inner.content);
    hr_free(bytes);
    return status;
}

/* ------------------------------------------------------------------------------------------------ file */

int hr_mat_is(const void *bytes, size_t n_bytes)
{
    return n_bytes >= 6 && memcmp(bytes, "MATLAB", 6) == 0;
}

static hrnet_status read_file(mat_reader *r, const void *bytes, size_t n_bytes)
{
    hr_cursor in = hr_cursor_over(bytes, n_bytes);
    const unsigned char *const header = hr_cursor_take(&in, HR_MAT_HEADER);
    element next;
    if (header == NULL) return hr_fail(HRNET_ERR_FORMAT, "expected a MATLAB file, found %zu bytes", n_bytes);
    if (memcmp(header + HR_MAT_HEADER - 2, "IM", 2) != 0 || header[HR_MAT_HEADER - 3] != 1)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "expected a little-endian MATLAB 5 file (save with -v7, not -v7.3)");
    while (hr_cursor_left(&in) > 0) {
        HR_TRY(next_element(&in, &next));
        if (next.type == HR_MI_MATRIX) HR_TRY(read_array(r, next.content));
        if (next.type == HR_MI_COMPRESSED) HR_TRY(unpack(r, next.content));
    }
    return HRNET_OK;
}

hrnet_status hr_mat_parse(hr_mat *out, const void *bytes, size_t n_bytes)
{
    mat_reader r = {0};
    const hrnet_status status = read_file(&r, bytes, n_bytes);
    if (status == HRNET_OK)
        *out = r.mat;
    else
        hr_mat_free(&r.mat);
    return status;
}

const hr_mat_array *hr_mat_find(const hr_mat *mat, const char *name)
{
    for (size_t i = 0; i < mat->n; i++)
        if (strcmp(mat->arrays[i].name, name) == 0) return &mat->arrays[i];
    return NULL;
}

void hr_mat_free(hr_mat *mat)
{
    for (size_t i = 0; i < mat->n; i++) free_array(&mat->arrays[i]);
    hr_free(mat->arrays);
    *mat = (hr_mat){0};
}
