/*
 * set_files.c - paths of a dataset's files as upstream's coco.py (_get_ann_file_keypoint, image_path_from_index) and
 * mpii.py make them, and lists of annotation ids.
 */
#include "data/set_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

hrnet_status hr_set_is_mpii(int *out, const char *dataset, const char *where)
{
    *out = strcmp(dataset, "mpii") == 0;
    if (!*out && strcmp(dataset, "coco") != 0)
        return hr_fail(HRNET_ERR_CONFIG, "%s.DATASET: expected coco or mpii, found %s", where, dataset);
    return HRNET_OK;
}

/* Append the folder and one slash; nothing for "". */
static void add_folder(hr_text *text, const char *folder)
{
    const size_t n = strlen(folder);
    hr_text_add(text, "%s%s", folder, n > 0 && folder[n - 1] != '/' ? "/" : "");
}

/* DATA_DIR/ROOT/folder name ending; an absolute root stands without DATA_DIR. */
static hrnet_status below_root(char **out, const hr_set_files *files, const char *folder, const char *name,
                               const char *ending)
{
    hr_text text = {0};
    if (files->root[0] != '/') add_folder(&text, files->data_dir);
    add_folder(&text, files->root);
    hr_text_add(&text, "%s%s%s", folder, name, ending);
    return hr_text_take(&text, out);
}

hrnet_status hr_set_path(char **out, const hr_set_files *files, const char *folder, const char *ending)
{
    return below_root(out, files, folder, files->set, ending);
}

static int is_test(const hr_set_files *files)
{
    return strstr(files->set, "test") != NULL;
}

/* folder SET ending; for a test set of which there is no such file, folder2 name2 ending. */
static hrnet_status test_set_path(char **out, const hr_set_files *files, const char *folder, const char *ending,
                                  const char *folder2, const char *name2)
{
    HR_TRY(hr_set_path(out, files, folder, ending));
    if (!is_test(files) || access(*out, F_OK) == 0) return HRNET_OK;
    hr_free(*out);
    *out = NULL;
    return below_root(out, files, folder2, name2, ending);
}

/* A path that is not handed out after all. */
static void release(char **path)
{
    hr_free(*path);
    *path = NULL;
}

/* A place of annotations or pictures: folder SET ending; or folder alone. */
typedef struct set_place {
    const char *folder, *ending;
    int is_named; /* 1: the set's name stands between folder and ending */
} set_place;

static hrnet_status place_path(char **out, const hr_set_files *files, const set_place *place)
{
    return below_root(out, files, place->folder, place->is_named ? files->set : "", place->ending);
}

hrnet_status hr_set_annotations_path(char **out, const hr_set_files *files)
{
    static const set_place places[] = {
        {"", "/_annotations.coco.json", 1}, {"annotations/", ".json", 1}, {"", ".json", 1}};
    if (files->is_mpii) return hr_set_path(out, files, "annot/", ".json");
    HR_TRY(test_set_path(out, files, "annotations/person_keypoints_", ".json", "annotations/image_info_", files->set));
    for (size_t i = 0; access(*out, F_OK) != 0 && i < sizeof places / sizeof *places; i++) {
        char *path;
        const hrnet_status status = place_path(&path, files, &places[i]);
        if (status == HRNET_OK && access(path, F_OK) == 0) {
            hr_free(*out);
            *out = path;
            return HRNET_OK;
        }
        if (status == HRNET_OK) hr_free(path);
        if (status != HRNET_OK) {
            release(out);
            return status;
        }
    }
    return HRNET_OK;
}

/* How many of some pictures of the samples are in the folder. */
static hrnet_status count_pictures_in(int *out, const char *folder, const hr_samples *samples)
{
    enum { TRIED = 16 };
    const size_t step = samples->n_images > TRIED ? samples->n_images / TRIED : 1;
    *out = 0;
    for (size_t i = 0; i < samples->n_images; i += step) {
        hr_text text = {0};
        char *path;
        add_folder(&text, folder);
        hr_text_add(&text, "%s", samples->images[i].name);
        HR_TRY(hr_text_take(&text, &path));
        *out += access(path, F_OK) == 0;
        hr_free(path);
    }
    return HRNET_OK;
}

