/*
 * coco_table.c - precision and recall of all categories, for any similarity.
 *
 *   for each category:
 *       for each image (cell): similarity of all results with all truths
 *           for each area and threshold (.50 ... .95): match, note the outcomes
 *       curves of the category's outcomes: precision and recall [area][threshold]
 *   mean over categories
 *
 * Everything is ordered as in pycocotools, which decides ties: images by id, truths as in the file, results by score
 * and then as in the file.
 */
#include <string.h>

#include "base/mem.h"
#include "score/coco_score.h"

typedef double curves[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS];

/* A table in progress. */
typedef struct tabulation {
    const hr_coco_measure *measure;
    const hr_coco_members *truths, *results;
    hr_coco_table *out;
    /* of the category being scored */
    hr_coco_outcome *outcomes; /* [results->n] */
    size_t n_outcomes, n_counting[HR_COCO_AREAS];
    size_t n_right[HR_COCO_LIMITS][HRNET_OKS_THRESHOLDS]; /* within a limit, first area */
    /* of the cell being scored; allocated for the largest one */
    unsigned char *ignored, *taken; /* [n_truths], see hr_coco_cell and hr_coco_match_cell */
    size_t *order, *matches;        /* [n_truths], [n_results] */
    double *similarity;             /* [n_results][n_truths] */
} tabulation;

/* ------------------------------------------------------------------------------------------------ cells */

static hrnet_status allocate_cell(tabulation *s)
{
    const size_t n_truths = hr_coco_largest_cell(s->truths), largest = hr_coco_largest_cell(s->results);
    const size_t n_results = largest < s->measure->max_results ? largest : s->measure->max_results;
    HR_NEW(s->ignored, n_truths);
    HR_NEW(s->taken, n_truths);
    HR_NEW(s->order, n_truths);
    HR_NEW(s->matches, n_results);
    HR_NEW(s->outcomes, s->results->n);
    if (n_results != 0 && n_truths > SIZE_MAX / sizeof *s->similarity / n_results) return hr_fail_memory(SIZE_MAX);
    HR_NEW(s->similarity, n_truths * n_results);
    return HRNET_OK;
}

static int is_in_area(const tabulation *s, double area, int a)
{
    return !(area < s->measure->areas[a][0] || area > s->measure->areas[a][1]);
}

/* Fill ignored and order for area a. Returns the number of truths that count. */
static size_t order_truths(tabulation *s, const hr_coco_cell *cell, int a)
{
    size_t n_counting = 0, n_ordered = 0;
    for (size_t i = 0; i < cell->n_truths; i++) {
        const hr_coco_member *const truth = &cell->truths[i];
        s->ignored[i] = truth->is_ignored || !is_in_area(s, truth->area, a);
        if (!s->ignored[i]) s->order[n_counting++] = i;
    }
    n_ordered = n_counting;
    for (size_t i = 0; i < cell->n_truths; i++)
        if (s->ignored[i]) s->order[n_ordered++] = i;
    return n_counting;
}

/* Count a right result of threshold t, the r-th of its cell, for each limit that it is within. */
static void count_right(tabulation *s, size_t r, int t)
{
    for (int l = 0; l < HR_COCO_LIMITS; l++) s->n_right[l][t] += r < s->measure->limits[l];
}

/* Set the bits of the cell's outcomes for area a, all thresholds. A result that matches a truth is right, or ignored
 * with the truth; one that matches nobody is wrong, or ignored if it is not of the area. */
static void score_area(tabulation *s, const hr_coco_cell *cell, int a)
{
    hr_coco_outcome *const outcomes = s->outcomes + s->n_outcomes;
    for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) {
        hr_coco_match_cell(cell, hr_coco_threshold(t), s->taken, s->matches);
        for (size_t r = 0; r < cell->n_results; r++) {
            const size_t truth = s->matches[r];
            const int is_ignored = truth != SIZE_MAX ? cell->ignored[truth] : !is_in_area(s, cell->results[r].area, a);
            if (is_ignored) continue;
            *(truth != SIZE_MAX ? &outcomes[r].right[a] : &outcomes[r].wrong[a]) |= (uint16_t)(1 << t);
            if (truth != SIZE_MAX && a == 0) count_right(s, r, t);
        }
    }
}

