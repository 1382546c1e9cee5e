/*
 * evaluation_open.c - from a configuration to a validation set: the paths of its files, where the published code
 * expects them or where the caller says; the samples; and the sigmas and weights of keypoints.
 *
 * Which boxes (COCO): a detector's, which a run finds, if the caller wants it; the caller's detections if given; else
 * ground truth, if TEST.USE_GT_BBOX is set and the
 * annotations have persons; else those of TEST.COCO_BBOX_FILE.
 */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/annotations_part.h"
#include "data/coco_json.h"
#include "data/picture_check.h"
#include "data/samples.h"
#include "data/set_files.h"
#include "eval/evaluation.h"
#include "pose/oks.h"

enum { MAX_FILE = 1 << 30 };

/* MPII publishes no sigmas. This one, for hrnet_evaluation_errors alone, is between COCO's 0.062 of a wrist and 0.107
 * of a hip. */
static const float mpii_sigma = 0.08f;

static hrnet_status copy(char **out, const char *text)
{
    *out = hr_strdup(text);
    return *out != NULL ? HRNET_OK : hr_fail_memory(strlen(text) + 1);
}

static hr_set_files published_files(const hrnet_evaluation *e)
{
    return (hr_set_files){.data_dir = e->config->data_dir,
                          .root = e->config->dataset.root,
                          .set = e->config->dataset.test_set,
                          .is_mpii = e->is_mpii,
                          .is_zip = strcmp(e->config->dataset.data_format, "zip") == 0};
}

/* After the annotations: their pictures tell which folder it is. */
static hrnet_status find_images(hrnet_evaluation *e, const hrnet_evaluation_files *files)
{
    hr_set_files published = published_files(e);
    published.samples = &e->samples;
    return files->images != NULL ? copy(&e->images_path, files->images)
                                 : hr_set_images_path(&e->images_path, &published);
}

/* truth_path stays NULL if there is no gt_<set>.mat: poses can be found without it. */
static hrnet_status find_files(hrnet_evaluation *e, const hrnet_evaluation_files *files)
{
    const hr_set_files published = published_files(e);
    if (files->annotations != NULL)
        HR_TRY(copy(&e->annotations_path, files->annotations));
    else
        HR_TRY(hr_set_annotations_path(&e->annotations_path, &published));
    if (!e->is_mpii) return HRNET_OK;
    if (files->truth != NULL) return copy(&e->truth_path, files->truth);
    HR_TRY(hr_set_path(&e->truth_path, &published, "annot/gt_", ".mat"));
    if (access(e->truth_path, F_OK) == 0) return HRNET_OK;
    hr_free(e->truth_path);
    e->truth_path = NULL;
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- COCO */

/* Pass a line to the caller and release it. A line that ran out of memory is not worth a failure. */
static void send_message(const hrnet_evaluation_files *files, hr_text *line)
{
    if (!line->failed && line->data != NULL && files->on_message != NULL) files->on_message(files->context, line->data);
    hr_text_free(line);
}

/* No annotation tool writes sigmas: without any, every keypoint gets HR_DEFAULT_SIGMA, and COCO's number of keypoints
 * COCO's, as pycocotools does. What is assumed is told. */
static hrnet_status assume_sigmas(hrnet_evaluation *e, const hrnet_evaluation_files *files, int n)
{
    const int is_coco = n == hrnet_skeleton_coco()->n_keypoints;
    hr_text line = {0};
    HR_NEW(e->assumed_sigmas, (size_t)n);
    for (int j = 0; j < n; j++)
        e->assumed_sigmas[j] = is_coco ? hrnet_dataset_info_coco()->sigmas[j] : HR_DEFAULT_SIGMA;
    for (int j = 0; j < n; j++) e->sigmas[j] = (float)e->assumed_sigmas[j];
    e->exact_sigmas = e->assumed_sigmas;
    if (is_coco)
        hr_text_add(&line,
                    "warning: %s: no OKS constants (sigmas): those of COCO are taken (a --description gives others)",
                    e->annotations_path);
    else
        hr_text_add(
            &line,
            "warning: %s: no OKS constants (sigmas): %g is taken for each of its %d keypoints (a --description with "
            "\"sigmas: [%g, ...]\" gives others)",
            e->annotations_path, HR_DEFAULT_SIGMA, n, HR_DEFAULT_SIGMA);
    send_message(files, &line);
    return HRNET_OK;
}

static hrnet_status choose_sigmas(hrnet_evaluation *e, const hrnet_evaluation_files *files,
                                  const hrnet_dataset_info *info)
{
    const int n = e->samples.n_joints;
    if (info->skeleton.n_keypoints != n && (info->skeleton.sigmas != NULL || n != hrnet_skeleton_coco()->n_keypoints))
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected %d keypoints as in the description, found %d",
                       e->annotations_path, info->skeleton.n_keypoints, n);
    HR_NEW(e->sigmas, (size_t)n);
    if (info->skeleton.n_keypoints == n) e->joint_weights = info->weights;
    if (info->skeleton.sigmas == NULL) return assume_sigmas(e, files, n);
    memcpy(e->sigmas, info->skeleton.sigmas, (size_t)n * sizeof *e->sigmas);
    e->exact_sigmas = info->sigmas;
    return HRNET_OK;
}

