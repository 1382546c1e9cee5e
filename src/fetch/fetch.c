/*
 * fetch.c - published weights by name: where they are in the cache, and how they get there.
 *
 * A file is fetched as FILE.part under the lock FILE.lock, hashed, compared with the table's digits and with
 * SHA256SUMS, entered there if it is new, and renamed to FILE. Whoever finds FILE under its name finds it whole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "fetch/fetch_internal.h"
#include "fetch/fetch_sums.h"
#include "fetch/fetch_transfer.h"

enum { STALL_SECONDS = 60 };

/* All that a call works with. Text is freed by free_place. */
typedef struct fetch_place {
    const hrnet_published *entry;
    const hrnet_fetch_options *options;
    const char *file; /* its name, at the end of the address */
    char *folder, *path, *part, *from, *lock, *url, *shown;
} fetch_place;

/* ------------------------------------------------------------------------------------------------ names */

static hrnet_status join(char **out, const char *a, const char *b, const char *c)
{
    hr_text text = {0};
    hr_text_add(&text, "%s%s%s", a, b, c);
    return hr_text_take(&text, out);
}

/* The variable, or NULL if it is not set or empty. */
static const char *variable(const char *name)
{
    const char *const value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static hrnet_status name_folder(char **out, const hrnet_fetch_options *options)
{
    if (options->folder != NULL) return join(out, options->folder, "", "");
    const char *const cache = variable("XDG_CACHE_HOME"), *const home = variable("HOME");
    /* its specification: a path that is not absolute is no path */
    if (cache != NULL && cache[0] == '/') return join(out, cache, "/hrnet", "");
    if (home != NULL) return join(out, home, "/.cache/hrnet", "");
    return hr_fail(HRNET_ERR_IO,
                   "the cache of weights: expected XDG_CACHE_HOME or HOME in the environment, found neither");
}

/* An address without what stands between the slashes and an @: a name and a password. */
static hrnet_status show_url(char **out, const char *url)
{
    hr_text text = {0};
    const char *const slashes = strstr(url, "://"), *const host = slashes != NULL ? slashes + 3 : url;
    const size_t n = strcspn(host, "/");
    const char *const at = memrchr(host, '@', n);
    hr_text_add_bytes(&text, url, (size_t)(host - url));
    hr_text_add(&text, "%s", at != NULL ? at + 1 : host);
    return hr_text_take(&text, out);
}

static hrnet_status name_url(fetch_place *place)
{
    const char *mirror = place->options->mirror;
    if (mirror == NULL) mirror = variable("HRNET_FETCH_MIRROR");
    if (mirror == NULL) {
        HR_TRY(join(&place->url, place->entry->url, "", ""));
    } else {
        if (strncmp(mirror, "http://", 7) != 0 && strncmp(mirror, "https://", 8) != 0)
            return hr_fail(HRNET_ERR_ARGUMENT,
                           "HRNET_FETCH_MIRROR: expected an address that begins with http:// or https://, found %.200s",
                           mirror);
        HR_TRY(join(&place->url, mirror, mirror[strlen(mirror) - 1] == '/' ? "" : "/", place->file));
    }
    return show_url(&place->shown, place->url);
}

static void free_place(fetch_place *place)
{
    char *const texts[] = {place->folder, place->path, place->part, place->from, place->lock, place->url, place->shown};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) hr_free(texts[i]);
}

static hrnet_status name_files(fetch_place *place)
{
    HR_TRY(name_folder(&place->folder, place->options));
    HR_TRY(join(&place->path, place->folder, "/", place->file));
    HR_TRY(join(&place->part, place->path, ".part", ""));
    HR_TRY(join(&place->from, place->path, ".from", ""));
    HR_TRY(join(&place->lock, place->path, ".lock", ""));
    return name_url(place);
}

/* On failure there is nothing to free. */
static hrnet_status find_place(fetch_place *place, const hrnet_published *entry, const hrnet_fetch_options *options)
{
    static const hrnet_fetch_options defaults;
    *place = (fetch_place){.entry = entry, .options = options != NULL ? options : &defaults};
    HR_TRY(HR_CHECK_RESERVED(place->options, "hrnet_fetch_options"));
    if (place->options->stall_seconds < 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_fetch_options: stall_seconds: expected 0 or more, found %d",
                       place->options->stall_seconds);
    place->file = strrchr(entry->url, '/') + 1;
    const hrnet_status status = name_files(place);
    if (status != HRNET_OK) free_place(place);
    return status;
}

