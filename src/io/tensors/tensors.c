/*
 * tensors.c - the parts that all containers share: recognise the format, check that a tensor stays inside its storage,
 * and read one tensor. Reading copies the part of the storage from the tensor's first element to its last (its span)
 * and converts the elements in C order; contiguous tensors of the wanted type are read straight into the output.
 */
#include "io/tensors/tensors.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/tensors/store.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file formats are little-endian and not swapped here");

/* ------------------------------------------------------------------------------------------------ element types */

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [HR_F32] = {"float32", 4}, [HR_F16] = {"float16", 2}, [HR_BF16] = {"bfloat16", 2}, [HR_F64] = {"float64", 8},
    [HR_I64] = {"int64", 8},   [HR_I32] = {"int32", 4},   [HR_I16] = {"int16", 2},     [HR_I8] = {"int8", 1},
    [HR_U8] = {"uint8", 1},    [HR_BOOL] = {"bool", 1},
};

size_t hr_dtype_size(hr_dtype dtype)
{
    return dtypes[dtype].size;
}

const char *hr_dtype_name(hr_dtype dtype)
{
    return dtypes[dtype].name;
}

void hr_shape_text(char *text, size_t size, int n_dims, const int64_t *shape)
{
    size_t at = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < n_dims && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, i == 0 ? "%lld" : ", %lld", (long long)shape[i]);
    if (at < size) snprintf(text + at, size - at, "]");
}

/* The `type` whose bytes start at from, at any alignment. */
#define LOAD(type, from) (*(const type *)memcpy(&(type){0}, (from), sizeof(type)))

