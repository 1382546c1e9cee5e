/* similarity.c - IoU, OKS, and boxes that go along with poses. */
#include "track/similarity.h"

#include <math.h>

#include "pose/oks.h"
#include "track/track_settings.h"

double hr_box_shared(hrnet_box a, hrnet_box b)
{
    const double left = fmax((double)a.x, (double)b.x), right = fmin((double)a.x + a.w, (double)b.x + b.w);
    const double top = fmax((double)a.y, (double)b.y), bottom = fmin((double)a.y + a.h, (double)b.y + b.h);
    return fmax(0, right - left) * fmax(0, bottom - top);
}

double hr_box_iou(hrnet_box a, hrnet_box b)
{
    const double all = (double)a.x + a.y + a.w + a.h + b.x + b.y + b.w + b.h;
    if (!isfinite(all)) return 0;
    const double inner = hr_box_shared(a, b);
    const double iou = inner / ((double)a.w * a.h + (double)b.w * b.h - inner);
    return fmin(1, iou); /* sums of coordinates are rounded, so that it may pass 1 a little */
}

hrnet_box hr_box_widen(hrnet_box box, double part)
{
    return (hrnet_box){(float)(box.x - part * box.w), (float)(box.y - part * box.h), (float)(box.w * (1 + 2 * part)),
                       (float)(box.h * (1 + 2 * part))};
}

hrnet_keypoint hr_keypoint_carry(hrnet_keypoint point, hrnet_box from, hrnet_box to)
{
    return (hrnet_keypoint){(float)(to.x + ((double)point.x - from.x) / from.w * to.w),
                            (float)(to.y + ((double)point.y - from.y) / from.h * to.h), point.score};
}

static int is_believed(const hrnet_keypoint *point, double joint)
{
    return point->score >= joint && isfinite(point->x) && isfinite(point->y);
}

static int count_common(const hrnet_keypoint *a, const hrnet_keypoint *b, int n, double joint)
{
    int n_common = 0;
    for (int k = 0; k < n; k++) n_common += is_believed(&a[k], joint) && is_believed(&b[k], joint);
    return n_common;
}

double hr_pose_similarity(const hrnet_keypoint *a, hrnet_box box_a, const hrnet_keypoint *b, hrnet_box box_b,
                          const float *sigmas, int n, double joint)
{
    const double area = ((double)box_a.w * box_a.h + (double)box_b.w * box_b.h) / 2;
    if (count_common(a, b, n, joint) < HR_FEWEST_JOINTS) return n > 0 ? hr_oks_poses(a, area, b, area, sigmas, n) : 0;
    double sum = 0;
    int n_common = 0;
    for (int k = 0; k < n; k++) {
        if (!is_believed(&a[k], joint) || !is_believed(&b[k], joint)) continue;
        sum += hr_oks_term((double)b[k].x - a[k].x, (double)b[k].y - a[k].y, (double)sigmas[k], area);
        n_common++;
    }
    return sum / n_common;
}

/* The mean of the keypoints that both poses believe, and their root mean square distance from it, of pose `of`. */
static void spread(const hrnet_keypoint *of, const hrnet_keypoint *other, int n, double joint, double out[3])
{
    double x = 0, y = 0, squares = 0;
    const int n_common = count_common(of, other, n, joint);
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < n; k++) {
            if (!is_believed(&of[k], joint) || !is_believed(&other[k], joint)) continue;
            if (pass == 0) {
                x += of[k].x / (double)n_common;
                y += of[k].y / (double)n_common;
            } else {
                squares += (of[k].x - x) * (of[k].x - x) + (of[k].y - y) * (of[k].y - y);
            }
        }
    }
    out[0] = x;
    out[1] = y;
    out[2] = sqrt(squares / n_common);
}

int hr_box_along(hrnet_box *out, hrnet_box box, const hrnet_keypoint *a, const hrnet_keypoint *b, int n, double joint)
{
    double before[3], after[3];
    if (count_common(a, b, n, joint) < HR_FEWEST_JOINTS) return 0;
    spread(a, b, n, joint, before);
    spread(b, a, n, joint, after);
    const int has_extent = before[2] > 1e-3 * box.h; /* keypoints in one place say nothing about the size */
    const double scale = has_extent ? fmin(2, fmax(0.5, after[2] / before[2])) : 1;
    const hrnet_box along = {(float)(after[0] + (box.x - before[0]) * scale),
                             (float)(after[1] + (box.y - before[1]) * scale), (float)(box.w * scale),
                             (float)(box.h * scale)};
    *out = along;
    return 1;
}

double hr_mean_score(const hrnet_keypoint *keypoints, int n)
{
    double sum = 0;
    for (int k = 0; k < n; k++)
        if (keypoints[k].score > 0) sum += fmin(1, (double)keypoints[k].score);
    return n > 0 ? sum / n : 0;
}
