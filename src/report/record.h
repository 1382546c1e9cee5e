/*
 * record.h - the record of a training run: reports of numbers at steps, in train.jsonl (one JSON object a line) and in
 * TensorBoard's event files; and its rendering as curves (SVG) and as a table (CSV).
 *
 * Example of a line:
 *   {"step":120,"epoch":3,"time":1551456301.25,"train_loss":0.00052,"train_acc":0.81,"learning_rate":0.001}
 *
 * A report that cannot be written fails the call and leaves the files as they were.
 */
#ifndef HR_REPORT_RECORD_H
#define HR_REPORT_RECORD_H

#include <hrnet.h>

#include "base/status.h"

/* ------------------------------------------------------------------------------------------------ writing */

typedef struct hr_record hr_record;

/* Begin or continue a record. log_path: train.jsonl; event_folder: of TensorBoard; either may be NULL. Folders are
 * created. What an earlier run left is kept, except an unfinished last line and the reports of steps >= resumed_step
 * (-1: none), so that a resumed run has every step once. */
hrnet_status hr_record_open(hr_record **out, const char *log_path, const char *event_folder, int64_t resumed_step);

typedef struct hr_record_value {
    const char *tag; /* "train_loss", "train_acc", "learning_rate", "valid_loss", "valid_acc", "AP" ... */
    double value;    /* NaN and infinities become null in JSON */
} hr_record_value;

/* Write one report to both: a line of the log, and one event. When it returns, killing the process does not lose it. */
hrnet_status hr_record_add(hr_record *record, int64_t step, int64_t epoch, const hr_record_value *values, size_t n);

/* Sync with the disk and close. Accepts NULL. */
hrnet_status hr_record_close(hr_record *record);

/* ------------------------------------------------------------------------------------------------ rendering */

/* Read a JSONL log and draw its curves (loss, accuracy, learning rate, scores against steps) as an SVG, below 500 KB
 * for any number of reports. HRNET_ERR_FORMAT for a log without numbers. */
hrnet_status hr_record_plot(const char *log_path, const char *svg_path);

/* Write a JSONL log as CSV, one row an epoch: epoch, its last step, and for each tag the mean of its reports (of the
 * learning rate the last). */
hrnet_status hr_record_table(const char *log_path, const char *csv_path);

#endif
