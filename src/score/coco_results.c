/*
 * coco_results.c - reads COCO's results JSON, a list of poses or of boxes, into flat arrays. Poses get the areas that
 * pycocotools' loadRes gives them: of the boxes if the first result has one, else (areas NULL) of the keypoints'
 * extent. A result that cannot be read is left out and counted; one whose score is NaN comes last, as NumPy sorts it.
 */
#include "score/coco_score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/json.h"
#include "data/coco_json.h"
#include "pose/skeleton.h"

#define MAX_FILE ((uint64_t)1 << 32)

typedef struct results_reading {
    hrnet_coco_results results;
    /* entries allocated, one count an array since HR_GROW grows each by itself */
    size_t images_capacity, categories_capacity, scores_capacity, areas_capacity, boxes_capacity;
    hr_keypoint_numbers numbers;
    int n_keypoints; /* of every result; 0: the first one decides */
    int boxes_alone; /* 1: every result needs a box, keypoints are not read */
    int has_boxes;   /* decided by the first result, as in loadRes */
    hr_json_broken broken;
} results_reading;

static hrnet_status read_box(results_reading *r, const hr_json *bbox)
{
    hrnet_coco_results *const out = &r->results;
    double numbers[4] = {0};
    if (out->n == 0) r->has_boxes = r->boxes_alone || (hr_json_is(bbox, HR_JSON_ARRAY) && bbox->count > 0);
    if (!r->has_boxes) return HRNET_OK;
    HR_TRY(hr_bbox_read(bbox, numbers));
    HR_GROW(out->areas, out->n, r->areas_capacity);
    HR_GROW(out->boxes, out->n, r->boxes_capacity);
    out->areas[out->n] = numbers[2] * numbers[3];
    memcpy(out->boxes[out->n], numbers, sizeof numbers);
    return HRNET_OK;
}

static hrnet_status read_pose(results_reading *r, const hr_json *keypoints)
{
    if (r->n_keypoints != 0 && hr_json_is(keypoints, HR_JSON_ARRAY) && keypoints->count % 3 == 0 &&
        keypoints->count != 3 * (uint32_t)r->n_keypoints)
        return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected %d numbers for %d keypoints, found %u",
                       3 * r->n_keypoints, r->n_keypoints, (unsigned)keypoints->count);
    HR_TRY(hr_keypoint_numbers_add(&r->numbers, keypoints));
    if (r->n_keypoints == 0) r->n_keypoints = (int)(keypoints->count / 3);
    return HRNET_OK;
}

static hrnet_status read_members(results_reading *r, const hr_json *value)
{
    hrnet_coco_results *const out = &r->results;
    const hr_json *const score = hr_json_get(value, "score");
    if (!hr_json_id(hr_json_get(value, "image_id"), &out->image_ids[out->n]) ||
        !hr_json_id(hr_json_get(value, "category_id"), &out->category_ids[out->n]))
        return hr_fail(HRNET_ERR_FORMAT,
                       "expected an object with whole numbers \"image_id\" and \"category_id\", found %s and %s",
                       hr_json_what(hr_json_get(value, "image_id")), hr_json_what(hr_json_get(value, "category_id")));
    const int is_nan = hr_json_is(score, HR_JSON_NOT_FINITE) && isnan(score->as.real);
    if (hr_json_is(score, HR_JSON_NOT_FINITE))
        out->scores[out->n] = is_nan ? -(double)INFINITY : score->as.real;
    else if (!hr_json_number(score, &out->scores[out->n]))
        return hr_fail(HRNET_ERR_FORMAT, "score: expected a number, found %s", hr_json_what(score));
    HR_TRY(read_box(r, hr_json_get(value, "bbox")));
    if (!r->boxes_alone) HR_TRY(read_pose(r, hr_json_get(value, "keypoints")));
    out->n_without_score += is_nan != 0;
    return HRNET_OK;
}

/* hr_json_list.element of the list of results. A result that fails leaves the arrays as they were, since n counts. */
static hrnet_status read_result(void *context, const hr_json *value, size_t index)
{
    (void)index;
    results_reading *const r = context;
    hrnet_coco_results *const out = &r->results;
    HR_GROW(out->image_ids, out->n, r->images_capacity);
    HR_GROW(out->category_ids, out->n, r->categories_capacity);
    HR_GROW(out->scores, out->n, r->scores_capacity);
    HR_TRY(read_members(r, value));
    out->n++;
    return HRNET_OK;
}

/* r says what every result has. */
static hrnet_status parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes, results_reading *r)
{
    hrnet_coco_results *const results = &r->results;
    const hr_json_list lists[] = {{NULL, read_result, &r->broken}, {0}};
    const char *const skip[] = {"segmentation", r->boxes_alone ? "keypoints" : NULL, NULL};
    hrnet_status status = hr_json_stream(&(hr_json_plan){lists, skip}, r, bytes, n_bytes);
    if (status == HRNET_OK && results->n == 0 && r->broken.n > 0)
        status = hr_fail(HRNET_ERR_FORMAT, "%s%s", r->broken.first,
                         r->broken.n > 1 ? "; none of the other entries can be read either" : "");
    results->keypoints = r->numbers.values;
    results->n_keypoints = r->n_keypoints;
    results->n_broken = r->broken.n;
    snprintf(results->first_broken, sizeof results->first_broken, "%s", r->broken.first);
    if (status == HRNET_OK)
        *out = *results;
    else
        hrnet_coco_results_free(results);
    return status;
}

hrnet_status hr_coco_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes, int n_keypoints)
{
    return parse(out, bytes, n_bytes, &(results_reading){.n_keypoints = n_keypoints});
}

hrnet_status hr_box_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes)
{
    return parse(out, bytes, n_bytes, &(results_reading){.boxes_alone = 1});
}

static hrnet_status load(hrnet_coco_results *out, const char *path, results_reading *r)
{
    hr_bytes file;
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = parse(out, file.data, file.size, r);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

hrnet_status hrnet_coco_results_load(hrnet_coco_results *out, const char *path, int n_keypoints)
{
    if (out == NULL || path == NULL || n_keypoints < 0 || n_keypoints > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_coco_results_load: NULL argument, or not 0 to %d keypoints",
                       HR_MAX_KEYPOINTS);
    return load(out, path, &(results_reading){.n_keypoints = n_keypoints});
}

hrnet_status hrnet_box_results_load(hrnet_coco_results *out, const char *path)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_box_results_load: NULL argument");
    return load(out, path, &(results_reading){.boxes_alone = 1});
}

void hrnet_coco_results_free(hrnet_coco_results *results)
{
    if (results == NULL) return;
    hr_free(results->image_ids);
    hr_free(results->category_ids);
    hr_free(results->scores);
    hr_free(results->keypoints);
    hr_free(results->areas);
    hr_free(results->boxes);
    *results = (hrnet_coco_results){0};
}
