/* test_draw.c - that drawing hits the right pixels with the right colours, and no others. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

enum { WIDTH = 120, HEIGHT = 90 };

static uint8_t pixels[WIDTH * HEIGHT * 3];
static hrnet_image picture = {WIDTH, HEIGHT, pixels};

static const uint8_t *pixel(int x, int y)
{
    return pixels + (y * WIDTH + x) * 3;
}

static void clear(uint8_t value)
{
    memset(pixels, value, sizeof pixels);
}

/* Left shoulder to left elbow, right shoulder to right elbow: horizontal bones; every other joint hidden. */
static void place_arms(hrnet_keypoint joints[17])
{
    for (int i = 0; i < 17; i++) joints[i] = (hrnet_keypoint){60, 45, -1};
    joints[5] = (hrnet_keypoint){70, 20, 1};
    joints[7] = (hrnet_keypoint){110, 20, 1};
    joints[6] = (hrnet_keypoint){10, 60, 1};
    joints[8] = (hrnet_keypoint){50, 60, 1};
}

static void test_colours_and_places(void **state)
{
    (void)state;
    hrnet_keypoint joints[17];
    place_arms(joints);
    clear(128);
    const hrnet_draw_options options = {.size = 6};
    joints[8].score = -0.5f;
    assert_int_equal(hrnet_draw_pose(&picture, hrnet_skeleton_coco(), joints, NULL, &options), HRNET_OK);
    const uint8_t *left = pixel(90, 20), *hidden_bone = pixel(30, 60), *right_joint = pixel(6, 60);
    assert_true(left[0] > 200 && left[1] > 120 && left[2] < 60);                /* orange */
    assert_true(right_joint[2] > 200 && right_joint[2] > right_joint[0] + 100); /* blue */
    for (int c = 0; c < 3; c++) {
        assert_int_equal(hidden_bone[c], 128);
        assert_true(pixel(90, 24)[c] < 60); /* the dark outline below the bone */
        assert_int_equal(pixel(90, 30)[c], 128);
        assert_int_equal(pixel(60, 45)[c], 128);
    }
}

/* The painted width of a bone, summed over its coverage, is what was asked for: 2 * (3 + 0.3 * 6) with its outline. */
static void test_coverage_adds_up_to_the_width(void **state)
{
    (void)state;
    hrnet_keypoint joints[17];
    for (int step = 0; step < 8; step++) {
        place_arms(joints);
        joints[5].y = joints[7].y = 20 + (float)step / 8;
        clear(255);
        const hrnet_draw_options options = {.size = 6};
        assert_int_equal(hrnet_draw_pose(&picture, hrnet_skeleton_coco(), joints, NULL, &options), HRNET_OK);
        double blue = 0; /* neither the orange bone nor its outline has much blue; both reach together to the edge */
        for (int y = 0; y < 40; y++) blue += (255 - pixel(90, y)[2]) / 255.0;
        const double orange = 6, outline = 2 * 1.8 * (255 - 28) / 255.0;
        assert_true(fabs(blue - orange - outline) < 0.1);
    }
}

