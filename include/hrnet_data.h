/*
 * hrnet_data.h - datasets: what keypoints are, annotations of persons, boxes of a person detector. The manners are
 * those of <hrnet.h>.
 *
 *   hrnet_annotations *truth = NULL;
 *   if (hrnet_annotations_load(&truth, "person_keypoints_val2017.json"))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   for (size_t i = 0; i < hrnet_annotations_n(truth); i++)
 *       printf("%lld\n", (long long)hrnet_annotations_get(truth, i).id);
 */
#ifndef HRNET_DATA_H
#define HRNET_DATA_H

#include <hrnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ description */

/* What is known about the keypoints of a dataset: n below is skeleton.n_keypoints. Everything is owned by the
 * description, which is immutable. */
typedef struct hrnet_dataset_info {
    hrnet_skeleton skeleton;
    const double *sigmas;          /* [n], OKS constants (skeleton.sigmas are these as float); or NULL */
    const float *weights;          /* [n], of the joints in the loss; 1 where nothing else is said */
    const unsigned char *is_upper; /* [n], 1: upper body, 0: lower body (half-body augmentation) */
    const uint8_t (*colors)[3];    /* [n], RGB; or NULL */
} hrnet_dataset_info;

HRNET_API const hrnet_dataset_info *hrnet_dataset_info_coco(void); /* 17 keypoints; static */
HRNET_API const hrnet_dataset_info *hrnet_dataset_info_mpii(void); /* 16 keypoints; static */

/* Read a description: a YAML file, whose keys are those of hrnet_annotations_info's category, or a COCO annotations
 * file (".json"). Names may be used for keypoint numbers. HRNET_ERR_CONFIG for a description that contradicts itself
 * (flip pairs that share a keypoint, numbers out of range, lists of wrong length), HRNET_ERR_FORMAT for broken text.
 * Free with hrnet_dataset_info_free. */
HRNET_API hrnet_status hrnet_dataset_info_load(hrnet_dataset_info **out, const char *path);
HRNET_API void hrnet_dataset_info_free(hrnet_dataset_info *info);

/* ------------------------------------------------------------------------------------------------ annotations */

/* A COCO annotations file: images, persons, and what their keypoints are. Immutable, may be shared between threads. */
typedef struct hrnet_annotations hrnet_annotations;

typedef struct hrnet_annotated_image {
    int64_t id;
    int width, height;     /* 0 when the file does not say */
    const char *file_name; /* any name; "" when the file gives none; owned by the annotations */
} hrnet_annotated_image;

/* A person (any object of a category with keypoints). */
typedef struct hrnet_annotation {
    int64_t id, image_id, category_id;
    size_t image;            /* index of its image */
    int is_crowd;            /* 1: a region with many, which is no person to find */
    int n_labelled;          /* "num_keypoints" */
    double area;             /* px^2, of the segment */
    double bbox[4];          /* x, y, w, h as the file has it */
    const double *keypoints; /* [n][3]: x, y, visibility (0 not labelled, 1 hidden, 2 visible); owned by the
                                annotations; NULL when n is 0 */
} hrnet_annotation;

/* Keypoints that an annotation leaves out are zeros. Annotations of images or categories that the file does not list
 * are left out, as in pycocotools; so are those of categories without keypoints when another has them. Another number
 * of keypoints than the category's is HRNET_ERR_FORMAT. Masks ("segmentation") are not read. path "-" is standard
 * input. */
HRNET_API hrnet_status hrnet_annotations_load(hrnet_annotations **out, const char *path);

HRNET_API size_t hrnet_annotations_n_images(const hrnet_annotations *annotations);
HRNET_API hrnet_annotated_image hrnet_annotations_image(const hrnet_annotations *annotations, size_t index);
/* Index of an image by id; SIZE_MAX when there is none. */
HRNET_API size_t hrnet_annotations_find_image(const hrnet_annotations *annotations, int64_t id);

/* In the file's order. */
HRNET_API size_t hrnet_annotations_n(const hrnet_annotations *annotations);
HRNET_API hrnet_annotation hrnet_annotations_get(const hrnet_annotations *annotations, size_t index);

/* The description that stands in the category: "keypoints" (names), "skeleton" (links, numbers from 1 as in COCO), and
 * our own "flip_pairs", "upper", "lower", "sigmas", "weights", "colors" (numbers from 0). What is missing is as in
 * COCO when the names are COCO's; else flip pairs are found by names ("left_", "right_"), nothing else is known.
 * Owned by the annotations. Its n_keypoints is 0 when the file says nothing of keypoints, as
 * image_info_test-dev2017.json. */
HRNET_API const hrnet_dataset_info *hrnet_annotations_info(const hrnet_annotations *annotations);

HRNET_API void hrnet_annotations_free(hrnet_annotations *annotations);

/* ------------------------------------------------------------------------------------------------ person boxes */

/* One entry of a COCO detections file: [{"image_id": .., "category_id": 1, "bbox": [x, y, w, h], "score": ..}, ...]. */
typedef struct hrnet_detection {
    char *image; /* the id as text: "785" for a number; "file_name" when the entry has one */
    hrnet_box box;
    float score; /* 1 when the file gives none */
} hrnet_detection;

/* Read detections of category 1; also a COCO annotations file (its person boxes, with file names). Crowds and boxes
 * without size are left out; the array keeps the file's order. Free with hrnet_detections_free. */
HRNET_API hrnet_status hrnet_detections_load(hrnet_detection **out, size_t *n_out, const char *path);
HRNET_API void hrnet_detections_free(hrnet_detection *detections, size_t n);

#ifdef __cplusplus
}
#endif
#endif
