/*
 * svg.h - charts as SVG, written as text with holes for values:
 *
 *   hr_text svg = {0};
 *   hr_svg_begin(&svg, 640, 480, "my chart");
 *   hr_svg_add(&svg, "<text class='note end' x='%f' y='%f'>%s</text>\n", 620.0, 20.0, label);
 *   status = hr_svg_save(&svg, "chart.svg");
 *
 * Classes of the page's style sheet say what things look like, so that all charts look alike:
 *   text    title, note (grey); middle, end: where x and y are, else at its left end
 *   lines   grid, axis, curve, pale (behind its own mean), dots (a path whose points are all first ones)
 *   c0..c9  colours of lines and boxes, told apart with every common kind of colour blindness
 */
#ifndef HR_REPORT_SVG_H
#define HR_REPORT_SVG_H

#include "base/text.h"

enum { HR_SVG_COLORS = 10 };

/* A white page; a browser shows its title. */
void hr_svg_begin(hr_text *svg, int width, int height, const char *title);

/* Append markup. Holes: %f, a double in tenths with a point whatever the locale ("12.5"); %d, an int; %lld; %s, text of
 * any bytes: it is escaped, and what is no UTF-8 or not allowed in XML becomes U+FFFD. %% is a %. No flags, no widths.
 */
void hr_svg_add(hr_text *svg, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A point of the path whose attribute d is being written. is_first lifts the pen before it; a first point without a
 * second one is seen as a dot. */
void hr_svg_point(hr_text *svg, int is_first, double x, double y);

/* End the page and write the file; svg is empty afterwards, also on failure. HRNET_ERR_MEMORY when markup was lost. */
hrnet_status hr_svg_save(hr_text *svg, const char *path);

#endif
