/*
 * conv_direct.c - convolution as an indirect gemm: a tile of output pixels, and for each cell of the kernel window
 * (tap) a pointer to the input pixel it falls on, or to zeros outside the picture. Nothing is copied or unrolled in
 * memory. Does every shape: any kernel and stride, and transposed convolutions of stride 2 as four convolutions, one
 * for each parity of the output's row and column, each with the taps that reach it.
 */
#include "cpu/conv/conv.h"

#include <string.h>

enum {
    MAX_TAPS = 121, /* 11x11 */
    MAX_STRIDE = 64,
    MAX_PARTS = 4,
    MAX_BLOCKS = 1024,
    TASK_MACS = 1 << 20,       /* about this many multiply-adds a task: long against taking it, short against a phase */
    SHARED_WEIGHTS = 64 * 1024 /* floats: above this a task keeps one block of columns, so one core reads each weight */
};

/* The output pixels (step * y + oy, step * x + ox), each the sum over taps of input (stride * y + dy, stride * x + dx).
 */
typedef struct part {
    int oy, ox, step, stride;
    int h, w; /* grid */
    int n_taps;
    struct {
        int ky, kx, dy, dx;
    } taps[MAX_TAPS];
} part;

static int n_parts(const hr_conv_shape *shape)
{
    return shape->transposed ? MAX_PARTS : 1;
}

static part part_of(const hr_conv_shape *shape, int index)
{
    part p = {.step = 1, .stride = shape->stride, .h = shape->oh, .w = shape->ow};
    if (shape->transposed) {
        p.oy = index / 2;
        p.ox = index % 2;
        p.step = 2;
        p.stride = 1;
        p.h = (shape->oh - p.oy + 1) / 2;
        p.w = (shape->ow - p.ox + 1) / 2;
    }
    for (int ky = 0; ky < shape->kh; ky++) {
        for (int kx = 0; kx < shape->kw; kx++) {
            int dy = ky * shape->dilation - shape->pad_h, dx = kx * shape->dilation - shape->pad_w;
            if (shape->transposed) { /* output o = 2 i - pad + k: input i = (o + pad - k) / 2 where that is
                                        whole */
                dy = p.oy + shape->pad_h - ky * shape->dilation;
                dx = p.ox + shape->pad_w - kx * shape->dilation;
                if (dy % 2 != 0 || dx % 2 != 0) continue;
                dy /= 2;
                dx /= 2;
            }
            p.taps[p.n_taps].ky = ky;
            p.taps[p.n_taps].kx = kx;
            p.taps[p.n_taps].dy = dy;
            p.taps[p.n_taps++].dx = dx;
        }
    }
    return p;
}

/* Arithmetic at 90 % of the best tile's rate, and the weights. */
static double cost(const hr_conv_algorithm *self, const hr_conv_shape *shape, const hr_kern *kern,
                   const hr_packing *packing)
{
    (void)self;
    if (shape->depthwise || hr_n_taps(shape) > MAX_TAPS || shape->stride > MAX_STRIDE) return -1;
    const double cells = shape->transposed ? (double)shape->ih * shape->iw : (double)shape->oh * shape->ow;
    const double weights = (double)shape->ic * hr_padded(shape->oc) * hr_n_taps(shape);
    const double products_ns = hr_sharing(packing) * cells * weights / (0.9 * kern->macs_per_ns);
    return hr_time_with_weights(products_ns, weights, kern, packing);
}

static size_t packed_floats(const hr_conv_algorithm *self, const hr_conv_shape *shape)
{
    (void)self;
    return (size_t)hr_n_taps(shape) * (size_t)shape->ic * (size_t)hr_padded(shape->oc);
}

