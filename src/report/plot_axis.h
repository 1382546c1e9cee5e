/* plot_axis.h - from values to places along an axis, linear or logarithmic, and the round numbers written beside it. */
#ifndef HR_REPORT_PLOT_AXIS_H
#define HR_REPORT_PLOT_AXIS_H

#include "base/text.h"

typedef struct hr_axis {
    int is_log;
    double low, high; /* the values at its ends; low < high */
} hr_axis;

enum { HR_AXIS_MAX_TICKS = 24 };

typedef struct hr_tick {
    double value;
    char text[HR_NUMBER_TEXT];
} hr_tick;

/* An axis for finite values from low to high >= low, with round ends; linear when is_log is asked for with low <= 0. */
hr_axis hr_axis_make(double low, double high, int is_log);

/* Share 0..1 of the axis, one of its ends for values beyond; NaN for what it cannot show: not finite, or not positive
 * on a logarithmic axis. */
double hr_axis_place(const hr_axis *axis, double value);

/* About six ticks inside the axis; returns how many. */
int hr_axis_ticks(const hr_axis *axis, hr_tick out[HR_AXIS_MAX_TICKS]);

/* A value in 4 to 15 digits: "0.00123", "1.5e-6", "12k", "3.4M"; "0" below 1e-100. */
void hr_axis_text(double value, int n_digits, char out[HR_NUMBER_TEXT]);

#endif
