/* fuzz_pickle_stream.c - checkpoints: the older pickle stream, and with it the pickle machine. */
#include "open_tensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_tensors(data, size);
    return 0;
}
