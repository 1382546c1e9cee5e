/*
 * test_golden.c - pictures in, heatmaps out, through the public functions: the three golden networks from every
 * container, with every kernel table, in every batch, with and without the flip test, against PyTorch's values.
 */
#include "../support/net_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the project promises. Measured: at most 1.6e-6. */
static const double tolerance = 1e-5;

/*
 * With weights stored as float16 every weight is off by up to 2^-11 of itself. Measured: 6.1e-4 of the largest value at
 * most; three times that is allowed, and it must be more than a float32 file's error, or nothing was halved.
 */
static const double half_tolerance = 2e-3;

static const char *const flips[] = {"heatmaps", "heatmaps_flip_shift0", "heatmaps_flip_shift1"};
enum { N_FLIPS = 3, N_GOLDEN = 2 }; /* golden arrays hold two pictures */

static char folder[] = "/tmp/hrnet-test-golden-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a test leaves a file behind */
}

/* Heatmaps of pictures 0, 1, 0, ... against golden ones, each relative to its own largest value. */
static double compare(const float *found, const hrnet_array *expected, int n)
{
    const size_t map = expected->shape[1] * expected->shape[2] * expected->shape[3];
    double error = 0;
    for (int i = 0; i < n; i++) {
        const double e = relative_error(found + (size_t)i * map, expected->data + (size_t)(i % N_GOLDEN) * map, map);
        if (e > error) error = e;
    }
    return error;
}

/* n pictures in passes of max_batch; flip indexes flips. */
static double run_and_compare(const char *net, const hrnet_model *model, int flip, int n, int max_batch)
{
    hrnet_array input = golden_array(net, "input"), expected = golden_array(net, flips[flip]);
    const size_t picture = input_floats(model);
    assert_int_equal(input.shape[0], N_GOLDEN);
    assert_int_equal(input.shape[1] * input.shape[2] * input.shape[3], picture);
    assert_int_equal(expected.shape[1] * expected.shape[2] * expected.shape[3], map_floats(model));
    float *pictures = test_malloc((size_t)n * picture * sizeof *pictures);
    for (int i = 0; i < n; i++)
        memcpy(pictures + (size_t)i * picture, input.data + (size_t)(i % N_GOLDEN) * picture, picture * sizeof(float));
    float *found = run_model(model, pictures, n, flip, 1, max_batch);
    const double error = compare(found, &expected, n);
    test_free(found);
    test_free(pictures);
    hrnet_array_free(&input);
    hrnet_array_free(&expected);
    return error;
}

/* All three ways of one model; returns the largest error. */
static double largest_error(const char *net, const hrnet_model *model)
{
    double largest = 0;
    for (int flip = 0; flip < N_FLIPS; flip++) {
        const double error = run_and_compare(net, model, flip, N_GOLDEN, N_GOLDEN);
        if (error > largest) largest = error;
    }
    return largest;
}

static void every_kernel_table(void **state)
{
    (void)state;
    static const struct {
        int n, max_batch;
    } batches[] = {{1, 1}, {2, 4}, {3, 2}}; /* alone, with room to spare, in two passes */
    for (const char *const *cpu = cpu_names(); *cpu != NULL; cpu++) {
        setenv("HRNET_CPU", *cpu, 1);
        for (int i = 0; i < N_NETS; i++) {
            hrnet_model *model = golden_model(net_names[i], NULL);
            double largest = 0;
            for (int flip = 0; flip < N_FLIPS; flip++) {
                for (size_t k = 0; k < sizeof batches / sizeof *batches; k++) {
                    const int n = batches[k].n, max_batch = batches[k].max_batch;
                    const double error = run_and_compare(net_names[i], model, flip, n, max_batch);
                    if (error > largest) largest = error;
                    if (!(error <= tolerance))
                        fail_msg("%s: %s: %s: %d pictures by %d: relative error %g", net_names[i], *cpu, flips[flip], n,
                                 max_batch, error);
                }
            }
            print_message("%-28s %-7s %.1e\n", net_names[i], *cpu, largest);
            hrnet_model_free(model);
        }
    }
    unsetenv("HRNET_CPU");
}

/* Weights kept in half precision in memory (HRNET_FP16_WEIGHTS), and a plan that counts on batches: other algorithms,
 * the same numbers within what each promises. */