/* Score one cell: similarity once, then matching for every area and threshold. */
static void score_cell(tabulation *s, const hr_coco_member *truths, size_t n_truths, const hr_coco_member *results,
                       size_t n_results)
{
    const hr_coco_measure *const measure = s->measure;
    if (n_results > measure->max_results) n_results = measure->max_results;
    const hr_coco_cell cell = {truths, results, n_truths, n_results, s->similarity, s->ignored, s->order};
    measure->compare(measure->context, &cell, s->similarity);
    for (size_t r = 0; r < n_results; r++)
        s->outcomes[s->n_outcomes + r] = (hr_coco_outcome){.score = results[r].score, .number = s->n_outcomes + r};
    for (int a = 0; a < measure->n_areas; a++) {
        s->n_counting[a] += order_truths(s, &cell, a);
        score_area(s, &cell, a);
        if (a == 0 && measure->on_cell != NULL) measure->on_cell(measure->context, &cell, s->taken, s->matches);
    }
    s->n_outcomes += n_results;
}

/* ------------------------------------------------------------------------------------------------ categories */

/* Score the cells of one category. Truths and results are two lists in the same order, walked in step as in a merge:
 * *p and *f are the next entries of each, and the next cell is the one of the lower rank. */
static void score_category(tabulation *s, size_t category, size_t *p, size_t *f)
{
    s->n_outcomes = 0;
    memset(s->n_counting, 0, sizeof s->n_counting);
    memset(s->n_right, 0, sizeof s->n_right);
    for (;;) {
        const hr_coco_member *const truths = *p < s->truths->n ? &s->truths->list[*p] : NULL;
        const hr_coco_member *const results = *f < s->results->n ? &s->results->list[*f] : NULL;
        const hr_coco_member *cell = NULL;
        if (truths != NULL && truths->category == category) cell = truths;
        if (results != NULL && results->category == category && (cell == NULL || results->rank < cell->rank))
            cell = results;
        if (cell == NULL) break;
        const size_t n_truths = hr_coco_cell_size(s->truths, *p, category, cell->rank);
        const size_t n_results = hr_coco_cell_size(s->results, *f, category, cell->rank);
        score_cell(s, truths, n_truths, results, n_results);
        *p += n_truths;
        *f += n_results;
    }
    s->out->n_truths += s->n_counting[0];
    s->out->n_results += s->n_outcomes;
    s->out->n_categories += s->n_counting[0] > 0;
}

/* Divide sums by the number of categories; -1 if there is none. */
static void to_means(double sums[HRNET_OKS_THRESHOLDS], size_t n)
{
    for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) sums[t] = n > 0 ? sums[t] / (double)n : -1;
}

static hrnet_status score_categories(tabulation *s, size_t n_categories)
{
    hr_coco_table *const out = s->out;
    size_t p = 0, f = 0, n_scored[HR_COCO_AREAS] = {0};
    for (size_t k = 0; k < n_categories; k++) {
        curves precision, recall;
        score_category(s, k, &p, &f);
        HR_TRY(hr_coco_curves(s->outcomes, s->n_outcomes, s->n_counting, precision, recall));
        for (int a = 0; a < HR_COCO_AREAS; a++) {
            if (s->n_counting[a] == 0) continue;
            n_scored[a]++;
            for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) {
                out->precision[a][t] += precision[a][t];
                out->recall[a][t] += recall[a][t];
            }
        }
        for (int l = 0; l < HR_COCO_LIMITS && s->n_counting[0] > 0; l++)
            for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++)
                out->limited_recall[l][t] += (double)s->n_right[l][t] / (double)s->n_counting[0];
    }
    for (int a = 0; a < HR_COCO_AREAS; a++) {
        to_means(out->precision[a], n_scored[a]);
        to_means(out->recall[a], n_scored[a]);
    }
    for (int l = 0; l < HR_COCO_LIMITS; l++) to_means(out->limited_recall[l], n_scored[0]);
    return HRNET_OK;
}

hrnet_status hr_coco_tabulate(hr_coco_table *out, const hr_coco_measure *measure, const hr_coco_members *truths,
                              const hr_coco_members *results, size_t n_categories)
{
    tabulation s = {.measure = measure, .truths = truths, .results = results, .out = out};
    *out = (hr_coco_table){0};
    hrnet_status status = allocate_cell(&s);
    if (status == HRNET_OK) status = score_categories(&s, n_categories);
    void *const blocks[] = {s.outcomes, s.ignored, s.taken, s.order, s.matches, s.similarity};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) hr_free(blocks[i]);
    return status;
}
