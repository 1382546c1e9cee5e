/*
 * video_target.h - where the results of a video go, decided by the name that -o gives:
 *   nothing, or "-"               data on standard output
 *   an ending of a video          the video with everybody drawn (.mp4 .mkv .webm .gif .avi .mjpeg ...)
 *   a pattern of pictures         the frames drawn, "frames/%06d.jpg", numbered from 1
 *   an ending of data             one data file (.json .jsonl .csv .trc)
 *   a folder, or no ending        STEM_pose.mp4 and STEM_pose.json (.jsonl, .csv) in it; made when missing
 *   anything else with --format   one data file
 * and by --data, which names a data file beside a drawing, or a folder. Formats that are one file a picture go into a
 * folder, as STEM_000000000000_keypoints.json for the first frame.
 */
#ifndef TOOLS_VIDEO_TARGET_H
#define TOOLS_VIDEO_TARGET_H

#include <hrnet_results.h>
#include <hrnet_video.h>

typedef struct video_target {
    char *video;  /* the drawn video, or NULL */
    char *frames; /* the pattern of drawn frames, or NULL */
    char *data;   /* one data file ("-": standard output), or NULL */
    char *folder; /* of data files, one a frame, or NULL */
    char *stem;   /* of the input */
    char *made;   /* a folder to make first, or NULL */
    const hrnet_results_format_info *format;
    hrnet_results_options how;
    hrnet_draw_options drawing;
    hrnet_video_writer *writer;
    hrnet_results_writer *document;
} video_target;

/* What the command line says. */
typedef struct video_outputs {
    const char *out, *data; /* -o, --data; NULL: not given */
    int format;             /* of --format; -1: not given */
    int shows;              /* there is a window, so that without -o nothing needs to be written */
} video_outputs;

/* Decide and check what can be known before anything runs. inputs [n]: files that are read, the video first. Returns 0,
 * or an exit status after a message. */
int video_target_choose(video_target *to, const video_outputs *asked, const char *const *inputs, size_t n);

/* Begin: check to->how, of which the caller has set skeleton, network, detector and threshold; open the files.
 * on_message is told what the video's format changes. Returns 0, or an exit status after a message. */
int video_target_begin(video_target *to, const hrnet_video *source, hrnet_message_fn *on_message, void *context);

/* Whether frames are drawn on. */
int video_target_draws(const video_target *to);

/* Draw everybody, and save the frame if frames are saved. Several threads may call it at once. These three return the
 * library's status and leave its message. */
hrnet_status video_target_draw(const video_target *to, hrnet_picture *picture);
/* Put the drawn frame into the video, if there is one. */
hrnet_status video_target_write(video_target *to, const hrnet_picture *picture);
/* Put its people into the data. */
hrnet_status video_target_add(video_target *to, const hrnet_people *people);

/* Finish the files, and tell what the run failed with (failure; NULL: it did not), once, with what became of the video.
 * Returns 0, or -1 after a message. */
int video_target_end(video_target *to, const char *failure);

/* Give up what was not finished: files stay as they were. Harmless on a target that has ended. */
void video_target_drop(video_target *to);

#endif
