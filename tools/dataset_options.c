/* dataset_options.c - one place that knows which file gets what. */
#include "dataset_options.h"

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
    } endings[] = {{".json", WRITER_JSON}, {".jsonl", WRITER_JSONL}, {".csv", WRITER_CSV}};
    int by_ending = -1;
    *to = (target){.path = out, .heatmaps = heatmaps};
    if (out != NULL && strcmp(out, "-") == 0) to->path = NULL;
    for (size_t i = 0; to->path != NULL && i < sizeof endings / sizeof *endings; i++)
        if (tool_has_ending(to->path, endings[i].ending)) by_ending = endings[i].format;
    const int chosen = format >= 0 ? format : by_ending >= 0 ? by_ending : WRITER_JSON;
    to->format = writer_formats[chosen];
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

int target_begin(target *to, const subject *about)
{
    const char *refusal = to->kind != TARGET_DRAWING ? writer_refuses(to->format, about->skeleton) : NULL;
    to->about = about;
    to->drawing.threshold = about->threshold;
    if (refusal != NULL) return tool_usage("%s", refusal);
    if (to->heatmaps != NULL && tool_make_folder(to->heatmaps) != 0) return STATUS_FAILED;
    if (to->kind == TARGET_FOLDER) return tool_make_folder(to->path) != 0 ? STATUS_FAILED : 0;
    if (to->kind == TARGET_DRAWING) return 0;
    if (output_open(&to->file, to->path) != 0) return STATUS_FAILED;
    writer_begin(&to->document, to->format, about, to->file.stream);
    return 0;
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
static int draw(const target *to, const picture *one, hrnet_image *image)
{
    for (int i = 0; i < one->n_persons; i++) {
        const person *who = &one->persons[i];
        if (hrnet_draw_pose(image, to->about->skeleton, who->keypoints, &who->box, &to->drawing) == HRNET_OK) continue;
        tool_failed();
        return -1;
    }
    return 0;
}

static int add_to_folder(target *to, const picture *one, hrnet_image *image, const char *stem)
{
    char *data = tool_text("%s/%s%s", to->path, stem, to->format->ending);
    char *drawing = tool_text("%s/%s_pose.jpg", to->path, stem);
    output file;
    int status = output_open(&file, data);
    if (status == 0) {
        writer document;
        writer_begin(&document, to->format, to->about, file.stream);
        writer_picture(&document, one);
        writer_end(&document);
        status = output_close(&file);
    }
    if (image != NULL && (draw(to, one, image) != 0 || save_image(image, drawing) != 0)) status = -1;
    free(data);
    free(drawing);
    return status;
}

/* STEM_heatmaps.npy with the numbers, and STEM_heatmaps.jpg with every person's maps laid over the picture. */
static int add_heatmaps(const target *to, const picture *one, const hrnet_image *image, const float *heatmaps,
                        const char *stem)
{
    const hrnet_model_info *info = &to->about->info;
    const size_t n_joints = (size_t)info->n_joints, height = (size_t)info->heatmap_height,
                 width = (size_t)info->heatmap_width, n_bytes = (size_t)image->width * (size_t)image->height * 3;
    const float aspect = (float)info->input_width / (float)info->input_height;
    hrnet_array array = {4, {(size_t)one->n_persons, n_joints, height, width}, (float *)(uintptr_t)heatmaps};
    hrnet_image overlay = {image->width, image->height, tool_alloc(n_bytes, 1)};
    memcpy(overlay.rgb, image->rgb, n_bytes);
    int status = 0;
    for (int i = 0; status == 0 && i < one->n_persons; i++) {
        const hrnet_crop crop = hrnet_crop_from_box(one->persons[i].box, aspect);
        const float *maps = heatmaps + (size_t)i * n_joints * height * width;
        if (hrnet_draw_heatmaps(&overlay, maps, info->n_joints, info->heatmap_height, info->heatmap_width, &crop, 0) !=
            HRNET_OK)
            status = tool_failed();
    }
    char *numbers = tool_text("%s/%s_heatmaps.npy", to->heatmaps, stem);
    char *drawing = tool_text("%s/%s_heatmaps.jpg", to->heatmaps, stem);
    if (hrnet_array_save(&array, numbers) != HRNET_OK) status = tool_failed();
    if (status == 0) status = save_image(&overlay, drawing);
    free(overlay.rgb);
    free(numbers);
    free(drawing);
    return status != 0 ? -1 : 0;
}

int target_add(target *to, const picture *one, hrnet_image *image, const float *heatmaps)
{
    const int needs_stem = to->kind == TARGET_FOLDER || heatmaps != NULL;
    const char *stem = needs_stem ? unique_stem(to, one->path) : NULL;
    int status = 0;
    if (heatmaps != NULL && image != NULL) status = add_heatmaps(to, one, image, heatmaps, stem);
    if (to->kind == TARGET_DATA) {
        writer_picture(&to->document, one);
    } else if (to->kind == TARGET_FOLDER) {
        if (add_to_folder(to, one, image, stem) != 0) status = -1;
    } else if (image != NULL && (draw(to, one, image) != 0 || save_image(image, to->path) != 0)) {
        status = -1;
    }
    return status;
}

int target_end(target *to)
{
    int status = 0;
    if (to->file.stream != NULL) {
        writer_end(&to->document);
        status = output_close(&to->file);
    }
    for (size_t i = 0; i < to->n_used; i++) free(to->used[i]);
    free(to->used);
    *to = (target){0};
    return status;
}
