/* coco_match.c - OKS and greedy matching, in pycocotools' order of operations. */
#include "score/coco_match.h"

#include <float.h>
#include <math.h>
#include <string.h>

double hr_keypoint_similarity(double dx, double dy, double sigma, double area)
{
    const double spread = sigma * 2 * (sigma * 2);
    return exp(-((dx * dx + dy * dy) / spread / (area + DBL_EPSILON) / 2)); /* np.spacing(1) */
}

/* Distance from the interval, 0 inside of it. */
static double outside(double value, double low, double high)
{
    return fmax(0, low - value) + fmax(0, value - high);
}

static double oks_of_box(const hrnet_annotation *person, const double *keypoints, const double *sigmas, int n)
{
    const double *const box = person->bbox;
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double dx = outside(keypoints[3 * i], box[0] - box[2], box[0] + box[2] * 2);
        const double dy = outside(keypoints[3 * i + 1], box[1] - box[3], box[1] + box[3] * 2);
        sum += hr_keypoint_similarity(dx, dy, sigmas[i], person->area);
    }
    return sum / n;
}

double hr_coco_oks(const hrnet_annotation *person, const double *keypoints, const double *sigmas, int n)
{
    const double *const truth = person->keypoints;
    double sum = 0;
    int n_labelled = 0;
    for (int i = 0; i < n; i++) {
        if (!(truth[3 * i + 2] > 0)) continue;
        sum += hr_keypoint_similarity(keypoints[3 * i] - truth[3 * i], keypoints[3 * i + 1] - truth[3 * i + 1],
                                      sigmas[i], person->area);
        n_labelled++;
    }
    return n_labelled > 0 ? sum / n_labelled : oks_of_box(person, keypoints, sigmas, n);
}

void hr_coco_match_cell(const hr_coco_cell *cell, double threshold, unsigned char *taken, size_t *found)
{
    memset(taken, 0, cell->n_persons);
    for (size_t r = 0; r < cell->n_results; r++) {
        const double *const oks = cell->oks + r * cell->n_persons;
        double best = fmin(threshold, 1 - 1e-10);
        found[r] = SIZE_MAX;
        for (size_t i = 0; i < cell->n_persons; i++) {
            const size_t p = cell->order[i];
            if (taken[p] && !cell->crowd[p]) continue;
            if (found[r] != SIZE_MAX && !cell->ignored[found[r]] && cell->ignored[p]) break;
            if (oks[p] < best) continue;
            best = oks[p];
            found[r] = p;
        }
        if (found[r] != SIZE_MAX) taken[found[r]] = 1;
    }
}
