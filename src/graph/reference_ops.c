/* reference_ops.c - each operation states the sum it computes; its backward stands below it. */
#include "graph/reference_ops.h"

#include <math.h>
#include <string.h>

static size_t n_cells(const hr_doubles *t)
{
    return (size_t)t->h * (size_t)t->w;
}

size_t hr_doubles_count(const hr_doubles *tensor)
{
    return (size_t)tensor->n * (size_t)tensor->c * n_cells(tensor);
}

static double *plane(const hr_doubles *t, int image, int channel)
{
    return t->data + ((size_t)image * (size_t)t->c + (size_t)channel) * n_cells(t);
}

/*
 * Both kinds of convolution relate a large map to a small one: cell [o] of the small map meets cell [o * stride +
 * offset] of the large one. A tap is all such pairs of two planes; `from`, `to` are the columns of the small map whose
 * partners exist.
 */
typedef struct tap {
    const hr_doubles *large, *small;
    int stride, dy, dx, from, to;
} tap;

static tap tap_of(const hr_node *node, const hr_doubles *large, const hr_doubles *small, int index)
{
    tap t = {large, small, node->stride, index / node->kernel - node->padding, index % node->kernel - node->padding,
             0,     0};
    while (t.from < small->w && t.from * t.stride + t.dx < 0) t.from++;
    t.to = small->w;
    while (t.to > t.from && (t.to - 1) * t.stride + t.dx >= large->w) t.to--;
    return t;
}

/* Where row y of the small map lies in the large one, or -1. */
static ptrdiff_t row_of(const tap *t, int y)
{
    const int row = y * t->stride + t->dy;
    return row < 0 || row >= t->large->h ? -1 : (ptrdiff_t)row * t->large->w;
}

/* small[o] += weight * large[partner of o] */
static void gather(const tap *t, double weight, const double *large, double *small)
{
    for (int y = 0; y < t->small->h; y++, small += t->small->w) {
        const ptrdiff_t row = row_of(t, y);
        if (row < 0) continue;
        for (int x = t->from; x < t->to; x++) small[x] += weight * large[row + t->dx + (ptrdiff_t)x * t->stride];
    }
}

/* large[partner of o] += weight * small[o] */
static void scatter(const tap *t, double weight, const double *small, double *large)
{
    for (int y = 0; y < t->small->h; y++, small += t->small->w) {
        const ptrdiff_t row = row_of(t, y);
        if (row < 0) continue;
        for (int x = t->from; x < t->to; x++) large[row + t->dx + (ptrdiff_t)x * t->stride] += weight * small[x];
    }
}

/* sum over o of small[o] * large[partner of o] */
static double correlate(const tap *t, const double *small, const double *large)
{
    double sum = 0;
    for (int y = 0; y < t->small->h; y++, small += t->small->w) {
        const ptrdiff_t row = row_of(t, y);
        if (row < 0) continue;
        for (int x = t->from; x < t->to; x++) sum += small[x] * large[row + t->dx + (ptrdiff_t)x * t->stride];
    }
    return sum;
}

/* Gather, scatter or correlate all planes of all images; weights [small channels][large channels][k][k]. */
static void gather_all(const hr_node *node, const hr_doubles *large, const double *weights, hr_doubles *small)
{
    const int n_taps = node->kernel * node->kernel;
    for (int k = 0; k < n_taps; k++) {
        const tap t = tap_of(node, large, small, k);
        for (int image = 0; image < small->n; image++)
            for (int s = 0; s < small->c; s++)
                for (int l = 0; l < large->c; l++)
                    gather(&t, weights[(s * large->c + l) * n_taps + k], plane(large, image, l),
                           plane(small, image, s));
    }
}

static void scatter_all(const hr_node *node, const hr_doubles *small, const double *weights, hr_doubles *large)
{
    const int n_taps = node->kernel * node->kernel;
    for (int k = 0; k < n_taps; k++) {
        const tap t = tap_of(node, large, small, k);
        for (int image = 0; image < small->n; image++)
            for (int l = 0; l < large->c; l++)
                for (int s = 0; s < small->c; s++)
                    scatter(&t, weights[(s * large->c + l) * n_taps + k], plane(small, image, s),
                            plane(large, image, l));
    }
}

