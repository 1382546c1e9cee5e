/*
 * conv_winograd.c - 3x3 convolutions, and transposed 4x4 ones, by minimal filtering (cpu/kern/winograd.h). A task takes
 * some tiles and some blocks of output channels through all three steps in scratch that stays in the second-level
 * cache:
 *
 *   pixels --input transform--> V [numbers][tiles][ic] --products with U [numbers][ic][oc]--> M
 *          --output transform--> pixels
 *
 * Where many channels meet few tiles, U would be most of what a run reads. The fused algorithms pack weights that are
 * transformed along columns only, 3 numbers a row, and make U from them in registers
 * (cpu/kern/winograd_fused_weights.h). Small maps want tiles that fit them: 8 x 6 cells are two tiles of F(4x6), or
 * four of F(2x6).
 */
#include "cpu/conv/conv.h"

#include <string.h>

#include "base/cpu.h"
#include "cpu/conv/conv_window.h"

enum { MAX_NUMBERS = 8, MAX_BLOCKS = 1024, MAX_WIDTH = HR_MAX_STRIPS * HR_STRIP };

/* The lines down and across a tile. */
static const hr_wino_line *line_y(const hr_conv_algorithm *self)
{
    return &hr_wino_lines[hr_wino_tiles[self->slot].down];
}

static const hr_wino_line *line_x(const hr_conv_algorithm *self)
{
    return &hr_wino_lines[hr_wino_tiles[self->slot].across];
}

static size_t numbers_of(const hr_conv_algorithm *self)
{
    return (size_t)(line_y(self)->numbers * line_x(self)->numbers);
}

static int tiles_across(const hr_conv_algorithm *self, const hr_conv_shape *s)
{
    return hr_ceil_div(s->ow, line_x(self)->outputs);
}

static int tiles_of(const hr_conv_algorithm *self, const hr_conv_shape *s)
{
    return tiles_across(self, s) * hr_ceil_div(s->oh, line_y(self)->outputs);
}

/* Numbers of transformed weights. */
static size_t transformed(const hr_conv_algorithm *self, const hr_conv_shape *s)
{
    return numbers_of(self) * (size_t)s->ic * (size_t)hr_padded(s->oc);
}

static size_t packed_floats(const hr_conv_algorithm *self, const hr_conv_shape *s)
{
    return self->fused_weights ? transformed(self, s) / (size_t)line_x(self)->numbers * 3 : transformed(self, s);
}

/* Blocks of columns. Late weights go through the kernels a strip at a time. */
static int cut_blocks(const hr_conv_algorithm *self, const hr_conv_shape *s, const hr_kern *kern, hr_block_cut *blocks)
{
    const int n_strips = hr_padded(s->oc) / HR_STRIP;
    if (!self->fused_weights) return hr_cut_blocks(n_strips, kern, blocks);
    for (int i = 0; i < n_strips; i++) blocks[i] = (hr_block_cut){i, 1};
    return n_strips;
}

/* Tiles a task takes at most: V in a quarter of the second-level cache (beside it lie the products and the weights),
 * whole gemm tiles. */
static int most_tiles(const hr_conv_algorithm *self, const hr_conv_shape *s, const hr_kern *kern)
{
    hr_block_cut blocks[MAX_BLOCKS];
    cut_blocks(self, s, kern, blocks);
    const int rows = self->fused_weights ? kern->fused_rows : kern->rows[blocks[0].strips];
    const size_t bytes = numbers_of(self) * (size_t)hr_padded(s->ic) * sizeof(float);
    const int fit = (int)(hr_cpu_l2_bytes() / 8 / bytes);
    return fit < rows ? rows : fit / rows * rows;
}

static int can_do(const hr_conv_algorithm *self, const hr_conv_shape *s)
{
    const int is_transposed = self->slot == HR_WINO_TRANSPOSED, is_strided = self->slot == HR_WINO_STRIDED;
    return s->kh == line_x(self)->taps && s->kw == s->kh && s->dilation == 1 && !s->depthwise && s->pad_h == 1 &&
           s->pad_w == 1 && s->stride == (is_transposed || is_strided ? 2 : 1) && s->transposed == is_transposed &&
           s->in_ld >= hr_padded(s->ic);
}

/* The products, the transforms, the weights. Transforms are bound by loads and stores, not by arithmetic: measured 3.3,
 * 10.3 and 18 ns a tile and channel of F(2), F(4) and F(6), both ends together, on AVX2 and AVX-512 alike. Late weights
 * are made anew for every fused_rows tiles. Every task but the first reads the weights again, from a cache: 0.02
 * to 0.07 ns a float, less on AVX2, whose products take longer. */
