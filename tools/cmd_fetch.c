/* cmd_fetch.c - `hrnet fetch`: published weights by name into the cache, and the table of what there is. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fetch_options.h"
#include "tool.h"

typedef struct settings {
    int list, json, accept, quiet, progress;
    const char *folder;
} settings;

static const option options[] = {
    {"list", 'l', OPTION_FLAG, NULL, "the table of published weights: what there is, and what is here",
     offsetof(settings, list), 0, 0},
    {"json", 0, OPTION_FLAG, NULL, "as JSON", offsetof(settings, json), 0, 0},
    {"cache-dir", 0, OPTION_TEXT, "DIR",
     "where the files are; default: hrnet in XDG_CACHE_HOME, which is ~/.cache unless it is set",
     offsetof(settings, folder), 0, 0},
    {"accept", 0, OPTION_FLAG, NULL, "take a file that has another hash than at its first fetch, and keep the new hash",
     offsetof(settings, accept), 0, 0},
    {"quiet", 'q', OPTION_FLAG, NULL, "errors alone on standard error", offsetof(settings, quiet), 0, 0},
    {"progress", 0, OPTION_FLAG, NULL, "show progress even when standard error is no terminal",
     offsetof(settings, progress), 0, 0},
    {0},
};

static const char details[] =
    "The path of every file is printed on standard output. A file that is here is read and compared with its hash. One "
    "that breaks off is gone on with by the next call. The names are also good for --model and --detector, which ask "
    "before they fetch.\n"
    "\n"
    "Sizes in the table are about, by the number of parameters. Scores are as the authors give them: AP of keypoints "
    "or of boxes on COCO val2017, PCKh on MPII's. The table's addresses are the authors' own; HRNET_FETCH_MIRROR names "
    "a "
    "folder (http, https) that has the files in their place. With HRNET_OFFLINE=1 nothing is fetched.\n"
    "\n"
    "Every file's hash must begin with the digits in its name, and is kept in SHA256SUMS beside the files: another one "
    "is refused from then on.\n"
    "\n"
    "Exit status: 0 done, 1 something was not fetched, 2 wrong command line.";

static hrnet_fetch_options fetch_settings(const settings *set)
{
    return (hrnet_fetch_options){.folder = set->folder, .accept = set->accept, .verify = 1};
}

/* ------------------------------------------------------------------------------------------------ the table */

/* Text of a column; freed by free. */
static char *size_text(const hrnet_published *entry)
{
    return entry->megabytes > 0 ? tool_text("%d", entry->megabytes) : tool_text("?");
}

static char *score_text(const hrnet_published *entry)
{
    return tool_text("%s %.1f", entry->measure, (double)entry->score);
}

static void print_row(const hrnet_published *entry, int is_there)
{
    char *const size = size_text(entry), *const score = score_text(entry);
    tool_line("%-23s %-28s %-19s %9s %4s %-10s %-22s %s%s%s", entry->name, entry->network, entry->dataset, score, size,
              entry->licence, entry->config != NULL ? entry->config : "-", is_there ? "here" : "",
              is_there && !entry->is_supported ? ", " : "", entry->is_supported ? "" : "cannot run yet");
    free(score);
    free(size);
}

static void write_text(hrnet_json_writer *json, const char *key, const char *text)
{
    if (text == NULL) return;
    hrnet_json_key(json, key);
    hrnet_json_text(json, text);
}

static void write_overrides(hrnet_json_writer *json, const char *const *pairs)
{
    if (pairs == NULL) return;
    hrnet_json_key(json, "overrides");
    hrnet_json_array(json);
    for (size_t i = 0; pairs[i] != NULL; i++) hrnet_json_text(json, pairs[i]);
    hrnet_json_close(json);
}

