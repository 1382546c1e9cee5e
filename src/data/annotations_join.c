/*
 * annotations_join.c - what is decided when a file of annotations has been read:
 *   1. rank_images        images sorted by id
 *   2. choose_categories  which categories count
 *   3. choose_info        one description of their keypoints
 *   4. join_persons       annotations get the index of their image; those of other images and categories are left out,
 *                         boxes and areas that are missing are made
 * What was assumed or left out is noted, a line each.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "data/annotations_internal.h"

void hr_note(hr_text *notes, int is_warning, const char *format, ...)
{
    enum { MOST = 1 << 14 }; /* bytes: a file of many mistakes is told of the first ones */
    char line[512] = {is_warning ? '!' : ' '};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + 1, sizeof line - 2, format, arguments);
    va_end(arguments);
    hrnet_printable(line); /* names may hold what would end the line, or steer a terminal */
    strcat(line, "\n");
    /* fifty categories may have one and the same skeleton */
    if (notes->length < MOST && (notes->data == NULL || strstr(notes->data, line) == NULL))
        hr_text_add_bytes(notes, line, strlen(line));
}

void hr_send_notes(const hr_text *notes, const char *path, hrnet_message_fn *on_message, void *context)
{
    if (on_message == NULL || notes->data == NULL) return;
    for (const char *at = notes->data; *at != '\0';) {
        const size_t length = strcspn(at, "\n");
        hr_text line = {0};
        hr_text_add(&line, "%s%s: %.*s", *at == '!' ? "warning: " : "", path, (int)length - 1, at + 1);
        if (!line.failed) on_message(context, line.data);
        hr_text_free(&line);
        at += length + (at[length] == '\n');
    }
}

/* ------------------------------------------------------------------------------------------------ images */

