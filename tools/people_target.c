/* people_target.c - one place that knows which file gets what. */
#include "people_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

/* ---------------------------------------------------------------------------------------------- names */

typedef struct stem {
    const char *name;
    size_t input;
} stem;

static int compare_stems(const void *a, const void *b)
{
    const stem *one = a, *other = b;
    const int order = strcmp(one->name, other->name);
    return order != 0 ? order : one->input < other->input ? -1 : one->input > other->input;
}

static void sort_stems(const target *to, stem *sorted)
{
    for (size_t i = 0; i < to->n_stems; i++) sorted[i] = (stem){to->stems[i], i};
    qsort(sorted, to->n_stems, sizeof *sorted, compare_stems);
}

/* A stem for every input: its path below the folder of outputs without ending, with it where two are equal otherwise.
 * Returns 0, or an exit status after a message if two inputs still share one. */
static int choose_stems(target *to, const inputs *in)
{
    stem *sorted = tool_alloc(in->n, sizeof *sorted);
    int status = 0;
    to->n_stems = in->n;
    to->stems = tool_alloc(in->n, sizeof *to->stems);
    for (size_t i = 0; i < in->n; i++) {
        const char *below = inputs_below(in, i), *slash = strrchr(below, '/');
        char *name = tool_stem(below);
        to->stems[i] = tool_text("%.*s%s", slash != NULL ? (int)(slash + 1 - below) : 0, below, name);
        free(name);
    }
    sort_stems(to, sorted);
    for (size_t first = 0, end; first < in->n; first = end) {
        for (end = first + 1; end < in->n && strcmp(sorted[end].name, sorted[first].name) == 0;) end++;
        for (size_t i = first; end - first > 1 && i < end; i++) {
            char **name = &to->stems[sorted[i].input];
            free(*name);
            *name = tool_text("%s", inputs_below(in, sorted[i].input));
        }
    }
    sort_stems(to, sorted);
    for (size_t i = 1; status == 0 && i < in->n; i++)
        if (strcmp(sorted[i].name, sorted[i - 1].name) == 0)
            status =
                tool_usage("%s and %s would be written to one name, %s: name a folder above them, with --recursive",
                           in->paths[sorted[i - 1].input], in->paths[sorted[i].input], sorted[i].name);
    free(sorted);
    return status;
}

/* ---------------------------------------------------------------------------------------------- files that are read */

typedef struct file_id {
    dev_t device;
    ino_t number;
    const char *path;
} file_id;

static int compare_ids(const void *a, const void *b)
{
    const file_id *one = a, *other = b;
    if (one->device != other->device) return one->device < other->device ? -1 : 1;
    return one->number < other->number ? -1 : one->number > other->number;
}

/* Fill *id if path is a regular file. Files are compared, not names: links and ./x are found. */
static int identify(file_id *id, const char *path)
{
    struct stat status;
    if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    *id = (file_id){status.st_dev, status.st_ino, path};
    return 1;
}

/* Returns 0, or an exit status after a message if the output is one of the n files that are read. */
static int check_output(const char *path, const file_id *ids, size_t n)
{
    file_id id;
    if (!identify(&id, path)) return 0;
    const file_id *found = bsearch(&id, ids, n, sizeof *ids, compare_ids);
    if (found == NULL) return 0;
    return tool_usage("%s: expected an output that is not an input too, found the file that %s names", path,
                      found->path);
}

static int check_files_of(const target *to, const char *stem_name, const file_id *ids, size_t n)
{
    const char *const out = to->kind == TARGET_FOLDER ? to->path : NULL;
    char *paths[] = {out != NULL ? tool_text("%s/%s%s", out, stem_name, to->ending) : NULL,
                     out != NULL ? tool_text("%s/%s%s", out, stem_name, to->drawn) : NULL,
                     to->heatmaps != NULL ? tool_text("%s/%s_heatmaps.npy", to->heatmaps, stem_name) : NULL,
                     to->heatmaps != NULL ? tool_text("%s/%s_heatmaps.jpg", to->heatmaps, stem_name) : NULL};
    int status = 0;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (status == 0 && paths[i] != NULL) status = check_output(paths[i], ids, n);
        free(paths[i]);
    }
    return status;
}

