/* frame_clock.c - timestamps of frames, made to increase. */
#include "video/frame_clock.h"

#include <math.h>

/* Timestamps beyond this are no times: in units of a nanosecond it is 36 years. */
static const int64_t most = INT64_C(1) << 60;

static int is_sane(int64_t pts)
{
    return pts >= -most && pts <= most;
}

hrnet_status hr_frame_clock_begin(hr_frame_clock *clock, int64_t num, int64_t den, int64_t start, double fps)
{
    if (num < 1 || den < 1 || num > INT32_MAX || den > INT32_MAX)
        return hr_fail(HRNET_ERR_FORMAT, "timestamps in units of %lld/%lld s", (long long)num, (long long)den);
    const double step = fps > 0 ? (double)den / ((double)num * fps) : 0.04 * (double)den / (double)num;
    *clock = (hr_frame_clock){.num = num, .den = den, .start = is_sane(start) ? start : 0};
    clock->step = step > 1 && step < 0x1p32 ? (int64_t)llrint(step) : 1;
    return HRNET_OK;
}

hrnet_status hr_frame_clock_place(hr_frame_clock *clock, int has_pts, int64_t pts, int64_t *out)
{
    const int is_taken = has_pts && is_sane(pts) && (!clock->has_last || pts > clock->last);
    if (has_pts && !is_taken) clock->n_moved++;
    if (!is_taken) pts = clock->has_last ? clock->last + clock->step : clock->start;
    if (pts > 2 * most) return hr_fail(HRNET_ERR_LIMIT, "no timestamps are left behind %lld", (long long)clock->last);
    clock->last = pts;
    clock->has_last = 1;
    *out = pts;
    return HRNET_OK;
}

double hr_frame_clock_seconds(const hr_frame_clock *clock, int64_t pts)
{
    if (pts < -4 * most || pts > 4 * most - 1) return pts < 0 ? -INFINITY : INFINITY;
    return (double)(pts - clock->start) * (double)clock->num / (double)clock->den;
}

int64_t hr_frame_clock_pts(const hr_frame_clock *clock, double seconds)
{
    const double units = seconds * (double)clock->den / (double)clock->num;
    return !(units < (double)most) ? most : units < -(double)most ? -most : clock->start + (int64_t)llrint(units);
}
