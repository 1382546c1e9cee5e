/*
 * libav_reader.c - packets become frames. All times are in units of the time base that the stream had when it was first
 * opened; a camera or stream that is opened again goes on behind its last frame by as much as the clock did.
 */
#include "video/libav/libav_reader.h"

#include <stdio.h>
#include <string.h>

#include <libavutil/avutil.h>
#include <libswscale/swscale.h>

#include "base/clock.h"
#include "video/libav/libav_hardware.h"
#include "video/libav/libav_pixels.h"
#include "video/libav/libav_source.h"

enum {
    MOST_BROKEN = 10000, /* packets in a row that cannot be read: a file ends there */
    WARNING = 512
};

struct hr_video_reader {
    const hr_video_host *host;
    hr_libav_source source;
    int stream;            /* index of the video */
    AVCodecContext *codec; /* NULL: it is being opened again */
    const char *hardware;
    AVRational time_base;
    int64_t start;
    int64_t shift;    /* added to timestamps since it was opened again, in units of time_base */
    int must_shift;   /* 1: the next timestamp decides what shift is */
    int64_t last_pts; /* of the last frame, as handed out, if there was one */
    double last_at;   /* and when that was */
    int has_last;
    hr_libav_turn turn;
    double fps, duration;
    int64_t n_frames;
    AVRational pixel_aspect;
    int is_bt709, n_audio;
    hr_libav_audio *audio;
    AVPacket *packet;
    AVFrame *frame; /* the current one */
    hr_libav_slot slots[HR_VIDEO_MOST_SLOTS];
    int n_slots;
    struct SwsContext *scaler;
    int is_draining; /* 1: the source has ended, and the decoder hands out what it has kept back */
    uint64_t n_corrupt, n_reconnects;
    char warning[WARNING];
};

static void note_corrupt(hr_video_reader *reader)
{
    reader->n_corrupt++;
    if (reader->warning[0] == '\0') snprintf(reader->warning, WARNING, "%s", hr_libav_said());
}

/* ------------------------------------------------------------------------------------------------ opening */

static int is_picture_of_cover(const AVStream *stream)
{
    return (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
}

/* FFmpeg's choice among the streams of video, or the first if that is a cover picture; -1: there is none. */
static int find_video(AVFormatContext *format)
{
    const int best = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (best >= 0 && !is_picture_of_cover(format->streams[best])) return best;
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_picture_of_cover(format->streams[i]))
            return (int)i;
    return -1;
}

static hrnet_status fail_no_video(const hr_video_reader *reader, const AVFormatContext *format)
{
    const char *found = format->nb_streams == 0 ? "no streams" : "none of its streams is one";
    const char *codec = "";
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) {
            found = "sound alone: ";
            codec = avcodec_get_name(format->streams[i]->codecpar->codec_id);
        }
    return hr_libav_fail(reader->host, HRNET_ERR_FORMAT, "%s: expected a video, found %s%s", reader->source.name, found,
                         codec);
}

static hrnet_status open_codec(hr_video_reader *reader)
{
    const hrnet_video_options *o = reader->source.options;
    const AVStream *stream = reader->source.format->streams[reader->stream];
    const AVCodecParameters *facts = stream->codecpar;
    const AVCodec *decoder = avcodec_find_decoder(facts->codec_id);
    if ((int64_t)facts->width * facts->height > HR_VIDEO_MOST_PIXELS || facts->width > HR_VIDEO_MOST_SIDE ||
        facts->height > HR_VIDEO_MOST_SIDE)
        return hr_libav_fail(reader->host, HRNET_ERR_LIMIT,
                             "%s: frames of %d x %d pixels, the limit is 2^28, and 2^20 on a side", reader->source.name,
                             facts->width, facts->height);
    if (decoder == NULL)
        return hr_libav_fail(reader->host, HRNET_ERR_UNSUPPORTED, "%s: %s, for which FFmpeg here has no decoder",
                             reader->source.name, avcodec_get_name(facts->codec_id));
    AVCodecContext *codec = reader->codec = avcodec_alloc_context3(decoder);
    if (codec == NULL || avcodec_parameters_to_context(codec, facts) < 0) return hr_libav_fail_memory(reader->host);
    hr_libav_mark(codec);
    codec->pkt_timebase = reader->time_base;
    codec->max_pixels = HR_VIDEO_MOST_PIXELS;
    codec->thread_count = o->threads;
    /* threads that decode several frames at once keep as many back */
    codec->thread_type = reader->source.is_live ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE;
    const hrnet_status status =
        hr_libav_hardware_begin(codec, reader->host, o->hardware, reader->source.name, &reader->hardware);
    if (status != HRNET_OK) return status;
    const int error = avcodec_open2(codec, decoder, NULL);
    return error < 0 ? hr_libav_fail_error(reader->host, error, "%s: cannot decode %s", reader->source.name,
                                           avcodec_get_name(facts->codec_id))
                     : HRNET_OK;
}

