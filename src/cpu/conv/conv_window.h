/* conv_window.h - which pixels of a picture a tile of Winograd's transforms takes. */
#ifndef HR_CPU_CONV_CONV_WINDOW_H
#define HR_CPU_CONV_CONV_WINDOW_H

#include "cpu/kern/kern.h"

/* Of images [h][w][ld] that follow each other, and a window of rows x columns pixels whose first is (y, x) of one of
 * them; it may lie partly outside. */
typedef struct hr_tile_window {
    ptrdiff_t at; /* floats from the images' begin to the window's first pixel */
    hr_wino_inside inside;
} hr_tile_window;

static inline hr_tile_window hr_tile_window_make(int image, int y, int x, int rows, int columns, int h, int w,
                                                 size_t ld)
{
    return (hr_tile_window){.at = (((ptrdiff_t)image * h + y) * w + x) * (ptrdiff_t)ld,
                            .inside = {.y0 = y < 0 ? -y : 0,
                                       .y1 = y + rows > h ? h - y : rows,
                                       .x0 = x < 0 ? -x : 0,
                                       .x1 = x + columns > w ? w - x : columns}};
}

/* Floats between neighbouring matrices [rows][ld] of a transformed tile: an odd number of cache lines, because a
 * transform touches one number of each at once, and at a stride of many powers of two they would all fall into a few
 * cache sets. */
static inline size_t hr_product_step(int rows, size_t ld)
{
    return ((size_t)rows * ld / HR_STRIP | 1) * HR_STRIP;
}

#endif
