/* test_tracker.c - the life of tracks, rule by rule; what is refused; failing allocations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hrnet_track.h>

#include "base/mem.h"
#include "made_people.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

static made_picture picture;

/* The track of a picture's only person, a box 40 x 100 at x, 0 of this score. */
static uint32_t see(hrnet_tracker *tracker, float x, float score, double seconds)
{
    made_begin(&picture, 0);
    made_add(&picture, (hrnet_box){x, 0, 40, 100}, score, 0);
    picture.persons[0].track = 0;
    MUST(hrnet_tracker_update(tracker, &picture.people, seconds));
    return picture.persons[0].track;
}

static void see_nobody(hrnet_tracker *tracker, double seconds)
{
    made_begin(&picture, 0);
    MUST(hrnet_tracker_update(tracker, &picture.people, seconds));
}

/* ---------------------------------------------------------------------------------------------- life */

/* In the first picture at once; later when the scores come to 1. */
static void confirmation(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    assert_int_equal(see(tracker, 0, 0.5f, 0), 1);
    made_begin(&picture, 0);
    made_add(&picture, (hrnet_box){0, 0, 40, 100}, 0.5f, 0);
    made_add(&picture, (hrnet_box){200, 0, 40, 100}, 0.45f, 0);
    MUST(hrnet_tracker_update(tracker, &picture.people, 0.04));
    assert_int_equal(picture.persons[0].track, 1);
    assert_int_equal(picture.persons[1].track, 0);
    MUST(hrnet_tracker_update(tracker, &picture.people, 0.08)); /* 0.9 */
    assert_int_equal(picture.persons[1].track, 0);
    MUST(hrnet_tracker_update(tracker, &picture.people, 0.12));
    assert_int_equal(picture.persons[1].track, 2);
    assert_int_equal(hrnet_tracker_n_tracks(tracker), 2);
    hrnet_tracker_free(tracker);
}

/* A new track that the next picture does not see is gone, and its number was not used. */
static void false_boxes_get_no_number(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    see_nobody(tracker, 0);
    for (int i = 1; i < 20; i++) assert_int_equal(see(tracker, (float)(i % 2 * 300), 0.6f, i * 0.04), 0);
    assert_int_equal(see(tracker, 300, 0.6f, 0.8), 1);
    hrnet_tracker_free(tracker);
}

/* high pairs with all tracks, low with those that were there a moment ago; below low and below start nothing. */
static void stages(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    assert_int_equal(see(tracker, 0, 0.35f, 0), 0); /* above high, below start */
    assert_int_equal(see(tracker, 0, 0.8f, 0.1), 0);
    assert_int_equal(see(tracker, 0, 0.8f, 0.2), 1);
    assert_int_equal(see(tracker, 0, 0.15f, 0.3), 1); /* low */
    assert_int_equal(see(tracker, 0, 0.05f, 0.4), 0);
    assert_int_equal(see(tracker, 0, 0.15f, 0.5), 1); /* unseen for 0.2 s */
    see_nobody(tracker, 0.6);
    see_nobody(tracker, 1.1);
    assert_int_equal(see(tracker, 0, 0.25f, 1.2), 0); /* unseen for 0.6 s: no low box brings it back */
    assert_int_equal(see(tracker, 0, 0.35f, 1.3), 1); /* but a high one */
    assert_int_equal(see(tracker, 35, 0.8f, 1.4), 0); /* an IoU of 5 / 75 */
    assert_int_equal(see(tracker, 0, NAN, 1.5), 0);
    hrnet_tracker_free(tracker);
}

/* Scores are multiplied in: with 0.3 an IoU of 0.6 is 0.18, below 0.2. */
static void fused_scores(void **state)
{
    (void)state;
    for (int no_fuse = 0; no_fuse < 2; no_fuse++) {
        hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.no_fuse = no_fuse});
        assert_int_equal(see(tracker, 0, 0.9f, 0), 1);
        assert_int_equal(see(tracker, 10, 0.3f, 0), no_fuse);
        hrnet_tracker_free(tracker);
    }
}

