/* graph.c - the node list: appending with shape inference, counting, finding. */
#include "graph/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static hr_node *add_node(hr_graph *graph, hr_op op, int input)
{
    if (graph->n_nodes < 0 || (op != HR_OP_INPUT && input < 0)) return NULL;
    if (graph->n_nodes == graph->node_capacity) {
        const int capacity = graph->node_capacity == 0 ? 256 : graph->node_capacity * 2;
        hr_node *nodes = graph->n_nodes >= HR_MAX_NODES
                             ? NULL
                             : hr_resize(graph->nodes, (size_t)graph->n_nodes, (size_t)capacity, sizeof *nodes);
        if (nodes == NULL) return NULL;
        graph->nodes = nodes;
        graph->node_capacity = capacity;
    }
    hr_node *node = &graph->nodes[graph->n_nodes++];
    *node = (hr_node){.op = op, .weight = -1, .bias = -1, .norm = -1, .add = -1, .factor = 1};
    if (op != HR_OP_INPUT) {
        const hr_node *from = &graph->nodes[input];
        node->n_inputs = 1;
        node->inputs[0] = input;
        node->c = from->c;
        node->h = from->h;
        node->w = from->w;
    }
    return node;
}

static int index_of(const hr_graph *graph, const hr_node *node)
{
    return node == NULL ? -1 : (int)(node - graph->nodes);
}

/* Returns the index of the parameter, or -1. shape [n_dims]. */
static int add_param(hr_graph *graph, const char *module, const char *field, hr_param_kind kind, int n_dims,
                     const int *shape)
{
    if (graph->n_params == graph->param_capacity) {
        const int capacity = graph->param_capacity == 0 ? 512 : graph->param_capacity * 2;
        hr_param *params = hr_resize(graph->params, (size_t)graph->n_params, (size_t)capacity, sizeof *params);
        if (params == NULL) return -1;
        graph->params = params;
        graph->param_capacity = capacity;
    }
    hr_param *param = &graph->params[graph->n_params];
    *param = (hr_param){.kind = kind, .n_dims = n_dims, .n_elements = 1, .offset = graph->n_floats};
    snprintf(param->name, sizeof param->name, "%s.%s", module, field);
    for (int i = 0; i < n_dims; i++) {
        param->shape[i] = shape[i];
        param->n_elements *= (size_t)shape[i];
    }
    graph->n_floats += param->n_elements;
    return graph->n_params++;
}

int hr_graph_input(hr_graph *graph, int c, int h, int w)
{
    hr_node *node = add_node(graph, HR_OP_INPUT, -1);
    if (node == NULL) return -1;
    snprintf(node->name, sizeof node->name, "input");
    node->c = c;
    node->h = h;
    node->w = w;
    return index_of(graph, node);
}

static int add_weighted(hr_graph *graph, hr_node *node, const char *name, int transposed, int oc, int with_bias)
{
    const int ic = node->c, k = node->kernel;
    const int shape[4] = {transposed ? ic : oc, transposed ? oc : ic, k, k};
    snprintf(node->name, sizeof node->name, "%s", name);
    node->c = oc;
    node->weight = add_param(graph, name, "weight", HR_PARAM_WEIGHT, 4, shape);
    if (node->weight < 0) return -1;
    if (with_bias) {
        node->bias = add_param(graph, name, "bias", HR_PARAM_BIAS, 1, &oc);
        if (node->bias < 0) return -1;
    }
    return index_of(graph, node);
}

int hr_graph_conv(hr_graph *graph, int input, const char *name, int oc, int kernel, int stride, int with_bias)
{
    hr_node *node = add_node(graph, HR_OP_CONV, input);
    if (node == NULL) return -1;
    node->kernel = kernel;
    node->stride = stride;
    node->padding = kernel / 2;
    node->h = (node->h + 2 * node->padding - kernel) / stride + 1;
    node->w = (node->w + 2 * node->padding - kernel) / stride + 1;
    return add_weighted(graph, node, name, 0, oc, with_bias);
}

int hr_graph_deconv(hr_graph *graph, int input, const char *name, int oc, int kernel, int with_bias)
{
    hr_node *node = add_node(graph, HR_OP_DECONV, input);
    if (node == NULL) return -1;
    node->kernel = kernel;
    node->stride = 2;
    node->padding = kernel == 2 ? 0 : 1; /* _get_deconv_cfg: 4 -> 1, 0; 3 -> 1, 1; 2 -> 0, 0: always twice the size */
    node->out_padding = kernel == 3 ? 1 : 0;
    node->h *= 2;
    node->w *= 2;
    return add_weighted(graph, node, name, 1, oc, with_bias);
}

