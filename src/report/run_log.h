/*
 * run_log.h - reading train.jsonl, the JSONL log of a run (record.h): one report a line,
 * {"step": 120, "epoch": 3, "time": 1.7e9, TAG: number or null, ...}.
 *
 * The reader turns lines around: for each tag a series of (step, epoch, value), in the file's order. A line may have
 * any tags; null, a number that was not finite, reads as NaN.
 */
#ifndef HR_REPORT_RUN_LOG_H
#define HR_REPORT_RUN_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct hr_log_point {
    int64_t step, epoch; /* epoch -1: the line has none */
    double value;
} hr_log_point;

/* All values of one tag. */
typedef struct hr_log_series {
    char *tag;
    hr_log_point *points; /* [n] */
    size_t n, capacity;
} hr_log_series;

typedef struct hr_run_log {
    hr_log_series *series; /* [n_series], in the order in which tags first appear */
    size_t n_series, capacity, n_reports;
} hr_run_log;

/* Parse n_bytes of a log. A last line without newline, which may still be being written, is ignored, and so are members
 * that are no numbers. HRNET_ERR_FORMAT, "line L: ...", for a line that is no report; HRNET_ERR_LIMIT for more than 256
 * tags. Free with hr_run_log_free. */
hrnet_status hr_run_log_parse(hr_run_log *out, const void *bytes, size_t n_bytes);
hrnet_status hr_run_log_read(hr_run_log *out, const char *path);
void hr_run_log_free(hr_run_log *log); /* accepts a zeroed log */

/* Prepare a log for appending: remove an unfinished last line, and the reports of steps >= from_step (-1: none). Lines
 * that are no reports are kept. The file is replaced as a whole, and only if it changes; a missing one, a device or a
 * pipe is left alone. */
hrnet_status hr_run_log_trim(const char *path, int64_t from_step);

#endif
