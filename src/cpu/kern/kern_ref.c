/* kern_ref.c - the contracts of kern.h in plain C: the fallback that ships, and what the other tables are tested by. */
#include "cpu/kern/kern.h"

#include <math.h>

#include "base/half.h"
#include "cpu/kern/winograd_lines.h"
#include "cpu/kern/winograd_points.h"

static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

static float activate_number(float x, hr_activation activation)
{
    switch (activation) {
    case HR_ACTIVATION_RELU: return x < 0 ? 0 : x;
    case HR_ACTIVATION_LEAKY_RELU: return x < 0 ? HR_LEAKY_SLOPE * x : x;
    case HR_ACTIVATION_SILU: return x * sigmoid(x);
    case HR_ACTIVATION_SIGMOID: return sigmoid(x);
    case HR_ACTIVATION_HARD_SIGMOID: return x < -3 ? 0 : x > 3 ? 1 : x / 6 + 0.5f;
    default: return x;
    }
}

/* Of pieces of straight line what is not a number is on the steepest. */
static float slope_of(float x, hr_activation activation)
{
    const float s = sigmoid(x);
    switch (activation) {
    case HR_ACTIVATION_RELU: return x <= 0 ? 0 : 1;
    case HR_ACTIVATION_LEAKY_RELU: return x <= 0 ? HR_LEAKY_SLOPE : 1;
    case HR_ACTIVATION_SILU: return s * (1 + x * (1 - s));
    case HR_ACTIVATION_SIGMOID: return s * (1 - s);
    case HR_ACTIVATION_HARD_SIGMOID: return x <= -3 || x >= 3 ? 0 : 1.0f / 6;
    default: return 1;
    }
}

/* The end of a sum y; add NULL: nothing to add. */
static float finish(float y, const float *add, const hr_epilogue *epilogue)
{
    if (add != NULL && !epilogue->add_last) y += *add;
    y = activate_number(y, epilogue->activation);
    return add != NULL && epilogue->add_last ? y + *add : y;
}

#include "cpu/kern/norm_add_relu_ref.h"

static float weight(const void *weights, int i, int half)
{
    return half ? hr_half_to_float(((const uint16_t *)weights)[i]) : ((const float *)weights)[i];
}

static void gemm(const hr_gemm *g, int half)
{
    for (int i = 0; i < g->m; i++) {
        for (int n = 0; n < HR_STRIP; n++) {
            float y = 0;
            for (int t = 0; t < g->n_taps; t++)
                for (int k = 0; k < g->depth; k++)
                    y += g->rows[t * g->m + i][k] * weight(g->weights, (t * g->depth + k) * HR_STRIP + n, half);
            if (g->bias != NULL) y += g->bias[n];
            const float *add = g->adds != NULL ? &g->adds[i][g->column + (size_t)n] : NULL;
            g->outs[i][g->column + (size_t)n] = finish(y, add, &g->epilogue);
        }
    }
}

static void gemm_batch(const hr_gemm_batch *g, int half)
{
    for (int p = 0; p < g->n_products; p++) {
        for (int i = 0; i < g->m; i++) {
            const float *row = g->a + (size_t)p * g->a_step + (size_t)i * g->a_ld;
            float *out = g->out + (size_t)p * g->out_step + (size_t)i * g->out_ld;
            for (int n = 0; n < HR_STRIP; n++) {
                out[n] = 0;
                for (int k = 0; k < g->depth; k++)
                    out[n] += row[k] * weight(g->weights, p * (int)g->weights_step + k * HR_STRIP + n, half);
            }
        }
    }
}

static void gemm1(const hr_gemm *g)
{
    gemm(g, 0);
}
static void gemm_half1(const hr_gemm *g)
{
    gemm(g, 1);
}
static void gemm_batch1(const hr_gemm_batch *g)
{
    gemm_batch(g, 0);
}
static void gemm_batch_half1(const hr_gemm_batch *g)
{
    gemm_batch(g, 1);
}