/* One element. A bfloat16 is the upper half of a float32. int64 beyond 2^53 is rounded. */
static double element(hr_dtype dtype, const unsigned char *from)
{
    switch (dtype) {
    case HR_F32: return LOAD(float, from);
    case HR_F16: return hr_half_to_float(LOAD(uint16_t, from));
    case HR_BF16: return LOAD(float, (&(uint32_t){(uint32_t)LOAD(uint16_t, from) << 16}));
    case HR_F64: return LOAD(double, from);
    case HR_I64: return (double)LOAD(int64_t, from);
    case HR_I32: return LOAD(int32_t, from);
    case HR_I16: return LOAD(int16_t, from);
    case HR_I8: return LOAD(int8_t, from);
    case HR_U8: return *from;
    case HR_BOOL: return *from != 0;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------ opening */

/* What a file that is not a checkpoint probably is, for the error message. */
static const char *guess_content(const unsigned char *head, size_t n)
{
    static const struct {
        const char *start, *meaning;
    } known[] = {
        {"<!DOCTYPE", "an HTML page, perhaps of a download that was refused"},
        {"<html", "an HTML page, perhaps of a download that was refused"},
        {"version https://git-lfs", "a Git LFS pointer, not the file itself"},
        {"\x1f\x8b", "gzip"},
        {"\x93NUMPY", "a NumPy array"},
        {"\x80", "a pickle without PyTorch's header"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t length = strlen(known[i].start);
        if (n >= length && memcmp(head, known[i].start, length) == 0) return known[i].meaning;
    }
    return "something else";
}

/* Choose the container by the first bytes and read its headers. */
static hrnet_status index_content(hr_tensors *tensors)
{
    /* torch.save before 1.6: a pickle of protocol 2 that holds the magic number 0x1950a86a20f9469cfc6c (LONG1) */
    static const unsigned char stream[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c,
                                           0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
    const hr_source *const source = &tensors->store->source;
    unsigned char head[32] = {0};
    const size_t n = source->size < sizeof head ? (size_t)source->size : sizeof head;
    HR_TRY(hr_source_read(source, 0, n, head));
    if (n >= 4 && memcmp(head, "PK\3\4", 4) == 0) return hr_torch_zip_index(tensors);
    if (n >= sizeof stream && memcmp(head, stream, sizeof stream) == 0) return hr_torch_stream_index(tensors);
    /* safetensors: 8 bytes of header size, below 2^27, and the header, which is a JSON object */
    if (n >= 9 && head[8] == '{' && LOAD(uint64_t, head) < 1 << 27) return hr_safetensors_index(tensors);
    return hr_fail(HRNET_ERR_FORMAT, "expected a PyTorch checkpoint or safetensors, found %s",
                   n == 0 ? "an empty file" : guess_content(head, n));
}

/* Index the source, if opening it succeeded (status); fill *out or close everything. */
static hrnet_status finish_open(hr_tensors *out, hr_tensors *tensors, hrnet_status status)
{
    if (status == HRNET_OK) {
        status = index_content(tensors);
        if (status != HRNET_OK) hr_fail_in(status, tensors->store->source.name);
    }
    if (status == HRNET_OK)
        *out = *tensors;
    else
        hr_tensors_close(tensors);
    return status;
}

hrnet_status hr_tensors_open(hr_tensors *out, const char *path)
{
    hr_tensors tensors = {0};
    HR_NEW(tensors.store, 1);
    return finish_open(out, &tensors, hr_source_open(&tensors.store->source, path));
}

hrnet_status hr_tensors_open_memory(hr_tensors *out, const void *bytes, size_t n_bytes, const char *name)
{
    hr_tensors tensors = {0};
    HR_NEW(tensors.store, 1);
    return finish_open(out, &tensors, hr_source_over(&tensors.store->source, bytes, n_bytes, name));
}

void hr_tensors_close(hr_tensors *tensors)
{
    for (size_t i = 0; i < tensors->n_items; i++) {
        hr_free(tensors->items[i].scope);
        hr_free(tensors->items[i].name);
        hr_free(tensors->items[i].foreign);
    }
    for (size_t i = 0; i < tensors->n_entries; i++) {
        hr_free(tensors->entries[i].key);
        hr_free(tensors->entries[i].value);
    }
    for (size_t i = 0; i < tensors->n_skipped; i++) hr_free(tensors->skipped[i]);
    hr_free(tensors->items);
    hr_free(tensors->entries);
    hr_free(tensors->skipped);
    hr_store_free(tensors->store);
    *tensors = (hr_tensors){0};
}

const char *hr_tensors_name(const hr_tensors *tensors)
{
    return tensors->store->source.name;
}

const char *hr_tensors_entry(const hr_tensors *tensors, const char *key)
{
    for (size_t i = 0; i < tensors->n_entries; i++)
        if (strcmp(tensors->entries[i].key, key) == 0) return tensors->entries[i].value;
    return NULL;
}

/* ------------------------------------------------------------------------------------------------ reading */

/* Elements of the storage from the tensor's first to its last, both included: 1 + sum of (shape - 1) * stride. 0 for an
 * empty tensor. Cannot overflow after hr_tensor_check. */
static uint64_t span(const hr_tensor *tensor)
{
    uint64_t n = 1;
    if (tensor->n_elements == 0) return 0;
    for (int d = 0; d < tensor->n_dims; d++) n += (uint64_t)(tensor->shape[d] - 1) * (uint64_t)tensor->strides[d];
    return n;
}

/* All sums and products here are of numbers from the file, so each is checked for overflow. An empty tensor touches
 * no element, whatever its other sizes, strides and offset say. */
hrnet_status hr_tensor_check(hr_tensor *tensor, uint64_t n_bytes)
{
    const uint64_t capacity = n_bytes / hr_dtype_size(tensor->dtype);
    uint64_t n = 1, last = tensor->offset;
    int overflow = 0, empty = 0;
    for (int d = 0; d < tensor->n_dims; d++) {
        if (tensor->shape[d] < 0 || tensor->strides[d] < 0)
            return hr_fail(HRNET_ERR_FORMAT, "expected sizes and strides of at least 0, found a negative one");
        empty |= tensor->shape[d] == 0;
    }
    for (int d = 0; d < tensor->n_dims && !empty; d++) {
        uint64_t reach;
        if (tensor->shape[d] == 1) tensor->strides[d] = 0; /* PyTorch stores any number there, and nothing uses it */
        overflow |= __builtin_mul_overflow(n, (uint64_t)tensor->shape[d], &n);
        overflow |= __builtin_mul_overflow((uint64_t)(tensor->shape[d] - 1), (uint64_t)tensor->strides[d], &reach);
        overflow |= __builtin_add_overflow(last, reach, &last);
    }
    if (!empty && (overflow || last >= capacity))
        return hr_fail(HRNET_ERR_FORMAT, "the tensor reaches past its storage of %llu elements",
                       (unsigned long long)capacity);
    /* A view that repeats elements (torch.expand) could claim any size with a storage of a few bytes. Weights are never
     * stored so. */
    if (!empty && n > capacity)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%llu elements over a storage of %llu", (unsigned long long)n,
                       (unsigned long long)capacity);
    if (empty) tensor->offset = 0;
    tensor->n_elements = empty ? 0 : (size_t)n;
    return HRNET_OK;
}

/* Whether the elements are stored in C order without gaps. */
static int is_contiguous(const hr_tensor *tensor)
{
    int64_t stride = 1;
    for (int d = tensor->n_dims - 1; d >= 0; d--) {
        if (tensor->shape[d] != 1 && tensor->strides[d] != stride) return 0;
        stride *= tensor->shape[d];
    }
    return 1;
}

/* Copy the tensor's span out of its storage. */
static hrnet_status read_span(const hr_tensors *tensors, const hr_tensor *tensor, void *out)
{
    hr_store *const store = tensors->store;
    hr_storage *const storage = &store->storages[tensor->storage];
    const size_t size = hr_dtype_size(tensor->dtype), n = (size_t)span(tensor) * size;
    const uint64_t at = (uint64_t)tensor->offset * size;
    return store->zip != NULL ? hr_torch_zip_read(store, storage, at, n, out)
                              : hr_source_read(&store->source, storage->at + at, n, out);
}

/* Convert the elements of a span in C order, negated if need be, into floats or doubles, whichever is not NULL. `from`,
 * the element's position in the span, follows the index like an odometer: a step in dimension d adds its stride, and
 * when d overflows its whole extent is taken back. */
static void convert(const hr_tensor *tensor, const unsigned char *bytes, float *floats, double *doubles)
{
    const size_t size = hr_dtype_size(tensor->dtype);
    int64_t index[HR_MAX_DIMS] = {0}, from = 0;
    for (size_t i = 0; i < tensor->n_elements; i++) {
        const double stored = element(tensor->dtype, bytes + (size_t)from * size);
        const double value = tensor->negated ? -stored : stored;
        if (floats != NULL)
            floats[i] = (float)value;
        else
            doubles[i] = value;
        for (int d = tensor->n_dims - 1; d >= 0; d--) {
            from += tensor->strides[d];
            if (++index[d] < tensor->shape[d]) break;
            from -= tensor->strides[d] * tensor->shape[d];
            index[d] = 0;
        }
    }
}

/* The same of halves in C order into floats: what weights that ship are. */
static void convert_halves(const unsigned char *restrict bytes, size_t n, float *restrict floats)
{
    for (size_t i = 0; i < n; i++) floats[i] = hr_half_to_float(LOAD(uint16_t, bytes + 2 * i));
}

static hrnet_status read_tensor(const hr_tensors *tensors, const hr_tensor *tensor, float *floats, double *doubles)
{
    hrnet_status status;
    const int is_plain = is_contiguous(tensor) && !tensor->negated;
    if (tensor->foreign != NULL)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: %s: expected real numbers, integers or bools, found %s",
                       hr_tensors_name(tensors), tensor->name, tensor->foreign);
    if (tensor->n_elements == 0) return HRNET_OK;
    if (is_plain && floats != NULL && tensor->dtype == HR_F32) {
        status = read_span(tensors, tensor, floats);
    } else if (is_plain && doubles != NULL && tensor->dtype == HR_F64) {
        status = read_span(tensors, tensor, doubles);
    } else {
        unsigned char *const bytes = hr_alloc((size_t)span(tensor), hr_dtype_size(tensor->dtype));
        if (bytes == NULL) return hr_fail_memory((size_t)span(tensor) * hr_dtype_size(tensor->dtype));
        status = read_span(tensors, tensor, bytes);
        if (status == HRNET_OK && is_plain && floats != NULL && tensor->dtype == HR_F16)
            convert_halves(bytes, tensor->n_elements, floats);
        else if (status == HRNET_OK)
            convert(tensor, bytes, floats, doubles);
        hr_free(bytes);
    }
    if (status == HRNET_OK) return HRNET_OK;
    hr_fail_in(status, tensor->name);
    return hr_fail_in(status, tensors->store->source.name);
}

hrnet_status hr_tensor_read(const hr_tensors *tensors, const hr_tensor *tensor, float *out)
{
    return read_tensor(tensors, tensor, out, NULL);
}

hrnet_status hr_tensor_read_double(const hr_tensors *tensors, const hr_tensor *tensor, double *out)
{
    return read_tensor(tensors, tensor, NULL, out);
}
