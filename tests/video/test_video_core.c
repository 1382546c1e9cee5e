/*
 * test_video_core.c - the library's side of video without FFmpeg: timestamps, which frames are wanted, sizes that
 * cannot be, options, and the file that a video is written into.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <errno.h>
#include <math.h>

#include <cmocka.h>

#include "fake_video.h"
#include "video/video_output.h"

static uint8_t grey[64 * 48];

enum { N = 20 };
static fake_frame frames[N];

/* N frames of 64 x 48 at 25 a second in units of a millisecond, from second 0 at timestamp 1000. */
static void make_frames(void)
{
    for (int i = 0; i < N; i++)
        frames[i] = (fake_frame){
            .stamp = {.has_pts = 1, .pts = 1000 + 40 * i, .duration = i % 2 ? 40 : 0},
            .pixels = {.width = 64, .height = 48, .format = HRNET_PIXELS_GREY, .planes = {grey, NULL, NULL}}};
    fake = (struct hr_video_reader){.frames = frames, .n = N};
    fake.info = (hrnet_video_info){.width = 64,
                                   .height = 48,
                                   .fps = 25,
                                   .time_base_num = 1,
                                   .time_base_den = 1000,
                                   .start = 1000,
                                   .codec = "fake",
                                   .format = "fake"};
}

/* ------------------------------------------------------------------------------------------------ clock */

static void timestamps_increase(void **state)
{
    static const int64_t missing = INT64_MIN;
    static const int64_t given[] = {0, 40, 80, 80, INT64_MIN, 200, 160, 240, INT64_C(9000000000000000000), 321};
    static const int64_t wanted[] = {0, 40, 80, 120, 160, 200, 240, 280, 320, 321};
    hr_frame_clock clock;
    int64_t pts;
    (void)state;
    assert_int_equal(hr_frame_clock_begin(&clock, 1, 1000, 0, 25), HRNET_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(hr_frame_clock_place(&clock, given[i] != missing, given[i], &pts), HRNET_OK);
        assert_int_equal(pts, wanted[i]);
    }
    assert_int_equal(clock.n_moved, 4);
    assert_true(hr_frame_clock_seconds(&clock, 320) == 0.32);
    assert_int_equal(hr_frame_clock_pts(&clock, 0.32), 320);
    assert_int_equal(hr_frame_clock_pts(&clock, 1e300), INT64_C(1) << 60);
    assert_int_equal(hr_frame_clock_begin(&clock, 0, 1000, 0, 25), HRNET_ERR_FORMAT);
    assert_int_equal(hr_frame_clock_begin(&clock, 1, -5, 0, 25), HRNET_ERR_FORMAT);
}

/* A clock that cannot go on says so, and none of its sums overflows. */
static void timestamps_end(void **state)
{
    hr_frame_clock clock;
    int64_t pts = 0;
    hrnet_status status = HRNET_OK;
    (void)state;
    assert_int_equal(hr_frame_clock_begin(&clock, 1, INT32_MAX, INT64_MIN, 0.5), HRNET_OK);
    assert_int_equal(clock.start, 0);
    assert_int_equal(hr_frame_clock_place(&clock, 1, INT64_C(1) << 60, &pts), HRNET_OK);
    clock.step = INT64_C(1) << 58;
    for (int i = 0; i < 8 && status == HRNET_OK; i++) status = hr_frame_clock_place(&clock, 0, 0, &pts);
    assert_int_equal(status, HRNET_ERR_LIMIT);
}

/* ------------------------------------------------------------------------------------------------ frames */

/* Read all with these options: the numbers of the frames, by their timestamps, as text "0 5 10". */
static const char *read_all(const hrnet_video_options *options)
{
    static char text[256];
    hrnet_video *video = NULL;
    hrnet_frame frame;
    text[0] = '\0';
    assert_int_equal(hr_video_open_with(&video, &fake_module, "fake.mp4", options), HRNET_OK);
    for (int64_t index = 0;; index++) {
        assert_int_equal(hrnet_video_next(video, &frame), HRNET_OK);
        if (frame.pixels.width == 0) break;
        assert_int_equal(frame.index, index * (options->every > 0 ? options->every : 1));
        assert_true(frame.seconds == (double)(frame.pts - 1000) / 1000);
        assert_true(frame.duration == 0.04);
        sprintf(text + strlen(text), "%s%lld", index > 0 ? " " : "", (long long)(frame.pts - 1000) / 40);
    }
    assert_int_equal(hrnet_video_next(video, &frame), HRNET_OK); /* the end stays the end */
    assert_int_equal(frame.pixels.width, 0);
    hrnet_video_free(video);
    return text;
}

