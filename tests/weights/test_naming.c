/* test_naming.c - the producer of a checkpoint and the official names of its tensors: files by independent writers, and
 * lists of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "weights/naming.h"
#include "state_dict.h"

static void open_file(hr_tensors *tensors, hr_layout *layout, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, TEST_DATA "/golden/%s", name);
    if (hr_tensors_open(tensors, path) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    if (hr_layout_read(layout, tensors, NULL) != HRNET_OK) fail_msg("%s", hrnet_last_error());
}

/* Files made by torch and the safetensors package; 11 tensors of a small network in each producer's layout. */
static void producers(void **state)
{
    (void)state;
    static const struct {
        const char *file, *layout, *scope, *others, *conv1_found;
        int has_head;
    } cases[] = {
        {"layouts/flat_zip2.pth", "official", "", "", "conv1.weight", 1},
        {"layouts/simple_hrnet_legacy.pth", "simple-HRNet", "model", "", "model/conv1.weight", 1},
        {"layouts/official_checkpoint_zip113.pth", "official checkpoint.pth", "state_dict", "best_state_dict (11",
         "state_dict/module.conv1.weight", 1},
        {"layouts/mmpose0_legacy.pth", "mmpose 0.x", "state_dict", "", "state_dict/backbone.conv1.weight", 1},
        {"layouts/mmpose1_zip2.pth", "mmpose 1.x", "state_dict", "ema_state_dict", "state_dict/backbone.conv1.weight",
         1},
        {"layouts/mmpose1_names.safetensors", "mmpose 1.x", "", "", "backbone.conv1.weight", 1},
        {"layouts/mmpose0_extra_head_conv_legacy.pth", "mmpose 0.x", "state_dict", "",
         "state_dict/backbone.conv1.weight", 0},
        {"layouts/imagenet_head_legacy.pth", "ImageNet", "", "", "conv1.weight", 0},
        {"layouts/imagenet_v2_zip113.pth", "ImageNet", "", "", "conv1.weight", 0},
        {"hrnet_w8_96x64/weights.pth", "official", "", "", "conv1.weight", 1},
        {"hrnet_w8_96x64/weights_legacy.pth", "official", "", "", "conv1.weight", 1},
        {"hrnet_w8_96x64/weights_mmpose.pth", "mmpose 0.x", "state_dict", "", "state_dict/backbone.conv1.weight", 1},
        {"hrnet_w8_96x64/checkpoint_official.pth", "official checkpoint.pth", "state_dict", "",
         "state_dict/module.conv1.weight", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hr_tensors tensors = {0};
        hr_layout layout = {0};
        open_file(&tensors, &layout, cases[i].file);
        if (strcmp(layout.name, cases[i].layout) != 0)
            fail_msg("%s: expected %s, found %s", cases[i].file, cases[i].layout, layout.name);
        assert_string_equal(layout.scope, cases[i].scope);
        if (strstr(layout.others, cases[i].others) == NULL) fail_msg("%s: others: %s", cases[i].file, layout.others);
        assert_string_equal(hr_layout_find(&layout, "conv1.weight")->found, cases[i].conv1_found);
        assert_non_null(hr_layout_find(&layout, "stage2.0.branches.0.0.conv1.weight"));
        assert_non_null(hr_layout_find(&layout, "bn1.num_batches_tracked"));
        assert_int_equal(hr_layout_find(&layout, "final_layer.weight") != NULL, cases[i].has_head);
        assert_int_equal(hr_layout_find(&layout, "final_layer.bias") != NULL, cases[i].has_head);
        assert_null(hr_layout_find(&layout, "no.such"));
        hr_layout_free(&layout);
        hr_tensors_close(&tensors);
    }
}

/* The best_state_dict of this file has doubled values: the elements show which one is taken. */
static void which_state_dict(void **state)
{
    (void)state;
    hr_tensors tensors[2] = {0};
    hr_layout layouts[2] = {0};
    float bias[2][17];
    open_file(&tensors[0], &layouts[0], "layouts/official_checkpoint_zip113.pth");
    open_file(&tensors[1], &layouts[1], "layouts/flat_zip2.pth");
    for (int i = 0; i < 2; i++) {
        const hr_named *item = hr_layout_find(&layouts[i], "final_layer.bias");
        assert_int_equal(hr_tensor_read(&tensors[i], item->tensor, bias[i]), HRNET_OK);
        hr_layout_free(&layouts[i]);
        hr_tensors_close(&tensors[i]);
    }
    assert_memory_equal(bias[0], bias[1], sizeof bias[0]);
}

/* The parts of ImageNet networks that no pose network has. */
static void ignored_tensors(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int is_ignored;
    } cases[] = {{"conv1.weight", 0},
                 {"stage4.2.fuse_layers.0.1.0.weight", 0},
                 {"stage4.2.fuse_layers.1.0.0.0.weight", 1},
                 {"stage4.2.fuse_layers.3.0.0.0.weight", 1},
                 {"stage4.1.fuse_layers.1.0.0.0.weight", 0},
                 {"stage3.2.fuse_layers.1.0.0.0.weight", 0},
                 {"incre_modules.0.0.conv1.weight", 1},
                 {"downsamp_modules.0.0.weight", 1},
                 {"final_layer.0.weight", 1},
                 {"final_layer.1.running_mean", 1},
                 {"classifier.weight", 1},
                 {"head.0.0.conv1.weight", 1}};
    state_dict dict = {0};
    hr_layout layout = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) state_dict_add(&dict, "", cases[i].name, 0, NULL);
    assert_int_equal(hr_layout_read(&layout, &dict.tensors, NULL), HRNET_OK);
    assert_string_equal(layout.name, "ImageNet");
    for (size_t i = 0; i < layout.n_items; i++)
        if ((layout.items[i].ignored != NULL) != cases[i].is_ignored) fail_msg("%s", cases[i].name);
    hr_layout_free(&layout);
    state_dict_free(&dict);
}

