/* backprop_pair.c - see network_pair.h. */
#include "backprop_pair.h"

#include <math.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/rng.h"
#include "../support/signs.h"

float formula_number(const char *name, size_t i)
{
    return 2 * hr_random_uniform(hr_hash_text(name), i) - 1;
}

size_t padded(int channels)
{
    return ((size_t)channels + HR_STRIP - 1) / HR_STRIP * HR_STRIP;
}

hr_backprop_options plain_options(int max_batch)
{
    return (hr_backprop_options){.threads = 1, .max_batch = max_batch, .features = hr_cpu_features(), .share = 1};
}

static hrnet_status random_param(void *context, int index, const hr_param *param, float *out)
{
    (void)context;
    (void)index;
    const double fan = param->n_dims == 4 ? (double)(param->shape[1] * param->shape[2] * param->shape[3]) : 1;
    for (size_t i = 0; i < param->n_elements; i++) {
        const float x = formula_number(param->name, i);
        switch (param->kind) {
        case HR_PARAM_WEIGHT: out[i] = x * (float)sqrt(4.8 / fan); break;
        case HR_PARAM_NORM_WEIGHT:
        case HR_PARAM_NORM_VAR: out[i] = 1 + 0.5f * x; break;
        case HR_PARAM_NORM_COUNT: out[i] = 7; break;
        default: out[i] = 0.2f * x;
        }
    }
    return HRNET_OK;
}

const hr_weights random_weights = {.read = random_param};

static const hr_node *output_of(const network_pair *p)
{
    return &p->graph->nodes[p->graph->outputs[0].node];
}

void open_pair(network_pair *p, const hr_graph *graph, const hr_weights *weights, int n,
               const hr_backprop_options *options, int with_oracle)
{
    *p = (network_pair){.graph = graph, .n = n};
    MUST(hr_backprop_create(&p->net, graph, options));
    MUST(hr_params_read(hr_backprop_layout(p->net), hr_backprop_params(p->net), weights));
    if (with_oracle) MUST(hr_reference_backward_create(&p->oracle, graph, weights, n));
    const hr_node *in = &graph->nodes[0], *out = output_of(p);
    p->input = test_calloc((size_t)(n * in->c * in->h * in->w), sizeof *p->input);
    p->slopes = test_calloc((size_t)(n * out->c * out->h * out->w), sizeof *p->slopes);
}

void close_pair(network_pair *p)
{
    hr_backprop_free(p->net);
    hr_reference_backward_free(p->oracle);
    test_free(p->input);
    test_free(p->slopes);
}

/* The same numbers into both. */
void set_input(network_pair *p, size_t first)
{
    const hr_node *in = &p->graph->nodes[0];
    const size_t cells = (size_t)(in->h * in->w);
    for (size_t i = 0; i < (size_t)p->n * 3 * cells; i++) {
        const float x = 2 * formula_number("input", first + i);
        p->input[i] = (double)x;
        hr_backprop_input(p->net, (int)(i / cells / 3))[i % cells * 4 + i / cells % 3] = x;
    }
}

void set_slopes(network_pair *p, size_t first)
{
    const hr_node *out = output_of(p);
    const size_t cells = (size_t)(out->h * out->w), c = (size_t)out->c;
    for (size_t i = 0; i < (size_t)p->n * c * cells; i++) {
        const float g = 1e-3f * formula_number("slopes", first + i);
        p->slopes[i] = (double)g;
        hr_backprop_output_gradient(p->net, 0, (int)(i / cells / c))[i % cells * padded(out->c) + i / cells % c] = g;
    }
}

