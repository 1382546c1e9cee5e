/*
 * tracker_internal.h - the inside of hrnet_tracker: its tracks, and how an update pairs them with persons.
 *
 * An update has two parts. hr_pairing_solve decides who is whom, and may run out of memory, but changes nothing; then
 * tracker.c carries it out, which cannot fail.
 */
#ifndef HR_TRACK_TRACKER_INTERNAL_H
#define HR_TRACK_TRACKER_INTERNAL_H

#include "base/status.h"
#include "track/box_kalman.h"
#include "track/track_settings.h"

typedef enum hr_track_state {
    HR_TRACK_NEW,  /* seen once; a picture without it ends it */
    HR_TRACK_SEEN, /* confirmed, and seen in the last picture */
    HR_TRACK_LOST  /* confirmed, but not seen in the last picture */
} hr_track_state;

/* Where and how a track was seen. */
typedef struct hr_sighting {
    double seconds;
    hrnet_box box;        /* the filter's estimate; of HRNET_TRACK_IOU the person's box itself */
    hrnet_keypoint *pose; /* [n_keypoints] */
    int has_pose;
} hr_sighting;

typedef struct hr_track {
    uint32_t name; /* its number, or while it is new a mark from HR_FIRST_MARK on */
    hr_track_state state;
    int person;             /* who it is in the last picture, -1: nobody */
    hr_box_kalman motion;   /* at the time of the last update; not used by HRNET_TRACK_IOU */
    double born;            /* seconds */
    hr_sighting last;       /* the last one */
    hr_sighting detected;   /* the last one by a detector: what followed poses are compared with */
    double evidence;        /* sum of the scores with which it was seen */
    float score;            /* of the detector's box */
    hrnet_keypoint poses[]; /* [2][n_keypoints], of both sightings */
} hr_track;

#define HR_FIRST_MARK 0x80000000u

struct hrnet_tracker {
    hr_track_settings settings;
    float *sigmas;     /* [n_sigmas] of the skeleton, or NULL */
    int n_sigmas;      /* keypoints of the skeleton; -1: none was given */
    hr_track **tracks; /* [n_tracks], in the order in which they began */
    size_t n_tracks, capacity;
    int n_keypoints; /* of persons; -1: none have come yet */
    int has_begun;   /* 1: `seconds` is the time of the last update */
    double seconds;
    uint32_t last_number, n_begun;
};

typedef enum hr_person_kind {
    HR_PERSON_NONE,    /* takes no part */
    HR_PERSON_HIGH,    /* a box for the first stage; of HRNET_TRACK_IOU every box */
    HR_PERSON_LOW,     /* a box for the second */
    HR_PERSON_FOLLOWED /* looked for where a track was expected */
} hr_person_kind;

/* Who is whom in one picture. Starts zeroed; release with hr_pairing_free. */
typedef struct hr_pairing {
    const hrnet_tracker *tracker;
    const hrnet_people *people;
    double seconds; /* of the picture */
    int n_tracks;
    int n_keypoints;       /* of the persons; 0 without any */
    int *person_of;        /* [n_tracks], -1: none */
    int *track_of;         /* [n_persons], -1: none */
    hr_person_kind *kinds; /* [n_persons] */
    hrnet_box *boxes;      /* [n_persons] the persons' own; of a followed one who is seen the box along its pose */
    hr_box_kalman *motion; /* [n_tracks] at the time of the picture */
    hrnet_box *expected;   /* [n_tracks] where it expects them */
    float *sigmas;         /* [n_keypoints] */
    hrnet_keypoint *poses; /* [n_tracks][n_keypoints] the last poses, moved there; HRNET_TRACK_OKS alone */
    int *rows, *columns;   /* tracks and persons of one stage */
    int *column_of;        /* [n_tracks] the stage's result */
    double *cost;          /* [n_tracks][persons who take part] at most */
} hr_pairing;

/* A track that was not seen for longer than the buffer is dead. */
static inline int hr_track_lives(const hrnet_tracker *tracker, const hr_track *track, double seconds)
{
    return seconds - track->last.seconds <= tracker->settings.buffer;
}

/* The estimate of a track's motion at a time from that of the last update on, and the box that it expects then. */
hrnet_box hr_track_expect(const hrnet_tracker *tracker, const hr_track *track, double seconds, hr_box_kalman *motion);

/* The IoU of the box that a track expects and one that was found. The longer the track was not seen, the less is known
 * of its place, and the more both boxes are widened: settings.widen, settings.certain. */
double hr_track_iou(const hrnet_tracker *tracker, const hr_track *track, hrnet_box expected, hrnet_box found,
                    double seconds);

/* HRNET_ERR_ARGUMENT, in the name of a function, for times that are not finite or before the last update. */
hrnet_status hr_tracker_check_seconds(const hrnet_tracker *t, double seconds, const char *function);

/* Decide who is whom. HRNET_ERR_MEMORY leaves a pairing that can only be freed. */
hrnet_status hr_pairing_solve(hr_pairing *out, const hrnet_tracker *tracker, const hrnet_people *people,
                              double seconds);
void hr_pairing_free(hr_pairing *pairing);

#endif
