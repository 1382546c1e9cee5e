/* plot_axis.c - ticks at 1, 2 or 5 times a power of ten; on a logarithmic axis at powers of ten, with 2 and 5 between
 * them where there is room. */
#include "report/plot_axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beyond this range pictures say nothing and arithmetic ends. */
static const double largest = 1e100, smallest = 1e-100;

static double limited(double value)
{
    if (fabs(value) < smallest) return 0;
    return value > largest ? largest : value < -largest ? -largest : value;
}

/* The largest of 1, 2, 5 times a power of ten that is at most `step`; *digits and *exponent give it exactly. */
static void round_step(double step, int *digits, int *exponent)
{
    *exponent = (int)floor(log10(step));
    const double leading = step / pow(10, *exponent);
    *digits = leading >= 5 - 1e-9 ? 5 : leading >= 2 - 1e-9 ? 2 : 1;
}

/* count * digits * 10^exponent, rounded once, so that its text is short. */
static double multiple(double count, int digits, int exponent)
{
    return exponent < 0 ? count * digits / pow(10, -exponent) : count * digits * pow(10, exponent);
}

/* The smallest round step that makes at most about n pieces of the range. */
static void step_for(double range, int n, int *digits, int *exponent)
{
    round_step(range / n, digits, exponent);
    if (multiple(n, *digits, *exponent) < range * (1 - 1e-9)) {
        if (*digits == 5) ++*exponent;
        *digits = *digits == 1 ? 2 : *digits == 2 ? 5 : 1;
    }
}

hr_axis hr_axis_make(double low, double high, int is_log, int include_zero)
{
    low = limited(low);
    high = limited(high);
    if (is_log && low > 0) {
        const double room = pow(high / low, 0.04);
        return high / low > 1.05 ? (hr_axis){1, low / room, high * room} : (hr_axis){1, low / 2, high * 2};
    }
    if (include_zero && low > 0) low = 0;
    if (include_zero && high < 0) high = 0;
    const double size = fmax(fabs(low), fabs(high));
    if (!(high - low > size * 1e-6)) { /* one value, or as good as one */
        const double around = size > 0 ? size * 0.1 : 1;
        low -= around;
        high += around;
    }
    int digits, exponent;
    step_for(high - low, 8, &digits, &exponent);
    const double step = multiple(1, digits, exponent);
    return (hr_axis){0, multiple(floor(low / step + 1e-6), digits, exponent),
                     multiple(ceil(high / step - 1e-6), digits, exponent)};
}

double hr_axis_place(const hr_axis *axis, double value)
{
    value = limited(value);
    if (!axis->is_log) return (value - axis->low) / (axis->high - axis->low);
    return value > 0 ? log(value / axis->low) / log(axis->high / axis->low) : NAN;
}

/* "1e-05" as people write it */
static void shorten_exponent(char *text)
{
    char *const e = strchr(text, 'e');
    if (e == NULL || (e[1] != '-' && e[1] != '+')) return;
    const char *const digits = e + 2 + strspn(e + 2, "0");
    memmove(e + 1 + (e[1] == '-'), digits, strlen(digits) + 1);
}

void hr_axis_text(double value, int n_digits, char out[HR_NUMBER_TEXT])
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
    const double size = fabs(value);
    if (!(size > smallest)) {
        strcpy(out, "0");
        return;
    }
    int unit = 0;
    if (size < 1e21)
        while (size >= pow(1000, unit + 1)) unit++;
    const double scaled = value / pow(1000, unit);
    /* how many decimals (or, below zero, digits before the point that are not shown) leave that many digits */
    const int decimals = n_digits - 1 - (int)floor(log10(fabs(scaled)) + 1e-9);
    const double power = pow(10, abs(decimals));
    hr_number_text(decimals >= 0 ? rint(scaled * power) / power : rint(scaled / power) * power, out);
    strcat(out, units[unit]);
    shorten_exponent(out);
}

/* Ticks `step` apart need so many digits to differ. */
static int digits_of(const hr_axis *axis, double step)
{
    const double n = ceil(log10(fmax(fabs(axis->low), fabs(axis->high)) / step)) + 2;
    return n > 15 ? 15 : n < 4 ? 4 : (int)n;
}

static void add_tick(const hr_axis *axis, double value, int n_digits, hr_tick *out, int *n)
{
    const double place = hr_axis_place(axis, value);
    if (*n == HR_AXIS_MAX_TICKS || !(place >= -1e-9) || !(place <= 1 + 1e-9)) return;
    out[*n].value = value;
    hr_axis_text(value, n_digits, out[*n].text);
    ++*n;
}

static int log_ticks(const hr_axis *axis, int n_wanted, hr_tick *out)
{
    const int first = (int)floor(log10(axis->low)), last = (int)ceil(log10(axis->high));
    const double n_decades = log10(axis->high / axis->low);
    const int stride = (int)ceil(n_decades / n_wanted);
    int n = 0;
    for (int decade = first; decade <= last; decade++) {
        if (decade % stride != 0) continue;
        add_tick(axis, multiple(1, 1, decade), 4, out, &n);
        if (n_decades > n_wanted / 2.0) continue;
        add_tick(axis, multiple(1, 2, decade), 4, out, &n);
        add_tick(axis, multiple(1, 5, decade), 4, out, &n);
    }
    return n;
}

int hr_axis_ticks(const hr_axis *axis, int n_wanted, hr_tick out[HR_AXIS_MAX_TICKS])
{
    int digits, exponent, n = 0;
    /* within less than a factor of ten, round steps are closer together than 1, 2, 5 */
    if (axis->is_log && axis->high / axis->low > 8) return log_ticks(axis, n_wanted, out);
    step_for(axis->high - axis->low, n_wanted, &digits, &exponent);
    const double step = multiple(1, digits, exponent), first = ceil(axis->low / step - 1e-6);
    const int n_digits = digits_of(axis, step);
    for (int i = 0; i < HR_AXIS_MAX_TICKS; i++)
        add_tick(axis, multiple(first + i, digits, exponent), n_digits, out, &n);
    return n;
}
