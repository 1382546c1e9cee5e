/*
 * match_pictures.c - which picture a detection belongs to, by names.
 *
 * Names are compared part by part from the end. "Key" of a name: its last part without ending, and without the leading
 * zeros of a number, so that ids, names and names in other formats of one picture have the same:
 *
 *   785, "000000000785", "val2017/000000000785.jpg"   785          "frame.0001", "frame.0001.png"   frame.0001
 *
 * Only names of equal keys are compared further. How well two of them fit is one number (fit): folders in common count
 * most, then that one of them has no other folders, then how equal the last parts are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet_data.h>

#include "base/mem.h"
#include "base/status.h"

/* A part of a text. */
typedef struct name_part {
    const char *text;
    size_t n;
} name_part;

static int is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* The last part of the first n characters of a name. */
static name_part last_part(const char *name, size_t n)
{
    size_t first = n;
    while (first > 0 && !is_slash(name[first - 1])) first--;
    return (name_part){name + first, n - first};
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Without its ending: a point, a letter, and at most four letters or digits more. ".0001" is none, nor is the whole. */
static name_part without_ending(name_part part)
{
    size_t n = part.n;
    while (n > 0 && part.n - n < 6 && part.text[n - 1] != '.') n--;
    const size_t length = part.n - n;
    if (n < 2 || part.text[n - 1] != '.' || length == 0 || length > 5 || is_digit(part.text[n])) return part;
    return (name_part){part.text, n - 1};
}

/* Without leading zeros if it is a number. */
static name_part as_number(name_part part)
{
    for (size_t i = 0; i < part.n; i++)
        if (!is_digit(part.text[i])) return part;
    while (part.n > 1 && part.text[0] == '0') {
        part.text++;
        part.n--;
    }
    return part;
}

static int is_same(name_part a, name_part b)
{
    return a.n == b.n && memcmp(a.text, b.text, a.n) == 0;
}

/* How well a detection's name fits a path whose keys are equal; more is better, at least 1. */
static size_t fit(const char *name, const char *path)
{
    size_t n = strlen(name), m = strlen(path), n_common = 0;
    const name_part a = last_part(name, n), b = last_part(path, m);
    const size_t level = is_same(a, b) ? 3 : is_same(a, without_ending(b)) ? 2 : 1;
    n -= a.n;
    m -= b.n;
    while (n > 0 && m > 0) { /* both end in a slash */
        const name_part c = last_part(name, n - 1), d = last_part(path, m - 1);
        if (!is_same(c, d) || c.n == 0) break;
        n = (size_t)(c.text - name);
        m = (size_t)(d.text - path);
        n_common++;
    }
    const size_t no_other = n == 0 || m == 0;
    return n_common * 8 + no_other * 4 + level;
}

/* ------------------------------------------------------------------------------------------------ all pictures */

typedef struct keyed_path {
    name_part key;
    size_t index; /* among the paths */
} keyed_path;

static int compare_parts(name_part a, name_part b)
{
    const int order = memcmp(a.text, b.text, a.n < b.n ? a.n : b.n);
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_key(const void *a, const void *b)
{
    const keyed_path *const x = a, *const y = b;
    const int order = compare_parts(x->key, y->key);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* What is known of a picture: the best name so far. */
typedef struct best_name {
    size_t fit; /* 0: none */
    const char *name;
    int is_ambiguous; /* another name fits as well */
} best_name;

typedef struct matching {
    const char *const *paths;
    keyed_path *keys; /* [n], sorted */
    best_name *best;  /* [n], of each path */
    size_t n;
} matching;

/* The first sorted path whose key is not below this one. */
static size_t find_first(const matching *m, name_part key)
{
    size_t first = 0, behind = m->n;
    while (first < behind) {
        const size_t middle = first + (behind - first) / 2;
        if (compare_parts(m->keys[middle].key, key) < 0)
            first = middle + 1;
        else
            behind = middle;
    }
    return first;
}

/* Compare a name with the paths of this key; *picture and *most are of the best one so far. Paths that are equal to the
 * letter are one picture. */
static void find_best(const matching *m, const char *name, name_part key, size_t *picture, size_t *most)
{
    for (size_t i = find_first(m, key); i < m->n && is_same(m->keys[i].key, key); i++) {
        const size_t path = m->keys[i].index, found = fit(name, m->paths[path]);
        if (found < *most || *picture == path) continue;
        if (found > *most)
            *picture = path;
        else if (*picture == HRNET_SEVERAL_PICTURES || strcmp(m->paths[*picture], m->paths[path]) != 0)
            *picture = HRNET_SEVERAL_PICTURES;
        *most = found;
    }
}

/* The picture of one name, and how well it fits. A name may end in what only looks like an ending ("frame.x1"), so both
 * keys are tried. */
static size_t find_picture(const matching *m, const char *name, size_t *how_well)
{
    const name_part part = last_part(name, strlen(name));
    const name_part whole = as_number(part), stem = as_number(without_ending(part));
    size_t picture = HRNET_NO_PICTURE;
    *how_well = 0;
    find_best(m, name, whole, &picture, how_well);
    if (!is_same(whole, stem)) find_best(m, name, stem, &picture, how_well);
    return picture;
}

/* The best name of each picture. */
static void rank_names(const matching *m, const hrnet_detection *detections, size_t n, const size_t *pictures)
{
    for (size_t i = 0; i < n; i++) {
        if (pictures[i] >= m->n) continue;
        best_name *const best = &m->best[pictures[i]];
        const char *const name = detections[i].image;
        const size_t how_well = fit(name, m->paths[pictures[i]]);
        if (how_well < best->fit) continue;
        if (how_well > best->fit)
            *best = (best_name){how_well, name, 0};
        else if (strcmp(best->name, name) != 0)
            best->is_ambiguous = 1;
    }
}

static hrnet_status match(matching *m, const hrnet_detection *detections, size_t n, size_t *pictures)
{
    HR_NEW(m->keys, m->n);
    HR_NEW(m->best, m->n);
    for (size_t i = 0; i < m->n; i++) {
        const char *const path = m->paths[i];
        m->keys[i] = (keyed_path){as_number(without_ending(last_part(path, strlen(path)))), i};
    }
    qsort(m->keys, m->n, sizeof *m->keys, by_key);
    for (size_t i = 0; i < n; i++) {
        size_t how_well;
        /* entries of one picture follow each other in most files */
        const int is_again = i > 0 && strcmp(detections[i].image, detections[i - 1].image) == 0;
        pictures[i] = is_again ? pictures[i - 1] : find_picture(m, detections[i].image, &how_well);
    }
    rank_names(m, detections, n, pictures);
    for (size_t i = 0; i < n; i++) {
        if (pictures[i] >= m->n) continue;
        const best_name *const best = &m->best[pictures[i]];
        if (fit(detections[i].image, m->paths[pictures[i]]) < best->fit)
            pictures[i] = HRNET_NO_PICTURE;
        else if (best->is_ambiguous)
            pictures[i] = HRNET_SEVERAL_PICTURES;
    }
    return HRNET_OK;
}

hrnet_status hrnet_detections_match(const hrnet_detection *detections, size_t n, const char *const *paths,
                                    size_t n_paths, size_t *pictures)
{
    if ((detections == NULL && n > 0) || (paths == NULL && n_paths > 0) || (pictures == NULL && n > 0))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_detections_match: NULL argument");
    matching m = {.paths = paths, .n = n_paths};
    const hrnet_status status = match(&m, detections, n, pictures);
    hr_free(m.keys);
    hr_free(m.best);
    return status;
}
