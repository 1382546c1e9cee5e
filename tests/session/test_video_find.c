/*
 * test_video_find.c - hrnet_video_find against the calls that it joins, frame by frame: detector or expected boxes,
 * poses of those whom the detector missed, tracks, smoothing. The same bits for any number of threads, of workers and
 * of valid frames; failures of reading, early ends, frames that come too fast, memory that runs out.
 */
#include "finders.h"

#include <stdlib.h>

#include "../video/fake_video.h"
#include "base/mem.h"

enum { N_FRAMES = 14, MOST_PERSONS = 64 };

static hrnet_image photo;
static fake_frame frames[N_FRAMES];

/* A camera that moves by a pixel from frame to frame, at a variable rate. */
static int open_frames(void **state)
{
    if (load_networks(state) != 0) return -1;
    MUST(hrnet_image_load(&photo, TEST_DATA "/golden/detect/crop_source.png", 0));
    for (int i = 0; i < N_FRAMES; i++) {
        frames[i].stamp = (hr_video_stamp){.has_pts = 1, .pts = 40 * i + 3 * (i % 3), .is_damaged = i == 5};
        frames[i].pixels = hrnet_image_pixels(&photo);
        frames[i].pixels.width = photo.width - N_FRAMES;
        frames[i].pixels.strides[0] = photo.width * 3;
        frames[i].pixels.planes[0] += 3 * i;
    }
    return 0;
}

static int close_frames(void **state)
{
    hrnet_image_free(&photo);
    return free_networks(state);
}

static hrnet_video *open_video(int n_frames, int n_valid)
{
    hrnet_video *video = NULL;
    fake = (struct hr_video_reader){
        .frames = frames, .n = n_frames, .info = {.fps = 25, .time_base_num = 1, .time_base_den = 1000}};
    MUST(hr_video_open_with(&video, &fake_module, "walk.mp4", &(hrnet_video_options){.n_valid = n_valid}));
    return video;
}

/* The small detector's scores are low, and its boxes are anywhere. */
static const hrnet_tracker_options easy = {.high = 0.02f,
                                           .low = 0.01f,
                                           .start = 0.02f,
                                           .match = 0.05f,
                                           .match_low = 0.05f,
                                           .match_new = 0.05f,
                                           .confirm = 0.03f};

typedef struct trackers {
    hrnet_tracker *tracker;
    hrnet_smoother *smoother;
} trackers;

static trackers open_trackers(void)
{
    trackers t = {0};
    MUST(hrnet_tracker_create(&t.tracker, &easy));
    MUST(hrnet_smoother_create(&t.smoother, 17, NULL));
    return t;
}

static void free_trackers(trackers *t)
{
    hrnet_tracker_free(t->tracker);
    hrnet_smoother_free(t->smoother);
}

/* ---------------------------------------------------------------------------------------------- what is expected */

/* People of a frame whose persons are a copy. */
typedef struct frame_people {
    int n, n_followed;
    hrnet_pose persons[MOST_PERSONS];
    hrnet_keypoint keypoints[MOST_PERSONS][17];
} frame_people;

static void copy_people(frame_people *to, const hrnet_people *from)
{
    assert_true(from->n_persons <= MOST_PERSONS);
    to->n = 0;
    for (int i = 0; i < from->n_persons; i++) {
        if (from->persons[i].track == 0) continue;
        to->persons[to->n] = from->persons[i];
        memcpy(to->keypoints[to->n], from->persons[i].keypoints, sizeof to->keypoints[0]);
        to->n++;
    }
}