static void gemm_transposed1(const hr_gemm_transposed *o)
{
    for (int i = 0; i < o->m; i++) {
        for (size_t n = 0; n < HR_STRIP; n++) {
            float y = 0;
            for (int l = 0; l < o->n_lines; l++)
                for (size_t p = 0; p < (size_t)o->n_pixels; p++)
                    y += o->rows[i][o->a_at[l] + p * o->a_step] * o->b[o->b_at[l] + p * o->b_step + n];
            o->outs[i][n] = o->add ? o->outs[i][n] + y : y;
        }
    }
}

/* v = B d: one line of the input transform, from its definition. */
static void input_line(int pairs, const float *d, int d_step, float *v, int v_step)
{
    if (pairs == TRANSPOSED) {
        input_line(1, d, d_step, v, v_step);
        input_line(1, d + d_step, d_step, v + 4 * v_step, v_step);
        return;
    }
    if (pairs == STRIDED) {
        for (int i = 0; i < 3; i++) v[(4 + i) * v_step] = d[(1 + 2 * i) * d_step];
        pairs = 1; /* of the even pixels */
        d_step *= 2;
    }
    const hr_wino_points *w = &hr_wino_table[pairs - 1];
    const int last = 2 * pairs + 1;
    v[0] = v[last * v_step] = 0;
    for (int k = 0; k <= pairs; k++) {
        v[0] += w->full[k] * d[2 * k * d_step];
        v[last * v_step] += w->full[k] * d[(2 * k + 1) * d_step];
    }
    for (int i = 0; i < pairs; i++) {
        float even = 0, odd = 0;
        for (int k = 0; k < pairs; k++) {
            even += w->without[i][k] * d[(2 * k + 2) * d_step];
            odd += w->without[i][k] * d[(2 * k + 1) * d_step];
        }
        v[(1 + 2 * i) * v_step] = even + w->point[i] * odd;
        v[(2 + 2 * i) * v_step] = even - w->point[i] * odd;
    }
}

/* y = A m: one line of the output transform. */
static void output_line(int pairs, const float *m, int m_step, float *y, int y_step)
{
    if (pairs == TRANSPOSED) {
        for (int i = 0; i < 2; i++, m += 4 * m_step, y += y_step) {
            y[0] = m[0] + m[m_step] + m[2 * m_step];
            y[2 * y_step] = m[m_step] - m[2 * m_step];
            y[4 * y_step] = m[m_step] + m[2 * m_step] + m[3 * m_step];
        }
        return;
    }
    if (pairs == STRIDED) {
        const float plus = m[m_step], minus = m[2 * m_step];
        y[0] = m[0] + plus + minus + m[4 * m_step];
        y[y_step] = plus - minus + m[5 * m_step];
        y[2 * y_step] = plus + minus + m[3 * m_step] + m[6 * m_step];
        return;
    }
    const hr_wino_points *w = &hr_wino_table[pairs - 1];
    for (int r = 0; r < 2 * pairs; r++) {
        float x = r == 0 ? m[0] : 0;
        for (int i = 0; i < pairs; i++) {
            const float plus = m[(1 + 2 * i) * m_step], minus = m[(2 + 2 * i) * m_step];
            x += w->power[i][r] * (r % 2 == 0 ? plus + minus : plus - minus);
        }
        y[r * y_step] = r == 2 * pairs - 1 ? x + m[(2 * pairs + 1) * m_step] : x;
    }
}

/* Channel c of pixel (y, x) of a tile. */
static float input_pixel(const hr_wino_input *tile, int y, int x, int c)
{
    const hr_wino_inside *i = &tile->inside;
    const int is_inside = y >= i->y0 && y < i->y1 && x >= i->x0 && x < i->x1;
    return is_inside ? tile->in[tile->at + y * tile->row_step + x * tile->pixel_step + c] : 0;
}