int hr_graph_norm(hr_graph *graph, int input, const char *name)
{
    static const struct {
        const char *field;
        hr_param_kind kind;
        int n_dims;
    } fields[] = {{"weight", HR_PARAM_NORM_WEIGHT, 1},
                  {"bias", HR_PARAM_NORM_BIAS, 1},
                  {"running_mean", HR_PARAM_NORM_MEAN, 1},
                  {"running_var", HR_PARAM_NORM_VAR, 1},
                  {"num_batches_tracked", HR_PARAM_NORM_COUNT, 0}};
    hr_node *node = add_node(graph, HR_OP_NORM, input);
    if (node == NULL) return -1;
    snprintf(node->name, sizeof node->name, "%s", name);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const int index = add_param(graph, name, fields[i].field, fields[i].kind, fields[i].n_dims, &node->c);
        if (index < 0) return -1;
        if (i == 0) node->norm = index;
    }
    return index_of(graph, node);
}

int hr_graph_relu(hr_graph *graph, int input)
{
    return index_of(graph, add_node(graph, HR_OP_RELU, input));
}

int hr_graph_sum(hr_graph *graph, const int *inputs, int n_inputs)
{
    for (int i = 0; i < n_inputs; i++)
        if (inputs[i] < 0) return -1;
    hr_node *node = add_node(graph, HR_OP_SUM, inputs[0]);
    if (node == NULL) return -1;
    node->n_inputs = n_inputs;
    for (int i = 0; i < n_inputs; i++) {
        node->inputs[i] = inputs[i];
        node->factors[i] = 1;
    }
    return index_of(graph, node);
}

int hr_graph_upsample(hr_graph *graph, int input, int factor)
{
    hr_node *node = add_node(graph, HR_OP_UPSAMPLE, input);
    if (node == NULL) return -1;
    node->factor = factor;
    node->h *= factor;
    node->w *= factor;
    return index_of(graph, node);
}

int hr_graph_maxpool(hr_graph *graph, int input, int kernel, int stride)
{
    hr_node *node = add_node(graph, HR_OP_MAXPOOL, input);
    if (node == NULL) return -1;
    node->kernel = kernel;
    node->stride = stride;
    node->padding = kernel / 2;
    node->h = (node->h + 2 * node->padding - kernel) / stride + 1;
    node->w = (node->w + 2 * node->padding - kernel) / stride + 1;
    return index_of(graph, node);
}

void hr_graph_name(hr_graph *graph, int node, const char *format, ...)
{
    va_list arguments;
    if (node < 0) return;
    va_start(arguments, format);
    vsnprintf(graph->nodes[node].name, sizeof graph->nodes[node].name, format, arguments);
    va_end(arguments);
}

void hr_graph_free(hr_graph *graph)
{
    hr_free(graph->nodes);
    hr_free(graph->params);
    *graph = (hr_graph){0};
}

size_t hr_graph_n_trainable(const hr_graph *graph)
{
    size_t total = 0;
    for (int i = 0; i < graph->n_params; i++)
        if (graph->params[i].kind <= HR_PARAM_NORM_BIAS) total += graph->params[i].n_elements;
    return total;
}

uint64_t hr_node_macs(const hr_graph *graph, int index)
{
    const hr_node *node = &graph->nodes[index];
    if (node->weight < 0) return 0;
    /* a transposed convolution spends its weights on every input cell, a convolution on every output cell */
    const hr_node *cells = node->op == HR_OP_DECONV ? &graph->nodes[node->inputs[0]] : node;
    return graph->params[node->weight].n_elements * (uint64_t)cells->h * (uint64_t)cells->w;
}

uint64_t hr_graph_macs(const hr_graph *graph)
{
    uint64_t total = 0;
    for (int i = 0; i < graph->n_nodes; i++) total += hr_node_macs(graph, i);
    return total;
}

int hr_graph_find_param(const hr_graph *graph, const char *name)
{
    for (int i = 0; i < graph->n_params; i++)
        if (strcmp(graph->params[i].name, name) == 0) return i;
    return -1;
}

int hr_graph_find_node(const hr_graph *graph, const char *name)
{
    for (int i = graph->n_nodes - 1; i >= 0; i--)
        if (strcmp(graph->nodes[i].name, name) == 0) return i;
    return -1;
}
