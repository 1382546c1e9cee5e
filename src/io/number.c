/* number.c - numbers as text, independent of the process's locale. */
#include "io/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
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

int hr_number_parse(const char *text, size_t n, double *out)
{
    char copy[LONGEST + 1], *end;
    if (n == 0 || n > LONGEST) return 0;
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
