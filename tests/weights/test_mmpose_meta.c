/* test_mmpose_meta.c - what checkpoints of mmpose say about themselves, in the forms that its versions 1.x and 0.x
 * write, becomes our metadata; what does not fit is left out and noted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "state_dict.h"
#include "weights/checkpoint.h"
#include "weights/mmpose_meta.h"

/* An open file without tensors; entries are KEY, VALUE, ..., NULL. */
static hr_tensors with_entries(const char *const *entries)
{
    hr_tensors tensors = {0};
    size_t n = 0;
    while (entries[2 * n] != NULL) n++;
    tensors.entries = hr_calloc(n, sizeof *tensors.entries);
    for (size_t i = 0; i < n; i++)
        tensors.entries[i] = (hr_entry){hr_strdup(entries[2 * i]), hr_strdup(entries[2 * i + 1])};
    tensors.n_entries = n;
    return tensors;
}

static void free_entries(hr_tensors *tensors)
{
    for (size_t i = 0; i < tensors->n_entries; i++) {
        hr_free(tensors->entries[i].key);
        hr_free(tensors->entries[i].value);
    }
    hr_free(tensors->entries);
}

/* Read the entries for n_joints joints; `expected` are KEY, VALUE (NULL: no such entry), ..., NULL; the notes hold the
 * text `note`. */
static void check(const char *const *entries, int n_joints, const char *const *expected, const char *note)
{
    hr_tensors tensors = with_entries(entries);
    hr_text notes = {0};
    assert_int_equal(hr_mmpose_meta_read(&tensors, n_joints, &notes), HRNET_OK);
    for (size_t i = 0; expected[i] != NULL; i += 2) {
        const char *const found = hr_tensors_entry(&tensors, expected[i]);
        if ((found == NULL) != (expected[i + 1] == NULL) || (found != NULL && strcmp(found, expected[i + 1]) != 0))
            fail_msg("%s: expected %s, found %s", expected[i], expected[i + 1] != NULL ? expected[i + 1] : "none",
                     found != NULL ? found : "none");
    }
    if (note != NULL && (notes.data == NULL || strstr(notes.data, note) == NULL))
        fail_msg("expected the note \"%s\", found: %s", note, notes.data != NULL ? notes.data : "none");
    if (note == NULL) assert_int_equal(notes.length, 0);
    hr_text_free(&notes);
    free_entries(&tensors);
}

static void no_meta(void **state)
{
    (void)state;
    const char *const entries[] = {"epoch", "3", "hrnet.codec", "udp", NULL, NULL};
    const char *const expected[] = {"hrnet.codec", "udp", "hrnet.keypoints", NULL, NULL};
    check(entries, 17, expected, NULL);
}

/* As mmengine's Runner.save_checkpoint writes them. */
static const char cfg_1x[] = "auto_scale_lr = dict(base_batch_size=512)\n"
                             "codec = dict(\n"
                             "    heatmap_size=(\n        72,\n        96,\n    ),\n"
                             "    input_size=(288, 384),\n    sigma=3,\n    type='UDPHeatmap')\n"
                             "custom_hooks = [dict(type='SyncBuffersHook'), ]\n"
                             "model = dict(\n"
                             "    data_preprocessor=dict(\n        bgr_to_rgb=True,\n"
                             "        mean=[123.675, 116.28, 103.53],\n        std=[58.395, 57.12, 57.375],\n"
                             "        type='PoseDataPreprocessor'),\n"
                             "    test_cfg=dict(flip_mode='heatmap', flip_test=True, shift_heatmap=False),\n"
                             "    type='TopdownPoseEstimator')\n";

static void version_1(void **state)
{
    (void)state;
    const char *const entries[] = {"meta/cfg",
                                   cfg_1x,
                                   "meta/dataset_meta/dataset_name",
                                   "arrow",
                                   "meta/dataset_meta/keypoint_id2name/0",
                                   "tip",
                                   "meta/dataset_meta/keypoint_id2name/1",
                                   "left \"barb\"",
                                   "meta/dataset_meta/keypoint_id2name/2",
                                   "right barb",
                                   "meta/dataset_meta/flip_indices/0",
                                   "0",
                                   "meta/dataset_meta/flip_indices/1",
                                   "2",
                                   "meta/dataset_meta/flip_indices/2",
                                   "1",
                                   "meta/dataset_meta/skeleton_links/0/0",
                                   "0",
                                   "meta/dataset_meta/skeleton_links/0/1",
                                   "1",
                                   "meta/dataset_meta/sigmas/0",
                                   "0.025",
                                   "meta/dataset_meta/sigmas/1",
                                   "0.05",
                                   "meta/dataset_meta/sigmas/2",
                                   "0.05",
                                   NULL};
    const char *const expected[] = {"hrnet.dataset",
                                    "arrow",
                                    "hrnet.keypoints",
                                    "[\"tip\", \"left \\\"barb\\\"\", \"right barb\"]",
                                    "hrnet.flip_pairs",
                                    "[[1, 2]]",
                                    "hrnet.skeleton",
                                    "[[0, 1]]",
                                    "hrnet.sigmas",
                                    "[0.025, 0.05, 0.05]",
                                    "hrnet.codec",
                                    "udp",
                                    "hrnet.mean",
                                    "[0.485, 0.456, 0.406]",
                                    "hrnet.std",
                                    "[0.229, 0.224, 0.225]",
                                    "mmpose.MODEL.IMAGE_SIZE",
                                    "[288, 384]",
                                    "mmpose.MODEL.HEATMAP_SIZE",
                                    "[72, 96]",
                                    "mmpose.MODEL.SIGMA",
                                    "3",
                                    "mmpose.DATASET.COLOR_RGB",
                                    "true",
                                    "mmpose.TEST.FLIP_TEST",
                                    "true",
                                    "mmpose.TEST.SHIFT_HEATMAP",
                                    "false",
                                    NULL};
    check(entries, 3, expected, "3 keypoints of arrow");
    check(entries, 0, expected, "codec udp");
}

