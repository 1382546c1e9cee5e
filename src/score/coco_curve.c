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
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/pool.h"

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

/* A result in the order of scores. */
typedef struct ranked {
    double score;
    size_t number; /* in the order of cells; decides between equal scores */
} ranked;

static int better_first(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Outcomes of one area, best score first: those at threshold t are bit t. */
typedef struct outcome_bits {
    uint16_t right, wrong;
} outcome_bits;

typedef struct curves {
    outcome_bits *bits[HR_COCO_AREAS]; /* [n] each; NULL: an area without truths */
    double *values;                    /* [threads][n] scratch */
    size_t n;
    atomic_int next; /* curve to compute: area and threshold */
    const size_t *n_truths;
    double (*precision)[HRNET_OKS_THRESHOLDS], (*recall)[HRNET_OKS_THRESHOLDS];
} curves;

/* Mean of the curve's precision at the 101 recalls. values [n] are precisions after each right result, made monotonic
 * in place; recalls never decrease along them, so one walk finds the first that reaches each recall (np.searchsorted,
 * side='left'). Points after other results are left out: recall is not reached first there, and precision is not higher
 * than at the right result before. */
static double mean_precision(double *values, size_t n, size_t n_truths)
{
    double sum = 0;
    size_t i = 0;
    for (size_t k = n; k-- > 1;)
        if (values[k] > values[k - 1]) values[k - 1] = values[k];
    for (int r = 0; r < RECALLS; r++) {
        while (i < n && (double)(i + 1) / (double)n_truths < recall_point(r)) i++;
        if (i == n) break;
        sum += values[i];
    }
    return sum / RECALLS;
}

static void fill_curve(const curves *c, int a, int t, double *values)
{
    const outcome_bits *const bits = c->bits[a];
    size_t n_right = 0, n_wrong = 0;
    for (size_t i = 0; i < c->n; i++) {
        n_wrong += bits[i].wrong >> t & 1;
        if (!(bits[i].right >> t & 1)) continue;
        n_right++;
        /* np.spacing(1) keeps 0 / 0 away */
        values[n_right - 1] = (double)n_right / ((double)n_wrong + (double)n_right + DBL_EPSILON);
    }
    c->recall[a][t] = (double)n_right / (double)c->n_truths[a];
    c->precision[a][t] = mean_precision(values, n_right, c->n_truths[a]);
}

/* hr_pool_fn: threads take one curve at a time. */
static void fill_curves(void *context, int thread)
{
    curves *const c = context;
    for (int i; (i = atomic_fetch_add(&c->next, 1)) < HR_COCO_AREAS * HRNET_OKS_THRESHOLDS;)
        if (c->bits[i / HRNET_OKS_THRESHOLDS] != NULL)
            fill_curve(c, i / HRNET_OKS_THRESHOLDS, i % HRNET_OKS_THRESHOLDS, c->values + (size_t)thread * c->n);
}

/* Sort the outcomes and fill c->bits. */
static hrnet_status rank_outcomes(curves *c, const hr_coco_outcome *outcomes)
{
    ranked *order;
    HR_NEW(order, c->n);
    for (size_t i = 0; i < c->n; i++) order[i] = (ranked){outcomes[i].score, i};
    if (c->n > 0) qsort(order, c->n, sizeof *order, better_first);
    for (int a = 0; a < HR_COCO_AREAS; a++)
        for (size_t i = 0; i < c->n && c->bits[a] != NULL; i++) {
            const hr_coco_outcome *const outcome = &outcomes[order[i].number];
            c->bits[a][i] = (outcome_bits){outcome->right[a], outcome->wrong[a]};
        }
    hr_free(order);
    return HRNET_OK;
}

static hrnet_status run_curves(curves *c, hrnet_pool *pool, const hr_coco_outcome *outcomes)
{
    const size_t n_threads = pool != NULL ? (size_t)hr_pool_threads(pool) : 1;
    if (c->n > SIZE_MAX / sizeof *c->values / n_threads) return hr_fail_memory(SIZE_MAX);
    HR_NEW(c->values, c->n * n_threads);
    for (int a = 0; a < HR_COCO_AREAS; a++)
        if (c->n_truths[a] > 0) HR_NEW(c->bits[a], c->n);
    HR_TRY(rank_outcomes(c, outcomes));
    if (pool != NULL)
        hr_pool_run(pool, fill_curves, c);
    else
        fill_curves(c, 0);
    return HRNET_OK;
}

hrnet_status hr_coco_curves(hrnet_pool *pool, const hr_coco_outcome *outcomes, size_t n,
                            const size_t n_truths[HR_COCO_AREAS], double precision[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS],
                            double recall[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS])
{
    curves c = {.n = n, .n_truths = n_truths, .precision = precision, .recall = recall};
    const hrnet_status status = run_curves(&c, pool, outcomes);
    hr_free(c.values);
    for (int a = 0; a < HR_COCO_AREAS; a++) hr_free(c.bits[a]);
    return status;
}