static void correlate_all(const hr_node *node, const hr_doubles *large, const hr_doubles *small, double *dweights)
{
    const int n_taps = node->kernel * node->kernel;
    for (int k = 0; k < n_taps; k++) {
        const tap t = tap_of(node, large, small, k);
        for (int image = 0; image < small->n; image++)
            for (int s = 0; s < small->c; s++)
                for (int l = 0; l < large->c; l++)
                    dweights[(s * large->c + l) * n_taps + k] +=
                        correlate(&t, plane(small, image, s), plane(large, image, l));
    }
}

static void fill(hr_doubles *y, const double *bias)
{
    for (int image = 0; image < y->n; image++)
        for (int c = 0; c < y->c; c++)
            for (size_t i = 0; i < n_cells(y); i++) plane(y, image, c)[i] = bias != NULL ? bias[c] : 0;
}

static void fill_backward(const hr_doubles *dy, double *dbias)
{
    for (int image = 0; image < dy->n && dbias != NULL; image++)
        for (int c = 0; c < dy->c; c++)
            for (size_t i = 0; i < n_cells(dy); i++) dbias[c] += plane(dy, image, c)[i];
}

/* y[oc][o] = bias[oc] + sum over ic, k of weight[oc][ic][k] * x[ic][stride * o - padding + k] */
void hr_double_conv(const hr_node *node, const hr_doubles *x, const double *weight, const double *bias, hr_doubles *y)
{
    fill(y, bias);
    gather_all(node, x, weight, y);
}

void hr_double_conv_backward(const hr_node *node, const hr_doubles *x, const double *weight, const hr_doubles *dy,
                             hr_doubles *dx, double *dweight, double *dbias)
{
    fill_backward(dy, dbias);
    scatter_all(node, dy, weight, dx);
    correlate_all(node, x, dy, dweight);
}

/* y[oc][stride * i - padding + k] = bias[oc] + sum over ic, k of weight[ic][oc][k] * x[ic][i] */
void hr_double_deconv(const hr_node *node, const hr_doubles *x, const double *weight, const double *bias, hr_doubles *y)
{
    fill(y, bias);
    scatter_all(node, x, weight, y);
}

void hr_double_deconv_backward(const hr_node *node, const hr_doubles *x, const double *weight, const hr_doubles *dy,
                               hr_doubles *dx, double *dweight, double *dbias)
{
    fill_backward(dy, dbias);
    gather_all(node, dy, weight, dx);
    correlate_all(node, dy, x, dweight);
}

void hr_double_norm(const hr_doubles *x, const double *weight, const double *bias, const double *mean,
                    const double *variance, hr_doubles *y)
{
    for (int image = 0; image < y->n; image++) {
        for (int c = 0; c < y->c; c++) {
            const double factor = weight[c] / sqrt(variance[c] + 1e-5), *in = plane(x, image, c);
            double *out = plane(y, image, c);
            for (size_t i = 0; i < n_cells(y); i++) out[i] = (in[i] - mean[c]) * factor + bias[c];
        }
    }
}

void hr_double_norm_statistics(const hr_doubles *x, double *mean, double *variance)
{
    const double count = (double)x->n * (double)n_cells(x);
    for (int c = 0; c < x->c; c++) {
        double sum = 0, squares = 0;
        for (int image = 0; image < x->n; image++)
            for (size_t i = 0; i < n_cells(x); i++) sum += plane(x, image, c)[i];
        mean[c] = sum / count;
        for (int image = 0; image < x->n; image++) {
            for (size_t i = 0; i < n_cells(x); i++) {
                const double d = plane(x, image, c)[i] - mean[c];
                squares += d * d;
            }
        }
        variance[c] = squares / count;
    }
}

/* With z = (x - mean) / deviation: dweight = sum dy z, dbias = sum dy, dx = weight / deviation * (dy - mean of dy -
 * z * mean of dy z), because mean and deviation move with x. */
