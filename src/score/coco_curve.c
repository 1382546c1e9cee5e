/*
 * coco_curve.c - average precision and recall from the outcomes of all results of a category (COCOeval.accumulate).
 *
 * With the results sorted by score, after the best k of them: recall = right / truths, precision = right / (right +
 * wrong). The curve is then made monotonic: the precision at a recall r is the highest at any recall >= r. Average
 * precision is the mean of the curve at the 101 recalls 0, .01 ... 1, 0 where the recall is never reached.
 *
 * Example, 2 truths, results right, wrong, right: recall .5 .5 1, precision 1 .5 .67, made monotonic 1 .67 .67;
 * 51 recalls (0 ... .5) read 1 and 50 read .67: AP = (51 + 50 x 2/3) / 101 = .835.
 */
#include "score/coco_score.h"

#include <float.h>
#include <stdlib.h>

#include "base/mem.h"

enum { RECALLS = 101 };

/* Computed as np.linspace(.5, .95, 10) does: the last bit decides about results that just reach a threshold. */
double hr_coco_threshold(int t)
{
    return t == HRNET_OKS_THRESHOLDS - 1 ? .95 : .5 + t * ((.95 - .5) / (HRNET_OKS_THRESHOLDS - 1));
}

double hr_coco_mean(const double values[HRNET_OKS_THRESHOLDS])
{
    double sum = 0;
    for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) sum += values[t];
    return sum / HRNET_OKS_THRESHOLDS;
}

/* np.linspace(0, 1, 101) */
static double recall_point(int i)
{
    return i == RECALLS - 1 ? 1 : i * (1. / (RECALLS - 1));
}

static int better_first(const void *left, const void *right)
{
    const hr_coco_outcome *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Recall and precision after the best k results. */
typedef struct point {
    double recall, precision;
} point;

/* Mean of the curve's precision at the 101 recalls; points [n] are made monotonic in place. Recalls never decrease
 * along the points, so one walk finds the first point that reaches each recall (np.searchsorted, side='left'). */
static double mean_precision(point *points, size_t n)
{
    double sum = 0;
    size_t i = 0;
    for (size_t k = n; k-- > 1;)
        if (points[k].precision > points[k - 1].precision) points[k - 1].precision = points[k].precision;
    for (int r = 0; r < RECALLS; r++) {
        while (i < n && points[i].recall < recall_point(r)) i++;
        if (i == n) break;
        sum += points[i].precision;
    }
    return sum / RECALLS;
}

hrnet_status hr_coco_curves(hr_coco_outcome *outcomes, size_t n, const size_t n_truths[HR_COCO_AREAS],
                            double precision[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS],
                            double recall[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS])
{
    point *points;
    HR_NEW(points, n);
    if (n > 0) qsort(outcomes, n, sizeof *outcomes, better_first);
    for (int a = 0; a < HR_COCO_AREAS; a++) {
        for (int t = 0; t < HRNET_OKS_THRESHOLDS && n_truths[a] > 0; t++) {
            double right = 0, wrong = 0;
            for (size_t i = 0; i < n; i++) {
                right += outcomes[i].right[a] >> t & 1;
                wrong += outcomes[i].wrong[a] >> t & 1;
                /* an ignored result repeats the point before it; np.spacing(1) keeps 0 / 0 away */
                points[i] = (point){right / (double)n_truths[a], right / (wrong + right + DBL_EPSILON)};
            }
            recall[a][t] = right / (double)n_truths[a];
            precision[a][t] = mean_precision(points, n);
        }
    }
    hr_free(points);
    return HRNET_OK;
}
