/*
 * safetensors.c - reading and writing safetensors. A file is
 *
 *   8 bytes      size of the header, little-endian
 *   header       JSON: {"__metadata__": {"key": "text"}, "conv1.weight": {"dtype": "F32", "shape": [64, 3, 3, 3],
 *                "data_offsets": [0, 6912]}, ...}; spaces may follow
 *   data         offsets count from here; the tensors must cover it without gaps or overlaps
 *
 * The limits are those of the reference implementation: a header of at most 100 MB, no byte of data unused.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/json.h"
#include "io/tensors/store.h"

enum { MAX_HEADER = 100000000, SIZE_BYTES = 8, DATA_ALIGN = 64, LARGEST_ELEMENT = 8 };

/* ------------------------------------------------------------------------------------------------ reading */

static const struct {
    const char *name;
    hr_dtype dtype;
} dtype_names[] = {
    {"F32", HR_F32}, {"F16", HR_F16}, {"BF16", HR_BF16}, {"F64", HR_F64}, {"I64", HR_I64},
    {"I32", HR_I32}, {"I16", HR_I16}, {"I8", HR_I8},     {"U8", HR_U8},   {"BOOL", HR_BOOL},
};

/* A type that is not in the table makes the tensor a foreign one: nobody may need it. */
static hrnet_status read_dtype(const hr_json *value, hr_tensor *tensor)
{
    const char *const name = hr_json_string(value);
    if (name == NULL) return hr_fail(HRNET_ERR_FORMAT, "dtype: expected a string");
    for (size_t i = 0; i < sizeof dtype_names / sizeof *dtype_names; i++) {
        if (strcmp(dtype_names[i].name, name) == 0) {
            tensor->dtype = dtype_names[i].dtype;
            return HRNET_OK;
        }
    }
    tensor->foreign = hr_strndup(name, 40);
    return tensor->foreign != NULL ? HRNET_OK : hr_fail_memory(40);
}

/* Read the sizes, and set the strides of C order. */
static hrnet_status read_shape(const hr_json *value, hr_tensor *tensor)
{
    if (!hr_json_is(value, HR_JSON_ARRAY)) return hr_fail(HRNET_ERR_FORMAT, "shape: expected a list");
    if (value->count > HR_MAX_DIMS)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "shape: expected at most %d dimensions, found %u", HR_MAX_DIMS,
                       value->count);
    tensor->n_dims = 0;
    for (const hr_json *v = hr_json_first(value); v != NULL; v = hr_json_next(value, v)) {
        int64_t *const size = &tensor->shape[tensor->n_dims++];
        if (!hr_json_integer(v, size) || *size < 0) return hr_fail(HRNET_ERR_FORMAT, "shape: expected whole numbers");
    }
    int64_t stride = 1;
    for (int d = tensor->n_dims - 1; d >= 0; d--) {
        tensor->strides[d] = stride;
        if (__builtin_mul_overflow(stride, tensor->shape[d], &stride))
            return hr_fail(HRNET_ERR_FORMAT, "shape: expected one that fits into memory, found sizes that overflow");
    }
    return HRNET_OK;
}

/* Fill all of a tensor but its names, and the storage it fills alone. data_at: the data's offset in the file. */
static hrnet_status read_tensor(const hr_json *value, uint64_t data_at, uint64_t data_size, hr_tensor *tensor,
                                hr_storage *storage)
{
    const hr_json *const offsets = hr_json_get(value, "data_offsets"), *const first = hr_json_first(offsets);
    int64_t begin, end;
    HR_TRY(read_dtype(hr_json_get(value, "dtype"), tensor));
    HR_TRY(read_shape(hr_json_get(value, "shape"), tensor));
    if (!hr_json_is(offsets, HR_JSON_ARRAY) || offsets->count != 2 || !hr_json_integer(first, &begin) ||
        !hr_json_integer(first + first->span, &end))
        return hr_fail(HRNET_ERR_FORMAT, "data_offsets: expected [begin, end]");
    if (begin >= 0 && end >= begin && (uint64_t)end > data_size)
        return hr_fail(HRNET_ERR_FORMAT, "data_offsets: " HR_CUT_SHORT ": expected %lld bytes of data, found %llu",
                       (long long)end, (unsigned long long)data_size);
    if (begin < 0 || end < begin)
        return hr_fail(HRNET_ERR_FORMAT, "data_offsets: expected a part of %llu bytes, found [%lld, %lld]",
                       (unsigned long long)data_size, (long long)begin, (long long)end);
    *storage = (hr_storage){
        .dtype = tensor->dtype, .known = 1, .at = data_at + (uint64_t)begin, .n_bytes = (uint64_t)(end - begin)};
    if (tensor->foreign != NULL) return HRNET_OK; /* the size of its elements is not known */
    HR_TRY(hr_tensor_check(tensor, storage->n_bytes));
    if ((uint64_t)tensor->n_elements * hr_dtype_size(tensor->dtype) != storage->n_bytes)
        return hr_fail(HRNET_ERR_FORMAT, "expected %zu elements of %s, found %llu bytes of data", tensor->n_elements,
                       hr_dtype_name(tensor->dtype), (unsigned long long)storage->n_bytes);
    return HRNET_OK;
}

