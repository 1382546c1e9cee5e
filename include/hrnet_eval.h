/*
 * hrnet_eval.h - scores of poses, boxes and tracks: COCO's average precision, MPII's PCKh, HOTA, MOTA and IDF1, and the
 * published validation pass that runs a network, and a detector before it, on a whole set. Errors, ownership and
 * threads are as in <hrnet.h>.
 *
 *   hrnet_annotations *truth = NULL;
 *   hrnet_coco_results results = {0};
 *   hrnet_coco_score score = {0};
 *   if (hrnet_annotations_load(&truth, "person_keypoints_val2017.json") ||
 *       hrnet_coco_results_load(&results, "results.json", hrnet_annotations_info(truth)->skeleton.n_keypoints) ||
 *       hrnet_coco_evaluate(&score, truth, &results, NULL))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   printf("AP %.3f\n", score.numbers[HRNET_COCO_AP]);
 *   hrnet_coco_score_free(&score);
 *   hrnet_coco_results_free(&results);
 *   hrnet_annotations_free(truth);
 */
#ifndef HRNET_EVAL_H
#define HRNET_EVAL_H

#include <hrnet_data.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ COCO score */

/* Poses or boxes to score. Either zero it, call hrnet_coco_results_load or hrnet_box_results_load, and release it with
 * hrnet_coco_results_free; or point it to arrays of your own, which you release yourself. */
typedef struct hrnet_coco_results {
    size_t n;
    int n_keypoints;
    int64_t *image_ids;    /* [n] */
    int64_t *category_ids; /* [n] */
    double *scores;        /* [n], of poses or boxes; any finite or infinite number, not NaN */
    double *keypoints;  /* [n][n_keypoints][3]: x, y, score; the scores of keypoints are not used; NULL: boxes alone */
    double *areas;      /* [n] px^2, of poses; NULL: of the rectangle around the keypoints (pycocotools' loadRes) */
    double (*boxes)[4]; /* [n] x, y, width, height in px; NULL: poses alone */
    size_t n_broken;    /* entries of the file that could not be read and are left out */
    char first_broken[256]; /* the first of them, and what is wrong with it */
    size_t n_without_score; /* entries of the file whose score is NaN: they come last, as in pycocotools */
    uint64_t reserved[2];
} hrnet_coco_results;

typedef struct hrnet_coco_results_options {
    int n_keypoints;  /* of every entry; 0: as many as the first one has */
    int boxes_alone;  /* 1: read boxes, as hrnet_box_results_load */
    hrnet_pool *pool; /* threads that read a large file together; NULL: the caller's alone */
    uint64_t reserved[4];
} hrnet_coco_results_options;

/* Read a results file: [{"image_id": .., "category_id": .., "keypoints": [3 n_keypoints], "score": ..}, ...]; options
 * NULL: defaults. If the first entry has a "bbox", all need one, and areas are those of the boxes (loadRes). Entries
 * that cannot be read are left out (n_broken); HRNET_ERR_FORMAT names the first if that holds for all. */
HRNET_API hrnet_status hrnet_coco_results_open(hrnet_coco_results *out, const char *path,
                                               const hrnet_coco_results_options *options);
/* The same with n_keypoints alone. */
HRNET_API hrnet_status hrnet_coco_results_load(hrnet_coco_results *out, const char *path, int n_keypoints);
HRNET_API void hrnet_coco_results_free(hrnet_coco_results *results);

/* Indices of the ten published numbers, in the published order. */
enum {
    HRNET_COCO_AP, /* mean over OKS thresholds .50, .55 ... .95 */
    HRNET_COCO_AP50,
    HRNET_COCO_AP75,
    HRNET_COCO_AP_MEDIUM, /* 32^2 <= area <= 96^2 px^2 */
    HRNET_COCO_AP_LARGE,  /* 96^2 <= area */
    HRNET_COCO_AR,
    HRNET_COCO_AR50,
    HRNET_COCO_AR75,
    HRNET_COCO_AR_MEDIUM,
    HRNET_COCO_AR_LARGE,
    HRNET_COCO_NUMBERS
};
/* Their names as upstream prints them: "AP", "Ap .5", "AP .75", ... [HRNET_COCO_NUMBERS]; static. */
HRNET_API const char *const *hrnet_coco_number_names(void);

enum { HRNET_OKS_THRESHOLDS = 10, HRNET_COCO_AREAS = 3 /* all, medium, large */ };

