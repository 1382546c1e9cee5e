/* test_tracker_follow.c - boxes where tracks are expected, and persons who are followed by their poses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <hrnet_track.h>

#include "base/mem.h"
#include "made_people.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

static made_picture picture;

static hrnet_box walker(double seconds)
{
    return (hrnet_box){(float)(50 + 60 * seconds), (float)(20 + 5 * seconds), 40, 110};
}

static int boxes_at(hrnet_tracker *tracker, double seconds, hrnet_track_box *boxes, int capacity)
{
    int n = -1;
    MUST(hrnet_tracker_boxes(tracker, seconds, NULL, boxes, capacity, &n));
    return n;
}

static void detect(hrnet_tracker *tracker, double seconds, float score, uint32_t expected)
{
    made_begin(&picture, 1);
    made_add(&picture, walker(seconds), score, 6 * seconds);
    MUST(hrnet_tracker_update(tracker, &picture.people, seconds));
    assert_int_equal(picture.persons[0].track, expected);
}

/* Look for the walker's pose in the box where the track is expected. Returns the track that the update gives. */
static uint32_t follow(hrnet_tracker *tracker, double seconds, float score)
{
    hrnet_track_box box;
    assert_int_equal(boxes_at(tracker, seconds, &box, 1), 1);
    made_begin(&picture, 1);
    made_add(&picture, box.box, box.score, 0);
    picture.persons[0].track = box.track;
    made_pose(picture.keypoints[0], walker(seconds), 6 * seconds, score); /* found where the walker is */
    MUST(hrnet_tracker_update(tracker, &picture.people, seconds));
    return picture.persons[0].track;
}

static float distance(hrnet_box a, hrnet_box b)
{
    return fmaxf(fmaxf(fabsf(a.x - b.x), fabsf(a.y - b.y)), fmaxf(fabsf(a.w - b.w), fabsf(a.h - b.h)));
}

/* ---------------------------------------------------------------------------------------------- expected boxes */

static void where_tracks_are_expected(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    hrnet_track_box boxes[3] = {{.score = -7}};
    assert_int_equal(boxes_at(tracker, 0, boxes, 3), 0);
    for (int i = 0; i < 20; i++) detect(tracker, i * 0.04, 0.75f, 1);
    assert_int_equal(boxes_at(tracker, 0.96, NULL, 0), 1);
    assert_int_equal(boxes_at(tracker, 0.96, boxes, 3), 1);
    assert_int_equal(boxes[0].track, 1);
    assert_true(boxes[0].score == 0.75f);
    assert_true(fabs(boxes[0].unseen - 0.2) < 1e-9);
    assert_true(distance(boxes[0].box, walker(0.96)) < 2); /* 5 frames ahead, of 2.4 pixels each */
    assert_int_equal(boxes_at(tracker, 2.75, boxes, 3), 1);
    assert_int_equal(boxes_at(tracker, 2.77, boxes, 3), 0); /* unseen for longer than the buffer */
    /* detections that are there already */
    int n;
    made_begin(&picture, 1);
    made_add(&picture, walker(1), 0.2f, 0);
    MUST(hrnet_tracker_boxes(tracker, 1, &picture.people, boxes, 3, &n));
    assert_int_equal(n, 0);
    picture.persons[0].box_score = 0.05f; /* below low */
    MUST(hrnet_tracker_boxes(tracker, 1, &picture.people, boxes, 3, &n));
    assert_int_equal(n, 1);
    hrnet_tracker_free(tracker);
}

/* Two people, the second x pixels beside the first, of whom a picture then has the first alone. */
static hrnet_tracker *first_of_two(float x)
{
    hrnet_tracker *const tracker = made_tracker(NULL);
    made_begin(&picture, 1);
    made_add(&picture, (hrnet_box){0, 0, 40, 100}, 0.9f, 0);
    made_add(&picture, (hrnet_box){x, 0, 40, 100}, 0.9f, 0);
    MUST(hrnet_tracker_update(tracker, &picture.people, 0));
    picture.people.n_persons = 1;
    return tracker;
}

/* Of two people side by side a detection is one: the other is still looked for, unless the detection covers more than a
 * fifth of them. */
