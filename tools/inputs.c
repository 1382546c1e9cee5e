/* inputs.c - from arguments to picture files. */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hrnet_results.h>

#include "tool.h"

/* The endings of all kinds of pictures that the library reads, some by modules that may be missing. */
static const char *const readable[] = {".jpg", ".jpeg", ".jpe", ".png",  ".webp", ".bmp", ".dib",
                                       ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"};
static const char readable_text[] = ".jpg .jpeg .jpe .png .webp .bmp .dib .tif .tiff .gif .avif .heic .heif";

static int is_readable(const char *name)
{
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++)
        if (tool_has_ending(name, readable[i])) return 1;
    return 0;
}

/* below: begins with the folder's own name and a slash if the picture is of a folder, and with a slash if it is not. */
static void add_path(inputs *in, const char *path, const char *below)
{
    in->paths = tool_grow(in->paths, in->n, sizeof *in->paths);
    in->below = tool_grow(in->below, in->n, sizeof *in->below);
    in->paths[in->n] = tool_text("%s", path);
    in->below[in->n++] = tool_text("%s", below);
}

static void add_file(inputs *in, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *below = tool_text("/%s", strcmp(path, "-") == 0 ? "stdin" : slash != NULL ? slash + 1 : path);
    add_path(in, path, below);
    free(below);
}

static void fail(inputs *in, const char *argument, const char *reason)
{
    tool_error("%s: %s", argument, reason);
    in->n_failed++;
}

void inputs_note(inputs *in, const char *path)
{
    if (path == NULL) return;
    in->files = tool_grow(in->files, in->n_files, sizeof *in->files);
    in->files[in->n_files++] = tool_text("%s", path);
}

/* ---------------------------------------------------------------------------------------------- earlier outputs */

/* Whether the first n characters of path, with this ending behind them, are a file. */
static int has_sibling(const char *path, size_t n, const char *ending)
{
    char *sibling = tool_text("%.*s%s", (int)n, path, ending);
    const int exists = access(sibling, F_OK) == 0;
    free(sibling);
    return exists;
}

/* Whether a picture is a drawing of `hrnet pose` or `hrnet detect`, which always stands beside its data. */
static int is_output(const char *path)
{
    static const char drawing[] = "_pose.jpg", boxes[] = "_boxes.jpg", overlay[] = "_heatmaps.jpg";
    const size_t length = strlen(path);
    if (tool_has_ending(path, overlay)) return has_sibling(path, length - strlen(overlay), "_heatmaps.npy");
    const char *const drawn = tool_has_ending(path, boxes) ? boxes : tool_has_ending(path, drawing) ? drawing : NULL;
    if (drawn == NULL) return 0;
    const hrnet_results_format_info *format;
    for (int i = 0; (format = hrnet_results_format_get_info((hrnet_results_format)i)) != NULL; i++) {
        const char *ending = format->ending; /* "_pose.json", or "_keypoints.json" */
        const int is_boxes = drawn == boxes && strncmp(ending, "_pose", 5) == 0;
        /* "_boxes.json": of the drawing's own name up to the ending */
        const size_t n = is_boxes ? length - strlen(".jpg") : length - strlen(drawn);
        if (has_sibling(path, n, is_boxes ? ending + strlen("_pose") : ending)) return 1;
    }
    return 0;
}

/* ---------------------------------------------------------------------------------------------- folders */

/* What was passed over in a folder and those below it, counted by kind. */
typedef struct passed {
    struct {
        char kind[32];
        size_t n;
    } kinds[24];
    size_t n_kinds;
} passed;

static void pass_over(passed *over, const char *kind)
{
    const size_t most = sizeof over->kinds / sizeof *over->kinds;
    size_t i = 0;
    while (i < over->n_kinds && strcmp(over->kinds[i].kind, kind) != 0) i++;
    if (i == over->n_kinds && i + 1 >= most) kind = "others"; /* the last place is for all kinds that are left */
    if (i == over->n_kinds && i + 1 < most) over->n_kinds++;
    if (i >= most - 1) over->n_kinds = most;
    snprintf(over->kinds[i].kind, sizeof over->kinds[i].kind, "%s", kind);
    over->kinds[i].n++;
}

