/*
 * frame_clock.h - timestamps that can be relied on, from those of a file, which may be missing, absurd or go back.
 *
 * A frame keeps the file's timestamp if it is above that of the frame before it. Else it follows that frame after
 * `step`, the time from a frame to the next. Example with step 40:
 *
 *   file     0   40   80   80    -   200   160   240   9*10^18
 *   clock    0   40   80  120  160   200   240   280       320      n_moved 4
 */
#ifndef HR_VIDEO_FRAME_CLOCK_H
#define HR_VIDEO_FRAME_CLOCK_H

#include <stdint.h>

#include "base/status.h"

typedef struct hr_frame_clock {
    int64_t num, den; /* a unit is num / den seconds */
    int64_t start;    /* the timestamp of second 0 */
    int64_t step;     /* units from a frame to the next, if the file does not say */
    int64_t last;     /* timestamp of the frame before, if there is one */
    int has_last;
    uint64_t n_moved; /* timestamps that were there, and were not taken */
} hr_frame_clock;

/* Begin with the numbers of a file. fps 0: not known. HRNET_ERR_FORMAT if the unit is no positive number of seconds. A
 * start that is absurd is taken as 0. */
hrnet_status hr_frame_clock_begin(hr_frame_clock *clock, int64_t num, int64_t den, int64_t start, double fps);

/* The next frame's timestamp, above the last one. has_pts 0: the file has none. HRNET_ERR_LIMIT when timestamps come to
 * their end, after 2^61 units. */
hrnet_status hr_frame_clock_place(hr_frame_clock *clock, int has_pts, int64_t pts, int64_t *out);

/* Seconds of any timestamp since second 0 (infinite beyond 2^62), and the other way round; what is beyond a timestamp
 * becomes the nearest. */
double hr_frame_clock_seconds(const hr_frame_clock *clock, int64_t pts);
int64_t hr_frame_clock_pts(const hr_frame_clock *clock, double seconds);

#endif
