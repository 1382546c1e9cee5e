/* mot_boxes.c - MOTChallenge files: rows of numbers with commas or blanks between, as TrackEval reads them. What
 * TrackEval would cut to a whole number (a frame 1.5) is refused here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "score/mot_score.h"

#define MAX_FILE   ((size_t)1 << 28)
#define MOST_WHOLE 9007199254740992.0 /* 2^53: whole numbers up to here are doubles */
enum { LEAST_COLUMNS = 7, MOST_COLUMNS = 10, CLASS_COLUMN = 7, WITH_CLASSES = 9 /* columns at most */ };

static const char *const column_names[MOST_COLUMNS] = {"frame",  "id",         "left",     "top",      "width",
                                                       "height", "confidence", "number 8", "number 9", "number 10"};

/* ---------------------------------------------------------------------------------------------- lines */

typedef struct line_reader {
    const char *at, *end;    /* what is left */
    const char *line, *stop; /* the line, without blanks around it */
    size_t number;           /* from 1, of all lines */
} line_reader;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Step to the next line that is not blank; 0 at the end. */
static int next_line(line_reader *r)
{
    while (r->at < r->end) {
        const char *const newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
        r->line = r->at;
        r->stop = newline != NULL ? newline : r->end;
        r->at = newline != NULL ? newline + 1 : r->end;
        r->number++;
        while (r->line < r->stop && is_blank(*r->line)) r->line++;
        while (r->stop > r->line && is_blank(r->stop[-1])) r->stop--;
        if (r->line < r->stop) return 1;
    }
    return 0;
}

/* Number of the line of boxes[index]. */
static size_t line_of(line_reader r, size_t index)
{
    while (next_line(&r) && index > 0) index--;
    return r.number;
}

/* ---------------------------------------------------------------------------------------------- rows */

static hrnet_status read_numbers(const line_reader *r, double values[MOST_COLUMNS], int *n)
{
    const char *at = r->line;
    for (*n = 0; at < r->stop; ++*n) {
        const char *stop = at;
        while (stop < r->stop && *stop != ',' && !is_blank(*stop)) stop++;
        if (*n == MOST_COLUMNS)
            return hr_fail(HRNET_ERR_FORMAT, "expected %d to %d numbers, found more", LEAST_COLUMNS, MOST_COLUMNS);
        if (!hr_number_parse(at, (size_t)(stop - at), &values[*n]))
            return hr_fail(HRNET_ERR_FORMAT, "%s: expected a number, found \"%.*s\"", column_names[*n],
                           stop - at > 40 ? 40 : (int)(stop - at), at);
        at = stop;
        while (at < r->stop && is_blank(*at)) at++;
        if (at < r->stop && *at == ',') at++;
        while (at < r->stop && is_blank(*at)) at++;
    }
    if (*n < LEAST_COLUMNS)
        return hr_fail(HRNET_ERR_FORMAT,
                       "expected %d to %d numbers (frame,id,left,top,width,height,confidence), found %d", LEAST_COLUMNS,
                       MOST_COLUMNS, *n);
    return HRNET_OK;
}

static hrnet_status read_whole(const char *name, double value, int64_t least, int64_t *out)
{
    char text[HR_NUMBER_TEXT];
    if (value == trunc(value) && value >= (double)least && value <= MOST_WHOLE) {
        *out = (int64_t)value;
        return HRNET_OK;
    }
    hr_number_text(value, text);
    return hr_fail(HRNET_ERR_FORMAT, "%s: expected a whole number from %d, found %s", name, (int)least, text);
}

static hrnet_status read_box(hrnet_mot_box *box, const double *values, int n_columns)
{
    *box = (hrnet_mot_box){.left = values[2],
                           .top = values[3],
                           .width = values[4],
                           .height = values[5],
                           .confidence = values[6],
                           .class_id = -1};
    HR_TRY(read_whole(column_names[0], values[0], 1, &box->frame));
    HR_TRY(read_whole(column_names[1], values[1], 0, &box->id));
    if (n_columns > CLASS_COLUMN && n_columns <= WITH_CLASSES) {
        int64_t class_id;
        HR_TRY(read_whole("class", values[CLASS_COLUMN], -1, &class_id));
        box->class_id = class_id < INT32_MAX ? (int)class_id : INT32_MAX;
    }
    return HRNET_OK;
}