static void wino_input(const hr_wino_input *tile, int down, int across)
{
    const int h = LINE_PIXELS(down), w = LINE_PIXELS(across);
    const int n_down = LINE_NUMBERS(down), n_across = LINE_NUMBERS(across);
    for (int c = 0; c < tile->n_channels; c++) {
        float d[64], half[64], v[64];
        for (int i = 0; i < h * w; i++) d[i] = input_pixel(tile, i / w, i % w, c);
        for (int x = 0; x < w; x++) input_line(down, d + x, w, half + x, w);
        for (int y = 0; y < n_down; y++) input_line(across, half + y * w, 1, v + y * n_across, 1);
        for (int i = 0; i < n_down * n_across; i++)
            tile->out[(size_t)i * tile->step + (size_t)c] =
                tile->fused_weights ? hr_wino_fused_factor(across, i % n_across) * v[i] : v[i];
    }
}

static void wino_output(const hr_wino_output *tile, int down, int across)
{
    const int h = LINE_NUMBERS(down), w = LINE_NUMBERS(across), m = LINE_OUTPUTS(down), n = LINE_OUTPUTS(across);
    for (int c = 0; c < tile->n_channels; c++) {
        float products[64], half[64], y[64];
        for (int i = 0; i < h * w; i++) products[i] = tile->products[(size_t)i * tile->step + (size_t)c];
        for (int x = 0; x < w; x++) output_line(down, products + x, w, half + x, w);
        for (int r = 0; r < m; r++) output_line(across, half + r * w, 1, y + r * n, 1);
        for (int i = 0; i < m * n; i++) {
            if (i / n >= tile->h || i % n >= tile->w) continue;
            const size_t at = (size_t)(i / n) * tile->row_step + (size_t)(i % n) * tile->pixel_step + (size_t)c;
            const float *add = tile->add != NULL ? tile->add + (size_t)(i / n) * tile->add_row_step +
                                                       (size_t)(i % n) * tile->add_pixel_step + (size_t)c
                                                 : NULL;
            tile->out[at] = finish(tile->bias != NULL ? y[i] + tile->bias[c] : y[i], add, &tile->epilogue);
        }
    }
}

static void wino_weights(const hr_wino_weights *w, int pairs)
{
    double matrix[8][HR_WINO_TAPS];
    hr_wino_matrix(pairs == TRANSPOSED ? HR_WINO_TRANSPOSED : pairs == STRIDED ? HR_WINO_STRIDED : pairs - 1, matrix);
    for (size_t k = 0; k < (size_t)w->depth; k++) {
        for (size_t c = 0; c < (size_t)w->n_columns; c++) {
            const float *g = w->g + k * w->g_next + c;
            for (size_t i = 0; i < (size_t)LINE_NUMBERS(pairs); i++) {
                double u = 0;
                for (size_t t = 0; t < (size_t)LINE_TAPS(pairs); t++) u += matrix[i][t] * g[t * w->g_step];
                w->out[i * w->step + k * w->next + c] = (float)u;
            }
        }
    }
}

static void wino_fused(const hr_wino_fused *g, int pairs, int half)
{
    for (int i = 0; i < LINE_NUMBERS(pairs); i++) {
        const float *a = g->a + (size_t)i * g->a_step;
        const float p = i == 0 || i > 2 * pairs ? 0 : hr_wino_table[pairs - 1].point[(i - 1) / 2];
        const float x = i % 2 == 1 ? p : -p, scale = p == 0.5f ? 4 : 1;
        float *out = g->out + (size_t)i * g->out_step;
        for (size_t t = 0; t < (size_t)g->m; t++)
            for (int n = 0; n < HR_STRIP; n++) out[t * g->out_ld + (size_t)n] = 0;
        for (int k = 0; k < g->depth; k++) {
            float u[HR_STRIP];
            for (int n = 0; n < HR_STRIP; n++) {
                float w[3];
                for (int j = 0; j < 3; j++) w[j] = weight(g->lines, (k * 3 + j) * HR_STRIP + n, half);
                u[n] = i > 2 * pairs ? w[2] : scale * (w[0] + x * x * w[2] + x * w[1]);
            }
            for (size_t t = 0; t < (size_t)g->m; t++)
                for (int n = 0; n < HR_STRIP; n++) out[t * g->out_ld + (size_t)n] += a[t * g->a_ld + (size_t)k] * u[n];
        }
    }
}

