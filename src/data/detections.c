/*
 * detections.c - person boxes from COCO's JSON: a list of detections, or the "annotations" of an annotations file,
 * whose image ids are replaced by the names of its images. Boxes are not clipped: the sizes of images are not known
 * here. All entries are read first; then it is known which categories there are, and those that count are kept.
 */
#include "data/coco_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/json.h"

enum {
    MAX_FILE = 1 << 30, /* bytes */
    PERSON = 1          /* COCO's category id */
};

typedef struct image_name {
    int64_t id;
    const char *file_name; /* NULL: the file gives none */
} image_name;

typedef struct box_category {
    int64_t id;
    const char *name; /* "": the file gives none */
    int has_keypoints;
} box_category;

/* A file being read. */
typedef struct detections_reading {
    const hrnet_detections_options *options;
    hr_text *notes;
    image_name *images; /* [n_images], sorted by id */
    box_category *categories;
    int64_t *used, *chosen; /* ids of categories that boxes have, and of those that are kept; ascending, each once */
    size_t n_images, n_categories, n_used, n_chosen;
    hrnet_detection *list;
    hr_keypoint_numbers numbers; /* of the entry being read */
    size_t n, n_empty, n_crowds, n_made;
    hr_json_broken broken;
} detections_reading;

/* ------------------------------------------------------------------------------------------------ entries */

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const image_name *)a)->id, y = ((const image_name *)b)->id;
    return x < y ? -1 : x > y;
}

/* Images without an id or a name say nothing here. */
static hrnet_status read_images(detections_reading *r, const hr_json *images)
{
    if (hr_json_is_empty(images)) return HRNET_OK;
    if (!hr_json_is(images, HR_JSON_ARRAY)) return hr_fail(HRNET_ERR_FORMAT, "images: expected a list");
    HR_NEW(r->images, images->count);
    for (const hr_json *v = hr_json_first(images); v != NULL; v = hr_json_next(images, v)) {
        image_name *const image = &r->images[r->n_images];
        image->file_name = hr_json_string(hr_json_get(v, "file_name"));
        r->n_images += hr_json_id(hr_json_get(v, "id"), &image->id) && image->file_name != NULL;
    }
    qsort(r->images, r->n_images, sizeof *r->images, by_id);
    return HRNET_OK;
}

static hrnet_status read_categories(detections_reading *r, const hr_json *categories)
{
    if (hr_json_is_empty(categories)) return HRNET_OK;
    if (!hr_json_is(categories, HR_JSON_ARRAY)) return hr_fail(HRNET_ERR_FORMAT, "categories: expected a list");
    HR_NEW(r->categories, categories->count);
    for (const hr_json *v = hr_json_first(categories); v != NULL; v = hr_json_next(categories, v)) {
        box_category *const c = &r->categories[r->n_categories];
        const char *const name = hr_json_string(hr_json_get(v, "name"));
        c->name = name != NULL ? name : "";
        c->has_keypoints = !hr_json_is_empty(hr_json_get(v, "keypoints"));
        r->n_categories += hr_json_id(hr_json_get(v, "id"), &c->id) != 0;
    }
    return HRNET_OK;
}

static hrnet_status copy_text(char **out, const char *text)
{
    *out = hr_strdup(text);
    return *out != NULL ? HRNET_OK : hr_fail_memory(strlen(text) + 1);
}

/* The image of an entry: its id, and as text its own file_name, else the name that goes with its id, else the id. */
static hrnet_status read_image(const detections_reading *r, const hr_json *entry, hrnet_detection *out)
{
    const hr_json *const id = hr_json_get(entry, "image_id");
    const char *text = hr_json_string(hr_json_get(entry, "file_name"));
    char number[24];
    image_name wanted = {0};
    if (hr_json_id(id, &wanted.id)) {
        out->has_image_id = 1;
        out->image_id = wanted.id;
        const image_name *const found =
            r->n_images > 0 ? bsearch(&wanted, r->images, r->n_images, sizeof wanted, by_id) : NULL;
        snprintf(number, sizeof number, "%lld", (long long)wanted.id);
        if (text == NULL) text = found != NULL ? found->file_name : number;
    } else if (hr_json_string(id) != NULL) {
        HR_TRY(copy_text(&out->image_text, hr_json_string(id)));
        if (text == NULL) text = out->image_text;
    }
    if (text == NULL)
        return hr_fail(HRNET_ERR_FORMAT, "expected image_id as a whole number or text, found %s", hr_json_what(id));
    return copy_text(&out->image, text);
}

static int read_float(const hr_json *value, float *out)
{
    double number;
    if (!hr_json_number(value, &number) || !isfinite((float)number)) return 0;
    *out = (float)number;
    return 1;
}

