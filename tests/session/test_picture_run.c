/*
 * test_picture_run.c - hrnet_pictures_run: the people of hrnet_people_find in the order of the pictures, for any number
 * of workers; failures of one picture, bounded memory, early ends, and memory that runs out.
 */
#include "finders.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/mem.h"

enum { N_PATHS = 12, MOST_PICTURES = 64, BROKEN = 3, MISSING = 8 };

#define CARD  TEST_DATA "/cli/data/card.png"
#define PHOTO TEST_DATA "/golden/detect/crop_source.png"

static const char *const paths[N_PATHS] = {
    CARD, PHOTO, CARD, TEST_DATA "/meson.build", CARD, CARD, PHOTO, CARD, "no/such/picture.png", CARD, CARD, PHOTO};

/* What the functions of a run see and do. */
typedef struct log {
    const hrnet_people *expected; /* [n] of done, or NULL */
    size_t n_done;
    atomic_int n_drawn, n_alive, most_alive;
    int cancel_at, fail_done_at, fail_draw; /* pictures done; -1: never. fail_draw: of every third */
    int n_failed, n_undrawn, n_pixels;
    size_t n_pictures;
} log;

static hrnet_status draw(void *context, hrnet_picture *picture)
{
    log *const to = context;
    const struct timespec pause = {0, (long)(picture->index * 2654435761u % 7) * 300000};
    nanosleep(&pause, NULL);
    atomic_fetch_add(&to->n_drawn, 1);
    if (picture->image.rgb != NULL) picture->image.rgb[0] = 1;
    if (!to->fail_draw || picture->index % 3 != 0) return HRNET_OK;
    return hrnet_image_save(&picture->image, "no/such/folder/drawing.png");
}

static hrnet_status done(void *context, const hrnet_picture *picture)
{
    log *const to = context;
    assert_int_equal(picture->index, to->n_done); /* in order, each once */
    if (to->expected != NULL) assert_same_people(&picture->people, &to->expected[picture->index]);
    to->n_failed += picture->people.status != HRNET_OK;
    to->n_undrawn += picture->drawing != HRNET_OK;
    if (picture->drawing != HRNET_OK) assert_non_null(picture->drawing_message);
    to->n_pixels += picture->image.rgb != NULL;
    to->n_done++;
    if (to->n_pictures > 0) atomic_fetch_sub(&to->n_alive, 1);
    return to->fail_done_at == (int)to->n_done ? HRNET_ERR_IO : HRNET_OK;
}

static int cancelled(void *context)
{
    const log *const to = context;
    return to->cancel_at >= 0 && (int)to->n_done >= to->cancel_at;
}

static void find_expected(hrnet_people people[N_PATHS])
{
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 5});
    for (int i = 0; i < N_PATHS; i++) {
        hrnet_picture picture = {0};
        MUST(hrnet_picture_load(&picture, paths[i], NULL, 0));
        people[i] = picture.people;
        if (people[i].status != HRNET_OK) continue;
        const hrnet_pixels pixels = hrnet_image_pixels(&picture.image);
        hrnet_people_free(&people[i]);
        MUST(hrnet_people_find(finder, &pixels, 1, &paths[i], &people[i]));
        hrnet_image_free(&picture.image);
    }
    assert_true(people[0].n_persons > 0 && people[1].n_persons > 0);
    assert_int_equal(people[BROKEN].status, HRNET_ERR_FORMAT);
    assert_int_equal(people[MISSING].status, HRNET_ERR_IO);
    hrnet_finder_free(finder);
}