/* The result that found a person of the annotations. In each image results choose in the order of their scores: each
 * takes the person that it resembles most (OKS of at least 0.1) and that no better result has taken. */
typedef struct hrnet_coco_match {
    size_t result; /* index; SIZE_MAX: nobody found the person */
    double oks;    /* 0..1; 0: not found */
    int counts;    /* 1: the person is part of the score; 0: a crowd, or without labelled keypoints */
    uint64_t reserved[1];
} hrnet_coco_match;

/* One joint, over the persons that count. */
typedef struct hrnet_joint_score {
    size_t n_labelled; /* persons whose joint is labelled */
    size_t n_found;    /* those of them that a result found; the means are over these */
    double oks;        /* mean of exp(-d^2 / (2 area (2 sigma)^2)); -1 if n_found is 0 */
    double distance;   /* mean of d in px; -1 if n_found is 0 */
    uint64_t reserved[1];
} hrnet_joint_score;

/* A COCO score. Zero it before use; release it with hrnet_coco_score_free. */
typedef struct hrnet_coco_score {
    double numbers[HRNET_COCO_NUMBERS];                       /* 0..1; -1: no person of that area */
    double precision[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS]; /* AP of an area and threshold; -1 likewise */
    double recall[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS];
    size_t n_images;
    size_t n_persons, n_ignored; /* persons that count, and that do not */
    size_t n_results;            /* results that count: at most max_detections an image */
    int n_keypoints;
    hrnet_joint_score *joints; /* [n_keypoints] */
    size_t n_matches;
    hrnet_coco_match *matches; /* [n_matches], one for each annotation, in their order */
    size_t n_other_category;   /* results left out because the annotations that count are of other categories */
    uint64_t reserved[4];
} hrnet_coco_score;

typedef struct hrnet_coco_options {
    const double *sigmas; /* [n_keypoints]; NULL: those of hrnet_annotations_info, else COCO's for 17 keypoints, else
                             0.05 for each */
    int max_detections;   /* results of an image that count, best score first; 0: 20 */
    hrnet_pool *pool;     /* threads that score together, to the same bits; NULL: the caller's alone */
    uint64_t reserved[3];
} hrnet_coco_options;

/* Score results as pycocotools' COCOeval does for keypoints; options NULL: defaults. HRNET_ERR_MISMATCH: a result for
 * an image that the annotations do not have, another number of keypoints, or no result is of a category of the
 * annotations; HRNET_ERR_ARGUMENT: a sigma that is not above 0. On failure *out is untouched. */
HRNET_API hrnet_status hrnet_coco_evaluate(hrnet_coco_score *out, const hrnet_annotations *annotations,
                                           const hrnet_coco_results *results, const hrnet_coco_options *options);
HRNET_API void hrnet_coco_score_free(hrnet_coco_score *score);

/* ------------------------------------------------------------------------------------------------ COCO's box score */

/* Read a results file of boxes: [{"image_id": .., "category_id": .., "bbox": [x, y, width, height], "score": ..}, ...].
 * Keypoints that it may have are not read. Broken entries are as in hrnet_coco_results_load. Free with
 * hrnet_coco_results_free. */
HRNET_API hrnet_status hrnet_box_results_load(hrnet_coco_results *out, const char *path);

/* Indices of the twelve published numbers, in the published order. */
enum {
    HRNET_BOX_AP, /* mean over IoU thresholds .50, .55 ... .95 */
    HRNET_BOX_AP50,
    HRNET_BOX_AP75,
    HRNET_BOX_AP_SMALL,  /* area <= 32^2 px^2 */
    HRNET_BOX_AP_MEDIUM, /* 32^2 <= area <= 96^2 px^2 */
    HRNET_BOX_AP_LARGE,  /* 96^2 <= area */
    HRNET_BOX_AR1,       /* with the best result of each image and category alone */
    HRNET_BOX_AR10,
    HRNET_BOX_AR100,
    HRNET_BOX_AR_SMALL,
    HRNET_BOX_AR_MEDIUM,
    HRNET_BOX_AR_LARGE,
    HRNET_BOX_NUMBERS
};
/* Their names in the manner of hrnet_coco_number_names: "AP", "Ap .5", "AP .75", "AP (S)", ... [HRNET_BOX_NUMBERS];
 * static. */
HRNET_API const char *const *hrnet_box_number_names(void);

