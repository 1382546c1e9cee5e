/*
 * plot.c - a run's log as a picture: tags sorted into panels, panels into two columns. Tags that no panel is meant for
 * get one each, since nothing is known of their scale.
 *
 * A curve of many values is drawn pale, and its running mean over it in full colour; one of few values gets a dot at
 * each. Values are collected by pixel column, and of each column only the lowest and the highest are drawn: the picture
 * is the same, spikes included, and its size does not grow with the log.
 */
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "report/plot_axis.h"
#include "report/record.h"
#include "report/run_log.h"
#include "report/svg.h"

enum { MARGIN = 24, HEAD = 80, PANEL_WIDTH = 728, PANEL_HEIGHT = 396, MAX_PANELS = 12 };
enum { LEFT = 56, TOP = 48, WIDTH = 448, HEIGHT = 270, ROW = 18, NAME_WIDTH = 126, MAX_CURVES = 15 };
enum { MANY_VALUES = 200, FEW_VALUES = 60, MEAN_SHARE = 80, FULL_CURVES = 24 };

/* What is known of tags by their names. */
typedef struct panel_kind {
    const char *title, *unit;
    double log_from;     /* the axis is logarithmic if the values span this factor */
    int is_exact;        /* values are set, not measured: no mean is drawn, and zeros stay below a logarithmic axis */
    const char *best;    /* the tag whose highest value is told above the panel; or NULL */
    const char *tags[9]; /* patterns, in any case of letters */
} panel_kind;

