/*
 * mat.c - MATLAB's version 5 files ("Level 5 MAT-file"). A file is a header of 128 bytes and a sequence of elements:
 *
 *   element      4 bytes type, 4 bytes size, content padded to a multiple of 8 bytes
 *   small one    2 bytes type, 2 bytes size (1 to 4), 4 bytes content
 *   MI_MATRIX    content: elements flags (with the class), dimensions (int32), name (int8), then the values:
 *                  numeric class: one element of numbers, of any integer or real type that holds them
 *                  MX_CHAR: one element of characters
 *                  MX_CELL: one MI_MATRIX for each cell
 *   MI_COMPRESSED  content: one element, deflated with zlib; not padded
 *
 * Of cell arrays only those of strings are read: MPII's ground truth lists the names of its joints so.
 */
#include "io/arrays.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/cursor.h"

enum { HEADER_BYTES = 128 }; /* text, then version and byte order in the last four bytes */

/* types of elements, of which the numeric ones are also types of values */
enum {
    MI_INT8 = 1,
    MI_UINT8,
    MI_INT16,
    MI_UINT16,
    MI_INT32,
    MI_UINT32,
    MI_SINGLE,
    MI_DOUBLE = 9,
    MI_INT64 = 12,
    MI_UINT64,
    MI_MATRIX,
    MI_COMPRESSED,
    MI_UTF8,
    MI_UTF16
};

/* classes of arrays, in the lowest byte of their flags: the numeric ones are MX_DOUBLE to MX_UINT64; and one flag */
enum { MX_CELL = 1, MX_CHAR = 4, MX_DOUBLE = 6, MX_SINGLE = 7, MX_UINT64 = 15 };
enum { MX_COMPLEX = 0x800 };

typedef struct element {
    uint32_t type;
    hr_cursor content;
} element;

typedef struct mat_reader {
    hr_mat mat;
    size_t capacity;
    size_t budget; /* bytes of memory and of inflating that the file may still cost (base/limits.h) */
} mat_reader;