enum { HRNET_BOX_AREAS = 4 /* all, small, medium, large */ };

/* A score of boxes. It owns nothing. */
typedef struct hrnet_box_score {
    double numbers[HRNET_BOX_NUMBERS];                       /* 0..1; -1: no box of that area */
    double precision[HRNET_BOX_AREAS][HRNET_OKS_THRESHOLDS]; /* AP of an area and IoU threshold; -1 likewise */
    double recall[HRNET_BOX_AREAS][HRNET_OKS_THRESHOLDS];    /* with 100 results of each image and category */
    size_t n_images, n_categories; /* categories with boxes that count: the mean is over them */
    size_t n_boxes, n_ignored;     /* true boxes that count, and crowds */
    size_t n_results;              /* results that count: at most 100 of an image and category */
    size_t n_other_category;       /* results left out because the annotations do not have their category */
    uint64_t reserved[4];
} hrnet_box_score;

/* Score boxes as pycocotools' COCOeval does for iouType "bbox", over all categories of the annotations: read these with
 * hrnet_annotations_options.boxes_alone. Areas of true boxes are those of the annotations. HRNET_ERR_MISMATCH: results
 * without boxes, one for an image that the annotations do not have, or none of a category of the annotations. On
 * failure *out is untouched. */
HRNET_API hrnet_status hrnet_box_evaluate(hrnet_box_score *out, const hrnet_annotations *annotations,
                                          const hrnet_coco_results *results);

/* ------------------------------------------------------------------------------------------------ COCO's tables */

/* A truth or a result of hrnet_coco_accumulate. */
typedef struct hrnet_coco_item {
    size_t category; /* index */
    size_t image;    /* index, which decides ties: for pycocotools the place of the image among the sorted ids */
    double score;    /* of a result; any number but NaN */
    double area;     /* px^2 */
    double box[4];   /* x, y, width, height in px */
    const double *keypoints; /* [n_keypoints][3]: x, y, visibility; not used for boxes */
    int is_crowd;            /* of a truth, 1: may be matched more than once */
    int is_ignored;          /* of a truth, 1: a result that matches it is neither right nor wrong */
    int is_nameless;         /* of a truth, 1: its id is 0, which pycocotools takes for "no match" */
    uint64_t reserved[2];
} hrnet_coco_item;

typedef struct hrnet_coco_axes {
    const double *thresholds; /* [n_thresholds] of similarity (iouThrs) */
    const double *recalls;    /* [n_recalls], ascending (recThrs) */
    const double (*areas)[2]; /* [n_areas] px^2, both bounds belong to the area (areaRng) */
    const int *limits;        /* [n_limits], ascending: results of a category and image that count (maxDets) */
    int n_thresholds, n_recalls, n_areas, n_limits;
    size_t n_categories;
    const double *sigmas; /* [n_keypoints]; NULL: boxes, whose similarity is IoU, that of poses is OKS */
    int n_keypoints;
    uint64_t reserved[4];
} hrnet_coco_axes;

/* What pycocotools' COCOeval has in `eval` after evaluate and accumulate: precision and scores
 * [n_thresholds][n_recalls][n_categories][n_areas][n_limits], recall [n_thresholds][n_categories][n_areas][n_limits];
 * -1 where a category has no truths of the area. Truths and results may be in any order; of equal scores in one image
 * the earlier one comes first. For the published numbers alone use hrnet_coco_evaluate. HRNET_ERR_ARGUMENT: an empty or
 * descending axis, an index out of range, a score that is NaN. On failure the tables are untouched. */
HRNET_API hrnet_status hrnet_coco_accumulate(const hrnet_coco_axes *axes, const hrnet_coco_item *truths,
                                             size_t n_truths, const hrnet_coco_item *results, size_t n_results,
                                             double *precision, double *recall, double *scores);

/* ------------------------------------------------------------------------------------------------ MPII score */

enum { HRNET_MPII_JOINTS = 16 };

/* The ground truth of MPII's gt_<set>.mat, of n persons. Immutable. */
typedef struct hrnet_mpii_truth hrnet_mpii_truth;

/* Read gt_<set>.mat (MATLAB 5), or a JSON object with the same four entries: "dataset_joints" [16] names, "jnt_missing"
 * [16][n], "pos_gt_src" [16][2][n] (px counted from 1), "headboxes_src" [2][2][n] (corners). The content decides which
 * it is. HRNET_ERR_FORMAT names the entry. */
