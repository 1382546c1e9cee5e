/*
 * evaluation_detect.c - a run where a detector finds the boxes. It goes on group by group:
 *
 *   1. load    up to HR_EVAL_GROUP pictures, which the loader's threads have decoded
 *   2. detect  boxes in all of them: the boxes that are scored
 *   3. pose    the boxes that reach TEST.IMAGE_THRE become samples, and go through the network HR_EVAL_GROUP at a time
 *
 * Samples, poses and boxes are those that the same boxes in a file would give (hrnet_evaluation_files.detections), if
 * that file lists the pictures in the order of the annotations.
 */
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "eval/evaluation_run.h"

#define THRESHOLD .01f     /* YOLOX's published evaluation */
enum { MOST_BOXES = 100 }; /* of a picture: what the score of boxes looks at */

typedef struct detection_run {
    hr_eval_run *run;
    size_t pictures[HR_EVAL_GROUP]; /* [run->n_images] indices of the group's pictures in samples.images */
    size_t ends[HR_EVAL_GROUP];     /* [run->n_images] the end of the picture's samples */
    hrnet_objects found[HR_EVAL_GROUP];
    hrnet_status refused; /* of the first picture of the group that the detector refused and that ends the run */
    char reason[512];
    size_t n_not_finite, n_over_limit;
} detection_run;

/* ------------------------------------------------------------------------------------------------ load */

static int is_cancelled(void *context)
{
    const hrnet_evaluation_options *const options = ((const detection_run *)context)->run->options;
    return options->cancelled != NULL && options->cancelled(options->context);
}

/* Fill the group with pictures from number *next on. */
static hrnet_status load_group(detection_run *d, size_t *next)
{
    hr_eval_run *const r = d->run;
    for (; *next < r->n_pictures && r->n_images < HR_EVAL_GROUP && r->n_bytes < HR_IMAGES_IN_FLIGHT; ++*next) {
        if (is_cancelled(d))
            return hr_fail(HRNET_ERR_CANCELLED, "hrnet_evaluation_run: cancelled before picture %zu of %zu", *next + 1,
                           r->n_pictures);
        const hrnet_status status = hr_eval_next_picture(r);
        if (status == HRNET_OK)
            d->pictures[r->n_images - 1] = r->pictures[*next].image;
        else
            HR_TRY(hr_eval_leave_out(r, r->pictures[*next].image, status));
    }
    return HRNET_OK;
}

static void release_group(detection_run *d)
{
    hr_eval_run *const r = d->run;
    for (int i = 0; i < HR_EVAL_GROUP; i++) hrnet_objects_free(&d->found[i]);
    for (int i = 0; i < r->n_images; i++) hrnet_image_free(&r->images[i]);
    r->n_images = 0;
    r->n_bytes = 0;
}

/* ------------------------------------------------------------------------------------------------ detect */

/* hrnet_detect_options.on_refused: a picture of the group that the detector cannot look at. */
static void refuse_picture(void *context, int picture, hrnet_status status, const char *reason)
{
    detection_run *const d = context;
    hrnet_evaluation *const e = d->run->e;
    const size_t image = d->pictures[picture];
    if (status == HRNET_ERR_CANCELLED || d->refused != HRNET_OK) return;
    snprintf(d->reason, sizeof d->reason, "%s: %s", e->samples.images[image].name, reason);
    if (!d->run->options->skip_broken) {
        d->refused = status;
        return;
    }
    hr_eval_tell(d->run, d->reason, "left out");
    e->skipped[image] = 1;
    e->n_skipped++;
}

/* Keep the boxes of a picture, and make samples of those that reach TEST.IMAGE_THRE. */
static hrnet_status take_boxes(detection_run *d, int picture)
{
    hrnet_evaluation *const e = d->run->e;
    const int *const size = e->config->model.image_size;
    const hrnet_objects *const found = &d->found[picture];
    const size_t image = d->pictures[picture];
    const int64_t category = hr_coco_box_category(e->annotations);
    d->n_not_finite += (size_t)found->n_not_finite;
    d->n_over_limit += (size_t)found->n_over_limit;
    for (int i = 0; i < found->n; i++) {
        const hrnet_object *const object = &found->objects[i];
        HR_GROW(e->boxes, e->n_boxes, e->boxes_capacity);
        e->boxes[e->n_boxes++] = (hr_eval_box){image, object->box, object->score};
        if (d->run->session == NULL || (double)object->score < e->config->test.image_thre) continue;
        HR_TRY(hr_samples_add_box(&e->samples, &e->samples_capacity, image, &object->box, (double)object->score,
                                  category, (double)size[0] / size[1]));
    }
    d->ends[picture] = e->samples.n;
    return HRNET_OK;
}

