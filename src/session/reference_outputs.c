/* session/reference_outputs.c - all outputs of any network by the double reference: hrnet_reference_outputs. */
#include <stdio.h>

#include "base/mem.h"
#include "graph/reference_forward.h"
#include "session/reference.h"
#include "weights/bound_network.h"

/* Numbers of one picture's output. */
static size_t output_floats(const hr_node *node)
{
    return (size_t)node->c * (size_t)node->h * (size_t)node->w;
}

/* Run picture after picture; doubles [n_outputs] has memory for one. */
static hrnet_status run_pictures(const hr_bound_network *network, const hrnet_array *input, double *const *doubles,
                                 hrnet_array *outputs)
{
    const hr_graph *const graph = &network->graph;
    const size_t picture = 3 * (size_t)graph->nodes[0].h * (size_t)graph->nodes[0].w;
    for (size_t i = 0; i < input->shape[0]; i++) {
        HR_TRY(hr_reference_forward(graph, &network->weights, input->data + i * picture, 1, doubles, NULL, NULL));
        for (int k = 0; k < graph->n_outputs; k++) {
            const size_t n = output_floats(&graph->nodes[graph->outputs[k].node]);
            for (size_t e = 0; e < n; e++) outputs[k].data[i * n + e] = (float)doubles[k][e];
        }
    }
    return HRNET_OK;
}

static hrnet_status run_network(const hr_bound_network *network, const hrnet_array *input, double **doubles,
                                hrnet_array *outputs)
{
    const hr_graph *const graph = &network->graph;
    const size_t n = input->shape[0];
    for (int k = 0; k < graph->n_outputs; k++) {
        const hr_node *const node = &graph->nodes[graph->outputs[k].node];
        HR_NEW(doubles[k], output_floats(node));
        outputs[k] = (hrnet_array){.n_dims = 4, .shape = {n, (size_t)node->c, (size_t)node->h, (size_t)node->w}};
        HR_NEW(outputs[k].data, n * output_floats(node));
    }
    return run_pictures(network, input, doubles, outputs);
}

hrnet_status hrnet_reference_outputs(hrnet_array outputs[HRNET_MAX_OUTPUTS], int *n_outputs,
                                     const hrnet_checkpoint *checkpoint, const hrnet_model_options *options,
                                     const hrnet_array *input)
{
    const hrnet_model_options defaults = {0};
    hr_bound_network *network = NULL;
    double *doubles[HRNET_MAX_OUTPUTS] = {0};
    hrnet_array made[HRNET_MAX_OUTPUTS] = {0};
    if (options == NULL) options = &defaults;
    if (outputs == NULL || n_outputs == NULL || input == NULL || input->data == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_reference_outputs: an argument is NULL");
    if (checkpoint == NULL && options->config == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_reference_outputs: neither a checkpoint nor a configuration");
    HR_TRY(hr_bound_network_create(&network, checkpoint, options));
    hrnet_status status = hr_reference_check_input(input, &network->graph);
    if (status == HRNET_OK) status = run_network(network, input, doubles, made);
    for (int k = 0; k < HRNET_MAX_OUTPUTS; k++) {
        hr_free(doubles[k]);
        if (status == HRNET_OK)
            outputs[k] = made[k];
        else
            hrnet_array_free(&made[k]);
    }
    if (status == HRNET_OK) *n_outputs = network->graph.n_outputs;
    hr_bound_network_free(network);
    return status;
}