HRNET_API hrnet_status hrnet_mpii_truth_load(hrnet_mpii_truth **out, const char *path);
HRNET_API size_t hrnet_mpii_truth_n(const hrnet_mpii_truth *truth);
HRNET_API void hrnet_mpii_truth_free(hrnet_mpii_truth *truth); /* accepts NULL */

/* Indices of the published rows, in the published order. */
enum {
    HRNET_MPII_HEAD,
    HRNET_MPII_SHOULDER, /* left and right averaged, here and below */
    HRNET_MPII_ELBOW,
    HRNET_MPII_WRIST,
    HRNET_MPII_HIP,
    HRNET_MPII_KNEE,
    HRNET_MPII_ANKLE,
    HRNET_MPII_MEAN,
    HRNET_MPII_MEAN_01,           /* at a threshold of 0.1 */
    HRNET_MPII_MEAN_01_PUBLISHED, /* what upstream calls Mean@0.1: it is taken at 0.11 */
    HRNET_MPII_NUMBERS
};
/* "Head", "Shoulder", ..., "Mean", "Mean@0.1", "Mean@0.11 (published as Mean@0.1)" [HRNET_MPII_NUMBERS]; static. */
HRNET_API const char *const *hrnet_mpii_number_names(void);

/* PCKh: a joint is right at threshold t if it is nearer to the truth than t x 0.6 x the diagonal of the head's box. */
typedef struct hrnet_mpii_score {
    double numbers[HRNET_MPII_NUMBERS];   /* percent at t = 0.5, where no other is named; -1: no labelled joint */
    double joints[HRNET_MPII_JOINTS];     /* percent at t = 0.5 of each joint; -1 likewise. Means leave out 6 and 7,
                                             pelvis and thorax */
    size_t n_labelled[HRNET_MPII_JOINTS]; /* persons whose joint is labelled */
    uint64_t reserved[4];
} hrnet_mpii_score;

/* Score poses [n][16], in pixels counted from 0, in the truth's order of persons. HRNET_ERR_MISMATCH: n is not the
 * truth's. */
HRNET_API hrnet_status hrnet_mpii_evaluate(hrnet_mpii_score *out, const hrnet_mpii_truth *truth,
                                           const hrnet_keypoint *poses, size_t n);

/* Read predictions: a .npy file [n][16][2 or more] in pixels counted from 0, or upstream's pred.mat, whose "preds"
 * [n][16][2 or more] count from 1. *out [*n][16] counts from 0; its scores are the third column, else 0. Free with
 * hrnet_mpii_poses_free. */
HRNET_API hrnet_status hrnet_mpii_poses_load(hrnet_keypoint **out, size_t *n, const char *path);
/* Write pred.mat as upstream does: "preds" [n][16][2] in float32, counted from 1. poses [n][16] count from 0. */
HRNET_API hrnet_status hrnet_mpii_poses_save(const hrnet_keypoint *poses, size_t n, const char *path);
HRNET_API void hrnet_mpii_poses_free(hrnet_keypoint *poses); /* accepts NULL */

/* ------------------------------------------------------------------------------------------------ score of tracking */

/*
 *   hrnet_mot_boxes truth = {0}, results = {0};
 *   hrnet_mot_score score;
 *   if (hrnet_mot_boxes_load(&truth, "gt.txt") || hrnet_mot_boxes_load(&results, "tracks.txt") ||
 *       hrnet_mot_evaluate(&score, &truth, &results, NULL))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   printf("HOTA %.3f\n", score.numbers[HRNET_MOT_HOTA]);
 *   hrnet_mot_boxes_free(&results);
 *   hrnet_mot_boxes_free(&truth);
 */

/* Where one person, or one track, is in one frame. */
typedef struct hrnet_mot_box {
    int64_t frame;                   /* from 1 */
    int64_t id;                      /* of the person or the track, from 0 */
    double left, top, width, height; /* px */
    double confidence; /* of the ground truth: the box does not count if the whole part is 0; of results: not used */
    int class_id;      /* if the boxes have classes: MOTChallenge's, 1 is a pedestrian */
} hrnet_mot_box;

/* The boxes of one sequence, ground truth or results. Either zero it, call hrnet_mot_boxes_load, and release it with
 * hrnet_mot_boxes_free; or point it to an array of your own, which you release yourself. */
