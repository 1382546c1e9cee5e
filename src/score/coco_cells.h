/* coco_cells.h - persons and results sorted into cells: what belongs to one category and one image. */
#ifndef HR_SCORE_COCO_CELLS_H
#define HR_SCORE_COCO_CELLS_H

#include <hrnet_eval.h>

#include "base/status.h"

/* A person or a result with the cell it belongs to. */
typedef struct hr_coco_member {
    size_t category, rank; /* rank of the image among all by id */
    double score;          /* persons: 0 */
    size_t index;          /* among the annotations or the results */
} hr_coco_member;

/* By category, image, score (best first), index. list is for hr_free. */
typedef struct hr_coco_members {
    hr_coco_member *list;
    size_t n;
} hr_coco_members;

/* Both fail with HRNET_ERR_MEMORY and leave a list to be freed. Results for an image that the annotations do not have
 * are HRNET_ERR_MISMATCH; those of categories that they do not have take no part. */
hrnet_status hr_coco_sort_persons(hr_coco_members *out, const hrnet_annotations *annotations);
hrnet_status hr_coco_sort_results(hr_coco_members *out, const hrnet_annotations *annotations,
                                  const hrnet_coco_results *results);

/* How many members from the first on are in the same cell as this one; 0 when the first is not. */
size_t hr_coco_cell_size(const hr_coco_members *members, size_t first, const hr_coco_member *cell);
size_t hr_coco_largest_cell(const hr_coco_members *members);

#endif
