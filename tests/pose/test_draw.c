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

/* The pixels that differ from the background, as a rectangle; n of them. */
typedef struct painted {
    int x0, y0, x1, y1, n;
} painted;

static painted find_painted(uint8_t background)
{
    painted p = {WIDTH, HEIGHT, -1, -1, 0};
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const uint8_t *const at = pixel(x, y);
            if (at[0] == background && at[1] == background && at[2] == background) continue;
            p = (painted){x < p.x0 ? x : p.x0, y < p.y0 ? y : p.y0, x > p.x1 ? x : p.x1, y > p.y1 ? y : p.y1, p.n + 1};
        }
    }
    return p;
}

/* Two arms each; the second person stands 25 pixels lower. */
static void place_people(hrnet_people *people, hrnet_pose persons[2], hrnet_keypoint joints[2][17])
{
    for (int p = 0; p < 2; p++) {
        place_arms(joints[p]);
        for (int k = 0; k < 17; k++) joints[p][k].y += 25 * (float)p;
        persons[p] = (hrnet_pose){
            .box = {5, 15 + 40 * (float)p, 100, 25}, .box_score = 0.25f, .score = 0.75f, .keypoints = joints[p]};
    }
    *people = (hrnet_people){.name = "", .n_keypoints = 17, .n_persons = 2, .persons = persons};
}

static void test_people_are_told_apart(void **state)
{
    (void)state;
    hrnet_people people;
    hrnet_pose persons[2];
    hrnet_keypoint joints[2][17];
    hrnet_draw_options options = {.size = 6};
    place_people(&people, persons, joints);
    clear(128);
    assert_int_equal(hrnet_draw_people(&picture, hrnet_skeleton_coco(), &people, &options), HRNET_OK);
    uint8_t first[3], second[3], dark[3];
    memcpy(first, pixel(90, 20), 3);
    memcpy(second, pixel(90, 45), 3);
    memcpy(dark, pixel(30, 60), 3);
    assert_memory_not_equal(first, second, 3);
    for (int c = 0; c < 3; c++) assert_true(dark[c] < first[c] || first[c] == 0); /* the right arm of the first */
    options.color = HRNET_COLOR_SIDE;
    assert_int_equal(hrnet_draw_people(&picture, hrnet_skeleton_coco(), &people, &options), HRNET_OK);
    assert_memory_equal(pixel(90, 20), pixel(90, 45), 3);
    /* one alone is drawn as hrnet_draw_pose draws it; a person who failed is not drawn */
    static uint8_t alone[sizeof pixels];
    clear(128);
    assert_int_equal(hrnet_draw_pose(&picture, hrnet_skeleton_coco(), joints[0], NULL, &options), HRNET_OK);
    memcpy(alone, pixels, sizeof pixels);
    clear(128);
    options.color = HRNET_COLOR_AUTO;
    people.n_persons = 1;
    assert_int_equal(hrnet_draw_people(&picture, hrnet_skeleton_coco(), &people, &options), HRNET_OK);
    assert_memory_equal(alone, pixels, sizeof pixels);
    clear(128);
    persons[0].status = HRNET_ERR_ARGUMENT;
    assert_int_equal(hrnet_draw_people(&picture, hrnet_skeleton_coco(), &people, &options), HRNET_OK);
    assert_int_equal(find_painted(128).n, 0);
}

/* The number of a track stands where the score does, and a track has its colour wherever its person stands. */
static void test_tracks(void **state)
{
    (void)state;
    hrnet_pose persons[] = {{.box = {10, 40, 30, 40}, .box_score = 0.5f, .track = 3},
                            {.box = {60, 40, 30, 40}, .box_score = 0.5f, .track = 14}};
    hrnet_people people = {.name = "", .n_persons = 2, .persons = persons};
    hrnet_draw_options options = {.size = 2};
    clear(0);
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    const painted boxes = find_painted(0);
    static uint8_t before[sizeof pixels];
    memcpy(before, pixels, sizeof pixels);
    const hrnet_pose first = persons[0];
    persons[0] = persons[1];
    persons[1] = first;
    clear(0);
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    assert_memory_equal(before, pixels, sizeof pixels);
    people.n_persons = 1; /* alone it has its colour, too, not those of the sides */
    clear(0);
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    const size_t edge = (size_t)(60 * picture.width + 60) * 3; /* of the box at 60, 40 */
    assert_memory_equal(before + edge, pixels + edge, 3);
    clear(0);
    people.n_persons = 2;
    options.show_tracks = 1;
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    const painted numbered = find_painted(0);
    assert_true(numbered.y0 < 36 && numbered.n > boxes.n + 100);
    options.show_scores = 1;
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    assert_true(find_painted(0).n > numbered.n + 100);
    persons[0].track = persons[1].track = 0;
    options.show_scores = 0;
    clear(0);
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    assert_int_equal(find_painted(0).y0, boxes.y0);
}

/* Scores stand above their box, or in it where there is no room, and in the picture. */
static void test_boxes_and_scores(void **state)
{
    (void)state;
    hrnet_pose person = {.box = {40, 40, 50, 40}, .box_score = 0.25f};
    hrnet_people people = {.name = "", .n_persons = 1, .persons = &person};
    hrnet_draw_options options = {.size = 2};
    clear(0);
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    const painted box = find_painted(0);
    assert_true(box.x0 >= 37 && box.x0 <= 40 && box.y0 >= 37 && box.y0 <= 40 && box.x1 >= 90 && box.x1 <= 93 &&
                box.y1 >= 80 && box.y1 <= 83);
    options.show_scores = 1;
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    const painted scored = find_painted(0);
    assert_true(scored.y0 < 36 && scored.y0 > 15 && scored.n > box.n + 200 && scored.x1 == box.x1);
    static uint8_t quarter[sizeof pixels];
    memcpy(quarter, pixels, sizeof pixels);
    person.box_score = 0.26f;
    clear(0);
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    assert_memory_not_equal(quarter, pixels, sizeof pixels); /* the digits say which */
    static const float corners[] = {-1e6f, -20, 0, 100, 119, 1e6f, NAN, INFINITY};
    for (int i = 0; i < 64; i++) {
        person.box = (hrnet_box){corners[i % 8], corners[i / 8], 30, 30};
        person.box_score = corners[7 - i % 8];
        assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_OK);
    }
    hrnet_image dot = {1, 1, pixels};
    assert_int_equal(hrnet_draw_people(&dot, NULL, &people, &options), HRNET_OK);
    people.n_keypoints = 17;
    assert_int_equal(hrnet_draw_people(&picture, NULL, &people, &options), HRNET_ERR_ARGUMENT);
    people.n_keypoints = 16;
    assert_int_equal(hrnet_draw_people(&picture, hrnet_skeleton_coco(), &people, &options), HRNET_ERR_MISMATCH);
    options.color = (hrnet_draw_color)7;
    assert_int_equal(hrnet_draw_people(&picture, hrnet_skeleton_coco(), &people, &options), HRNET_ERR_ARGUMENT);
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
        cmocka_unit_test(test_people_are_told_apart),
        cmocka_unit_test(test_boxes_and_scores),
        cmocka_unit_test(test_tracks),
        cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
