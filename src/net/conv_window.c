/* conv_window.c - windows of pictures, copied with zeros around them. */
#include "net/conv_window.h"

#include <string.h>

hr_window hr_window_make(int image, int y, int x, int rows, int columns, int h, int w, size_t ld)
{
    hr_window o = {.rows = rows, .columns = columns, .row_step = (size_t)w * ld, .ld = ld};
    o.at = (((ptrdiff_t)image * h + y) * w + x) * (ptrdiff_t)ld;
    o.y0 = y < 0 ? -y : 0;
    o.x0 = x < 0 ? -x : 0;
    o.y1 = y + rows > h ? h - y : rows;
    o.x1 = x + columns > w ? w - x : columns;
    return o;
}

int hr_window_is_whole(const hr_window *w)
{
    return w->y0 == 0 && w->x0 == 0 && w->y1 == w->rows && w->x1 == w->columns;
}

void hr_window_read(const hr_window *w, const float *images, float *patch, size_t n)
{
    for (int y = 0; y < w->rows; y++) {
        for (int x = 0; x < w->columns; x++, patch += n) {
            if (y >= w->y0 && y < w->y1 && x >= w->x0 && x < w->x1)
                memcpy(patch, images + (w->at + (ptrdiff_t)((size_t)y * w->row_step + (size_t)x * w->ld)),
                       n * sizeof *patch);
            else
                memset(patch, 0, n * sizeof *patch);
        }
    }
}

void hr_window_write(const hr_window *w, float *images, const float *patch, size_t n)
{
    for (int y = w->y0; y < w->y1; y++)
        for (int x = w->x0; x < w->x1; x++)
            memcpy(images + (w->at + (ptrdiff_t)((size_t)y * w->row_step + (size_t)x * w->ld)),
                   patch + (size_t)(y * w->columns + x) * n, n * sizeof *patch);
}