static double cost(const hr_conv_algorithm *self, const hr_conv_shape *s, const hr_kern *kern,
                   const hr_packing *packing)
{
    static const double transform_ns[HR_N_WINO] = {3.3, 10.3, 18, 12, 14, 9, 13.7}, again_ns = 0.025;
    if (!can_do(self, s) || (packing->repacked && (self->slot == HR_WINO_6 || self->fused_weights))) return -1;
    const int n_tiles = hr_sharing(packing) * tiles_of(self, s);
    const double weights = (double)transformed(self, s), packed = (double)packed_floats(self, s);
    const double n_makings = self->fused_weights ? hr_ceil_div(n_tiles, kern->fused_rows) : 0;
    const double products_ns = (n_tiles + kern->fused_cost * n_makings) * weights / kern->macs_per_ns;
    const double n_again = hr_ceil_div(n_tiles, most_tiles(self, s, kern)) - 1;
    return hr_time_with_weights(products_ns, packed, kern, packing) +
           n_again * again_ns * packed * (double)hr_format_bytes(packing->format) / 4 +
           n_tiles * transform_ns[self->slot] * (hr_padded(s->ic) + hr_padded(s->oc)) / 2;
}

/* The weight transform along columns, of `depth` channels of a block: channel k of line y has its taps x width numbers
 * at out + y * step + k * taps * width. */
static void transform_columns(const hr_conv *conv, const float *weights, size_t tap_step, int depth, size_t width,
                              float *out, size_t step)
{
    const size_t n_taps = (size_t)line_x(conv->algorithm)->taps;
    for (size_t x = 0; x < n_taps; x++)
        conv->kern->wino_weights[hr_wino_tiles[conv->algorithm->slot].down](
            &(hr_wino_weights){.g = weights + x * tap_step,
                               .g_step = n_taps * tap_step,
                               .g_next = (size_t)hr_padded(conv->shape.oc),
                               .depth = depth,
                               .n_columns = (int)width,
                               .out = out + x * width,
                               .step = step,
                               .next = n_taps * width});
}

/* The other axis: from what transform_columns made of a line to its numbers, number i of channel k at
 * out + i * step + k * width. */
static void transform_line(const hr_conv *conv, const float *line, int depth, size_t width, float *out, size_t step)
{
    conv->kern->wino_weights[hr_wino_tiles[conv->algorithm->slot].across](
        &(hr_wino_weights){.g = line,
                           .g_step = width,
                           .g_next = (size_t)line_x(conv->algorithm)->taps * width,
                           .depth = depth,
                           .n_columns = (int)width,
                           .out = out,
                           .step = step,
                           .next = width});
}

/* packed: for each block of columns, h x w numbers, [h][w][ic][strips * HR_STRIP]; fused: [h][ic][3][HR_STRIP]. */
static void pack(const hr_conv *conv, const float *weights, size_t tap_step, int first, int last, float *packed)
{
    const size_t h = (size_t)line_y(conv->algorithm)->numbers, w = (size_t)line_x(conv->algorithm)->numbers;
    const size_t n_taps = (size_t)line_x(conv->algorithm)->taps, n_ic = (size_t)conv->shape.ic;
    const size_t n_columns = (size_t)hr_padded(conv->shape.oc);
    const int fused_weights = conv->algorithm->fused_weights;
    hr_block_cut blocks[MAX_BLOCKS];
    const int n_blocks = cut_blocks(conv->algorithm, &conv->shape, conv->kern, blocks);
    for (int b = 0; b < n_blocks; b++) {
        const size_t width = (size_t)blocks[b].strips * HR_STRIP;
        const float *from = weights + (size_t)blocks[b].first * HR_STRIP;
        if (fused_weights)
            transform_columns(conv, from, tap_step, last - first, width, packed + (size_t)first * 3 * width,
                              n_ic * 3 * width);
        for (int ic = first; ic < last && !fused_weights; ic++, from += n_columns) {
            float lines[MAX_NUMBERS * HR_WINO_TAPS * MAX_WIDTH];
            transform_columns(conv, from, tap_step, 1, width, lines, n_taps * width);
            for (size_t y = 0; y < h; y++)
                transform_line(conv, lines + y * n_taps * width, 1, width, packed + (y * w * n_ic + (size_t)ic) * width,
                               n_ic * width);
        }
        packed += h * (fused_weights ? 3 : w) * n_ic * width;
    }
}

/* A task's scratch, as offsets in floats. */
typedef struct winograd_scratch {
    size_t v, products, end;
} winograd_scratch;

static winograd_scratch lay_out(const hr_conv *conv)
{
    const size_t n = numbers_of(conv->algorithm), ld = (size_t)hr_padded(conv->shape.ic);
    const int n_tiles = most_tiles(conv->algorithm, &conv->shape, conv->kern);
    winograd_scratch s = {.products = n * hr_product_step(n_tiles, ld)};
    s.end = s.products + n * hr_product_step(n_tiles, MAX_WIDTH);
    return s;
}

