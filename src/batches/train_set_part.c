/*
 * train_set_part.c - one dataset of a training set, in four steps:
 *   1. read_coco, read_mpii; its files are where hr_set_annotations_path finds them
 *   2. check_pictures   drops the persons of pictures that are not there, if that is wanted
 *   3. map_joints       which of its keypoints is which joint of the network: by number (the first set), by name, or by
 *                       the table MORE_SETS[i].KEYPOINTS
 *   4. choose_persons   drops the persons of EXCLUDE, those without any of the joints, and those that SELECT_DATA drops
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/annotations_part.h"
#include "data/coco_json.h"
#include "data/picture_check.h"
#include "data/samples.h"
#include "data/set_files.h"
#include "batches/train_set.h"

enum { MAX_FILE = 1 << 30 };

/* Pass a line to the caller and release it. A line that ran out of memory is not worth a failure. */
static void send_message(const hr_part_options *o, hr_text *line)
{
    if (!line->failed && line->data != NULL && o->files->on_message != NULL)
        o->files->on_message(o->files->context, line->data);
    hr_text_free(line);
}

/* ---------------------------------------------------------------------------------------------- reading */

static hrnet_status copy(char **out, const char *text)
{
    *out = hr_strdup(text);
    return *out != NULL ? HRNET_OK : hr_fail_memory(strlen(text) + 1);
}

static hr_set_files files_of(const hr_part_options *o, int is_mpii)
{
    return (hr_set_files){.data_dir = o->config->data_dir,
                          .root = o->root,
                          .set = o->set,
                          .is_mpii = is_mpii,
                          .is_zip = strcmp(o->data_format, "zip") == 0};
}

static hrnet_status choose_annotations(hr_train_part *part, const hr_part_options *o, int is_mpii)
{
    const hr_set_files published = files_of(o, is_mpii);
    return o->files->annotations != NULL ? copy(&part->annotations_path, o->files->annotations)
                                         : hr_set_annotations_path(&part->annotations_path, &published);
}

/* After the annotations: their pictures tell which folder it is. */
static hrnet_status choose_images(hr_train_part *part, const hr_part_options *o, int is_mpii)
{
    hr_set_files published = files_of(o, is_mpii);
    published.samples = &part->samples;
    return o->files->images != NULL ? copy(&part->images_path, o->files->images)
                                    : hr_set_images_path(&part->images_path, &published);
}

/* DATASET.VALID_PART: the first set without the pictures that validate. */
static hrnet_status leave_valid_part(hr_train_part *part, const hr_part_options *o)
{
    const double valid_part = o->config->dataset.valid_part;
    hr_part_counts counts;
    hr_text line = {0};
    if (o->more != NULL || !(valid_part > 0)) return HRNET_OK;
    const hrnet_status status = hr_annotations_keep_part(part->annotations, valid_part, 0, &counts);
    if (status != HRNET_OK) return hr_fail_in(status, part->annotations_path);
    hr_text_add(&line, "%s: %zu of %zu pictures with %s are kept for validation (DATASET.VALID_PART %g)",
                part->annotations_path, counts.n_valid, counts.n,
                hrnet_annotations_info(part->annotations)->skeleton.n_keypoints > 0 ? "keypoints" : "boxes",
                valid_part);
    send_message(o, &line);
    return HRNET_OK;
}

static hrnet_status read_coco(hr_train_part *part, const hr_part_options *o, const hrnet_dataset_info **info)
{
    const int *const size = o->config->model.image_size;
    /* a further set's keypoints are mapped to joints: any number of them will do */
    const int detects = hr_config_detects(o->config);
    const int n_joints = o->more == NULL && !detects ? o->config->model.n_joints : 0;
    const hrnet_annotations_options options = {.category = o->files->category,
                                               .n_keypoints = n_joints,
                                               .on_message = o->files->on_message,
                                               .context = o->files->context};
    HR_TRY(hrnet_annotations_open(&part->annotations, part->annotations_path, &options));
    *info = hrnet_annotations_info(part->annotations);
    if (o->files->check_pictures) HR_TRY(hr_labels_check(part->annotations, part->annotations_path, !detects));
    HR_TRY(leave_valid_part(part, o));
    if (detects) return hr_train_part_boxes(part);
    return hr_coco_set_truth(&part->samples, part->annotations, (double)size[0] / size[1]);
}

