/*
 * video.c - reading: which frames of the module's are wanted, and whether their numbers can be relied on. The module
 * hands on what a file says; sizes, strides and timestamps are checked here, before anybody computes with them.
 */
#include "video/video_internal.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/status.h"
#include "pose/pixels.h"

/* Timestamps are rounded to their units, so a frame that is meant to stand at a moment may lie so much before it. */
static const double slack = 1e-6;

/* ------------------------------------------------------------------------------------------------ options */

static hrnet_status check_raw(const hrnet_raw_video *raw)
{
    if (raw->width == 0 && raw->height == 0) return HRNET_OK;
    if (raw->width < 1 || raw->height < 1 || raw->width > HR_VIDEO_MOST_SIDE || raw->height > HR_VIDEO_MOST_SIDE ||
        (int64_t)raw->width * raw->height > HR_VIDEO_MOST_PIXELS)
        return hr_fail(HRNET_ERR_ARGUMENT, "raw frames of %d x %d: expected 1 to 2^28 pixels, 2^20 on a side",
                       raw->width, raw->height);
    if (!(raw->fps >= 0 && raw->fps <= 1e6))
        return hr_fail(HRNET_ERR_ARGUMENT, "raw frames: %g a second, expected up to 10^6", raw->fps);
    if (raw->format < HRNET_PIXELS_RGB || raw->format > HRNET_PIXELS_I420)
        return hr_fail(HRNET_ERR_ARGUMENT, "raw frames: unknown pixel format %d", (int)raw->format);
    return HRNET_OK;
}

static hrnet_status check_options(const hrnet_video_options *o)
{
    HR_TRY(HR_CHECK_RESERVED(o, "hrnet_video_options"));
    if (!(o->from >= 0 && o->from < 1e12) || !(o->to >= 0 && o->to < 1e12) || (o->to != 0 && o->to <= o->from))
        return hr_fail(HRNET_ERR_ARGUMENT, "video from %g to %g s: expected 0 <= from < to", o->from, o->to);
    if (o->every < 0) return hr_fail(HRNET_ERR_ARGUMENT, "every %d frames: expected at least 1", o->every);
    if (o->n_valid < 0 || o->n_valid > HR_VIDEO_MOST_SLOTS)
        return hr_fail(HRNET_ERR_ARGUMENT, "n_valid %d: expected 1..%d", o->n_valid, HR_VIDEO_MOST_SLOTS);
    if (o->threads < 0 || o->threads > 64)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads %d of the decoder: expected 0..64", o->threads);
    if (o->reconnect < 0) return hr_fail(HRNET_ERR_ARGUMENT, "reconnect %d: expected 0 or more", o->reconnect);
    if (isnan(o->timeout)) return hr_fail(HRNET_ERR_ARGUMENT, "timeout: expected seconds, found no number");
    if (o->camera_width < 0 || o->camera_height < 0 || (o->camera_width == 0) != (o->camera_height == 0) ||
        !(o->camera_fps >= 0 && o->camera_fps <= 1e6))
        return hr_fail(HRNET_ERR_ARGUMENT, "camera: %d x %d at %g frames a second", o->camera_width, o->camera_height,
                       o->camera_fps);
    return check_raw(&o->raw);
}

/* ------------------------------------------------------------------------------------------------ opening */

static hrnet_status copy_text(char **out, const char *text)
{
    *out = text != NULL ? hr_strdup(text) : NULL;
    return text == NULL || *out != NULL ? HRNET_OK : hr_fail_memory(strlen(text) + 1);
}

static hrnet_status begin_clock(hrnet_video *video)
{
    const hrnet_video_info *facts = &video->facts;
    const hrnet_status status =
        hr_frame_clock_begin(&video->clock, facts->time_base_num, facts->time_base_den, facts->start, facts->fps);
    return status == HRNET_OK ? status : hr_fail_in(status, video->path);
}

static hrnet_status open_reader(hrnet_video *video, const char *path)
{
    HR_TRY(copy_text(&video->path, path));
    HR_TRY(copy_text(&video->hardware, video->options.hardware));
    video->options.hardware = video->hardware;
    if (video->options.every == 0) video->options.every = 1;
    if (video->options.n_valid == 0) video->options.n_valid = 1;
    HR_TRY(video->module->open(&video->reader, &hr_video_library_host, video->path, &video->options));
    video->module->info(video->reader, &video->facts);
    HR_TRY(begin_clock(video));
    if (video->options.from > 0)
        video->has_sought =
            video->module->seek(video->reader, hr_frame_clock_pts(&video->clock, video->options.from)) != 0;
    return HRNET_OK;
}

hrnet_status hr_video_open_with(hrnet_video **out, const hr_video_module *module, const char *path,
                                const hrnet_video_options *options)
{
    hrnet_video *video;
    HR_NEW(video, 1);
    video->module = module;
    if (options != NULL) video->options = *options;
    const hrnet_status status = open_reader(video, path);
    if (status == HRNET_OK)
        *out = video;
    else
        hrnet_video_free(video);
    return status;
}

hrnet_status hrnet_video_open(hrnet_video **out, const char *path, const hrnet_video_options *options)
{
    const hr_video_module *module;
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_video_open: an argument is NULL");
    if (options != NULL) HR_TRY(check_options(options));
    HR_TRY(hr_video_module_get(&module, strcmp(path, "-") == 0 ? "standard input" : path));
    return hr_video_open_with(out, module, path, options);
}

