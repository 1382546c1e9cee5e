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
#include <stdatomic.h>

#include "base/mem.h"
#include "base/pool.h"
#include "score/coco_score.h"

typedef double curves[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS];

/* Which truths and results are in a cell. */
typedef struct cell_range {
    size_t category, truth, n_truths, result, n_results; /* first ones, and how many; results that count */
    size_t outcome;                                      /* of the first result */
} cell_range;

/* A table in progress. */
typedef struct tabulation {
    const hr_coco_measure *measure;
    const hr_coco_members *truths, *results;
    hr_coco_table *out;
    cell_range *cells; /* [n_cells] */
    size_t n_cells;
    hr_coco_outcome *outcomes; /* [results->n], in the order of cells */
    hr_coco_scratch *scratch;  /* [threads] */
    atomic_size_t next;        /* cell to score */
} tabulation;

/* ------------------------------------------------------------------------------------------------ cells */

static int n_threads(const tabulation *s)
{
    return s->measure->pool != NULL ? hr_pool_threads(s->measure->pool) : 1;
}

static hrnet_status allocate(tabulation *s)
{
    const size_t n_truths = hr_coco_largest_cell(s->truths), largest = hr_coco_largest_cell(s->results);
    const size_t n_results = largest < s->measure->max_results ? largest : s->measure->max_results;
    HR_NEW(s->cells, s->truths->n + s->results->n);
    HR_NEW(s->outcomes, s->results->n);
    HR_NEW(s->scratch, (size_t)n_threads(s));
    for (int i = 0; i < n_threads(s); i++) HR_TRY(hr_coco_scratch_create(&s->scratch[i], n_truths, n_results));
    return HRNET_OK;
}

static void release(tabulation *s)
{
    for (int i = 0; s->scratch != NULL && i < n_threads(s); i++) hr_coco_scratch_free(&s->scratch[i]);
    hr_free(s->scratch);
    hr_free(s->outcomes);
    hr_free(s->cells);
}

/* Whether a comes before b in the order of cells. */
static int is_before(const hr_coco_member *a, const hr_coco_member *b)
{
    return a->category != b->category ? a->category < b->category : a->rank < b->rank;
}

/* Fill cells. Truths and results are two lists in the same order, walked in step as in a merge. */
static void list_cells(tabulation *s)
{
    size_t p = 0, f = 0, n_outcomes = 0;
    while (p < s->truths->n || f < s->results->n) {
        const hr_coco_member *cell = p < s->truths->n ? &s->truths->list[p] : &s->results->list[f];
        if (f < s->results->n && is_before(&s->results->list[f], cell)) cell = &s->results->list[f];
        const size_t n_truths = hr_coco_cell_size(s->truths, p, cell->category, cell->rank);
        const size_t n_results = hr_coco_cell_size(s->results, f, cell->category, cell->rank);
        const size_t n_counting = n_results < s->measure->max_results ? n_results : s->measure->max_results;
        s->cells[s->n_cells++] = (cell_range){cell->category, p, n_truths, f, n_counting, n_outcomes};
        p += n_truths;
        f += n_results;
        n_outcomes += n_counting;
    }
}

/* Set the bits of the cell's outcomes for area a, all thresholds. A result that matches a truth is right, or ignored
 * with the truth; one that matches nobody is wrong, or ignored if it is not of the area. */
static void score_area(const tabulation *s, hr_coco_scratch *scratch, const hr_coco_cell *cell,
                       hr_coco_outcome *outcomes, int a)
{
    for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) {
        hr_coco_match_cell(cell, hr_coco_threshold(t), scratch->taken, scratch->matches);
        for (size_t r = 0; r < cell->n_results; r++) {
            const size_t truth = scratch->matches[r];
            const int is_ignored = truth != SIZE_MAX ? cell->ignored[truth]
                                                     : !hr_coco_is_in_area(s->measure->areas[a], cell->results[r].area);
            if (is_ignored) continue;
            *(truth != SIZE_MAX ? &outcomes[r].right[a] : &outcomes[r].wrong[a]) |= (uint16_t)(1 << t);
        }
    }
}

