/*
 * text.h - text that the process's locale cannot change: a string that grows, and decimal numbers. A host program may
 * have chosen a locale with a decimal comma, which printf and strtod would follow; files need the point.
 *
 *   hr_text text = {0};
 *   for (...) hr_text_add(&text, "%s,", name);
 *   HR_TRY(hr_text_take(&text, &out));       // reports any allocation that failed on the way
 */
#ifndef HR_BASE_TEXT_H
#define HR_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A string that grows. Starts zeroed; free with hr_text_free unless it was taken. */
typedef struct hr_text {
    char *data; /* NUL-terminated; NULL if nothing was appended */
    size_t length, capacity;
    int failed; /* an allocation failed: what came after is missing */
} hr_text;

/* Append formatted text, or n bytes of any value. A failed allocation sets text->failed and appends nothing. */
void hr_text_add(hr_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hr_text_add_bytes(hr_text *text, const void *bytes, size_t n);
/* Move the string into *out (free it with hr_free); "" if nothing was appended. HRNET_ERR_MEMORY if any allocation
 * failed; *out is then untouched. text is empty afterwards in both cases. */
hrnet_status hr_text_take(hr_text *text, char **out);
/* Harmless on a zeroed or taken text. */
void hr_text_free(hr_text *text);

/* Step over the byte order mark that some editors and exporters put in front of UTF-8 text: *bytes and *n move behind
 * it. HRNET_ERR_FORMAT if the mark is that of UTF-16. Every reader of text begins with it. */
hrnet_status hr_text_skip_mark(const void **bytes, size_t *n);

enum { HR_NUMBER_TEXT = 32 }; /* bytes that hold any number's text */

/* Read all n characters of text as one decimal number: sign, digits, point, exponent; at most 100 characters. Correctly
 * rounded. Returns 1 and sets *out, or returns 0 for anything else ("inf", hexadecimal, spaces) and for numbers beyond
 * a double. */
int hr_number_parse(const char *text, size_t n, double *out);

enum { HR_DECIMALS = 19 }; /* 10^19 is below 2^64 */
#define HR_DECIMAL_LIMIT ((uint64_t)1 << 62)

/* digits / 10^n_decimals, correctly rounded: what readers of numbers in a form of their own end with. digits is below
 * HR_DECIMAL_LIMIT, n_decimals at most HR_DECIMALS. */
double hr_decimal(uint64_t digits, unsigned n_decimals);

/* Write a finite value with the fewest of 15, 16 or 17 significant digits that read back as the same double: "0.1",
 * "1e-05". */
void hr_number_text(double value, char out[HR_NUMBER_TEXT]);
/* The same for a float, with 6 to 9 digits. */
void hr_number_text_float(float value, char out[HR_NUMBER_TEXT]);

/* Write any value as printf's %.*g does; at most 17 digits. */
void hr_number_digits(double value, int digits, char out[HR_NUMBER_TEXT]);

#endif