static const panel_kind kinds[] = {
    {"Loss", "", 20, 0, NULL, {"*loss*"}},
    {"Accuracy", "share of joints", INFINITY, 0, NULL, {"*acc*"}},
    {"Score", "0 to 1", INFINITY, 0, "AP", {"AP*", "AR*"}},
    {"Score",
     "% of joints",
     INFINITY,
     0,
     "Mean",
     {"Head*", "Shoulder*", "Elbow*", "Wrist*", "Hip*", "Knee*", "Ankle*", "Mean*", "PCK*"}},
    {"Learning rate", "", 1, 1, NULL, {"learning_rate", "lr"}},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

typedef struct plot_panel {
    panel_kind kind;
    const hr_log_series *series[MAX_CURVES];
    int n, n_left_out;
    hr_axis axis; /* of values */
} plot_panel;

/* The picture, and what all its panels share. */
typedef struct plot_page {
    hr_text svg;
    const hr_run_log *log;
    hr_axis steps;
    int64_t last_step, last_epoch; /* last_epoch -1: none is named */
    int n_columns;                 /* of an area, that values are collected in */
} plot_page;

/* ------------------------------------------------------------------------------------------------ panels */

/* Panel 0 .. N_KINDS - 1 of a known kind; N_KINDS + s for the series s that has one of its own. */
static size_t panel_of(const hr_run_log *log, size_t s)
{
    for (size_t k = 0; k < N_KINDS; k++)
        for (int i = 0; i < 9 && kinds[k].tags[i] != NULL; i++)
            if (fnmatch(kinds[k].tags[i], log->series[s].tag, FNM_CASEFOLD) == 0) return k;
    return N_KINDS + s;
}

/* n is 0 when the log has nothing for the panel. */
static plot_panel collect_panel(const hr_run_log *log, size_t number)
{
    plot_panel panel = {.n = 0};
    if (number < N_KINDS)
        panel.kind = kinds[number];
    else
        panel.kind = (panel_kind){.title = log->series[number - N_KINDS].tag, .unit = "", .log_from = 20};
    for (size_t s = 0; s < log->n_series; s++) {
        if (panel_of(log, s) != number) continue;
        if (panel.n < MAX_CURVES)
            panel.series[panel.n++] = &log->series[s];
        else
            panel.n_left_out++;
    }
    return panel;
}

/* Make the axis of the values; 0 when none can be shown. */
static int find_axis(plot_panel *panel)
{
    double low = INFINITY, high = -INFINITY, above_zero = INFINITY;
    for (int s = 0; s < panel->n; s++) {
        for (size_t i = 0; i < panel->series[s]->n; i++) {
            const double value = panel->series[s]->points[i].value;
            if (!isfinite(value)) continue;
            low = fmin(low, value);
            high = fmax(high, value);
            if (value > 0) above_zero = fmin(above_zero, value);
        }
    }
    if (!(low <= high)) return 0;
    const int is_log = low >= 0 && (low > 0 || panel->kind.is_exact) && high / above_zero >= panel->kind.log_from;
    const int with_zero = panel->kind.tags[0] != NULL;
    panel->axis = is_log      ? hr_axis_make(above_zero, high, 1)
                  : with_zero ? hr_axis_make(fmin(low, 0), fmax(high, 0), 0)
                              : hr_axis_make(low, high, 0);
    return 1;
}

/* ------------------------------------------------------------------------------------------------ curves */

typedef struct plot_point {
    double x, y;  /* pixels in the area */
    size_t index; /* in the series */
} plot_point;

/* The values of a series in one column of pixels. */
typedef struct plot_column {
    plot_point lowest, highest;
    double sum; /* of y */
    size_t n;
    int gap_before, gap_behind; /* what cannot be shown came before the first, behind the last of the n */
} plot_column;

static void add_point(plot_column *column, const plot_point *point)
{
    column->gap_behind = !isfinite(point->y);
    if (column->n == 0) column->gap_before |= column->gap_behind;
    if (column->gap_behind) return;
    if (column->n == 0 || point->y > column->lowest.y) column->lowest = *point;
    if (column->n == 0 || point->y < column->highest.y) column->highest = *point;
    column->sum += point->y;
    column->n++;
}

/* The lowest and the highest point of each column, in their order: as one line, or as dots. */
static void draw_values(plot_page *page, const plot_column *columns, int as_dots)
{
    int is_first = 1;
    for (int c = 0; c < page->n_columns; c++) {
        const plot_column *const column = &columns[c];
        is_first |= column->gap_before;
        if (column->n == 0) continue;
        const int falls = column->highest.index < column->lowest.index;
        const plot_point *const from = falls ? &column->highest : &column->lowest;
        const plot_point *const to = falls ? &column->lowest : &column->highest;
        hr_svg_point(&page->svg, is_first || as_dots, from->x, from->y);
        if (from->index != to->index) hr_svg_point(&page->svg, as_dots, to->x, to->y);
        is_first = column->gap_behind;
    }
}

/* Replace the points of each column by the mean over the columns up to 1/80 of the width away on both sides, over fewer
 * at the ends. */
static void smooth(plot_column *columns, int n)
{
    for (int c = 0; c < n; c++) {
        const int side = c < n - 1 - c ? c : n - 1 - c, reach = side < n / MEAN_SHARE ? side : n / MEAN_SHARE;
        double sum = 0;
        size_t n_values = 0;
        for (int k = c - reach; k <= c + reach; k++) {
            sum += columns[k].sum;
            n_values += columns[k].n;
        }
        if (columns[c].n == 0) continue;
        columns[c].lowest = (plot_point){(c + 0.5) * WIDTH / n, sum / (double)n_values, 0};
        columns[c].highest = columns[c].lowest;
    }
}

static hrnet_status draw_series(plot_page *page, const plot_panel *panel, int number)
{
    const hr_log_series *const series = panel->series[number];
    const int color = number % HR_SVG_COLORS, with_mean = series->n >= MANY_VALUES && !panel->kind.is_exact;
    plot_column *columns;
    HR_NEW(columns, page->n_columns);
    for (size_t i = 0; i < series->n; i++) {
        const double across = hr_axis_place(&page->steps, (double)series->points[i].step);
        const double up = hr_axis_place(&panel->axis, series->points[i].value);
        const int c = (int)(across * page->n_columns);
        const plot_point point = {across * WIDTH, (1 - up) * HEIGHT, i};
        add_point(&columns[c < page->n_columns ? c : page->n_columns - 1], &point);
    }
    hr_svg_add(&page->svg, "<g class='c%d'><title>%s</title><path class='%s' d='", color, series->tag,
               with_mean ? "pale" : "curve");
    draw_values(page, columns, 0);
    if (with_mean) {
        hr_svg_add(&page->svg, "'/><path class='curve' d='");
        smooth(columns, page->n_columns);
        draw_values(page, columns, 0);
    } else if (series->n <= FEW_VALUES) {
        hr_svg_add(&page->svg, "'/><path class='dots' d='");
        draw_values(page, columns, 1);
    }
    hr_svg_add(&page->svg, "'/></g>\n");
    hr_free(columns);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ around them */

static const char line[] = "<line class='%s' x1='%f' y1='%f' x2='%f' y2='%f'/>\n";
static const char text[] = "<text class='%s' x='%f' y='%f'>%s</text>\n";

/* The epoch of the last report up to a step; -1 when none names one. */
static int64_t epoch_at(const hr_run_log *log, double step)
{
    int64_t epoch = -1;
    for (size_t s = 0; s < log->n_series; s++) {
        for (size_t i = 0; i < log->series[s].n; i++) {
            const hr_log_point *const point = &log->series[s].points[i];
            if ((double)point->step <= step && point->epoch > epoch) epoch = point->epoch;
        }
    }
    return epoch;
}

static void draw_axes(plot_page *page, const hr_axis *values)
{
    hr_tick ticks[HR_AXIS_MAX_TICKS];
    hr_text *const svg = &page->svg;
    int n = hr_axis_ticks(values, ticks);
    for (int i = 0; i < n; i++) {
        const double y = rint((1 - hr_axis_place(values, ticks[i].value)) * HEIGHT);
        hr_svg_add(svg, line, "grid", 0.0, y, (double)WIDTH, y);
        hr_svg_add(svg, text, "end", -8.0, y + 4, ticks[i].text);
    }
    n = hr_axis_ticks(&page->steps, ticks);
    for (int i = 0; i < n; i++) {
        if (ticks[i].value != rint(ticks[i].value)) continue; /* no step */
        const double x = rint(hr_axis_place(&page->steps, ticks[i].value) * WIDTH);
        const int64_t epoch = epoch_at(page->log, ticks[i].value);
        hr_svg_add(svg, line, "grid", x, 0.0, x, (double)HEIGHT);
        hr_svg_add(svg, text, "middle", x, HEIGHT + 20.0, ticks[i].text);
        if (epoch >= 0)
            hr_svg_add(svg, "<text class='note middle' x='%f' y='%f'>%lld</text>\n", x, HEIGHT + 36.0,
                       (long long)epoch);
    }
    hr_svg_add(svg, text, "note", -(double)LEFT, HEIGHT + 20.0, "step");
    if (page->last_epoch >= 0) hr_svg_add(svg, text, "note", -(double)LEFT, HEIGHT + 36.0, "epoch");
    hr_svg_add(svg, line, "axis", 0.0, (double)HEIGHT, (double)WIDTH, (double)HEIGHT);
}

/* The title, what the axis counts, and a row a curve: a line of its colour, its tag, its last value. */
static void draw_legend(plot_page *page, const plot_panel *panel, int has_values)
{
    const panel_kind *const kind = &panel->kind;
    hr_text *const svg = &page->svg;
    char number[HR_NUMBER_TEXT];
    hr_svg_add(svg, "<text class='title' x='%d' y='%d'>%s</text>\n", -LEFT, -32, kind->title);
    hr_svg_add(svg, "<text class='note' x='%d' y='%d'>%s%s</text>\n", -LEFT, -14,
               has_values ? kind->unit : "no finite values", has_values && panel->axis.is_log ? "logarithmic" : "");
    for (int s = 0; s < panel->n; s++) {
        const hr_log_series *const series = panel->series[s];
        const hr_log_point *last = NULL, *best = NULL;
        const int y = ROW / 2 + s * ROW;
        for (size_t i = 0; i < series->n; i++) {
            if (!isfinite(series->points[i].value)) continue;
            last = &series->points[i];
            if (best == NULL || last->value >= best->value) best = last;
        }
        hr_svg_add(svg, "<path class='curve c%d' d='M%d %dh14'/>", s % HR_SVG_COLORS, WIDTH + 16, y - 4);
        hr_svg_add(svg, "<svg x='%d' y='%d' width='%d' height='%d'><text y='13'>%s</text></svg>\n", WIDTH + 36, y - 13,
                   NAME_WIDTH, ROW, series->tag); /* cuts a long tag */
        if (last == NULL) continue;
        hr_axis_text(last->value, 4, number);
        hr_svg_add(svg, text, "end", (double)(PANEL_WIDTH - LEFT), (double)y, number);
        if (kind->best == NULL || strcmp(kind->best, series->tag) != 0) continue;
        hr_axis_text(best->value, 4, number);
        hr_svg_add(svg, "<text class='note end' x='%d' y='%d'>best %s %s at step %lld</text>\n", WIDTH, -14,
                   series->tag, number, (long long)best->step);
    }
    if (panel->n_left_out > 0)
        hr_svg_add(svg, "<text class='note' x='%d' y='%d'>and %d more</text>\n", WIDTH + 36, ROW / 2 + panel->n * ROW,
                   panel->n_left_out);
}

static hrnet_status draw_panel(plot_page *page, plot_panel *panel, int left, int top)
{
    const int has_values = find_axis(panel);
    /* a picture in the picture, whose origin is the corner of the area and that cuts what is too long */
    hr_svg_add(&page->svg, "<svg x='%d' y='%d' width='%d' height='%d' viewBox='%d %d %d %d'>\n", left, top, PANEL_WIDTH,
               PANEL_HEIGHT, -LEFT, -TOP, PANEL_WIDTH, PANEL_HEIGHT);
    draw_legend(page, panel, has_values);
    if (has_values) draw_axes(page, &panel->axis);
    /* the first series, the most looked at, on top */
    for (int s = panel->n - 1; s >= 0 && has_values; s--) HR_TRY(draw_series(page, panel, s));
    hr_svg_add(&page->svg, "</svg>\n");
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ picture */

static void find_steps(plot_page *page)
{
    const hr_run_log *const log = page->log;
    int64_t first = INT64_MAX;
    page->last_epoch = -1;
    for (size_t s = 0; s < log->n_series; s++) {
        for (size_t i = 0; i < log->series[s].n; i++) {
            const hr_log_point *const point = &log->series[s].points[i];
            if (point->step < first) first = point->step;
            if (point->step > page->last_step) page->last_step = point->step;
            if (point->epoch > page->last_epoch) page->last_epoch = point->epoch;
        }
    }
    const double from = (double)first, to = (double)page->last_step;
    page->steps = from < to ? (hr_axis){0, from, to} : hr_axis_make(from, to, 0);
}

/* The end of a path that still says which run it is: three names. */
static const char *short_path(const char *path)
{
    int n_slashes = 0;
    for (const char *c = path + strlen(path); c > path; c--)
        if (c[-1] == '/' && ++n_slashes == 3) return c;
    return path;
}

static hrnet_status draw_picture(plot_page *page, const char *log_path)
{
    const hr_run_log *const log = page->log;
    hr_text *const svg = &page->svg;
    int n_panels = 0, n_curves = 0, n = 0;
    for (size_t p = 0; p < N_KINDS + log->n_series; p++) {
        const int n_here = collect_panel(log, p).n;
        n_panels += n_here > 0;
        if (n_panels <= MAX_PANELS) n_curves += n_here;
    }
    const int n_drawn = n_panels < MAX_PANELS ? n_panels : MAX_PANELS, n_columns = n_drawn > 1 ? 2 : 1;
    const char *const name = short_path(log_path);
    page->n_columns = n_curves > FULL_CURVES ? WIDTH * FULL_CURVES / n_curves : WIDTH;
    find_steps(page);
    hr_svg_begin(svg, MARGIN + n_columns * (PANEL_WIDTH + MARGIN), HEAD + (n_drawn + 1) / 2 * PANEL_HEIGHT, name);
    hr_svg_add(svg, "<text class='title' x='%d' y='%d'>%s</text>\n<text class='note' x='%d' y='%d'>", MARGIN, 34, name,
               MARGIN, 54);
    hr_svg_add(svg, "reports: %lld; last step: %lld", (long long)log->n_reports, (long long)page->last_step);
    if (page->last_epoch >= 0) hr_svg_add(svg, "; last epoch: %lld", (long long)page->last_epoch);
    if (n_drawn < n_panels) hr_svg_add(svg, "; the first %d of %d panels", n_drawn, n_panels);
    hr_svg_add(svg, "; legends give last values; bold over pale: mean of neighbours</text>\n");
    for (size_t p = 0; n < n_drawn; p++) {
        plot_panel panel = collect_panel(log, p);
        if (panel.n == 0) continue;
        HR_TRY(draw_panel(page, &panel, MARGIN + n % 2 * (PANEL_WIDTH + MARGIN), HEAD + n / 2 * PANEL_HEIGHT));
        n++;
    }
    return HRNET_OK;
}

hrnet_status hr_record_plot(const char *log_path, const char *svg_path)
{
    hr_run_log log;
    plot_page page = {.log = &log};
    HR_TRY(hr_run_log_read(&log, log_path));
    hrnet_status status = log.n_series > 0
                              ? draw_picture(&page, log_path)
                              : hr_fail(HRNET_ERR_FORMAT, "%s: expected reports with numbers, found none", log_path);
    if (status == HRNET_OK) status = hr_svg_save(&page.svg, svg_path);
    hr_text_free(&page.svg);
    hr_run_log_free(&log);
    return status;
}
