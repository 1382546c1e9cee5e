/* fuzz_mmpose_meta.c - meta of mmpose's checkpoints: lines "KEY VALUE", an empty line, and the configuration's text. */
#include <string.h>

#include "base/mem.h"
#include "weights/mmpose_meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_entry(hr_tensors *tensors, const char *key, size_t n_key, const char *value, size_t n)
{
    enum { MOST = 64 };
    if (tensors->n_entries == MOST) return;
    if (tensors->entries == NULL) tensors->entries = hr_calloc(MOST, sizeof *tensors->entries);
    tensors->entries[tensors->n_entries++] = (hr_entry){hr_strndup(key, n_key), hr_strndup(value, n)};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const text = hr_strndup((const char *)data, size);
    hr_tensors tensors = {0};
    hr_text notes = {0};
    const char *at = text;
    for (; *at != '\0' && *at != '\n'; at += strcspn(at, "\n"), at += *at == '\n') {
        const size_t n = strcspn(at, "\n"), space = strcspn(at, " \n");
        add_entry(&tensors, at, space, at + space + (space < n), n - space - (space < n));
    }
    add_entry(&tensors, "meta/cfg", 8, at, strlen(at));
    hr_mmpose_meta_read(&tensors, size > 0 ? data[0] % 20 : 0, &notes);
    hr_text_free(&notes);
    for (size_t i = 0; i < tensors.n_entries; i++) {
        hr_free(tensors.entries[i].key);
        hr_free(tensors.entries[i].value);
    }
    hr_free(tensors.entries);
    hr_free(text);
    return 0;
}
