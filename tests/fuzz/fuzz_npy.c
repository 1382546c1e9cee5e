/* fuzz_npy.c - .npy arrays. */
#include "io/arrays.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hrnet_array array = {0};
    hr_array_parse(&array, data, size);
    hrnet_array_free(&array);
    return 0;
}
