/*
 * test_head_boxes.c - boxes from raw maps, and what suppression leaves of them, against YOLOX's postprocess and
 * mmdetection's RTMDetHead. Where the published values are not raw (scores behind the sigmoid, distances in pixels),
 * they are turned back in double; every score, and every overlap that decides, is further from its threshold than that
 * costs (2.9e-5).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detect/box_nms.h"
#include "detect/head_boxes.h"

enum { N_MAPS = 3 };

static hrnet_array load(const char *name)
{
    char path[512];
    hrnet_array array = {0};
    snprintf(path, sizeof path, "%s/golden/detect/%s.npy", TEST_DATA, name);
    if (hrnet_array_load(&array, path) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return array;
}

/* Files NAME_head_STRIDE.npy [channels][h][w] as maps; free the arrays. */
static int load_maps(const char *name, hrnet_array arrays[N_MAPS], hr_head_map maps[N_MAPS])
{
    for (int i = 0; i < N_MAPS; i++) {
        char file[64];
        snprintf(file, sizeof file, "%s_head_%d", name, 8 << i);
        arrays[i] = load(file);
        const int h = (int)arrays[i].shape[1], w = (int)arrays[i].shape[2];
        maps[i] = (hr_head_map){arrays[i].data, h, w, 8 << i, (ptrdiff_t)h * w, 1};
    }
    return (int)arrays[0].shape[0];
}

static void free_maps(hrnet_array arrays[N_MAPS])
{
    for (int i = 0; i < N_MAPS; i++) hrnet_array_free(&arrays[i]);
}

static float logit(float p)
{
    return (float)(log((double)p) - log1p(-(double)p));
}

static void assert_near(float found, float expected, double relative)
{
    if (!(fabs((double)found - (double)expected) <= relative * fmax(1, fabs((double)expected))))
        fail_msg("expected %.9g, found %.9g", (double)expected, (double)found);
}

/* ---------------------------------------------------------------------------------------------- YOLOX */

/* [cells][5 + classes] of a 224x160 picture as maps with channels innermost. */
static int undecoded_maps(hrnet_array *array, hr_head_map maps[N_MAPS])
{
    *array = load("yolox_undecoded");
    const int channels = (int)array->shape[1];
    const float *data = array->data;
    for (size_t i = 0; i < array->shape[0]; i++)
        for (int c = 4; c < channels; c++)
            array->data[i * (size_t)channels + (size_t)c] = logit(array->data[i * (size_t)channels + (size_t)c]);
    for (int i = 0; i < N_MAPS; i++) {
        const int stride = 8 << i, h = 160 / stride, w = 224 / stride;
        maps[i] = (hr_head_map){data, h, w, stride, 1, channels};
        data += h * w * channels;
    }
    return channels;
}

/* With a threshold that all pass, candidates are the cells, in order. */
static void check_decoded(const char *name, const hr_head_map *maps, int n_classes)
{
    hr_candidates list = {0};
    hrnet_array decoded = load(name);
    assert_int_equal(hr_yolox_boxes(&list, maps, N_MAPS, n_classes, &(hr_class_rule){.threshold = -1}), HRNET_OK);
    assert_int_equal(list.n, decoded.shape[0]);
    for (size_t i = 0; i < list.n; i++) {
        const float *const e = decoded.data + i * 4;
        const hr_box_candidate *const c = &list.items[i];
        assert_near((c->x1 + c->x2) / 2, e[0], 1e-5);
        assert_near((c->y1 + c->y2) / 2, e[1], 1e-5);
        assert_near(c->x2 - c->x1, e[2], 1e-5);
        assert_near(c->y2 - c->y1, e[3], 1e-5);
    }
    hrnet_array_free(&decoded);
    hr_candidates_free(&list);
}

