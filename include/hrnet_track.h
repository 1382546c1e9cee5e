/*
 * hrnet_track.h - who is who from picture to picture, and keypoints that do not tremble. For the pictures of one camera
 * in their order, whatever they come from; the manners are those of <hrnet.h>.
 *
 *   hrnet_tracker *tracker = NULL;
 *   hrnet_smoother *smoother = NULL;
 *   int failed = hrnet_tracker_create(&tracker, NULL) || hrnet_smoother_create(&smoother, 17, NULL);
 *   for (each frame, at `seconds`) {
 *       failed = failed || hrnet_people_find(finder, &frame, 1, NULL, &people) ||
 *                hrnet_tracker_update(tracker, &people, seconds) ||     // sets persons[i].track
 *                hrnet_smoother_update(smoother, &people, seconds);     // moves persons[i].keypoints
 *       ...
 *       hrnet_people_free(&people);
 *   }
 *   hrnet_tracker_free(tracker);
 *   hrnet_smoother_free(smoother);
 *
 * Times are seconds on any clock that does not go backwards, such as the timestamps of a video: frames may be missing
 * or come at a variable rate. Both handles are for one thread at a time. The same calls give the same bits.
 */
#ifndef HRNET_TRACK_H
#define HRNET_TRACK_H

#include <hrnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ tracks */

/* Tracks of the people in one sequence. Free with hrnet_tracker_free. */
typedef struct hrnet_tracker hrnet_tracker;

typedef enum hrnet_track_method {
    HRNET_TRACK_BYTE = 0, /* ByteTrack (Zhang et al., ECCV 2022): a Kalman filter moves each track's box, optimal
                             assignment pairs them with the boxes that were found, first those of high scores, then
                             those of low ones; the IoU says how similar two boxes are. For a
                             track that was not seen for more than 0.1 s, both boxes are widened on every side by
                             0.75 of their size for each second (after Yang et al., C-BIoU, WACV 2023) */
    HRNET_TRACK_OKS,      /* the same, where the OKS of the pose that was found and of the track's last one, moved along
                             with the track's box, says how similar they are. People need keypoints */
    HRNET_TRACK_IOU /* mmpose's demonstration: each person in order takes the track of the last picture whose box has
                       the largest IoU. A person that one picture misses gets a new track; scores are not looked
                       at. Followed persons (hrnet_tracker_boxes) are those of the other methods */
} hrnet_track_method;

/* Zeros stand for the defaults, which src/track/track_settings.c lists with their reasons. Scores are those of boxes
 * (hrnet_pose.box_score), similarities IoU or OKS, all in 0..1; below 0 means 0. */
typedef struct hrnet_tracker_options {
    hrnet_track_method method;
    float high;      /* boxes from this score on are paired first, and with lost tracks too; 0: 0.3 */
    float low;       /* boxes from this score on are paired with tracks that are left over; lower ones get none. The
                        detector's threshold should lie here; 0: 0.1 */
    float start;     /* boxes from this score on that no track wants begin a new one; 0: 0.4 */
    float match;     /* least similarity of pairs of the first stage; 0: 0.2, of OKS 0.1, of HRNET_TRACK_IOU 0.3 */
    float match_low; /* of the second stage, low boxes; 0: 0.5, of OKS 0.3 */
    float match_new; /* of a new track with its second box; 0: 0.3, of OKS 0.2 */
    int no_fuse;     /* 1: similarities are taken as they are. 0: those of the first stage and of new tracks are
                        multiplied by the box's score, as published, so that less certain boxes must fit better */
    float confirm;   /* a new track is confirmed, and gets its number, when the scores with which it was seen come to
                        this sum; 0: 1 */
    float buffer;    /* seconds for which a track that nobody sees is kept to be found again, up to 3600; 0: 2. A longer
                        pause between two updates ends all tracks, so that rates below one a second need more */
    float follow;    /* seconds for which a track may live on followed persons alone, up to 3600; 0: 3 */
    float joint;     /* keypoints from this score on are believed, see hrnet_tracker_boxes; 0: 0.2 */
    const hrnet_skeleton *skeleton; /* whose sigmas OKS takes; copied. NULL, or no sigmas: 0.05 for each keypoint */
    uint64_t reserved[4];
} hrnet_tracker_options;

/* HRNET_ERR_ARGUMENT for numbers out of their range, or when low is above high. */
HRNET_API hrnet_status hrnet_tracker_create(hrnet_tracker **out, const hrnet_tracker_options *options);

/* Find out who the people of the next picture are: sets track of every person of people. Persons are neither dropped
 * nor sorted.
 *
 * Tracks are numbered from 1, and no number is used twice. A new track gets its number when it is confirmed: in the
 * first picture at once, else when the scores of its boxes come to a sum of `confirm`, picture after picture, as those
 * of a false box seldom do. Persons without a track have 0: those of scores below low, low ones that no track wants,
 * new ones that are not confirmed yet, those that could not be looked at, and those whose boxes are no boxes (not
 * finite, no area). Of one picture the 1000 persons with the best box scores take part, and there are at most 2000
 * tracks at a time.
 *
 * persons[i].track, which is 0 for what a detector found, may be that of an hrnet_track_box: then the person was looked
 * for in that box (see there).
 *
 * seconds: of the picture; not before that of the last update (HRNET_ERR_ARGUMENT; hrnet_tracker_reset begins anew).
 * HRNET_ERR_MISMATCH when people have another number of keypoints than before or than the skeleton, or none with
 * HRNET_TRACK_OKS. After a failure tracks and people are as they were. */
