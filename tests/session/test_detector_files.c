/*
 * test_detector_files.c - detectors from files of Megvii's code and of mmdetection: their numbers are PyTorch's, our
 * own files keep them bit by bit, and what is for poses refuses them by name.
 */
#include "../support/net_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

static char folder[] = "/tmp/hrnet-test-detector-XXXXXX", file[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(file, sizeof file, "%s/w.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

static void load(hrnet_model **model, const char *path, const char *size)
{
    MUST(hrnet_model_load(model, path,
                          &(hrnet_model_options){.overrides = (const char *const[]){"MODEL.IMAGE_SIZE", size, NULL}}));
}

/* What a network yields for an array of pictures: outputs [3], each freed with test_free. */
static void run(const hrnet_model *model, const hrnet_array *input, int threads, int batch, float *outputs[3])
{
    hrnet_session *session = NULL;
    const size_t n = input->shape[0];
    MUST(hrnet_session_create(&session, model, &(hrnet_session_options){.threads = threads, .max_batch = batch}));
    assert_int_equal(hrnet_session_n_outputs(session), 3);
    for (int k = 0; k < 3; k++) {
        const hrnet_output of = hrnet_session_output(session, k);
        assert_int_equal(of.height, (int)input->shape[2] >> (3 + k));
        assert_int_equal(of.width, (int)input->shape[3] >> (3 + k));
        outputs[k] = test_malloc(n * (size_t)of.channels * (size_t)of.height * (size_t)of.width * sizeof(float));
    }
    assert_null(hrnet_session_output(session, 3).name);
    MUST(hrnet_session_forward_outputs(session, input->data, (int)n, outputs));
    hrnet_session_free(session);
}

static void release(float *outputs[3])
{
    for (int k = 0; k < 3; k++) test_free(outputs[k]);
}

static size_t count(const hrnet_array *array)
{
    size_t n = 1;
    for (int d = 0; d < array->n_dims; d++) n *= array->shape[d];
    return n;
}

/* Ten times what float32 costs the public code itself (float32_deviation.json), of the largest magnitude. */
static const double yolox_boxes = 5.7e-6, yolox_scores = 3.1e-5, yolox_logits = 2.5e-5, rtmdet_classes = 3e-6,
                    rtmdet_distances = 1e-6;

/* undecoded.npy has a row a cell, level after level, with objects and classes after the sigmoid. */
static void yolox_in_megviis_container(void **state)
{
    (void)state;
    const char *const net = "people/yolox_w125_160x224";
    hrnet_array input = golden_array(net, "input"), expected = golden_array(net, "undecoded");
    const size_t n_cells = expected.shape[1], n = expected.shape[2];
    hrnet_model *model = NULL;
    float *outputs[3];
    double boxes = 0, scores = 0, largest = 0;
    load(&model, golden_path(net, "checkpoint.pth"), "[224, 160]");
    const hrnet_model_info info = hrnet_model_get_info(model);
    assert_int_equal(info.task, HRNET_TASK_DETECT);
    assert_int_equal(info.n_classes, 80);
    assert_int_equal(info.n_joints, 0);
    assert_null(hrnet_model_skeleton(model));
    run(model, &input, 2, 2, outputs);
    for (size_t i = 0; i < input.shape[0]; i++) {
        size_t row = i * n_cells;
        for (int k = 0; k < 3; k++) {
            const size_t cells = (size_t)(160 >> (3 + k)) * (size_t)(224 >> (3 + k));
            for (size_t cell = 0; cell < cells; cell++, row++) {
                for (size_t c = 0; c < n; c++) {
                    const double found = (double)outputs[k][(i * n + c) * cells + cell];
                    const double value = (double)expected.data[row * n + c];
                    if (c < 4) boxes = fmax(boxes, fabs(found - value));
                    if (c < 4) largest = fmax(largest, fabs(value));
                    if (c >= 4) scores = fmax(scores, fabs(1 / (1 + exp(-found)) - value));
                }
            }
        }
    }
    print_message("yolox: boxes %.1e of the largest, scores %.1e\n", boxes / largest, scores);
    assert_true(boxes <= yolox_boxes * largest && scores <= yolox_scores);
    release(outputs);
    hrnet_model_free(model);
    hrnet_array_free(&input);
    hrnet_array_free(&expected);
}

/* Nano's depthwise layers, an optimizer's state beside the weights, and mmdetection's names for the same tensors. */
static void yolox_under_two_names(void **state)
{
    (void)state;
    const char *const net = "people/yolox_dw_w125_128x96";
    hrnet_array input = golden_array(net, "input");
    float *megvii[3], *mmdet[3];
    hrnet_model *model = NULL;
    load(&model, golden_path(net, "checkpoint.pth"), "[96, 128]");
    run(model, &input, 1, 1, megvii);
    hrnet_model_free(model);
    load(&model, golden_path(net, "checkpoint_mmdet.pth"), "[96, 128]");
    run(model, &input, 3, 1, mmdet);
    hrnet_model_free(model);
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "head_%d", 8 << k);
        hrnet_array expected = golden_array(net, name);
        const double error = relative_error(megvii[k], expected.data, count(&expected));
        print_message("depthwise yolox: %s %.1e of the largest\n", name, error);
        assert_true(error <= yolox_logits);
        assert_memory_equal(megvii[k], mmdet[k], count(&expected) * sizeof(float));
        hrnet_array_free(&expected);
    }
    release(megvii);
    release(mmdet);
    hrnet_array_free(&input);
}