static void one_of_two_is_found(void **state)
{
    (void)state;
    hrnet_track_box boxes[2];
    int n;
    hrnet_tracker *tracker = first_of_two(31); /* 9 / 40 are covered */
    MUST(hrnet_tracker_boxes(tracker, 0.04, &picture.people, boxes, 2, &n));
    assert_int_equal(n, 0);
    MUST(hrnet_tracker_boxes(tracker, 0.04, NULL, boxes, 2, &n));
    assert_int_equal(n, 2);
    hrnet_tracker_free(tracker);
    tracker = first_of_two(33); /* 7 / 40 */
    MUST(hrnet_tracker_boxes(tracker, 0.04, &picture.people, boxes, 2, &n));
    assert_int_equal(n, 1);
    assert_int_equal(boxes[0].track, 2);
    hr_mem_fail_after(0);
    const hrnet_status status = hrnet_tracker_boxes(tracker, 0.04, &picture.people, boxes, 2, &n);
    hr_mem_fail_after(-1);
    assert_int_equal(status, HRNET_ERR_MEMORY);
    assert_int_equal(n, 1);
    hrnet_tracker_free(tracker);
}

static void refused_boxes(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    hrnet_track_box box;
    int n = 5;
    detect(tracker, 1, 0.9f, 1);
    assert_int_equal(hrnet_tracker_boxes(tracker, 0.5, NULL, &box, 1, &n), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_boxes(tracker, NAN, NULL, &box, 1, &n), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_boxes(tracker, 1, NULL, NULL, 1, &n), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_boxes(tracker, 1, NULL, &box, -1, &n), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_boxes(tracker, 1, NULL, &box, 1, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_boxes(NULL, 1, NULL, &box, 1, &n), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_tracker_boxes(tracker, 1, &(hrnet_people){.n_persons = 1}, &box, 1, &n), HRNET_ERR_ARGUMENT);
    assert_int_equal(n, 5);
    hrnet_tracker_free(tracker);
}

/* ---------------------------------------------------------------------------------------------- followed */

/* A detector every tenth frame, by every method: the number stays, and the box goes along. */
static void between_detections(void **state)
{
    (void)state;
    for (hrnet_track_method method = HRNET_TRACK_BYTE; method <= HRNET_TRACK_IOU; method++) {
        hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.method = method});
        for (int i = 0; i < 100; i++) {
            const double seconds = i / 25.0;
            if (i % 10 == 0) {
                detect(tracker, seconds, 0.6f, 1);
                continue;
            }
            assert_int_equal(follow(tracker, seconds, 0.7f), 1);
            /* the legs swing: the spread of the keypoints is not quite that of the box */
            assert_true(distance(picture.persons[0].box, walker(seconds)) < 6);
        }
        assert_int_equal(hrnet_tracker_n_tracks(tracker), 1);
        hrnet_tracker_free(tracker);
    }
}

/* A new track is confirmed by its poses, too: it has a mark until then. */
static void a_new_track_is_followed(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    hrnet_track_box box;
    made_begin(&picture, 1);
    MUST(hrnet_tracker_update(tracker, &picture.people, 0));
    detect(tracker, 0.04, 0.6f, 0);
    assert_int_equal(boxes_at(tracker, 0.08, &box, 1), 1);
    assert_true(box.track >= 0x80000000u);
    assert_int_equal(follow(tracker, 0.08, 0.7f), 1);
    assert_int_equal(boxes_at(tracker, 0.08, &box, 1), 1);
    assert_int_equal(box.track, 1);
    hrnet_tracker_free(tracker);
}

/* Poor poses are no sighting: the track is lost, and the person's box stays as it was. */
static void poor_poses(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    hrnet_track_box box;
    for (int i = 0; i < 5; i++) detect(tracker, i * 0.04, 0.6f, 1);
    assert_int_equal(boxes_at(tracker, 0.2, &box, 1), 1);
    assert_int_equal(follow(tracker, 0.2, 0.15f), 0);
    assert_memory_equal(&picture.persons[0].box, &box.box, sizeof(hrnet_box));
    assert_int_equal(boxes_at(tracker, 0.24, &box, 1), 1);
    assert_true(fabs(box.unseen - 0.08) < 1e-9);
    assert_int_equal(follow(tracker, 0.24, 0.7f), 1); /* found again by its pose */
    hrnet_tracker_free(tracker);
}

