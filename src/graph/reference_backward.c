/* reference_backward.c - all tensors and all their gradients, side by side for the whole graph. */
#include "graph/reference_backward.h"

#include <string.h>

#include "base/mem.h"
#include "graph/op.h"

struct hr_reference_backward {
    const hr_graph *graph;
    double *params, *gradients;
    hr_doubles *tensors, *slopes; /* [n_nodes]; slopes: gradients of tensors */
    double **statistics;          /* [n_nodes]: of a norm the batch's mean, then variance */
};

static hrnet_status read_params(hr_reference_backward *ref, const hr_weights *weights)
{
    for (int i = 0; i < ref->graph->n_params; i++) {
        const hr_param *param = &ref->graph->params[i];
        float *read;
        HR_NEW(read, param->n_elements);
        const hrnet_status status = hr_weights_read(weights, ref->graph, i, read);
        for (size_t k = 0; k < param->n_elements && status == HRNET_OK; k++)
            ref->params[param->offset + k] = (double)read[k];
        hr_free(read);
        HR_TRY(status);
    }
    return HRNET_OK;
}

static hrnet_status allocate(hr_reference_backward *ref, int batch)
{
    const hr_graph *graph = ref->graph;
    const size_t n_nodes = (size_t)graph->n_nodes;
    HR_NEW(ref->params, graph->n_floats);
    HR_NEW(ref->gradients, graph->n_floats);
    HR_NEW(ref->tensors, n_nodes);
    HR_NEW(ref->slopes, n_nodes);
    HR_NEW(ref->statistics, n_nodes);
    for (int i = 0; i < graph->n_nodes; i++) {
        const hr_node *node = &graph->nodes[i];
        ref->tensors[i] = ref->slopes[i] = (hr_doubles){batch, node->c, node->h, node->w, NULL};
        HR_NEW(ref->tensors[i].data, hr_doubles_count(&ref->tensors[i]));
        HR_NEW(ref->slopes[i].data, hr_doubles_count(&ref->slopes[i]));
        if (node->op == HR_OP_NORM) HR_NEW(ref->statistics[i], 2 * (size_t)node->c);
    }
    return HRNET_OK;
}

hrnet_status hr_reference_backward_create(hr_reference_backward **out, const hr_graph *graph, const hr_weights *weights,
                                          int batch)
{
    hr_reference_backward *ref;
    HR_NEW(ref, 1);
    ref->graph = graph;
    hrnet_status status = allocate(ref, batch);
    if (status == HRNET_OK) status = read_params(ref, weights);
    if (status != HRNET_OK) {
        hr_reference_backward_free(ref);
        return status;
    }
    *out = ref;
    return HRNET_OK;
}

void hr_reference_backward_free(hr_reference_backward *ref)
{
    if (ref == NULL) return;
    for (int i = 0; i < ref->graph->n_nodes; i++) {
        if (ref->tensors != NULL) hr_free(ref->tensors[i].data);
        if (ref->slopes != NULL) hr_free(ref->slopes[i].data);
        if (ref->statistics != NULL) hr_free(ref->statistics[i]);
    }
    hr_free(ref->params);
    hr_free(ref->gradients);
    hr_free(ref->tensors);
    hr_free(ref->slopes);
    hr_free(ref->statistics);
    hr_free(ref);
}

double *hr_reference_backward_params(hr_reference_backward *ref)
{
    return ref->params;
}

const double *hr_reference_backward_gradients(const hr_reference_backward *ref)
{
    return ref->gradients;
}

/* Where parameter `index` begins in one of the blocks; NULL for -1. */
static double *at(const hr_reference_backward *ref, double *block, int index)
{
    return index < 0 ? NULL : block + ref->graph->params[index].offset;
}

/* What a node works on, in forward and backward alike. */
static hr_reference bind(hr_reference_backward *ref, int index)
{
    const hr_node *node = &ref->graph->nodes[index];
    const int weight = node->op == HR_OP_NORM ? node->norm : node->weight;
    const int bias = node->op == HR_OP_NORM ? node->norm + 1 : node->bias;
    hr_reference r = {.node = node,
                      .y = &ref->tensors[index],
                      .dy = &ref->slopes[index],
                      .weight = at(ref, ref->params, weight),
                      .bias = at(ref, ref->params, bias),
                      .dweight = at(ref, ref->gradients, weight),
                      .dbias = at(ref, ref->gradients, bias)};
    for (int i = 0; i < node->n_inputs; i++) {
        r.x[i] = &ref->tensors[node->inputs[i]];
        r.dx[i] = &ref->slopes[node->inputs[i]];
    }
    if (node->op == HR_OP_NORM) {
        r.mean = ref->statistics[index];
        r.variance = r.mean + node->c;
    }
    return r;
}

/* The statistics of the batch, and the running ones, which follow them. */
static void measure_norm(hr_reference_backward *ref, int index)
{
    const hr_node *node = &ref->graph->nodes[index];
    const hr_doubles *x = &ref->tensors[node->inputs[0]];
    const double count = (double)x->n * (double)x->h * (double)x->w;
    double *mean = ref->statistics[index], *variance = mean + node->c;
    double *running_mean = at(ref, ref->params, node->norm + 2);
    double *running_variance = at(ref, ref->params, node->norm + 3);
    hr_norm_statistics(x, mean, variance);
    for (int c = 0; c < node->c; c++) {
        const double unbiased = count > 1 ? variance[c] * count / (count - 1) : variance[c];
        running_mean[c] += node->momentum * (mean[c] - running_mean[c]);
        running_variance[c] += node->momentum * (unbiased - running_variance[c]);
    }
    ++*at(ref, ref->params, node->norm + 4);
}

static void forward(hr_reference_backward *ref, int index, const double *input)
{
    const hr_reference r = bind(ref, index);
    if (r.node->op == HR_OP_INPUT) memcpy(r.y->data, input, hr_doubles_count(r.y) * sizeof *input);
    if (r.node->op == HR_OP_NORM) measure_norm(ref, index);
    hr_op_type_of(r.node->op)->forward(&r);
}

void hr_reference_backward_forward(hr_reference_backward *ref, const double *input)
{
    for (int i = 0; i < ref->graph->n_nodes; i++) forward(ref, i, input);
}

const double *hr_reference_backward_output(const hr_reference_backward *ref, int k)
{
    return ref->tensors[ref->graph->outputs[k].node].data;
}

const double *hr_reference_backward_backward(hr_reference_backward *ref, const double *const *output_gradients)
{
    const hr_graph *graph = ref->graph;
    hr_doubles *slopes = ref->slopes;
    memset(ref->gradients, 0, graph->n_floats * sizeof *ref->gradients);
    for (int i = 0; i < graph->n_nodes; i++) memset(slopes[i].data, 0, hr_doubles_count(&slopes[i]) * sizeof(double));
    for (int k = 0; k < graph->n_outputs; k++) {
        hr_doubles *slope = &slopes[graph->outputs[k].node];
        for (size_t i = 0; i < hr_doubles_count(slope); i++) slope->data[i] += output_gradients[k][i];
    }
    for (int i = graph->n_nodes - 1; i >= 0; i--) {
        const hr_reference r = bind(ref, i);
        hr_op_type_of(r.node->op)->backward(&r);
    }
    return slopes[0].data;
}

double *hr_reference_backward_tensor(hr_reference_backward *ref, int node)
{
    return ref->tensors[node].data;
}