static void same_official_name(void **state)
{
    (void)state;
    state_dict dict = {0};
    hr_layout layout = {0};
    state_dict_add(&dict, "state_dict", "backbone.layer1.0.conv1.weight", 0, NULL);
    state_dict_add(&dict, "state_dict", "head.final_layer.weight", 0, NULL);
    state_dict_add(&dict, "state_dict", "head.final_layer.0.weight", 0, NULL);
    assert_int_equal(hr_layout_read(&layout, &dict.tensors, NULL), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "state_dict/head.final_layer.weight"));
    assert_non_null(strstr(hrnet_last_error(), "state_dict/head.final_layer.0.weight"));
    assert_null(layout.items);
    state_dict_free(&dict);
}

static void foreign_files(void **state)
{
    (void)state;
    state_dict dict = {0};
    hr_layout layout = {0};
    assert_int_equal(hr_layout_read(&layout, &dict.tensors, NULL), HRNET_ERR_MISMATCH);
    state_dict_add(&dict, "weights", "encoder.block.0.weight", 0, NULL);
    assert_int_equal(hr_layout_read(&layout, &dict.tensors, NULL), HRNET_OK);
    assert_string_equal(layout.name, "unknown");
    assert_string_equal(layout.items[0].name, "encoder.block.0.weight");
    hr_layout_free(&layout);
    state_dict_free(&dict);
}

static void allocation_failures(void **state)
{
    (void)state;
    state_dict dict = {0};
    state_dict_load(&dict, "hrnet_w12_odd_160x96", "state_dict", "backbone.", "keypoint_head.");
    long k = 0;
    for (;; k++) {
        hr_layout layout = {0};
        hr_mem_fail_after(k);
        const hrnet_status status = hr_layout_read(&layout, &dict.tensors, NULL);
        hr_mem_fail_after(-1);
        hr_layout_free(&layout);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    assert_true(k > 500);
    state_dict_free(&dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(producers),          cmocka_unit_test(which_state_dict), cmocka_unit_test(ignored_tensors),
        cmocka_unit_test(same_official_name), cmocka_unit_test(foreign_files),    cmocka_unit_test(allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