static int by_id(const void *a, const void *b)
{
    const hr_image_rank *const x = a, *const y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

/* 1 if two images of one id are the same picture, which tools that merge files list twice. */
static int is_same_picture(const hrnet_annotations *a, size_t image, size_t other)
{
    const char *const name = a->names + a->images[image].name;
    return name[0] != '\0' && strcmp(name, a->names + a->images[other].name) == 0;
}

/* Fill ranks, sorted by id, and the rank of each image. Of a picture that is listed twice the first entry counts; the
 * other one stays in images, but nobody is in it. */
static hrnet_status rank_images(hrnet_annotations *a)
{
    size_t n = 0;
    HR_NEW(a->ranks, a->n_images);
    for (size_t i = 0; i < a->n_images; i++) a->ranks[i] = (hr_image_rank){a->images[i].id, i};
    if (a->n_images > 0) qsort(a->ranks, a->n_images, sizeof *a->ranks, by_id);
    for (size_t i = 0; i < a->n_images; i++) {
        const hr_image_rank next = a->ranks[i];
        const int is_again = n > 0 && next.id == a->ranks[n - 1].id;
        if (is_again && !is_same_picture(a, next.image, a->ranks[n - 1].image))
            return hr_fail(HRNET_ERR_FORMAT,
                           "images: expected every id once, found %lld twice, as \"%.60s\" and \"%.60s\"",
                           (long long)next.id, a->names + a->images[a->ranks[n - 1].image].name,
                           a->names + a->images[next.image].name);
        if (!is_again) a->ranks[n++] = next;
        a->images[next.image].rank = n - 1;
    }
    if (n < a->n_images)
        hr_note(&a->notes, 1, "%zu images are listed twice, with the same id and name: once is enough",
                a->n_images - n);
    a->n_ranks = n;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ categories */

/* List the categories in a message: "arrow" (id 1, 5 keypoints), "box" (id 2). */
static void list_categories(const hr_annotations_reading *r, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < r->n_categories && n + 100 < size; i++) {
        const hr_category_record *const c = &r->categories[i];
        const int n_keypoints = c->info != NULL ? c->info->skeleton.n_keypoints : 0;
        n += (size_t)snprintf(out + n, size - n, "%s\"%.40s\" (id %lld", i > 0 ? ", " : "", c->name, (long long)c->id);
        n += (size_t)snprintf(out + n, size - n, n_keypoints > 0 ? ", %d keypoints)" : ")", n_keypoints);
    }
    if (n == 0) snprintf(out, size, "none");
}

int hr_category_is(const char *wanted, const char *name, int64_t id)
{
    char *rest;
    if (strcasecmp(wanted, name) == 0) return 1;
    const long long number = strtoll(wanted, &rest, 10);
    return rest != wanted && *rest == '\0' && number == id;
}

static hrnet_status choose_wanted(hr_annotations_reading *r)
{
    char all[400];
    int n = 0;
    for (size_t i = 0; i < r->n_categories; i++)
        n += r->categories[i].is_chosen =
            hr_category_is(r->options->category, r->categories[i].name, r->categories[i].id);
    if (n > 0) return HRNET_OK;
    list_categories(r, all, sizeof all);
    return hr_fail(HRNET_ERR_MISMATCH, "categories: expected \"%.60s\" among them, found %s", r->options->category,
                   all);
}

/* Whether two skeletons have the same keypoints in the same order. */
static int have_same_keypoints(const hrnet_skeleton *a, const hrnet_skeleton *b)
{
    if (a->n_keypoints != b->n_keypoints) return 0;
    for (int i = 0; i < a->n_keypoints; i++)
        if (strcmp(a->keypoint_names[i], b->keypoint_names[i]) != 0) return 0;
    return 1;
}

/* 1 if all chosen categories have the same keypoints. */
static int is_one_skeleton(const hr_annotations_reading *r)
{
    const hrnet_skeleton *first = NULL;
    for (size_t i = 0; i < r->n_categories; i++) {
        if (!r->categories[i].is_chosen) continue;
        if (first != NULL && !have_same_keypoints(first, &r->categories[i].info->skeleton)) return 0;
        first = &r->categories[i].info->skeleton;
    }
    return 1;
}

/* Reasons to prefer some of several skeletons, the strongest first. */
static int is_of_network(const hr_annotations_reading *r, const hr_category_record *c)
{
    return c->info->skeleton.n_keypoints == r->options->n_keypoints;
}

static int has_persons(const hr_annotations_reading *r, const hr_category_record *c)
{
    (void)r;
    return c->has_persons;
}

static int is_person(const hr_annotations_reading *r, const hr_category_record *c)
{
    (void)r;
    return strcasecmp(c->name, "person") == 0;
}

/* Drop the chosen categories without the property, unless that would be all of them. */
static void prefer(hr_annotations_reading *r, int (*has)(const hr_annotations_reading *, const hr_category_record *))
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_categories; i++) n += r->categories[i].is_chosen && has(r, &r->categories[i]);
    for (size_t i = 0; n > 0 && i < r->n_categories; i++)
        r->categories[i].is_chosen = r->categories[i].is_chosen && has(r, &r->categories[i]);
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Fill has_persons of every category. */
static hrnet_status find_used(hr_annotations_reading *r)
{
    int64_t *used;
    size_t n = 0;
    HR_NEW(used, r->a->n_persons);
    for (size_t i = 0; i < r->a->n_persons; i++)
        if (r->a->persons[i].n_numbers > 0) used[n++] = r->a->persons[i].category_id;
    qsort(used, n, sizeof *used, by_number);
    for (size_t i = 0; i < r->n_categories; i++)
        r->categories[i].has_persons = bsearch(&r->categories[i].id, used, n, sizeof *used, by_number) != NULL;
    hr_free(used);
    return HRNET_OK;
}

static hrnet_status choose_skeleton(hr_annotations_reading *r)
{
    char all[400];
    list_categories(r, all, sizeof all);
    if (is_one_skeleton(r)) return HRNET_OK;
    HR_TRY(find_used(r));
    prefer(r, is_of_network);
    if (!is_one_skeleton(r)) prefer(r, has_persons);
    if (!is_one_skeleton(r)) prefer(r, is_person);
    if (!is_one_skeleton(r))
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "categories: expected one skeleton, found several: %s: choose one (--category NAME)", all);
    for (size_t i = 0; i < r->n_categories; i++)
        if (r->categories[i].is_chosen && r->categories[i].info != NULL)
            hr_note(&r->a->notes, 1, "category \"%.60s\" (%d keypoints) is read, of %s; --category chooses another",
                    r->categories[i].name, r->categories[i].info->skeleton.n_keypoints, all);
    return HRNET_OK;
}

/* Fill a->categories, sorted and each once: a category that the file lists twice is scored once. */
static hrnet_status list_chosen(hr_annotations_reading *r)
{
    hrnet_annotations *const a = r->a;
    HR_NEW(a->categories, r->n_categories);
    for (size_t i = 0; i < r->n_categories; i++)
        if (r->categories[i].is_chosen) a->categories[a->n_categories++] = r->categories[i].id;
    if (a->n_categories == 0) return HRNET_OK;
    qsort(a->categories, a->n_categories, sizeof *a->categories, by_number);
    size_t n = 1;
    for (size_t i = 1; i < a->n_categories; i++)
        if (a->categories[i] != a->categories[n - 1]) a->categories[n++] = a->categories[i];
    a->n_categories = n;
    return HRNET_OK;
}