static void other_plans(void **state)
{
    (void)state;
    for (const char *const *cpu = cpu_names(); *cpu != NULL; cpu++) {
        setenv("HRNET_CPU", *cpu, 1);
        for (int i = 0; i < N_NETS; i++) {
            hrnet_config *config = golden_config(net_names[i]);
            hrnet_model *half = NULL, *batched = NULL;
            hrnet_model_options options = {.config = config, .precision = HRNET_FP16_WEIGHTS};
            MUST(hrnet_model_load(&half, golden_path(net_names[i], "weights.pth"), &options));
            options = (hrnet_model_options){.config = config, .batch = 8};
            MUST(hrnet_model_load(&batched, golden_path(net_names[i], "weights.pth"), &options));
            const double half_error = largest_error(net_names[i], half), error = largest_error(net_names[i], batched);
            print_message("%-28s %-7s fp16w %.1e, batch plan %.1e\n", net_names[i], *cpu, half_error, error);
            assert_true(half_error <= half_tolerance && half_error > tolerance);
            assert_true(error <= tolerance);
            hrnet_model_free(half);
            hrnet_model_free(batched);
            hrnet_config_free(config);
        }
    }
    unsetenv("HRNET_CPU");
}

/* The heatmaps of golden picture 0; freed with test_free. */
static float *first_heatmaps(const char *net, const hrnet_model *model)
{
    hrnet_array input = golden_array(net, "input");
    float *heatmaps = run_model(model, input.data, 1, 0, 1, 1);
    hrnet_array_free(&input);
    return heatmaps;
}

/* Two models of one network give the same bits. */
static void same_bits(const char *net, const hrnet_model *a, const hrnet_model *b)
{
    float *of_a = first_heatmaps(net, a), *of_b = first_heatmaps(net, b);
    assert_memory_equal(of_a, of_b, map_floats(a) * sizeof *of_a);
    test_free(of_a);
    test_free(of_b);
}

/* The same tensors in four wrappings: zip, pickle stream, mmpose's names, the official checkpoint.pth. */
static void every_container(void **state)
{
    (void)state;
    static const char *const files[] = {"weights.pth", "weights_legacy.pth", "weights_mmpose.pth",
                                        "checkpoint_official.pth"};
    const char *net = net_names[0];
    hrnet_model *plain = golden_model(net, NULL);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        hrnet_model *model = golden_model(net, golden_path(net, files[i]));
        const double error = largest_error(net, model);
        print_message("%-28s %.1e\n", files[i], error);
        assert_true(error <= tolerance);
        same_bits(net, plain, model);
        hrnet_model_free(model);
    }
    hrnet_model_free(plain);
}

/* weights.pth of a network as hrnet_checkpoint_save writes it; the model that the file gives, which is removed.
 * with_config: pass the configuration to the load, else what the file carries. */
static hrnet_model *saved_model(const char *net, const hrnet_save_options *how, int with_config)
{
    char path[64];
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_model *model = NULL;
    hrnet_config *config = golden_config(net);
    hrnet_save_options options = *how;
    options.config = config;
    snprintf(path, sizeof path, "%s/written", folder);
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net, "weights.pth")));
    MUST(hrnet_checkpoint_save(checkpoint, path, &options));
    MUST(hrnet_model_load(&model, path, &(hrnet_model_options){.config = with_config ? config : NULL}));
    hrnet_checkpoint_free(checkpoint);
    hrnet_config_free(config);
    assert_int_equal(unlink(path), 0);
    return model;
}

static void written_files(void **state)
{
    (void)state;
    for (int i = 0; i < N_NETS; i++) {
        const char *net = net_names[i];
        hrnet_model *original = golden_model(net, NULL);
        hrnet_model *ours = saved_model(net, &(hrnet_save_options){.format = HRNET_SAFETENSORS}, 0);
        hrnet_model *pth = saved_model(net, &(hrnet_save_options){.format = HRNET_PTH}, 1);
        hrnet_model *half = saved_model(net, &(hrnet_save_options){.format = HRNET_SAFETENSORS, .half = 1}, 0);
        const double error = largest_error(net, ours), half_error = largest_error(net, half);
        print_message("%-28s safetensors %.1e, float16 %.1e\n", net, error, half_error);
        assert_true(error <= tolerance);
        assert_true(half_error <= half_tolerance && half_error > tolerance);
        same_bits(net, original, ours);
        same_bits(net, original, pth);
        const hrnet_model_info a = hrnet_model_get_info(original), b = hrnet_model_get_info(ours);
        assert_int_equal(a.input_width, b.input_width);
        assert_int_equal(a.input_height, b.input_height);
        assert_int_equal(a.color_rgb, b.color_rgb);
        assert_string_equal(a.codec, b.codec);
        assert_string_equal(hrnet_model_skeleton(original)->name, hrnet_model_skeleton(ours)->name);
        hrnet_model_free(original);
        hrnet_model_free(ours);
        hrnet_model_free(pth);
        hrnet_model_free(half);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_table),
        cmocka_unit_test(other_plans),
        cmocka_unit_test(every_container),
        cmocka_unit_test(written_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