typedef struct hrnet_mot_boxes {
    size_t n;
    hrnet_mot_box *boxes; /* [n], in any order */
    int has_classes;      /* 1: class_id counts */
    size_t n_twice; /* rows of the file whose id the frame has in an earlier row; not used by hrnet_mot_evaluate */
    char first_twice[120]; /* the first of them: its line, frame and id, and the line of the earlier row */
    uint64_t reserved[2];
} hrnet_mot_boxes;

/* Read a MOTChallenge file: rows of 7 to 10 numbers, frame,id,left,top,width,height,confidence and more, with commas or
 * blanks between; all rows of as many. The eighth number of 8 or 9 is the class, unless all are -1; that of 10 is a
 * position in the world, which is not used. HRNET_ERR_FORMAT names the line. */
HRNET_API hrnet_status hrnet_mot_boxes_load(hrnet_mot_boxes *out, const char *path);
HRNET_API void hrnet_mot_boxes_free(hrnet_mot_boxes *boxes);

/* Indices of the rates. The first HRNET_MOT_CURVES are means over HRNET_MOT_THRESHOLDS thresholds of IoU, .05, .10 ...
 * .95; the others are taken at an IoU of 0.5. */
enum {
    HRNET_MOT_HOTA,  /* sqrt(DetA AssA) of each threshold */
    HRNET_MOT_DETA,  /* of all boxes, true and found, the part that is matched */
    HRNET_MOT_ASSA,  /* of all boxes of two matched tracks the part matched with each other; the mean over matches */
    HRNET_MOT_DETRE, /* recall and precision of boxes */
    HRNET_MOT_DETPR,
    HRNET_MOT_ASSRE, /* recall and precision of associations */
    HRNET_MOT_ASSPR,
    HRNET_MOT_LOCA, /* mean IoU of matches; 1 without any */
    HRNET_MOT_CURVES,
    HRNET_MOT_MOTA = HRNET_MOT_CURVES, /* 1 - (missed + false + switches) / true boxes; can be below 0 */
    HRNET_MOT_MOTP,                    /* mean IoU of matches; 0 without any */
    HRNET_MOT_IDF1,                    /* of the best assignment of one track to each person */
    HRNET_MOT_IDP,
    HRNET_MOT_IDR,
    HRNET_MOT_NUMBERS
};
/* "HOTA", "DetA", "AssA", "DetRe", ..., "IDR" [HRNET_MOT_NUMBERS]; static. */
HRNET_API const char *const *hrnet_mot_number_names(void);

enum { HRNET_MOT_THRESHOLDS = 19 };

/* Whose rules say what the classes of the ground truth mean. A box of confidence 0 never counts. */
typedef enum hrnet_mot_benchmark {
    HRNET_MOT_AUTO = 0, /* HRNET_MOT17 if the ground truth has classes, else HRNET_MOT15 */
    HRNET_MOT15,        /* classes mean nothing */
    HRNET_MOT17,        /* pedestrians count; results that match persons on vehicles, static persons, distractors or
                           reflections (2, 7, 8, 12) are left out. So does MOT16 */
    HRNET_MOT20         /* the same, and vehicles without a person (6) */
} hrnet_mot_benchmark;

/* A score of tracking, of a sequence or of several. It owns nothing. */
typedef struct hrnet_mot_score {
    double numbers[HRNET_MOT_NUMBERS];                     /* 0..1; only MOTA can be below 0 */
    double curves[HRNET_MOT_CURVES][HRNET_MOT_THRESHOLDS]; /* the first numbers at each threshold */
    /* matched, missed and false boxes of HOTA at each threshold */
    size_t n_matched_at[HRNET_MOT_THRESHOLDS], n_missed_at[HRNET_MOT_THRESHOLDS], n_false_at[HRNET_MOT_THRESHOLDS];
    size_t n_frames;           /* number of the last frame with a box, of either; summed over sequences */
    size_t n_truths, n_people; /* true boxes that count, and how many people they are of */
    size_t n_results, n_tracks;
    size_t n_twice; /* results whose track has a later box in the same frame: wrong in MOTChallenge, but counted */
    /* of MOTA: matched (TP), missed (FN) and false (FP) boxes; switches (IDSW): a person's match is another track than
     * the last that it had; fragments (Frag): times that a person is matched again after a frame without */
    size_t n_matched, n_missed, n_false, n_switches, n_fragments;
    /* people matched in more than .8, in .2 to .8, and in less than .2 of their frames (MT, PT, ML) */
    size_t n_mostly_tracked, n_partly_tracked, n_mostly_lost;
    double iou_sum; /* of the n_matched: MOTP is the mean */
    /* of IDF1: boxes of people where their own track is, where it is not, and boxes of tracks where their person is not
     * (IDTP, IDFN, IDFP) */
    size_t n_id_matched, n_id_missed, n_id_false;
    hrnet_mot_benchmark benchmark; /* whose rules were used; HRNET_MOT_AUTO: different ones, of several sequences */
    size_t n_ignored;              /* true boxes of confidence 0, */
    size_t n_other_classes;        /* true boxes of other classes than pedestrians, */
    size_t n_distracted;           /* and results that match distractors: left out */
    size_t n_after;                /* results in frames behind the last of the ground truth: all are false */
    uint64_t reserved[4];
} hrnet_mot_score;