static hrnet_people pose_expected(hrnet_finder *finder, const trackers *t, const hrnet_pixels *pixels, double seconds,
                                  const hrnet_people *found)
{
    hrnet_track_box boxes[MOST_PERSONS];
    hrnet_people people = {0};
    int n = 0;
    MUST(hrnet_tracker_boxes(t->tracker, seconds, found, boxes, MOST_PERSONS, &n));
    assert_true(n <= MOST_PERSONS);
    MUST(hrnet_people_create(&people, "expected", n, 17));
    for (int i = 0; i < n; i++) {
        people.persons[i].box = boxes[i].box;
        people.persons[i].box_score = boxes[i].score;
        people.persons[i].track = boxes[i].track;
    }
    MUST(hrnet_people_pose(finder, pixels, 1, &people));
    return people;
}

/* One frame by separate calls. */
static void find_frame(frame_people *out, hrnet_finder *finder, const trackers *t, int i, int detect_every)
{
    const hrnet_pixels *const pixels = &frames[i].pixels;
    const double seconds = (double)frames[i].stamp.pts / 1000;
    hrnet_people people = {0}, missed = {0};
    hrnet_pose both[2 * MOST_PERSONS];
    if (i % detect_every != 0) {
        people = pose_expected(finder, t, pixels, seconds, NULL);
        out->n_followed = people.n_persons;
    } else {
        MUST(hrnet_people_find(finder, pixels, 1, NULL, &people));
        missed = pose_expected(finder, t, pixels, seconds, &people);
        out->n_followed = missed.n_persons;
    }
    assert_true(people.n_persons + missed.n_persons <= 2 * MOST_PERSONS);
    if (people.n_persons > 0) memcpy(both, people.persons, (size_t)people.n_persons * sizeof *both);
    if (missed.n_persons > 0) memcpy(both + people.n_persons, missed.persons, (size_t)missed.n_persons * sizeof *both);
    hrnet_people all = people;
    all.persons = both;
    all.n_persons += missed.n_persons;
    all.n_keypoints = 17;
    MUST(hrnet_tracker_update(t->tracker, &all, seconds));
    MUST(hrnet_smoother_update(t->smoother, &all, seconds));
    copy_people(out, &all);
    hrnet_people_free(&people);
    hrnet_people_free(&missed);
}

/* ---------------------------------------------------------------------------------------------- what is found */

typedef struct log {
    const frame_people *expected; /* [n] of done, or NULL */
    int n_done, n_written, n_drawn_wrong, n_failed, cancel_at, n_warnings, n_maps;
    uint64_t n_dropped;
} log;

static hrnet_status draw(void *context, hrnet_picture *picture)
{
    (void)context;
    assert_non_null(picture->image.rgb);
    assert_int_equal(picture->image.width, photo.width - N_FRAMES);
    assert_int_equal(picture->image.height, photo.height);
    picture->image.rgb[0] = (uint8_t)picture->index;
    return HRNET_OK;
}

static hrnet_status write_frame(void *context, hrnet_picture *picture)
{
    log *const to = context;
    assert_int_equal(picture->index, to->n_written++);
    assert_int_equal(picture->image.rgb[0], picture->index);
    return HRNET_OK;
}

/* A keypoint's score is the maximum of its heatmap, which shows whose heatmaps they are. */
static void check_heatmaps(const hrnet_people *people)
{
    const hrnet_model_info info = hrnet_model_get_info(the_model);
    const size_t n = (size_t)info.heatmap_width * (size_t)info.heatmap_height;
    for (size_t i = 0; i < (size_t)people->n_persons * 17; i++) {
        const float *const map = people->heatmaps + i * n;
        float most = map[0];
        for (size_t k = 1; k < n; k++) most = map[k] > most ? map[k] : most;
        assert_true(most == people->persons[i / 17].keypoints[i % 17].score);
    }
}