/* As mmpose 0.29 writes them: a configuration of td_hm style, with the data set spelled out. */
static void version_0(void **state)
{
    (void)state;
    static const char config[] =
        "dataset_info = dict(\n    dataset_name='arrow',\n    paper_info=dict(author='a'),\n    keypoint_info={\n"
        "        0: dict(name='tip', id=0, color=[51, 153, 255], type='upper', swap=''),\n"
        "        1: dict(name='left_barb', id=1, color=[1, 2, 3], type='', swap='right_barb'),\n"
        "        2: dict(name='right_barb', id=2, color=[1, 2, 3], type='', swap='left_barb')\n    },\n"
        "    skeleton_info={0: dict(link=('tip', 'left_barb'), id=0, color=[0, 255, 0])},\n"
        "    joint_weights=[1.0, 1.0, 1.0],\n    sigmas=[0.025, 0.05, 0.05])\n"
        "data_cfg = dict(image_size=[192, 256], heatmap_size=[48, 64], num_joints=3)\n"
        "model = dict(type='TopDown', test_cfg=dict(flip_test=True, post_process='unbiased', shift_heatmap=True,\n"
        "    modulate_kernel=11))\n"
        "train_pipeline = [dict(type='LoadImageFromFile'), dict(type='NormalizeTensor', mean=[0.485, 0.456, 0.406],\n"
        "    std=[0.229, 0.224, 0.225]), dict(type='TopDownGenerateTarget', sigma=2, unbiased_encoding=True)]\n";
    const char *const entries[] = {"meta/config", config, NULL};
    const char *const expected[] = {"hrnet.dataset",
                                    "arrow",
                                    "hrnet.keypoints",
                                    "[\"tip\", \"left_barb\", \"right_barb\"]",
                                    "hrnet.flip_pairs",
                                    "[[1, 2]]",
                                    "hrnet.skeleton",
                                    "[[0, 1]]",
                                    "hrnet.sigmas",
                                    "[0.025, 0.05, 0.05]",
                                    "hrnet.codec",
                                    "dark",
                                    "hrnet.mean",
                                    "[0.485, 0.456, 0.406]",
                                    "mmpose.MODEL.IMAGE_SIZE",
                                    "[192, 256]",
                                    "mmpose.MODEL.SIGMA",
                                    "2",
                                    "mmpose.DATASET.COLOR_RGB",
                                    "true",
                                    "mmpose.TEST.SHIFT_HEATMAP",
                                    "true",
                                    NULL};
    check(entries, 3, expected, "3 keypoints of arrow");
}

/* How heatmaps are encoded, in the words of both versions. */
static void codecs(void **state)
{
    (void)state;
    static const char *const known[][2] = {
        {"codec = dict(type='MSRAHeatmap', input_size=(192, 256))", "msra"},
        {"codec = dict(type='MSRAHeatmap', unbiased=True)", "dark"},
        {"codec = dict(type='UDPHeatmap')", "udp"},
        {"codec = dict(type='UDPHeatmap', heatmap_type='combined')", "UDPHeatmap of combined maps"},
        {"codec = dict(type='SimCCLabel')", "SimCCLabel"},
        {"model = dict(head=dict(decoder=dict(type='UDPHeatmap')))", "udp"},
        {"data_cfg = dict()\nmodel = dict(test_cfg=dict(post_process='default'))", "msra"},
        {"data_cfg = dict()\nmodel = dict(test_cfg=dict(use_udp=True, post_process='default'))", "udp"},
        {"data_cfg = dict()\nmodel = dict(test_cfg=dict(post_process='megvii'))", "megvii"},
        {"data_cfg = dict()\nmodel = dict(test_cfg=dict(use_udp=True, target_type='CombinedTarget'))",
         "UDP's CombinedTarget"},
        {"optimizer = dict(type='Adam')", NULL},
        {"codec = 3", NULL},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *const entries[] = {"meta/cfg", known[i][0], NULL};
        const char *const expected[] = {"hrnet.codec", known[i][1], NULL};
        check(entries, 17, expected, known[i][1] != NULL ? known[i][1] : NULL);
    }
}

