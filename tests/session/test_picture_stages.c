/*
 * test_picture_stages.c - the stages of hrnet_pictures_run that know an order: pictures read one by one from borrowed
 * pixels, aim and found around the finder, writing; failures of each, and pictures that come faster than people are
 * found.
 */
#include "finders.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

enum { WIDTH = 120, HEIGHT = 90, N_SHOTS = 6, MOST_FRAMES = 64, NEVER = -1 };

/* Frames that are borrowed: one of a few shots each, in places that are taken again after n_places further frames. */
typedef struct scene {
    hrnet_image shots[N_SHOTS];
    uint8_t *places; /* [n_places][HEIGHT][WIDTH][3] */
    int n_places, n_frames;
    const hrnet_people *expected; /* [N_SHOTS], or NULL */
    atomic_int n_loading, n_writing;
    size_t n_loaded, n_aimed, n_found, n_drawn_early, n_written, n_done;
    uint64_t n_dropped;
    int aims; /* 1: every third frame is looked for people, the others in the boxes before */
    int fail_aim, fail_found, fail_write; /* number of the frame; NEVER */
    int pause_ms;                         /* of found */
    hrnet_box last[8];
    int n_last;
} scene;

static hrnet_pixels shot_pixels(const scene *s, size_t index)
{
    return hrnet_image_pixels(&s->shots[index % N_SHOTS]);
}

/* Noise in blocks, so that the detector finds something that is not the same in all of them. */
static void make_shots(scene *s)
{
    for (int i = 0; i < N_SHOTS; i++) {
        hrnet_image *const shot = &s->shots[i];
        static uint8_t grey[WIDTH * HEIGHT];
        const hrnet_pixels view = {.width = WIDTH, .height = HEIGHT, .format = HRNET_PIXELS_GREY, .planes = {grey}};
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                grey[y * WIDTH + x] =
                    (uint8_t)(((unsigned)(x / 8 + 7 * i) * 2654435761u ^ (unsigned)(y / 8) * 2246822519u) >> 24);
        MUST(hrnet_image_copy(shot, &view));
    }
}

static void open_scene(scene *s, int n_frames, int n_places)
{
    *s = (scene){.n_places = n_places,
                 .n_frames = n_frames,
                 .fail_aim = NEVER,
                 .fail_found = NEVER,
                 .fail_write = NEVER,
                 .places = calloc((size_t)n_places, WIDTH * HEIGHT * 3)};
    assert_non_null(s->places);
    make_shots(s);
}

static void close_scene(scene *s)
{
    for (int i = 0; i < N_SHOTS; i++) hrnet_image_free(&s->shots[i]);
    free(s->places);
}

/* ---------------------------------------------------------------------------------------------- the stages */

static hrnet_status load(void *context, size_t index, hrnet_picture *picture)
{
    scene *const s = context;
    char name[32];
    assert_int_equal(atomic_fetch_add(&s->n_loading, 1), 0); /* one at a time */
    assert_int_equal(index, s->n_loaded);                    /* and in order */
    if ((int)index < s->n_frames) {
        uint8_t *const place = s->places + index % (size_t)s->n_places * (WIDTH * HEIGHT * 3);
        memcpy(place, s->shots[index % N_SHOTS].rgb, WIDTH * HEIGHT * 3);
        picture->pixels = (hrnet_pixels){.width = WIDTH, .height = HEIGHT, .planes = {place}};
        picture->seconds = (double)index / 25;
        picture->pts = (int64_t)index * 512;
        snprintf(name, sizeof name, "frame %zu", index);
        MUST(hrnet_people_create(&picture->people, name, 0, 0));
        picture->people.width = WIDTH;
        picture->people.height = HEIGHT;
        s->n_loaded++;
    }
    atomic_fetch_sub(&s->n_loading, 1);
    return HRNET_OK;
}

static hrnet_status aim(void *context, hrnet_picture *picture)
{
    scene *const s = context;
    assert_int_equal(picture->index, s->n_aimed++);
    assert_int_equal(picture->people.n_persons, 0);
    if ((int)picture->index == s->fail_aim) return hr_fail(HRNET_ERR_LIMIT, "aim fails");
    if (!s->aims || picture->index % 3 == 0) return HRNET_OK;
    picture->has_boxes = 1;
    MUST(hrnet_people_add(&picture->people, s->n_last, 17));
    for (int i = 0; i < s->n_last; i++) picture->people.persons[i].box = s->last[i];
    return HRNET_OK;
}

static hrnet_status found(void *context, hrnet_picture *picture)
{
    scene *const s = context;
    const struct timespec pause = {0, s->pause_ms * 1000000L};
    assert_int_equal(picture->index, s->n_found++);
    if (s->pause_ms > 0) nanosleep(&pause, NULL);
    if ((int)picture->index == s->fail_found) return hr_fail(HRNET_ERR_FORMAT, "found fails");
    s->n_last = picture->people.n_persons < 8 ? picture->people.n_persons : 8;
    for (int i = 0; i < s->n_last; i++) {
        s->last[i] = picture->people.persons[i].box;
        picture->people.persons[i].category_id = (int64_t)picture->index; /* what found sets, draw sees */
    }
    return HRNET_OK;
}