static hrnet_status done(void *context, const hrnet_picture *picture)
{
    log *const to = context;
    const hrnet_people *const people = &picture->people;
    if (people->heatmaps != NULL) check_heatmaps(people);
    to->n_maps += people->heatmaps != NULL;
    to->n_failed += people->status != HRNET_OK;
    to->n_warnings += picture->warning != NULL;
    to->n_dropped += picture->n_dropped;
    if (people->status == HRNET_OK) {
        assert_string_equal(people->name, "walk.mp4");
        assert_int_equal(people->frame, (int64_t)picture->index + 1 + (int64_t)to->n_dropped);
        assert_int_equal(people->image_id, people->frame);
        assert_int_equal(picture->pts, frames[people->frame - 1].stamp.pts);
        assert_true(people->seconds == (double)picture->pts / 1000);
    }
    if (to->expected != NULL) {
        const frame_people *const wanted = &to->expected[to->n_done];
        assert_int_equal(people->n_persons, wanted->n);
        for (int i = 0; i < wanted->n; i++) {
            const hrnet_pose *const one = &people->persons[i], *const other = &wanted->persons[i];
            assert_int_equal(one->track, other->track);
            assert_memory_equal(&one->box, &other->box, sizeof one->box);
            assert_memory_equal(&one->score, &other->score, sizeof one->score);
            assert_memory_equal(one->keypoints, wanted->keypoints[i], sizeof wanted->keypoints[i]);
        }
    }
    to->n_done++;
    return HRNET_OK;
}

static int cancelled(void *context)
{
    const log *const to = context;
    return to->cancel_at > 0 && to->n_done >= to->cancel_at;
}

static void people_of_single_calls(void **state)
{
    (void)state;
    static const struct {
        int threads, workers, n_valid, heatmaps;
    } ways[] = {{1, 1, 1, 0}, {2, 2, 8, 0}, {1, 3, 24, 1}};
    static frame_people expected[N_FRAMES];
    for (int detect_every = 1; detect_every <= 4; detect_every += 3) {
        hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 12});
        trackers t = open_trackers();
        int n_persons = 0, n_followed = 0;
        for (int i = 0; i < N_FRAMES; i++) {
            find_frame(&expected[i], finder, &t, i, detect_every);
            n_persons += expected[i].n;
            n_followed += expected[i].n_followed;
        }
        print_message("detector on every frame of %d: %d persons, %d looked for where they were expected, %u tracks\n",
                      detect_every, n_persons, n_followed, hrnet_tracker_n_tracks(t.tracker));
        assert_true(n_persons > N_FRAMES && n_followed > 0);
        free_trackers(&t);
        hrnet_finder_free(finder);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            log to = {.expected = expected};
            hrnet_video *video = open_video(N_FRAMES, ways[w].n_valid);
            t = open_trackers();
            finder = open_finder(
                &(hrnet_finder_options){.threads = ways[w].threads, .max_persons = 12, .heatmaps = ways[w].heatmaps});
            MUST(hrnet_video_find(video, finder,
                                  &(hrnet_video_find_options){.tracker = t.tracker,
                                                              .smoother = t.smoother,
                                                              .detect_every = detect_every,
                                                              .draw = draw,
                                                              .write = write_frame,
                                                              .done = done,
                                                              .workers = ways[w].workers,
                                                              .context = &to}));
            assert_int_equal(to.n_done, N_FRAMES);
            assert_int_equal(to.n_written, N_FRAMES);
            assert_int_equal(to.n_warnings, 1);
            /* no more frames are kept than there are on their way */
            assert_in_range(fake.most_slots, 1, 2 + 2 * ways[w].workers);
            assert_in_range(fake.most_slots, 1, ways[w].n_valid);
            assert_true(ways[w].heatmaps ? to.n_maps > N_FRAMES / 2 : to.n_maps == 0);
            hrnet_finder_free(finder);
            free_trackers(&t);
            hrnet_video_free(video);
        }
    }
}

/* Without tracks everybody stays, in the detector's order, as in single pictures. */
static hrnet_status done_as_pictures(void *context, const hrnet_picture *picture)
{
    log *const to = context;
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 12});
    hrnet_people people = {0};
    MUST(hrnet_people_find(finder, &frames[picture->index].pixels, 1, NULL, &people));
    assert_same_people(&people, &picture->people);
    hrnet_people_free(&people);
    hrnet_finder_free(finder);
    to->n_done++;
    return HRNET_OK;
}