static size_t scratch_bytes(const hr_conv *conv)
{
    return lay_out(conv).end * sizeof(float);
}

typedef struct winograd_cut {
    int n_tiles, chunk, n_chunks; /* tiles in all, a task, and how many such */
    int n_blocks, n_groups;       /* blocks of columns; tasks that share them out */
    hr_block_cut blocks[MAX_BLOCKS];
} winograd_cut;

static void cut_work(winograd_cut *c, const hr_conv *conv, int n, int threads)
{
    c->n_tiles = n * tiles_of(conv->algorithm, &conv->shape);
    c->n_blocks = cut_blocks(conv->algorithm, &conv->shape, conv->kern, c->blocks);
    c->n_chunks = hr_ceil_div(c->n_tiles, most_tiles(conv->algorithm, &conv->shape, conv->kern));
    c->chunk = hr_ceil_div(c->n_tiles, c->n_chunks);
    /* Sharing out the columns repeats the input transform, so only as far as threads would go idle. */
    c->n_groups = threads == 1 ? 1 : hr_ceil_div(threads, c->n_chunks);
    if (c->n_groups > c->n_blocks) c->n_groups = c->n_blocks;
}

static int n_tasks(const hr_conv *conv, int n, int threads)
{
    winograd_cut c;
    cut_work(&c, conv, n, threads);
    return c.n_chunks * c.n_groups;
}

/* Where a tile lies: its picture, and its first output pixel. */
typedef struct tile_place {
    int image, y, x;
} tile_place;

static tile_place place_of(const hr_conv *conv, int tile)
{
    const int across = tiles_across(conv->algorithm, &conv->shape), all = tiles_of(conv->algorithm, &conv->shape);
    const int at = tile % all;
    return (tile_place){tile / all, at / across * line_y(conv->algorithm)->outputs,
                        at % across * line_x(conv->algorithm)->outputs};
}

static void advance(const hr_conv *conv, tile_place *at)
{
    if ((at->x += line_x(conv->algorithm)->outputs) < conv->shape.ow) return;
    at->x = 0;
    if ((at->y += line_y(conv->algorithm)->outputs) < conv->shape.oh) return;
    at->y = 0;
    at->image++;
}

static void transform_input(const hr_conv *conv, const hr_conv_io *io, tile_place at, float *v, size_t step)
{
    const hr_conv_shape *s = &conv->shape;
    const int y = s->transposed ? at.y / 2 : at.y * s->stride, x = s->transposed ? at.x / 2 : at.x * s->stride;
    const hr_tile_window w = hr_tile_window_make(at.image, y - 1, x - 1, line_y(conv->algorithm)->pixels,
                                                 line_x(conv->algorithm)->pixels, s->ih, s->iw, (size_t)s->in_ld);
    conv->kern->wino_input[conv->algorithm->slot](&(hr_wino_input){.in = io->in,
                                                                   .at = w.at,
                                                                   .row_step = (ptrdiff_t)s->iw * s->in_ld,
                                                                   .pixel_step = s->in_ld,
                                                                   .inside = w.inside,
                                                                   .n_channels = hr_padded(s->ic),
                                                                   .out = v,
                                                                   .step = step,
                                                                   .fused_weights = conv->algorithm->fused_weights});
}

static void transform_output(const hr_conv *conv, const hr_conv_io *io, tile_place at, const hr_block_cut *block,
                             const float *products, size_t step)
{
    const hr_conv_shape *s = &conv->shape;
    const size_t column = (size_t)block->first * HR_STRIP, ld = (size_t)s->out_ld, add_ld = (size_t)s->add_ld;
    const size_t pixel = ((size_t)at.image * (size_t)s->oh + (size_t)at.y) * (size_t)s->ow + (size_t)at.x;
    conv->kern->wino_output[conv->algorithm->slot](
        &(hr_wino_output){.products = products,
                          .step = step,
                          .n_channels = block->strips * HR_STRIP,
                          .bias = conv->bias != NULL ? conv->bias + column : NULL,
                          .add = io->add != NULL ? io->add + pixel * add_ld + column : NULL,
                          .add_row_step = (size_t)s->ow * add_ld,
                          .add_pixel_step = add_ld,
                          .out = io->out + pixel * ld + column,
                          .row_step = (size_t)s->ow * ld,
                          .pixel_step = ld,
                          .h = s->oh - at.y,
                          .w = s->ow - at.x,
                          .epilogue = conv->epilogue});
}

/* The products of a block of columns; g says where. */
static void multiply(const hr_conv *conv, const hr_block_cut *block, hr_gemm_batch g)
{
    const size_t n_products = numbers_of(conv->algorithm);
    g.n_products = (int)n_products;
    g.weights = hr_conv_weight(conv, n_products * (size_t)(g.depth * block->first * HR_STRIP));
    g.weights_step = (size_t)(g.depth * block->strips * HR_STRIP);
    conv->kern->gemm_batch[conv->format][block->strips](&g);
}

