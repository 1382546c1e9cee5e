/*
 * evaluation_run.h - a run of hrnet_evaluation in progress: what the run with known boxes (evaluation.c) and the one
 * with a detector (evaluation_detect.c) share.
 */
#ifndef HR_EVAL_EVALUATION_RUN_H
#define HR_EVAL_EVALUATION_RUN_H

#include "data/image_store.h"
#include "data/loader.h"
#include "eval/evaluation.h"

enum {
    HR_EVAL_GROUP = 32
}; /* most persons, and most pictures, of one call of a session, which divides them into
      batches of its own size */

/* A picture to look at; samples [first, end) are of it, none where a detector finds them. */
typedef struct hr_eval_picture {
    size_t image, first, end;
} hr_eval_picture;

typedef struct hr_eval_run {
    hrnet_evaluation *e;
    hrnet_session *session; /* NULL: boxes alone */
    const hrnet_evaluation_options *options;
    hrnet_pose_options how;
    hr_image_store *store;
    hr_eval_picture *pictures;
    size_t n_pictures;
    hr_loader *loader;
    /* the group: persons are samples [first, first + n_persons) */
    hrnet_image images[HR_EVAL_GROUP];
    hrnet_person persons[HR_EVAL_GROUP];
    int n_images, n_persons;
    size_t n_bytes; /* of the group's images */
    size_t first;
    int with_loss;
    hr_eval_loss loss;
    float *maps; /* [HR_EVAL_GROUP][n_joints][heatmap_height][heatmap_width], with_loss */
    size_t map_floats;
} hr_eval_run;

/* A line for options->on_message about a picture: what was wrong with it, and what became of it. */
void hr_eval_tell(const hr_eval_run *r, const char *what, const char *outcome);

/* Move the loader's next picture to images[n_images++], and tell what was wrong with it. */
hrnet_status hr_eval_next_picture(hr_eval_run *r);

/* A picture failed with `status` and hrnet_last_error: with skip_broken tell it, mark it as left out and return
 * HRNET_OK; otherwise, or if memory or an argument is at fault, return `status`. */
hrnet_status hr_eval_leave_out(hr_eval_run *r, size_t image, hrnet_status status);

/* Find boxes and poses in all pictures; the loader has been started. Fills the samples, poses and boxes of r->e. */
hrnet_status hr_eval_run_detector(hr_eval_run *r);

#endif
