/*
 * test_tracker_scenes.c - made-up scenes whose people are known: crossing, occlusion, missing frames, variable rates, a
 * weak detector. Every person must keep one number.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <hrnet_track.h>

#include "made_people.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

static made_picture picture;

/* Somebody who walks on a line. */
typedef struct walker {
    float x, y, w, h; /* box at time 0 */
    float vx, vy;     /* pixels a second */
    double from, to;  /* hidden between these times */
} walker;

static hrnet_box box_at(const walker *who, double seconds)
{
    return (hrnet_box){who->x + who->vx * (float)seconds, who->y + who->vy * (float)seconds, who->w, who->h};
}

/* How a scene is seen. */
typedef struct camera {
    hrnet_track_method method;
    double rate, length; /* pictures a second, seconds */
    double uneven;       /* share of the interval by which a picture may come late */
    double missing;      /* probability that a picture is missing */
    float error;         /* of the detector's boxes, in heights */
    float low, high;     /* its scores lie between these */
    float missed;        /* probability that it misses a person */
} camera;

/* Track people through the scene; numbers [n] receives the one number of each. Returns the number of sightings with
 * another number than the person had before. */
static int run(const walker *people, int n, const camera *c, uint32_t *numbers, int *n_seen)
{
    hrnet_tracker *tracker = NULL;
    int n_switches = 0;
    MUST(hrnet_tracker_create(&tracker,
                              &(hrnet_tracker_options){.method = c->method, .skeleton = hrnet_skeleton_coco()}));
    memset(numbers, 0, (size_t)n * sizeof *numbers);
    *n_seen = 0;
    for (uint64_t frame = 0; (double)frame < c->length * c->rate; frame++) {
        const double late = c->uneven * (double)hr_random_uniform(1, frame);
        const double seconds = ((double)frame + late) / c->rate;
        int who[MADE_MOST], n_shown = 0;
        if ((double)hr_random_uniform(2, frame) < c->missing) continue;
        made_begin(&picture, 1);
        for (int i = 0; i < n; i++) {
            const uint64_t at = frame * (uint64_t)n + (uint64_t)i;
            const float chance = hr_random_uniform(3, at),
                        score = c->low + (c->high - c->low) * hr_random_uniform(4, at);
            if ((seconds >= people[i].from && seconds < people[i].to) || chance < c->missed) continue;
            made_add(&picture, made_error(box_at(&people[i], seconds), c->error, 5, at), score, 7 * seconds + i);
            who[n_shown++] = i;
        }
        MUST(hrnet_tracker_update(tracker, &picture.people, seconds));
        for (int k = 0; k < n_shown; k++) {
            uint32_t *const number = &numbers[who[k]];
            if (picture.persons[k].track == 0) continue;
            ++*n_seen;
            n_switches += *number != 0 && *number != picture.persons[k].track;
            *number = picture.persons[k].track;
        }
    }
    hrnet_tracker_free(tracker);
    return n_switches;
}

static void all_different(const uint32_t *numbers, int n)
{
    for (int i = 0; i < n; i++) {
        assert_true(numbers[i] > 0);
        for (int k = 0; k < i; k++) assert_int_not_equal(numbers[i], numbers[k]);
    }
}

static const hrnet_track_method both[] = {HRNET_TRACK_BYTE, HRNET_TRACK_OKS};

/* ---------------------------------------------------------------------------------------------- scenes */

/* Two walk through each other, with and without the detector's errors, at any rate. */
static void crossing(void **state)
{
    (void)state;
    static const walker people[] = {{0, 100, 45, 110, 80, 0, 9, 9}, {480, 106, 45, 110, -80, 0, 9, 9}};
    static const double rates[] = {10, 15, 25, 60};
    for (int m = 0; m < 2; m++) {
        for (int r = 0; r < 4; r++) {
            for (int noisy = 0; noisy < 2; noisy++) {
                uint32_t numbers[2];
                int n_seen;
                const camera c = {.method = both[m],
                                  .rate = rates[r],
                                  .length = 6,
                                  .error = noisy ? 0.02f : 0,
                                  .low = 0.7f,
                                  .high = 0.9f};
                assert_int_equal(run(people, 2, &c, numbers, &n_seen), 0);
                assert_int_equal(n_seen, (int)(2 * 6 * rates[r]));
                all_different(numbers, 2);
            }
        }
    }
}