/* Tell the caller how many boxes were left out because their pictures are not listed. */
static void report_unknown(const hrnet_evaluation *e, const hrnet_evaluation_files *files, size_t n)
{
    hr_text text = {0};
    if (n == 0) return;
    hr_text_add(&text, "warning: %s: %zu boxes are of pictures that %s does not list: left out", e->detections_path, n,
                e->annotations_path);
    send_message(files, &text);
}

static hrnet_status add_detections(hrnet_evaluation *e, double aspect, const hrnet_evaluation_files *files)
{
    const char *const path = files->detections != NULL ? files->detections : e->config->test.coco_bbox_file;
    const hrnet_detections_options options = {
        .annotations = e->annotations, .on_message = files->on_message, .context = files->context};
    hrnet_detection *detections = NULL;
    size_t n = 0, n_unknown = 0;
    if (path[0] == '\0')
        return hr_fail(HRNET_ERR_CONFIG, "TEST.COCO_BBOX_FILE: expected a detector's boxes, because %s",
                       e->config->test.use_gt_bbox ? "the set has no ground truth" : "TEST.USE_GT_BBOX is not set");
    HR_TRY(copy(&e->detections_path, path));
    HR_TRY(hrnet_detections_open(&detections, &n, path, &options));
    const hrnet_status status = hr_coco_set_detections(&e->samples, e->annotations, detections, n,
                                                       e->config->test.image_thre, aspect, &n_unknown);
    hrnet_detections_free(detections, n);
    if (status != HRNET_OK) return hr_fail_in(status, path);
    report_unknown(e, files, n_unknown);
    return HRNET_OK;
}

/* Pictures alone, in which a run finds the boxes. A detector of persons says nothing of several categories. */
static hrnet_status add_pictures(hrnet_evaluation *e, double aspect)
{
    size_t n, n_unknown;
    hr_annotations_categories(e->annotations, &n);
    if (n > 1)
        return hr_fail(HRNET_ERR_MISMATCH,
                       "%s: expected one category, that of the persons whom the detector finds, found %zu: choose one "
                       "(--category)",
                       e->annotations_path, n);
    return hr_coco_set_detections(&e->samples, e->annotations, NULL, 0, 0, aspect, &n_unknown);
}

/* Ground-truth boxes; the caller is told of persons that are none. */
static hrnet_status add_truth(hrnet_evaluation *e, double aspect, const hrnet_evaluation_files *files)
{
    hr_text text = {0};
    HR_TRY(hr_coco_set_truth(&e->samples, e->annotations, aspect));
    hr_add_sample_counts(&text, &e->samples.left_out);
    if (text.failed || text.data == NULL) {
        hr_text_free(&text);
        return HRNET_OK;
    }
    hr_text line = {0};
    hr_text_add(&line, "%s: %zu persons%s", e->annotations_path, e->samples.n, text.data);
    hr_text_free(&text);
    send_message(files, &line);
    return HRNET_OK;
}

/* DATASET.VALID_PART: the pictures that the training set of the same annotations leaves out. */
static hrnet_status keep_valid_part(hrnet_evaluation *e, const hrnet_evaluation_files *files)
{
    hr_part_counts counts;
    hr_text line = {0};
    const double part = e->config->dataset.valid_part;
    const hrnet_status status = hr_annotations_keep_part(e->annotations, part, 1, &counts);
    if (status != HRNET_OK) return hr_fail_in(status, e->annotations_path);
    hr_text_add(&line, "%s: the %zu of %zu pictures that were not trained on (DATASET.VALID_PART %g)",
                e->annotations_path, counts.n_valid, counts.n, part);
    send_message(files, &line);
    return HRNET_OK;
}

