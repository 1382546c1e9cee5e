/* fetch_options.c - published weights for --model and --detector. */
#include "fetch_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

/* Paths that settings point to, until the program ends: one of --model, one of --detector. */
static char *kept[2];

static void free_kept(void)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) hrnet_string_free(kept[i]);
}

/* ------------------------------------------------------------------------------------------------ one file */

static int show_progress(void *context, uint64_t done, uint64_t total)
{
    static const uint64_t unit = 1000 * 1000;
    fetch_view *const view = context;
    if (!view->is_begun) view->line = progress_begin(0, "MB", view->forced);
    view->is_begun = 1;
    view->line.total = (size_t)((total + unit / 2) / unit);
    progress_update(&view->line, (size_t)(done / unit));
    return 0;
}

static void show_message(void *context, const char *line)
{
    const fetch_view *const view = context;
    if (!view->quiet) tool_error("%s", line);
}

int fetch_entry(char **path, const hrnet_published *entry, hrnet_fetch_options options, fetch_view *view)
{
    options.on_message = show_message;
    options.on_progress = view->quiet ? NULL : show_progress;
    options.context = view;
    view->is_begun = 0;
    const hrnet_status status = hrnet_fetch(path, entry->name, &options);
    if (view->is_begun) progress_end(&view->line, view->line.total);
    return status == HRNET_OK ? 0 : tool_failed();
}

/* ------------------------------------------------------------------------------------------------ names */

static const char *published_name(const void *table, size_t i)
{
    (void)table;
    const hrnet_published *const entry = hrnet_published_get(i);
    return entry != NULL ? entry->name : NULL;
}

const char *fetch_nearest(const char *name)
{
    return options_nearest(name, published_name, NULL);
}

static const char *kind_text(int kind)
{
    return kind == HRNET_PUBLISHED_POSE       ? "a pose network"
           : kind == HRNET_PUBLISHED_DETECTOR ? "a detector"
                                              : "bottom-up";
}

static int is_offline(void)
{
    const char *const value = getenv("HRNET_OFFLINE");
    return value != NULL && value[0] != '\0' && strcmp(value, "0") != 0;
}

/* Whether somebody says yes. */
static int ask(const hrnet_published *entry)
{
    char answer[16] = "", *url = NULL;
    if (hrnet_fetch_url(&url, entry->name, NULL) != HRNET_OK) return 0;
    const char *const slashes = strstr(url, "://"), *const host = slashes != NULL ? slashes + 3 : url;
    char *const size = entry->megabytes > 0 ? tool_text("about %d MB", entry->megabytes) : tool_text("it");
    fprintf(stderr, "%s (%s, %s): fetch %s from %.*s? [y/N] ", entry->name, entry->network, entry->licence, size,
            (int)strcspn(host, "/"), host);
    fflush(stderr);
    free(size);
    hrnet_string_free(url);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

/* 0 if it may be fetched. */
static int check_consent(const hrnet_published *entry, const char *given_to, int yes)
{
    if (yes || is_offline()) return 0; /* then it is not fetched, and the library's message says what to do */
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return tool_usage("%s %s: not in the cache: run `hrnet fetch %s`, or give --yes", given_to, entry->name,
                          entry->name);
    if (ask(entry)) return 0;
    tool_error("%s: not fetched", entry->name);
    return STATUS_FAILED;
}

static int check_kind(const hrnet_published *entry, const char *given_to, int kind)
{
    if (!entry->is_supported)
        return tool_usage("%s %s: %s, which this version cannot run", given_to, entry->name, entry->network);
    if (kind >= 0 && (int)entry->kind != kind)
        return tool_usage("%s %s: expected %s, found %s, which is %s", given_to, entry->name, kind_text(kind),
                          entry->network, kind_text((int)entry->kind));
    return 0;
}

/* What is neither a file nor a name, but near to one. Anything else is left to the reader of the file. */
static int report_near(const char *file, const char *given_to)
{
    const char *const near = strchr(file, '/') == NULL && strchr(file, '.') == NULL ? fetch_nearest(file) : NULL;
    if (near == NULL) return 0;
    return tool_usage("%s %s: no such file, and no name of published weights; did you mean %s? (hrnet fetch --list)",
                      given_to, file, near);
}

int fetch_named(const char **file, const hrnet_published **entry, const char *given_to, int kind, int yes, int quiet)
{
    char *path = NULL;
    int is_there = 0, status;
    if (entry != NULL) *entry = NULL;
    if (*file == NULL || access(*file, F_OK) == 0) return 0;
    const hrnet_published *const found = hrnet_published_find(*file);
    if (found == NULL) return report_near(*file, given_to);
    status = check_kind(found, given_to, kind);
    if (status == 0 && hrnet_fetch_path(&path, &is_there, found->name, NULL) != HRNET_OK) status = tool_failed();
    hrnet_string_free(path);
    path = NULL;
    if (status == 0 && !is_there) status = check_consent(found, given_to, yes);
    fetch_view view = {.quiet = quiet};
    if (status == 0) status = fetch_entry(&path, found, (hrnet_fetch_options){0}, &view);
    if (status != 0) return status;
    if (kept[0] == NULL) atexit(free_kept);
    kept[kept[0] != NULL] = path;
    *file = path;
    if (entry != NULL) *entry = found;
    return 0;
}

/* ------------------------------------------------------------------------------------------------ settings */

/* The pairs of first, then those of *pairs, which is freed. */
static void put_before(const char *const *first, const char ***pairs)
{
    size_t n_first = 0, n = 0;
    while (first != NULL && first[n_first] != NULL) n_first++;
    while (*pairs != NULL && (*pairs)[n] != NULL) n++;
    const char **const all = tool_alloc(n_first + n + 1, sizeof *all);
    for (size_t i = 0; i < n_first; i++) all[i] = first[i];
    for (size_t i = 0; i < n; i++) all[n_first + i] = (*pairs)[i];
    free(*pairs);
    *pairs = all;
}

int fetch_model(network_settings *settings, int kind, const char ***overrides)
{
    const hrnet_published *entry;
    const int status = fetch_named(&settings->model, &entry, "--model", kind, settings->yes, settings->quiet);
    if (status != 0 || entry == NULL || entry->config == NULL || settings->config != NULL) return status;
    if (!settings->quiet) tool_error("%s: with the configuration %s", entry->name, entry->config);
    settings->config = entry->config;
    put_before(entry->overrides, overrides);
    return 0;
}

int fetch_detector(detector_settings *settings, int yes, int quiet)
{
    if (settings->detector != NULL && strcmp(settings->detector, "ours") == 0) return 0;
    return fetch_named(&settings->detector, NULL, "--detector", HRNET_PUBLISHED_DETECTOR, yes, quiet);
}
