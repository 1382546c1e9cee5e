/*
 * annotations_read.c - reads COCO's annotations JSON into the flat arrays of hrnet_annotations, one element of a list
 * at a time: the tree of the whole text, many times its size, never exists.
 *
 * "images", "annotations" and "categories" may come in any order. References between them are therefore resolved when
 * all is read:
 *   1. rank_images        images sorted by id
 *   2. choose_categories  the categories that have keypoints
 *   3. choose_info        one description for all of them
 *   4. join_persons       annotations get the index of their image; those of images or categories that the file does
 *                         not list are dropped, as in pycocotools
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/coco_json.h"
#include "data/annotations_internal.h"
#include "io/json.h"
#include "pose/skeleton.h"

#define MAX_FILE ((size_t)1 << 32) /* bytes; person_keypoints_train2017.json has 238 MB */
enum { MAX_SIDE = 1 << 30 };       /* of an image, so that sides and their sums fit an int */

typedef struct category {
    int64_t id;
    int n_keypoints; /* 0: the category has no "keypoints" */
} category;

/* The annotations being read, and what only reading needs. */
typedef struct annotations_reading {
    hrnet_annotations *a;
    category *categories; /* [n_categories], as the file lists them */
    size_t images_capacity, persons_capacity, names_size, names_capacity, n_categories, categories_capacity;
    hr_keypoint_rows rows; /* a row for each annotation that has keypoints; values end up in a->keypoints */
} annotations_reading;

/* ------------------------------------------------------------------------------------------------ rows */

static hrnet_status reserve_row(hr_keypoint_rows *rows, size_t used, size_t row)
{
    if (rows->capacity - used >= row) return HRNET_OK;
    const size_t capacity = 2 * (rows->capacity + row);
    double *const grown = hr_resize(rows->values, used, capacity, sizeof *grown);
    if (grown == NULL) return hr_fail_memory(capacity * sizeof *grown);
    rows->values = grown;
    rows->capacity = capacity;
    return HRNET_OK;
}

hrnet_status hr_keypoint_rows_add(hr_keypoint_rows *rows, const hr_json *list)
{
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count == 0 || list->count % 3 != 0 ||
        list->count / 3 > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected a list with three numbers a keypoint");
    /* all rows have one length, so that row i is found by multiplication */
    if (rows->n_keypoints == 0) rows->n_keypoints = (int)(list->count / 3);
    const size_t row = (size_t)rows->n_keypoints * 3, used = rows->n * row;
    if (list->count != row)
        return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected %zu numbers for %d keypoints, found %u", row,
                       rows->n_keypoints, (unsigned)list->count);
    HR_TRY(reserve_row(rows, used, row));
    double *out = rows->values + used;
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v), out++)
        if (!hr_json_number(v, out)) return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected numbers alone");
    rows->n++;
    return HRNET_OK;
}

hrnet_status hr_bbox_read(const hr_json *list, double bbox[4])
{
    int n = 0;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != 4)
        return hr_fail(HRNET_ERR_FORMAT, "expected \"bbox\": [x, y, width, height]");
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v))
        if (!hr_json_number(v, &bbox[n++])) return hr_fail(HRNET_ERR_FORMAT, "bbox: expected numbers alone");
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ members */

/* A side of an image in pixels; 0 if it is missing or makes no sense. */
static int read_size(const hr_json *value)
{
    int64_t number = 0;
    return hr_json_integer(value, &number) && number > 0 && number <= MAX_SIDE ? (int)number : 0;
}

/* Append a file name to the one block of names. Records keep offsets, because the block moves when it grows. */
static hrnet_status add_name(annotations_reading *r, const char *name)
{
    const size_t n = strlen(name) + 1;
    if (r->names_capacity - r->names_size < n) {
        const size_t capacity = 2 * (r->names_capacity + n);
        char *const grown = hr_resize(r->a->names, r->names_size, capacity, 1);
        if (grown == NULL) return hr_fail_memory(capacity);
        r->a->names = grown;
        r->names_capacity = capacity;
    }
    memcpy(r->a->names + r->names_size, name, n);
    r->names_size += n;
    return HRNET_OK;
}