/* All keys and values must be strings; long values are left out. */
static hrnet_status read_metadata(hr_tensors *out, const hr_json *metadata)
{
    if (!hr_json_is(metadata, HR_JSON_OBJECT)) return hr_fail(HRNET_ERR_FORMAT, "__metadata__: expected an object");
    HR_NEW(out->entries, metadata->count);
    for (const hr_json *key = hr_json_first(metadata); key != NULL; key = hr_json_next(metadata, key)) {
        const hr_json *const value = hr_json_value(key);
        if (!hr_json_is(value, HR_JSON_STRING))
            return hr_fail(HRNET_ERR_FORMAT, "__metadata__: %.200s: expected a string", key->as.text);
        if (value->count > HR_MAX_METADATA) continue;
        hr_entry *const entry = &out->entries[out->n_entries++];
        entry->key = hr_strdup(key->as.text);
        entry->value = hr_strdup(value->as.text);
        if (entry->key == NULL || entry->value == NULL) return hr_fail_memory(value->count);
    }
    return HRNET_OK;
}

/* Each member of the header is a tensor, except "__metadata__". n_items rises before a tensor is complete, so that
 * hr_tensors_close frees one that fails half way. */
static hrnet_status read_header(hr_tensors *out, const hr_json *root, uint64_t data_at)
{
    hr_store *const store = out->store;
    if (!hr_json_is(root, HR_JSON_OBJECT)) return hr_fail(HRNET_ERR_FORMAT, "header: expected an object");
    if (root->count > HR_MAX_TENSORS)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d tensors, found more", HR_MAX_TENSORS);
    HR_NEW(out->items, root->count);
    for (const hr_json *key = hr_json_first(root); key != NULL; key = hr_json_next(root, key)) {
        const hr_json *const value = hr_json_value(key);
        if (strcmp(key->as.text, "__metadata__") == 0) {
            if (out->entries != NULL) return hr_fail(HRNET_ERR_FORMAT, "expected __metadata__ once, found it twice");
            HR_TRY(read_metadata(out, value));
            continue;
        }
        hr_tensor *const tensor = &out->items[out->n_items++];
        hr_storage storage;
        tensor->name = hr_strdup(key->as.text);
        tensor->scope = hr_strdup("");
        if (tensor->name == NULL || tensor->scope == NULL) return hr_fail_memory(key->count);
        const hrnet_status status = read_tensor(value, data_at, store->source.size - data_at, tensor, &storage);
        if (status != HRNET_OK) return hr_fail_in(status, tensor->name);
        tensor->storage = store->n_storages;
        HR_TRY(hr_store_add(store, NULL, 0, storage));
    }
    return HRNET_OK;
}