/* z = A y: output_line turned. */
static void output_gradient_line(int pairs, const float *y, int y_step, float *z, int z_step)
{
    const hr_wino_points *w = &hr_wino_table[pairs - 1];
    z[0] = y[0];
    z[(2 * pairs + 1) * z_step] = y[(2 * pairs - 1) * y_step];
    for (int i = 0; i < pairs; i++) {
        float even = 0, odd = 0;
        for (int r = 0; r < 2 * pairs; r++) *(r % 2 == 0 ? &even : &odd) += w->power[i][r] * y[r * y_step];
        z[(1 + 2 * i) * z_step] = even + odd;
        z[(2 + 2 * i) * z_step] = even - odd;
    }
}

/* g = G^T u: one line of the weight transform, turned. */
static void weights_gradient_line(int pairs, const float *u, int u_step, float *g, int g_step)
{
    double matrix[8][HR_WINO_TAPS];
    hr_wino_matrix(pairs - 1, matrix);
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (int i = 0; i < 2 * pairs + 2; i++) sum += matrix[i][k] * u[i * u_step];
        g[k * g_step] = (float)sum;
    }
}

static void wino_output_gradient(const hr_wino_input *tile, int pairs)
{
    const int side = 2 * pairs + 2, m = 2 * pairs;
    for (int c = 0; c < tile->n_channels; c++) {
        float y[36], half[48], z[64];
        for (int i = 0; i < m * m; i++) y[i] = input_pixel(tile, i / m, i % m, c);
        for (int x = 0; x < m; x++) output_gradient_line(pairs, y + x, m, half + x, m);
        for (int r = 0; r < side; r++) output_gradient_line(pairs, half + r * m, 1, z + r * side, 1);
        for (int i = 0; i < side * side; i++) tile->out[(size_t)i * tile->step + (size_t)c] = z[i];
    }
}

static void wino_weights_gradient(const hr_wino_weights_gradient *sums, int pairs)
{
    const int side = 2 * pairs + 2;
    for (int c = 0; c < sums->n_columns; c++) {
        float u[64], half[24], g[9];
        for (int i = 0; i < side * side; i++) u[i] = sums->in[(size_t)i * sums->step + (size_t)c];
        for (int x = 0; x < side; x++) weights_gradient_line(pairs, u + x, side, half + x, side);
        for (int y = 0; y < 3; y++) weights_gradient_line(pairs, half + y * side, 1, g + y * 3, 1);
        for (int i = 0; i < 9; i++) {
            float *out = &sums->g[(size_t)i * sums->g_step + (size_t)c];
            *out = sums->add ? *out + g[i] : g[i];
        }
    }
}

static void wino_output_gradient4(const hr_wino_input *tile)
{
    wino_output_gradient(tile, 2);
}
static void wino_weights_gradient4(const hr_wino_weights_gradient *sums)
{
    wino_weights_gradient(sums, 2);
}
WINO_FUNCTIONS
static void wino_fused2(const hr_wino_fused *g)
{
    wino_fused(g, 1, 0);
}
static void wino_fused4(const hr_wino_fused *g)
{
    wino_fused(g, 2, 0);
}
static void wino_fused6(const hr_wino_fused *g)
{
    wino_fused(g, 3, 0);
}
static void wino_fused_half2(const hr_wino_fused *g)
{
    wino_fused(g, 1, 1);
}
static void wino_fused_half4(const hr_wino_fused *g)
{
    wino_fused(g, 2, 1);
}
static void wino_fused_half6(const hr_wino_fused *g)
{
    wino_fused(g, 3, 1);
}

