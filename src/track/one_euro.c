/* one_euro.c - the One-Euro filter, in the order of operations of its author's package. */
#include "track/one_euro.h"

#include <math.h>

static double alpha(double cutoff, double frequency)
{
    const double period = 1 / frequency, time_constant = 1 / (2 * M_PI * cutoff);
    return 1 / (1 + time_constant / period);
}

double hr_one_euro_filter(hr_one_euro *filter, const hr_one_euro_settings *settings, double x, double frequency)
{
    if (!filter->has_begun) {
        *filter = (hr_one_euro){.output = x, .has_begun = 1};
        return x;
    }
    const double a = alpha(settings->d_cutoff, frequency);
    filter->speed = a * ((x - filter->output) * frequency) + (1 - a) * filter->speed;
    const double b = alpha(settings->min_cutoff + settings->beta * fabs(filter->speed), frequency);
    filter->output = b * x + (1 - b) * filter->output;
    return filter->output;
}
