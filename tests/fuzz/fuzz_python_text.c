/* fuzz_python_text.c - assignments of Python text, as configurations in mmpose's checkpoints have them. */
#include "io/python_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hr_json_document document = {0};
    hr_text left_out = {0};
    if (hr_python_parse(&document, (const char *)data, size, &left_out) == HRNET_OK) hr_json_free(&document);
    hr_text_free(&left_out);
    return 0;
}