static void results_are_those_of_single_calls(void **state)
{
    (void)state;
    static const struct {
        int threads, workers, group, is_drawn;
        uint64_t limit;
    } ways[] = {{1, 1, 1, 1, 0}, {1, 4, 3, 1, 0}, {2, 2, 8, 0, 0}, {2, 3, 64, 1, 1}, {3, 0, 0, 1, 1 << 20}};
    hrnet_people expected[N_PATHS];
    find_expected(expected);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        log to = {.expected = expected, .cancel_at = -1, .fail_done_at = -1};
        hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = ways[w].threads, .max_persons = 5});
        MUST(hrnet_pictures_run(finder, &(hrnet_pictures_options){.n = N_PATHS,
                                                                  .paths = paths,
                                                                  .draw = ways[w].is_drawn ? draw : NULL,
                                                                  .done = done,
                                                                  .workers = ways[w].workers,
                                                                  .group = ways[w].group,
                                                                  .memory_limit = ways[w].limit,
                                                                  .context = &to}));
        assert_int_equal(to.n_done, N_PATHS);
        assert_int_equal(to.n_failed, 2);
        assert_int_equal(to.n_pixels, N_PATHS - 2);
        assert_int_equal(atomic_load(&to.n_drawn), ways[w].is_drawn ? N_PATHS : 0);
        hrnet_finder_free(finder);
    }
    for (int i = 0; i < N_PATHS; i++) hrnet_people_free(&expected[i]);
}

/* ---------------------------------------------------------------------------------------------- pictures of our own */

/* Black pictures of 300 x 200, 180,000 bytes each, whose one person fills them; every fifth fails. */
static hrnet_status make(void *context, size_t index, hrnet_picture *picture)
{
    log *const to = context;
    char name[32];
    static uint8_t pixels[300 * 200 * 3];
    const hrnet_pixels black = {.width = 300, .height = 200, .planes = {pixels}};
    if (index >= to->n_pictures) return HRNET_OK;
    const int alive = atomic_fetch_add(&to->n_alive, 1) + 1;
    if (alive > atomic_load(&to->most_alive)) atomic_store(&to->most_alive, alive);
    snprintf(name, sizeof name, "frame %zu", index);
    const hrnet_status status = hrnet_people_create(&picture->people, name, 1, 17);
    if (status != HRNET_OK) return status;
    picture->people.persons[0].box = (hrnet_box){0, 0, 300, 200};
    picture->has_boxes = 1;
    if (index % 5 == 4) return HRNET_ERR_UNSUPPORTED;
    return hrnet_image_copy(&picture->image, &black);
}

/* Of a run whose end only load knows. */
static void pictures_until_there_are_no_more(void **state)
{
    (void)state;
    hrnet_finder *finder = NULL;
    MUST(hrnet_finder_create(&finder, NULL, the_model, &(hrnet_finder_options){.threads = 2}));
    for (int workers = 1; workers <= 4; workers++) {
        log to = {.n_pictures = 23, .cancel_at = -1, .fail_done_at = -1, .fail_draw = 1};
        MUST(hrnet_pictures_run(
            finder, &(hrnet_pictures_options){
                        .n = SIZE_MAX, .load = make, .draw = draw, .done = done, .workers = workers, .context = &to}));
        assert_int_equal(to.n_done, 23);
        assert_int_equal(to.n_failed, 4);
        assert_int_equal(to.n_undrawn, 8);
    }
    log none = {.n_pictures = 0, .cancel_at = -1, .fail_done_at = -1};
    MUST(hrnet_pictures_run(finder,
                            &(hrnet_pictures_options){.n = SIZE_MAX, .load = make, .done = done, .context = &none}));
    MUST(hrnet_pictures_run(finder, &(hrnet_pictures_options){.n = 0}));
    assert_int_equal(none.n_done, 0);
    hrnet_finder_free(finder);
}

/* No more pictures are on their way than the limit has room for, but always one. */
static void memory_is_bounded(void **state)
{
    (void)state;
    static const struct {
        uint64_t limit;
        int most;
    } ways[] = {{1, 1}, {180000 * 3, 4}, {180000 * 5 + 1, 7}};
    hrnet_finder *finder = NULL;
    MUST(hrnet_finder_create(&finder, NULL, the_model, &(hrnet_finder_options){.threads = 1}));
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        log to = {.n_pictures = 40, .cancel_at = -1, .fail_done_at = -1};
        MUST(hrnet_pictures_run(finder, &(hrnet_pictures_options){.n = 40,
                                                                  .load = make,
                                                                  .draw = draw,
                                                                  .done = done,
                                                                  .workers = 4,
                                                                  .memory_limit = ways[w].limit,
                                                                  .context = &to}));
        print_message("limit of %.1f pictures: %d at once\n", (double)ways[w].limit / 180000,
                      atomic_load(&to.most_alive));
        assert_int_equal(to.n_done, 40);
        assert_true(atomic_load(&to.most_alive) <= ways[w].most); /* one that failed takes no bytes */
    }
    hrnet_finder_free(finder);
}