/* Without a detector it lives for so long and no longer. */
static void not_for_ever(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(&(hrnet_tracker_options){.follow = 1});
    hrnet_track_box box;
    detect(tracker, 0, 0.6f, 1);
    for (int i = 1; i <= 25; i++) assert_int_equal(follow(tracker, i / 25.0, 0.7f), 1);
    assert_int_equal(boxes_at(tracker, 26 / 25.0, &box, 1), 0);
    hrnet_tracker_free(tracker);
}

/* A pose that a detection or another followed person has already is not taken for a second person. */
static void somebody_else(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    hrnet_track_box boxes[2];
    const hrnet_box near = {100, 0, 40, 100}, far = {118, 0, 40, 100};
    for (int i = 0; i < 4; i++) {
        made_begin(&picture, 1);
        made_add(&picture, near, 0.9f, 0);
        made_add(&picture, far, 0.9f, 0);
        MUST(hrnet_tracker_update(tracker, &picture.people, i * 0.04));
        assert_int_equal(picture.persons[1].track, 2);
    }
    for (int with_detection = 0; with_detection < 2; with_detection++) {
        assert_int_equal(boxes_at(tracker, 0.16 + with_detection * 0.04, boxes, 2), 2);
        made_begin(&picture, 1);
        for (int k = 0; k < 2; k++) {
            made_add(&picture, boxes[k].box, boxes[k].score, 0);
            if (!with_detection || k == 1) picture.persons[k].track = boxes[k].track;
            made_pose(picture.keypoints[k], near, 0, 0.7f); /* the nearer person's pose in both boxes */
        }
        MUST(hrnet_tracker_update(tracker, &picture.people, 0.16 + with_detection * 0.04));
        assert_int_equal(picture.persons[0].track, 1);
        assert_int_equal(picture.persons[1].track, 0);
    }
    hrnet_tracker_free(tracker);
}

/* Detections come first: the followed person of a track that was detected has none. And two cannot follow one track. */
static void detections_come_first(void **state)
{
    (void)state;
    hrnet_tracker *const tracker = made_tracker(NULL);
    hrnet_track_box box;
    for (int i = 0; i < 4; i++) detect(tracker, i * 0.04, 0.6f, 1);
    for (int detected = 0; detected < 2; detected++) {
        const double seconds = 0.16 + 0.04 * detected;
        assert_int_equal(boxes_at(tracker, seconds, &box, 1), 1);
        made_begin(&picture, 1);
        for (int k = 0; k < 2; k++) {
            made_add(&picture, box.box, box.score, 0);
            picture.persons[k].track = box.track;
            made_pose(picture.keypoints[k], walker(seconds), 0, 0.7f);
        }
        if (detected) picture.persons[1].track = 0;
        MUST(hrnet_tracker_update(tracker, &picture.people, seconds));
        assert_int_equal(picture.persons[detected ? 1 : 0].track, 1);
        assert_int_equal(picture.persons[detected ? 0 : 1].track, 0);
    }
    hrnet_tracker_free(tracker);
}

/* Boxes alone cannot be followed, nor a person who could not be looked at, nor one whose pose lies elsewhere. */
static void nothing_to_follow(void **state)
{
    (void)state;
    for (int trial = 0; trial < 3; trial++) {
        hrnet_tracker *const tracker = made_tracker(NULL);
        hrnet_track_box box;
        made_begin(&picture, trial > 0);
        made_add(&picture, walker(0), 0.9f, 0);
        MUST(hrnet_tracker_update(tracker, &picture.people, 0));
        assert_int_equal(boxes_at(tracker, 0.04, &box, 1), 1);
        made_begin(&picture, trial > 0);
        made_add(&picture, box.box, box.score, 0);
        picture.persons[0].track = box.track;
        if (trial == 1) picture.persons[0].status = HRNET_ERR_ARGUMENT;
        if (trial == 2) made_pose(picture.keypoints[0], (hrnet_box){200, 20, 40, 110}, 0, 0.9f);
        MUST(hrnet_tracker_update(tracker, &picture.people, 0.04));
        assert_int_equal(picture.persons[0].track, 0);
        hrnet_tracker_free(tracker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_tracks_are_expected),
        cmocka_unit_test(one_of_two_is_found),
        cmocka_unit_test(refused_boxes),
        cmocka_unit_test(between_detections),
        cmocka_unit_test(a_new_track_is_followed),
        cmocka_unit_test(poor_poses),
        cmocka_unit_test(not_for_ever),
        cmocka_unit_test(somebody_else),
        cmocka_unit_test(detections_come_first),
        cmocka_unit_test(nothing_to_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
