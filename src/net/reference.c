/* reference.c - one function an operation; each states the sum it computes. */
#include "net/reference.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

typedef struct tensor {
    int n, c, h, w;
    double *data;
} tensor;

static double *plane(const tensor *t, int image, int channel)
{
    return t->data + ((size_t)image * (size_t)t->c + (size_t)channel) * (size_t)t->h * (size_t)t->w;
}

/* y[oy][ox] += weight * x[oy * stride + dy][ox * stride + dx] where that lies inside x. */
static void add_shifted(double *y, int oh, int ow, const double *x, int ih, int iw, double weight, int stride, int dy,
                        int dx)
{
    int from = 0, to = ow;
    while (from < ow && from * stride + dx < 0) from++;
    while (to > from && (to - 1) * stride + dx >= iw) to--;
    for (int oy = 0; oy < oh; oy++) {
        const int iy = oy * stride + dy;
        if (iy < 0 || iy >= ih) continue;
        const double *source = x + (ptrdiff_t)iy * iw + dx;
        double *target = y + (ptrdiff_t)oy * ow;
        if (stride == 1)
            for (int ox = from; ox < to; ox++) target[ox] += weight * source[ox];
        else
            for (int ox = from; ox < to; ox++) target[ox] += weight * source[(ptrdiff_t)ox * stride];
    }
}

/* y[oc] = bias[oc] + sum over ic, ky, kx of weight[oc][ic][ky][kx] * x[ic][stride * o - padding + k] */
static void conv(const hr_node *node, const tensor *x, const float *weight, const float *bias, tensor *y)
{
    const int k = node->kernel;
    for (int image = 0; image < y->n; image++) {
        for (int oc = 0; oc < y->c; oc++) {
            double *out = plane(y, image, oc);
            for (int i = 0; i < y->h * y->w; i++) out[i] = bias != NULL ? bias[oc] : 0;
            for (int ic = 0; ic < x->c; ic++)
                for (int tap = 0; tap < k * k; tap++)
                    add_shifted(out, y->h, y->w, plane(x, image, ic), x->h, x->w,
                                weight[((size_t)oc * (size_t)x->c + (size_t)ic) * (size_t)(k * k) + (size_t)tap],
                                node->stride, tap / k - node->padding, tap % k - node->padding);
        }
    }
}

/* y[oc][stride * i - padding + k] += weight[ic][oc][ky][kx] * x[ic][i], from bias[oc] */
static void deconv(const hr_node *node, const tensor *x, const float *weight, const float *bias, tensor *y)
{
    const int k = node->kernel;
    for (int image = 0; image < y->n; image++) {
        for (int oc = 0; oc < y->c; oc++) {
            double *out = plane(y, image, oc);
            for (int i = 0; i < y->h * y->w; i++) out[i] = bias != NULL ? bias[oc] : 0;
            for (int ic = 0; ic < x->c; ic++) {
                const double *in = plane(x, image, ic);
                const float *w = weight + ((size_t)ic * (size_t)y->c + (size_t)oc) * (size_t)(k * k);
                for (int i = 0; i < x->h * x->w; i++) {
                    for (int tap = 0; tap < k * k; tap++) {
                        const int oy = i / x->w * node->stride - node->padding + tap / k;
                        const int ox = i % x->w * node->stride - node->padding + tap % k;
                        if (oy >= 0 && oy < y->h && ox >= 0 && ox < y->w)
                            out[(size_t)oy * (size_t)y->w + (size_t)ox] += (double)w[tap] * in[i];
                    }
                }
            }
        }
    }
}

/* y = (x - mean) / sqrt(var + 1e-5) * weight + bias, by channel; statistics [5 fields of c] */
static void norm(const tensor *x, const float *statistics, tensor *y)
{
    for (int image = 0; image < y->n; image++) {
        for (int c = 0; c < y->c; c++) {
            const float *s = statistics + c;
            const double factor = s[0] / sqrt((double)s[3 * y->c] + 1e-5), mean = s[2 * y->c], shift = s[y->c];
            const double *in = plane(x, image, c);
            double *out = plane(y, image, c);
            for (int i = 0; i < y->h * y->w; i++) out[i] = (in[i] - mean) * factor + shift;
        }
    }
}

static void maxpool(const hr_node *node, const tensor *x, tensor *y)
{
    for (int p = 0; p < y->n * y->c; p++) {
        const double *in = plane(x, 0, p);
        double *out = plane(y, 0, p);
        for (int i = 0; i < y->h * y->w; i++) {
            out[i] = -INFINITY;
            for (int tap = 0; tap < node->kernel * node->kernel; tap++) {
                const int iy = i / y->w * node->stride - node->padding + tap / node->kernel;
                const int ix = i % y->w * node->stride - node->padding + tap % node->kernel;
                if (iy >= 0 && iy < x->h && ix >= 0 && ix < x->w) out[i] = fmax(out[i], in[iy * x->w + ix]);
            }
        }
    }
}

