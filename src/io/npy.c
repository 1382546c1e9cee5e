/*
 * npy.c - NumPy's .npy files, versions 1 to 3 (numpy.lib.format):
 *
 *   "\x93NUMPY", 1 byte major and 1 byte minor version, header size (2 bytes in version 1, else 4), header, elements
 *   header: the text of a Python dictionary, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"
 *
 * Read: real numbers and booleans of either byte order, in C or Fortran order. Refused: structures, complex numbers,
 * text, Python objects. Written: version 1, float32, C order, elements aligned to 64 bytes.
 */
#include "io/arrays.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/cursor.h"
#include "io/tensors/tensors.h"

#define MAX_FILE ((uint64_t)1 << 34) /* bytes: 16 GiB */
enum { MAX_DIMS = 8, MAGIC_BYTES = 6, HEADER_ALIGN = 64 };
static const char magic[] = "\x93NUMPY";

typedef struct npy_header {
    char type[8]; /* "<f4" */
    int fortran_order, n_dims;
    size_t shape[MAX_DIMS];
} npy_header;

/* ------------------------------------------------------------------------------------------------ header */

static void skip_spaces(hr_cursor *in)
{
    while (in->at < in->size && strchr(" \t\n", in->data[in->at]) != NULL && in->data[in->at] != '\0') in->at++;
}

/* Skip white space; if `text` comes next, step over it and return 1. */
static int accept(hr_cursor *in, const char *text)
{
    const size_t n = strlen(text);
    skip_spaces(in);
    if (hr_cursor_left(in) < n || memcmp(in->data + in->at, text, n) != 0) return 0;
    in->at += n;
    return 1;
}

/* Read a string in single or double quotes that is shorter than capacity. Escapes are not interpreted: no valid key or
 * type has one. */
static int accept_string(hr_cursor *in, char *out, size_t capacity)
{
    const char quote = accept(in, "'") ? '\'' : accept(in, "\"") ? '"' : '\0';
    size_t n = 0;
    if (quote == '\0') return 0;
    while (in->at < in->size && in->data[in->at] != (unsigned char)quote) {
        if (n + 1 == capacity) return 0;
        out[n++] = (char)in->data[in->at++];
    }
    out[n] = '\0';
    return in->at++ < in->size;
}

static int accept_size(hr_cursor *in, size_t *out)
{
    size_t value = 0, n_digits = 0;
    skip_spaces(in);
    for (; in->at < in->size && in->data[in->at] >= '0' && in->data[in->at] <= '9'; in->at++, n_digits++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (size_t)(in->data[in->at] - '0'), &value))
            return 0;
    (void)accept(in, "L"); /* Python 2 wrote long integers as 3L */
    *out = value;
    return n_digits > 0;
}

/* "()", "(3,)", "(3, 4)": sizes separated by commas, of which one may follow the last. */
static hrnet_status read_shape(hr_cursor *in, npy_header *out)
{
    out->n_dims = 0;
    if (!accept(in, "(")) return hr_fail(HRNET_ERR_FORMAT, "header: shape: expected a tuple");
    while (!accept(in, ")")) {
        if (out->n_dims == MAX_DIMS)
            return hr_fail(HRNET_ERR_UNSUPPORTED, "header: shape: expected at most %d dimensions, found more",
                           MAX_DIMS);
        if (!accept_size(in, &out->shape[out->n_dims++]))
            return hr_fail(HRNET_ERR_FORMAT, "header: shape: expected sizes separated by commas");
        if (accept(in, ",")) continue;
        if (!accept(in, ")")) return hr_fail(HRNET_ERR_FORMAT, "header: shape: expected sizes separated by commas");
        break;
    }
    return HRNET_OK;
}

