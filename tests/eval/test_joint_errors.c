/* test_joint_errors.c - the chart of the errors of joints: bars of persons whose errors are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hrnet_eval.h>

#include "../support/xml_check.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

enum { PERSONS = 7 };

static const char *const names[] = {"left <hand>", "nose"};
static const hrnet_skeleton skeleton = {.name = "custom", .n_keypoints = 2, .keypoint_names = names};

/* Of the first joint, in sizes of 100 pixels: 0, 0.01, 0.09 and 0.1; 0.7, which is beyond; not found; not labelled. */
static const float offsets[PERSONS] = {0, 1, 9, 10, 70, 0, 0};
static double truth[PERSONS][6];
static hrnet_keypoint poses[PERSONS][2];
static hrnet_person_error errors[PERSONS];
static char path[] = "/tmp/hrnet_errors_XXXXXX";

static int make_persons(void **state)
{
    (void)state;
    const int file = mkstemp(path);
    for (int i = 0; i < PERSONS; i++) {
        truth[i][0] = 50;
        truth[i][1] = 60;
        truth[i][2] = i == 6 ? 0 : 2;
        poses[i][0] = (hrnet_keypoint){50, 60 + offsets[i], 1};
        errors[i] = (hrnet_person_error){.truth = truth[i], .pose = i == 5 ? NULL : poses[i], .area = 100 * 100};
    }
    return file < 0 || close(file) != 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void bars_count_persons(void **state)
{
    (void)state;
    static const char *const parts[] = {"<text class='title' y='14'>left &#60;hand&#62;</text>", "60% of 5 below 0.1",
                                        /* bars of 0.025 are 10 apart; two persons are 90 high */
                                        "<rect class='c0' x='8' y='40' width='9' height='90'><title>2</title></rect>",
                                        "<rect class='c0' x='18' y='130' width='9' height='0'><title>0</title></rect>",
                                        "<rect class='c0' x='38' y='85' width='9' height='45'><title>1</title></rect>",
                                        "<rect class='c4' x='48' y='85' width='9' height='45'><title>1</title></rect>",
                                        "<rect class='c9' x='214' y='85' width='9' height='45'><title>1</title></rect>",
                                        /* nobody has a nose */
                                        "<text class='title' y='14'>nose</text>", "0% of 0 below 0.1"};
    hr_bytes bytes;
    hr_text svg = {0};
    assert_int_equal(hrnet_person_errors_plot(errors, PERSONS, &skeleton, path), HRNET_OK);
    assert_int_equal(hr_file_read(&bytes, path, 100000), HRNET_OK);
    hr_text_add_bytes(&svg, bytes.data, bytes.size);
    expect_xml(svg.data);
    const char *at = svg.data;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        at = strstr(at, parts[i]);
        assert_non_null(at);
    }
    hr_free(bytes.data);
    hr_text_free(&svg);
}

static void refusals(void **state)
{
    (void)state;
    assert_int_equal(hrnet_person_errors_plot(NULL, 1, &skeleton, path), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_person_errors_plot(errors, PERSONS, NULL, path), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_person_errors_plot(errors, PERSONS, &skeleton, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_person_errors_plot(errors, PERSONS, &skeleton, "/nonexistent/e.svg"), HRNET_ERR_IO);
    assert_int_equal(hrnet_person_errors_plot(NULL, 0, &skeleton, path), HRNET_OK);
    hrnet_status status = HRNET_ERR_MEMORY;
    long n = 0;
    for (; status != HRNET_OK && n < 1000; n++) {
        hr_mem_fail_after(n);
        status = hrnet_person_errors_plot(errors, PERSONS, &skeleton, path);
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    assert_true(n > 3 && n < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bars_count_persons), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, make_persons, remove_file);
}
