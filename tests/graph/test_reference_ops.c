/*
 * test_reference_ops.c - the reference's backward of every operator against central differences of its forward: small
 * graphs number by number, a whole pose_resnet along random directions.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "graph/reference_backward.h"
#include "../support/train_files.h"
#include "networks/registry.h"

/* A network under test: its loss is the sum of its output times fixed numbers. */
typedef struct probe {
    hr_graph graph;
    hr_reference_backward *ref;
    double *input, *factors, *kept; /* kept: the parameters as they were; forward moves statistics */
    size_t n_input, n_output;
} probe;

static double number(uint64_t stream, size_t i)
{
    return 2 * (double)hr_random_uniform(stream, i) - 1;
}

static void open_probe(probe *p, int batch)
{
    const hr_node *in = &p->graph.nodes[0], *out = &p->graph.nodes[p->graph.outputs[0].node];
    const hr_weights weights = formula_weights();
    p->n_input = (size_t)(batch * in->c * in->h * in->w);
    p->n_output = (size_t)(batch * out->c * out->h * out->w);
    MUST(hr_reference_backward_create(&p->ref, &p->graph, &weights, batch));
    p->input = test_malloc(p->n_input * sizeof *p->input);
    p->factors = test_malloc(p->n_output * sizeof *p->factors);
    p->kept = test_malloc((p->graph.n_floats + 1) * sizeof *p->kept);
    for (size_t i = 0; i < p->n_input; i++) p->input[i] = number(1, i);
    for (size_t i = 0; i < p->n_output; i++) p->factors[i] = number(2, i);
    memcpy(p->kept, hr_reference_backward_params(p->ref), p->graph.n_floats * sizeof *p->kept);
}

static void close_probe(probe *p)
{
    hr_reference_backward_free(p->ref);
    hr_graph_free(&p->graph);
    test_free(p->input);
    test_free(p->factors);
    test_free(p->kept);
}

static double loss_of(probe *p)
{
    hr_reference_backward_forward(p->ref, p->input);
    const double *output = hr_reference_backward_output(p->ref, 0);
    double loss = 0;
    for (size_t i = 0; i < p->n_output; i++) loss += p->factors[i] * output[i];
    return loss;
}

/* The loss with *value moved by a little, up minus down, over twice the little. */
static double difference(probe *p, double *value)
{
    const double kept = *value, little = 1e-5;
    *value = kept + little;
    double found = loss_of(p);
    *value = kept - little;
    found -= loss_of(p);
    *value = kept;
    return found / (2 * little);
}

/* A quotient of differences of 1e-5 has an error of about 1e-10 (curvature) + 1e-16 / 1e-5 times the loss. */
static void check_all(probe *p, const char *what)
{
    loss_of(p);
    const double *slopes = hr_reference_backward_backward(p->ref, (const double *const[]){p->factors}),
                 *gradients = hr_reference_backward_gradients(p->ref);
    double *expected_input = test_malloc(p->n_input * sizeof *expected_input),
           *params = hr_reference_backward_params(p->ref);
    memcpy(expected_input, slopes, p->n_input * sizeof *slopes);
    double largest = 0, worst = 0;
    for (size_t i = 0; i < p->n_input; i++) {
        const double expected = difference(p, &p->input[i]);
        largest = fmax(largest, fabs(expected));
        worst = fmax(worst, fabs(expected_input[i] - expected));
        assert_false(isnan(expected_input[i]));
    }
    assert_true(largest > 0.01);
    for (int i = 0; i < p->graph.n_params; i++) {
        const hr_param *param = &p->graph.params[i];
        for (size_t k = param->offset; k < param->offset + param->n_elements; k++) {
            if (param->kind > HR_PARAM_NORM_BIAS) {
                assert_true(gradients[k] == 0);
                continue;
            }
            assert_false(isnan(gradients[k]));
            worst = fmax(worst, fabs(gradients[k] - difference(p, &params[k])));
        }
    }
    print_message("%-24s %.1e\n", what, worst);
    if (!(worst <= 1e-7)) fail_msg("%s: a gradient is off by %g", what, worst);
    test_free(expected_input);
}

