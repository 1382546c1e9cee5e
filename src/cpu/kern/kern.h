/*
 * kern.h - arithmetic on plain pointers, as a table of functions per instruction set. No allocation, no threads, no
 * errors, no tensors: drivers decide what to compute, kernels compute it.
 *
 * Inside the engine an image is [h][w][ld] floats: channels innermost, ld = channels rounded up to HR_STRIP, the
 * padding lanes zero (behind a sigmoid what it makes of zero). Then every kernel works on whole vectors and no kernel
 * has a channel tail. A strip is HR_STRIP neighbouring channels.
 *
 * Pointers need the alignment of their type and no more. Kernels read and write exactly the numbers that a contract
 * names (they may prefetch past them), and outputs overlap no input except where a contract lets them be equal.
 * Any row of a gemm gives the same bits whatever m is.
 */
#ifndef HR_CPU_KERN_KERN_H
#define HR_CPU_KERN_KERN_H

#include <stddef.h>
#include <stdint.h>

#include "graph/activation.h"

enum {
    HR_STRIP = 16,     /* channels in a strip: one AVX-512 vector, two AVX2, four NEON */
    HR_MAX_STRIPS = 3, /* widest column block of a gemm, in strips */
    HR_MAX_ROWS = 14   /* most rows of a gemm tile */
};

/* a / b rounded up. */
static inline int hr_ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* Channels rounded up to whole strips. */
static inline int hr_padded(int channels)
{
    return hr_ceil_div(channels, HR_STRIP) * HR_STRIP;
}

/* How packed weights are stored. Sums are float32 in all cases. A format more is a value here, a slot of its own in
 * each list of kernels that read weights, and its rounding (to_half). */
typedef enum hr_format { HR_FORMAT_FLOAT32, HR_FORMAT_FLOAT16, HR_N_FORMATS } hr_format;

/* Bytes of a number of that format. */
static inline size_t hr_format_bytes(hr_format format)
{
    return format == HR_FORMAT_FLOAT16 ? 2 : 4;
}

/* What a kernel does to its sums y before it stores them; `add` is the tensor that it was given to add, 0 without:
 *
 *   activation(y + bias + add)          add_last 0: a residual block
 *   activation(y + bias) + add          add_last 1: a bottleneck of YOLOX
 */
typedef struct hr_epilogue {
    hr_activation activation;
    int add_last;
} hr_epilogue;

/*
 * One tile of a matrix product whose left rows may lie anywhere (the "indirect" convolution: a row is a pixel, a tap is
 * one cell of the kernel window):
 *
 *   outs[i][column + n] = epilogue(bias[n] + sum_t sum_k rows[t * m + i][k] * weights[(t * depth + k) * n_columns + n],
 *                                  adds[i][column + n])
 */
typedef struct hr_gemm {
    int m;                    /* rows, 1..kern->rows[strips] */
    int n_taps, depth;        /* terms of the sum: n_taps * depth */
    const float *const *rows; /* [n_taps][m], each to depth floats */
    const void *weights;      /* [n_taps][depth][strips * HR_STRIP] in the format of the slot */
    const float *bias;        /* [strips * HR_STRIP], or NULL for zeros */
    const float *const *adds; /* [m], each to strips * HR_STRIP floats, or NULL */
    float *const *outs;       /* [m], each to strips * HR_STRIP floats; may equal adds unless add_last is set */
    size_t column;            /* floats by which this block of columns lies behind adds[i] and outs[i] */
    hr_epilogue epilogue;
} hr_gemm;

/* n_products products of one shape, side by side in memory: out_p[i][n] = sum_k a_p[i][k] * weights_p[k][n]. */
typedef struct hr_gemm_batch {
    int n_products;
    int m, depth;   /* rows (any number), length of the sum */
    const float *a; /* product p's rows begin at a + p * a_step, a_ld apart */
    size_t a_step, a_ld;
    const void *weights; /* [n_products][depth][strips * HR_STRIP] in the format of the slot */
    size_t weights_step; /* numbers between products */
    float *out;          /* as a; overwritten */
    size_t out_step, out_ld;
} hr_gemm_batch;

