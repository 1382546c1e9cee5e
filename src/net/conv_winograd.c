/*
 * conv_winograd.c - 3x3 convolutions of stride 1 by minimal filtering (kern/winograd.h). A task takes some tiles and
 * some blocks of output channels through all three steps in scratch that stays in the second-level cache:
 *
 *   pixels --input transform--> V [side^2][tiles][ic] --products with U [side^2][ic][oc]--> M --output transform--> pixels
 *
 * U is 16/9, 36/9 or 64/9 times as large as the weights. Where many weights meet few tiles, bringing U from memory takes
 * longer than the products; there the weights are kept as they are, and a task makes the U of its block of channels in
 * its scratch ("expanding").
 */
#include "net/conv.h"

#include <stdlib.h>
#include "base/cpu.h"

enum { MAX_SIDE = 8, MAX_BLOCKS = 1024, MAX_WIDTH = HR_MAX_STRIPS * HR_STRIP };

static int side_of(const hr_conv_algorithm *self)
{
    return self->tile + 2;
}

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

static int tiles_across(const hr_conv_algorithm *self, const hr_conv_shape *s)
{
    return ceil_div(s->ow, self->tile);
}

static int tiles_of(const hr_conv_algorithm *self, const hr_conv_shape *s)
{
    return tiles_across(self, s) * ceil_div(s->oh, self->tile);
}

static size_t packed_floats(const hr_conv_algorithm *self, const hr_conv_shape *s)
{
    const int per_pair = self->expand ? 9 : side_of(self) * side_of(self);
    return (size_t)per_pair * (size_t)s->ic * (size_t)hr_padded(s->oc);
}

/* The products, or the time in which their weights come from memory where that is longer, and the transforms. Those
 * are bound by loads and stores, not by arithmetic: measured 3.3, 10.3 and 18 ns a tile and channel, both ends together,
 * on AVX2 and AVX-512 alike. */
static double cost(const hr_conv_algorithm *self, const hr_conv_shape *s, const hr_kern *kern)
{
    if(getenv("WINO")&&s->kernel==3&&s->stride==1&&s->in_ld==hr_padded(s->ic)&&!s->transposed){int q=atoi(getenv("WINO"));return q==self->tile*10+self->expand?1:-1;}
    static const double transform_ns[HR_N_WINO] = {3.3, 10.3, 18};
    if (s->kernel != 3 || s->stride != 1 || s->padding != 1 || s->transposed || s->in_ld != hr_padded(s->ic)) return -1;
    static const double expand_ns[HR_N_WINO] = {0.15, 0.75, 2.2}; /* a strip of one weight vector: see winograd.h */
    const double n_tiles = tiles_of(self, s), pairs = (double)s->ic * hr_padded(s->oc);
    const double products = n_tiles * pairs * side_of(self) * side_of(self) / kern->macs_per_ns;
    const double traffic = (double)packed_floats(self, s) / HR_FLOATS_PER_NS;
    const double expansion = self->expand ? pairs * expand_ns[self->tile / 2 - 1] / HR_STRIP : 0;
    return (products > traffic ? products : traffic) + expansion +
           n_tiles * transform_ns[self->tile / 2 - 1] * (hr_padded(s->ic) + hr_padded(s->oc)) / 2;
}

/* u = G g G^T for the lanes of a column block, in double: g [3][3][lanes] to u [side][side][lanes]. */
static void transform_weights(const hr_conv_algorithm *self, double (*g)[MAX_WIDTH], int lanes,
                              double (*u)[MAX_WIDTH])
{
    const int side = side_of(self);
    double matrix[MAX_SIDE][3], half[MAX_SIDE * 3][MAX_WIDTH];
    hr_wino_matrix(self->tile, matrix);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < 3; x++)
            for (int j = 0; j < lanes; j++)
                half[y * 3 + x][j] =
                    matrix[y][0] * g[x][j] + matrix[y][1] * g[3 + x][j] + matrix[y][2] * g[6 + x][j];
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            for (int j = 0; j < lanes; j++)
                u[y * side + x][j] = matrix[x][0] * half[y * 3][j] + matrix[x][1] * half[y * 3 + 1][j] +
                                     matrix[x][2] * half[y * 3 + 2][j];
}

