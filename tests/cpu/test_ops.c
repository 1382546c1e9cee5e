/*
 * test_ops.c - every operator and building block of tests/golden/ops, as PyTorch computes it in double precision: the
 * double reference, learning and in evaluation, the engine on every set of kernels, and training on the CPU.
 *
 * Files hold float32, rounded by at most 6e-8 of each number; PyTorch's own float32 is 1.3e-6 from them, of each
 * tensor's largest number (tests/golden/ops/README.md). Measured here, scalar and AVX2: the reference 7e-8, the engine
 * 8.4e-7, training mostly 2e-6 and at worst 7.0e-6, where a gradient is a sum that cancels to a tenth of its terms.
 */
#include "../support/op_fixtures.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "cpu/backprop/backprop.h"
#include "cpu/engine/exec.h"
#include "graph/reference_backward.h"
#include "graph/reference_forward.h"

static const double double_tolerance = 1e-6, float_tolerance = 1e-5;

/* A parameter's gradient, or what a pass leaves of a running statistic. The stem is ours, so no file has it. */
static void check_param(const op_fixture *f, int index, const double *found, double tolerance)
{
    const hr_param *param = &f->graph.params[index];
    char name[128];
    if (strcmp(param->name, "stem.weight") == 0) return;
    snprintf(name, sizeof name, "%s/%s", param->kind <= HR_PARAM_NORM_BIAS ? "gradient" : "after", param->name);
    double *expected = op_tensor(f, name, NULL);
    op_compare(f, name, found, expected, param->n_elements, tolerance);
    test_free(expected);
}

static void check_output(const op_fixture *f, const char *kind, int k, const double *found, double tolerance)
{
    const char *name = op_output_name(f, kind, k);
    double *expected = op_tensor(f, name, NULL);
    op_compare(f, name, found, expected, op_output_count(f, k), tolerance);
    test_free(expected);
}

static void every_file_has_a_case(void **state)
{
    (void)state;
    DIR *folder = opendir(TEST_DATA "/golden/ops");
    int n_files = 0;
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *end = strstr(entry->d_name, ".safetensors");
        if (end == NULL) continue;
        const size_t length = (size_t)(end - entry->d_name);
        int i = 0;
        while (i < N_OP_CASES &&
               (strlen(op_cases[i].name) != length || strncmp(op_cases[i].name, entry->d_name, length) != 0))
            i++;
        if (i == N_OP_CASES) fail_msg("no case for %s", entry->d_name);
        n_files++;
    }
    closedir(folder);
    assert_int_equal(n_files, N_OP_CASES);
}

/* ---------------------------------------------------------------------------------------------- double */

static void learn_in_double(const op_fixture *f)
{
    hr_reference_backward *ref = NULL;
    double *input = op_tensor(f, "input", NULL), *slopes[HR_MAX_OUTPUTS];
    size_t n_input;
    double *input_gradient = op_tensor(f, "input_gradient", &n_input);
    MUST(hr_reference_backward_create(&ref, &f->graph, &f->weights, f->n));
    hr_reference_backward_forward(ref, input);
    for (int k = 0; k < f->graph.n_outputs; k++) {
        check_output(f, "output", k, hr_reference_backward_output(ref, k), double_tolerance);
        slopes[k] = op_tensor(f, op_output_name(f, "output_gradient", k), NULL);
    }
    const double *dx = hr_reference_backward_backward(ref, (const double *const *)slopes);
    op_compare(f, "input_gradient", dx, input_gradient, n_input, double_tolerance);
    for (int i = 0; i < f->graph.n_params; i++) {
        const hr_param *param = &f->graph.params[i];
        const double *block = param->kind <= HR_PARAM_NORM_BIAS ? hr_reference_backward_gradients(ref)
                                                                : hr_reference_backward_params(ref);
        check_param(f, i, block + param->offset, double_tolerance);
    }
    for (int k = 0; k < f->graph.n_outputs; k++) test_free(slopes[k]);
    hr_reference_backward_free(ref);
    test_free(input);
    test_free(input_gradient);
}