static hrnet_status draw(void *context, hrnet_picture *picture)
{
    (void)context;
    for (int i = 0; i < picture->people.n_persons && i < 8; i++)
        assert_int_equal(picture->people.persons[i].category_id, picture->index);
    assert_memory_equal(picture->pixels.planes[0], ((const scene *)context)->shots[picture->index % N_SHOTS].rgb,
                        WIDTH * HEIGHT * 3);
    return hrnet_image_copy(&picture->image, &picture->pixels);
}

static hrnet_status write_frame(void *context, hrnet_picture *picture)
{
    scene *const s = context;
    const struct timespec pause = {0, (long)(picture->index * 2654435761u % 5) * 200000};
    assert_int_equal(atomic_fetch_add(&s->n_writing, 1), 0);
    assert_int_equal(picture->index, s->n_written);
    nanosleep(&pause, NULL);
    if ((int)picture->index == s->fail_write) return hr_fail(HRNET_ERR_IO, "write fails");
    s->n_written++;
    atomic_fetch_sub(&s->n_writing, 1);
    return HRNET_OK;
}

static hrnet_status done(void *context, const hrnet_picture *picture)
{
    scene *const s = context;
    assert_int_equal(picture->index, s->n_done++);
    assert_true(picture->loaded > 0);
    s->n_dropped += picture->n_dropped;
    if (s->expected != NULL) assert_same_people(&picture->people, &s->expected[picture->index % N_SHOTS]);
    return HRNET_OK;
}

static hrnet_pictures_options all_stages(scene *s)
{
    return (hrnet_pictures_options){.n = SIZE_MAX,
                                    .load = load,
                                    .aim = aim,
                                    .found = found,
                                    .draw = draw,
                                    .write = write_frame,
                                    .done = done,
                                    .in_order = 1,
                                    .context = s};
}

/* ---------------------------------------------------------------------------------------------- tests */

static void borrowed_frames_in_order(void **state)
{
    (void)state;
    static const struct {
        int threads, workers, group, ahead, is_drawn, is_written;
        uint64_t limit;
    } ways[] = {{1, 1, 1, 1, 1, 1, 0}, {1, 3, 4, 0, 1, 1, 0}, {2, 2, 8, 5, 1, 1, 0},
                {2, 1, 2, 0, 0, 1, 0}, {2, 0, 0, 0, 0, 0, 0}, {2, 2, 4, 0, 1, 0, WIDTH * HEIGHT * 3 * 4}};
    hrnet_people expected[N_SHOTS] = {0};
    scene s;
    open_scene(&s, 0, 1);
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 5});
    int n_persons = 0;
    for (int i = 0; i < N_SHOTS; i++) {
        const hrnet_pixels pixels = shot_pixels(&s, (size_t)i);
        MUST(hrnet_people_find(finder, &pixels, 1, NULL, &expected[i]));
        n_persons += expected[i].n_persons;
    }
    assert_true(n_persons > 0);
    hrnet_finder_free(finder);
    close_scene(&s);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        const int most = 2 * (ways[w].workers + ways[w].group);
        open_scene(&s, 20, ways[w].ahead > 0 ? ways[w].ahead : most > 2 ? most : 2 * (8 + 1));
        s.expected = expected;
        hrnet_pictures_options how = all_stages(&s);
        how.workers = ways[w].workers;
        how.group = ways[w].group;
        how.ahead = ways[w].ahead;
        how.memory_limit = ways[w].limit;
        if (!ways[w].is_drawn) how.draw = NULL;
        if (!ways[w].is_written) how.write = NULL;
        finder = open_finder(&(hrnet_finder_options){.threads = ways[w].threads, .max_persons = 5});
        MUST(hrnet_pictures_run(finder, &how));
        hrnet_finder_free(finder);
        assert_int_equal(s.n_done, 20);
        assert_int_equal(s.n_aimed, 20);
        assert_int_equal(s.n_found, 20);
        assert_int_equal(s.n_written, ways[w].is_written ? 20 : 0);
        assert_int_equal(s.n_dropped, 0);
        close_scene(&s);
    }
    for (int i = 0; i < N_SHOTS; i++) hrnet_people_free(&expected[i]);
}