/* The class that reads a data set, in configurations that do not spell the set out. */
static void data_sets(void **state)
{
    (void)state;
    static const char *const known[][2] = {
        {"data = dict(train=dict(type='TopDownCocoDataset', img_prefix='x'))", "coco"},
        {"data = dict(train=dict(type='TopDownMpiiDataset'))", "mpii"},
        {"data = dict(train=dict(type='AnimalAP10KDataset'))", "AnimalAP10KDataset"},
        {"train_dataloader = dict(dataset=dict(type='AP10KDataset'))", "AP10KDataset"},
        {"train_dataloader = dict(dataset=dict(type='CocoDataset'))", NULL},
        {"data = dict(train=[dict(type='TopDownCocoDataset')])", NULL},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *const entries[] = {"meta/config", known[i][0], NULL};
        const char *const expected[] = {"hrnet.dataset", known[i][1], "hrnet.keypoints", NULL, NULL};
        check(entries, 17, expected, known[i][1]);
    }
}

static void what_does_not_fit_is_noted(void **state)
{
    (void)state;
    const char *const names[] = {"meta/dataset_meta/keypoint_id2name/0",
                                 "a",
                                 "meta/dataset_meta/keypoint_id2name/1",
                                 "b",
                                 "meta/dataset_meta/flip_indices/0",
                                 "1",
                                 "meta/dataset_meta/flip_indices/1",
                                 "1",
                                 NULL};
    const char *const no_names[] = {"hrnet.keypoints", NULL, "hrnet.flip_pairs", NULL, NULL};
    const char *const no_pairs[] = {"hrnet.keypoints", "[\"a\", \"b\"]", "hrnet.flip_pairs", NULL, NULL};
    check(names, 5, no_names, "2 keypoints, the network has 5 joints");
    check(names, 2, no_pairs, "flip_indices");
    const char *const hole[] = {"meta/dataset_meta/keypoint_id2name/4095",
                                "a",
                                "meta/dataset_meta/keypoint_id2name/4096",
                                "b",
                                "meta/dataset_meta/keypoint_id2name/-1",
                                "c",
                                "meta/dataset_meta/skeleton_links/0/7",
                                "1",
                                NULL};
    check(hole, 4096, no_names, "without the name of keypoint 0");
    const char *const broken[] = {"meta/cfg", "codec = dict(type='UDPHeatmap'\nx = 1\ninput = [", NULL};
    const char *const nothing[] = {"hrnet.codec", NULL, NULL};
    check(broken, 17, nothing, "not understood: codec, input");
}

static char message[1024];

static void remember(void *context, const char *line)
{
    (void)context;
    snprintf(message, sizeof message, "%s", line);
}

/* What meta says is no longer assumed by the configuration that is inferred from the tensors. */
static void the_configuration_follows(void **state)
{
    (void)state;
    const char *const entries[] = {
        "meta/cfg", "codec = dict(type='UDPHeatmap', input_size=(288, 384), heatmap_size=(72, 96), sigma=3)", NULL};
    state_dict dict = {0};
    hr_layout layout = {0};
    hr_text notes = {0};
    hr_config *config = test_malloc(sizeof *config);
    state_dict_load(&dict, "coco_hrnet_w32", "state_dict", "backbone.", "head.");
    const hr_tensors meta = with_entries(entries);
    dict.tensors.entries = meta.entries;
    dict.tensors.n_entries = meta.n_entries;
    assert_int_equal(hr_mmpose_meta_read(&dict.tensors, 17, &notes), HRNET_OK);
    assert_int_equal(hr_layout_read(&layout, &dict.tensors, NULL), HRNET_OK);
    assert_int_equal(hr_infer_config(config, &layout, "w.pth", NULL, remember, NULL), HRNET_OK);
    assert_int_equal(config->model.image_size[0], 288);
    assert_int_equal(config->model.image_size[1], 384);
    assert_int_equal(config->model.heatmap_size[0], 72);
    assert_int_equal(config->model.sigma, 3);
    assert_string_equal(message, "warning: w.pth does not say, and is assumed to have: DATASET.COLOR_RGB true");
    hr_text_free(&notes);
    hr_layout_free(&layout);
    free_entries(&dict.tensors);
    state_dict_free(&dict);
    test_free(config);
}

/* Any allocation may fail. */
static void allocations_fail(void **state)
{
    (void)state;
    const char *const entries[] = {"meta/cfg", cfg_1x, "meta/dataset_meta/keypoint_id2name/0", "a", NULL};
    for (long k = 0;; k++) {
        hr_tensors tensors = with_entries(entries);
        hr_text notes = {0};
        hr_mem_fail_after(k);
        const hrnet_status status = hr_mmpose_meta_read(&tensors, 1, &notes);
        hr_mem_fail_after(-1);
        hr_text_free(&notes);
        free_entries(&tensors);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
        assert_true(k < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_meta),
                                       cmocka_unit_test(version_1),
                                       cmocka_unit_test(version_0),
                                       cmocka_unit_test(codecs),
                                       cmocka_unit_test(data_sets),
                                       cmocka_unit_test(what_does_not_fit_is_noted),
                                       cmocka_unit_test(the_configuration_follows),
                                       cmocka_unit_test(allocations_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
