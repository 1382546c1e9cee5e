/* reference_backward.c - all tensors and all their gradients, side by side for the whole graph. */
#include "graph/reference_backward.h"

#include <string.h>

#include "base/mem.h"
#include "graph/reference_ops.h"

struct hr_reference_backward {
    const hr_graph *graph;
    double *params, *gradients;
    hr_doubles *tensors, *slopes; /* [n_nodes]; slopes: gradients of tensors */
    double **statistics;          /* [n_nodes]: of a norm the batch's mean, then variance */
};

static hrnet_status read_params(hr_reference_backward *oracle, const hr_weights *weights)
{
    for (int i = 0; i < oracle->graph->n_params; i++) {
        const hr_param *param = &oracle->graph->params[i];
        float *read;
        HR_NEW(read, param->n_elements);
        const hrnet_status status = hr_weights_read(weights, oracle->graph, i, read);
        for (size_t k = 0; k < param->n_elements && status == HRNET_OK; k++)
            oracle->params[param->offset + k] = (double)read[k];
        hr_free(read);
        HR_TRY(status);
    }
    return HRNET_OK;
}

static hrnet_status allocate(hr_reference_backward *oracle, int batch)
{
    const hr_graph *graph = oracle->graph;
    const size_t n_nodes = (size_t)graph->n_nodes;
    HR_NEW(oracle->params, graph->n_floats);
    HR_NEW(oracle->gradients, graph->n_floats);
    HR_NEW(oracle->tensors, n_nodes);
    HR_NEW(oracle->slopes, n_nodes);
    HR_NEW(oracle->statistics, n_nodes);
    for (int i = 0; i < graph->n_nodes; i++) {
        const hr_node *node = &graph->nodes[i];
        oracle->tensors[i] = oracle->slopes[i] = (hr_doubles){batch, node->c, node->h, node->w, NULL};
        HR_NEW(oracle->tensors[i].data, hr_doubles_count(&oracle->tensors[i]));
        HR_NEW(oracle->slopes[i].data, hr_doubles_count(&oracle->slopes[i]));
        if (node->op == HR_OP_NORM) HR_NEW(oracle->statistics[i], 2 * (size_t)node->c);
    }
    return HRNET_OK;
}

hrnet_status hr_reference_backward_create(hr_reference_backward **out, const hr_graph *graph, const hr_weights *weights,
                                          int batch)
{
    hr_reference_backward *oracle;
    HR_NEW(oracle, 1);
    oracle->graph = graph;
    hrnet_status status = allocate(oracle, batch);
    if (status == HRNET_OK) status = read_params(oracle, weights);
    if (status != HRNET_OK) {
        hr_reference_backward_free(oracle);
        return status;
    }
    *out = oracle;
    return HRNET_OK;
}

void hr_reference_backward_free(hr_reference_backward *oracle)
{
    if (oracle == NULL) return;
    for (int i = 0; i < oracle->graph->n_nodes; i++) {
        if (oracle->tensors != NULL) hr_free(oracle->tensors[i].data);
        if (oracle->slopes != NULL) hr_free(oracle->slopes[i].data);
        if (oracle->statistics != NULL) hr_free(oracle->statistics[i]);
    }
    hr_free(oracle->params);
    hr_free(oracle->gradients);
    hr_free(oracle->tensors);
    hr_free(oracle->slopes);
    hr_free(oracle->statistics);
    hr_free(oracle);
}

double *hr_reference_backward_params(hr_reference_backward *oracle)
{
    return oracle->params;
}

const double *hr_reference_backward_gradients(const hr_reference_backward *oracle)
{
    return oracle->gradients;
}

/* Where parameter `index` begins in one of the blocks; NULL for -1. */
static double *at(const hr_reference_backward *oracle, double *block, int index)
{
    return index < 0 ? NULL : block + oracle->graph->params[index].offset;
}

static void norm(hr_reference_backward *oracle, int index)
{
    const hr_node *node = &oracle->graph->nodes[index];
    const hr_doubles *x = &oracle->tensors[node->inputs[0]];
    const double count = (double)x->n * (double)x->h * (double)x->w, momentum = 0.1;
    double *mean = oracle->statistics[index], *variance = mean + node->c;
    double *running_mean = at(oracle, oracle->params, node->norm + 2);
    double *running_variance = at(oracle, oracle->params, node->norm + 3);
    hr_double_norm_statistics(x, mean, variance);
    hr_double_norm(x, at(oracle, oracle->params, node->norm), at(oracle, oracle->params, node->norm + 1), mean,
                   variance, &oracle->tensors[index]);
    for (int c = 0; c < node->c; c++) {
        const double unbiased = count > 1 ? variance[c] * count / (count - 1) : variance[c];
        running_mean[c] += momentum * (mean[c] - running_mean[c]);
        running_variance[c] += momentum * (unbiased - running_variance[c]);
    }
    ++*at(oracle, oracle->params, node->norm + 4);
}

