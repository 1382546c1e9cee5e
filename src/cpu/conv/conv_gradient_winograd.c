/*
 * conv_gradient_winograd.c - the gradient of the weights of 3x3 convolutions of stride 1 by minimal filtering
 * (cpu/kern/winograd_gradient.h). A task takes a chunk of tiles and a slice of the channels of both sides; band by band
 * of tiles it works in scratch that stays in the second-level cache:
 *
 *   input           --input transform-->           V [36][tiles][ic] \
 *                                                                         outer products: U [36][ic][oc]
 *   output gradient --output transform turned-->   Z [36][tiles][oc] /
 *
 * and ends with the weight transform turned, U -> [9][ic][oc]. Phase 1 adds up the chunks.
 */
#include "cpu/conv/conv_gradient.h"

#include "cpu/conv/conv_window.h"

enum {
    TILE = 4,
    SIDE = TILE + 2,
    N_PRODUCTS = SIDE * SIDE,
    MAX_SLICE = 64,           /* channels of a side in a task */
    BAND_FLOATS = 160 * 1024, /* U, V and Z of a task */
    LEAST_BAND = 16,          /* tiles */
    CHUNK_TILES = 48,         /* at least, so that ending a chunk costs little */
    WANTED_TASKS = 24
};

typedef struct winograd_plan {
    int n_tiles, chunk, n_chunks, band; /* tiles: of all pictures, of a task, of a band */
    int most_chunks;                    /* n_chunks or more, and no fewer where n is larger */
    int rows, n_row_slices;             /* input channels of a slice */
    int columns, n_column_slices;       /* output channels of a slice */
    size_t n_floats;                    /* of dweights */
    size_t u_step, v, z, end;           /* the scratch, in floats; U comes first */
} winograd_plan;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int tiles_of(const hr_conv_shape *s)
{
    return hr_ceil_div(s->oh, TILE) * hr_ceil_div(s->ow, TILE);
}

/* Whole strips, shared out evenly. */
static int slice_of(int channels)
{
    return hr_padded(hr_ceil_div(channels, hr_ceil_div(channels, MAX_SLICE)));
}

static winograd_plan make_plan(const hr_conv_shape *s, int n)
{
    winograd_plan p = {.n_tiles = n * tiles_of(s)};
    p.n_floats = 9 * (size_t)s->ic * (size_t)hr_padded(s->oc);
    p.rows = slice_of(s->ic);
    p.columns = slice_of(s->oc);
    p.n_row_slices = hr_ceil_div(s->ic, p.rows);
    p.n_column_slices = hr_ceil_div(s->oc, p.columns);
    const int wanted = hr_ceil_div(WANTED_TASKS, p.n_row_slices * p.n_column_slices);
    p.most_chunks = smaller(wanted, hr_ceil_div(p.n_tiles, CHUNK_TILES));
    p.chunk = hr_ceil_div(p.n_tiles, p.most_chunks);
    p.n_chunks = hr_ceil_div(p.n_tiles, p.chunk);
    const int left = BAND_FLOATS / N_PRODUCTS - p.rows * p.columns, band = left / (p.rows + p.columns);
    p.band = band < LEAST_BAND ? LEAST_BAND : band;
    p.u_step = hr_product_step(p.rows, (size_t)p.columns);
    p.v = N_PRODUCTS * p.u_step;
    p.z = p.v + N_PRODUCTS * hr_product_step(p.band, (size_t)p.rows);
    p.end = p.z + N_PRODUCTS * hr_product_step(p.band, (size_t)p.columns);
    return p;
}

/* Products at 80 % of the best tile's rate; for each slice of the other side the transforms of a side, 4 ns a tile and
 * channel; the end of a chunk, 6 ns for each pair of channels (both measured, with AVX-512). */
static double cost(const hr_weight_algorithm *self, const hr_conv_shape *s, const hr_kern *kern, int batch)
{
    (void)self;
    if (s->kh != 3 || s->kw != 3 || s->stride != 1 || s->pad_h != 1 || s->pad_w != 1 || s->dilation != 1 ||
        s->transposed || s->depthwise || s->in_ld < hr_padded(s->ic))
        return -1;
    const winograd_plan p = make_plan(s, batch);
    const double n_tiles = tiles_of(s), ic = s->ic, oc = hr_padded(s->oc);
    return n_tiles * N_PRODUCTS * ic * oc / (0.8 * kern->macs_per_ns) +
           n_tiles * 4 * (ic * p.n_column_slices + oc * p.n_row_slices) + 6 * ic * oc * p.n_chunks / batch;
}

static size_t scratch_bytes(const hr_weight_gradient *gradient)
{
    return make_plan(&gradient->shape, 1).end * sizeof(float);
}

static hr_weight_cut cut(const hr_weight_gradient *gradient, int n)
{
    const winograd_plan p = make_plan(&gradient->shape, n);
    return (hr_weight_cut){p.n_chunks * p.n_row_slices * p.n_column_slices, p.n_chunks, p.most_chunks};
}

/* A slice of a side's channels, and how its tiles are transformed. */
typedef struct slice {
    const float *pictures; /* [n][h][w][ld], from the slice's first channel on */
    int first, channels;   /* channels: whole strips */
    size_t ld;
    int side, offset; /* of a tile's window, which begins at the tile's first pixel - offset */
    void (*transform)(const hr_wino_input *tile);
} slice;

