/*
 * nms.c - non-maximum suppression of poses that describe the same person: hrnet_oks_nms and hrnet_oks_nms_soft
 * (upstream's oks_nms and soft_oks_nms). Two poses are compared by their object keypoint similarity (oks.h).
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/status.h"
#include "pose/oks.h"

enum { MAX_SOFT_KEPT = 20 }; /* soft_oks_nms: max_dets */

struct poses {
    const hrnet_keypoint *keypoints;
    const float *areas, *sigmas;
    int n_joints;
};

struct candidate {
    double score;
    int pose, position; /* index of the pose; index in the list before sorting */
};

/* Highest score first. Of equal scores the later one comes first, which is the order that NumPy's argsort()[::-1] gives
 * for up to 16 poses (it then sorts by insertion, which is stable). */
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

static double similarity(const struct poses *poses, int a, int b)
{
    const size_t n_joints = (size_t)poses->n_joints;
    return hr_oks_poses(poses->keypoints + (size_t)a * n_joints, (double)poses->areas[a],
                        poses->keypoints + (size_t)b * n_joints, (double)poses->areas[b], poses->sigmas,
                        poses->n_joints);
}

/* oks_nms: keep the best of the n candidates left, drop all whose OKS with it exceeds the threshold, repeat. Writes the
 * poses to kept, best first, and returns how many they are. */
static int keep_hard(const struct poses *poses, struct candidate *left, int n, double threshold, int *kept)
{
    int n_kept = 0;
    sort_candidates(left, n);
    while (n > 0) {
        const int best = left[0].pose;
        int n_left = 0;
        kept[n_kept++] = best;
        for (int i = 1; i < n; i++) {
            if (similarity(poses, best, left[i].pose) <= threshold) left[n_left++] = left[i];
        }
        n = n_left;
    }
    return n_kept;
}

/* soft_oks_nms: keep the best, multiply the scores of the others by exp(-OKS^2 / threshold), sort again, repeat until
 * MAX_SOFT_KEPT are kept. */
static int keep_soft(const struct poses *poses, struct candidate *left, int n, double threshold, int *kept)
{
    int n_kept = 0;
    sort_candidates(left, n);
    while (n > 0 && n_kept < MAX_SOFT_KEPT) {
        const int best = left[0].pose;
        kept[n_kept++] = best;
        for (int i = 1; i < n; i++) {
            const double overlap = similarity(poses, best, left[i].pose);
            left[i - 1] = left[i];
            left[i - 1].score *= exp(-overlap * overlap / threshold);
        }
        sort_candidates(left, --n);
    }
    return n_kept;
}

typedef int suppression(const struct poses *poses, struct candidate *left, int n, double threshold, int *kept);

/* Check the arguments of the public functions and run one of the two methods. */
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
        /* made finite, so that sorting has a total order; NaN becomes the lowest score */
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