static void evaluate_in_double(const op_fixture *f)
{
    const char *kind = op_has_norm(f) ? "output_eval" : "output";
    double *found[HR_MAX_OUTPUTS];
    size_t n_input;
    double *input = op_tensor(f, "input", &n_input);
    float *floats = test_malloc(n_input * sizeof *floats);
    for (size_t i = 0; i < n_input; i++) floats[i] = (float)input[i];
    for (int k = 0; k < f->graph.n_outputs; k++) found[k] = test_malloc(op_output_count(f, k) * sizeof **found);
    MUST(hr_reference_forward(&f->graph, &f->weights, floats, f->n, found, NULL, NULL));
    for (int k = 0; k < f->graph.n_outputs; k++) {
        check_output(f, kind, k, found[k], double_tolerance);
        test_free(found[k]);
    }
    test_free(floats);
    test_free(input);
}

static void references(void **state)
{
    (void)state;
    for (int i = 0; i < N_OP_CASES; i++) {
        op_fixture f;
        op_fixture_open(&f, &op_cases[i], 0);
        if (op_cases[i].graph_refuses != NULL) {
            REFUSED(f.status, HRNET_ERR_UNSUPPORTED, op_cases[i].graph_refuses);
        } else {
            MUST(f.status);
            learn_in_double(&f);
            evaluate_in_double(&f);
        }
        op_fixture_close(&f);
    }
}

/* ---------------------------------------------------------------------------------------------- engine */

enum { N_PICTURES = 5 }; /* those of the file, again and again */

/* Numbers of all outputs of a picture. */
static size_t picture_floats(const op_fixture *f)
{
    size_t n = 0;
    for (int k = 0; k < f->graph.n_outputs; k++) n += op_output_count(f, k) / (size_t)f->n;
    return n;
}

/* What lies behind a picture's channels is not read: it is a number here. */
static void set_picture(const op_fixture *f, const double *input, int picture, float *pixels)
{
    const int n_cells = f->h * f->w, ld = hr_input_ld(f->c);
    for (int i = 0; i < n_cells * ld; i++) pixels[i] = 77;
    op_to_pixels(pixels, ld, input + picture % f->n * f->c * n_cells, f->c, n_cells);
}

static void read_picture(const op_fixture *f, const hr_exec *exec, int i, double *out)
{
    for (int k = 0; k < f->graph.n_outputs; k++) {
        const hr_node *node = op_output_node(f, k);
        op_from_pixels(out, hr_exec_output(exec, k, i), hr_exec_output_ld(exec, k), node->c, node->h * node->w);
        out += op_output_count(f, k) / (size_t)f->n;
    }
}

/* All outputs of picture 0, then of picture 1 ..., in passes of at most max_batch; freed with test_free. */
static double *run_engine(const op_fixture *f, const hr_engine *engine, int threads, int max_batch)
{
    hrnet_pool *pool = NULL;
    hr_exec *exec = NULL;
    double *input = op_tensor(f, "input", NULL), *out = test_malloc(N_PICTURES * picture_floats(f) * sizeof *out);
    MUST(hrnet_pool_create(&pool, threads));
    MUST(hr_exec_create(&exec, engine, pool, f->h, f->w, max_batch, 0));
    assert_int_equal(hr_exec_max_batch(exec), max_batch);
    for (int first = 0, n; first < N_PICTURES; first += n) {
        n = N_PICTURES - first < max_batch ? N_PICTURES - first : max_batch;
        for (int i = 0; i < n; i++) set_picture(f, input, first + i, hr_exec_input(exec, i));
        hr_exec_run(exec, n);
        for (int i = 0; i < n; i++) read_picture(f, exec, i, out + (size_t)(first + i) * picture_floats(f));
    }
    hr_exec_free(exec);
    hrnet_pool_free(pool);
    test_free(input);
    return out;
}

/* The pictures of the file, out of all. */
static void check_outputs(const op_fixture *f, const double *all)
{
    const char *kind = op_has_norm(f) ? "output_eval" : "output";
    size_t first = 0;
    for (int k = 0; k < f->graph.n_outputs; k++) {
        const size_t n = op_output_count(f, k) / (size_t)f->n;
        double *found = test_malloc(op_output_count(f, k) * sizeof *found);
        for (int i = 0; i < f->n; i++)
            memcpy(found + (size_t)i * n, all + (size_t)i * picture_floats(f) + first, n * sizeof *found);
        check_output(f, kind, k, found, float_tolerance);
        test_free(found);
        first += n;
    }
}