/*
 * One tile of a sum of outer products over pixels (the gradient of weights): a line is n_pixels neighbours, and the
 * pixels of a line lie a_step and b_step floats apart.
 *
 *   outs[i][n] = sum_l sum_p rows[i][a_at[l] + p * a_step] * b[b_at[l] + p * b_step + n]  (+ outs[i][n])
 */
typedef struct hr_gemm_transposed {
    int m; /* rows, 1..kern->rows[strips] */
    int n_lines, n_pixels;
    const float *const *rows;  /* [m] */
    const float *b;            /* strips * HR_STRIP floats a pixel */
    const size_t *a_at, *b_at; /* [n_lines] */
    size_t a_step, b_step;
    float *const *outs; /* [m], each to strips * HR_STRIP floats */
    int add;            /* 0: overwrite outs */
} hr_gemm_transposed;

/*
 * Winograd's minimal filtering: a tile of input pixels becomes numbers_y * numbers_x numbers a channel (input
 * transform), each of them goes through its own matrix product over channels, and as many products a channel become
 * m * n output pixels (output transform). Each axis has a kind of line: HR_WINO_2, 4 and 6 give that many outputs of
 * a 3x3 convolution of stride 1, HR_WINO_STRIDED 3 of stride 2, HR_WINO_TRANSPOSED 6 of a transposed 4x4 convolution of
 * stride 2. See cpu/kern/winograd.h for the matrices.
 */
enum {
    HR_WINO_2,
    HR_WINO_4,
    HR_WINO_6,
    HR_WINO_STRIDED,
    HR_WINO_TRANSPOSED,
    HR_N_WINO_LINES,               /* the slots up to here are tiles that have this kind of line both ways */
    HR_WINO_2X6 = HR_N_WINO_LINES, /* outputs down, and across */
    HR_WINO_4X6,
    HR_N_WINO
};

typedef struct hr_wino_line {
    int pixels, numbers, outputs, taps; /* of a line; at most 8, 8, 6 and 4 */
} hr_wino_line;

typedef struct hr_wino_tile {
    int down, across; /* kinds of line along its columns, and along its rows */
} hr_wino_tile;

extern const hr_wino_line hr_wino_lines[HR_N_WINO_LINES];
extern const hr_wino_tile hr_wino_tiles[HR_N_WINO];

enum { HR_WINO_TAPS = 4 };

/* Which of a tile's pixels lie in the picture: y0 <= y < y1, x0 <= x < x1. */
typedef struct hr_wino_inside {
    int y0, y1, x0, x1;
} hr_wino_inside;

typedef struct hr_wino_input {
    const float
        *in; /* pixel (y, x) of the tile, y < pixels_y, x < pixels_x, at in[at + y * row_step + x * pixel_step] */
    ptrdiff_t at, row_step, pixel_step;
    hr_wino_inside inside; /* the other pixels are zeros, and not read */
    int n_channels;        /* a multiple of HR_STRIP */
    float *out;            /* number i = y * numbers_x + x of channel c goes to out[i * step + c] */
    size_t step;
    int fused_weights; /* 1: number x of every row is multiplied by s_x, which fused weights lack (hr_wino_fused);
                          stride 1 */
} hr_wino_input;

/* One line of the weight transform, u = G g, of `depth` input channels for n_columns output channels. Done along both
 * axes it is U = G g G^T. */
typedef struct hr_wino_weights {
    const float *g; /* tap i of channel k, column c at g[i * g_step + k * g_next + c], i < taps */
    size_t g_step, g_next;
    int depth, n_columns; /* n_columns a multiple of HR_STRIP */
    float *out;           /* number i of channel k, column c goes to out[i * step + k * next + c], i < numbers */
    size_t step, next;
} hr_wino_weights;

/* The same transform turned, for the gradient of weights: G^T U G. */
typedef struct hr_wino_weights_gradient {
    const float *in; /* number i of column c at in[i * step + c] */
    size_t step;
    int n_columns; /* a multiple of HR_STRIP */
    float *g;      /* number i of column c goes to g[i * g_step + c], i < 9 */
    size_t g_step;
    int add; /* 0: overwrite g */
} hr_wino_weights_gradient;

/* The matrix G [numbers][taps] of a kind of line, exact to double. */
void hr_wino_matrix(int line, double matrix[][HR_WINO_TAPS]);