typedef struct hrnet_mot_options {
    hrnet_mot_benchmark benchmark;
    uint64_t reserved[3];
} hrnet_mot_options;

/* Score the tracks of one sequence as TrackEval does (HOTA, CLEAR and Identity of MotChallenge2DBox); options NULL:
 * defaults. Time grows with the boxes, and with the cube of how many of a frame overlap each other, directly or by
 * others. An id that a frame of the results has twice is counted as TrackEval's measures do: both boxes are to be
 * matched, but AssA and IDF1 know the track in that frame once, by the later box of the array. HRNET_ERR_ARGUMENT: an
 * id that a frame of the ground truth has twice, a frame below 1, an id below 0, or a number that is not finite.
 * HRNET_ERR_MISMATCH: a class that the benchmark does not have, or results of other classes than pedestrians.
 * HRNET_ERR_LIMIT: more than HRNET_MOT_FRAME_BOXES in one frame, or boxes that overlap so much that scoring would take
 * more than the memory limit. On failure *out is untouched. */
HRNET_API hrnet_status hrnet_mot_evaluate(hrnet_mot_score *out, const hrnet_mot_boxes *truth,
                                          const hrnet_mot_boxes *results, const hrnet_mot_options *options);
enum { HRNET_MOT_FRAME_BOXES = 2048 };

/* The score of n sequences together (TrackEval's COMBINED_SEQ): boxes and people are summed, rates taken of the sums; n
 * is at least 1. out may be one of scores. */
HRNET_API hrnet_status hrnet_mot_combine(hrnet_mot_score *out, const hrnet_mot_score *scores, size_t n);

/* ------------------------------------------------------------------------------------------------ evaluation */

/*
 * The published validation pass: a network finds the pose of every person of a validation set, and the poses are
 * scored. An evaluation can run any number of sessions, one after the other; results are those of the last run.
 *
 *   hrnet_evaluation *evaluation = NULL;
 *   hrnet_coco_score score = {0};
 *   if (hrnet_evaluation_open(&evaluation, hrnet_model_config(model), NULL) ||
 *       hrnet_evaluation_run(evaluation, session, NULL) ||
 *       hrnet_evaluation_save(evaluation, "results.json") ||
 *       hrnet_evaluation_coco(evaluation, &score))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   hrnet_coco_score_free(&score);
 *   hrnet_evaluation_free(evaluation);
 *
 * With hrnet_evaluation_files.detect and hrnet_evaluation_options.detector a detector finds the persons, and
 * hrnet_evaluation_boxes scores its boxes.
 */
typedef struct hrnet_evaluation hrnet_evaluation;

/* Paths that replace those of the configuration; a member that is NULL leaves the published one. Strings are copied. */
typedef struct hrnet_evaluation_files {
    const char *annotations;        /* COCO annotations, or MPII's JSON; else found by DATASET.ROOT and TEST_SET */
    const char *images;             /* a folder or a zip archive; likewise */
    const char *detections;         /* a detector's boxes (COCO), used even if TEST.USE_GT_BBOX is set; else
                                       TEST.COCO_BBOX_FILE */
    const char *truth;              /* MPII: gt_<set>.mat, or JSON with the same entries */
    const hrnet_dataset_info *info; /* description of the keypoints; NULL: that of the annotations. Must outlive the
                                       evaluation */
    hrnet_message_fn *on_message; /* gets a line about what was assumed or left out; one that begins with "warning:" may
                                     change numbers; or NULL */
    void *context;
    const char *category; /* of the annotations (COCO); NULL: see hrnet_annotations_open */
    int detect;           /* COCO: 1: the detector of hrnet_evaluation_run finds the boxes, in every picture that the
                             annotations list; detections is then NULL */
    uint64_t reserved[4];
} hrnet_evaluation_files;

