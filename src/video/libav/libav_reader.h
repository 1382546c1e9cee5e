/* libav_reader.h - the reading half of the module (hr_video_module), and what the writing half needs of it. */
#ifndef HR_VIDEO_LIBAV_LIBAV_READER_H
#define HR_VIDEO_LIBAV_LIBAV_READER_H

#include "video/libav/libav_audio.h"

hrnet_status hr_libav_reader_open(hr_video_reader **out, const hr_video_host *host, const char *path,
                                  const hrnet_video_options *options);
void hr_libav_reader_info(const hr_video_reader *reader, hrnet_video_info *out);
int hr_libav_reader_seek(hr_video_reader *reader, int64_t pts);
hrnet_status hr_libav_reader_rewind(hr_video_reader *reader);
hrnet_status hr_libav_reader_read(hr_video_reader *reader, hr_video_stamp *out);
hrnet_status hr_libav_reader_pixels(hr_video_reader *reader, int slot, hrnet_pixels *out);
void hr_libav_reader_stop(hr_video_reader *reader, int64_t pts);
void hr_libav_reader_close(hr_video_reader *reader);

/* What frames of the reader look like to a writer. */
typedef struct hr_libav_look {
    int is_bt709;
    AVRational pixel_aspect; /* as turned; 0/1: the file does not say */
    AVRational grid; /* the rate whose moments all frames stand at, or the average rate where there is no such one;
                        0/1: not known */
    double fps;      /* on average */
    hr_libav_audio *audio; /* shared with the caller; NULL: none is kept */
} hr_libav_look;

hr_libav_look hr_libav_reader_look(const hr_video_reader *reader);

#endif