static void wanted_frames(void **state)
{
    (void)state;
    make_frames();
    assert_string_equal(read_all(&(hrnet_video_options){0}), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
    make_frames();
    assert_string_equal(read_all(&(hrnet_video_options){.every = 7}), "0 7 14");
    make_frames();
    assert_string_equal(read_all(&(hrnet_video_options){.from = 0.2, .to = 0.4}), "5 6 7 8 9");
    assert_int_equal(fake.stopped, 1400);
    make_frames();
    assert_string_equal(read_all(&(hrnet_video_options){.from = 0.21, .to = 0.41, .every = 2}), "6 8 10");
    make_frames();
    assert_string_equal(read_all(&(hrnet_video_options){.from = 99}), "");
}

/* Seeking that lands before `from` saves time; that lands behind it is noticed, and costs time alone. */
static void seeking(void **state)
{
    (void)state;
    make_frames();
    fake.can_seek = 1;
    fake.first_after_seek = 3;
    assert_string_equal(read_all(&(hrnet_video_options){.from = 0.68}), "17 18 19");
    assert_int_equal(fake.n_rewinds, 0);
    make_frames();
    fake.can_seek = 1;
    fake.first_after_seek = 18;
    assert_string_equal(read_all(&(hrnet_video_options){.from = 0.68}), "17 18 19");
    assert_int_equal(fake.n_rewinds, 1);
    make_frames();
    fake.can_seek = 1;
    fake.first_after_seek = N;
    assert_string_equal(read_all(&(hrnet_video_options){.from = 0.68}), "17 18 19");
    assert_int_equal(fake.n_rewinds, 1);
}

/* Frames that no honest decoder gives are refused by number, before anything is read of them. */
static void frames_that_cannot_be(void **state)
{
    static const struct {
        hrnet_pixels pixels;
        hrnet_status status;
    } bad[] = {
        {{.width = 1 << 15, .height = (1 << 13) + 1, .format = HRNET_PIXELS_GREY}, HRNET_ERR_LIMIT},
        {{.width = (1 << 20) + 1, .height = 1, .format = HRNET_PIXELS_GREY}, HRNET_ERR_LIMIT},
        {{.width = -1, .height = 48, .format = HRNET_PIXELS_GREY}, HRNET_ERR_ARGUMENT},
        {{.width = 64, .height = 0, .format = HRNET_PIXELS_GREY}, HRNET_ERR_ARGUMENT},
        {{.width = 64, .height = 48, .format = HRNET_PIXELS_GREY, .strides = {63}}, HRNET_ERR_ARGUMENT},
        {{.width = 64, .height = 48, .format = HRNET_PIXELS_I420, .strides = {64, 32, 32}}, HRNET_ERR_ARGUMENT},
        {{.width = 64, .height = 48, .format = (hrnet_pixel_format)77}, HRNET_ERR_ARGUMENT},
        {{.width = 64, .height = 48, .format = HRNET_PIXELS_GREY, .strides = {PTRDIFF_MIN}}, HRNET_ERR_ARGUMENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hrnet_video *video = NULL;
        hrnet_frame frame = {0};
        make_frames();
        frames[1].pixels = bad[i].pixels;
        frames[1].pixels.planes[0] = grey;
        assert_int_equal(hr_video_open_with(&video, &fake_module, "fake.mp4", NULL), HRNET_OK);
        assert_int_equal(hrnet_video_next(video, &frame), HRNET_OK);
        assert_int_equal(hrnet_video_next(video, &frame), bad[i].status);
        assert_int_equal(frame.index, 0); /* as it was */
        assert_non_null(strstr(hrnet_last_error(), "fake.mp4: frame 1: "));
        assert_int_equal(hrnet_video_next(video, &frame), HRNET_ERR_IO);
        hrnet_video_free(video);
    }
}

static void nothing_in_it(void **state)
{
    hrnet_video *video = NULL;
    hrnet_frame frame;
    (void)state;
    make_frames();
    fake.n = 0;
    fake.info.n_corrupt = 3;
    fake.info.warning = "bits are missing";
    assert_int_equal(hr_video_open_with(&video, &fake_module, "fake.mp4", NULL), HRNET_OK);
    assert_int_equal(hrnet_video_next(video, &frame), HRNET_ERR_FORMAT);
    assert_string_equal(hrnet_last_error(), "fake.mp4: expected frames, found none that can be decoded (3 corrupt "
                                            "packets; bits are missing)");
    hrnet_video_free(video);
    fake.info.time_base_den = 0;
    assert_int_equal(hr_video_open_with(&video, &fake_module, "fake.mp4", NULL), HRNET_ERR_FORMAT);
}

static int cancel(void *context)
{
    return --*(int *)context < 0;
}

static void cancelled(void **state)
{
    int left = 3;
    hrnet_video *video = NULL;
    hrnet_frame frame;
    const hrnet_video_options options = {.cancelled = cancel, .context = &left};
    (void)state;
    make_frames();
    assert_int_equal(hr_video_open_with(&video, &fake_module, "fake.mp4", &options), HRNET_OK);
    for (int i = 0; i < 3; i++) assert_int_equal(hrnet_video_next(video, &frame), HRNET_OK);
    assert_int_equal(hrnet_video_next(video, &frame), HRNET_ERR_CANCELLED);
    hrnet_video_free(video);
}

static void options_are_checked(void **state)
{
    static const hrnet_video_options bad[] = {
        {.from = -1},
        {.from = 2, .to = 1},
        {.every = -1},
        {.n_valid = 65},
        {.threads = 65},
        {.reconnect = -1},
        {.timeout = NAN},
        {.camera_width = 5},
        {.camera_fps = -1},
        {.reserved = {1}},
        {.from = INFINITY},
        {.raw = {.width = 5}},
        {.raw = {.width = 1 << 20, .height = 1 << 20}},
        {.raw = {.width = 4, .height = 4, .format = 7}},
    };
    hrnet_video *video = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(hrnet_video_open(&video, "clip.mp4", &bad[i]), HRNET_ERR_ARGUMENT);
        assert_null(video);
    }
    hrnet_video_writer *writer = NULL;
    static const hrnet_video_writer_options wrong[] = {
        {0},
        {.width = 64},
        {.width = 64, .height = 48, .fps = -1},
        {.width = 64, .height = 48, .quality = 101},
        {.width = 64, .height = 48, .time_base_num = 1},
        {.width = 1 << 20, .height = 1 << 20},
        {.width = 64, .height = 48, .reserved = {0, 1}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(hrnet_video_writer_open(&writer, "clip.mp4", &wrong[i]), HRNET_ERR_ARGUMENT);
    assert_null(writer);
}

/* ------------------------------------------------------------------------------------------------ output */

static const char path[] = "test_video_core.bin";

/* With 12 MiB to have, 4 of them set aside: the failure shows before they are used, they can be used after it, and the
 * file has in the end what was written and nothing more. */
static void full_disk(void **state)
{
    static char bytes[1 << 16];
    const struct rlimit little = {12 << 20, RLIM_INFINITY};
    struct rlimit before;
    struct stat found;
    hr_video_output output;
    int64_t n = 0;
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    assert_int_equal(hr_video_output_create(&output, path), HRNET_OK);
    const hr_video_sink sink = hr_video_output_sink(&output);
    sink.reserve(sink.context, 4 << 20);
    for (; sink.failure(sink.context) == 0 && n < 16 << 20; n += (int64_t)sizeof bytes)
        assert_int_equal(sink.write(sink.context, bytes, sizeof bytes), 0);
    assert_int_equal(sink.failure(sink.context), EFBIG);
    assert_in_range(n, 4 << 20, (8 << 20) + sizeof bytes);
    for (int i = 0; i < 32; i++, n += (int64_t)sizeof bytes) /* an index of 2 MiB */
        assert_int_equal(sink.write(sink.context, bytes, sizeof bytes), 0);
    assert_int_equal(sink.seek(sink.context, 8), 8);
    assert_int_equal(sink.write(sink.context, "head", 4), 0);
    assert_int_equal(sink.size(sink.context), n);
    assert_int_equal(hr_video_output_commit(&output), HRNET_OK);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_size, n);
    unlink(path);
}

static void device_in_place(void **state)
{
    hr_video_output output;
    (void)state;
    assert_int_equal(hr_video_output_create(&output, "/dev/full"), HRNET_OK);
    assert_false(output.is_seekable);
    const hr_video_sink sink = hr_video_output_sink(&output);
    assert_int_equal(sink.write(sink.context, "x", 1), ENOSPC);
    assert_int_equal(sink.failure(sink.context), ENOSPC);
    assert_true(sink.seek(sink.context, 0) < 0);
    hr_video_output_abandon(&output);
    hr_video_output_abandon(&output);
    assert_int_equal(hr_video_output_create(&output, "/no/such/folder/clip.mp4"), HRNET_ERR_IO);
}

static void abandoned(void **state)
{
    hr_video_output output;
    (void)state;
    assert_int_equal(hr_video_output_create(&output, path), HRNET_OK);
    const hr_video_sink sink = hr_video_output_sink(&output);
    assert_int_equal(sink.write(sink.context, "x", 1), 0);
    hr_video_output_abandon(&output);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_increase),
        cmocka_unit_test(timestamps_end),
        cmocka_unit_test(wanted_frames),
        cmocka_unit_test(seeking),
        cmocka_unit_test(frames_that_cannot_be),
        cmocka_unit_test(nothing_in_it),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(device_in_place),
        cmocka_unit_test(abandoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