/* hr_json_list.element of "images". */
static hrnet_status read_image(void *context, const hr_json *value, size_t index)
{
    (void)index;
    annotations_reading *const r = context;
    const char *const name = hr_json_string(hr_json_get(value, "file_name"));
    hr_image_record image = {.width = read_size(hr_json_get(value, "width")),
                             .height = read_size(hr_json_get(value, "height")),
                             .name = name != NULL ? r->names_size : 0};
    if (!hr_json_integer(hr_json_get(value, "id"), &image.id))
        return hr_fail(HRNET_ERR_FORMAT, "expected an object with a whole number \"id\"");
    HR_GROW(r->a->images, r->a->n_images, r->images_capacity);
    if (name != NULL) HR_TRY(add_name(r, name));
    r->a->images[r->a->n_images++] = image;
    return HRNET_OK;
}

/* hr_json_list.element of "categories". The first category with keypoints describes those of all. */
static hrnet_status read_category(void *context, const hr_json *value, size_t index)
{
    (void)index;
    annotations_reading *const r = context;
    category entry = {0};
    if (!hr_json_integer(hr_json_get(value, "id"), &entry.id))
        return hr_fail(HRNET_ERR_FORMAT, "expected an object with a whole number \"id\"");
    if (hr_json_get(value, "keypoints") != NULL) {
        hrnet_dataset_info *info;
        HR_TRY(hr_dataset_info_read(&info, value, 0));
        entry.n_keypoints = info->skeleton.n_keypoints;
        if (r->a->info == NULL)
            r->a->info = info;
        else
            hrnet_dataset_info_free(info);
    }
    HR_GROW(r->categories, r->n_categories, r->categories_capacity);
    r->categories[r->n_categories++] = entry;
    return HRNET_OK;
}

/* Fill row and n_labelled. */
static hrnet_status read_person_keypoints(annotations_reading *r, const hr_json *value, hr_person_record *person)
{
    const hr_json *const list = hr_json_get(value, "keypoints");
    int64_t n_labelled;
    if (list != NULL) {
        HR_TRY(hr_keypoint_rows_add(&r->rows, list));
        const size_t row = (size_t)r->rows.n_keypoints * 3;
        person->row = r->rows.n - 1;
        const double *const keypoints = r->rows.values + person->row * row;
        for (size_t k = 2; k < row; k += 3) person->n_labelled += keypoints[k] > 0;
    }
    /* "num_keypoints" overrides the count of visible keypoints, as in pycocotools, even if they differ: it decides who
     * is scored */
    if (hr_json_integer(hr_json_get(value, "num_keypoints"), &n_labelled))
        person->n_labelled = n_labelled < 0 ? 0 : n_labelled > HR_MAX_KEYPOINTS ? HR_MAX_KEYPOINTS : (int)n_labelled;
    return HRNET_OK;
}

/* hr_json_list.element of "annotations". Without "id" it is the entry's number from 1, without "area" that of the box.
 */
static hrnet_status read_person(void *context, const hr_json *value, size_t index)
{
    annotations_reading *const r = context;
    hr_person_record person = {.id = (int64_t)index + 1, .row = HR_NO_ROW};
    const hr_json *const crowd = hr_json_get(value, "iscrowd");
    if (!hr_json_integer(hr_json_get(value, "image_id"), &person.image_id) ||
        !hr_json_integer(hr_json_get(value, "category_id"), &person.category_id))
        return hr_fail(HRNET_ERR_FORMAT, "expected an object with whole numbers \"image_id\" and \"category_id\"");
    hr_json_integer(hr_json_get(value, "id"), &person.id);
    HR_TRY(hr_bbox_read(hr_json_get(value, "bbox"), person.bbox));
    person.area = person.bbox[2] * person.bbox[3];
    hr_json_number(hr_json_get(value, "area"), &person.area);
    /* COCO writes 0 and 1, some tools false and true */
    person.is_crowd = (hr_json_is(crowd, HR_JSON_INTEGER) || hr_json_is(crowd, HR_JSON_BOOL)) && crowd->as.integer != 0;
    HR_TRY(read_person_keypoints(r, value, &person));
    HR_GROW(r->a->persons, r->a->n_persons, r->persons_capacity);
    r->a->persons[r->a->n_persons++] = person;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ joining */

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const hr_image_rank *)a)->id, y = ((const hr_image_rank *)b)->id;
    return x < y ? -1 : x > y;
}

