/*
 * hrnet_eval.h - how good poses are: COCO's and MPII's scores, and the published validation pass. The manners are those
 * of <hrnet.h>.
 *
 *   hrnet_annotations *truth = NULL;
 *   hrnet_coco_results results = {0};
 *   hrnet_coco_score score = {0};
 *   if (hrnet_annotations_load(&truth, "person_keypoints_val2017.json") ||
 *       hrnet_coco_results_load(&results, "results.json", hrnet_annotations_info(truth)->skeleton.n_keypoints) ||
 *       hrnet_coco_evaluate(&score, truth, &results, NULL))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   printf("AP %.3f\n", score.numbers[HRNET_COCO_AP]);
 */
#ifndef HRNET_EVAL_H
#define HRNET_EVAL_H

#include <hrnet_data.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ COCO score */

/* Poses to be scored. Zero it before hrnet_coco_results_load and release it with hrnet_coco_results_free; or fill it
 * with arrays of your own and do not. */
typedef struct hrnet_coco_results {
    size_t n;
    int n_keypoints;
    int64_t *image_ids;    /* [n] */
    int64_t *category_ids; /* [n] */
    double *scores;        /* [n] */
    double *keypoints;     /* [n][n_keypoints][3]: x, y, score; scores of keypoints are not looked at */
    double *areas;         /* [n] px^2; or NULL: of the rectangle around the keypoints, as in loadRes */
} hrnet_coco_results;

/* Read a results file: [{"image_id": .., "category_id": .., "keypoints": [3 n_keypoints], "score": ..}, ...]. When the
 * first entry has a "bbox", areas are those of the boxes, as in loadRes. n_keypoints 0: what the first entry has. */
HRNET_API hrnet_status hrnet_coco_results_load(hrnet_coco_results *out, const char *path, int n_keypoints);
HRNET_API void hrnet_coco_results_free(hrnet_coco_results *results);

/* The ten published numbers, in the published order. */
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

/* One joint over all persons that count and were found (see hrnet_coco_match). */
typedef struct hrnet_joint_score {
    size_t n_labelled; /* of persons that count */
    size_t n_found;    /* those of persons that were found; the means are over these */
    double oks;        /* mean of exp(-d^2 / (2 area (2 sigma)^2)); -1 when n_found is 0 */
    double distance;   /* mean distance in px; -1 when n_found is 0 */
} hrnet_joint_score;

/* What a person of the annotations was found as: results in the order of their scores take the person they resemble
 * most, from an OKS of 0.1 on. */
typedef struct hrnet_coco_match {
    size_t result; /* index; SIZE_MAX: not found */
    double oks;    /* 0 when not found */
    int counts;    /* 1: the person is part of the score; 0: a crowd, no keypoints, or of another area */
} hrnet_coco_match;

/* Zero it before use; release with hrnet_coco_score_free. */
typedef struct hrnet_coco_score {
    double numbers[HRNET_COCO_NUMBERS];                       /* 0..1; -1: no person to judge by */
    double precision[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS]; /* AP by area and threshold; -1 likewise */
    double recall[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS];
    size_t n_images, n_persons, n_ignored, n_results; /* n_persons that count and n_ignored that do not; n_results after
                                                         the limit of results an image */
    int n_keypoints;
    hrnet_joint_score *joints; /* [n_keypoints] */
    size_t n_matches;
    hrnet_coco_match *matches; /* [n_matches], one an annotation, in the annotations' order */
} hrnet_coco_score;

typedef struct hrnet_coco_options {
    const double *sigmas; /* [n_keypoints]; NULL: those of hrnet_annotations_info, else COCO's for 17 keypoints */
    int max_detections;   /* results an image that count, best first; 0: 20 */
} hrnet_coco_options;

/* Score results as pycocotools' COCOeval does for keypoints. A result for an image that the annotations do not have is
 * HRNET_ERR_MISMATCH; so is another number of keypoints. Without sigmas for other than 17 keypoints:
 * HRNET_ERR_ARGUMENT. */
HRNET_API hrnet_status hrnet_coco_evaluate(hrnet_coco_score *out, const hrnet_annotations *annotations,
                                           const hrnet_coco_results *results, const hrnet_coco_options *options);
HRNET_API void hrnet_coco_score_free(hrnet_coco_score *score);

/* ------------------------------------------------------------------------------------------------ MPII score */

enum { HRNET_MPII_JOINTS = 16 };

/* The ground truth of MPII's gt_<set>.mat. Immutable. */
typedef struct hrnet_mpii_truth hrnet_mpii_truth;

