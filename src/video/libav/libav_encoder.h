/* libav_encoder.h - the writing half of the module (hr_video_module). */
#ifndef HR_VIDEO_LIBAV_LIBAV_ENCODER_H
#define HR_VIDEO_LIBAV_LIBAV_ENCODER_H

#include "video/libav/libav_internal.h"

hrnet_status hr_libav_encoder_create(hr_video_encoder **out, const hr_video_host *host, const hr_video_sink *sink,
                                     const char *path, const hrnet_video_writer_options *options,
                                     const hr_video_reader *source, int64_t first_pts);
void hr_libav_encoder_written(const hr_video_encoder *encoder, hrnet_video_writer_info *out);
hrnet_status hr_libav_encoder_write(hr_video_encoder *encoder, const hrnet_pixels *pixels, int64_t pts);
hrnet_status hr_libav_encoder_finish(hr_video_encoder *encoder, int with_frames);
void hr_libav_encoder_destroy(hr_video_encoder *encoder);

#endif
