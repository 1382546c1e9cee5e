/*
 * libav_encoder.c - frames and audio become a file. Timestamps of the source lose `first_pts` and are rounded to the
 * container's units; audio is copied packet by packet, up to the time of each frame, so that the container has both
 * side by side.
 */
#include "video/libav/libav_encoder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "video/libav/libav_canvas.h"
#include "video/libav/libav_codec.h"
#include "video/libav/libav_palette.h"
#include "video/libav/libav_reader.h"

enum {
    BUFFER = 1 << 16,
    RESERVE = 4 << 20,       /* bytes set aside for the end of the file, and ... */
    RESERVE_PER_PACKET = 64, /* ... for each packet's part of the index: MP4 takes 36 at most */
    CLUSTER = 1 << 20
};

/* A stream of audio on its way: index in the queue, in the file, and the last timestamp that was written. */
typedef struct audio_route {
    int to; /* -1: the container does not take it */
    int64_t last;
    int has_last;
} audio_route;

struct hr_video_encoder {
    const hr_video_host *host;
    hr_video_sink sink;
    char *name; /* for messages */
    const hr_libav_container *container;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream;
    hr_libav_canvas canvas;
    hr_libav_palette *palette; /* NULL: the encoder takes the canvas's frames */
    AVFrame *done;             /* what the palette gives */
    AVPacket *packet;
    hr_libav_audio *audio;
    audio_route routes[HR_LIBAV_MOST_AUDIO];
    AVRational time_base;  /* of the frames that are given */
    AVRational rate, grid; /* on average; of the moments of a container with a constant rate */
    int64_t first_pts;     /* of the same */
    int64_t last;          /* timestamp of the last frame in the codec's units, if there is one */
    int64_t end;           /* microseconds of the source at which the last frame ends */
    int has_last, has_header, is_closed;
    int64_t n_packets;
    hrnet_video_writer_info info;
};

static const AVRational microseconds = {1, AV_TIME_BASE};

/* ------------------------------------------------------------------------------------------------ output */

/* FFmpeg 7 made the bytes const. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
static int write_bytes(void *opaque, const uint8_t *bytes, int n)
#else
static int write_bytes(void *opaque, uint8_t *bytes, int n)
#endif
{
    const hr_video_sink *sink = opaque;
    const int reason = sink->write(sink->context, bytes, (size_t)n);
    return reason == 0 ? n : AVERROR(reason);
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    const hr_video_sink *sink = opaque;
    if (whence == AVSEEK_SIZE) return sink->size(sink->context);
    if ((whence & ~AVSEEK_FORCE) != SEEK_SET) return AVERROR(EINVAL);
    return sink->seek(sink->context, offset);
}

static hrnet_status open_output(hr_video_encoder *e)
{
    unsigned char *const buffer = av_malloc(BUFFER);
    if (buffer == NULL) return hr_libav_fail_memory(e->host);
    e->format->pb =
        avio_alloc_context(buffer, BUFFER, 1, &e->sink, NULL, write_bytes, e->sink.is_seekable ? seek_bytes : NULL);
    if (e->format->pb == NULL) {
        av_free(buffer);
        return hr_libav_fail_memory(e->host);
    }
    e->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    e->sink.reserve(e->sink.context, RESERVE);
    return HRNET_OK;
}

/* The failure of the last operation: of the file, if it has one, else FFmpeg's. */
static hrnet_status check_output(const hr_video_encoder *e, int error)
{
    const int reason = e->sink.failure(e->sink.context);
    if (reason != 0)
        return hr_libav_fail(e->host, HRNET_ERR_IO, "%s: cannot write after %lld packets: %s", e->name,
                             (long long)e->n_packets, strerror(reason));
    if (error == AVERROR(ENOMEM)) return hr_libav_fail_memory(e->host);
    return error < 0 ? hr_libav_fail_error(e->host, error, "%s: cannot encode", e->name) : HRNET_OK;
}

static void tell(const hrnet_video_writer_options *o, const char *line)
{
    if (o->on_message != NULL) o->on_message(o->context, line);
}

/* ------------------------------------------------------------------------------------------------ streams */

static AVRational units_of(const hr_video_encoder *e)
{
    switch (e->container->timing) {
    case HR_LIBAV_CONSTANT: return av_inv_q(e->grid);
    case HR_LIBAV_CENTI: return (AVRational){1, 100};
    case HR_LIBAV_VARIABLE: break;
    }
    return e->time_base;
}

