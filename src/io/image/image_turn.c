/*
 * image_turn.c - which way up a picture is. The EXIF tag names where the stored first row and first column belong;
 * each of its eight values is a mirror of x, a mirror of y, and an exchange of the two, in that order.
 */
#include "io/image/image.h"

#include <string.h>

#include "base/mem.h"

hrnet_status hr_image_turn(hrnet_image *image, int orientation)
{
    static const struct {
        unsigned char mirror_x, mirror_y, exchange;
    } steps[9] = {{0, 0, 0}, {0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 0, 1}, {0, 1, 1}, {1, 1, 1}, {1, 0, 1}};
    if (orientation < 2 || orientation > 8) return HRNET_OK;
    const ptrdiff_t width = image->width, height = image->height;
    const int exchange = steps[orientation].exchange;
    const ptrdiff_t out_width = exchange ? height : width, out_height = exchange ? width : height;
    uint8_t *rgb = hr_alloc((size_t)(width * height), 3);
    if (rgb == NULL) return hr_fail_memory((size_t)(width * height * 3));
    /* bytes between source pixels that become neighbours in a row and in a column, and the source of the first one */
    const ptrdiff_t dx = steps[orientation].mirror_x ? -3 : 3;
    const ptrdiff_t dy = steps[orientation].mirror_y ? -3 * width : 3 * width;
    const uint8_t *first = image->rgb + (dx < 0 ? 3 * (width - 1) : 0) + (dy < 0 ? 3 * width * (height - 1) : 0);
    uint8_t *to = rgb;
    for (ptrdiff_t y = 0; y < out_height; y++) {
        for (ptrdiff_t x = 0; x < out_width; x++, to += 3)
            memcpy(to, first + (exchange ? x * dy + y * dx : x * dx + y * dy), 3);
    }
    hr_free(image->rgb);
    *image = (hrnet_image){(int)out_width, (int)out_height, rgb};
    return HRNET_OK;
}