static void upsample(const hr_node *node, const tensor *x, tensor *y)
{
    for (int p = 0; p < y->n * y->c; p++)
        for (int i = 0; i < y->h * y->w; i++)
            plane(y, 0, p)[i] = plane(x, 0, p)[i / y->w / node->factor * x->w + i % y->w / node->factor];
}

static void sum(const hr_node *node, const tensor *tensors, tensor *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y->data[i] = tensors[node->inputs[0]].data[i];
        for (int j = 1; j < node->n_inputs; j++) y->data[i] += tensors[node->inputs[j]].data[i];
    }
}

static hrnet_status read_params(const hr_graph *graph, const hr_node *node, const hr_weights *weights, float **out,
                                float **bias)
{
    size_t n = 5 * (size_t)node->c;
    if (node->weight >= 0) n += graph->params[node->weight].n_elements;
    float *block = hr_calloc(n, sizeof *block);
    if (block == NULL) return hr_fail_memory(n * sizeof *block);
    hrnet_status status = HRNET_OK;
    *bias = NULL;
    if (node->op == HR_OP_NORM) {
        for (int i = 0; i < 4 && status == HRNET_OK; i++)
            status = hr_weights_read(weights, graph, node->norm + i, block + i * node->c);
    } else {
        status = hr_weights_read(weights, graph, node->weight, block);
        if (status == HRNET_OK && node->bias >= 0) {
            *bias = block + graph->params[node->weight].n_elements;
            status = hr_weights_read(weights, graph, node->bias, *bias);
        }
    }
    if (status != HRNET_OK) {
        hr_free(block);
        return status;
    }
    *out = block;
    return HRNET_OK;
}

static hrnet_status run_node(const hr_graph *graph, int index, const hr_weights *weights, const float *input,
                             tensor *tensors)
{
    const hr_node *node = &graph->nodes[index];
    const tensor *x = node->n_inputs > 0 ? &tensors[node->inputs[0]] : NULL;
    tensor *y = &tensors[index];
    const size_t n = (size_t)y->n * (size_t)y->c * (size_t)y->h * (size_t)y->w;
    float *params = NULL, *bias = NULL;
    if ((y->data = hr_alloc(n, sizeof *y->data)) == NULL) return hr_fail_memory(n * sizeof *y->data);
    if (node->weight >= 0 || node->op == HR_OP_NORM) HR_TRY(read_params(graph, node, weights, &params, &bias));
    switch (node->op) {
    case HR_OP_INPUT:
        for (size_t i = 0; i < n; i++) y->data[i] = input[i];
        break;
    case HR_OP_CONV: conv(node, x, params, bias, y); break;
    case HR_OP_DECONV: deconv(node, x, params, bias, y); break;
    case HR_OP_NORM: norm(x, params, y); break;
    case HR_OP_RELU:
        for (size_t i = 0; i < n; i++) y->data[i] = x->data[i] > 0 ? x->data[i] : 0;
        break;
    case HR_OP_SUM: sum(node, tensors, y, n); break;
    case HR_OP_UPSAMPLE: upsample(node, x, y); break;
    case HR_OP_MAXPOOL: maxpool(node, x, y); break;
    }
    hr_free(params);
    return HRNET_OK;
}

hrnet_status hr_reference_forward(const hr_graph *graph, const hr_weights *weights, const float *input, int n,
                                  double *output, hr_reference_tap *tap, void *context)
{
    tensor *tensors = hr_calloc((size_t)graph->n_nodes, sizeof *tensors);
    int *last_reader = hr_calloc((size_t)graph->n_nodes, sizeof *last_reader);
    hrnet_status status = tensors != NULL && last_reader != NULL ? HRNET_OK : hr_fail_memory(0);
    for (int i = 0; i < graph->n_nodes && status == HRNET_OK; i++)
        for (int j = 0; j < graph->nodes[i].n_inputs; j++) last_reader[graph->nodes[i].inputs[j]] = i;
    for (int i = 0; i < graph->n_nodes && status == HRNET_OK; i++) {
        const hr_node *node = &graph->nodes[i];
        tensors[i] = (tensor){n, node->c, node->h, node->w, NULL};
        status = run_node(graph, i, weights, input, tensors);
        if (status != HRNET_OK) break;
        if (tap != NULL) tap(context, i, tensors[i].data);
        if (i == graph->output && output != NULL)
            memcpy(output, tensors[i].data,
                   (size_t)n * (size_t)node->c * (size_t)node->h * (size_t)node->w * sizeof *output);
        for (int j = 0; j < node->n_inputs; j++) {
            tensor *x = &tensors[node->inputs[j]];
            if (last_reader[node->inputs[j]] != i) continue;
            hr_free(x->data);
            x->data = NULL;
        }
    }
    for (int i = 0; tensors != NULL && i < graph->n_nodes; i++) hr_free(tensors[i].data);
    hr_free(tensors);
    hr_free(last_reader);
    return status;
}
