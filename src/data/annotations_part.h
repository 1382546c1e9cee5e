/* annotations_part.h - a part of a dataset by picture, for sets that come without a validation set. */
#ifndef HR_DATA_ANNOTATIONS_PART_H
#define HR_DATA_ANNOTATIONS_PART_H

#include <hrnet_data.h>

/* What a division made of the pictures that show somebody with a labelled keypoint, or with a box where the annotations
 * have no keypoints at all. */
typedef struct hr_part_counts {
    size_t n_valid, n;
} hr_part_counts;

/* Keep the pictures of one part and their persons, and drop the others. `part` (0..0.9) of the pictures that show
 * somebody (see above) validate, at least one: those whose names have the smallest hashes, so that a
 * picture stays where it is when others are added, with few exceptions. is_valid: keep these; 0: keep the rest.
 * HRNET_ERR_FORMAT: there are fewer than two such pictures; messages do not name the file. */
hrnet_status hr_annotations_keep_part(hrnet_annotations *annotations, double part, int is_valid, hr_part_counts *out);

#endif