static void check_yolox_rule(const char *name, const char *rule, const hr_head_map *maps, int n_classes,
                             float threshold, float iou, int agnostic)
{
    char file[64];
    snprintf(file, sizeof file, "%s_%s", name, rule);
    hrnet_array rows = load(file);
    hr_candidates list = {0};
    assert_int_equal(hr_yolox_boxes(&list, maps, N_MAPS, n_classes, &(hr_class_rule){.threshold = threshold}),
                     HRNET_OK);
    hr_box_nms(&list, iou, agnostic, 1000);
    assert_int_equal(list.n, rows.shape[0]);
    for (size_t i = 0; i < list.n; i++) {
        const float *const row = rows.data + i * 7;
        const hr_box_candidate *const c = &list.items[i];
        const float corners[4] = {c->x1, c->y1, c->x2, c->y2};
        for (int k = 0; k < 4; k++) assert_near(corners[k], row[k], 1e-5);
        assert_near(c->score, row[4] * row[5], 5e-6);
        assert_int_equal(c->category, (int)row[6]);
    }
    hrnet_array_free(&rows);
    hr_candidates_free(&list);
}

static void check_yolox(const char *name, const hr_head_map *maps, int n_classes)
{
    char file[64];
    snprintf(file, sizeof file, "%s_decoded", name);
    check_decoded(file, maps, n_classes);
    check_yolox_rule(name, "demo", maps, n_classes, 0.3f, 0.3f, 1);
    check_yolox_rule(name, "eval", maps, n_classes, 0.01f, 0.65f, 0);
    check_yolox_rule(name, "common", maps, n_classes, 0.25f, 0.45f, 0);
}

static void test_yolox(void **state)
{
    (void)state;
    hrnet_array array;
    hr_head_map maps[N_MAPS];
    const int channels = undecoded_maps(&array, maps);
    check_yolox("yolox", maps, channels - 5);
    hrnet_array_free(&array);
}

static void test_yolox_planes(void **state)
{
    (void)state;
    hrnet_array arrays[N_MAPS];
    hr_head_map maps[N_MAPS];
    const int channels = load_maps("yolox_dw", arrays, maps);
    check_yolox("yolox_dw", maps, channels - 5);
    free_maps(arrays);
}

/* One class is looked for in every cell, also where another class scores higher. */
static void test_class_in_every_cell(void **state)
{
    (void)state;
    hrnet_array array;
    hr_head_map maps[N_MAPS];
    const int n_classes = undecoded_maps(&array, maps) - 5, wanted[2] = {0, 3};
    hr_candidates all = {0}, best = {0}, two = {0};
    size_t n_expected = 0;
    assert_int_equal(hr_yolox_boxes(&best, maps, N_MAPS, n_classes, &(hr_class_rule){.threshold = 0.1f}), HRNET_OK);
    assert_int_equal(hr_yolox_boxes(&all, maps, N_MAPS, n_classes, &(hr_class_rule){0.1f, wanted, 1}), HRNET_OK);
    assert_int_equal(hr_yolox_boxes(&two, maps, N_MAPS, n_classes, &(hr_class_rule){0.1f, wanted, 2}), HRNET_OK);
    for (size_t i = 0; i < array.shape[0]; i++) {
        const float *const cell = array.data + i * array.shape[1];
        n_expected += 1 / ((1 + exp(-(double)cell[4])) * (1 + exp(-(double)cell[5]))) >= 0.1;
    }
    assert_int_equal(all.n, n_expected);
    assert_true(two.n > all.n);
    size_t n_best = 0;
    for (size_t i = 0; i < best.n; i++) n_best += best.items[i].category == 0;
    assert_true(n_best < all.n);
    hr_candidates_free(&all);
    hr_candidates_free(&best);
    hr_candidates_free(&two);
    hrnet_array_free(&array);
}

/* ---------------------------------------------------------------------------------------------- RTMDet */

static void check_rtmdet_rule(const char *name, const char *rule, const hr_head_map *maps, int n_classes,
                              const hr_class_rule *classes, const hr_rtmdet_geometry *geometry, float iou, size_t most)
{
    char file[64];
    snprintf(file, sizeof file, "%s_%s", name, rule);
    hrnet_array rows = load(file);
    hr_candidates list = {0};
    assert_int_equal(hr_rtmdet_boxes(&list, maps, N_MAPS, n_classes, classes, geometry), HRNET_OK);
    hr_box_nms(&list, iou, 0, most);
    assert_int_equal(list.n, rows.shape[0]);
    for (size_t i = 0; i < list.n; i++) {
        const float *const row = rows.data + i * 6;
        const hr_box_candidate *const c = &list.items[i];
        const float corners[4] = {c->x1, c->y1, c->x2, c->y2};
        for (int k = 0; k < 4; k++) assert_near(corners[k], row[k], 1e-5);
        assert_near(c->score, row[4], 5e-6);
        assert_int_equal(c->category, (int)row[5]);
    }
    hrnet_array_free(&rows);
    hr_candidates_free(&list);
}

