/*
 * annotations_internal.h - what hrnet_annotations is: flat arrays, so that 150,000 persons with 17 keypoints are some
 * 80 MB and six allocations.
 */
#ifndef HR_DATA_ANNOTATIONS_INTERNAL_H
#define HR_DATA_ANNOTATIONS_INTERNAL_H

#include <hrnet_data.h>

#define HR_NO_ROW SIZE_MAX

typedef struct hr_image_record {
    int64_t id;
    int width, height;
    size_t name; /* where its name begins in names */
    size_t rank; /* among all images by id */
} hr_image_record;

typedef struct hr_image_rank {
    int64_t id;
    size_t image;
} hr_image_rank;

typedef struct hr_person_record {
    int64_t id, image_id, category_id;
    size_t image, row; /* row of keypoints; HR_NO_ROW: the file gives none */
    int is_crowd, n_labelled;
    double area, bbox[4];
} hr_person_record;

struct hrnet_annotations {
    hr_image_record *images; /* [n_images], in the file's order */
    hr_image_rank *ranks;    /* [n_images], by id */
    char *names;             /* file names, each with its NUL, behind a first "" */
    hr_person_record *persons;
    double *keypoints;   /* [rows][n_keypoints][3] */
    double *zeros;       /* [n_keypoints][3], the keypoints of those who have none; NULL without info */
    int64_t *categories; /* by id */
    size_t n_images, n_persons, n_categories;
    hrnet_dataset_info *info; /* NULL when the file says nothing of keypoints */
};

#endif