static hrnet_status open_coco(hrnet_evaluation *e, const hrnet_evaluation_files *files, int with_part)
{
    const int *const size = e->config->model.image_size;
    const double aspect = (double)size[0] / size[1];
    const hrnet_annotations_options options = {.category = files->category,
                                               .n_keypoints =
                                                   hr_config_detects(e->config) ? 0 : e->config->model.n_joints,
                                               .on_message = files->on_message,
                                               .context = files->context};
    HR_TRY(hrnet_annotations_open(&e->annotations, e->annotations_path, &options));
    if (with_part) HR_TRY(keep_valid_part(e, files));
    const int has_truth = hrnet_annotations_n(e->annotations) > 0;
    const int with_truth = !e->detects && files->detections == NULL && e->config->test.use_gt_bbox && has_truth;
    if (with_truth) HR_TRY(hr_labels_check(e->annotations, e->annotations_path, 1));
    HR_TRY(e->detects   ? add_pictures(e, aspect)
           : with_truth ? add_truth(e, aspect, files)
                        : add_detections(e, aspect, files));
    const hrnet_dataset_info *info = files->info != NULL ? files->info : hrnet_annotations_info(e->annotations);
    if (!has_truth && e->samples.n_joints == 0) { /* image_info_*.json has no category with keypoints */
        e->samples.n_joints = e->config->model.n_joints;
        if (files->info == NULL) info = hrnet_dataset_info_coco();
    }
    e->info = info;
    return hr_config_detects(e->config) ? HRNET_OK : choose_sigmas(e, files, info);
}

/* Nobody to evaluate, with the reasons. */
static hrnet_status fail_empty(const hrnet_evaluation *e)
{
    hr_text reasons = {0};
    if (e->annotations != NULL) hr_add_annotation_counts(&reasons, hr_annotations_counts(e->annotations));
    hr_add_sample_counts(&reasons, &e->samples.left_out);
    const hrnet_status status = hr_fail(HRNET_ERR_FORMAT, "%s: expected %s to evaluate, found none%s",
                                        e->detections_path != NULL ? e->detections_path : e->annotations_path,
                                        e->detects ? "pictures" : "persons", reasons.data != NULL ? reasons.data : "");
    hr_text_free(&reasons);
    return status;
}

/* ---------------------------------------------------------------------------------------------- MPII */

static hrnet_status open_mpii(hrnet_evaluation *e)
{
    hr_bytes bytes;
    HR_TRY(hr_file_read(&bytes, e->annotations_path, MAX_FILE));
    const hrnet_status status = hr_mpii_set_parse(&e->samples, bytes.data, bytes.size);
    hr_free(bytes.data);
    if (status != HRNET_OK) return hr_fail_in(status, e->annotations_path);
    HR_NEW(e->sigmas, (size_t)e->samples.n_joints);
    for (int j = 0; j < e->samples.n_joints; j++) e->sigmas[j] = mpii_sigma;
    e->joint_weights = hrnet_dataset_info_mpii()->weights;
    if (e->truth_path == NULL) return HRNET_OK;
    HR_TRY(hrnet_mpii_truth_load(&e->truth, e->truth_path));
    if (hrnet_mpii_truth_n(e->truth) != e->samples.n)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected %zu persons as in %s, found %zu", e->truth_path, e->samples.n,
                       e->annotations_path, hrnet_mpii_truth_n(e->truth));
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- life */

static hrnet_status open_set(hrnet_evaluation *e, const hrnet_evaluation_files *files, int with_part)
{
    HR_TRY(hr_set_is_mpii(&e->is_mpii, e->config->dataset.dataset, "DATASET"));
    HR_TRY(find_files(e, files));
    e->info = files->info;
    e->is_given = files->info != NULL;
    e->detects = files->detect != 0;
    if (hr_config_detects(e->config) && !e->detects)
        return hr_fail(HRNET_ERR_MISMATCH, "MODEL.NAME: %s finds boxes, not the poses of persons whose boxes are known",
                       e->config->model.name);
    if (e->detects && e->is_mpii)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "DATASET.DATASET: expected coco to find persons in, found %s",
                       e->config->dataset.dataset);
    HR_TRY(e->is_mpii ? open_mpii(e) : open_coco(e, files, with_part));
    if (e->detects ? e->samples.n_images == 0 : e->samples.n == 0) return fail_empty(e);
    HR_TRY(find_images(e, files));
    HR_NEW(e->poses, e->samples.n * (size_t)e->samples.n_joints);
    HR_NEW(e->scores, e->samples.n);
    HR_NEW(e->kept, e->samples.n);
    HR_NEW(e->skipped, e->samples.n_images);
    return HRNET_OK;
}

