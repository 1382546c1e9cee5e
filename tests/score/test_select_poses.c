/* test_select_poses.c - rescoring, suppression and the results file; expected text is what Python's json.dump writes.
 */
#include "score/select_poses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

enum { N = 5, JOINTS = 2 };

static const float sigmas[JOINTS] = {0.05f, 0.05f};
static hr_sample_image images[] = {{"a.jpg", 7}, {"b.jpg", 12}, {"c.jpg", 3}};
/* two persons of picture 1 on one spot, then one of picture 0, then picture 2 which was not read */
static hr_sample list[N] = {{1, {{10, 20}, {0.5f, 0.5f}, 0}, 0.5, 1, NULL, -1},
                            {1, {{10, 20}, {0.5f, 0.5f}, 0}, 0.75, 1, NULL, -1},
                            {1, {{90, 20}, {0.5f, 0.5f}, 0}, 1, 1, NULL, -1},
                            {0, {{1.5f, 2}, {1, 1.25f}, 0}, 0.5, 1, NULL, -1},
                            {2, {{1, 2}, {1, 1}, 0}, 1, 1, NULL, -1}};
static const hrnet_keypoint poses[N][JOINTS] = {{{10, 20, 1}, {30, 20, 0.5f}},
                                                {{10.5f, 20, 1}, {30, 20, 0.5f}},
                                                {{90, 20, 0.25f}, {80, 20, 0.125f}},
                                                {{0.1f, 1e-5f, 0.1f}, {-3, 4, 0.2f}},
                                                {{0, 0, 0}, {0, 0, 0}}};
static const unsigned char left_out[] = {0, 0, 1};
static const hr_samples samples = {.n_joints = JOINTS, .n_images = 3, .n = N, .images = images, .list = list};

static size_t evaluate(double in_vis_thre, int soft, double *scores, size_t *kept)
{
    const hr_select_options options = {sigmas, 0.9, in_vis_thre, soft};
    size_t n = 0;
    assert_int_equal(hr_select_poses(&samples, poses[0], left_out, &options, scores, kept, &n), HRNET_OK);
    return n;
}

static void scores_and_suppression(void **state)
{
    double scores[N];
    size_t kept[N];
    (void)state;
    assert_int_equal(evaluate(0.2, 0, scores, kept), 3);
    assert_float_equal(scores[0], 0.375, 0);
    assert_float_equal(scores[1], 0.5625, 0);
    assert_float_equal(scores[2], 0.25, 0);               /* 0.125 is below IN_VIS_THRE */
    assert_float_equal(scores[3], (double)0.2f * 0.5, 0); /* 0.2f is above 0.2 */
    assert_int_equal(kept[0], 1);                         /* best of picture 1; sample 0 is the same person */
    assert_int_equal(kept[1], 2);
    assert_int_equal(kept[2], 3);                        /* pictures in the samples' order */
    assert_int_equal(evaluate(0.2, 1, scores, kept), 4); /* soft: decayed, not dropped; decay does not show in scores */
    assert_int_equal(kept[0], 1);
    assert_float_equal(scores[0], 0.375, 0);
    evaluate(2, 0, scores, kept);
    assert_float_equal(scores[0], 0, 0);
}

static void results_as_python_writes_them(void **state)
{
    static const char expected[] =
        "[\n    {\n        \"category_id\": 1,\n        \"center\": [\n            1.5,\n"
        "            2.0\n        ],\n        \"image_id\": 7,\n        \"keypoints\": [\n"
        "            0.10000000149011612,\n            9.999999747378752e-06,\n"
        "            0.10000000149011612,\n            -3.0,\n            4.0,\n"
        "            0.20000000298023224\n        ],\n        \"scale\": [\n            1.0,\n"
        "            1.25\n        ],\n        \"score\": 0.10000000149011612\n    }\n]";
    const double scores[N] = {0, 0, 0, (double)0.1f};
    const size_t kept[] = {3};
    char *text = NULL;
    size_t size;
    (void)state;
    FILE *stream = open_memstream(&text, &size);
    hr_write_coco_results(stream, &samples, poses[0], scores, kept, 1);
    fclose(stream);
    assert_string_equal(text, expected);
    free(text);
    stream = open_memstream(&text, &size);
    hr_write_coco_results(stream, &samples, poses[0], scores, kept, 0);
    fclose(stream);
    assert_string_equal(text, "[]");
    free(text);
}

static void every_failing_allocation_is_survived(void **state)
{
    const hr_select_options options = {sigmas, 0.9, 0.2, 0};
    double scores[N];
    size_t kept[N], n;
    (void)state;
    for (long k = 0;; k++) {
        hr_mem_fail_after(k);
        const hrnet_status status = hr_select_poses(&samples, poses[0], left_out, &options, scores, kept, &n);
        hr_mem_fail_after(-1);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_and_suppression),
        cmocka_unit_test(results_as_python_writes_them),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
