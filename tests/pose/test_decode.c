/* test_decode.c - keypoints against the published code, against numpy (golden/pose/make.py), and against known centres.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pose/decode.h"

enum { N = 3, JOINTS = 6, HEIGHT = 64, WIDTH = 48, MAP = HEIGHT * WIDTH };

struct expected {
    float center[2], scale[2];
    double score, argmax[2], shift[2], refined[2][2][2]; /* [sigma 2, 3][dark, udp][x, y] */
};

static float heatmaps[N * JOINTS * MAP];
static struct expected expected[N * JOINTS];
static hrnet_crop crops[N];

static int set_up(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA "/golden/pose/heatmaps.f32", "rb");
    if (file == NULL || fread(heatmaps, sizeof *heatmaps, N * JOINTS * MAP, file) != N * JOINTS * MAP) return 1;
    fclose(file);
    file = fopen(TEST_DATA "/golden/pose/decoded.txt", "r");
    if (file == NULL) return 1;
    for (int i = 0; i < N * JOINTS; i++) {
        struct expected *e = &expected[i];
        double *numbers[] = {&e->score,
                             &e->argmax[0],
                             &e->argmax[1],
                             &e->shift[0],
                             &e->shift[1],
                             &e->refined[0][0][0],
                             &e->refined[0][0][1],
                             &e->refined[0][1][0],
                             &e->refined[0][1][1],
                             &e->refined[1][0][0],
                             &e->refined[1][0][1],
                             &e->refined[1][1][0],
                             &e->refined[1][1][1]};
        if (fscanf(file, "%f %f %f %f", &e->center[0], &e->center[1], &e->scale[0], &e->scale[1]) != 4) return 1;
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            if (fscanf(file, "%lf", numbers[k]) != 1) return 1;
        }
        crops[i / JOINTS] = (hrnet_crop){{e->center[0], e->center[1]}, {e->scale[0], e->scale[1]}, 0};
    }
    return fclose(file);
}

static void decode(hrnet_decoder decoder, float sigma, hrnet_keypoint *out)
{
    assert_int_equal(hrnet_decode_heatmaps(heatmaps, N, JOINTS, HEIGHT, WIDTH, crops, decoder, sigma, out), HRNET_OK);
}

static void test_published_decoders_are_exact(void **state)
{
    (void)state;
    hrnet_keypoint argmax[N * JOINTS], shift[N * JOINTS], automatic[N * JOINTS];
    decode(HRNET_DECODE_ARGMAX, 0, argmax);
    decode(HRNET_DECODE_SHIFT, 0, shift);
    decode(HRNET_DECODE_AUTO, 0, automatic);
    for (int i = 0; i < N * JOINTS; i++) {
        assert_true(argmax[i].score == (float)expected[i].score);
        assert_true(argmax[i].x == (float)expected[i].argmax[0] && argmax[i].y == (float)expected[i].argmax[1]);
        assert_true(shift[i].x == (float)expected[i].shift[0] && shift[i].y == (float)expected[i].shift[1]);
    }
    assert_memory_equal(shift, automatic, sizeof shift);
}

/* The same formulas in numpy, in double. Blurring in float errs by about 1e-7 of a value, second differences of the
 * logarithm are 0.05 and more at these peaks, and a cell is up to 6 px: some 1e-5 px. Measured 7e-5, allowed thrice. */
static void test_refined_decoders_equal_numpy(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        for (int udp = 0; udp < 2; udp++) {
            hrnet_keypoint out[N * JOINTS];
            decode(udp ? HRNET_DECODE_UDP : HRNET_DECODE_DARK, wide ? 3 : 0, out);
            for (int i = 0; i < N * JOINTS; i++) {
                const double *e = expected[i].refined[wide][udp];
                const double distance = hypot(out[i].x - e[0], out[i].y - e[1]);
                if (!(distance < 2e-4))
                    fail_msg("sigma %d, udp %d, map %d: (%g, %g), expected (%g, %g)", wide + 2, udp, i, out[i].x,
                             out[i].y, e[0], e[1]);
            }
        }
    }
}

static void draw_gaussian(float *map, double x, double y, double sigma)
{
    for (int i = 0; i < MAP; i++) {
        const double dx = i % WIDTH - x, dy = i / WIDTH - y;
        map[i] = (float)exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
    }
}

