/* test_smoother.c - keypoints that are smoothed, that pass, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hrnet_track.h>

#include "base/mem.h"
#include "base/rng.h"
#include "made_people.h"
#include "track/one_euro.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

static hrnet_smoother *make(int n_keypoints, const hrnet_smoother_options *options)
{
    hrnet_smoother *smoother = NULL;
    MUST(hrnet_smoother_create(&smoother, n_keypoints, options));
    return smoother;
}

/* One person with one keypoint. */
typedef struct single {
    hrnet_keypoint point;
    hrnet_pose person;
    hrnet_people people;
} single;

static hrnet_status update(hrnet_smoother *smoother, single *one, float x, float y, float score, double seconds)
{
    one->point = (hrnet_keypoint){x, y, score};
    one->person.keypoints = &one->point;
    one->people.persons = &one->person;
    return hrnet_smoother_update(smoother, &one->people, seconds);
}

static single make_single(uint32_t track, float height)
{
    return (single){.person = {.box = {0, 0, height / 2, height}, .track = track},
                    .people = {.name = "picture", .n_keypoints = 1, .n_persons = 1}};
}

/* ---------------------------------------------------------------------------------------------- numbers */

/* The filter of one_euro.h, of x and of y, at the frequencies of the times; beta in heights. */
static void each_axis_is_filtered(void **state)
{
    (void)state;
    const hr_one_euro_settings settings = {.min_cutoff = 0.5, .beta = 2.0 / 80, .d_cutoff = 1.5};
    hrnet_smoother *const smoother =
        make(1, &(hrnet_smoother_options){.min_cutoff = 0.5f, .beta = 2, .d_cutoff = 1.5f});
    single one = make_single(3, 80);
    hr_one_euro x = {0}, y = {0};
    double seconds = 5;
    for (uint64_t i = 0; i < 50; i++) {
        const double passed = 0.01 + 0.05 * (double)hr_random_uniform(1, i);
        const float sample_x = 100 + 9 * hr_random_normal(2, i), sample_y = -40 + 9 * hr_random_normal(3, i);
        seconds += passed;
        MUST(update(smoother, &one, sample_x, sample_y, 0.5f, seconds));
        /* floats of 100 are 8e-6 apart; the times are sums of the steps, and frequencies differ in the last digits */
        assert_true(fabs(one.point.x - hr_one_euro_filter(&x, &settings, sample_x, 1 / passed)) <= 1e-5);
        assert_true(fabs(one.point.y - hr_one_euro_filter(&y, &settings, sample_y, 1 / passed)) <= 1e-5);
        assert_true(one.point.score == 0.5f);
    }
    hrnet_smoother_free(smoother);
}

/* Standard deviation of a joint at rest (noise of 0.005 heights, as heatmaps give it), and how many frames a joint that
 * moves 0.8 heights a second, as one walks, is behind. */
static void measure(double rate, double *calmer, double *lag)
{
    enum { N_TRACKS = 40 };
    const double height = 200, noise = 0.005 * height, speed = 0.8 * height;
    hrnet_smoother *const smoother = make(1, NULL);
    double squares = 0, behind = 0;
    int n_rest = 0, n_moving = 0;
    hrnet_keypoint points[N_TRACKS];
    hrnet_pose persons[N_TRACKS];
    hrnet_people people = {.name = "picture", .n_keypoints = 1, .n_persons = N_TRACKS, .persons = persons};
    for (int i = 0; i < (int)(12 * rate); i++) {
        const double seconds = i / rate, x = 300 + (seconds < 8 ? 0 : (seconds - 8) * speed);
        for (int k = 0; k < N_TRACKS; k++) {
            const float error = hr_random_normal((uint64_t)k, (uint64_t)i);
            points[k] = (hrnet_keypoint){(float)(x + noise * (double)error), 100, 0.8f};
            persons[k] =
                (hrnet_pose){.box = {0, 0, 80, (float)height}, .keypoints = &points[k], .track = (uint32_t)k + 1};
        }
        MUST(hrnet_smoother_update(smoother, &people, seconds));
        for (int k = 0; k < N_TRACKS; k++) {
            const double error = points[k].x - x;
            if (seconds >= 3 && seconds < 8) squares += error * error, n_rest++;
            if (seconds >= 10) behind -= error / speed * rate, n_moving++;
        }
    }
    *calmer = noise / sqrt(squares / n_rest);
    *lag = behind / n_moving;
    hrnet_smoother_free(smoother);
}

static void calm_and_quick_at_any_rate(void **state)
{
    (void)state;
    static const double rates[] = {10, 25, 60};
    for (int i = 0; i < 3; i++) {
        double calmer, lag;
        measure(rates[i], &calmer, &lag);
        print_message("%g frames a second: deviation / %.2f, %.2f frames behind\n", rates[i], calmer, lag);
        assert_true(calmer >= 3);
        assert_true(lag < 1);
    }
}

