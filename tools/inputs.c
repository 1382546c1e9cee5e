/* inputs.c - from arguments to picture files. */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

static void add_path(inputs *in, const char *path)
{
    in->paths = tool_grow(in->paths, in->n, sizeof *in->paths);
    in->paths[in->n++] = tool_text("%s", path);
}

static void fail(inputs *in, const char *argument, const char *reason)
{
    tool_error("%s: %s", argument, reason);
    in->n_failed++;
}

static int is_picture_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && tool_is_picture(entry->d_name);
}

static void add_folder(inputs *in, const char *folder)
{
    struct dirent **entries = NULL;
    const int n = scandir(folder, &entries, is_picture_entry, alphasort);
    if (n < 0) fail(in, folder, strerror(errno));
    if (n == 0) fail(in, folder, "no pictures in this folder (.png .jpg .jpeg .webp)");
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    for (int i = 0; i < n; i++) {
        char *path = tool_text("%s%s%s", folder, slash, entries[i]->d_name);
        add_path(in, path);
        free(path);
        free(entries[i]);
    }
    free(entries);
}

static void add_list(inputs *in, const char *path)
{
    FILE *list = fopen(path, "r");
    if (list == NULL) {
        fail(in, path, strerror(errno));
        return;
    }
    char *line = NULL;
    size_t capacity = 0, n_before = in->n;
    int is_first = 1;
    for (ssize_t length; (length = getline(&line, &capacity, list)) > 0; is_first = 0) {
        /* some editors begin UTF-8 with a byte order mark */
        const char *const path_of_line = is_first && strncmp(line, "\xEF\xBB\xBF", 3) == 0 ? line + 3 : line;
        line[strcspn(line, "\r\n")] = '\0';
        if (path_of_line[0] != '\0') add_path(in, path_of_line);
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
    if (glob(pattern, 0, NULL, &found) != 0) fail(in, pattern, "no file matches");
    for (size_t i = 0; i < found.gl_pathc; i++) add_path(in, found.gl_pathv[i]);
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
        add_path(in, argument);
}

void inputs_free(inputs *in)
{
    for (size_t i = 0; i < in->n; i++) free(in->paths[i]);
    free(in->paths);
    *in = (inputs){0};
}
