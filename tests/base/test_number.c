/* test_number.c - numbers are parsed to the same bits as by the C library's strtod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/text.h"

static void check(const char *text)
{
    double found = 0;
    const double expected = strtod(text, NULL);
    if (!hr_number_parse(text, strlen(text), &found) || memcmp(&found, &expected, sizeof found) != 0)
        fail_msg("%s: expected %.17g, found %.17g", text, expected, found);
}

static void test_chosen(void **state)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "-0.0",
                                        "1",
                                        "-1.5",
                                        ".5",
                                        "5.",
                                        "007",
                                        "0.1",
                                        "0.026",
                                        "9007199254740993",
                                        "9007199254740992.5",
                                        "9999999999999999999",
                                        "0.9999999999999999999",
                                        "0.0000000000000000001",
                                        "1e-400",
                                        "-1.5E+3",
                                        "1e22",
                                        "179769313486231570000000000000000000000",
                                        "2.2250738585072014e-308",
                                        "4503599627370496.5",
                                        "4503599627370497.5"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check(texts[i]);
}

/* Random numbers: up to 19 digits with a point anywhere; floats printed with 17 digits; midpoints between two doubles
 * above 2^52, where a tie must be rounded to even. */
static void test_random(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        const uint64_t bits = hr_random_bits(1, i);
        char digits[24], text[64];
        const int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)(bits >> bits % 60));
        const int before = (int)(hr_random_bits(2, i) % (unsigned)(n + 1));
        snprintf(text, sizeof text, "%s%.*s.%s", bits & 1 ? "-" : "", before, digits, digits + before);
        check(text);
        snprintf(text, sizeof text, "%.17g", (double)(float)((double)bits / 1e16));
        check(text);
        snprintf(text, sizeof text, "%llu.5", (unsigned long long)(bits >> 11 | 1ULL << 52));
        check(text);
    }
}

static void test_refused(void **state)
{
    static const char *const texts[] = {"",    "-",   ".",  "-.", "1.2.3", "1,5", "0x1",
                                        "nan", "inf", " 1", "1 ", "1e",    "--1"};
    (void)state;
    double untouched = 7;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (hr_number_parse(texts[i], strlen(texts[i]), &untouched) || untouched != 7)
            fail_msg("taken: '%s'", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
