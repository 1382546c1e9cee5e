/* libav_module.c - libhrnet_libav.so: the table of the module's functions, each between hr_libav_enter and _leave. */
#include "video/libav/libav_reader.h"
#include "video/libav/libav_encoder.h"

#define HR_LIBAV_CALL(type, call)                                                                                      \
    hr_libav_enter();                                                                                                  \
    const type result = (call);                                                                                        \
    hr_libav_leave();                                                                                                  \
    return result

static hrnet_status open_reader(hr_video_reader **out, const hr_video_host *host, const char *path,
                                const hrnet_video_options *options)
{
    HR_LIBAV_CALL(hrnet_status, hr_libav_reader_open(out, host, path, options));
}

static int seek(hr_video_reader *reader, int64_t pts)
{
    HR_LIBAV_CALL(int, hr_libav_reader_seek(reader, pts));
}

static hrnet_status rewind_reader(hr_video_reader *reader)
{
    HR_LIBAV_CALL(hrnet_status, hr_libav_reader_rewind(reader));
}

static hrnet_status read_frame(hr_video_reader *reader, hr_video_stamp *out)
{
    HR_LIBAV_CALL(hrnet_status, hr_libav_reader_read(reader, out));
}

static hrnet_status find_pixels(hr_video_reader *reader, int slot, hrnet_pixels *out)
{
    HR_LIBAV_CALL(hrnet_status, hr_libav_reader_pixels(reader, slot, out));
}

static void stop(hr_video_reader *reader, int64_t pts)
{
    hr_libav_enter();
    hr_libav_reader_stop(reader, pts);
    hr_libav_leave();
}

static void close_reader(hr_video_reader *reader)
{
    hr_libav_enter();
    hr_libav_reader_close(reader);
    hr_libav_leave();
}

static hrnet_status create(hr_video_encoder **out, const hr_video_host *host, const hr_video_sink *sink,
                           const char *path, const hrnet_video_writer_options *options, const hr_video_reader *source,
                           int64_t first_pts)
{
    HR_LIBAV_CALL(hrnet_status, hr_libav_encoder_create(out, host, sink, path, options, source, first_pts));
}

static hrnet_status write_frame(hr_video_encoder *encoder, const hrnet_pixels *pixels, int64_t pts)
{
    HR_LIBAV_CALL(hrnet_status, hr_libav_encoder_write(encoder, pixels, pts));
}

static hrnet_status finish(hr_video_encoder *encoder, int with_frames)
{
    HR_LIBAV_CALL(hrnet_status, hr_libav_encoder_finish(encoder, with_frames));
}

static void destroy(hr_video_encoder *encoder)
{
    hr_libav_enter();
    hr_libav_encoder_destroy(encoder);
    hr_libav_leave();
}

__attribute__((visibility("default"))) extern const hr_video_module hrnet_video_module;
const hr_video_module hrnet_video_module = {.version = HR_VIDEO_MODULE_VERSION,
                                            .open = open_reader,
                                            .info = hr_libav_reader_info,
                                            .seek = seek,
                                            .rewind = rewind_reader,
                                            .read = read_frame,
                                            .pixels = find_pixels,
                                            .stop = stop,
                                            .close = close_reader,
                                            .create = create,
                                            .written = hr_libav_encoder_written,
                                            .write = write_frame,
                                            .finish = finish,
                                            .destroy = destroy};