/* packed: for each block of columns: [side^2][ic][strips * HR_STRIP], or where tasks expand, [ic][9][...]. */
static void pack(const hr_conv *conv, const float *weights, const float *scale, float *packed)
{
    const hr_conv_shape *s = &conv->shape;
    const int n_products = side_of(conv->algorithm) * side_of(conv->algorithm), expand = conv->algorithm->expand;
    hr_block_cut blocks[MAX_BLOCKS];
    const int n_blocks = hr_cut_blocks(hr_padded(s->oc) / HR_STRIP, conv->kern, blocks);
    for (int b = 0; b < n_blocks; b++) {
        const int lanes = blocks[b].strips * HR_STRIP, first = blocks[b].first * HR_STRIP;
        for (int ic = 0; ic < s->ic; ic++) {
            double g[9][MAX_WIDTH], u[MAX_SIDE * MAX_SIDE][MAX_WIDTH];
            for (int j = 0; j < lanes; j++) {
                const int oc = first + j;
                const float *w = weights + ((size_t)oc * (size_t)s->ic + (size_t)ic) * 9;
                for (int k = 0; k < 9; k++) g[k][j] = oc < s->oc ? (double)w[k] * scale[oc] : 0;
            }
            if (!expand) transform_weights(conv->algorithm, g, lanes, u);
            for (int p = 0; p < (expand ? 9 : n_products); p++) {
                const size_t at = expand ? (size_t)ic * 9 + (size_t)p : (size_t)p * (size_t)s->ic + (size_t)ic;
                for (int j = 0; j < lanes; j++) packed[at * (size_t)lanes + (size_t)j] = (float)(expand ? g : u)[p][j];
            }
        }
        packed += (size_t)(expand ? 9 : n_products) * (size_t)s->ic * (size_t)lanes;
    }
}

/* Tiles that go through the products together: V in an eighth of the second-level cache (beside it lie the products and
 * the weights), whole gemm tiles. */
static int tiles_together(const hr_conv *conv)
{
    const int side = side_of(conv->algorithm), rows = conv->kern->rows[conv->kern->max_strips < 2 ? 1 : 2];
    const size_t bytes = (size_t)(side * side) * (size_t)conv->shape.in_ld * sizeof(float);
    const int fit = (int)(hr_cpu_l2_bytes() / 8 / bytes);
    return fit < rows ? rows : fit / rows * rows;
}

/* Tiles a task takes at most. One that expands weights takes more, so as to do it for as many as possible. */
static int most_tiles(const hr_conv *conv)
{
    return tiles_together(conv) * (conv->algorithm->expand ? 8 : 1);
}

/* Floats between neighbouring products of a matrix of n rows: an odd number of cache lines, because a transform touches
 * side^2 products at once, and at a stride of many powers of two they would all fall into a few cache sets. */
static size_t product_step(int n, size_t ld)
{
    return ((size_t)n * ld / HR_STRIP | 1) * HR_STRIP;
}

/* A task's scratch, in floats. */
typedef struct scratch {
    size_t v, u, products, spill, end; /* offsets */
} scratch;

static scratch lay_out(const hr_conv *conv)
{
    const size_t side = (size_t)side_of(conv->algorithm), ld = (size_t)conv->shape.in_ld;
    scratch s = {.v = 0};
    s.u = s.v + side * side * product_step(most_tiles(conv), ld);
    s.products = s.u + (conv->algorithm->expand ? side * side * product_step(conv->shape.ic, MAX_WIDTH) : 0);
    s.spill = s.products + side * side * product_step(tiles_together(conv), MAX_WIDTH);
    s.end = s.spill + MAX_WIDTH;
    return s;
}

static size_t scratch_bytes(const hr_conv *conv)
{
    return lay_out(conv).end * sizeof(float);
}

