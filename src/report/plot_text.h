/* plot_text.h - the lettering of plots: printable ASCII in strokes, at any size. */
#ifndef HR_REPORT_PLOT_TEXT_H
#define HR_REPORT_PLOT_TEXT_H

#include "pose/paint.h"

typedef enum hr_text_align { HR_TEXT_LEFT, HR_TEXT_CENTER, HR_TEXT_RIGHT } hr_text_align;

/* One line whose base line is y; size: height of its capitals in pixels. Each byte beyond ASCII becomes a box. */
void hr_plot_text(hrnet_image *image, double x, double y, hr_text_align align, double size, hr_color color,
                  const char *text);

/* Pixels from its left to its right end. */
double hr_plot_text_width(double size, const char *text);

#endif
