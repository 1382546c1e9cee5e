/* number.c - numbers as text, independent of the process's locale. */
#include "io/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 100 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static double parse(const char *text, char **end)
{
    pthread_once(&once, make_locale);
    return c_locale != (locale_t)0 ? strtod_l(text, end, c_locale) : strtod(text, end);
}

/* digits / 10^n_decimals, correctly rounded: a quotient of at least 64 bits, of which the last also stands for all that
 * is cut off, and one rounding to double. */
static double decimal(uint64_t digits, unsigned n_decimals)
{
    uint64_t power = 1;
    if (digits == 0) return 0;
    for (unsigned i = 0; i < n_decimals; i++) power *= 10;
    const int up = __builtin_clzll(digits);
    const unsigned __int128 dividend = (unsigned __int128)(digits << up) << 64, quotient = dividend / power;
    const uint64_t high = (uint64_t)(quotient >> 64);
    const int down = high != 0 ? 64 - __builtin_clzll(high) : 0;
    const uint64_t top = (uint64_t)(quotient >> down);
    const int is_cut = (unsigned __int128)top << down != quotient || quotient * power != dividend;
    return ldexp((double)(top | (uint64_t)is_cut), down - 64 - up);
}

/* What most numbers in files are, [-]digits[.digits], several times as fast as strtod; 0 for all others. */
static int parse_short(const char *text, size_t n, double *out)
{
    enum { DIGITS = 19 }; /* and their number and power of ten fit 64 bits */
    const size_t first = text[0] == '-';
    uint64_t digits = 0;
    unsigned n_digits = 0, n_decimals = 0;
    int has_point = 0;
    if (n > DIGITS + 2) return 0;
    for (size_t i = first; i < n; i++) {
        if (text[i] == '.' && !has_point) {
            has_point = 1;
        } else if (text[i] >= '0' && text[i] <= '9') {
            digits = digits * 10 + (uint64_t)(text[i] - '0');
            n_digits++;
            n_decimals += (unsigned)has_point;
        } else {
            return 0;
        }
    }
    if (n_digits == 0 || n_digits > DIGITS) return 0;
    *out = first != 0 ? -decimal(digits, n_decimals) : decimal(digits, n_decimals);
    return 1;
}

int hr_number_parse(const char *text, size_t n, double *out)
{
    char copy[LONGEST + 1], *end;
    if (n == 0 || n > LONGEST) return 0;
    if (parse_short(text, n, out)) return 1;
    memcpy(copy, text, n);
    copy[n] = '\0';
    /* strtod alone would also take spaces, hexadecimal, "inf" and "nan" */
    if (strspn(copy, "0123456789+-.eE") != n) return 0;
    const double value = parse(copy, &end);
    if (end != copy + n || !isfinite(value)) return 0;
    *out = value;
    return 1;
}

void hr_number_text(double value, char out[HR_NUMBER_TEXT])
{
    pthread_once(&once, make_locale);
    const locale_t before = uselocale(c_locale);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, HR_NUMBER_TEXT, "%.*g", digits, value);
        if (parse(out, NULL) == value) break;
    }
    uselocale(before);
}