/* The three keys in any order; nothing else is allowed. */
static hrnet_status read_dictionary(hr_cursor *in, npy_header *out)
{
    int has_type = 0, has_order = 0, has_shape = 0;
    if (!accept(in, "{")) return hr_fail(HRNET_ERR_FORMAT, "header: expected a dictionary");
    while (!accept(in, "}")) {
        char key[24];
        if (!accept_string(in, key, sizeof key) || !accept(in, ":"))
            return hr_fail(HRNET_ERR_FORMAT, "header: expected a key in quotes and a colon");
        if (strcmp(key, "descr") == 0) {
            has_type = 1;
            if (accept(in, "["))
                return hr_fail(HRNET_ERR_UNSUPPORTED, "header: descr: expected numbers, found an array of structures");
            if (!accept_string(in, out->type, sizeof out->type))
                return hr_fail(HRNET_ERR_FORMAT, "header: descr: expected a type such as '<f4'");
        } else if (strcmp(key, "fortran_order") == 0) {
            has_order = 1;
            out->fortran_order = accept(in, "True");
            if (!out->fortran_order && !accept(in, "False"))
                return hr_fail(HRNET_ERR_FORMAT, "header: fortran_order: expected True or False");
        } else if (strcmp(key, "shape") == 0) {
            has_shape = 1;
            HR_TRY(read_shape(in, out));
        } else {
            return hr_fail(HRNET_ERR_FORMAT, "header: expected descr, fortran_order and shape, found %s", key);
        }
        if (!accept(in, ",") && !(in->at < in->size && in->data[in->at] == '}'))
            return hr_fail(HRNET_ERR_FORMAT, "header: expected a comma after %s", key);
    }
    if (!has_type || !has_order || !has_shape)
        return hr_fail(HRNET_ERR_FORMAT, "header: expected descr, fortran_order and shape, found fewer");
    return HRNET_OK;
}

static hrnet_status read_header(hr_cursor *in, npy_header *out)
{
    const unsigned char *const start = hr_cursor_take(in, MAGIC_BYTES);
    if (start == NULL || memcmp(start, magic, MAGIC_BYTES) != 0)
        return hr_fail(HRNET_ERR_FORMAT, "expected a .npy file, found something else");
    const unsigned major = hr_cursor_u8(in);
    (void)hr_cursor_u8(in);
    if (!in->failed && (major < 1 || major > 3))
        return hr_fail(HRNET_ERR_UNSUPPORTED, "expected .npy version 1 to 3, found %u", major);
    const size_t n = (size_t)hr_cursor_uint(in, major == 1 ? 2 : 4);
    const unsigned char *const text = hr_cursor_take(in, n);
    if (text == NULL) return hr_fail(HRNET_ERR_FORMAT, "expected a header, found the end of the file");
    hr_cursor header = hr_cursor_over(text, n);
    return read_dictionary(&header, out);
}

/* ------------------------------------------------------------------------------------------------ elements */

typedef struct npy_type {
    char kind; /* 'f', 'i', 'u' or 'b' */
    size_t size;
    int big_endian;
} npy_type;

/* Split "<f4" into byte order ('<' little, '>' big, '|' and '=' ours), kind and size. */
static hrnet_status read_type(const char *text, npy_type *out)
{
    static const char *const known[] = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"};
    for (size_t i = 0; i < sizeof known / sizeof *known && text[0] != '\0' && strchr("<>|=", text[0]) != NULL; i++) {
        if (strcmp(text + 1, known[i]) != 0) continue;
        *out = (npy_type){known[i][0], (size_t)(known[i][1] - '0'), text[0] == '>'};
        return HRNET_OK;
    }
    return hr_fail(HRNET_ERR_UNSUPPORTED, "header: descr: expected numbers such as \"<f4\", found \"%s\"", text);
}

