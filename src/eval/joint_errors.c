/*
 * joint_errors.c - a chart for every joint of how far off it was found: counts over the error in sizes of the person
 * (the root of its area), up to 0.5 and, apart from them, beyond.
 */
#include <math.h>

#include <hrnet_eval.h>

#include "base/status.h"
#include "report/svg.h"

enum { N_BINS = 20, BAR = 10, BEYOND = 6, LEFT = 8, BOTTOM = 130, HEIGHT = 90 };
enum { PANEL_WIDTH = 256, PANEL_HEIGHT = 176, COLUMNS = 4, MARGIN = 24, HEAD = 80 };

static const double reach = 0.5, good = 0.1; /* in sizes of the person */

typedef struct joint_counts {
    size_t bins[N_BINS + 1], n, n_good, most; /* the last bin holds what is beyond reach */
} joint_counts;

static joint_counts count_joint(const hrnet_person_error *errors, size_t n, int joint)
{
    joint_counts c = {.most = 1};
    for (size_t i = 0; i < n; i++) {
        const double *const k = errors[i].truth + (ptrdiff_t)3 * joint;
        if (!(k[2] > 0) || errors[i].pose == NULL || !(errors[i].area > 0)) continue;
        const hrnet_keypoint *const p = &errors[i].pose[joint];
        const double error = hypot((double)p->x - k[0], (double)p->y - k[1]) / sqrt(errors[i].area);
        const int bin = error < reach ? (int)(error / reach * N_BINS) : N_BINS;
        c.bins[bin]++;
        c.n++;
        c.n_good += error < good;
        if (c.bins[bin] > c.most) c.most = c.bins[bin];
    }
    return c;
}

/* A bar is as high as its share of the highest one. */
static void draw_joint(hr_text *svg, int left, int top, const char *name, const joint_counts *c)
{
    const int share = c->n > 0 ? (int)lround(100.0 * (double)c->n_good / (double)c->n) : 0;
    hr_svg_add(svg, "<svg x='%d' y='%d' width='%d' height='%d'>\n", left, top, PANEL_WIDTH, PANEL_HEIGHT);
    hr_svg_add(svg, "<text class='title' y='14'>%s</text>\n<text class='note' y='30'>%d%% of %lld below 0.1</text>\n",
               name, share, (long long)c->n);
    for (int i = 0; i <= N_BINS; i++) {
        const double height = (double)c->bins[i] * HEIGHT / (double)c->most;
        const int color = i == N_BINS ? 9 : (i + 0.5) * reach / N_BINS < good ? 0 : 4;
        hr_svg_add(svg, "<rect class='c%d' x='%d' y='%f' width='%d' height='%f'><title>%lld</title></rect>\n", color,
                   LEFT + i * BAR + (i == N_BINS ? BEYOND : 0), BOTTOM - height, BAR - 1, height,
                   (long long)c->bins[i]);
    }
    hr_svg_add(svg, "<path class='axis' d='M%d %dH%d'/>\n", LEFT, BOTTOM, LEFT + (N_BINS + 1) * BAR + BEYOND);
    for (int tenth = 0; tenth <= 5; tenth++)
        hr_svg_add(svg, "<text class='middle' x='%d' y='%d'>%f</text>\n", LEFT + tenth * N_BINS * BAR / 5, BOTTOM + 16,
                   tenth / 10.0);
    hr_svg_add(svg, "</svg>\n");
}

hrnet_status hrnet_person_errors_plot(const hrnet_person_error *errors, size_t n, const hrnet_skeleton *skeleton,
                                      const char *svg_path)
{
    hr_text svg = {0};
    if ((errors == NULL && n > 0) || skeleton == NULL || svg_path == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_person_errors_plot: an argument is NULL");
    HR_TRY(HR_CHECK_RESERVED(skeleton, "hrnet_skeleton"));
    const int n_rows = (skeleton->n_keypoints + COLUMNS - 1) / COLUMNS;
    hr_svg_begin(&svg, MARGIN + COLUMNS * PANEL_WIDTH, HEAD + n_rows * PANEL_HEIGHT, "Errors of joints");
    hr_svg_add(&svg, "<text class='title' x='%d' y='34'>Errors of joints</text>\n", MARGIN);
    hr_svg_add(&svg, "<text class='note' x='%d' y='54'>Persons by error in sizes of the person, the root of its area; ",
               MARGIN);
    hr_svg_add(&svg, "grey: beyond 0.5</text>\n");
    for (int j = 0; j < skeleton->n_keypoints; j++) {
        const joint_counts c = count_joint(errors, n, j);
        draw_joint(&svg, MARGIN + j % COLUMNS * PANEL_WIDTH, HEAD + j / COLUMNS * PANEL_HEIGHT,
                   skeleton->keypoint_names[j], &c);
    }
    return hr_svg_save(&svg, svg_path);
}
