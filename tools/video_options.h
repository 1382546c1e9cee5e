/* video_options.h - the options of `hrnet pose` for videos, and which inputs are videos. */
#ifndef TOOLS_VIDEO_OPTIONS_H
#define TOOLS_VIDEO_OPTIONS_H

#include <hrnet_video.h>

/* Values of --track and --smooth; -1: not given. */
typedef enum track_choice { TRACK_OFF, TRACK_IOU, TRACK_OKS, TRACK_BYTE } track_choice;
typedef enum smooth_choice { SMOOTH_OFF, SMOOTH_ONE_EURO } smooth_choice;

typedef struct video_settings {
    const char *data, *raw, *hardware, *summary, *tracks;
    float from, to, fps, timeout; /* to, fps 0: not given; timeout 0: the library's */
    int every, track, smooth, detect_every, reconnect, no_background, show,
        trc_track; /* 0 (track, smooth: -1): not given */
} video_settings;

/* What a command begins with. */
#define VIDEO_DEFAULTS                                                                                                 \
    {                                                                                                                  \
        .track = -1, .smooth = -1                                                                                      \
    }

/* Rows of an option table for a settings struct that holds a video_settings in `member`. */
/* clang-format off */
#define VIDEO_OPTIONS(type, member)                                                                            \
    {"data", 0, OPTION_TEXT, "FILE",                                                                           \
     "of a video: write the data there, beside the drawing; a folder for the formats that are a file a frame", \
     offsetof(type, member.data), 0, 0},                                                                       \
    {"track", 0, OPTION_CHOICE, "off|iou|oks|byte",                                                            \
     "of a video: who is who, by ByteTrack on boxes or on poses (oks), or by the box of the last frame (iou); "\
     "only people with a track are written; default: byte",                                                    \
     offsetof(type, member.track), 0, 0},                                                                      \
    {"smooth", 0, OPTION_CHOICE, "off|one-euro",                                                               \
     "of a video: steady the keypoints of each track; default: one-euro",                                      \
     offsetof(type, member.smooth), 0, 0},                                                                     \
    {"detect-every", 0, OPTION_INT, "N",                                                                       \
     "of a video: run the detector on every Nth frame and follow people by their poses between; default: 1",   \
     offsetof(type, member.detect_every), 1, 1000},                                                            \
    {"trc-track", 0, OPTION_INT, "N",                                                                          \
     "of a video and --format trc: the track to write; default: the one that is seen in most frames",          \
     offsetof(type, member.trc_track), 1, 2147483647},                                                         \
    {"every", 0, OPTION_INT, "N", "of a video: look at every Nth frame; default: 1",                           \
     offsetof(type, member.every), 1, 1000000},                                                                \
    {"show", 0, OPTION_FLAG, NULL,                                                                             \
     "of a video: show the frames with everybody drawn in a window; space pauses, '.' steps, s saves the "     \
     "frame, q ends",                                                                                          \
     offsetof(type, member.show), 0, 0},                                                                       \
    {"summary", 0, OPTION_TEXT, "FILE",                                                                        \
     "of a video: write how many people each frame has, and for how long, how well and how far each track was "\
     "seen, as JSON",                                                                                          \
     offsetof(type, member.summary), 0, 0},                                                                    \
    {"tracks", 0, OPTION_TEXT, "FILE", "of a video: draw the paths of the tracks over its first frame, as SVG",\
     offsetof(type, member.tracks), 0, 0},                                                                     \
    {"no-background", 0, OPTION_FLAG, NULL, "draw --tracks on a blank sheet",                                  \
     offsetof(type, member.no_background), 0, 0},                                                                \
    {"from", 0, OPTION_FLOAT, "S", "of a video: begin at this second",                                         \
     offsetof(type, member.from), 0, 1e7},                                                                     \
    {"to", 0, OPTION_FLOAT, "S", "of a video: end before this second",                                         \
     offsetof(type, member.to), 0.001, 1e7},                                                                   \
    {"fps", 0, OPTION_FLOAT, "F",                                                                              \
     "frames a second, asked of a camera, or of a sequence of pictures, which has 25 by itself",               \
     offsetof(type, member.fps), 0.001, 1e5},                                                                  \
    {"raw", 0, OPTION_TEXT, "WxH[@F][:P]",                                                                     \
     "the video is raw frames of W x H pixels without a header, F a second (25), in the format P: rgb (the "   \
     "default), bgr, rgba, bgra, grey, nv12 or i420",                                                          \
     offsetof(type, member.raw), 0, 0},                                                                        \
    {"timeout", 0, OPTION_FLOAT, "S",                                                                          \
     "seconds without a frame after which a camera or stream counts as broken; default: 10",                   \
     offsetof(type, member.timeout), 0.1, 1e6},                                                                \
    {"reconnect", 0, OPTION_INT, "N",                                                                          \
     "times in a row that a camera or stream which ended or broke is opened again; default: 0",                \
     offsetof(type, member.reconnect), 1, 1000000},                                                            \
    {"hardware", 0, OPTION_TEXT, "KIND",                                                                       \
     "decode a video on a device: auto, or a kind that FFmpeg knows (vaapi, cuda, ...); default: the processor",\
     offsetof(type, member.hardware), 0, 0}
/* clang-format on */

/* The name of the first of these options that was given ("--data"), or NULL. */
const char *video_option_given(const video_settings *settings);

/* Whether the settings go together. Returns 0, or an exit status after a message. */
int video_options_check(const video_settings *settings);

/* What the library is asked for; hardware points into the settings. Returns 0, or an exit status after a message. */
int video_options_reading(const video_settings *settings, hrnet_video_options *out);

/* Whether an argument is a video: a file by its content, and by its name where that says nothing; a camera, a stream, a
 * source of FFmpeg's, a sequence of pictures ("frames/%04d.png") by name. wanted: options ask for a video, so that what
 * could be either is one: standard input, a pipe, an animated GIF, a folder of pictures. */
int video_is_input(const char *argument, int wanted);

/* Is this the name of a video that the library can write? */
int video_is_output(const char *path);

#endif