/* Lost for up to the buffer a track is found again where its motion leads; later there is a new number. */
static void the_buffer(void **state)
{
    (void)state;
    for (int is_late = 0; is_late < 2; is_late++) {
        hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.buffer = 0.5f});
        for (int i = 0; i <= 25; i++) assert_int_equal(see(tracker, 4.0f * (float)i, 0.9f, i * 0.04), 1);
        const int gap = is_late ? 13 : 12;
        for (int i = 1; i < gap; i++) see_nobody(tracker, 1 + i * 0.04);
        const uint32_t found = see(tracker, 100 + 4.0f * (float)gap, 0.9f, 1 + gap * 0.04);
        assert_int_equal(found, is_late ? 0 : 1);
        assert_int_equal(see(tracker, 104 + 4.0f * (float)gap, 0.9f, 1.04 + gap * 0.04), is_late ? 2 : 1);
        hrnet_tracker_free(tracker);
    }
}

/* The longer a track was not seen, the further from the expected place it is found: 35 pixels beside a box 40 wide the
 * IoU is 1/15, of boxes that are widened by 0.255, to 60.4, after 0.44 s, it is 0.27. */
static void found_beside(void **state)
{
    (void)state;
    for (int is_long = 0; is_long < 2; is_long++) {
        hrnet_tracker *const tracker = made_tracker(NULL);
        const int gap = is_long ? 11 : 1;
        for (int i = 0; i <= 25; i++) assert_int_equal(see(tracker, 0, 0.9f, i * 0.04), 1);
        for (int i = 1; i < gap; i++) see_nobody(tracker, 1 + i * 0.04);
        assert_int_equal(see(tracker, 35, 0.9f, 1 + gap * 0.04), is_long ? 1 : 0);
        hrnet_tracker_free(tracker);
    }
}

/* A longer pause than the buffer between two updates ends all tracks, confirmed or not. */
static void a_pause(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    assert_int_equal(see(tracker, 0, 0.9f, 10), 1);
    assert_int_equal(see(tracker, 0, 0.9f, 12), 1);
    assert_int_equal(see(tracker, 0, 0.9f, 14.1), 0);
    assert_int_equal(see(tracker, 0, 0.9f, 14.1), 2); /* no time passes */
    hrnet_tracker_free(tracker);
}

/* A new track that begins where a lost one stands is that one, found again. */
static void duplicates(void **state)
{
    (void)state;
    /* with match 1 no box that moved is paired with a confirmed track */
    hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.match = 1, .match_new = 0.5f, .no_fuse = 1});
    assert_int_equal(see(tracker, 0, 0.9f, 0), 1);
    assert_int_equal(see(tracker, 1, 0.9f, 0.04), 0);
    assert_int_equal(see(tracker, 1.5f, 0.9f, 0.08), 1);
    assert_int_equal(hrnet_tracker_n_tracks(tracker), 2); /* the second number was given for a moment */
    hrnet_tracker_free(tracker);
}

/* Two who were seen together are two: the one who walks to where the other got lost keeps the number. */
static void passing_a_lost_one(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    for (int i = 0; i < 30; i++) {
        const float x = 60 - 3 * (float)i;
        made_begin(&picture, 0);
        made_add(&picture, (hrnet_box){x, 0, 40, 100}, 0.9f, 0);
        if (i < 10) made_add(&picture, (hrnet_box){0, 0, 40, 100}, 0.9f, 0);
        MUST(hrnet_tracker_update(tracker, &picture.people, i * 0.04));
        assert_int_equal(picture.persons[0].track, 1);
        if (i < 10) assert_int_equal(picture.persons[1].track, 2);
    }
    assert_int_equal(see(tracker, 0, 0.9f, 1.2), 2);
    hrnet_tracker_free(tracker);
}

static void numbers_go_on_after_reset(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    assert_int_equal(see(tracker, 0, 0.9f, 100), 1);
    hrnet_tracker_reset(tracker);
    assert_int_equal(see(tracker, 0, 0.9f, 0), 2); /* the first picture again, and earlier */
    hrnet_tracker_free(tracker);
}

/* ---------------------------------------------------------------------------------------------- mmpose's rule */

