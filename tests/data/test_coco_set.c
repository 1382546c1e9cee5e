/*
 * test_coco_set.c - COCO boxes to crops by upstream's rules; and the whole chain from true heatmaps to AP: a network
 * that answers exactly what it was trained to answer must score 1.
 */
#include "data/samples.h"

#include <math.h>
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
#include "base/rng.h"
#include "score/select_poses.h"

static hrnet_annotations *load(const char *text)
{
    char path[] = "/tmp/test_coco_set_XXXXXX";
    hrnet_annotations *annotations = NULL;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    const hrnet_status status = hrnet_annotations_load(&annotations, path);
    unlink(path);
    if (status != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return annotations;
}

static const char rules[] =
    "{\"images\": [{\"id\": 9, \"file_name\": \"odd name.jpg\", \"width\": 100, \"height\": 80}, {\"id\": 12, "
    "\"width\": 100,"
    " \"height\": 80}],"
    " \"categories\": [{\"id\": 1, \"name\": \"person\", \"keypoints\": [\"a\", \"b\"], \"sigmas\": [0.1, 0.1]}],"
    " \"annotations\": ["
    /* clipped on all sides: x1 0, y1 5, x2 99, y2 79 */
    "{\"id\": 1, \"image_id\": 12, \"category_id\": 1, \"iscrowd\": 0, \"area\": 9, \"num_keypoints\": 1,"
    " \"bbox\": [-10, 5, 200, 300], \"keypoints\": [4, 5, 2, 0, 0, 0]},"
    /* inside: 10, 20, 30 - 1, 40 - 1 */
    "{\"id\": 2, \"image_id\": 9, \"category_id\": 1, \"iscrowd\": 0, \"area\": 9, \"num_keypoints\": 2,"
    " \"bbox\": [10, 20, 30, 40], \"keypoints\": [4, 5, 2, 6, 7, 1]},"
    /* left out: a crowd, no keypoints; without an area the box's is taken; outside the picture */
    "{\"id\": 3, \"image_id\": 9, \"category_id\": 1, \"iscrowd\": 1, \"area\": 9, \"num_keypoints\": 2,"
    " \"bbox\": [10, 20, 30, 40], \"keypoints\": [4, 5, 2, 6, 7, 1]},"
    "{\"id\": 4, \"image_id\": 9, \"category_id\": 1, \"iscrowd\": 0, \"area\": 9, \"num_keypoints\": 0,"
    " \"bbox\": [10, 20, 30, 40], \"keypoints\": [0, 0, 0, 0, 0, 0]},"
    "{\"id\": 5, \"image_id\": 9, \"category_id\": 1, \"iscrowd\": 0, \"area\": 0, \"num_keypoints\": 2,"
    " \"bbox\": [10, 20, 30, 40], \"keypoints\": [4, 5, 2, 6, 7, 1]},"
    "{\"id\": 6, \"image_id\": 9, \"category_id\": 1, \"iscrowd\": 0, \"area\": 9, \"num_keypoints\": 2,"
    " \"bbox\": [120, 20, 30, 40], \"keypoints\": [4, 5, 2, 6, 7, 1]}]}";

static void ground_truth_boxes(void **state)
{
    hrnet_annotations *annotations = load(rules);
    hr_samples s = {0};
    (void)state;
    assert_int_equal(hr_coco_set_truth(&s, annotations, 0.75), HRNET_OK);
    assert_int_equal(s.n, 3);
    assert_true(s.left_out.n_crowds == 1 && s.left_out.n_unlabelled == 1 && s.left_out.n_outside == 1);
    assert_true(s.left_out.n_no_box == 0 && s.list[1].id == 5);
    assert_string_equal(s.images[s.list[0].image].name, "odd name.jpg");     /* the order of the images */
    assert_string_equal(s.images[s.list[2].image].name, "000000000012.jpg"); /* the file gives no name */
    assert_float_equal(s.list[2].crop.center[0], 49.5, 0);
    assert_float_equal(s.list[2].crop.center[1], 42, 0);
    assert_float_equal(s.list[2].crop.scale[0], 0.61875, 1e-6); /* 99 / 200 x 1.25 */
    assert_float_equal(s.list[2].crop.scale[1], 0.825, 1e-6);   /* padded: 99 / 0.75 */
    assert_float_equal(s.list[0].crop.center[0], 24.5, 0);
    assert_float_equal(s.list[0].crop.scale[0], 0.1828125, 1e-6); /* padded: 39 x 0.75 / 200 x 1.25 */
    assert_float_equal(s.list[0].crop.scale[1], 0.24375, 1e-6);
    assert_int_equal(s.n_truths, 4);
    hr_samples_free(&s);
    hrnet_annotations_free(annotations);
}

static void detections_are_grouped_and_joined(void **state)
{
    char name[] = "odd name.jpg", twelve[] = "12", nine[] = "9", other[] = "77";
    const hrnet_detection detections[] = {{.image = twelve, .box = {-10, 5, 20, 30}, .score = 0.9f},
                                          {.image = name, .box = {1, 2, 3, 4}, .score = 0.8f},
                                          {.image = other, .box = {1, 2, 3, 4}, .score = 1},
                                          {.image = twelve, .box = {1, 2, 3, 4}, .score = 0.05f},
                                          {.image = twelve, .box = {5, 6, 7, 8}, .score = 0.2f},
                                          {.image = nine, .box = {2, 2, 3, 4}, .score = 0.7f}};
    hrnet_annotations *annotations = load(rules);
    hr_samples s = {0};
    size_t n_unknown;
    (void)state;
    assert_int_equal(hr_coco_set_detections(&s, annotations, detections, 6, 0.1, 0.75, &n_unknown), HRNET_OK);
    assert_int_equal(n_unknown, 1);
    assert_int_equal(s.n, 4);
    static const int64_t ids[] = {12, 12, 9, 9};
    static const double scores[] = {0.9, 0.2, 0.8, 0.7};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(s.images[s.list[i].image].id, ids[i]);
        assert_float_equal(s.list[i].score, scores[i], 1e-6);
    }
    assert_float_equal(s.list[0].crop.center[0], 0, 0); /* not clipped */
    hr_samples_free(&s);
    assert_int_equal(hr_coco_set_detections(&s, annotations, detections + 2, 1, 0, 0.75, &n_unknown),
                     HRNET_ERR_MISMATCH);
    assert_non_null(strstr(hrnet_last_error(), "77"));
    hrnet_annotations_free(annotations);
}

