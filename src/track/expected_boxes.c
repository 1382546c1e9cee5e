/* expected_boxes.c - where tracks are expected, without those whom a detector has found there. */
#include <math.h>

#include "base/assign.h"
#include "base/mem.h"
#include "track/similarity.h"
#include "track/tracker_internal.h"

enum { NOT_FOUND = -1, COVERED = -2 };

/* The tracks that are expected at a time, and the detections of it. Starts zeroed; release with free_expectation. */
typedef struct expectation {
    int n, n_found;
    const hr_track **tracks;  /* [n] */
    hrnet_box *boxes, *found; /* [n], [n_found] */
    int *found_of;            /* [n] the detection that is a track, NOT_FOUND or COVERED */
    double *cost;             /* [n][n_found] */
} expectation;

static void free_expectation(expectation *e)
{
    hr_free(e->tracks);
    hr_free(e->boxes);
    hr_free(e->found);
    hr_free(e->found_of);
    hr_free(e->cost);
}

static hrnet_status list_tracks(expectation *e, const hrnet_tracker *t, double seconds)
{
    HR_NEW(e->tracks, t->n_tracks);
    HR_NEW(e->boxes, t->n_tracks);
    HR_NEW(e->found_of, t->n_tracks);
    for (size_t i = 0; i < t->n_tracks; i++) {
        const hr_track *const track = t->tracks[i];
        hr_box_kalman motion;
        const hrnet_box box = hr_track_expect(t, track, seconds, &motion);
        const int can_be_followed = seconds - track->detected.seconds <= t->settings.follow;
        if (!hr_track_lives(t, track, seconds) || !can_be_followed || !hr_box_is_good(box)) continue;
        e->tracks[e->n] = track;
        e->boxes[e->n] = box;
        e->found_of[e->n++] = NOT_FOUND;
    }
    return HRNET_OK;
}

/* Who stands behind somebody else is not looked for, as the pose that is found there is the other's. */
static void mark_covered(expectation *e, const hrnet_tracker *t)
{
    const double most = t->settings.covered;
    for (int i = 0; i < e->n; i++) {
        const hrnet_box box = e->boxes[i];
        for (int j = 0; j < e->n_found && e->found_of[i] == NOT_FOUND; j++)
            if (hr_box_shared(box, e->found[j]) > most * box.w * box.h) e->found_of[i] = COVERED;
    }
}

/* Give each detection to one track at most, so that of two people side by side the one who was missed is looked for. */
static hrnet_status find_detections(expectation *e, const hrnet_tracker *t, double seconds, const hrnet_people *people)
{
    HR_NEW(e->found, HR_MOST_TRACKED_PERSONS);
    for (int j = 0; j < people->n_persons && e->n_found < HR_MOST_TRACKED_PERSONS; j++) {
        const hrnet_pose *const person = &people->persons[j];
        if (hr_box_is_good(person->box) && person->box_score >= t->settings.low) e->found[e->n_found++] = person->box;
    }
    HR_NEW(e->cost, (size_t)e->n * (size_t)e->n_found);
    double *cost = e->cost;
    for (int i = 0; i < e->n; i++) {
        for (int j = 0; j < e->n_found; j++) {
            const double iou = hr_track_iou(t, e->tracks[i], e->boxes[i], e->found[j], seconds);
            *cost++ = iou > 0 ? 1 - iou : NAN;
        }
    }
    HR_TRY(hr_assign(e->cost, e->n, e->n_found, 1 - t->settings.expected, e->found_of, NULL));
    mark_covered(e, t);
    return HRNET_OK;
}

static int copy_boxes(const expectation *e, double seconds, hrnet_track_box *boxes, int capacity)
{
    int n = 0;
    for (int i = 0; i < e->n; i++) {
        const hr_track *const track = e->tracks[i];
        if (e->found_of[i] != NOT_FOUND) continue;
        if (n < capacity)
            boxes[n] = (hrnet_track_box){.box = e->boxes[i],
                                         .track = track->name,
                                         .score = track->score,
                                         .unseen = seconds - track->last.seconds};
        n++;
    }
    return n;
}

hrnet_status hrnet_tracker_boxes(const hrnet_tracker *tracker, double seconds, const hrnet_people *found,
                                 hrnet_track_box *boxes, int capacity, int *n)
{
    expectation e = {0};
    if (tracker == NULL || n == NULL || capacity < 0 || (boxes == NULL && capacity > 0) ||
        (found != NULL && found->n_persons > 0 && found->persons == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_boxes: an argument is NULL, or capacity is below 0");
    HR_TRY(hr_tracker_check_seconds(tracker, seconds, "hrnet_tracker_boxes"));
    hrnet_status status = list_tracks(&e, tracker, seconds);
    if (status == HRNET_OK && found != NULL) status = find_detections(&e, tracker, seconds, found);
    if (status == HRNET_OK) *n = copy_boxes(&e, seconds, boxes, capacity);
    free_expectation(&e);
    return status;
}
