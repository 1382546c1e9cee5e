/*
 * assign.c - the assignment problem by shortest augmenting paths: Jonker and Volgenant, A shortest augmenting path
 * algorithm for dense and sparse linear assignment problems (Computing 38, 1987), in the rectangular form of Crouse, On
 * implementing 2D rectangular assignment algorithms (IEEE TAES 52, 2016).
 *
 * Rows are inserted one at a time. Each has a price u and each column a price v such that
 *   cost[i][j] - u[i] - v[j] >= 0 for every pair of an inserted row, and = 0 for the pairs that are made.
 * A new row looks for the cheapest way to a free column over these differences by Dijkstra's algorithm, where stepping
 * onto a taken column leads on to its row, which would have to find another one. Then the pairs along the way change.
 *
 * The limit is a column that each row has for itself, at that cost: a row whose way ends there stays open. Nobody else
 * can get at such a column, so its price stays 0, and a row that is open stays open: there is nothing to store for it.
 */
#include "base/assign.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

static const double most = 1e300; /* so that sums of prices, differences of rows + columns costs, stay finite */

/* The problem, with at most as many rows as columns if there is no limit, and what is known of it so far. */
typedef struct assignment {
    const double *cost;
    int rows, columns;
    size_t row_step, column_step; /* in cost */
    double limit;
    double *u, *v;           /* [rows], [columns]: prices */
    int *column_of, *row_of; /* [rows], [columns]: pairs, -1: none */
    /* of the row that is being inserted */
    double *distance; /* [columns] of the shortest way known, INFINITY: none */
    int *from;        /* [columns] the row before the column on that way */
    int *open;        /* [columns] columns that were not stepped on; stepped-on ones stand behind them */
    int n_open;
} assignment;

static double cost_of(const assignment *a, int row, int column)
{
    return a->cost[(size_t)row * a->row_step + (size_t)column * a->column_step];
}

/* The end of the shortest way from a row: a free column, or -1 and the row that stays open in `loser`. */
typedef struct way {
    double length;
    int column, loser;
} way;

/* Take row i, which is `before` away, as a way to all columns that were not stepped on. */
static void relax(assignment *a, int i, double before)
{
    for (int k = 0; k < a->n_open; k++) {
        const int j = a->open[k];
        const double cost = cost_of(a, i, j);
        if (!(cost <= a->limit)) continue;
        const double length = before + cost - a->u[i] - a->v[j];
        if (length < a->distance[j]) {
            a->distance[j] = length;
            a->from[j] = i;
        }
    }
}

/* The position in a->open of the nearest column, of equal ones the last that is free, else the first; -1: none can be
 * reached. This order, that of a->open and that of the sums above decide between equally good sets, and are scipy's. */
static int nearest(const assignment *a)
{
    double least = INFINITY;
    int best = -1;
    for (int k = 0; k < a->n_open; k++) {
        const int j = a->open[k];
        const double length = a->distance[j];
        if (length < least || (length == least && best >= 0 && a->row_of[j] < 0)) {
            least = length;
            best = k;
        }
    }
    return best;
}

static way find_way(assignment *a, int row)
{
    way end = {INFINITY, -1, -1};
    double before = 0;
    a->n_open = a->columns;
    for (int j = 0; j < a->columns; j++) {
        a->distance[j] = INFINITY;
        a->open[j] = a->columns - 1 - j;
    }
    for (int i = row;;) {
        const double to_open = before + (a->limit - a->u[i]);
        if (to_open < end.length) end = (way){to_open, -1, i};
        relax(a, i, before);
        const int k = nearest(a);
        if (k < 0 || a->distance[a->open[k]] > end.length) return end;
        const int j = a->open[k];
        before = a->distance[j];
        if (a->row_of[j] < 0) return (way){before, j, -1};
        a->open[k] = a->open[--a->n_open];
        a->open[a->n_open] = j;
        i = a->row_of[j];
    }
}

