/*
 * test_assign.c - assignments against every set of pairs there is (small ones), and against scipy and lap
 * (tests/golden/assign).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/assign.h"
#include "base/mem.h"
#include "base/rng.h"

enum { MOST = 6, MANY = 80 };

/* The sum of the costs of the pairs that were made, and how many there are; both lists must say the same. */
static double sum_of(const double *cost, int rows, int columns, const int *column_of, const int *row_of, int *n_pairs)
{
    double sum = 0;
    int n_columns = 0;
    *n_pairs = 0;
    for (int i = 0; i < rows; i++) {
        const int j = column_of[i];
        assert_in_range(j + 1, 0, columns);
        if (j < 0) continue;
        assert_int_equal(row_of[j], i);
        sum += cost[i * columns + j];
        ++*n_pairs;
    }
    for (int j = 0; j < columns; j++) n_columns += row_of[j] >= 0;
    assert_int_equal(n_columns, *n_pairs);
    return sum;
}

/* ---------------------------------------------------------------------------------------------- every set of pairs */

typedef struct search {
    const double *cost;
    int rows, columns;
    double limit;
    double best; /* least sum of (cost - limit); without a limit the least sum of costs of `most` pairs */
    int most;
} search;

static void try_rows(search *s, int row, unsigned taken, double sum, int n_pairs)
{
    if (row == s->rows) {
        const int is_better =
            isinf(s->limit) ? n_pairs > s->most || (n_pairs == s->most && sum < s->best) : sum < s->best;
        if (is_better) {
            s->best = sum;
            s->most = n_pairs;
        }
        return;
    }
    try_rows(s, row + 1, taken, sum, n_pairs);
    for (int j = 0; j < s->columns; j++) {
        const double cost = s->cost[row * s->columns + j];
        if ((taken >> j & 1) != 0 || !(cost <= s->limit)) continue;
        try_rows(s, row + 1, taken | 1u << j, sum + (isinf(s->limit) ? cost : cost - s->limit), n_pairs + 1);
    }
}

/* kind 0: any costs; 1: few different ones, so that many sets are equally good; 2: with pairs that are forbidden. */
static double make_cost(uint64_t stream, int i, int kind)
{
    const double value = (double)hr_random_uniform(stream, (uint64_t)i) - 0.25;
    if (kind == 2 && hr_random_bits(stream + 1, (uint64_t)i) % 3 == 0) return i % 2 == 0 ? NAN : INFINITY;
    return kind == 1 ? floor(value * 4) : value;
}

static void against_every_set_of_pairs(void **state)
{
    (void)state;
    static const double limits[] = {INFINITY, 0.3, 0, -0.1, 1, 1e300};
    double cost[MOST * MOST];
    int column_of[MOST], row_of[MOST], n_pairs;
    for (int trial = 0; trial < 1500; trial++) {
        const uint64_t stream = hr_random_bits(5, (uint64_t)trial);
        const int rows = (int)(stream % MOST), columns = (int)(stream / 8 % MOST), kind = trial % 3;
        search s = {cost, rows, columns, limits[stream / 64 % 6], INFINITY, -1};
        if (kind == 2 && isinf(s.limit)) s.limit = 0.5;
        for (int i = 0; i < rows * columns; i++) cost[i] = make_cost(stream, i, kind);
        try_rows(&s, 0, 0, 0, 0);
        assert_int_equal(hr_assign(cost, rows, columns, s.limit, column_of, row_of), HRNET_OK);
        double sum = sum_of(cost, rows, columns, column_of, row_of, &n_pairs);
        if (isinf(s.limit))
            assert_int_equal(n_pairs, s.most);
        else
            sum -= n_pairs * s.limit;
        /* sums of at most 5 numbers, in another order: a few roundings of the largest */
        assert_true(fabs(sum - s.best) <= 1e-14 * fmax(1, fabs(s.best)));
    }
}

/* ---------------------------------------------------------------------------------------------- golden */

static void as_scipy_and_lap_have_it(void **state)
{
    (void)state;
    static double cost[MANY * MANY];
    int column_of[MANY], row_of[MANY], rows, columns, expected_pairs, n_pairs, expected, n_cases = 0;
    unsigned long stream;
    double limit, expected_sum;
    FILE *const in = fopen(TEST_DATA "/golden/assign/assign.txt", "r");
    assert_non_null(in);
    while (fscanf(in, "%lu %d %d %lf %d %lf", &stream, &rows, &columns, &limit, &expected_pairs, &expected_sum) == 6) {
        assert_true(rows <= MANY && columns <= MANY);
        for (int i = 0; i < rows * columns; i++)
            cost[i] = (double)(hr_random_bits(stream, (uint64_t)i) >> 11) * 0x1p-53 - 0.25;
        assert_int_equal(hr_assign(cost, rows, columns, limit, column_of, row_of), HRNET_OK);
        assert_true(fabs(sum_of(cost, rows, columns, column_of, row_of, &n_pairs) - expected_sum) <= 1e-12);
        assert_int_equal(n_pairs, expected_pairs);
        for (int i = 0; i < rows; i++) {
            assert_int_equal(fscanf(in, "%d", &expected), 1);
            assert_int_equal(column_of[i], expected);
        }
        n_cases++;
    }
    fclose(in);
    assert_int_equal(n_cases, 11);
}