/* reg_*.npy are distances in pixels: times the stride, of the first network after exp. */
static void check_rtmdet(const char *net, const char *size, int is_exponent)
{
    hrnet_array input = golden_array(net, "input");
    hrnet_model *model = NULL;
    float *outputs[3];
    load(&model, golden_path(net, "checkpoint.pth"), size);
    run(model, &input, 2, 1, outputs);
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "reg_%d", 8 << k);
        hrnet_array distances = golden_array(net, name);
        snprintf(name, sizeof name, "cls_%d", 8 << k);
        hrnet_array classes = golden_array(net, name);
        const size_t n = count(&distances);
        for (size_t i = 0; i < n; i++)
            outputs[k][i] = (float)(8 << k) * (is_exponent ? expf(outputs[k][i]) : outputs[k][i]);
        const double of_box = relative_error(outputs[k], distances.data, n);
        const double of_class = relative_error(outputs[k] + n, classes.data, count(&classes));
        print_message("%s: stride %d: classes %.1e, distances %.1e of the largest\n", net, 8 << k, of_class, of_box);
        assert_true(of_class <= rtmdet_classes);
        assert_true(of_box <= (is_exponent ? 2 : 1) * rtmdet_distances);
        hrnet_array_free(&distances);
        hrnet_array_free(&classes);
    }
    release(outputs);
    hrnet_model_free(model);
    hrnet_array_free(&input);
}

static void rtmdet(void **state)
{
    (void)state;
    check_rtmdet("people/rtmdet_w094_128x160", "[160, 128]", 1);
    check_rtmdet("people/rtmdet_nano_w125_96x128", "[128, 96]", 0);
}

/* The double reference gives the same within the same limits, picture by picture. */
static void the_reference_agrees(void **state)
{
    (void)state;
    const char *const net = "people/yolox_dw_w125_128x96";
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_array input = golden_array(net, "input"), outputs[HRNET_MAX_OUTPUTS] = {0};
    int n_outputs = 0;
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net, "checkpoint.pth")));
    const hrnet_model_options how = {.overrides = (const char *const[]){"MODEL.IMAGE_SIZE", "[96, 128]", NULL}};
    MUST(hrnet_reference_outputs(outputs, &n_outputs, checkpoint, &how, &input));
    assert_int_equal(n_outputs, 3);
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "head_%d", 8 << k);
        hrnet_array expected = golden_array(net, name);
        assert_int_equal(count(&outputs[k]), count(&expected));
        assert_true(relative_error(outputs[k].data, expected.data, count(&expected)) <= yolox_logits);
        hrnet_array_free(&expected);
        hrnet_array_free(&outputs[k]);
    }
    REFUSED(hrnet_reference_forward(outputs, checkpoint, &how, &input, 0, 0), HRNET_ERR_MISMATCH, "yolox");
    hrnet_checkpoint_free(checkpoint);
    hrnet_array_free(&input);
}

/* ---------------------------------------------------------------------------------------------- our own files */

/* A file of ours of the network at path gives the same numbers within error, of the largest; 0: the same bits. */
static void convert(const char *net, const char *size, int half, double error)
{
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_model *model = NULL, *converted = NULL;
    hrnet_array input = golden_array(net, "input");
    float *before[3], *after[3];
    const char *const path = golden_path(net, "checkpoint.pth");
    MUST(hrnet_checkpoint_load(&checkpoint, path));
    MUST(hrnet_checkpoint_save(checkpoint, file, &(hrnet_save_options){.half = half}));
    load(&model, path, size);
    load(&converted, file, size);
    const hrnet_model_info a = hrnet_model_get_info(model), b = hrnet_model_get_info(converted);
    assert_string_equal(a.name, b.name);
    assert_int_equal(a.n_classes, b.n_classes);
    assert_int_equal(a.n_parameters, b.n_parameters);
    assert_memory_equal(a.mean, b.mean, sizeof a.mean);
    assert_memory_equal(a.std, b.std, sizeof a.std);
    run(model, &input, 2, 1, before);
    run(converted, &input, 2, 1, after);
    for (int k = 0; k < 3; k++) {
        const size_t n = input.shape[0] * (size_t)(input.shape[2] >> (3 + k)) * (size_t)(input.shape[3] >> (3 + k)) *
                         (size_t)(a.n_classes + (strcmp(a.name, "yolox") == 0 ? 5 : 4));
        if (error == 0)
            assert_memory_equal(before[k], after[k], n * sizeof(float));
        else
            assert_true(relative_error(after[k], before[k], n) <= error);
    }
    release(before);
    release(after);
    hrnet_array_free(&input);
    hrnet_model_free(model);
    hrnet_model_free(converted);
    hrnet_checkpoint_free(checkpoint);
}

