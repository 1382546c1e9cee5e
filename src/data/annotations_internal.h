/*
 * annotations_internal.h - the memory of hrnet_annotations: flat arrays, so that COCO's 150,000 persons with 17
 * keypoints take about 80 MB in a handful of allocations. annotations_read.c reads the file's lists, annotations_join.c
 * decides which categories count and joins the lists, annotations.c answers questions.
 *
 * Example: a file with two images (ids 9, 4), three persons, of whom the second has no keypoints:
 *   images  [{id 9, rank 1}, {id 4, rank 0}]              names   "\0b.jpg\0a.jpg\0"
 *   ranks   [{id 4, image 1}, {id 9, image 0}]            persons [{row 0}, {row HR_NO_ROW}, {row 1}]
 */
#ifndef HR_DATA_ANNOTATIONS_INTERNAL_H
#define HR_DATA_ANNOTATIONS_INTERNAL_H

#include <hrnet_data.h>

#include "base/text.h"
#include "data/coco_json.h"
#include "io/json.h"

#define HR_NO_ROW SIZE_MAX

typedef struct hr_image_record {
    int64_t id;
    int width, height; /* 0: the file does not say */
    size_t name;       /* offset of its file name in names; 0, the empty name: the file gives none */
    size_t rank;       /* its place among all images sorted by id */
} hr_image_record;

typedef struct hr_image_rank {
    int64_t id;
    size_t image; /* index in images */
} hr_image_rank;

typedef struct hr_person_record {
    int64_t id, image_id, category_id;
    size_t image;  /* index in images */
    size_t row;    /* row of keypoints, HR_NO_ROW: the file gives none; while reading, index of the first number */
    size_t index;  /* of the entry in the file */
    int n_numbers; /* of its list of keypoints, while reading */
    int has_id;    /* while reading; 0: the file gives none, and it is index + 1 */
    int is_crowd, n_labelled;
    double area, bbox[4]; /* 0: the file says nothing of use */
} hr_person_record;

struct hrnet_annotations {
    hr_image_record *images;   /* [n_images], in the file's order */
    hr_image_rank *ranks;      /* [n_ranks], sorted by id, each once */
    char *names;               /* file names, each with its NUL, after an empty one */
    hr_person_record *persons; /* [n_persons], in the file's order */
    double *keypoints;         /* [rows][n_keypoints][3] */
    double *zeros;             /* [n_keypoints][3], the keypoints of persons without a row; NULL without info */
    int64_t *categories;       /* [n_categories], ascending */
    size_t n_images, n_ranks, n_persons, n_categories;
    hrnet_dataset_info *info; /* NULL: the file says nothing of keypoints */
    hr_annotation_counts counts;
    hr_text notes; /* lines about what was assumed and left out (hr_note) */
};

typedef struct hr_category_record {
    int64_t id;
    char *name;               /* owned; "": the file gives none */
    hrnet_dataset_info *info; /* owned; NULL: the category has no keypoints */
    int has_persons;          /* 1: some annotations of it have keypoints; known where skeletons differ */
    int is_chosen;
} hr_category_record;

/* The annotations being read, and what only reading needs. */
typedef struct hr_annotations_reading {
    hrnet_annotations *a;
    const hrnet_annotations_options *options;
    hr_category_record *categories; /* [n_categories], as the file lists them */
    size_t images_capacity, persons_capacity, names_size, names_capacity, n_categories, categories_capacity;
    hr_keypoint_numbers numbers; /* of all annotations one after the other; values end up in a->keypoints */
    hr_json_broken broken_images, broken_persons;
} hr_annotations_reading;

/* Choose the categories, describe their keypoints and resolve the references between the lists, all of which have been
 * read (annotations_join.c). */
hrnet_status hr_annotations_join(hr_annotations_reading *r);

#endif
