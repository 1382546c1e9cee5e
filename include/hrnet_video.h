/*
 * hrnet_video.h - frames in and out: video files, cameras, streams, raw frames. Errors, ownership and reserved fields
 * are as in <hrnet.h>.
 *
 *   hrnet_video *video = NULL;
 *   hrnet_video_writer *writer = NULL;
 *   hrnet_frame frame;
 *   const hrnet_video_options in = {.keep_audio = 1};
 *   int failed = hrnet_video_open(&video, "dance.mp4", &in);
 *   const hrnet_video_writer_options out = {.source = video};
 *   failed = failed || hrnet_video_writer_open(&writer, "drawn.mp4", &out);
 *   while (!failed && !(failed = hrnet_video_next(video, &frame)) && frame.pixels.width > 0) {
 *       hrnet_image image = {0};                       // frame.pixels also goes straight into a finder or a session
 *       failed = hrnet_image_copy(&image, &frame.pixels) || draw(&image);
 *       const hrnet_pixels drawn = hrnet_image_pixels(&image);
 *       failed = failed || hrnet_video_writer_write(writer, &drawn, frame.pts);
 *       hrnet_image_free(&image);
 *   }
 *   if (failed || hrnet_video_writer_finish(writer)) fprintf(stderr, "%s\n", hrnet_last_error());
 *   hrnet_video_writer_free(writer);
 *   hrnet_video_free(video);
 *
 * Files are read and written by FFmpeg's libraries, in a module of its own (libhrnet_libav.so) that is loaded by the
 * first hrnet_video_open or hrnet_video_writer_open. Without it both are HRNET_ERR_UNSUPPORTED, and the message names
 * the packages. HRNET_LIBAV in the environment names the module's file; else it is looked for beside the library.
 * FFmpeg's libraries have one function for their messages in a process, and the module sets it: messages about its own
 * files go into hrnet_last_error or nowhere, those about other files are printed as FFmpeg does by itself.
 */
#ifndef HRNET_VIDEO_H
#define HRNET_VIDEO_H

#include <hrnet_track.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ reading */

/* A video that is read. For one thread at a time; a writer that has it as its source may run on another thread. Free it
 * with hrnet_video_free. */
typedef struct hrnet_video hrnet_video;

/* Read nothing but raw frames: no header, one frame behind the other, rows without gaps. */
typedef struct hrnet_raw_video {
    int width, height; /* 0: the video is no raw one */
    double fps;        /* 0: 25 */
    hrnet_pixel_format format;
} hrnet_raw_video;

typedef struct hrnet_video_options {
    double from, to; /* seconds: frames before `from` and frames at or after `to` are left out; to 0: up to the end */
    int every;       /* of the frames from `from` on the first and then every so many are handed out; 0: all */
    int n_valid;     /* frames that stay valid at a time, 1..64: a frame's pixels are there until so many later calls of
                        hrnet_video_next; 0: 1 */
    int threads;     /* of the decoder; 0: one a core, 16 at most. Frames are the same for any number */
    int keep_audio;  /* 1: packets of audio are kept for a writer (64 MiB at most) that has this video as its source */
    int is_live; /* 1: the decoder keeps no frames back, at the price of speed, as for cameras and for rtsp, rtmp, srt,
                    udp, rtp, which are live by themselves */
    double timeout; /* seconds without a frame after which a call fails with HRNET_ERR_IO; 0: 10 for cameras and
                       streams, none for files and standard input; below 0: none */
    int reconnect;  /* times in a row that a camera or stream which ended, broke or timed out is opened again: the first
                       at once, the others after 1, 2, 4, 8, 8 ... seconds. Its timestamps go on as the clock does.
                       A file behind http:// is taken up where it broke */
    const char *hardware; /* decode on a device: "auto", the first kind that works, if any does; or a kind of FFmpeg's
                             ("vaapi", "cuda", ...), HRNET_ERR_UNSUPPORTED if it does not. NULL: on the CPU */
    hrnet_raw_video raw;  /* what raw frames are */
    int camera_width, camera_height; /* asked of a camera, which gives what it has; 0: its own */
    double camera_fps;               /* of a camera, and of a sequence of pictures (25 by itself); 0: its own */
    hrnet_cancel_fn *cancelled;      /* asked while a call waits for data and between frames; NULL: never */
    hrnet_message_fn *on_message;    /* what is guessed or left out, a line each; NULL: nobody wants to know */
    void *context;                   /* of both */
    uint64_t reserved[4];
} hrnet_video_options;

