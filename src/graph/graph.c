/* graph.c - the node list: appending with shape inference, reshaping, counting, finding. */
#include "graph/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "graph/op.h"

/* Append a node of that operator, whose attributes the caller fills in before finish_node. NULL once anything has
 * failed. */
static hr_node *add_node(hr_graph *graph, hr_op op, const int *inputs, int n_inputs)
{
    if (graph->status != HRNET_OK) return NULL;
    for (int i = 0; i < n_inputs; i++)
        if (inputs[i] < 0) return NULL;
    if (n_inputs > HR_MAX_INPUTS || graph->n_nodes >= HR_MAX_NODES) {
        graph->status = n_inputs > HR_MAX_INPUTS
                            ? hr_fail(HRNET_ERR_LIMIT, "an operation with more than %d inputs", HR_MAX_INPUTS)
                            : hr_fail(HRNET_ERR_LIMIT, "the network has more than %d operations", HR_MAX_NODES);
        return NULL;
    }
    if (graph->n_nodes == graph->node_capacity) {
        const int capacity = graph->node_capacity == 0 ? 256 : graph->node_capacity * 2;
        hr_node *nodes = hr_resize(graph->nodes, (size_t)graph->n_nodes, (size_t)capacity, sizeof *nodes);
        if (nodes == NULL) {
            graph->status = hr_fail_memory((size_t)capacity * sizeof *nodes);
            return NULL;
        }
        graph->nodes = nodes;
        graph->node_capacity = capacity;
    }
    hr_node *node = &graph->nodes[graph->n_nodes++];
    *node = (hr_node){.op = op, .n_inputs = n_inputs, .weight = -1, .bias = -1, .norm = -1, .add = -1, .factor = 1};
    node->window = (hr_window){.kh = 1, .kw = 1, .stride = 1, .dilation = 1, .groups = 1};
    for (int i = 0; i < n_inputs; i++) {
        node->inputs[i] = inputs[i];
        node->factors[i] = 1;
    }
    return node;
}

static hrnet_status infer_shape(const hr_graph *graph, hr_node *node)
{
    const hr_op_type *type = hr_op_type_of(node->op);
    if (type->shape == NULL) return HRNET_OK;
    const hrnet_status status = type->shape(graph, node);
    if (status == HRNET_OK) return HRNET_OK;
    char where[128];
    snprintf(where, sizeof where, "%s %s", type->name, node->name);
    return hr_fail_in(status, where);
}

/* The index of a node whose attributes are complete, its shape inferred. */
static int finish_node(hr_graph *graph, hr_node *node)
{
    if (node == NULL) return -1;
    graph->status = infer_shape(graph, node);
    return graph->status == HRNET_OK ? (int)(node - graph->nodes) : -1;
}

/* Returns the index of the parameter, or -1. shape [n_dims]. */
static int add_param(hr_graph *graph, const char *module, const char *field, hr_param_kind kind, int n_dims,
                     const int *shape)
{
    if (graph->n_params == graph->param_capacity) {
        const int capacity = graph->param_capacity == 0 ? 512 : graph->param_capacity * 2;
        hr_param *params = hr_resize(graph->params, (size_t)graph->n_params, (size_t)capacity, sizeof *params);
        if (params == NULL) {
            graph->status = hr_fail_memory((size_t)capacity * sizeof *params);
            return -1;
        }
        graph->params = params;
        graph->param_capacity = capacity;
    }
    hr_param *param = &graph->params[graph->n_params];
    *param = (hr_param){.kind = kind, .n_dims = n_dims, .n_elements = 1, .offset = graph->n_floats, .like = -1};
    param->spread = kind == HR_PARAM_WEIGHT ? 0.001f : 0;
    param->start = kind == HR_PARAM_NORM_WEIGHT || kind == HR_PARAM_NORM_VAR ? 1 : 0;
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
    hr_node *node = add_node(graph, HR_OP_INPUT, NULL, 0);
    if (node == NULL) return -1;
    snprintf(node->name, sizeof node->name, "input");
    node->c = c;
    node->h = h;
    node->w = w;
    return finish_node(graph, node);
}

