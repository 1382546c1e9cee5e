/*
 * video_run.h - the frames of a video through a hrnet_finder, tracks and smoothing to where their results go
 * (hrnet_video_find), with what there is to tell about them on standard error.
 */
#ifndef TOOLS_VIDEO_RUN_H
#define TOOLS_VIDEO_RUN_H

#include "person_boxes.h"
#include "video_options.h"
#include "video_target.h"

typedef struct video_run {
    const char *path;
    hrnet_video *video;
    const video_settings *asked;
    hrnet_finder *finder;
    const boxes *where; /* the boxes of persons, the same in every frame; NULL: people are found */
    video_target *to;   /* begun */
    int n_keypoints;
    int quiet;    /* tell nothing but failures and warnings */
    int progress; /* show it even when standard error is no terminal */
} video_run;

/* Open the video that the settings describe. keep_audio: it will be copied. quiet is asked by messages, as a
 * network_message's. Returns 0, or an exit status after a message. */
int video_run_open(hrnet_video **out, const char *path, const video_settings *asked, int threads, int keep_audio,
                   int *quiet);

/* Run all frames until the end or a signal. Returns 0 or, after messages, STATUS_FAILED. */
int video_run_all(const video_run *run);

#endif
