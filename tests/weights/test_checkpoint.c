/* test_checkpoint.c - checkpoints: the container, layout and metadata of a file, and what a save keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "weights/checkpoint.h"
#include "graph/graph.h"

#define GOLDEN TEST_DATA "/golden/"

static char folder[] = "/tmp/hrnet-test-checkpoint-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a test or a save leaves a file behind */
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static hrnet_checkpoint *load(const char *path)
{
    hrnet_checkpoint *checkpoint = NULL;
    if (hrnet_checkpoint_load(&checkpoint, path) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return checkpoint;
}

/* Largest difference of any element between two checkpoints of one network. */
static double largest_difference(const hrnet_checkpoint *a, const hrnet_checkpoint *b)
{
    double largest = 0;
    size_t n_compared = 0;
    for (size_t i = 0; i < a->layout.n_items; i++) {
        const hr_tensor *x = a->layout.items[i].tensor;
        const hr_named *other = hr_layout_find(&b->layout, a->layout.items[i].name);
        if (other == NULL) fail_msg("%s is missing", a->layout.items[i].name);
        assert_int_equal(other->tensor->n_elements, x->n_elements);
        double *values[2] = {test_malloc((x->n_elements + 1) * sizeof(double)),
                             test_malloc((x->n_elements + 1) * sizeof(double))};
        assert_int_equal(hr_tensor_read_double(&a->tensors, x, values[0]), HRNET_OK);
        assert_int_equal(hr_tensor_read_double(&b->tensors, other->tensor, values[1]), HRNET_OK);
        for (size_t k = 0; k < x->n_elements; k++) {
            const double difference =
                values[0][k] > values[1][k] ? values[0][k] - values[1][k] : values[1][k] - values[0][k];
            if (difference > largest) largest = difference;
        }
        n_compared += x->n_elements;
        test_free(values[0]);
        test_free(values[1]);
    }
    assert_true(n_compared > 0);
    return largest;
}

static void what_a_file_is(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {GOLDEN "hrnet_w8_96x64/weights.pth", "PyTorch zip", "official"},
        {GOLDEN "hrnet_w8_96x64/weights_legacy.pth", "PyTorch pickle stream", "official"},
        {GOLDEN "hrnet_w8_96x64/checkpoint_official.pth", "PyTorch zip", "official checkpoint.pth"},
        {GOLDEN "hrnet_w8_96x64/weights_mmpose.pth", "PyTorch zip", "mmpose 0.x"},
        {GOLDEN "layouts/mmpose1_names.safetensors", "safetensors", "mmpose 1.x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_checkpoint *checkpoint = load(cases[i][0]);
        assert_string_equal(hrnet_checkpoint_container(checkpoint), cases[i][1]);
        assert_string_equal(hrnet_checkpoint_layout(checkpoint), cases[i][2]);
        assert_null(hrnet_checkpoint_metadata(checkpoint, "hrnet.codec"));
        hrnet_checkpoint_free(checkpoint);
    }
    hrnet_checkpoint *checkpoint = load(cases[3][0]);
    assert_int_equal(hrnet_checkpoint_n_tensors(checkpoint), 710);
    const hrnet_tensor_info info = hrnet_checkpoint_tensor(checkpoint, 0);
    assert_string_equal(info.name, "conv1.weight");
    assert_string_equal(info.found, "state_dict/backbone.conv1.weight");
    assert_string_equal(info.dtype, "float32");
    assert_int_equal(info.n_dims, 4);
    assert_int_equal(info.shape[0], 64);
    assert_null(hrnet_checkpoint_tensor(checkpoint, 710).name);
    hrnet_checkpoint_free(checkpoint);
}

static void bad_calls(void **state)
{
    (void)state;
    hrnet_checkpoint *checkpoint = NULL;
    assert_int_equal(hrnet_checkpoint_load(NULL, "no/such.pth"), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_checkpoint_load(&checkpoint, "no/such.pth"), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "no/such.pth"));
    assert_null(checkpoint);
    hrnet_checkpoint_free(NULL);
    checkpoint = load(GOLDEN "hrnet_w8_96x64/weights.pth");
    const hrnet_save_options half_pth = {.format = HRNET_PTH, .half = 1};
    assert_int_equal(hr_checkpoint_save(checkpoint, in_folder("x"), &half_pth, NULL, 0), HRNET_ERR_ARGUMENT);
    assert_int_equal(hr_checkpoint_save(checkpoint, NULL, NULL, NULL, 0), HRNET_ERR_ARGUMENT);
    hrnet_checkpoint_free(checkpoint);
}

