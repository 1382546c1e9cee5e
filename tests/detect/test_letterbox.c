/* test_letterbox.c - letterboxes against the bytes of Megvii's preproc with cv2.resize, and against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/rng.h"
#include "detect/input_pixels.h"
#include "detect/letterbox.h"

static hrnet_image landscape, portrait, small;

/* Columns and rows exchanged. */
static hrnet_image transpose(const hrnet_image *of)
{
    hrnet_image image = {of->height, of->width, malloc((size_t)of->width * (size_t)of->height * 3)};
    for (int y = 0; y < image.height; y++)
        for (int x = 0; x < image.width; x++)
            memcpy(image.rgb + (y * image.width + x) * 3, of->rgb + (x * of->width + y) * 3, 3);
    return image;
}

static hrnet_image part(const hrnet_image *of, int x0, int y0, int width, int height)
{
    hrnet_image image = {width, height, malloc((size_t)(width * height * 3))};
    for (int y = 0; y < height; y++)
        memcpy(image.rgb + y * width * 3, of->rgb + ((y0 + y) * of->width + x0) * 3, (size_t)width * 3);
    return image;
}

static int set_up(void **state)
{
    (void)state;
    if (hrnet_image_load(&landscape, TEST_DATA "/golden/detect/crop_source.png", 0) != HRNET_OK) return 1;
    portrait = transpose(&landscape);
    small = part(&landscape, 200, 100, 111, 63);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hrnet_image_free(&landscape);
    free(portrait.rgb);
    free(small.rgb);
    return 0;
}

static hr_letterbox fit(const hrnet_pixels *pixels, int width, int height)
{
    hr_letterbox box;
    hr_letterbox_fit(&box, pixels->width, pixels->height, width, height, HR_LETTERBOX_TRUNCATED);
    assert_int_equal(hr_letterbox_pixels(&box, pixels), HRNET_OK);
    return box;
}

/* The letterbox as bytes; freed with test_free. */
static uint8_t *make(const hr_letterbox *box)
{
    uint8_t *const rgb = test_malloc((size_t)(box->width * box->height * 3));
    hr_letterbox_rows(box, 0, box->height, rgb);
    return rgb;
}

static void hash_planes(const hr_letterbox *box, const uint8_t *rgb, unsigned long long *sum, char text[HR_SHA256_TEXT])
{
    const int n = box->width * box->height;
    uint8_t *const bgr = test_malloc((size_t)n * 3);
    hr_sha256 hash;
    *sum = 0;
    for (int i = 0; i < n * 3; i++) {
        bgr[(2 - i % 3) * n + i / 3] = rgb[i];
        *sum += rgb[i];
    }
    hr_sha256_begin(&hash);
    hr_sha256_add(&hash, bgr, (size_t)n * 3);
    hr_sha256_end(&hash, text);
    test_free(bgr);
}

static void test_bytes_equal_opencv(void **state)
{
    (void)state;
    char name[16], sha[HR_SHA256_TEXT], found_sha[HR_SHA256_TEXT];
    int w, h, content_w, content_h, n_cases = 0;
    unsigned long long sum, found_sum;
    FILE *file = fopen(TEST_DATA "/golden/detect/letterbox.txt", "r");
    assert_non_null(file);
    while (fscanf(file, "%15s %d %d %d %d %llu %64s", name, &w, &h, &content_w, &content_h, &sum, sha) == 7) {
        const hrnet_pixels pixels = hrnet_image_pixels(name[0] == 'l'   ? &landscape
                                                       : name[0] == 'p' ? &portrait
                                                                        : &small);
        const hr_letterbox box = fit(&pixels, w, h);
        assert_int_equal(box.content_width, content_w);
        assert_int_equal(box.content_height, content_h);
        uint8_t *const rgb = make(&box);
        hash_planes(&box, rgb, &found_sum, found_sha);
        test_free(rgb);
        assert_int_equal(found_sum, sum);
        assert_string_equal(found_sha, sha);
        n_cases++;
    }
    fclose(file);
    assert_int_equal(n_cases, 6);
}