/* Read what the decoder needs, and audio that is kept; nothing else. */
static void choose_streams(hr_video_reader *reader)
{
    const AVFormatContext *format = reader->source.format;
    const int keep_audio = reader->source.options->keep_audio;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const int is_kept =
            (int)i == reader->stream || (keep_audio && format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO);
        format->streams[i]->discard = is_kept ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
}

/* Open source and decoder, for the first time or again. */
static hrnet_status open_stream(hr_video_reader *reader)
{
    hrnet_status status = hr_libav_source_open(&reader->source);
    if (status != HRNET_OK) return status;
    reader->stream = find_video(reader->source.format);
    if (reader->stream < 0) return fail_no_video(reader, reader->source.format);
    choose_streams(reader);
    reader->is_draining = 0;
    if (reader->time_base.num == 0) reader->time_base = reader->source.format->streams[reader->stream]->time_base;
    return open_codec(reader);
}

static void close_stream(hr_video_reader *reader)
{
    avcodec_free_context(&reader->codec);
    hr_libav_source_close(&reader->source);
}

/* ------------------------------------------------------------------------------------------------ facts */

static double rate_of(AVFormatContext *format, AVStream *stream)
{
    AVRational rate = stream->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0) rate = av_guess_frame_rate(format, stream, NULL);
    return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
}

/* The timestamp of second 0: where the first of all streams begins. It is known in microseconds; the video's own start
 * is exact. */
static int64_t start_of(const AVFormatContext *format, const AVStream *stream)
{
    const AVRational microseconds = {1, AV_TIME_BASE};
    const int64_t own = stream->start_time;
    if (format->start_time == AV_NOPTS_VALUE) return own != AV_NOPTS_VALUE ? own : 0;
    const int64_t all = av_rescale_q(format->start_time, microseconds, stream->time_base);
    return own != AV_NOPTS_VALUE && own - all <= 1 && all - own <= 1 ? own : all;
}

static void find_facts(hr_video_reader *reader)
{
    AVFormatContext *format = reader->source.format;
    AVStream *stream = format->streams[reader->stream];
    const hrnet_video_options *o = reader->source.options;
    reader->start = start_of(format, stream);
    reader->fps = rate_of(format, stream);
    if (stream->duration > 0)
        reader->duration = (double)stream->duration * av_q2d(stream->time_base);
    else if (format->duration > 0)
        reader->duration = (double)format->duration / AV_TIME_BASE;
    if (stream->nb_frames > 0)
        reader->n_frames = stream->nb_frames;
    else if (reader->duration * reader->fps < 1e15)
        reader->n_frames = (int64_t)(reader->duration * reader->fps + 0.5);
    for (unsigned i = 0; i < format->nb_streams; i++)
        reader->n_audio += format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    if (!hr_libav_turn_of(hr_libav_matrix(stream), &reader->turn) && o->on_message != NULL)
        o->on_message(o->context, "the video asks to be turned by an angle that is not a quarter: it is left as it is");
    reader->pixel_aspect = av_guess_sample_aspect_ratio(format, stream, NULL);
    if (reader->turn.xx == 0) reader->pixel_aspect = (AVRational){reader->pixel_aspect.den, reader->pixel_aspect.num};
    reader->is_bt709 = stream->codecpar->color_space == AVCOL_SPC_BT709;
}

