/* plot_panel.h - one panel of a plot: axes, curves and their legend. */
#ifndef HR_REPORT_PLOT_PANEL_H
#define HR_REPORT_PLOT_PANEL_H

#include "pose/paint.h"
#include "report/plot_axis.h"
#include "report/run_log.h"

typedef enum hr_panel_scale {
    HR_PANEL_LINEAR,
    HR_PANEL_LOG,   /* where values allow it */
    HR_PANEL_EITHER /* logarithmic when values span more than a factor of 20 */
} hr_panel_scale;

typedef struct hr_panel {
    const char *title;
    const hr_log_series *const *series; /* [n_series] */
    int n_series;
    hr_panel_scale scale;
    int include_zero; /* a linear axis begins at 0 */
    int is_exact;     /* values are not noisy: no mean is drawn */
    const char *best; /* tag whose highest value is named above the panel, when it has that tag; or NULL */
} hr_panel;

/* What all panels share: the steps, and the run to look up their epochs in. */
typedef struct hr_panel_steps {
    hr_axis axis;
    const hr_run_log *log;
    int with_epochs; /* ticks name their epoch */
} hr_panel_steps;

/* Draw into the rectangle; the image is white there. HRNET_ERR_MEMORY. */
hrnet_status hr_panel_draw(hrnet_image *image, const hr_panel *panel, const hr_panel_steps *steps, double left,
                           double top, double width, double height);

#endif