/* ---------------------------------------------------------------------------------------------- the limit */

/* The example at the head of assign.h, and without the list of rows. */
static void the_example(void **state)
{
    (void)state;
    const double cost[] = {0.1, 0.9, 0.5, 0.2, 0.3, 0.8};
    int column_of[2], row_of[3];
    assert_int_equal(hr_assign(cost, 2, 3, 0.7, column_of, row_of), HRNET_OK);
    assert_memory_equal(column_of, ((const int[]){0, 1}), sizeof column_of);
    assert_memory_equal(row_of, ((const int[]){0, 1, -1}), sizeof row_of);
    memset(column_of, 0, sizeof column_of);
    assert_int_equal(hr_assign(cost, 2, 3, 0.7, column_of, NULL), HRNET_OK);
    assert_memory_equal(column_of, ((const int[]){0, 1}), sizeof column_of);
}

/* Without a limit the best two pairs cost 0.9 + 0.1, one of which passes 0.8; dropping it would leave 0.1 alone. With
 * the limit that is also the best set, and with 1.5 two pairs are worth more than one of 0. */
static void a_limit_is_no_rejection(void **state)
{
    (void)state;
    const double cost[] = {0.0, 0.9, 0.1, 5.0};
    int column_of[2];
    assert_int_equal(hr_assign(cost, 2, 2, INFINITY, column_of, NULL), HRNET_OK);
    assert_memory_equal(column_of, ((const int[]){1, 0}), sizeof column_of);
    assert_int_equal(hr_assign(cost, 2, 2, 0.8, column_of, NULL), HRNET_OK);
    assert_memory_equal(column_of, ((const int[]){0, -1}), sizeof column_of);
    assert_int_equal(hr_assign(cost, 2, 2, 1.5, column_of, NULL), HRNET_OK);
    assert_memory_equal(column_of, ((const int[]){1, 0}), sizeof column_of);
    assert_int_equal(hr_assign(cost, 2, 2, -1, column_of, NULL), HRNET_OK);
    assert_memory_equal(column_of, ((const int[]){-1, -1}), sizeof column_of);
    assert_int_equal(hr_assign((const double[]){0.5}, 1, 1, 0.5, column_of, NULL), HRNET_OK); /* at the limit */
    assert_int_equal(column_of[0], 0);
    assert_int_equal(hr_assign((const double[]){nextafter(0.5, 1)}, 1, 1, 0.5, column_of, NULL), HRNET_OK);
    assert_int_equal(column_of[0], -1);
}

/* Sums near the largest double stay finite, and equal costs everywhere end at once. */
static void extreme_costs(void **state)
{
    (void)state;
    static double cost[300 * 300];
    static int column_of[300], row_of[300];
    int n_pairs;
    for (int i = 0; i < 9; i++) cost[i] = i % 2 == 0 ? 1e300 : -1e300;
    assert_int_equal(hr_assign(cost, 3, 3, 1e300, column_of, row_of), HRNET_OK);
    assert_true(sum_of(cost, 3, 3, column_of, row_of, &n_pairs) <= -1e300);
    for (int i = 0; i < 300 * 300; i++) cost[i] = 0.5;
    assert_int_equal(hr_assign(cost, 300, 300, 0.5, column_of, row_of), HRNET_OK);
    sum_of(cost, 300, 300, column_of, row_of, &n_pairs);
    assert_int_equal(n_pairs, 300);
}

/* ---------------------------------------------------------------------------------------------- refused */

static void refused(void **state)
{
    (void)state;
    int column_of[2] = {7, 7};
    const double good[] = {1, 2, 3, 4},
                 bad[][4] = {{1, 2, NAN, 4}, {1, 2, INFINITY, 4}, {1, 2, -INFINITY, 4}, {1, 2, 2e300, 4}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(hr_assign(bad[i], 2, 2, INFINITY, column_of, NULL), HRNET_ERR_ARGUMENT);
        assert_non_null(strstr(hrnet_last_error(), "row 1, column 0"));
    }
    assert_int_equal(hr_assign(bad[2], 2, 2, 3, column_of, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hr_assign(good, 2, 2, NAN, column_of, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hr_assign(good, 2, 2, -INFINITY, column_of, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hr_assign(good, 2, 2, 2e300, column_of, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hr_assign(good, -1, 2, 1, column_of, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(column_of[0], 7);
    hr_mem_fail_after(0);
    const hrnet_status status = hr_assign(good, 2, 2, 3, column_of, NULL);
    hr_mem_fail_after(-1);
    assert_int_equal(status, HRNET_ERR_MEMORY);
    assert_int_equal(column_of[0], 7);
    const size_t held = hr_mem_held();
    assert_int_equal(hr_assign(good, 2, 2, 3, column_of, NULL), HRNET_OK);
    assert_int_equal(hr_mem_held(), held);
    assert_int_equal(hr_assign(NULL, 0, 0, INFINITY, column_of, NULL), HRNET_OK);
    assert_int_equal(hr_assign(NULL, 2, 0, 1, column_of, NULL), HRNET_OK);
    assert_int_equal(column_of[1], -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_every_set_of_pairs),
        cmocka_unit_test(as_scipy_and_lap_have_it),
        cmocka_unit_test(the_example),
        cmocka_unit_test(a_limit_is_no_rejection),
        cmocka_unit_test(extreme_costs),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
