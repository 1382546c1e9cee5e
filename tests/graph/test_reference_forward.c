/*
 * test_reference_forward.c - the double reference against the values of the published PyTorch code, part by part; and
 * the engine's parts against the same values.
 */
#include "../support/net_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "cpu/engine/exec.h"
#include "graph/reference_forward.h"
#include "networks/registry.h"

/*
 * Golden values are float32, so what is measured here is PyTorch's own rounding: at most 2.2e-6 of the largest value in
 * any part (conv1 to the heatmaps). The bound is what the project promises for the engine, measured at 4.2e-6 or less.
 */
static const double tolerance = 1e-5;

static const struct {
    const char *node, *file;
} parts[] = {{"conv1", "conv1_0"},     {"layer1", "layer1_0"},   {"stage2_0", "stage2_0"},
             {"stage2_1", "stage2_1"}, {"stage3_0", "stage3_0"}, {"stage3_1", "stage3_1"},
             {"stage3_2", "stage3_2"}, {"stage4_0", "stage4_0"}, {"final_layer", "heatmaps"}};
enum { N_PARTS = sizeof parts / sizeof *parts };

static void check(const char *way, const char *net, const char *part, const float *found, const hrnet_array *expected,
                  size_t n)
{
    const double error = relative_error(found, expected->data, n);
    print_message("%-9s %-28s %-8s %.1e\n", way, net, part, error);
    if (!(error <= tolerance)) fail_msg("%s: %s: %s: relative error %g", way, net, part, error);
}

typedef struct taps {
    const char *net;
    const hr_graph *graph;
    int n_seen;
} taps;

static void compare_part(void *context, int node, const double *tensor)
{
    taps *t = context;
    const hr_node *made = &t->graph->nodes[node];
    for (int i = 0; i < N_PARTS; i++) {
        if (strcmp(made->name, parts[i].node) != 0 || !golden_exists(t->net, parts[i].file)) continue;
        hrnet_array expected = golden_array(t->net, parts[i].file);
        assert_int_equal(expected.shape[1], made->c);
        assert_int_equal(expected.shape[2], made->h);
        assert_int_equal(expected.shape[3], made->w);
        const size_t n = (size_t)made->c * (size_t)made->h * (size_t)made->w; /* of the first picture */
        float *found = test_malloc(n * sizeof *found);
        for (size_t k = 0; k < n; k++) found[k] = (float)tensor[k];
        check("reference", t->net, parts[i].file, found, &expected, n);
        t->n_seen++;
        test_free(found);
        hrnet_array_free(&expected);
    }
}

static int n_parts_of(const char *net)
{
    int n = 0;
    for (int i = 0; i < N_PARTS; i++) n += golden_exists(net, parts[i].file);
    return n;
}

static void reference_parts(void **state)
{
    (void)state;
    for (int i = 0; i < N_NETS; i++) {
        golden_graph net;
        golden_graph_open(&net, net_names[i]);
        hrnet_array input = golden_array(net_names[i], "input"), heatmaps = golden_array(net_names[i], "heatmaps");
        const size_t n = 2 * heatmaps.shape[1] * heatmaps.shape[2] * heatmaps.shape[3];
        double *output = test_malloc(n * sizeof *output);
        float *found = test_malloc(n * sizeof *found);
        taps t = {net_names[i], &net.graph, 0};
        MUST(hr_reference_forward(&net.graph, &net.weights, input.data, 2, &output, compare_part, &t));
        assert_int_equal(t.n_seen, n_parts_of(net_names[i]));
        for (size_t k = 0; k < n; k++) found[k] = (float)output[k];
        check("reference", net_names[i], "output", found, &heatmaps, n);
        test_free(output);
        test_free(found);
        hrnet_array_free(&input);
        hrnet_array_free(&heatmaps);
        golden_graph_close(&net);
    }
}

/* The first picture through the engine of a graph that ends at `node`. */
static void run_prefix(const golden_graph *net, int node, const float *input, float *found)
{
    hr_graph prefix = net->graph;
    prefix.n_nodes = node + 1;
    prefix.n_outputs = 1;
    prefix.outputs[0].node = node;
    hr_engine *engine = NULL;
    hrnet_pool *pool = NULL;
    hr_exec *exec = NULL;
    MUST(hr_engine_create(&engine, &prefix, &net->weights, hr_cpu_features(), NULL));
    MUST(hrnet_pool_create(&pool, 1));
    MUST(hr_exec_create(&exec, engine, pool, prefix.nodes[0].h, prefix.nodes[0].w, 1, 0));
    const hr_node *in = &prefix.nodes[0], *out = &prefix.nodes[node];
    const size_t pixels = (size_t)in->h * (size_t)in->w, cells = (size_t)out->h * (size_t)out->w;
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++) hr_exec_input(exec, 0)[4 * i + c] = input[c * pixels + i];
    hr_exec_run(exec, 1);
    const size_t ld = (size_t)hr_exec_output_ld(exec, 0);
    for (size_t c = 0; c < (size_t)out->c; c++)
        for (size_t i = 0; i < cells; i++) found[c * cells + i] = hr_exec_output(exec, 0, 0)[i * ld + c];
    hr_exec_free(exec);
    hrnet_pool_free(pool);
    hr_engine_free(engine);
}

