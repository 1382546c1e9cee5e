/* test_reference_heatmaps.c - the public double reference against the golden heatmaps, and what it refuses. */
#include "../support/net_files.h"

#include <string.h>

#include "graph/reference_forward.h"
#include "weights/bind.h"

/* Golden values are float32: what is measured here, at most 8.5e-7, is PyTorch's own rounding. */
static const double tolerance = 1e-6;

static void golden_heatmaps(void **state)
{
    (void)state;
    static const char *const flips[] = {"heatmaps", "heatmaps_flip_shift0", "heatmaps_flip_shift1"};
    for (int i = 0; i < N_NETS; i++) {
        const char *net = net_names[i];
        hrnet_checkpoint *checkpoint = NULL;
        hrnet_config *config = golden_config(net);
        hrnet_array input = golden_array(net, "input");
        MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net, "weights.pth")));
        for (int flip = 0; flip < 3; flip++) {
            hrnet_array expected = golden_array(net, flips[flip]), found = {0};
            MUST(hrnet_reference_forward(&found, checkpoint, &(hrnet_model_options){.config = config}, &input, flip > 0,
                                         flip == 2));
            assert_int_equal(found.n_dims, 4);
            assert_memory_equal(found.shape, expected.shape, 4 * sizeof *found.shape);
            const double error = relative_error(found.data, expected.data,
                                                found.shape[0] * found.shape[1] * found.shape[2] * found.shape[3]);
            print_message("%-28s %-20s %.1e\n", net, flips[flip], error);
            if (!(error <= tolerance)) fail_msg("%s: %s: relative error %g", net, flips[flip], error);
            hrnet_array_free(&found);
            hrnet_array_free(&expected);
        }
        hrnet_array_free(&input);
        hrnet_checkpoint_free(checkpoint);
        hrnet_config_free(config);
    }
}

/* Without a checkpoint: the initial values of the seed. */
static void initial_values(void **state)
{
    (void)state;
    const uint64_t seed = 7;
    hrnet_array input = golden_array(net_names[0], "input"), found = {0};
    golden_graph net;
    golden_graph_open(&net, net_names[0]);
    const hr_weights weights = hr_initial_weights(&seed);
    MUST(hrnet_reference_forward(&found, NULL, &(hrnet_model_options){.config = net.config, .seed = seed}, &input, 0,
                                 0));
    const size_t n = found.shape[0] * found.shape[1] * found.shape[2] * found.shape[3];
    double *expected = test_malloc(n * sizeof *expected);
    MUST(hr_reference_forward(&net.graph, &weights, input.data, 2, &expected, NULL, NULL));
    for (size_t i = 0; i < n; i++) assert_true(found.data[i] == (float)expected[i]);
    test_free(expected);
    hrnet_array_free(&found);
    hrnet_array_free(&input);
    golden_graph_close(&net);
}

static void refused(void **state)
{
    (void)state;
    static const char *const joints[] = {"MODEL.NUM_JOINTS", "16", NULL};
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_config *config = golden_config(net_names[0]);
    hrnet_array input = golden_array(net_names[0], "input"), out = {.n_dims = 5};
    const hrnet_model_options options = {.config = config}, other = {.config = config, .overrides = joints};
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net_names[0], "weights.pth")));
    REFUSED(hrnet_reference_forward(NULL, checkpoint, &options, &input, 0, 0), HRNET_ERR_ARGUMENT, "NULL");
    REFUSED(hrnet_reference_forward(&out, checkpoint, &options, NULL, 0, 0), HRNET_ERR_ARGUMENT, "NULL");
    REFUSED(hrnet_reference_forward(&out, NULL, NULL, &input, 0, 0), HRNET_ERR_ARGUMENT, "neither");
    REFUSED(hrnet_reference_forward(&out, checkpoint, &other, &input, 0, 0), HRNET_ERR_MISMATCH, "final_layer");
    hrnet_array wrong = input;
    wrong.shape[1] = 1;
    REFUSED(hrnet_reference_forward(&out, checkpoint, &options, &wrong, 0, 0), HRNET_ERR_ARGUMENT,
            "expected [n][3][96][64] with n >= 1, found [2][1][96][64]");
    wrong = input;
    wrong.shape[0] = 0;
    REFUSED(hrnet_reference_forward(&out, checkpoint, &options, &wrong, 0, 0), HRNET_ERR_ARGUMENT, "[0][3][96][64]");
    wrong.n_dims = 0;
    REFUSED(hrnet_reference_forward(&out, checkpoint, &options, &wrong, 0, 0), HRNET_ERR_ARGUMENT, "found a number");
    assert_int_equal(out.n_dims, 5); /* untouched */
    assert_null(out.data);
    hrnet_array_free(&input);
    hrnet_checkpoint_free(checkpoint);
    hrnet_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_heatmaps),
        cmocka_unit_test(initial_values),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
