/*
 * hrnet_train.h - datasets, scores and training: the files that say where persons are, how good predictions of them
 * are, and the loop that makes a network better at it. The manners are those of <hrnet.h>.
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
#ifndef HRNET_TRAIN_H
#define HRNET_TRAIN_H

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

/* Read a picture of the set again. */
HRNET_API hrnet_status hrnet_evaluation_image(hrnet_evaluation *evaluation, size_t image_index, hrnet_image *out);

HRNET_API void hrnet_evaluation_free(hrnet_evaluation *evaluation);

/* ------------------------------------------------------------------------------------------------ training */

/*
 * The published training loop: examples, loss, gradients, optimiser, schedule, a validation pass every epoch,
 * checkpoints that PyTorch reads. A run that was stopped or killed at any moment goes on from its last checkpoint.pth
 * to the same bits as if it had never been.
 *
 *   hrnet_trainer *trainer = NULL;
 *   if (hrnet_trainer_create(&trainer, config, &(hrnet_trainer_options){.on_message = print_line}) ||
 *       hrnet_trainer_run(trainer))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   hrnet_trainer_free(trainer);
 *
 * A program that mpirun started trains together with the others: each process takes its part of every step, the first
 * one writes and validates. When a call fails in one of them, the others wait for it in vain: end that
 * program, with a status other than 0, and mpirun ends them all.
 */
typedef struct hrnet_trainer hrnet_trainer;

typedef enum hrnet_resume {
    HRNET_RESUME_AUTO = 0,   /* go on with checkpoint.pth if it is there and AUTO_RESUME is set */
    HRNET_RESUME_ALWAYS = 1, /* it must be there */
    HRNET_RESUME_NEVER = 2   /* begin anew */
} hrnet_resume;

/* OUTPUT_DIR/dataset/model/name, where the published code puts what an experiment makes; OUTPUT_DIR is "output" when
 * the configuration has none. name NULL: the configuration's file name up to its first point. Free with
 * hrnet_string_free. */
HRNET_API hrnet_status hrnet_experiment_folder(const hrnet_config *config, const char *name, char **out);

typedef struct hrnet_trainer_options {
    const char *name;                 /* of the experiment: in names of folders and log files; NULL: as above */
    const char *output;               /* folder of everything that is written; NULL: hrnet_experiment_folder */
    const char *annotations, *images; /* of the (first) training set, when not where DATASET.ROOT and TRAIN_SET say */
    const hrnet_evaluation_files *valid; /* the same for the validation set; its on_message is not used */
    const hrnet_dataset_info *info; /* what keypoints are; NULL: what the annotations say. Must outlive the trainer */
    hrnet_resume resume;
    int threads;        /* 0: as many as this process may use; else 1..64 */
    int recompute;      /* 1: less memory for about a third more time */
    int validate_every; /* epochs; 0: 1; below 0: never. The last epoch is always validated unless it is below 0 */
    int tell_times;     /* 1: what the time went into, at the end of a run */
    hrnet_message_fn *on_message; /* every line of the log, on the thread that made the call; NULL: the log file only */
    void *context;
} hrnet_trainer_options;

/* Read the data, make the network, its weights (initial values, MODEL.PRETRAINED, TRAIN.INIT) or the whole state from
 * checkpoint.pth, and the files of the run; say all of it. Strings and the config are copied. HRNET_ERR_LIMIT when it
 * does not fit into memory, HRNET_ERR_MISMATCH when checkpoint.pth belongs to another configuration or other data,
 * naming what differs. */
HRNET_API hrnet_status hrnet_trainer_create(hrnet_trainer **out, const hrnet_config *config,
                                            const hrnet_trainer_options *options);

/* One step of the optimiser and what belongs behind it: progress line, checkpoint, and at an epoch's end validation. A
 * loss that is not finite is HRNET_ERR_LIMIT; checkpoint.pth then stays as it was. After a failure only
 * hrnet_trainer_free is allowed. Does nothing when the run is done. */
HRNET_API hrnet_status hrnet_trainer_step(hrnet_trainer *trainer);

/* Steps until END_EPOCH, or until hrnet_trainer_stop; then a checkpoint. At the end final_state.pth and, from the best
 * weights, model_best.safetensors. */
HRNET_API hrnet_status hrnet_trainer_run(hrnet_trainer *trainer);

/* Ask hrnet_trainer_run to save and return after the step under way. May be called from a signal handler or another
 * thread. */
HRNET_API void hrnet_trainer_stop(hrnet_trainer *trainer);

typedef struct hrnet_trainer_info {
    const char *output;  /* folder; owned by the trainer */
    int is_first;        /* 1: the process that writes; without mpirun always */
    int is_done;         /* END_EPOCH is reached */
    int is_stopped;      /* hrnet_trainer_run ended because of hrnet_trainer_stop */
    int64_t epoch, step; /* epoch under way; optimiser steps done, over all epochs */
    int64_t steps_per_epoch;
    size_t n_persons, n_examples; /* of the training set; n_examples an epoch */
    double loss, accuracy;        /* means of the epoch under way */
    double perf, best_perf;       /* of the last and the best validation: AP, or PCKh in percent; -1: none yet */
} hrnet_trainer_info;
HRNET_API hrnet_trainer_info hrnet_trainer_get_info(const hrnet_trainer *trainer);

HRNET_API void hrnet_trainer_free(hrnet_trainer *trainer);

/* Draw the first n (1..1024) examples of the first epoch, as they come out of augmentation, with their targets:
 * <prefix>_gt.jpg and <prefix>_hm_gt.jpg. Of the options only where the data are and on_message are looked at. */
HRNET_API hrnet_status hrnet_train_preview(const hrnet_config *config, const hrnet_trainer_options *options,
                                           const char *prefix, int n);

/* Draw the curves of a run's train.jsonl as a PNG. */
HRNET_API hrnet_status hrnet_train_plot(const char *log_path, const char *png_path);

/* Write it as CSV, a row an epoch: epoch, its last step, and the mean of each of its numbers (the last learning rate).
 */
HRNET_API hrnet_status hrnet_train_table(const char *log_path, const char *csv_path);

/* One step of training on made-up pictures, in seconds. */
typedef struct hrnet_training_step {
    double seconds; /* the whole */
    double forward, loss, backward, update;
} hrnet_training_step;

/* Seconds of one step, summed over threads, by what was computed; and bytes, by what they hold. */
typedef struct hrnet_training_cost {
    double conv, input_gradient, weight_gradient, pack, combine, combine_gradient, other;
    size_t param_bytes, gradient_bytes, moment_bytes;
    size_t activation_bytes; /* kept from forward for backward */
    size_t work_bytes;       /* gradients of activations, packed weights, scratch */
} hrnet_training_cost;

typedef struct hrnet_training_options {
    int threads;   /* 0: as many as this process may use */
    int batch;     /* pictures of a step, 1..1024 */
    int recompute; /* 1: less memory, more time */
} hrnet_training_options;

/* Time n_steps steps (forward, JointsMSELoss, backward, TRAIN.OPTIMIZER) after one that is not timed. Without data: the
 * loader is not part of it. steps [n_steps]. */
HRNET_API hrnet_status hrnet_training_measure(const hrnet_config *config, const hrnet_training_options *options,
                                              int n_steps, hrnet_training_step *steps, hrnet_training_cost *cost);

/* SHA-256 of a file (NULL: of the weights that ship) as 64 hexadecimal digits and a NUL: which weights a result was
 * made with. */
HRNET_API hrnet_status hrnet_file_sha256(const char *path, char out[65]);

#ifdef __cplusplus
}
#endif
#endif