static hrnet_status read_box(const hr_json *bbox, float numbers[4])
{
    int n = 0;
    if (hr_json_is_empty(bbox)) return HRNET_OK;
    if (!hr_json_is(bbox, HR_JSON_ARRAY) || bbox->count != 4)
        return hr_fail(HRNET_ERR_FORMAT, "expected \"bbox\": [x, y, width, height], found %s%s", hr_json_what(bbox),
                       hr_json_is(bbox, HR_JSON_ARRAY) ? " of another length" : "");
    for (const hr_json *v = hr_json_first(bbox); v != NULL; v = hr_json_next(bbox, v), n++)
        if (!read_float(v, &numbers[n]))
            return hr_fail(HRNET_ERR_FORMAT, "bbox[%d]: expected a number that a float can hold, found %s", n,
                           hr_json_what(v));
    return HRNET_OK;
}

/* An entry without a box that has keypoints, as some annotation tools write it: the box around these. */
static hrnet_status make_box(detections_reading *r, const hr_json *keypoints, float numbers[4])
{
    double bbox[4];
    r->numbers.n = 0;
    if (hr_json_is_empty(keypoints)) return HRNET_OK;
    HR_TRY(hr_keypoint_numbers_add(&r->numbers, keypoints));
    if (!hr_box_of_keypoints(r->numbers.values, (int)r->numbers.n, bbox)) return HRNET_OK;
    for (int i = 0; i < 4; i++) {
        numbers[i] = (float)bbox[i];
        if (!isfinite(numbers[i]))
            return hr_fail(HRNET_ERR_FORMAT, "keypoints: expected numbers that a float can hold");
    }
    r->n_made++;
    return HRNET_OK;
}

static hrnet_status read_numbers(detections_reading *r, const hr_json *entry, hrnet_detection *out)
{
    const hr_json *const score = hr_json_get(entry, "score");
    float numbers[4] = {0};
    out->score = 1;
    if (!hr_json_is_empty(score) && !read_float(score, &out->score))
        return hr_fail(HRNET_ERR_FORMAT, "score: expected a number that a float can hold, found %s",
                       hr_json_what(score));
    HR_TRY(read_box(hr_json_get(entry, "bbox"), numbers));
    if (!(numbers[2] > 0 && numbers[3] > 0)) HR_TRY(make_box(r, hr_json_get(entry, "keypoints"), numbers));
    out->box = (hrnet_box){numbers[0], numbers[1], numbers[2], numbers[3]};
    return HRNET_OK;
}

static int is_crowd(const hr_json *entry)
{
    const hr_json *const crowd = hr_json_get(entry, "iscrowd");
    double number = 0;
    if (hr_json_is(crowd, HR_JSON_BOOL)) return crowd->as.integer != 0;
    return hr_json_number(crowd, &number) && number != 0;
}

/* Read one entry to *out, whose texts the caller frees in every case. */
static hrnet_status read_entry(detections_reading *r, const hr_json *entry, hrnet_detection *out)
{
    const hr_json *const category = hr_json_get(entry, "category_id");
    if (!hr_json_is(entry, HR_JSON_OBJECT))
        return hr_fail(HRNET_ERR_FORMAT, "expected an object, found %s", hr_json_what(entry));
    out->has_category = hr_json_id(category, &out->category_id);
    if (!out->has_category && !hr_json_is_empty(category))
        return hr_fail(HRNET_ERR_FORMAT, "category_id: expected a whole number, found %s", hr_json_what(category));
    HR_TRY(read_numbers(r, entry, out));
    return read_image(r, entry, out);
}

static void free_texts(hrnet_detection *detection)
{
    hr_free(detection->image);
    hr_free(detection->image_text);
}

/* All entries but crowds; empty boxes stay, for they tell which category is in use. */
static hrnet_status read_entries(detections_reading *r, const hr_json *list, const char *key)
{
    size_t index = 0;
    HR_NEW(r->list, list->count);
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v), index++) {
        hrnet_detection *const out = &r->list[r->n];
        if (is_crowd(v)) {
            r->n_crowds++;
            continue;
        }
        hrnet_status status = read_entry(r, v, out);
        if (status == HRNET_OK) {
            r->n++;
            continue;
        }
        free_texts(out);
        *out = (hrnet_detection){0};
        HR_TRY(hr_json_note_broken(&r->broken, status, key, index));
    }
    if (r->n > 0 || r->broken.n == 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_FORMAT, "%s%s", r->broken.first,
                   r->broken.n > 1 ? "; none of the other entries can be read either" : "");
}