/* Score one cell: similarity once, then matching for every area and threshold. */
static void score_cell(const tabulation *s, hr_coco_scratch *scratch, const cell_range *range)
{
    const hr_coco_measure *const measure = s->measure;
    const hr_coco_cell cell = {s->truths->list + range->truth,
                               s->results->list + range->result,
                               range->n_truths,
                               range->n_results,
                               scratch->similarity,
                               scratch->ignored,
                               scratch->order};
    hr_coco_outcome *const outcomes = s->outcomes + range->outcome;
    measure->compare(measure->context, &cell, scratch->similarity);
    for (size_t r = 0; r < cell.n_results; r++)
        outcomes[r] = (hr_coco_outcome){.score = cell.results[r].score, .place = (uint32_t)r};
    for (int a = 0; a < measure->n_areas; a++) {
        hr_coco_order_truths(scratch, &cell, measure->areas[a]);
        score_area(s, scratch, &cell, outcomes, a);
        if (a == 0 && measure->on_cell != NULL)
            measure->on_cell(measure->context, &cell, scratch->taken, scratch->matches);
    }
}

/* hr_pool_fn: threads take some cells at a time. Outcomes of a cell depend on nothing else. */
static void score_cells(void *context, int thread)
{
    enum { AT_ONCE = 32 };
    tabulation *const s = context;
    for (size_t first; (first = atomic_fetch_add(&s->next, AT_ONCE)) < s->n_cells;)
        for (size_t i = first; i < first + AT_ONCE && i < s->n_cells; i++)
            score_cell(s, &s->scratch[thread], &s->cells[i]);
}

/* ------------------------------------------------------------------------------------------------ categories */

/* The outcomes of a category, and what is counted. */
typedef struct category_counts {
    const hr_coco_outcome *outcomes;
    size_t n_outcomes, n_counting[HR_COCO_AREAS];
    size_t n_right[HR_COCO_LIMITS][HRNET_OKS_THRESHOLDS]; /* within a limit, first area */
} category_counts;

/* Count what the cells of a category have; *next is the first of them and is moved behind the last. */
static category_counts count_category(const tabulation *s, size_t category, size_t *next)
{
    const hr_coco_measure *const measure = s->measure;
    category_counts c = {.outcomes = s->outcomes};
    if (*next < s->n_cells) c.outcomes += s->cells[*next].outcome;
    for (; *next < s->n_cells && s->cells[*next].category == category; ++*next) {
        const cell_range *const cell = &s->cells[*next];
        c.n_outcomes += cell->n_results;
        for (size_t i = cell->truth; i < cell->truth + cell->n_truths; i++)
            for (int a = 0; a < measure->n_areas; a++)
                c.n_counting[a] +=
                    !s->truths->list[i].is_ignored && hr_coco_is_in_area(measure->areas[a], s->truths->list[i].area);
    }
    for (int l = 0; l < HR_COCO_LIMITS; l++)
        for (size_t i = 0; i < c.n_outcomes && measure->limits[l] > 0; i++)
            for (int t = 0; t < HRNET_OKS_THRESHOLDS && c.outcomes[i].place < measure->limits[l]; t++)
                c.n_right[l][t] += c.outcomes[i].right[0] >> t & 1;
    s->out->n_truths += c.n_counting[0];
    s->out->n_results += c.n_outcomes;
    s->out->n_categories += c.n_counting[0] > 0;
    return c;
}

/* Divide sums by the number of categories; -1 if there is none. */
static void to_means(double sums[HRNET_OKS_THRESHOLDS], size_t n)
{
    for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) sums[t] = n > 0 ? sums[t] / (double)n : -1;
}

static hrnet_status score_categories(tabulation *s, size_t n_categories)
{
    hr_coco_table *const out = s->out;
    size_t next = 0, n_scored[HR_COCO_AREAS] = {0};
    for (size_t k = 0; k < n_categories; k++) {
        curves precision, recall;
        const category_counts counts = count_category(s, k, &next);
        HR_TRY(
            hr_coco_curves(s->measure->pool, counts.outcomes, counts.n_outcomes, counts.n_counting, precision, recall));
        for (int a = 0; a < HR_COCO_AREAS; a++) {
            if (counts.n_counting[a] == 0) continue;
            n_scored[a]++;
            for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) {
                out->precision[a][t] += precision[a][t];
                out->recall[a][t] += recall[a][t];
            }
        }
        for (int l = 0; l < HR_COCO_LIMITS && counts.n_counting[0] > 0; l++)
            for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++)
                out->limited_recall[l][t] += (double)counts.n_right[l][t] / (double)counts.n_counting[0];
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
    hrnet_status status = allocate(&s);
    if (status == HRNET_OK) {
        list_cells(&s);
        if (measure->pool != NULL)
            hr_pool_run(measure->pool, score_cells, &s);
        else
            score_cells(&s, 0);
        status = score_categories(&s, n_categories);
    }
    release(&s);
    return status;
}
