/*
 * video_writer.c - writing: checks what the caller gives, hands frames with increasing timestamps to the module, and
 * sees to it that a file which cannot be written to its end still gets its index.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/status.h"
#include "pose/pixels.h"
#include "video/video_internal.h"
#include "video/video_output.h"

struct hrnet_video_writer {
    const hr_video_module *module;
    hr_video_encoder *encoder;
    hr_video_output output;
    hr_video_sink sink;
    char *path;
    int64_t last; /* timestamp of the frame before, if there is one */
    uint64_t n_frames, n_moved;
    hrnet_status failure; /* of the first write that failed, after which nothing is written */
    char *failure_text;
    int is_finished;
};

/* ------------------------------------------------------------------------------------------------ options */

/* What the options leave open comes from the source, or is a default. */
static void complete(hrnet_video_writer_options *o)
{
    if (o->source != NULL) {
        const hrnet_video_info *facts = &o->source->facts;
        if (o->width == 0 && o->height == 0) {
            o->width = facts->width;
            o->height = facts->height;
        }
        if (o->fps == 0) o->fps = facts->fps;
        if (o->time_base_num == 0 && o->time_base_den == 0) {
            o->time_base_num = facts->time_base_num;
            o->time_base_den = facts->time_base_den;
        }
    }
    if (o->fps == 0) o->fps = 25;
}

