/* test_oks.c - similarities worked out by hand and by pycocotools' formula in Python. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pose/oks.h"

/* exp(-25 / (2 * 500 * (2 * 0.1)^2)) = exp(-0.625), and the middle of two such terms. Python's math.exp in the same
 * order of operations gives these digits; glibc's exp is within one ulp. */
static void terms(void **state)
{
    (void)state;
    assert_true(fabs(hr_oks_term(3, 4, 0.1, 500) - 0.5352614285189903) <= 1.2e-16);
    assert_true(hr_oks_term(0, 0, 0.1, 500) == 1);
    assert_true(hr_oks_term(1e200, 0, 0.1, 500) == 0);
    assert_true(hr_oks_term(1, 0, 0.1, 0) == 0); /* an area of 0 is 2^-52 */
}

/* Every keypoint takes part, whatever its score; the area is the mean of 400 and 600. */
static void poses(void **state)
{
    (void)state;
    const hrnet_keypoint a[] = {{0, 0, -1}, {10, 10, 1}}, b[] = {{3, 4, 1}, {10, 10, 0}};
    const float sigmas[] = {0.125f, 0.125f}; /* exp(-25 / (2 * 500 * 0.0625)) = exp(-0.4) */
    assert_true(fabs(hr_oks_poses(a, 400, b, 600, sigmas, 2) - (0.6703200460356393 + 1) / 2) <= 2.3e-16);
    assert_true(hr_oks_poses(a, 400, b, 600, sigmas, 2) == hr_oks_poses(b, 600, a, 400, sigmas, 2));
    const hrnet_keypoint lost[] = {{NAN, 0, 1}, {10, 10, 1}};
    assert_true(hr_oks_poses(a, 400, lost, 600, sigmas, 2) == 0);
}

/* Labelled keypoints alone take part; without any nothing is known. */
static void truth_and_pose(void **state)
{
    (void)state;
    const double truth[] = {10, 20, 2, 500, 500, 0};
    const hrnet_keypoint exact[] = {{10, 20, 1}, {0, 0, 0}}, off[] = {{11, 20, 1}, {0, 0, 0}};
    const float sigmas[] = {0.05f, 0.05f};
    assert_true(hr_oks_truth(truth, 100, exact, sigmas, 2) == 1);
    /* exp(-1 / (2 * 100 * 0.1^2)); 0.05f is off by 1.5e-8 of itself */
    assert_true(fabs(hr_oks_truth(truth, 100, off, sigmas, 2) - 0.6065306597126334) <= 2e-8);
    assert_true(hr_oks_truth(truth + 3, 100, exact, sigmas, 1) == 0);
}

/* The same with a result; without labels, distance is that from the box 10,20 30x40 made twice as large on every side:
 * x -20..70, y -20..100. */
static void truth_and_result(void **state)
{
    (void)state;
    const double box[] = {10, 20, 30, 40}, sigmas[] = {0.1, 0.1};
    const double labelled[] = {10, 20, 1, 500, 500, 0}, unlabelled[] = {0, 0, 0, 0, 0, 0};
    const double result[] = {13, 24, 0.5, 0, 0, 1};
    assert_true(fabs(hr_oks_result(labelled, box, 500, result, sigmas, 2) - 0.5352614285189903) <= 1.2e-16);
    assert_true(hr_oks_result(unlabelled, box, 500, result, sigmas, 2) == 1);
    const double outside[] = {-23, 104, 1, 70, 100, 1}; /* 3 to the left and 4 below; on the corner */
    assert_true(fabs(hr_oks_result(unlabelled, box, 500, outside, sigmas, 2) - (0.5352614285189903 + 1) / 2) <=
                1.2e-16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms),
        cmocka_unit_test(poses),
        cmocka_unit_test(truth_and_pose),
        cmocka_unit_test(truth_and_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
