/*
 * test_published_detectors.c - detectors of full size against PyTorch, weights and input by the formula of net_files.h.
 * The values in golden/people/{yolox,rtmdet}_published_sizes.json were made with the published code: sum, largest
 * magnitude and about 40 samples of each output.
 */
#include "../support/net_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "cpu/engine/exec.h"
#include "io/json.h"
#include "networks/registry.h"
#include "state_dict.h"

/* The formula's weights; a convolution that repeats another has that one's numbers. */
static hrnet_status read_formula(void *context, int index, const hr_param *param, float *out)
{
    const hr_graph *const graph = context;
    const hr_weights formula = formula_weights();
    const hr_param *const from = param->like >= 0 ? &graph->params[param->like] : param;
    return formula.read(formula.context, index, from, out);
}

/* The network of a list of names and shapes, whose input is of this size. */
static void build(hr_config *config, hr_graph *graph, const char *list, int side)
{
    state_dict dict = {0};
    hr_layout layout = {0};
    hr_graph published = {0};
    state_dict_load(&dict, list, "", "", "");
    MUST(hr_layout_read(&layout, &dict.tensors, NULL));
    MUST(hr_infer_config(config, &layout, list, NULL, NULL, NULL));
    MUST(hr_network_build(&published, &config->model));
    MUST(hr_graph_reshape(graph, &published, side, side));
    hr_graph_free(&published);
    hr_layout_free(&layout);
    state_dict_free(&dict);
}

/* All outputs of the network on the formula's input, times scale, plus shift: [c][h][w] each, freed with test_free. */
static void run_formula(const hr_graph *graph, float scale, float shift, float *outputs[3])
{
    const hr_weights weights = {read_formula, (void *)(uintptr_t)graph};
    hr_engine *engine = NULL;
    hr_exec *exec = NULL;
    hrnet_pool *pool = NULL;
    MUST(hr_engine_create(&engine, graph, &weights, hr_cpu_features(), NULL));
    MUST(hrnet_pool_create(&pool, 0));
    MUST(hr_exec_create(&exec, engine, pool, graph->nodes[0].h, graph->nodes[0].w, 1, 0));
    const size_t pixels = (size_t)graph->nodes[0].h * (size_t)graph->nodes[0].w;
    const uint64_t stream = hr_hash_text("input");
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++)
            hr_exec_input(exec, 0)[4 * i + c] = scale * hr_random_uniform(stream, c * pixels + i) + shift;
    hr_exec_run(exec, 1);
    for (int k = 0; k < 3; k++) {
        const hr_node *const out = &graph->nodes[graph->outputs[k].node];
        const size_t cells = (size_t)out->h * (size_t)out->w, n = (size_t)out->c,
                     ld = (size_t)hr_exec_output_ld(exec, k);
        outputs[k] = test_malloc(n * cells * sizeof **outputs);
        for (size_t c = 0; c < n; c++)
            for (size_t i = 0; i < cells; i++) outputs[k][c * cells + i] = hr_exec_output(exec, k, 0)[i * ld + c];
    }
    hr_exec_free(exec);
    hrnet_pool_free(pool);
    hr_engine_free(engine);
}

static double number(const hr_json *object, const char *key)
{
    double value = NAN;
    assert_true(hr_json_number(hr_json_get(object, key), &value));
    return value;
}

/* Samples: what the project promises of any network, relative to the largest magnitude; the mean error is far smaller
 * (test_published.c). */
static const double sample_tolerance = 1e-5, mean_tolerance = 1e-6;

/* The tensor of n numbers has the expected sum, largest magnitude and samples. */
static void check_tensor(const char *name, const char *part, const hr_json *expected, const float *found, size_t n)
{
    const hr_json *const samples = hr_json_get(expected, "samples");
    const double largest = number(expected, "abs_max");
    double sum = 0, abs_max = 0, error = 0;
    int n_samples = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)found[i];
        abs_max = fmax(abs_max, fabs((double)found[i]));
    }
    for (const hr_json *key = hr_json_first(samples); key != NULL; key = hr_json_next(samples, key), n_samples++) {
        double value = 0;
        const size_t at = strtoul(hr_json_string(key), NULL, 10);
        assert_true(at < n && hr_json_number(hr_json_value(key), &value));
        error = fmax(error, fabs((double)found[at] - value));
    }
    const double mean = fabs(sum - number(expected, "sum")) / (double)n;
    print_message("%-20s %-10s samples %.1e, mean %.1e of the largest value\n", name, part, error / largest,
                  mean / largest);
    assert_true(n_samples >= 40);
    if (error > sample_tolerance * largest || fabs(abs_max - largest) > sample_tolerance * largest ||
        mean > mean_tolerance * largest)
        fail_msg("%s %s: samples %.2e, maximum %.2e, mean %.2e of %.3g", name, part, error, fabs(abs_max - largest),
                 mean, largest);
}

