/* pose_target.c - one place that knows which file gets what. */
#include "pose_target.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

static int is_folder(const char *path)
{
    struct stat status;
    const char *slash = strrchr(path, '/');
    if (stat(path, &status) == 0) return S_ISDIR(status.st_mode);
    return strchr(slash != NULL ? slash : path, '.') == NULL; /* a trailing slash, or a last part without ending */
}

int target_choose(target *to, const char *out, const char *heatmaps, int format, size_t n_inputs)
{
    static const struct {
        const char *ending;
        int format;
    } endings[] = {{".json", HRNET_RESULTS_JSON}, {".jsonl", HRNET_RESULTS_JSONL}, {".csv", HRNET_RESULTS_CSV}};
    int by_ending = -1;
    *to = (target){.path = out, .heatmaps = heatmaps};
    if (out != NULL && strcmp(out, "-") == 0) to->path = NULL;
    for (size_t i = 0; to->path != NULL && i < sizeof endings / sizeof *endings; i++)
        if (tool_has_ending(to->path, endings[i].ending)) by_ending = endings[i].format;
    const int chosen = format >= 0 ? format : by_ending >= 0 ? by_ending : HRNET_RESULTS_JSON;
    to->data.format = (hrnet_results_format)chosen;
    to->format = hrnet_results_format_get_info(to->data.format);
    if (to->path == NULL || by_ending >= 0) {
        to->kind = TARGET_DATA;
    } else if (tool_is_picture(to->path)) {
        to->kind = TARGET_DRAWING;
        if (format >= 0) return tool_usage("--format %s does not go with a drawing (%s)", to->format->name, out);
        if (n_inputs > 1)
            return tool_usage("%s is one drawing, but there are %zu inputs; name a folder", out, n_inputs);
    } else if (is_folder(to->path)) {
        to->kind = TARGET_FOLDER;
    } else if (format < 0) {
        return tool_usage("%s: cannot tell from its ending what to write; give --format", out);
    }
    if (to->kind == TARGET_DATA && to->format->single && n_inputs > 1)
        return tool_usage("--format %s is one file a picture; name a folder with -o", to->format->name);
    return 0;
}

int target_begin(target *to, const hrnet_skeleton *skeleton, const hrnet_model_info *info, float threshold)
{
    to->data.skeleton = skeleton;
    to->data.network = info;
    to->data.threshold = to->drawing.threshold = threshold;
    if (to->kind != TARGET_DRAWING && hrnet_results_check(&to->data) != HRNET_OK)
        return tool_usage("%s", hrnet_last_error());
    if (to->heatmaps != NULL && tool_make_folder(to->heatmaps) != 0) return STATUS_FAILED;
    if (to->kind == TARGET_FOLDER) return tool_make_folder(to->path) != 0 ? STATUS_FAILED : 0;
    if (to->kind == TARGET_DRAWING) return 0;
    const char *const path = to->path != NULL ? to->path : "-";
    return hrnet_results_open(&to->document, path, &to->data) != HRNET_OK ? tool_failed() : 0;
}

/* The stem of path, with "-2", "-3", ... behind it when an earlier picture took the name. Kept in to->used. */
static const char *unique_stem(target *to, const char *path)
{
    char *stem = tool_stem(path), *name = tool_text("%s", stem);
    for (int again = 2;; again++) {
        size_t i = 0;
        while (i < to->n_used && strcmp(to->used[i], name) != 0) i++;
        if (i == to->n_used) break;
        free(name);
        name = tool_text("%s-%d", stem, again);
    }
    free(stem);
    to->used = tool_grow(to->used, to->n_used, sizeof *to->used);
    to->used[to->n_used++] = name;
    return name;
}

static int save_image(const hrnet_image *image, const char *path)
{
    if (hrnet_image_save(image, path) == HRNET_OK) return 0;
    tool_failed();
    return -1;
}

/* All persons on the picture; the drawing replaces the pixels. */
static int draw(const target *to, const hrnet_people *people, hrnet_image *image)
{
    for (int i = 0; i < people->n_persons; i++) {
        const hrnet_pose *who = &people->persons[i];
        if (who->status != HRNET_OK) continue;
        if (hrnet_draw_pose(image, to->data.skeleton, who->keypoints, &who->box, &to->drawing) == HRNET_OK) continue;
        tool_failed();
        return -1;
    }
    return 0;
}