HRNET_API hrnet_status hrnet_tracker_update(hrnet_tracker *tracker, hrnet_people *people, double seconds);

/* Where a track's person is expected. */
typedef struct hrnet_track_box {
    hrnet_box box;  /* in pixels; may reach beyond the picture, or lie outside of it */
    uint32_t track; /* its number; of a track that is not confirmed yet a mark from 2^31 on, good for
                       hrnet_tracker_update alone */
    float score;    /* of the box that a detector gave last */
    double unseen;  /* seconds since its person was seen */
    uint64_t reserved[2];
} hrnet_track_box;

/* The boxes where the persons of all living tracks are expected at a time from that of the last update on, to look for
 * people without a detector, or for those whom it missed:
 *
 *   hrnet_tracker_boxes(tracker, seconds, NULL, boxes, MOST, &n);
 *   hrnet_people_create(&people, name, n < MOST ? n : MOST, 17);
 *   for each person i: persons[i].box = boxes[i].box, .box_score = boxes[i].score, .track = boxes[i].track;
 *   hrnet_people_pose(finder, &frame, 1, &people);
 *   hrnet_tracker_update(tracker, &people, seconds);
 *
 * A person who comes to hrnet_tracker_update with such a track is called followed. Its pose decides: the track is seen
 * if its keypoints score well, no detection of the picture and no other pose of a track is the same person, and a
 * detector saw the track within `follow` seconds. box then becomes that which the detector gave, carried along with the
 * keypoints that were believed both then and now; otherwise the person gets track 0, and its box stays.
 *
 * found (may be NULL): detections of this picture. Each of score `low` or more (the first 1000) takes out the one track
 * whose expected box it is, with an IoU of 0.3 or more; what is left are those whom the detector missed. Those of whose
 * boxes a detection covers more than a fifth are left out too: the pose found there would be that of who is in front.
 *
 * *n becomes the number of boxes, of which the first `capacity` are written, in the order in which the tracks began;
 * boxes may be NULL if capacity is 0. The tracker is as before. */
HRNET_API hrnet_status hrnet_tracker_boxes(const hrnet_tracker *tracker, double seconds, const hrnet_people *found,
                                           hrnet_track_box *boxes, int capacity, int *n);

/* How many numbers were given so far, which is the last one; not reset by hrnet_tracker_reset. */
HRNET_API uint32_t hrnet_tracker_n_tracks(const hrnet_tracker *tracker);

/* Forget all tracks, the time and the number of keypoints, for another sequence; numbers go on. */
HRNET_API void hrnet_tracker_reset(hrnet_tracker *tracker);
HRNET_API void hrnet_tracker_free(hrnet_tracker *tracker);

/* ------------------------------------------------------------------------------------------------ smoothing */

/* One-Euro filters (Casiez, Roussel, Vogel, CHI 2012) for the keypoints of tracks: strong for a joint that rests, weak
 * for one that moves fast. Free with hrnet_smoother_free. */
typedef struct hrnet_smoother hrnet_smoother;

typedef struct hrnet_smoother_options {
    float min_cutoff; /* cutoff frequency of a joint at rest, Hz; 0: 0.1. Less is calmer, and slower to begin moving */
    float beta;       /* what each unit of speed adds to it, Hz. More follows fast moves closer. 0: 0.4 times the
                         pictures a second, which are as many pictures late at any rate; below 0: none */
    float d_cutoff;   /* cutoff frequency of the speed, Hz; 0: 0.4 */
    int pixels;  /* 1: speed is in pixels a second, as published. 0: in heights of the person's box a second, so that
                    large and small persons are smoothed alike */
    float joint; /* keypoints below this score are passed through and not learned from, so that a joint that was
                    not seen does not pull its track away; 0: 0.2, below 0: all are smoothed */
    float gap;   /* a joint that was not smoothed for longer begins anew, seconds up to 3600; 0: 0.5 */
    uint64_t reserved[4];
} hrnet_smoother_options;

/* n_keypoints: of a person, from 1. */
HRNET_API hrnet_status hrnet_smoother_create(hrnet_smoother **out, int n_keypoints,
                                             const hrnet_smoother_options *options);

/* Smooth x and y of the keypoints of all persons who have a track, in place; scores stay. Persons without a track,
 * those that could not be looked at, and keypoints that are not finite stay as they are.
 *
 * seconds: of the picture; not before that of the last update (HRNET_ERR_ARGUMENT). HRNET_ERR_MISMATCH for another
 * number of keypoints, HRNET_ERR_ARGUMENT when two persons have one track. After a failure people are as they were. */
HRNET_API hrnet_status hrnet_smoother_update(hrnet_smoother *smoother, hrnet_people *people, double seconds);

/* Forget everything, for another sequence. */
HRNET_API void hrnet_smoother_reset(hrnet_smoother *smoother);
HRNET_API void hrnet_smoother_free(hrnet_smoother *smoother);

#ifdef __cplusplus
}
#endif
#endif