typedef struct hr_wino_output {
    const float *products; /* number i of channel c at products[i * step + c] */
    size_t step;
    int n_channels;    /* a multiple of HR_STRIP */
    const float *bias; /* [n_channels], or NULL for zeros */
    const float *add;  /* laid out as out with pixels add_step apart, or NULL; may equal out unless add_last is set */
    size_t add_row_step, add_pixel_step;
    float *out; /* pixel (y, x) at out[y * row_step + x * pixel_step], y < m, x < n */
    size_t row_step, pixel_step;
    int h, w; /* pixels y < h, x < w lie in the picture; the others are not touched */
    hr_epilogue epilogue;
} hr_wino_output;

/* The products of one row of a Winograd tile (`side` numbers, of stride 1) with weights that are not transformed along
 * it yet, for a strip of columns: out_i[t][n] = sum_k a_i[t][k] * (G g[k])_i[n] / s_i, i < side. Row i of G is s_i
 * times 1, p, p^2 of its point (+-1/2: 4, +-2, 1; the last: 0, 0, 1); the input transform can put s_i into a. */
typedef struct hr_wino_fused {
    int m, depth;   /* rows (any number), length of the sum */
    const float *a; /* number i's rows begin at a + i * a_step, a_ld apart */
    size_t a_step, a_ld;
    const void *lines; /* g: [depth][3][HR_STRIP] in the format of the slot */
    float *out;        /* as a; overwritten */
    size_t out_step, out_ld;
} hr_wino_fused;

/* A row of a depthwise convolution: every channel has a window of its own.
 *
 *   out[x * out_ld + c] = epilogue(bias[c] + sum_t rows[t][x * step + c] * weights[t * n_channels + c], add[...]) */
typedef struct hr_depthwise {
    int w, n_taps, n_channels; /* pixels of the row; n_channels a multiple of HR_STRIP */
    const float *const *rows;  /* [n_taps] where the tap's pixel of output pixel 0 lies; zeros: the tap is outside */
    size_t step;               /* floats between the input pixels of neighbouring output pixels */
    const float *weights;      /* [n_taps][n_channels] */
    const float *bias;         /* [n_channels], or NULL for zeros */
    const float *add;          /* laid out as out with pixels add_ld apart, or NULL; may equal out */
    float *out;
    size_t out_ld, add_ld;
    hr_epilogue epilogue;
} hr_depthwise;

/* The gradient of one tap's weights over a row: sums[c] += sum over x < w of x_row[x * step + c] * dout[x * out_ld +
 * c]. */
typedef struct hr_depthwise_gradient {
    int w, n_channels;
    const float *x_row, *dout;
    size_t step, out_ld;
    float *sums; /* [n_channels] */
} hr_depthwise_gradient;

/* Batch normalisation, a number a channel: y = (x - mean) * scale + shift. */
typedef struct hr_norm {
    const float *mean, *scale, *shift; /* [ld] */
} hr_norm;

