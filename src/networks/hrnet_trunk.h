/* hrnet_trunk.h - stem, layer1 and stages 2 to 4, which all networks of the HRNet family have. */
#ifndef HR_NETWORKS_HRNET_TRUNK_H
#define HR_NETWORKS_HRNET_TRUNK_H

#include "config/config.h"
#include "graph/graph.h"

typedef struct hr_branches {
    int n, at[HR_MAX_BRANCHES]; /* nodes, highest resolution first */
} hr_branches;

/* Branches first .. end - 1. */
typedef struct hr_branch_range {
    int first, end;
} hr_branch_range;

/* Append the input and the trunk; the last module of stage 4 makes the wanted branches, and only their entries of the
 * result are set. Names are upstream's. layer1_blocks: 4 in the published networks. */
hr_branches hr_add_hrnet_trunk(hr_graph *graph, const hr_model_config *model, int layer1_blocks,
                               hr_branch_range wanted);

#endif
