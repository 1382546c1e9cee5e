/*
 * box_candidates.h - boxes on their way from a detector's maps to its answer: what decoding collects (head_boxes.h) and
 * suppression thins out (box_nms.h). Their number is bounded: of each map the best HR_MOST_CANDIDATES stay, the others
 * are counted.
 */
#ifndef HR_DETECT_BOX_CANDIDATES_H
#define HR_DETECT_BOX_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { HR_MOST_CANDIDATES = 30000 }; /* of a map: mmdetection's nms_pre for 80 classes */

/* Corners in pixels. */
typedef struct hr_box_candidate {
    float x1, y1, x2, y2, score;
    int category;
    uint32_t
        order; /* place among all pairs of cell and class, which decides between equal scores: the lower is better */
} hr_box_candidate;

/* Zero it before use. */
typedef struct hr_candidates {
    hr_box_candidate *items; /* [n] */
    size_t n, capacity;
    size_t map_begin; /* the first of the map that is being collected; those from there are a heap, the worst on top,
                         from the moment when they are HR_MOST_CANDIDATES */
    int n_over_limit; /* candidates that were dropped for better ones, or because there were better ones */
    int n_not_finite; /* candidates that were refused for NaN, infinite or absurd numbers */
} hr_candidates;

/* Forget all; the memory stays for the next picture. */
void hr_candidates_clear(hr_candidates *list);
void hr_candidates_free(hr_candidates *list);

/* What is added from now on comes from another map, with a limit of its own. */
void hr_candidates_next_map(hr_candidates *list);

/* Add a candidate whose score is a number, if its corners are numbers within 1e9 pixels; else count it. Time:
 * logarithmic in HR_MOST_CANDIDATES. */
hrnet_status hr_candidates_add(hr_candidates *list, const hr_box_candidate *candidate);

/* Best first: by score, equal scores by order. Ends the collecting. */
void hr_candidates_sort(hr_candidates *list);

#endif
