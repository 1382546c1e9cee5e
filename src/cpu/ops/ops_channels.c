/*
 * ops_channels.c - operators that move channels. Where the plan of memory could make a tensor a slice of another one
 * (cpu/engine/tensor_layout.h), a concatenation or a slice finds its numbers in place and copies nothing.
 */
#include "cpu/ops/ops.h"

#include <string.h>

/* n channels of a pixel; zeros behind them up to the strip's end, when the tensor ends there. */
static void copy_channels(float *out, const float *in, int n, int is_last)
{
    memcpy(out, in, (size_t)n * sizeof *out);
    for (int c = n; is_last && c < hr_padded(n); c++) out[c] = 0;
}

static void concat_forward(const hr_op_io *io, int picture, int y)
{
    const int n = io->node->n_inputs;
    for (int i = 0, first = 0; i < n; first += io->x[i].c, i++) {
        if (io->x[i].data == io->y.data + first) continue; /* in place */
        for (int x = 0; x < io->y.w; x++)
            memcpy(hr_op_pixel(&io->y, picture, y, x) + first, hr_op_pixel(&io->x[i], picture, y, x),
                   (size_t)io->x[i].c * sizeof(float));
    }
    for (int x = 0; x < io->y.w && io->y.c < hr_padded(io->y.c); x++)
        memset(hr_op_pixel(&io->y, picture, y, x) + io->y.c, 0, (size_t)(hr_padded(io->y.c) - io->y.c) * sizeof(float));
}

/* Channels [channel, channel + HR_STRIP) of dx (+)= channels from `first` on of dy, a pixel each. */
static void take_back(const hr_op_tensor *dx, int channel, const hr_op_tensor *dy, int first, int picture, int add)
{
    const int n = hr_op_channels(dx, channel);
    for (int y = 0; y < dx->h; y++) {
        for (int x = 0; x < dx->w; x++) {
            float *to = hr_op_pixel(dx, picture, y, x) + channel;
            const float *from = hr_op_pixel(dy, picture, y, x) + first;
            for (int c = 0; c < HR_STRIP; c++) to[c] = (add ? to[c] : 0) + (c < n ? from[c] : 0);
        }
    }
}

static void concat_backward(const hr_op_io *io, int input, int picture, int channel, int add)
{
    int first = channel;
    for (int i = 0; i < input; i++) first += io->dx[i].c;
    take_back(&io->dx[input], channel, &io->dy, first, picture, add);
}

static void slice_forward(const hr_op_io *io, int picture, int y)
{
    if (io->y.data == io->x[0].data + io->node->first) return; /* in place */
    for (int x = 0; x < io->y.w; x++)
        copy_channels(hr_op_pixel(&io->y, picture, y, x), hr_op_pixel(&io->x[0], picture, y, x) + io->node->first,
                      io->y.c, 1);
}

/* Channels of dx outside the slice get nothing. */
static void slice_backward(const hr_op_io *io, int input, int picture, int channel, int add)
{
    const int first = io->node->first, end = first + io->node->c;
    (void)input;
    for (int y = 0; y < io->dy.h; y++) {
        for (int x = 0; x < io->dy.w; x++) {
            float *dx = hr_op_pixel(&io->dx[0], picture, y, x) + channel;
            const float *dy = hr_op_pixel(&io->dy, picture, y, x);
            for (int c = 0; c < HR_STRIP; c++) {
                const int is_inside = channel + c >= first && channel + c < end;
                dx[c] = (add ? dx[c] : 0) + (is_inside ? dy[channel + c - first] : 0);
            }
        }
    }
}

static void depth_forward(const hr_op_io *io, int picture, int y)
{
    const int n = io->x[0].c;
    for (int x = 0; x < io->y.w; x++) {
        float *out = hr_op_pixel(&io->y, picture, y, x);
        for (int patch = 0; patch < 4; patch++)
            copy_channels(out + patch * n, hr_op_pixel(&io->x[0], picture, 2 * y + patch % 2, 2 * x + patch / 2), n, 0);
        for (int c = io->y.c; c < hr_padded(io->y.c); c++) out[c] = 0;
    }
}

static void depth_backward(const hr_op_io *io, int input, int picture, int channel, int add)
{
    const int n = hr_op_channels(&io->dx[0], channel);
    (void)input;
    for (int y = 0; y < io->dx[0].h; y++) {
        for (int x = 0; x < io->dx[0].w; x++) {
            const int patch = y % 2 + 2 * (x % 2);
            float *dx = hr_op_pixel(&io->dx[0], picture, y, x) + channel;
            const float *dy = hr_op_pixel(&io->dy, picture, y / 2, x / 2) + patch * io->dx[0].c + channel;
            for (int c = 0; c < HR_STRIP; c++) dx[c] = (add ? dx[c] : 0) + (c < n ? dy[c] : 0);
        }
    }
}

const hr_cpu_op hr_cpu_concat = {.forward = concat_forward, .backward = concat_backward, .reads_input = 1};
const hr_cpu_op hr_cpu_slice = {.forward = slice_forward, .backward = slice_backward, .reads_input = 1};
const hr_cpu_op hr_cpu_space_to_depth = {.forward = depth_forward, .backward = depth_backward, .reads_input = 1};
