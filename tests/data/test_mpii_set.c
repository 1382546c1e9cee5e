/* test_mpii_set.c - MPII's annotations to crops; expected numbers are computed by hand with upstream's rule. */
#include "data/samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define JOINTS                                                                                                         \
    "\"joints\": [[1,2],[3,4],[5,6],[7,8],[9,10],[11,12],[13,14],[15,16],[17,18],[19,20],[21,22],[23,24],"             \
    "[25,26],[27,28],[29,30],[31,32]], \"joints_vis\": [1,0,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"

static const char two[] = "[{\"image\": \"a.jpg\", \"center\": [594, 257], \"scale\": 3.021046, " JOINTS "},"
                          " {\"image\": \"a.jpg\", \"center\": [-1, -1], \"scale\": 2, " JOINTS "},"
                          " {\"image\": \"b.jpg\", \"center\": [10.5, 20], \"scale\": 1.5, " JOINTS "}]";

static void upstreams_rule(void **state)
{
    hr_samples s = {0};
    (void)state;
    assert_int_equal(hr_mpii_set_parse(&s, two, strlen(two)), HRNET_OK);
    assert_int_equal(s.n, 3);
    assert_int_equal(s.n_images, 2);
    assert_int_equal(s.n_joints, 16);
    assert_string_equal(s.images[s.list[2].image].name, "b.jpg");
    /* c[1] += 15 s; s *= 1.25; c -= 1 */
    assert_float_equal(s.list[0].crop.center[0], 593.0, 1e-4);
    assert_float_equal(s.list[0].crop.center[1], 301.31569, 1e-4);
    assert_float_equal(s.list[0].crop.scale[0], 3.7763075, 1e-6);
    assert_float_equal(s.list[0].crop.scale[1], 3.7763075, 1e-6);
    /* no centre: left as it is */
    assert_float_equal(s.list[1].crop.center[1], -2.0, 0);
    assert_float_equal(s.list[1].crop.scale[0], 2.0, 0);
    assert_int_equal(s.n_truths, 3);
    assert_float_equal(s.truths[0].keypoints[0], 0.0, 0); /* joints count from 0 */
    assert_float_equal(s.truths[2].keypoints[46], 31.0, 0);
    assert_float_equal(s.truths[0].keypoints[5], 0.0, 0);
    assert_int_equal(s.truths[2].sample, 2);
    hr_samples_free(&s);
}

static void a_test_set_has_no_joints(void **state)
{
    static const char text[] = "[{\"image\": \"a.jpg\", \"center\": [594, 257], \"scale\": 3}]";
    hr_samples s = {0};
    (void)state;
    assert_int_equal(hr_mpii_set_parse(&s, text, strlen(text)), HRNET_OK);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.n_truths, 0);
    hr_samples_free(&s);
}

static void broken_entries_are_named(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{}", "list of persons"},
        {"[1]", "entry 0: image"},
        {"[{\"image\": 5}]", "entry 0: image"},
        {"[{\"image\": \"a\", \"center\": [1]}]", "center"},
        {"[{\"image\": \"a\", \"center\": [1, 1e300], \"scale\": 1}]", "center"},
        {"[{\"image\": \"a\", \"center\": [1, 2], \"scale\": 0}]", "scale"},
        {"[{\"image\": \"a\", \"center\": [1, 2], \"scale\": 1e300}]", "scale"},
        {"[{\"image\": \"a\", \"center\": [1, 2], \"scale\": 1, \"joints\": [[1, 2]]}]", "joints"},
        {"[{\"image\": \"a\", \"center\": [1, 2], \"scale\": 1, \"joints\": \"0123456789abcdef\"}]", "joints"},
        {"[{\"image\": \"a\", \"center\": [1, 2], \"scale\": 1, \"joints\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}]",
         "joints_vis"},
        {"[", "line 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hr_samples s = {0};
        assert_int_equal(hr_mpii_set_parse(&s, cases[i].text, strlen(cases[i].text)), HRNET_ERR_FORMAT);
        assert_non_null(strstr(hrnet_last_error(), cases[i].message));
        assert_null(s.list);
    }
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    for (long k = 0;; k++) {
        hr_samples s = {0};
        hr_mem_fail_after(k);
        const hrnet_status status = hr_mpii_set_parse(&s, two, strlen(two));
        hr_mem_fail_after(-1);
        hr_samples_free(&s);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upstreams_rule),
        cmocka_unit_test(a_test_set_has_no_joints),
        cmocka_unit_test(broken_entries_are_named),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