/* In their order persons take the most overlapping track of the last picture; one picture missed is a new number. */
static void greedy(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.method = HRNET_TRACK_IOU});
    made_begin(&picture, 0);
    made_add(&picture, (hrnet_box){0, 0, 40, 100}, 0.01f, 0); /* scores do not matter */
    made_add(&picture, (hrnet_box){30, 0, 40, 100}, 0.9f, 0);
    MUST(hrnet_tracker_update(tracker, &picture.people, 0));
    assert_int_equal(picture.persons[0].track, 1);
    assert_int_equal(picture.persons[1].track, 2);
    made_begin(&picture, 0);
    made_add(&picture, (hrnet_box){16, 0, 40, 100}, 0.9f, 0); /* IoU 24 / 56 and 26 / 54: takes the second */
    made_add(&picture, (hrnet_box){30, 0, 40, 100}, 0.9f, 0); /* which is gone; 10 / 70 with the first is too little */
    MUST(hrnet_tracker_update(tracker, &picture.people, 0.04));
    assert_int_equal(picture.persons[0].track, 2);
    assert_int_equal(picture.persons[1].track, 3);
    see_nobody(tracker, 0.08);
    assert_int_equal(see(tracker, 16, 0.9f, 0.12), 4);
    hrnet_tracker_free(tracker);
}

/* Whose keypoints are fewer than 3 (y of 0 is none) gets no number. */
static void greedy_poses(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.method = HRNET_TRACK_IOU});
    made_begin(&picture, 1);
    made_add(&picture, (hrnet_box){0, 10, 40, 100}, 0.9f, 0);
    made_add(&picture, (hrnet_box){100, 10, 40, 100}, 0.9f, 0);
    for (int k = 2; k < MADE_KEYPOINTS; k++) picture.keypoints[0][k].y = 0;
    for (int k = 3; k < MADE_KEYPOINTS; k++) picture.keypoints[1][k].y = 0;
    MUST(hrnet_tracker_update(tracker, &picture.people, 0));
    assert_int_equal(picture.persons[0].track, 0);
    assert_int_equal(picture.persons[1].track, 1);
    hrnet_tracker_free(tracker);
}

/* ---------------------------------------------------------------------------------------------- broken input */

static void persons_who_take_no_part(void **state)
{
    (void)state;
    static const hrnet_box bad[] = {{NAN, 0, 40, 100}, {0, INFINITY, 40, 100}, {0, 0, 0, 100},
                                    {0, 0, 40, -100},  {0, 0, NAN, 100},       {0, 0, INFINITY, 100}};
    for (hrnet_track_method method = HRNET_TRACK_BYTE; method <= HRNET_TRACK_IOU; method++) {
        hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.method = method});
        for (int i = 0; i < 5; i++) {
            made_begin(&picture, 1);
            for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) made_add(&picture, bad[k], 0.9f, 0);
            const int failed = made_add(&picture, (hrnet_box){0, 0, 40, 100}, 0.9f, 0);
            picture.persons[failed].status = HRNET_ERR_ARGUMENT;
            const int good = made_add(&picture, (hrnet_box){0, 10, 40, 100}, 0.9f, 0);
            picture.persons[0].track = 77; /* of no track */
            MUST(hrnet_tracker_update(tracker, &picture.people, i));
            for (int k = 0; k <= failed; k++) assert_int_equal(picture.persons[k].track, 0);
            assert_int_equal(picture.persons[good].track, 1);
        }
        hrnet_tracker_free(tracker);
    }
}

/* Boxes and keypoints as far out as floats go, in any order. */
static void extreme_numbers(void **state)
{
    (void)state;
    static const float values[] = {1, 3e38f, -3e38f, 1e-40f, 1e10f, 100, NAN, INFINITY};
    for (hrnet_track_method method = HRNET_TRACK_BYTE; method <= HRNET_TRACK_IOU; method++) {
        hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.method = method, .buffer = 3600});
        double seconds = 0;
        for (uint64_t i = 0; i < 400; i++) {
            hrnet_track_box boxes[8];
            int n;
            made_begin(&picture, 1);
            for (uint64_t j = 0; j < 6; j++) {
                const uint64_t bits = hr_random_bits(8, i * 6 + j);
                made_add(
                    &picture,
                    (hrnet_box){values[bits % 6], values[bits / 8 % 6], values[bits / 64 % 6], values[bits / 512 % 6]},
                    (float)(bits / 4096 % 8) / 8, 0);
                picture.keypoints[j][bits % 17].x = values[bits / 32768 % 8];
            }
            MUST(hrnet_tracker_update(tracker, &picture.people, seconds));
            MUST(hrnet_tracker_boxes(tracker, seconds += i % 7 == 0 ? 1e-9 : 300, NULL, boxes, 8, &n));
            for (int k = 0; k < n && k < 8; k++) assert_true(isfinite(boxes[k].box.x) && boxes[k].box.w > 0);
        }
        hrnet_tracker_free(tracker);
    }
}