void hr_double_norm_backward(const hr_doubles *x, const double *weight, const double *mean, const double *variance,
                             const hr_doubles *dy, hr_doubles *dx, double *dweight, double *dbias)
{
    const double count = (double)x->n * (double)n_cells(x);
    for (int c = 0; c < x->c; c++) {
        const double deviation = sqrt(variance[c] + 1e-5);
        double sum = 0, sum_z = 0;
        for (int image = 0; image < x->n; image++) {
            const double *in = plane(x, image, c), *slope = plane(dy, image, c);
            for (size_t i = 0; i < n_cells(x); i++) {
                sum += slope[i];
                sum_z += slope[i] * (in[i] - mean[c]) / deviation;
            }
        }
        dweight[c] += sum_z;
        dbias[c] += sum;
        for (int image = 0; image < x->n; image++) {
            const double *in = plane(x, image, c), *slope = plane(dy, image, c);
            double *out = plane(dx, image, c);
            for (size_t i = 0; i < n_cells(x); i++)
                out[i] +=
                    weight[c] / deviation * (slope[i] - sum / count - (in[i] - mean[c]) / deviation * sum_z / count);
        }
    }
}

void hr_double_relu(const hr_doubles *x, hr_doubles *y)
{
    for (size_t i = 0; i < hr_doubles_count(y); i++) y->data[i] = x->data[i] > 0 ? x->data[i] : 0;
}

void hr_double_relu_backward(const hr_doubles *x, const hr_doubles *dy, hr_doubles *dx)
{
    for (size_t i = 0; i < hr_doubles_count(dx); i++) dx->data[i] += x->data[i] > 0 ? dy->data[i] : 0;
}

/* The cell of x that wins at output cell `o`; -1 where the window lies in the padding. */
static ptrdiff_t winner(const hr_node *node, const hr_doubles *x, const double *in, int oy, int ox)
{
    ptrdiff_t best = -1;
    for (int k = 0; k < node->kernel * node->kernel; k++) {
        const int iy = oy * node->stride - node->padding + k / node->kernel;
        const int ix = ox * node->stride - node->padding + k % node->kernel;
        if (iy < 0 || iy >= x->h || ix < 0 || ix >= x->w) continue;
        const ptrdiff_t at = (ptrdiff_t)iy * x->w + ix;
        if (best < 0 || in[at] > in[best]) best = at;
    }
    return best;
}

void hr_double_maxpool(const hr_node *node, const hr_doubles *x, hr_doubles *y)
{
    for (int p = 0; p < y->n * y->c; p++)
        for (int i = 0; i < y->h * y->w; i++) {
            const ptrdiff_t at = winner(node, x, plane(x, 0, p), i / y->w, i % y->w);
            plane(y, 0, p)[i] = at < 0 ? -INFINITY : plane(x, 0, p)[at];
        }
}

void hr_double_maxpool_backward(const hr_node *node, const hr_doubles *x, const hr_doubles *dy, hr_doubles *dx)
{
    for (int p = 0; p < dy->n * dy->c; p++)
        for (int i = 0; i < dy->h * dy->w; i++) {
            const ptrdiff_t at = winner(node, x, plane(x, 0, p), i / dy->w, i % dy->w);
            if (at >= 0) plane(dx, 0, p)[at] += plane(dy, 0, p)[i];
        }
}

/* y[o] = x[o / factor] */
void hr_double_upsample(const hr_node *node, const hr_doubles *x, hr_doubles *y)
{
    for (int p = 0; p < y->n * y->c; p++)
        for (int i = 0; i < y->h * y->w; i++)
            plane(y, 0, p)[i] = plane(x, 0, p)[i / y->w / node->factor * x->w + i % y->w / node->factor];
}

void hr_double_upsample_backward(const hr_node *node, const hr_doubles *dy, hr_doubles *dx)
{
    for (int p = 0; p < dy->n * dy->c; p++)
        for (int i = 0; i < dy->h * dy->w; i++)
            plane(dx, 0, p)[i / dy->w / node->factor * dx->w + i % dy->w / node->factor] += plane(dy, 0, p)[i];
}

void hr_double_add(const hr_doubles *from, hr_doubles *to)
{
    for (size_t i = 0; i < hr_doubles_count(to); i++) to->data[i] += from->data[i];
}
