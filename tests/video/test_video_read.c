/*
 * test_video_read.c - reading through FFmpeg's libraries: counts, timestamps and colours of files whose content is
 * known, by way of a file, a pipe, standard input, a connection; what is broken, cut, stalled or no video at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "clips.h"

static const char golden[] = TEST_DATA "/golden/video/";

/* ------------------------------------------------------------------------------------------------ helpers */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static hr_bytes load(const char *path)
{
    hr_bytes bytes = {0};
    assert_int_equal(hr_file_read(&bytes, path, 1 << 26), HRNET_OK);
    return bytes;
}

static void save(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static hrnet_video *open_with(const char *path, const hrnet_video_options *options)
{
    hrnet_video *video = NULL;
    if (hrnet_video_open(&video, path, options) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return video;
}

static hrnet_frame next(hrnet_video *video)
{
    hrnet_frame frame;
    if (hrnet_video_next(video, &frame) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return frame;
}

/* Frames that are left; each must tell the number `first`, first + 1, ... unless first is below 0. */
static int count(hrnet_video *video, int first)
{
    int n = 0;
    for (;; n++) {
        const hrnet_frame frame = next(video);
        if (frame.pixels.width == 0) return n;
        if (first >= 0) assert_int_equal(clip_number(&frame.pixels), (first + n) % 40);
    }
}

/* Opening fails in this way, with a message that has all these words. */
static void refuse(const char *path, const hrnet_video_options *options, hrnet_status status, const char *words)
{
    hrnet_video *video = NULL;
    assert_int_equal(hrnet_video_open(&video, path, options), status);
    assert_null(video);
    if (strstr(hrnet_last_error(), words) == NULL) fail_msg("expected '%s' in: %s", words, hrnet_last_error());
}

/* ------------------------------------------------------------------------------------------------ the module */

/* Must run first: a module that is loaded stays so. */
static void without_the_module(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        hrnet_video *video = NULL;
        hrnet_video_writer *writer = NULL;
        const hrnet_video_writer_options how = {.width = 64, .height = 48};
        setenv("HRNET_LIBAV", "/no/such/libhrnet_libav.so", 1);
        if (hrnet_video_open(&video, "clip.mp4", NULL) != HRNET_ERR_UNSUPPORTED) _exit(1);
        if (strstr(hrnet_last_error(), "clip.mp4: a video, which this hrnet cannot read or write without FFmpeg's") ==
            NULL)
            _exit(2);
        if (strstr(hrnet_last_error(), "install libavcodec-dev") == NULL) _exit(3);
        if (hrnet_video_writer_open(&writer, "clip.mp4", &how) != HRNET_ERR_UNSUPPORTED) _exit(4);
        _exit(access("clip.mp4", F_OK) == 0 ? 5 : 0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ------------------------------------------------------------------------------------------------ files */

static void constant_rate(void **state)
{
    (void)state;
    assert_int_equal(clip_write("a.mp4", 96, 64, 60, 25, NULL, 0), HRNET_OK);
    hrnet_video *video = open_with("a.mp4", NULL);
    const hrnet_video_info info = hrnet_video_get_info(video);
    assert_int_equal(info.width, 96);
    assert_int_equal(info.height, 64);
    assert_true(fabs(info.fps - 25) < 1e-9);
    assert_true(fabs(info.duration - 2.4) < 1e-6);
    assert_int_equal(info.n_frames, 60);
    assert_int_equal(info.rotation, 0);
    assert_int_equal(info.is_live, 0);
    assert_int_equal(info.has_audio, 0);
    assert_true(info.pixel_aspect == 1);
    assert_non_null(strstr(info.format, "mp4"));
    for (int i = 0; i < 60; i++) {
        const hrnet_frame frame = next(video);
        assert_int_equal(frame.index, i);
        assert_int_equal(frame.pixels.format, HRNET_PIXELS_I420);
        assert_true(fabs(frame.seconds - i / 25.0) < 1e-6);
        assert_true(fabs(frame.duration - 0.04) < 1e-6);
        assert_int_equal(clip_number(&frame.pixels), i % 40);
    }
    assert_int_equal(count(video, -1), 0);
    assert_int_equal(hrnet_video_get_info(video).n_read, 60);
    assert_int_equal(hrnet_video_get_info(video).n_corrupt, 0);
    hrnet_video_free(video);
}

static void variable_rate(void **state)
{
    static const int64_t times[] = {0, 40, 41, 200, 1000, 1033, 1066, 5000};
    static const char *const names[] = {"vfr.mp4", "vfr.mkv", "vfr.webm"};
    (void)state;
    for (int k = 0; k < 3; k++) {
        assert_int_equal(clip_write(names[k], 64, 48, 8, 25, times, 1000), HRNET_OK);
        hrnet_video *video = open_with(names[k], NULL);
        const hrnet_video_info info = hrnet_video_get_info(video);
        for (int i = 0; i < 8; i++) {
            const hrnet_frame frame = next(video);
            assert_true(fabs(frame.seconds - (double)times[i] / 1000) < 1e-9);
            assert_true(fabs((double)frame.pts * info.time_base_num / info.time_base_den - (double)times[i] / 1000) <
                        1e-9);
            assert_int_equal(clip_number(&frame.pixels), i);
        }
        assert_int_equal(count(video, -1), 0);
        hrnet_video_free(video);
    }
}

/* golden/video/sound.mp4 is by FFmpeg's program: every third of 25 frames is missing; B-frames; sound. */
static void foreign_file(void **state)
{
    static const int shown[] = {1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23};
    char path[512];
    (void)state;
    snprintf(path, sizeof path, "%ssound.mp4", golden);
    hrnet_video *video = open_with(path, NULL);
    assert_int_equal(hrnet_video_get_info(video).has_audio, 1);
    assert_string_equal(hrnet_video_get_info(video).codec, "h264");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const hrnet_frame frame = next(video);
        assert_int_equal(frame.pts, 512 * shown[i]);
        assert_true(fabs(frame.seconds - shown[i] / 25.0) < 1e-9);
    }
    assert_int_equal(count(video, -1), 0);
    hrnet_video_free(video);
}

static void parts(void **state)
{
    static const struct {
        double from, to;
        int every, first, n, step;
    } cases[] = {{0, 0, 1, 0, 60, 1}, {1, 0, 1, 25, 35, 1}, {0, 1, 1, 0, 25, 1}, {0.5, 1.5, 1, 13, 25, 1},
                 {0, 0, 7, 0, 9, 7},  {1, 2, 5, 25, 5, 5},  {9, 0, 1, 0, 0, 1},  {2.36, 0, 1, 59, 1, 1}};
    (void)state;
    assert_int_equal(clip_write("b.mkv", 96, 64, 60, 25, NULL, 0), HRNET_OK);
    assert_int_equal(clip_write("b.avi", 96, 64, 60, 25, NULL, 0), HRNET_OK);
    assert_int_equal(clip_write("b.mjpeg", 96, 64, 60, 25, NULL, 0), HRNET_OK);
    for (int file = 0; file < 3; file++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const hrnet_video_options how = {.from = cases[i].from, .to = cases[i].to, .every = cases[i].every};
            hrnet_video *video = open_with(file == 0 ? "b.mkv" : file == 1 ? "b.avi" : "b.mjpeg", &how);
            for (int k = 0; k < cases[i].n; k++) {
                const hrnet_frame frame = next(video);
                assert_int_equal(frame.index, k * cases[i].step);
                assert_int_equal(clip_number(&frame.pixels), (cases[i].first + k * cases[i].step) % 40);
            }
            assert_int_equal(count(video, -1), 0);
            hrnet_video_free(video);
        }
}

static void one_frame(void **state)
{
    (void)state;
    assert_int_equal(clip_write("one.mp4", 64, 48, 1, 25, NULL, 0), HRNET_OK);
    hrnet_video *video = open_with("one.mp4", NULL);
    assert_int_equal(count(video, 0), 1);
    assert_int_equal(count(video, 0), 0);
    hrnet_video_free(video);
    char path[512];
    snprintf(path, sizeof path, "%s/golden/images/baseline.jpg", TEST_DATA); /* a picture is a video of one frame */
    video = open_with(path, NULL);
    assert_int_equal(count(video, -1), 1);
    hrnet_video_free(video);
}

/* Frames keep their own size when it changes in the middle. */
static void sizes_that_change(void **state)
{
    (void)state;
    assert_int_equal(clip_write("c.mjpeg", 64, 48, 3, 25, NULL, 0), HRNET_OK);
    assert_int_equal(clip_write("d.mjpeg", 32, 80, 2, 25, NULL, 0), HRNET_OK);
    hr_bytes c = load("c.mjpeg"), d = load("d.mjpeg");
    FILE *file = fopen("e.mjpeg", "wb");
    fwrite(c.data, 1, c.size, file);
    fwrite(d.data, 1, d.size, file);
    fwrite(c.data, 1, c.size, file);
    fclose(file);
    hrnet_video *video = open_with("e.mjpeg", NULL);
    for (int i = 0; i < 8; i++) {
        const hrnet_frame frame = next(video);
        const int is_other = i == 3 || i == 4;
        assert_int_equal(frame.pixels.width, is_other ? 32 : 64);
        assert_int_equal(frame.pixels.height, is_other ? 80 : 48);
        assert_int_equal(clip_number(&frame.pixels), i < 3 ? i : i < 5 ? i - 3 : i - 5);
    }
    assert_int_equal(count(video, -1), 0);
    hrnet_video_free(video);
    hr_free(c.data);
    hr_free(d.data);
}

/* Frames stay valid as long as was asked for, whether they are the decoder's memory or converted. */
static void several_valid_frames(void **state)
{
    static const char *const names[] = {"f.mp4", "f.mjpeg"};
    const hrnet_video_options how = {.n_valid = 5};
    (void)state;
    for (int k = 0; k < 2; k++) {
        hrnet_pixels kept[20];
        assert_int_equal(clip_write(names[k], 64, 48, 20, 25, NULL, 0), HRNET_OK);
        hrnet_video *video = open_with(names[k], &how);
        for (int i = 0; i < 20; i++) {
            kept[i] = next(video).pixels;
            for (int old = i < 4 ? 0 : i - 4; old <= i; old++) assert_int_equal(clip_number(&kept[old]), old);
        }
        hrnet_video_free(video);
    }
}

/* The same bytes for any number of the decoder's threads. */
static void threads(void **state)
{
    hrnet_video *videos[3];
    (void)state;
    assert_int_equal(clip_write("g.mp4", 160, 96, 30, 25, NULL, 0), HRNET_OK);
    for (int i = 0; i < 3; i++) {
        const hrnet_video_options how = {.threads = i == 0 ? 1 : i == 1 ? 4 : 0, .is_live = i == 2};
        videos[i] = open_with("g.mp4", &how);
    }
    for (int n = 0; n < 30; n++) {
        hrnet_image images[3] = {0};
        for (int i = 0; i < 3; i++) {
            const hrnet_frame frame = next(videos[i]);
            assert_int_equal(hrnet_image_copy(&images[i], &frame.pixels), HRNET_OK);
            assert_memory_equal(images[0].rgb, images[i].rgb, 160 * 96 * 3);
        }
        for (int i = 0; i < 3; i++) hrnet_image_free(&images[i]);
    }
    for (int i = 0; i < 3; i++) hrnet_video_free(videos[i]);
}

/* ------------------------------------------------------------------------------------------------ colours and turns */

/* Patches of 16 x 16 pixels: golden/video/make.sh. An 8-bit step of Y, U and V is up to 1.2 and 2.1 of R, G and B, and
 * half of each may be lost twice: 3; a wrong matrix or range is off by 10 to 60. */
static void colors(void **state)
{
    static const int patches[8][3] = {{255, 0, 0}, {0, 255, 0},    {0, 0, 255},   {255, 255, 255},
                                      {0, 0, 0},   {128, 64, 200}, {20, 180, 90}, {250, 200, 30}};
    static const struct {
        const char *name;
        hrnet_pixel_format format;
    } files[] = {{"bt601.mp4", HRNET_PIXELS_I420},
                 {"bt709.mp4", HRNET_PIXELS_RGB},
                 {"full_range.mp4", HRNET_PIXELS_RGB},
                 {"ten_bits.mp4", HRNET_PIXELS_RGB},
                 {"full_chroma.mp4", HRNET_PIXELS_RGB}};
    (void)state;
    for (int k = 0; k < 5; k++) {
        char path[512];
        hrnet_image image = {0};
        snprintf(path, sizeof path, "%s%s", golden, files[k].name);
        hrnet_video *video = open_with(path, NULL);
        const hrnet_frame frame = next(video);
        assert_int_equal(frame.pixels.format, files[k].format);
        assert_int_equal(hrnet_image_copy(&image, &frame.pixels), HRNET_OK);
        for (int patch = 0; patch < 8; patch++)
            for (int c = 0; c < 3; c++) {
                const int found = image.rgb[(8 * 128 + patch * 16 + 8) * 3 + c];
                if (abs(found - patches[patch][c]) > 3)
                    fail_msg("%s: patch %d, colour %d: %d for %d", files[k].name, patch, c, found, patches[patch][c]);
            }
        hrnet_image_free(&image);
        hrnet_video_free(video);
    }
}

/* Write the matrix of how the picture is to be turned into the track's header of an MP4 file. */
static void set_matrix(const char *path, const int matrix[4])
{
    hr_bytes file = load(path);
    static const int at[4] = {0, 1, 3, 4};
    uint8_t *header = NULL;
    for (size_t i = 0; i + 92 < file.size && header == NULL; i++)
        if (memcmp(file.data + i, "tkhd", 4) == 0) header = file.data + i;
    assert_non_null(header);
    assert_int_equal(header[4], 0); /* the version with times of 32 bits */
    for (int i = 0; i < 4; i++) {
        uint8_t *entry = header + 44 + 4 * at[i];
        const uint32_t fixed = (uint32_t)(matrix[i] * 65536);
        for (int k = 0; k < 4; k++) entry[k] = (uint8_t)(fixed >> (24 - 8 * k));
    }
    save(path, file.data, file.size);
    hr_free(file.data);
}

/* A picture whose corners differ, of even and of odd size (MPEG-4 in its MP4 would lose nothing else). */
static hrnet_image first_image(const char *path, hrnet_video_info *info)
{
    hrnet_image image = {0};
    hrnet_video *video = open_with(path, NULL);
    const hrnet_frame frame = next(video);
    *info = hrnet_video_get_info(video);
    assert_int_equal(hrnet_image_copy(&image, &frame.pixels), HRNET_OK);
    hrnet_video_free(video);
    return image;
}

/* Each of the eight ways: pixel (x, y) of the file must come out at (a x + c y, b x + d y), moved to 0 and above. */
static void turned(void **state)
{
    static const struct {
        int matrix[4]; /* a, b, c, d */
        int degrees, is_mirrored;
    } ways[] = {{{1, 0, 0, 1}, 0, 0},  {{0, 1, -1, 0}, 90, 0}, {{-1, 0, 0, -1}, 180, 0}, {{0, -1, 1, 0}, 270, 0},
                {{-1, 0, 0, 1}, 0, 1}, {{0, 1, 1, 0}, 90, 1},  {{1, 0, 0, -1}, 180, 1},  {{0, -1, -1, 0}, 270, 1}};
    uint8_t rgb[24 * 16 * 3];
    hrnet_video_writer *writer = NULL;
    hrnet_video_info info;
    const hrnet_video_writer_options how = {.width = 24, .height = 16, .quality = 100};
    const hrnet_pixels pixels = {.width = 24, .height = 16, .format = HRNET_PIXELS_RGB, .planes = {rgb, NULL, NULL}};
    (void)state;
    for (int i = 0; i < 24 * 16 * 3; i++) rgb[i] = (uint8_t)(i / 72 * 9 + i % 72 / 3 * 4);
    assert_int_equal(hrnet_video_writer_open(&writer, "turn.mp4", &how), HRNET_OK);
    assert_int_equal(hrnet_video_writer_write(writer, &pixels, 0), HRNET_OK);
    assert_int_equal(hrnet_video_writer_finish(writer), HRNET_OK);
    hrnet_video_writer_free(writer);
    hrnet_image plain = first_image("turn.mp4", &info);
    for (int k = 0; k < 8; k++) {
        const int *m = ways[k].matrix;
        set_matrix("turn.mp4", m);
        hrnet_image found = first_image("turn.mp4", &info);
        assert_int_equal(info.rotation, ways[k].degrees);
        assert_int_equal(info.is_mirrored, ways[k].is_mirrored);
        assert_int_equal(found.width, m[0] != 0 ? 24 : 16);
        assert_int_equal(found.height, m[0] != 0 ? 16 : 24);
        assert_int_equal(info.width, found.width);
        assert_int_equal(info.height, found.height);
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 24; x++) {
                const int to_x = m[0] * x + m[2] * y + (m[0] + m[2] < 0 ? found.width - 1 : 0);
                const int to_y = m[1] * x + m[3] * y + (m[1] + m[3] < 0 ? found.height - 1 : 0);
                assert_memory_equal(plain.rgb + (y * 24 + x) * 3, found.rgb + (to_y * found.width + to_x) * 3, 3);
            }
        hrnet_image_free(&found);
    }
    hrnet_image_free(&plain);
}

/* ------------------------------------------------------------------------------------------------ filters, pictures,
 * raw */

static void filters(void **state)
{
    (void)state;
    hrnet_video *video = open_with("lavfi:testsrc=size=320x240:rate=30:duration=2", NULL);
    assert_int_equal(hrnet_video_get_info(video).width, 320);
    assert_int_equal(count(video, -1), 60);
    hrnet_video_free(video);
    refuse("lavfi:nosuchfilter", NULL, HRNET_ERR_FORMAT, "nosuchfilter");
}

static void pictures(void **state)
{
    (void)state;
    mkdir("frames", 0777);
    for (int i = 0; i < 5; i++) {
        char path[64];
        hrnet_image image = {0};
        clip_frame frame = clip_frame_make(32, 32, i);
        snprintf(path, sizeof path, "frames/%04d.png", i + 1);
        assert_int_equal(hrnet_image_copy(&image, &frame.pixels), HRNET_OK);
        assert_int_equal(hrnet_image_save(&image, path), HRNET_OK);
        hrnet_image_free(&image);
        free(frame.bytes);
    }
    const hrnet_video_options how = {.camera_fps = 10};
    hrnet_video *video = open_with("frames/%04d.png", &how);
    assert_true(hrnet_video_get_info(video).fps == 10);
    assert_int_equal(count(video, 0), 5);
    hrnet_video_free(video);
    refuse("frames/%04d.jpg", NULL, HRNET_ERR_IO, "frames/%04d.jpg: ");
    /* a folder, whose name is no pattern */
    assert_int_equal(rename("frames", "f[r]*{a,b}\\~?"), 0);
    video = open_with("f[r]*{a,b}\\~?", &how);
    assert_int_equal(hrnet_video_get_info(video).n_frames, 5);
    assert_int_equal(count(video, 0), 5);
    hrnet_video_free(video);
}

/* Raw frames come back byte for byte, in every format; a last frame that is cut is counted and left out. */
static void raw_frames(void **state)
{
    static const size_t bytes[] = {3, 3, 4, 4, 1};
    uint8_t *frames = malloc(33 * 17 * 4 * 3);
    (void)state;
    for (int i = 0; i < 33 * 17 * 4 * 3; i++) frames[i] = (uint8_t)(i * 31 + i / 257);
    for (int format = HRNET_PIXELS_RGB; format <= HRNET_PIXELS_I420; format++) {
        const int is_yuv = format >= HRNET_PIXELS_NV12;
        const size_t n = is_yuv ? 33 * 17 + 2 * 17 * 9 : 33 * 17 * bytes[format];
        const hrnet_video_options how = {.raw = {33, 17, 50, (hrnet_pixel_format)format}};
        save("raw", frames, 3 * n - 7);
        hrnet_video *video = open_with("raw", &how);
        assert_true(hrnet_video_get_info(video).fps == 50);
        for (int i = 0; i < 2; i++) {
            const hrnet_frame frame = next(video);
            hrnet_image found = {0}, wanted = {0};
            hrnet_pixels view = {.width = 33, .height = 17, .format = (hrnet_pixel_format)format};
            view.planes[0] = frames + (size_t)i * n;
            view.planes[1] = view.planes[0] + 33 * 17;
            view.planes[2] = view.planes[1] + 17 * 9;
            assert_int_equal(frame.pixels.format, format);
            assert_true(fabs(frame.seconds - i / 50.0) < 1e-9);
            assert_int_equal(hrnet_image_copy(&found, &frame.pixels), HRNET_OK);
            assert_int_equal(hrnet_image_copy(&wanted, &view), HRNET_OK);
            assert_memory_equal(found.rgb, wanted.rgb, 33 * 17 * 3);
            hrnet_image_free(&found);
            hrnet_image_free(&wanted);
        }
        assert_int_equal(count(video, -1), 0);
        assert_true(hrnet_video_get_info(video).n_corrupt > 0);
        hrnet_video_free(video);
    }
    free(frames);
}

/* ------------------------------------------------------------------------------------------------ broken files */

static void no_videos(void **state)
{
    char path[512];
    static const char text[] = "This is text, many lines of it.\nNothing moves here.\n";
    /* a WAV file of 8 bits, 8000 a second */
    uint8_t sound[44 + 800] =
        "RIFF\x44\x03\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\x20\x03\0\0";
    (void)state;
    save("empty.mp4", "", 0);
    refuse("empty.mp4", NULL, HRNET_ERR_FORMAT, "empty.mp4: expected a video, found an empty file");
    save("text.mp4", text, strlen(text));
    refuse("text.mp4", NULL, HRNET_ERR_FORMAT, "text.mp4: expected a video");
    save("text.txt", text, strlen(text));
    refuse("text.txt", NULL, HRNET_ERR_FORMAT, "text.txt: expected a video");
    save("text.ans", text, strlen(text));
    refuse("text.ans", NULL, HRNET_ERR_FORMAT, "text.ans: expected a video");
    save("sound.wav", sound, sizeof sound);
    refuse("sound.wav", NULL, HRNET_ERR_FORMAT, "sound.wav: expected a video, found sound alone: pcm_u8");
    refuse("none.mp4", NULL, HRNET_ERR_IO, "none.mp4: cannot open: No such file or directory");
    refuse("/proc/self/fdinfo", NULL, HRNET_ERR_FORMAT, "expected a folder of pictures, found none in it");
    snprintf(path, sizeof path, "%s", "nosuch://host/clip.mp4");
    refuse(path, NULL, HRNET_ERR_UNSUPPORTED, "nosuch://host/clip.mp4: cannot open: Protocol not found");
    /* a playlist that names a file behind an address, and one that names an address behind a file */
    save("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", 83);
    refuse("list.m3u8", NULL, HRNET_ERR_FORMAT, "list.m3u8: ");
}

/* Every length of a cut MKV and AVI gives the frames that are in it, or a message; nothing worse. */
static void cut_files(void **state)
{
    static const char *const names[] = {"cut.mkv", "cut.avi", "cut.mp4", "cut.mjpeg"};
    (void)state;
    for (int k = 0; k < 4; k++) {
        int n_read = 0, n_refused = 0, most = 0;
        assert_int_equal(clip_write(names[k], 64, 48, 200, 25, NULL, 0), HRNET_OK);
        hr_bytes whole = load(names[k]);
        for (int part = 1; part < 12; part++) {
            hrnet_video *video = NULL;
            save(names[k], whole.data, whole.size * (size_t)part / 12);
            if (hrnet_video_open(&video, names[k], NULL) != HRNET_OK) {
                assert_non_null(strstr(hrnet_last_error(), names[k]));
                n_refused++;
                continue;
            }
            hrnet_frame frame;
            hrnet_status status;
            int n = 0;
            while ((status = hrnet_video_next(video, &frame)) == HRNET_OK && frame.pixels.width > 0) n++;
            if (status != HRNET_OK) assert_true(status == HRNET_ERR_FORMAT || status == HRNET_ERR_IO);
            if (n > most) most = n;
            assert_true(n < 200);
            n_read++;
            hrnet_video_free(video);
        }
        if (k == 2)
            assert_int_equal(n_refused, 11); /* the index of an MP4 stands at its end */
        else
            assert_true(n_read >= 8 && most >= 120);
        hr_free(whole.data);
    }
}

/* Noise in the middle: counted, survived, and the frames before and behind it are there. */
static void corrupt_packets(void **state)
{
    (void)state;
    assert_int_equal(clip_write("noise.avi", 64, 48, 200, 25, NULL, 0), HRNET_OK);
    hr_bytes file = load("noise.avi");
    uint32_t random = 1;
    for (size_t i = file.size / 2; i < file.size / 2 + 5000; i++) {
        random = random * 1664525 + 1013904223;
        file.data[i] = (uint8_t)(random >> 24);
    }
    save("noise.avi", file.data, file.size);
    hrnet_video *video = open_with("noise.avi", NULL);
    hrnet_frame frame;
    int n = 0, last = -1, first = -1;
    while (hrnet_video_next(video, &frame) == HRNET_OK && frame.pixels.width > 0) {
        if (n == 0) first = clip_number(&frame.pixels);
        last = clip_number(&frame.pixels);
        n++;
    }
    const hrnet_video_info info = hrnet_video_get_info(video);
    assert_int_equal(first, 0);
    assert_int_equal(last, 39);
    assert_in_range(n, 150, 200);
    assert_true(info.n_corrupt > 0);
    assert_non_null(info.warning);
    hrnet_video_free(video);
    hr_free(file.data);
}

/* ------------------------------------------------------------------------------------------------ pipes and
 * connections */

typedef struct feeder {
    int fd, n_chunks; /* where to; how many pieces */
    const hr_bytes *bytes;
    size_t n_bytes;         /* of them are sent */
    int keeps_open;         /* seconds that it stays open after that, tenths */
    int listener, n_served; /* of a server: a connection each time */
    const char *head;       /* before the bytes */
    size_t parts[4];        /* a server sends so many bytes to its first, second ... caller */
} feeder;

static void send_all(int fd, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        const ssize_t done = sent >= 0 ? sent : write(fd, bytes, n);
        if (done <= 0) return;
        bytes += done;
        n -= (size_t)done;
    }
}

static void *feed(void *context)
{
    const feeder *f = context;
    send_all(f->fd, f->bytes->data, f->n_bytes);
    usleep((useconds_t)f->keeps_open * 100000);
    close(f->fd);
    return NULL;
}

static void *serve(void *context)
{
    feeder *f = context;
    for (int i = 0; i < f->n_served; i++) {
        const int fd = accept(f->listener, NULL, NULL);
        if (fd < 0) return NULL;
        char request[2048];
        if (f->head != NULL) {
            const ssize_t n = recv(fd, request, sizeof request, 0);
            if (n <= 0) i--;
            send_all(fd, (const uint8_t *)f->head, strlen(f->head));
        }
        send_all(fd, f->bytes->data, f->parts[i]);
        if (i == 0) usleep((useconds_t)f->keeps_open * 100000);
        close(fd);
    }
    return NULL;
}

static int listen_here(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* "-": a pipe, which cannot be sought in, and a file, which can. */
static void standard_input(void **state)
{
    const int before = dup(STDIN_FILENO);
    (void)state;
    assert_int_equal(clip_write("in.mkv", 64, 48, 30, 25, NULL, 0), HRNET_OK);
    assert_int_equal(clip_write("in.mp4", 64, 48, 30, 25, NULL, 0), HRNET_OK);
    hr_bytes bytes = load("in.mkv");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    feeder f = {.fd = ends[1], .bytes = &bytes, .n_bytes = bytes.size};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, feed, &f), 0);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    hrnet_video *video = open_with("-", NULL);
    assert_int_equal(count(video, 0), 30);
    hrnet_video_free(video);
    pthread_join(thread, NULL);

    const int fd = open("in.mp4", O_RDONLY);
    dup2(fd, STDIN_FILENO);
    close(fd);
    const hrnet_video_options how = {.from = 0.4};
    video = open_with("-", &how);
    assert_int_equal(count(video, 10), 20);
    hrnet_video_free(video);

    save("garbage", "garbage", 7);
    const int garbage = open("garbage", O_RDONLY);
    dup2(garbage, STDIN_FILENO);
    close(garbage);
    refuse("-", NULL, HRNET_ERR_FORMAT, "standard input: expected a video");
    dup2(before, STDIN_FILENO);
    close(before);
    hr_free(bytes.data);
}

static int is_over(void *context)
{
    return now() > *(const double *)context;
}

/* A FIFO that stays silent: the call ends by the time-out, or when it is cancelled. */
static void silent_pipe(void **state)
{
    const double begin = now();
    double until = begin + 0.5;
    const hrnet_video_options patient = {.timeout = 0.3}, called_off = {.cancelled = is_over, .context = &until};
    (void)state;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    refuse("fifo", &patient, HRNET_ERR_IO, "fifo: cannot open: nothing came within 0.3 s");
    refuse("fifo", &called_off, HRNET_ERR_CANCELLED, "fifo: cancelled");
    assert_true(now() - begin < 5);
    unlink("fifo");
}

/* A connection that stalls in the middle: the frames until then, then the time-out. */
static void stalled_stream(void **state)
{
    int port = 0, n = 0;
    char address[64];
    hrnet_frame frame;
    hrnet_status status;
    (void)state;
    assert_int_equal(clip_write("s.mkv", 64, 48, 400, 25, NULL, 0), HRNET_OK);
    hr_bytes bytes = load("s.mkv");
    feeder f = {.bytes = &bytes, .n_served = 1, .parts = {bytes.size / 2}, .keeps_open = 15};
    f.listener = listen_here(&port);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve, &f), 0);
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", port);
    const hrnet_video_options how = {.timeout = 0.7, .threads = 1};
    const double begin = now();
    hrnet_video *video = open_with(address, &how);
    while ((status = hrnet_video_next(video, &frame)) == HRNET_OK && frame.pixels.width > 0) n++;
    assert_int_equal(status, HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "nothing came within 0.7 s"));
    assert_in_range(n, 20, 399);
    assert_true(now() - begin < 5);
    hrnet_video_free(video);
    pthread_join(thread, NULL);
    close(f.listener);
    hr_free(bytes.data);
}

