/* libav_folder.h - a folder of pictures as a video, in the order of their names. */
#ifndef HR_VIDEO_LIBAV_LIBAV_FOLDER_H
#define HR_VIDEO_LIBAV_LIBAV_FOLDER_H

#include "video/libav/libav_internal.h"

/* The pattern by which FFmpeg finds the pictures of a folder: those that have the ending of the first by name. How many
 * others there are is told. Free *out with av_free. HRNET_ERR_IO: it cannot be read; HRNET_ERR_FORMAT: it has none. */
hrnet_status hr_libav_folder_pattern(char **out, const hr_video_host *host, const char *path,
                                     const hrnet_video_options *options);

#endif