static void check_engine(const op_fixture *f, const hr_engine *engine, const char *kernels)
{
    static const struct {
        int threads, max_batch;
    } ways[] = {{3, 1}, {1, 2}, {1, 5}, {3, 3}, {3, 5}};
    double *plain = run_engine(f, engine, 1, 1);
    check_outputs(f, plain);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        double *other = run_engine(f, engine, ways[i].threads, ways[i].max_batch);
        if (memcmp(plain, other, N_PICTURES * picture_floats(f) * sizeof *plain) != 0)
            fail_msg("%s, %s: %d threads, batch %d: other bits", f->of->name, kernels, ways[i].threads,
                     ways[i].max_batch);
        test_free(other);
    }
    test_free(plain);
}

static void try_engine(const op_case *c, int with_stem, const char *kernels)
{
    const char *refuses = with_stem ? NULL : c->fuse_refuses != NULL ? c->fuse_refuses : c->input_refuses;
    op_fixture f;
    hr_engine *engine = NULL;
    op_fixture_open(&f, c, with_stem);
    MUST(f.status);
    if (refuses != NULL) {
        REFUSED(hr_engine_create(&engine, &f.graph, &f.weights, hr_cpu_features(), NULL), HRNET_ERR_UNSUPPORTED,
                refuses);
    } else {
        MUST(hr_engine_create(&engine, &f.graph, &f.weights, hr_cpu_features(), NULL));
        check_engine(&f, engine, kernels);
        hr_engine_free(engine);
    }
    op_fixture_close(&f);
}

static void engines(void **state)
{
    (void)state;
    for (const char *const *name = cpu_names(); *name != NULL; name++) {
        setenv("HRNET_CPU", *name, 1);
        for (int i = 0; i < 2 * N_OP_CASES; i++)
            if (op_cases[i / 2].graph_refuses == NULL) try_engine(&op_cases[i / 2], i % 2, *name);
    }
    unsetenv("HRNET_CPU");
}

/* A window of 13x13 is too large for a convolution, not for a pool. */
static void refusals(void **state)
{
    (void)state;
    const hr_weights weights = formula_weights();
    hr_engine *engine = NULL;
    hr_backprop *net = NULL;
    hr_graph g = {0};
    hr_graph_output(&g, hr_graph_conv(&g, hr_graph_input(&g, 3, 16, 16), "wide", 4, 13, 1, 1), "heatmaps");
    MUST(hr_graph_finish(&g));
    const hr_backprop_options options = {.threads = 1, .max_batch = 1, .features = hr_cpu_features(), .share = 1};
    REFUSED(hr_engine_create(&engine, &g, &weights, hr_cpu_features(), NULL), HRNET_ERR_UNSUPPORTED,
            "wide: no algorithm for a convolution of 13x13");
    REFUSED(hr_backprop_create(&net, &g, &options), HRNET_ERR_UNSUPPORTED,
            "wide: no algorithm for a convolution of 13x13");
    hr_graph_free(&g);
}

/* ---------------------------------------------------------------------------------------------- training */

static void feed(const op_fixture *f, hr_backprop *net, const char *name, int k)
{
    const hr_node *node = k < 0 ? &f->graph.nodes[0] : op_output_node(f, k);
    const int n_cells = node->h * node->w, ld = k < 0 ? hr_input_ld(node->c) : hr_padded(node->c);
    double *from = op_tensor(f, name, NULL);
    for (int i = 0; i < f->n; i++) {
        float *pixels = k < 0 ? hr_backprop_input(net, i) : hr_backprop_output_gradient(net, k, i);
        memset(pixels, 0, (size_t)(n_cells * ld) * sizeof *pixels);
        op_to_pixels(pixels, ld, from + i * node->c * n_cells, node->c, n_cells);
    }
    test_free(from);
}

static void check_training_outputs(const op_fixture *f, hr_backprop *net)
{
    for (int k = 0; k < f->graph.n_outputs; k++) {
        const hr_node *node = op_output_node(f, k);
        const int n_cells = node->h * node->w;
        double *found = test_malloc(op_output_count(f, k) * sizeof *found);
        for (int i = 0; i < f->n; i++)
            op_from_pixels(found + i * node->c * n_cells, hr_backprop_output(net, k, i), hr_padded(node->c), node->c,
                           n_cells);
        check_output(f, "output", k, found, float_tolerance);
        test_free(found);
    }
}