static hrnet_status open_reader(hr_video_reader *reader)
{
    const hrnet_video_options *o = reader->source.options;
    hrnet_status status = open_stream(reader);
    if (status != HRNET_OK) return status;
    find_facts(reader);
    if (o->keep_audio) status = hr_libav_audio_create(&reader->audio, reader->host, reader->source.format);
    reader->packet = av_packet_alloc();
    reader->frame = av_frame_alloc();
    for (; status == HRNET_OK && reader->n_slots < o->n_valid; reader->n_slots++)
        status = hr_libav_slot_create(&reader->slots[reader->n_slots], reader->host);
    if (status == HRNET_OK && (reader->packet == NULL || reader->frame == NULL))
        status = hr_libav_fail_memory(reader->host);
    return status;
}

hrnet_status hr_libav_reader_open(hr_video_reader **out, const hr_video_host *host, const char *path,
                                  const hrnet_video_options *options)
{
    hr_video_reader *reader = host->alloc(1, sizeof *reader);
    if (reader == NULL) return hr_libav_fail_memory(host);
    reader->host = host;
    hrnet_status status = hr_libav_source_begin(&reader->source, host, path, options);
    if (status == HRNET_OK) status = open_reader(reader);
    if (status == HRNET_OK)
        *out = reader;
    else
        hr_libav_reader_close(reader);
    return status;
}

void hr_libav_reader_close(hr_video_reader *reader)
{
    if (reader == NULL) return;
    close_stream(reader);
    hr_libav_audio_release(reader->audio);
    av_packet_free(&reader->packet);
    av_frame_free(&reader->frame);
    for (int i = 0; i < HR_VIDEO_MOST_SLOTS; i++) hr_libav_slot_free(&reader->slots[i]);
    sws_freeContext(reader->scaler);
    reader->host->release(reader);
}

void hr_libav_reader_info(const hr_video_reader *reader, hrnet_video_info *out)
{
    const AVCodecContext *codec = reader->codec;
    if (codec != NULL && out->codec == NULL) { /* the first time: what does not change */
        const int is_lying = reader->turn.xx == 0;
        out->width = is_lying ? codec->height : codec->width;
        out->height = is_lying ? codec->width : codec->height;
        out->codec = avcodec_get_name(codec->codec_id);
        out->format = reader->source.format->iformat->name;
        out->hardware = reader->hardware;
        out->fps = reader->fps;
        out->duration = reader->duration;
        out->n_frames = reader->n_frames;
        out->start = reader->start;
        out->time_base_num = reader->time_base.num;
        out->time_base_den = reader->time_base.den;
        out->pixel_aspect =
            reader->pixel_aspect.num > 0 && reader->pixel_aspect.den > 0 ? av_q2d(reader->pixel_aspect) : 1;
        out->rotation = hr_libav_turn_degrees(&reader->turn, &out->is_mirrored);
        out->is_live = reader->source.is_live;
        out->has_audio = reader->n_audio;
    }
    out->n_corrupt = reader->n_corrupt;
    out->n_reconnects = reader->n_reconnects;
    out->n_audio_lost = reader->audio != NULL ? hr_libav_audio_n_lost(reader->audio) : 0;
    out->warning = reader->warning[0] != '\0' ? reader->warning : NULL;
}

hr_libav_look hr_libav_reader_look(const hr_video_reader *reader)
{
    return (hr_libav_look){reader->is_bt709, reader->pixel_aspect, hr_libav_audio_share(reader->audio)};
}

/* ------------------------------------------------------------------------------------------------ seeking */

static void forget_position(hr_video_reader *reader)
{
    avcodec_flush_buffers(reader->codec);
    reader->is_draining = 0;
    if (reader->audio != NULL) hr_libav_audio_clear(reader->audio);
}

int hr_libav_reader_seek(hr_video_reader *reader, int64_t pts)
{
    if (reader->source.is_live) return 0;
    if (av_seek_frame(reader->source.format, reader->stream, pts, AVSEEK_FLAG_BACKWARD) < 0) return 0;
    forget_position(reader);
    return 1;
}

