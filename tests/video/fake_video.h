/*
 * fake_video.h - a module of video that hands out what a test tells it: any sizes, strides and timestamps. Pixels that
 * pass the library's checks are read to the last one, so that a sanitizer sees a wrong size.
 */
#ifndef TESTS_VIDEO_FAKE_VIDEO_H
#define TESTS_VIDEO_FAKE_VIDEO_H

#include "video/video_internal.h"

typedef struct fake_frame {
    hr_video_stamp stamp;
    hrnet_pixels pixels;
} fake_frame;

struct hr_video_reader {
    const fake_frame *frames;
    int n, at;
    int can_seek, first_after_seek; /* where seeking goes to */
    int n_rewinds;
    int most_slots; /* that pixels were asked for at a time */
    int64_t stopped;
    hrnet_video_info info;
};

/* What the next hr_video_open_with gets. */
static struct hr_video_reader fake;

static hrnet_status fake_open(hr_video_reader **out, const hr_video_host *host, const char *path,
                              const hrnet_video_options *options)
{
    (void)host;
    (void)path;
    (void)options;
    *out = &fake;
    return HRNET_OK;
}

static void fake_info(const hr_video_reader *reader, hrnet_video_info *out)
{
    *out = reader->info;
}

static int fake_seek(hr_video_reader *reader, int64_t pts)
{
    (void)pts;
    if (reader->can_seek) reader->at = reader->first_after_seek;
    return reader->can_seek;
}

static hrnet_status fake_rewind(hr_video_reader *reader)
{
    reader->at = 0;
    reader->n_rewinds++;
    return HRNET_OK;
}

static hrnet_status fake_read(hr_video_reader *reader, hr_video_stamp *out)
{
    if (reader->at >= reader->n)
        *out = (hr_video_stamp){.is_end = 1};
    else
        *out = reader->frames[reader->at++].stamp;
    return HRNET_OK;
}

static hrnet_status fake_pixels(hr_video_reader *reader, int slot, hrnet_pixels *out)
{
    if (slot >= reader->most_slots) reader->most_slots = slot + 1;
    *out = reader->frames[reader->at - 1].pixels;
    return HRNET_OK;
}

static void fake_stop(hr_video_reader *reader, int64_t pts)
{
    reader->stopped = pts;
}

static void fake_close(hr_video_reader *reader)
{
    (void)reader;
}

static const hr_video_module fake_module = {.version = HR_VIDEO_MODULE_VERSION,
                                            .open = fake_open,
                                            .info = fake_info,
                                            .seek = fake_seek,
                                            .rewind = fake_rewind,
                                            .read = fake_read,
                                            .pixels = fake_pixels,
                                            .stop = fake_stop,
                                            .close = fake_close};

#endif