static void depthwise(const hr_depthwise *d)
{
    for (size_t x = 0; x < (size_t)d->w; x++) {
        for (size_t c = 0; c < (size_t)d->n_channels; c++) {
            float y = 0;
            for (size_t t = 0; t < (size_t)d->n_taps; t++)
                y += d->rows[t][x * d->step + c] * d->weights[t * (size_t)d->n_channels + c];
            if (d->bias != NULL) y += d->bias[c];
            d->out[x * d->out_ld + c] = finish(y, d->add != NULL ? d->add + x * d->add_ld + c : NULL, &d->epilogue);
        }
    }
}

static void depthwise_gradient(const hr_depthwise_gradient *d)
{
    for (size_t x = 0; x < (size_t)d->w; x++)
        for (size_t c = 0; c < (size_t)d->n_channels; c++)
            d->sums[c] += d->x_row[x * d->step + c] * d->dout[x * d->out_ld + c];
}

static void sum_row(float *out, size_t out_ld, const float *const *terms, const size_t *lds, const int *shifts,
                    int n_terms, int w, int n_channels, hr_activation activation)
{
    for (size_t x = 0; x < (size_t)w; x++) {
        for (size_t c = 0; c < (size_t)n_channels; c++) {
            float y = 0;
            for (int t = 0; t < n_terms; t++) y += terms[t][(x >> shifts[t]) * lds[t] + c];
            out[x * out_ld + c] = activate_number(y, activation);
        }
    }
}

static void mix_cells(float *out, const float *const *cells, const float *shares, int n, int ld)
{
    for (int c = 0; c < ld; c++) {
        float y = 0;
        for (int i = 0; i < n; i++) y += shares[i] * cells[i][c];
        out[c] = y;
    }
}

static void multiply(float *out, const float *a, const float *b, int ld, int add)
{
    for (int c = 0; c < ld; c++) out[c] = add ? out[c] + a[c] * b[c] : a[c] * b[c];
}

static void activate(float *out, const float *x, size_t n, hr_activation activation)
{
    for (size_t i = 0; i < n; i++) out[i] = activate_number(x[i], activation);
}

static void activation_gradient(float *dx, const float *dy, const float *x, size_t n, hr_activation activation, int add)
{
    for (size_t i = 0; i < n; i++) {
        const float g = dy[i] * slope_of(x[i], activation);
        dx[i] = add ? dx[i] + g : g;
    }
}

static void max_cell(float *out, const float *const *cells, int n, int ld)
{
    for (int c = 0; c < ld; c++) {
        out[c] = cells[0][c];
        for (int i = 1; i < n; i++)
            if (cells[i][c] > out[c]) out[c] = cells[i][c];
    }
}

static void to_half(uint16_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = hr_float_to_half(in[i]);
}

const hr_kern hr_kern_ref = {
    .name = "scalar",
    .macs_per_ns = 2,
    .memory_price = 9,
    .max_strips = 1,
    .rows = {0, 4},
    .gemm = {{NULL, gemm1}, {NULL, gemm_half1}},
    .gemm_batch = {{NULL, gemm_batch1}, {NULL, gemm_batch_half1}},
    .gemm_transposed = {NULL, gemm_transposed1},
    WINO_SLOTS,
    .fused_rows = 4,
    .fused_cost = 1,
    .wino_fused = {{wino_fused2, wino_fused4, wino_fused6}, {wino_fused_half2, wino_fused_half4, wino_fused_half6}},
    .wino_output_gradient = wino_output_gradient4,
    .wino_weights_gradient = wino_weights_gradient4,
    .depthwise = depthwise,
    .depthwise_gradient = depthwise_gradient,
    .sum_row = sum_row,
    .mix_cells = mix_cells,
    .multiply = multiply,
    .activate = activate,
    .activation_gradient = activation_gradient,
    .max_cell = max_cell,
    .to_half = to_half,
    NORM_SLOTS,
};
