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
    int n_keypoints, wanted_keypoints; /* of every result, and what the caller says; 0: the first one decides */
    int boxes_alone;                   /* 1: every result needs a box, keypoints are not read */
    int has_boxes;                     /* decided by the first result, as in loadRes */
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

/* ------------------------------------------------------------------------------------------------ parts */

/* hr_json_split.fork */
static void *fork_reading(const void *context)
{
    const results_reading *const r = context;
    results_reading *const part = hr_calloc(1, sizeof *part);
    if (part == NULL) return NULL;
    part->n_keypoints = part->wanted_keypoints = r->wanted_keypoints;
    part->boxes_alone = r->boxes_alone;
    return part;
}

/* Append `more` elements of `size` bytes to a block of n; 0 if there is no memory. */
static int append(void *block_of, const void *from, size_t n, size_t more, size_t *capacity, size_t size)
{
    void *block;
    memcpy(&block, block_of, sizeof block); /* block_of points to a pointer of any type */
    if (more == 0) return 1;
    if (n + more > *capacity) {
        block = hr_resize(block, n, 2 * (n + more), size);
        if (block == NULL) return 0;
        memcpy(block_of, &block, sizeof block);
        *capacity = 2 * (n + more);
    }
    memcpy((unsigned char *)block + n * size, from, more * size);
    return 1;
}

/* hr_json_split.join. The first result decides what all have: a part whose first one has something else is read again.
 */
static int join_reading(void *context, void *part_context, size_t first)
{
    (void)first;
    results_reading *const r = context;
    const results_reading *const part = part_context;
    hrnet_coco_results *const out = &r->results;
    const hrnet_coco_results *const more = &part->results;
    const size_t n = out->n, m = more->n, n_boxes = r->has_boxes ? m : 0;
    if (n == 0 || part->has_boxes != r->has_boxes || part->n_keypoints != r->n_keypoints ||
        !append(&out->image_ids, more->image_ids, n, m, &r->images_capacity, sizeof *out->image_ids) ||
        !append(&out->category_ids, more->category_ids, n, m, &r->categories_capacity, sizeof *out->category_ids) ||
        !append(&out->scores, more->scores, n, m, &r->scores_capacity, sizeof *out->scores) ||
        !append(&out->areas, more->areas, n, n_boxes, &r->areas_capacity, sizeof *out->areas) ||
        !append(&out->boxes, more->boxes, n, n_boxes, &r->boxes_capacity, sizeof *out->boxes) ||
        !append(&r->numbers.values, part->numbers.values, r->numbers.n, part->numbers.n, &r->numbers.capacity,
                sizeof *r->numbers.values))
        return 0;
    r->numbers.n += part->numbers.n;
    out->n += m;
    out->n_without_score += more->n_without_score;
    return 1;
}

/* hr_json_split.drop */
static void drop_reading(void *context)
{
    results_reading *const part = context;
    part->results.keypoints = part->numbers.values;
    hrnet_coco_results_free(&part->results);
    hr_free(part);
}

/* ------------------------------------------------------------------------------------------------ the file */

/* r says what every result has. */
static hrnet_status parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes, results_reading *r,
                          hrnet_pool *pool)
{
    static const hr_json_split split = {NULL, fork_reading, join_reading, drop_reading};
    hrnet_coco_results *const results = &r->results;
    const hr_json_list lists[] = {{NULL, read_result, &r->broken}, {0}};
    const char *const skip[] = {"segmentation", r->boxes_alone ? "keypoints" : NULL, NULL};
    const hr_json_plan plan = {.lists = lists, .skip = skip, .split = &split, .pool = pool};
    r->n_keypoints = r->wanted_keypoints;
    hrnet_status status = hr_json_stream(&plan, r, bytes, n_bytes);
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
    return parse(out, bytes, n_bytes, &(results_reading){.wanted_keypoints = n_keypoints}, NULL);
}

hrnet_status hr_box_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes)
{
    return parse(out, bytes, n_bytes, &(results_reading){.boxes_alone = 1}, NULL);
}

hrnet_status hrnet_coco_results_open(hrnet_coco_results *out, const char *path,
                                     const hrnet_coco_results_options *options)
{
    const hrnet_coco_results_options defaults = {0}, *const o = options != NULL ? options : &defaults;
    hr_bytes file;
    if (out == NULL || path == NULL || o->n_keypoints < 0 || o->n_keypoints > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_coco_results_open: NULL argument, or not 0 to %d keypoints",
                       HR_MAX_KEYPOINTS);
    HR_TRY(HR_CHECK_RESERVED(o, "hrnet_coco_results_options"));
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    results_reading reading = {.wanted_keypoints = o->n_keypoints, .boxes_alone = o->boxes_alone != 0};
    const hrnet_status status = parse(out, file.data, file.size, &reading, o->pool);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

hrnet_status hrnet_coco_results_load(hrnet_coco_results *out, const char *path, int n_keypoints)
{
    return hrnet_coco_results_open(out, path, &(hrnet_coco_results_options){.n_keypoints = n_keypoints});
}

hrnet_status hrnet_box_results_load(hrnet_coco_results *out, const char *path)
{
    return hrnet_coco_results_open(out, path, &(hrnet_coco_results_options){.boxes_alone = 1});
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