static hrnet_status add_video(hr_video_encoder *e, const hrnet_video_writer_options *o, const hr_libav_look *look)
{
    const AVCodec *encoder = hr_libav_encoder_find(e->container);
    char line[256];
    if (encoder == NULL)
        return hr_libav_fail(e->host, HRNET_ERR_UNSUPPORTED, "%s: FFmpeg here has no encoder for .%s files (%s)",
                             e->name, e->container->ending, e->container->encoders[0]);
    const hr_libav_plan plan = {.width = o->width,
                                .height = o->height,
                                .rate = e->rate,
                                .time_base = units_of(e),
                                .pixel_aspect = look->pixel_aspect,
                                .quality = o->quality != 0 ? o->quality : 75,
                                .threads = o->threads,
                                .is_bt709 = look->is_bt709};
    const hrnet_status status = hr_libav_codec_open(&e->codec, e->host, e->name, e->container, encoder, &plan,
                                                    (e->format->oformat->flags & AVFMT_GLOBALHEADER) != 0);
    if (status != HRNET_OK) return status;
    if (encoder->id == AV_CODEC_ID_MPEG4)
        tell(o, "FFmpeg here has neither libx264 nor libopenh264: the video is MPEG-4, which browsers do not play");
    if (e->codec->width != o->width || e->codec->height != o->height) {
        snprintf(line, sizeof line,
                 "%s takes even sizes alone: %d x %d is written as %d x %d, the last pixels repeated", encoder->name,
                 o->width, o->height, e->codec->width, e->codec->height);
        tell(o, line);
    }
    e->info.width = e->codec->width;
    e->info.height = e->codec->height;
    e->info.codec = encoder->name;
    e->info.format = e->container->ending;
    e->stream = avformat_new_stream(e->format, NULL);
    if (e->stream == NULL || avcodec_parameters_from_context(e->stream->codecpar, e->codec) < 0)
        return hr_libav_fail_memory(e->host);
    e->stream->time_base = e->codec->time_base;
    e->stream->avg_frame_rate = e->rate;
    e->stream->sample_aspect_ratio = e->codec->sample_aspect_ratio;
    e->canvas = (hr_libav_canvas){.host = e->host,
                                  .width = o->width,
                                  .height = o->height,
                                  .full_width = e->codec->width,
                                  .full_height = e->codec->height,
                                  .format = e->container->is_palette ? AV_PIX_FMT_RGB24 : e->codec->pix_fmt,
                                  .colorspace = e->codec->colorspace,
                                  .range = e->codec->color_range};
    return e->container->is_palette
               ? hr_libav_palette_create(&e->palette, e->host, o->width, o->height, e->codec->time_base)
               : HRNET_OK;
}

/* Streams of audio that the container takes, and a line about those that it does not. */
static hrnet_status add_audio(hr_video_encoder *e, const hrnet_video_writer_options *o)
{
    char line[256];
    for (int i = 0; e->audio != NULL && i < e->audio->n_streams; i++) {
        const hr_libav_audio_stream *from = &e->audio->streams[i];
        e->routes[i].to = -1;
        if (avformat_query_codec(e->format->oformat, from->parameters->codec_id, FF_COMPLIANCE_NORMAL) != 1) {
            e->info.n_audio_left_out++;
            snprintf(line, sizeof line, ".%s files take no audio in %s: it is left out", e->container->ending,
                     avcodec_get_name(from->parameters->codec_id));
            tell(o, line);
            continue;
        }
        AVStream *to = avformat_new_stream(e->format, NULL);
        if (to == NULL || avcodec_parameters_copy(to->codecpar, from->parameters) < 0)
            return hr_libav_fail_memory(e->host);
        to->codecpar->codec_tag = 0; /* the source's container's own; this one's is found */
        to->time_base = from->time_base;
        e->routes[i].to = to->index;
        e->info.n_audio++;
    }
    return HRNET_OK;
}

static int is_mp4(const hr_video_encoder *e)
{
    return strcmp(e->container->muxer, "mp4") == 0 || strcmp(e->container->muxer, "mov") == 0;
}

/* MP4 says in units of the whole file where a stream begins, thousandths unless it is told better. Units of the video
 * keep a start that is not 0 exact. */
static void set_movie_units(const hr_video_encoder *e, AVDictionary **how)
{
    int64_t units = e->codec->time_base.den;
    while (units < 10000) units *= 2;
    if (units <= 1000000) av_dict_set_int(how, "movie_timescale", units, 0);
}

static hrnet_status write_header(hr_video_encoder *e)
{
    AVDictionary *how = NULL;
    /* nobody can go back in a pipe to write the index: each second or so gets one of its own */
    if (is_mp4(e) && !e->sink.is_seekable)
        av_dict_set(&how, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0);
    if (is_mp4(e)) set_movie_units(e, &how);
    /* Matroska keeps a cluster in memory until it is complete; the end of the file must fit into the reserve */
    if (strcmp(e->format->oformat->name, "matroska") == 0 || strcmp(e->format->oformat->name, "webm") == 0)
        av_dict_set_int(&how, "cluster_size_limit", CLUSTER, 0);
    const int error = avformat_write_header(e->format, &how);
    av_dict_free(&how);
    if (error < 0)
        return hr_libav_fail_error(e->host, error, "%s: cannot begin a .%s file", e->name, e->container->ending);
    e->has_header = 1;
    return check_output(e, 0);
}

