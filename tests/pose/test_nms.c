/* test_nms.c - suppression of 24 poses against the indices that the published code keeps, and invalid input. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"

enum { N = 24, JOINTS = 17 };

typedef hrnet_status suppression(const hrnet_keypoint *keypoints, const float *areas, const float *scores, int n,
                                 int n_joints, const float *sigmas, float threshold, int *kept, int *n_kept);

static void test_the_published_survivors(void **state)
{
    (void)state;
    static hrnet_keypoint keypoints[N * JOINTS];
    float areas[N], scores[N];
    FILE *file = fopen(TEST_DATA "/golden/pose/oks.txt", "r");
    assert_non_null(file);
    for (int i = 0; i < N; i++) {
        assert_int_equal(fscanf(file, "%f %f", &areas[i], &scores[i]), 2);
        for (int j = 0; j < JOINTS; j++) {
            hrnet_keypoint *k = &keypoints[i * JOINTS + j];
            assert_int_equal(fscanf(file, "%f %f %f", &k->x, &k->y, &k->score), 3);
        }
    }
    suppression *const kinds[] = {hrnet_oks_nms,      hrnet_oks_nms,      hrnet_oks_nms,
                                  hrnet_oks_nms_soft, hrnet_oks_nms_soft, hrnet_oks_nms_soft};
    for (int line = 0; line < 6; line++) {
        float threshold;
        int n_expected, kept[N], n_kept = -1;
        assert_int_equal(fscanf(file, "%f %d", &threshold, &n_expected), 2);
        assert_int_equal(
            kinds[line](keypoints, areas, scores, N, JOINTS, hrnet_skeleton_coco()->sigmas, threshold, kept, &n_kept),
            HRNET_OK);
        assert_int_equal(n_kept, n_expected);
        for (int i = 0; i < n_expected; i++) {
            int index;
            assert_int_equal(fscanf(file, "%d", &index), 1);
            assert_int_equal(kept[i], index);
        }
    }
    fclose(file);
}

static void test_equal_scores_put_the_later_pose_first(void **state)
{
    (void)state;
    const hrnet_keypoint keypoints[3] = {{0, 0, 1}, {1000, 0, 1}, {0, 1000, 1}};
    const float areas[3] = {100, 100, 100}, scores[3] = {0.5f, 0.5f, 0.5f}, sigma = 0.1f;
    int kept[3], n_kept;
    assert_int_equal(hrnet_oks_nms(keypoints, areas, scores, 3, 1, &sigma, 0.5f, kept, &n_kept), HRNET_OK);
    assert_int_equal(n_kept, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(kept[i], 2 - i);
}

static void test_senseless_numbers_are_harmless(void **state)
{
    static const float values[] = {NAN, INFINITY, -INFINITY, 0, -5, 1, 3e38f};
    (void)state;
    enum { MANY = 343 };
    hrnet_keypoint keypoints[MANY];
    float areas[MANY], scores[MANY];
    for (int i = 0; i < MANY; i++) {
        keypoints[i] = (hrnet_keypoint){values[i % 7], values[i / 7 % 7], 0};
        areas[i] = values[i / 49];
        scores[i] = values[(i + 3) % 7];
    }
    const float sigma = 0.05f;
    int kept[MANY], n_kept;
    assert_int_equal(hrnet_oks_nms(keypoints, areas, scores, MANY, 1, &sigma, 0.5f, kept, &n_kept), HRNET_OK);
    assert_in_range(n_kept, 1, MANY);
    assert_int_equal(hrnet_oks_nms_soft(keypoints, areas, scores, MANY, 1, &sigma, 1e-40f, kept, &n_kept), HRNET_OK);
    assert_int_equal(n_kept, 20);
    for (int i = 0; i < n_kept; i++) assert_in_range(kept[i], 0, MANY - 1);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    const hrnet_keypoint keypoint = {0, 0, 1};
    const float one = 1;
    int kept, n_kept = 7;
    assert_int_equal(hrnet_oks_nms(NULL, &one, &one, 1, 1, &one, 0.5f, &kept, &n_kept), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_oks_nms(&keypoint, &one, &one, -1, 1, &one, 0.5f, &kept, &n_kept), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_oks_nms(&keypoint, &one, &one, 1, 0, &one, 0.5f, &kept, &n_kept), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_oks_nms(&keypoint, &one, &one, 1, 1, &one, NAN, &kept, &n_kept), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_oks_nms(&keypoint, &one, &one, 1, 1, &one, 0.5f, &kept, NULL), HRNET_ERR_ARGUMENT);
    hr_mem_fail_after(0);
    assert_int_equal(hrnet_oks_nms(&keypoint, &one, &one, 1, 1, &one, 0.5f, &kept, &n_kept), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
    assert_int_equal(n_kept, 7);
    assert_int_equal(hrnet_oks_nms(NULL, NULL, NULL, 0, 0, NULL, 0.5f, NULL, &n_kept), HRNET_OK);
    assert_int_equal(n_kept, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_survivors),
        cmocka_unit_test(test_equal_scores_put_the_later_pose_first),
        cmocka_unit_test(test_senseless_numbers_are_harmless),
        cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
