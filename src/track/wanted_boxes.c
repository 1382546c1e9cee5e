/* wanted_boxes.c - hr_tracker_choose. */
#include "track/wanted_boxes.h"

#include "base/mem.h"
#include "track/similarity.h"
#include "track/tracker_internal.h"

/* The IoU from which on a box is near to a track: less than any pair of a box and a track has (similarities of poses,
 * HRNET_TRACK_OKS, may be high where that of the boxes is not). */
static const double near_iou = 0.1;

/* Mark the boxes that are near to a track. */
static void mark_near(const hrnet_tracker *tracker, const hr_track *track, double seconds, const hrnet_objects *found,
                      unsigned char *is_wanted)
{
    hr_box_kalman motion;
    if (!hr_track_lives(tracker, track, seconds)) return;
    const hrnet_box expected = hr_track_expect(tracker, track, seconds, &motion);
    for (int j = 0; j < found->n; j++)
        if (!is_wanted[j])
            is_wanted[j] = hr_track_iou(tracker, track, expected, found->objects[j].box, seconds) >= near_iou;
}

hrnet_status hr_tracker_choose(const hrnet_tracker *tracker, double seconds, hrnet_objects *found)
{
    unsigned char *is_wanted;
    int n = 0;
    if (tracker->settings.method == HRNET_TRACK_IOU) return HRNET_OK; /* which looks at no score */
    HR_NEW(is_wanted, (size_t)found->n);
    for (int j = 0; j < found->n; j++) is_wanted[j] = found->objects[j].score >= tracker->settings.high;
    for (size_t i = 0; i < tracker->n_tracks; i++) mark_near(tracker, tracker->tracks[i], seconds, found, is_wanted);
    for (int j = 0; j < found->n; j++)
        if (is_wanted[j]) found->objects[n++] = found->objects[j];
    found->n = n;
    hr_free(is_wanted);
    return HRNET_OK;
}
