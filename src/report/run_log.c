/*
 * run_log.c - reads and trims train.jsonl line by line; each line is a JSON text of its own. A log is small (a few
 * megabytes after 210 epochs), so the file is read as a whole.
 */
#include "report/run_log.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/json.h"

enum { MAX_SERIES = 256, MAX_BYTES = 1 << 30 };

typedef struct line {
    const char *text;
    size_t length; /* without the newline */
} line;

/* The line at *at, which moves behind its newline; 0 if there is no further newline. */
static int next_line(line *out, const char *bytes, size_t n_bytes, size_t *at)
{
    const char *const begin = bytes + *at;
    const char *const end = *at < n_bytes ? memchr(begin, '\n', n_bytes - *at) : NULL;
    if (end == NULL) return 0;
    *out = (line){begin, (size_t)(end - begin)};
    *at += out->length + 1;
    return 1;
}

static int is_blank(const line *text)
{
    for (size_t i = 0; i < text->length; i++)
        if (strchr(" \t\r", text->text[i]) == NULL || text->text[i] == '\0') return 0;
    return 1;
}

/* Parse a line; the caller frees *out after success. HRNET_ERR_FORMAT: it is no report, that is no JSON object with a
 * "step" of at least 0. */
static hrnet_status parse_line(hr_json_document *out, int64_t *step, const line *text)
{
    *out = (hr_json_document){0};
    const hrnet_status status = hr_json_parse(out, text->text, text->length);
    if (status == HRNET_ERR_MEMORY) return status;
    if (status == HRNET_OK && hr_json_integer(hr_json_get(out->root, "step"), step) && *step >= 0) return HRNET_OK;
    hr_json_free(out);
    return hr_fail(HRNET_ERR_FORMAT, "expected a report as {\"step\": 120, ...}, found \"%.*s\"%s",
                   text->length > 40 ? 40 : (int)text->length, text->text, text->length > 40 ? "..." : "");
}

/* ------------------------------------------------------------------------------------------------ reading */

/* The series of a tag, added if it is new. Tags are few, so they are searched one by one. */
static hrnet_status find_series(hr_log_series **out, hr_run_log *log, const char *tag)
{
    for (size_t i = 0; i < log->n_series; i++) {
        *out = &log->series[i];
        if (strcmp((*out)->tag, tag) == 0) return HRNET_OK;
    }
    if (log->n_series == MAX_SERIES) return hr_fail(HRNET_ERR_LIMIT, "more than %d different tags", MAX_SERIES);
    HR_GROW(log->series, log->n_series, log->capacity);
    char *const name = hr_strdup(tag);
    if (name == NULL) return hr_fail_memory(strlen(tag) + 1);
    *out = &log->series[log->n_series++];
    **out = (hr_log_series){.tag = name};
    return HRNET_OK;
}

static hrnet_status add_point(hr_run_log *log, const char *tag, const hr_log_point *point)
{
    hr_log_series *series = NULL;
    HR_TRY(find_series(&series, log, tag));
    HR_GROW(series->points, series->n, series->capacity);
    series->points[series->n++] = *point;
    return HRNET_OK;
}

static hrnet_status add_report(hr_run_log *log, const hr_json *report, int64_t step)
{
    hr_log_point point = {.step = step, .epoch = -1};
    hr_json_integer(hr_json_get(report, "epoch"), &point.epoch);
    for (const hr_json *key = hr_json_first(report); key != NULL; key = hr_json_next(report, key)) {
        const char *const tag = hr_json_string(key);
        if (strcmp(tag, "step") == 0 || strcmp(tag, "epoch") == 0 || strcmp(tag, "time") == 0) continue;
        point.value = NAN;
        if (!hr_json_number(hr_json_value(key), &point.value) && !hr_json_is(hr_json_value(key), HR_JSON_NULL))
            continue;
        HR_TRY(add_point(log, tag, &point));
    }
    log->n_reports++;
    return HRNET_OK;
}

static hrnet_status parse_lines(hr_run_log *log, const char *bytes, size_t n_bytes)
{
    line text;
    size_t at = 0;
    for (int number = 1; next_line(&text, bytes, n_bytes, &at); number++) {
        if (is_blank(&text)) continue;
        hr_json_document document;
        int64_t step;
        hrnet_status status = parse_line(&document, &step, &text);
        if (status == HRNET_OK) {
            status = add_report(log, document.root, step);
            hr_json_free(&document);
        }
        if (status != HRNET_OK) {
            char where[32];
            snprintf(where, sizeof where, "line %d", number);
            return hr_fail_in(status, where);
        }
    }
    return HRNET_OK;
}

hrnet_status hr_run_log_parse(hr_run_log *out, const void *bytes, size_t n_bytes)
{
    *out = (hr_run_log){0};
    const hrnet_status status = parse_lines(out, bytes, n_bytes);
    if (status != HRNET_OK) hr_run_log_free(out);
    return status;
}

hrnet_status hr_run_log_read(hr_run_log *out, const char *path)
{
    hr_bytes bytes;
    HR_TRY(hr_file_read(&bytes, path, MAX_BYTES));
    const hrnet_status status = hr_run_log_parse(out, bytes.data, bytes.size);
    hr_free(bytes.data);
    return status == HRNET_OK ? HRNET_OK : hr_fail_in(status, path);
}

void hr_run_log_free(hr_run_log *log)
{
    for (size_t i = 0; i < log->n_series; i++) {
        hr_free(log->series[i].tag);
        hr_free(log->series[i].points);
    }
    hr_free(log->series);
    *log = (hr_run_log){0};
}

/* ------------------------------------------------------------------------------------------------ resuming */

/* Move the lines that are kept to the beginning of bytes; *n_kept is their length. from_step < 0: all whole lines. */
static hrnet_status keep_lines(char *bytes, size_t n_bytes, int64_t from_step, size_t *n_kept)
{
    line text;
    size_t at = 0;
    *n_kept = 0;
    while (next_line(&text, bytes, n_bytes, &at)) {
        hr_json_document document;
        int64_t step = -1;
        const hrnet_status status = from_step < 0 ? HRNET_ERR_FORMAT : parse_line(&document, &step, &text);
        if (status == HRNET_ERR_MEMORY) return status;
        if (status == HRNET_OK) hr_json_free(&document);
        if (status == HRNET_OK && step >= from_step) continue; /* the resumed run will report this step again */
        memmove(bytes + *n_kept, text.text, text.length + 1);
        *n_kept += text.length + 1;
    }
    return HRNET_OK;
}

/* Replace the file as a whole. */
static hrnet_status write_file(const char *path, const void *bytes, size_t n)
{
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    /* hr_file_commit fails if this did */
    fwrite(bytes, 1, n, file.stream);
    return hr_file_commit(&file);
}

hrnet_status hr_run_log_trim(const char *path, int64_t from_step)
{
    hr_bytes bytes;
    size_t n_kept;
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return HRNET_OK;
    HR_TRY(hr_file_read(&bytes, path, MAX_BYTES));
    hrnet_status status = keep_lines((char *)bytes.data, bytes.size, from_step, &n_kept);
    if (status == HRNET_OK && n_kept < bytes.size) status = write_file(path, bytes.data, n_kept);
    hr_free(bytes.data);
    return status;
}