/* max|found - expected| / max|expected| of a stored tensor. */
static double tensor_error(const network_pair *p, const float *found, int ld, int node)
{
    const hr_node *like = &p->graph->nodes[node];
    const double *expected = hr_reference_backward_tensor(p->oracle, node);
    double error = 0, largest = 0;
    for (int b = 0; b < p->n; b++) {
        for (int c = 0; c < ld; c++) {
            for (int i = 0; i < like->h * like->w; i++) {
                const double x = (double)found[(size_t)(b * like->h * like->w + i) * (size_t)ld + (size_t)c];
                const double y =
                    c < like->c ? expected[(size_t)((b * like->c + c) * like->h * like->w) + (size_t)i] : 0;
                if (!(fabs(x - y) <= error)) error = isnan(x) ? INFINITY : fabs(x - y);
                largest = fmax(largest, fabs(y));
            }
        }
    }
    return error / largest;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct errors {
    double median, worst;
} errors;

/* Of all gradients. Some are sums of numbers that cancel (of a bias before a norm exactly): they are measured by a
 * hundredth of the largest of all. */
static errors gradient_errors(const network_pair *p)
{
    const hr_params *layout = hr_backprop_layout(p->net);
    const double *expected = hr_reference_backward_gradients(p->oracle);
    double *all = test_calloc((size_t)p->graph->n_params, sizeof *all), largest_of_all = 0;
    size_t n = 0;
    for (size_t i = 0; i < p->graph->n_floats; i++) largest_of_all = fmax(largest_of_all, fabs(expected[i]));
    for (int i = 0; i < p->graph->n_params; i++) {
        const hr_param *param = &p->graph->params[i];
        float *found = test_malloc(param->n_elements * sizeof *found);
        hr_params_get(layout, hr_backprop_gradients(p->net), i, found);
        double error = 0, largest = 0.01 * largest_of_all;
        for (size_t k = 0; k < param->n_elements; k++) {
            const double x = (double)found[k], y = expected[param->offset + k];
            if (!(fabs(x - y) <= error)) error = isnan(x) ? INFINITY : fabs(x - y);
            largest = fmax(largest, fabs(y));
        }
        if (param->kind > HR_PARAM_NORM_BIAS)
            assert_true(error == 0);
        else
            all[n++] = error / largest;
        test_free(found);
    }
    qsort(all, n, sizeof *all, by_size);
    const errors e = {all[n / 2], all[n - 1]};
    test_free(all);
    return e;
}

/* Running statistics and counts after one pass. */
static double buffer_error(const network_pair *p)
{
    double worst = 0;
    for (int i = 0; i < p->graph->n_params; i++) {
        const hr_param *param = &p->graph->params[i];
        if (param->kind <= HR_PARAM_NORM_BIAS) continue;
        const double *expected = hr_reference_backward_params(p->oracle) + param->offset;
        float *found = test_malloc(param->n_elements * sizeof *found);
        double error = 0, largest = 0;
        hr_params_get(hr_backprop_layout(p->net), hr_backprop_params(p->net), i, found);
        for (size_t k = 0; k < param->n_elements; k++) {
            const double x = (double)found[k], y = expected[k];
            if (!(fabs(x - y) <= error)) error = isnan(x) ? INFINITY : fabs(x - y);
            largest = fmax(largest, fabs(y));
        }
        worst = fmax(worst, error / largest);
        test_free(found);
    }
    return worst;
}

void compare_pair(network_pair *p, const char *what, double near, double median, double worst)
{
    set_input(p, 0);
    hr_reference_backward_forward(p->oracle, p->input);
    hr_backprop_forward(p->net, p->n);
    const double maps =
        tensor_error(p, hr_backprop_output(p->net, 0, 0), (int)padded(output_of(p)->c), p->graph->outputs[0].node);
    const double buffers = buffer_error(p);
    const int n_flipped = match_signs(p->net, p->oracle, p->graph, p->n, 10 * near);
    set_slopes(p, 0);
    hr_reference_backward_backward(p->oracle, (const double *const[]){p->slopes});
    hr_backprop_backward(p->net, p->n, 0);
    const errors e = gradient_errors(p);
    print_message("%s: output %.1e, buffers %.1e, %d signs, gradients %.1e (median), %.1e (worst)\n", what, maps,
                  buffers, n_flipped, e.median, e.worst);
    assert_true(maps <= near && buffers <= near);
    assert_true(e.median <= median && e.worst <= worst);
}

hr_graph strange_graph(void)
{
    hr_graph g = {0};
    int x = hr_graph_conv(&g, hr_graph_input(&g, 3, 24, 16), "a", 20, 3, 2, 1);
    x = hr_graph_norm(&g, hr_graph_norm(&g, x, "n1"), "n2");    /* a norm of a norm */
    const int relu = hr_graph_relu(&g, hr_graph_relu(&g, x));   /* read many times */
    const int twice = hr_graph_sum(&g, (int[]){relu, relu}, 2); /* a tensor with itself */
    const int shared = hr_graph_norm(&g, relu, "n3");           /* a norm of what others read */
    const int other = hr_graph_norm(&g, relu, "n4");
    int low = hr_graph_norm(&g, hr_graph_conv(&g, twice, "b", 20, 3, 2, 0), "n5");
    low = hr_graph_upsample(&g, low, 2);
    int lower = hr_graph_conv(&g, hr_graph_maxpool(&g, relu, 3, 2), "c", 20, 3, 2, 0);
    lower = hr_graph_upsample(&g, hr_graph_upsample(&g, hr_graph_norm(&g, lower, "n6"), 2), 2);
    int sum = hr_graph_sum(&g, (int[]){shared, other, relu, low, lower}, 5); /* three take the gradient as it is */
    sum = hr_graph_sum(&g, (int[]){sum, twice}, 2);                          /* a sum of a sum, no ReLU */
    int up = hr_graph_upsample(&g, hr_graph_relu(&g, hr_graph_conv(&g, sum, "d", 20, 1, 2, 1)), 2);
    sum = hr_graph_relu(&g, hr_graph_sum(&g, (int[]){up, sum}, 2)); /* upsampling of what no norm made */
    int alone =
        hr_graph_relu(&g, hr_graph_upsample(&g, hr_graph_norm(&g, hr_graph_conv(&g, sum, "e", 20, 1, 2, 0), "n7"), 2));
    hr_graph_conv(&g, sum, "dead", 8, 3, 1, 1); /* nobody reads it */
    const int folded = hr_graph_upsample(&g, up = hr_graph_maxpool(&g, alone, 3, 2), 2);
    sum = hr_graph_sum(&g, (int[]){folded, hr_graph_upsample(&g, up, 2), hr_graph_norm(&g, alone, "n8")}, 3);
    hr_graph_output(&g, hr_graph_conv(&g, sum, "f", 5, 3, 1, 1), "heatmaps");
    MUST(hr_graph_finish(&g));
    return g;
}
