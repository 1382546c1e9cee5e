/*
 * coco_accumulate.c - hrnet_coco_accumulate: pycocotools' tables for any thresholds, recalls, areas and limits.
 *
 *   for each category:
 *       for each image (cell): similarity; for each area and threshold: match, note what became of each result
 *       for each limit: results of all cells that are within it, best score first
 *           for each area and threshold: precision along recall, read off at the recalls
 *
 * The published scores have fixed axes and their own, faster table (coco_table.c).
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pose/oks.h"
#include "score/box_overlap.h"
#include "score/coco_score.h"

enum { IGNORED = 0, RIGHT = 1, WRONG = 2 };

/* A result of the category that is being scored. */
typedef struct candidate {
    double score;
    size_t number; /* in the order of the cells; decides between equal scores */
    size_t place;  /* in its cell, best first */
} candidate;

/* A point of a curve: recall and precision after the best k results. */
typedef struct curve_point {
    double recall, precision, score;
} curve_point;

typedef struct accumulation {
    const hrnet_coco_axes *axes;
    const hrnet_coco_item *truths, *results;
    hr_coco_members sorted_truths, sorted_results;
    double *precision, *recall, *scores;
    /* of the category */
    size_t category, n_candidates;
    candidate *candidates;   /* [results] */
    unsigned char *outcomes; /* [n_areas][n_thresholds][results] */
    size_t *n_counting;      /* [n_areas] truths */
    curve_point *points;     /* [results] */
    hr_coco_scratch scratch;
} accumulation;

/* ------------------------------------------------------------------------------------------------ cells */

static void compare(const accumulation *s, const hr_coco_cell *cell)
{
    const hrnet_coco_axes *const axes = s->axes;
    for (size_t r = 0; r < cell->n_results; r++) {
        const hrnet_coco_item *const result = &s->results[cell->results[r].index];
        for (size_t i = 0; i < cell->n_truths; i++) {
            const hrnet_coco_item *const truth = &s->truths[cell->truths[i].index];
            s->scratch.similarity[r * cell->n_truths + i] =
                axes->sigmas != NULL ? hr_oks_result(truth->keypoints, truth->box, truth->area, result->keypoints,
                                                     axes->sigmas, axes->n_keypoints)
                                     : hr_box_overlap(truth->box, result->box, truth->is_crowd);
        }
    }
}

static unsigned char outcome_of(const accumulation *s, const hr_coco_cell *cell, size_t r, int a)
{
    const size_t match = s->scratch.matches[r];
    if (match == SIZE_MAX) return hr_coco_is_in_area(s->axes->areas[a], cell->results[r].area) ? WRONG : IGNORED;
    if (cell->ignored[match]) return IGNORED;
    if (!s->truths[cell->truths[match].index].is_nameless) return RIGHT;
    /* pycocotools takes the id 0 for "no match" */
    return hr_coco_is_in_area(s->axes->areas[a], cell->results[r].area) ? WRONG : IGNORED;
}

static void score_cell(accumulation *s, const hr_coco_member *truths, size_t n_truths, const hr_coco_member *results,
                       size_t n_results)
{
    const hrnet_coco_axes *const axes = s->axes;
    const size_t most = (size_t)axes->limits[axes->n_limits - 1];
    if (n_results > most) n_results = most;
    const hr_coco_cell cell = {truths,          results, n_truths, n_results, s->scratch.similarity, s->scratch.ignored,
                               s->scratch.order};
    compare(s, &cell);
    for (size_t r = 0; r < n_results; r++)
        s->candidates[s->n_candidates + r] = (candidate){results[r].score, s->n_candidates + r, r};
    for (int a = 0; a < axes->n_areas; a++) {
        s->n_counting[a] += hr_coco_order_truths(&s->scratch, &cell, axes->areas[a]);
        for (int t = 0; t < axes->n_thresholds; t++) {
            unsigned char *const outcomes =
                s->outcomes + (size_t)(a * axes->n_thresholds + t) * s->sorted_results.n + s->n_candidates;
            hr_coco_match_cell(&cell, axes->thresholds[t], s->scratch.taken, s->scratch.matches);
            for (size_t r = 0; r < n_results; r++) outcomes[r] = outcome_of(s, &cell, r, a);
        }
    }
    s->n_candidates += n_results;
}

