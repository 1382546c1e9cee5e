/* test_people.c - the memory of people, what can go wrong with them, and the score of a pose. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <hrnet_results.h>

#include "base/mem.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

static void people_begin_empty(void **state)
{
    (void)state;
    char name[] = "a.jpg";
    hrnet_people people = {0};
    MUST(hrnet_people_create(&people, name, 3, 17));
    name[0] = 'b';
    assert_string_equal(people.name, "a.jpg");
    assert_int_equal(people.status, HRNET_OK);
    assert_int_equal(people.n_persons, 3);
    assert_int_equal(people.n_keypoints, 17);
    for (int p = 0; p < 3; p++) {
        const hrnet_pose *const who = &people.persons[p];
        assert_int_equal(who->status, HRNET_OK);
        assert_true(who->box_score == 1 && who->score == 0);
        for (int k = 0; k < 17; k++) {
            assert_true(who->keypoints[k].x == 0 && who->keypoints[k].y == 0 && who->keypoints[k].score == 0);
            who->keypoints[k] = (hrnet_keypoint){(float)p, (float)k, 1};
        }
    }
    for (int p = 0; p < 3; p++) /* nobody's keypoints are another's */
        for (int k = 0; k < 17; k++) assert_true(people.persons[p].keypoints[k].x == (float)p);
    hrnet_people_free(&people);
    assert_null(people.persons);
    hrnet_people_free(&people);
    hrnet_people_free(NULL);
    MUST(hrnet_people_create(&people, "", 0, 0));
    hrnet_people_free(&people);
}

static void failures_are_noted(void **state)
{
    (void)state;
    char reason[] = "too small";
    hrnet_people people = {0};
    MUST(hrnet_people_create(&people, "a.jpg", 3, 17));
    hrnet_people_fail(&people, 1, HRNET_ERR_ARGUMENT, reason);
    reason[0] = '?';
    assert_int_equal(people.persons[1].status, HRNET_ERR_ARGUMENT);
    assert_string_equal(people.persons[1].message, "too small");
    people.persons[0] = people.persons[1]; /* persons may be moved and dropped */
    people.persons[1] = people.persons[2];
    people.n_persons = 2;
    hrnet_people_fail(&people, 2, HRNET_ERR_ARGUMENT, "nobody there");
    hrnet_people_fail(&people, -2, HRNET_ERR_ARGUMENT, "nobody there");
    hrnet_people_fail(&people, 1, HRNET_OK, "nothing");
    hrnet_people_fail(NULL, 0, HRNET_ERR_ARGUMENT, "nobody there");
    assert_int_equal(people.persons[1].status, HRNET_OK);
    assert_int_equal(people.status, HRNET_OK);
    hr_mem_fail_after(0);
    hrnet_people_fail(&people, 1, HRNET_ERR_IO, "no memory for this");
    hr_mem_fail_after(-1);
    assert_int_equal(people.persons[1].status, HRNET_ERR_IO);
    assert_null(people.persons[1].message);
    hrnet_people_fail(&people, -1, HRNET_ERR_FORMAT, "broken");
    assert_int_equal(people.status, HRNET_ERR_FORMAT);
    assert_string_equal(people.message, "broken");
    assert_int_equal(people.n_persons, 0);
    hrnet_people_free(&people);
}

static void bad_arguments_and_memory(void **state)
{
    (void)state;
    hrnet_people people = {.width = 7};
    assert_int_equal(hrnet_people_create(NULL, "a", 1, 1), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_people_create(&people, NULL, 1, 1), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_people_create(&people, "a", -1, 1), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_people_create(&people, "a", 1, -1), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_people_create(&people, "a", 1, 100000), HRNET_ERR_ARGUMENT);
    for (long k = 0; k < 3; k++) {
        hr_mem_fail_after(k);
        const hrnet_status status = hrnet_people_create(&people, "a", 2, 3);
        hr_mem_fail_after(-1);
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    assert_int_equal(people.width, 7);
    assert_null(people.memory);
}

/* Upstream: the mean of the scores above 0.2, times the box's. */
static void scores_of_poses(void **state)
{
    (void)state;
    const hrnet_keypoint keypoints[] = {{0, 0, 0.5f}, {0, 0, 0.2f}, {0, 0, 1}, {0, 0, -3}, {0, 0, NAN}, {0, 0, 0.25f}};
    assert_true(hrnet_pose_score(keypoints, 3, 0.5f) == 0.375f);
    assert_true(hrnet_pose_score(keypoints + 2, 4, 1) == 0.625f);
    assert_true(hrnet_pose_score(keypoints + 1, 1, 1) == 0);
    assert_true(hrnet_pose_score(keypoints + 3, 2, 1) == 0);
    assert_true(hrnet_pose_score(NULL, 0, 1) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_begin_empty),
        cmocka_unit_test(failures_are_noted),
        cmocka_unit_test(bad_arguments_and_memory),
        cmocka_unit_test(scores_of_poses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