/* A stream that breaks is opened again, and its timestamps go on. */
static void reconnected(void **state)
{
    int port = 0, n = 0;
    char address[64];
    hrnet_frame frame;
    hrnet_status status;
    int64_t last = INT64_MIN;
    (void)state;
    assert_int_equal(clip_write("r.mkv", 64, 48, 400, 25, NULL, 0), HRNET_OK);
    hr_bytes bytes = load("r.mkv");
    feeder f = {.bytes = &bytes, .n_served = 2, .parts = {bytes.size / 2, bytes.size}};
    f.listener = listen_here(&port);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve, &f), 0);
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", port);
    const hrnet_video_options how = {.timeout = 2, .reconnect = 1, .is_live = 1};
    hrnet_video *video = open_with(address, &how);
    while ((status = hrnet_video_next(video, &frame)) == HRNET_OK && frame.pixels.width > 0) {
        assert_true(frame.pts > last);
        last = frame.pts;
        n++;
        if (n == 450) close(f.listener); /* nobody to call the third time */
    }
    assert_int_equal(status, HRNET_ERR_IO); /* nor then */
    assert_in_range(n, 450, 650);
    assert_int_equal(hrnet_video_get_info(video).n_reconnects, 1);
    hrnet_video_free(video);
    pthread_join(thread, NULL);
    hr_free(bytes.data);
}

