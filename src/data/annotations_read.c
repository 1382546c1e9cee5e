/*
 * annotations_read.c - reads COCO's annotations JSON into the flat arrays of hrnet_annotations, one element of a list
 * at a time: the tree of the whole text, many times its size, never exists.
 *
 * "images", "annotations" and "categories" may come in any order. References between them are therefore resolved when
 * all is read (annotations_join.c). An entry that cannot be read is left out and counted.
 *
 * Annotation tools differ in how they say "none": a member that is missing, null or an empty list is none here, and so
 * is a box without width or height.
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/annotations_internal.h"
#include "pose/skeleton.h"

#define MAX_FILE ((uint64_t)1 << 32) /* bytes; person_keypoints_train2017.json has 238 MB */
enum { MAX_SIDE = 1 << 30 };         /* of an image, so that sides and their sums fit an int */

/* ------------------------------------------------------------------------------------------------ numbers */

static hrnet_status reserve(hr_keypoint_numbers *numbers, size_t n)
{
    if (numbers->capacity - numbers->n >= n) return HRNET_OK;
    const size_t capacity = 2 * (numbers->capacity + n);
    double *const grown = hr_resize(numbers->values, numbers->n, capacity, sizeof *grown);
    if (grown == NULL) return hr_fail_memory(capacity * sizeof *grown);
    numbers->values = grown;
    numbers->capacity = capacity;
    return HRNET_OK;
}

hrnet_status hr_keypoint_numbers_add(hr_keypoint_numbers *numbers, const hr_json *list)
{
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count == 0 || list->count % 3 != 0 ||
        list->count / 3 > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected a list with three numbers a keypoint, found %s%s",
                       hr_json_what(list), hr_json_is(list, HR_JSON_ARRAY) ? " of another length" : "");
    HR_TRY(reserve(numbers, list->count));
    double *out = numbers->values + numbers->n;
    int i = 0;
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v), i++)
        if (!hr_json_number(v, out++))
            return hr_fail(HRNET_ERR_FORMAT, "keypoints[%d]: expected a number, found %s", i, hr_json_what(v));
    numbers->n += list->count;
    return HRNET_OK;
}

hrnet_status hr_bbox_read(const hr_json *list, double bbox[4])
{
    int n = 0;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != 4)
        return hr_fail(HRNET_ERR_FORMAT, "expected \"bbox\": [x, y, width, height], found %s%s", hr_json_what(list),
                       hr_json_is(list, HR_JSON_ARRAY) ? " of another length" : "");
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v), n++)
        if (!hr_json_number(v, &bbox[n]))
            return hr_fail(HRNET_ERR_FORMAT, "bbox[%d]: expected a number, found %s", n, hr_json_what(v));
    return HRNET_OK;
}

/* The whole number that the member must have. */
static hrnet_status read_id(const hr_json *entry, const char *key, int64_t *out)
{
    const hr_json *const value = hr_json_get(entry, key);
    if (hr_json_id(value, out)) return HRNET_OK;
    return hr_fail(HRNET_ERR_FORMAT, "expected an object with a whole number \"%s\", found %s", key,
                   hr_json_is(entry, HR_JSON_OBJECT) ? hr_json_what(value) : hr_json_what(entry));
}

/* A number that the member may have; *out is untouched if it says nothing. */
static hrnet_status read_optional(const hr_json *entry, const char *key, double *out)
{
    const hr_json *const value = hr_json_get(entry, key);
    if (hr_json_is_empty(value) || hr_json_number(value, out)) return HRNET_OK;
    return hr_fail(HRNET_ERR_FORMAT, "%s: expected a number, found %s", key, hr_json_what(value));
}

/* ------------------------------------------------------------------------------------------------ images */

/* A side of an image in pixels; 0 if it is missing or makes no sense. */
static int read_size(const hr_json *value)
{
    int64_t number = 0;
    return hr_json_id(value, &number) && number > 0 && number <= MAX_SIDE ? (int)number : 0;
}

