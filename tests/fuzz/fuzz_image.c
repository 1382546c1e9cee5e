/* fuzz_image.c - pictures of any kind. A small limit keeps a run short; orientation is honoured, so that EXIF is read.
 */
#include "io/image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hr_image_source source = {data, size, "fuzz", 1 << 16, 0};
    hrnet_image image = {0};
    hr_image_decode(&image, &source, 0);
    hrnet_image_free(&image);
    return 0;
}
