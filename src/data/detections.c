/*
 * detections.c - person boxes from COCO's JSON: a list of detections, or the "annotations" of an annotations file,
 * whose image ids are replaced by the names of its images. Boxes are not clipped: the sizes of images are not known
 * here.
 *
 * Skipped without a message, as upstream does: other categories than person, crowds ("iscrowd"), and boxes without
 * area. Anything else unexpected is an error that names the entry.
 */
#include "data/coco_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/json.h"

enum {
    MAX_FILE = 1 << 30, /* bytes */
    PERSON = 1          /* COCO's category id */
};

typedef struct image_name {
    int64_t id;
    const char *file_name;
} image_name;

typedef struct image_names {
    image_name *list; /* sorted by id */
    size_t n;
} image_names;

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const image_name *)a)->id, y = ((const image_name *)b)->id;
    return x < y ? -1 : x > y;
}

static hrnet_status read_images(image_names *out, const hr_json *images)
{
    if (images == NULL) return HRNET_OK;
    if (!hr_json_is(images, HR_JSON_ARRAY)) return hr_fail(HRNET_ERR_FORMAT, "images: expected a list");
    HR_NEW(out->list, images->count);
    for (const hr_json *v = hr_json_first(images); v != NULL; v = hr_json_next(images, v)) {
        image_name *const image = &out->list[out->n];
        image->file_name = hr_json_string(hr_json_get(v, "file_name"));
        if (!hr_json_integer(hr_json_get(v, "id"), &image->id) || image->file_name == NULL)
            return hr_fail(HRNET_ERR_FORMAT, "images[%zu]: expected an integer id and a file_name", out->n);
        out->n++;
    }
    qsort(out->list, out->n, sizeof *out->list, by_id);
    return HRNET_OK;
}

/* The image of an entry as text: its own file_name, else the name that goes with its id, else the id. */
static hrnet_status read_image(const hr_json *entry, const image_names *names, char **out)
{
    const hr_json *const id = hr_json_get(entry, "image_id");
    const char *text = hr_json_string(hr_json_get(entry, "file_name"));
    char number[24];
    image_name wanted = {0};
    if (text == NULL) text = hr_json_string(id);
    if (text == NULL && hr_json_integer(id, &wanted.id)) {
        const image_name *const found =
            names->n > 0 ? bsearch(&wanted, names->list, names->n, sizeof wanted, by_id) : NULL;
        snprintf(number, sizeof number, "%lld", (long long)wanted.id);
        text = found != NULL ? found->file_name : number;
    }
    if (text == NULL) return hr_fail(HRNET_ERR_FORMAT, "expected image_id as a number or text");
    *out = hr_strdup(text);
    return *out != NULL ? HRNET_OK : hr_fail_memory(strlen(text) + 1);
}

static int read_float(const hr_json *value, float *out)
{
    double number;
    if (!hr_json_number(value, &number) || !isfinite((float)number)) return 0;
    *out = (float)number;
    return 1;
}

/* Whether the entry is a single person. An entry without "category_id" is taken for one. */
static int is_person(const hr_json *entry)
{
    int64_t category = PERSON, crowd = 0;
    hr_json_integer(hr_json_get(entry, "category_id"), &category);
    hr_json_integer(hr_json_get(entry, "iscrowd"), &crowd);
    return category == PERSON && crowd == 0;
}

/* Read one entry to *out; *kept 0: it is skipped and *out untouched. */
static hrnet_status read_entry(const hr_json *entry, const image_names *names, hrnet_detection *out, int *kept)
{
    *kept = 0;
    if (!hr_json_is(entry, HR_JSON_OBJECT)) return hr_fail(HRNET_ERR_FORMAT, "expected an object");
    if (!is_person(entry)) return HRNET_OK;
    const hr_json *const bbox = hr_json_get(entry, "bbox"), *const score = hr_json_get(entry, "score");
    float numbers[4], confidence = 1;
    int n = 0;
    if (!hr_json_is(bbox, HR_JSON_ARRAY) || bbox->count != 4)
        return hr_fail(HRNET_ERR_FORMAT, "expected \"bbox\": [x, y, width, height]");
    for (const hr_json *v = hr_json_first(bbox); v != NULL; v = hr_json_next(bbox, v))
        if (!read_float(v, &numbers[n++]))
            return hr_fail(HRNET_ERR_FORMAT, "bbox[%d]: expected a number that a float can hold", n - 1);
    if (score != NULL && !read_float(score, &confidence))
        return hr_fail(HRNET_ERR_FORMAT, "score: expected a number that a float can hold");
    if (numbers[2] <= 0 || numbers[3] <= 0) return HRNET_OK;
    HR_TRY(read_image(entry, names, &out->image));
    out->box = (hrnet_box){numbers[0], numbers[1], numbers[2], numbers[3]};
    out->score = confidence;
    *kept = 1;
    return HRNET_OK;
}

static hrnet_status read_entries(const hr_json *list, const image_names *names, hrnet_detection *out, size_t *n_out)
{
    size_t index = 0;
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v), index++) {
        int kept;
        const hrnet_status status = read_entry(v, names, &out[*n_out], &kept);
        if (status != HRNET_OK) {
            char where[32];
            snprintf(where, sizeof where, "entry %zu", index);
            return hr_fail_in(status, where);
        }
        *n_out += (size_t)kept;
    }
    return HRNET_OK;
}

static hrnet_status read_root(const hr_json *root, image_names *names, hrnet_detection **out, size_t *n_out)
{
    const hr_json *const list = hr_json_is(root, HR_JSON_OBJECT) ? hr_json_get(root, "annotations") : root;
    if (!hr_json_is(list, HR_JSON_ARRAY))
        return hr_fail(HRNET_ERR_FORMAT, "expected a list of detections, or an object with \"annotations\"");
    HR_TRY(read_images(names, hr_json_get(root, "images")));
    HR_NEW(*out, list->count);
    return read_entries(list, names, *out, n_out);
}

hrnet_status hr_detections_parse(hrnet_detection **out, size_t *n_out, const void *bytes, size_t n_bytes)
{
    hr_json_document document;
    image_names names = {0};
    hrnet_detection *detections = NULL;
    size_t n = 0;
    HR_TRY(hr_json_parse(&document, bytes, n_bytes));
    const hrnet_status status = read_root(document.root, &names, &detections, &n);
    hr_free(names.list);
    hr_json_free(&document);
    if (status != HRNET_OK) {
        hrnet_detections_free(detections, n);
        return status;
    }
    *out = detections;
    *n_out = n;
    return HRNET_OK;
}

hrnet_status hrnet_detections_load(hrnet_detection **out, size_t *n_out, const char *path)
{
    if (out == NULL || n_out == NULL || path == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_detections_load: NULL argument");
    hr_bytes file;
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = hr_detections_parse(out, n_out, file.data, file.size);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

void hrnet_detections_free(hrnet_detection *detections, size_t n)
{
    for (size_t i = 0; detections != NULL && i < n; i++) hr_free(detections[i].image);
    hr_free(detections);
}