/* Numbers for the network in any bands of rows are the table's values of the bytes. */
static void test_input_is_the_table_of_the_bytes(void **state)
{
    (void)state;
    enum { W = 544, H = 320, LD = 5 }; /* more than two chunks */
    const hrnet_pixels pixels = hrnet_image_pixels(&portrait);
    const float mean[3] = {0.485f, 0.456f, 0.406f}, std[3] = {0.229f, 0.224f, 0.225f};
    static float input[H * W * LD];
    for (int color_rgb = 0; color_rgb < 2; color_rgb++) {
        hr_pixel_table table;
        hr_pixel_table_init(&table, mean, std, color_rgb);
        const hr_letterbox box = fit(&pixels, W, H);
        uint8_t *const rgb = make(&box);
        for (int i = 0; i < H * W * LD; i++) input[i] = 7;
        for (int y = 0; y < H; y += 64) hr_letterbox_rows_input(&box, &table, y, y + 64, input + y * W * LD, LD);
        for (int i = 0; i < H * W; i++) {
            for (int c = 0; c < 3; c++)
                assert_true(input[i * LD + c] == table.value[c][rgb[i * 3 + (color_rgb ? c : 2 - c)]]);
            assert_true(input[i * LD + 3] == 7 && input[i * LD + 4] == 7);
        }
        test_free(rgb);
    }
}

/* The tensor of the old weights, [3][h][w], RGB, normalised. */
static void test_legacy_tensor(void **state)
{
    (void)state;
    enum { W = 224, H = 160 };
    static float input[W * H * 4], planes[3 * W * H];
    char sha[HR_SHA256_TEXT] = "", found[HR_SHA256_TEXT];
    const hrnet_pixels pixels = hrnet_image_pixels(&landscape);
    const hr_letterbox box = fit(&pixels, W, H);
    hr_pixel_table table;
    hr_yolox_legacy_pixels(&table);
    hr_letterbox_rows_input(&box, &table, 0, H, input, 4);
    for (int i = 0; i < 3 * W * H; i++) planes[i] = input[i % (W * H) * 4 + i / (W * H)];
    hr_sha256 hash;
    hr_sha256_begin(&hash);
    hr_sha256_add(&hash, planes, sizeof planes);
    hr_sha256_end(&hash, found);
    FILE *file = fopen(TEST_DATA "/golden/detect/letterbox_legacy.txt", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%64s", sha), 1);
    fclose(file);
    assert_string_equal(found, sha);
}

/* Every format gives what its conversion to RGB gives. */
static void test_formats(void **state)
{
    (void)state;
    enum { W = 51, H = 37, TO = 96 };
    static const struct {
        hrnet_pixel_format format;
        int step;
    } formats[] = {{HRNET_PIXELS_BGR, 3},  {HRNET_PIXELS_RGBA, 4}, {HRNET_PIXELS_BGRA, 4},
                   {HRNET_PIXELS_GREY, 1}, {HRNET_PIXELS_NV12, 1}, {HRNET_PIXELS_I420, 1}};
    static uint8_t planes[3][H * (W + 9) * 4];
    for (int p = 0; p < 3; p++)
        for (size_t i = 0; i < sizeof planes[p]; i++)
            planes[p][i] = (uint8_t)hr_random_bits(3, (uint64_t)p * sizeof planes[p] + i);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        const hrnet_pixels view = {.width = W,
                                   .height = H,
                                   .format = formats[f].format,
                                   .planes = {planes[0], planes[1], planes[2]},
                                   .strides = {formats[f].step * (W + 9), W + 9, W + 9}};
        hrnet_image copy = {0};
        assert_int_equal(hrnet_image_copy(&copy, &view), HRNET_OK);
        const hrnet_pixels packed = hrnet_image_pixels(&copy);
        const hr_letterbox box = fit(&view, TO, TO), wanted = fit(&packed, TO, TO);
        uint8_t *const a = make(&box), *const b = make(&wanted);
        assert_memory_equal(a, b, TO * TO * 3);
        test_free(a);
        test_free(b);
        hrnet_image_free(&copy);
    }
}

