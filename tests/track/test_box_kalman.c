/*
 * test_box_kalman.c - the filter against the published one of 8 numbers with full matrices
 * (tests/golden/track/make.py), and steps of parts of a frame.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "track/box_kalman.h"

static void near(double found, double expected, double scale)
{
    /* both sides round some tens of operations a step, over 60 steps: measured 1e-13 */
    if (!(fabs(found - expected) <= 1e-11 * scale)) fail_msg("expected %.17g, found %.17g", expected, found);
}

/* Boxes are floats: the golden ones are rounded to what a box can hold, by less than this. */
static hrnet_box box_of(const double z[4])
{
    const double w = z[2] * z[3];
    return (hrnet_box){(float)(z[0] - w / 2), (float)(z[1] - z[3] / 2), (float)w, (float)z[3]};
}

static void compare(const hr_box_kalman *filter, const double mean[8], const double variance[8], double covariance,
                    double tolerance)
{
    const hr_kalman_axis *const axes[] = {&filter->x, &filter->y, &filter->aspect, &filter->height};
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(axes[i]->position - mean[i]) <= tolerance * fmax(1, fabs(mean[i])));
        assert_true(fabs(axes[i]->velocity - mean[4 + i]) <= tolerance * fmax(1, fabs(mean[i])));
        near(axes[i]->pp, variance[i], variance[i] * (1 + tolerance * 1e11));
        near(axes[i]->vv, variance[4 + i], variance[4 + i] * (1 + tolerance * 1e11));
    }
    near(filter->x.pv, covariance, fabs(covariance) * (1 + tolerance * 1e11));
}

static void as_published(void **state)
{
    (void)state;
    FILE *const in = fopen(TEST_DATA "/golden/track/kalman.txt", "r");
    hr_box_kalman filter = {0};
    double z[4], mean[8], variance[8], covariance;
    int op, n = 0;
    assert_non_null(in);
    while (fscanf(in, "%d %lf %lf %lf %lf", &op, &z[0], &z[1], &z[2], &z[3]) == 5) {
        for (int i = 0; i < 8; i++) assert_int_equal(fscanf(in, "%lf", &mean[i]), 1);
        for (int i = 0; i < 8; i++) assert_int_equal(fscanf(in, "%lf", &variance[i]), 1);
        assert_int_equal(fscanf(in, "%lf", &covariance), 1);
        if (op == 0) hr_box_kalman_begin(&filter, box_of(z));
        if (op == 1 || op == 2) hr_box_kalman_predict(&filter, z[0], op == 1);
        if (op == 3) hr_box_kalman_correct(&filter, box_of(z));
        /* a float has 24 bits: edges of some hundred pixels are off by 3e-5, of one measurement in the end */
        compare(&filter, mean, variance, covariance, 3e-7);
        n++;
    }
    fclose(in);
    assert_int_equal(n, 1 + 60 + 48);
}

/* Ten steps of a tenth are one of a whole, for estimate and covariance, if the height rests. */
static void parts_of_a_frame(void **state)
{
    (void)state;
    hr_box_kalman parts, whole;
    hr_box_kalman_begin(&parts, (hrnet_box){10, 20, 30, 80});
    hr_box_kalman_predict(&parts, 1, 1);
    hr_box_kalman_correct(&parts, (hrnet_box){13, 19, 30, 80});
    parts.height.velocity = 0;
    whole = parts;
    hr_box_kalman_predict(&whole, 2.5, 1);
    for (int i = 0; i < 10; i++) {
        hr_box_kalman_predict(&parts, 0.25, 1);
        assert_true(parts.x.pp * parts.x.vv > parts.x.pv * parts.x.pv);
    }
    const double *const a = &parts.x.position, *const b = &whole.x.position;
    for (size_t i = 0; i < sizeof(hr_box_kalman) / sizeof(double); i++) near(a[i], b[i], fabs(b[i]) + 1e-12);
    hr_box_kalman_predict(&whole, 0, 1); /* no time, no change */
    for (size_t i = 0; i < sizeof(hr_box_kalman) / sizeof(double); i++) near(a[i], b[i], fabs(b[i]) + 1e-12);
}

/* A person who walks on unseen is expected where the walk leads, and no longer grows. */
static void motion_goes_on(void **state)
{
    (void)state;
    hr_box_kalman filter;
    hr_box_kalman_begin(&filter, (hrnet_box){0, 0, 40, 100});
    for (int i = 1; i <= 60; i++) {
        hr_box_kalman_predict(&filter, 1, 1);
        hr_box_kalman_correct(&filter, (hrnet_box){3.0f * (float)i, 0, 40 + 0.04f * (float)i, 100 + 0.1f * (float)i});
    }
    const hrnet_box before = hr_box_kalman_box(&filter);
    for (int i = 0; i < 15; i++) hr_box_kalman_predict(&filter, 1, 0);
    const hrnet_box after = hr_box_kalman_box(&filter);
    assert_true(fabsf(after.x - before.x - 45) < 1);
    assert_true(fabsf(after.h - before.h) < 1e-3f);
}

static void good_boxes(void **state)
{
    (void)state;
    assert_true(hr_box_is_good((hrnet_box){-5, 1e30f, 1e-40f, FLT_MAX}));
    assert_false(hr_box_is_good((hrnet_box){NAN, 0, 1, 1}));
    assert_false(hr_box_is_good((hrnet_box){0, INFINITY, 1, 1}));
    assert_false(hr_box_is_good((hrnet_box){0, 0, 0, 1}));
    assert_false(hr_box_is_good((hrnet_box){0, 0, 1, -1}));
    assert_false(hr_box_is_good((hrnet_box){0, 0, 1, NAN}));
}

/* Boxes as large and as small as floats go leave a filter of finite numbers. */
static void extreme_boxes(void **state)
{
    (void)state;
    const hrnet_box boxes[] = {
        {0, 0, 1e-40f, 3e38f}, {3e38f, -3e38f, 3e38f, 1e-40f}, {1, 1, 1, 1}, {-3e38f, 0, 1e-40f, 1e-40f}};
    for (int i = 0; i < 16; i++) {
        hr_box_kalman filter;
        hr_box_kalman_begin(&filter, boxes[i % 4]);
        for (int k = 0; k < 8; k++) {
            hr_box_kalman_predict(&filter, 108000, k % 2);
            hr_box_kalman_correct(&filter, boxes[(i / 4 + k) % 4]);
        }
        const double *const numbers = &filter.x.position;
        for (size_t k = 0; k < sizeof filter / sizeof(double); k++) assert_true(isfinite(numbers[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_published), cmocka_unit_test(parts_of_a_frame), cmocka_unit_test(motion_goes_on),
        cmocka_unit_test(good_boxes),   cmocka_unit_test(extreme_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
