/*
 * libav_source.c - opening of inputs. FFmpeg takes names of files for addresses ("a:b.mp4") and, in playlists,
 * addresses for files; here a file is always opened as a file and an address as an address, and a playlist reaches its
 * own kind alone.
 */
#include "video/libav/libav_source.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/avstring.h>

#include "base/clock.h"
#include "video/libav/libav_folder.h"

enum { POLL_MS = 20, BUFFER = 1 << 16 };

static const char file_protocols[] = "file,crypto,data";
static const char stream_protocols[] =
    "http,https,httpproxy,tls,tcp,udp,udplite,rtp,srtp,rtmp,rtmps,rtmpt,rtmpe,rtmpte,"
    "rtmpts,rtsp,mmsh,mmst,srt,rist,ftp,crypto,data,hls";
static const char *const live_schemes[] = {"rtsp", "rtsps", "rtmp", "rtmps", "rtmpt", "rtmpe", "srt",
                                           "rist", "udp",   "rtp",  "srtp",  "mmsh",  "mmst",  NULL};

/* Readers of FFmpeg that make a picture of any text, or of any bytes. */
static const char *const no_video[] = {"tty", "bin", "xbin", "adf", "idf", NULL};

static int is_one_of(const char *const *list, const char *text, size_t n)
{
    for (; *list != NULL; list++)
        if (strlen(*list) == n && strncmp(*list, text, n) == 0) return 1;
    return 0;
}

/* ------------------------------------------------------------------------------------------------ watch */

static int is_interrupted(void *opaque)
{
    hr_libav_watch *watch = opaque;
    if (watch->cancelled != NULL && watch->cancelled(watch->context) != 0) watch->is_cancelled = 1;
    if (watch->deadline > 0 && hr_clock_now() > watch->deadline) watch->is_timed_out = 1;
    return watch->is_cancelled || watch->is_timed_out;
}

void hr_libav_source_wait(hr_libav_source *source)
{
    hr_libav_watch *watch = &source->watch;
    watch->deadline = watch->timeout > 0 ? hr_clock_now() + watch->timeout : 0;
    watch->is_timed_out = 0;
}

static void nap(double seconds)
{
    const struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&t, NULL);
}

int hr_libav_source_sleep(hr_libav_source *source, double seconds)
{
    const double end = hr_clock_now() + seconds;
    const hr_libav_watch *watch = &source->watch;
    source->watch.deadline = 0;
    while (!is_interrupted(&source->watch) && hr_clock_now() < end) nap(1e-3 * POLL_MS);
    return !watch->is_cancelled;
}

hrnet_status hr_libav_source_fail(const hr_libav_source *source, int error, const char *what)
{
    if (source->watch.is_cancelled)
        return hr_libav_fail(source->host, HRNET_ERR_CANCELLED, "%s: cancelled", source->name);
    /* FFmpeg may hand out what it had at the time-out, and say only the next time that it was interrupted */
    if (source->watch.is_timed_out || error == AVERROR_EXIT)
        return hr_libav_fail(source->host, HRNET_ERR_IO, "%s: %s: nothing came within %g s", source->name, what,
                             source->watch.timeout);
    return hr_libav_fail_error(source->host, error, "%s: %s", source->name, what);
}

/* ------------------------------------------------------------------------------------------------ kinds */

/* Letters of an address before its "://"; 0: it is none. */
static size_t scheme_of(const char *path)
{
    const size_t n = strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return n > 0 && strncmp(path + n, "://", 3) == 0 ? n : 0;
}