static float sigmoid(float x)
{
    return (float)(1 / (1 + exp(-(double)x)));
}

/* "undecoded": cells of all levels one after the other, each with its numbers, objects and classes after the sigmoid.
 */
static void check_yolox(const char *name, const hr_json *expected, const hr_graph *graph, float *const outputs[3])
{
    const size_t n = (size_t)graph->nodes[graph->outputs[0].node].c;
    size_t n_cells = 0, at = 0;
    for (int k = 0; k < 3; k++) {
        const hr_node *const out = &graph->nodes[graph->outputs[k].node];
        n_cells += (size_t)out->h * (size_t)out->w;
    }
    float *const rows = test_malloc(n_cells * n * sizeof *rows);
    for (int k = 0; k < 3; k++) {
        const hr_node *const out = &graph->nodes[graph->outputs[k].node];
        const size_t cells = (size_t)out->h * (size_t)out->w;
        for (size_t i = 0; i < cells; i++)
            for (size_t c = 0; c < n; c++)
                rows[at++] = c < 4 ? outputs[k][c * cells + i] : sigmoid(outputs[k][c * cells + i]);
    }
    check_tensor(name, "undecoded", hr_json_get(expected, "undecoded"), rows, n_cells * n);
    test_free(rows);
}

/* Distances are in pixels: times the stride, after exp where the network has that. */
static void check_rtmdet(const char *name, const hr_json *expected, const hr_graph *graph, float *const outputs[3])
{
    const hr_json *const exponent = hr_json_get(expected, "exp_on_reg");
    assert_true(hr_json_is(exponent, HR_JSON_BOOL));
    const int is_exponent = exponent->as.integer != 0;
    for (int k = 0; k < 3; k++) {
        const hr_node *const out = &graph->nodes[graph->outputs[k].node];
        const size_t cells = (size_t)out->h * (size_t)out->w;
        char classes[16], distances[16];
        snprintf(classes, sizeof classes, "cls_%d", 8 << k);
        snprintf(distances, sizeof distances, "reg_%d", 8 << k);
        for (size_t i = 0; i < 4 * cells; i++)
            outputs[k][i] = (float)(8 << k) * (is_exponent ? expf(outputs[k][i]) : outputs[k][i]);
        check_tensor(name, distances, hr_json_get(expected, distances), outputs[k], 4 * cells);
        check_tensor(name, classes, hr_json_get(expected, classes), outputs[k] + 4 * cells,
                     (size_t)(out->c - 4) * cells);
    }
}

static void check_network(const char *name, const hr_json *expected)
{
    hr_config *config = test_malloc(sizeof *config);
    hr_graph graph = {0};
    float *outputs[3];
    double side = 0;
    const hr_json *size = hr_json_first(hr_json_get(expected, "input"));
    for (; size != NULL; size = hr_json_next(hr_json_get(expected, "input"), size)) hr_json_number(size, &side);
    build(config, &graph, name, (int)side);
    assert_true((double)hr_graph_n_trainable(&graph) == number(expected, "num_parameters"));
    assert_true((double)graph.n_params == number(expected, "num_tensors"));
    const int is_yolox = strcmp(config->model.name, "yolox") == 0;
    run_formula(&graph, is_yolox ? 255 : 4, is_yolox ? 0 : -2, outputs);
    (is_yolox ? check_yolox : check_rtmdet)(name, expected, &graph, outputs);
    for (int k = 0; k < 3; k++) test_free(outputs[k]);
    hr_graph_free(&graph);
    test_free(config);
}

static void check_file(const char *path, int n_expected)
{
    hr_bytes text = {0};
    hr_json_document document;
    int n = 0;
    MUST(hr_file_read(&text, path, 1 << 20));
    MUST(hr_json_parse(&document, text.data, text.size));
    for (const hr_json *key = hr_json_first(document.root); key != NULL; key = hr_json_next(document.root, key), n++) {
#ifdef SLOW_BUILD
        if (strstr(hr_json_string(key), "nano") == NULL) {
            print_message("%-20s skipped: minutes in a sanitizer or unoptimised build\n", hr_json_string(key));
            continue;
        }
#endif
        check_network(hr_json_string(key), hr_json_value(key));
    }
    assert_int_equal(n, n_expected);
    hr_json_free(&document);
    hr_free(text.data);
}

static void yolox(void **state)
{
    (void)state;
    check_file(TEST_DATA "/golden/people/yolox_published_sizes.json", 6);
}

static void rtmdet(void **state)
{
    (void)state;
    check_file(TEST_DATA "/golden/people/rtmdet_published_sizes.json", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(yolox), cmocka_unit_test(rtmdet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