hrnet_status hr_evaluation_open(hrnet_evaluation **out, const hr_config *config, const hrnet_evaluation_files *files,
                                int with_part)
{
    hrnet_evaluation *e;
    HR_TRY(HR_CHECK_RESERVED(files, "hrnet_evaluation_files"));
    if (files->info != NULL) HR_TRY(HR_CHECK_RESERVED(files->info, "hrnet_dataset_info"));
    HR_NEW(e, 1);
    e->config = config;
    const hrnet_status status = open_set(e, files, with_part);
    if (status != HRNET_OK) {
        hrnet_evaluation_free(e);
        return status;
    }
    *out = e;
    return HRNET_OK;
}

hrnet_status hrnet_evaluation_open(hrnet_evaluation **out, const hrnet_config *config,
                                   const hrnet_evaluation_files *files)
{
    const hrnet_evaluation_files defaults = {0};
    if (out == NULL || config == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation_open: an argument is NULL");
    if (files == NULL) files = &defaults;
    if (files->detect && files->detections != NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation_files: detections beside detect");
    /* other annotations than the configuration's are evaluated whole */
    return hr_evaluation_open(out, config, files, config->dataset.valid_part > 0 && files->annotations == NULL);
}

hrnet_status hr_evaluation_check_pictures(const hrnet_evaluation *e, int skip_broken, hrnet_message_fn *on_message,
                                          void *context)
{
    hr_picture_check found;
    hr_text line = {0};
    HR_TRY(hr_pictures_check(&found, &e->samples, e->images_path));
    const hrnet_status status = hr_pictures_judge(&found, e->images_path, skip_broken);
    if (status == HRNET_OK && found.n_missing + found.n_broken > 0)
        hr_text_add(&line,
                    "warning: %s: %zu of %zu pictures cannot be validated with, %zu are not there, %zu cannot be "
                    "read: %s",
                    e->images_path, found.n_missing + found.n_broken, found.n, found.n_missing, found.n_broken,
                    found.first);
    if (line.data != NULL && !line.failed && on_message != NULL) on_message(context, line.data);
    hr_text_free(&line);
    hr_free(found.bad);
    return status;
}

static size_t count_pictures(const hrnet_evaluation *e)
{
    const hr_samples *const samples = &e->samples;
    size_t n = 0;
    if (e->detects) {
        for (size_t i = 0; i < samples->n_images; i++)
            n += hrnet_annotations_find_image(e->annotations, samples->images[i].id) == i;
        return n;
    }
    for (size_t i = 0; i < samples->n; i++) n += i == 0 || samples->list[i].image != samples->list[i - 1].image;
    return n;
}

hrnet_evaluation_info hrnet_evaluation_get_info(const hrnet_evaluation *e)
{
    return (hrnet_evaluation_info){.is_mpii = e->is_mpii,
                                   .set = e->config->dataset.test_set,
                                   .annotations = e->annotations_path,
                                   .images = e->images_path,
                                   .detections = e->detections_path,
                                   .detects = e->detects,
                                   .image_thre = e->config->test.image_thre,
                                   .has_truth = e->is_mpii ? e->truth != NULL : hrnet_annotations_n(e->annotations) > 0,
                                   .n_joints = e->samples.n_joints,
                                   .n_images = count_pictures(e),
                                   .n_persons = e->samples.n};
}

void hrnet_evaluation_free(hrnet_evaluation *e)
{
    if (e == NULL) return;
    hr_samples_free(&e->samples);
    hrnet_annotations_free(e->annotations);
    hrnet_mpii_truth_free(e->truth);
    hr_free(e->annotations_path);
    hr_free(e->images_path);
    hr_free(e->detections_path);
    hr_free(e->truth_path);
    hr_free(e->sigmas);
    hr_free(e->assumed_sigmas);
    hr_free(e->poses);
    hr_free(e->skipped);
    hr_free(e->scores);
    hr_free(e->kept);
    hr_free(e->boxes);
    hr_free(e);
}