static void http(void **state)
{
    int port = 0;
    char address[64], head[128];
    (void)state;
    assert_int_equal(clip_write("h.mkv", 64, 48, 30, 25, NULL, 0), HRNET_OK);
    hr_bytes bytes = load("h.mkv");
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", bytes.size);
    feeder f = {.bytes = &bytes, .n_served = 1, .parts = {bytes.size}, .head = head};
    f.listener = listen_here(&port);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve, &f), 0);
    snprintf(address, sizeof address, "http://127.0.0.1:%d/h.mkv", port);
    hrnet_video *video = open_with(address, NULL);
    assert_int_equal(hrnet_video_get_info(video).is_live, 0);
    assert_int_equal(count(video, 0), 30);
    hrnet_video_free(video);
    pthread_join(thread, NULL);
    close(f.listener);
    refuse(address, NULL, HRNET_ERR_IO, "Connection refused");
    hr_free(bytes.data);
}

/* ------------------------------------------------------------------------------------------------ the rest */

static void hardware(void **state)
{
    (void)state;
    const hrnet_video_options any = {.hardware = "auto"}, none = {.hardware = "abacus"};
    assert_int_equal(clip_write("hw.mp4", 128, 128, 10, 25, NULL, 0), HRNET_OK);
    hrnet_video *video = open_with("hw.mp4", &any);
    assert_int_equal(count(video, 0), 10);
    hrnet_video_free(video);
    refuse("hw.mp4", &none, HRNET_ERR_UNSUPPORTED, "hw.mp4: decoding by abacus, which FFmpeg here does not know");
}

