/*
 * plot.c - a run's log as a picture: tags sorted into panels, panels into two columns. Tags that no panel is meant for
 * get one each, since nothing is known of their scale.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "io/image/image.h"
#include "report/plot_panel.h"
#include "report/plot_text.h"
#include "report/record.h"

enum { MARGIN = 40, HEAD = 84, PANEL_WIDTH = 740, PANEL_HEIGHT = 440, MAX_PANELS = 12 };

static const hr_color ink = {{40, 44, 52}}, grey = {{120, 124, 132}};

/* ------------------------------------------------------------------------------------------------ panels */

static int is_score(const char *tag)
{
    static const char *const beginnings[] = {"AP",  "AR",   "Head",  "Shoulder", "Elbow", "Wrist",
                                             "Hip", "Knee", "Ankle", "Mean",     "PCK"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncasecmp(tag, beginnings[i], strlen(beginnings[i])) == 0) return 1;
    return 0;
}

static int is_learning_rate(const char *tag)
{
    return strcmp(tag, "learning_rate") == 0 || strcmp(tag, "lr") == 0;
}

/* The panel of a tag by its name; the tag itself when it has none to share. */
static hr_panel panel_of(const char *tag)
{
    if (strcasestr(tag, "loss") != NULL)
        return (hr_panel){.title = "Loss", .scale = HR_PANEL_EITHER, .include_zero = 1};
    if (strcasestr(tag, "acc") != NULL) return (hr_panel){.title = "Accuracy", .include_zero = 1};
    if (is_score(tag)) return (hr_panel){.title = "Score", .include_zero = 1, .best = tag[0] == 'A' ? "AP" : "Mean"};
    if (is_learning_rate(tag)) return (hr_panel){.title = "Learning rate", .scale = HR_PANEL_LOG, .is_exact = 1};
    return (hr_panel){.title = tag, .scale = HR_PANEL_EITHER};
}

/* Panels of a log and the series they point to, [log->n_series]. */
typedef struct panels {
    hr_panel all[MAX_PANELS];
    int n;
    const hr_log_series **series;
} panels;

static int has_title(const panels *p, const char *title)
{
    for (int i = 0; i < p->n; i++)
        if (strcmp(p->all[i].title, title) == 0) return 1;
    return 0;
}

/* The known ones first and in their order, then the others as they come; what is too many is left out. */
static hrnet_status sort_panels(panels *out, const hr_run_log *log)
{
    static const char *const order[] = {"Loss", "Accuracy", "Score", "Learning rate"};
    enum { N_KNOWN = sizeof order / sizeof *order };
    size_t n_placed = 0;
    HR_NEW(out->series, log->n_series);
    for (size_t turn = 0; turn < N_KNOWN + log->n_series && out->n < MAX_PANELS; turn++) {
        const char *const title = turn < N_KNOWN ? order[turn] : panel_of(log->series[turn - N_KNOWN].tag).title;
        if (has_title(out, title)) continue;
        const hr_log_series **const series = out->series + n_placed;
        hr_panel panel = {.n_series = 0};
        for (size_t s = 0; s < log->n_series; s++) {
            const hr_panel own = panel_of(log->series[s].tag);
            if (strcmp(own.title, title) != 0) continue;
            const int n_series = panel.n_series + 1;
            panel = own;
            panel.series = series;
            panel.n_series = n_series;
            out->series[n_placed++] = &log->series[s];
        }
        if (panel.n_series > 0) out->all[out->n++] = panel;
    }
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ picture */

/* What a run covers. */
typedef struct extent {
    int64_t first_step, last_step, first_epoch, last_epoch; /* epochs INT64_MAX and -1: none are known */
} extent;

static extent extent_of(const hr_run_log *log)
{
    extent e = {INT64_MAX, 0, INT64_MAX, -1};
    for (size_t s = 0; s < log->n_series; s++) {
        for (size_t i = 0; i < log->series[s].n; i++) {
            const hr_log_point *const point = &log->series[s].points[i];
            if (point->step < e.first_step) e.first_step = point->step;
            if (point->step > e.last_step) e.last_step = point->step;
            if (point->epoch < 0) continue;
            if (point->epoch < e.first_epoch) e.first_epoch = point->epoch;
            if (point->epoch > e.last_epoch) e.last_epoch = point->epoch;
        }
    }
    return e;
}

/* The end of a path that still says which run it is: three names. */
static const char *short_path(const char *path)
{
    int n_slashes = 0;
    for (const char *c = path + strlen(path); c > path; c--)
        if (c[-1] == '/' && ++n_slashes == 3) return c;
    return path;
}

static void draw_head(hrnet_image *image, const char *path, const hr_run_log *log, const extent *e)
{
    char text[256];
    snprintf(text, sizeof text, "%.120s", short_path(path));
    hr_plot_text(image, MARGIN, 42, HR_TEXT_LEFT, 16, ink, text);
    int n = snprintf(text, sizeof text, "%zu reports up to step %lld", log->n_reports, (long long)e->last_step);
    if (e->last_epoch >= 0) n += snprintf(text + n, sizeof text - (size_t)n, ", epoch %lld", (long long)e->last_epoch);
    snprintf(text + n, sizeof text - (size_t)n, "; legends give last values; bold over pale: mean of neighbours");
    hr_plot_text(image, MARGIN, 66, HR_TEXT_LEFT, 10, grey, text);
}

static hrnet_status draw_picture(hrnet_image *image, const char *path, const hr_run_log *log, const panels *p)
{
    const extent e = extent_of(log);
    const double from = (double)e.first_step, to = (double)e.last_step;
    const hr_panel_steps steps = {{0, from, to > from ? to : from + 1}, log, e.first_epoch < e.last_epoch};
    const int n_columns = p->n > 1 ? 2 : 1, n_rows = (p->n + 1) / 2;
    const hr_image_source limits = {.name = "plot", .max_pixels = HR_IMAGE_MAX_PIXELS};
    HR_TRY(hr_image_new(image, (uint64_t)(MARGIN + n_columns * (PANEL_WIDTH + MARGIN)),
                        (uint64_t)(HEAD + n_rows * (PANEL_HEIGHT + MARGIN)), &limits));
    memset(image->rgb, 255, (size_t)image->width * (size_t)image->height * 3);
    draw_head(image, path, log, &e);
    for (int i = 0; i < p->n; i++)
        HR_TRY(hr_panel_draw(image, &p->all[i], &steps, MARGIN + i % 2 * (PANEL_WIDTH + MARGIN),
                             HEAD + i / 2 * (PANEL_HEIGHT + MARGIN) + MARGIN / 4, PANEL_WIDTH, PANEL_HEIGHT));
    return HRNET_OK;
}

hrnet_status hr_record_plot(const char *log_path, const char *png_path)
{
    hr_run_log log;
    panels p = {.n = 0};
    hrnet_image image = {0};
    HR_TRY(hr_run_log_read(&log, log_path));
    hrnet_status status = log.n_series > 0
                              ? sort_panels(&p, &log)
                              : hr_fail(HRNET_ERR_FORMAT, "%s: expected reports with numbers, found none", log_path);
    if (status == HRNET_OK) status = draw_picture(&image, log_path, &log, &p);
    if (status == HRNET_OK) status = hrnet_image_save(&image, png_path);
    hrnet_image_free(&image);
    hr_free(p.series);
    hr_run_log_free(&log);
    return status;
}
