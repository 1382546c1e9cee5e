/* test_crop.c - crops against the pixels cv2.warpAffine gives, and against each other. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../support/ppm.h"
#include "base/mem.h"
#include "pose/affine.h"
#include "pose/crop.h"

enum { N_CROPS = 8, WIDTH = 48, HEIGHT = 64, CROP_BYTES = WIDTH * HEIGHT * 3 };

static hrnet_image source, expected;
static hrnet_pixels pixels; /* of source */
static hrnet_crop crops[N_CROPS];

static int set_up(void **state)
{
    (void)state;
    source = read_ppm(TEST_DATA "/golden/pose/crop_source.ppm");
    expected = read_ppm(TEST_DATA "/golden/pose/crops.ppm");
    pixels = hrnet_image_pixels(&source);
    FILE *file = fopen(TEST_DATA "/golden/pose/crops.txt", "r");
    if (source.width == 0 || expected.height != N_CROPS * HEIGHT || file == NULL) return 1;
    for (int i = 0; i < N_CROPS; i++) {
        hrnet_crop *c = &crops[i];
        if (fscanf(file, "%f %f %f %f %f%*[^\n]", &c->center[0], &c->center[1], &c->scale[0], &c->scale[1],
                   &c->rotation) != 5)
            return 1;
    }
    return fclose(file);
}

static int tear_down(void **state)
{
    (void)state;
    free(source.rgb);
    free(expected.rgb);
    return 0;
}

static void test_pixels_equal_opencv(void **state)
{
    (void)state;
    for (int i = 0; i < N_CROPS; i++) {
        hrnet_image out = {0};
        assert_int_equal(hrnet_crop_image(&out, &pixels, &crops[i], WIDTH, HEIGHT, HRNET_SAMPLE_OPENCV), HRNET_OK);
        assert_memory_equal(out.rgb, expected.rgb + i * CROP_BYTES, CROP_BYTES);
        hr_free(out.rgb);
    }
}

/* OpenCV's positions are off by up to 1/64 + 1/1024 pixel in x and in y, its weights exact: with neighbours that differ
 * by at most 255 that is 255 * 2 * 0.0167 = 8.5, and rounding adds one. */
static void test_float_sampler_is_near(void **state)
{
    (void)state;
    for (int i = 0; i < N_CROPS; i++) {
        hrnet_image out = {0};
        assert_int_equal(hrnet_crop_image(&out, &pixels, &crops[i], WIDTH, HEIGHT, HRNET_SAMPLE_FLOAT), HRNET_OK);
        for (int k = 0; k < CROP_BYTES; k++) assert_true(abs(out.rgb[k] - expected.rgb[i * CROP_BYTES + k]) <= 9);
        hr_free(out.rgb);
    }
}

static void test_identity_changes_nothing(void **state)
{
    (void)state;
    const double identity[6] = {1, 0, 0, 0, 1, 0};
    const size_t n_bytes = (size_t)source.width * (size_t)source.height * 3;
    uint8_t *out = malloc(n_bytes);
    for (int sampler = 0; sampler < 2; sampler++) {
        hr_warp warp;
        hr_warp_init(&warp, &pixels, identity, source.width, source.height, (hrnet_sampler)sampler);
        hr_warp_rows(&warp, 0, source.height, out);
        assert_memory_equal(out, source.rgb, n_bytes);
    }
    free(out);
}

/* A warp in a mirror is a warp of the mirrored picture, bit for bit, at its borders too. */
static void test_mirrored(void **state)
{
    (void)state;
    enum { W = 70, H = 50 };
    static uint8_t wanted[W * H * 3], found[W * H * 3];
    const size_t width = (size_t)source.width, n = width * (size_t)source.height;
    hrnet_image mirror = {source.width, source.height, malloc(n * 3)};
    const hrnet_pixels mirrored = hrnet_image_pixels(&mirror);
    for (size_t i = 0; i < n; i++)
        memcpy(mirror.rgb + 3 * i, source.rgb + 3 * (i / width * width + width - 1 - i % width), 3);
    for (int i = 0; i < 2 * N_CROPS; i++) {
        double matrix[6];
        hr_warp warp;
        hrnet_crop_matrix(&crops[i / 2], W, H, 0, matrix);
        hr_warp_init(&warp, &mirrored, matrix, W, H, (hrnet_sampler)(i % 2));
        hr_warp_rows(&warp, 0, H, wanted);
        hr_warp_init(&warp, &pixels, matrix, W, H, (hrnet_sampler)(i % 2));
        warp.mirrored = 1;
        hr_warp_rows(&warp, 0, H, found);
        assert_memory_equal(found, wanted, sizeof found);
    }
    free(mirror.rgb);
}

