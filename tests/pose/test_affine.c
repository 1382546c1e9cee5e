/* test_affine.c - boxes to crops and crops to matrices, against OpenCV's numbers (golden/pose/make.py). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "pose/affine.h"

static void test_matrices_equal_opencv(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA "/golden/pose/crops.txt", "r");
    assert_non_null(file);
    hrnet_crop crop;
    int n = 0;
    while (fscanf(file, "%f %f %f %f %f", &crop.center[0], &crop.center[1], &crop.scale[0], &crop.scale[1],
                  &crop.rotation) == 5) {
        for (int inverse = 0; inverse < 2; inverse++) {
            double matrix[6], expected[6];
            hrnet_crop_matrix(&crop, 48, 64, inverse, matrix);
            for (int i = 0; i < 6; i++) {
                assert_int_equal(fscanf(file, "%lf", &expected[i]), 1);
                /* the angle -7.3 is a float here and a double there: one part in 2^24 */
                assert_true(fabs(matrix[i] - expected[i]) <= 1e-5 * fmax(fabs(expected[i]), 1));
            }
        }
        n++;
    }
    fclose(file);
    assert_int_equal(n, 8);
}

/* The five crops of the published code at its own sizes: center, scale, rotation, size; matrix and inverse. */
static void test_matrices_equal_the_published_code(void **state)
{
    static const struct {
        hrnet_crop crop;
        int width, height;
        double matrix[6], inverse[6];
    } cases[] = {
        {{{389.6f, 218.1f}, {1.625f, 2.1667f}, 0},
         192,
         256,
         {0.5907692307692307, 0, -134.16369591346154, 0, 0.5907692307692308, -0.8467728365384626},
         {1.6927083333333333, 0, 227.10000610351562, 0, 1.6927083333333333, 1.4333394368489607}},
        {{{20, 10}, {1.2f, 1.6f}, -60},
         288,
         384,
         {0.5999999307109483, -1.0392303894768655, 142.39230528054972, 1.0392303894768657, 0.5999999688579137,
          165.21539252188356},
         {0.41666671964857294, 0.7216878996955024, -178.56408437093097, -0.7216878996955024, 0.4166666931576199,
          33.92305246988933}},
        {{{320, 212}, {0.15f, 0.2f}, 12},
         192,
         256,
         {6.26014463645076, 1.3306383199615908, -2189.3416074961006, -1.3306383199615923, 6.260144636450776,
          -773.3464005398549},
         {0.1528355280558268, -0.032486279805501304, 309.4860331217448, 0.032486279805501304, 0.1528355280558268,
          189.31836954752603}},
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double matrix[6], inverse[6];
        hrnet_crop_matrix(&cases[k].crop, cases[k].width, cases[k].height, 0, matrix);
        hrnet_crop_matrix(&cases[k].crop, cases[k].width, cases[k].height, 1, inverse);
        for (int i = 0; i < 6; i++) {
            assert_true(fabs(matrix[i] - cases[k].matrix[i]) <= 1e-12 * fmax(fabs(cases[k].matrix[i]), 1));
            assert_true(fabs(inverse[i] - cases[k].inverse[i]) <= 1e-12 * fmax(fabs(cases[k].inverse[i]), 1));
        }
    }
}

static void test_boxes_are_padded_to_the_aspect(void **state)
{
    (void)state;
    const hrnet_crop wide = hrnet_crop_from_box((hrnet_box){10, 20, 300, 100}, 0.75f);
    assert_float_equal(wide.center[0], 160, 0);
    assert_float_equal(wide.center[1], 70, 0);
    assert_float_equal(wide.scale[0], 1.875, 0); /* 300 / 200 * 1.25 */
    assert_float_equal(wide.scale[1], 2.5, 0);
    const hrnet_crop tall = hrnet_crop_from_box((hrnet_box){0, 0, 30, 100}, 0.75f);
    assert_float_equal(tall.scale[0], 75 / 200.0 * 1.25, 1e-7);
    assert_float_equal(tall.scale[1], 0.625, 1e-7);
    const hrnet_crop marked = hrnet_crop_from_box((hrnet_box){-51, 0, 100, 100}, 1);
    assert_float_equal(marked.scale[0], 0.5, 0);
}

static void test_unbiased_corners(void **state)
{
    (void)state;
    const hrnet_crop crop = {.center = {100, 80}, .scale = {0.3f, 0.4f}, .rotation = 0};
    double m[6], back[6];
    hr_crop_matrix_udp(&crop, 192, 256, 0, m);
    /* the box spans 70..130 x 40..120, its corners become the centres of the corner pixels */
    assert_true(fabs(m[0] * 70 + m[1] * 40 + m[2]) < 1e-4 && fabs(m[3] * 70 + m[4] * 40 + m[5]) < 1e-4);
    assert_true(fabs(m[0] * 130 + m[2] - 191) < 1e-4 && fabs(m[4] * 120 + m[5] - 255) < 1e-4);
    hr_crop_matrix_udp(&crop, 192, 256, 1, back);
    assert_true(fabs(back[0] * 191 + back[2] - 130) < 1e-4 && fabs(back[4] * 255 + back[5] - 120) < 1e-4);
}

/* A positive rotation has the same direction in both geometries. */
static void test_both_geometries_rotate_alike(void **state)
{
    (void)state;
    const hrnet_crop crop = {.center = {100, 80}, .scale = {0.3f, 0.4f}, .rotation = 30};
    double published[6], unbiased[6];
    hrnet_crop_matrix(&crop, 192, 256, 0, published);
    hr_crop_matrix_udp(&crop, 192, 256, 0, unbiased);
    assert_true(fabs(published[1] - unbiased[1]) < 0.02 * fabs(published[1]));
    assert_true(fabs(published[3] - unbiased[3]) < 0.02 * fabs(published[3]));
}

static void test_senseless_crops_are_harmless(void **state)
{
    (void)state;
    const float values[] = {0, -1, NAN, INFINITY, 1e38f, 1e-38f};
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
        const float v = values[k];
        const hrnet_crop crop = {.center = {v, 1}, .scale = {v, v}, .rotation = v};
        double m[6];
        for (int inverse = 0; inverse < 2; inverse++) {
            hrnet_crop_matrix(&crop, 48, 64, inverse, m);
            hr_crop_matrix_udp(&crop, 48, 64, inverse, m);
        }
        hrnet_crop_from_box((hrnet_box){v, v, v, v}, 0.75f);
    }
    const hrnet_crop flat = {.center = {5, 5}};
    double m[6];
    hrnet_crop_matrix(&flat, 48, 64, 0, m);
    for (int i = 0; i < 6; i++) assert_true(m[i] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrices_equal_opencv),          cmocka_unit_test(test_matrices_equal_the_published_code),
        cmocka_unit_test(test_boxes_are_padded_to_the_aspect), cmocka_unit_test(test_unbiased_corners),
        cmocka_unit_test(test_both_geometries_rotate_alike),   cmocka_unit_test(test_senseless_crops_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