static void convolutions(void **state)
{
    (void)state;
    static const struct {
        int kernel, stride, bias, transposed, h, w;
    } cases[] = {{1, 1, 1, 0, 3, 4}, {3, 1, 0, 0, 4, 3}, {3, 2, 1, 0, 5, 4}, {1, 2, 0, 0, 5, 6}, {7, 2, 0, 0, 6, 5},
                 {3, 1, 0, 0, 1, 2}, {4, 2, 0, 1, 3, 2}, {3, 2, 1, 1, 2, 3}, {2, 2, 1, 1, 3, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        probe p = {0};
        char what[64];
        const int x = hr_graph_input(&p.graph, 3, cases[i].h, cases[i].w);
        const int y = cases[i].transposed
                          ? hr_graph_deconv(&p.graph, x, "a", 2, cases[i].kernel, cases[i].bias)
                          : hr_graph_conv(&p.graph, x, "a", 2, cases[i].kernel, cases[i].stride, cases[i].bias);
        hr_graph_output(&p.graph, y, "heatmaps");
        MUST(hr_graph_finish(&p.graph));
        snprintf(what, sizeof what, "%s%dx%d stride %d", cases[i].transposed ? "transposed " : "", cases[i].kernel,
                 cases[i].kernel, cases[i].stride);
        open_probe(&p, 2);
        check_all(&p, what);
        close_probe(&p);
    }
}

static void windows(void **state)
{
    (void)state;
    static const struct {
        hr_window window;
        int oc, h, w;
    } cases[] = {{{.kh = 1, .kw = 3, .pad_w = 1}, 2, 4, 5},
                 {{.kh = 5, .kw = 3, .pad_h = 2, .pad_w = 1}, 2, 6, 4},
                 {{.kh = 3, .pad_h = 2, .pad_w = 2, .dilation = 2}, 2, 5, 6},
                 {{.kh = 3, .dilation = 2, .stride = 2, .pad_h = 1, .pad_w = 2}, 2, 7, 8},
                 {{.kh = 6, .stride = 2, .pad_h = 2, .pad_w = 2}, 2, 7, 6},
                 {{.kh = 3, .stride = 3}, 2, 7, 9},
                 {{.kh = 3, .pad_h = 1, .pad_w = 1, .groups = 3}, 3, 4, 5},
                 {{.kh = 5, .kw = 3, .stride = 2, .pad_h = 2, .pad_w = 1, .groups = 3}, 3, 5, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        probe p = {0};
        char what[64];
        const hr_window w = cases[i].window;
        const int x = hr_graph_input(&p.graph, 3, cases[i].h, cases[i].w);
        hr_graph_output(&p.graph, hr_graph_conv_window(&p.graph, x, "a", cases[i].oc, w, i % 2), "heatmaps");
        MUST(hr_graph_finish(&p.graph));
        snprintf(what, sizeof what, "%dx%d stride %d dilation %d groups %d", w.kh, w.kw, w.stride, w.dilation,
                 w.groups);
        open_probe(&p, 2);
        check_all(&p, what);
        close_probe(&p);
    }
}

typedef int build(hr_graph *graph);

static int norm(hr_graph *g)
{
    return hr_graph_norm(g, hr_graph_input(g, 3, 3, 4), "n");
}
static int relu(hr_graph *g)
{
    return hr_graph_relu(g, hr_graph_input(g, 3, 3, 4));
}
static int activations(hr_graph *g)
{
    int x = hr_graph_input(g, 3, 3, 4), terms[HR_N_ACTIVATIONS];
    for (int i = 1; i < HR_N_ACTIVATIONS; i++)
        terms[i - 1] = hr_graph_conv(g, hr_graph_activation(g, x, (hr_activation)i), &"abcdefgh"[i], 2, 1, 1, 1);
    return hr_graph_sum(g, terms, HR_N_ACTIVATIONS - 1);
}
static int bilinear(hr_graph *g)
{
    const int x = hr_graph_input(g, 2, 3, 2);
    return hr_graph_sum(
        g, (int[]){hr_graph_upsample_like(g, x, 4, HR_BILINEAR), hr_graph_upsample_like(g, x, 4, HR_BILINEAR_CORNERS)},
        2);
}
static int channels(hr_graph *g)
{
    const int x = hr_graph_input(g, 3, 4, 6), y = hr_graph_space_to_depth(g, x);
    return hr_graph_concat(g, (int[]){hr_graph_slice(g, y, 5, 4), y, hr_graph_conv(g, x, "a", 2, 3, 2, 0)}, 3);
}
/* Factors a channel that depend on the whole map, as channel attention has them. */
static int attention(hr_graph *g)
{
    const int x = hr_graph_conv(g, hr_graph_input(g, 3, 4, 5), "a", 4, 3, 1, 1);
    return hr_graph_scale(
        g, x,
        hr_graph_activation(g, hr_graph_conv(g, hr_graph_average(g, x), "fc", 4, 1, 1, 1), HR_ACTIVATION_HARD_SIGMOID));
}
static int maxpool_large(hr_graph *g)
{
    return hr_graph_maxpool(g, hr_graph_input(g, 2, 7, 6), 13, 1);
}
static int maxpool(hr_graph *g)
{
    return hr_graph_maxpool(g, hr_graph_input(g, 2, 6, 5), 3, 2);
}
static int upsample(hr_graph *g)
{
    return hr_graph_upsample(g, hr_graph_input(g, 2, 3, 2), 4);
}

/* One tensor read by three, twice by the same. */
static int sum(hr_graph *g)
{
    const int x = hr_graph_input(g, 2, 3, 2), y = hr_graph_conv(g, x, "a", 2, 3, 1, 0);
    return hr_graph_sum(g, (int[]){x, y, x}, 3);
}

/* All that pose_resnet has: the stem, a block that halves, transposed convolutions, the final layer. */
static int resnet(hr_graph *g)
{
    int x = hr_graph_conv(g, hr_graph_input(g, 3, 16, 16), "conv1", 4, 7, 2, 0);
    x = hr_graph_maxpool(g, hr_graph_relu(g, hr_graph_norm(g, x, "bn1")), 3, 2);
    const int aside = hr_graph_norm(g, hr_graph_conv(g, x, "downsample", 3, 1, 2, 0), "downsample.1");
    x = hr_graph_relu(g, hr_graph_norm(g, hr_graph_conv(g, x, "conv2", 3, 3, 2, 0), "bn2"));
    x = hr_graph_norm(g, hr_graph_conv(g, x, "conv3", 3, 3, 1, 0), "bn3");
    x = hr_graph_relu(g, hr_graph_sum(g, (int[]){x, aside}, 2));
    x = hr_graph_relu(g, hr_graph_norm(g, hr_graph_deconv(g, x, "deconv", 4, 4, 0), "bn4"));
    return hr_graph_conv(g, x, "final_layer", 2, 1, 1, 1);
}

static void operations(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        build *build;
    } cases[] = {{"norm", norm},
                 {"relu", relu},
                 {"activations", activations},
                 {"maxpool", maxpool},
                 {"maxpool 13x13", maxpool_large},
                 {"upsample", upsample},
                 {"bilinear", bilinear},
                 {"channels", channels},
                 {"attention", attention},
                 {"sum", sum},
                 {"resnet", resnet}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        probe p = {0};
        hr_graph_output(&p.graph, cases[i].build(&p.graph), "heatmaps");
        MUST(hr_graph_finish(&p.graph));
        open_probe(&p, 3);
        check_all(&p, cases[i].name);
        close_probe(&p);
    }
}

/* Statistics after one pass over x: means and unbiased variances worked out here. */
static void running_statistics(void **state)
{
    (void)state;
    probe p = {0};
    hr_graph_output(&p.graph, norm(&p.graph), "heatmaps");
    open_probe(&p, 3);
    loss_of(&p);
    const hr_param *params = p.graph.params;
    const double *found = hr_reference_backward_params(p.ref);
    for (size_t c = 0; c < 3; c++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < 36; i++) mean += p.input[i / 12 * 36 + c * 12 + i % 12] / 36;
        for (size_t i = 0; i < 36; i++) squares += pow(p.input[i / 12 * 36 + c * 12 + i % 12] - mean, 2);
        const size_t at_mean = params[2].offset + c, at_variance = params[3].offset + c;
        assert_true(fabs(found[at_mean] - (0.9 * p.kept[at_mean] + 0.1 * mean)) < 1e-12);
        assert_true(fabs(found[at_variance] - (0.9 * p.kept[at_variance] + 0.1 * squares / 35)) < 1e-12);
    }
    assert_true(found[params[4].offset] == p.kept[params[4].offset] + 1);
    close_probe(&p);
}