/* Read the set that the configuration names: DATASET.DATASET (coco or mpii), ROOT (below DATA_DIR), TEST_SET,
 * DATA_FORMAT (jpg or zip), VALID_PART, TEST.USE_GT_BBOX, COCO_BBOX_FILE, IMAGE_THRE; files NULL: as published. No
 * picture is opened. The config must outlive the evaluation. A COCO set with "test" in its name has no ground truth:
 * its images come from image_info_<set>.json and its boxes from a detector. Free with hrnet_evaluation_free. */
HRNET_API hrnet_status hrnet_evaluation_open(hrnet_evaluation **out, const hrnet_config *config,
                                             const hrnet_evaluation_files *files);

typedef struct hrnet_evaluation_info {
    int is_mpii;
    const char *set;                  /* TEST_SET */
    const char *annotations, *images; /* paths */
    const char *detections;           /* path of the detector's boxes; NULL: ground-truth boxes, or detects */
    int detects;                      /* 1: a run finds the boxes */
    double image_thre;                /* detections with a lower score were left out */
    int has_truth;                    /* 1: the set can be scored */
    int n_joints;
    size_t n_images, n_persons; /* images with a box; boxes: what a run goes through. If it detects: all images; the
                                   boxes that the last run found poses for */
    uint64_t reserved[4];
} hrnet_evaluation_info;

/* What was opened; strings are owned by the evaluation. */
HRNET_API hrnet_evaluation_info hrnet_evaluation_get_info(const hrnet_evaluation *evaluation);

typedef struct hrnet_evaluation_options {
    hrnet_decoder decoder; /* AUTO: that of the model's codec; if that is plain, TEST.POST_PROCESS decides */
    hrnet_sampler sampler;
    int workers;     /* threads that read pictures, 1..64; 0: 2. The result is the same for any number */
    int skip_broken; /* 1: a picture that cannot be read is left out with its persons; 0: it ends the run */
    hrnet_detector_session *detector; /* of a set that was opened with hrnet_evaluation_files.detect; else NULL */
    float det_threshold; /* lowest score of its boxes; 0: 0.01, below 0: none. Poses are found for those that
                            reach TEST.IMAGE_THRE too */
    float det_nms;       /* of two boxes that overlap by more (IoU) the worse one is dropped; 0: the detector's
                            eval_nms_iou, 1: none */
    int max_detections;  /* most boxes of a picture, 1..10000; 0: 100, as many as are scored */
    /* Called on the calling thread; or NULL. With a detector both count pictures. */
    void (*on_progress)(void *context, size_t n_done, size_t n_persons);
    hrnet_message_fn *on_message; /* gets a line about every picture that is left out, with the reason, about every one
                                     that is damaged and was used, and a line that begins with "warning: " if weights
                                     and annotations name keypoints differently; or NULL */
    hrnet_cancel_fn *cancelled;   /* asked before each picture and each pass; NULL: never */
    void *context;                /* of all three */
    uint64_t reserved[4];
} hrnet_evaluation_options;

/* The options with which hrnet_evaluation_run will call hrnet_session_pose: the configuration's TEST section, and these
 * options (NULL: defaults). decoder is never AUTO. skeleton, whose pairs the flip test exchanges, is that of
 * hrnet_evaluation_files.info, else the model's if the weights or hrnet_model_options say what the joints are, else
 * that of the annotations. A flip test that is on only because weights without a configuration say nothing of it is off
 * if the pairs are unknown; one that was asked for is HRNET_ERR_ARGUMENT then. */
HRNET_API hrnet_pose_options hrnet_evaluation_pose_options(const hrnet_evaluation *evaluation, const hrnet_model *model,
                                                           const hrnet_evaluation_options *options);

/* Find all poses, ignoring EXIF orientation as upstream does; for COCO then rescore and suppress them
 * (TEST.IN_VIS_THRE, OKS_THRE, SOFT_NMS). With a detector the boxes of its class "person" are found first, with session
 * NULL boxes alone; a picture is decoded once. options NULL: defaults. HRNET_ERR_MISMATCH: the network has another
 * number of joints, or the detector does not know which of its classes is "person". After a failure,
 * HRNET_ERR_CANCELLED among them, there are no results. */
