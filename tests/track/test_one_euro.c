/* test_one_euro.c - the filter against the author's package (tests/golden/track). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "track/one_euro.h"

enum { N = 4 };

/* All settings, with frequencies from the timestamps where the package was given them. */
static void as_the_author_has_it(void **state)
{
    (void)state;
    FILE *const in = fopen(TEST_DATA "/golden/track/one_euro.txt", "r");
    double frequency[N], with_times[N], time, x, expected, last = 0;
    hr_one_euro_settings settings[N];
    hr_one_euro filters[N] = {0};
    int n = 0;
    assert_non_null(in);
    for (int i = 0; i < N; i++)
        assert_int_equal(fscanf(in, "%lf %lf %lf %lf %lf", &frequency[i], &settings[i].min_cutoff, &settings[i].beta,
                                &settings[i].d_cutoff, &with_times[i]),
                         5);
    for (; fscanf(in, "%lf %lf", &time, &x) == 2; last = time, n++) {
        for (int i = 0; i < N; i++) {
            if (n > 0 && with_times[i] != 0) frequency[i] = 1 / (time - last);
            assert_int_equal(fscanf(in, "%lf", &expected), 1);
            assert_true(fabs(hr_one_euro_filter(&filters[i], &settings[i], x, frequency[i]) - expected) <=
                        1e-12 * fabs(expected));
        }
    }
    fclose(in);
    assert_int_equal(n, 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_author_has_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
