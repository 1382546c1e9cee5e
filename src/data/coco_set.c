/*
 * coco_set.c - samples of COCO: one crop for each ground-truth box (hr_coco_set_truth) or each detected box
 * (hr_coco_set_detections), as upstream's lib/dataset/coco.py makes them. A box (x, y, w, h) becomes center
 * (x + w/2, y + h/2) and scale: the box extended to the network's aspect ratio, / 200 px, x 1.25 (hr_crop_from_box).
 *
 * A picture has the name that the file gives; without one it is named by 12 digits of its id, as upstream does.
 */
#include "data/samples.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/coco_json.h"
#include "pose/affine.h"

/* All images of the annotations, with or without samples, at the same indices. */
static hrnet_status add_images(hr_samples *samples, const hrnet_annotations *annotations)
{
    const size_t n = hrnet_annotations_n_images(annotations);
    HR_NEW(samples->images, n);
    HR_NEW(samples->names, n);
    samples->n_images = n;
    for (size_t i = 0; i < n; i++) {
        const hrnet_annotated_image image = hrnet_annotations_image(annotations, i);
        samples->images[i] = (hr_sample_image){image.file_name, image.id};
        if (image.file_name[0] != '\0') continue;
        char digits[32];
        snprintf(digits, sizeof digits, "%012" PRId64 ".jpg", image.id);
        char *const name = hr_strdup(digits);
        if (name == NULL) return hr_fail_memory(sizeof digits);
        samples->names[samples->n_names++] = name;
        samples->images[i].name = name;
    }
    return HRNET_OK;
}

/* Upstream's max(obj['keypoints']) != 0: any number above 0, be it a coordinate or a visibility. */
static int has_keypoints(const hrnet_annotation *a, int n_joints)
{
    for (int i = 0; i < 3 * n_joints; i++)
        if (a->keypoints[i] > 0) return 1;
    return 0;
}

/* The part of the box inside the picture as (x, y, w, h); returns 0 if there is none. As upstream
 * computes it, the last pixel is inclusive: x2 = x1 + max(0, w - 1), at most width - 1, and w becomes x2 - x1. */
static int clip_box(const hrnet_annotation *a, const hrnet_annotated_image *image, double box[4])
{
    const double *b = a->bbox;
    const double x1 = b[0] > 0 ? b[0] : 0, y1 = b[1] > 0 ? b[1] : 0;
    double x2 = x1 + (b[2] > 1 ? b[2] - 1 : 0), y2 = y1 + (b[3] > 1 ? b[3] - 1 : 0); /* from the clipped x1, y1 */
    if (image->width > 0 && x2 > image->width - 1) x2 = image->width - 1;
    if (image->height > 0 && y2 > image->height - 1) y2 = image->height - 1;
    box[0] = x1;
    box[1] = y1;
    box[2] = x2 - x1;
    box[3] = y2 - y1;
    return x2 >= x1 && y2 >= y1;
}

/* Everybody with keypoints, whatever the boxes: errors are reported for persons no box of whom was a sample, too. */
static void add_truths(hr_samples *samples, const hrnet_annotations *annotations)
{
    for (size_t i = 0; i < hrnet_annotations_n(annotations); i++) {
        const hrnet_annotation a = hrnet_annotations_get(annotations, i);
        if (!a.is_crowd && a.area > 0 && has_keypoints(&a, samples->n_joints))
            samples->truths[samples->n_truths++] = (hr_truth){a.image, SIZE_MAX, a.area, a.keypoints};
    }
}

/* Images and truths, and memory for n samples. */
static hrnet_status begin(hr_samples *samples, const hrnet_annotations *annotations, size_t n)
{
    samples->n_joints = hrnet_annotations_info(annotations)->skeleton.n_keypoints;
    HR_TRY(add_images(samples, annotations));
    HR_NEW(samples->truths, hrnet_annotations_n(annotations));
    add_truths(samples, annotations);
    HR_NEW(samples->list, n);
    return HRNET_OK;
}

/* Group the samples by picture and hand them to the caller; after a failure release them instead. */
static hrnet_status end(hr_samples *samples, hrnet_status status, hr_picture_order order, hr_samples *out)
{
    if (status == HRNET_OK) status = hr_samples_group(samples, order);
    if (status == HRNET_OK)
        *out = *samples;
    else
        hr_samples_free(samples);
    return status;
}

/* Append the sample of a person, or count the reason why there is none. */
static void add_truth_sample(hr_samples *samples, const hrnet_annotation *a, const hrnet_annotated_image *image,
                             double aspect)
{
    hr_sample_counts *const counts = &samples->left_out;
    double box[4];
    if (a->is_crowd) {
        counts->n_crowds++;
    } else if (!has_keypoints(a, samples->n_joints)) {
        counts->n_unlabelled++;
    } else if (!(a->area > 0)) {
        counts->n_no_box++;
    } else if (!clip_box(a, image, box)) {
        counts->n_outside++;
    } else {
        const hrnet_crop crop = hr_crop_from_box(box, aspect);
        if (crop.scale[0] > 0 && crop.scale[1] > 0) /* not a box of one point */
            samples->list[samples->n++] = (hr_sample){a->image, crop, 1, a->category_id, a->keypoints, a->id};
        else
            counts->n_no_box++;
    }
}

hrnet_status hr_coco_set_truth(hr_samples *out, const hrnet_annotations *annotations, double aspect)
{
    hr_samples samples = {0};
    const hrnet_status status = begin(&samples, annotations, hrnet_annotations_n(annotations));
    for (size_t i = 0; status == HRNET_OK && i < hrnet_annotations_n(annotations); i++) {
        const hrnet_annotation a = hrnet_annotations_get(annotations, i);
        const hrnet_annotated_image image = hrnet_annotations_image(annotations, a.image);
        add_truth_sample(&samples, &a, &image, aspect);
    }
    return end(&samples, status, HR_ORDER_OF_IMAGES, out);
}

