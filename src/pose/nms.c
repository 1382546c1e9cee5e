/*
 * nms.c - suppression of poses that describe the same person. Similarity is OKS: the mean over joints of
 * exp(-d^2 / (2 area (2 sigma)^2)), with the mean of both areas (upstream's oks_iou, in double as there).
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/status.h"

enum { SOFT_SURVIVORS = 20 }; /* soft_oks_nms: max_dets */

struct poses {
    const hrnet_keypoint *keypoints;
    const float *areas, *sigmas;
    int n_joints;
};

struct candidate {
    double score;
    int pose, position; /* position: place in the list before sorting */
};

/* Best first. Equal scores: the later one first, which is what argsort()[::-1] gives for up to 16 poses. */
static int better_first(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return b->position - a->position;
}

static void sort_candidates(struct candidate *candidates, int n)
{
    for (int i = 0; i < n; i++) candidates[i].position = i;
    qsort(candidates, (size_t)n, sizeof *candidates, better_first);
}

static double oks(const struct poses *poses, int a, int b)
{
    const hrnet_keypoint *p = poses->keypoints + (size_t)a * (size_t)poses->n_joints;
    const hrnet_keypoint *q = poses->keypoints + (size_t)b * (size_t)poses->n_joints;
    const double area = ((double)poses->areas[a] + poses->areas[b]) / 2 + DBL_EPSILON;
    double sum = 0;
    for (int i = 0; i < poses->n_joints; i++) {
        const double dx = (double)q[i].x - p[i].x, dy = (double)q[i].y - p[i].y;
        const double spread = 2 * (double)poses->sigmas[i];
        sum += exp(-(dx * dx + dy * dy) / (spread * spread) / area / 2);
    }
    return isnan(sum) ? 0 : sum / poses->n_joints; /* what is not a number resembles nothing */
}

/* oks_nms: keep the best, drop what resembles it too much, repeat. kept follows the order of candidates. */
static int keep_hard(const struct poses *poses, struct candidate *left, int n, double threshold, int *kept)
{
    int n_kept = 0;
    sort_candidates(left, n);
    while (n > 0) {
        const int best = left[0].pose;
        int n_left = 0;
        kept[n_kept++] = best;
        for (int i = 1; i < n; i++) {
            if (oks(poses, best, left[i].pose) <= threshold) left[n_left++] = left[i];
        }
        n = n_left;
    }
    return n_kept;
}

/* soft_oks_nms: keep the best, let the others' scores decay by exp(-oks^2 / threshold), sort again, repeat. */
static int keep_soft(const struct poses *poses, struct candidate *left, int n, double threshold, int *kept)
{
    int n_kept = 0;
    sort_candidates(left, n);
    while (n > 0 && n_kept < SOFT_SURVIVORS) {
        const int best = left[0].pose;
        kept[n_kept++] = best;
        for (int i = 1; i < n; i++) {
            const double overlap = oks(poses, best, left[i].pose);
            left[i - 1] = left[i];
            left[i - 1].score *= exp(-overlap * overlap / threshold);
        }
        sort_candidates(left, --n);
    }
    return n_kept;
}

typedef int suppression(const struct poses *poses, struct candidate *left, int n, double threshold, int *kept);

static hrnet_status suppress(suppression *keep, const struct poses *poses, const float *scores, int n, float threshold,
                             int *kept, int *n_kept)
{
    if (n_kept == NULL || n < 0) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_oks_nms: n_kept is NULL or n is %d", n);
    if (n == 0) {
        *n_kept = 0;
        return HRNET_OK;
    }
    if (poses->keypoints == NULL || poses->areas == NULL || poses->sigmas == NULL || scores == NULL || kept == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_oks_nms: an array is NULL");
    if (poses->n_joints <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_oks_nms: %d joints, expected at least 1", poses->n_joints);
    if (!(threshold > 0)) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_oks_nms: threshold %g, expected > 0", threshold);
    struct candidate *candidates;
    HR_NEW(candidates, (size_t)n);
    for (int i = 0; i < n; i++) {
        candidates[i].pose = i;
        /* finite, so that every comparison and every decay has an answer; NaN becomes the lowest */
        candidates[i].score = scores[i] > FLT_MAX ? FLT_MAX : scores[i] >= -FLT_MAX ? scores[i] : -FLT_MAX;
    }
    *n_kept = keep(poses, candidates, n, threshold, kept);
    hr_free(candidates);
    return HRNET_OK;
}

hrnet_status hrnet_oks_nms(const hrnet_keypoint *keypoints, const float *areas, const float *scores, int n,
                           int n_joints, const float *sigmas, float threshold, int *kept, int *n_kept)
{
    const struct poses poses = {keypoints, areas, sigmas, n_joints};
    return suppress(keep_hard, &poses, scores, n, threshold, kept, n_kept);
}

hrnet_status hrnet_oks_nms_soft(const hrnet_keypoint *keypoints, const float *areas, const float *scores, int n,
                                int n_joints, const float *sigmas, float threshold, int *kept, int *n_kept)
{
    const struct poses poses = {keypoints, areas, sigmas, n_joints};
    return suppress(keep_soft, &poses, scores, n, threshold, kept, n_kept);
}
