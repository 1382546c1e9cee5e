/*
 * coco_score.h - the parts of pycocotools' COCOeval that hrnet_coco_evaluate (keypoints, OKS) and hrnet_box_evaluate
 * (boxes, IoU) have in common:
 *
 *   cells    truths and results sorted by (category, image); what belongs to one pair is a "cell"
 *   matching in each cell, the similarity of every result with every truth, then results take truths greedily
 *   curves   all results of a category, best score first: precision and recall, read off at 101 recalls
 *   table    all of it: precision and recall for each area and threshold, means over the categories
 *   joints   distance and similarity of single keypoints over the persons that were found (not in pycocotools)
 *
 * "truth": a person or a box of the annotations. "similarity": OKS or IoU, 0..1. "outcome": what became of a result at
 * each threshold of similarity: right, wrong, or ignored (neither).
 */
#ifndef HR_SCORE_COCO_SCORE_H
#define HR_SCORE_COCO_SCORE_H

#include <hrnet_eval.h>

#include "base/status.h"

/* hrnet_coco_results_load and hrnet_box_results_load on n_bytes of text. */
hrnet_status hr_coco_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes, int n_keypoints);
hrnet_status hr_box_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes);

/* ------------------------------------------------------------------------------------------------ cells */

/* A truth or a result, and the cell that it belongs to. */
typedef struct hr_coco_member {
    size_t category; /* index among those that are scored */
    size_t rank;     /* of the image among all of them, by id */
    double score;    /* truths: 0 */
    double area;     /* px^2 */
    size_t index;    /* among the caller's truths or results */
    int is_crowd;    /* truths: 1: may be matched more than once, and is ignored */
    int is_ignored;  /* truths: 1: a result matched to it is neither right nor wrong */
} hr_coco_member;

/* Members sorted by category, rank, score (best first), index. Zero it before use; release list with hr_free. */
typedef struct hr_coco_members {
    hr_coco_member *list;
    size_t n;
} hr_coco_members;

void hr_coco_sort(hr_coco_members *members);

/* The number of members from `first` on that are in the cell of a category and a rank; 0: not even the first. */
size_t hr_coco_cell_size(const hr_coco_members *members, size_t first, size_t category, size_t rank);

/* The number of members of the largest cell. */
size_t hr_coco_largest_cell(const hr_coco_members *members);

/* Index of a category among those of the annotations (hr_annotations_categories); SIZE_MAX: it is none of them. */
size_t hr_coco_find_category(const hrnet_annotations *annotations, int64_t id);

/* Where result i belongs: the index of its category, SIZE_MAX if the annotations do not have it, and the rank of its
 * image. An image that the annotations do not have is HRNET_ERR_MISMATCH, a score that is NaN HRNET_ERR_ARGUMENT. */
hrnet_status hr_coco_place_result(const hrnet_annotations *annotations, const hrnet_coco_results *results, size_t i,
                                  size_t *category, size_t *rank);

/* HRNET_ERR_MISMATCH if there are results but none of a category of the annotations (n_placed is 0): such results would
 * score 0 for their ids alone. */
hrnet_status hr_coco_check_categories(const hrnet_annotations *annotations, const hrnet_coco_results *results,
                                      size_t n_placed);

/* ------------------------------------------------------------------------------------------------ matching */

/* The truths and the results of one cell. */
typedef struct hr_coco_cell {
    const hr_coco_member *truths, *results; /* [n_truths]; [n_results], best score first */
    size_t n_truths, n_results;
    const double *similarity;     /* [n_results][n_truths] */
    const unsigned char *ignored; /* [n_truths], 1: the truth itself is ignored, or it is not of the area */
    const size_t *order;          /* [n_truths], indices of truths: those that are not ignored come first */
} hr_coco_cell;

/* Match the results of a cell at one threshold: matches[r] is the truth that result r takes, or SIZE_MAX.
 * Results choose in turn, best score first. Each takes the truth with the highest similarity >= threshold that nobody
 * has taken (a crowd may be taken again), and an ignored truth only if no other reaches the threshold. Of equal
 * similarities the truth last in `order` wins, as in pycocotools. taken [n_truths] is scratch.
 *
 * Example, threshold .5, OKS      person 0   person 1
 *                       result 0     .9         .8        takes person 0
 *                       result 1     .95        .6        person 0 is taken: takes person 1 */
void hr_coco_match_cell(const hr_coco_cell *cell, double threshold, unsigned char *taken, size_t *matches);

