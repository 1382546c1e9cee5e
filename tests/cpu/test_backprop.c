/*
 * test_backprop.c - the float network against the double oracle, on the golden networks and on graphs that hold every
 * combination of nodes; what it refuses, and the memory it takes.
 */
#include <malloc.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "backprop_pair.h"
#include "cpu/backprop/tape.h"
#include "../support/channel_graph.h"
#include "../support/train_files.h"
#include "networks/registry.h"

/* PyTorch's float32 is off by 1.1e-5 (heatmaps), 1.3e-5 and 3e-5 (gradients of the network where no sign flips: median,
 * worst); allowed is three times as much. */
static void golden_networks(void **state)
{
    (void)state;
    for (int i = 0; i < N_TRAIN_NETS; i++) {
        golden_graph opened;
        network_pair p;
        golden_graph_open(&opened, train_nets[i]);
        hr_backprop_options options = plain_options(4);
        options.threads = 2;
        open_pair(&p, &opened.graph, &opened.weights, 3, &options, 1); /* fewer than it is made for */
        compare_pair(&p, train_nets[i], 3.3e-5, 3.9e-5, 9e-5);
        close_pair(&p);
        golden_graph_close(&opened);
    }
}

/* Bounds: some ten layers of rounding, 1e-6 each; measured 9e-6 (output), 7e-6 and 2e-5 (gradients). */
static void compare_graph(const hr_graph *graph, const char *what, int n, unsigned features)
{
    hr_backprop_options options = plain_options(n);
    options.features = features;
    network_pair p;
    open_pair(&p, graph, &random_weights, n, &options, 1);
    compare_pair(&p, what, 2e-5, 5e-5, 1e-4);
    close_pair(&p);
}

static void resnets(void **state)
{
    (void)state;
    static const char *const ways[][2] = {{"[4, 4, 4]", "False"}, {"[2, 3, 4]", "True"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char *const overrides[] = {"MODEL.NAME",
                                         "pose_resnet",
                                         "MODEL.IMAGE_SIZE",
                                         "[64, 96]",
                                         "MODEL.HEATMAP_SIZE",
                                         "[16, 24]",
                                         "MODEL.EXTRA.NUM_LAYERS",
                                         "18",
                                         "MODEL.EXTRA.NUM_DECONV_LAYERS",
                                         "3",
                                         "MODEL.EXTRA.NUM_DECONV_FILTERS",
                                         "[24, 16, 40]",
                                         "MODEL.EXTRA.NUM_DECONV_KERNELS",
                                         ways[i][0],
                                         "MODEL.EXTRA.DECONV_WITH_BIAS",
                                         ways[i][1],
                                         "MODEL.EXTRA.FINAL_CONV_KERNEL",
                                         "1",
                                         NULL};
        hrnet_config *config;
        hr_graph graph;
        MUST(hrnet_config_load(&config, NULL, overrides, NULL, NULL));
        MUST(hr_network_build(&graph, &config->model));
        compare_graph(&graph, "pose_resnet", 3, hr_cpu_features());
        hr_graph_free(&graph);
        hrnet_config_free(config);
    }
}

/* With every instruction set. */
static void strange_nodes(void **state)
{
    (void)state;
    static const unsigned masks[] = {~0U, ~(unsigned)HR_CPU_AVX512, 0};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        hr_graph g = strange_graph();
        compare_graph(&g, "strange", 3, hr_cpu_features() & masks[i]);
        /* a sum makes the output */
        g.outputs[0].node = hr_graph_relu(&g, hr_graph_norm(&g, g.outputs[0].node, "n9"));
        compare_graph(&g, "strange, no head", 2, hr_cpu_features() & masks[i]);
        hr_graph_free(&g);
    }
}

/* Concatenations and slices that share parts, are nested, and are read by several; nothing reads its other outputs. */
static void channels(void **state)
{
    (void)state;
    static const unsigned masks[] = {~0U, ~(unsigned)HR_CPU_AVX512, 0};
    hr_graph g = channel_graph();
    g.n_outputs = 1;
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
        compare_graph(&g, "channels", 2, hr_cpu_features() & masks[i]);
    hr_graph_free(&g);
}

