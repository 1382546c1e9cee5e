/*
 * run_table.c - a run's log as a CSV table with one row an epoch, small enough to keep beside the weights. A cell is
 * the mean of a tag's reports in the epoch; of the learning rate, the last.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/record.h"
#include "report/run_log.h"

enum { MAX_EPOCHS = 1 << 20 };

/* The finite reports of one tag in one epoch. */
typedef struct cell {
    double sum, last;
    size_t n;
} cell;

typedef struct row {
    int64_t last_step; /* -1: no report of this epoch */
    cell *cells;       /* [n_series] */
} row;

typedef struct epoch_table {
    const hr_run_log *log;
    int64_t first; /* epoch of rows[0] */
    size_t n_rows;
    row *rows;   /* [n_rows], one an epoch */
    cell *cells; /* [n_rows][n_series] */
} epoch_table;

/* The first epoch of the log, and the number of rows. */
static hrnet_status find_epochs(epoch_table *out, const char *path)
{
    int64_t first = INT64_MAX, last = -1;
    for (size_t s = 0; s < out->log->n_series; s++) {
        for (size_t i = 0; i < out->log->series[s].n; i++) {
            const int64_t epoch = out->log->series[s].points[i].epoch;
            if (epoch >= 0 && epoch < first) first = epoch;
            if (epoch > last) last = epoch;
        }
    }
    if (last < 0) return hr_fail(HRNET_ERR_FORMAT, "%s: expected reports with epochs, found none", path);
    if (last - first >= MAX_EPOCHS)
        return hr_fail(HRNET_ERR_LIMIT, "%s: epochs %lld to %lld, expected at most %d", path, (long long)first,
                       (long long)last, MAX_EPOCHS);
    out->first = first;
    out->n_rows = (size_t)(last - first + 1);
    return HRNET_OK;
}

static hrnet_status fill_table(epoch_table *out, const char *path)
{
    const size_t n_series = out->log->n_series;
    HR_TRY(find_epochs(out, path));
    HR_NEW(out->rows, out->n_rows);
    HR_NEW(out->cells, out->n_rows * n_series);
    for (size_t r = 0; r < out->n_rows; r++) out->rows[r] = (row){-1, out->cells + r * n_series};
    for (size_t s = 0; s < n_series; s++) {
        for (size_t i = 0; i < out->log->series[s].n; i++) {
            const hr_log_point *const point = &out->log->series[s].points[i];
            if (point->epoch < 0) continue;
            row *const at = &out->rows[point->epoch - out->first];
            if (point->step > at->last_step) at->last_step = point->step;
            if (!isfinite(point->value)) continue;
            at->cells[s].sum += point->value;
            at->cells[s].last = point->value;
            at->cells[s].n++;
        }
    }
    return HRNET_OK;
}

/* A field of CSV, in quotes if it needs them (RFC 4180). */
static void write_name(FILE *out, const char *name)
{
    if (strpbrk(name, ",\"\r\n") == NULL) {
        fputs(name, out);
        return;
    }
    putc('"', out);
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '"') putc('"', out);
        putc(*c, out);
    }
    putc('"', out);
}

/* Six significant digits: enough to compare epochs; the log has all. A value that needs fewer is written as it is. */
static void write_number(FILE *out, double value)
{
    char text[HR_NUMBER_TEXT], rounded[HR_NUMBER_TEXT];
    double nearest = value;
    hr_number_text(value, text);
    if (value != 0) {
        const int decimals = 5 - (int)floor(log10(fabs(value)));
        const double power = pow(10, abs(decimals));
        nearest = decimals >= 0 ? rint(value * power) / power : rint(value / power) * power;
    }
    hr_number_text(isfinite(nearest) ? nearest : value, rounded);
    fputs(strlen(rounded) < strlen(text) ? rounded : text, out);
}

static void write_table(FILE *out, const epoch_table *t)
{
    fputs("epoch,step", out);
    for (size_t s = 0; s < t->log->n_series; s++) {
        putc(',', out);
        write_name(out, t->log->series[s].tag);
    }
    putc('\n', out);
    for (size_t r = 0; r < t->n_rows; r++) {
        if (t->rows[r].last_step < 0) continue;
        fprintf(out, "%lld,%lld", (long long)(t->first + (int64_t)r), (long long)t->rows[r].last_step);
        for (size_t s = 0; s < t->log->n_series; s++) {
            const cell *const c = &t->rows[r].cells[s];
            const int is_rate = strcmp(t->log->series[s].tag, "learning_rate") == 0;
            putc(',', out);
            if (c->n > 0) write_number(out, is_rate ? c->last : c->sum / (double)c->n);
        }
        putc('\n', out);
    }
}

static hrnet_status save_table(const epoch_table *t, const char *path)
{
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    write_table(file.stream, t);
    return hr_file_commit(&file);
}

hrnet_status hr_record_table(const char *log_path, const char *csv_path)
{
    hr_run_log log;
    HR_TRY(hr_run_log_read(&log, log_path));
    epoch_table t = {.log = &log};
    hrnet_status status = fill_table(&t, log_path);
    if (status == HRNET_OK) status = save_table(&t, csv_path);
    hr_free(t.rows);
    hr_free(t.cells);
    hr_run_log_free(&log);
    return status;
}