static hrnet_status read_mpii(hr_train_part *part, const hr_part_options *o, const hrnet_dataset_info **info)
{
    hr_bytes bytes;
    if (o->more == NULL && o->config->dataset.valid_part > 0)
        return hr_fail(HRNET_ERR_CONFIG, "DATASET.VALID_PART: only sets in COCO's format are divided");
    HR_TRY(hr_file_read(&bytes, part->annotations_path, MAX_FILE));
    const hrnet_status status = hr_mpii_set_parse(&part->samples, bytes.data, bytes.size);
    hr_free(bytes.data);
    *info = hrnet_dataset_info_mpii();
    if (status != HRNET_OK) return hr_fail_in(status, part->annotations_path);
    for (size_t i = 0; i < part->samples.n; i++)
        if (part->samples.list[i].keypoints == NULL)
            return hr_fail(HRNET_ERR_FORMAT, "%s: entry %zu: expected joints, found none: this is no set to train on",
                           part->annotations_path, i);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- joints */

static int find_name(const hrnet_skeleton *skeleton, const char *name)
{
    for (int i = 0; i < skeleton->n_keypoints; i++)
        if (strcmp(skeleton->keypoint_names[i], name) == 0) return i;
    return -1;
}

/* Joints and keypoints of equal names; at least one, or the set has no use. */
static hrnet_status map_by_names(hr_train_part *part, const hrnet_skeleton *ours, const hrnet_skeleton *theirs)
{
    int n = 0;
    for (int j = 0; j < ours->n_keypoints; j++) {
        part->source[j] = find_name(theirs, ours->keypoint_names[j]);
        n += part->source[j] >= 0;
    }
    if (n > 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_MISMATCH,
                   "%s: %s: expected keypoints with names of joints (%s, ...), found none (%s, ...): KEYPOINTS must "
                   "say which is which",
                   part->where, part->annotations_path, ours->keypoint_names[0], theirs->keypoint_names[0]);
}

static hrnet_status find_or_fail(const hr_train_part *part, const hrnet_skeleton *skeleton, const char *name,
                                 const char *whose, int *out)
{
    *out = find_name(skeleton, name);
    if (*out >= 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_CONFIG, "%s.KEYPOINTS: %s has no keypoint \"%s\"", part->where, whose, name);
}

/* KEYPOINTS: pairs of a keypoint of this set and a joint. */
static hrnet_status map_by_table(hr_train_part *part, const hr_set_config *more, const hrnet_skeleton *ours,
                                 const hrnet_skeleton *theirs)
{
    for (int j = 0; j < ours->n_keypoints; j++) part->source[j] = -1;
    for (int i = 0; i < more->n_keypoints; i++) {
        int from, to;
        HR_TRY(find_or_fail(part, theirs, more->keypoints[i][0], part->annotations_path, &from));
        HR_TRY(find_or_fail(part, ours, more->keypoints[i][1], "the first set", &to));
        if (part->source[to] >= 0)
            return hr_fail(HRNET_ERR_CONFIG, "%s.KEYPOINTS: two keypoints are \"%s\"", part->where,
                           more->keypoints[i][1]);
        part->source[to] = from;
    }
    return HRNET_OK;
}

static hrnet_status map_joints(hr_train_part *part, const hr_part_options *o, const hrnet_dataset_info *theirs)
{
    const hrnet_dataset_info *const ours = o->info != NULL ? o->info : theirs;
    const int n = ours->skeleton.n_keypoints;
    if (theirs->skeleton.n_keypoints == 0)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected persons with keypoints, found none", part->annotations_path);
    HR_NEW(part->source, (size_t)n);
    if (o->more != NULL && o->more->n_keypoints > 0)
        return map_by_table(part, o->more, &ours->skeleton, &theirs->skeleton);
    /* a further set must be mapped; the first one's keypoints are the joints, in their order */
    if (o->more != NULL) return map_by_names(part, &ours->skeleton, &theirs->skeleton);
    if (theirs->skeleton.n_keypoints != n)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected %d keypoints as in the description, found %d",
                       part->annotations_path, n, theirs->skeleton.n_keypoints);
    if (n != o->config->model.n_joints)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected %d keypoints (MODEL.NUM_JOINTS), found %d",
                       part->annotations_path, o->config->model.n_joints, n);
    for (int j = 0; j < n; j++) part->source[j] = j;
    return HRNET_OK;
}

void hr_train_part_joints(const hr_train_part *part, size_t person, int n_joints, double *joints)
{
    const double *const keypoints = part->samples.list[person].keypoints;
    for (int j = 0; j < n_joints; j++) {
        double *const to = joints + 3 * (ptrdiff_t)j;
        to[0] = to[1] = to[2] = 0;
        if (part->source[j] < 0) continue;
        memcpy(to, keypoints + 3 * (ptrdiff_t)part->source[j], 3 * sizeof *to);
        to[2] = to[2] > 1 ? 1 : to[2] > 0 ? to[2] : 0; /* COCO's 1 (hidden) and 2 (visible) are both 1 in training */
    }
}

