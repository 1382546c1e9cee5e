/* fuzz_safetensors.c - checkpoints: safetensors, and with it the JSON tree. */
#include "open_tensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_tensors(data, size);
    return 0;
}