/* Read gt_<set>.mat (MATLAB 5) or a JSON object with the same four entries: "dataset_joints" [16] names, "jnt_missing"
 * [16][n], "pos_gt_src" [16][2][n], "headboxes_src" [2][2][n]; told apart by content. */
HRNET_API hrnet_status hrnet_mpii_truth_load(hrnet_mpii_truth **out, const char *path);
HRNET_API size_t hrnet_mpii_truth_n(const hrnet_mpii_truth *truth);
HRNET_API void hrnet_mpii_truth_free(hrnet_mpii_truth *truth);

/* The published rows, in the published order. */
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

typedef struct hrnet_mpii_score {
    double numbers[HRNET_MPII_NUMBERS]; /* PCKh in percent; -1: no joint to judge by */
    double joints[HRNET_MPII_JOINTS];   /* PCKh@0.5 of each; -1 likewise. Pelvis and thorax (6, 7) are in no mean */
    size_t n_labelled[HRNET_MPII_JOINTS];
} hrnet_mpii_score;

/* PCKh of poses [n][16] in pixels counted from 0 (the ground truth counts from 1, which is added here). n other than
 * the truth's is HRNET_ERR_MISMATCH. */
HRNET_API hrnet_status hrnet_mpii_evaluate(hrnet_mpii_score *out, const hrnet_mpii_truth *truth,
                                           const hrnet_keypoint *poses, size_t n);

/* Predictions from a file: .npy [n][16][2 or more], counted from 0; or upstream's pred.mat, whose "preds" [n][16][2]
 * are counted from 1. *out [*n][16] counts from 0; score 0 unless the file has a third column. Free with
 * hrnet_mpii_poses_free. */
HRNET_API hrnet_status hrnet_mpii_poses_load(hrnet_keypoint **out, size_t *n, const char *path);
/* Write pred.mat as upstream does: "preds" [n][16][2] counted from 1, in float32. poses [n][16] count from 0. */
HRNET_API hrnet_status hrnet_mpii_poses_save(const hrnet_keypoint *poses, size_t n, const char *path);
HRNET_API void hrnet_mpii_poses_free(hrnet_keypoint *poses);

/* ------------------------------------------------------------------------------------------------ evaluation */

/*
 * The published validation pass: every person of a validation set through the network, then the score.
 *
 *   hrnet_evaluation *evaluation = NULL;
 *   hrnet_coco_score score = {0};
 *   if (hrnet_evaluation_open(&evaluation, hrnet_model_config(model), NULL) ||
 *       hrnet_evaluation_run(evaluation, session, NULL) ||
 *       hrnet_evaluation_save(evaluation, "results.json") ||
 *       hrnet_evaluation_coco(evaluation, &score))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 */
typedef struct hrnet_evaluation hrnet_evaluation;

/* Where the set is when it is not where DATASET.ROOT, DATASET.TEST_SET and TEST.COCO_BBOX_FILE say. NULL: as published.
 * Strings are copied. */
typedef struct hrnet_evaluation_files {
    const char *annotations;        /* COCO annotations, or MPII's JSON */
    const char *images;             /* a folder, or a zip archive */
    const char *detections;         /* a detector's boxes (COCO), used whatever USE_GT_BBOX says */
    const char *truth;              /* MPII: gt_<set>.mat, or a JSON of the same */
    const hrnet_dataset_info *info; /* what the keypoints are; NULL: what the annotations say. Must outlive the
                                       evaluation */
    hrnet_message_fn *on_message;   /* what was left out */
    void *context;
} hrnet_evaluation_files;

/* Read the set that config names: DATASET.DATASET coco or mpii, DATASET.ROOT (below DATA_DIR), TEST_SET, DATA_FORMAT
 * (jpg or zip), TEST.USE_GT_BBOX, COCO_BBOX_FILE, IMAGE_THRE. No picture is opened. The config must outlive the
 * evaluation. A set with "test" in its name has no ground truth (image_info_<set>.json, detector boxes). */
HRNET_API hrnet_status hrnet_evaluation_open(hrnet_evaluation **out, const hrnet_config *config,
                                             const hrnet_evaluation_files *files);

typedef struct hrnet_evaluation_info {
    int is_mpii;
    const char *set;                  /* TEST_SET */
    const char *annotations, *images; /* paths */
    const char *detections;           /* path of the detector's boxes; NULL: ground-truth boxes */
    double image_thre;                /* detections with a lower score were left out */
    int has_truth;                    /* 1: it can be scored */
    int n_joints;
    size_t n_images, n_persons; /* to be looked at */
} hrnet_evaluation_info;

HRNET_API hrnet_evaluation_info hrnet_evaluation_get_info(const hrnet_evaluation *evaluation);