/* Compare every output with every file that is read. Returns 0, or an exit status after a message. */
static int check_outputs(const target *to, const inputs *in)
{
    file_id *ids = tool_alloc(in->n + in->n_files, sizeof *ids);
    size_t n = 0;
    int status = 0;
    for (size_t i = 0; i < in->n; i++) n += (size_t)identify(&ids[n], in->paths[i]);
    for (size_t i = 0; i < in->n_files; i++) n += (size_t)identify(&ids[n], in->files[i]);
    qsort(ids, n, sizeof *ids, compare_ids);
    if (to->kind != TARGET_FOLDER && to->path != NULL) status = check_output(to->path, ids, n);
    for (size_t i = 0; status == 0 && i < to->n_stems; i++) status = check_files_of(to, to->stems[i], ids, n);
    free(ids);
    return status;
}

/* ---------------------------------------------------------------------------------------------- begin */

/* Files of a picture are named by what they hold. */
static void choose_endings(target *to, int boxes)
{
    static const char pose[] = "_pose";
    const char *const ending = to->format->ending;
    const int is_named = strncmp(ending, pose, strlen(pose)) == 0;
    to->drawn = boxes ? "_boxes.jpg" : "_pose.jpg";
    if (boxes && is_named)
        snprintf(to->ending, sizeof to->ending, "_boxes%s", ending + strlen(pose));
    else
        snprintf(to->ending, sizeof to->ending, "%s", ending);
}

int target_choose(target *to, const char *out, const char *heatmaps, int format, int boxes, const inputs *in)
{
    *to = (target){.path = out, .heatmaps = heatmaps};
    if (out != NULL && strcmp(out, "-") == 0) to->path = NULL;
    const int by_ending = to->path != NULL ? tool_data_format(to->path) : -1;
    const int chosen = format >= 0 ? format : by_ending >= 0 ? by_ending : HRNET_RESULTS_JSON;
    to->data.format = (hrnet_results_format)chosen;
    to->data.boxes = boxes;
    to->format = hrnet_results_format_get_info(to->data.format);
    choose_endings(to, boxes);
    if (to->path == NULL || by_ending >= 0) {
        to->kind = TARGET_DATA;
    } else if (tool_is_picture(to->path)) {
        to->kind = TARGET_DRAWING;
        if (format >= 0) return tool_usage("--format %s does not go with a drawing (%s)", to->format->name, out);
        if (in->n > 1) return tool_usage("%s is one drawing, but there are %zu inputs; name a folder", out, in->n);
    } else if (tool_names_folder(to->path)) {
        to->kind = TARGET_FOLDER;
    } else if (format < 0) {
        return tool_usage("%s: cannot tell from its ending what to write; give --format", out);
    }
    if (to->kind == TARGET_DATA && to->format->single && in->n > 1)
        return tool_usage("--format %s is one file a picture; name a folder with -o", to->format->name);
    const int status = to->kind == TARGET_FOLDER || heatmaps != NULL ? choose_stems(to, in) : 0;
    return status != 0 ? status : check_outputs(to, in);
}

/* Make the folders of all stems below a folder of outputs. Returns 0, or an exit status after a message. */
static int make_folders(const target *to, const char *out)
{
    char *made = NULL;
    int status = tool_make_folder(out) != 0 ? STATUS_FAILED : 0;
    for (size_t i = 0; status == 0 && i < to->n_stems; i++) {
        const char *const stem_name = to->stems[i], *const slash = strrchr(stem_name, '/');
        if (slash == NULL) continue;
        char *const folder = tool_text("%s/%.*s", out, (int)(slash - stem_name), stem_name);
        if ((made == NULL || strcmp(made, folder) != 0) && tool_make_folders(folder) != 0) status = STATUS_FAILED;
        free(made);
        made = folder;
    }
    free(made);
    return status;
}

int target_begin(target *to)
{
    to->drawing.threshold = to->data.threshold;
    if (to->kind != TARGET_DRAWING && hrnet_results_check(&to->data) != HRNET_OK)
        return tool_usage("%s", hrnet_last_error());
    const int status = to->heatmaps != NULL ? make_folders(to, to->heatmaps) : 0;
    if (status != 0 || to->kind == TARGET_DRAWING) return status;
    if (to->kind == TARGET_FOLDER) return make_folders(to, to->path);
    const char *const path = to->path != NULL ? to->path : "-";
    return hrnet_results_open(&to->document, path, &to->data) != HRNET_OK ? tool_failed() : 0;
}

/* ---------------------------------------------------------------------------------------------- write */

/* All persons on the picture; the drawing replaces the pixels. */
static hrnet_status save_drawing(const target *to, hrnet_picture *picture, const char *path)
{
    const hrnet_status status = hrnet_draw_people(&picture->image, to->data.skeleton, &picture->people, &to->drawing);
    return status != HRNET_OK ? status : hrnet_image_save(&picture->image, path);
}

