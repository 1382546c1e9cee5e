/* reference_forward.c - running a graph with the reference arithmetic of graph/op.h. */
#include "graph/reference_forward.h"

#include <string.h>

#include "base/mem.h"
#include "graph/op.h"

/* Append parameter `index` to block; *n numbers are there. */
static hrnet_status append_param(const hr_graph *graph, int index, const hr_weights *weights, double *block, size_t *n)
{
    const size_t n_elements = graph->params[index].n_elements;
    float *read;
    HR_NEW(read, n_elements);
    const hrnet_status status = hr_weights_read(weights, graph, index, read);
    for (size_t i = 0; i < n_elements && status == HRNET_OK; i++) block[(*n)++] = (double)read[i];
    hr_free(read);
    return status;
}

/* A node's parameters one after the other: weight, bias; or those of a norm without the count. */
static hrnet_status read_params(const hr_graph *graph, const hr_node *node, const hr_weights *weights, double *block)
{
    size_t n = 0;
    for (int i = 0; i < 4 && node->op == HR_OP_NORM; i++)
        HR_TRY(append_param(graph, node->norm + i, weights, block, &n));
    if (node->weight >= 0) HR_TRY(append_param(graph, node->weight, weights, block, &n));
    if (node->bias >= 0) HR_TRY(append_param(graph, node->bias, weights, block, &n));
    return HRNET_OK;
}

static size_t n_params_of(const hr_graph *graph, const hr_node *node)
{
    const size_t n = node->op == HR_OP_NORM ? 4 * (size_t)node->c : (size_t)node->c;
    return n + (node->weight >= 0 ? graph->params[node->weight].n_elements : 0);
}

static void compute(const hr_graph *graph, int index, const double *params, const float *input, hr_doubles *tensors)
{
    const hr_node *node = &graph->nodes[index];
    const size_t c = (size_t)node->c;
    hr_reference r = {.node = node, .y = &tensors[index], .weight = params};
    for (int i = 0; i < node->n_inputs; i++) r.x[i] = &tensors[node->inputs[i]];
    if (node->op == HR_OP_NORM) {
        r.bias = params + c;
        r.mean = params + 2 * c;
        r.variance = params + 3 * c;
    } else if (node->bias >= 0) {
        r.bias = params + graph->params[node->weight].n_elements;
    }
    for (size_t i = 0; node->op == HR_OP_INPUT && i < hr_doubles_count(r.y); i++) r.y->data[i] = (double)input[i];
    hr_op_type_of(node->op)->forward(&r);
}

static hrnet_status run_node(const hr_graph *graph, int index, const hr_weights *weights, const float *input,
                             hr_doubles *tensors)
{
    const hr_node *node = &graph->nodes[index];
    double *params;
    HR_NEW(tensors[index].data, hr_doubles_count(&tensors[index]));
    HR_NEW(params, n_params_of(graph, node));
    const hrnet_status status = read_params(graph, node, weights, params);
    if (status == HRNET_OK) compute(graph, index, params, input, tensors);
    hr_free(params);
    return status;
}

hrnet_status hr_reference_forward(const hr_graph *graph, const hr_weights *weights, const float *input, int n,
                                  double *const *outputs, hr_reference_tap *tap, void *context)
{
    hr_doubles *tensors = hr_calloc((size_t)graph->n_nodes, sizeof *tensors);
    int *last_reader = hr_calloc((size_t)graph->n_nodes, sizeof *last_reader);
    hrnet_status status = tensors != NULL && last_reader != NULL ? HRNET_OK : hr_fail_memory(0);
    for (int i = 0; i < graph->n_nodes && status == HRNET_OK; i++)
        for (int j = 0; j < graph->nodes[i].n_inputs; j++) last_reader[graph->nodes[i].inputs[j]] = i;
    for (int i = 0; i < graph->n_nodes && status == HRNET_OK; i++) {
        const hr_node *node = &graph->nodes[i];
        tensors[i] = (hr_doubles){n, node->c, node->h, node->w, NULL};
        status = run_node(graph, i, weights, input, tensors);
        if (status != HRNET_OK) break;
        if (tap != NULL) tap(context, i, tensors[i].data);
        for (int k = 0; k < graph->n_outputs && outputs != NULL; k++)
            if (graph->outputs[k].node == i && outputs[k] != NULL)
                memcpy(outputs[k], tensors[i].data, hr_doubles_count(&tensors[i]) * sizeof **outputs);
        for (int j = 0; j < node->n_inputs; j++) {
            hr_doubles *x = &tensors[node->inputs[j]];
            if (last_reader[node->inputs[j]] != i) continue;
            hr_free(x->data);
            x->data = NULL;
        }
    }
    for (int i = 0; tensors != NULL && i < graph->n_nodes; i++) hr_free(tensors[i].data);
    hr_free(tensors);
    hr_free(last_reader);
    return status;
}
