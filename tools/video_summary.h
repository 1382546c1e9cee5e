/*
 * video_summary.h - what a video has shown, beside its frames' data: how many people each frame has, for how long each
 * track was seen and how far it went (--summary, JSON), and the tracks' paths as a drawing (--tracks, SVG). It grows
 * with the frames and their people, by some 30 bytes a person.
 */
#ifndef TOOLS_VIDEO_SUMMARY_H
#define TOOLS_VIDEO_SUMMARY_H

#include <hrnet_video.h>

typedef struct summary_frame {
    int64_t frame;
    double seconds;
    int n_people;
} summary_frame;

/* Where a track was seen: the middle of its box. */
typedef struct summary_point {
    double seconds;
    float x, y;
    int is_gap; /* 1: it was not seen in the frame before */
} summary_point;

typedef struct summary_track {
    uint32_t number;
    summary_point *points; /* [n] */
    size_t n, last_frame;  /* last_frame: number of the last frame with it in the summary, from 1 */
    double first, last, seen, score, path, path_heights; /* seen: seconds without the gaps; score: the sum */
    float height;                                        /* of its last box */
} summary_track;

/* Starts zeroed. */
typedef struct video_summary {
    summary_frame *frames; /* [n_frames] */
    size_t n_frames;
    summary_track *tracks; /* [n_tracks], in the order of their numbers */
    size_t n_tracks;
    hrnet_image background; /* of the drawing; empty: a blank sheet */
    int width, height;      /* of the first frame */
} video_summary;

/* Count a frame's people, in the order of the frames. */
void video_summary_add(video_summary *summary, const hrnet_people *people);

/* Write the JSON text, or the drawing, of the video `name`; the file appears whole or stays as it was. Return 0, or -1
 * after a message. */
int video_summary_save(const video_summary *summary, const char *name, const char *path);
int video_summary_draw(const video_summary *summary, const char *name, const char *path);

void video_summary_free(video_summary *summary);

#endif