/* One walks behind another, or behind a post, is not seen for a second, and comes out again. */
static void occlusion(void **state)
{
    (void)state;
    static const walker people[] = {
        {0, 100, 45, 110, 70, 0, 2.3, 3.4}, {200, 110, 48, 120, 0, 0, 9, 9}, {420, 60, 40, 95, -60, 10, 2.6, 3.5}};
    static const double rates[] = {10, 25, 60};
    for (int m = 0; m < 2; m++) {
        for (int r = 0; r < 3; r++) {
            uint32_t numbers[3];
            int n_seen;
            const camera c = {
                .method = both[m], .rate = rates[r], .length = 6, .error = 0.02f, .low = 0.6f, .high = 0.9f};
            assert_int_equal(run(people, 3, &c, numbers, &n_seen), 0);
            all_different(numbers, 3);
        }
    }
}

/* Pictures that come late or not at all: their times say how far people have walked. */
static void variable_rate_and_missing_frames(void **state)
{
    (void)state;
    static const walker people[] = {{0, 20, 40, 100, 120, 0, 9, 9},
                                    {600, 90, 40, 100, -110, 0, 9, 9},
                                    {50, 170, 40, 100, 60, 15, 9, 9},
                                    {500, 300, 40, 100, -30, -5, 9, 9}};
    for (int m = 0; m < 2; m++) {
        uint32_t numbers[4];
        int n_seen;
        const camera c = {.method = both[m],
                          .rate = 25,
                          .length = 5,
                          .uneven = 0.9,
                          .missing = 0.4,
                          .error = 0.01f,
                          .low = 0.6f,
                          .high = 0.9f};
        assert_int_equal(run(people, 4, &c, numbers, &n_seen), 0);
        all_different(numbers, 4);
    }
}

/* Scores of 0.15 to 0.7 and every fifth person missed, at ten pictures a second. */
static void a_weak_detector(void **state)
{
    (void)state;
    static const walker people[] = {{20, 20, 40, 100, 50, 5, 99, 99},
                                    {600, 40, 38, 95, -45, 10, 99, 99},
                                    {100, 200, 45, 115, 20, -3, 99, 99},
                                    {500, 240, 42, 105, -40, 0, 99, 99},
                                    {300, 380, 50, 120, 0, 0, 99, 99}};
    for (int m = 0; m < 2; m++) {
        uint32_t numbers[5];
        int n_seen;
        const camera c = {
            .method = both[m], .rate = 10, .length = 10, .error = 0.02f, .low = 0.15f, .high = 0.7f, .missed = 0.2f};
        const int n_switches = run(people, 5, &c, numbers, &n_seen);
        print_message("%s: %d sightings, %d switches\n", m == 0 ? "boxes" : "poses", n_seen, n_switches);
        assert_int_equal(n_switches, 0);
        assert_true(n_seen > 320); /* of about 400 that the detector finds */
        all_different(numbers, 5);
    }
}

/* The same calls give the same numbers, and so do times that begin elsewhere. */
static void repeatable(void **state)
{
    (void)state;
    uint32_t found[2][12];
    for (int pass = 0; pass < 2; pass++) {
        hrnet_tracker *tracker = NULL;
        MUST(hrnet_tracker_create(&tracker, NULL));
        for (uint64_t frame = 0; frame < 40; frame++) {
            made_begin(&picture, 0);
            for (uint64_t i = 0; i < 12; i++)
                made_add(&picture,
                         made_error((hrnet_box){(float)(i * 25), (float)frame, 40, 100}, 0.05f, 6, frame * 12 + i),
                         hr_random_uniform(7, frame * 12 + i), 0);
            MUST(hrnet_tracker_update(tracker, &picture.people, pass * 1024 + (double)frame / 16));
        }
        for (int i = 0; i < 12; i++) found[pass][i] = picture.persons[i].track;
        hrnet_tracker_free(tracker);
    }
    assert_memory_equal(found[0], found[1], sizeof found[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crossing),
        cmocka_unit_test(occlusion),
        cmocka_unit_test(variable_rate_and_missing_frames),
        cmocka_unit_test(a_weak_detector),
        cmocka_unit_test(repeatable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