/* ------------------------------------------------------------------------------------------------ categories */

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Sort the ids and keep each once. */
static size_t sort_ids(int64_t *ids, size_t n)
{
    size_t kept = 0;
    if (n > 0) qsort(ids, n, sizeof *ids, by_number);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || ids[i] != ids[kept - 1]) ids[kept++] = ids[i];
    return kept;
}

static int has_id(const int64_t *ids, size_t n, int64_t id)
{
    return n > 0 && bsearch(&id, ids, n, sizeof id, by_number) != NULL;
}

static void list_used(const detections_reading *r, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < r->n_used && n + 60 < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%lld", i > 0 ? ", " : "", (long long)r->used[i]);
}

/* The caller's category: by the file's own names, by id, by the annotations', which were chosen in the same way. */
static hrnet_status choose_wanted(detections_reading *r)
{
    const char *const wanted = r->options->category;
    char *rest, used[200];
    const long long number = strtoll(wanted, &rest, 10);
    for (size_t i = 0; i < r->n_categories; i++)
        if (hr_category_is(wanted, r->categories[i].name, r->categories[i].id))
            r->chosen[r->n_chosen++] = r->categories[i].id;
    if (r->n_chosen == 0 && rest != wanted && *rest == '\0') r->chosen[r->n_chosen++] = number;
    if (r->n_chosen > 0) return HRNET_OK;
    size_t n = 0;
    const int64_t *const theirs =
        r->options->annotations != NULL ? hr_annotations_categories(r->options->annotations, &n) : NULL;
    for (size_t i = 0; i < r->n_used; i++)
        if (has_id(theirs, n, r->used[i])) r->chosen[r->n_chosen++] = r->used[i];
    if (r->n_chosen > 0) return HRNET_OK;
    list_used(r, used, sizeof used);
    return hr_fail(HRNET_ERR_MISMATCH, "expected boxes of the category \"%.60s\", found the ids %s%s", wanted, used,
                   r->n_categories == 0 ? " and no names of categories: give an id" : "");
}

/* Choose those of the file's categories for which a question is answered with yes; 0: none. */
static int is_named_person(const box_category *c)
{
    return strcasecmp(c->name, "person") == 0;
}

static int has_keypoints(const box_category *c)
{
    return c->has_keypoints;
}

static int choose_if(detections_reading *r, int (*question)(const box_category *))
{
    for (size_t i = 0; i < r->n_categories; i++)
        if (question(&r->categories[i])) r->chosen[r->n_chosen++] = r->categories[i].id;
    return r->n_chosen > 0;
}

static int choose_of_annotations(detections_reading *r)
{
    size_t n = 0;
    if (r->options->annotations == NULL) return 0;
    const int64_t *const theirs = hr_annotations_categories(r->options->annotations, &n);
    /* eighty categories without keypoints say nothing about whom to look at */
    if (n > 1 && hrnet_annotations_info(r->options->annotations)->skeleton.n_keypoints == 0) return 0;
    for (size_t i = 0; i < r->n_used; i++)
        if (has_id(theirs, n, r->used[i])) r->chosen[r->n_chosen++] = r->used[i];
    if (r->n_chosen == 0 && n > 0 && r->n_used > 0)
        hr_note(r->notes, 1, "no box is of a category of the annotations (%lld%s)", (long long)theirs[0],
                n > 1 ? " and others" : "");
    return r->n_chosen > 0;
}

static hrnet_status choose(detections_reading *r)
{
    char used[200];
    if (r->options->category != NULL) return choose_wanted(r);
    if (r->n_used == 0 || choose_of_annotations(r) || choose_if(r, is_named_person) || choose_if(r, has_keypoints))
        return HRNET_OK;
    list_used(r, used, sizeof used);
    const int is_known = r->n_categories > 0 || (r->n_used > 1 && !has_id(r->used, r->n_used, PERSON));
    if (r->n_used > 1 && is_known)
        return hr_fail(
            HRNET_ERR_MISMATCH,
            "expected boxes of one category, or of one that is known as person, found the ids %s: choose one "
            "(--category)",
            used);
    r->chosen[r->n_chosen++] = r->n_used == 1 ? r->used[0] : PERSON;
    if (r->n_used > 1 || r->used[0] != PERSON || r->options->annotations != NULL)
        hr_note(r->notes, 0, "boxes of category %lld are taken, %s; --category takes others", (long long)r->chosen[0],
                r->n_used > 1 ? "which is COCO's person" : "the only one of the file");
    return HRNET_OK;
}