void hrnet_video_free(hrnet_video *video)
{
    if (video == NULL) return;
    video->module->close(video->reader);
    hr_free(video->path);
    hr_free(video->hardware);
    hr_free(video);
}

hrnet_video_info hrnet_video_get_info(const hrnet_video *video)
{
    hrnet_video_info info = video->facts;
    video->module->info(video->reader, &info);
    info.n_read = video->n_read;
    info.n_moved = video->clock.n_moved;
    return info;
}

/* ------------------------------------------------------------------------------------------------ frames */

/* The end of the file. Nothing at all in it is a failure, but for the part behind the end of a good file. */
static hrnet_status finish_reading(hrnet_video *video, hrnet_frame *out)
{
    video->is_ended = 1;
    if (video->n_read == 0) {
        const hrnet_video_info info = hrnet_video_get_info(video);
        return hr_fail(HRNET_ERR_FORMAT,
                       "%s: expected frames, found none that can be decoded (%llu corrupt packets%s%s)", video->path,
                       (unsigned long long)info.n_corrupt, info.warning != NULL ? "; " : "",
                       info.warning != NULL ? info.warning : "");
    }
    *out = (hrnet_frame){.index = video->n_in_range};
    return HRNET_OK;
}

/* Whether the first frame after seeking shows that the file was not sought to a place before `from`: indices of files
 * may be wrong, and some formats guess. */
static int was_missed(hrnet_video *video, const hr_video_stamp *stamp)
{
    if (!video->has_sought) return 0;
    video->has_sought = 0;
    return stamp->is_end || !stamp->has_pts ||
           hr_frame_clock_seconds(&video->clock, stamp->pts) > video->options.from + slack;
}

/* Decode until a frame is wanted. stamp->is_end: there is none. */
static hrnet_status read_wanted(hrnet_video *video, hr_video_stamp *stamp, hrnet_frame *frame)
{
    const hrnet_video_options *o = &video->options;
    for (;;) {
        if (o->cancelled != NULL && o->cancelled(o->context) != 0)
            return hr_fail(HRNET_ERR_CANCELLED, "%s: cancelled", video->path);
        HR_TRY(video->module->read(video->reader, stamp));
        if (was_missed(video, stamp)) {
            HR_TRY(video->module->rewind(video->reader));
            HR_TRY(begin_clock(video));
            continue;
        }
        if (stamp->is_end) return HRNET_OK;
        HR_TRY(hr_frame_clock_place(&video->clock, stamp->has_pts, stamp->pts, &frame->pts));
        video->n_read++;
        frame->seconds = hr_frame_clock_seconds(&video->clock, frame->pts);
        if (frame->seconds < o->from - slack) continue;
        if (o->to > 0 && frame->seconds >= o->to - slack) {
            video->module->stop(video->reader, hr_frame_clock_pts(&video->clock, o->to));
            stamp->is_end = 1;
            return HRNET_OK;
        }
        frame->index = video->n_in_range++;
        if (frame->index % o->every == 0) return HRNET_OK;
    }
}

static hrnet_status check_pixels(const hrnet_pixels *pixels, hrnet_pixels *out)
{
    HR_TRY(hr_pixels_check(pixels, out));
    if (out->width > HR_VIDEO_MOST_SIDE || out->height > HR_VIDEO_MOST_SIDE ||
        (int64_t)out->width * out->height > HR_VIDEO_MOST_PIXELS)
        return hr_fail(HRNET_ERR_LIMIT, "%d x %d pixels, the limit is 2^28, and 2^20 on a side", out->width,
                       out->height);
    return HRNET_OK;
}

static double duration_of(const hrnet_video *video, const hr_video_stamp *stamp)
{
    const hr_frame_clock *clock = &video->clock;
    if (stamp->duration > 0) return (double)stamp->duration * (double)clock->num / (double)clock->den;
    return video->facts.fps > 0 ? 1 / video->facts.fps : 0;
}

static hrnet_status read_next(hrnet_video *video, hrnet_frame *out)
{
    hr_video_stamp stamp = {0};
    hrnet_frame frame = {0};
    hrnet_pixels pixels = {0};
    HR_TRY(read_wanted(video, &stamp, &frame));
    if (stamp.is_end) return finish_reading(video, out);
    const int slot = (int)(video->n_handed_out % (uint64_t)video->options.n_valid);
    HR_TRY(video->module->pixels(video->reader, slot, &pixels));
    const hrnet_status status = check_pixels(&pixels, &frame.pixels);
    if (status != HRNET_OK) {
        hr_fail_message("frame %lld: %s", (long long)frame.index, hrnet_last_error());
        return hr_fail_in(status, video->path);
    }
    video->n_handed_out++;
    frame.duration = duration_of(video, &stamp);
    frame.is_damaged = stamp.is_damaged;
    *out = frame;
    return HRNET_OK;
}

hrnet_status hrnet_video_next(hrnet_video *video, hrnet_frame *out)
{
    if (video == NULL || out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_video_next: an argument is NULL");
    if (video->is_ended) return finish_reading(video, out);
    if (video->has_failed) return hr_fail(HRNET_ERR_IO, "%s: reading has failed before", video->path);
    const hrnet_status status = read_next(video, out);
    video->has_failed = status != HRNET_OK;
    return status;
}
