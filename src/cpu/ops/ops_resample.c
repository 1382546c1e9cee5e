/* ops_resample.c - operators whose output pixels are made of several input pixels: pools and upsampling. */
#include "cpu/ops/ops.h"

#include "graph/op.h"

/* Rows or columns [*from, *to) of an input of n that a window at output coordinate o covers. */
static void window_range(int o, int stride, int pad, int kernel, int n, int *from, int *to)
{
    *from = o * stride - pad;
    *to = *from + kernel < n ? *from + kernel : n;
    if (*from < 0) *from = 0;
}

/* The maximum of a pixel's window, a row of the window at a time: windows may have any size. */
static void maxpool_forward(const hr_op_io *io, int picture, int y)
{
    enum { AT_ONCE = 16 };
    const hr_window *w = &io->node->window;
    int y0, y1, x0, x1;
    window_range(y, w->stride, w->pad_h, w->kh, io->x[0].h, &y0, &y1);
    for (int x = 0; x < io->y.w; x++) {
        const float *cells[AT_ONCE];
        float *out = hr_op_pixel(&io->y, picture, y, x);
        int n = 0, is_begun = 0;
        window_range(x, w->stride, w->pad_w, w->kw, io->x[0].w, &x0, &x1);
        for (int iy = y0; iy < y1; iy++) {
            for (int ix = x0; ix < x1; ix++) {
                if (n == AT_ONCE) {
                    io->kern->max_cell(out, cells, n, hr_padded(io->y.c));
                    cells[0] = out;
                    n = is_begun = 1;
                }
                cells[n++] = hr_op_pixel(&io->x[0], picture, iy, ix);
            }
        }
        if (n > is_begun) io->kern->max_cell(out, cells, n, hr_padded(io->y.c));
    }
}

static void clear(const hr_op_tensor *t, int picture, int channel)
{
    for (int y = 0; y < t->h; y++)
        for (int x = 0; x < t->w; x++) {
            float *pixel = hr_op_pixel(t, picture, y, x) + channel;
            for (int c = 0; c < HR_STRIP; c++) pixel[c] = 0;
        }
}

/* The gradient goes to the first of equal maxima, row by row, as PyTorch's does. */
static void maxpool_backward(const hr_op_io *io, int input, int picture, int channel, int add)
{
    const hr_window *w = &io->node->window;
    (void)input;
    if (!add) clear(&io->dx[0], picture, channel);
    for (int y = 0; y < io->dy.h; y++) {
        int y0, y1, x0, x1;
        window_range(y, w->stride, w->pad_h, w->kh, io->x[0].h, &y0, &y1);
        for (int x = 0; x < io->dy.w; x++) {
            const float *dy = hr_op_pixel(&io->dy, picture, y, x) + channel;
            window_range(x, w->stride, w->pad_w, w->kw, io->x[0].w, &x0, &x1);
            for (int c = 0; c < HR_STRIP; c++) {
                int best_y = y0, best_x = x0;
                float best = hr_op_pixel(&io->x[0], picture, y0, x0)[channel + c];
                for (int iy = y0; iy < y1; iy++) {
                    for (int ix = x0; ix < x1; ix++) {
                        const float value = hr_op_pixel(&io->x[0], picture, iy, ix)[channel + c];
                        if (!(value > best)) continue;
                        best = value;
                        best_y = iy;
                        best_x = ix;
                    }
                }
                hr_op_pixel(&io->dx[0], picture, best_y, best_x)[channel + c] += dy[c];
            }
        }
    }
}

/* Row by row, so that the sum of a large map stays exact: rows of it are added in float, their sums too. */
static void average_forward(const hr_op_io *io, int picture, int y)
{
    const hr_op_tensor *x = &io->x[0];
    const float share = 1 / ((float)x->h * (float)x->w);
    (void)y;
    for (int channel = 0; channel < hr_padded(x->c); channel += HR_STRIP) {
        double sums[HR_STRIP] = {0};
        for (int iy = 0; iy < x->h; iy++)
            for (int ix = 0; ix < x->w; ix++) {
                const float *pixel = hr_op_pixel(x, picture, iy, ix) + channel;
                for (int c = 0; c < HR_STRIP; c++) sums[c] += (double)pixel[c];
            }
        float *out = hr_op_pixel(&io->y, picture, 0, 0) + channel;
        for (int c = 0; c < HR_STRIP; c++) out[c] = (float)(sums[c] * (double)share);
    }
}

static void average_backward(const hr_op_io *io, int input, int picture, int channel, int add)
{
    const hr_op_tensor *dx = &io->dx[0];
    const float share = 1 / ((float)dx->h * (float)dx->w);
    const float *dy = hr_op_pixel(&io->dy, picture, 0, 0) + channel;
    (void)input;
    for (int y = 0; y < dx->h; y++)
        for (int x = 0; x < dx->w; x++) {
            float *pixel = hr_op_pixel(dx, picture, y, x) + channel;
            for (int c = 0; c < HR_STRIP; c++) pixel[c] = (add ? pixel[c] : 0) + share * dy[c];
        }
}

/* The input cells of an output pixel and their shares (graph/op.h). Returns how many. */
static int cells_of(const hr_op_io *io, int y, int x, int rows[4], int columns[4], float shares[4])
{
    const hr_node *node = io->node;
    const hr_upsample_cell v = hr_upsample_source(node->upsampling, node->factor, io->x[0].h, y);
    const hr_upsample_cell u = hr_upsample_source(node->upsampling, node->factor, io->x[0].w, x);
    const int n = node->upsampling == HR_NEAREST ? 1 : 4;
    for (int k = 0; k < n; k++) {
        rows[k] = k / 2 == 0 ? v.low : v.high;
        columns[k] = k % 2 == 0 ? u.low : u.high;
        shares[k] = n == 1 ? 1 : (float)((k / 2 == 0 ? 1 - v.share : v.share) * (k % 2 == 0 ? 1 - u.share : u.share));
    }
    return n;
}

static void upsample_forward(const hr_op_io *io, int picture, int y)
{
    for (int x = 0; x < io->y.w; x++) {
        int rows[4], columns[4];
        float shares[4];
        const float *cells[4];
        const int n = cells_of(io, y, x, rows, columns, shares);
        for (int k = 0; k < n; k++) cells[k] = hr_op_pixel(&io->x[0], picture, rows[k], columns[k]);
        io->kern->mix_cells(hr_op_pixel(&io->y, picture, y, x), cells, shares, n, hr_padded(io->y.c));
    }
}

static void upsample_backward(const hr_op_io *io, int input, int picture, int channel, int add)
{
    (void)input;
    if (!add) clear(&io->dx[0], picture, channel);
    for (int y = 0; y < io->dy.h; y++) {
        for (int x = 0; x < io->dy.w; x++) {
            int rows[4], columns[4];
            float shares[4];
            const float *dy = hr_op_pixel(&io->dy, picture, y, x) + channel;
            const int n = cells_of(io, y, x, rows, columns, shares);
            for (int k = 0; k < n; k++) {
                float *dx = hr_op_pixel(&io->dx[0], picture, rows[k], columns[k]) + channel;
                for (int c = 0; c < HR_STRIP; c++) dx[c] += shares[k] * dy[c];
            }
        }
    }
}

const hr_cpu_op hr_cpu_maxpool = {.forward = maxpool_forward, .backward = maxpool_backward};
const hr_cpu_op hr_cpu_average = {.forward = average_forward, .backward = average_backward};
const hr_cpu_op hr_cpu_upsample = {.forward = upsample_forward, .backward = upsample_backward};