/* The kind of a file that is no picture: its ending in small letters, if it looks like one. */
static void pass_over_file(passed *over, const char *name)
{
    char kind[12];
    const char *dot = strrchr(name, '.');
    size_t n = 0;
    if (dot == NULL || dot == name) {
        pass_over(over, "without ending");
        return;
    }
    for (; dot[n] != '\0' && n + 1 < sizeof kind; n++) {
        const char c = dot[n];
        if (n > 0 && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')) break;
        kind[n] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    kind[n] = '\0';
    pass_over(over, dot[n] == '\0' && n > 1 ? kind : "others");
}

static void tell_passed(const char *folder, size_t n_pictures, const passed *over)
{
    char *text = NULL;
    size_t size = 0;
    if (over->n_kinds == 0) return;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) return;
    for (size_t i = 0; i < over->n_kinds; i++)
        fprintf(stream, "%s%zu %s", i > 0 ? ", " : "", over->kinds[i].n, over->kinds[i].kind);
    fclose(stream);
    tool_error("%s: %zu picture%s; passed over: %s", folder, n_pictures, n_pictures == 1 ? "" : "s", text);
    free(text);
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Add the pictures of a folder by name, then those of the folders in it. below: of the folder, ends in a slash. */
static void walk(inputs *in, const char *folder, const char *below, passed *over)
{
    struct dirent **entries = NULL;
    const int n = scandir(folder, &entries, is_entry, alphasort);
    if (n < 0) fail(in, folder, strerror(errno));
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    for (int is_folder = 0; is_folder <= 1; is_folder++) {
        for (int i = 0; i < n; i++) {
            const char *name = entries[i]->d_name;
            struct stat status, link;
            char *path = tool_text("%s%s%s", folder, slash, name), *inner = tool_text("%s%s", below, name);
            const int exists = stat(path, &status) == 0 && lstat(path, &link) == 0;
            if ((exists && S_ISDIR(status.st_mode)) != is_folder) {
                /* in the other turn */
            } else if (name[0] == '.') {
                pass_over(over, "hidden");
            } else if (is_folder && !in->is_recursive) {
                pass_over(over, "folders (see --recursive)");
            } else if (is_folder && S_ISLNK(link.st_mode)) {
                pass_over(over, "links to folders");
            } else if (is_folder) {
                char *inside = tool_text("%s/", inner);
                walk(in, path, inside, over);
                free(inside);
            } else if (!is_readable(name)) {
                pass_over_file(over, name);
            } else if (is_output(path)) {
                pass_over(over, "outputs of hrnet");
            } else {
                add_path(in, path, inner);
            }
            free(inner);
            free(path);
        }
    }
    for (int i = 0; i < n; i++) free(entries[i]);
    free(entries);
}

static void add_folder(inputs *in, const char *folder)
{
    passed over = {.n_kinds = 0};
    const size_t n_before = in->n;
    const int n_failed = in->n_failed;
    size_t end = strlen(folder);
    while (end > 1 && folder[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && folder[start - 1] != '/') start--;
    char *own = tool_text("%.*s/", (int)(end - start), folder + start);
    walk(in, folder, own, &over);
    free(own);
    in->n_folders++;
    tell_passed(folder, in->n - n_before, &over);
    if (in->n > n_before || in->n_failed > n_failed) return;
    tool_error("%s: no pictures in this folder (%s)", folder, readable_text);
    in->n_failed++;
}

/* ---------------------------------------------------------------------------------------------- the others */

static void add_list(inputs *in, const char *path)
{
    FILE *list = fopen(path, "r");
    if (list == NULL) {
        fail(in, path, strerror(errno));
        return;
    }
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    char *line = NULL;
    size_t capacity = 0, n_before = in->n, n_lines = 0;
    inputs_note(in, path);
    for (ssize_t length; (length = getline(&line, &capacity, list)) > 0; n_lines++) {
        line[strcspn(line, "\r\n")] = '\0';
        const char *name = line;
        if (n_lines == 0 && strncmp(name, byte_order_mark, strlen(byte_order_mark)) == 0)
            name += strlen(byte_order_mark);
        if (name[0] != '\0') add_file(in, name);
    }
    if (ferror(list))
        fail(in, path, strerror(errno));
    else if (in->n == n_before)
        fail(in, path, "no pictures in this list");
    free(line);
    fclose(list);
}

static void add_pattern(inputs *in, const char *pattern)
{
    glob_t found = {0};
    size_t n_outputs = 0;
    if (glob(pattern, 0, NULL, &found) != 0) fail(in, pattern, "no file matches");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (is_output(found.gl_pathv[i]))
            n_outputs++;
        else
            add_file(in, found.gl_pathv[i]);
    }
    if (n_outputs > 0) tool_error("%s: passed over: %zu outputs of hrnet", pattern, n_outputs);
    globfree(&found);
}

void inputs_add(inputs *in, const char *argument)
{
    struct stat status;
    const int exists = stat(argument, &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        add_folder(in, argument);
    else if (argument[0] == '@' && argument[1] != '\0' && !exists)
        add_list(in, argument + 1);
    else if (tool_has_ending(argument, ".txt"))
        add_list(in, argument);
    else if (!exists && strpbrk(argument, "*?[") != NULL)
        add_pattern(in, argument);
    else
        add_file(in, argument);
}

const char *inputs_below(const inputs *in, size_t i)
{
    /* the part before the first slash: the folder's own name, or nothing */
    const char *below = in->below[i];
    const size_t n_own = strcspn(below, "/");
    const int is_dots = strncmp(below, "./", 2) == 0 || strncmp(below, "../", 3) == 0;
    return n_own == 0 || in->n_folders < 2 || is_dots ? below + n_own + 1 : below;
}

void inputs_free(inputs *in)
{
    for (size_t i = 0; i < in->n; i++) {
        free(in->paths[i]);
        free(in->below[i]);
    }
    for (size_t i = 0; i < in->n_files; i++) free(in->files[i]);
    free(in->paths);
    free(in->below);
    free(in->files);
    *in = (inputs){0};
}
