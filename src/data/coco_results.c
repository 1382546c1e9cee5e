/* coco_results.c - COCO's results JSON into flat arrays, with the areas that pycocotools' loadRes would give. */
#include "data/coco_results.h"

#include "base/file.h"
#include "base/mem.h"
#include "io/grow.h"
#include "io/json_stream.h"
#include "pose/skeleton.h"

#define MAX_FILE ((size_t)1 << 32)

typedef struct reading {
    hrnet_coco_results *results;
    /* of each array, since each grows by itself */
    size_t images_capacity, categories_capacity, scores_capacity, areas_capacity, keypoints_capacity;
    int has_boxes;
} reading;

/* loadRes: boxes of the results count when the first of them has one. */
static hrnet_status read_area(reading *r, const hr_json *bbox)
{
    hrnet_coco_results *const out = r->results;
    const int has_box = hr_json_is(bbox, HR_JSON_ARRAY) && bbox->count > 0;
    double numbers[4] = {0};
    int n = 0;
    if (out->n == 0) r->has_boxes = has_box;
    if (!r->has_boxes) return HRNET_OK;
    if (!has_box || bbox->count != 4)
        return hr_fail(HRNET_ERR_FORMAT, "expected \"bbox\": [x, y, width, height], as the first entry has one");
    for (const hr_json *v = hr_json_first(bbox); v != NULL; v = hr_json_next(bbox, v))
        if (!hr_json_number(v, &numbers[n++])) return hr_fail(HRNET_ERR_FORMAT, "bbox: expected numbers");
    HR_ROOM(out->areas, out->n, r->areas_capacity);
    out->areas[out->n] = numbers[2] * numbers[3];
    return HRNET_OK;
}

static hrnet_status read_keypoints(reading *r, const hr_json *list)
{
    hrnet_coco_results *const out = r->results;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count == 0 || list->count % 3 != 0 ||
        list->count / 3 > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected a list of x, y, score, ...");
    if (out->n_keypoints == 0) out->n_keypoints = (int)(list->count / 3);
    const size_t row = (size_t)out->n_keypoints * 3, used = out->n * row;
    if (list->count != row)
        return hr_fail(HRNET_ERR_FORMAT, "keypoints: %u numbers, expected %zu (%d keypoints)", (unsigned)list->count,
                       row, out->n_keypoints);
    if (r->keypoints_capacity - used < row) {
        const size_t capacity = 2 * (r->keypoints_capacity + row);
        double *const grown = hr_resize(out->keypoints, used, capacity, sizeof *grown);
        if (grown == NULL) return hr_fail_memory(capacity * sizeof *grown);
        out->keypoints = grown;
        r->keypoints_capacity = capacity;
    }
    double *to = out->keypoints + used;
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v), to++)
        if (!hr_json_number(v, to)) return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected numbers alone");
    return HRNET_OK;
}

static hrnet_status read_result(void *context, const hr_json *value, size_t index)
{
    (void)index;
    reading *const r = context;
    hrnet_coco_results *const out = r->results;
    HR_ROOM(out->image_ids, out->n, r->images_capacity);
    HR_ROOM(out->category_ids, out->n, r->categories_capacity);
    HR_ROOM(out->scores, out->n, r->scores_capacity);
    if (!hr_json_integer(hr_json_get(value, "image_id"), &out->image_ids[out->n]) ||
        !hr_json_integer(hr_json_get(value, "category_id"), &out->category_ids[out->n]))
        return hr_fail(HRNET_ERR_FORMAT, "expected an object with whole numbers \"image_id\" and \"category_id\"");
    if (!hr_json_number(hr_json_get(value, "score"), &out->scores[out->n]))
        return hr_fail(HRNET_ERR_FORMAT, "score: expected a number");
    HR_TRY(read_keypoints(r, hr_json_get(value, "keypoints")));
    HR_TRY(read_area(r, hr_json_get(value, "bbox")));
    out->n++;
    return HRNET_OK;
}

hrnet_status hr_coco_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes, int n_keypoints)
{
    static const hr_json_list lists[] = {{NULL, read_result}, {0}};
    static const char *const skip[] = {"segmentation", NULL};
    hrnet_coco_results results = {.n_keypoints = n_keypoints};
    reading r = {.results = &results};
    const hrnet_status status = hr_json_stream(&(hr_json_plan){lists, skip}, &r, bytes, n_bytes);
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
