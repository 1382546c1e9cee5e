/* plot_axis.c - ticks at 1, 2 or 5 times a power of ten; on a logarithmic axis at powers of ten, with 2 and 5 between
 * them where there is space. */
#include "report/plot_axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WANTED_TICKS = 6 };

/* Beyond this range pictures say nothing and arithmetic ends. */
static const double largest = 1e100, smallest = 1e-100;

static double limited(double value)
{
    return fabs(value) < smallest ? 0 : value > largest ? largest : value < -largest ? -largest : value;
}

/* The smallest of 1, 2, 5 times a power of ten that divides the range into at most about n pieces. */
static double round_step(double range, int n)
{
    const double step = range / n * (1 - 1e-9), power = pow(10, floor(log10(step)));
    return step <= power ? power : step <= 2 * power ? 2 * power : step <= 5 * power ? 5 * power : 10 * power;
}

hr_axis hr_axis_make(double low, double high, int is_log)
{
    low = limited(low);
    high = limited(high);
    if (is_log && low > 0) {
        const double margin = high / low > 1.05 ? pow(high / low, 0.04) : 2;
        return (hr_axis){1, low / margin, high * margin};
    }
    const double size = fmax(fabs(low), fabs(high));
    if (!(high - low > size * 1e-6)) { /* one value, or as good as one */
        const double around = size > 0 ? size * 0.1 : 1;
        low -= around;
        high += around;
    }
    const double step = round_step(high - low, 8);
    return (hr_axis){0, floor(low / step + 1e-6) * step, ceil(high / step - 1e-6) * step};
}

double hr_axis_place(const hr_axis *axis, double value)
{
    if (!isfinite(value) || (axis->is_log && value <= 0)) return NAN;
    const double place = axis->is_log ? log(value / axis->low) / log(axis->high / axis->low)
                                      : (value - axis->low) / (axis->high - axis->low);
    return fmin(fmax(place, 0), 1);
}

void hr_axis_text(double value, int n_digits, char out[HR_NUMBER_TEXT])
{
    if (!(fabs(value) > smallest)) {
        strcpy(out, "0");
        return;
    }
    int exponent = (int)floor(log10(fabs(value)));
    double digits = rint(value / pow(10, exponent) * pow(10, n_digits - 1)) / pow(10, n_digits - 1);
    if (fabs(digits) >= 10) { /* 9.9999 was rounded up */
        digits /= 10;
        exponent++;
    }
    /* the part of the exponent that is written as a letter or behind an e */
    const int behind = exponent < -4 || exponent >= 21 ? exponent : exponent < 3 ? 0 : exponent / 3 * 3;
    const double power = pow(10, n_digits - 1 - exponent + behind);
    hr_number_text(rint(digits * pow(10, n_digits - 1)) / power, out);
    const size_t length = strlen(out);
    if (behind >= 3 && behind < 21)
        snprintf(out + length, HR_NUMBER_TEXT - length, "%c", "kMGTPE"[behind / 3 - 1]);
    else if (behind != 0)
        snprintf(out + length, HR_NUMBER_TEXT - length, "e%d", behind);
}

static void add_tick(const hr_axis *axis, double value, int n_digits, hr_tick *out, int *n)
{
    const double tolerance = axis->is_log ? value * 1e-9 : (axis->high - axis->low) * 1e-9;
    if (*n == HR_AXIS_MAX_TICKS || value < axis->low - tolerance || value > axis->high + tolerance) return;
    out[*n].value = value;
    hr_axis_text(value, n_digits, out[*n].text);
    ++*n;
}

int hr_axis_ticks(const hr_axis *axis, hr_tick out[HR_AXIS_MAX_TICKS])
{
    int n = 0;
    if (axis->is_log && axis->high / axis->low > 8) {
        const double n_decades = log10(axis->high / axis->low);
        const int stride = (int)ceil(n_decades / WANTED_TICKS);
        for (int decade = (int)floor(log10(axis->low)); decade <= log10(axis->high); decade++) {
            for (int digit = 1; digit <= (n_decades > WANTED_TICKS / 2.0 ? 1 : 5); digit += digit == 2 ? 3 : 1)
                if (decade % stride == 0) add_tick(axis, digit * pow(10, decade), 4, out, &n);
        }
        return n;
    }
    /* also within less than a factor of ten, where round steps are closer together than 1, 2, 5 */
    const double step = round_step(axis->high - axis->low, WANTED_TICKS), first = ceil(axis->low / step - 1e-6);
    /* as many digits as neighbours need to differ */
    const double n_digits = ceil(log10(fmax(fabs(axis->low), fabs(axis->high)) / step)) + 2;
    for (int i = 0; i < HR_AXIS_MAX_TICKS; i++)
        add_tick(axis, (first + i) * step, (int)fmin(fmax(n_digits, 4), 15), out, &n);
    return n;
}