/* packed: for each part, for each block of columns: [tap][ic][strips * HR_STRIP]. */
static void pack(const hr_conv *conv, const float *weights, size_t tap_step, int first, int last, float *packed)
{
    const hr_conv_shape *s = &conv->shape;
    const size_t n_ic = (size_t)s->ic, n_columns = (size_t)hr_padded(s->oc);
    hr_block_cut blocks[MAX_BLOCKS];
    const int n_blocks = hr_cut_blocks(hr_padded(s->oc) / HR_STRIP, conv->kern, blocks);
    for (int i = 0; i < n_parts(s); i++) {
        const part p = part_of(s, i);
        for (int b = 0; b < n_blocks; b++) {
            const size_t width = (size_t)blocks[b].strips * HR_STRIP;
            for (int t = 0; t < p.n_taps; t++) {
                const size_t tap = (size_t)(p.taps[t].ky * s->kw + p.taps[t].kx);
                const float *from = weights + tap * tap_step + (size_t)blocks[b].first * HR_STRIP;
                float *to = packed + ((size_t)t * n_ic + (size_t)first) * width;
                for (int ic = first; ic < last; ic++, from += n_columns, to += width)
                    memcpy(to, from, width * sizeof *to);
            }
            packed += (size_t)p.n_taps * n_ic * width;
        }
    }
}

/* How the pixels and columns of one part are cut. */
typedef struct direct_cut {
    int n_pixels, rows;     /* rows: of a gemm tile */
    int n_chunks, chunk;    /* pixels a task */
    int n_blocks, n_groups; /* n_groups: n_blocks when a task keeps one block, else 1 */
    hr_block_cut blocks[MAX_BLOCKS];
} direct_cut;

static void cut_part(direct_cut *c, const hr_conv *conv, const part *p, int n)
{
    const hr_conv_shape *s = &conv->shape;
    c->n_pixels = n * p->h * p->w;
    c->n_blocks = hr_cut_blocks(hr_padded(s->oc) / HR_STRIP, conv->kern, c->blocks);
    c->rows = HR_MAX_ROWS;
    for (int b = 0; b < c->n_blocks; b++)
        if (conv->kern->rows[c->blocks[b].strips] < c->rows) c->rows = conv->kern->rows[c->blocks[b].strips];
    /* of a pixel; a part that no tap reaches (1 x 1, stride 2) has its bias to write */
    const double macs = (p->n_taps > 0 ? (double)p->n_taps * s->ic : 1) * hr_padded(s->oc);
    c->n_groups = macs > SHARED_WEIGHTS ? c->n_blocks : 1;
    const int wanted = (int)(TASK_MACS / (macs / c->n_groups)) + 1;
    c->chunk = hr_ceil_div(wanted, c->rows) * c->rows;
    c->n_chunks = hr_ceil_div(c->n_pixels, c->chunk);
}

static int n_tasks(const hr_conv *conv, int n, int threads)
{
    (void)threads;
    int total = 0;
    for (int i = 0; i < n_parts(&conv->shape); i++) {
        const part p = part_of(&conv->shape, i);
        direct_cut c;
        cut_part(&c, conv, &p, n);
        total += c.n_chunks * c.n_groups;
    }
    return total;
}

static size_t scratch_bytes(const hr_conv *conv)
{
    (void)conv;
    return 0;
}

typedef struct direct_tile {
    const float *rows[MAX_TAPS * HR_MAX_ROWS];
    const float *adds[HR_MAX_ROWS];
    float *outs[HR_MAX_ROWS];
} direct_tile;

/* Point at what output pixels [first, first + m) of the part read and write. */
static void aim(direct_tile *t, const hr_conv *conv, const part *p, const hr_conv_io *io, int first, int m)
{
    const hr_conv_shape *s = &conv->shape;
    const size_t out_ld = (size_t)s->out_ld, in_ld = (size_t)s->in_ld;
    int x = first % p->w, y = first / p->w % p->h, image = first / p->w / p->h;
    for (int i = 0; i < m; i++) {
        const size_t pixel = ((size_t)image * (size_t)s->oh + (size_t)(y * p->step + p->oy)) * (size_t)s->ow +
                             (size_t)(x * p->step + p->ox);
        const float *picture = io->in + (size_t)image * (size_t)s->ih * (size_t)s->iw * in_ld;
        t->outs[i] = io->out + pixel * out_ld;
        t->adds[i] = io->add != NULL ? io->add + pixel * (size_t)s->add_ld : NULL;
        for (int k = 0; k < p->n_taps; k++) {
            const int iy = y * p->stride + p->taps[k].dy, ix = x * p->stride + p->taps[k].dx;
            const int inside = (unsigned)iy < (unsigned)s->ih && (unsigned)ix < (unsigned)s->iw;
            t->rows[k * m + i] = inside ? picture + ((size_t)iy * (size_t)s->iw + (size_t)ix) * in_ld : io->zeros;
        }
        if (++x < p->w) continue;
        x = 0;
        if (++y < p->h) continue;
        y = 0;
        image++;
    }
}

