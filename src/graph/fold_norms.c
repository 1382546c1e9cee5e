/* fold_norms.c - the arithmetic of fold_norms.h. */
#include "graph/fold_norms.h"

#include <math.h>

hrnet_status hr_fold(const hr_graph *graph, const hr_node *node, const hr_weights *weights, float *scale, float *shift,
                     float *scratch)
{
    const size_t n = (size_t)node->c;
    float *bias = scratch, *gamma = scratch + n, *beta = gamma + n, *mean = beta + n, *var = mean + n;
    for (size_t i = 0; i < n; i++) bias[i] = 0;
    if (node->bias >= 0) HR_TRY(hr_weights_read(weights, graph, node->bias, bias));
    if (node->norm >= 0) {
        HR_TRY(hr_weights_read(weights, graph, node->norm, gamma));
        HR_TRY(hr_weights_read(weights, graph, node->norm + 1, beta));
        HR_TRY(hr_weights_read(weights, graph, node->norm + 2, mean));
        HR_TRY(hr_weights_read(weights, graph, node->norm + 3, var));
    }
    for (size_t i = 0; i < n; i++) {
        const double factor = node->norm >= 0 ? gamma[i] / sqrt((double)var[i] + node->epsilon) : 1;
        scale[i] = (float)factor;
        shift[i] = (float)(node->norm >= 0 ? beta[i] + ((double)bias[i] - mean[i]) * factor : bias[i]);
    }
    return HRNET_OK;
}
