/*
 * test_augment.c - half body against the published code's numbers (golden target.npz), mirroring, the distributions of
 * what is drawn against their closed forms, and the switches for pixels.
 */
#include "batches/augment.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { JOINTS = 17, N = 20000 };

static hr_config *config;

static int make_config(void **state)
{
    (void)state;
    config = malloc(sizeof *config);
    return config == NULL;
}

static int free_config(void **state)
{
    (void)state;
    free(config);
    return 0;
}

/* 192 x 256, COCO's published augmentation. */
static void reset(void)
{
    hr_config_defaults(config);
    config->model.image_size[0] = 192;
    config->dataset.scale_factor = 0.35;
    config->dataset.rot_factor = 45;
}

/* ---------------------------------------------------------------------------------------------- half body */

static const double golden_joints[JOINTS][2] = {
    {139.6259159521422, 141.08452595952824},  {155.8521165713364, 56.44949867477138},
    {180.45288729564774, 193.9783351783464},  {128.8748356489661, 289.3590492215716},
    {189.44764580908372, 81.01416111134856},  {186.58655000676376, 269.52640044081545},
    {120.98519950958013, 108.24355768084116}, {190.5881232497053, 64.38040800901905},
    {166.10872152571113, 257.3440431837531},  {173.87839689438033, 210.89928141331632},
    {131.82638522549829, 74.61625475827059},  {173.07344819410076, 211.0199801150624},
    {113.30491506458624, 223.7653620596515},  {179.01076414068004, 263.8856026298894},
    {122.93931547083167, 231.68393520509875}, {145.32097130043454, 56.74792374356959},
    {156.79103935778088, 129.24680809472022}};

static void set_joints(double *joints)
{
    for (int j = 0; j < JOINTS; j++) {
        joints[3 * j] = golden_joints[j][0];
        joints[3 * j + 1] = golden_joints[j][1];
        joints[3 * j + 2] = 1;
    }
}

static void half_body(void **state)
{
    const double expected[2][4] = {{148.40673828125, 186.0582733154297, 1.1651493310928345, 1.553532361984253},
                                   {160.38426208496094, 158.8086700439453, 1.3101162910461426, 1.7468215227127075}};
    double joints[3 * JOINTS];
    hrnet_crop crop;
    (void)state;
    set_joints(joints);
    for (int upper = 0; upper < 2; upper++) {
        assert_int_equal(hr_half_body(&crop, hrnet_dataset_info_coco(), joints, 0.75, upper), 1);
        const double found[4] = {crop.center[0], crop.center[1], crop.scale[0], crop.scale[1]};
        for (int i = 0; i < 4; i++) assert_true(fabs(found[i] / expected[upper][i] - 1) < 1e-6);
        assert_true(crop.rotation == 0);
    }
    for (int j = 1; j < 11; j++) joints[3 * j + 2] = 0; /* only the nose is left of the upper body */
    assert_int_equal(hr_half_body(&crop, hrnet_dataset_info_coco(), joints, 0.75, 1), 0);
    for (int j = 0; j < 11; j++) memcpy(joints + 3 * j, (double[]){5, 5, 1}, 3 * sizeof *joints);
    assert_int_equal(hr_half_body(&crop, hrnet_dataset_info_coco(), joints, 0.75, 1), 0); /* no extent */
}

/* Which of three crops was chosen: 0 the box, 1 the upper, 2 the lower body. */
static int which_crop(uint64_t stream, const double *joints)
{
    hr_augmented_crop p = {{{100, 100}, {1, 4.0f / 3}, 0}, 0};
    double copy[3 * JOINTS];
    memcpy(copy, joints, sizeof copy);
    hr_augment_crop(&p, config, hrnet_dataset_info_coco(), 300, stream, copy);
    const float x = p.is_flipped ? 299 - p.crop.center[0] : p.crop.center[0];
    return fabsf(x - 100) < 1e-3f ? 0 : fabsf(x - 160.38426f) < 1e-3f ? 1 : fabsf(x - 148.40674f) < 1e-3f ? 2 : 3;
}