static hrnet_status find_entry(const hrnet_published **out, const char *name, const void *result)
{
    if (name == NULL || result == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_fetch: an argument is NULL");
    *out = hrnet_published_find(name);
    if (*out != NULL) return HRNET_OK;
    return hr_fail(HRNET_ERR_ARGUMENT, "%s: expected a name of the table of published weights, found none", name);
}

hrnet_status hrnet_fetch_path(char **path, int *is_there, const char *name, const hrnet_fetch_options *options)
{
    const hrnet_published *entry;
    fetch_place place;
    HR_TRY(find_entry(&entry, name, path));
    HR_TRY(find_place(&place, entry, options));
    if (is_there != NULL) *is_there = access(place.path, R_OK) == 0;
    *path = place.path;
    place.path = NULL;
    free_place(&place);
    return HRNET_OK;
}

hrnet_status hrnet_fetch_url(char **url, const char *name, const hrnet_fetch_options *options)
{
    const hrnet_published *entry;
    fetch_place place;
    HR_TRY(find_entry(&entry, name, url));
    HR_TRY(find_place(&place, entry, options));
    *url = place.shown;
    place.shown = NULL;
    free_place(&place);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ hashes */

/* Compare the hash of the file at path with the table and with SHA256SUMS (kept; "" if it has none), and enter it there
 * if it is not. */
static hrnet_status settle_hash(const fetch_place *place, const char *path, const char *kept)
{
    const int is_there = path == place->path;
    const char *const digits = place->entry->sha256, *const again = is_there ? "; remove it to fetch it again" : "";
    char hash[HR_SHA256_TEXT];
    HR_TRY(hr_sha256_file(path, hash));
    if (digits != NULL && strncmp(hash, digits, strlen(digits)) != 0)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected a SHA-256 that begins with %s, found %s%s", path, digits, hash,
                       again);
    if (strcmp(hash, kept) == 0) return HRNET_OK;
    if (kept[0] != '\0' && !place->options->accept)
        return hr_fail(HRNET_ERR_MISMATCH,
                       "%s: expected the SHA-256 %s of its first fetch, found %s%s; if its authors changed it, `hrnet "
                       "fetch --accept %s` takes it",
                       path, kept, hash, again, place->entry->name);
    return hr_sums_keep(place->folder, place->file, hash);
}

/* The file is there: it has been compared when it came, unless somebody put it there. */
static hrnet_status settle_present(const fetch_place *place)
{
    char kept[HR_SHA256_TEXT];
    HR_TRY(hr_sums_read(place->folder, place->file, kept));
    if (kept[0] != '\0' && !place->options->verify) return HRNET_OK;
    return settle_hash(place, place->path, kept);
}

/* ------------------------------------------------------------------------------------------------ fetching */

static int is_offline(const hrnet_fetch_options *options)
{
    const char *const value = variable("HRNET_OFFLINE");
    return options->offline || (value != NULL && strcmp(value, "0") != 0);
}

/* The part is whole: is it what it should be? A wrong one is removed, so that the next call begins anew. */
static hrnet_status take_part(const fetch_place *place)
{
    char kept[HR_SHA256_TEXT];
    HR_TRY(hr_sums_read(place->folder, place->file, kept));
    hrnet_status status = settle_hash(place, place->part, kept);
    if (status == HRNET_ERR_MISMATCH) {
        unlink(place->part);
        unlink(place->from);
    }
    HR_TRY(status);
    if (rename(place->part, place->path) != 0)
        return hr_fail(HRNET_ERR_IO, "%s: cannot rename to %s: %s", place->part, place->path, strerror(errno));
    unlink(place->from);
    return HRNET_OK;
}

static hrnet_status fetch_locked(const fetch_place *place, const hr_fetch_module *module)
{
    const hrnet_fetch_options *const options = place->options;
    /* another process may have had the lock until now */
    if (access(place->path, R_OK) == 0) return settle_present(place);
    const hr_transfer transfer = {.module = module,
                                  .url = place->url,
                                  .shown = place->shown,
                                  .part = place->part,
                                  .from = place->from,
                                  .is_hash_known = place->entry->sha256 != NULL,
                                  .stall_seconds = options->stall_seconds != 0 ? options->stall_seconds : STALL_SECONDS,
                                  .on_progress = options->on_progress,
                                  .on_message = options->on_message,
                                  .context = options->context};
    HR_TRY(hr_transfer_run(&transfer));
    return take_part(place);
}

static hrnet_status fetch_missing(const fetch_place *place, const hr_fetch_module *module)
{
    hr_lock lock = {0};
    if (is_offline(place->options))
        return hr_fail(HRNET_ERR_IO,
                       "%s: not in the cache, and nothing is fetched (HRNET_OFFLINE): put the file of %s to %s by hand",
                       place->entry->name, place->shown, place->path);
    if (module == NULL) HR_TRY(hr_fetch_module_get(&module));
    HR_TRY(hr_file_make_folders(place->folder));
    HR_TRY(hr_lock_take(&lock, place->lock));
    const hrnet_status status = fetch_locked(place, module);
    hr_lock_release(&lock);
    return status;
}

hrnet_status hr_fetch_entry(char **path, const hrnet_published *entry, const hr_fetch_module *module,
                            const hrnet_fetch_options *options)
{
    fetch_place place;
    HR_TRY(find_place(&place, entry, options));
    hrnet_status status = access(place.path, R_OK) == 0 ? settle_present(&place) : fetch_missing(&place, module);
    if (status == HRNET_OK) {
        *path = place.path;
        place.path = NULL;
    } else {
        hr_fail_in(status, entry->name);
    }
    free_place(&place);
    return status;
}

hrnet_status hrnet_fetch(char **path, const char *name, const hrnet_fetch_options *options)
{
    const hrnet_published *entry;
    HR_TRY(find_entry(&entry, name, path));
    return hr_fetch_entry(path, entry, NULL, options);
}
