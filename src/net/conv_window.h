/* conv_window.h - tiles of pictures for Winograd's transforms, where they reach over the picture's edge. */
#ifndef HR_NET_CONV_WINDOW_H
#define HR_NET_CONV_WINDOW_H

#include <stddef.h>

#include "kern/kern.h"

/* A window of an image: what a tile reads (in) or writes (out), and which part of it lies inside. */
typedef struct hr_window {
    ptrdiff_t at;       /* floats from the images' begin to the window's first pixel, which may lie outside */
    int y0, y1, x0, x1; /* rows and columns inside the image, relative to the window */
    int rows, columns;  /* of the window */
    size_t row_step, ld;
} hr_window;

/* Of images [h][w][ld] that follow each other. */
hr_window hr_window_make(int image, int y, int x, int rows, int columns, int h, int w, size_t ld);

int hr_window_is_whole(const hr_window *w);

/* Fill a patch [rows][columns][n] with a window's pixels, zeros where it reaches outside. images: the first of them, or
 * a channel of it. */
void hr_window_read(const hr_window *w, const float *images, float *patch, size_t n);

/* Write the part of a patch that lies inside. */
void hr_window_write(const hr_window *w, float *images, const float *patch, size_t n);

/* Floats between neighbouring matrices [rows][ld] of a transformed tile: an odd number of cache lines, because a
 * transform touches one number of each at once, and at a stride of many powers of two they would all fall into a few
 * cache sets. */
static inline size_t hr_product_step(int rows, size_t ld)
{
    return ((size_t)rows * ld / HR_STRIP | 1) * HR_STRIP;
}

#endif
