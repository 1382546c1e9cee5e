/* libav_audio.c - the queue of audio. */
#include "video/libav/libav_audio.h"

enum { MOST_BYTES = 64 << 20 };

struct hr_libav_audio_packet {
    hr_libav_audio_packet *next;
    AVPacket *packet;
    int stream;
    int64_t begin; /* microseconds */
};

static const AVRational microseconds = {1, AV_TIME_BASE};

static hrnet_status add_stream(hr_libav_audio *audio, const AVStream *from)
{
    hr_libav_audio_stream *to = &audio->streams[audio->n_streams];
    to->parameters = avcodec_parameters_alloc();
    if (to->parameters == NULL || avcodec_parameters_copy(to->parameters, from->codecpar) < 0) {
        avcodec_parameters_free(&to->parameters);
        return hr_libav_fail_memory(audio->host);
    }
    to->index = from->index;
    to->time_base = from->time_base;
    audio->n_streams++;
    return HRNET_OK;
}

hrnet_status hr_libav_audio_create(hr_libav_audio **out, const hr_video_host *host, const AVFormatContext *format)
{
    hr_libav_audio *audio = host->alloc(1, sizeof *audio);
    if (audio == NULL) return hr_libav_fail_memory(host);
    audio->host = host;
    audio->n_owners = 1;
    audio->until = INT64_MAX;
    pthread_mutex_init(&audio->lock, NULL);
    hrnet_status status = HRNET_OK;
    for (unsigned i = 0; i < format->nb_streams && status == HRNET_OK; i++) {
        const AVStream *stream = format->streams[i];
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && audio->n_streams < HR_LIBAV_MOST_AUDIO &&
            stream->time_base.num > 0 && stream->time_base.den > 0)
            status = add_stream(audio, stream);
    }
    if (status != HRNET_OK || audio->n_streams == 0) {
        hr_libav_audio_release(audio);
        audio = NULL;
    }
    if (status == HRNET_OK) *out = audio;
    return status;
}

hr_libav_audio *hr_libav_audio_share(hr_libav_audio *audio)
{
    if (audio == NULL) return NULL;
    pthread_mutex_lock(&audio->lock);
    audio->n_owners++;
    pthread_mutex_unlock(&audio->lock);
    return audio;
}

void hr_libav_audio_release(hr_libav_audio *audio)
{
    if (audio == NULL) return;
    pthread_mutex_lock(&audio->lock);
    const int n_left = --audio->n_owners;
    pthread_mutex_unlock(&audio->lock);
    if (n_left > 0) return;
    hr_libav_audio_clear(audio);
    for (int i = 0; i < audio->n_streams; i++) avcodec_parameters_free(&audio->streams[i].parameters);
    pthread_mutex_destroy(&audio->lock);
    audio->host->release(audio);
}

/* Where a packet belongs between the frames. One without a time stands where the one before it stood. */
static int64_t begin_of(const hr_libav_audio *audio, int stream, const AVPacket *packet)
{
    const int64_t pts = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    if (pts != AV_NOPTS_VALUE) return av_rescale_q(pts, audio->streams[stream].time_base, microseconds);
    return audio->last != NULL ? audio->last->begin : INT64_MIN;
}

void hr_libav_audio_put(hr_libav_audio *audio, int stream, AVPacket *packet)
{
    hr_libav_audio_packet *entry = audio->host->alloc(1, sizeof *entry);
    const size_t n_bytes = (size_t)packet->size + sizeof *entry + sizeof *packet;
    if (entry != NULL) entry->packet = av_packet_alloc();
    const int is_whole = entry != NULL && entry->packet != NULL;
    pthread_mutex_lock(&audio->lock);
    const int is_kept = is_whole && audio->n_bytes + n_bytes <= MOST_BYTES;
    if (is_kept) {
        entry->stream = stream;
        entry->begin = begin_of(audio, stream, packet);
        av_packet_move_ref(entry->packet, packet);
        if (audio->last != NULL)
            audio->last->next = entry;
        else
            audio->first = entry;
        audio->last = entry;
        audio->n_bytes += n_bytes;
    } else {
        audio->n_lost++;
    }
    pthread_mutex_unlock(&audio->lock);
    if (is_kept) return;
    av_packet_unref(packet);
    if (entry != NULL) av_packet_free(&entry->packet);
    audio->host->release(entry);
}

static void free_first(hr_libav_audio *audio)
{
    hr_libav_audio_packet *entry = audio->first;
    audio->first = entry->next;
    if (audio->first == NULL) audio->last = NULL;
    av_packet_free(&entry->packet);
    audio->host->release(entry);
}

void hr_libav_audio_clear(hr_libav_audio *audio)
{
    pthread_mutex_lock(&audio->lock);
    while (audio->first != NULL) free_first(audio);
    audio->n_bytes = 0;
    pthread_mutex_unlock(&audio->lock);
}

void hr_libav_audio_complete(hr_libav_audio *audio, int64_t until)
{
    pthread_mutex_lock(&audio->lock);
    audio->is_complete = 1;
    audio->until = until;
    pthread_mutex_unlock(&audio->lock);
}

int hr_libav_audio_take(hr_libav_audio *audio, int64_t before, AVPacket *out)
{
    int stream = -1;
    pthread_mutex_lock(&audio->lock);
    while (audio->first != NULL && audio->first->begin >= audio->until) free_first(audio);
    hr_libav_audio_packet *entry = audio->first;
    if (entry != NULL && entry->begin < before) {
        stream = entry->stream;
        audio->n_bytes -= (size_t)entry->packet->size + sizeof *entry + sizeof *entry->packet;
        av_packet_move_ref(out, entry->packet);
        free_first(audio);
    }
    pthread_mutex_unlock(&audio->lock);
    return stream;
}

int hr_libav_audio_is_complete(hr_libav_audio *audio)
{
    pthread_mutex_lock(&audio->lock);
    const int is_complete = audio->is_complete;
    pthread_mutex_unlock(&audio->lock);
    return is_complete;
}

uint64_t hr_libav_audio_n_lost(hr_libav_audio *audio)
{
    pthread_mutex_lock(&audio->lock);
    const uint64_t n = audio->n_lost;
    pthread_mutex_unlock(&audio->lock);
    return n;
}