hrnet_status hr_coco_set_pictures(hr_samples *out, const hrnet_annotations *annotations)
{
    hr_samples samples = {0};
    hrnet_status status = begin(&samples, annotations, hrnet_annotations_n_images(annotations));
    for (size_t i = 0; status == HRNET_OK && i < samples.n_images; i++)
        samples.list[samples.n++] = (hr_sample){.image = i, .score = 1, .category = 1, .id = samples.images[i].id};
    return end(&samples, status, HR_ORDER_OF_IMAGES, out);
}

/* ---------------------------------------------------------------------------------------------- detections */

/* Index of the picture with the id that the detection has, as a number or as text; SIZE_MAX: there is none. */
static size_t find_by_id(const hrnet_annotations *annotations, const hrnet_detection *d)
{
    if (d->has_image_id) return hrnet_annotations_find_image(annotations, d->image_id);
    char *rest;
    const char *const text = d->image_text != NULL ? d->image_text : d->image;
    const long long id = strtoll(text, &rest, 10); /* "785" is an id, "000000000785.jpg" a name */
    return rest != text && *rest == '\0' ? hrnet_annotations_find_image(annotations, id) : SIZE_MAX;
}

/* Fill pictures [n]: by id where the entry has no name but its id, else by name, else by id. */
static hrnet_status find_pictures(const hr_samples *samples, const hrnet_annotations *annotations,
                                  const hrnet_detection *detections, size_t n, size_t *pictures)
{
    const char **names;
    HR_NEW(names, samples->n_images);
    for (size_t i = 0; i < samples->n_images; i++) names[i] = samples->images[i].name;
    const hrnet_status status = hrnet_detections_match(detections, n, names, samples->n_images, pictures);
    hr_free(names);
    HR_TRY(status);
    for (size_t i = 0; i < n; i++) {
        const hrnet_detection *const d = &detections[i];
        const int has_name = d->image[strspn(d->image, "-0123456789")] != '\0';
        if (has_name && pictures[i] < samples->n_images) continue;
        const size_t found = find_by_id(annotations, d);
        if (found != SIZE_MAX || pictures[i] >= samples->n_images) pictures[i] = found;
    }
    return HRNET_OK;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int64_t hr_coco_box_category(const hrnet_annotations *annotations)
{
    return hrnet_annotations_n(annotations) > 0 ? hrnet_annotations_get(annotations, 0).category_id : 1;
}

/* The category of a result: the box's own if it is one of the annotations'. */
static int64_t find_category(const hrnet_annotations *annotations, const hrnet_detection *d)
{
    size_t n;
    const int64_t *const ids = hr_annotations_categories(annotations, &n);
    if (d->has_category && n > 0 && bsearch(&d->category_id, ids, n, sizeof *ids, by_number) != NULL)
        return d->category_id;
    return hr_coco_box_category(annotations);
}

static int is_usable(const hrnet_crop *crop)
{
    return crop->scale[0] > 0 && crop->scale[1] > 0 && isfinite(crop->scale[0]) && isfinite(crop->scale[1]) &&
           isfinite(crop->center[0]) && isfinite(crop->center[1]);
}

hrnet_status hr_samples_add_box(hr_samples *samples, size_t *capacity, size_t image, const hrnet_box *box, double score,
                                int64_t category, double aspect)
{
    const double numbers[4] = {(double)box->x, (double)box->y, (double)box->w, (double)box->h};
    const hrnet_crop crop = hr_crop_from_box(numbers, aspect);
    if (!is_usable(&crop)) return HRNET_OK;
    HR_GROW(samples->list, samples->n, *capacity);
    samples->list[samples->n++] = (hr_sample){image, crop, score, category, NULL, -1};
    return HRNET_OK;
}

/* Append a sample for each box that is wanted. *pictures [n] is freed by the caller, also on failure. */
static hrnet_status add_detections(hr_samples *samples, const hrnet_annotations *annotations,
                                   const hrnet_detection *detections, size_t n, double image_thre, double aspect,
                                   size_t *n_unknown, size_t **pictures)
{
    size_t capacity = n;
    HR_NEW(*pictures, n);
    HR_TRY(find_pictures(samples, annotations, detections, n, *pictures));
    for (size_t i = 0; i < n; i++) {
        const hrnet_detection *const d = &detections[i];
        const size_t image = (*pictures)[i];
        *n_unknown += image == SIZE_MAX; /* counted before the threshold: a wrong file is noticed whatever its scores */
        if (image == SIZE_MAX || (double)d->score < image_thre) continue;
        HR_TRY(hr_samples_add_box(samples, &capacity, image, &d->box, (double)d->score, find_category(annotations, d),
                                  aspect));
    }
    if (n > 0 && *n_unknown == n)
        return hr_fail(HRNET_ERR_MISMATCH,
                       "expected boxes of pictures that the annotations list, found none among %zu (the first: %.100s)",
                       n, detections[0].image);
    return HRNET_OK;
}

hrnet_status hr_coco_set_detections(hr_samples *out, const hrnet_annotations *annotations,
                                    const hrnet_detection *detections, size_t n, double image_thre, double aspect,
                                    size_t *n_unknown)
{
    hr_samples samples = {0};
    size_t *pictures = NULL;
    *n_unknown = 0;
    hrnet_status status = begin(&samples, annotations, n);
    if (status == HRNET_OK)
        status = add_detections(&samples, annotations, detections, n, image_thre, aspect, n_unknown, &pictures);
    hr_free(pictures);
    return end(&samples, status, HR_ORDER_OF_SAMPLES, out);
}