/* 1 if any annotation has keypoints. */
static int has_numbers(const hrnet_annotations *a)
{
    for (size_t i = 0; i < a->n_persons; i++)
        if (a->persons[i].n_numbers > 0) return 1;
    return 0;
}

/* Choose the caller's category; else, if boxes alone are read, all; else those that have keypoints, which must be the
 * same ones; else, where the annotations have keypoints that no category names, all; else, in a file of boxes or images
 * alone, the one named person, or all. */
static hrnet_status choose_categories(hr_annotations_reading *r)
{
    size_t n_with_keypoints = 0;
    for (size_t i = 0; i < r->n_categories; i++) n_with_keypoints += r->categories[i].info != NULL;
    for (size_t i = 0; i < r->n_categories; i++)
        r->categories[i].is_chosen = n_with_keypoints == 0 || r->categories[i].info != NULL;
    if (r->options->category != NULL)
        HR_TRY(choose_wanted(r));
    else if (n_with_keypoints > 1)
        HR_TRY(choose_skeleton(r));
    else if (n_with_keypoints == 0 && !r->options->boxes_alone && !has_numbers(r->a))
        prefer(r, is_person);
    HR_TRY(list_chosen(r));
    if (r->a->n_categories == 0 && r->a->n_persons > 0)
        return hr_fail(HRNET_ERR_FORMAT, "categories: expected those of the annotations, found none");
    return HRNET_OK;
}

static int is_chosen(const hrnet_annotations *a, int64_t category)
{
    return bsearch(&category, a->categories, a->n_categories, sizeof *a->categories, by_number) != NULL;
}

/* Describe the keypoints: by the first chosen category that has some, else as unnamed ones, as many as the first
 * annotation of these categories has. None at all is no error: image_info_test-dev2017.json lists images alone. */
