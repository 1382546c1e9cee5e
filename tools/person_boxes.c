/* person_boxes.c - boxes from the command line or from a COCO file. */
#include "person_boxes.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "tool.h"

/* "images/000000000785.jpg" and "785" have one key, "785". Ids hold no dot, file names do. */
static char *make_key(const char *name)
{
    char *key = tool_stem(name);
    const size_t n_digits = strspn(key, "0123456789");
    size_t n_zeros = strspn(key, "0");
    if (key[n_digits] != '\0' || n_digits == 0) return key;
    if (n_zeros == n_digits) n_zeros--;
    memmove(key, key + n_zeros, n_digits - n_zeros + 1);
    return key;
}

typedef struct keyed {
    char *key;
    size_t index; /* keeps the file's order among equal keys, whatever the sort does */
} keyed;

static int compare_keyed(const void *a, const void *b)
{
    const keyed *left = a, *right = b;
    const int order = strcmp(left->key, right->key);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static int load_file(boxes *all, const char *path, float least_score)
{
    hrnet_detection *loaded = NULL;
    size_t n_loaded = 0, n = 0;
    if (hrnet_detections_load(&loaded, &n_loaded, path) != HRNET_OK) return tool_failed();
    keyed *order = tool_alloc(n_loaded, sizeof *order);
    for (size_t i = 0; i < n_loaded; i++)
        if (loaded[i].score >= least_score) order[n++] = (keyed){make_key(loaded[i].image), i};
    qsort(order, n, sizeof *order, compare_keyed);
    all->entries = tool_alloc(n, sizeof *all->entries);
    all->n = n;
    for (size_t i = 0; i < n; i++) {
        all->entries[i] = loaded[order[i].index];
        all->entries[i].image = order[i].key;
    }
    free(order);
    hrnet_detections_free(loaded, n_loaded);
    return 0;
}

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
        all->entries[all->n++] = (hrnet_detection){NULL, {v[0], v[1], v[2], v[3]}, 1};
    }
    free(copy);
    return 0;
}

int boxes_open(boxes *all, const char *argument, float least_score)
{
    *all = (boxes){0};
    if (argument != NULL && !is_box_text(argument)) return load_file(all, argument, least_score);
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
    char *key = make_key(path);
    size_t first = 0, behind = all->n;
    while (first < behind) {
        const size_t middle = first + (behind - first) / 2;
        if (strcmp(all->entries[middle].image, key) < 0)
            first = middle + 1;
        else
            behind = middle;
    }
    size_t n = 0;
    while (first + n < all->n && strcmp(all->entries[first + n].image, key) == 0) n++;
    free(key);
    *out = all->entries + first;
    return n;
}

void boxes_free(boxes *all)
{
    for (size_t i = 0; i < all->n; i++) free(all->entries[i].image);
    free(all->entries);
    *all = (boxes){0};
}