/* ---------------------------------------------------------------------------------------------- persons */

/* Upstream's JointsDataset.select_data: keep a person whose visible joints have their mean near the centre of the box.
 *   exp(-|mean - centre|^2 / (2 * 0.2^2 * area)) > 0.45 + 0.2 / 16 * (n - 1)      for n visible joints */
static int is_selected(const hrnet_crop *crop, const double *joints, int n_joints)
{
    double x = 0, y = 0;
    int n = 0;
    for (int j = 0; j < n_joints; j++) {
        if (!(joints[3 * j + 2] > 0)) continue;
        x += joints[3 * j];
        y += joints[3 * j + 1];
        n++;
    }
    if (n == 0) return 0;
    const double dx = x / n - (double)crop->center[0], dy = y / n - (double)crop->center[1];
    const double area = (double)(crop->scale[0] * crop->scale[1]) * 200 * 200;
    const double similarity = exp(-(dx * dx + dy * dy) / (0.2 * 0.2 * 2.0 * area));
    return similarity > 0.2 / 16 * n + 0.45 - 0.2 / 16;
}

static int has_joint(const double *joints, int n_joints)
{
    for (int j = 0; j < n_joints; j++)
        if (joints[3 * j + 2] > 0) return 1;
    return 0;
}

/* Keep the persons of pictures that are there; part->bad remembers the others, for pictures that cannot be read later.
 */
static hrnet_status check_pictures(hr_train_part *part, const hr_part_options *o)
{
    hr_samples *const samples = &part->samples;
    hr_picture_check found;
    hr_text line = {0};
    size_t n = 0;
    if (!o->files->check_pictures) return HRNET_OK;
    HR_TRY(hr_pictures_check(&found, samples, part->images_path));
    part->bad = found.bad;
    HR_TRY(hr_pictures_judge(&found, part->images_path, o->files->skip_broken));
    for (size_t i = 0; i < samples->n; i++)
        if (!part->bad[samples->list[i].image]) samples->list[n++] = samples->list[i];
    if (n < samples->n)
        hr_text_add(&line,
                    "warning: %s: %zu of %zu pictures are left out with %zu persons, %zu are not there, %zu cannot "
                    "be read: %s",
                    part->images_path, found.n_missing + found.n_broken, found.n, samples->n - n, found.n_missing,
                    found.n_broken, found.first);
    samples->n = n;
    send_message(o, &line);
    return HRNET_OK;
}

/* How many persons there were, and why they were dropped. */
typedef struct counts {
    size_t n_all, n_excluded, n_without_joints, n_not_selected;
} counts;

/* Move the persons that are kept to the front of samples->list. joints [n_joints][3]: scratch. */
static void choose(hr_train_part *part, const hr_part_options *o, const hr_id_list *exclude, int n_joints,
                   double *joints, counts *t)
{
    hr_samples *const samples = &part->samples;
    size_t n = 0;
    t->n_all = samples->n;
    for (size_t i = 0; i < samples->n; i++) {
        hr_train_part_joints(part, i, n_joints, joints);
        if (hr_id_list_has(exclude, samples->list[i].id))
            t->n_excluded++;
        else if (o->more != NULL && !has_joint(joints, n_joints))
            t->n_without_joints++;
        else if (o->config->dataset.select_data && !is_selected(&samples->list[i].crop, joints, n_joints))
            t->n_not_selected++;
        else
            samples->list[n++] = samples->list[i];
    }
    samples->n = n;
}

/* Append why annotations did not become persons. */
static void add_reasons(const hr_train_part *part, hr_text *line)
{
    if (part->annotations != NULL) hr_add_annotation_counts(line, hr_annotations_counts(part->annotations));
    hr_add_sample_counts(line, &part->samples.left_out);
}

/* Append how many persons were dropped for which reason. */
static void add_counts(const hr_part_options *o, const counts *t, hr_text *line)
{
    if (t->n_excluded > 0) hr_text_add(line, "; %zu are left out by %s", t->n_excluded, o->exclude);
    if (t->n_without_joints > 0) hr_text_add(line, "; %zu have none of them", t->n_without_joints);
    if (t->n_not_selected > 0) hr_text_add(line, "; %zu are left out by SELECT_DATA", t->n_not_selected);
}

