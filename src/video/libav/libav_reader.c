/*
 * libav_reader.c - packets become frames. All times are in units of the time base that the stream had when it was first
 * opened; a camera or stream that is opened again goes on behind its last frame by as much as the clock did.
 */
#include <stdio.h>

#include "base/clock.h"
#include "video/libav/libav_hardware.h"
#include "video/libav/libav_reader_internal.h"

enum { MOST_BROKEN = 10000 }; /* packets in a row that cannot be read: a file ends there */

static void note_corrupt(hr_video_reader *reader)
{
    reader->n_corrupt++;
    if (reader->warning[0] == '\0') snprintf(reader->warning, HR_LIBAV_WARNING, "%s", hr_libav_said());
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
        hr_libav_reader_close_stream(reader);
        if (reader->audio != NULL) hr_libav_audio_clear(reader->audio);
        return hr_libav_reader_open_stream(reader);
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
        hr_libav_forget_said();
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
        hr_libav_reader_close_stream(reader);
        if (!hr_libav_source_sleep(&reader->source, waits[i < 4 ? i : 4]))
            return hr_libav_source_fail(&reader->source, AVERROR_EXIT, "cancelled");
        failure = hr_libav_reader_open_stream(reader);
        if (failure != HRNET_OK) continue;
        reader->n_reconnects++;
        reader->must_shift = reader->has_last;
        hr_libav_source_wait(&reader->source);
        if (o->on_message != NULL) o->on_message(o->context, "the stream was opened again");
        return HRNET_OK;
    }
    return failure;
}

/* The source gave no packet. Files end; cameras and streams are opened again if they may be. */
static hrnet_status handle_no_packet(hr_video_reader *reader, int error)
{
    const hr_libav_source *source = &reader->source;
    const int is_end = error == AVERROR_EOF;
    const int may_reopen = source->is_live && (source->kind == HR_LIBAV_CAMERA || source->kind == HR_LIBAV_STREAM) &&
                           source->options->reconnect > 0;
    if (is_end && !may_reopen) {
        if (hr_libav_said()[0] != '\0') note_corrupt(reader); /* the file is cut off within a packet */
        reader->is_draining = 1;
        avcodec_send_packet(reader->codec, NULL);
        return HRNET_OK;
    }
    const hrnet_status failure = is_end
                                     ? hr_libav_fail(reader->host, HRNET_ERR_IO, "%s: the stream ended", source->name)
                                     : hr_libav_source_fail(source, error, "cannot read");
    return may_reopen ? reconnect(reader, failure) : failure;
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