/* W32 has 293 convolutions and 261 ReLUs (upstream's summary), and every norm, sum and upsampling ends in a ReLU. */
static void steps_of_w32(void **state)
{
    (void)state;
    hrnet_config *config;
    hr_graph graph;
    hr_tape tape;
    int n[3] = {0};
    MUST(hrnet_config_load(&config, "coco/hrnet/w32_256x192", NULL, NULL, NULL));
    MUST(hr_network_build(&graph, &config->model));
    MUST(hr_tape_build(&tape, &graph));
    for (int i = 0; i < tape.n_steps; i++) n[tape.steps[i].kind]++;
    assert_int_equal(n[HR_TAPE_CONV], 293);
    assert_int_equal(n[HR_TAPE_SUM], 261);
    assert_int_equal(n[HR_TAPE_OP], 0);
    assert_int_equal(tape.n_norms, 292);
    assert_int_equal(tape.n_tensors, 1 + tape.n_steps);
    hr_tape_free(&tape);
    hr_graph_free(&graph);
    hrnet_config_free(config);
}

static void refusals(void **state)
{
    (void)state;
    hr_graph g = strange_graph();
    hr_backprop *net;
    hr_backprop_bytes bytes;
    hr_backprop_options options = plain_options(1);
    options.threads = 0;
    REFUSED(hr_backprop_create(&net, &g, &options), HRNET_ERR_ARGUMENT, "threads: expected 1..");
    options = plain_options(1025);
    REFUSED(hr_backprop_estimate(&bytes, &g, &options), HRNET_ERR_ARGUMENT, "max_batch: expected 1..1024, found 1025");
    options = plain_options(1);
    hr_graph_free(&g);
    hr_graph_output(&g, hr_graph_norm(&g, hr_graph_input(&g, 3, 8, 8), "n"), "heatmaps");
    REFUSED(hr_backprop_create(&net, &g, &options), HRNET_ERR_UNSUPPORTED, "a norm cannot read the network's input");
    hr_graph_free(&g);
    const hr_window window = {.kh = 3, .stride = 3, .pad_h = 1, .pad_w = 1};
    int x = hr_graph_conv(&g, hr_graph_input(&g, 3, 9, 9), "a", 4, 3, 1, 0);
    hr_graph_output(&g, hr_graph_conv_window(&g, x, "b", 4, window, 0), "heatmaps");
    REFUSED(hr_backprop_create(&net, &g, &options), HRNET_ERR_UNSUPPORTED,
            "b: training: expected a convolution of stride 1");
    hr_graph_free(&g);
}

/* The estimate against what malloc says it has given out. The rest: lists of jobs and rooms, and up to a huge page
 * before each of the three large blocks. */
static void estimate(void **state)
{
    (void)state;
#ifdef SLOW_BUILD
    print_message("skipped: a sanitizer's malloc does not count\n");
#else
    golden_graph opened;
    golden_graph_open(&opened, train_nets[0]);
    for (int recompute = 0; recompute < 2; recompute++) {
        hr_backprop_options options = plain_options(32);
        hr_backprop_bytes bytes;
        hr_backprop *net;
        options.recompute = recompute;
        MUST(hr_backprop_estimate(&bytes, &opened.graph, &options));
        const struct mallinfo2 before = mallinfo2();
        MUST(hr_backprop_create(&net, &opened.graph, &options));
        const struct mallinfo2 after = mallinfo2();
        const size_t taken = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
        const size_t sum = bytes.params + bytes.gradients + bytes.activations + bytes.work;
        print_message("recompute %d: %zu bytes (activations %zu, work %zu); malloc says %zu\n", recompute, sum,
                      bytes.activations, bytes.work, taken);
        assert_true(taken + 4096 >= sum && taken <= sum + (7 << 20));
        hr_backprop_free(net);
    }
    golden_graph_close(&opened);
#endif
}

static void failing_allocations(void **state)
{
    (void)state;
    hr_graph g = strange_graph();
    const hr_backprop_options options = plain_options(2);
    hr_backprop *net = NULL;
    int k = 0;
    for (hrnet_status status = HRNET_ERR_MEMORY; status != HRNET_OK; k++) {
        hr_mem_fail_after(k);
        status = hr_backprop_create(&net, &g, &options);
        hr_mem_fail_after(-1);
        assert_true(status == HRNET_OK || status == HRNET_ERR_MEMORY);
    }
    assert_true(k > 20);
    hr_backprop_free(net);
    hr_graph_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_networks), cmocka_unit_test(resnets),
                                       cmocka_unit_test(strange_nodes),   cmocka_unit_test(channels),
                                       cmocka_unit_test(steps_of_w32),    cmocka_unit_test(refusals),
                                       cmocka_unit_test(estimate),        cmocka_unit_test(failing_allocations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