/* A network cut off after each part has that part as its output, whatever is fused before. */
static void engine_parts(void **state)
{
    (void)state;
    for (int i = 0; i < N_NETS; i++) {
        golden_graph net;
        golden_graph_open(&net, net_names[i]);
        hrnet_array input = golden_array(net_names[i], "input");
        for (int k = 0; k < N_PARTS; k++) {
            if (!golden_exists(net_names[i], parts[k].file)) continue;
            hrnet_array expected = golden_array(net_names[i], parts[k].file);
            const size_t n = expected.shape[1] * expected.shape[2] * expected.shape[3];
            float *found = test_malloc(n * sizeof *found);
            const int node = hr_graph_find_node(&net.graph, parts[k].node);
            assert_int_not_equal(node, -1);
            run_prefix(&net, node, input.data, found);
            check("engine", net_names[i], parts[k].file, found, &expected, n);
            test_free(found);
            hrnet_array_free(&expected);
        }
        hrnet_array_free(&input);
        golden_graph_close(&net);
    }
}

/* Networks that no golden file has: maximum pooling and every transposed convolution; maps of a single cell; channels
 * of no round number; every branch of another depth; many channels on few cells. */
static const struct {
    const char *what, *base, *overrides[13];
} others[] = {
    {"resnet18, deconvolutions 2, 3, 4",
     "coco/resnet/res50_256x192",
     {"MODEL.EXTRA.NUM_LAYERS", "18", "MODEL.EXTRA.NUM_DECONV_KERNELS", "[2, 3, 4]", "MODEL.EXTRA.NUM_DECONV_FILTERS",
      "[24, 16, 40]", "MODEL.EXTRA.DECONV_WITH_BIAS", "true", "MODEL.IMAGE_SIZE", "[32, 64]", "MODEL.HEATMAP_SIZE",
      "[8, 16]"}},
    {"resnet50, 3x3 final layer",
     "mpii/resnet/res50_256x256",
     {"MODEL.EXTRA.FINAL_CONV_KERNEL", "3", "MODEL.IMAGE_SIZE", "[32, 32]", "MODEL.HEATMAP_SIZE", "[8, 8]"}},
    {"w8, 32x32", NULL, {"MODEL.IMAGE_SIZE", "[32, 32]", "MODEL.HEATMAP_SIZE", "[8, 8]"}},
    {"w7, 160x32, odd channels",
     NULL,
     {"MODEL.IMAGE_SIZE", "[160, 32]", "MODEL.HEATMAP_SIZE", "[40, 8]", "MODEL.EXTRA.STAGE2.NUM_CHANNELS", "[7, 13]",
      "MODEL.EXTRA.STAGE3.NUM_CHANNELS", "[7, 13, 33]", "MODEL.EXTRA.STAGE4.NUM_CHANNELS", "[5, 17, 31, 65]"}},
    {"w32, 32x96",
     NULL,
     {"MODEL.IMAGE_SIZE", "[32, 96]", "MODEL.HEATMAP_SIZE", "[8, 24]", "MODEL.EXTRA.STAGE2.NUM_CHANNELS", "[32, 64]",
      "MODEL.EXTRA.STAGE3.NUM_CHANNELS", "[32, 64, 128]", "MODEL.EXTRA.STAGE4.NUM_CHANNELS", "[48, 96, 192, 384]"}},
    {"depths 3, 1, 2, 1 and one joint",
     NULL,
     {"MODEL.NUM_JOINTS", "1", "MODEL.EXTRA.STAGE4.NUM_BLOCKS", "[3, 1, 2, 1]"}},
    {"49 joints, BOTTLENECK last", NULL, {"MODEL.NUM_JOINTS", "49", "MODEL.EXTRA.STAGE4.BLOCK", "BOTTLENECK"}},
};

/* Engine and reference share nothing but the graph; test_published holds the engine to PyTorch on ResNets too. */
static void other_networks(void **state)
{
    (void)state;
    const char *const *cpus = cpu_names();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        golden_graph net = {.weights = formula_weights()};
        const char *base = others[i].base != NULL ? others[i].base : golden_path(net_names[0], "config.yaml");
        MUST(hrnet_config_load(&net.config, base, others[i].overrides, NULL, NULL));
        MUST(hr_config_check(net.config));
        MUST(hr_network_build(&net.graph, &net.config->model));
        const hr_node *in = &net.graph.nodes[0], *out = &net.graph.nodes[net.graph.outputs[0].node];
        const size_t n_in = (size_t)(3 * in->h * in->w), n_out = (size_t)(out->c * out->h * out->w);
        float *input = test_malloc(n_in * sizeof *input), *found = test_malloc(n_out * sizeof *found);
        float *expected = test_malloc(n_out * sizeof *expected);
        double *output = test_malloc(n_out * sizeof *output);
        formula_input(input, n_in);
        MUST(hr_reference_forward(&net.graph, &net.weights, input, 1, &output, NULL, NULL));
        for (size_t k = 0; k < n_out; k++) expected[k] = (float)output[k];
        for (const char *const *cpu = cpus; *cpu != NULL; cpu++) {
            setenv("HRNET_CPU", *cpu, 1);
            run_prefix(&net, net.graph.outputs[0].node, input, found);
            const double error = relative_error(found, expected, n_out);
            print_message("%-34s %-7s %.1e\n", others[i].what, *cpu, error);
            if (!(error <= tolerance)) fail_msg("%s: %s: relative error %g", others[i].what, *cpu, error);
        }
        unsetenv("HRNET_CPU");
        test_free(input);
        test_free(found);
        test_free(expected);
        test_free(output);
        hr_graph_free(&net.graph);
        hrnet_config_free(net.config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_parts),
        cmocka_unit_test(engine_parts),
        cmocka_unit_test(other_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
