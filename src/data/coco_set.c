/*
 * coco_set.c - samples of COCO: one crop for each ground-truth box (hr_coco_set_truth) or each detected box
 * (hr_coco_set_detections), as upstream's lib/dataset/coco.py makes them. A box (x, y, w, h) becomes center
 * (x + w/2, y + h/2) and scale: the box extended to the network's aspect ratio, / 200 px, x 1.25 (hr_crop_from_box).
 *
 * A picture has the name that the file gives; without one it is named by 12 digits of its id, as upstream does.
 */
#include "data/samples.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

/* The part of the box inside the picture as (x, y, w, h); returns 0 if there is none or the area is 0. As upstream
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
    return a->area > 0 && x2 >= x1 && y2 >= y1;
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

hrnet_status hr_coco_set_truth(hr_samples *out, const hrnet_annotations *annotations, double aspect)
{
    hr_samples samples = {0};
    const hrnet_status status = begin(&samples, annotations, hrnet_annotations_n(annotations));
    for (size_t i = 0; status == HRNET_OK && i < hrnet_annotations_n(annotations); i++) {
        const hrnet_annotation a = hrnet_annotations_get(annotations, i);
        const hrnet_annotated_image image = hrnet_annotations_image(annotations, a.image);
        double box[4];
        if (a.is_crowd || !clip_box(&a, &image, box) || !has_keypoints(&a, samples.n_joints)) continue;
        const hrnet_crop crop = hr_crop_from_box(box, aspect);
        if (crop.scale[0] > 0 && crop.scale[1] > 0) /* not a box of one point */
            samples.list[samples.n++] = (hr_sample){a.image, crop, 1, a.category_id, a.keypoints, a.id};
    }
    return end(&samples, status, HR_ORDER_OF_IMAGES, out);
}

/* ---------------------------------------------------------------------------------------------- detections */

typedef struct named_image {
    const char *name;
    size_t image;
} named_image;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named_image *)a)->name, ((const named_image *)b)->name);
}

/* Index of the picture that a detection names by its id or, if that is no id of a listed image, by its file name.
 * SIZE_MAX: neither. by_names [n]: the pictures sorted by name. */
static size_t find_image(const hrnet_annotations *annotations, const named_image *by_names, size_t n, const char *text)
{
    char *rest;
    const long long id = strtoll(text, &rest, 10); /* "785" is an id, "000000000785.jpg" a name */
    size_t found = SIZE_MAX;
    if (rest != text && *rest == '\0') found = hrnet_annotations_find_image(annotations, id);
    if (found != SIZE_MAX) return found;
    const named_image wanted = {text, 0};
    const named_image *const match = n > 0 ? bsearch(&wanted, by_names, n, sizeof wanted, by_name) : NULL;
    return match != NULL ? match->image : SIZE_MAX;
}

/* The category of results: the annotations' own, or COCO's "person" if there are none (a test set). */
static int64_t first_category(const hrnet_annotations *annotations)
{
    return hrnet_annotations_n(annotations) > 0 ? hrnet_annotations_get(annotations, 0).category_id : 1;
}

/* Append a sample for each box that is wanted. *by_names [n_images] is freed by the caller, also on failure. */
static hrnet_status add_detections(hr_samples *samples, const hrnet_annotations *annotations,
                                   const hrnet_detection *detections, size_t n, double image_thre, double aspect,
                                   size_t *n_unknown, named_image **by_names)
{
    const int64_t category = first_category(annotations);
    HR_NEW(*by_names, samples->n_images);
    for (size_t i = 0; i < samples->n_images; i++) (*by_names)[i] = (named_image){samples->images[i].name, i};
    qsort(*by_names, samples->n_images, sizeof **by_names, by_name);
    for (size_t i = 0; i < n; i++) {
        const hrnet_detection *const d = &detections[i];
        const size_t image = find_image(annotations, *by_names, samples->n_images, d->image);
        *n_unknown += image == SIZE_MAX; /* counted before the threshold: a wrong file is noticed whatever its scores */
        if (image == SIZE_MAX || (double)d->score < image_thre) continue;
        const double box[4] = {(double)d->box.x, (double)d->box.y, (double)d->box.w, (double)d->box.h};
        const hrnet_crop crop = hr_crop_from_box(box, aspect);
        if (crop.scale[0] > 0 && crop.scale[1] > 0)
            samples->list[samples->n++] = (hr_sample){image, crop, (double)d->score, category, NULL, -1};
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
    named_image *by_names = NULL;
    *n_unknown = 0;
    hrnet_status status = begin(&samples, annotations, n);
    if (status == HRNET_OK)
        status = add_detections(&samples, annotations, detections, n, image_thre, aspect, n_unknown, &by_names);
    hr_free(by_names);
    return end(&samples, status, HR_ORDER_OF_SAMPLES, out);
}