/* Large and small persons are smoothed alike; in pixels they are not. */
static void heights(void **state)
{
    (void)state;
    for (int pixels = 0; pixels < 2; pixels++) {
        hrnet_smoother *const small = make(1, &(hrnet_smoother_options){.pixels = pixels, .beta = 0.5f});
        hrnet_smoother *const large = make(1, &(hrnet_smoother_options){.pixels = pixels, .beta = 0.5f});
        single a = make_single(1, 32), b = make_single(1, 256);
        float difference = 0;
        for (int i = 0; i < 20; i++) {
            const float x = hr_random_normal(4, (uint64_t)i) + (float)i;
            MUST(update(small, &a, x, 0, 1, i / 25.0));
            MUST(update(large, &b, 8 * x, 0, 1, i / 25.0));
            difference = fmaxf(difference, fabsf(8 * a.point.x - b.point.x));
        }
        assert_int_equal(difference > 1e-3f, pixels);
        hrnet_smoother_free(small);
        hrnet_smoother_free(large);
    }
}

/* ---------------------------------------------------------------------------------------------- passed through */

/* A joint that is not believed or not finite passes, and pulls nothing along; after a gap it begins anew. */
static void joints_that_pass(void **state)
{
    (void)state;
    hrnet_smoother *const smoother = make(1, NULL);
    single one = make_single(1, 100);
    MUST(update(smoother, &one, 50, 50, 0.9f, 0));
    MUST(update(smoother, &one, 51, 50, 0.9f, 0.04));
    const float calm = one.point.x;
    assert_true(calm > 50 && calm < 50.5f);
    MUST(update(smoother, &one, 500, 50, 0.1f, 0.08));
    assert_true(one.point.x == 500);
    MUST(update(smoother, &one, NAN, 50, 0.9f, 0.12));
    assert_true(isnan(one.point.x) && one.point.y == 50);
    MUST(update(smoother, &one, 50, INFINITY, 0.9f, 0.16));
    assert_true(one.point.x == 50);
    MUST(update(smoother, &one, 51, 50, NAN, 0.18));
    assert_true(one.point.x == 51);
    MUST(update(smoother, &one, 51, 50, 0.9f, 0.2)); /* goes on where it was */
    assert_true(one.point.x > calm && one.point.x < 51);
    MUST(update(smoother, &one, 80, 50, 0.9f, 0.71)); /* 0.51 s later */
    assert_true(one.point.x == 80);
    hrnet_smoother_free(smoother);
}

static void persons_that_pass(void **state)
{
    (void)state;
    hrnet_smoother *const smoother = make(1, NULL);
    single one = make_single(1, 100);
    MUST(update(smoother, &one, 50, 50, 1, 0));
    one.person.track = 0;
    MUST(update(smoother, &one, 60, 50, 1, 0.04));
    assert_true(one.point.x == 60);
    one.person.track = 2; /* another track begins with its own */
    MUST(update(smoother, &one, 70, 50, 1, 0.08));
    assert_true(one.point.x == 70);
    one.person.track = 1;
    one.person.status = HRNET_ERR_ARGUMENT;
    MUST(update(smoother, &one, 80, 50, 1, 0.12));
    assert_true(one.point.x == 80);
    one.person.status = HRNET_OK;
    one.person.box.h = NAN;
    MUST(update(smoother, &one, 90, 50, 1, 0.16));
    assert_true(one.point.x == 90);
    one.person.box.h = 100;
    MUST(update(smoother, &one, 50, 50, 1, 0.2)); /* none of these went into track 1 */
    assert_true(one.point.x == 50);
    hrnet_smoother_reset(smoother);
    MUST(update(smoother, &one, 90, 50, 1, 0)); /* time begins again, too */
    assert_true(one.point.x == 90);
    MUST(hrnet_smoother_update(smoother, &(hrnet_people){.name = "nobody"}, 1));
    hrnet_smoother_free(smoother);
}

/* Two pictures at one time: the filter goes on at the frequency it had, and without one begins anew. */
static void equal_times(void **state)
{
    (void)state;
    hrnet_smoother *const smoother = make(1, NULL);
    single one = make_single(1, 100);
    MUST(update(smoother, &one, 50, 50, 1, 1));
    MUST(update(smoother, &one, 60, 50, 1, 1));
    assert_true(one.point.x == 60);
    MUST(update(smoother, &one, 61, 50, 1, 1.04));
    MUST(update(smoother, &one, 61, 50, 1, 1.04));
    assert_true(one.point.x > 60 && one.point.x < 61);
    for (int i = 0; i < 100; i++) MUST(update(smoother, &one, i % 2 == 0 ? 3e38f : -3e38f, 50, 1, 1.04 + i * 1e-300));
    MUST(update(smoother, &one, 0, 50, 1, 1.08));
    assert_true(isfinite(one.point.x));
    hrnet_smoother_free(smoother);
}