static void allocations_fail(void **state)
{
    (void)state;
    hr_graph graph = {0};
    const hr_weights weights = formula_weights();
    hrnet_status status = HRNET_ERR_MEMORY;
    hr_graph_output(&graph, resnet(&graph), "heatmaps");
    for (long n = 0; status != HRNET_OK; n++) {
        hr_reference_backward *ref = NULL;
        hr_mem_fail_after(n);
        status = hr_reference_backward_create(&ref, &graph, &weights, 1);
        hr_mem_fail_after(-1);
        assert_true(status == HRNET_OK ? ref != NULL : status == HRNET_ERR_MEMORY && ref == NULL);
        hr_reference_backward_free(ref);
    }
    hr_graph_free(&graph);
}

/* A whole pose_resnet with its three transposed convolutions: the slope along a direction of all parameters. Steps of
 * 1e-8 cross few kinks of ReLU and maxpool (found: 1e-7 of the slope); larger ones more than 1e-5 of it allows for. */
static void pose_resnet(void **state)
{
    (void)state;
#ifdef SLOW_BUILD
    print_message("skipped: a whole network takes too long without optimisation\n");
    return;
#endif
    probe p = {0};
    hr_config *config = test_malloc(sizeof *config);
    hr_config_defaults(config);
    strcpy(config->model.name, "pose_resnet");
    config->model.image_size[0] = config->model.image_size[1] = 64;
    config->model.heatmap_size[0] = config->model.heatmap_size[1] = 16;
    config->model.n_layers = 18;
    config->model.n_deconvs = 3;
    for (int i = 0; i < 3; i++) {
        config->model.deconv_filters[i] = 8;
        config->model.deconv_kernels[i] = 4 - i;
    }
    config->model.final_conv_kernel = 1;
    MUST(hr_config_check(config));
    MUST(hr_network_build(&p.graph, &config->model));
    open_probe(&p, 2);
    loss_of(&p);
    hr_reference_backward_backward(p.ref, (const double *const[]){p.factors});
    double *params = hr_reference_backward_params(p.ref), slope = 0, found = 0;
    const double *gradients = hr_reference_backward_gradients(p.ref);
    for (size_t i = 0; i < p.graph.n_floats; i++) slope += gradients[i] * number(3, i);
    for (int sign = 1; sign >= -1; sign -= 2) {
        for (size_t i = 0; i < p.graph.n_floats; i++) params[i] = p.kept[i] + sign * 1e-8 * number(3, i);
        found += sign * loss_of(&p) / 2e-8;
    }
    print_message("pose_resnet: slope %.9g, difference %.9g\n", slope, found);
    assert_true(fabs(found - slope) <= 1e-5 * fabs(slope));
    test_free(config);
    close_probe(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(convolutions),     cmocka_unit_test(windows),
                                       cmocka_unit_test(operations),       cmocka_unit_test(running_statistics),
                                       cmocka_unit_test(allocations_fail), cmocka_unit_test(pose_resnet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
