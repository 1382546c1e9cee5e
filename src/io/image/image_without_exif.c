/* image_without_exif.c - a build without libexif (-Dexif=disabled) leaves every picture as it is stored. */
#include "io/image/image.h"

int hr_exif_orientation(const unsigned char *data, size_t size)
{
    (void)data;
    (void)size;
    return 1;
}