hrnet_status hr_libav_reader_rewind(hr_video_reader *reader)
{
    if (reader->source.kind != HR_LIBAV_PIPE) {
        close_stream(reader);
        if (reader->audio != NULL) hr_libav_audio_clear(reader->audio);
        return open_stream(reader);
    }
    const int error = av_seek_frame(reader->source.format, reader->stream, reader->start, AVSEEK_FLAG_BACKWARD);
    if (error < 0) return hr_libav_source_fail(&reader->source, error, "cannot go back");
    forget_position(reader);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ packets */

static void shift_packet(AVPacket *packet, int64_t shift)
{
    if (packet->pts != AV_NOPTS_VALUE) packet->pts += shift;
    if (packet->dts != AV_NOPTS_VALUE) packet->dts += shift;
}

/* Decide where a source that was opened again goes on: as long after its last frame as the clock says. */
static void find_shift(hr_video_reader *reader, const AVPacket *packet)
{
    const int64_t pts = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    if (pts == AV_NOPTS_VALUE) return;
    const double units = (hr_clock_now() - reader->last_at) / av_q2d(reader->time_base);
    reader->shift = reader->last_pts + (units < 1e15 ? (int64_t)units : 0) + 1 - pts;
    reader->must_shift = 0;
}

/* A packet of audio goes into the queue, in the units that its stream had at first. */
static void keep_audio(hr_video_reader *reader, AVPacket *packet)
{
    hr_libav_audio *audio = reader->audio;
    const AVStream *from = reader->source.format->streams[packet->stream_index];
    for (int i = 0; audio != NULL && i < audio->n_streams; i++) {
        const hr_libav_audio_stream *to = &audio->streams[i];
        if (to->index != packet->stream_index) continue;
        av_packet_rescale_ts(packet, from->time_base, to->time_base);
        shift_packet(packet, av_rescale_q(reader->shift, reader->time_base, to->time_base));
        if (!reader->must_shift) hr_libav_audio_put(audio, i, packet);
    }
    av_packet_unref(packet);
}

/* The next packet of video into reader->packet. 0, or an error of FFmpeg's. */
static int read_packet(hr_video_reader *reader)
{
    AVPacket *packet = reader->packet;
    for (int n_broken = 0; n_broken < MOST_BROKEN;) {
        av_packet_unref(packet);
        const int error = hr_libav_source_read(&reader->source, packet);
        if (error == AVERROR_INVALIDDATA) {
            note_corrupt(reader);
            n_broken++;
            continue;
        }
        if (error < 0) return error;
        if (packet->stream_index != reader->stream) {
            keep_audio(reader, packet);
            continue;
        }
        av_packet_rescale_ts(packet, reader->source.format->streams[reader->stream]->time_base, reader->time_base);
        if (reader->must_shift) find_shift(reader, packet);
        shift_packet(packet, reader->shift);
        return 0;
    }
    return AVERROR_EOF;
}

/* ------------------------------------------------------------------------------------------------ opening again */

/* Open a source that broke again, as often as the caller wants. failure: what the message of the last try is about. */
static hrnet_status reconnect(hr_video_reader *reader, hrnet_status failure)
{
    static const double waits[] = {0, 1, 2, 4, 8};
    const hrnet_video_options *o = reader->source.options;
    for (int i = 0; i < o->reconnect && failure != HRNET_ERR_CANCELLED; i++) {
        close_stream(reader);
        if (!hr_libav_source_sleep(&reader->source, waits[i < 4 ? i : 4]))
            return hr_libav_source_fail(&reader->source, AVERROR_EXIT, "cancelled");
        failure = open_stream(reader);
        if (failure != HRNET_OK) continue;
        reader->n_reconnects++;
        reader->must_shift = reader->has_last;
        hr_libav_source_wait(&reader->source);
        if (o->on_message != NULL) o->on_message(o->context, "the stream was opened again");
        return HRNET_OK;
    }
    return failure;
}

/* The source gave no packet. Files end; what is live is opened again if it may be. */
static hrnet_status handle_no_packet(hr_video_reader *reader, int error)
{
    const int is_end = error == AVERROR_EOF;
    if (is_end && (!reader->source.is_live || reader->source.options->reconnect == 0)) {
        reader->is_draining = 1;
        avcodec_send_packet(reader->codec, NULL);
        return HRNET_OK;
    }
    const hrnet_status failure =
        is_end ? hr_libav_fail(reader->host, HRNET_ERR_IO, "%s: the stream ended", reader->source.name)
               : hr_libav_source_fail(&reader->source, error, "cannot read");
    return reader->source.is_live ? reconnect(reader, failure) : failure;
}

/* ------------------------------------------------------------------------------------------------ frames */

/* Give the decoder its next packet, or tell it that there are no more. */
static hrnet_status feed(hr_video_reader *reader)
{
    const int error = read_packet(reader);
    if (error < 0) return handle_no_packet(reader, error);
    if ((reader->packet->flags & AV_PKT_FLAG_CORRUPT) != 0) note_corrupt(reader);
    const int sent = avcodec_send_packet(reader->codec, reader->packet);
    av_packet_unref(reader->packet);
    if (sent == AVERROR(ENOMEM)) return hr_libav_fail_memory(reader->host);
    if (sent < 0 && sent != AVERROR_EOF) note_corrupt(reader);
    return HRNET_OK;
}

static void take_frame(hr_video_reader *reader, hr_video_stamp *out)
{
    const AVFrame *frame = reader->frame;
    const int64_t pts = frame->best_effort_timestamp;
    *out =
        (hr_video_stamp){.has_pts = pts != AV_NOPTS_VALUE,
                         .pts = pts,
                         .duration = hr_libav_duration(frame),
                         .is_damaged = frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0};
    if (out->is_damaged) note_corrupt(reader);
    if (out->has_pts) {
        reader->last_pts = pts;
        reader->last_at = hr_clock_now();
        reader->has_last = 1;
    }
}

static void end_reading(hr_video_reader *reader, hr_video_stamp *out)
{
    *out = (hr_video_stamp){.is_end = 1};
    if (reader->audio != NULL) hr_libav_audio_complete(reader->audio, INT64_MAX);
}

hrnet_status hr_libav_reader_read(hr_video_reader *reader, hr_video_stamp *out)
{
    hr_libav_source_wait(&reader->source);
    if (reader->codec == NULL) return hr_libav_fail(reader->host, HRNET_ERR_IO, "%s: is closed", reader->source.name);
    for (int n_broken = 0;;) {
        int error = avcodec_receive_frame(reader->codec, reader->frame);
        if (error == 0) error = hr_libav_hardware_fetch(reader->frame);
        if (error == 0) {
            take_frame(reader, out);
            return HRNET_OK;
        }
        if (error == AVERROR(ENOMEM)) return hr_libav_fail_memory(reader->host);
        if (error != AVERROR(EAGAIN) && error != AVERROR_EOF) {
            note_corrupt(reader);
            n_broken++;
        }
        if (reader->is_draining && (error == AVERROR_EOF || error == AVERROR(EAGAIN) || n_broken > MOST_BROKEN)) {
            end_reading(reader, out);
            return HRNET_OK;
        }
        if (reader->is_draining) continue;
        const hrnet_status status = feed(reader);
        if (status != HRNET_OK) return status;
    }
}

hrnet_status hr_libav_reader_pixels(hr_video_reader *reader, int slot, hrnet_pixels *out)
{
    hr_libav_slot *to = &reader->slots[slot];
    av_frame_unref(to->decoded);
    av_frame_move_ref(to->decoded, reader->frame);
    return hr_libav_pixels(to, reader->host, &reader->scaler, &reader->turn, out);
}

/* Audio of the wanted time may stand behind the first frame that is not wanted; files keep the two within seconds of
 * each other. */
void hr_libav_reader_stop(hr_video_reader *reader, int64_t pts)
{
    const AVRational microseconds = {1, AV_TIME_BASE};
    const int64_t until = av_rescale_q(pts, reader->time_base, microseconds);
    if (reader->audio == NULL) return;
    for (int n = 0; n < MOST_BROKEN && !reader->source.is_live && !reader->is_draining; n++) {
        if (read_packet(reader) < 0) break;
        const AVPacket *packet = reader->packet;
        if (packet->dts != AV_NOPTS_VALUE &&
            av_rescale_q(packet->dts, reader->time_base, microseconds) > until + 2 * (int64_t)AV_TIME_BASE)
            break;
    }
    av_packet_unref(reader->packet);
    hr_libav_audio_complete(reader->audio, until);
}