static hrnet_status check_options(const hrnet_video_writer_options *o)
{
    if (o->width < 1 || o->height < 1 || o->width > HR_VIDEO_MOST_SIDE || o->height > HR_VIDEO_MOST_SIDE ||
        (int64_t)o->width * o->height > HR_VIDEO_MOST_PIXELS)
        return hr_fail(HRNET_ERR_ARGUMENT, "frames of %d x %d: expected 1 to 2^28 pixels, 2^20 on a side", o->width,
                       o->height);
    if (!(o->fps > 0 && o->fps <= 1e6))
        return hr_fail(HRNET_ERR_ARGUMENT, "%g frames a second: expected up to 10^6", o->fps);
    if ((o->time_base_num != 0 || o->time_base_den != 0) && (o->time_base_num < 1 || o->time_base_den < 1))
        return hr_fail(HRNET_ERR_ARGUMENT, "a time base of %d/%d s", o->time_base_num, o->time_base_den);
    if (o->quality < 0 || o->quality > 100)
        return hr_fail(HRNET_ERR_ARGUMENT, "quality %d: expected 1..100", o->quality);
    if (o->threads < 0 || o->threads > 64)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads %d of the encoder: expected 0..64", o->threads);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ opening */

static hrnet_status open_encoder(hrnet_video_writer *writer, const char *path, const hrnet_video_writer_options *o)
{
    const hrnet_video *const source = o->source;
    const int64_t first =
        source != NULL && source->options.from > 0 ? hr_frame_clock_pts(&source->clock, source->options.from) : 0;
    writer->path = hr_strdup(strcmp(path, "-") == 0 ? "standard output" : path);
    if (writer->path == NULL) return hr_fail_memory(strlen(path) + 1);
    HR_TRY(hr_video_output_create(&writer->output, path));
    writer->sink = hr_video_output_sink(&writer->output);
    return writer->module->create(&writer->encoder, &hr_video_library_host, &writer->sink, path, o,
                                  source != NULL ? source->reader : NULL, first);
}

hrnet_status hrnet_video_writer_open(hrnet_video_writer **out, const char *path,
                                     const hrnet_video_writer_options *options)
{
    hrnet_video_writer_options o = {0};
    const hr_video_module *module;
    hrnet_video_writer *writer;
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_video_writer_open: an argument is NULL");
    if (options != NULL) {
        HR_TRY(HR_CHECK_RESERVED(options, "hrnet_video_writer_options"));
        o = *options;
    }
    complete(&o);
    const hrnet_status right = check_options(&o);
    if (right != HRNET_OK) return hr_fail_in(right, path);
    if (o.source != NULL)
        module = o.source->module;
    else
        HR_TRY(hr_video_module_get(&module, path));
    HR_NEW(writer, 1);
    writer->module = module;
    const hrnet_status status = open_encoder(writer, path, &o);
    if (status == HRNET_OK)
        *out = writer;
    else
        hrnet_video_writer_free(writer);
    return status;
}

void hrnet_video_writer_free(hrnet_video_writer *writer)
{
    if (writer == NULL) return;
    writer->module->destroy(writer->encoder);
    hr_video_output_abandon(&writer->output);
    hr_free(writer->path);
    hr_free(writer->failure_text);
    hr_free(writer);
}

hrnet_video_writer_info hrnet_video_writer_get_info(const hrnet_video_writer *writer)
{
    hrnet_video_writer_info info = {0};
    writer->module->written(writer->encoder, &info);
    info.n_frames = writer->n_frames;
    info.n_moved += writer->n_moved;
    return info;
}

/* ------------------------------------------------------------------------------------------------ frames */

/* Keep the failure, whose message is set, for all later calls. */
static hrnet_status keep_failure(hrnet_video_writer *writer, hrnet_status status)
{
    writer->failure = status;
    writer->failure_text = hr_strdup(hrnet_last_error()); /* NULL: told without its reason */
    return status;
}

static hrnet_status repeat_failure(const hrnet_video_writer *writer, const char *ending)
{
    if (writer->failure_text == NULL) return hr_fail(writer->failure, "%s: cannot write%s", writer->path, ending);
    return hr_fail(writer->failure, "%s%s", writer->failure_text, ending);
}

/* A frame that is too large, or a view that is none, is the caller's fault and ends nothing. */
static hrnet_status check_frame(const hrnet_video_writer *writer, const hrnet_pixels *pixels, int64_t pts,
                                hrnet_pixels *out)
{
    HR_TRY(hr_pixels_check(pixels, out));
    if (out->width > HR_VIDEO_MOST_SIDE || out->height > HR_VIDEO_MOST_SIDE ||
        (int64_t)out->width * out->height > HR_VIDEO_MOST_PIXELS)
        return hr_fail(HRNET_ERR_LIMIT, "%s: a frame of %d x %d pixels, the limit is 2^28, and 2^20 on a side",
                       writer->path, out->width, out->height);
    if (pts > INT64_C(1) << 61 || pts < -(INT64_C(1) << 61))
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: a timestamp of %lld, the limit is 2^61", writer->path, (long long)pts);
    return HRNET_OK;
}

hrnet_status hrnet_video_writer_write(hrnet_video_writer *writer, const hrnet_pixels *pixels, int64_t pts)
{
    hrnet_pixels checked;
    if (writer == NULL || pixels == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_video_writer_write: an argument is NULL");
    if (writer->is_finished) return hr_fail(HRNET_ERR_ARGUMENT, "%s: a frame after the end", writer->path);
    if (writer->failure != HRNET_OK) return repeat_failure(writer, "");
    HR_TRY(check_frame(writer, pixels, pts, &checked));
    if (writer->n_frames > 0 && pts <= writer->last) {
        pts = writer->last + 1;
        writer->n_moved++;
    }
    const hrnet_status status = writer->module->write(writer->encoder, &checked, pts);
    if (status != HRNET_OK) return keep_failure(writer, status);
    writer->last = pts;
    writer->n_frames++;
    return HRNET_OK;
}

hrnet_status hrnet_video_writer_finish(hrnet_video_writer *writer)
{
    if (writer == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_video_writer_finish: an argument is NULL");
    if (writer->is_finished) return hr_fail(HRNET_ERR_ARGUMENT, "%s: has been finished", writer->path);
    writer->is_finished = 1;
    if (writer->n_frames == 0 && writer->failure == HRNET_OK)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: expected frames, found none: nothing is kept", writer->path);
    if (writer->failure == HRNET_OK) {
        const hrnet_status status = writer->module->finish(writer->encoder, 1);
        if (status == HRNET_OK) return hr_video_output_commit(&writer->output);
        keep_failure(writer, status);
    }
    const int is_kept = writer->n_frames > 0 && writer->output.is_seekable &&
                        writer->module->finish(writer->encoder, 0) == HRNET_OK &&
                        hr_video_output_commit(&writer->output) == HRNET_OK;
    return repeat_failure(writer, is_kept ? "; what was written until then is kept, and plays" : "; nothing is kept");
}