/* Transform tiles [first, first + n_tiles) to out [36][n_tiles][channels]. */
static void transform(const hr_conv_shape *s, const slice *from, int first, int n_tiles, float *out)
{
    const int across = hr_ceil_div(s->ow, TILE), all = tiles_of(s);
    const size_t step = hr_product_step(n_tiles, (size_t)from->channels);
    for (int t = 0; t < n_tiles; t++, out += from->channels) {
        const int image = (first + t) / all, at = (first + t) % all;
        const hr_tile_window w =
            hr_tile_window_make(image, at / across * TILE - from->offset, at % across * TILE - from->offset, from->side,
                                from->side, s->oh, s->ow, from->ld);
        from->transform(&(hr_wino_input){.in = from->pictures,
                                         .at = w.at,
                                         .row_step = (ptrdiff_t)((size_t)s->ow * from->ld),
                                         .pixel_step = (ptrdiff_t)from->ld,
                                         .inside = w.inside,
                                         .n_channels = from->channels,
                                         .out = out,
                                         .step = step});
    }
}

/* U (+)= the sum over tiles of the outer products of V and Z, for one of the 36 numbers. */
static void add_products(const hr_kern *kern, int n_tiles, const float *v, int n_rows, size_t v_ld, const float *z,
                         int n_columns, float *u, size_t u_ld, int add)
{
    static const size_t at[1];
    hr_block_cut blocks[MAX_SLICE / HR_STRIP];
    const int n_blocks = hr_cut_blocks(n_columns / HR_STRIP, kern, blocks);
    for (int k = 0; k < n_blocks; k++) {
        const int strips = blocks[k].strips, n_cut = hr_ceil_div(n_rows, kern->rows[strips]);
        const int column = blocks[k].first * HR_STRIP;
        for (int i = 0, first = 0, m; i < n_cut; i++, first += m) {
            const float *rows[HR_MAX_ROWS];
            float *outs[HR_MAX_ROWS];
            m = hr_ceil_div(n_rows - first, n_cut - i); /* even heights */
            for (int r = 0; r < m; r++) {
                rows[r] = v + first + r;
                outs[r] = u + (size_t)(first + r) * u_ld + column;
            }
            kern->gemm_transposed[strips](&(hr_gemm_transposed){.m = m,
                                                                .n_lines = 1,
                                                                .n_pixels = n_tiles,
                                                                .rows = rows,
                                                                .b = z + column,
                                                                .a_at = at,
                                                                .b_at = at,
                                                                .a_step = v_ld,
                                                                .b_step = (size_t)n_columns,
                                                                .outs = outs,
                                                                .add = add});
        }
    }
}

/* The end of a chunk: U becomes dweights, or a part of them. */
static void finish(const hr_weight_gradient *gradient, const winograd_plan *p, const slice *in, const slice *out,
                   int n_rows, const float *u, float *weights, int add)
{
    const size_t ld = (size_t)hr_padded(gradient->shape.oc), n_ic = (size_t)gradient->shape.ic;
    for (int i = 0; i < n_rows; i++)
        gradient->kern->wino_weights_gradient(
            &(hr_wino_weights_gradient){.in = u + (size_t)(i * out->channels),
                                        .step = p->u_step,
                                        .n_columns = out->channels,
                                        .g = weights + (size_t)(in->first + i) * ld + out->first,
                                        .g_step = n_ic * ld,
                                        .add = add});
}

static void sum_chunk(const hr_weight_gradient *gradient, const hr_weight_gradient_io *io, int task)
{
    const hr_conv_shape *s = &gradient->shape;
    const winograd_plan p = make_plan(s, io->n);
    const int n_slices = p.n_row_slices * p.n_column_slices, chunk = task / n_slices;
    slice in = {.first = task % p.n_row_slices * p.rows, .ld = (size_t)s->in_ld, .side = SIDE, .offset = 1};
    in.pictures = io->in + in.first;
    in.channels = smaller(p.rows, hr_padded(s->ic) - in.first);
    in.transform = gradient->kern->wino_input[HR_WINO_4];
    const int n_rows = smaller(p.rows, s->ic - in.first);
    slice out = {.first = task / p.n_row_slices % p.n_column_slices * p.columns, .ld = (size_t)hr_padded(s->oc)};
    out.pictures = io->dout + out.first;
    out.channels = smaller(p.columns, (int)out.ld - out.first);
    out.side = TILE;
    out.transform = gradient->kern->wino_output_gradient;
    float *u = io->scratch, *v = io->scratch + p.v, *z = io->scratch + p.z;
    const int begin = chunk * p.chunk, end = smaller(begin + p.chunk, p.n_tiles);
    for (int first = begin, n_tiles; first < end; first += n_tiles) {
        n_tiles = smaller(p.band, end - first);
        transform(s, &in, first, n_tiles, v);
        transform(s, &out, first, n_tiles, z);
        for (int i = 0; i < N_PRODUCTS; i++)
            add_products(gradient->kern, n_tiles, v + (size_t)i * hr_product_step(n_tiles, (size_t)in.channels), n_rows,
                         (size_t)in.channels, z + (size_t)i * hr_product_step(n_tiles, (size_t)out.channels),
                         out.channels, u + (size_t)i * p.u_step, (size_t)out.channels, first > begin);
    }
    if (p.n_chunks == 1)
        finish(gradient, &p, &in, &out, n_rows, u, io->dweights, io->add);
    else
        finish(gradient, &p, &in, &out, n_rows, u, io->shared + (size_t)chunk * p.n_floats, 0);
}

const hr_weight_algorithm hr_weight_winograd = {
    .name = "winograd F(4,3)",
    .cost = cost,
    .scratch_bytes = scratch_bytes,
    .cut = cut,
    .sum_chunk = sum_chunk,
};