/* Keep the differences of what was stepped on at or above 0 when the way becomes pairs. */
static void update_prices(assignment *a, int row, double length)
{
    a->u[row] += length;
    for (int k = a->n_open; k < a->columns; k++) {
        const int j = a->open[k];
        a->u[a->row_of[j]] += length - a->distance[j];
        a->v[j] -= length - a->distance[j];
    }
}

/* Each row on the way takes the column behind it and leaves the one before it to the row before. */
static void change_pairs(assignment *a, int row, const way *end)
{
    int j = end->column;
    if (end->loser == row) return;
    if (j < 0) {
        j = a->column_of[end->loser];
        a->column_of[end->loser] = -1;
    }
    for (;;) {
        const int i = a->from[j], left = a->column_of[i];
        a->row_of[j] = i;
        a->column_of[i] = j;
        if (i == row) return;
        j = left;
    }
}

static void solve(assignment *a)
{
    memset(a->u, 0, (size_t)a->rows * sizeof *a->u);
    memset(a->v, 0, (size_t)a->columns * sizeof *a->v);
    for (int i = 0; i < a->rows; i++) a->column_of[i] = -1;
    for (int j = 0; j < a->columns; j++) a->row_of[j] = -1;
    for (int i = 0; i < a->rows; i++) {
        const way end = find_way(a, i);
        update_prices(a, i, end.length);
        change_pairs(a, i, &end);
    }
}

static hrnet_status check(const double *cost, int rows, int columns, double limit)
{
    if (rows < 0 || columns < 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "assignment: expected numbers from 0, found %d rows and %d columns", rows,
                       columns);
    if (isnan(limit) || (limit < INFINITY && fabs(limit) > most))
        return hr_fail(HRNET_ERR_ARGUMENT, "assignment: limit %g, expected -1e300 to 1e300, or INFINITY", limit);
    for (size_t i = 0; i < (size_t)rows * (size_t)columns; i++) {
        const int is_forbidden = isnan(cost[i]) || cost[i] == INFINITY;
        if (is_forbidden ? isinf(limit) : fabs(cost[i]) > most)
            return hr_fail(HRNET_ERR_ARGUMENT, "assignment: row %zu, column %zu: cost %g, expected %s",
                           i / (size_t)columns, i % (size_t)columns, cost[i],
                           is_forbidden ? "finite ones, as there is no limit" : "-1e300 to 1e300");
    }
    return HRNET_OK;
}

/* Where things lie in one block of memory: three of doubles and five of ints. */
static hrnet_status allocate(assignment *a, void **block)
{
    const size_t rows = (size_t)a->rows, columns = (size_t)a->columns;
    const size_t n_doubles = rows + 2 * columns, n_ints = rows + 3 * columns;
    *block = hr_alloc(1, n_doubles * sizeof(double) + n_ints * sizeof(int));
    if (*block == NULL) return hr_fail_memory(n_doubles * sizeof(double) + n_ints * sizeof(int));
    a->u = *block;
    a->v = a->u + rows;
    a->distance = a->v + columns;
    a->column_of = (int *)(a->distance + columns);
    a->row_of = a->column_of + rows;
    a->from = a->row_of + columns;
    a->open = a->from + columns;
    return HRNET_OK;
}

hrnet_status hr_assign(const double *cost, int rows, int columns, double limit, int *column_of, int *row_of)
{
    HR_TRY(check(cost, rows, columns, limit));
    /* without a limit every inserted row needs a column, so the longer side is that of the columns */
    const int is_turned = isinf(limit) && rows > columns;
    const size_t width = (size_t)columns;
    assignment a = {
        .cost = cost, .rows = rows, .columns = columns, .row_step = width, .column_step = 1, .limit = limit};
    if (is_turned) {
        a.rows = columns;
        a.columns = rows;
        a.row_step = 1;
        a.column_step = width;
    }
    void *block;
    HR_TRY(allocate(&a, &block));
    solve(&a);
    memcpy(column_of, is_turned ? a.row_of : a.column_of, (size_t)rows * sizeof *column_of);
    if (row_of != NULL) memcpy(row_of, is_turned ? a.column_of : a.row_of, width * sizeof *row_of);
    hr_free(block);
    return HRNET_OK;
}