HRNET_API hrnet_status hrnet_evaluation_run(hrnet_evaluation *evaluation, hrnet_session *session,
                                            const hrnet_evaluation_options *options);

/* The functions below return results of the last run; HRNET_ERR_ARGUMENT: there was none. */

/* Mean loss (JointsMSELoss; with LOSS.USE_OHKM JointsOHKMMSELoss) and accuracy, as in upstream's log line, of the
 * heatmaps that were decoded. HRNET_ERR_ARGUMENT: the boxes were a detector's. The accuracy depends on
 * TEST.BATCH_SIZE_PER_GPU and GPUS, as upstream's does. */
HRNET_API hrnet_status hrnet_evaluation_loss(const hrnet_evaluation *evaluation, double *loss, double *accuracy);

/* The number of pictures that were left out (skip_broken). */
HRNET_API size_t hrnet_evaluation_n_skipped(const hrnet_evaluation *evaluation);

/* Write the published results JSON (COCO), or the poses in the layout of MPII's annotations. The file appears whole or
 * not at all. */
HRNET_API hrnet_status hrnet_evaluation_save(const hrnet_evaluation *evaluation, const char *path);
/* Write pred.mat (MPII). */
HRNET_API hrnet_status hrnet_evaluation_save_mat(const hrnet_evaluation *evaluation, const char *path);

/* Score the poses. HRNET_ERR_ARGUMENT: a set of the other kind, or MPII without ground truth. */
HRNET_API hrnet_status hrnet_evaluation_coco(const hrnet_evaluation *evaluation, hrnet_coco_score *out);
HRNET_API hrnet_status hrnet_evaluation_mpii(const hrnet_evaluation *evaluation, hrnet_mpii_score *out);

/* The score of the boxes that the detector found, all of them, over all pictures; and write them as COCO's results.
 * HRNET_ERR_ARGUMENT: the set was not opened to detect in. */
HRNET_API hrnet_status hrnet_evaluation_boxes(const hrnet_evaluation *evaluation, hrnet_box_score *out);
HRNET_API hrnet_status hrnet_evaluation_save_boxes(const hrnet_evaluation *evaluation, const char *path);

/* A person with labelled keypoints, and the pose that resembles it most: for COCO among all poses of its picture before
 * suppression, for MPII its own. Pointers belong to the evaluation. */
typedef struct hrnet_person_error {
    const char *image;          /* name of the picture */
    size_t image_index;         /* for hrnet_evaluation_image */
    const double *truth;        /* [n_joints][3]: x, y, visibility */
    const hrnet_keypoint *pose; /* [n_joints]; NULL: the picture has no pose */
    double area;                /* px^2 of the person; for MPII half of the square around it */
    double oks;                 /* 0..1; for MPII with a sigma of 0.08 for every joint */
    uint64_t reserved[2];
} hrnet_person_error;

/* List the persons of pictures that were not left out: *out [*n], lowest OKS first. Free with
 * hrnet_person_errors_free. */
HRNET_API hrnet_status hrnet_evaluation_errors(const hrnet_evaluation *evaluation, hrnet_person_error **out, size_t *n);
HRNET_API void hrnet_person_errors_free(hrnet_person_error *errors); /* accepts NULL */

/* Draw the errors as an SVG, a histogram for each joint: its distance to the truth in units of the person's size (the
 * square root of the area), from 0 to 0.5 and beyond, and the share below 0.1. Persons without a pose or an area are
 * left out. */
HRNET_API hrnet_status hrnet_person_errors_plot(const hrnet_person_error *errors, size_t n,
                                                const hrnet_skeleton *skeleton, const char *svg_path);

/* Decode a picture of the set; free it with hrnet_image_free. Needs no run. */
HRNET_API hrnet_status hrnet_evaluation_image(hrnet_evaluation *evaluation, size_t image_index, hrnet_image *out);

HRNET_API void hrnet_evaluation_free(hrnet_evaluation *evaluation); /* accepts NULL */

/* SHA-256 of a file (path NULL: of the weights that ship) as 64 hexadecimal digits and a NUL, to note with which
 * weights a result was made. */
HRNET_API hrnet_status hrnet_file_sha256(const char *path, char out[65]);

#ifdef __cplusplus
}
#endif
#endif