static int add_weighted(hr_graph *graph, hr_node *node, const char *name, int oc, int with_bias)
{
    if (node == NULL) return -1;
    const int is_transposed = node->op == HR_OP_DECONV, ic = graph->nodes[node->inputs[0]].c;
    const int depth = node->window.groups > 1 && node->window.groups <= ic ? ic / node->window.groups : ic;
    const int shape[4] = {is_transposed ? ic : oc, is_transposed ? oc : depth, node->window.kh, node->window.kw};
    snprintf(node->name, sizeof node->name, "%s", name);
    node->c = oc;
    node->weight = add_param(graph, name, "weight", HR_PARAM_WEIGHT, 4, shape);
    if (with_bias && node->weight >= 0) node->bias = add_param(graph, name, "bias", HR_PARAM_BIAS, 1, &oc);
    return graph->status == HRNET_OK ? finish_node(graph, node) : -1;
}

int hr_graph_conv_window(hr_graph *graph, int input, const char *name, int oc, hr_window window, int with_bias)
{
    hr_node *node = add_node(graph, HR_OP_CONV, &input, 1);
    if (window.kw == 0) window.kw = window.kh;
    if (window.stride == 0) window.stride = 1;
    if (window.dilation == 0) window.dilation = 1;
    if (window.groups == 0) window.groups = 1;
    if (node != NULL) node->window = window;
    return add_weighted(graph, node, name, oc, with_bias);
}

int hr_graph_conv(hr_graph *graph, int input, const char *name, int oc, int kernel, int stride, int with_bias)
{
    const hr_window window = {.kh = kernel, .stride = stride, .pad_h = kernel / 2, .pad_w = kernel / 2};
    return hr_graph_conv_window(graph, input, name, oc, window, with_bias);
}

int hr_graph_deconv(hr_graph *graph, int input, const char *name, int oc, int kernel, int with_bias)
{
    hr_node *node = add_node(graph, HR_OP_DECONV, &input, 1);
    const int pad = kernel == 2 ? 0 : 1; /* _get_deconv_cfg: 4 -> 1, 0; 3 -> 1, 1; 2 -> 0, 0: always twice the size */
    if (node != NULL)
        node->window = (hr_window){.kh = kernel,
                                   .kw = kernel,
                                   .stride = 2,
                                   .pad_h = pad,
                                   .pad_w = pad,
                                   .dilation = 1,
                                   .out_padding = kernel == 3 ? 1 : 0,
                                   .groups = 1};
    return add_weighted(graph, node, name, oc, with_bias);
}

int hr_graph_norm_like(hr_graph *graph, int input, const char *name, double epsilon, double momentum)
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
    hr_node *node = add_node(graph, HR_OP_NORM, &input, 1);
    if (node == NULL) return -1;
    snprintf(node->name, sizeof node->name, "%s", name);
    node->epsilon = epsilon;
    node->momentum = momentum;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const int index =
            add_param(graph, name, fields[i].field, fields[i].kind, fields[i].n_dims, &graph->nodes[input].c);
        if (index < 0) return -1;
        if (i == 0) node->norm = index;
    }
    return finish_node(graph, node);
}

int hr_graph_norm(hr_graph *graph, int input, const char *name)
{
    return hr_graph_norm_like(graph, input, name, 1e-5, 0.1);
}

int hr_graph_activation(hr_graph *graph, int input, hr_activation activation)
{
    hr_node *node = add_node(graph, HR_OP_ACTIVATION, &input, 1);
    if (node != NULL) node->activation = activation;
    return finish_node(graph, node);
}

int hr_graph_relu(hr_graph *graph, int input)
{
    return hr_graph_activation(graph, input, HR_ACTIVATION_RELU);
}

int hr_graph_sum(hr_graph *graph, const int *inputs, int n_inputs)
{
    return finish_node(graph, add_node(graph, HR_OP_SUM, inputs, n_inputs));
}

int hr_graph_upsample_like(hr_graph *graph, int input, int factor, hr_upsampling upsampling)
{
    hr_node *node = add_node(graph, HR_OP_UPSAMPLE, &input, 1);
    if (node != NULL) {
        node->factor = factor;
        node->upsampling = upsampling;
    }
    return finish_node(graph, node);
}

int hr_graph_upsample(hr_graph *graph, int input, int factor)
{
    return hr_graph_upsample_like(graph, input, factor, HR_NEAREST);
}

int hr_graph_maxpool(hr_graph *graph, int input, int kernel, int stride)
{
    hr_node *node = add_node(graph, HR_OP_MAXPOOL, &input, 1);
    const int pad = kernel % 2 != 0 ? kernel / 2 : 0;
    if (node != NULL)
        node->window = (hr_window){
            .kh = kernel, .kw = kernel, .stride = stride, .pad_h = pad, .pad_w = pad, .dilation = 1, .groups = 1};
    return finish_node(graph, node);
}

