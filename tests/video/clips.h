/*
 * clips.h - small videos for tests, made by the library's own writer, whose frames tell their number: the brightness of
 * frame i is 40 + 4 (i mod 40) on average, which survives every encoder.
 */
#ifndef TESTS_VIDEO_CLIPS_H
#define TESTS_VIDEO_CLIPS_H

#include <hrnet_video.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct clip_frame {
    hrnet_pixels pixels; /* I420 */
    uint8_t *bytes;
} clip_frame;

/* Frame i: squares of 16 pixels, lighter and darker by 4. */
static inline clip_frame clip_frame_make(int width, int height, int i)
{
    const size_t n = (size_t)width * (size_t)height, half = (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
    clip_frame frame = {.bytes = malloc(n + 2 * half)};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            frame.bytes[(size_t)y * (size_t)width + (size_t)x] =
                (uint8_t)(40 + 4 * (i % 40) + ((x / 16 + y / 16) % 2 ? 4 : -4));
    memset(frame.bytes + n, 128, 2 * half);
    frame.pixels = (hrnet_pixels){.width = width, .height = height, .format = HRNET_PIXELS_I420};
    frame.pixels.planes[0] = frame.bytes;
    frame.pixels.planes[1] = frame.bytes + n;
    frame.pixels.planes[2] = frame.bytes + n + half;
    return frame;
}

/* The number that a frame tells, 0..39; -1: the frame is none of these. */
static inline int clip_number(const hrnet_pixels *pixels)
{
    hrnet_image image = {0};
    double sum = 0;
    if (hrnet_image_copy(&image, pixels) != HRNET_OK) return -1;
    const size_t n = (size_t)image.width * (size_t)image.height;
    for (size_t i = 0; i < n; i++) sum += image.rgb[3 * i + 1];
    hrnet_image_free(&image);
    const double grey = sum / (double)n;
    const int number = (int)((grey / 1.164 + 16 - 40) / 4 + 0.5);
    return number >= 0 && number < 40 ? number : -1;
}

/* Write n frames; times NULL: one a unit of the time base 1 / fps. Returns what the writer does. */
static inline hrnet_status clip_write(const char *path, int width, int height, int n, double fps, const int64_t *times,
                                      int den)
{
    hrnet_video_writer *writer = NULL;
    const hrnet_video_writer_options how = {.width = width,
                                            .height = height,
                                            .fps = fps,
                                            .time_base_num = times != NULL ? 1 : 0,
                                            .time_base_den = times != NULL ? den : 0};
    hrnet_status status = hrnet_video_writer_open(&writer, path, &how);
    for (int i = 0; i < n && status == HRNET_OK; i++) {
        clip_frame frame = clip_frame_make(width, height, i);
        status = hrnet_video_writer_write(writer, &frame.pixels, times != NULL ? times[i] : i);
        free(frame.bytes);
    }
    if (status == HRNET_OK) status = hrnet_video_writer_finish(writer);
    hrnet_video_writer_free(writer);
    return status;
}

/* A fixture of a group of tests: they run in a folder of their own, which goes with what is in it. */
static inline int clip_make_folder(void **state)
{
    static char folder[] = "/tmp/hrnet-test-video-XXXXXX";
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static inline int clip_remove_folder(void **state)
{
    char here[512], command[600];
    (void)state;
    if (getcwd(here, sizeof here) == NULL || chdir("/") != 0) return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", here);
    return system(command);
}

#endif