typedef struct hrnet_evaluation_options {
    hrnet_decoder decoder; /* AUTO: what the weights were trained for; for plain ones TEST.POST_PROCESS decides */
    hrnet_sampler sampler;
    int workers;     /* threads that read pictures, 1..64; 0: 2. The result is the same for any number */
    int skip_broken; /* 1: a picture that cannot be read leaves its persons out instead of ending the run */
    void (*on_progress)(void *context, size_t n_done, size_t n_persons);
    hrnet_message_fn *on_message; /* every picture that is left out, with the reason */
    void *context;
} hrnet_evaluation_options;

/* How persons are looked at with these options: what hrnet_evaluation_run will do. decoder is never AUTO. */
HRNET_API hrnet_pose_options hrnet_evaluation_pose_options(const hrnet_evaluation *evaluation, const hrnet_model *model,
                                                           const hrnet_evaluation_options *options);

/* Find all poses; EXIF orientation is ignored as upstream ignores it. Then score and suppress them as TEST.IN_VIS_THRE,
 * OKS_THRE and SOFT_NMS say (COCO). May be called again, with another session too. HRNET_ERR_MISMATCH when the network
 * has another number of joints. */
HRNET_API hrnet_status hrnet_evaluation_run(hrnet_evaluation *evaluation, hrnet_session *session,
                                            const hrnet_evaluation_options *options);

/* The rest: after a run. */

/* Mean loss (JointsMSELoss; JointsOHKMMSELoss with LOSS.USE_OHKM) and accuracy of upstream's log line over the heatmaps
 * that were decoded. HRNET_ERR_ARGUMENT unless the boxes are ground truth. The accuracy depends on
 * TEST.BATCH_SIZE_PER_GPU and GPUS, as upstream's does. */
HRNET_API hrnet_status hrnet_evaluation_loss(const hrnet_evaluation *evaluation, double *loss, double *accuracy);

/* Pictures that were left out, with skip_broken. */
HRNET_API size_t hrnet_evaluation_n_skipped(const hrnet_evaluation *evaluation);

/* Write the published results JSON (COCO), or the poses in the layout of MPII's annotations. Temporary name, then
 * renamed. */
HRNET_API hrnet_status hrnet_evaluation_save(const hrnet_evaluation *evaluation, const char *path);
/* MPII: write pred.mat. */
HRNET_API hrnet_status hrnet_evaluation_save_mat(const hrnet_evaluation *evaluation, const char *path);

/* HRNET_ERR_ARGUMENT for a set of the other kind or without ground truth. */
HRNET_API hrnet_status hrnet_evaluation_coco(const hrnet_evaluation *evaluation, hrnet_coco_score *out);
HRNET_API hrnet_status hrnet_evaluation_mpii(const hrnet_evaluation *evaluation, hrnet_mpii_score *out);

/* A person with labelled keypoints and the pose that resembles it most: with ground-truth boxes of COCO and with a
 * detector's, of all that were found in its picture before suppression. */
typedef struct hrnet_person_error {
    const char *image;          /* name */
    size_t image_index;         /* for hrnet_evaluation_image */
    const double *truth;        /* [n_joints][3]: x, y, visibility */
    const hrnet_keypoint *pose; /* [n_joints]; NULL: nobody was found in the picture */
    double area;                /* px^2 of the person; for MPII half of the square around it */
    double oks;                 /* 0..1; for MPII with a sigma of 0.08 for every joint */
} hrnet_person_error;

/* *out [*n], lowest OKS first. Free with hrnet_person_errors_free; what it points to belongs to the evaluation. */
HRNET_API hrnet_status hrnet_evaluation_errors(const hrnet_evaluation *evaluation, hrnet_person_error **out, size_t *n);
HRNET_API void hrnet_person_errors_free(hrnet_person_error *errors);

/* Draw a chart a joint as an SVG: how many of its labelled places were how far off, in units of the person's size (the
 * root of its area), 0 to 0.5 and beyond; and the share below 0.1. Persons without a pose or an area do not count. */
HRNET_API hrnet_status hrnet_person_errors_plot(const hrnet_person_error *errors, size_t n,
                                                const hrnet_skeleton *skeleton, const char *svg_path);

/* Read a picture of the set again. */
HRNET_API hrnet_status hrnet_evaluation_image(hrnet_evaluation *evaluation, size_t image_index, hrnet_image *out);

HRNET_API void hrnet_evaluation_free(hrnet_evaluation *evaluation);

/* SHA-256 of a file (NULL: of the weights that ship) as 64 hexadecimal digits and a NUL: which weights a result was
 * made with. */
HRNET_API hrnet_status hrnet_file_sha256(const char *path, char out[65]);

#ifdef __cplusplus
}
#endif
#endif