/* What scoring a cell needs, for the largest one. */
typedef struct hr_coco_scratch {
    unsigned char *ignored, *taken; /* [n_truths], see hr_coco_cell and hr_coco_match_cell */
    size_t *order, *matches;        /* [n_truths], [n_results] */
    double *similarity;             /* [n_results][n_truths] */
} hr_coco_scratch;

/* scratch is zeroed; free it after a failure, too. */
hrnet_status hr_coco_scratch_create(hr_coco_scratch *scratch, size_t n_truths, size_t n_results);
void hr_coco_scratch_free(hr_coco_scratch *scratch);

/* Whether an area is of a range, whose ends belong to it. */
int hr_coco_is_in_area(const double range[2], double area);

/* Fill ignored and order of the cell's truths for a range of areas. Returns how many are not ignored. */
size_t hr_coco_order_truths(hr_coco_scratch *scratch, const hr_coco_cell *cell, const double range[2]);

/* ------------------------------------------------------------------------------------------------ curves */

enum { HR_COCO_AREAS = 4 }; /* most ranges of area in a score */

/* The outcome of a result: bit t of right[a] or of wrong[a] is set for threshold t and area a; if neither is, the
 * result is ignored there. */
typedef struct hr_coco_outcome {
    double score;
    uint32_t place; /* in its cell, best first */
    uint16_t right[HR_COCO_AREAS], wrong[HR_COCO_AREAS];
} hr_coco_outcome;

/* Threshold t of similarity: .50, .55 ... .95. */
double hr_coco_threshold(int t);

/* pycocotools' accumulate for one category, whose outcomes are in the order of cells: takes them best score first, and
 * computes average precision and recall of each area with truths (n_truths[a] > 0); those of other areas are left
 * untouched. pool: threads that share the curves, or NULL. HRNET_ERR_MEMORY. */
hrnet_status hr_coco_curves(hrnet_pool *pool, const hr_coco_outcome *outcomes, size_t n,
                            const size_t n_truths[HR_COCO_AREAS], double precision[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS],
                            double recall[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS]);

/* ------------------------------------------------------------------------------------------------ table */

enum { HR_COCO_LIMITS = 2 };

/* What makes one score differ from another. */
typedef struct hr_coco_measure {
    int n_areas;                   /* 1..HR_COCO_AREAS */
    const double (*areas)[2];      /* [n_areas] px^2, both bounds belong to the area; the first one holds everything */
    size_t max_results;            /* results of a cell that count, best score first (maxDets) */
    size_t limits[HR_COCO_LIMITS]; /* recall of the first area with only so many results of a cell; 0: not asked for */
    hrnet_pool *pool;              /* threads that share the cells and curves; NULL: the caller's alone */
    /* Fill similarity of a cell; its results are those that count. Threads call it at once, each for a cell of its own,
     * and so on_cell. */
    void (*compare)(void *context, const hr_coco_cell *cell, double *similarity);
    /* Called once a cell, with `ignored` and `order` of the first area; or NULL. taken [n_truths] and matches
     * [n_results] are scratch for hr_coco_match_cell. */
    void (*on_cell)(void *context, const hr_coco_cell *cell, unsigned char *taken, size_t *matches);
    void *context;
} hr_coco_measure;

/* Means over the categories that have truths of the area; -1 without any. */
typedef struct hr_coco_table {
    double precision[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS];
    double recall[HR_COCO_AREAS][HRNET_OKS_THRESHOLDS];
    double limited_recall[HR_COCO_LIMITS][HRNET_OKS_THRESHOLDS];
    size_t n_truths;     /* that count */
    size_t n_results;    /* that count: at most max_results of a cell */
    size_t n_categories; /* that have truths that count */
} hr_coco_table;

/* Score sorted results by sorted truths of categories 0..n_categories-1. An area restricts truths, and results that
 * match nobody: those outside of it are ignored. HRNET_ERR_MEMORY. */
hrnet_status hr_coco_tabulate(hr_coco_table *out, const hr_coco_measure *measure, const hr_coco_members *truths,
                              const hr_coco_members *results, size_t n_categories);

/* Mean over the thresholds. */
double hr_coco_mean(const double values[HRNET_OKS_THRESHOLDS]);

/* ------------------------------------------------------------------------------------------------ single joints */

/* Fill score->joints [n_keypoints], which are zeros, from score->matches. pool: threads that share the joints, or NULL.
 */
void hr_coco_joints(hrnet_coco_score *score, const hrnet_annotations *annotations, const hrnet_coco_results *results,
                    const double *sigmas, hrnet_pool *pool);

#endif
