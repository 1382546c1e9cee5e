/* coco_curve.c - one curve an area and threshold, read off at 101 recalls. */
#include "score/coco_curve.h"

#include <float.h>
#include <stdlib.h>

#include "base/mem.h"

enum { RECALLS = 101 };

/* As np.linspace computes them: the last bit decides about results that just reach a threshold. */
double hr_coco_threshold(int t)
{
    return t == HRNET_OKS_THRESHOLDS - 1 ? .95 : .5 + t * ((.95 - .5) / (HRNET_OKS_THRESHOLDS - 1));
}

static double recall_point(int i)
{
    return i == RECALLS - 1 ? 1 : i * (1. / (RECALLS - 1));
}

static int better_first(const void *left, const void *right)
{
    const hr_coco_outcome *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* points[i]: recall and precision after the best i + 1 results. The precision at a recall is the highest that any
 * recall from there on has. */
typedef struct point {
    double recall, precision;
} point;

static double mean_precision(point *points, size_t n)
{
    double sum = 0;
    size_t i = 0;
    for (size_t k = n; k-- > 1;)
        if (points[k].precision > points[k - 1].precision) points[k - 1].precision = points[k].precision;
    for (int r = 0; r < RECALLS; r++) {
        while (i < n && points[i].recall < recall_point(r)) i++;
        if (i == n) break; /* recalls that are never reached have a precision of 0 */
        sum += points[i].precision;
    }
    return sum / RECALLS;
}

hrnet_status hr_coco_curves(hr_coco_outcome *outcomes, size_t n, const size_t n_persons[HRNET_COCO_AREAS],
                            double precision[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS],
                            double recall[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS])
{
    point *points;
    HR_NEW(points, n);
    if (n > 0) qsort(outcomes, n, sizeof *outcomes, better_first);
    for (int a = 0; a < HRNET_COCO_AREAS; a++) {
        for (int t = 0; t < HRNET_OKS_THRESHOLDS && n_persons[a] > 0; t++) {
            double right = 0, wrong = 0;
            for (size_t i = 0; i < n; i++) {
                right += outcomes[i].right[a] >> t & 1;
                wrong += outcomes[i].wrong[a] >> t & 1;
                points[i] = (point){right / (double)n_persons[a], right / (wrong + right + DBL_EPSILON)};
            }
            recall[a][t] = right / (double)n_persons[a];
            precision[a][t] = mean_precision(points, n);
        }
    }
    hr_free(points);
    return HRNET_OK;
}
