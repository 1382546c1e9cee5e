/*
 * hrnet_data.h - datasets: descriptions of keypoints, annotations of persons, boxes of a person detector. Errors,
 * ownership and threads are as in <hrnet.h>.
 *
 *   hrnet_annotations *truth = NULL;
 *   if (hrnet_annotations_load(&truth, "person_keypoints_val2017.json"))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   for (size_t i = 0; i < hrnet_annotations_n(truth); i++)
 *       printf("%lld\n", (long long)hrnet_annotations_get(truth, i).id);
 *   hrnet_annotations_free(truth);
 *
 * Coordinates are pixels counted from 0, x to the right and y down, as COCO has them.
 */
#ifndef HRNET_DATA_H
#define HRNET_DATA_H

#include <hrnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ description */

/* The keypoints of a dataset, n = skeleton.n_keypoints of them. Immutable; owns all that it points to. */
typedef struct hrnet_dataset_info {
    hrnet_skeleton skeleton;       /* names, flip pairs, links */
    const double *sigmas;          /* [n], OKS constants (skeleton.sigmas are the same as float); NULL: unknown */
    const float *weights;          /* [n], of joints in the loss (LOSS.USE_DIFFERENT_JOINTS_WEIGHT); 1 by default */
    const unsigned char *is_upper; /* [n], 1: upper body, 0: lower body (half-body augmentation) */
    const uint8_t (*colors)[3];    /* [n], RGB, for drawing; NULL: unknown */
    uint64_t reserved[2];
} hrnet_dataset_info;

HRNET_API const hrnet_dataset_info *hrnet_dataset_info_coco(void); /* 17 keypoints; static, never freed */
HRNET_API const hrnet_dataset_info *hrnet_dataset_info_mpii(void); /* 16 keypoints, no sigmas; static, never freed */

/* Read a description from a COCO annotations file (a name ending in ".json") or from YAML with the same keys, which are
 * listed at hrnet_annotations_info; only "keypoints" is required:
 *
 *   keypoints: [tip, middle, base]
 *   skeleton: [[tip, middle], [middle, base]]      # names, or numbers from 1
 *   sigmas: [0.05, 0.05, 0.05]
 *
 * In place of names "keypoints" may be their number, for a description of the rest.
 * HRNET_ERR_CONFIG: the description contradicts itself (flip pairs that share a keypoint, numbers out of range, lists
 * of the wrong length); HRNET_ERR_FORMAT: the text is broken or describes no keypoints. Free with
 * hrnet_dataset_info_free. */
HRNET_API hrnet_status hrnet_dataset_info_load(hrnet_dataset_info **out, const char *path);
HRNET_API void hrnet_dataset_info_free(hrnet_dataset_info *info); /* accepts NULL */

/* ------------------------------------------------------------------------------------------------ annotations */

/* A COCO annotations file in memory: images, persons, and a description of their keypoints. Immutable; may be shared
 * between threads. Indices run from 0 in the file's order and are not checked. */
typedef struct hrnet_annotations hrnet_annotations;

typedef struct hrnet_annotated_image {
    int64_t id;
    int width, height;     /* px; 0: the file does not say */
    const char *file_name; /* "": the file gives none; not checked, see below; owned by the annotations */
    uint64_t reserved[2];
} hrnet_annotated_image;

/* A person: any object of a category with keypoints, n of them. */
typedef struct hrnet_annotation {
    int64_t id, image_id, category_id;
    size_t image;            /* index of its image */
    int is_crowd;            /* 1: a region with many persons, which is not to be found as one */
    int n_labelled;          /* "num_keypoints"; without it, keypoints with a visibility above 0 */
    double area;             /* px^2, of the segment; without it, of the box; 0: unknown */
    double bbox[4];          /* x, y, width, height, as in the file, else around the keypoints; 0 wide: unknown */
    const double *keypoints; /* [n][3]: x, y, visibility (0 not labelled, 1 hidden, 2 visible); zeros if the person has
                                none; NULL if n is 0; owned by the annotations */
    uint64_t reserved[2];
} hrnet_annotation;

typedef struct hrnet_annotations_options {
    const char *category; /* read the annotations of this category alone, named by its name (in any case of
                             letters) or its id; NULL: see hrnet_annotations_open */
    int n_keypoints;      /* that a network finds: decides between categories of several skeletons; 0: unknown */
    int boxes_alone;      /* 1: read no keypoints; every category counts, with keypoints or without */
    hrnet_message_fn *on_message; /* gets a line about whatever was assumed or left out; one that begins with "warning:"
                                     may change numbers; or NULL */
    void *context;
    hrnet_pool *pool; /* threads that read a large file together; NULL: the caller's alone */
    uint64_t reserved[3];
} hrnet_annotations_options;

/* Read a COCO annotations file; path "-" is standard input; options NULL: defaults.
 *
 * Which categories: options->category; else all, with boxes_alone; else all that have keypoints, if these are the same
 * ones (AP-10K's 54 animals); else, of several skeletons, the one with n_keypoints, the one that is used, or the one
 * named "person", the first of these reasons that tells them apart; else HRNET_ERR_UNSUPPORTED. If no category has
 * keypoints: all, or in a file of boxes or images alone the one named "person". As in pycocotools, annotations of other
 * categories and of images that the file does not list are left out.
 *
 * What annotation tools write is taken: members that are null, empty lists, missing; ids like 7.0; links that make no
 * sense, which are left out. A person without a box, or with one of no width or height, gets the rectangle around the
 * labelled keypoints; a person without an area that of the box. An entry that cannot be read is left out and counted;
 * HRNET_ERR_FORMAT: broken text, or no annotation can be read; HRNET_ERR_MISMATCH: all annotations are of other images
 * or categories, or there is no such category. Masks ("segmentation") are not read. Names of files are whatever the
 * file says: check them before opening one. Free with hrnet_annotations_free. */
