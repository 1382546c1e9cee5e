/* person_boxes.c - boxes from the command line or from a COCO file. */
#include "person_boxes.h"

#include <stdlib.h>
#include <string.h>

#include "model_options.h"
#include "options.h"
#include "tool.h"

/* ---------------------------------------------------------------------------------------------- a COCO file */

typedef struct placed {
    const char *path; /* of its picture */
    size_t index;     /* keeps the file's order among the boxes of a picture, whatever the sort does */
} placed;

static int by_path(const void *a, const void *b)
{
    const placed *left = a, *right = b;
    const int order = strcmp(left->path, right->path);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* The path with the folders above the current one, which names in a file of boxes may begin with. */
static char *full_path(const char *path)
{
    const char *const slash = strrchr(path, '/');
    if (strcmp(path, "-") == 0) return tool_text("stdin");
    char *const folder = slash == NULL ? tool_text(".") : tool_text("%.*s", (int)(slash - path) + 1, path);
    char *const whole = realpath(folder, NULL);
    char *const full = tool_text("%s/%s", whole != NULL ? whole : folder, slash != NULL ? slash + 1 : path);
    free(whole);
    free(folder);
    return full;
}

/* The picture of each of n boxes, as hrnet_detections_match says it. */
static int match(const hrnet_detection *loaded, size_t n, char *const *paths, size_t n_paths, size_t *pictures)
{
    char **full = tool_alloc(n_paths, sizeof *full);
    for (size_t i = 0; i < n_paths; i++) full[i] = full_path(paths[i]);
    const hrnet_status status = hrnet_detections_match(loaded, n, (const char *const *)full, n_paths, pictures);
    for (size_t i = 0; i < n_paths; i++) free(full[i]);
    free(full);
    return status == HRNET_OK ? 0 : tool_failed();
}

/* Say how many boxes found their picture. Returns 0, or an exit status if none did, or one fits several. */
static int report(const boxes_options *options, const hrnet_detection *loaded, size_t n, const size_t *pictures,
                  size_t n_paths)
{
    size_t n_matched = 0, n_pictures = 0;
    unsigned char *const has_box = tool_alloc(n_paths, 1);
    for (size_t i = 0; i < n; i++) {
        if (pictures[i] == HRNET_SEVERAL_PICTURES) {
            tool_error(
                "%s: \"%s\": expected a name that tells one picture from the others, found one that fits several: "
                "names need their folders",
                options->argument, loaded[i].image);
            free(has_box);
            return STATUS_FAILED;
        }
        if (pictures[i] == HRNET_NO_PICTURE) continue;
        n_matched++;
        n_pictures += !has_box[pictures[i]];
        has_box[pictures[i]] = 1;
    }
    free(has_box);
    if (n > 0 && n_matched == 0) {
        tool_error("%s: expected boxes of the %zu inputs, found none among %zu (the first is of \"%s\")",
                   options->argument, n_paths, n, loaded[0].image);
        return STATUS_FAILED;
    }
    if (!options->quiet)
        tool_error("%s: %zu of %zu boxes belong to %zu of %zu inputs", options->argument, n_matched, n, n_pictures,
                   n_paths);
    return 0;
}

/* Move the boxes that are wanted to all, sorted by path. The others stay where they are. */
static void sort_boxes(boxes *all, const boxes_options *options, hrnet_detection *loaded, size_t n_loaded,
                       char *const *paths, const size_t *pictures)
{
    placed *const order = tool_alloc(n_loaded, sizeof *order);
    size_t n = 0;
    for (size_t i = 0; i < n_loaded; i++)
        if (pictures[i] != HRNET_NO_PICTURE && loaded[i].score >= options->least_score)
            order[n++] = (placed){paths[pictures[i]], i};
    qsort(order, n, sizeof *order, by_path);
    all->entries = tool_alloc(n, sizeof *all->entries);
    all->paths = tool_alloc(n, sizeof *all->paths);
    all->n = n;
    for (size_t i = 0; i < n; i++) {
        hrnet_detection *const from = &loaded[order[i].index];
        all->entries[i] = *from;
        all->entries[i].image = from->image != NULL ? tool_text("%s", from->image) : NULL;
        all->entries[i].image_text = from->image_text != NULL ? tool_text("%s", from->image_text) : NULL;
        all->paths[i] = order[i].path;
    }
    free(order);
}

static int load_file(boxes *all, const boxes_options *options, char *const *paths, size_t n_paths)
{
    const hrnet_detections_options how = {
        .category = options->category, .on_message = network_message, .context = &(int){options->quiet}};
    hrnet_detection *loaded = NULL;
    size_t n = 0;
    if (hrnet_detections_open(&loaded, &n, options->argument, &how) != HRNET_OK) return tool_failed();
    size_t *const pictures = tool_alloc(n, sizeof *pictures);
    int status = match(loaded, n, paths, n_paths, pictures);
    if (status == 0) status = report(options, loaded, n, pictures, n_paths);
    if (status == 0) sort_boxes(all, options, loaded, n, paths, pictures);
    free(pictures);
    hrnet_detections_free(loaded, n);
    return status;
}

/* ---------------------------------------------------------------------------------------------- the command line */

static int is_box_text(const char *text)
{
    return strchr(text, ',') != NULL && text[strspn(text, "0123456789+-.,;eEnaifNAIF ")] == '\0';
}

static int parse_boxes(boxes *all, const char *text)
{
    char *copy = tool_text("%s", text), *rest = copy;
    for (char *one; (one = strsep(&rest, ";")) != NULL;) {
        float v[4];
        if (options_numbers(one, v, 4) != 0 || v[2] <= 0 || v[3] <= 0) {
            const int status = tool_usage("--boxes: '%s': expected x,y,w,h in pixels with w and h above 0", one);
            free(copy);
            return status;
        }
        all->entries = tool_grow(all->entries, all->n, sizeof *all->entries);
        all->entries[all->n++] = (hrnet_detection){.box = {v[0], v[1], v[2], v[3]}, .score = 1};
    }
    free(copy);
    return 0;
}

int boxes_open(boxes *all, const boxes_options *options, char *const *paths, size_t n_paths)
{
    const char *const argument = options->argument;
    *all = (boxes){0};
    if (argument != NULL && !is_box_text(argument)) return load_file(all, options, paths, n_paths);
    if (options->category != NULL) return tool_usage("--category goes with a file of --boxes");
    all->same_for_all = 1;
    if (argument != NULL) return parse_boxes(all, argument);
    all->entries = tool_alloc(1, sizeof *all->entries);
    all->entries[0].score = 1;
    all->n = 1;
    return 0;
}

size_t boxes_of(const boxes *all, const char *path, const hrnet_detection **out)
{
    *out = all->entries;
    if (all->same_for_all) return all->n;
    size_t first = 0, behind = all->n, n = 0;
    while (first < behind) {
        const size_t middle = first + (behind - first) / 2;
        if (strcmp(all->paths[middle], path) < 0)
            first = middle + 1;
        else
            behind = middle;
    }
    while (first + n < all->n && strcmp(all->paths[first + n], path) == 0) n++;
    *out = all->entries + first;
    return n;
}

void boxes_free(boxes *all)
{
    for (size_t i = 0; i < all->n; i++) {
        free(all->entries[i].image);
        free(all->entries[i].image_text);
    }
    free(all->entries);
    free(all->paths);
    *all = (boxes){0};
}