static hrnet_status choose_info(hr_annotations_reading *r)
{
    hrnet_annotations *const a = r->a;
    int n_keypoints = 0;
    for (size_t i = 0; i < r->n_categories && a->info == NULL; i++) {
        if (!r->categories[i].is_chosen) continue;
        a->info = r->categories[i].info;
        r->categories[i].info = NULL;
    }
    for (size_t i = 0; i < a->n_persons && n_keypoints == 0; i++)
        if (is_chosen(a, a->persons[i].category_id)) n_keypoints = a->persons[i].n_numbers / 3;
    if (a->info == NULL && n_keypoints == 0) return HRNET_OK;
    if (a->info == NULL) HR_TRY(hr_dataset_info_read(&a->info, NULL, n_keypoints, &a->notes));
    HR_NEW(a->zeros, (size_t)a->info->skeleton.n_keypoints * 3);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ persons */

int hr_box_of_keypoints(const double *keypoints, int n, double bbox[4])
{
    double least[2] = {0}, most[2] = {0};
    int n_labelled = 0;
    for (int i = 0; i < n; i += 3) {
        if (!(keypoints[i + 2] > 0)) continue;
        for (int c = 0; c < 2; c++) {
            if (n_labelled == 0 || keypoints[i + c] < least[c]) least[c] = keypoints[i + c];
            if (n_labelled == 0 || keypoints[i + c] > most[c]) most[c] = keypoints[i + c];
        }
        n_labelled++;
    }
    if (!(most[0] > least[0] && most[1] > least[1])) return 0;
    bbox[0] = least[0];
    bbox[1] = least[1];
    bbox[2] = most[0] - least[0];
    bbox[3] = most[1] - least[1];
    return 1;
}

/* A person whom a tool wrote without a box gets that of the keypoints, one without an area that of the box. */
static void complete_box(hr_annotations_reading *r, hr_person_record *person, const double *keypoints)
{
    hrnet_annotations *const a = r->a;
    const int has_box = person->bbox[2] > 0 && person->bbox[3] > 0, has_area = person->area > 0;
    if (!has_box && !person->is_crowd && keypoints != NULL &&
        hr_box_of_keypoints(keypoints, person->n_numbers, person->bbox))
        a->counts.n_boxes_made++;
    if (has_area || !(person->bbox[2] > 0 && person->bbox[3] > 0)) return;
    person->area = person->bbox[2] * person->bbox[3];
    /* areas matter to OKS, and to the score of boxes */
    a->counts.n_areas_made += (keypoints != NULL || r->options->boxes_alone) && has_box;
}

/* 1 if the person stays; else the reason is counted. */
static int find_person(hr_annotations_reading *r, hr_person_record *person)
{
    hrnet_annotations *const a = r->a;
    const int n = a->info != NULL ? 3 * a->info->skeleton.n_keypoints : 0;
    person->image = hrnet_annotations_find_image(a, person->image_id);
    if (!is_chosen(a, person->category_id)) {
        if (a->counts.n_other_category++ == 0) a->counts.first_category = person->category_id;
    } else if (person->image == SIZE_MAX) {
        if (a->counts.n_no_image++ == 0) a->counts.first_image = person->image_id;
    } else if (person->n_numbers != 0 && person->n_numbers != n) {
        hr_fail_message("keypoints: expected %d numbers for %d keypoints, found %d", n, n / 3, person->n_numbers);
        hr_json_note_broken(&r->broken_persons, HRNET_ERR_FORMAT, "annotations", person->index);
    } else {
        return 1;
    }
    return 0;
}

/* Resolve image ids, leave out what does not fit, and close the gaps in the keypoints. */
static void join_persons(hr_annotations_reading *r)
{
    hrnet_annotations *const a = r->a;
    size_t n = 0, n_rows = 0;
    a->counts.n = a->n_persons + r->broken_persons.n;
    for (size_t i = 0; i < a->n_persons; i++) {
        hr_person_record person = a->persons[i];
        if (!person.has_id) person.id = (int64_t)person.index + 1;
        if (!find_person(r, &person)) continue;
        double *keypoints = NULL;
        if (person.n_numbers > 0) {
            const size_t row = (size_t)person.n_numbers;
            keypoints = r->numbers.values + n_rows * row; /* not behind where they are: both go up */
            memmove(keypoints, r->numbers.values + person.row, row * sizeof *keypoints);
            person.row = n_rows++;
        }
        complete_box(r, &person, keypoints);
        a->persons[n++] = person;
    }
    a->n_persons = n;
    a->counts.broken = r->broken_persons;
}

/* ------------------------------------------------------------------------------------------------ what is told */

static void note_broken(hr_text *notes, const hr_json_broken *broken, const char *what)
{
    if (broken->n > 0)
        hr_note(notes, 1, "%zu of the %s could not be read and are left out; the first: %s", broken->n, what,
                broken->first);
}

static void note_all(hr_annotations_reading *r)
{
    const hr_annotation_counts *const t = &r->a->counts;
    hr_text *const notes = &r->a->notes;
    note_broken(notes, &r->broken_images, "images");
    note_broken(notes, &r->broken_persons, "annotations");
    if (t->n_no_image > 0)
        hr_note(notes, 1,
                "%zu of %zu annotations are of images that the file does not list (the first: %lld): left out",
                t->n_no_image, t->n, (long long)t->first_image);
    if (t->n_other_category > 0)
        hr_note(notes, 0, "%zu of %zu annotations are of other categories (the first: %lld): left out",
                t->n_other_category, t->n, (long long)t->first_category);
    if (t->n_boxes_made > 0)
        hr_note(notes, 1, "%zu annotations have no box or an empty one: it is taken from their keypoints",
                t->n_boxes_made);
    if (t->n_areas_made > 0)
        hr_note(notes, 1, "%zu annotations have no area or one of 0: it is taken from their box", t->n_areas_made);
}

void hr_add_annotation_counts(hr_text *text, const hr_annotation_counts *t)
{
    if (t->broken.n > 0) hr_text_add(text, "; %zu could not be read (%s)", t->broken.n, t->broken.first);
    if (t->n_no_image > 0)
        hr_text_add(text, "; %zu are of images that the file does not list (the first: %lld)", t->n_no_image,
                    (long long)t->first_image);
    if (t->n_other_category > 0)
        hr_text_add(text, "; %zu are of other categories (the first: %lld)", t->n_other_category,
                    (long long)t->first_category);
}

hrnet_status hr_annotations_require(const hrnet_annotations *a)
{
    hr_text reasons = {0};
    if (a->n_persons > 0 || a->counts.n == 0) return HRNET_OK;
    hr_add_annotation_counts(&reasons, &a->counts);
    const hrnet_status status = hr_fail(a->counts.broken.n == a->counts.n ? HRNET_ERR_FORMAT : HRNET_ERR_MISMATCH,
                                        "annotations: expected some that can be used, found none among %zu%s",
                                        a->counts.n, reasons.data != NULL ? reasons.data : "");
    hr_text_free(&reasons);
    return status;
}

hrnet_status hr_annotations_join(hr_annotations_reading *r)
{
    HR_TRY(rank_images(r->a));
    HR_TRY(choose_categories(r));
    HR_TRY(choose_info(r));
    join_persons(r);
    note_all(r);
    return r->a->notes.failed ? hr_fail_memory(0) : HRNET_OK;
}