static hrnet_status read_line(hrnet_mot_boxes *out, size_t *capacity, const line_reader *r, int *n_columns)
{
    double values[MOST_COLUMNS];
    int n;
    HR_TRY(read_numbers(r, values, &n));
    if (out->n > 0 && n != *n_columns)
        return hr_fail(HRNET_ERR_FORMAT, "expected %d numbers, as in the rows above, found %d", *n_columns, n);
    *n_columns = n;
    HR_GROW(out->boxes, out->n, *capacity);
    HR_TRY(read_box(&out->boxes[out->n], values, n));
    if (out->boxes[out->n].class_id != -1) out->has_classes = 1;
    out->n++;
    return HRNET_OK;
}

/* Count the rows whose id the frame has already. from: the reader at the start of the text. */
static hrnet_status find_twice(hrnet_mot_boxes *out, line_reader from)
{
    hr_mot_row *rows = NULL;
    HR_TRY(hr_mot_sort_boxes(&rows, out));
    for (size_t i = 1; i < out->n; i++) {
        if (!hr_mot_is_twice(rows, i)) continue;
        if (out->n_twice++ == 0)
            snprintf(out->first_twice, sizeof out->first_twice, "line %zu: frame %lld has id %lld in line %zu already",
                     line_of(from, rows[i].index), (long long)rows[i].frame, (long long)rows[i].id,
                     line_of(from, rows[i - 1].index));
    }
    hr_free(rows);
    return HRNET_OK;
}

static hrnet_status read_lines(hrnet_mot_boxes *out, line_reader r)
{
    const line_reader from = r;
    size_t capacity = 0;
    int n_columns = 0;
    while (next_line(&r)) {
        const hrnet_status status = read_line(out, &capacity, &r, &n_columns);
        if (status == HRNET_OK) continue;
        char where[40];
        snprintf(where, sizeof where, "line %zu", r.number);
        return hr_fail_in(status, where);
    }
    return find_twice(out, from);
}

hrnet_status hr_mot_parse(hrnet_mot_boxes *out, const void *bytes, size_t n_bytes)
{
    hrnet_mot_boxes boxes = {0};
    HR_TRY(hr_text_skip_mark(&bytes, &n_bytes));
    const char *const text = bytes;
    const hrnet_status status = read_lines(&boxes, (line_reader){.at = text, .end = text + n_bytes});
    if (status == HRNET_OK)
        *out = boxes;
    else
        hrnet_mot_boxes_free(&boxes);
    return status;
}

hrnet_status hrnet_mot_boxes_load(hrnet_mot_boxes *out, const char *path)
{
    hr_bytes file;
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_mot_boxes_load: an argument is NULL");
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = hr_mot_parse(out, file.data, file.size);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

void hrnet_mot_boxes_free(hrnet_mot_boxes *boxes)
{
    if (boxes == NULL) return;
    hr_free(boxes->boxes);
    *boxes = (hrnet_mot_boxes){0};
}

/* ---------------------------------------------------------------------------------------------- order */

static int compare_rows(const void *left, const void *right)
{
    const hr_mot_row *const a = left, *const b = right;
    if (a->frame != b->frame) return a->frame < b->frame ? -1 : 1;
    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

hrnet_status hr_mot_sort_boxes(hr_mot_row **rows, const hrnet_mot_boxes *boxes)
{
    hr_mot_row *list;
    HR_NEW(list, boxes->n);
    for (size_t i = 0; i < boxes->n; i++) list[i] = (hr_mot_row){boxes->boxes[i].frame, boxes->boxes[i].id, i};
    qsort(list, boxes->n, sizeof *list, compare_rows);
    *rows = list;
    return HRNET_OK;
}
