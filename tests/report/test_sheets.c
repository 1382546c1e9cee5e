/* test_sheets.c - contact sheets against golden/train/sheets (make_sheets.py: torch, numpy and OpenCV), pixel by pixel.
 */
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

#include "../support/ppm.h"
#include "base/mem.h"
#include "report/sheets.h"

enum { N = 9, H = 24, W = 16, MAP_H = 6, MAP_W = 4, JOINTS = 3 };

static const hr_sheet_options options = {W, H, MAP_W, MAP_H, JOINTS, 0, 1, 1, 1, 1};

typedef struct batch {
    hrnet_array input, targets, maps;
    double truth[N * JOINTS * 3];
    hr_sheet_item items[N];
} batch;

static hrnet_array golden(const char *name)
{
    char path[512];
    hrnet_array array = {0};
    snprintf(path, sizeof path, TEST_DATA "/golden/train/sheets/%s.npy", name);
    assert_int_equal(hrnet_array_load(&array, path), HRNET_OK);
    return array;
}

static void open_batch(batch *b)
{
    *b = (batch){golden("input"), golden("targets"), golden("maps"), {0}, {{0}}};
    hrnet_array truth = golden("truth");
    for (int i = 0; i < N * JOINTS * 3; i++) b->truth[i] = (double)truth.data[i];
    hrnet_array_free(&truth);
    for (int i = 0; i < N; i++)
        b->items[i] = (hr_sheet_item){.input = b->input.data + i * H * W * 4,
                                      .truth = b->truth + i * JOINTS * 3,
                                      .targets = b->targets.data + i * JOINTS * MAP_H * MAP_W,
                                      .maps = b->maps.data + i * JOINTS * MAP_H * MAP_W};
}

static void close_batch(batch *b)
{
    hrnet_array_free(&b->input);
    hrnet_array_free(&b->targets);
    hrnet_array_free(&b->maps);
}

static void expect_sheet(const hrnet_image *image, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, TEST_DATA "/golden/train/sheets/%s.ppm", name);
    hrnet_image theirs = read_ppm(path);
    assert_int_equal(image->width, theirs.width);
    assert_int_equal(image->height, theirs.height);
    assert_memory_equal(image->rgb, theirs.rgb, (size_t)theirs.width * (size_t)theirs.height * 3);
    free(theirs.rgb);
}

static void expect_sheets(const batch *b, const hr_sheet_options *o)
{
    static const char *const names[] = {"gt", "pred", "hm_gt", "hm_pred"};
    for (int i = 0; i < 4; i++) {
        hrnet_image image = {0};
        assert_int_equal((i < 2 ? hr_sheet_joints : hr_sheet_heatmaps)(&image, b->items, N, o, i % 2), HRNET_OK);
        expect_sheet(&image, names[i]);
        hrnet_image_free(&image);
    }
}

static void published_pixels(void **state)
{
    (void)state;
    batch b;
    open_batch(&b);
    expect_sheets(&b, &options);
    /* the same pictures as a network that takes RGB would get them */
    hr_sheet_options rgb = options;
    rgb.color_rgb = 1;
    for (int i = 0; i < N * H * W; i++) {
        const float blue = b.input.data[i * 4];
        b.input.data[i * 4] = b.input.data[i * 4 + 2];
        b.input.data[i * 4 + 2] = blue;
    }
    expect_sheets(&b, &rgb);
    close_batch(&b);
}

static void absurd_numbers(void **state)
{
    (void)state;
    batch b;
    open_batch(&b);
    hrnet_image image = {0};
    static const double strange[] = {NAN, INFINITY, -INFINITY, 1e300, -2147483649.0, 16.0, 1e9};
    for (int i = 0; i < N * JOINTS * 3; i++) b.truth[i] = strange[i % 7];
    for (int i = 0; i < N * JOINTS * MAP_H * MAP_W; i++) b.maps.data[i] = (float)strange[i % 4];
    for (int i = 0; i < N * H * W * 4; i++) b.input.data[i] = i % 3 == 0 ? NAN : INFINITY;
    assert_int_equal(hr_sheet_joints(&image, b.items, N, &options, 0), HRNET_OK);
    hrnet_image_free(&image);
    assert_int_equal(hr_sheet_joints(&image, b.items, N, &options, 1), HRNET_OK);
    hrnet_image_free(&image);
    assert_int_equal(hr_sheet_heatmaps(&image, b.items, N, &options, 1), HRNET_OK);
    hrnet_image_free(&image);
    close_batch(&b);
}

/* ------------------------------------------------------------------------------------------------ files */

static char folder[] = "/tmp/hrnet_sheets_XXXXXX";

static int has_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (access(path, F_OK) != 0) return 0;
    hrnet_image image = {0};
    assert_int_equal(hrnet_image_load(&image, path, 0), HRNET_OK);
    hrnet_image_free(&image);
    unlink(path);
    return 1;
}

static void files(void **state)
{
    (void)state;
    batch b;
    char prefix[512];
    assert_non_null(mkdtemp(folder));
    snprintf(prefix, sizeof prefix, "%s/train_7", folder);
    open_batch(&b);
    assert_int_equal(hr_sheets_write(prefix, b.items, N, &options), HRNET_OK);
    assert_true(has_file("train_7_gt.jpg") && has_file("train_7_pred.jpg"));
    assert_true(has_file("train_7_hm_gt.jpg") && has_file("train_7_hm_pred.jpg"));

    b.items[N - 1].maps = NULL;
    assert_int_equal(hr_sheets_write(prefix, b.items, N, &options), HRNET_OK);
    assert_true(has_file("train_7_gt.jpg") && has_file("train_7_hm_gt.jpg"));
    assert_true(!has_file("train_7_pred.jpg") && !has_file("train_7_hm_pred.jpg"));
    hr_sheet_options none = options;
    none.gt = none.heatmaps_gt = 0;
    assert_int_equal(hr_sheets_write(prefix, b.items, 1, &none), HRNET_OK);
    assert_true(!has_file("train_7_gt.jpg") && !has_file("train_7_hm_gt.jpg"));
    assert_true(has_file("train_7_pred.jpg") && has_file("train_7_hm_pred.jpg"));
    assert_int_equal(hr_sheets_write(prefix, b.items, 0, &options), HRNET_ERR_ARGUMENT);

    snprintf(prefix, sizeof prefix, "%s/missing/x", folder);
    assert_int_equal(hr_sheets_write(prefix, b.items, N, &options), HRNET_ERR_IO);
    hr_mem_fail_after(1);
    assert_int_equal(hr_sheets_write(prefix, b.items, N, &options), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);

    /* more heatmaps than a JPEG is high */
    enum { MANY = 65500 / MAP_H + 1 };
    hr_sheet_item *many = calloc(MANY, sizeof *many);
    assert_non_null(many);
    for (int i = 0; i < MANY; i++) many[i] = b.items[i % (N - 1)];
    none.heatmaps_pred = 1;
    none.pred = 0;
    snprintf(prefix, sizeof prefix, "%s/many", folder);
    assert_int_equal(hr_sheets_write(prefix, many, MANY, &none), HRNET_OK);
    assert_true(has_file("many_hm_pred.jpg"));
    free(many);
    close_batch(&b);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_pixels), cmocka_unit_test(absurd_numbers),
                                       cmocka_unit_test(files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
