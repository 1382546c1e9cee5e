/*
 * freeze.h - TRAIN.FREEZE: the parts of a network that do not learn.
 *
 * An entry is the name of a parameter ("conv1.weight"), of a module, which stands for all parameters below it
 * ("stage2", "layer1.0"), or a pattern of fnmatch(3) over names of parameters ("*.bn?.*", "stage[23].*"; * also
 * stands for points). A batch norm whose weight and bias do not learn keeps its running statistics and normalises with
 * them (hr_backprop_freeze), so that a frozen part computes in training what it computes afterwards.
 */
#ifndef HR_TRAIN_FREEZE_H
#define HR_TRAIN_FREEZE_H

#include "config/config.h"
#include "graph/graph.h"

/* *out [graph->n_params], 1: does not learn; NULL if the configuration freezes nothing. Free it with hr_free.
 * HRNET_ERR_CONFIG: an entry that names nothing, or nothing is left that learns. */
hrnet_status hr_freeze_choose(unsigned char **out, const hr_graph *graph, const hr_train_config *config);

#endif