/* A document of its own. */
static hrnet_status save_data(const target *to, const hrnet_people *people, const char *path)
{
    hrnet_results_writer *document = NULL;
    hrnet_status status = hrnet_results_open(&document, path, &to->data);
    if (status == HRNET_OK) status = hrnet_results_write(document, people);
    if (status == HRNET_OK) status = hrnet_results_finish(document);
    hrnet_results_free(document);
    return status;
}

static hrnet_status add_to_folder(const target *to, hrnet_picture *picture, const char *stem_name)
{
    char *data = tool_text("%s/%s%s", to->path, stem_name, to->ending);
    char *drawing = tool_text("%s/%s%s", to->path, stem_name, to->drawn);
    hrnet_status status = save_data(to, &picture->people, data);
    if (status == HRNET_OK && picture->image.rgb != NULL) status = save_drawing(to, picture, drawing);
    free(data);
    free(drawing);
    return status;
}

/* Every person's heatmaps laid over a copy of the picture. */
static hrnet_status save_overlay(const target *to, const hrnet_picture *picture, const char *path)
{
    const hrnet_people *const people = &picture->people;
    const hrnet_model_info *const info = to->data.network;
    const size_t map_size = (size_t)info->n_joints * (size_t)info->heatmap_height * (size_t)info->heatmap_width;
    const hrnet_pixels pixels = hrnet_image_pixels(&picture->image);
    hrnet_image overlay = {0};
    hrnet_status status = hrnet_image_copy(&overlay, &pixels);
    for (int i = 0; status == HRNET_OK && i < people->n_persons; i++) {
        if (people->persons[i].status != HRNET_OK) continue;
        const hrnet_crop crop =
            hrnet_crop_from_box(people->persons[i].box, (float)info->input_width / (float)info->input_height);
        status = hrnet_draw_heatmaps(&overlay, people->heatmaps + (size_t)i * map_size, info->n_joints,
                                     info->heatmap_height, info->heatmap_width, &crop, 0);
    }
    if (status == HRNET_OK) status = hrnet_image_save(&overlay, path);
    hrnet_image_free(&overlay);
    return status;
}

/* STEM_heatmaps.npy with the numbers, and STEM_heatmaps.jpg. */
static hrnet_status add_heatmaps(const target *to, const hrnet_picture *picture, const char *stem_name)
{
    const hrnet_model_info *const info = to->data.network;
    static float nothing;
    float *const heatmaps = picture->people.heatmaps;
    const hrnet_array array = {4,
                               {(size_t)picture->people.n_persons, (size_t)info->n_joints, (size_t)info->heatmap_height,
                                (size_t)info->heatmap_width},
                               heatmaps != NULL ? heatmaps : &nothing};
    char *numbers = tool_text("%s/%s_heatmaps.npy", to->heatmaps, stem_name);
    char *drawing = tool_text("%s/%s_heatmaps.jpg", to->heatmaps, stem_name);
    hrnet_status status = hrnet_array_save(&array, numbers);
    if (status == HRNET_OK) status = save_overlay(to, picture, drawing);
    free(numbers);
    free(drawing);
    return status;
}

hrnet_status target_draw(const target *to, hrnet_picture *picture)
{
    const char *const stem_name = to->stems != NULL ? to->stems[picture->index] : NULL;
    const int is_read = picture->image.rgb != NULL;
    if (is_read && to->heatmaps != NULL) {
        const hrnet_status status = add_heatmaps(to, picture, stem_name);
        if (status != HRNET_OK) return status;
    }
    if (to->kind == TARGET_FOLDER) return add_to_folder(to, picture, stem_name);
    return is_read && to->kind == TARGET_DRAWING ? save_drawing(to, picture, to->path) : HRNET_OK;
}

int target_write(target *to, const hrnet_people *people)
{
    if (to->kind != TARGET_DATA) return 0;
    if (to->document == NULL) return -1;
    if (hrnet_results_write(to->document, people) == HRNET_OK) return 0;
    tool_failed(); /* once: the document is then gone */
    hrnet_results_free(to->document);
    to->document = NULL;
    return -1;
}

int target_end(target *to)
{
    int status = 0;
    if (to->document != NULL && hrnet_results_finish(to->document) != HRNET_OK) status = tool_failed();
    hrnet_results_free(to->document);
    for (size_t i = 0; i < to->n_stems; i++) free(to->stems[i]);
    free(to->stems);
    *to = (target){0};
    return status != 0 ? -1 : 0;
}