int hr_graph_concat(hr_graph *graph, const int *inputs, int n_inputs)
{
    return finish_node(graph, add_node(graph, HR_OP_CONCAT, inputs, n_inputs));
}

int hr_graph_slice(hr_graph *graph, int input, int first, int c)
{
    hr_node *node = add_node(graph, HR_OP_SLICE, &input, 1);
    if (node != NULL) {
        node->first = first;
        node->c = c;
    }
    return finish_node(graph, node);
}

int hr_graph_space_to_depth(hr_graph *graph, int input)
{
    return finish_node(graph, add_node(graph, HR_OP_SPACE_TO_DEPTH, &input, 1));
}

int hr_graph_average(hr_graph *graph, int input)
{
    return finish_node(graph, add_node(graph, HR_OP_AVERAGE, &input, 1));
}

int hr_graph_scale(hr_graph *graph, int input, int factors)
{
    return finish_node(graph, add_node(graph, HR_OP_SCALE, (const int[]){input, factors}, 2));
}

void hr_graph_name(hr_graph *graph, int node, const char *format, ...)
{
    va_list arguments;
    if (node < 0) return;
    va_start(arguments, format);
    vsnprintf(graph->nodes[node].name, sizeof graph->nodes[node].name, format, arguments);
    va_end(arguments);
}

void hr_graph_initial(hr_graph *graph, int node, double weight_deviation, double bias)
{
    if (node < 0) return;
    graph->params[graph->nodes[node].weight].spread = (float)weight_deviation;
    if (graph->nodes[node].bias >= 0) graph->params[graph->nodes[node].bias].start = (float)bias;
}

void hr_graph_like(hr_graph *graph, int node, int earlier)
{
    if (node < 0 || earlier < 0) return;
    graph->params[graph->nodes[node].weight].like = graph->nodes[earlier].weight;
}

void hr_graph_output(hr_graph *graph, int node, const char *name)
{
    if (node < 0 || graph->status != HRNET_OK) return;
    if (graph->n_outputs == HR_MAX_OUTPUTS) {
        graph->status = hr_fail(HRNET_ERR_LIMIT, "output %s: more than %d outputs", name, HR_MAX_OUTPUTS);
        return;
    }
    hr_output *output = &graph->outputs[graph->n_outputs++];
    snprintf(output->name, sizeof output->name, "%s", name);
    output->node = node;
}

hrnet_status hr_graph_finish(hr_graph *graph)
{
    hrnet_status status = graph->status;
    if (status == HRNET_OK && graph->n_outputs == 0) status = hr_fail(HRNET_ERR_ARGUMENT, "a network without output");
    if (status != HRNET_OK) hr_graph_free(graph);
    return status;
}

hrnet_status hr_graph_reshape(hr_graph *out, const hr_graph *graph, int h, int w)
{
    hr_graph copy = *graph;
    copy.nodes = hr_alloc((size_t)graph->n_nodes, sizeof *copy.nodes);
    copy.params = hr_alloc((size_t)graph->n_params, sizeof *copy.params);
    copy.node_capacity = graph->n_nodes;
    copy.param_capacity = graph->n_params;
    hrnet_status status = HRNET_OK;
    if (copy.nodes == NULL || copy.params == NULL) status = hr_fail_memory((size_t)graph->n_nodes * sizeof(hr_node));
    if (status == HRNET_OK) {
        memcpy(copy.nodes, graph->nodes, (size_t)graph->n_nodes * sizeof *copy.nodes);
        if (graph->n_params > 0) memcpy(copy.params, graph->params, (size_t)graph->n_params * sizeof *copy.params);
        copy.nodes[0].h = h;
        copy.nodes[0].w = w;
    }
    for (int i = 1; i < graph->n_nodes && status == HRNET_OK; i++) status = infer_shape(&copy, &copy.nodes[i]);
    if (status != HRNET_OK) {
        hr_graph_free(&copy);
        return status;
    }
    *out = copy;
    return HRNET_OK;
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
        if (graph->params[i].kind <= HR_PARAM_NORM_BIAS && graph->params[i].like < 0)
            total += graph->params[i].n_elements;
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

int hr_graph_is_output(const hr_graph *graph, int node)
{
    for (int i = 0; i < graph->n_outputs; i++)
        if (graph->outputs[i].node == node) return 1;
    return 0;
}