/* Append a file name to the one block of names. Records keep offsets, because the block moves when it grows. */
static hrnet_status add_name(hr_annotations_reading *r, const char *name)
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
    hr_annotations_reading *const r = context;
    const char *const name = hr_json_string(hr_json_get(value, "file_name"));
    hr_image_record image = {.width = read_size(hr_json_get(value, "width")),
                             .height = read_size(hr_json_get(value, "height")),
                             .name = name != NULL ? r->names_size : 0};
    HR_TRY(read_id(value, "id", &image.id));
    HR_GROW(r->a->images, r->a->n_images, r->images_capacity);
    if (name != NULL) HR_TRY(add_name(r, name));
    r->a->images[r->a->n_images++] = image;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ categories */

/* hr_json_list.element of "categories". A label of a tool that is no skeleton has an empty list of keypoints. */
static hrnet_status read_category(void *context, const hr_json *value, size_t index)
{
    (void)index;
    hr_annotations_reading *const r = context;
    hr_category_record entry = {0};
    const char *const name = hr_json_string(hr_json_get(value, "name"));
    HR_TRY(read_id(value, "id", &entry.id));
    HR_GROW(r->categories, r->n_categories, r->categories_capacity);
    if (!r->options->boxes_alone && !hr_json_is_empty(hr_json_get(value, "keypoints")))
        HR_TRY(hr_dataset_info_read(&entry.info, value, 0, &r->a->notes));
    entry.name = hr_strdup(name != NULL ? name : "");
    if (entry.name == NULL) {
        hrnet_dataset_info_free(entry.info);
        return hr_fail_memory(0);
    }
    r->categories[r->n_categories++] = entry;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ persons */

/* Fill row, n_numbers and n_labelled. */
static hrnet_status read_keypoints(hr_annotations_reading *r, const hr_json *value, hr_person_record *person)
{
    const hr_json *const list = hr_json_get(value, "keypoints");
    double n_labelled = -1;
    /* "num_keypoints" overrides the count of visible keypoints, as in pycocotools, even if they differ: it decides who
     * is scored */
    HR_TRY(read_optional(value, "num_keypoints", &n_labelled));
    if (!hr_json_is_empty(list)) {
        const size_t first = r->numbers.n;
        HR_TRY(hr_keypoint_numbers_add(&r->numbers, list));
        person->row = first;
        person->n_numbers = (int)list->count;
        for (size_t k = first + 2; k < r->numbers.n; k += 3) person->n_labelled += r->numbers.values[k] > 0;
    }
    if (n_labelled >= 0) person->n_labelled = n_labelled > HR_MAX_KEYPOINTS ? HR_MAX_KEYPOINTS : (int)n_labelled;
    return HRNET_OK;
}

/* COCO writes 0 and 1, some tools false and true. */
static hrnet_status read_crowd(const hr_json *value, int *out)
{
    double number = 0;
    const hr_json *const crowd = hr_json_get(value, "iscrowd");
    if (hr_json_is(crowd, HR_JSON_BOOL))
        number = (double)crowd->as.integer;
    else
        HR_TRY(read_optional(value, "iscrowd", &number));
    *out = number != 0;
    return HRNET_OK;
}

/* hr_json_list.element of "annotations". */
static hrnet_status read_person(void *context, const hr_json *value, size_t index)
{
    hr_annotations_reading *const r = context;
    hr_person_record person = {.row = HR_NO_ROW, .index = index};
    const hr_json *const bbox = hr_json_get(value, "bbox");
    HR_GROW(r->a->persons, r->a->n_persons, r->persons_capacity);
    HR_TRY(read_id(value, "image_id", &person.image_id));
    HR_TRY(read_id(value, "category_id", &person.category_id));
    person.has_id = hr_json_id(hr_json_get(value, "id"), &person.id);
    if (!hr_json_is_empty(bbox)) HR_TRY(hr_bbox_read(bbox, person.bbox));
    HR_TRY(read_optional(value, "area", &person.area));
    HR_TRY(read_crowd(value, &person.is_crowd));
    if (!r->options->boxes_alone) HR_TRY(read_keypoints(r, value, &person));
    r->a->persons[r->a->n_persons++] = person;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ parts */

/* hr_json_split.fork: a reading of persons alone. */
static void *fork_reading(const void *context)
{
    const hr_annotations_reading *const r = context;
    hr_annotations_reading *const part = hr_calloc(1, sizeof *part);
    hrnet_annotations *const a = hr_calloc(1, sizeof *a);
    if (part == NULL || a == NULL) {
        hr_free(part);
        hr_free(a);
        return NULL;
    }
    part->a = a;
    part->options = r->options;
    return part;
}

/* hr_json_split.join */
static int join_reading(void *context, void *part_context, size_t first)
{
    hr_annotations_reading *const r = context;
    const hr_annotations_reading *const part = part_context;
    const size_t n = r->a->n_persons + part->a->n_persons;
    if (reserve(&r->numbers, part->numbers.n) != HRNET_OK) return 0;
    if (n > r->persons_capacity) {
        hr_person_record *const grown = hr_resize(r->a->persons, r->a->n_persons, 2 * n, sizeof *grown);
        if (grown == NULL) return 0;
        r->a->persons = grown;
        r->persons_capacity = 2 * n;
    }
    for (size_t i = 0; i < part->a->n_persons; i++) {
        hr_person_record person = part->a->persons[i];
        person.index += first;
        if (person.row != HR_NO_ROW) person.row += r->numbers.n;
        r->a->persons[r->a->n_persons++] = person;
    }
    if (part->numbers.n > 0)
        memcpy(r->numbers.values + r->numbers.n, part->numbers.values, part->numbers.n * sizeof *part->numbers.values);
    r->numbers.n += part->numbers.n;
    return 1;
}

/* hr_json_split.drop */
static void drop_reading(void *context)
{
    hr_annotations_reading *const part = context;
    hr_free(part->numbers.values);
    hrnet_annotations_free(part->a);
    hr_free(part);
}

/* ------------------------------------------------------------------------------------------------ the file */

static hrnet_status read_all(hr_annotations_reading *r, const void *bytes, size_t n_bytes)
{
    const hr_json_list lists[] = {{"images", read_image, &r->broken_images},
                                  {"annotations", read_person, &r->broken_persons},
                                  {"categories", read_category, NULL},
                                  {0}};
    static const char *const skip[] = {"segmentation", NULL}; /* most of the text, and never used */
    HR_TRY(add_name(r, ""));                                  /* offset 0: the name of images without one */
    static const hr_json_split split = {"annotations", fork_reading, join_reading, drop_reading};
    const hr_json_plan plan = {.lists = lists, .skip = skip, .split = &split, .pool = r->options->pool};
    HR_TRY(hr_json_stream(&plan, r, bytes, n_bytes));
    return hr_annotations_join(r);
}

hrnet_status hr_annotations_parse(hrnet_annotations **out, const void *bytes, size_t n_bytes,
                                  const hrnet_annotations_options *options)
{
    const hrnet_annotations_options defaults = {0};
    hr_annotations_reading r = {.options = options != NULL ? options : &defaults};
    HR_NEW(r.a, 1);
    const hrnet_status status = read_all(&r, bytes, n_bytes);
    r.a->keypoints = r.numbers.values; /* handed over in every case, so that hrnet_annotations_free releases it */
    for (size_t i = 0; i < r.n_categories; i++) {
        hr_free(r.categories[i].name);
        hrnet_dataset_info_free(r.categories[i].info);
    }
    hr_free(r.categories);
    if (status == HRNET_OK)
        *out = r.a;
    else
        hrnet_annotations_free(r.a);
    return status;
}

hrnet_status hrnet_annotations_open(hrnet_annotations **out, const char *path, const hrnet_annotations_options *options)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_annotations_open: NULL argument");
    if (options != NULL) HR_TRY(HR_CHECK_RESERVED(options, "hrnet_annotations_options"));
    hr_bytes file;
    hrnet_annotations *annotations = NULL;
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    hrnet_status status = hr_annotations_parse(&annotations, file.data, file.size, options);
    hr_free(file.data);
    if (status == HRNET_OK) status = hr_annotations_require(annotations);
    if (status != HRNET_OK) {
        hrnet_annotations_free(annotations);
        return hr_fail_in(status, path);
    }
    if (options != NULL) hr_send_notes(&annotations->notes, path, options->on_message, options->context);
    *out = annotations;
    return HRNET_OK;
}

hrnet_status hrnet_annotations_load(hrnet_annotations **out, const char *path)
{
    return hrnet_annotations_open(out, path, NULL);
}
