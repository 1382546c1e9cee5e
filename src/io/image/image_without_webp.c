/* image_without_webp.c - a build without libwebp (-Dwebp=disabled) refuses WebP pictures by name. */
#include "io/image/image.h"

static hrnet_status refuse(const char *name)
{
    return hr_fail(HRNET_ERR_UNSUPPORTED,
                   "%s: a WebP picture, but this hrnet was built without libwebp: expected JPEG or PNG", name);
}

hrnet_status hr_webp_decode(hrnet_image *out, const hr_image_source *source)
{
    (void)out;
    return refuse(source->name);
}

hrnet_status hr_webp_encode(FILE *stream, const hrnet_image *image, const char *name)
{
    (void)stream;
    (void)image;
    return refuse(name);
}
