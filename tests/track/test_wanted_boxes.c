/* test_wanted_boxes.c - which boxes of a detector are worth a pose: those of high scores, and those near to a track. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "track/wanted_boxes.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

enum { N = 5 };

static const hrnet_object boxes[N] = {{.box = {10, 10, 40, 80}, .score = 0.9f},  /* the track's own */
                                      {.box = {30, 20, 40, 80}, .score = 0.12f}, /* IoU of 0.28 with it */
                                      {.box = {49, 10, 40, 80}, .score = 0.12f}, /* of 0.01 */
                                      {.box = {300, 10, 40, 80}, .score = 0.12f},
                                      {.box = {300, 10, 40, 80}, .score = 0.3f}};

/* How many are left in a frame at `seconds` by a tracker that has seen one person at second 0; they are in order. */
static int count_wanted(hrnet_track_method method, double seconds, hrnet_object left[N])
{
    hrnet_tracker *tracker = NULL;
    hrnet_people people = {0};
    hrnet_objects found = {.n = N, .objects = left};
    memcpy(left, boxes, sizeof boxes);
    MUST(hrnet_tracker_create(&tracker, &(hrnet_tracker_options){.method = method}));
    MUST(hrnet_people_create(&people, "picture", 1, 2));
    people.persons[0].box = boxes[0].box;
    MUST(hrnet_tracker_update(tracker, &people, 0));
    MUST(hr_tracker_choose(tracker, seconds, &found));
    hrnet_people_free(&people);
    hrnet_tracker_free(tracker);
    return found.n;
}

static void high_or_near(void **state)
{
    (void)state;
    for (int method = HRNET_TRACK_BYTE; method <= HRNET_TRACK_OKS; method++) {
        hrnet_object left[N];
        assert_int_equal(count_wanted((hrnet_track_method)method, 0.04, left), 3);
        assert_memory_equal(&left[0], &boxes[0], 2 * sizeof *left);
        assert_memory_equal(&left[2], &boxes[4], sizeof *left);
        assert_int_equal(count_wanted((hrnet_track_method)method, 5, left), 2); /* the track is dead by then */
    }
}

static void the_greedy_rule_wants_all(void **state)
{
    (void)state;
    hrnet_object left[N];
    assert_int_equal(count_wanted(HRNET_TRACK_IOU, 0.04, left), N);
}

static void memory_that_runs_out(void **state)
{
    (void)state;
    hrnet_tracker *tracker = NULL;
    hrnet_object left[N];
    hrnet_objects found = {.n = N, .objects = left};
    memcpy(left, boxes, sizeof boxes);
    MUST(hrnet_tracker_create(&tracker, NULL));
    hr_mem_fail_after(0);
    assert_int_equal(hr_tracker_choose(tracker, 0, &found), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
    assert_int_equal(found.n, N);
    MUST(hr_tracker_choose(tracker, 0, &found)); /* without tracks, high ones alone */
    assert_int_equal(found.n, 2);
    found.n = 0;
    MUST(hr_tracker_choose(tracker, 0, &found));
    hrnet_tracker_free(tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(high_or_near),
        cmocka_unit_test(the_greedy_rule_wants_all),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
