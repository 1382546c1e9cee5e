/*
 * record.h - what a run leaves to be watched: a JSONL log (one line a report), TensorBoard event files, contact sheets.
 * A record that cannot be written is a failure of the call, never of the run's data: what stands in the files stays.
 */
#ifndef HR_REPORT_RECORD_H
#define HR_REPORT_RECORD_H

#include <hrnet.h>

#include "base/status.h"

typedef struct hr_record hr_record;

/* log_path: train.jsonl, appended to (a half-written last line of a killed run is cut off); event_folder: of
 * TensorBoard, made if it is missing; either may be NULL. A resumed run goes on in both; entries of steps >=
 * resumed_step that an earlier run left are removed from the JSONL log, so that each step stands there once (-1: keep
 * all). */
hrnet_status hr_record_open(hr_record **out, const char *log_path, const char *event_folder, int64_t resumed_step);

typedef struct hr_record_value {
    const char *tag; /* "train_loss", "train_acc", "learning_rate", "valid_loss", "valid_acc", "AP" ... */
    double value;
} hr_record_value;

/* One report: a JSON line {"step":..,"epoch":..,"time":.., tag: value, ...} and one TensorBoard event. Flushed. */
hrnet_status hr_record_add(hr_record *record, int64_t step, int64_t epoch, const hr_record_value *values, size_t n);
hrnet_status hr_record_close(hr_record *record); /* accepts NULL */

/* Read a JSONL log and draw its curves (loss, accuracy, learning rate, scores against steps) as an SVG, below 500 KB
 * for any number of reports. HRNET_ERR_FORMAT for a log without numbers. */
hrnet_status hr_record_plot(const char *log_path, const char *svg_path);

/* Write it as CSV, a row an epoch: epoch, its last step, and for each tag the mean of its reports (of the learning rate
 * the last). */
hrnet_status hr_record_table(const char *log_path, const char *csv_path);

/* Contact sheets of upstream's save_debug_images: pictures of a batch eight in a row with the joints as circles
 * (<prefix>_gt.jpg, <prefix>_pred.jpg), and one row a picture of its heatmaps (<prefix>_hm_gt.jpg, _hm_pred.jpg). */
typedef struct hr_sheet_item {
    const float *input;          /* [h][w][4], normalised as the network takes it */
    const double *truth;         /* [n_joints][3]: input pixels, visibility */
    const float *targets, *maps; /* [n_joints][map_h][map_w]; maps NULL: not known */
} hr_sheet_item;

typedef struct hr_sheet_options {
    int width, height, map_width, map_height, n_joints;
    int color_rgb;                            /* DATASET.COLOR_RGB: order of the input's channels */
    int gt, pred, heatmaps_gt, heatmaps_pred; /* which to write */
} hr_sheet_options;

/* n >= 1; pictures that a JPEG has no room for are left out. Unless
 * all have maps, no _pred files are written. */
hrnet_status hr_sheets_write(const char *prefix, const hr_sheet_item *items, int n, const hr_sheet_options *options);

#endif
