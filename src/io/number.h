/*
 * number.h - decimal text to double and back, as the C locale does it: a host program may have chosen another decimal
 * point, and strtod and printf would follow it.
 */
#ifndef HR_IO_NUMBER_H
#define HR_IO_NUMBER_H

#include <stddef.h>

enum { HR_NUMBER_TEXT = 32 };

/* 1 and *out when all n characters of text are one decimal number (sign, fraction, exponent; at most 100 characters)
 * that a double can hold; else 0 and *out untouched. */
int hr_number_parse(const char *text, size_t n, double *out);

/* The shortest of 15, 16 or 17 digits that reads back as the same value. */
void hr_number_text(double value, char out[HR_NUMBER_TEXT]);

#endif