/* Boxes of one picture are where the people of the next one are looked for. */
static void aim_gives_boxes(void **state)
{
    (void)state;
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 2, .max_persons = 5});
    scene s;
    open_scene(&s, 9, 8);
    s.aims = 1;
    hrnet_pictures_options how = all_stages(&s);
    how.group = 1;
    how.workers = 2;
    MUST(hrnet_pictures_run(finder, &how));
    assert_int_equal(s.n_done, 9);
    assert_true(s.n_last > 0); /* the last frames have those of the sixth */
    hrnet_people people = {0};
    const hrnet_pixels pixels = shot_pixels(&s, 6);
    MUST(hrnet_people_find(finder, &pixels, 1, NULL, &people));
    assert_int_equal(people.n_persons < 8 ? people.n_persons : 8, s.n_last);
    for (int i = 0; i < s.n_last; i++) assert_memory_equal(&people.persons[i].box, &s.last[i], sizeof s.last[i]);
    hrnet_people_free(&people);
    close_scene(&s);
    hrnet_finder_free(finder);
}

/* Whoever fails ends the run with its status and its message, and nothing is left behind. */
static void failures_end_the_run(void **state)
{
    (void)state;
    const size_t held = hr_mem_held();
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 2, .max_persons = 2});
    for (int at = 0; at < 10; at += 3) {
        scene s;
        for (int stage = 0; stage < 3; stage++) {
            static const hrnet_status statuses[] = {HRNET_ERR_LIMIT, HRNET_ERR_FORMAT, HRNET_ERR_IO};
            static const char *const messages[] = {"aim fails", "found fails", "write fails"};
            open_scene(&s, 500, 12);
            *(int *[]){&s.fail_aim, &s.fail_found, &s.fail_write}[stage] = at;
            hrnet_pictures_options how = all_stages(&s);
            how.workers = 2;
            how.group = 4;
            REFUSED(hrnet_pictures_run(finder, &how), statuses[stage], messages[stage]);
            assert_true(s.n_done < 500);
            if (stage == 2) {
                assert_int_equal(s.n_written, at);
                assert_true((int)s.n_done > at); /* what was found is still handed out */
            } else {
                assert_true((int)s.n_done <= at); /* a group that failed is not */
            }
            close_scene(&s);
        }
    }
    hrnet_finder_free(finder);
    assert_int_equal(hr_mem_held(), held);
}

/* ---------------------------------------------------------------------------------------------- the newest */

/* Copies, because the place of a frame is taken again while it is looked at. One comes each millisecond. */
static hrnet_status load_live(void *context, size_t index, hrnet_picture *picture)
{
    const struct timespec pause = {0, 1000000};
    const hrnet_status status = load(context, index, picture);
    nanosleep(&pause, NULL);
    if (status != HRNET_OK || picture->pixels.width == 0) return status;
    picture->seconds = (double)index;
    const hrnet_pixels pixels = picture->pixels;
    picture->pixels = (hrnet_pixels){0};
    return hrnet_image_copy(&picture->image, &pixels);
}

static hrnet_status draw_nothing(void *context, hrnet_picture *picture)
{
    (void)context;
    (void)picture;
    return HRNET_OK;
}

static hrnet_status done_live(void *context, const hrnet_picture *picture)
{
    scene *const s = context;
    s->n_dropped += picture->n_dropped;
    /* every frame that came before it was either handed out or counted */
    assert_true((uint64_t)picture->seconds == s->n_done + s->n_dropped);
    s->n_done++;
    return HRNET_OK;
}

static void late_pictures_are_dropped(void **state)
{
    (void)state;
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 1});
    for (int n = 0; n <= 200; n += 100) { /* also with a known number of frames, and none */
        scene s;
        open_scene(&s, 200, 1);
        s.pause_ms = 20;
        hrnet_pictures_options how = all_stages(&s);
        how.load = load_live;
        how.draw = draw_nothing;
        how.done = done_live;
        how.newest = 1;
        how.group = 1;
        how.n = n > 0 ? (size_t)n : SIZE_MAX;
        MUST(hrnet_pictures_run(finder, &how));
        const size_t n_frames = n > 0 ? (size_t)n : 200;
        print_message("of %zu frames %zu were looked at\n", n_frames, s.n_done);
        assert_true(s.n_done > 0 && s.n_done < n_frames);
        assert_int_equal(s.n_loaded, n_frames);
        assert_int_equal(s.n_done + s.n_dropped, n_frames); /* the last one is kept */
        close_scene(&s);
    }
    hrnet_finder_free(finder);
}

static void refusals(void **state)
{
    (void)state;
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1});
    scene s = {0};
    hrnet_pictures_options how = all_stages(&s);
    how.ahead = -1;
    REFUSED(hrnet_pictures_run(finder, &how), HRNET_ERR_ARGUMENT, "ahead");
    how = all_stages(&s);
    how.in_order = 0;
    how.newest = 1;
    REFUSED(hrnet_pictures_run(finder, &how), HRNET_ERR_ARGUMENT, "newest");
    hrnet_finder_free(finder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borrowed_frames_in_order),
        cmocka_unit_test(aim_gives_boxes),
        cmocka_unit_test(failures_end_the_run),
        cmocka_unit_test(late_pictures_are_dropped),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, load_networks, free_networks);
}
