/* libav_reader_open.c - opens a source and its decoder, and finds out what the video is. */
#include "video/libav/libav_reader_internal.h"

#include <libavutil/avutil.h>

#include "video/libav/libav_hardware.h"

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

hrnet_status hr_libav_reader_open_stream(hr_video_reader *reader)
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

void hr_libav_reader_close_stream(hr_video_reader *reader)
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

/* FFmpeg's guess of the lowest rate that all timestamps are multiples of, if it is one of videos. */
static AVRational grid_of(const AVStream *stream, double fps)
{
    const AVRational rate = stream->r_frame_rate;
    const double found = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
    return found >= fps && found <= 4 * fps && found <= 240 ? rate : av_d2q(fps, 1001000);
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
    reader->grid = grid_of(stream, reader->fps);
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
    hrnet_status status = hr_libav_reader_open_stream(reader);
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
    hr_libav_reader_close_stream(reader);
    hr_libav_audio_release(reader->audio);
    av_packet_free(&reader->packet);
    av_frame_free(&reader->frame);
    for (int i = 0; i < HR_VIDEO_MOST_SLOTS; i++) hr_libav_slot_free(&reader->slots[i]);
    hr_libav_scaler_free(&reader->scaler);
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
    return (hr_libav_look){reader->is_bt709, reader->pixel_aspect, reader->grid, reader->fps,
                           hr_libav_audio_share(reader->audio)};
}