static void write_row(hrnet_json_writer *json, const hrnet_published *entry, const char *path, int is_there)
{
    static const char *const kinds[] = {"pose", "detector", "bottom-up"};
    hrnet_json_object(json);
    write_text(json, "name", entry->name);
    write_text(json, "kind", kinds[entry->kind]);
    write_text(json, "network", entry->network);
    write_text(json, "dataset", entry->dataset);
    write_text(json, "measure", entry->measure);
    hrnet_json_key(json, "score");
    hrnet_json_float(json, entry->score);
    if (entry->megabytes > 0) {
        hrnet_json_key(json, "megabytes");
        hrnet_json_integer(json, entry->megabytes);
    }
    write_text(json, "licence", entry->licence);
    write_text(json, "config", entry->config);
    write_overrides(json, entry->overrides);
    write_text(json, "url", entry->url);
    write_text(json, "sha256_begins", entry->sha256);
    write_text(json, "path", path);
    hrnet_json_key(json, "here");
    hrnet_json_integer(json, is_there);
    hrnet_json_key(json, "supported");
    hrnet_json_integer(json, entry->is_supported);
    hrnet_json_close(json);
}

static int list_all(const settings *set)
{
    hrnet_json_writer *const json = set->json ? tool_json_begin() : NULL;
    const hrnet_fetch_options how = fetch_settings(set);
    int status = STATUS_DONE;
    if (json != NULL) hrnet_json_array(json);
    if (json == NULL)
        tool_line("%-23s %-28s %-19s %9s %4s %-10s %s", "name", "network", "trained on", "score", "MB", "licence",
                  "configuration");
    for (size_t i = 0; status == STATUS_DONE && i < hrnet_published_n(); i++) {
        const hrnet_published *const entry = hrnet_published_get(i);
        char *path = NULL;
        int is_there;
        if (hrnet_fetch_path(&path, &is_there, entry->name, &how) != HRNET_OK)
            status = tool_failed();
        else if (json != NULL)
            write_row(json, entry, path, is_there);
        else
            print_row(entry, is_there);
        hrnet_string_free(path);
    }
    if (json != NULL) {
        hrnet_json_close(json);
        tool_json_end(json, stdout);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------ fetching */

static int check_names(char **names, int n)
{
    for (int i = 0; i < n; i++) {
        if (hrnet_published_find(names[i]) != NULL) continue;
        const char *const near = fetch_nearest(names[i]);
        return near != NULL ? tool_usage("'%s' is not in the table; did you mean %s?", names[i], near)
                            : tool_usage("'%s' is not in the table (hrnet fetch --list)", names[i]);
    }
    return 0;
}

static int fetch_all(const settings *set, char **names, int n)
{
    hrnet_json_writer *const json = set->json ? tool_json_begin() : NULL;
    int status = STATUS_DONE;
    if (json != NULL) hrnet_json_array(json);
    for (int i = 0; i < n; i++) {
        const hrnet_published *const entry = hrnet_published_find(names[i]);
        fetch_view view = {.quiet = set->quiet, .forced = set->progress};
        char *path = NULL;
        if (!entry->is_supported && !set->quiet)
            tool_error("warning: %s: %s, which this version cannot run", entry->name, entry->network);
        if (fetch_entry(&path, entry, fetch_settings(set), &view) != 0)
            status = STATUS_FAILED;
        else if (json != NULL)
            write_row(json, entry, path, 1);
        else
            tool_line("%s", path);
        hrnet_string_free(path);
    }
    if (json != NULL) {
        hrnet_json_close(json);
        tool_json_end(json, stdout);
    }
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {0};
    int n_arguments = 0;
    int status = options_parse(&command_fetch, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (set.list && n_arguments > 0) return tool_usage("--list is of all that there is, found '%s' behind it", argv[0]);
    if (set.list) return list_all(&set);
    if (n_arguments == 0) return tool_usage("expected --list, or a NAME of it");
    status = check_names(argv, n_arguments);
    return status == 0 ? fetch_all(&set, argv, n_arguments) : status;
}

const command command_fetch = {
    "fetch", "--list | NAME... [options]", "Fetch published weights by name.", details, options, run};