/* Nobody to train on, with the reasons. */
static hrnet_status fail_empty(const hr_train_part *part, const hr_part_options *o, const counts *t)
{
    hr_text reasons = {0};
    const size_t n = part->annotations != NULL ? hr_annotations_counts(part->annotations)->n : t->n_all;
    add_reasons(part, &reasons);
    add_counts(o, t, &reasons);
    const hrnet_status status =
        hr_fail(HRNET_ERR_FORMAT, "%s: %s: expected persons to train on, found none among %zu%s", part->where,
                part->annotations_path, n, reasons.data != NULL ? reasons.data : "");
    hr_text_free(&reasons);
    return status;
}

/* The line about this dataset: persons kept, joints mapped, and how many were dropped for which reason. */
static void log_part(const hr_train_part *part, const hr_part_options *o, const counts *t, int n_joints)
{
    hr_text line = {0};
    int n_mapped = 0;
    for (int j = 0; j < n_joints; j++) n_mapped += part->source[j] >= 0;
    hr_text_add(&line, "%s: %zu persons", part->annotations_path, part->samples.n);
    if (n_mapped < n_joints) hr_text_add(&line, " with %d of the %d joints", n_mapped, n_joints);
    add_reasons(part, &line);
    add_counts(o, t, &line);
    if (part->n_examples != part->samples.n) hr_text_add(&line, "; %zu examples an epoch", part->n_examples);
    send_message(o, &line);
}

static hrnet_status choose_persons(hr_train_part *part, const hr_part_options *o, int n_joints)
{
    hr_id_list exclude = {0};
    counts t = {0};
    double *joints;
    if (o->exclude[0] != '\0') HR_TRY(hr_id_list_load(&exclude, o->exclude));
    joints = hr_calloc((size_t)n_joints, 3 * sizeof *joints);
    if (joints != NULL) choose(part, o, &exclude, n_joints, joints, &t);
    const hrnet_status status = joints != NULL ? HRNET_OK : hr_fail_memory((size_t)n_joints * 3 * sizeof *joints);
    hr_free(joints);
    hr_id_list_free(&exclude);
    HR_TRY(status);
    if (part->samples.n == 0) return fail_empty(part, o, &t);
    part->n_examples = (size_t)round(part->weight * (double)part->samples.n);
    log_part(part, o, &t, n_joints);
    return HRNET_OK;
}

/* Of a detector all pictures are taken. */
static hrnet_status choose_pictures(hr_train_part *part, const hr_part_options *o)
{
    hr_text line = {0};
    if (o->exclude[0] != '\0')
        return hr_fail(HRNET_ERR_CONFIG, "%s.EXCLUDE: persons cannot be left out of a detector's pictures",
                       part->where);
    if (part->samples.n == 0)
        return hr_fail(HRNET_ERR_FORMAT, "%s: %s: expected pictures to train on, found none", part->where,
                       part->annotations_path);
    part->n_examples = (size_t)round(part->weight * (double)part->samples.n);
    hr_text_add(&line, "%s", part->annotations_path);
    hr_train_part_count_boxes(part, &line);
    if (part->annotations != NULL) hr_add_annotation_counts(&line, hr_annotations_counts(part->annotations));
    if (part->n_examples != part->samples.n) hr_text_add(&line, "; %zu examples an epoch", part->n_examples);
    send_message(o, &line);
    return HRNET_OK;
}

hrnet_status hr_train_part_open(hr_train_part *part, const hr_part_options *o, const hrnet_dataset_info **info)
{
    int is_mpii;
    HR_TRY(hr_set_is_mpii(&is_mpii, o->dataset, part->where));
    if (is_mpii && hr_config_detects(o->config))
        return hr_fail(HRNET_ERR_CONFIG, "%s.DATASET: expected a set in COCO's format, found mpii: it has no boxes",
                       part->where);
    HR_TRY(choose_annotations(part, o, is_mpii));
    HR_TRY(is_mpii ? read_mpii(part, o, info) : read_coco(part, o, info));
    HR_TRY(choose_images(part, o, is_mpii));
    if (hr_config_detects(o->config)) {
        HR_TRY(check_pictures(part, o));
        return choose_pictures(part, o);
    }
    HR_TRY(map_joints(part, o, *info));
    HR_TRY(check_pictures(part, o));
    return choose_persons(part, o, (o->info != NULL ? o->info : *info)->skeleton.n_keypoints);
}

void hr_train_part_free(hr_train_part *part)
{
    hr_free(part->source);
    hr_free(part->bad);
    hr_free(part->boxes);
    hr_free(part->is_crowd);
    hr_free(part->first_box);
    hr_samples_free(&part->samples);
    hrnet_annotations_free(part->annotations);
    hr_free(part->annotations_path);
    hr_free(part->images_path);
    *part = (hr_train_part){0};
}