/* Pixels [from, to) of blocks [first_block, last_block]; weights: where the part's begin. */
static void run_pixels(const hr_conv *conv, const part *p, const direct_cut *c, size_t weights, const hr_conv_io *io,
                       int from, int to, int first_block, int last_block)
{
    const size_t depth = (size_t)p->n_taps * (size_t)conv->shape.ic;
    void (*const *gemm)(const hr_gemm *) = conv->kern->gemm[conv->format];
    direct_tile t;
    for (int pixel = from; pixel < to; pixel += c->rows) {
        const int m = to - pixel < c->rows ? to - pixel : c->rows;
        aim(&t, conv, p, io, pixel, m);
        for (int b = first_block; b <= last_block; b++) {
            const size_t column = (size_t)c->blocks[b].first * HR_STRIP;
            gemm[c->blocks[b].strips](&(hr_gemm){.m = m,
                                                 .n_taps = p->n_taps,
                                                 .depth = conv->shape.ic,
                                                 .rows = t.rows,
                                                 .weights = hr_conv_weight(conv, weights + depth * column),
                                                 .bias = conv->bias != NULL ? conv->bias + column : NULL,
                                                 .adds = io->add != NULL ? t.adds : NULL,
                                                 .outs = t.outs,
                                                 .column = column,
                                                 .epilogue = conv->epilogue});
        }
    }
}

static void run_part(const hr_conv *conv, const part *p, const direct_cut *c, size_t weights, const hr_conv_io *io,
                     int task)
{
    const int first_block = c->n_groups == 1 ? 0 : task % c->n_groups;
    const int last_block = c->n_groups == 1 ? c->n_blocks - 1 : first_block;
    const int from = task / c->n_groups * c->chunk;
    const int to = from + c->chunk < c->n_pixels ? from + c->chunk : c->n_pixels;
    run_pixels(conv, p, c, weights, io, from, to, first_block, last_block);
}

void hr_conv_run_pixels(const hr_conv *conv, const hr_conv_io *io, int first, int end)
{
    const part p = part_of(&conv->shape, 0);
    direct_cut c;
    cut_part(&c, conv, &p, io->n);
    run_pixels(conv, &p, &c, 0, io, first, end, 0, c.n_blocks - 1);
}

int hr_conv_chunk(const hr_conv *conv)
{
    const part p = part_of(&conv->shape, 0);
    direct_cut c;
    cut_part(&c, conv, &p, 1);
    return c.chunk;
}

static void run(const hr_conv *conv, const hr_conv_io *io, int task)
{
    size_t weights = 0; /* where the part's begin */
    for (int i = 0; i < n_parts(&conv->shape); i++) {
        const part p = part_of(&conv->shape, i);
        direct_cut c;
        cut_part(&c, conv, &p, io->n);
        const int here = c.n_chunks * c.n_groups;
        if (task < here) {
            run_part(conv, &p, &c, weights, io, task);
            return;
        }
        task -= here;
        weights += (size_t)p.n_taps * (size_t)conv->shape.ic * (size_t)hr_padded(conv->shape.oc);
    }
}

const hr_conv_algorithm hr_conv_direct = {
    .name = "direct",
    .cost = cost,
    .packed_floats = packed_floats,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .n_tasks = n_tasks,
    .run = run,
};