/* ---------------------------------------------------------------------------------------------- many, refused */

/* New tracks for ever: what is remembered stays bounded. */
static void memory_is_bounded(void **state)
{
    (void)state;
    enum { N = 64 };
    hrnet_smoother *const smoother = make(1, NULL);
    hrnet_keypoint points[N] = {{0}};
    hrnet_pose persons[N];
    hrnet_people people = {.name = "picture", .n_keypoints = 1, .n_persons = N, .persons = persons};
    size_t most = 0, early = 0;
    const size_t before = hr_mem_held();
    for (int i = 0; i < 200; i++) {
        for (int k = 0; k < N; k++)
            persons[k] =
                (hrnet_pose){.box = {0, 0, 10, 10}, .keypoints = &points[k], .track = (uint32_t)(i * N + k + 1)};
        MUST(hrnet_smoother_update(smoother, &people, i / 1000.0));
        const size_t held = hr_mem_held() - before;
        if (i == 20) early = held;
        if (held > most) most = held;
    }
    assert_true(most <=
                early + early / 10); /* blocks are counted as the heap hands them out, a little larger at times */
    hrnet_smoother_free(smoother);
}

static void refused(void **state)
{
    (void)state;
    static const hrnet_smoother_options bad[] = {{.min_cutoff = -1}, {.min_cutoff = NAN}, {.min_cutoff = INFINITY},
                                                 {.beta = NAN},      {.d_cutoff = -1},    {.gap = -1},
                                                 {.gap = 4000},      {.joint = NAN},      {.reserved = {0, 1}}};
    hrnet_smoother *smoother = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hrnet_smoother_create(&smoother, 17, &bad[i]), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_smoother_create(&smoother, 0, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_smoother_create(&smoother, 5000, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_smoother_create(NULL, 1, NULL), HRNET_ERR_ARGUMENT);
    assert_null(smoother);
    smoother = make(1, &(hrnet_smoother_options){.joint = -1, .beta = -1});
    single one = make_single(1, 100);
    MUST(update(smoother, &one, 50, 50, 1, 3));
    assert_int_equal(update(smoother, &one, 60, 50, 1, 2.9), HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(hrnet_last_error(), "time 2.9 s, expected 3 s or later"));
    assert_int_equal(update(smoother, &one, 60, 50, 1, NAN), HRNET_ERR_ARGUMENT);
    assert_true(one.point.x == 60);
    one.people.n_keypoints = 2;
    assert_int_equal(update(smoother, &one, 60, 50, 1, 4), HRNET_ERR_MISMATCH);
    hrnet_pose twins[2] = {one.person, one.person};
    assert_int_equal(hrnet_smoother_update(
                         smoother, &(hrnet_people){.name = "a", .n_keypoints = 1, .n_persons = 2, .persons = twins}, 4),
                     HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(hrnet_last_error(), "two persons have track 1"));
    assert_true(one.point.x == 60);
    assert_int_equal(hrnet_smoother_update(NULL, &one.people, 5), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_smoother_update(smoother, NULL, 5), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_smoother_update(smoother, &(hrnet_people){.reserved = {1}}, 5), HRNET_ERR_ARGUMENT);
    hrnet_smoother_free(smoother);
    hrnet_smoother_free(NULL);
    hrnet_smoother_reset(NULL);
}

static void failing_allocations(void **state)
{
    (void)state;
    const size_t held = hr_mem_held();
    for (long k = 0, done = 0; !done; k++) {
        hrnet_smoother *smoother = NULL;
        single one = make_single(1, 100);
        hr_mem_fail_after(k);
        hrnet_status status = hrnet_smoother_create(&smoother, 1, NULL);
        if (status == HRNET_OK) status = update(smoother, &one, 50, 50, 1, 0);
        hr_mem_fail_after(-1);
        assert_true(status == HRNET_OK || status == HRNET_ERR_MEMORY);
        done = status == HRNET_OK;
        assert_true(done || smoother == NULL || one.point.x == 50);
        if (smoother != NULL) MUST(update(smoother, &one, 51, 50, 1, 0.04)); /* and it goes on */
        hrnet_smoother_free(smoother);
        assert_int_equal(hr_mem_held(), held);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_axis_is_filtered),
        cmocka_unit_test(calm_and_quick_at_any_rate),
        cmocka_unit_test(heights),
        cmocka_unit_test(joints_that_pass),
        cmocka_unit_test(persons_that_pass),
        cmocka_unit_test(equal_times),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(refused),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