/* Chances: P(half body) = 0.3; then P(upper) = Phi(0.5) = 0.691462, as randn() < 0.5 decides. Four standard errors. */
static void half_body_is_chosen(void **state)
{
    double joints[3 * JOINTS];
    int counts[4] = {0};
    (void)state;
    reset();
    config->dataset.prob_half_body = 0.3;
    set_joints(joints);
    for (int i = 0; i < N; i++) counts[which_crop((uint64_t)i * 77, joints)]++;
    assert_int_equal(counts[3], 0);
    assert_true(fabs((double)(counts[1] + counts[2]) / N - 0.3) < 4 * sqrt(0.3 * 0.7 / N));
    assert_true(fabs((double)counts[1] / (counts[1] + counts[2]) - 0.6914624612740131) <
                4 * sqrt(0.6915 * 0.3085 / (0.3 * N)));
    /* more than NUM_JOINTS_HALF_BODY joints, not as many */
    config->dataset.prob_half_body = 1;
    for (int j = 8; j < JOINTS; j++) joints[3 * j + 2] = 0;
    for (int i = 0; i < 100; i++) assert_int_equal(which_crop((uint64_t)i, joints), 0);
    joints[3 * 8 + 2] = 1;
    int n_half = 0;
    for (int i = 0; i < 100; i++) n_half += which_crop((uint64_t)i, joints) != 0;
    assert_int_equal(n_half, 100);
}

/* ---------------------------------------------------------------------------------------------- mirror */

static void mirroring_twice_is_nothing(void **state)
{
    double joints[3 * JOINTS], twice[3 * JOINTS];
    (void)state;
    set_joints(joints);
    for (int k = 0; k < 2; k++) {
        const hrnet_dataset_info *const info = k == 0 ? hrnet_dataset_info_coco() : hrnet_dataset_info_mpii();
        memcpy(twice, joints, sizeof twice);
        hr_flip_joints(info, 200, twice);
        const int left = info->skeleton.flip_pairs[0][0], right = info->skeleton.flip_pairs[0][1];
        assert_true(twice[3 * left] == 200 - joints[3 * right] - 1);
        assert_true(twice[3 * left + 1] == joints[3 * right + 1]);
        hr_flip_joints(info, 200, twice);
        for (int i = 0; i < 3 * info->skeleton.n_keypoints; i++) assert_true(fabs(twice[i] - joints[i]) < 1e-12);
    }
    joints[3 * 5 + 2] = 0; /* the left shoulder is hidden: upstream multiplies by visibility */
    hr_flip_joints(hrnet_dataset_info_coco(), 200, joints);
    assert_true(joints[3 * 6] == 0 && joints[3 * 6 + 1] == 0 && joints[3 * 6 + 2] == 0 && joints[3 * 5 + 2] == 1);
}

/* ---------------------------------------------------------------------------------------------- distributions */

