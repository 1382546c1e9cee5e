/*
 * assign.h - optimal assignment: which rows go with which columns so that the sum of the costs is least. Used to pair
 * tracks with detections, and what was found with what is true.
 *
 *   int column_of[2], row_of[3];
 *   const double cost[] = {0.1, 0.9, 0.5,
 *                          0.2, 0.3, 0.8};
 *   HR_TRY(hr_assign(cost, 2, 3, 0.7, column_of, row_of));      // column_of {0, 1}, row_of {0, 1, -1}
 */
#ifndef HR_BASE_ASSIGN_H
#define HR_BASE_ASSIGN_H

#include "base/status.h"

/* Pair rows with columns, each at most once. cost [rows][columns] is that of a pair.
 *
 * limit is what it is worth to pair: of all sets of pairs, the one with the least sum of (cost - limit) is found. A
 * pair that costs more than limit is therefore never made, and a row or column may stay open so that others get pairs
 * that are better in sum (lapjv's cost_limit; not the same as solving without a limit and then rejecting pairs). With
 * limit INFINITY as many pairs as possible are made, at the least sum of costs (scipy's linear_sum_assignment).
 *
 * A cost of NaN or INFINITY forbids a pair, and needs a finite limit. The others, and the limit, must lie within
 * +-1e300. Costs are added as doubles, without rounding them first; of several best sets one is found, always the
 * same, and with limit INFINITY the one that scipy 1.17 finds.
 *
 * column_of [rows] receives each row's column and row_of [columns] (may be NULL) each column's row, -1 if it stays
 * open. HRNET_ERR_ARGUMENT for costs and limits that are not allowed; outputs are then untouched. Takes memory for rows
 * + columns numbers, and at most time of the order of rows x columns x the smaller of both. */
hrnet_status hr_assign(const double *cost, int rows, int columns, double limit, int *column_of, int *row_of);

#endif
