/*
 * plot_panel.c - one panel. A curve of many points is drawn pale, and its running mean over it in full colour; one of
 * few points gets a dot at each. Numbers that are not finite leave a gap.
 */
#include "report/plot_panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "report/plot_text.h"

enum { MANY_POINTS = 200, FEW_POINTS = 60, MEAN_SHARE = 40, MAX_REACH = 500, LEGEND_ROW = 20 };
enum { LEFT = 62, RIGHT = 20, BELOW = 44 }; /* between a panel and the area of its curves */

static const hr_color ink = {{40, 44, 52}}, grey = {{120, 124, 132}}, frame = {{170, 174, 182}},
                      grid = {{228, 230, 235}};

/* Okabe and Ito's, then three of Tol's: told apart with every common kind of colour blindness. */
static const hr_color palette[] = {{{0, 114, 178}},  {{213, 94, 0}},   {{0, 158, 115}}, {{204, 121, 167}},
                                   {{230, 159, 0}},  {{86, 180, 233}}, {{40, 44, 52}},  {{136, 34, 85}},
                                   {{153, 153, 51}}, {{136, 136, 136}}};
enum { N_COLORS = sizeof palette / sizeof *palette };

typedef struct view {
    hrnet_image *image;
    hr_axis x, y;
    double left, top, width, height; /* of the area between the axes */
} view;

static hr_color paler(hr_color color)
{
    for (int c = 0; c < 3; c++) color.rgb[c] = (uint8_t)(255 - (255 - color.rgb[c]) * 3 / 10);
    return color;
}

/* NaN where the value has no place. */
static hr_point place(const view *v, double step, double value)
{
    return (hr_point){v->left + hr_axis_place(&v->x, step) * v->width,
                      v->top + (1 - hr_axis_place(&v->y, value)) * v->height};
}

/* ------------------------------------------------------------------------------------------------ axes */

static void draw_line(const view *v, double x0, double y0, double x1, double y1, hr_color color)
{
    hr_paint_capsule(v->image, (hr_point){x0, y0}, (hr_point){x1, y1}, 0.5, color);
}

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

static void draw_step_axis(const view *v, const hr_panel_steps *steps)
{
    hr_tick ticks[HR_AXIS_MAX_TICKS];
    const int n = hr_axis_ticks(&v->x, 6, ticks);
    const double bottom = floor(v->top + v->height);
    for (int i = 0; i < n; i++) {
        char text[48];
        const double x = rint(place(v, ticks[i].value, 0).x);
        const int64_t epoch = steps->with_epochs ? epoch_at(steps->log, ticks[i].value) : -1;
        draw_line(v, x, v->top, x, bottom, grid);
        draw_line(v, x, bottom, x, bottom + 5, frame);
        hr_plot_text(v->image, x, bottom + 20, HR_TEXT_CENTER, 10, ink, ticks[i].text);
        snprintf(text, sizeof text, "epoch %lld", (long long)epoch);
        if (epoch >= 0) hr_plot_text(v->image, x, bottom + 37, HR_TEXT_CENTER, 9, grey, text);
    }
    hr_plot_text(v->image, v->left - 12, bottom + 20, HR_TEXT_RIGHT, 10, grey, "step");
}

static void draw_value_axis(const view *v)
{
    hr_tick ticks[HR_AXIS_MAX_TICKS];
    const int n = hr_axis_ticks(&v->y, 6, ticks);
    for (int i = 0; i < n; i++) {
        const double y = rint(v->top + (1 - hr_axis_place(&v->y, ticks[i].value)) * v->height);
        draw_line(v, v->left, y, v->left + v->width, y, grid);
        draw_line(v, v->left - 5, y, v->left, y, frame);
        hr_plot_text(v->image, v->left - 10, y + 5, HR_TEXT_RIGHT, 10, ink, ticks[i].text);
    }
}

static void draw_frame(const view *v)
{
    const double right = floor(v->left + v->width), bottom = floor(v->top + v->height);
    draw_line(v, v->left, v->top, v->left, bottom, frame);
    draw_line(v, v->left, bottom, right, bottom, frame);
}

/* ------------------------------------------------------------------------------------------------ curves */

/* values [n] against the series' steps. */
static void draw_curve(const view *v, const hr_log_series *series, const double *values, double radius, hr_color color)
{
    hr_point last = {NAN, NAN};
    for (size_t i = 0; i < series->n; i++) {
        const hr_point next = place(v, (double)series->points[i].step, values[i]);
        if (isfinite(next.y) && isfinite(last.y)) hr_paint_capsule(v->image, last, next, radius, color);
        /* a point alone between gaps would not be seen */
        if (isfinite(next.y) && (series->n <= FEW_POINTS || !isfinite(last.y)))
            hr_paint_capsule(v->image, next, next, series->n <= FEW_POINTS ? 2.6 : radius, color);
        last = next;
    }
}

/* Means over the neighbours up to `reach` away on both sides, over fewer at the ends; NaN stays and is not counted.
 * Summed anew for each point: a running sum would not forget a loss that exploded. */
static void smooth(double *out, const hr_log_series *series, size_t reach)
{
    const size_t n = series->n;
    for (size_t i = 0; i < n; i++) {
        const size_t before = i < reach ? i : reach, behind = n - 1 - i < reach ? n - 1 - i : reach;
        const size_t near = before < behind ? before : behind;
        double sum = 0;
        int count = 0;
        for (size_t k = i - near; k <= i + near; k++) {
            if (!isfinite(series->points[k].value)) continue;
            sum += series->points[k].value;
            count++;
        }
        out[i] = isfinite(series->points[i].value) ? sum / count : NAN;
    }
}