/* 8K is read; what is larger than all limits is refused before memory is taken for it. */
static void large_frames(void **state)
{
    (void)state;
    const hrnet_video_options raw = {.raw = {7680, 4320, 25, HRNET_PIXELS_NV12}};
    save("8k", "", 0);
    assert_int_equal(truncate("8k", (off_t)7680 * 4320 * 3 / 2), 0);
    hrnet_video *video = open_with("8k", &raw);
    const hrnet_frame frame = next(video);
    assert_int_equal(frame.pixels.width, 7680);
    assert_int_equal(frame.pixels.height, 4320);
    assert_int_equal(count(video, -1), 0);
    hrnet_video_free(video);
    unlink("8k");
    refuse("lavfi:color=size=1048584x16:rate=1:duration=1", NULL, HRNET_ERR_LIMIT,
           "frames of 1048584 x 16 pixels, the limit is 2^28, and 2^20 on a side");
    static const char y4m[] = "YUV4MPEG2 W32768 H8193 F25:1 C420jpeg\nFRAME\n";
    save("large.y4m", y4m, strlen(y4m));
    hrnet_video *none = NULL;
    assert_int_not_equal(hrnet_video_open(&none, "large.y4m", NULL), HRNET_OK);
    assert_non_null(strstr(hrnet_last_error(), "large.y4m: "));
    assert_non_null(strstr(hrnet_last_error(), "32768"));
}