static hrnet_status find_kind(hr_libav_source *source)
{
    struct stat status;
    const char *const path = source->path;
    source->kind = HR_LIBAV_FILE;
    if (strcmp(path, "-") == 0) {
        source->kind = HR_LIBAV_PIPE;
    } else if (strncmp(path, "lavfi:", 6) == 0) {
        source->kind = HR_LIBAV_FILTERS;
        source->is_live = strstr(path, "realtime") != NULL;
    } else if (scheme_of(path) > 0) {
        source->kind = HR_LIBAV_STREAM;
        source->is_live = is_one_of(live_schemes, path, scheme_of(path));
    } else if (stat(path, &status) != 0) {
        if (errno != ENOENT || strchr(path, '%') == NULL)
            return hr_libav_fail(source->host, HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
        source->kind = HR_LIBAV_PICTURES;
    } else if (S_ISDIR(status.st_mode)) {
        source->kind = HR_LIBAV_FOLDER;
    } else if (S_ISREG(status.st_mode)) {
        if (status.st_size == 0)
            return hr_libav_fail(source->host, HRNET_ERR_FORMAT, "%s: expected a video, found an empty file", path);
    } else if (S_ISCHR(status.st_mode) && strncmp(path, "/dev/video", 10) == 0) {
        source->kind = HR_LIBAV_CAMERA;
        source->is_live = 1;
    } else {
        source->kind = HR_LIBAV_PIPE;
    }
    return HRNET_OK;
}

hrnet_status hr_libav_source_begin(hr_libav_source *source, const hr_video_host *host, const char *path,
                                   const hrnet_video_options *options)
{
    *source = (hr_libav_source){.host = host,
                                .path = path,
                                .name = strcmp(path, "-") == 0 ? "standard input" : path,
                                .options = options,
                                .is_live = 0,
                                .fd = -1};
    const hrnet_status status = find_kind(source);
    if (status != HRNET_OK) return status;
    const int may_stall = source->kind == HR_LIBAV_CAMERA || source->kind == HR_LIBAV_STREAM;
    source->is_live |= options->is_live;
    source->watch = (hr_libav_watch){.cancelled = options->cancelled,
                                     .context = options->context,
                                     .timeout = options->timeout != 0 ? options->timeout
                                                : may_stall           ? 10
                                                                      : 0};
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ pipes */

/* Waits for the next bytes in short turns: read(2) alone would not end when the call is cancelled. */
static int read_pipe(void *opaque, uint8_t *out, int n)
{
    hr_libav_source *source = opaque;
    for (;;) {
        struct pollfd ready = {.fd = source->fd, .events = POLLIN};
        if (is_interrupted(&source->watch)) return AVERROR_EXIT;
        const int found = poll(&ready, 1, POLL_MS);
        if (found < 0 && errno != EINTR) return AVERROR(errno);
        if (found <= 0) continue;
        const ssize_t got = read(source->fd, out, (size_t)n);
        if (got > 0) return (int)got;
        if (got == 0) return AVERROR_EOF;
        if (errno != EINTR && errno != EAGAIN) return AVERROR(errno);
    }
}

static int64_t seek_pipe(void *opaque, int64_t offset, int whence)
{
    const hr_libav_source *source = opaque;
    struct stat status;
    if (whence == AVSEEK_SIZE) return fstat(source->fd, &status) == 0 ? (int64_t)status.st_size : AVERROR(errno);
    const off_t at = lseek(source->fd, offset, whence & ~AVSEEK_FORCE);
    return at >= 0 ? (int64_t)at : AVERROR(errno);
}

/* Standard input may be a file ("< clip.mp4"), which can be sought in. */
static hrnet_status open_pipe(hr_libav_source *source)
{
    struct stat status;
    /* a FIFO without a writer would keep open(2) waiting */
    const int is_input = strcmp(source->path, "-") == 0;
    source->fd = is_input ? STDIN_FILENO : open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd < 0)
        return hr_libav_fail(source->host, HRNET_ERR_IO, "%s: cannot open: %s", source->name, strerror(errno));
    const int is_file = fstat(source->fd, &status) == 0 && S_ISREG(status.st_mode);
    unsigned char *const buffer = av_malloc(BUFFER);
    if (buffer != NULL)
        source->io = avio_alloc_context(buffer, BUFFER, 0, source, read_pipe, NULL, is_file ? seek_pipe : NULL);
    if (source->io != NULL) return HRNET_OK;
    av_free(buffer);
    return hr_libav_fail_memory(source->host);
}

/* ------------------------------------------------------------------------------------------------ opening */

static const char *pixel_name(hrnet_pixel_format format)
{
    static const char *const names[] = {"rgb24", "bgr24", "rgba", "bgra", "gray", "nv12", "yuv420p"};
    return names[format];
}

static void set_size(AVDictionary **how, int width, int height, double fps)
{
    char text[64];
    if (width > 0) {
        snprintf(text, sizeof text, "%dx%d", width, height);
        av_dict_set(how, "video_size", text, 0);
    }
    if (fps > 0) {
        const AVRational rate = av_d2q(fps, 1001000);
        snprintf(text, sizeof text, "%d/%d", rate.num, rate.den);
        av_dict_set(how, "framerate", text, 0);
    }
}

/* What the reader of this kind is called, if FFmpeg is not to find it out, and its options. */
static const char *describe(const hr_libav_source *source, AVDictionary **how)
{
    const hrnet_video_options *o = source->options;
    const hrnet_raw_video *raw = &o->raw;
    const int is_stream = source->kind == HR_LIBAV_STREAM;
    const int is_pictures = source->kind == HR_LIBAV_PICTURES || source->kind == HR_LIBAV_FOLDER;
    if (source->kind == HR_LIBAV_FILTERS) return "lavfi";
    av_dict_set(how, "protocol_whitelist", is_stream ? stream_protocols : file_protocols, 0);
    if (raw->width > 0) {
        set_size(how, raw->width, raw->height, raw->fps);
        av_dict_set(how, "pixel_format", pixel_name(raw->format), 0);
        return "rawvideo";
    }
    if (source->kind == HR_LIBAV_CAMERA) set_size(how, o->camera_width, o->camera_height, o->camera_fps);
    if (is_pictures) set_size(how, 0, 0, o->camera_fps);
    if (source->kind == HR_LIBAV_FOLDER) av_dict_set(how, "pattern_type", "glob", 0);
    if (is_stream && strncmp(source->path, "rtsp", 4) == 0) av_dict_set(how, "rtsp_flags", "prefer_tcp", 0);
    if (is_stream && strncmp(source->path, "http", 4) == 0 && o->reconnect > 0) {
        av_dict_set(how, "reconnect", "1", 0);
        av_dict_set(how, "reconnect_on_network_error", "1", 0);
        av_dict_set(how, "reconnect_delay_max", "8", 0);
    }
    return source->kind == HR_LIBAV_CAMERA ? "v4l2" : is_pictures ? "image2" : NULL;
}

/* The name that FFmpeg gets; free it with av_free. */
static hrnet_status make_url(const hr_libav_source *source, char **out)
{
    switch (source->kind) {
    case HR_LIBAV_FILE: *out = av_asprintf("file:%s", source->path); break;
    case HR_LIBAV_PIPE: *out = av_strdup("pipe:"); break;
    case HR_LIBAV_FILTERS: *out = av_strdup(source->path + 6); break;
    case HR_LIBAV_FOLDER: return hr_libav_folder_pattern(out, source->host, source->path, source->options);
    case HR_LIBAV_PICTURES:
    case HR_LIBAV_CAMERA:
    case HR_LIBAV_STREAM: *out = av_strdup(source->path); break;
    }
    return *out != NULL ? HRNET_OK : hr_libav_fail_memory(source->host);
}

static hrnet_status open_input(hr_libav_source *source)
{
    AVDictionary *how = NULL;
    const char *const reader = describe(source, &how);
    const AVInputFormat *const input = reader != NULL ? av_find_input_format(reader) : NULL;
    char *url = NULL;
    hrnet_status status = make_url(source, &url);
    source->format = avformat_alloc_context();
    if (status == HRNET_OK && source->format == NULL) status = hr_libav_fail_memory(source->host);
    if (status == HRNET_OK && reader != NULL && input == NULL)
        status = hr_libav_fail(source->host, HRNET_ERR_UNSUPPORTED, "%s: FFmpeg here was built without its reader %s",
                               source->name, reader);
    if (status == HRNET_OK) {
        source->format->interrupt_callback = (AVIOInterruptCB){is_interrupted, &source->watch};
        source->format->pb = source->io;
        if (source->kind == HR_LIBAV_CAMERA) source->format->flags |= AVFMT_FLAG_NONBLOCK;
        const int error = avformat_open_input(&source->format, url, input, &how); /* frees the context if it fails */
        if (error < 0)
            status = hr_libav_source_fail(
                source, error,
                error == AVERROR_INVALIDDATA ? "expected a video, found none that FFmpeg reads" : "cannot open");
    } else {
        avformat_free_context(source->format);
        source->format = NULL;
    }
    av_dict_free(&how);
    av_free(url);
    return status;
}

static hrnet_status check_input(hr_libav_source *source)
{
    const char *const name = source->format->iformat->name;
    const int is_raw_guess = strcmp(name, "rawvideo") == 0 && source->options->raw.width == 0;
    if (is_one_of(no_video, name, strlen(name)))
        return hr_libav_fail(source->host, HRNET_ERR_FORMAT, "%s: expected a video, found text or unknown bytes",
                             source->name);
    if (is_raw_guess)
        return hr_libav_fail(source->host, HRNET_ERR_FORMAT,
                             "%s: expected a video, found what may be raw frames, whose size has to be given",
                             source->name);
    return HRNET_OK;
}

hrnet_status hr_libav_source_open(hr_libav_source *source)
{
    hr_libav_source_wait(source);
    source->watch.is_cancelled = 0;
    hrnet_status status = source->kind == HR_LIBAV_PIPE ? open_pipe(source) : HRNET_OK;
    if (status == HRNET_OK) status = open_input(source);
    if (status == HRNET_OK) status = check_input(source);
    if (status == HRNET_OK) {
        const int error = avformat_find_stream_info(source->format, NULL);
        if (error < 0 || source->watch.is_cancelled || source->watch.is_timed_out)
            status = hr_libav_source_fail(source, error, "cannot find its streams");
    }
    if (status == HRNET_OK && source->kind == HR_LIBAV_STREAM && source->format->duration == AV_NOPTS_VALUE)
        source->is_live = 1;
    if (status != HRNET_OK) hr_libav_source_close(source);
    return status;
}

int hr_libav_source_read(hr_libav_source *source, AVPacket *packet)
{
    for (;;) {
        if (is_interrupted(&source->watch)) return AVERROR_EXIT;
        const int error = av_read_frame(source->format, packet);
        if (error != AVERROR(EAGAIN)) return error;
        nap(1e-3); /* a camera that has no frame yet */
    }
}

void hr_libav_source_close(hr_libav_source *source)
{
    avformat_close_input(&source->format); /* leaves a pb that it was given */
    if (source->io != NULL) av_freep(&source->io->buffer);
    avio_context_free(&source->io);
    if (source->fd >= 0 && strcmp(source->path, "-") != 0) close(source->fd);
    source->fd = -1;
}
