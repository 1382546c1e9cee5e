/*
 * mpii_set.c - samples of MPII from upstream's annot/<set>.json, as its lib/dataset/mpii.py (_get_db) makes them. The
 * file counts pixels from 1 (MATLAB); samples count from 0. A person's "scale" s is its height in units of 200 px; the
 * crop is moved down by 15 s px and enlarged to 1.25 s, so that no limb is cut off.
 */
#include "data/samples.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"

enum { N_JOINTS = 16 };

/* A list of exactly n numbers; 0 if it is anything else. */
static int read_numbers(const hr_json *list, double *out, uint32_t n)
{
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != n) return 0;
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v))
        if (!hr_json_number(v, out++)) return 0;
    return 1;
}

static hrnet_status read_crop(const hr_json *entry, hrnet_crop *out)
{
    double center[2], scale;
    if (!read_numbers(hr_json_get(entry, "center"), center, 2))
        return hr_fail(HRNET_ERR_FORMAT, "center: expected 2 numbers");
    if (!hr_json_number(hr_json_get(entry, "scale"), &scale) || !(scale > 0) || !isfinite((float)(scale * 1.25 * 200)))
        return hr_fail(HRNET_ERR_FORMAT, "scale: expected a number above 0");
    if (center[0] != -1) { /* -1: no center is known; upstream leaves such an entry as it is */
        center[1] += 15 * scale;
        scale *= 1.25;
    }
    if (!isfinite((float)center[0]) || !isfinite((float)center[1]))
        return hr_fail(HRNET_ERR_FORMAT, "center: expected numbers that a float can hold");
    /* upstream subtracts 1 from every center, after the change above */
    *out = (hrnet_crop){{(float)(center[0] - 1), (float)(center[1] - 1)}, {(float)scale, (float)scale}, 0};
    return HRNET_OK;
}

static hrnet_status read_joints(const hr_json *entry, const hr_json *joints, double *keypoints)
{
    double visible[N_JOINTS];
    int n = 0;
    if (!read_numbers(hr_json_get(entry, "joints_vis"), visible, N_JOINTS))
        return hr_fail(HRNET_ERR_FORMAT, "joints_vis: expected %d numbers", N_JOINTS);
    for (const hr_json *v = hr_json_first(joints); v != NULL; v = hr_json_next(joints, v), n++) {
        double *const k = keypoints + (ptrdiff_t)3 * n;
        if (!read_numbers(v, k, 2)) return hr_fail(HRNET_ERR_FORMAT, "joints[%d]: expected 2 numbers", n);
        k[0] -= 1;
        k[1] -= 1;
        k[2] = visible[n];
    }
    return HRNET_OK;
}

/* The picture of an entry: that of the entry before if it has the same name, else a new one. Persons of one picture
 * follow each other in the published files. */
static hrnet_status add_image(hr_samples *samples, const char *name, size_t *out)
{
    if (samples->n_images > 0 && strcmp(samples->images[samples->n_images - 1].name, name) == 0) {
        *out = samples->n_images - 1;
        return HRNET_OK;
    }
    char *const copy = hr_strdup(name);
    if (copy == NULL) return hr_fail_memory(strlen(name) + 1);
    samples->names[samples->n_names++] = copy;
    samples->images[samples->n_images] = (hr_sample_image){copy, (int64_t)samples->n_images};
    *out = samples->n_images++;
    return HRNET_OK;
}

static hrnet_status read_entry(hr_samples *samples, const hr_json *entry)
{
    const char *const name = hr_json_string(hr_json_get(entry, "image"));
    hr_sample *const sample = &samples->list[samples->n];
    if (name == NULL) return hr_fail(HRNET_ERR_FORMAT, "image: expected a name");
    HR_TRY(add_image(samples, name, &sample->image));
    HR_TRY(read_crop(entry, &sample->crop));
    sample->score = 1;
    sample->category = 1;
    sample->id = (int64_t)samples->n;
    const hr_json *const joints = hr_json_get(entry, "joints");
    if (joints != NULL) {
        if (!hr_json_is(joints, HR_JSON_ARRAY) || joints->count != N_JOINTS)
            return hr_fail(HRNET_ERR_FORMAT, "joints: expected %d points", N_JOINTS);
        double *const keypoints = samples->keypoints + samples->n_truths * 3 * N_JOINTS;
        const double side = (double)sample->crop.scale[0] * 200 / 1.25; /* of the box, a square, in px */
        HR_TRY(read_joints(entry, joints, keypoints));
        /* MPII publishes no areas of segments; a person fills about half of its square */
        samples->truths[samples->n_truths++] = (hr_truth){sample->image, samples->n, side * side / 2, keypoints};
        sample->keypoints = keypoints;
    }
    samples->n++;
    return HRNET_OK;
}

/* Persons with joints: memory is allocated for what the text holds, so that a short text cannot ask for much. */
static size_t count_joints(const hr_json *list)
{
    size_t n = 0;
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v)) {
        const hr_json *const joints = hr_json_get(v, "joints");
        n += joints != NULL && joints->count == N_JOINTS;
    }
    return n;
}

static hrnet_status read_list(hr_samples *samples, const hr_json *list)
{
    if (!hr_json_is(list, HR_JSON_ARRAY)) return hr_fail(HRNET_ERR_FORMAT, "expected a list of persons");
    samples->n_joints = N_JOINTS;
    HR_NEW(samples->images, list->count);
    HR_NEW(samples->names, list->count);
    HR_NEW(samples->list, list->count);
    HR_NEW(samples->truths, list->count);
    HR_NEW(samples->keypoints, count_joints(list) * 3 * N_JOINTS);
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v)) {
        const hrnet_status status = read_entry(samples, v);
        if (status == HRNET_OK) continue;
        char where[32];
        snprintf(where, sizeof where, "entry %zu", samples->n);
        return hr_fail_in(status, where);
    }
    return HRNET_OK;
}

hrnet_status hr_mpii_set_parse(hr_samples *out, const void *bytes, size_t n_bytes)
{
    hr_json_document document;
    hr_samples samples = {0};
    HR_TRY(hr_json_parse(&document, bytes, n_bytes));
    const hrnet_status status = read_list(&samples, document.root);
    hr_json_free(&document);
    if (status != HRNET_OK) {
        hr_samples_free(&samples);
        return status;
    }
    *out = samples;
    return HRNET_OK;
}
