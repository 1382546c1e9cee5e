/*
 * find_sets.c - which sets a folder holds, by the places where datasets and annotation tools put their files
 * (set_files.h): the first of these kinds of which there is any: annotations/person_keypoints_SET.json,
 * SET/_annotations.coco.json,  annotations/SET.json,  SET.json
 */
#include "data/set_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { MAX_SETS = 64, NAME = 256 };

static const char roboflow[] = "_annotations.coco.json", keypoints_prefix[] = "person_keypoints_";

typedef struct set_names {
    char list[MAX_SETS][NAME];
    int n;
} set_names;

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add_name(set_names *names, const char *name, size_t n)
{
    if (n == 0 || n >= NAME || names->n == MAX_SETS) return;
    memcpy(names->list[names->n], name, n);
    names->list[names->n++][n] = '\0';
}

/* Sets of FOLDER/PREFIX SET.json. */
static void add_files(set_names *names, const char *folder, const char *prefix)
{
    static const char ending[] = ".json";
    const size_t before = strlen(prefix), after = sizeof ending - 1;
    DIR *const dir = opendir(folder);
    if (dir == NULL) return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const size_t n = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || n <= before + after || strncmp(entry->d_name, prefix, before) != 0) continue;
        if (strcasecmp(entry->d_name + n - after, ending) == 0)
            add_name(names, entry->d_name + before, n - before - after);
    }
    closedir(dir);
}

/* Sets of FOLDER/SET/_annotations.coco.json. */
static hrnet_status add_folders(set_names *names, const char *folder)
{
    hrnet_status status = HRNET_OK;
    DIR *const dir = opendir(folder);
    if (dir == NULL) return HRNET_OK;
    for (const struct dirent *entry; status == HRNET_OK && (entry = readdir(dir)) != NULL;) {
        hr_text text = {0};
        char *path;
        if (entry->d_name[0] == '.') continue;
        hr_text_add(&text, "%s/%s/%s", folder, entry->d_name, roboflow);
        status = hr_text_take(&text, &path);
        if (status != HRNET_OK) break;
        if (access(path, F_OK) == 0) add_name(names, entry->d_name, strlen(entry->d_name));
        hr_free(path);
    }
    closedir(dir);
    return status;
}

static hrnet_status list_sets(set_names *names, const char *root)
{
    hr_text text = {0};
    char *below;
    hr_text_add(&text, "%s/annotations", root);
    HR_TRY(hr_text_take(&text, &below));
    add_files(names, below, keypoints_prefix);
    hrnet_status status = names->n == 0 ? add_folders(names, root) : HRNET_OK;
    if (names->n == 0) add_files(names, below, "");
    if (names->n == 0) add_files(names, root, "");
    hr_free(below);
    qsort(names->list, (size_t)names->n, NAME, by_text);
    return status;
}

/* ---------------------------------------------------------------------------------------------- choice */

static const char *first_with(const set_names *names, const char *prefix)
{
    for (int i = 0; i < names->n; i++)
        if (strncasecmp(names->list[i], prefix, strlen(prefix)) == 0) return names->list[i];
    return NULL;
}

static void list_others(hr_found_sets *out, const set_names *names)
{
    size_t n = 0;
    for (int i = 0; i < names->n && n < sizeof out->others; i++) {
        const char *const name = names->list[i];
        if (strcmp(name, out->train) == 0 || strcmp(name, out->valid) == 0) continue;
        n += (size_t)snprintf(out->others + n, sizeof out->others - n, "%s%s", n > 0 ? ", " : "", name);
    }
}

static hrnet_status choose(hr_found_sets *out, const set_names *names, const char *train, const char *valid)
{
    const char *const called_train = first_with(names, "train"), *const called_valid = first_with(names, "val");
    if (train[0] == '\0') train = called_train != NULL ? called_train : names->n == 1 ? names->list[0] : NULL;
    if (train == NULL) {
        list_others(out, names);
        return hr_fail(HRNET_ERR_CONFIG,
                       "%s: several sets, and none of them is called train: %s (DATASET.TRAIN_SET and DATASET.TEST_SET "
                       "name those that are meant)",
                       out->root, out->others);
    }
    if (valid[0] == '\0' && called_valid != NULL && strcmp(called_valid, train) != 0) valid = called_valid;
    snprintf(out->train, sizeof out->train, "%s", train);
    snprintf(out->valid, sizeof out->valid, "%s", valid);
    list_others(out, names);
    return HRNET_OK;
}

/* The folder above a path whose last slash is `last` (NULL: it has none). */
static void cut(char *path, char *last)
{
    if (last == NULL)
        strcpy(path, ".");
    else
        *last = '\0';
}

/* ROOT and SET of an annotations file, by the place where it is. */
static hrnet_status of_file(hr_found_sets *out, const char *path)
{
    const char *const slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
    size_t n = strlen(file);
    snprintf(out->root, sizeof out->root, "%.*s", slash != NULL ? (int)(slash - path) : 1, slash != NULL ? path : ".");
    char *const last = strrchr(out->root, '/'), *const parent = last != NULL ? last + 1 : out->root;
    if (strcmp(file, roboflow) == 0) {
        snprintf(out->train, sizeof out->train, "%.255s", parent);
        cut(out->root, last);
    } else {
        if (strncmp(file, keypoints_prefix, sizeof keypoints_prefix - 1) == 0) {
            file += sizeof keypoints_prefix - 1;
            n -= sizeof keypoints_prefix - 1;
        }
        snprintf(out->train, sizeof out->train, "%.*s", n > 5 && n < NAME ? (int)n - 5 : 0, file);
        if (strcmp(parent, "annotations") == 0) cut(out->root, last);
    }
    const hr_set_files files = {.data_dir = "", .root = out->root, .set = out->train};
    char *found;
    HR_TRY(hr_set_annotations_path(&found, &files));
    const int is_there = access(found, F_OK) == 0;
    hr_free(found);
    return is_there ? HRNET_OK
                    : hr_fail(HRNET_ERR_CONFIG,
                              "%s: expected a folder or a file named NAME.json (--annotations and "
                              "--images take any)",
                              path);
}

hrnet_status hr_sets_find(hr_found_sets *out, const char *path, const char *train, const char *valid)
{
    struct stat status;
    set_names *names;
    *out = (hr_found_sets){0};
    if (stat(path, &status) != 0) return hr_fail(HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (strlen(path) >= sizeof out->root) return hr_fail(HRNET_ERR_LIMIT, "%.100s...: the path is too long", path);
    if (!S_ISDIR(status.st_mode)) return of_file(out, path);
    snprintf(out->root, sizeof out->root, "%s", path);
    HR_NEW(names, 1);
    hrnet_status result = list_sets(names, path);
    if (result == HRNET_OK && names->n == 0 && train[0] == '\0')
        result = hr_fail(HRNET_ERR_CONFIG,
                         "%s: expected annotations, found none: annotations/person_keypoints_SET.json, "
                         "SET/_annotations.coco.json, annotations/SET.json or SET.json (--annotations names any other)",
                         path);
    if (result == HRNET_OK) result = choose(out, names, train, valid);
    hr_free(names);
    return result;
}