/* [oc][ic]: the sum over pixels of x[ic] times the gradient of the stem's output oc. */
static void check_stem(const op_fixture *f, const double *found)
{
    const int c = f->c, n_cells = f->h * f->w;
    double *x = op_tensor(f, "input", NULL), *dx = op_tensor(f, "input_gradient", NULL);
    double *expected = test_calloc((size_t)(c * c), sizeof *expected);
    for (int i = 0; i < f->n * c * c; i++) {
        const int picture = i / (c * c), oc = i / c % c, ic = i % c;
        for (int k = 0; k < n_cells; k++)
            expected[oc * c + ic] += dx[(picture * c + oc) * n_cells + k] * x[(picture * c + ic) * n_cells + k];
    }
    op_compare(f, "the stem's gradient", found, expected, (size_t)(c * c), float_tolerance);
    test_free(expected);
    test_free(dx);
    test_free(x);
}

static void check_training_params(const op_fixture *f, hr_backprop *net)
{
    for (int i = 0; i < f->graph.n_params; i++) {
        const hr_param *param = &f->graph.params[i];
        float *floats = test_malloc(param->n_elements * sizeof *floats);
        double *found = test_malloc(param->n_elements * sizeof *found);
        hr_params_get(hr_backprop_layout(net),
                      param->kind <= HR_PARAM_NORM_BIAS ? hr_backprop_gradients(net) : hr_backprop_params(net), i,
                      floats);
        for (size_t k = 0; k < param->n_elements; k++) found[k] = (double)floats[k];
        if (strcmp(param->name, "stem.weight") == 0)
            check_stem(f, found);
        else
            check_param(f, i, found, float_tolerance);
        test_free(found);
        test_free(floats);
    }
}

/* One step, checked. Returns the gradients, freed with test_free. */
static float *train(const op_fixture *f, const hr_backprop_options *options, size_t *n)
{
    hr_backprop *net = NULL;
    MUST(hr_backprop_create(&net, &f->graph, options));
    MUST(hr_params_read(hr_backprop_layout(net), hr_backprop_params(net), &f->weights));
    feed(f, net, "input", -1);
    hr_backprop_forward(net, f->n);
    check_training_outputs(f, net);
    for (int k = 0; k < f->graph.n_outputs; k++) feed(f, net, op_output_name(f, "output_gradient", k), k);
    hr_backprop_backward(net, f->n, 0);
    check_training_params(f, net);
    *n = hr_backprop_layout(net)->n_floats;
    float *gradients = test_malloc((*n + 1) * sizeof *gradients);
    memcpy(gradients, hr_backprop_gradients(net), *n * sizeof *gradients);
    hr_backprop_free(net);
    return gradients;
}

static void try_training(const op_case *c, int with_stem, const char *kernels)
{
    op_fixture f;
    hr_backprop *net = NULL;
    size_t n = 0;
    op_fixture_open(&f, c, with_stem);
    MUST(f.status);
    hr_backprop_options options = {.threads = 1, .max_batch = f.n, .features = hr_cpu_features(), .share = 1};
    if (!with_stem && c->input_refuses != NULL) {
        REFUSED(hr_backprop_create(&net, &f.graph, &options), HRNET_ERR_UNSUPPORTED, "cannot read the network's input");
    } else {
        float *plain = train(&f, &options, &n);
        for (int recompute = 0; recompute < 2; recompute++) {
            options.threads = 3;
            options.recompute = recompute;
            float *other = train(&f, &options, &n);
            if (memcmp(plain, other, n * sizeof *plain) != 0)
                fail_msg("%s, %s: 3 threads, recompute %d: other bits", c->name, kernels, recompute);
            test_free(other);
        }
        test_free(plain);
    }
    op_fixture_close(&f);
}

static void training(void **state)
{
    (void)state;
    for (const char *const *name = cpu_names(); *name != NULL; name++) {
        setenv("HRNET_CPU", *name, 1);
        for (int i = 0; i < 2 * N_OP_CASES; i++)
            if (op_cases[i / 2].graph_refuses == NULL) try_training(&op_cases[i / 2], i % 2, *name);
    }
    unsetenv("HRNET_CPU");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_file_has_a_case), cmocka_unit_test(references),
                                       cmocka_unit_test(engines), cmocka_unit_test(refusals),
                                       cmocka_unit_test(training)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