static hrnet_status draw_series(const view *v, const hr_log_series *series, int is_exact, hr_color color)
{
    double *const values = hr_alloc(series->n, sizeof *values);
    if (values == NULL) return hr_fail_memory(series->n * sizeof *values);
    const size_t reach = series->n / MEAN_SHARE / 2;
    const int with_mean = series->n >= MANY_POINTS && !is_exact;
    for (size_t i = 0; i < series->n; i++) values[i] = series->points[i].value;
    draw_curve(v, series, values, with_mean ? 0.7 : 1.2, with_mean ? paler(color) : color);
    if (with_mean) {
        smooth(values, series, reach < MAX_REACH ? reach : MAX_REACH);
        draw_curve(v, series, values, 1.2, color);
    }
    hr_free(values);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ panel */

/* "tag last-value" of each series behind a dash of its colour, in as many rows as they need; returns where they end. */
static double draw_legend(hrnet_image *image, const hr_panel *panel, double left, double top, double width)
{
    double x = left, y = top;
    for (int s = 0; s < panel->n_series; s++) {
        const hr_log_series *const series = panel->series[s];
        char value[HR_NUMBER_TEXT] = "", text[128];
        for (size_t i = series->n; i-- > 0 && value[0] == '\0';)
            if (isfinite(series->points[i].value)) hr_axis_text(series->points[i].value, 4, value);
        snprintf(text, sizeof text, "%.80s  %s", series->tag, value);
        const double entry = 26 + hr_plot_text_width(10, text);
        if (x > left && x + entry > left + width) {
            x = left;
            y += LEGEND_ROW;
        }
        hr_paint_capsule(image, (hr_point){x + 2, y - 5}, (hr_point){x + 18, y - 5}, 1.6, palette[s % N_COLORS]);
        hr_plot_text(image, x + 26, y, HR_TEXT_LEFT, 10, ink, text);
        x += entry + 22;
    }
    return y;
}

static void draw_best(hrnet_image *image, const hr_panel *panel, double right, double y)
{
    const hr_log_point *best = NULL;
    char value[HR_NUMBER_TEXT], text[128];
    for (int s = 0; s < panel->n_series; s++) {
        const hr_log_series *const series = panel->series[s];
        if (panel->best == NULL || strcmp(series->tag, panel->best) != 0) continue;
        for (size_t i = 0; i < series->n; i++)
            if (isfinite(series->points[i].value) && (best == NULL || series->points[i].value >= best->value))
                best = &series->points[i];
    }
    if (best == NULL) return;
    hr_axis_text(best->value, 4, value);
    snprintf(text, sizeof text, "best %s  %s in epoch %lld", panel->best, value, (long long)best->epoch);
    hr_plot_text(image, right, y, HR_TEXT_RIGHT, 10, grey, text);
}

/* 0 when no value can be shown. */
static int value_range(const hr_panel *panel, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int s = 0; s < panel->n_series; s++) {
        for (size_t i = 0; i < panel->series[s]->n; i++) {
            const double value = panel->series[s]->points[i].value;
            if (!isfinite(value)) continue;
            *low = fmin(*low, value);
            *high = fmax(*high, value);
        }
    }
    return *low <= *high;
}

/* Zeros (a rate at the end of its schedule) do not keep an axis from being logarithmic: they leave it below. */
static double lowest_above_zero(const hr_panel *panel)
{
    double low = INFINITY;
    for (int s = 0; s < panel->n_series; s++)
        for (size_t i = 0; i < panel->series[s]->n; i++)
            if (panel->series[s]->points[i].value > 0) low = fmin(low, panel->series[s]->points[i].value);
    return low;
}

hrnet_status hr_panel_draw(hrnet_image *image, const hr_panel *panel, const hr_panel_steps *steps, double left,
                           double top, double width, double height)
{
    double low, high;
    hr_plot_text(image, left, top + 16, HR_TEXT_LEFT, 13, ink, panel->title);
    draw_best(image, panel, left + width - RIGHT, top + 16);
    const double legend_end = draw_legend(image, panel, left, top + 42, width);
    if (!value_range(panel, &low, &high)) return HRNET_OK;
    int is_log = 0;
    if (panel->scale != HR_PANEL_LINEAR && low >= 0 && high > 0) {
        const double above_zero = lowest_above_zero(panel);
        is_log = panel->scale == HR_PANEL_LOG || (low > 0 && high / low > 20);
        if (is_log) low = above_zero;
    }
    view v = {image, steps->axis, hr_axis_make(low, high, is_log, panel->include_zero), 0, 0, 0, 0};
    v.left = rint(left + LEFT);
    v.top = rint(legend_end + 18);
    v.width = width - LEFT - RIGHT;
    v.height = top + height - BELOW - v.top;
    draw_value_axis(&v);
    draw_step_axis(&v, steps);
    draw_frame(&v);
    /* the first series, the most looked at, on top */
    for (int s = panel->n_series - 1; s >= 0; s--)
        HR_TRY(draw_series(&v, panel->series[s], panel->is_exact, palette[s % N_COLORS]));
    return HRNET_OK;
}