typedef struct hr_kern {
    const char *name;    /* "avx2" */
    double macs_per_ns;  /* about what the best gemm tile does on one core; plans weigh algorithms by it */
    double memory_price; /* multiply-adds that a float of packed weights has to save: a choice by which W32 takes
                          less than twice its weights' size */
    int max_strips;      /* column blocks may have 1..max_strips strips */
    int rows[HR_MAX_STRIPS + 1]; /* best and largest m for a block of that many strips */
    void (*gemm[HR_N_FORMATS][HR_MAX_STRIPS + 1])(const hr_gemm *tile);
    void (*gemm_batch[HR_N_FORMATS][HR_MAX_STRIPS + 1])(const hr_gemm_batch *batch);

    void (*gemm_transposed[HR_MAX_STRIPS + 1])(const hr_gemm_transposed *tile);

    void (*wino_input[HR_N_WINO])(const hr_wino_input *tile);
    void (*wino_output[HR_N_WINO])(const hr_wino_output *tile);
    void (*wino_weights[HR_N_WINO_LINES])(const hr_wino_weights *weights);
    int fused_rows;    /* rows that share one making of the weights */
    double fused_cost; /* of making a number, in multiply-adds with one */
    void (*wino_fused[HR_N_FORMATS][HR_WINO_6 + 1])(const hr_wino_fused *products); /* of stride 1 */
    /* Of F(4) only. The output transform turned: in is 4 x 4 pixels of the output's gradient, 36 numbers come out. */
    void (*wino_output_gradient)(const hr_wino_input *tile);
    void (*wino_weights_gradient)(const hr_wino_weights_gradient *sums);

    void (*depthwise)(const hr_depthwise *row);
    void (*depthwise_gradient)(const hr_depthwise_gradient *row);

    /* out[x][c] = activation(sum_t terms[t][(x >> shifts[t]) * ld_t + c]), x < w, c < n_channels, a multiple of
     * HR_STRIP; pixels of term t lie lds[t] apart, those of out out_ld. out may equal a term with shift 0. */
    void (*sum_row)(float *out, size_t out_ld, const float *const *terms, const size_t *lds, const int *shifts,
                    int n_terms, int w, int n_channels, hr_activation activation);

    /* out[c] = sum over n cells of shares[i] * cells[i][c], c < ld, a multiple of HR_STRIP: bilinear upsampling,
     * averages. */
    void (*mix_cells)(float *out, const float *const *cells, const float *shares, int n, int ld);
    /* out[c] (add: +)= a[c] * b[c], c < ld; out may equal a. */
    void (*multiply)(float *out, const float *a, const float *b, int ld, int add);
    /* out[i] = activation(x[i]); dx[i] (add: +)= dy[i] * activation'(x[i]); n a multiple of HR_STRIP. out may equal x.
     * What is not a number stays so, and the slopes of ReLUs and of the hard sigmoid are there as at 1. SiLU at minus
     * infinity is not a number. */
    void (*activate)(float *out, const float *x, size_t n, hr_activation activation);
    void (*activation_gradient)(float *dx, const float *dy, const float *x, size_t n, hr_activation activation,
                                int add);

    /* out[c] = max over n cells of cells[i][c], c < ld. */
    void (*max_cell)(float *out, const float *const *cells, int n, int ld);

    /* Training's, over pixels of ld floats that follow each other. Sums in double: of up to 32 pixels at a time, which
     * are added in float. */

    /* sums[c] += sum d, sums[ld + c] += sum d * d, over n pixels; d = x[i][c] - pivot[c]. */
    void (*norm_sums)(const float *x, const float *pivot, size_t n, int ld, double *sums);
    /* out[i] = activation(norm(x[i >> shift]) + add[i]), i < w. norm NULL: as it is; add NULL: zeros, may equal out. */
    void (*norm_row)(float *out, const float *x, int shift, const hr_norm *norm, const float *add, int w, int ld,
                     hr_activation activation);
    /* g[i] = 0 where y[i] <= 0; n a multiple of HR_STRIP. */
    void (*gate)(float *g, const float *y, size_t n);
    /* out[i] (add: +)= sum over the f x f cells that nearest upsampling by f = 1 << shift makes of pixel i, i < w; in:
     * f rows of w * f pixels, row_step floats apart. */
    void (*fold_row)(float *out, const float *in, size_t row_step, int shift, int w, int ld, int add);
    /* sums[c] += sum h, sums[ld + c] += sum h * (x - mean), over n pixels; h = g, if is_gated 0 where norm(x) <= 0 (a
     * ReLU behind the norm). */
    void (*norm_gradient_sums)(const float *g, const float *x, const hr_norm *norm, int is_gated, size_t n, int ld,
                               double *sums);
    /* dx = scale * (h - offset - (x - mean) * slope), h as above; dx may equal g. */
    void (*norm_gradient)(float *dx, const float *g, const float *x, const hr_norm *norm, const float *offset,
                          const float *slope, int is_gated, size_t n, int ld);

    /* out[i] = in[i] in half precision, to nearest, ties to even; n a multiple of HR_STRIP. */
    void (*to_half)(uint16_t *out, const float *in, size_t n);
} hr_kern;

/* The best table for a set of features (base/cpu.h). Static. */
const hr_kern *hr_kern_select(unsigned features);

/* Every table this build has and the features allow, best first; for tests and benches. Returns how many. */
int hr_kern_all(unsigned features, const hr_kern *tables[8]);

extern const hr_kern hr_kern_ref;
#if defined(__x86_64__)
extern const hr_kern hr_kern_avx2;
extern const hr_kern hr_kern_avx512;
#elif defined(__aarch64__)
extern const hr_kern hr_kern_neon;
#endif

#endif
