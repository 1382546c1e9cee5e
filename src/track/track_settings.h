/* track_settings.h - what a tracker goes by: the caller's options with the defaults in place of zeros. */
#ifndef HR_TRACK_TRACK_SETTINGS_H
#define HR_TRACK_TRACK_SETTINGS_H

#include <hrnet_track.h>

typedef struct hr_track_settings {
    hrnet_track_method method;
    double high, low, start;            /* box scores */
    double match, match_low, match_new; /* least similarities */
    double recent;                      /* seconds: tracks unseen for at most this take part in the second stage */
    double buffer, follow;              /* seconds */
    double joint;                       /* least score of a keypoint that is believed */
    double followed_score;              /* least mean keypoint score of a followed person who is seen */
    double followed_same;               /* OKS from which on a followed person is somebody else with a track */
    double expected;                    /* IoU from which on a detection is where a track is expected */
    double covered;                     /* part of an expected box that a detection may cover, for it to be followed */
    double twice;                       /* IoU above which a lost track and a seen one are one person */
    double confirm;                     /* sum of scores at which a new track is confirmed */
    double lost;                        /* what the similarity of a lost track is lowered by */
    double certain;                     /* seconds for which a track's box is compared as it is expected */
    double widen;                       /* the part of its size by which it grows on every side in each second more */
    int fuse_scores;                    /* 1: similarities are multiplied by the box score */
} hr_track_settings;

enum {
    HR_MOST_TRACKED_PERSONS = 1000, /* of one picture */
    HR_MOST_TRACKS = 2000,          /* at a time */
    HR_FEWEST_JOINTS = 3            /* that must be believed in two poses to compare them */
};

/* HRNET_ERR_ARGUMENT names the option that is out of its range. */
hrnet_status hr_track_settings_make(hr_track_settings *out, const hrnet_tracker_options *options);

#endif