static void test_decoded_keypoints_are_drawn_where_they_are(void **state)
{
    (void)state;
    enum { H = 64, W = 48 };
    static float maps[17 * H * W];
    memset(maps, 0, sizeof maps);
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            const int dx = x - 20, dy = y - 30;
            maps[(9 * H + y) * W + x] = expf(-(float)(dx * dx + dy * dy) / 8);
        }
    }
    const hrnet_crop crop = hrnet_crop_from_box((hrnet_box){30, 5, 60, 80}, 0.75f);
    hrnet_keypoint joints[17];
    assert_int_equal(hrnet_decode_heatmaps(maps, 1, 17, H, W, &crop, HRNET_DECODE_ARGMAX, 0, joints), HRNET_OK);
    /* a cell is 60 * 1.25 / 48 pixels, and cell (24, 32) is the centre (60, 45) of the box */
    assert_true(fabsf(joints[9].x - (60 - 4 * 1.5625f)) < 1e-4f && fabsf(joints[9].y - (45 - 2 * 1.5625f)) < 1e-4f);

    clear(0);
    const hrnet_draw_options options = {.size = 4, .threshold = 0.5f};
    assert_int_equal(hrnet_draw_pose(&picture, hrnet_skeleton_coco(), joints, NULL, &options), HRNET_OK);
    double sum = 0, sum_x = 0, sum_y = 0;
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const double light = pixel(x, y)[0] > 60 ? pixel(x, y)[0] : 0;
            sum += light;
            sum_x += light * x;
            sum_y += light * y;
        }
    }
    assert_true(fabs(sum_x / sum - joints[9].x) < 0.15 && fabs(sum_y / sum - joints[9].y) < 0.15);

    clear(0);
    assert_int_equal(hrnet_draw_heatmaps(&picture, maps, 17, H, W, &crop, 1), HRNET_OK);
    int best_x = 0, best_y = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        if (pixels[i * 3 + 1] > pixel(best_x, best_y)[1]) best_x = i % WIDTH, best_y = i / WIDTH;
    }
    assert_true(fabsf((float)best_x - joints[9].x) <= 1 && fabsf((float)best_y - joints[9].y) <= 1);
    assert_int_equal(pixel(5, 5)[0] + pixel(115, 85)[1], 0);
}

static void test_senseless_keypoints_are_harmless(void **state)
{
    static const float values[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, -1e6f, 1e6f, 0, 45, 119.5f};
    (void)state;
    enum { N = sizeof values / sizeof *values };
    hrnet_keypoint joints[17];
    clear(0);
    for (int k = 0; k < N * N * N; k++) {
        for (int i = 0; i < 17; i++) joints[i] = (hrnet_keypoint){values[(k + i) % N], values[(k / N + i * i) % N], 1};
        const hrnet_box box = {values[k % N], values[k / N % N], values[k / N / N], values[(k + 3) % N]};
        const hrnet_draw_options options = {.show_box = 1};
        assert_int_equal(hrnet_draw_pose(&picture, hrnet_skeleton_coco(), joints, &box, &options), HRNET_OK);
    }
    hrnet_image dot = {1, 1, pixels};
    assert_int_equal(hrnet_draw_pose(&dot, hrnet_skeleton_coco(), joints, NULL, NULL), HRNET_OK);
    const float maps[4] = {NAN, INFINITY, -1, 3e38f};
    const hrnet_crop crops[] = {
        {{1, 1}, {0, 0}, 0}, {{NAN, 1}, {1, 1}, 0}, {{60, 45}, {1, 1}, INFINITY}, {{60, 45}, {0.3f, 0.3f}, 0}};
    for (int i = 0; i < 4; i++) assert_int_equal(hrnet_draw_heatmaps(&picture, maps, 1, 2, 2, &crops[i], 0), HRNET_OK);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    hrnet_keypoint joints[17];
    place_arms(joints);
    hrnet_skeleton broken = *hrnet_skeleton_coco();
    broken.n_keypoints = 16;
    const hrnet_crop crop = {{1, 1}, {1, 1}, 0};
    const float map = 1;
    assert_int_equal(hrnet_draw_pose(&picture, &broken, joints, NULL, NULL), HRNET_ERR_CONFIG);
    assert_int_equal(hrnet_draw_pose(&(hrnet_image){0}, hrnet_skeleton_coco(), joints, NULL, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_draw_pose(&picture, NULL, joints, NULL, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_draw_pose(&picture, hrnet_skeleton_coco(), joints, NULL, &(hrnet_draw_options){.size = NAN}),
                     HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_draw_heatmaps(&(hrnet_image){0}, &map, 1, 1, 1, &crop, 0), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_draw_heatmaps(&picture, &map, 1, 1, 1, &crop, 2), HRNET_ERR_ARGUMENT);
    hr_mem_fail_after(0);
    assert_int_equal(hrnet_draw_heatmaps(&picture, &map, 1, 1, 1, &crop, 0), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colours_and_places),
        cmocka_unit_test(test_coverage_adds_up_to_the_width),
        cmocka_unit_test(test_decoded_keypoints_are_drawn_where_they_are),
        cmocka_unit_test(test_senseless_keypoints_are_harmless),
        cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
