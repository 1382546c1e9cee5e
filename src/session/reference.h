/* session/reference.h - what both entries to the double reference share. */
#ifndef HR_SESSION_REFERENCE_H
#define HR_SESSION_REFERENCE_H

#include "graph/graph.h"

/* HRNET_ERR_ARGUMENT unless the array is [n][3][h][w] of the graph's input with n >= 1. */
hrnet_status hr_reference_check_input(const hrnet_array *input, const hr_graph *graph);

#endif