/* Open a video. path: a file; "-", standard input; a pipe; a sequence of pictures ("frames/%04d.png"), or a
 * folder of them, in the order of their names; a camera
 * ("/dev/video0"); a stream ("rtsp://...", "http://..." and whatever FFmpeg has a protocol for); or "lavfi:GRAPH", a
 * source of FFmpeg's filters ("lavfi:testsrc=size=320x240:rate=25:duration=2"), live with the filter "realtime" at its
 * end. A file whose name begins so is read by "./lavfi:...". A playlist may name other files only if it is a file, and
 * other addresses only if it is a stream.
 *
 * Of several video streams FFmpeg's choice is read; a cover picture is none. HRNET_ERR_FORMAT: there is no video in it
 * (text, sound alone, nothing at all). HRNET_ERR_LIMIT: frames of more than 2^28 pixels, or 2^20 on a side. */
HRNET_API hrnet_status hrnet_video_open(hrnet_video **out, const char *path, const hrnet_video_options *options);

typedef struct hrnet_video_info {
    int width, height;     /* of the frames, turned as the file says; single frames may be of another size */
    double fps;            /* on average; 0: not known */
    double duration;       /* seconds, of the whole video; 0: not known */
    int64_t n_frames;      /* in the whole video, as the file says or estimated from the above; 0: not known */
    int64_t start;         /* pts of second 0 */
    int time_base_num;     /* a unit of pts in seconds: num / den */
    int time_base_den;     /* */
    double pixel_aspect;   /* width of a pixel over its height as shown; 1 unless the file says otherwise */
    int rotation;          /* degrees clockwise by which frames are turned: 0, 90, 180, 270 */
    int is_mirrored;       /* 1: and mirrored left to right after that */
    int is_live;           /* 1: a camera or stream that gives frames at its own pace */
    int has_audio;         /* streams of audio */
    const char *codec;     /* "h264"; these three are valid as long as the video */
    const char *format;    /* "mov,mp4,m4a,3gp,3g2,mj2" */
    const char *hardware;  /* the kind of device that decodes, or NULL */
    uint64_t n_read;       /* frames that were decoded so far, also those left out by `every` */
    uint64_t n_corrupt;    /* packets and frames that could not be decoded, and frames with visible damage */
    uint64_t n_moved;      /* timestamps that did not increase or are absurd: these frames follow the one before */
    uint64_t n_reconnects; /* times that it was opened again */
    uint64_t n_audio_lost; /* packets of audio beyond what is kept */
    const char *warning;   /* what FFmpeg said about the first packet that is corrupt, or NULL; valid as long as the
                              video */
    uint64_t reserved[4];
} hrnet_video_info;

/* What is known at this moment; everything but n_... and warning stays what it is. */
HRNET_API hrnet_video_info hrnet_video_get_info(const hrnet_video *video);

typedef struct hrnet_frame {
    hrnet_pixels pixels; /* borrowed, see hrnet_video_options.n_valid; width 0: the video has ended */
    int64_t index;       /* of the frame from 0, `from` on; those that `every` leaves out count */
    int64_t pts;         /* timestamp in units of the video's time base: that of the file, strictly increasing */
    double seconds;      /* the same since second 0: (pts - start) num / den */
    double duration;     /* seconds that it is shown, as far as the file says; else by the average rate; 0: not known */
    int is_damaged;      /* 1: the decoder says that parts of it are wrong */
    uint64_t reserved[2];
} hrnet_frame;