/* Keep the boxes of chosen categories, and those of none, if they have an area. */
static hrnet_status keep_chosen(detections_reading *r)
{
    size_t n = 0, n_others = 0;
    char used[200];
    r->n_chosen = sort_ids(r->chosen, r->n_chosen);
    for (size_t i = 0; i < r->n; i++) {
        hrnet_detection *const d = &r->list[i];
        const int is_other = d->has_category && !has_id(r->chosen, r->n_chosen, d->category_id);
        const int is_empty = !(d->box.w > 0 && d->box.h > 0);
        n_others += is_other != 0;
        r->n_empty += !is_other && is_empty;
        if (is_other || is_empty)
            free_texts(d);
        else
            r->list[n++] = *d;
    }
    const size_t n_all = r->n;
    r->n = n;
    list_used(r, used, sizeof used);
    if (n_all > 0 && n_others == n_all)
        return hr_fail(
            HRNET_ERR_MISMATCH,
            "expected boxes of category %lld, found none: all %zu are of others (%s): choose one (--category)",
            r->n_chosen > 0 ? (long long)r->chosen[0] : PERSON, n_all, used);
    if (n_others > 0) hr_note(r->notes, 0, "%zu of %zu boxes are of other categories: left out", n_others, n_all);
    return HRNET_OK;
}

static hrnet_status choose_categories(detections_reading *r)
{
    HR_NEW(r->used, r->n);
    HR_NEW(r->chosen, r->n + r->n_categories + 1);
    for (size_t i = 0; i < r->n; i++)
        if (r->list[i].has_category) r->used[r->n_used++] = r->list[i].category_id;
    r->n_used = sort_ids(r->used, r->n_used);
    HR_TRY(choose(r));
    return keep_chosen(r);
}

/* ------------------------------------------------------------------------------------------------ the file */

static hrnet_status read_root(detections_reading *r, const hr_json *root)
{
    const int is_object = hr_json_is(root, HR_JSON_OBJECT);
    const hr_json *const list = is_object ? hr_json_get(root, "annotations") : root;
    if (!hr_json_is(list, HR_JSON_ARRAY))
        return hr_fail(HRNET_ERR_FORMAT, "expected a list of detections, or an object with \"annotations\"");
    HR_TRY(read_images(r, hr_json_get(root, "images")));
    HR_TRY(read_categories(r, hr_json_get(root, "categories")));
    HR_TRY(read_entries(r, list, is_object ? "annotations" : NULL));
    HR_TRY(choose_categories(r));
    if (r->broken.n > 0)
        hr_note(r->notes, 1, "%zu of the boxes could not be read and are left out; the first: %s", r->broken.n,
                r->broken.first);
    if (r->n_made > 0)
        hr_note(r->notes, 1, "%zu entries have no box or an empty one: it is taken from their keypoints", r->n_made);
    if (r->n_empty + r->n_crowds > 0)
        hr_note(r->notes, 0, "%zu boxes without area and %zu crowds are left out", r->n_empty, r->n_crowds);
    return HRNET_OK;
}

hrnet_status hr_detections_parse(hrnet_detection **out, size_t *n_out, const void *bytes, size_t n_bytes,
                                 const hrnet_detections_options *options, hr_text *notes)
{
    const hrnet_detections_options defaults = {0};
    detections_reading r = {.options = options != NULL ? options : &defaults, .notes = notes};
    hr_json_document document;
    HR_TRY(hr_json_parse(&document, bytes, n_bytes));
    const hrnet_status status = read_root(&r, document.root);
    hr_free(r.images);
    hr_free(r.categories);
    hr_free(r.used);
    hr_free(r.chosen);
    hr_free(r.numbers.values);
    hr_json_free(&document);
    if (status != HRNET_OK) {
        hrnet_detections_free(r.list, r.n);
        return status;
    }
    *out = r.list;
    *n_out = r.n;
    return HRNET_OK;
}

hrnet_status hrnet_detections_open(hrnet_detection **out, size_t *n_out, const char *path,
                                   const hrnet_detections_options *options)
{
    if (out == NULL || n_out == NULL || path == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_detections_open: NULL argument");
    if (options != NULL) HR_TRY(HR_CHECK_RESERVED(options, "hrnet_detections_options"));
    hr_bytes file;
    hr_text notes = {0};
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = hr_detections_parse(out, n_out, file.data, file.size, options, &notes);
    hr_free(file.data);
    if (status == HRNET_OK && options != NULL) hr_send_notes(&notes, path, options->on_message, options->context);
    hr_text_free(&notes);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

hrnet_status hrnet_detections_load(hrnet_detection **out, size_t *n_out, const char *path)
{
    return hrnet_detections_open(out, n_out, path, NULL);
}

void hrnet_detections_free(hrnet_detection *detections, size_t n)
{
    for (size_t i = 0; detections != NULL && i < n; i++) free_texts(&detections[i]);
    hr_free(detections);
}