/* Any allocation of the library's may fail. */
static void faults(void **state)
{
    const hrnet_video_options how = {.keep_audio = 1, .n_valid = 3, .hardware = NULL, .threads = 1};
    char path[512];
    int n_failed = 0;
    (void)state;
    snprintf(path, sizeof path, "%ssound.mp4", golden);
    const size_t held = hr_mem_held();
    for (long k = 0; k < 1000; k++) {
        hrnet_video *video = NULL;
        hrnet_frame frame = {.pixels.width = 1};
        hr_mem_fail_after(k);
        hrnet_status status = hrnet_video_open(&video, path, &how);
        while (status == HRNET_OK && frame.pixels.width > 0) status = hrnet_video_next(video, &frame);
        hr_mem_fail_after(-1);
        const int n_lost = video != NULL && hrnet_video_get_info(video).n_audio_lost > 0;
        hrnet_video_free(video);
        assert_int_equal(hr_mem_held(), held);
        if (status == HRNET_OK && !n_lost) break;
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
        n_failed++;
    }
    assert_in_range(n_failed, 3, 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_module),
        cmocka_unit_test(constant_rate),
        cmocka_unit_test(variable_rate),
        cmocka_unit_test(foreign_file),
        cmocka_unit_test(parts),
        cmocka_unit_test(one_frame),
        cmocka_unit_test(sizes_that_change),
        cmocka_unit_test(several_valid_frames),
        cmocka_unit_test(threads),
        cmocka_unit_test(colors),
        cmocka_unit_test(turned),
        cmocka_unit_test(filters),
        cmocka_unit_test(pictures),
        cmocka_unit_test(raw_frames),
        cmocka_unit_test(no_videos),
        cmocka_unit_test(cut_files),
        cmocka_unit_test(corrupt_packets),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(silent_pipe),
        cmocka_unit_test(stalled_stream),
        cmocka_unit_test(reconnected),
        cmocka_unit_test(http),
        cmocka_unit_test(hardware),
        cmocka_unit_test(large_frames),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}