/* *out: the published folder, freed if another one replaces it. */
static hrnet_status choose_folder(char **out, const hr_set_files *files)
{
    static const set_place places[] = {{"", "", 1}, {"images", "", 0}, {"data", "", 0}, {"", "", 0}};
    int most = 0;
    HR_TRY(count_pictures_in(&most, *out, files->samples));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path;
        int n = 0;
        HR_TRY(place_path(&path, files, &places[i]));
        const hrnet_status status = path[0] != '\0' ? count_pictures_in(&n, path, files->samples) : HRNET_OK;
        char *const other = n > most ? *out : path;
        if (n > most) *out = path;
        if (n > most) most = n;
        hr_free(other);
        HR_TRY(status);
    }
    return HRNET_OK;
}

hrnet_status hr_set_images_path(char **out, const hr_set_files *files)
{
    const char *const zip = files->is_zip ? ".zip" : "";
    if (files->is_mpii) return below_root(out, files, "images", "", zip);
    HR_TRY(test_set_path(out, files, "images/", zip, "images/", "test2017"));
    if (files->is_zip || files->samples == NULL) return HRNET_OK;
    const hrnet_status status = choose_folder(out, files);
    if (status != HRNET_OK) release(out);
    return status;
}

/* ------------------------------------------------------------------------------------------------ lists of ids */

enum { MAX_FILE = 1 << 28 }; /* bytes */

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Parse the line [at, end): 1 and *out for a whole number of at most 18 digits (which an int64_t always holds), 0 for a
 * blank line or a comment, -1 for anything else. */
static int parse_line(const char *at, const char *end, int64_t *out)
{
    int negative = 0, n_digits = 0;
    uint64_t value = 0;
    const char *const comment = memchr(at, '#', (size_t)(end - at));
    if (comment != NULL) end = comment;
    while (at < end && strchr(" \t\r", *at) != NULL && *at != '\0') at++;
    while (end > at && strchr(" \t\r", end[-1]) != NULL && end[-1] != '\0') end--;
    if (at == end) return 0;
    if (*at == '-') {
        negative = 1;
        at++;
    }
    for (; at < end; at++, n_digits++) {
        if (*at < '0' || *at > '9' || n_digits == 18) return -1;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    return n_digits > 0 ? 1 : -1;
}

static hrnet_status parse(hr_id_list *list, const hr_bytes *bytes, const char *path)
{
    const void *text = bytes->data;
    size_t n_bytes = bytes->size, n_lines = 0;
    const hrnet_status marked = hr_text_skip_mark(&text, &n_bytes);
    if (marked != HRNET_OK) return hr_fail_in(marked, path);
    const char *at = text, *const end = at + n_bytes;
    for (size_t i = 0; i < n_bytes; i++) n_lines += at[i] == '\n';
    HR_NEW(list->ids, n_lines + 1); /* at most one id a line; the last line may have no newline */
    for (size_t line = 1; at < end; line++) {
        const char *const newline = memchr(at, '\n', (size_t)(end - at)), *const stop = newline != NULL ? newline : end;
        const int found = parse_line(at, stop, &list->ids[list->n]);
        if (found < 0)
            return hr_fail(HRNET_ERR_FORMAT, "%s:%zu: expected the id of an annotation, found \"%.*s\"", path, line,
                           (int)(stop - at < 60 ? stop - at : 60), at);
        list->n += (size_t)found;
        at = stop + 1;
    }
    qsort(list->ids, list->n, sizeof *list->ids, by_value);
    return HRNET_OK;
}

hrnet_status hr_id_list_load(hr_id_list *out, const char *path)
{
    hr_bytes bytes;
    hr_id_list list = {0};
    HR_TRY(hr_file_read(&bytes, path, MAX_FILE));
    const hrnet_status status = parse(&list, &bytes, path);
    hr_free(bytes.data);
    if (status == HRNET_OK)
        *out = list;
    else
        hr_id_list_free(&list);
    return status;
}

int hr_id_list_has(const hr_id_list *list, int64_t id)
{
    return list->n > 0 && bsearch(&id, list->ids, list->n, sizeof id, by_value) != NULL;
}

void hr_id_list_free(hr_id_list *list)
{
    hr_free(list->ids);
    *list = (hr_id_list){0};
}
