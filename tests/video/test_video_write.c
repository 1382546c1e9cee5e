/*
 * test_video_write.c - videos written and read back: counts, timestamps, sizes, colours, audio; and what must not harm
 * a file: frames that do not fit, a disk that becomes full, failing allocations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "clips.h"

static const char golden[] = TEST_DATA "/golden/video/";

/* ------------------------------------------------------------------------------------------------ helpers */

static hrnet_video *open_video(const char *path)
{
    hrnet_video *video = NULL;
    if (hrnet_video_open(&video, path, NULL) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return video;
}

static hrnet_frame next(hrnet_video *video)
{
    hrnet_frame frame;
    if (hrnet_video_next(video, &frame) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return frame;
}

static hrnet_video_writer *open_writer(const char *path, const hrnet_video_writer_options *options)
{
    hrnet_video_writer *writer = NULL;
    if (hrnet_video_writer_open(&writer, path, options) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return writer;
}

static void finish(hrnet_video_writer *writer)
{
    if (hrnet_video_writer_finish(writer) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    hrnet_video_writer_free(writer);
}

/* Lines of on_message, one behind the other. */
static char told[1024];
static void listen(void *context, const char *line)
{
    (void)context;
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", line);
}

static int count_frames(const char *path)
{
    int n = 0;
    hrnet_video *video = open_video(path);
    while (next(video).pixels.width > 0) n++;
    hrnet_video_free(video);
    return n;
}

/* ------------------------------------------------------------------------------------------------ formats */

/* Each ending gives back frames, numbers and moments; of an odd size where the encoder takes it. */
static void formats(void **state)
{
    static const struct {
        const char *ending, *codec;
        int width;    /* of a frame of 33 x 17 */
        double slack; /* seconds by which timestamps may be off; -1: the format has none */
    } cases[] = {{"mp4", "libx264", 34, 1e-6}, {"m4v", "libx264", 34, 1e-6}, {"mov", "libx264", 34, 1e-6},
                 {"mkv", "libx264", 34, 5e-4}, {"webm", "libvpx", 33, 5e-4}, {"gif", "gif", 33, 5e-3},
                 {"avi", "mjpeg", 33, 1e-6},   {"mjpeg", "mjpeg", 33, -1},   {"MP4", "libx264", 34, 1e-6}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char path[32];
        snprintf(path, sizeof path, "clip.%s", cases[k].ending);
        const hrnet_video_writer_options how = {.width = 33, .height = 17, .fps = 30, .on_message = listen};
        told[0] = '\0';
        hrnet_video_writer *writer = open_writer(path, &how);
        const hrnet_video_writer_info info = hrnet_video_writer_get_info(writer);
        const int has_x264 = strncmp(cases[k].codec, "libx264", 7) != 0 || strcmp(info.codec, "libx264") == 0;
        assert_true(!has_x264 || strncmp(info.codec, cases[k].codec, strlen(cases[k].codec)) == 0);
        if (has_x264) assert_int_equal(info.width, cases[k].width);
        assert_true((strstr(told, "33 x 17 is written as 34 x 18") != NULL) == (info.width == 34));
        assert_int_not_equal(access(path, F_OK), 0); /* not yet */
        for (int i = 0; i < 20; i++) {
            clip_frame frame = clip_frame_make(33, 17, i);
            assert_int_equal(hrnet_video_writer_write(writer, &frame.pixels, i), HRNET_OK);
            free(frame.bytes);
        }
        assert_int_equal(hrnet_video_writer_get_info(writer).n_frames, 20);
        finish(writer);
        hrnet_video *video = open_video(path);
        for (int i = 0; i < 20; i++) {
            const hrnet_frame frame = next(video);
            assert_int_equal(frame.pixels.width, info.width);
            assert_int_equal(frame.pixels.height, info.height);
            assert_int_equal(clip_number(&frame.pixels), i);
            if (cases[k].slack >= 0) assert_true(fabs(frame.seconds - i / 30.0) <= cases[k].slack);
        }
        assert_int_equal(next(video).pixels.width, 0);
        hrnet_video_free(video);
        unlink(path);
    }
}

static void refused(void **state)
{
    hrnet_video_writer *writer = NULL;
    const hrnet_video_writer_options how = {.width = 64, .height = 48};
    (void)state;
    assert_int_equal(hrnet_video_writer_open(&writer, "clip.xyz", &how), HRNET_ERR_UNSUPPORTED);
    assert_non_null(
        strstr(hrnet_last_error(), "clip.xyz: expected a video's ending, one of mp4, m4v, mov, mkv, webm, gif"));
    assert_int_equal(hrnet_video_writer_open(&writer, "-", &how), HRNET_ERR_UNSUPPORTED);
    assert_int_equal(hrnet_video_writer_open(&writer, "no/such/folder.d/clip.mp4", &how), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "no/such/folder.d/clip.mp4: cannot create"));
    assert_null(writer);
    assert_int_not_equal(access("clip.xyz", F_OK), 0);
    /* an ending of one's own for any name */
    const hrnet_video_writer_options named = {.width = 64, .height = 48, .format = "mkv"};
    writer = open_writer("clip.xyz", &named);
    clip_frame frame = clip_frame_make(64, 48, 7);
    assert_int_equal(hrnet_video_writer_write(writer, &frame.pixels, 0), HRNET_OK);
    assert_int_equal(hrnet_video_writer_finish(writer), HRNET_OK);
    assert_int_equal(hrnet_video_writer_write(writer, &frame.pixels, 1), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_video_writer_finish(writer), HRNET_ERR_ARGUMENT);
    hrnet_video_writer_free(writer);
    free(frame.bytes);
    assert_int_equal(count_frames("clip.xyz"), 1);
}

/* Without an end, or without frames, the old file stays. */
static void left_unfinished(void **state)
{
    const hrnet_video_writer_options how = {.width = 64, .height = 48};
    struct stat before, after;
    (void)state;
    assert_int_equal(clip_write("old.mp4", 64, 48, 3, 25, NULL, 0), HRNET_OK);
    stat("old.mp4", &before);
    for (int n = 0; n < 2; n++) {
        hrnet_video_writer *writer = open_writer("old.mp4", &how);
        clip_frame frame = clip_frame_make(64, 48, 7);
        if (n > 0) assert_int_equal(hrnet_video_writer_write(writer, &frame.pixels, 0), HRNET_OK);
        if (n == 0) assert_int_equal(hrnet_video_writer_finish(writer), HRNET_ERR_ARGUMENT);
        hrnet_video_writer_free(writer);
        free(frame.bytes);
    }
    stat("old.mp4", &after);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(count_frames("old.mp4"), 3);
}

/* ------------------------------------------------------------------------------------------------ frames */

/* Frames of another size are fitted in, centred on black. */
static void other_sizes(void **state)
{
    const hrnet_video_writer_options how = {.width = 64, .height = 48, .quality = 100};
    hrnet_video_writer *writer = open_writer("sizes.mkv", &how);
    static const int sizes[][2] = {{64, 48}, {128, 96}, {24, 48}, {640, 48}, {1, 1}, {5000, 1}};
    (void)state;
    for (int i = 0; i < 6; i++) {
        const size_t n = (size_t)sizes[i][0] * (size_t)sizes[i][1] * 3;
        uint8_t *rgb = malloc(n);
        memset(rgb, 200, n);
        const hrnet_pixels pixels = {.width = sizes[i][0], .height = sizes[i][1], .planes = {rgb, NULL, NULL}};
        assert_int_equal(hrnet_video_writer_write(writer, &pixels, i), HRNET_OK);
        free(rgb);
    }
    assert_int_equal(hrnet_video_writer_get_info(writer).n_scaled, 5);
    finish(writer);
    hrnet_video *video = open_video("sizes.mkv");
    for (int i = 0; i < 6; i++) {
        hrnet_image image = {0};
        const hrnet_frame frame = next(video);
        assert_int_equal(hrnet_image_copy(&image, &frame.pixels), HRNET_OK);
        const uint8_t corner = image.rgb[0], middle = image.rgb[(23 * 64 + 32) * 3];
        assert_in_range(middle, 190, 210);
        if (i < 2 || i == 4) /* the same shape (or as good as); a square leaves the sides */
            assert_true(i == 4 ? corner < 30 : corner > 190);
        else
            assert_true(corner < 30);
        hrnet_image_free(&image);
    }
    hrnet_video_free(video);
}

/* Frames that cannot be are the caller's fault, and the next one is written all the same. */
static void frames_that_cannot_be(void **state)
{
    const hrnet_video_writer_options how = {.width = 64, .height = 48};
    hrnet_video_writer *writer = open_writer("ok.mp4", &how);
    clip_frame frame = clip_frame_make(64, 48, 7);
    hrnet_pixels bad = frame.pixels;
    (void)state;
    bad.planes[1] = NULL;
    assert_int_equal(hrnet_video_writer_write(writer, &bad, 0), HRNET_ERR_ARGUMENT);
    bad = (hrnet_pixels){.width = 1 << 20, .height = 1 << 9, .planes = {frame.bytes, NULL, NULL}};
    assert_int_equal(hrnet_video_writer_write(writer, &bad, 0), HRNET_ERR_LIMIT);
    assert_int_equal(hrnet_video_writer_write(writer, &frame.pixels, INT64_MAX), HRNET_ERR_ARGUMENT);
    for (int i = 0; i < 3; i++) assert_int_equal(hrnet_video_writer_write(writer, &frame.pixels, 5 - i), HRNET_OK);
    assert_int_equal(hrnet_video_writer_get_info(writer).n_moved, 2);
    finish(writer);
    free(frame.bytes);
    hrnet_video *video = open_video("ok.mp4");
    for (int i = 0; i < 3; i++) assert_true(fabs(next(video).seconds - i / 25.0) < 1e-6);
    hrnet_video_free(video);
}

/* Colours survive, whatever format the pixels are in: patches of 16 x 16. H.264 and VP9 at this quality, JPEG and a
 * palette of 256 lose up to 6 of 255; a wrong matrix or range is off by 10 to 60. */
static void colors(void **state)
{
    static const int patches[8][3] = {{255, 0, 0}, {0, 255, 0},    {0, 0, 255},   {255, 255, 255},
                                      {0, 0, 0},   {128, 64, 200}, {20, 180, 90}, {250, 200, 30}};
    static const char *const names[] = {"colors.mp4", "colors.webm", "colors.avi", "colors.gif", "colors709.mp4"};
    uint8_t rgb[16 * 128 * 4];
    char source_path[512];
    (void)state;
    snprintf(source_path, sizeof source_path, "%sbt709.mp4", golden);
    hrnet_video *source = open_video(source_path);
    for (int k = 0; k < 5; k++)
        for (int with_alpha = 0; with_alpha < 2; with_alpha++) {
            const int step = with_alpha ? 4 : 3;
            for (int i = 0; i < 16 * 128; i++)
                for (int c = 0; c < step; c++) /* RGB, or BGRA */
                    rgb[i * step + c] = c == 3 ? 77 : (uint8_t)patches[i % 128 / 16][with_alpha ? 2 - c : c];
            const hrnet_pixels pixels = {.width = 128,
                                         .height = 16,
                                         .format = with_alpha ? HRNET_PIXELS_BGRA : HRNET_PIXELS_RGB,
                                         .planes = {rgb, NULL, NULL}};
            const hrnet_video_writer_options how = {
                .width = 128, .height = 16, .quality = 95, .source = k == 4 ? source : NULL};
            hrnet_video_writer *writer = open_writer(names[k], &how);
            assert_int_equal(hrnet_video_writer_write(writer, &pixels, 0), HRNET_OK);
            finish(writer);
            hrnet_video *video = open_video(names[k]);
            hrnet_image image = {0};
            const hrnet_frame frame = next(video);
            assert_int_equal(hrnet_image_copy(&image, &frame.pixels), HRNET_OK);
            for (int patch = 0; patch < 8; patch++)
                for (int c = 0; c < 3; c++) {
                    const int found = image.rgb[(8 * 128 + patch * 16 + 8) * 3 + c];
                    if (abs(found - patches[patch][c]) > 6)
                        fail_msg("%s: patch %d, colour %d: %d for %d", names[k], patch, c, found, patches[patch][c]);
                }
            hrnet_image_free(&image);
            hrnet_video_free(video);
        }
    hrnet_video_free(source);
}

/* ------------------------------------------------------------------------------------------------ sources */

/* Copy a video; returns the writer's facts. to_end 0: the source is left after n frames. */
static hrnet_video_writer_info copy(const char *from, const char *to, const hrnet_video_options *in, int n)
{
    hrnet_video *video = NULL;
    hrnet_frame frame;
    if (hrnet_video_open(&video, from, in) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    const hrnet_video_writer_options out = {.source = video, .on_message = listen};
    told[0] = '\0';
    hrnet_video_writer *writer = open_writer(to, &out);
    for (int i = 0; i < n && (frame = next(video)).pixels.width > 0; i++)
        assert_int_equal(hrnet_video_writer_write(writer, &frame.pixels, frame.pts), HRNET_OK);
    hrnet_video_free(video); /* a writer outlives its source */
    assert_int_equal(hrnet_video_writer_finish(writer), HRNET_OK);
    const hrnet_video_writer_info info = hrnet_video_writer_get_info(writer);
    hrnet_video_writer_free(writer);
    return info;
}

/* Timestamps and audio of the source; a part of it begins at 0. */
static void copies(void **state)
{
    const hrnet_video_options all = {.keep_audio = 1}, part = {.keep_audio = 1, .from = 0.3, .to = 0.7}, mute = {0};
    char path[512];
    (void)state;
    snprintf(path, sizeof path, "%ssound.mp4", golden);
    hrnet_video_writer_info info = copy(path, "copy.mp4", &all, 1000);
    assert_int_equal(info.n_audio, 1);
    assert_int_equal(info.n_audio_lost, 0);
    assert_int_equal(info.n_moved, 0);
    assert_string_equal(told, "");
    hrnet_video *from = open_video(path), *to = open_video("copy.mp4");
    assert_int_equal(hrnet_video_get_info(to).has_audio, 1);
    for (int i = 0; i <= 16; i++) {
        const hrnet_frame a = next(from), b = next(to);
        assert_int_equal(a.pixels.width > 0, b.pixels.width > 0);
        assert_true(fabs(a.seconds - b.seconds) < 1e-9);
    }
    assert_int_equal(hrnet_video_get_info(from).start, hrnet_video_get_info(to).start);
    hrnet_video_free(from);
    hrnet_video_free(to);

    info = copy(path, "part.mkv", &part, 1000);
    assert_int_equal(info.n_frames, 7); /* 8, 10, 11, 13, 14, 16, 17 of 25 a second */
    to = open_video("part.mkv");
    assert_int_equal(next(to).pts, 20); /* milliseconds: 0.32 - 0.3 */
    assert_true(hrnet_video_get_info(to).duration < 0.45);
    hrnet_video_free(to);

    info = copy(path, "copy.webm", &all, 1000);
    assert_int_equal(info.n_audio, 0);
    assert_int_equal(info.n_audio_left_out, 1);
    assert_string_equal(told, ".webm files take no audio in aac: it is left out\n");
    assert_int_equal(copy(path, "mute.mp4", &mute, 1000).n_audio, 0);
    to = open_video("mute.mp4");
    assert_int_equal(hrnet_video_get_info(to).has_audio, 0);
    hrnet_video_free(to);
}

/* A frame on its way from the thread that reads to the one that writes. */
typedef struct mailbox {
    hrnet_video *video;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    hrnet_frame frame;
    int is_full;
    hrnet_status status;
} mailbox;

static void *read_frames(void *context)
{
    mailbox *box = context;
    hrnet_frame frame = {.pixels.width = 1};
    while (frame.pixels.width > 0) {
        const hrnet_status status = hrnet_video_next(box->video, &frame);
        pthread_mutex_lock(&box->lock);
        while (box->is_full) pthread_cond_wait(&box->changed, &box->lock);
        if (status != HRNET_OK) frame.pixels.width = 0;
        box->frame = frame;
        box->status = status;
        box->is_full = 1;
        pthread_cond_signal(&box->changed);
        pthread_mutex_unlock(&box->lock);
    }
    return NULL;
}

static hrnet_frame take_frame(mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    while (!box->is_full) pthread_cond_wait(&box->changed, &box->lock);
    const hrnet_frame frame = box->frame;
    box->is_full = 0;
    pthread_cond_signal(&box->changed);
    pthread_mutex_unlock(&box->lock);
    return frame;
}

/* Reading on one thread and writing on another, up to two frames apart: the same file, audio too. */
static void two_threads(void **state)
{
    const hrnet_video_options in = {.keep_audio = 1, .n_valid = 3};
    const char *const path = "lavfi:testsrc=size=96x64:rate=25:duration=4[out0];sine=duration=4[out1]";
    mailbox box = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    pthread_t reader;
    hrnet_frame frame;
    (void)state;
    assert_int_equal(hrnet_video_open(&box.video, path, &in), HRNET_OK);
    const hrnet_video_writer_options out = {.source = box.video};
    hrnet_video_writer *writer = open_writer("threads.mkv", &out);
    assert_int_equal(pthread_create(&reader, NULL, read_frames, &box), 0);
    while ((frame = take_frame(&box)).pixels.width > 0)
        assert_int_equal(hrnet_video_writer_write(writer, &frame.pixels, frame.pts), HRNET_OK);
    pthread_join(reader, NULL);
    assert_int_equal(box.status, HRNET_OK);
    assert_int_equal(hrnet_video_writer_get_info(writer).n_audio_lost, 0);
    assert_int_equal(hrnet_video_get_info(box.video).n_audio_lost, 0);
    finish(writer);
    hrnet_video_free(box.video);
    hrnet_video *video = open_video("threads.mkv");
    assert_int_equal(hrnet_video_get_info(video).has_audio, 1);
    assert_true(hrnet_video_get_info(video).duration > 3.95);
    hrnet_video_free(video);
    assert_int_equal(count_frames("threads.mkv"), 100);
}

/* A source that starts late, in units of its own, and with sound in samples: filters give PCM, which Matroska takes. */
static void other_sources(void **state)
{
    const hrnet_video_options all = {.keep_audio = 1};
    (void)state;
    const hrnet_video_writer_info info =
        copy("lavfi:testsrc=size=64x48:rate=25:duration=2,setpts=PTS+3/TB[out0];sine=duration=6[out1]", "late.mkv",
             &all, 1000);
    assert_int_equal(info.n_audio, 1);
    assert_int_equal(info.n_frames, 50);
    hrnet_video *video = open_video("late.mkv");
    assert_true(fabs(next(video).seconds - 3) < 1e-3);
    assert_true(hrnet_video_get_info(video).duration > 5.9);
    hrnet_video_free(video);
}

/* To a pipe: MP4 in fragments, which nobody has to go back in. */
static void standard_output(void **state)
{
    const int before = dup(STDOUT_FILENO);
    (void)state;
    fflush(stdout);
    assert_int_equal(mkfifo("out", 0600), 0);
    const int reader = open("out", O_RDONLY | O_NONBLOCK), fd = open("out", O_WRONLY);
    assert_true(reader >= 0 && fd >= 0);
    dup2(fd, STDOUT_FILENO);
    close(fd);
    const hrnet_video_writer_options how = {.width = 64, .height = 48, .format = "mp4"};
    hrnet_video_writer *writer = NULL;
    hrnet_status status = hrnet_video_writer_open(&writer, "-", &how);
    for (int i = 0; i < 10 && status == HRNET_OK; i++) {
        clip_frame frame = clip_frame_make(64, 48, i);
        status = hrnet_video_writer_write(writer, &frame.pixels, i);
        free(frame.bytes);
    }
    if (status == HRNET_OK) status = hrnet_video_writer_finish(writer);
    dup2(before, STDOUT_FILENO);
    close(before);
    assert_int_equal(status, HRNET_OK);
    hrnet_video_writer_free(writer);
    static char bytes[1 << 16];
    const ssize_t n = read(reader, bytes, sizeof bytes);
    close(reader);
    assert_in_range(n, 500, sizeof bytes - 1);
    FILE *file = fopen("piped.mp4", "wb");
    fwrite(bytes, 1, (size_t)n, file);
    fclose(file);
    assert_int_equal(count_frames("piped.mp4"), 10);
}

/* ------------------------------------------------------------------------------------------------ faults */

/* Noise, which no encoder makes small. */
static hrnet_status write_noise(hrnet_video_writer *writer, int i)
{
    static uint8_t rgb[320 * 240 * 3];
    static uint32_t random = 1;
    const hrnet_pixels pixels = {.width = 320, .height = 240, .planes = {rgb, NULL, NULL}};
    for (size_t k = 0; k < sizeof rgb; k++) {
        random = random * 1664525 + 1013904223;
        rgb[k] = (uint8_t)(random >> 24);
    }
    return hrnet_video_writer_write(writer, &pixels, i);
}

/* A disk that becomes full, played by a limit of 10 MiB: the message names it, and what was written plays. */
static void full_disk(void **state)
{
    static const char *const names[] = {"full.mp4", "full.mkv", "full.avi"};
    const struct rlimit little = {10 << 20, RLIM_INFINITY};
    struct rlimit before;
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    for (int k = 0; k < 3; k++) {
        const hrnet_video_writer_options how = {.width = 320, .height = 240, .quality = 100};
        hrnet_status status = HRNET_OK;
        int n = 0;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
        hrnet_video_writer *writer = open_writer(names[k], &how);
        for (; n < 400 && status == HRNET_OK; n++) status = write_noise(writer, n);
        assert_int_equal(status, HRNET_ERR_IO);
        assert_non_null(strstr(hrnet_last_error(), "File too large"));
        assert_int_equal(write_noise(writer, n), HRNET_ERR_IO); /* once more the same */
        assert_int_equal(hrnet_video_writer_finish(writer), HRNET_ERR_IO);
        assert_non_null(strstr(hrnet_last_error(), names[k]));
        assert_non_null(strstr(hrnet_last_error(), "File too large; what was written until then is kept, and plays"));
        hrnet_video_writer_free(writer);
        setrlimit(RLIMIT_FSIZE, &before);
        hrnet_video *video = open_video(names[k]);
        int n_found = 0;
        while (next(video).pixels.width > 0) n_found++;
        assert_int_equal(hrnet_video_get_info(video).n_corrupt, 0);
        assert_in_range(n_found, n / 4, n);
        hrnet_video_free(video);
    }
}

static void full_device(void **state)
{
    const hrnet_video_writer_options how = {.width = 320, .height = 240, .quality = 100, .format = "avi"};
    hrnet_video_writer *writer = NULL;
    (void)state;
    hrnet_status status = hrnet_video_writer_open(&writer, "/dev/full", &how);
    for (int i = 0; i < 50 && status == HRNET_OK; i++) status = write_noise(writer, i);
    assert_int_equal(status, HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "/dev/full"));
    assert_non_null(strstr(hrnet_last_error(), "No space left on device"));
    if (writer != NULL) assert_int_equal(hrnet_video_writer_finish(writer), HRNET_ERR_IO);
    hrnet_video_writer_free(writer);
}

/* Any allocation of the library's may fail: the status says so, and no file appears or one that plays. */
static void faults(void **state)
{
    char path[512];
    int n_failed = 0;
    (void)state;
    snprintf(path, sizeof path, "%ssound.mp4", golden);
    const hrnet_video_options in = {.keep_audio = 1};
    clip_frame pixels = clip_frame_make(64, 48, 3);
    for (long k = 0; k < 200; k++) {
        hrnet_video *video = NULL;
        hrnet_video_writer *writer = NULL;
        assert_int_equal(hrnet_video_open(&video, path, &in), HRNET_OK);
        const hrnet_video_writer_options how = {.source = video};
        const size_t held = hr_mem_held();
        unlink("fault.mp4");
        hr_mem_fail_after(k);
        hrnet_status status = hrnet_video_writer_open(&writer, "fault.mp4", &how);
        for (int i = 0; i < 5 && status == HRNET_OK; i++)
            status = hrnet_video_writer_write(writer, &pixels.pixels, i * 512);
        if (writer != NULL && hrnet_video_writer_finish(writer) != HRNET_OK) assert_int_not_equal(status, HRNET_OK);
        hr_mem_fail_after(-1);
        hrnet_video_writer_free(writer);
        assert_int_equal(hr_mem_held(), held);
        hrnet_video_free(video);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
        n_failed++;
    }
    free(pixels.bytes);
    assert_in_range(n_failed, 3, 190);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(refused),
        cmocka_unit_test(left_unfinished),
        cmocka_unit_test(other_sizes),
        cmocka_unit_test(frames_that_cannot_be),
        cmocka_unit_test(colors),
        cmocka_unit_test(copies),
        cmocka_unit_test(two_threads),
        cmocka_unit_test(other_sources),
        cmocka_unit_test(standard_output),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(full_device),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}