static void refused_updates(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL), *const oks = made_tracker(
                                                           &(hrnet_tracker_options){.method = HRNET_TRACK_OKS});
    assert_int_equal(see(tracker, 0, 0.9f, 5), 1);
    assert_int_equal(hrnet_tracker_update(tracker, &picture.people, 4.9), HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(hrnet_last_error(), "time 4.9 s, expected 5 s or later"));
    assert_int_equal(hrnet_tracker_update(tracker, &picture.people, NAN), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_update(tracker, &picture.people, INFINITY), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_update(oks, &picture.people, 5), HRNET_ERR_MISMATCH);
    assert_non_null(strstr(hrnet_last_error(), "OKS needs poses"));
    made_begin(&picture, 1);
    made_add(&picture, (hrnet_box){0, 0, 40, 100}, 0.9f, 0);
    picture.persons[0].track = 7;
    assert_int_equal(hrnet_tracker_update(tracker, &picture.people, 5.1), HRNET_ERR_MISMATCH);
    assert_non_null(strstr(hrnet_last_error(), "expected 0 keypoints a person, as before, found 17"));
    assert_int_equal(picture.persons[0].track, 7);
    picture.people.n_keypoints = 1 << 20;
    assert_int_equal(hrnet_tracker_update(oks, &picture.people, 5), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_update(tracker, &(hrnet_people){.n_persons = 1}, 6), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_update(tracker, &(hrnet_people){.n_persons = -1}, 6), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_update(tracker, &(hrnet_people){.reserved = {0, 1}}, 6), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_update(tracker, NULL, 6), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_update(NULL, &picture.people, 6), HRNET_ERR_ARGUMENT);
    assert_int_equal(see(tracker, 0, 0.9f, 5), 1); /* nothing of this had a consequence */
    hrnet_tracker_free(oks);
    hrnet_tracker_free(tracker);
}

/* Of a picture of nobody no other number is looked at. */
static void nobody_has_any_number_of_keypoints(void **state)
{
    (void)state;
    for (hrnet_track_method method = HRNET_TRACK_BYTE; method <= HRNET_TRACK_IOU; method++) {
        hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.method = method});
        made_begin(&picture, 1);
        made_add(&picture, (hrnet_box){0, 0, 40, 100}, 0.9f, 0);
        MUST(hrnet_tracker_update(tracker, &picture.people, 0));
        MUST(hrnet_tracker_update(tracker, &(hrnet_people){.n_keypoints = 1 << 30}, 0.04));
        MUST(hrnet_tracker_update(tracker, &(hrnet_people){.n_keypoints = -1}, 0.08));
        hrnet_tracker_free(tracker);
    }
}

static void refused_options(void **state)
{
    (void)state;
    static const hrnet_tracker_options bad[] = {
        {.method = 3},    {.high = 1.5f},       {.high = NAN},    {.low = 0.5f},      {.high = 0.05f},
        {.start = 2},     {.match = 1.1f},      {.match_low = 2}, {.match_new = NAN}, {.buffer = 4000},
        {.follow = 4000}, {.buffer = INFINITY}, {.joint = NAN},   {.confirm = NAN},   {.reserved = {0, 0, 0, 1}}};
    hrnet_tracker *tracker = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hrnet_tracker_create(&tracker, &bad[i]), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_create(NULL, NULL), HRNET_ERR_ARGUMENT);
    assert_null(tracker);
    tracker = made_tracker(&(hrnet_tracker_options){.skeleton = hrnet_skeleton_mpii()});
    made_begin(&picture, 1);
    made_add(&picture, (hrnet_box){0, 0, 40, 100}, 0.9f, 0);
    assert_int_equal(hrnet_tracker_update(tracker, &picture.people, 0), HRNET_ERR_MISMATCH);
    assert_non_null(strstr(hrnet_last_error(), "expected 16 keypoints a person, as the skeleton has, found 17"));
    hrnet_tracker_free(tracker);
    hrnet_tracker_free(NULL);
    hrnet_tracker_reset(NULL);
    assert_int_equal(hrnet_tracker_n_tracks(NULL), 0);
}