/* Distances in pixels of the input become raw again. */
static void make_raw(const hr_head_map *map, float *data, int exp_distances)
{
    for (int i = 0; i < 4 * map->h * map->w; i++) {
        const double strides = (double)data[i] / map->stride;
        data[i] = (float)(exp_distances ? log(strides) : strides);
    }
}

static void check_rtmdet(const char *name, int exp_distances, float clip_width, float clip_height)
{
    hrnet_array arrays[N_MAPS];
    hr_head_map maps[N_MAPS];
    const hr_rtmdet_geometry geometry = {exp_distances, clip_width, clip_height, 0.5f, 0.5f};
    const int n_classes = load_maps(name, arrays, maps) - 4;
    for (int i = 0; i < N_MAPS; i++) make_raw(&maps[i], arrays[i].data, exp_distances);
    check_rtmdet_rule(name, "coco", maps, n_classes, &(hr_class_rule){.threshold = 0.001f}, &geometry, 0.65f, 300);
    check_rtmdet_rule(name, "person", maps, n_classes, &(hr_class_rule){.threshold = 0.05f}, &geometry, 0.6f, 100);
    free_maps(arrays);
}

static void test_rtmdet(void **state)
{
    (void)state;
    check_rtmdet("rtmdet", 1, 156, 119);
}

static void test_rtmdet_nano(void **state)
{
    (void)state;
    check_rtmdet("rtmdet_nano", 0, 124, 87);
}

/* ---------------------------------------------------------------------------------------------- odd numbers */

/* Of a 1x1 map of one class, with these channels. */
static void count_cell(int is_yolox, const float *channels, size_t n, int n_not_finite)
{
    const int wanted = 0;
    const hr_class_rule rule = {0.3f, &wanted, 1};
    const hr_head_map map = {channels, 1, 1, 8, 1, 1};
    hr_candidates list = {0};
    const hrnet_status status = is_yolox
                                    ? hr_yolox_boxes(&list, &map, 1, 1, &rule)
                                    : hr_rtmdet_boxes(&list, &map, 1, 1, &rule, &(hr_rtmdet_geometry){1, 64, 64, 1, 1});
    assert_int_equal(status, HRNET_OK);
    assert_int_equal(list.n, n);
    assert_int_equal(list.n_not_finite, n_not_finite);
    hr_candidates_free(&list);
}

static void test_numbers_that_are_none(void **state)
{
    (void)state;
    count_cell(1, (float[]){0, 0, 1, 1, 5, 5}, 1, 0);
    count_cell(1, (float[]){0, 0, 1, 1, NAN, 5}, 0, 1);
    count_cell(1, (float[]){0, 0, 1, 1, 5, NAN}, 0, 1);
    count_cell(1, (float[]){NAN, 0, 1, 1, 5, 5}, 0, 1);
    count_cell(1, (float[]){0, 0, 100, 1, 5, 5}, 0, 1); /* exp overflows */
    count_cell(1, (float[]){0, INFINITY, 1, 1, 5, 5}, 0, 1);
    count_cell(1, (float[]){0, 0, 1, 1, -INFINITY, 5}, 0, 0);
    count_cell(0, (float[]){1, 1, 1, 1, 5}, 1, 0);
    count_cell(0, (float[]){1, 1, 1, 1, NAN}, 0, 1);
    count_cell(0, (float[]){NAN, 1, 1, 1, 5}, 0, 1);
    count_cell(0, (float[]){1, 1, 100, 1, 5}, 1, 0);       /* clipped */
    count_cell(0, (float[]){1, 1, -INFINITY, 1, 5}, 0, 0); /* no width */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yolox),
        cmocka_unit_test(test_yolox_planes),
        cmocka_unit_test(test_class_in_every_cell),
        cmocka_unit_test(test_rtmdet),
        cmocka_unit_test(test_rtmdet_nano),
        cmocka_unit_test(test_numbers_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
