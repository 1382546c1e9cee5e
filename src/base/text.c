/* text.c - a string that grows by doubling; decimal numbers in the C locale. */
#include "base/text.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/wide.h"

/* Make the capacity at least length + extra + 1 (the NUL). Returns 0, now and ever after, if that fails. */
static int reserve(hr_text *text, size_t extra)
{
    if (text->failed) return 0;
    if (text->data != NULL && text->capacity - text->length > extra) return 1;
    size_t capacity = text->capacity < 64 ? 64 : text->capacity * 2;
    while (capacity - text->length <= extra) capacity *= 2;
    char *grown = hr_resize(text->data, text->length + (text->data != NULL), capacity, 1);
    if (grown == NULL) {
        text->failed = 1;
        return 0;
    }
    text->data = grown;
    text->capacity = capacity;
    return 1;
}

void hr_text_add_bytes(hr_text *text, const void *bytes, size_t n)
{
    if (!reserve(text, n)) return;
    memcpy(text->data + text->length, bytes, n);
    text->length += n;
    text->data[text->length] = '\0';
}

/* Formats twice: to learn the length, then into the string. */
void hr_text_add(hr_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n >= 0 && reserve(text, (size_t)n)) {
        vsnprintf(text->data + text->length, (size_t)n + 1, format, again);
        text->length += (size_t)n;
    }
    va_end(again);
}

hrnet_status hr_text_take(hr_text *text, char **out)
{
    hr_text_add_bytes(text, "", 0); /* allocates if nothing was appended, so that *out is never NULL */
    if (text->failed) {
        hr_text_free(text);
        return hr_fail_memory(0);
    }
    *out = text->data;
    *text = (hr_text){0};
    return HRNET_OK;
}

/* Bytes of the UTF-8 character at `at`, 0 if it is none. Overlong forms are not looked for: they print nothing else
 * than their characters do. */
static size_t character_length(const unsigned char *at)
{
    const size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : 0;
    const size_t length = n != 0 ? n : (at[0] & 0xf8) == 0xf0 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    return length;
}

/* Control characters are U+0000 to U+001F, U+007F, and U+0080 to U+009F (C2 80 to C2 9F). */
char *hrnet_printable(char *text)
{
    unsigned char *at = (unsigned char *)text;
    while (*at != '\0') {
        const size_t n = character_length(at);
        const int is_control = at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && n == 2 && at[1] < 0xa0);
        const size_t step = n != 0 ? n : 1;
        if (n == 0 || is_control) memset(at, '?', step);
        at += step;
    }
    return text;
}

void hr_text_free(hr_text *text)
{
    hr_free(text->data);
    *text = (hr_text){0};
}

hrnet_status hr_text_skip_mark(const void **bytes, size_t *n)
{
    const unsigned char *const text = *bytes;
    if (*n >= 2 && ((text[0] == 0xFF && text[1] == 0xFE) || (text[0] == 0xFE && text[1] == 0xFF)))
        return hr_fail(HRNET_ERR_FORMAT, "expected UTF-8, found UTF-16 (its byte order mark): save the file as UTF-8");
    if (*n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        *bytes = text + 3;
        *n -= 3;
    }
    return HRNET_OK;
}

enum { LONGEST = 100 }; /* characters of a number that is parsed */

/* The C locale as an object, made once and never freed. */
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

static float parse_float(const char *text)
{
    pthread_once(&once, make_locale);
    return c_locale != (locale_t)0 ? strtof_l(text, NULL, c_locale) : strtof(text, NULL);
}

/*
 * Up to 2^53 and 10^22 both numbers are doubles, so that their quotient is rounded once. Else everything fits integers:
 *   - shift digits left until the top bit is bit 61, and the power of ten until it is bit 63: the quotient of the one,
 *     times 2^64, and the other has 62 or 63 bits;
 *   - set its lowest bit if there is a remainder: that tells a tie from a number just above it;
 *   - round once, from there to the 53 bits of a double;
 *   - scale by a power of two, which is exact (no result is subnormal).
 */
double hr_decimal(uint64_t digits, unsigned n_decimals)
{
    static const uint64_t ones[] = {1, 10, 100, 1000},
                          fours[] = {1, 10000, 100000000, 1000000000000, 10000000000000000};
    const uint64_t power = ones[n_decimals % 4] * fours[n_decimals / 4];
    /* registers that are wider than a double would round twice */
    if (FLT_EVAL_METHOD == 0 && digits <= (uint64_t)1 << 53) return (double)(int64_t)digits / (double)power;
    if (digits == 0) return 0;
    const int up = __builtin_clzll(digits) - 2, power_up = __builtin_clzll(power);
    uint64_t remainder;
    const uint64_t quotient = hr_divide_high(digits << up, power << power_up, &remainder);
    const uint64_t scale_bits = (uint64_t)(1023 + power_up - up - 64) << 52;
    double scale;
    memcpy(&scale, &scale_bits, sizeof scale);
    return (double)(int64_t)(quotient | (remainder != 0)) * scale;
}

/* Parse [-]digits[.digits] of at most 19 digits, the form of most numbers in annotation files, several times as fast
 * as strtod. Returns 0 for any other text. */
static int parse_short(const char *text, size_t n, double *out)
{
    const size_t first = text[0] == '-';
    uint64_t digits = 0;
    unsigned n_digits = 0, n_decimals = 0;
    int has_point = 0;
    if (n > HR_DECIMALS + 2) return 0;
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
    if (n_digits == 0 || n_digits > HR_DECIMALS || digits >= HR_DECIMAL_LIMIT) return 0;
    *out = first != 0 ? -hr_decimal(digits, n_decimals) : hr_decimal(digits, n_decimals);
    return 1;
}

int hr_number_parse(const char *text, size_t n, double *out)
{
    char copy[LONGEST + 1], *end;
    if (n == 0 || n > LONGEST) return 0;
    if (parse_short(text, n, out)) return 1;
    memcpy(copy, text, n);
    copy[n] = '\0';
    /* strtod would also accept spaces, hexadecimal, "inf" and "nan" */
    if (strspn(copy, "0123456789+-.eE") != n) return 0;
    const double value = parse(copy, &end);
    if (end != copy + n || !isfinite(value)) return 0;
    *out = value;
    return 1;
}

void hr_number_digits(double value, int digits, char out[HR_NUMBER_TEXT])
{
    pthread_once(&once, make_locale);
    const locale_t before = uselocale(c_locale);
    snprintf(out, HR_NUMBER_TEXT, "%.*g", digits, value);
    uselocale(before);
}

void hr_number_text(double value, char out[HR_NUMBER_TEXT])
{
    for (int digits = 15; digits <= 17; digits++) {
        hr_number_digits(value, digits, out);
        if (parse(out, NULL) == value) break;
    }
}

void hr_number_text_float(float value, char out[HR_NUMBER_TEXT])
{
    for (int digits = 6; digits <= 9; digits++) {
        hr_number_digits((double)value, digits, out);
        if (parse_float(out) == value) break;
    }
}