/* A document of its own. */
static int write_data(const target *to, const hrnet_people *people, const char *path)
{
    hrnet_results_writer *document = NULL;
    const int failed = hrnet_results_open(&document, path, &to->data) != HRNET_OK ||
                       hrnet_results_write(document, people) != HRNET_OK || hrnet_results_finish(document) != HRNET_OK;
    if (failed) tool_failed();
    hrnet_results_free(document);
    return failed ? -1 : 0;
}

static int add_to_folder(const target *to, const hrnet_people *people, hrnet_image *image, const char *stem)
{
    char *data = tool_text("%s/%s%s", to->path, stem, to->format->ending);
    char *drawing = tool_text("%s/%s_pose.jpg", to->path, stem);
    int status = write_data(to, people, data);
    if (image != NULL && (draw(to, people, image) != 0 || save_image(image, drawing) != 0)) status = -1;
    free(data);
    free(drawing);
    return status;
}

/* STEM_heatmaps.npy with the numbers, and STEM_heatmaps.jpg with every person's maps laid over the picture. */
static int add_heatmaps(const target *to, const hrnet_people *people, const hrnet_image *image, const float *heatmaps,
                        const char *stem)
{
    const hrnet_model_info *info = to->data.network;
    const size_t n_joints = (size_t)info->n_joints, height = (size_t)info->heatmap_height,
                 width = (size_t)info->heatmap_width;
    const float aspect = (float)info->input_width / (float)info->input_height;
    hrnet_array array = {4, {(size_t)people->n_persons, n_joints, height, width}, (float *)(uintptr_t)heatmaps};
    const hrnet_pixels pixels = hrnet_image_pixels(image);
    hrnet_image overlay = {0};
    int status = hrnet_image_copy(&overlay, &pixels) != HRNET_OK ? tool_failed() : 0;
    for (int i = 0; status == 0 && i < people->n_persons; i++) {
        if (people->persons[i].status != HRNET_OK) continue;
        const hrnet_crop crop = hrnet_crop_from_box(people->persons[i].box, aspect);
        const float *maps = heatmaps + (size_t)i * n_joints * height * width;
        if (hrnet_draw_heatmaps(&overlay, maps, info->n_joints, info->heatmap_height, info->heatmap_width, &crop, 0) !=
            HRNET_OK)
            status = tool_failed();
    }
    char *numbers = tool_text("%s/%s_heatmaps.npy", to->heatmaps, stem);
    char *drawing = tool_text("%s/%s_heatmaps.jpg", to->heatmaps, stem);
    if (hrnet_array_save(&array, numbers) != HRNET_OK) status = tool_failed();
    if (status == 0) status = save_image(&overlay, drawing);
    hrnet_image_free(&overlay);
    free(numbers);
    free(drawing);
    return status != 0 ? -1 : 0;
}

/* The one document takes people until it fails, which is said once. */
static int add_to_document(target *to, const hrnet_people *people)
{
    if (to->document == NULL) return -1;
    if (hrnet_results_write(to->document, people) == HRNET_OK) return 0;
    tool_failed();
    hrnet_results_free(to->document);
    to->document = NULL;
    return -1;
}

int target_add(target *to, const hrnet_people *people, hrnet_image *image, const float *heatmaps)
{
    const int needs_stem = to->kind == TARGET_FOLDER || heatmaps != NULL;
    const char *stem = needs_stem ? unique_stem(to, people->name) : NULL;
    int status = 0;
    if (heatmaps != NULL && image != NULL) status = add_heatmaps(to, people, image, heatmaps, stem);
    if (to->kind == TARGET_DATA) {
        if (add_to_document(to, people) != 0) status = -1;
    } else if (to->kind == TARGET_FOLDER) {
        if (add_to_folder(to, people, image, stem) != 0) status = -1;
    } else if (image != NULL && (draw(to, people, image) != 0 || save_image(image, to->path) != 0)) {
        status = -1;
    }
    return status;
}

int target_end(target *to)
{
    int status = 0;
    if (to->document != NULL && hrnet_results_finish(to->document) != HRNET_OK) status = tool_failed();
    hrnet_results_free(to->document);
    for (size_t i = 0; i < to->n_used; i++) free(to->used[i]);
    free(to->used);
    *to = (target){0};
    return status != 0 ? -1 : 0;
}