/* Read the element at the cursor and step over it with its padding. */
static hrnet_status next_element(hr_cursor *in, element *out)
{
    const uint32_t first = hr_cursor_u32(in);
    const int is_small = first >> 16 != 0; /* types are below 2^16, so that in a long tag these bits are 0 */
    out->type = is_small ? first & 0xffff : first;
    const size_t size = is_small ? first >> 16 : hr_cursor_u32(in);
    const size_t padded = is_small ? 4 : out->type == MI_COMPRESSED ? size : (size + 7) / 8 * 8;
    /* the padding of a file's last element may be missing */
    const size_t taken = padded > hr_cursor_left(in) && size <= hr_cursor_left(in) ? hr_cursor_left(in) : padded;
    const unsigned char *const bytes = hr_cursor_take(in, taken);
    if (bytes == NULL || size > taken)
        return hr_fail(HRNET_ERR_FORMAT, "byte %zu: an element of %zu bytes is cut short", in->at, size);
    out->content = hr_cursor_over(bytes, size);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ values */

/* Bytes of one number or character; 0 for types that hold neither. */
static size_t size_of(uint32_t type)
{
    switch (type) {
    case MI_INT8:
    case MI_UINT8:
    case MI_UTF8: return 1;
    case MI_INT16:
    case MI_UINT16:
    case MI_UTF16: return 2;
    case MI_INT32:
    case MI_UINT32:
    case MI_SINGLE: return 4;
    case MI_DOUBLE:
    case MI_INT64:
    case MI_UINT64: return 8;
    default: return 0;
    }
}

/* The number whose little-endian bytes were read as an unsigned integer. */
static double number_of(uint32_t type, uint64_t bits)
{
    switch (type) {
    case MI_INT8: return (int8_t)bits;
    case MI_INT16: return (int16_t)bits;
    case MI_INT32: return (int32_t)bits;
    case MI_INT64: return (double)(int64_t)bits;
    case MI_SINGLE: {
        const uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        return (double)value;
    }
    case MI_DOUBLE: {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    default: return (double)bits;
    }
}

/* Take n numbers of `size` bytes from what the file may cost. */
static hrnet_status charge(mat_reader *r, size_t n, size_t size)
{
    if (n <= r->budget / size) {
        r->budget -= n * size;
        return HRNET_OK;
    }
    return hr_fail(
        HRNET_ERR_LIMIT,
        "expected content in proportion to the file, found %zu numbers of %zu bytes where %zu bytes are left", n, size,
        r->budget);
}

/* The type of the values need not be that of the class: MATLAB writes doubles that are small integers as bytes. */
static hrnet_status read_numbers(mat_reader *r, hr_mat_array *out, element values)
{
    const size_t size = size_of(values.type);
    if (size == 0 || values.content.size % size != 0 || values.content.size / size != out->count)
        return hr_fail(HRNET_ERR_FORMAT, "expected %zu numbers, found %zu bytes of type %u", out->count,
                       values.content.size, (unsigned)values.type);
    HR_TRY(charge(r, out->count, sizeof *out->numbers));
    HR_NEW(out->numbers, out->count);
    for (size_t i = 0; i < out->count; i++)
        out->numbers[i] = number_of(values.type, hr_cursor_uint(&values.content, size));
    return HRNET_OK;
}

/* Characters of one or two bytes (UTF-8, UTF-16 or "uint16"); all but ASCII become '?', which file names never need. */
static hrnet_status read_text(char **out, element values)
{
    const size_t size = size_of(values.type);
    if (size != 1 && size != 2)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "expected text, found elements of type %u", (unsigned)values.type);
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

/* The three elements before the values of an array: flags (the class in the lowest byte), dimensions, name. On failure
 * out->name may be set already. */
static hrnet_status read_head(hr_cursor *in, hr_mat_array *out, uint32_t *flags)
{
    element part;
    HR_TRY(next_element(in, &part));
    if (part.type != MI_UINT32 || part.content.size != 8)
        return hr_fail(HRNET_ERR_FORMAT, "expected the class of an array, found another element");
    *flags = hr_cursor_u32(&part.content);
    HR_TRY(next_element(in, &part));
    const size_t n_dims = part.content.size / 4;
    if (part.type != MI_INT32 || n_dims < 1 || n_dims > HR_MAT_DIMS)
        return hr_fail(HRNET_ERR_FORMAT, "expected an array of 1 to %d dimensions, found another", HR_MAT_DIMS);
    out->n_dims = (int)n_dims;
    out->count = 1;
    for (size_t d = 0; d < n_dims; d++) {
        out->dims[d] = hr_cursor_u32(&part.content);
        if (__builtin_mul_overflow(out->count, out->dims[d], &out->count))
            return hr_fail(HRNET_ERR_FORMAT, "expected an array that fits into memory, found dimensions that overflow");
    }
    HR_TRY(next_element(in, &part));
    out->name = hr_strndup((const char *)part.content.data, part.content.size);
    return out->name != NULL ? HRNET_OK : hr_fail_memory(part.content.size + 1);
}

/* Read one cell. *out stays NULL if it holds anything but a string. */
static hrnet_status read_cell(hr_cursor *in, char **out)
{
    element cell, values;
    hr_mat_array head = {0};
    uint32_t flags;
    HR_TRY(next_element(in, &cell));
    if (cell.type != MI_MATRIX)
        return hr_fail(HRNET_ERR_FORMAT, "expected an array in each cell, found another element");
    if (cell.content.size == 0) return HRNET_OK;
    hrnet_status status = read_head(&cell.content, &head, &flags);
    if (status == HRNET_OK && (flags & 0xff) == MX_CHAR) {
        status = next_element(&cell.content, &values);
        if (status == HRNET_OK) status = read_text(out, values);
    }
    hr_free(head.name);
    return status;
}

/* Read a cell array of strings. out->texts is NULL afterwards if any cell holds something else. */
static hrnet_status read_cells(mat_reader *r, hr_mat_array *out, hr_cursor *in)
{
    if (out->count > hr_cursor_left(in) / 8)
        return hr_fail(HRNET_ERR_FORMAT, "expected %zu cells, found only %zu bytes", out->count,
                       hr_cursor_left(in));                       /* a tag each */
    HR_TRY(charge(r, out->count, sizeof *out->texts + HR_ALIGN)); /* a block each */
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

static hrnet_status read_values(mat_reader *r, hr_mat_array *out, hr_cursor *in, uint32_t flags)
{
    const uint32_t class = flags & 0xff;
    element values;
    if (class == MX_CELL) return read_cells(r, out, in);
    if (class < MX_DOUBLE || class > MX_UINT64 || (flags & MX_COMPLEX) != 0) return HRNET_OK;
    HR_TRY(next_element(in, &values));
    return read_numbers(r, out, values);
}

/* Read an MI_MATRIX element. Arrays of other kinds (structures, sparse, complex) are dropped again. */
static hrnet_status read_array(mat_reader *r, hr_cursor in)
{
    hr_mat_array array = {0};
    uint32_t flags = 0;
    HR_TRY(charge(r, 1, 3 * sizeof *r->mat.arrays + 3 * HR_ALIGN)); /* a block for each of name, numbers and texts */
    HR_GROW(r->mat.arrays, r->mat.n, r->capacity);
    hrnet_status status = read_head(&in, &array, &flags);
    if (status == HRNET_OK) status = read_values(r, &array, &in, flags);
    if (status == HRNET_OK && (array.numbers != NULL || array.texts != NULL)) {
        r->mat.arrays[r->mat.n++] = array;
        return HRNET_OK;
    }
    if (status != HRNET_OK && array.name != NULL) hr_fail_in(status, array.name);
    free_array(&array);
    return status;
}

/* ------------------------------------------------------------------------------------------------ compression */

/* zlib allocates through hr_alloc, so that tests can make it fail. */
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

/* Inflate into a buffer that grows by doubling, at most to limit bytes: a few bytes of zlib data may stand for
 * gigabytes. The buffer takes up to three times its content while it grows. The caller frees *out [*size] with hr_free,
 * also after a failure. */
static hrnet_status inflate_into(z_stream *z, unsigned char **out, size_t *size, size_t limit)
{
    size_t capacity = 0;
    int code = Z_OK;
    while (code == Z_OK || code == Z_BUF_ERROR) {
        if (*size == limit)
            return hr_fail(HRNET_ERR_LIMIT,
                           "expected content in proportion to the file, found more than %zu bytes in a compressed "
                           "element",
                           limit);
        if (*size == capacity) HR_GROW(*out, *size, capacity);
        const size_t n_free = (capacity < limit ? capacity : limit) - *size;
        z->next_out = *out + *size;
        z->avail_out = (uInt)n_free;
        code = inflate(z, Z_NO_FLUSH);
        *size += n_free - z->avail_out;
        if (code == Z_BUF_ERROR && z->avail_out > 0) break; /* the input ended before the stream */
    }
    if (code == Z_MEM_ERROR) return hr_fail_memory(0);
    return code == Z_STREAM_END
               ? HRNET_OK
               : hr_fail(HRNET_ERR_FORMAT, "expected zlib data in a compressed element, found something else");
}

/* Read a compressed element: the array inside, if it is one. */
static hrnet_status unpack(mat_reader *r, hr_cursor packed)
{
    z_stream z = {.zalloc = allocate, .zfree = release};
    unsigned char *bytes = NULL;
    size_t size = 0;
    element inner = {0};
    if (inflateInit(&z) != Z_OK) return hr_fail_memory(0);
    z.next_in = (unsigned char *)packed.data;
    z.avail_in = (uInt)packed.size; /* fits: an element's size has 32 bits */
    hrnet_status status = inflate_into(&z, &bytes, &size, r->budget / 3);
    inflateEnd(&z);
    r->budget -= 3 * size;
    hr_cursor in = hr_cursor_over(bytes, size);
    if (status == HRNET_OK) status = next_element(&in, &inner);
    if (status == HRNET_OK && inner.type == MI_MATRIX) status = read_array(r, inner.content);
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
    const unsigned char *const header = hr_cursor_take(&in, HEADER_BYTES);
    element next;
    if (header == NULL) return hr_fail(HRNET_ERR_FORMAT, "expected a MATLAB file, found %zu bytes", n_bytes);
    if (memcmp(header + HEADER_BYTES - 2, "IM", 2) != 0 || header[HEADER_BYTES - 3] != 1)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "expected a little-endian MATLAB 5 file (save with -v7, not -v7.3)");
    while (hr_cursor_left(&in) > 0) {
        HR_TRY(next_element(&in, &next));
        if (next.type == MI_MATRIX) HR_TRY(read_array(r, next.content));
        if (next.type == MI_COMPRESSED) HR_TRY(unpack(r, next.content));
    }
    return HRNET_OK;
}

hrnet_status hr_mat_parse(hr_mat *out, const void *bytes, size_t n_bytes)
{
    mat_reader r = {.budget = hr_cost_most(n_bytes)};
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

/* ------------------------------------------------------------------------------------------------ writing */

static void put_u32(FILE *stream, size_t value)
{
    const unsigned char bytes[] = {(unsigned char)value, (unsigned char)(value >> 8), (unsigned char)(value >> 16),
                                   (unsigned char)(value >> 24)};
    fwrite(bytes, 1, sizeof bytes, stream);
}

static size_t padded_size(size_t n)
{
    return (n + 7) / 8 * 8;
}

static void put_padding(FILE *stream, size_t n)
{
    for (; n % 8 != 0; n++) fputc(0, stream);
}

static void put_header(FILE *stream)
{
    char header[HEADER_BYTES] = "MATLAB 5.0 MAT-file, written by hrnet";
    memset(header + strlen(header), ' ', 116 - strlen(header)); /* 116 bytes of text; the next 8 stay 0 */
    memcpy(header + HEADER_BYTES - 4, "\0\1IM", 4);
    fwrite(header, 1, sizeof header, stream);
}

/* The head of an element whose content, n bytes, the caller writes next. */
static void put_tag(FILE *stream, uint32_t type, size_t n)
{
    put_u32(stream, type);
    put_u32(stream, n);
}

/* One MI_MATRIX element as scipy.io.savemat writes it: flags, dimensions, name, values, each padded to 8 bytes. Sizes
 * have 32 bits; staying below 2^31 is safe for readers that take them as signed. */
hrnet_status hr_mat_save(const char *path, const char *name, const float *values, const size_t *dims, int n_dims)
{
    const size_t n_name = strlen(name), n_dim_bytes = 4 * (size_t)n_dims;
    size_t count = 1;
    for (int d = 0; d < n_dims; d++)
        if (dims[d] > INT32_MAX || __builtin_mul_overflow(count, dims[d], &count) || count > INT32_MAX / 4 - 256)
            return hr_fail(HRNET_ERR_LIMIT, "%s: expected less than 2 GiB of values for a MATLAB 5 file, found more",
                           path);
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    put_header(file.stream);
    put_tag(file.stream, MI_MATRIX,
            16 + 8 + padded_size(n_dim_bytes) + 8 + padded_size(n_name) + 8 + padded_size(4 * count));
    put_tag(file.stream, MI_UINT32, 8);
    put_tag(file.stream, MX_SINGLE, 0); /* the content of that element: the class, and a 0 that sparse arrays use */
    put_tag(file.stream, MI_INT32, n_dim_bytes);
    for (int d = 0; d < n_dims; d++) put_u32(file.stream, dims[d]);
    put_padding(file.stream, n_dim_bytes);
    put_tag(file.stream, MI_INT8, n_name);
    fwrite(name, 1, n_name, file.stream);
    put_padding(file.stream, n_name);
    put_tag(file.stream, MI_SINGLE, 4 * count);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        put_u32(file.stream, bits);
    }
    put_padding(file.stream, 4 * count);
    return hr_file_commit(&file);
}