static void without_tracks(void **state)
{
    (void)state;
    log to = {0};
    hrnet_video *video = open_video(4, 8);
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 12});
    MUST(hrnet_video_find(video, finder, &(hrnet_video_find_options){.done = done_as_pictures, .context = &to}));
    assert_int_equal(to.n_done, 4);
    hrnet_finder_free(finder);
    hrnet_video_free(video);
}

/* ---------------------------------------------------------------------------------------------- given boxes */

static hrnet_status aim_left(void *context, hrnet_picture *picture)
{
    (void)context;
    MUST(hrnet_people_add(&picture->people, 1, 17));
    picture->people.persons[0].box = (hrnet_box){5, 5, 40, 60};
    picture->has_boxes = 1;
    return HRNET_OK;
}

static hrnet_status done_left(void *context, const hrnet_picture *picture)
{
    log *const to = context;
    assert_int_equal(picture->people.n_persons, 1);
    assert_int_equal(picture->people.persons[0].track, 1);
    assert_true(picture->people.persons[0].box.x == 5);
    to->n_done++;
    return HRNET_OK;
}

static void given_boxes(void **state)
{
    (void)state;
    log to = {0};
    trackers t = open_trackers();
    hrnet_video *video = open_video(6, 8);
    hrnet_finder *finder = NULL;
    MUST(hrnet_finder_create(&finder, NULL, the_model, &(hrnet_finder_options){.threads = 1}));
    MUST(hrnet_video_find(
        video, finder,
        &(hrnet_video_find_options){.tracker = t.tracker, .aim = aim_left, .done = done_left, .context = &to}));
    assert_int_equal(to.n_done, 6);
    hrnet_finder_free(finder);
    hrnet_video_free(video);
    free_trackers(&t);
}

/* ---------------------------------------------------------------------------------------------- ends */

static void reading_that_fails(void **state)
{
    (void)state;
    log to = {0};
    fake_frame broken[4];
    memcpy(broken, frames, sizeof broken);
    broken[3].pixels.planes[0] = NULL; /* the library refuses it */
    hrnet_video *video = open_video(4, 4);
    fake.frames = broken;
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 2});
    REFUSED(hrnet_video_find(video, finder, &(hrnet_video_find_options){.done = done, .context = &to}),
            HRNET_ERR_ARGUMENT, "walk.mp4: frame 3");
    assert_int_equal(to.n_done, 3);
    hrnet_video_free(video);
    video = open_video(0, 4);
    REFUSED(hrnet_video_find(video, finder, &(hrnet_video_find_options){.done = done, .context = &to}),
            HRNET_ERR_FORMAT, "walk.mp4");
    hrnet_video_free(video);
    hrnet_finder_free(finder);
}

static void cancelled_runs(void **state)
{
    (void)state;
    const size_t held = hr_mem_held();
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 2});
    log to = {.cancel_at = 3};
    hrnet_video *video = open_video(N_FRAMES, 2);
    REFUSED(
        hrnet_video_find(video, finder,
                         &(hrnet_video_find_options){
                             .draw = draw, .write = write_frame, .done = done, .cancelled = cancelled, .context = &to}),
        HRNET_ERR_CANCELLED, "cancelled");
    assert_true(to.n_done >= 3 && to.n_done < N_FRAMES);
    assert_int_equal(to.n_written, to.n_done); /* what was found is written */
    hrnet_video_free(video);
    hrnet_finder_free(finder);
    assert_int_equal(hr_mem_held(), held);
}