static hrnet_status detect_group(detection_run *d)
{
    hr_eval_run *const r = d->run;
    const hrnet_evaluation_options *const o = r->options;
    hrnet_pixels pixels[HR_EVAL_GROUP];
    hrnet_status statuses[HR_EVAL_GROUP];
    const float eval_nms = hrnet_detector_get_info(hrnet_detector_session_detector(o->detector)).eval_nms_iou;
    const hrnet_detect_options how = {.threshold = o->det_threshold != 0 ? o->det_threshold : THRESHOLD,
                                      .nms_iou = o->det_nms != 0 ? o->det_nms : eval_nms,
                                      .max_detections = o->max_detections != 0 ? o->max_detections : MOST_BOXES,
                                      .statuses = statuses,
                                      .on_refused = refuse_picture,
                                      .cancelled = is_cancelled,
                                      .context = d};
    for (int i = 0; i < r->n_images; i++) pixels[i] = hrnet_image_pixels(&r->images[i]);
    HR_TRY(hrnet_detector_session_detect(o->detector, pixels, r->n_images, &how, d->found));
    if (d->refused != HRNET_OK) return hr_fail(d->refused, "%s", d->reason);
    for (int i = 0; i < r->n_images; i++) HR_TRY(take_boxes(d, i));
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ pose */

/* Make the arrays beside the samples as long as these. */
static hrnet_status grow_poses(hrnet_evaluation *e)
{
    const size_t n_joints = (size_t)e->samples.n_joints, n = e->poses_capacity;
    if (e->samples.n <= n) return HRNET_OK;
    const size_t wanted = e->samples.n * 2;
    void *const poses = hr_resize(e->poses, n * n_joints, wanted * n_joints, sizeof *e->poses);
    if (poses != NULL) e->poses = poses;
    void *const scores = hr_resize(e->scores, n, wanted, sizeof *e->scores);
    if (scores != NULL) e->scores = scores;
    void *const kept = hr_resize(e->kept, n, wanted, sizeof *e->kept);
    if (kept != NULL) e->kept = kept;
    if (poses == NULL || scores == NULL || kept == NULL) return hr_fail_memory(wanted * n_joints * sizeof *e->poses);
    e->poses_capacity = wanted;
    return HRNET_OK;
}

static hrnet_status pose_persons(hr_eval_run *r)
{
    hrnet_keypoint *const poses = r->e->poses + r->first * (size_t)r->e->samples.n_joints;
    const hrnet_status status = hrnet_session_pose(r->session, r->persons, r->n_persons, &r->how, poses, NULL);
    r->first += (size_t)r->n_persons;
    r->n_persons = 0;
    return status;
}

/* Find the poses of the group's samples, which begin at r->first. */
static hrnet_status pose_group(detection_run *d)
{
    hr_eval_run *const r = d->run;
    size_t next = r->first;
    HR_TRY(grow_poses(r->e));
    for (int i = 0; i < r->n_images; i++) {
        for (; next < d->ends[i]; next++) {
            if (r->n_persons == HR_EVAL_GROUP) HR_TRY(pose_persons(r));
            r->persons[r->n_persons++] =
                (hrnet_person){.pixels = hrnet_image_pixels(&r->images[i]), .crop = &r->e->samples.list[next].crop};
        }
    }
    return r->n_persons > 0 ? pose_persons(r) : HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ the run */

static hrnet_status run_groups(detection_run *d)
{
    hr_eval_run *const r = d->run;
    for (size_t next = 0; next < r->n_pictures;) {
        HR_TRY(load_group(d, &next));
        HR_TRY(detect_group(d));
        HR_TRY(pose_group(d));
        release_group(d);
        if (r->options->on_progress != NULL) r->options->on_progress(r->options->context, next, r->n_pictures);
    }
    return HRNET_OK;
}

/* Boxes that were dropped are counted, since the score depends on them. */
static void tell_dropped(const detection_run *d)
{
    char what[64];
    snprintf(what, sizeof what, "warning: %zu boxes of the detector", d->n_not_finite);
    if (d->n_not_finite > 0) hr_eval_tell(d->run, what, "not finite numbers, left out");
    snprintf(what, sizeof what, "warning: %zu boxes of the detector", d->n_over_limit);
    if (d->n_over_limit > 0) hr_eval_tell(d->run, what, "more than are looked at in a picture, the worst are left out");
}

hrnet_status hr_eval_run_detector(hr_eval_run *r)
{
    detection_run *d;
    HR_NEW(d, 1);
    d->run = r;
    r->e->samples.n = 0;
    r->e->n_boxes = 0;
    const hrnet_status status = run_groups(d);
    if (status == HRNET_OK) tell_dropped(d);
    release_group(d);
    hr_free(d);
    return status;
}