/* Score the cells of the category: *p and *f are the next truth and the next result. */
static void score_cells(accumulation *s, size_t *p, size_t *f)
{
    const hr_coco_members *const truths = &s->sorted_truths, *const results = &s->sorted_results;
    s->n_candidates = 0;
    memset(s->n_counting, 0, (size_t)s->axes->n_areas * sizeof *s->n_counting);
    for (;;) {
        const hr_coco_member *const truth = *p < truths->n ? &truths->list[*p] : NULL;
        const hr_coco_member *const result = *f < results->n ? &results->list[*f] : NULL;
        size_t rank = SIZE_MAX;
        if (truth != NULL && truth->category == s->category) rank = truth->rank;
        if (result != NULL && result->category == s->category && result->rank < rank) rank = result->rank;
        if (rank == SIZE_MAX) return;
        const size_t n_truths = hr_coco_cell_size(truths, *p, s->category, rank);
        const size_t n_results = hr_coco_cell_size(results, *f, s->category, rank);
        score_cell(s, truth, n_truths, result, n_results);
        *p += n_truths;
        *f += n_results;
    }
}

/* ------------------------------------------------------------------------------------------------ curves */

static int better_first(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Fill points with the curve of an area and threshold, of the results within a limit. Returns how many there are. */
static size_t fill_points(accumulation *s, int a, int t, size_t limit)
{
    const unsigned char *const outcomes = s->outcomes + (size_t)(a * s->axes->n_thresholds + t) * s->sorted_results.n;
    double right = 0, wrong = 0;
    size_t n = 0;
    for (size_t i = 0; i < s->n_candidates; i++) {
        const candidate *const one = &s->candidates[i];
        if (one->place >= limit) continue;
        right += outcomes[one->number] == RIGHT;
        wrong += outcomes[one->number] == WRONG;
        /* np.spacing(1) keeps 0 / 0 away */
        s->points[n++] =
            (curve_point){right / (double)s->n_counting[a], right / (wrong + right + DBL_EPSILON), one->score};
    }
    return n;
}

/* Write the column of a curve: the precision and the score where each recall is reached first, 0 if it never is. */
static void write_curve(accumulation *s, int a, int t, int m)
{
    const hrnet_coco_axes *const axes = s->axes;
    const size_t n = fill_points(s, a, t, (size_t)axes->limits[m]);
    const size_t row = axes->n_categories * (size_t)axes->n_areas * (size_t)axes->n_limits;
    const size_t column = (s->category * (size_t)axes->n_areas + (size_t)a) * (size_t)axes->n_limits + (size_t)m;
    s->recall[(size_t)t * row + column] = n > 0 ? s->points[n - 1].recall : 0;
    for (size_t k = n; k-- > 1;)
        if (s->points[k].precision > s->points[k - 1].precision) s->points[k - 1].precision = s->points[k].precision;
    size_t i = 0;
    for (int r = 0; r < axes->n_recalls; r++) {
        const size_t at = ((size_t)t * (size_t)axes->n_recalls + (size_t)r) * row + column;
        while (i < n && s->points[i].recall < axes->recalls[r]) i++;
        s->precision[at] = i < n ? s->points[i].precision : 0;
        s->scores[at] = i < n ? s->points[i].score : 0;
    }
}

static void score_category(accumulation *s, size_t *p, size_t *f)
{
    const hrnet_coco_axes *const axes = s->axes;
    score_cells(s, p, f);
    if (s->n_candidates > 0) qsort(s->candidates, s->n_candidates, sizeof *s->candidates, better_first);
    for (int a = 0; a < axes->n_areas; a++)
        for (int t = 0; t < axes->n_thresholds && s->n_counting[a] > 0; t++)
            for (int m = 0; m < axes->n_limits; m++) write_curve(s, a, t, m);
}

/* ------------------------------------------------------------------------------------------------ arguments */

static int is_ascending(const double *values, int n)
{
    for (int i = 0; i < n; i++)
        if (isnan(values[i]) || (i > 0 && values[i] < values[i - 1])) return 0;
    return 1;
}

static hrnet_status check_axes(const hrnet_coco_axes *axes)
{
    HR_TRY(HR_CHECK_RESERVED(axes, "hrnet_coco_axes"));
    if (axes->n_thresholds < 1 || axes->n_recalls < 1 || axes->n_areas < 1 || axes->n_limits < 1)
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "hrnet_coco_accumulate: expected a threshold, recall, area and limit or more, "
                       "found %d, %d, %d and %d",
                       axes->n_thresholds, axes->n_recalls, axes->n_areas, axes->n_limits);
    if (!is_ascending(axes->recalls, axes->n_recalls))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_coco_accumulate: recalls: expected ascending numbers");
    for (int m = 0; m < axes->n_limits; m++)
        if (axes->limits[m] < (m > 0 ? axes->limits[m - 1] : 0))
            return hr_fail(HRNET_ERR_ARGUMENT,
                           "hrnet_coco_accumulate: limits: expected ascending numbers from 0, found %d",
                           axes->limits[m]);
    return HRNET_OK;
}