/* The same where weights are fused, a row of a tile's numbers at a time. */
static void multiply_fused(const hr_conv *conv, const hr_block_cut *block, const hr_gemm_batch *g)
{
    const size_t h = (size_t)line_y(conv->algorithm)->numbers, w = (size_t)line_x(conv->algorithm)->numbers;
    const size_t floats = (size_t)g->depth * 3 * HR_STRIP;
    void (*const fused)(const hr_wino_fused *) =
        conv->kern->wino_fused[conv->format][hr_wino_tiles[conv->algorithm->slot].across];
    for (size_t y = 0; y < h; y++)
        fused(&(hr_wino_fused){.m = g->m,
                               .depth = g->depth,
                               .a = g->a + y * w * g->a_step,
                               .a_step = g->a_step,
                               .a_ld = g->a_ld,
                               .lines = hr_conv_weight(conv, ((size_t)block->first * h + y) * floats),
                               .out = g->out + y * w * g->out_step,
                               .out_step = g->out_step,
                               .out_ld = g->out_ld});
}

static void run(const hr_conv *conv, const hr_conv_io *io, int task)
{
    const winograd_scratch layout = lay_out(conv);
    const size_t v_ld = (size_t)hr_padded(conv->shape.ic);
    winograd_cut c;
    cut_work(&c, conv, io->n, io->threads);
    const int first = task / c.n_groups * c.chunk, group = task % c.n_groups;
    const int n_tiles = c.n_tiles - first < c.chunk ? c.n_tiles - first : c.chunk;
    float *v = io->scratch + layout.v, *products = io->scratch + layout.products;
    const size_t v_step = hr_product_step(n_tiles, v_ld);
    const tile_place begin = place_of(conv, first);
    tile_place at = begin;
    for (int t = 0; t < n_tiles; t++, advance(conv, &at)) transform_input(conv, io, at, v + (size_t)t * v_ld, v_step);
    for (int b = c.n_blocks * group / c.n_groups; b < c.n_blocks * (group + 1) / c.n_groups; b++) {
        const hr_block_cut *block = &c.blocks[b];
        const size_t width = (size_t)block->strips * HR_STRIP;
        const hr_gemm_batch whole = {.m = n_tiles,
                                     .depth = conv->shape.ic,
                                     .a = v,
                                     .a_step = v_step,
                                     .a_ld = v_ld,
                                     .out = products,
                                     .out_step = hr_product_step(n_tiles, width),
                                     .out_ld = width};
        if (conv->algorithm->fused_weights)
            multiply_fused(conv, block, &whole);
        else
            multiply(conv, block, whole);
        at = begin;
        for (int t = 0; t < n_tiles; t++, advance(conv, &at))
            transform_output(conv, io, at, block, products + (size_t)t * width, whole.out_step);
    }
}

#define WINOGRAD(NAME, SLOT, FUSED)                                                                                    \
    {                                                                                                                  \
        .name = NAME, .slot = SLOT, .fused_weights = FUSED, .cost = cost, .packed_floats = packed_floats,              \
        .pack = pack, .scratch_bytes = scratch_bytes, .n_tasks = n_tasks, .run = run                                   \
    }
const hr_conv_algorithm hr_conv_winograd2 = WINOGRAD("winograd F(2,3)", HR_WINO_2, 0);
const hr_conv_algorithm hr_conv_winograd4 = WINOGRAD("winograd F(4,3)", HR_WINO_4, 0);
const hr_conv_algorithm hr_conv_winograd6 = WINOGRAD("winograd F(6,3)", HR_WINO_6, 0);
const hr_conv_algorithm hr_conv_winograd_strided = WINOGRAD("winograd F(3,3)/2", HR_WINO_STRIDED, 0);
const hr_conv_algorithm hr_conv_winograd_transposed = WINOGRAD("winograd F(3,2) x 2", HR_WINO_TRANSPOSED, 0);
const hr_conv_algorithm hr_conv_winograd2_fused = WINOGRAD("fused F(2,3)", HR_WINO_2, 1);
const hr_conv_algorithm hr_conv_winograd4_fused = WINOGRAD("fused F(4,3)", HR_WINO_4, 1);
const hr_conv_algorithm hr_conv_winograd6_fused = WINOGRAD("fused F(6,3)", HR_WINO_6, 1);
const hr_conv_algorithm hr_conv_winograd2x6_fused = WINOGRAD("fused F(2x6,3)", HR_WINO_2X6, 1);
const hr_conv_algorithm hr_conv_winograd4x6_fused = WINOGRAD("fused F(4x6,3)", HR_WINO_4X6, 1);