/* The next frame. Its pixels are those of the decoder where hrnet_pixels has the format: I420 or NV12 with BT.601 in
 * limited range (which is also assumed of a file that does not say, as FFmpeg and OpenCV do), RGB and grey. All others
 * (BT.709, full range, 10 bits, 4:4:4, ...) are converted to RGB. Frames are turned as the file says.
 *
 * Corrupt packets are counted and passed over. The end is HRNET_OK with pixels.width 0, also in all further calls.
 * HRNET_ERR_FORMAT: the file ends, and no frame could be decoded. HRNET_ERR_IO: reading fails, or no frame came within
 * the time-out. After a failure, HRNET_ERR_CANCELLED too, nothing more can be read. */
HRNET_API hrnet_status hrnet_video_next(hrnet_video *video, hrnet_frame *out);

HRNET_API void hrnet_video_free(hrnet_video *video);

/* ------------------------------------------------------------------------------------------------ writing */

/* A video that is written. For one thread at a time. Free it with hrnet_video_writer_free. */
typedef struct hrnet_video_writer hrnet_video_writer;

typedef struct hrnet_video_writer_options {
    int width, height;         /* of the frames; 0: those of the source */
    const hrnet_video *source; /* what the frames come from: gives size, rate, time base, shape of pixels and the
                                  packets of audio, which are copied (hrnet_video_options.keep_audio). It may be freed
                                  before the writer. NULL: none */
    double fps; /* on average; 0: the source's, else 25. Formats with a constant rate (AVI) have this one, or for a
                   source the lowest at whose moments its frames stand */
    int time_base_num, time_base_den; /* unit of pts in seconds; 0: the source's, else 1 / fps */
    int quality;                      /* 1, small, to 100, good; 0: 75 */
    int threads;                      /* of the encoder; 0: its own choice */
    const char *format;               /* the ending that decides, "mp4"; NULL: that of path */
    hrnet_message_fn *on_message;     /* what is left out or changed (audio that the format does not take, an odd size),
                                         a line each; NULL: nobody wants to know */
    void *context;
    uint64_t reserved[4];
} hrnet_video_writer_options;

/* Begin a video, by the ending of path (or format):
 *   .mp4 .m4v .mov .mkv   H.264 where FFmpeg has libx264 or libopenh264, else MPEG-4 (which on_message is told)
 *   .webm                 VP9, else VP8, without which it is HRNET_ERR_UNSUPPORTED
 *   .gif                  a palette of each frame's own; timestamps in 1/100 s
 *   .avi                  MJPEG, at a constant rate: frames are moved to the nearest moment of it
 *   .mjpeg .mjpg          JPEG pictures one behind the other, without timestamps
 * H.264 takes no odd sizes: the last column or row is repeated. Colours are written, and marked, as BT.601 in limited
 * range (MJPEG: full), those of a source in BT.709 as BT.709.
 *
 * path "-" is standard output (format is needed), where MP4 is written in fragments. A file is written under a
 * temporary name and renamed at the end, so that path is either whole or as it was. When the disk becomes full, what
 * was written until then is finished (room for that is set aside), and path holds a video that plays. */
HRNET_API hrnet_status hrnet_video_writer_open(hrnet_video_writer **out, const char *path,
                                               const hrnet_video_writer_options *options);

/* Write a frame: pixels of any format, with pts in units of the time base. A frame of another size is scaled to fit,
 * centred on black. A pts that is not above the one before is moved behind it. pixels are not needed afterwards.
 * HRNET_ERR_IO: the disk is full, or writing fails otherwise; further frames fail alike. */
HRNET_API hrnet_status hrnet_video_writer_write(hrnet_video_writer *writer, const hrnet_pixels *pixels, int64_t pts);