static hrnet_status create(hr_video_encoder *e, const char *path, const hrnet_video_writer_options *o,
                           const hr_video_reader *source)
{
    const char *known = "";
    e->name = av_strdup(strcmp(path, "-") == 0 ? "standard output" : path);
    if (e->name == NULL) return hr_libav_fail_memory(e->host);
    e->container = hr_libav_container_find(path, o->format, &known);
    if (e->container == NULL)
        return hr_libav_fail(e->host, HRNET_ERR_UNSUPPORTED, "%s: expected a video's ending, one of %s", e->name,
                             known);
    e->rate = av_d2q(o->fps, 1001000);
    e->time_base = o->time_base_num > 0 ? (AVRational){o->time_base_num, o->time_base_den} : av_inv_q(e->rate);
    const hr_libav_look look = source != NULL ? hr_libav_reader_look(source) : (hr_libav_look){.pixel_aspect = {0, 1}};
    e->audio = look.audio;
    e->grid = look.grid.num > 0 && look.fps == o->fps ? look.grid : e->rate;
    e->packet = av_packet_alloc();
    e->done = av_frame_alloc();
    if (e->packet == NULL || e->done == NULL) return hr_libav_fail_memory(e->host);
    const int error = avformat_alloc_output_context2(&e->format, NULL, e->container->muxer, NULL);
    if (error < 0)
        return hr_libav_fail_error(e->host, error, "%s: cannot write .%s files", e->name, e->container->ending);
    hrnet_status status = add_video(e, o, &look);
    if (status == HRNET_OK) status = add_audio(e, o);
    if (status == HRNET_OK) status = open_output(e);
    return status == HRNET_OK ? write_header(e) : status;
}

hrnet_status hr_libav_encoder_create(hr_video_encoder **out, const hr_video_host *host, const hr_video_sink *sink,
                                     const char *path, const hrnet_video_writer_options *options,
                                     const hr_video_reader *source, int64_t first_pts)
{
    hr_video_encoder *e = host->alloc(1, sizeof *e);
    if (e == NULL) return hr_libav_fail_memory(host);
    e->host = host;
    e->sink = *sink;
    e->first_pts = first_pts;
    const hrnet_status status = create(e, path, options, source);
    if (status == HRNET_OK)
        *out = e;
    else
        hr_libav_encoder_destroy(e);
    return status;
}

void hr_libav_encoder_destroy(hr_video_encoder *e)
{
    if (e == NULL) return;
    if (e->format != NULL && e->format->pb != NULL) {
        av_freep(&e->format->pb->buffer);
        avio_context_free(&e->format->pb);
    }
    avformat_free_context(e->format);
    avcodec_free_context(&e->codec);
    hr_libav_canvas_free(&e->canvas);
    hr_libav_palette_free(e->palette);
    hr_libav_audio_release(e->audio);
    av_packet_free(&e->packet);
    av_frame_free(&e->done);
    av_free(e->name);
    e->host->release(e);
}

void hr_libav_encoder_written(const hr_video_encoder *e, hrnet_video_writer_info *out)
{
    *out = e->info;
}

/* ------------------------------------------------------------------------------------------------ packets */

static int write_packet(hr_video_encoder *e)
{
    e->n_packets++;
    e->sink.reserve(e->sink.context, RESERVE + RESERVE_PER_PACKET * e->n_packets);
    return av_interleaved_write_frame(e->format, e->packet);
}