static void our_files(void **state)
{
    (void)state;
    convert("people/yolox_dw_w125_128x96", "[96, 128]", 0, 0);
    convert("people/rtmdet_w094_128x160", "[160, 128]", 0, 0);
    /* half has 11 bits; through 60 layers some of it adds up */
    convert("people/rtmdet_w094_128x160", "[160, 128]", 1, 2e-2);
    assert_int_equal(access(file, R_OK), 0);
}

/* ---------------------------------------------------------------------------------------------- refusals */

static void what_is_for_poses_refuses_detectors(void **state)
{
    (void)state;
    hrnet_model *model = NULL;
    hrnet_session *session = NULL;
    uint8_t picture[32 * 32 * 3] = {0};
    float numbers[1];
    hrnet_keypoint keypoints[17];
    const hrnet_person person = {.pixels = {.width = 32, .height = 32, .planes = {picture}}};
    load(&model, golden_path("people/rtmdet_nano_w125_96x128", "checkpoint.pth"), "[128, 96]");
    MUST(hrnet_session_create(&session, model, NULL));
    int input[2], maps[2];
    hrnet_session_size(session, input, maps);
    assert_int_equal(input[0], 128);
    assert_int_equal(maps[0], 0);
    REFUSED(hrnet_session_pose(session, &person, 1, NULL, keypoints, NULL), HRNET_ERR_MISMATCH, "rtmdet");
    REFUSED(hrnet_session_forward(session, numbers, 0, numbers), HRNET_ERR_MISMATCH, "pose_hrnet");
    REFUSED(hrnet_session_forward_flip(session, numbers, 0, 1, numbers), HRNET_ERR_MISMATCH, "a detector");
    REFUSED(hrnet_session_forward_outputs(session, numbers, 1, (float *const[]){numbers, NULL, numbers}),
            HRNET_ERR_ARGUMENT, "outputs[1]");
    REFUSED(hrnet_session_reshape(session, 128, 80), HRNET_ERR_ARGUMENT, "");
    MUST(hrnet_session_reshape(session, 64, 32));
    assert_int_equal(hrnet_session_output(session, 0).width, 8);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* A pose network has one output, the heatmaps. */
static void pose_networks_have_one_output(void **state)
{
    (void)state;
    hrnet_model *const model = golden_model(net_names[0], NULL);
    hrnet_array input = golden_array(net_names[0], "input");
    const hrnet_model_info info = hrnet_model_get_info(model);
    hrnet_session *session = NULL;
    const size_t n = input.shape[0] * map_floats(model);
    float *const maps = test_malloc(n * sizeof *maps), *const expected =
                                                           run_model(model, input.data, (int)input.shape[0], 0, 1, 1);
    assert_int_equal(info.task, HRNET_TASK_POSE);
    assert_int_equal(info.n_classes, 0);
    MUST(hrnet_session_create(&session, model, NULL));
    assert_int_equal(hrnet_session_n_outputs(session), 1);
    assert_string_equal(hrnet_session_output(session, 0).name, "heatmaps");
    assert_int_equal(hrnet_session_output(session, 0).channels, info.n_joints);
    MUST(hrnet_session_forward_outputs(session, input.data, (int)input.shape[0], &maps));
    assert_memory_equal(maps, expected, n * sizeof *maps);
    test_free(maps);
    test_free(expected);
    hrnet_session_free(session);
    hrnet_model_free(model);
    hrnet_array_free(&input);
}

/* Strict binding: a tensor more, or one less, of a detector's is told by name. */
static void other_tensors_are_named(void **state)
{
    (void)state;
    hrnet_model *model = NULL;
    const char *const path = golden_path("people/yolox_dw_w125_128x96", "checkpoint_mmdet.pth");
    REFUSED(hrnet_model_load(
                &model, path,
                &(hrnet_model_options){.overrides = (const char *const[]){"MODEL.EXTRA.NECK_BLOCKS", "2", NULL}}),
            HRNET_ERR_MISMATCH, "missing: backbone.C3_p4.m.1.conv1.conv.weight");
    REFUSED(hrnet_model_load(&model, path,
                             &(hrnet_model_options){
                                 .overrides = (const char *const[]){"MODEL.EXTRA.NUM_BLOCKS", "[1, 2, 3, 1]", NULL}}),
            HRNET_ERR_MISMATCH, "unexpected: state_dict/backbone.stage2.1.blocks.2");
    REFUSED(
        hrnet_model_load(&model, path,
                         &(hrnet_model_options){.overrides = (const char *const[]){"MODEL.NUM_CLASSES", "80", NULL}}),
        HRNET_ERR_MISMATCH, "head.cls_preds.0.weight: expected [80, 32, 1, 1], found [3, 32, 1, 1]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(yolox_in_megviis_container),
                                       cmocka_unit_test(yolox_under_two_names),
                                       cmocka_unit_test(rtmdet),
                                       cmocka_unit_test(the_reference_agrees),
                                       cmocka_unit_test(our_files),
                                       cmocka_unit_test(what_is_for_poses_refuses_detectors),
                                       cmocka_unit_test(pose_networks_have_one_output),
                                       cmocka_unit_test(other_tensors_are_named)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