/* Fill ranks, sorted by id, and the rank of each image. */
static hrnet_status rank_images(hrnet_annotations *a)
{
    HR_NEW(a->ranks, a->n_images);
    for (size_t i = 0; i < a->n_images; i++) a->ranks[i] = (hr_image_rank){a->images[i].id, i};
    if (a->n_images > 0) qsort(a->ranks, a->n_images, sizeof *a->ranks, by_id);
    for (size_t i = 0; i < a->n_images; i++) {
        if (i > 0 && a->ranks[i].id == a->ranks[i - 1].id)
            return hr_fail(HRNET_ERR_FORMAT, "images: expected every id once, found %lld twice",
                           (long long)a->ranks[i].id);
        a->images[a->ranks[i].image].rank = i;
    }
    return HRNET_OK;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Fill categories, sorted and each once: those that have keypoints, or all if none has (a file of boxes, or one whose
 * annotations have keypoints that no category names). */
static hrnet_status choose_categories(annotations_reading *r)
{
    hrnet_annotations *const a = r->a;
    HR_NEW(a->categories, r->n_categories);
    for (size_t i = 0; i < r->n_categories; i++) {
        const category *const c = &r->categories[i];
        if (a->info != NULL && c->n_keypoints == 0) continue;
        if (a->info != NULL && c->n_keypoints != a->info->skeleton.n_keypoints)
            return hr_fail(HRNET_ERR_UNSUPPORTED, "categories: expected one number of keypoints, found %d and %d",
                           a->info->skeleton.n_keypoints, c->n_keypoints);
        a->categories[a->n_categories++] = c->id;
    }
    if (a->n_categories == 0 && a->n_persons > 0)
        return hr_fail(HRNET_ERR_FORMAT, "categories: expected those of the annotations, found none");
    if (a->n_categories == 0) return HRNET_OK;
    qsort(a->categories, a->n_categories, sizeof *a->categories, by_number);
    size_t n = 1; /* unique: a category that the file lists twice is scored once */
    for (size_t i = 1; i < a->n_categories; i++)
        if (a->categories[i] != a->categories[n - 1]) a->categories[n++] = a->categories[i];
    a->n_categories = n;
    return HRNET_OK;
}

/* Describe the keypoints: by the category, else as unnamed ones, as many as annotations have. None at all is no error:
 * image_info_test-dev2017.json lists images alone. */
static hrnet_status choose_info(annotations_reading *r)
{
    hrnet_annotations *const a = r->a;
    if (a->info == NULL && r->rows.n_keypoints == 0) return HRNET_OK;
    if (a->info == NULL) HR_TRY(hr_dataset_info_read(&a->info, NULL, r->rows.n_keypoints));
    if (r->rows.n_keypoints != 0 && r->rows.n_keypoints != a->info->skeleton.n_keypoints)
        return hr_fail(HRNET_ERR_FORMAT, "annotations: expected %d keypoints as their category has, found %d",
                       a->info->skeleton.n_keypoints, r->rows.n_keypoints);
    HR_NEW(a->zeros, (size_t)a->info->skeleton.n_keypoints * 3);
    return HRNET_OK;
}

/* Resolve image ids and drop the annotations of images and categories that the file does not list. */
static void join_persons(hrnet_annotations *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_persons; i++) {
        hr_person_record person = a->persons[i];
        person.image = hrnet_annotations_find_image(a, person.image_id);
        if (person.image == SIZE_MAX ||
            bsearch(&person.category_id, a->categories, a->n_categories, sizeof *a->categories, by_number) == NULL)
            continue;
        a->persons[n++] = person;
    }
    a->n_persons = n;
}

static hrnet_status read_all(annotations_reading *r, const void *bytes, size_t n_bytes)
{
    static const hr_json_list lists[] = {
        {"images", read_image}, {"annotations", read_person}, {"categories", read_category}, {0}};
    static const char *const skip[] = {"segmentation", NULL}; /* most of the text, and never used */
    HR_TRY(add_name(r, ""));                                  /* offset 0: the name of images without one */
    HR_TRY(hr_json_stream(&(hr_json_plan){lists, skip}, r, bytes, n_bytes));
    HR_TRY(rank_images(r->a));
    HR_TRY(choose_categories(r));
    HR_TRY(choose_info(r));
    join_persons(r->a);
    return HRNET_OK;
}

hrnet_status hr_annotations_parse(hrnet_annotations **out, const void *bytes, size_t n_bytes)
{
    annotations_reading r = {0};
    HR_NEW(r.a, 1);
    const hrnet_status status = read_all(&r, bytes, n_bytes);
    r.a->keypoints = r.rows.values; /* handed over in every case, so that hrnet_annotations_free releases it */
    hr_free(r.categories);
    if (status == HRNET_OK)
        *out = r.a;
    else
        hrnet_annotations_free(r.a);
    return status;
}

hrnet_status hrnet_annotations_load(hrnet_annotations **out, const char *path)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_annotations_load: NULL argument");
    hr_bytes file;
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = hr_annotations_parse(out, file.data, file.size);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}