static double phi(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Kolmogorov and Smirnov's distance to a normal distribution that is cut (and heaped) at +-limit deviations. */
static double distance_to_clipped(double *values, size_t n, double limit)
{
    double worst = 0;
    qsort(values, n, sizeof *values, by_value);
    for (size_t i = 0; i < n; i++) {
        if (fabs(values[i]) >= limit * (1 - 1e-6)) continue;
        worst = fmax(worst, fmax(fabs(phi(values[i]) - (double)i / (double)n),
                                 fabs(phi(values[i]) - (double)(i + 1) / (double)n)));
    }
    return worst;
}

static void published_distributions(void **state)
{
    static double scales[N], rotations[N];
    double joints[3 * JOINTS];
    size_t n_flipped = 0, n_rotated = 0, n_low = 0, n_high = 0;
    (void)state;
    reset();
    for (int i = 0; i < N; i++) {
        hr_augmented_crop p = {{{100, 100}, {1, 1}, 0}, 0};
        set_joints(joints);
        hr_augment_crop(&p, config, hrnet_dataset_info_coco(), 300, (uint64_t)i, joints);
        assert_true(p.crop.scale[0] == p.crop.scale[1]);
        assert_true(p.crop.center[0] == (p.is_flipped ? 199 : 100) && p.crop.center[1] == 100);
        scales[i] = ((double)p.crop.scale[0] - 1) / 0.35;
        n_low += scales[i] < -1 + 1e-6;
        n_high += scales[i] > 1 - 1e-6;
        assert_true(fabs(scales[i]) <= 1 + 1e-6);
        assert_true(fabsf(p.crop.rotation) <= 90);
        if (p.crop.rotation != 0) rotations[n_rotated++] = (double)p.crop.rotation / 45;
        n_flipped += (size_t)p.is_flipped;
    }
    /* four standard errors; Phi(-1) = 0.158655 of the scales lie on either bound */
    assert_true(fabs((double)n_flipped / N - 0.5) < 4 * sqrt(0.25 / N));
    assert_true(fabs((double)n_rotated / N - 0.6) < 4 * sqrt(0.24 / N));
    assert_true(fabs((double)n_low / N - 0.15865525) < 4 * sqrt(0.1335 / N));
    assert_true(fabs((double)n_high / N - 0.15865525) < 4 * sqrt(0.1335 / N));
    /* Kolmogorov: P(distance sqrt(n) > 1.95) = 0.001 */
    assert_true(distance_to_clipped(scales, N, 1) < 1.95 / sqrt(N));
    assert_true(distance_to_clipped(rotations, n_rotated, 2) < 1.95 / sqrt((double)n_rotated));
}

/* Switches of ours move the box, and leave scale, rotation and flip as they are. */
static void box_jitter(void **state)
{
    double joints[3 * JOINTS], sum = 0, squares = 0;
    int n_moved = 0;
    (void)state;
    reset();
    for (int i = 0; i < N; i++) {
        hr_augmented_crop plain = {{{100, 100}, {1, 1.5f}, 0}, 0}, moved = plain;
        config->dataset.box_jitter = 0;
        set_joints(joints);
        hr_augment_crop(&plain, config, hrnet_dataset_info_coco(), 300, (uint64_t)i, joints);
        config->dataset.box_jitter = 0.3;
        set_joints(joints);
        hr_augment_crop(&moved, config, hrnet_dataset_info_coco(), 300, (uint64_t)i, joints);
        assert_true(moved.crop.scale[0] == plain.crop.scale[0] && moved.crop.rotation == plain.crop.rotation &&
                    moved.is_flipped == plain.is_flipped);
        const double dx = (double)(moved.crop.center[0] - plain.crop.center[0]) / 200,
                     dy = (double)(moved.crop.center[1] - plain.crop.center[1]) / 300;
        assert_true(fabs(dx) <= 0.16 + 1e-6 && fabs(dy) <= 0.16 + 1e-6);
        if (dx == 0 && dy == 0) continue;
        n_moved++;
        sum += dx;
        squares += dx * dx / (0.16 * 0.16);
    }
    assert_true(fabs((double)n_moved / N - 0.3) < 4 * sqrt(0.21 / N));
    /* a normal cut at +-1: variance 1 - 2 phi(1) / (2 Phi(1) - 1) = 0.291125; of its square 0.0718 */
    assert_true(fabs(sum / n_moved) < 4 * 0.16 * sqrt(0.2911 / n_moved));
    assert_true(fabs(squares / n_moved - 0.2911251) < 4 * sqrt(0.0718 / n_moved));
}

/* ---------------------------------------------------------------------------------------------- pixels */

enum { W = 96, H = 128 };

static void fill(uint8_t *rgb)
{
    for (int i = 0; i < W * H * 3; i++) rgb[i] = (uint8_t)(60 + i * 7 % 120);
}

static void nothing_by_default(void **state)
{
    static uint8_t rgb[W * H * 3], before[W * H * 3];
    (void)state;
    reset();
    fill(before);
    for (uint64_t i = 0; i < 50; i++) {
        fill(rgb);
        hr_augment_pixels(config, i, rgb, W, H);
        assert_memory_equal(rgb, before, sizeof rgb);
    }
}

/* Grey stays grey but for its brightness: saturation and hue do nothing to it. Each of brightness and contrast leaves
 * the picture alone with chance 0.5, both together with 0.25. */
static void colours(void **state)
{
    enum { TRIES = 2000 };
    int n_same = 0, n_color = 0;
    (void)state;
    reset();
    config->dataset.color_jitter = 1;
    for (uint64_t i = 0; i < TRIES; i++) {
        uint8_t rgb[6] = {100, 100, 100, 200, 60, 120};
        hr_augment_pixels(config, i, rgb, 2, 1);
        assert_true(rgb[0] == rgb[1] && rgb[1] == rgb[2]);
        assert_true(rgb[0] >= 34 && rgb[0] <= 198); /* (100 -+ 32) x 0.5, 1.5 */
        n_same += rgb[0] == 100;
        /* saturation and hue: the coloured pixel's middle channel relative to its others */
        n_color += rgb[0] == 100 && !(rgb[3] == 200 && rgb[4] == 60 && rgb[5] == 120);
    }
    /* rounding makes a few changes of brightness below half a level invisible: 1 in 64 of them */
    assert_true(fabs(n_same / (double)TRIES - 0.26) < 4 * sqrt(0.19 / TRIES));
    assert_true(fabs(n_color / (double)n_same - 0.75) < 4 * sqrt(0.19 / n_same) + 0.02);
    config->dataset.color_jitter = 0.4;
    int n_changed = 0;
    for (uint64_t i = 0; i < TRIES; i++) {
        uint8_t rgb[3] = {200, 60, 120};
        hr_augment_pixels(config, i, rgb, 1, 1);
        n_changed += !(rgb[0] == 200 && rgb[1] == 60 && rgb[2] == 120);
    }
    assert_true(fabs(n_changed / (double)TRIES - 0.4 * 0.9375) < 4 * sqrt(0.23 / TRIES) + 0.01);
}

/* One to eight black rectangles of 5 to 20 pixels at half of 256 x 192 a side, anywhere inside. */
static void holes(void **state)
{
    static uint8_t rgb[W * H * 3];
    static int covered[H][W];
    double sum = 0;
    (void)state;
    enum { TRIES = 2000 };
    reset();
    config->dataset.coarse_dropout = 1;
    for (uint64_t i = 0; i < TRIES; i++) {
        int n = 0;
        fill(rgb);
        hr_augment_pixels(config, i, rgb, W, H);
        for (int p = 0; p < W * H; p++) {
            const int black = rgb[3 * p] == 0 && rgb[3 * p + 1] == 0 && rgb[3 * p + 2] == 0;
            covered[p / W][p % W] += black;
            n += black;
        }
        assert_true(n >= 25 && n <= 8 * 400);
        sum += n;
    }
    /* 4.5 holes of 12.5 x 12.5 pixels on average are 703; they overlap: a pixel is left free by a hole with chance
     * 1 - 156.25 / (96 x 128), a little more often near the border */
    assert_true(sum / TRIES > 600 && sum / TRIES < 703);
    int top = 0, bottom = 0, left = 0, right = 0;
    for (int x = 0; x < W; x++) {
        top += covered[0][x];
        bottom += covered[H - 1][x];
    }
    for (int y = 0; y < H; y++) {
        left += covered[y][0];
        right += covered[y][W - 1];
    }
    assert_true(top > 0 && bottom > 0 && left > 0 && right > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(half_body),
                                       cmocka_unit_test(half_body_is_chosen),
                                       cmocka_unit_test(mirroring_twice_is_nothing),
                                       cmocka_unit_test(published_distributions),
                                       cmocka_unit_test(box_jitter),
                                       cmocka_unit_test(nothing_by_default),
                                       cmocka_unit_test(colours),
                                       cmocka_unit_test(holes)};
    return cmocka_run_group_tests(tests, make_config, free_config);
}