/* A fake video gives all its frames at once: only some are looked at, and each is counted. */
static void late_frames_are_dropped(void **state)
{
    (void)state;
    log to = {0};
    trackers t = open_trackers();
    hrnet_video *video = open_video(N_FRAMES, 1);
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 4});
    MUST(hrnet_video_find(video, finder,
                          &(hrnet_video_find_options){.tracker = t.tracker,
                                                      .smoother = t.smoother,
                                                      .detect_every = 2,
                                                      .drop_late = 1,
                                                      .draw = draw,
                                                      .write = write_frame,
                                                      .done = done,
                                                      .context = &to}));
    assert_true(to.n_done > 0);
    assert_int_equal(to.n_done + (int)to.n_dropped, N_FRAMES);
    hrnet_finder_free(finder);
    hrnet_video_free(video);
    free_trackers(&t);
}

static void refusals(void **state)
{
    (void)state;
    trackers t = open_trackers();
    hrnet_video *video = open_video(2, 1);
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1}), *boxes = NULL;
    MUST(hrnet_finder_create(&boxes, the_detector, NULL, &(hrnet_finder_options){.threads = 1}));
    hrnet_video_find_options how = {.detect_every = 2};
    REFUSED(hrnet_video_find(video, finder, &how), HRNET_ERR_ARGUMENT, "detect_every");
    how.tracker = t.tracker;
    REFUSED(hrnet_video_find(video, boxes, &how), HRNET_ERR_ARGUMENT, "pose network");
    how.detect_every = -1;
    REFUSED(hrnet_video_find(video, finder, &how), HRNET_ERR_ARGUMENT, "detect_every");
    how = (hrnet_video_find_options){.smoother = t.smoother};
    REFUSED(hrnet_video_find(video, finder, &how), HRNET_ERR_ARGUMENT, "smoother");
    how = (hrnet_video_find_options){.reserved = {1}};
    REFUSED(hrnet_video_find(video, finder, &how), HRNET_ERR_ARGUMENT, "reserved");
    REFUSED(hrnet_video_find(NULL, finder, NULL), HRNET_ERR_ARGUMENT, "video");
    REFUSED(hrnet_video_find(video, NULL, NULL), HRNET_ERR_ARGUMENT, "finder");
    how = (hrnet_video_find_options){.tracker = t.tracker};
    MUST(hrnet_video_find(video, boxes, &how)); /* boxes alone have tracks, too */
    hrnet_finder_free(boxes);
    hrnet_finder_free(finder);
    hrnet_video_free(video);
    free_trackers(&t);
}

/* One run of three frames, whose k-th allocation fails; k below 0: none. Returns whether one did. */
static int run_short_of_memory(hrnet_finder *finder, long k)
{
    log to = {0};
    trackers t = open_trackers();
    hrnet_video *video = open_video(3, 2);
    const hrnet_video_find_options how = {
        .tracker = t.tracker, .smoother = t.smoother, .detect_every = 2, .done = done, .workers = 1, .context = &to};
    hr_mem_fail_after(k);
    const hrnet_status status = hrnet_video_find(video, finder, &how);
    const int failed = hr_mem_fail_after(-1) > k && k >= 0;
    assert_true(failed ? status == HRNET_ERR_MEMORY || to.n_failed > 0 : status == HRNET_OK && to.n_failed == 0);
    hrnet_video_free(video);
    free_trackers(&t);
    return failed;
}

/* Every allocation fails once: the run says so, or one of its frames does, and nothing leaks. */
static void memory_that_runs_out(void **state)
{
    (void)state;
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 3});
    run_short_of_memory(finder, -1); /* the detector has its plans for these frames */
    const size_t held = hr_mem_held();
    long k = 0;
    for (; run_short_of_memory(finder, k); k++) assert_int_equal(hr_mem_held(), held);
    print_message("failed at %ld allocations\n", k);
    assert_true(k > 30);
    hrnet_finder_free(finder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_of_single_calls),
        cmocka_unit_test(without_tracks),
        cmocka_unit_test(given_boxes),
        cmocka_unit_test(reading_that_fails),
        cmocka_unit_test(cancelled_runs),
        cmocka_unit_test(late_frames_are_dropped),
        cmocka_unit_test(refusals),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, open_frames, close_frames);
}