/* mmpose's names in, official names and state-dict order out; nothing lost, in float32. */
static void save_formats(void **state)
{
    (void)state;
    static const struct {
        hrnet_save_options options;
        const char *container, *layout, *dtype;
        double tolerance; /* half: 2^-11 of the largest value, 8 or less here */
    } cases[] = {{{.format = HRNET_SAFETENSORS}, "safetensors", "hrnet", "float32", 0},
                 {{.format = HRNET_PTH}, "PyTorch zip", "official", "float32", 0},
                 {{.format = HRNET_SAFETENSORS, .half = 1}, "safetensors", "hrnet", "float16", 8.0 / 2048}};
    hrnet_checkpoint *from = load(GOLDEN "hrnet_w8_96x64/weights_mmpose.pth");
    hrnet_checkpoint *official = load(GOLDEN "hrnet_w8_96x64/weights.pth");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = in_folder("saved");
        if (hr_checkpoint_save(from, path, &cases[i].options, NULL, 0) != HRNET_OK) fail_msg("%s", hrnet_last_error());
        hrnet_checkpoint *saved = load(path);
        assert_string_equal(hrnet_checkpoint_container(saved), cases[i].container);
        assert_string_equal(hrnet_checkpoint_layout(saved), cases[i].layout);
        assert_int_equal(hrnet_checkpoint_n_tensors(saved), hrnet_checkpoint_n_tensors(official));
        assert_true(largest_difference(official, saved) <= cases[i].tolerance);
        assert_string_equal(hr_layout_find(&saved->layout, "conv1.weight")->found, "conv1.weight");
        assert_string_equal(hr_dtype_name(hr_layout_find(&saved->layout, "conv1.weight")->tensor->dtype),
                            cases[i].dtype);
        if (cases[i].options.format == HRNET_PTH)
            for (size_t k = 0; k < hrnet_checkpoint_n_tensors(saved); k++)
                assert_string_equal(hrnet_checkpoint_tensor(saved, k).name, hrnet_checkpoint_tensor(official, k).name);
        hrnet_checkpoint_free(saved);
        unlink(path);
    }
    hrnet_checkpoint_free(from);
    hrnet_checkpoint_free(official);
}

/* Our own file carries the configuration it was saved with and what the caller knows; both survive a second save. */
static void metadata(void **state)
{
    (void)state;
    static const hr_entry known[] = {{(char *)"hrnet.codec", (char *)"udp"},
                                     {(char *)"hrnet.keypoints", (char *)"a b"}};
    hrnet_config *config = NULL, *carried = NULL;
    char first[256];
    assert_int_equal(hrnet_config_load(&config, GOLDEN "hrnet_w8_96x64/config.yaml", NULL, NULL, NULL), HRNET_OK);
    const hrnet_save_options options = {.config = config};
    hrnet_checkpoint *from = load(GOLDEN "hrnet_w8_96x64/checkpoint_official.pth");
    assert_int_equal(hr_checkpoint_save(from, strcpy(first, in_folder("first")), &options, known, 2), HRNET_OK);
    hrnet_checkpoint *once = load(first);
    assert_int_equal(hr_checkpoint_save(once, in_folder("second"), NULL, NULL, 0), HRNET_OK);
    hrnet_checkpoint *twice = load(in_folder("second"));
    assert_string_equal(hrnet_checkpoint_metadata(twice, "hrnet.codec"), "udp");
    assert_string_equal(hrnet_checkpoint_metadata(twice, "hrnet.keypoints"), "a b");
    assert_string_equal(hrnet_checkpoint_metadata(twice, "hrnet.mean"), "[0.485, 0.456, 0.406]");
    assert_string_equal(hrnet_checkpoint_metadata(twice, "hrnet.config"),
                        hrnet_checkpoint_metadata(once, "hrnet.config"));
    assert_null(hrnet_checkpoint_metadata(twice, "hrnet.nothing"));
    assert_int_equal(hrnet_checkpoint_config(twice, &carried), HRNET_OK);
    assert_memory_equal(&carried->model, &config->model, sizeof config->model);
    assert_int_equal(carried->model.image_size[0], 64);
    hrnet_checkpoint_free(from);
    hrnet_checkpoint_free(once);
    hrnet_checkpoint_free(twice);
    hrnet_config_free(config);
    hrnet_config_free(carried);
    unlink(first);
    unlink(in_folder("second"));
}

/* Files that do not hold the whole network are not saved, and nothing is left behind. */
static void mismatches(void **state)
{
    (void)state;
    hrnet_config *config = NULL;
    hrnet_checkpoint *part = load(GOLDEN "layouts/flat_zip2.pth"), *whole = load(GOLDEN "hrnet_w8_96x64/weights.pth");
    assert_int_equal(hrnet_config_load(&config, "coco/hrnet/w32_256x192", NULL, NULL, NULL), HRNET_OK);
    const hrnet_save_options options = {.config = config};
    assert_int_equal(hr_checkpoint_save(part, in_folder("x"), &options, NULL, 0), HRNET_ERR_MISMATCH);
    assert_int_equal(hr_checkpoint_save(whole, in_folder("x"), &options, NULL, 0), HRNET_ERR_MISMATCH);
    assert_non_null(strstr(hrnet_last_error(), "weights.pth"));
    assert_int_equal(access(in_folder("x"), F_OK), -1);
    hrnet_config_free(config);
    hrnet_checkpoint_free(part);
    hrnet_checkpoint_free(whole);
}

/* Fail the k-th allocation for growing k. The steps grow with k: every tensor of the file takes some. */
static void allocation_failures(void **state)
{
    (void)state;
    long k = 0;
    for (;; k += 1 + k / 16) {
        hrnet_checkpoint *checkpoint = NULL;
        hr_mem_fail_after(k);
        hrnet_status status = hrnet_checkpoint_load(&checkpoint, GOLDEN "hrnet_w8_96x64/weights_legacy.pth");
        if (status == HRNET_OK) status = hr_checkpoint_save(checkpoint, in_folder("x"), NULL, NULL, 0);
        hr_mem_fail_after(-1);
        hrnet_checkpoint_free(checkpoint);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    assert_true(k > 1000);
    unlink(in_folder("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_file_is), cmocka_unit_test(bad_calls),  cmocka_unit_test(save_formats),
        cmocka_unit_test(metadata),       cmocka_unit_test(mismatches), cmocka_unit_test(allocation_failures),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
