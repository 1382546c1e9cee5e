/* fuzz_torch_zip.c - checkpoints: PyTorch's zip container. */
#include "open_tensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_tensors(data, size);
    return 0;
}