/* ---------------------------------------------------------------------------------------------- many, memory */

/* The best 1000 of a picture take part, and 2000 tracks are kept, however many boxes come. */
static void crowds(void **state)
{
    (void)state;
    enum { N = 1500 };
    hrnet_tracker *const tracker =
        made_tracker(&(hrnet_tracker_options){.start = 0.01f, .high = 0.01f, .low = 0.01f, .confirm = 0.01f});
    hrnet_pose *const persons = calloc(N, sizeof *persons);
    hrnet_people people = {.name = "crowd", .n_persons = N, .persons = persons};
    int n;
    assert_non_null(persons);
    for (int i = 0; i < 3; i++) {
        int n_named = 0;
        for (int j = 0; j < N; j++)
            persons[j] = (hrnet_pose){.box = {(float)(j * 100), (float)(i * 1000), 40, 100},
                                      .box_score = 0.1f + (float)((j * 7) % N) / (2 * N)};
        MUST(hrnet_tracker_update(tracker, &people, i * 0.01));
        for (int j = 0; j < N; j++) {
            n_named += persons[j].track != 0;
            if (persons[j].track != 0) assert_true((j * 7) % N >= N - 1000);
        }
        assert_int_equal(n_named, i < 2 ? 1000 : 0);
        MUST(hrnet_tracker_boxes(tracker, i * 0.01, NULL, NULL, 0, &n));
        assert_int_equal(n, i == 0 ? 1000 : 2000);
    }
    free(persons);
    hrnet_tracker_free(tracker);
}

/* Whatever allocation fails, tracks and people are as they were: the same update later gives the same tracks. */
static void failing_allocations(void **state)
{
    (void)state;
    const size_t held = hr_mem_held();
    for (hrnet_track_method method = HRNET_TRACK_BYTE; method <= HRNET_TRACK_IOU; method++) {
        for (long k = 0, done = 0; !done; k++) {
            hrnet_tracker *tracker = NULL;
            hr_mem_fail_after(k);
            hrnet_status status = hrnet_tracker_create(
                &tracker, &(hrnet_tracker_options){.method = method, .skeleton = hrnet_skeleton_coco()});
            for (int i = 0; i < 3 && tracker != NULL; i++) {
                made_begin(&picture, 1);
                for (int j = 0; j < 3 + i; j++)
                    made_add(&picture, (hrnet_box){100.0f * (float)j + 2.0f * (float)i, 0, 40, 100}, 0.9f, i);
                picture.persons[0].track = 9;
                status = hrnet_tracker_update(tracker, &picture.people, i * 0.04);
                if (status != HRNET_OK) {
                    hr_mem_fail_after(-1);
                    assert_int_equal(picture.persons[0].track, 9);
                    MUST(hrnet_tracker_update(tracker, &picture.people, i * 0.04));
                    hr_mem_fail_after(1000000);
                }
                for (int j = 0; j < 3; j++) assert_int_equal(picture.persons[j].track, j + 1);
            }
            hr_mem_fail_after(-1);
            assert_true(status == HRNET_OK || status == HRNET_ERR_MEMORY);
            done = status == HRNET_OK && tracker != NULL && k > 60;
            hrnet_tracker_free(tracker);
            assert_int_equal(hr_mem_held(), held);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confirmation),
        cmocka_unit_test(false_boxes_get_no_number),
        cmocka_unit_test(stages),
        cmocka_unit_test(fused_scores),
        cmocka_unit_test(the_buffer),
        cmocka_unit_test(found_beside),
        cmocka_unit_test(a_pause),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(passing_a_lost_one),
        cmocka_unit_test(numbers_go_on_after_reset),
        cmocka_unit_test(greedy),
        cmocka_unit_test(greedy_poses),
        cmocka_unit_test(persons_who_take_no_part),
        cmocka_unit_test(extreme_numbers),
        cmocka_unit_test(refused_updates),
        cmocka_unit_test(nobody_has_any_number_of_keypoints),
        cmocka_unit_test(refused_options),
        cmocka_unit_test(crowds),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