static void norm_backward(hr_reference_backward *oracle, int index)
{
    const hr_node *node = &oracle->graph->nodes[index];
    const double *mean = oracle->statistics[index];
    hr_double_norm_backward(&oracle->tensors[node->inputs[0]], at(oracle, oracle->params, node->norm), mean,
                            mean + node->c, &oracle->slopes[index], &oracle->slopes[node->inputs[0]],
                            at(oracle, oracle->gradients, node->norm), at(oracle, oracle->gradients, node->norm + 1));
}

static void forward(hr_reference_backward *oracle, int index, const double *input)
{
    const hr_node *node = &oracle->graph->nodes[index];
    const hr_doubles *x = node->n_inputs > 0 ? &oracle->tensors[node->inputs[0]] : NULL;
    hr_doubles *y = &oracle->tensors[index];
    const double *weight = at(oracle, oracle->params, node->weight), *bias = at(oracle, oracle->params, node->bias);
    switch (node->op) {
    case HR_OP_INPUT: memcpy(y->data, input, hr_doubles_count(y) * sizeof *input); break;
    case HR_OP_CONV: hr_double_conv(node, x, weight, bias, y); break;
    case HR_OP_DECONV: hr_double_deconv(node, x, weight, bias, y); break;
    case HR_OP_NORM: norm(oracle, index); break;
    case HR_OP_RELU: hr_double_relu(x, y); break;
    case HR_OP_SUM:
        memset(y->data, 0, hr_doubles_count(y) * sizeof *y->data);
        for (int j = 0; j < node->n_inputs; j++) hr_double_add(&oracle->tensors[node->inputs[j]], y);
        break;
    case HR_OP_UPSAMPLE: hr_double_upsample(node, x, y); break;
    case HR_OP_MAXPOOL: hr_double_maxpool(node, x, y); break;
    }
}

static void backward(hr_reference_backward *oracle, int index)
{
    const hr_node *node = &oracle->graph->nodes[index];
    const hr_doubles *x = node->n_inputs > 0 ? &oracle->tensors[node->inputs[0]] : NULL;
    const hr_doubles *dy = &oracle->slopes[index];
    hr_doubles *dx = node->n_inputs > 0 ? &oracle->slopes[node->inputs[0]] : NULL;
    const double *weight = at(oracle, oracle->params, node->weight);
    double *dweight = at(oracle, oracle->gradients, node->weight), *dbias = at(oracle, oracle->gradients, node->bias);
    switch (node->op) {
    case HR_OP_INPUT: break;
    case HR_OP_CONV: hr_double_conv_backward(node, x, weight, dy, dx, dweight, dbias); break;
    case HR_OP_DECONV: hr_double_deconv_backward(node, x, weight, dy, dx, dweight, dbias); break;
    case HR_OP_NORM: norm_backward(oracle, index); break;
    case HR_OP_RELU: hr_double_relu_backward(x, dy, dx); break;
    case HR_OP_SUM:
        for (int j = 0; j < node->n_inputs; j++) hr_double_add(dy, &oracle->slopes[node->inputs[j]]);
        break;
    case HR_OP_UPSAMPLE: hr_double_upsample_backward(node, dy, dx); break;
    case HR_OP_MAXPOOL: hr_double_maxpool_backward(node, x, dy, dx); break;
    }
}

const double *hr_reference_backward_forward(hr_reference_backward *oracle, const double *input)
{
    for (int i = 0; i < oracle->graph->n_nodes; i++) forward(oracle, i, input);
    return oracle->tensors[oracle->graph->output].data;
}

const double *hr_reference_backward_backward(hr_reference_backward *oracle, const double *output_gradient)
{
    const hr_graph *graph = oracle->graph;
    hr_doubles *slopes = oracle->slopes;
    memset(oracle->gradients, 0, graph->n_floats * sizeof *oracle->gradients);
    for (int i = 0; i < graph->n_nodes; i++) memset(slopes[i].data, 0, hr_doubles_count(&slopes[i]) * sizeof(double));
    memcpy(slopes[graph->output].data, output_gradient, hr_doubles_count(&slopes[graph->output]) * sizeof(double));
    for (int i = graph->n_nodes - 1; i >= 0; i--) backward(oracle, i);
    return slopes[0].data;
}

double *hr_reference_backward_tensor(hr_reference_backward *oracle, int node)
{
    return oracle->tensors[node].data;
}