static void test_input_is_the_normalised_crop(void **state)
{
    (void)state;
    enum { W = 100, H = 9, LD = 5 }; /* wider than a chunk */
    const float mean[3] = {0.485f, 0.456f, 0.406f}, std[3] = {0.229f, 0.224f, 0.225f};
    double matrix[6];
    hrnet_crop_matrix(&crops[1], W, H, 0, matrix);
    hr_warp warp;
    hr_warp_init(&warp, &pixels, matrix, W, H, HRNET_SAMPLE_OPENCV);
    static uint8_t rgb[W * H * 3];
    static float input[W * H * LD];
    hr_warp_rows(&warp, 0, H, rgb);
    for (int color_rgb = 0; color_rgb < 2; color_rgb++) {
        hr_pixel_table table;
        hr_pixel_table_init(&table, mean, std, color_rgb);
        for (int i = 0; i < W * H * LD; i++) input[i] = 7;
        hr_warp_rows_input(&warp, &table, 0, 4, input, LD);
        hr_warp_rows_input(&warp, &table, 4, H, input + 4 * W * LD, LD);
        for (int i = 0; i < W * H; i++) {
            for (int c = 0; c < 3; c++) {
                const float v = rgb[i * 3 + (color_rgb ? c : 2 - c)];
                assert_true(input[i * LD + c] == (v / 255.0f - mean[c]) / std[c]);
            }
            assert_true(input[i * LD + 3] == 7 && input[i * LD + 4] == 7);
        }
    }
}

static void test_any_matrix_is_harmless(void **state)
{
    static const double values[] = {0, 1e-300, 1e300, NAN, INFINITY, -1e9, 3e-10, 1e6};
    (void)state;
    enum { N = sizeof values / sizeof *values };
    uint8_t out[16 * 16 * 3];
    for (int k = 0; k < N * N * N; k++) {
        const double matrix[6] = {values[k % N],       values[k / N % N], values[k / N / N],
                                  values[(k + 3) % N], values[k % N],     values[(k / N + 1) % N]};
        for (int sampler = 0; sampler < 2; sampler++) {
            hr_warp warp;
            hr_warp_init(&warp, &pixels, matrix, 16, 16, (hrnet_sampler)sampler);
            hr_warp_rows(&warp, 0, 16, out);
        }
    }
}

static void test_outside_is_black(void **state)
{
    (void)state;
    const hrnet_crop far_away = {.center = {1e9f, -1e9f}, .scale = {1, 1}};
    hrnet_image out = {0};
    assert_int_equal(hrnet_crop_image(&out, &pixels, &far_away, WIDTH, HEIGHT, HRNET_SAMPLE_OPENCV), HRNET_OK);
    for (int i = 0; i < CROP_BYTES; i++) assert_int_equal(out.rgb[i], 0);
    hr_free(out.rgb);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    hrnet_image out = {0};
    const hrnet_pixels empty = {0};
    hrnet_crop crop = crops[0];
    assert_int_equal(hrnet_crop_image(&out, &empty, &crop, 8, 8, 0), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_crop_image(&out, &pixels, NULL, 8, 8, 0), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_crop_image(&out, &pixels, &crop, 0, 8, 0), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_crop_image(&out, &pixels, &crop, 1 << 20, 1 << 20, 0), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_crop_image(&out, &pixels, &crop, 8, 8, (hrnet_sampler)7), HRNET_ERR_ARGUMENT);
    crop.center[0] = NAN;
    assert_int_equal(hrnet_crop_image(&out, &pixels, &crop, 8, 8, 0), HRNET_ERR_ARGUMENT);
    crop = (hrnet_crop){.center = {1, 1}};
    assert_int_equal(hrnet_crop_image(&out, &pixels, &crop, 8, 8, 0), HRNET_ERR_ARGUMENT);
    hr_mem_fail_after(0);
    assert_int_equal(hrnet_crop_image(&out, &pixels, &crops[0], 8, 8, 0), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
    assert_null(out.rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_equal_opencv),
        cmocka_unit_test(test_float_sampler_is_near),
        cmocka_unit_test(test_identity_changes_nothing),
        cmocka_unit_test(test_mirrored),
        cmocka_unit_test(test_input_is_the_normalised_crop),
        cmocka_unit_test(test_any_matrix_is_harmless),
        cmocka_unit_test(test_outside_is_black),
        cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