static void every_failing_allocation_is_survived(void **state)
{
    hrnet_annotations *annotations = load(rules);
    (void)state;
    for (long k = 0;; k++) {
        hr_samples s = {0};
        hr_mem_fail_after(k);
        const hrnet_status status = hr_coco_set_truth(&s, annotations, 0.75);
        hr_mem_fail_after(-1);
        hr_samples_free(&s);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    hrnet_annotations_free(annotations);
}

/* ---------------------------------------------------------------------------------------------- the chain */

enum { PERSONS = 24, JOINTS = 17, MAP_WIDTH = 48, MAP_HEIGHT = 64 };

/* Persons of 60 to 180 px on two pictures, some joints not labelled. Free with free. */
static char *make_truth(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    uint64_t at = 0;
    fprintf(out, "{\"images\": [{\"id\": 1, \"file_name\": \"a\", \"width\": 3000, \"height\": 3000}, {\"id\": 2, "
                 "\"file_name\": \"b\", \"width\": 3000, \"height\": 3000}], \"categories\": [{\"id\": 1, \"name\": "
                 "\"person\", \"keypoints\": [");
    for (int j = 0; j < JOINTS; j++)
        fprintf(out, "%s\"%s\"", j == 0 ? "" : ", ", hrnet_skeleton_coco()->keypoint_names[j]);
    fprintf(out, "]}], \"annotations\": [");
    for (int p = 0; p < PERSONS; p++) {
        const double w = 60 + 120 * hr_random_uniform(4, at++), h = 2 * w, x = 100 + 210 * (p % 12), y = 300;
        fprintf(
            out,
            "%s{\"id\": %d, \"image_id\": %d, \"category_id\": 1, \"iscrowd\": 0, \"bbox\": [%.2f, %.2f, %.2f, %.2f],"
            " \"area\": %.2f, \"num_keypoints\": 14, \"keypoints\": [",
            p == 0 ? "" : ", ", p + 1, 1 + p / 12, x, y, w, h, 0.5 * w * h);
        for (int j = 0; j < JOINTS; j++) {
            const double jx = x + w * hr_random_uniform(4, at++), jy = y + h * hr_random_uniform(4, at++);
            const int labelled = j % 6 != 5;
            fprintf(out, "%s%.2f, %.2f, %d", j == 0 ? "" : ", ", labelled * jx, labelled * jy, 2 * labelled);
        }
        fprintf(out, "]}");
    }
    fprintf(out, "]}");
    fclose(out);
    return text;
}

/* The training target of one joint: a Gaussian of sigma 2 around the nearest cell. */
static void draw_target(float *map, double x, double y)
{
    const int cx = (int)(x / 4 + 0.5), cy = (int)(y / 4 + 0.5);
    for (int v = 0; v < MAP_HEIGHT; v++)
        for (int u = 0; u < MAP_WIDTH; u++)
            map[v * MAP_WIDTH + u] = (float)exp(-((u - cx) * (u - cx) + (v - cy) * (v - cy)) / 8.0);
}

static double score_true_heatmaps(const hrnet_annotations *annotations, hrnet_decoder decoder)
{
    hr_samples s = {0};
    hrnet_keypoint *poses = calloc((size_t)PERSONS * JOINTS, sizeof *poses);
    float *maps = malloc((size_t)JOINTS * MAP_HEIGHT * MAP_WIDTH * sizeof *maps);
    double scores[PERSONS], keypoints[PERSONS * JOINTS * 3];
    int64_t image_ids[PERSONS], category_ids[PERSONS];
    size_t kept[PERSONS], n_kept;
    const unsigned char left_out[2] = {0};
    assert_int_equal(hr_coco_set_truth(&s, annotations, 0.75), HRNET_OK);
    assert_int_equal(s.n, PERSONS);
    for (size_t i = 0; i < s.n; i++) {
        double m[6];
        hrnet_crop_matrix(&s.list[i].crop, 4 * MAP_WIDTH, 4 * MAP_HEIGHT, 0, m);
        for (int j = 0; j < JOINTS; j++) {
            const double *k = s.truths[i].keypoints + 3 * j;
            draw_target(maps + j * MAP_HEIGHT * MAP_WIDTH, m[0] * k[0] + m[1] * k[1] + m[2],
                        m[3] * k[0] + m[4] * k[1] + m[5]);
        }
        assert_int_equal(hrnet_decode_heatmaps(maps, 1, JOINTS, MAP_HEIGHT, MAP_WIDTH, &s.list[i].crop, decoder, 2,
                                               poses + i * JOINTS),
                         HRNET_OK);
    }
    const hr_select_options options = {hrnet_skeleton_coco()->sigmas, 0.9, 0.2, 0};
    assert_int_equal(hr_select_poses(&s, poses, left_out, &options, scores, kept, &n_kept), HRNET_OK);
    assert_int_equal(n_kept, PERSONS);
    for (size_t i = 0; i < n_kept; i++) {
        image_ids[i] = s.images[s.list[kept[i]].image].id;
        category_ids[i] = 1;
        for (int j = 0; j < JOINTS; j++) {
            keypoints[(i * JOINTS + (size_t)j) * 3] = (double)poses[kept[i] * JOINTS + (size_t)j].x;
            keypoints[(i * JOINTS + (size_t)j) * 3 + 1] = (double)poses[kept[i] * JOINTS + (size_t)j].y;
        }
    }
    const hrnet_coco_results results = {.n = n_kept,
                                        .n_keypoints = JOINTS,
                                        .image_ids = image_ids,
                                        .category_ids = category_ids,
                                        .scores = scores,
                                        .keypoints = keypoints};
    hrnet_coco_score score = {0};
    assert_int_equal(hrnet_coco_evaluate(&score, annotations, &results, NULL), HRNET_OK);
    const double ap = score.numbers[HRNET_COCO_AP];
    hrnet_coco_score_free(&score);
    hr_samples_free(&s);
    free(maps);
    free(poses);
    return ap;
}

static void true_heatmaps_score_one(void **state)
{
    char *text = make_truth();
    hrnet_annotations *annotations = load(text);
    (void)state;
    free(text);
    assert_float_equal(score_true_heatmaps(annotations, HRNET_DECODE_SHIFT), 1, 1e-12);
    assert_float_equal(score_true_heatmaps(annotations, HRNET_DECODE_ARGMAX), 1, 1e-12);
    assert_float_equal(score_true_heatmaps(annotations, HRNET_DECODE_DARK), 1, 1e-12);
    /* decoding with the geometry of other weights costs AP: the number tells them apart */
    assert_true(score_true_heatmaps(annotations, HRNET_DECODE_UDP) < 0.999);
    hrnet_annotations_free(annotations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ground_truth_boxes),
        cmocka_unit_test(detections_are_grouped_and_joined),
        cmocka_unit_test(every_failing_allocation_is_survived),
        cmocka_unit_test(true_heatmaps_score_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