typedef struct cut {
    int n_tiles, chunk, n_chunks; /* tiles in all, a task, and how many such */
    int n_blocks, n_groups;       /* blocks of columns; tasks that share them out */
    hr_block_cut blocks[MAX_BLOCKS];
} cut;

static void cut_work(cut *c, const hr_conv *conv, int n, int threads)
{
    c->n_tiles = n * tiles_of(conv->algorithm, &conv->shape);
    c->n_blocks = hr_cut_blocks(hr_padded(conv->shape.oc) / HR_STRIP, conv->kern, c->blocks);
    c->n_chunks = ceil_div(c->n_tiles, most_tiles(conv));
    c->chunk = ceil_div(c->n_tiles, c->n_chunks);
    /* Sharing out the columns repeats the input transform, so only as far as threads would go idle. */
    c->n_groups = threads == 1 ? 1 : ceil_div(2 * threads, c->n_chunks);
    if (c->n_groups > c->n_blocks) c->n_groups = c->n_blocks;
}

static int n_tasks(const hr_conv *conv, int n, int threads)
{
    cut c;
    cut_work(&c, conv, n, threads);
    return c.n_chunks * c.n_groups;
}

/* Where a tile lies: its picture, and its first output pixel. */
typedef struct place {
    int image, y, x;
} place;

static place place_of(const hr_conv *conv, int tile)
{
    const int across = tiles_across(conv->algorithm, &conv->shape), all = tiles_of(conv->algorithm, &conv->shape);
    const int at = tile % all, m = conv->algorithm->tile;
    return (place){tile / all, at / across * m, at % across * m};
}

static void transform_input(const hr_conv *conv, const hr_conv_io *io, int tile, float *v, size_t step)
{
    const hr_conv_shape *s = &conv->shape;
    const int side = side_of(conv->algorithm);
    const place at = place_of(conv, tile);
    const float *pixels[MAX_SIDE * MAX_SIDE];
    const float *picture = io->in + (size_t)at.image * (size_t)s->ih * (size_t)s->iw * (size_t)s->in_ld;
    for (int i = 0; i < side; i++) {
        for (int j = 0; j < side; j++) {
            const int y = at.y + i - 1, x = at.x + j - 1;
            const int inside = (unsigned)y < (unsigned)s->ih && (unsigned)x < (unsigned)s->iw;
            pixels[i * side + j] = inside ? picture + (size_t)(y * s->iw + x) * (size_t)s->in_ld : io->zeros;
        }
    }
    conv->kern->wino_input[conv->algorithm->tile / 2 - 1](
        &(hr_wino_input){.pixels = pixels, .n_channels = s->in_ld, .out = v, .step = step});
}

/* spill: MAX_WIDTH floats that pixels outside the picture are written to. */
static void transform_output(const hr_conv *conv, const hr_conv_io *io, int tile, const hr_block_cut *block,
                             const float *products, size_t step, float *spill)
{
    const hr_conv_shape *s = &conv->shape;
    const int m = conv->algorithm->tile;
    const size_t column = (size_t)block->first * HR_STRIP, ld = (size_t)hr_padded(s->oc);
    const place at = place_of(conv, tile);
    const float *adds[MAX_SIDE * MAX_SIDE];
    float *outs[MAX_SIDE * MAX_SIDE];
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < m; j++) {
            const int y = at.y + i, x = at.x + j, inside = y < s->oh && x < s->ow;
            const size_t pixel = (((size_t)at.image * (size_t)s->oh + (size_t)y) * (size_t)s->ow + (size_t)x) * ld;
            outs[i * m + j] = inside ? io->out + pixel + column : spill;
            adds[i * m + j] = inside && io->add != NULL ? io->add + pixel + column : spill;
        }
    }
    conv->kern->wino_output[m / 2 - 1](&(hr_wino_output){.products = products,
                                                         .step = step,
                                                         .n_channels = block->strips * HR_STRIP,
                                                         .bias = conv->bias + column,
                                                         .adds = io->add != NULL ? adds : NULL,
                                                         .outs = outs,
                                                         .relu = conv->relu});
}

