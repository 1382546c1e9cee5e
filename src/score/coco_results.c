/*
 * coco_results.c - reads COCO's results JSON, a list of poses, into flat arrays, with the areas that pycocotools'
 * loadRes gives them: of the boxes if the first result has one, else (areas NULL) of the keypoints' extent.
 */
#include "score/coco_score.h"

#include "base/file.h"
#include "base/mem.h"
#include "io/json.h"
#include "data/coco_json.h"
#include "pose/skeleton.h"

#define MAX_FILE ((size_t)1 << 32)

typedef struct results_reading {
    hrnet_coco_results *results;
    /* entries allocated, one count an array since HR_ROOM grows each by itself */
    size_t images_capacity, categories_capacity, scores_capacity, areas_capacity;
    hr_keypoint_rows rows;
    int has_boxes; /* decided by the first result, as in loadRes */
} results_reading;

static hrnet_status read_area(results_reading *r, const hr_json *bbox)
{
    hrnet_coco_results *const out = r->results;
    double numbers[4] = {0};
    if (out->n == 0) r->has_boxes = hr_json_is(bbox, HR_JSON_ARRAY) && bbox->count > 0;
    if (!r->has_boxes) return HRNET_OK;
    HR_TRY(hr_bbox_read(bbox, numbers));
    HR_GROW(out->areas, out->n, r->areas_capacity);
    out->areas[out->n] = numbers[2] * numbers[3];
    return HRNET_OK;
}

/* hr_json_list.element of the list of results. */
static hrnet_status read_result(void *context, const hr_json *value, size_t index)
{
    (void)index;
    results_reading *const r = context;
    hrnet_coco_results *const out = r->results;
    HR_GROW(out->image_ids, out->n, r->images_capacity);
    HR_GROW(out->category_ids, out->n, r->categories_capacity);
    HR_GROW(out->scores, out->n, r->scores_capacity);
    if (!hr_json_integer(hr_json_get(value, "image_id"), &out->image_ids[out->n]) ||
        !hr_json_integer(hr_json_get(value, "category_id"), &out->category_ids[out->n]))
        return hr_fail(HRNET_ERR_FORMAT, "expected an object with whole numbers \"image_id\" and \"category_id\"");
    if (!hr_json_number(hr_json_get(value, "score"), &out->scores[out->n]))
        return hr_fail(HRNET_ERR_FORMAT, "score: expected a number");
    /* rows.n is out->n here: every entry adds one row */
    HR_TRY(hr_keypoint_rows_add(&r->rows, hr_json_get(value, "keypoints")));
    HR_TRY(read_area(r, hr_json_get(value, "bbox")));
    out->n++;
    return HRNET_OK;
}

hrnet_status hr_coco_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes, int n_keypoints)
{
    static const hr_json_list lists[] = {{NULL, read_result}, {0}};
    static const char *const skip[] = {"segmentation", NULL};
    hrnet_coco_results results = {0};
    results_reading r = {.results = &results, .rows = {.n_keypoints = n_keypoints}};
    const hrnet_status status = hr_json_stream(&(hr_json_plan){lists, skip}, &r, bytes, n_bytes);
    results.keypoints = r.rows.values;
    results.n_keypoints = r.rows.n_keypoints;
    if (status == HRNET_OK)
        *out = results;
    else
        hrnet_coco_results_free(&results);
    return status;
}

hrnet_status hrnet_coco_results_load(hrnet_coco_results *out, const char *path, int n_keypoints)
{
    if (out == NULL || path == NULL || n_keypoints < 0 || n_keypoints > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_coco_results_load: NULL argument, or not 0 to %d keypoints",
                       HR_MAX_KEYPOINTS);
    hr_bytes file;
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = hr_coco_results_parse(out, file.data, file.size, n_keypoints);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

void hrnet_coco_results_free(hrnet_coco_results *results)
{
    if (results == NULL) return;
    hr_free(results->image_ids);
    hr_free(results->category_ids);
    hr_free(results->scores);
    hr_free(results->keypoints);
    hr_free(results->areas);
    *results = (hrnet_coco_results){0};
}
