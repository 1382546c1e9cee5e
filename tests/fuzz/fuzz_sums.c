/* fuzz_sums.c - SHA256SUMS of the cache: a hash that is put in is found, and the others stay. */
#include <stdlib.h>
#include <string.h>

#include "fetch/fetch_sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char before[HR_SHA256_TEXT], after[HR_SHA256_TEXT], found[HR_SHA256_TEXT];
    hr_text text = {0};
    if (hr_sums_find(data, size, "a.pth", before) != HRNET_OK) return 0;
    if (before[0] != '\0' && strspn(before, "0123456789abcdef") != 64) abort();
    if (hr_sums_replace(&text, data, size, "b.pth", hash) == HRNET_OK && !text.failed) {
        if (hr_sums_find(text.data, text.length, "b.pth", found) != HRNET_OK || strcmp(found, hash) != 0) abort();
        if (hr_sums_find(text.data, text.length, "a.pth", after) != HRNET_OK || strcmp(after, before) != 0) abort();
    }
    hr_text_free(&text);
    return 0;
}