typedef struct hrnet_video_writer_info {
    int width, height;     /* as written */
    const char *codec;     /* the encoder, "libx264"; valid as long as the writer */
    const char *format;    /* "mp4"; the same */
    uint64_t n_frames;     /* that were given */
    uint64_t n_scaled;     /* of them those of another size */
    uint64_t n_moved;      /* of them those whose pts was moved to a later one */
    int n_audio;           /* streams of audio that are copied */
    int n_audio_left_out;  /* those that the format does not take */
    uint64_t n_audio_lost; /* packets that it did not take */
    uint64_t reserved[4];
} hrnet_video_writer_info;

HRNET_API hrnet_video_writer_info hrnet_video_writer_get_info(const hrnet_video_writer *writer);

/* Finish the file: the frames that the encoder has kept back, the rest of the audio (up to the end of the last frame if
 * the source was not read to its end), the index; then it is renamed to path. After a failure of
 * hrnet_video_writer_write the same, without what is missing, and the failure once more as the status. */
HRNET_API hrnet_status hrnet_video_writer_finish(hrnet_video_writer *writer);

/* Without hrnet_video_writer_finish path stays as it was. */
HRNET_API void hrnet_video_writer_free(hrnet_video_writer *writer);

/* ------------------------------------------------------------------------------------------------ people in videos */

typedef struct hrnet_video_find_options {
    hrnet_tracker *tracker; /* gives people their tracks; a person without one is left out, so that the detector's
                               threshold can be low (hrnet_tracker_options.low). NULL: no tracks */
    hrnet_smoother
        *smoother;    /* smooths the keypoints of tracks; needs the tracker. NULL: they stay as they were found */
    int detect_every; /* the detector looks at the first frame and at every so many after it. In the others the poses of
                         tracks are looked for where they are expected (hrnet_tracker_boxes), which takes a tracker and
                         a pose network. 0: 1 */
    int drop_late; /* 1: of the frames that come while people are looked for, only the newest is kept, as a live video
                      needs it. Each frame is copied. 0: all frames are looked at */
    /* As in hrnet_pictures_options, all but draw on picture->pixels; image is an RGB copy of them in draw and after it.
     * A frame whose boxes aim gives is looked at there alone. */
    hrnet_status (*aim)(void *context, hrnet_picture *picture);
    hrnet_status (*draw)(void *context, hrnet_picture *picture);
    hrnet_status (*write)(void *context, hrnet_picture *picture);
    hrnet_status (*done)(void *context, const hrnet_picture *picture);
    int workers;                /* threads that draw; as there */
    uint64_t memory_limit;      /* as there */
    hrnet_cancel_fn *cancelled; /* as there; that of the video should say the same, since reading may wait */
    void *context;
    uint64_t reserved[4];
} hrnet_video_find_options;

/* Find the people of all frames of a video that are left, and who is who: a thread reads and decodes ahead, the
 * caller's thread finds people, follows and smooths them, worker threads draw behind, and one thread writes, all at
 * once. Frames are on their way while they are valid: with hrnet_video_options.n_valid of 1 nothing runs beside
 * anything else; 16 is plenty. Frames that were read before are no longer valid. The people, their tracks and keypoints
 * are the same for any number of threads.
 *
 * A picture's people have the video's path as their name, `frame` and `seconds`, and frame as their image_id; its
 * warning says when parts of the frame are damaged. Where the detector has looked, the poses of tracks that it missed
 * are looked for, too, and stand behind the others.
 *
 * HRNET_ERR_ARGUMENT: a smoother without a tracker, or a detect_every above 1 without one, or without a pose network.
 * When reading fails, the frames that came before it are finished first. HRNET_ERR_CANCELLED: so are those whose people
 * were found. */
HRNET_API hrnet_status hrnet_video_find(hrnet_video *video, hrnet_finder *finder,
                                        const hrnet_video_find_options *options);

#ifdef __cplusplus
}
#endif
#endif
