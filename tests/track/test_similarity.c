/* test_similarity.c - IoU and OKS worked out by hand, and boxes that go along with poses. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "made_people.h"
#include "track/similarity.h"

static void near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) fail_msg("expected %.9g, found %.9g", expected, found);
}

static void overlaps(void **state)
{
    (void)state;
    const hrnet_box a = {0, 0, 10, 10}, b = {5, 0, 10, 10}, c = {10, 10, 5, 5};
    near(hr_box_iou(a, b), 50.0 / 150, 1e-15);
    near(hr_box_iou(a, a), 1, 0);
    near(hr_box_iou(a, c), 0, 0); /* they touch */
    near(hr_box_iou((hrnet_box){0.1f, 0.1f, 0.3f, 0.7f}, (hrnet_box){0.1f, 0.1f, 0.3f, 0.7f}), 1, 1e-15);
    near(hr_box_iou(a, (hrnet_box){NAN, 0, 10, 10}), 0, 0);
    near(hr_box_iou(a, (hrnet_box){0, 0, INFINITY, 10}), 0, 0);
    near(hr_box_iou((hrnet_box){0, 0, FLT_MAX, FLT_MAX}, (hrnet_box){0, 0, FLT_MAX, FLT_MAX}), 1, 1e-15);
}

static void widened_boxes(void **state)
{
    (void)state;
    const hrnet_box box = {10, 20, 40, 80}, wide = hr_box_widen(box, 0.5), same = hr_box_widen(box, 0);
    near(wide.x, -10, 0);
    near(wide.y, -20, 0);
    near(wide.w, 80, 0);
    near(wide.h, 160, 0);
    near(hr_box_iou(box, same), 1, 0);
}

/* Keypoints that one of the poses does not believe take no part, unless too few are left. */
static void poses(void **state)
{
    (void)state;
    const hrnet_box box = {0, 0, 10, 50}; /* an area of 500 */
    const float sigmas[4] = {0.1f, 0.1f, 0.1f, 0.1f};
    hrnet_keypoint a[4] = {{0, 0, 1}, {10, 0, 1}, {0, 10, 1}, {10, 10, 0.1f}}, b[4];
    for (int k = 0; k < 4; k++) b[k] = (hrnet_keypoint){a[k].x + 3, a[k].y + 4, 1};
    b[3].x = 1000;
    const double term = exp(-0.625); /* 25 / (2 * 500 * (2 * 0.1)^2) */
    near(hr_pose_similarity(a, box, b, box, sigmas, 4, 0.2), term, 1e-7);
    near(hr_pose_similarity(a, box, b, box, sigmas, 4, 0.05), term * 3 / 4, 1e-7);
    b[2].score = 0; /* two are left: all four count */
    near(hr_pose_similarity(a, box, b, box, sigmas, 4, 0.2), term * 3 / 4, 1e-7);
    b[3].x = NAN;
    near(hr_pose_similarity(a, box, b, box, sigmas, 4, 0.2), 0, 0);
    b[2].score = 1;
    near(hr_pose_similarity(a, box, b, box, sigmas, 4, 0.05), term, 1e-7); /* NaN is never believed */
    near(hr_pose_similarity(a, box, b, box, sigmas, 0, 0.2), 0, 0);
}

static void carried_keypoints(void **state)
{
    (void)state;
    const hrnet_keypoint there =
        hr_keypoint_carry((hrnet_keypoint){12, 30, 0.5f}, (hrnet_box){10, 20, 4, 40}, (hrnet_box){100, 200, 8, 60});
    near(there.x, 104, 0);
    near(there.y, 215, 0);
    near(there.score, 0.5, 0);
}

/* The box moves and grows as the keypoints do, whatever one that is not believed does. */
static void boxes_along_poses(void **state)
{
    (void)state;
    const hrnet_box box = {100, 50, 40, 120};
    hrnet_keypoint a[MADE_KEYPOINTS], b[MADE_KEYPOINTS];
    hrnet_box along = {1, 2, 3, 4};
    made_pose(a, box, 0, 0.8f);
    made_pose(b, (hrnet_box){130, 60, 44, 132}, 0, 0.8f);
    b[3] = (hrnet_keypoint){5000, 5000, 0.1f};
    b[4] = (hrnet_keypoint){NAN, 0, 0.9f};
    assert_true(hr_box_along(&along, box, a, b, MADE_KEYPOINTS, 0.2));
    near(along.x, 130, 1e-3);
    near(along.y, 60, 1e-3);
    near(along.w, 44, 1e-3);
    near(along.h, 132, 1e-3);
    made_pose(b, (hrnet_box){100, 50, 400, 1200}, 0, 0.8f); /* not by more than 2 */
    assert_true(hr_box_along(&along, box, a, b, MADE_KEYPOINTS, 0.2));
    near(along.h, 240, 1e-3);
    for (int k = 0; k < MADE_KEYPOINTS; k++) a[k] = (hrnet_keypoint){7, 8, 1}; /* all in one place: the size stays */
    assert_true(hr_box_along(&along, box, a, b, MADE_KEYPOINTS, 0.2));
    near(along.h, 120, 1e-3);
    for (int k = 2; k < MADE_KEYPOINTS; k++) b[k].score = 0;
    along = (hrnet_box){1, 2, 3, 4};
    assert_false(hr_box_along(&along, box, a, b, MADE_KEYPOINTS, 0.2));
    near(along.h, 4, 0);
}

static void mean_scores(void **state)
{
    (void)state;
    const hrnet_keypoint points[] = {{0, 0, 0.5f}, {0, 0, 3}, {0, 0, -1}, {0, 0, NAN}};
    near(hr_mean_score(points, 4), 1.5 / 4, 0);
    near(hr_mean_score(points, 0), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlaps),          cmocka_unit_test(widened_boxes),     cmocka_unit_test(poses),
        cmocka_unit_test(carried_keypoints), cmocka_unit_test(boxes_along_poses), cmocka_unit_test(mean_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