/* One element as float32. Signed integers are sign-extended by shifting them up to bit 63 and back. */
static float element(npy_type type, const unsigned char *from)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < type.size; i++) bits |= (uint64_t)from[type.big_endian ? type.size - 1 - i : i] << (8 * i);
    const unsigned unused = 64 - 8 * (unsigned)type.size;
    if (type.kind == 'u') return (float)bits;
    if (type.kind == 'b') return bits != 0;
    if (type.kind == 'i') return (float)((int64_t)(bits << unused) >> unused);
    if (type.size == 2) return hr_half_to_float((uint16_t)bits);
    if (type.size == 4) {
        const uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        return value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

/* Convert n elements from the file's order to C order. `from`, the element's position in the file, follows the index
 * like an odometer: a step in dimension d adds strides[d], an overflow of d takes its whole extent back. */
static void convert(const npy_header *header, npy_type type, const unsigned char *bytes, size_t n, float *out)
{
    size_t strides[MAX_DIMS], index[MAX_DIMS] = {0}, stride = 1, from = 0;
    for (int i = 0; i < header->n_dims; i++) {
        const int d = header->fortran_order ? i : header->n_dims - 1 - i;
        strides[d] = stride;
        stride *= header->shape[d];
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = element(type, bytes + from * type.size);
        for (int d = header->n_dims - 1; d >= 0; d--) {
            from += strides[d];
            if (++index[d] < header->shape[d]) break;
            from -= strides[d] * header->shape[d];
            index[d] = 0;
        }
    }
}

/* The shape must match the number of bytes that follow, so that nothing larger than the input is allocated (4 times as
 * large for one-byte elements). */
hrnet_status hr_array_parse(hrnet_array *out, const void *bytes, size_t n_bytes)
{
    hr_cursor in = hr_cursor_over(bytes, n_bytes);
    npy_header header;
    npy_type type = {0};
    HR_TRY(read_header(&in, &header));
    HR_TRY(read_type(header.type, &type));
    size_t n = 1;
    int overflow = 0, empty = 0;
    for (int d = 0; d < header.n_dims; d++) {
        empty |= header.shape[d] == 0;
        overflow |= __builtin_mul_overflow(n, header.shape[d], &n);
    }
    if (empty) n = 0; /* whatever the other sizes multiply to */
    if ((overflow && !empty) || n != hr_cursor_left(&in) / type.size || hr_cursor_left(&in) % type.size != 0)
        return hr_fail(HRNET_ERR_FORMAT, "expected as many elements as the shape says, found %zu bytes",
                       hr_cursor_left(&in));
    hrnet_array array = {.n_dims = header.n_dims};
    memcpy(array.shape, header.shape, (size_t)header.n_dims * sizeof *header.shape);
    HR_NEW(array.data, n);
    convert(&header, type, in.data + in.at, n, array.data);
    *out = array;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ public */

hrnet_status hrnet_array_load(hrnet_array *out, const char *path)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_array_load: NULL argument");
    hr_bytes file;
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = hr_array_parse(out, file.data, file.size);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

/* The header is padded with spaces and a newline so that the elements start at a multiple of HEADER_ALIGN, like
 * numpy.save does. The stream remembers failed writes until hr_file_commit. */
hrnet_status hrnet_array_save(const hrnet_array *array, const char *path)
{
    if (array == NULL || path == NULL || array->n_dims < 0 || array->n_dims > MAX_DIMS)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_array_save: NULL argument or not 0 to %d dimensions", MAX_DIMS);
    char header[512];
    size_t n = 1;
    int length = snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int d = 0; d < array->n_dims; d++) {
        length += snprintf(header + length, sizeof header - (size_t)length, d == 0 ? "%zu," : " %zu,", array->shape[d]);
        n *= array->shape[d];
    }
    if (array->n_dims > 1) length--; /* only a tuple of one ends with a comma */
    length += snprintf(header + length, sizeof header - (size_t)length, "), }");
    /* magic, version and the header's size take 10 bytes; a newline ends the padding */
    while ((MAGIC_BYTES + 4 + length + 1) % HEADER_ALIGN != 0) header[length++] = ' ';
    header[length++] = '\n';
    const unsigned char start[] = {1, 0, (unsigned char)(length & 0xff), (unsigned char)(length >> 8)};
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    fwrite(magic, 1, MAGIC_BYTES, file.stream);
    fwrite(start, 1, sizeof start, file.stream);
    fwrite(header, 1, (size_t)length, file.stream);
    if (n > 0) fwrite(array->data, sizeof *array->data, n, file.stream);
    return hr_file_commit(&file);
}

void hrnet_array_free(hrnet_array *array)
{
    if (array == NULL) return;
    hr_free(array->data);
    *array = (hrnet_array){0};
}