HRNET_API hrnet_status hrnet_annotations_open(hrnet_annotations **out, const char *path,
                                              const hrnet_annotations_options *options);
/* The same with defaults. */
HRNET_API hrnet_status hrnet_annotations_load(hrnet_annotations **out, const char *path);

HRNET_API size_t hrnet_annotations_n_images(const hrnet_annotations *annotations);
HRNET_API hrnet_annotated_image hrnet_annotations_image(const hrnet_annotations *annotations, size_t index);
/* Index of the image with this id; SIZE_MAX: there is none. */
HRNET_API size_t hrnet_annotations_find_image(const hrnet_annotations *annotations, int64_t id);

/* Persons. */
HRNET_API size_t hrnet_annotations_n(const hrnet_annotations *annotations);
HRNET_API hrnet_annotation hrnet_annotations_get(const hrnet_annotations *annotations, size_t index);

/* The description of the keypoints, from the first category that counts and has some. Its keys:
 *
 *   "keypoints"   names, required
 *   "skeleton"    links: pairs of names or of numbers from 1, as in COCO
 *   "flip_pairs"  pairs that a mirror exchanges           (this key and the following are not COCO's; they take names
 * or "upper", "lower"  keypoints of the upper, lower body   numbers from 0) "sigmas", "weights"  a number a keypoint
 *   "colors"      [red, green, blue] a keypoint, 0..255
 *
 * Keys that are missing are filled in from COCO or MPII if the names are exactly theirs; otherwise flip pairs are
 * derived from names ("left_eye" and "right_eye", "eye.L" and "eye.R": skeleton.pairs_from tells), and the rest has the
 * defaults of hrnet_dataset_info. Owned by the annotations. n_keypoints is 0 if the file says nothing of keypoints, as
 * image_info_test-dev2017.json. */
HRNET_API const hrnet_dataset_info *hrnet_annotations_info(const hrnet_annotations *annotations);

HRNET_API void hrnet_annotations_free(hrnet_annotations *annotations); /* accepts NULL */

/* ------------------------------------------------------------------------------------------------ person boxes */

/* One entry of a COCO detections file: [{"image_id": .., "category_id": 1, "bbox": [x, y, w, h], "score": ..}, ...]. */
typedef struct hrnet_detection {
    char *image; /* "file_name"; else the name that the file's "images" give to the id; else the id as text */
    hrnet_box box;
    float score;      /* 0..1 by convention; 1: the file gives none */
    int has_category; /* 1: the file gives category_id */
    int64_t category_id;
    int64_t image_id; /* if has_image_id: the id is a whole number */
    int has_image_id;
    char *image_text; /* the id if it is a text, else NULL */
    uint64_t reserved[2];
} hrnet_detection;

typedef struct hrnet_detections_options {
    const char *category;                 /* read the boxes of this category alone: its id, or its name, which the file
                                             or the annotations must know; NULL: see hrnet_detections_open */
    const hrnet_annotations *annotations; /* of the pictures that the boxes belong to; NULL: unknown */
    hrnet_message_fn *on_message;         /* as in hrnet_annotations_options */
    void *context;
    uint64_t reserved[4];
} hrnet_detections_options;

/* Read the boxes of persons from a detections file, or from a COCO annotations file: *out [*n_out], in the file's
 * order; options NULL: defaults.
 *
 * Which categories: options->category; else those of options->annotations, if the file has boxes of them; else, in a
 * file with names of categories, the one named "person", those with keypoints, or the only one; else, in a list of ids
 * alone, the only one, or 1, which is COCO's person. Entries without a category are always taken. HRNET_ERR_MISMATCH:
 * none of this finds one.
 *
 * Crowds and boxes without area are left out, unless an entry has keypoints: then the rectangle around these is its
 * box. Boxes are not clipped. An entry that cannot be read is left out and counted; HRNET_ERR_FORMAT names the first if
 * that holds for all. Free with hrnet_detections_free. */
HRNET_API hrnet_status hrnet_detections_open(hrnet_detection **out, size_t *n_out, const char *path,
                                             const hrnet_detections_options *options);
/* The same with defaults. */
HRNET_API hrnet_status hrnet_detections_load(hrnet_detection **out, size_t *n_out, const char *path);

/* Values of hrnet_detections_match that are no index. */
#define HRNET_NO_PICTURE       SIZE_MAX
#define HRNET_SEVERAL_PICTURES (SIZE_MAX - 1)

/* Find the picture of each detection by its name: pictures [n] gets an index of paths [n_paths], HRNET_NO_PICTURE, or
 * HRNET_SEVERAL_PICTURES if it fits several as well, or if that picture fits other names of the file as well.
 *
 * A name fits a path if their last parts are equal, or equal but for the ending (".jpg"), or the same number (785 is
 * 000000000785.jpg); '\\' separates parts as '/' does. Of several that fit, the one counts that has most folders in
 * common, then the one without other folders, then the one that is equal to the letter. */
HRNET_API hrnet_status hrnet_detections_match(const hrnet_detection *detections, size_t n, const char *const *paths,
                                              size_t n_paths, size_t *pictures);

HRNET_API void hrnet_detections_free(hrnet_detection *detections, size_t n);

#ifdef __cplusplus
}
#endif
#endif
