/*
 * run_log.h - reading the JSONL log of a run: one line a report, {"step": 120, "epoch": 3, "time": 1.7e9, TAG: number
 * or null, ...}. Any tag may be there, in any line; null stands for a number that was not finite.
 */
#ifndef HR_REPORT_RUN_LOG_H
#define HR_REPORT_RUN_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct hr_log_point {
    int64_t step, epoch; /* epoch -1: the line gives none */
    double value;        /* NaN for null */
} hr_log_point;

/* All values of one tag, in the file's order. */
typedef struct hr_log_series {
    char *tag;
    hr_log_point *points;
    size_t n, capacity;
} hr_log_series;

typedef struct hr_run_log {
    hr_log_series *series; /* in the order in which the tags come first */
    size_t n_series, capacity, n_reports;
} hr_run_log;

/* Read n bytes. A last line without newline is one that is being written: it is left out. Members that are no numbers
 * are passed over. HRNET_ERR_FORMAT, "line L: ...", for a line that is no report; HRNET_ERR_LIMIT for more than 256
 * tags. Free with hr_run_log_free. */
hrnet_status hr_run_log_parse(hr_run_log *out, const void *bytes, size_t n_bytes);
hrnet_status hr_run_log_read(hr_run_log *out, const char *path);
void hr_run_log_free(hr_run_log *log);

/* Make the file fit to be appended to: cut a last line that has no end and take out the reports of steps >= from_step
 * (-1: none). What is no report stays. A file that needs a change is written anew and renamed. No file,
 * or a device or a pipe, is well as it is. */
hrnet_status hr_run_log_trim(const char *path, int64_t from_step);

#endif