/* Write what the encoder has done; frame NULL: it gets no more. 0, or an error of FFmpeg's. */
static int encode(hr_video_encoder *e, AVFrame *frame)
{
    int error = avcodec_send_frame(e->codec, frame);
    while (error >= 0) {
        error = avcodec_receive_packet(e->codec, e->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return 0;
        if (error < 0) break;
        if (e->packet->duration == 0) e->packet->duration = av_rescale_q(1, av_inv_q(e->rate), e->codec->time_base);
        av_packet_rescale_ts(e->packet, e->codec->time_base, e->stream->time_base);
        e->packet->stream_index = e->stream->index;
        error = write_packet(e);
    }
    return error;
}

/* The same by way of the palette, if there is one. */
static int encode_frame(hr_video_encoder *e, AVFrame *frame)
{
    if (e->palette == NULL) return encode(e, frame);
    int error = hr_libav_palette_put(e->palette, frame);
    while (error >= 0) {
        error = hr_libav_palette_take(e->palette, e->done);
        if (error == AVERROR(EAGAIN)) return 0;
        if (error == AVERROR_EOF) return encode(e, NULL);
        if (error < 0) break;
        error = encode(e, e->done);
        av_frame_unref(e->done);
    }
    return error;
}

/* Move a packet of audio to the time of the output. Returns 0 if it is not wanted: it lies before the beginning, or
 * does not come after the one before it. What decoders need before the first sound lies below 0; where a container has
 * no such times, it would move everything else. */
static int place_audio(hr_video_encoder *e, int from)
{
    audio_route *route = &e->routes[from];
    AVPacket *packet = e->packet;
    const AVRational units = e->audio->streams[from].time_base;
    const AVStream *to = e->format->streams[route->to];
    const int64_t shift = av_rescale_q(e->first_pts, e->time_base, units);
    if (packet->dts == AV_NOPTS_VALUE) packet->dts = packet->pts;
    if (packet->pts == AV_NOPTS_VALUE) packet->pts = packet->dts;
    if (packet->pts == AV_NOPTS_VALUE) return 0;
    packet->pts -= shift;
    packet->dts -= shift;
    if (packet->pts < 0 && (e->first_pts != 0 || !is_mp4(e))) return 0;
    av_packet_rescale_ts(packet, units, to->time_base);
    if (route->has_last && packet->dts <= route->last) {
        e->info.n_audio_lost++;
        return 0;
    }
    route->last = packet->dts;
    route->has_last = 1;
    packet->stream_index = to->index;
    packet->pos = -1;
    return 1;
}

/* Write the audio that begins before this moment of the source, in microseconds. */
static int write_audio(hr_video_encoder *e, int64_t before)
{
    for (;;) {
        const int from = e->audio != NULL ? hr_libav_audio_take(e->audio, before, e->packet) : -1;
        if (from < 0) return 0;
        int error = 0;
        if (e->routes[from].to >= 0 && place_audio(e, from)) {
            error = write_packet(e);
            if (error == AVERROR(EINVAL) || error == AVERROR_INVALIDDATA) { /* its own fault alone */
                e->info.n_audio_lost++;
                error = 0;
            }
        }
        av_packet_unref(e->packet);
        if (error < 0) return error;
    }
}

/* ------------------------------------------------------------------------------------------------ frames */

/* The timestamp in the codec's units, above the last one. Returns 0 if it is beyond all numbers. */
static int place_frame(hr_video_encoder *e, int64_t pts)
{
    const int64_t first = e->first_pts;
    int64_t at = av_rescale_q(pts - first, e->time_base, e->codec->time_base);
    if (at == INT64_MIN || at > INT64_MAX / 4 || at < INT64_MIN / 4) return 0;
    if (e->has_last && at <= e->last) {
        at = e->last + 1;
        e->info.n_moved++;
    }
    e->last = at;
    e->has_last = 1;
    e->canvas.frame->pts = at;
    return 1;
}

hrnet_status hr_libav_encoder_write(hr_video_encoder *e, const hrnet_pixels *pixels, int64_t pts)
{
    int is_scaled = 0;
    const hrnet_status status = hr_libav_canvas_put(&e->canvas, pixels, &is_scaled);
    if (status != HRNET_OK) return status;
    e->info.n_scaled += (uint64_t)is_scaled;
    if (!place_frame(e, pts))
        return hr_libav_fail(e->host, HRNET_ERR_ARGUMENT, "%s: a timestamp of %lld, which the format cannot have",
                             e->name, (long long)pts);
    const int64_t begin = av_rescale_q(pts, e->time_base, microseconds);
    e->end = begin + av_rescale_q(1, av_inv_q(e->rate), microseconds);
    int error = write_audio(e, begin);
    if (error >= 0) error = encode_frame(e, e->canvas.frame);
    return check_output(e, error);
}

hrnet_status hr_libav_encoder_finish(hr_video_encoder *e, int with_frames)
{
    int error = 0;
    if (e->is_closed || !e->has_header) return hr_libav_fail(e->host, HRNET_ERR_IO, "%s: is closed", e->name);
    if (with_frames) {
        error = encode_frame(e, NULL);
        if (error >= 0 && e->audio != NULL)
            error = write_audio(e, hr_libav_audio_is_complete(e->audio) ? INT64_MAX : e->end);
        const hrnet_status status = check_output(e, error);
        if (status != HRNET_OK) return status;
    } else {
        e->format->pb->error = 0; /* the index may still find space where frames did not */
    }
    e->is_closed = 1;
    error = av_write_trailer(e->format);
    avio_flush(e->format->pb);
    if (error >= 0) error = e->format->pb->error;
    if (!with_frames) return error < 0 ? hr_libav_fail_error(e->host, error, "%s: cannot write", e->name) : HRNET_OK;
    return check_output(e, error);
}