/* ---------------------------------------------------------------------------------------------- ends */

static void early_ends(void **state)
{
    (void)state;
    const size_t held = hr_mem_held();
    hrnet_finder *finder = NULL;
    MUST(hrnet_finder_create(&finder, NULL, the_model, &(hrnet_finder_options){.threads = 2}));
    for (int at = 0; at < 12; at += 3) {
        log to = {.n_pictures = 500, .cancel_at = at, .fail_done_at = -1};
        hrnet_pictures_options how = {
            .n = 500, .load = make, .draw = draw, .done = done, .workers = 3, .cancelled = cancelled, .context = &to};
        REFUSED(hrnet_pictures_run(finder, &how), HRNET_ERR_CANCELLED, "cancelled");
        assert_true((int)to.n_done >= at && to.n_done < 500);
        if (at == 0) continue;
        to = (log){.n_pictures = 500, .cancel_at = -1, .fail_done_at = at};
        assert_int_equal(hrnet_pictures_run(finder, &how), HRNET_ERR_IO);
        assert_int_equal(to.n_done, at);
    }
    hrnet_finder_free(finder);
    assert_int_equal(hr_mem_held(), held);
}

/* A picture without given boxes needs a detector. */
static void refusals(void **state)
{
    (void)state;
    hrnet_finder *finder = NULL;
    MUST(hrnet_finder_create(&finder, NULL, the_model, &(hrnet_finder_options){.threads = 1}));
    hrnet_pictures_options how = {.n = 1, .paths = paths};
    REFUSED(hrnet_pictures_run(finder, &how), HRNET_ERR_ARGUMENT, "no detector");
    REFUSED(hrnet_pictures_run(NULL, &how), HRNET_ERR_ARGUMENT, "finder");
    REFUSED(hrnet_pictures_run(finder, NULL), HRNET_ERR_ARGUMENT, "options");
    how.workers = 65;
    REFUSED(hrnet_pictures_run(finder, &how), HRNET_ERR_ARGUMENT, "workers");
    how = (hrnet_pictures_options){.n = 1, .paths = paths, .group = 65};
    REFUSED(hrnet_pictures_run(finder, &how), HRNET_ERR_ARGUMENT, "group");
    how = (hrnet_pictures_options){.n = 1};
    REFUSED(hrnet_pictures_run(finder, &how), HRNET_ERR_ARGUMENT, "paths");
    how = (hrnet_pictures_options){.n = 1, .paths = paths, .reserved = {1}};
    REFUSED(hrnet_pictures_run(finder, &how), HRNET_ERR_ARGUMENT, "reserved");
    hrnet_finder_free(finder);
}

/* Every allocation fails once: the run says so, or one of its pictures does, and nothing leaks. */
static void memory_that_runs_out(void **state)
{
    (void)state;
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 5});
    log to = {.cancel_at = -1, .fail_done_at = -1};
    const hrnet_pictures_options how = {
        .n = 2, .paths = paths, .draw = draw, .done = done, .workers = 2, .context = &to};
    MUST(hrnet_pictures_run(finder, &how)); /* the detector has its plans for these pictures */
    const size_t held = hr_mem_held();
    long k = 0;
    for (int failed = 1; failed; k++) {
        to = (log){.cancel_at = -1, .fail_done_at = -1};
        hr_mem_fail_after(k);
        const hrnet_status status = hrnet_pictures_run(finder, &how);
        failed = hr_mem_fail_after(-1) > k; /* how many a run needs depends on which pictures meet in a group */
        assert_true(failed ? status == HRNET_ERR_MEMORY || to.n_failed > 0 : status == HRNET_OK);
        assert_int_equal(hr_mem_held(), held);
    }
    print_message("failed at %ld allocations\n", k - 1);
    assert_true(k > 20);
    hrnet_finder_free(finder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_those_of_single_calls),
        cmocka_unit_test(pictures_until_there_are_no_more),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(early_ends),
        cmocka_unit_test(refusals),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, load_networks, free_networks);
}
