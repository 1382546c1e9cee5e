/*
 * coco_score.h - the parts of hrnet_coco_evaluate, pycocotools' COCOeval for keypoints:
 *
 *   cells    persons and results sorted by (category, image); what belongs to one pair is a "cell"
 *   matching in each cell, OKS of every result with every person, then results take persons greedily
 *   curves   all results of a category, best score first: precision and recall, read off at 101 recalls
 *   joints   distance and similarity of single keypoints over the persons that were found (not in pycocotools)
 *
 * "outcome": what became of a result at each OKS threshold: right, wrong, or ignored (neither).
 */
#ifndef HR_SCORE_COCO_SCORE_H
#define HR_SCORE_COCO_SCORE_H

#include <hrnet_eval.h>

#include "base/status.h"

/* hrnet_coco_results_load on n_bytes of text. */
hrnet_status hr_coco_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes, int n_keypoints);

/* ------------------------------------------------------------------------------------------------ cells */

/* A person or a result, and the cell that it belongs to. */
typedef struct hr_coco_member {
    size_t category; /* index among hr_annotations_categories */
    size_t rank;     /* of the image: hr_annotations_image_rank */
    double score;    /* persons: 0 */
    size_t index;    /* among the annotations or the results */
} hr_coco_member;

/* Members sorted by category, rank, score (best first), index. Zero it before use; release list with hr_free. */
typedef struct hr_coco_members {
    hr_coco_member *list;
    size_t n;
} hr_coco_members;

/* Sort the persons of the annotations, and the results, into cells. On failure out->list may be there and is released
 * by the caller. A result for an image that the annotations do not have is HRNET_ERR_MISMATCH, a score that is NaN
 * HRNET_ERR_ARGUMENT; results of categories that the annotations do not have are left out. */
hrnet_status hr_coco_sort_persons(hr_coco_members *out, const hrnet_annotations *annotations);
hrnet_status hr_coco_sort_results(hr_coco_members *out, const hrnet_annotations *annotations,
                                  const hrnet_coco_results *results);

/* The number of members from `first` on that are in the same cell as `cell`; 0: not even the first. */
size_t hr_coco_cell_size(const hr_coco_members *members, size_t first, const hr_coco_member *cell);
/* The number of members of the largest cell. */
size_t hr_coco_largest_cell(const hr_coco_members *members);

/* ------------------------------------------------------------------------------------------------ matching */

/* The persons and the results of one cell. */
typedef struct hr_coco_cell {
    size_t n_persons, n_results;
    const double *oks;            /* [n_results][n_persons]; results best score first */
    const unsigned char *crowd;   /* [n_persons], 1: may be matched more than once */
    const unsigned char *ignored; /* [n_persons], 1: a result matched to it is neither right nor wrong */
    const size_t *order;          /* [n_persons], indices of persons: those that are not ignored come first */
} hr_coco_cell;

/* Match the results of a cell at one OKS threshold: matches[r] is the person that result r takes, or SIZE_MAX.
 * Results choose in turn, best score first. Each takes the person with the highest OKS >= threshold that nobody has
 * taken (a crowd may be taken again), and an ignored person only if no other reaches the threshold. Of equal OKS the
 * person last in `order` wins, as in pycocotools. taken [n_persons] is scratch.
 *
 * Example, threshold .5, OKS      person 0   person 1
 *                       result 0     .9         .8        takes person 0
 *                       result 1     .95        .6        person 0 is taken: takes person 1 */
void hr_coco_match_cell(const hr_coco_cell *cell, double threshold, unsigned char *taken, size_t *matches);

/* ------------------------------------------------------------------------------------------------ curves */

/* The outcome of a result: bit t of right[a] or of wrong[a] is set for OKS threshold t and area a; if neither is, the
 * result is ignored there. */
typedef struct hr_coco_outcome {
    double score;
    size_t number; /* in the order of cells; decides between equal scores */
    uint16_t right[HRNET_COCO_AREAS], wrong[HRNET_COCO_AREAS];
} hr_coco_outcome;

/* OKS threshold t: .50, .55 ... .95. */
double hr_coco_threshold(int t);

/* pycocotools' accumulate for one category: sorts the outcomes, best score first, and computes average precision and
 * recall of each area with persons (n_persons[a] > 0); those of other areas are left untouched. HRNET_ERR_MEMORY. */
hrnet_status hr_coco_curves(hr_coco_outcome *outcomes, size_t n, const size_t n_persons[HRNET_COCO_AREAS],
                            double precision[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS],
                            double recall[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS]);

/* ------------------------------------------------------------------------------------------------ single joints */

/* Fill score->joints [n_keypoints], which are zeros, from score->matches. */
void hr_coco_joints(hrnet_coco_score *score, const hrnet_annotations *annotations, const hrnet_coco_results *results,
                    const double *sigmas);

#endif