/* A Gaussian whose centre lies between cells: refined decoders find it, the others are as far off as their step. */
static void test_centres_between_cells_are_found(void **state)
{
    static const struct {
        hrnet_decoder decoder;
        double tolerance; /* cells, each axis */
    } cases[] = {
        {HRNET_DECODE_ARGMAX, 0.501}, {HRNET_DECODE_SHIFT, 0.251}, {HRNET_DECODE_DARK, 0.01}, {HRNET_DECODE_UDP, 0.03}};
    (void)state;
    /* one cell is one pixel: 48 cells for scale 0.24, which is 48 px, about a centre that makes it the identity */
    const hrnet_crop published = {.center = {24, 32}, .scale = {0.24f, 0.32f}};
    const hrnet_crop unbiased = {.center = {23.5f, 31.5f}, .scale = {47 / 200.0f, 63 / 200.0f}};
    float map[MAP];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        for (int step = 0; step < 50; step++) {
            const double x = 12 + step * 0.37, y = 15 + step * 0.53;
            draw_gaussian(map, x, y, 2);
            hrnet_keypoint found;
            const hrnet_crop *crop = cases[k].decoder == HRNET_DECODE_UDP ? &unbiased : &published;
            assert_int_equal(hrnet_decode_heatmaps(map, 1, 1, HEIGHT, WIDTH, crop, cases[k].decoder, 2, &found),
                             HRNET_OK);
            if (fabs(found.x - x) > cases[k].tolerance || fabs(found.y - y) > cases[k].tolerance)
                fail_msg("decoder %d: (%g, %g), expected (%g, %g)", (int)cases[k].decoder, found.x, found.y, x, y);
        }
    }
}

/* Noise, even smoothed, is not a parabola around its highest cell: the exact Newton step sometimes leads hundreds of
 * cells away. Such steps are not taken (MAX_STEP in taylor.c). */
static void test_noise_stays_by_its_highest_cell(void **state)
{
    (void)state;
    const hrnet_crop crop = {.center = {23.5f, 31.5f}, .scale = {47 / 200.0f, 63 / 200.0f}}; /* a cell is a pixel */
    float map[MAP];
    int n_moved = 0;
    uint32_t random = 1;
    for (int k = 0; k < 500; k++) {
        for (int i = 0; i < MAP; i++) {
            random = random * 1664525 + 1013904223;
            map[i] = 0.06f * (float)(random >> 8) * 0x1p-24f;
        }
        hrnet_keypoint found, peak;
        assert_int_equal(hrnet_decode_heatmaps(map, 1, 1, HEIGHT, WIDTH, &crop, HRNET_DECODE_UDP, 2, &found), HRNET_OK);
        int highest = 0;
        for (int i = 1; i < MAP; i++)
            if (map[i] > map[highest]) highest = i;
        peak.x = (float)(highest % WIDTH);
        peak.y = (float)(highest / WIDTH);
        assert_true(fabs(found.x - peak.x) < 3.01 && fabs(found.y - peak.y) < 3.01);
        if (fabs(found.x - peak.x) > 0.1) n_moved++;
    }
    assert_true(n_moved > 100); /* small steps are taken */
}

static void test_strange_maps_are_harmless(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 3}, {5, 4}, {6, 7}};
    static const float fills[] = {0, -1, 1, NAN, INFINITY, -INFINITY, 1e-40f, 3e38f};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t f = 0; f < sizeof fills / sizeof *fills; f++) {
            const int n = sizes[s][0] * sizes[s][1];
            float *map = malloc((size_t)n * sizeof *map); /* its own size, for the sanitizer */
            for (int spike = -1; spike < n; spike++) {
                for (int i = 0; i < n; i++) map[i] = fills[f];
                if (spike >= 0) map[spike] = fills[(f + 2) % 8];
                for (int decoder = HRNET_DECODE_ARGMAX; decoder <= HRNET_DECODE_UDP; decoder++) {
                    hrnet_keypoint found;
                    assert_int_equal(hrnet_decode_heatmaps(map, 1, 1, sizes[s][0], sizes[s][1], crops,
                                                           (hrnet_decoder)decoder, 20, &found),
                                     HRNET_OK);
                    if (isfinite(fills[f]) && isfinite(fills[(f + 2) % 8])) assert_true(isfinite(found.x));
                }
            }
            free(map);
        }
    }
}

static void test_bad_arguments(void **state)
{
    (void)state;
    hrnet_keypoint out[N * JOINTS];
    assert_int_equal(hrnet_decode_heatmaps(NULL, 1, 1, 8, 8, crops, 0, 0, out), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_decode_heatmaps(heatmaps, -1, 1, 8, 8, crops, 0, 0, out), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_decode_heatmaps(heatmaps, 1, 1, 0, 8, crops, 0, 0, out), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_decode_heatmaps(heatmaps, 1, 1, 8, 8, crops, (hrnet_decoder)9, 0, out), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_decode_heatmaps(heatmaps, 1, 1, 8, 8, crops, 0, -1, out), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_decode_heatmaps(heatmaps, 1, 1, 8, 8, crops, 0, NAN, out), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_decode_heatmaps(NULL, 0, 0, 0, 0, NULL, 0, 0, NULL), HRNET_OK);
    hr_mem_fail_after(0);
    assert_int_equal(hrnet_decode_heatmaps(heatmaps, 1, 1, 8, 8, crops, HRNET_DECODE_DARK, 0, out), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_decoders_are_exact),    cmocka_unit_test(test_refined_decoders_equal_numpy),
        cmocka_unit_test(test_centres_between_cells_are_found), cmocka_unit_test(test_strange_maps_are_harmless),
        cmocka_unit_test(test_noise_stays_by_its_highest_cell), cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
