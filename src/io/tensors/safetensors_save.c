/* safetensors_save.c - writing safetensors; the format is described in safetensors.c. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/json.h"
#include "io/tensors/tensors.h"

enum { SIZE_BYTES = 8, DATA_ALIGN = 64, LARGEST_ELEMENT = 8 };

static hr_dtype stored_dtype(const hr_tensor_data *item, int half)
{
    return half && item->dtype == HR_F32 ? HR_F16 : item->dtype;
}

static size_t count_elements(const hr_tensor_data *item)
{
    size_t n = 1;
    for (int d = 0; d < item->n_dims; d++) n *= (size_t)item->shape[d];
    return n;
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

/* Where each item stands. Those with larger elements come first, so that each is aligned to its own elements: readers
 * that map the file need that, and the format allows no padding between tensors. */
static void place_items(const hr_tensor_data *items, size_t n_items, int half, uint64_t *places)
{
    uint64_t at = 0;
    for (size_t size = LARGEST_ELEMENT; size > 0; size /= 2) {
        for (size_t i = 0; i < n_items; i++) {
            if (hr_dtype_size(stored_dtype(&items[i], half)) != size) continue;
            places[i] = at;
            at += (uint64_t)count_elements(&items[i]) * size;
        }
    }
}

static hrnet_status make_header(hr_text *text, const hr_tensor_data *items, size_t n_items, const hr_entry *entries,
                                size_t n_entries, int half)
{
    uint64_t *places;
    HR_NEW(places, n_items);
    place_items(items, n_items, half, places);
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
        add_tensor(text, &items[i], stored_dtype(&items[i], half), places[i]);
    }
    hr_text_add(text, "}");
    while ((SIZE_BYTES + text->length) % DATA_ALIGN != 0 && !text->failed) hr_text_add_bytes(text, " ", 1);
    hr_free(places);
    return HRNET_OK;
}

static void write_item(FILE *stream, const hr_tensor_data *item, int half)
{
    const size_t n = count_elements(item);
    if (stored_dtype(item, half) == item->dtype) {
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

hrnet_status hr_safetensors_save(const char *path, const hr_tensor_data *items, size_t n_items, const hr_entry *entries,
                                 size_t n_entries, int half)
{
    hr_text text = {0};
    char *header = NULL;
    hr_file file;
    hrnet_status status = make_header(&text, items, n_items, entries, n_entries, half);
    const uint64_t n = text.length;
    if (status == HRNET_OK) status = hr_text_take(&text, &header);
    if (status == HRNET_OK) status = hr_file_create(&file, path);
    if (status == HRNET_OK) {
        /* what goes wrong in writing is remembered by the stream, and hr_file_commit asks it */
        fwrite(&n, SIZE_BYTES, 1, file.stream);
        fwrite(header, 1, (size_t)n, file.stream);
        for (size_t size = LARGEST_ELEMENT; size > 0; size /= 2)
            for (size_t i = 0; i < n_items; i++)
                if (hr_dtype_size(stored_dtype(&items[i], half)) == size) write_item(file.stream, &items[i], half);
        status = hr_file_commit(&file);
    }
    hr_free(header);
    hr_text_free(&text);
    return status;
}