static hrnet_status list_items(hr_coco_members *out, const hrnet_coco_axes *axes, const hrnet_coco_item *items,
                               size_t n, const char *what)
{
    HR_NEW(out->list, n);
    for (size_t i = 0; i < n; i++) {
        HR_TRY(HR_CHECK_RESERVED(&items[i], "hrnet_coco_item"));
        if (items[i].category >= axes->n_categories || items[i].image == SIZE_MAX || isnan(items[i].score) ||
            (axes->sigmas != NULL && items[i].keypoints == NULL))
            return hr_fail(HRNET_ERR_ARGUMENT,
                           "%s %zu: expected a category below %zu, an image, a score and keypoints if poses are scored",
                           what, i, axes->n_categories);
        out->list[out->n++] = (hr_coco_member){.category = items[i].category,
                                               .rank = items[i].image,
                                               .score = items[i].score,
                                               .area = items[i].area,
                                               .index = i,
                                               .is_crowd = items[i].is_crowd,
                                               .is_ignored = items[i].is_ignored};
    }
    hr_coco_sort(out);
    return HRNET_OK;
}

static hrnet_status allocate(accumulation *s)
{
    const hrnet_coco_axes *const axes = s->axes;
    const size_t n_curves = (size_t)axes->n_areas * (size_t)axes->n_thresholds, n = s->sorted_results.n;
    const size_t n_truths = hr_coco_largest_cell(&s->sorted_truths),
                 n_results = hr_coco_largest_cell(&s->sorted_results);
    if (n != 0 && n_curves > SIZE_MAX / n) return hr_fail_memory(SIZE_MAX);
    HR_NEW(s->candidates, n);
    HR_NEW(s->outcomes, n_curves * n);
    HR_NEW(s->n_counting, (size_t)axes->n_areas);
    HR_NEW(s->points, n);
    return hr_coco_scratch_create(&s->scratch, n_truths, n_results);
}

static void accumulate(accumulation *s)
{
    const hrnet_coco_axes *const axes = s->axes;
    const size_t row = axes->n_categories * (size_t)axes->n_areas * (size_t)axes->n_limits;
    const size_t n_recalls = (size_t)axes->n_thresholds * row, n = n_recalls * (size_t)axes->n_recalls;
    size_t p = 0, f = 0;
    for (size_t i = 0; i < n; i++) s->precision[i] = s->scores[i] = -1;
    for (size_t i = 0; i < n_recalls; i++) s->recall[i] = -1;
    for (s->category = 0; s->category < axes->n_categories; s->category++) score_category(s, &p, &f);
}

hrnet_status hrnet_coco_accumulate(const hrnet_coco_axes *axes, const hrnet_coco_item *truths, size_t n_truths,
                                   const hrnet_coco_item *results, size_t n_results, double *precision, double *recall,
                                   double *scores)
{
    if (axes == NULL || precision == NULL || recall == NULL || scores == NULL || (truths == NULL && n_truths > 0) ||
        (results == NULL && n_results > 0))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_coco_accumulate: NULL argument");
    accumulation s = {
        .axes = axes, .truths = truths, .results = results, .precision = precision, .recall = recall, .scores = scores};
    hrnet_status status = check_axes(axes);
    if (status == HRNET_OK) status = list_items(&s.sorted_truths, axes, truths, n_truths, "truth");
    if (status == HRNET_OK) status = list_items(&s.sorted_results, axes, results, n_results, "result");
    if (status == HRNET_OK) status = allocate(&s);
    if (status == HRNET_OK) accumulate(&s);
    void *const blocks[] = {s.candidates, s.outcomes,           s.n_counting,
                            s.points,     s.sorted_truths.list, s.sorted_results.list};
    hr_coco_scratch_free(&s.scratch);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) hr_free(blocks[i]);
    return status;
}
