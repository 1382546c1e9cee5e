/* test_flip.c - the flip test's average against a plain reimplementation of upstream's flip_back and SHIFT_HEATMAP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pose/decode.h"

enum { JOINTS = 4, HEIGHT = 2, WIDTH = 3, SIZE = JOINTS * HEIGHT * WIDTH };

static const int pairs[][2] = {{1, 3}};
static const int partners[JOINTS] = {0, 3, 2, 1};

static void test_average_with_the_mirrored_maps(void **state)
{
    (void)state;
    for (int shift = 0; shift < 2; shift++) {
        float maps[SIZE], mirrored[SIZE], back[SIZE], expected[SIZE];
        for (int i = 0; i < SIZE; i++) {
            maps[i] = (float)(i * i % 17);
            mirrored[i] = (float)(i * 5 % 23);
        }
        for (int i = 0; i < SIZE; i++) {
            const int x = i % WIDTH, y = i / WIDTH % HEIGHT, joint = i / (WIDTH * HEIGHT);
            back[i] = mirrored[(partners[joint] * HEIGHT + y) * WIDTH + WIDTH - 1 - x];
        }
        for (int i = 0; i < SIZE; i++) {
            const float moved = shift && i % WIDTH > 0 ? back[i - 1] : back[i];
            expected[i] = (maps[i] + moved) * 0.5f;
        }
        hr_flip_average(maps, mirrored, JOINTS, HEIGHT, WIDTH, pairs, 1, shift);
        assert_memory_equal(maps, expected, sizeof maps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_average_with_the_mirrored_maps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