/* By offset. Of storages at one offset the empty ones come first, so that the next one follows without a gap. */
static int by_offset(const void *a, const void *b)
{
    const hr_storage *const x = a, *const y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->n_bytes < y->n_bytes ? -1 : x->n_bytes > y->n_bytes;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Check that the tensors cover the data, each byte once, and that no two have one name. sorted and names [n_items] are
 * scratch. */
static hrnet_status check_cover(const hr_tensors *tensors, hr_storage *sorted, char **names, uint64_t data_at)
{
    const hr_store *const store = tensors->store;
    const size_t n = tensors->n_items;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = store->storages[i];
        names[i] = tensors->items[i].name;
    }
    qsort(sorted, n, sizeof *sorted, by_offset);
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(names[i - 1], names[i]) == 0) return hr_fail(HRNET_ERR_FORMAT, "two tensors %.200s", names[i]);
    uint64_t at = data_at;
    size_t n_joined = 0;
    for (; n_joined < n && sorted[n_joined].at == at; n_joined++) at += sorted[n_joined].n_bytes;
    if (n_joined < n || at != store->source.size)
        return hr_fail(HRNET_ERR_FORMAT, "the tensors do not cover the data: gap or overlap at byte %llu of %llu",
                       (unsigned long long)at, (unsigned long long)store->source.size);
    return HRNET_OK;
}

static hrnet_status check_whole(const hr_tensors *tensors, uint64_t data_at)
{
    hr_storage *const sorted = hr_alloc(tensors->n_items, sizeof *sorted);
    char **const names = hr_alloc(tensors->n_items, sizeof *names);
    const hrnet_status status = sorted != NULL && names != NULL ? check_cover(tensors, sorted, names, data_at)
                                                                : hr_fail_memory(tensors->n_items * sizeof *sorted);
    hr_free(sorted);
    hr_free(names);
    return status;
}

/* The header's size comes from the file: it is compared with the limit and with the file's size before that many bytes
 * are allocated. The tree of the header is freed at the end, since names and shapes are copied. */
hrnet_status hr_safetensors_index(hr_tensors *tensors)
{
    const hr_source *const source = &tensors->store->source;
    uint64_t n;
    unsigned char *header;
    hr_json_document document = {0};
    tensors->container = HR_SAFETENSORS_FILE;
    HR_TRY(hr_source_read(source, 0, SIZE_BYTES, &n));
    if (n > MAX_HEADER)
        return hr_fail(HRNET_ERR_LIMIT, "expected a header of at most %d bytes, found %llu", MAX_HEADER,
                       (unsigned long long)n);
    if (n > source->size - SIZE_BYTES)
        return hr_fail(HRNET_ERR_FORMAT, HR_CUT_SHORT ": expected a header of %llu bytes, found a file of %llu",
                       (unsigned long long)n, (unsigned long long)source->size);
    HR_NEW(header, (size_t)n);
    hrnet_status status = hr_source_read(source, SIZE_BYTES, (size_t)n, header);
    if (status == HRNET_OK) {
        status = hr_json_parse(&document, header, (size_t)n);
        if (status != HRNET_OK) hr_fail_in(status, "header");
    }
    hr_free(header);
    if (status == HRNET_OK) status = read_header(tensors, document.root, SIZE_BYTES + n);
    if (status == HRNET_OK) status = check_whole(tensors, SIZE_BYTES + n);
    hr_json_free(&document);
    return status;
}

/* ------------------------------------------------------------------------------------------------ writing */

static size_t count_elements(const hr_tensor_data *item)
{
    size_t n = 1;
    for (int d = 0; d < item->n_dims; d++) n *= (size_t)item->shape[d];
    return n;
}

/* Whether float16 has a finite number for each finite one of the tensor: below 65520 they round to 65504 or less. */
static int fits_half(const hr_tensor_data *item)
{
    const float *const values = item->data;
    const size_t n = count_elements(item);
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]) && fabsf(values[i]) >= 65520.0f) return 0;
    return 1;
}

/* The element types in the file; free with hr_free. */
static hrnet_status choose_dtypes(const hr_tensor_data *items, size_t n_items, int half, hr_dtype **out)
{
    HR_NEW(*out, n_items);
    for (size_t i = 0; i < n_items; i++)
        (*out)[i] = half && items[i].dtype == HR_F32 && fits_half(&items[i]) ? HR_F16 : items[i].dtype;
    return HRNET_OK;
}

static void add_tensor(hr_text *text, const hr_tensor_data *item, hr_dtype dtype, uint64_t at)
{
    const char *const name = dtype == HR_F32 ? "F32" : dtype == HR_F16 ? "F16" : "I64";
    hr_json_add_string(text, item->name);
    hr_text_add(text, ":{\"dtype\":\"%s\",\"shape\":[", name);
    for (int d = 0; d < item->n_dims; d++) hr_text_add(text, "%s%lld", d > 0 ? "," : "", (long long)item->shape[d]);
    const uint64_t n_bytes = (uint64_t)count_elements(item) * hr_dtype_size(dtype);
    hr_text_add(text, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at, (unsigned long long)(at + n_bytes));
}