/* The U of one block of columns, and the floats between its products. */
static const float *block_weights(const hr_conv *conv, const hr_block_cut *block, float *room, size_t *step)
{
    const size_t ic = (size_t)conv->shape.ic, width = (size_t)block->strips * HR_STRIP;
    const size_t before = (size_t)block->first * HR_STRIP * ic;
    const size_t side = (size_t)side_of(conv->algorithm);
    if (!conv->algorithm->expand) {
        *step = ic * width;
        return conv->weights + before * side * side;
    }
    *step = product_step(conv->shape.ic, width);
    for (size_t k = 0; k < ic; k++)
        conv->kern->wino_weights[conv->algorithm->tile / 2 - 1](
            &(hr_wino_weights){.g = conv->weights + before * 9 + k * 9 * width,
                               .n_columns = (int)width,
                               .out = room + k * width,
                               .step = *step});
    return room;
}

static void run(const hr_conv *conv, const hr_conv_io *io, int task)
{
    const hr_conv_shape *s = &conv->shape;
    const scratch at = lay_out(conv);
    const size_t in_ld = (size_t)s->in_ld;
    cut c;
    cut_work(&c, conv, io->n, io->threads);
    const int first = task / c.n_groups * c.chunk, group = task % c.n_groups, together = tiles_together(conv);
    const int n_tiles = c.n_tiles - first < c.chunk ? c.n_tiles - first : c.chunk;
    const size_t v_step = product_step(n_tiles, in_ld);
    float *v = io->scratch + at.v, *products = io->scratch + at.products;
    for (int t = 0; t < n_tiles; t++) transform_input(conv, io, first + t, v + (size_t)t * in_ld, v_step);
    for (int b = c.n_blocks * group / c.n_groups; b < c.n_blocks * (group + 1) / c.n_groups; b++) {
        const hr_block_cut *block = &c.blocks[b];
        const size_t width = (size_t)block->strips * HR_STRIP;
        size_t u_step;
        const float *u = block_weights(conv, block, io->scratch + at.u, &u_step);
        for (int begin = 0; begin < n_tiles; begin += together) {
            const int m = n_tiles - begin < together ? n_tiles - begin : together;
            const size_t step = product_step(m, width);
            conv->kern->gemm_batch[block->strips](&(hr_gemm_batch){.n_products = side_of(conv->algorithm) * side_of(conv->algorithm),
                                                                   .m = m,
                                                                   .depth = s->ic,
                                                                   .a = v + (size_t)begin * in_ld,
                                                                   .a_step = v_step,
                                                                   .a_ld = in_ld,
                                                                   .weights = u,
                                                                   .weights_step = u_step,
                                                                   .out = products,
                                                                   .out_step = step,
                                                                   .out_ld = width});
            for (int t = 0; t < m; t++)
                transform_output(conv, io, first + begin + t, block, products + (size_t)t * width, step,
                                 io->scratch + at.spill);
        }
    }
}

#define WINOGRAD(NAME, M, EXPAND)                                                                                 \
    {                                                                                                             \
        .name = NAME, .tile = M, .expand = EXPAND, .cost = cost, .packed_floats = packed_floats, .pack = pack,    \
        .scratch_bytes = scratch_bytes, .n_tasks = n_tasks, .run = run                                            \
    }
const hr_conv_algorithm hr_conv_winograd2 = WINOGRAD("winograd F(2,3)", 2, 0);
const hr_conv_algorithm hr_conv_winograd4 = WINOGRAD("winograd F(4,3)", 4, 0);
const hr_conv_algorithm hr_conv_winograd6 = WINOGRAD("winograd F(6,3)", 6, 0);
const hr_conv_algorithm hr_conv_winograd2x = WINOGRAD("winograd F(2,3), expanding", 2, 1);
const hr_conv_algorithm hr_conv_winograd4x = WINOGRAD("winograd F(4,3), expanding", 4, 1);
