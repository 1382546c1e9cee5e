/* test_skeleton.c - the built-in skeletons, and what is refused in a custom one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pose/skeleton.h"

static void test_built_in_tables(void **state)
{
    (void)state;
    const hrnet_skeleton *both[] = {hrnet_skeleton_coco(), hrnet_skeleton_mpii()};
    assert_int_equal(both[0]->n_keypoints, 17);
    assert_int_equal(both[1]->n_keypoints, 16);
    assert_string_equal(both[0]->keypoint_names[16], "right_ankle");
    assert_string_equal(both[1]->keypoint_names[15], "left_wrist");
    for (int k = 0; k < 2; k++) {
        const hrnet_skeleton *s = both[k];
        assert_int_equal(hr_skeleton_check(s), HRNET_OK);
        /* a flip pair is one joint of each side, with the same name after the side */
        for (int i = 0; i < s->n_flip_pairs; i++) {
            const int a = s->flip_pairs[i][0], b = s->flip_pairs[i][1];
            assert_int_equal(hr_skeleton_side(s, a) + hr_skeleton_side(s, b), HR_SIDE_LEFT + HR_SIDE_RIGHT);
            assert_string_equal(strchr(s->keypoint_names[a], '_'), strchr(s->keypoint_names[b], '_'));
        }
        int n_sided = 0;
        for (int i = 0; i < s->n_keypoints; i++) n_sided += hr_skeleton_side(s, i) != HR_SIDE_MIDDLE;
        assert_int_equal(n_sided, 2 * s->n_flip_pairs);
    }
    /* COCO's published constants */
    assert_float_equal(both[0]->sigmas[0], 0.026, 1e-7);
    assert_float_equal(both[0]->sigmas[11], 0.107, 1e-7);
    assert_null(both[1]->sigmas);
}

static void test_custom_tables_are_checked(void **state)
{
    static const char *const names[] = {"L_hand", "r-hand", "lamp", "right"}, *const holes[] = {"a", NULL, "c", "d"};
    static const int good[][2] = {{0, 1}}, twice[][2] = {{0, 1}, {1, 2}}, outside[][2] = {{0, 4}}, self[][2] = {{2, 2}};
    static const float sigmas[] = {0.1f, 0.1f, 0.1f, 0.1f}, zero[4] = {0}, nans[] = {0.1f, NAN, 0.1f, 0.1f};
    (void)state;
    const hrnet_skeleton s = {.name = "custom",
                              .n_keypoints = 4,
                              .keypoint_names = names,
                              .n_flip_pairs = 1,
                              .flip_pairs = good,
                              .n_links = 2,
                              .links = twice,
                              .sigmas = sigmas};
    assert_int_equal(hr_skeleton_check(&s), HRNET_OK);
    assert_int_equal(hr_skeleton_side(&s, 0), HR_SIDE_LEFT);
    assert_int_equal(hr_skeleton_side(&s, 1), HR_SIDE_RIGHT);
    assert_int_equal(hr_skeleton_side(&s, 2), HR_SIDE_MIDDLE);
    assert_int_equal(hr_skeleton_side(&s, 3), HR_SIDE_RIGHT);

    hrnet_skeleton bad[10];
    for (int i = 0; i < 10; i++) bad[i] = s;
    bad[0].n_keypoints = 0;
    bad[1].n_keypoints = 1 << 30;
    bad[2].keypoint_names = holes;
    bad[3].keypoint_names = NULL;
    bad[4].n_flip_pairs = 2, bad[4].flip_pairs = twice;
    bad[5].flip_pairs = outside;
    bad[6].links = NULL;
    bad[7].flip_pairs = self;
    bad[8].sigmas = zero;
    bad[9].sigmas = nans;
    for (int i = 0; i < 10; i++) assert_int_equal(hr_skeleton_check(&bad[i]), HRNET_ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_built_in_tables),
                                       cmocka_unit_test(test_custom_tables_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