/* The offset of each item in the data. Items of larger elements come first, which aligns each to its elements: readers
 * that map the file need that, and the format allows no padding between tensors. */
static void assign_offsets(const hr_tensor_data *items, size_t n_items, const hr_dtype *dtypes, uint64_t *offsets)
{
    uint64_t at = 0;
    for (size_t size = LARGEST_ELEMENT; size > 0; size /= 2) {
        for (size_t i = 0; i < n_items; i++) {
            if (hr_dtype_size(dtypes[i]) != size) continue;
            offsets[i] = at;
            at += (uint64_t)count_elements(&items[i]) * size;
        }
    }
}

/* Append the JSON header, padded with spaces so that the data starts at a multiple of DATA_ALIGN. */
static hrnet_status make_header(hr_text *text, const hr_tensor_data *items, size_t n_items, const hr_entry *entries,
                                size_t n_entries, const hr_dtype *dtypes)
{
    uint64_t *offsets;
    HR_NEW(offsets, n_items);
    assign_offsets(items, n_items, dtypes, offsets);
    hr_text_add(text, "{");
    for (size_t i = 0; i < n_entries; i++) {
        hr_text_add(text, i == 0 ? "\"__metadata__\":{" : ",");
        hr_json_add_string(text, entries[i].key);
        hr_text_add(text, ":");
        hr_json_add_string(text, entries[i].value);
    }
    if (n_entries > 0) hr_text_add(text, "}");
    for (size_t i = 0; i < n_items; i++) {
        if (i > 0 || n_entries > 0) hr_text_add(text, ",");
        add_tensor(text, &items[i], dtypes[i], offsets[i]);
    }
    hr_text_add(text, "}");
    while ((SIZE_BYTES + text->length) % DATA_ALIGN != 0 && !text->failed) hr_text_add_bytes(text, " ", 1);
    hr_free(offsets);
    return HRNET_OK;
}

/* Write an item's elements; float32 that is stored as float16 is converted in chunks. */
static void write_item(FILE *stream, const hr_tensor_data *item, hr_dtype dtype)
{
    const size_t n = count_elements(item);
    if (dtype == item->dtype) {
        fwrite(item->data, hr_dtype_size(item->dtype), n, stream);
        return;
    }
    const float *const from = item->data;
    uint16_t chunk[4096];
    for (size_t i = 0; i < n;) {
        size_t filled = 0;
        while (filled < sizeof chunk / sizeof *chunk && i < n) chunk[filled++] = hr_float_to_half(from[i++]);
        fwrite(chunk, sizeof *chunk, filled, stream);
    }
}

/* The elements are written in the order of assign_offsets: by descending size, and in the order of items. */
hrnet_status hr_safetensors_save(const char *path, const hr_tensor_data *items, size_t n_items, const hr_entry *entries,
                                 size_t n_entries, int half)
{
    hr_text text = {0};
    char *header = NULL;
    hr_dtype *dtypes;
    hr_file file;
    HR_TRY(choose_dtypes(items, n_items, half, &dtypes));
    hrnet_status status = make_header(&text, items, n_items, entries, n_entries, dtypes);
    const uint64_t n = text.length;
    if (status == HRNET_OK) status = hr_text_take(&text, &header);
    if (status == HRNET_OK) status = hr_file_create(&file, path);
    if (status == HRNET_OK) {
        file.is_durable = 1;
        /* the stream remembers a failed write, and hr_file_commit reports it */
        fwrite(&n, SIZE_BYTES, 1, file.stream);
        fwrite(header, 1, (size_t)n, file.stream);
        for (size_t size = LARGEST_ELEMENT; size > 0; size /= 2)
            for (size_t i = 0; i < n_items; i++)
                if (hr_dtype_size(dtypes[i]) == size) write_item(file.stream, &items[i], dtypes[i]);
        status = hr_file_commit(&file);
    }
    hr_free(header);
    hr_free(dtypes);
    hr_text_free(&text);
    return status;
}
