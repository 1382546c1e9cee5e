/* picture_check.c - looks up all pictures, decodes a few, and looks at the range of the labels. */
#include "data/picture_check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/image_store.h"

enum { SAMPLE = 12, NAMED = 5 }; /* pictures that are decoded; names in a message */

/* ---------------------------------------------------------------------------------------------- pictures */

/* Append a name to the list of the first ones. */
static void name_missing(hr_picture_check *c, const char *name)
{
    const size_t n = strlen(c->first);
    if (c->n_missing < NAMED) snprintf(c->first + n, sizeof c->first - n, "%s%.70s", n > 0 ? ", " : "", name);
}

/* Mark the pictures that samples name with 2, and those of them that are not there with 1. */
static hrnet_status look_up(hr_picture_check *c, const hr_samples *samples, hr_image_store *store)
{
    int is_there;
    for (size_t i = 0; i < samples->n; i++) {
        const size_t image = samples->list[i].image;
        if (c->bad[image] != 0) continue;
        c->n++;
        c->bad[image] = 2;
        HR_TRY(hr_image_store_has(store, 0, samples->images[image].name, &is_there));
        if (is_there) continue;
        c->bad[image] = 1;
        name_missing(c, samples->images[image].name);
        c->n_missing++;
    }
    const size_t n = strlen(c->first);
    if (c->n_missing > NAMED) snprintf(c->first + n, sizeof c->first - n, " and %zu more", c->n_missing - NAMED);
    return HRNET_OK;
}

/* Decode every k-th picture that is there. Only running out of memory is a failure. */
static hrnet_status decode_some(hr_picture_check *c, const hr_samples *samples, hr_image_store *store)
{
    const size_t n = c->n - c->n_missing, step = n > SAMPLE ? n / SAMPLE : 1;
    size_t at = 0;
    for (size_t image = 0; image < samples->n_images; image++) {
        hrnet_image pixels;
        if (c->bad[image] != 2) continue;
        c->bad[image] = 0;
        if (at++ % step != 0 || c->n_decoded == SAMPLE) continue;
        const hrnet_status status = hr_image_store_load(store, 0, samples->images[image].name, &pixels);
        c->n_decoded++;
        if (status == HRNET_ERR_MEMORY) return status;
        if (status == HRNET_OK) {
            hrnet_image_free(&pixels);
            continue;
        }
        c->bad[image] = 1;
        if (c->n_missing + c->n_broken++ == 0) snprintf(c->first, sizeof c->first, "%s", hrnet_last_error());
    }
    return HRNET_OK;
}

hrnet_status hr_pictures_check(hr_picture_check *out, const hr_samples *samples, const char *place)
{
    hr_picture_check check = {0};
    hr_image_store *store;
    HR_TRY(hr_image_store_open(&store, place, 1));
    check.bad = hr_calloc(samples->n_images, 1);
    hrnet_status status = check.bad != NULL ? HRNET_OK : hr_fail_memory(samples->n_images);
    if (status == HRNET_OK) status = look_up(&check, samples, store);
    if (status == HRNET_OK) status = decode_some(&check, samples, store);
    hr_image_store_close(store);
    if (status == HRNET_OK)
        *out = check;
    else
        hr_free(check.bad);
    return status;
}

hrnet_status hr_pictures_judge(const hr_picture_check *c, const char *place, int skip_broken)
{
    if (c->n_missing == c->n && c->n > 0)
        return hr_fail(HRNET_ERR_IO, "%s: expected the pictures of the annotations, found none of %zu: %s", place, c->n,
                       c->first);
    if (c->n_missing + c->n_broken == c->n && c->n > 0)
        return hr_fail(HRNET_ERR_FORMAT, "%s: none of its %zu pictures can be read: %s", place, c->n, c->first);
    if (skip_broken) return HRNET_OK;
    if (c->n_missing > 0)
        return hr_fail(HRNET_ERR_IO, "%s: %zu of %zu pictures are not there: %s (--skip-broken leaves them out)", place,
                       c->n_missing, c->n, c->first);
    if (c->n_broken > 0)
        return hr_fail(HRNET_ERR_FORMAT,
                       "%s; %zu of %zu that were tried cannot be read (--skip-broken leaves them out)", c->first,
                       c->n_broken, c->n_decoded);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- labels */

/* Largest coordinates of everybody who is not a crowd; 0: there are none. */
typedef struct ranges {
    size_t n_persons, n_labelled; /* with keypoints; keypoints with a visibility above 0 */
    double keypoints, boxes;
} ranges;

static void add_person(ranges *r, const hrnet_annotation *a, int n_keypoints)
{
    r->n_persons++;
    for (int k = 0; k < n_keypoints; k++) {
        const double *const point = a->keypoints + 3 * (ptrdiff_t)k;
        if (!(point[2] > 0)) continue;
        r->n_labelled++;
        r->keypoints = fmax(r->keypoints, fmax(fabs(point[0]), fabs(point[1])));
    }
    for (int i = 0; i < 4; i++) r->boxes = fmax(r->boxes, fabs(a->bbox[i]));
}

hrnet_status hr_labels_check(const hrnet_annotations *annotations, const char *path, int with_keypoints)
{
    const int n_keypoints = with_keypoints ? hrnet_annotations_info(annotations)->skeleton.n_keypoints : 0;
    ranges r = {0};
    for (size_t i = 0; i < hrnet_annotations_n(annotations); i++) {
        const hrnet_annotation a = hrnet_annotations_get(annotations, i);
        if (!a.is_crowd) add_person(&r, &a, n_keypoints);
    }
    if (r.n_persons == 0 || (with_keypoints && n_keypoints == 0)) return HRNET_OK; /* nobody: others say so */
    if (n_keypoints > 0 && r.n_labelled == 0)
        return hr_fail(HRNET_ERR_FORMAT,
                       "%s: expected labelled keypoints, found none: the visibility of every keypoint of %zu "
                       "annotations is 0",
                       path, r.n_persons);
    if (n_keypoints > 0 && r.keypoints <= 1)
        return hr_fail(HRNET_ERR_FORMAT,
                       "%s: keypoints: expected pixels, found parts of the picture's size: no coordinate of %zu "
                       "labelled keypoints is above 1",
                       path, r.n_labelled);
    if (r.boxes > 0 && r.boxes <= 1)
        return hr_fail(
            HRNET_ERR_FORMAT,
            "%s: bbox: expected pixels, found parts of the picture's size: no number of %zu boxes is above 1", path,
            r.n_persons);
    return HRNET_OK;
}