/* A wide picture, of which an output pixel skips hundreds, in several planes and as RGB. */
static void test_wide_planes(void **state)
{
    (void)state;
    enum { W = 30001, H = 200 };
    uint8_t *const bytes = malloc(W * H * 2);
    const hrnet_pixels view = {.width = W,
                               .height = H,
                               .format = HRNET_PIXELS_NV12,
                               .planes = {bytes, bytes + W * H, NULL},
                               .strides = {W, W + 1}};
    for (size_t i = 0; i < W * H * 2; i++) bytes[i] = (uint8_t)hr_random_bits(4, i);
    hrnet_image copy = {0};
    assert_int_equal(hrnet_image_copy(&copy, &view), HRNET_OK);
    const hrnet_pixels packed = hrnet_image_pixels(&copy);
    static const int sizes[] = {32, 320, 640};
    for (int i = 0; i < 3; i++) {
        const hr_letterbox box = fit(&view, sizes[i], sizes[i]), wanted = fit(&packed, sizes[i], sizes[i]);
        uint8_t *const a = make(&box), *const b = make(&wanted);
        assert_memory_equal(a, b, (size_t)sizes[i] * (size_t)sizes[i] * 3);
        test_free(a);
        test_free(b);
    }
    hrnet_image_free(&copy);
    free(bytes);
}

static void check_sizes(int width, int height, int size, hr_letterbox_rule rule, const int expected[4])
{
    hr_letterbox box;
    hr_letterbox_fit(&box, width, height, size, size, rule);
    hr_letterbox_trim(&box, 32);
    const int found[4] = {box.content_width, box.content_height, box.width, box.height};
    assert_memory_equal(found, expected, sizeof found);
}

static void test_sizes(void **state)
{
    (void)state;
    /* 640x392 at 416 is 254.8 high: Megvii cuts, mmdetection rounds */
    check_sizes(640, 392, 416, HR_LETTERBOX_TRUNCATED, (int[]){416, 254, 416, 256});
    check_sizes(640, 392, 416, HR_LETTERBOX_ROUNDED, (int[]){416, 255, 416, 256});
    check_sizes(392, 640, 416, HR_LETTERBOX_ROUNDED, (int[]){255, 416, 256, 416});
    check_sizes(640, 640, 640, HR_LETTERBOX_TRUNCATED, (int[]){640, 640, 640, 640});
    check_sizes(1, 1, 416, HR_LETTERBOX_TRUNCATED, (int[]){416, 416, 416, 416});
    check_sizes(30000, 200, 640, HR_LETTERBOX_TRUNCATED, (int[]){640, 4, 640, 32});
    check_sizes(200, 30000, 640, HR_LETTERBOX_ROUNDED, (int[]){4, 640, 32, 640});
    check_sizes(1000000, 1, 416, HR_LETTERBOX_TRUNCATED, (int[]){416, 1, 416, 32}); /* never nothing */
}

/* A long picture and a single pixel: every row is made of the picture and of grey. */
static void test_extreme_pictures(void **state)
{
    (void)state;
    static uint8_t line[30000 * 3];
    for (size_t i = 0; i < sizeof line; i++) line[i] = (uint8_t)(i / 3 % 200);
    for (int k = 0; k < 3; k++) {
        const hrnet_pixels pixels = {.width = k == 0   ? 1
                                              : k == 1 ? 30000
                                                       : 1,
                                     .height = k == 2 ? 30000 : 1,
                                     .format = HRNET_PIXELS_RGB,
                                     .planes = {line}};
        const hr_letterbox box = fit(&pixels, 96, 96);
        uint8_t *const rgb = make(&box);
        for (int i = 0; i < 96 * 96; i++) {
            const int inside = i % 96 < box.content_width && i / 96 < box.content_height;
            if (!inside) assert_int_equal(rgb[i * 3], 114);
            if (inside && k == 0) assert_int_equal(rgb[i * 3], 0);
            if (inside && k != 0) assert_true(rgb[i * 3] < 200);
        }
        test_free(rgb);
    }
    hr_letterbox box;
    hr_letterbox_fit(&box, 4, 4, 32, 32, HR_LETTERBOX_TRUNCATED);
    assert_int_equal(hr_letterbox_pixels(&box, &(hrnet_pixels){.width = 4, .height = 4}), HRNET_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_equal_opencv), cmocka_unit_test(test_input_is_the_table_of_the_bytes),
        cmocka_unit_test(test_legacy_tensor),      cmocka_unit_test(test_formats),
        cmocka_unit_test(test_wide_planes),        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_extreme_pictures),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
