/*
 * test_target.c - targets against values of the public PyTorch code (tests/golden/train), and codecs against
 * themselves: what is encoded is decoded.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <hrnet.h>

#include "base/rng.h"
#include "pose/decode.h"
#include "batches/target.h"

enum { JOINTS = 17, MAP_H = 24, MAP_W = 16, CELLS = MAP_H * MAP_W };

static hrnet_array golden(const char *name)
{
    char path[512];
    hrnet_array array = {0};
    snprintf(path, sizeof path, TEST_DATA "/golden/train/%s.npy", name);
    assert_int_equal(hrnet_array_load(&array, path), HRNET_OK);
    return array;
}

static void gaussians(void **state)
{
    (void)state;
    static const hr_target_shape shape = {JOINTS, 192, 256, 48, 64, 2};
    hrnet_array joints = golden("target_joints"), maps = golden("target_maps"), weights = golden("target_weights");
    static float drawn[JOINTS * 64 * 48], drawn_weights[JOINTS];
    double exact[JOINTS * 3];
    for (int i = 0; i < JOINTS * 3; i++) exact[i] = (double)joints.data[i];
    hr_target_msra(&shape, exact, drawn, drawn_weights);
    for (int j = 0; j < JOINTS; j++) assert_true(drawn_weights[j] == weights.data[j]);
    for (int i = 0; i < JOINTS * 64 * 48; i++) assert_true(fabs((double)drawn[i] - maps.data[i]) <= 1e-6);
    hrnet_array_free(&joints);
    hrnet_array_free(&maps);
    hrnet_array_free(&weights);
}

static void absurd_joints(void **state)
{
    (void)state;
    static const hr_target_shape shape = {3, 64, 96, MAP_W, MAP_H, 2};
    const double joints[9] = {NAN, 5, 1, 1e300, -1e300, 1, -INFINITY, INFINITY, 1};
    float maps[3 * CELLS], weights[3];
    for (int codec = HR_CODEC_MSRA; codec <= HR_CODEC_UDP; codec++) {
        hr_target_draw((hr_codec)codec, &shape, joints, maps, weights);
        for (int j = 0; j < 3; j++) assert_true(weights[j] == 0);
        for (int i = 0; i < 3 * CELLS; i++) assert_true(maps[i] == 0);
    }
}

/* By the formulas, in another order: a Gaussian around the joint itself. At a cell's centre the three agree. */
static void exact_centres(void **state)
{
    static const hr_target_shape shape = {1, 64, 96, MAP_W, MAP_H, 2};
    const double joint[3] = {33.1, 50.2, 1};
    float maps[CELLS], weight;
    (void)state;
    hr_target_dark(&shape, joint, maps, &weight);
    assert_true(weight == 1);
    for (int y = 0; y < MAP_H; y++)
        for (int x = 0; x < MAP_W; x++)
            assert_true(fabs(maps[y * MAP_W + x] - exp(-(pow(x - 33.1 / 4, 2) + pow(y - 50.2 / 4, 2)) / 8)) < 1e-7);
    hr_target_udp(&shape, joint, maps, &weight);
    const double cx = 33.1 * 15 / 63, cy = 50.2 * 23 / 95; /* 7.88, 12.15: the patch is that of cell 8, 12 */
    for (int y = 0; y < MAP_H; y++) {
        for (int x = 0; x < MAP_W; x++) {
            const int inside = abs(x - 8) <= 6 && abs(y - 12) <= 6;
            const double expected = inside ? exp(-(pow(x - cx, 2) + pow(y - cy, 2)) / 8) : 0;
            assert_true(fabs(maps[y * MAP_W + x] - expected) < 1e-7);
        }
    }
}

/* A joint far enough from the border, encoded and decoded, is where it was. */
static void codecs_are_pairs(void **state)
{
    static const hr_target_shape shapes[] = {
        {1, 192, 256, 48, 64, 2}, {1, 288, 384, 72, 96, 3}, {1, 96, 128, 24, 32, 2}, {1, 96, 128, 24, 32, 1}};
    static float maps[72 * 96], scratch[40000];
    (void)state;
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const hr_target_shape *const s = &shapes[k];
        double worst[3] = {0};
        assert_true(hr_decode_scratch(HRNET_DECODE_DARK, (float)s->sigma, s->height, s->width) < 40000);
        for (uint64_t i = 0; i < 300; i++) {
            const hrnet_crop crop = {{300, 200}, {1.1f, 1.1f * (float)s->input_height / (float)s->input_width}, 0};
            const double margin = 4 * (3 * s->sigma + 1), w = s->input_width, h = s->input_height;
            const double at[2] = {margin + (w - 2 * margin) * (double)hr_random_uniform(i, 0),
                                  margin + (h - 2 * margin) * (double)hr_random_uniform(i, 1)};
            for (int codec = HR_CODEC_DARK; codec <= HR_CODEC_UDP; codec++) {
                double m[6];
                float weight;
                hrnet_keypoint found;
                hr_codec_matrix((hr_codec)codec, &crop, s, m);
                hr_target_draw((hr_codec)codec, s, (double[]){at[0], at[1], 1}, maps, &weight);
                hr_decode_pose(maps, 1, s->height, s->width, &crop,
                               codec == HR_CODEC_DARK ? HRNET_DECODE_DARK : HRNET_DECODE_UDP, (float)s->sigma, scratch,
                               &found);
                const double dx = m[0] * (double)found.x + m[2] - at[0], dy = m[4] * (double)found.y + m[5] - at[1];
                worst[codec] = fmax(worst[codec], fmax(fabs(dx), fabs(dy)));
                assert_true(weight == 1);
            }
        }
        print_message("%d x %d: dark %.5f, udp %.5f input pixels off\n", s->input_width, s->input_height,
                      worst[HR_CODEC_DARK], worst[HR_CODEC_UDP]);
        /* DARK's differences over two cells are too wide for a Gaussian of sigma 1, which nobody published: 0.031 */
        assert_true(worst[HR_CODEC_DARK] < (s->sigma > 1 ? 0.01 : 0.04) && worst[HR_CODEC_UDP] < 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gaussians), cmocka_unit_test(absurd_joints),
                                       cmocka_unit_test(exact_centres), cmocka_unit_test(codecs_are_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
