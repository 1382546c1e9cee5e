/*
 * evaluation_results.c - the results of a run: files, scores, and for each labelled person the pose that resembles it
 * most, worst first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "score/select_poses.h"
#include "data/image_store.h"
#include "eval/evaluation.h"
#include "pose/oks.h"

size_t hrnet_evaluation_n_skipped(const hrnet_evaluation *e)
{
    return e->n_skipped;
}

/* ---------------------------------------------------------------------------------------------- results */

static hrnet_status check_run(const hrnet_evaluation *e, const void *out)
{
    if (e == NULL || out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation: an argument is NULL");
    return e->has_run ? HRNET_OK : hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation: nothing was run yet");
}

/* The checks of every function for poses: arguments, a run, and the kind of set: 0 COCO, 1 MPII, -1 either. */
static hrnet_status check(const hrnet_evaluation *e, const void *out, int wanted)
{
    HR_TRY(check_run(e, out));
    if (!e->has_poses) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation: expected poses, found boxes alone");
    if (wanted >= 0 && wanted != e->is_mpii)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation: the set is one of %s", e->is_mpii ? "MPII" : "COCO");
    return HRNET_OK;
}

hrnet_status hrnet_evaluation_save(const hrnet_evaluation *e, const char *path)
{
    hr_file file;
    HR_TRY(check(e, path, -1));
    HR_TRY(hr_file_create(&file, path));
    if (e->is_mpii)
        hr_write_mpii_poses(file.stream, &e->samples, e->poses);
    else
        hr_write_coco_results(file.stream, &e->samples, e->poses, e->scores, e->kept, e->n_kept);
    return hr_file_commit(&file);
}

hrnet_status hrnet_evaluation_save_mat(const hrnet_evaluation *e, const char *path)
{
    HR_TRY(check(e, path, 1));
    return hrnet_mpii_poses_save(e->poses, e->samples.n, path);
}

/* The kept poses as hrnet_coco_evaluate takes them. Areas stay NULL: those of the keypoints' extents, as upstream. */
static hrnet_status fill_results(const hrnet_evaluation *e, hrnet_coco_results *results)
{
    const size_t n_joints = (size_t)e->samples.n_joints;
    results->n = e->n_kept;
    results->n_keypoints = e->samples.n_joints;
    HR_NEW(results->image_ids, e->n_kept);
    HR_NEW(results->category_ids, e->n_kept);
    HR_NEW(results->scores, e->n_kept);
    HR_NEW(results->keypoints, e->n_kept * n_joints * 3);
    for (size_t i = 0; i < e->n_kept; i++) {
        const hr_sample *const sample = &e->samples.list[e->kept[i]];
        const hrnet_keypoint *const pose = e->poses + e->kept[i] * n_joints;
        double *const to = results->keypoints + i * n_joints * 3;
        results->image_ids[i] = e->samples.images[sample->image].id;
        results->category_ids[i] = sample->category;
        results->scores[i] = e->scores[e->kept[i]];
        for (size_t j = 0; j < n_joints; j++) {
            to[3 * j] = (double)pose[j].x;
            to[3 * j + 1] = (double)pose[j].y;
            to[3 * j + 2] = (double)pose[j].score;
        }
    }
    return HRNET_OK;
}

hrnet_status hrnet_evaluation_coco(const hrnet_evaluation *e, hrnet_coco_score *out)
{
    hrnet_coco_results results = {0};
    HR_TRY(check(e, out, 0));
    const hrnet_coco_options options = {.sigmas = e->exact_sigmas};
    hrnet_status status = fill_results(e, &results);
    if (status == HRNET_OK) status = hrnet_coco_evaluate(out, e->annotations, &results, &options);
    hrnet_coco_results_free(&results);
    return status;
}

/* The detector's boxes as hrnet_box_evaluate takes them. */
static hrnet_status fill_boxes(const hrnet_evaluation *e, hrnet_coco_results *results)
{
    const int64_t category = hr_coco_box_category(e->annotations);
    results->n = e->n_boxes;
    HR_NEW(results->image_ids, e->n_boxes);
    HR_NEW(results->category_ids, e->n_boxes);
    HR_NEW(results->scores, e->n_boxes);
    HR_NEW(results->boxes, e->n_boxes);
    for (size_t i = 0; i < e->n_boxes; i++) {
        const hr_eval_box *const found = &e->boxes[i];
        const double box[4] = {(double)found->box.x, (double)found->box.y, (double)found->box.w, (double)found->box.h};
        results->image_ids[i] = e->samples.images[found->image].id;
        results->category_ids[i] = category;
        results->scores[i] = (double)found->score;
        memcpy(results->boxes[i], box, sizeof box);
    }
    return HRNET_OK;
}

static hrnet_status check_boxes(const hrnet_evaluation *e, const void *out)
{
    HR_TRY(check_run(e, out));
    return e->detects
               ? HRNET_OK
               : hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation: expected boxes of a detector, found boxes of a file");
}

hrnet_status hrnet_evaluation_boxes(const hrnet_evaluation *e, hrnet_box_score *out)
{
    hrnet_coco_results results = {0};
    HR_TRY(check_boxes(e, out));
    hrnet_status status = fill_boxes(e, &results);
    if (status == HRNET_OK) status = hrnet_box_evaluate(out, e->annotations, &results);
    hrnet_coco_results_free(&results);
    return status;
}

hrnet_status hrnet_evaluation_save_boxes(const hrnet_evaluation *e, const char *path)
{
    hrnet_coco_results results = {0};
    hr_file file;
    HR_TRY(check_boxes(e, path));
    hrnet_status status = fill_boxes(e, &results);
    if (status == HRNET_OK) status = hr_file_create(&file, path);
    if (status == HRNET_OK) {
        hr_write_box_results(file.stream, &results);
        status = hr_file_commit(&file);
    }
    hrnet_coco_results_free(&results);
    return status;
}

hrnet_status hrnet_evaluation_mpii(const hrnet_evaluation *e, hrnet_mpii_score *out)
{
    HR_TRY(check(e, out, 1));
    if (e->truth == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: expected ground truth (gt_<set>.mat) beside it, found none",
                       e->annotations_path);
    return hrnet_mpii_evaluate(out, e->truth, e->poses, e->samples.n);
}

/* ---------------------------------------------------------------------------------------------- errors */

static int worst_first(const void *a, const void *b)
{
    const hrnet_person_error *const x = a, *const y = b;
    if (x->oks != y->oks) return x->oks < y->oks ? -1 : 1;
    return x->truth < y->truth ? -1 : x->truth > y->truth; /* all in one block, so this is the file's order */
}

static int is_labelled(const hr_truth *truth, int n_joints)
{
    for (int j = 0; j < n_joints; j++)
        if (truth->keypoints[3 * j + 2] > 0) return 1;
    return 0;
}

/* The pose of samples [first, end) with the highest OKS; none if the range is empty. */
static hrnet_person_error find_best(const hrnet_evaluation *e, const hr_truth *truth, size_t first, size_t end)
{
    const int n_joints = e->samples.n_joints;
    hrnet_person_error error = {.image = e->samples.images[truth->image].name,
                                .image_index = truth->image,
                                .truth = truth->keypoints,
                                .area = truth->area};
    for (size_t i = first; i < end; i++) {
        const hrnet_keypoint *const pose = e->poses + i * (size_t)n_joints;
        const double oks = hr_oks_truth(truth->keypoints, truth->area, pose, e->sigmas, n_joints);
        if (error.pose != NULL && !(oks > error.oks)) continue;
        error.pose = pose;
        error.oks = oks;
    }
    return error;
}

hrnet_status hrnet_evaluation_errors(const hrnet_evaluation *e, hrnet_person_error **out, size_t *n)
{
    hrnet_person_error *errors;
    size_t *first; /* [n_images]: the first sample of a picture; samples.n: it has none */
    if (n == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation: an argument is NULL");
    HR_TRY(check(e, out, -1));
    const hr_samples *const s = &e->samples;
    HR_NEW(errors, s->n_truths);
    first = hr_alloc(s->n_images, sizeof *first);
    if (first == NULL) {
        hr_free(errors);
        return hr_fail_memory(s->n_images * sizeof *first);
    }
    for (size_t i = 0; i < s->n_images; i++) first[i] = s->n;
    for (size_t i = s->n; i-- > 0;) first[s->list[i].image] = i; /* backwards: the first one is written last */
    size_t n_errors = 0;
    for (size_t t = 0; t < s->n_truths; t++) {
        const hr_truth *const truth = &s->truths[t];
        const int own = truth->sample != SIZE_MAX;
        size_t begin = own ? truth->sample : first[truth->image], end = begin;
        if (e->skipped[truth->image] || !is_labelled(truth, s->n_joints)) continue;
        /* its own sample alone (MPII), else all samples of the picture, which follow each other */
        while (end < s->n && s->list[end].image == truth->image && !(own && end > begin)) end++;
        errors[n_errors++] = find_best(e, truth, begin, end);
    }
    hr_free(first);
    qsort(errors, n_errors, sizeof *errors, worst_first);
    *out = errors;
    *n = n_errors;
    return HRNET_OK;
}

void hrnet_person_errors_free(hrnet_person_error *errors)
{
    hr_free(errors);
}

hrnet_status hrnet_evaluation_image(hrnet_evaluation *e, size_t image_index, hrnet_image *out)
{
    hr_image_store *store;
    if (e == NULL || out == NULL || image_index >= e->samples.n_images)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation_image: no such picture");
    HR_TRY(hr_image_store_open(&store, e->images_path, 1));
    const hrnet_status status = hr_image_store_load(store, 0, e->samples.images[image_index].name, out);
    hr_image_store_close(store);
    return status;
}
