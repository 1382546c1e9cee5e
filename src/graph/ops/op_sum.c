/* op_sum.c - the sum of tensors, and the product of a tensor with a number a channel. */
#include "graph/op.h"

#include <string.h>

/* A fused sum reads some inputs at a lower resolution (hr_node.factors). */
static hrnet_status sum_shape(const hr_graph *graph, hr_node *node)
{
    for (int i = 0; i < node->n_inputs; i++) {
        const hr_node *from = &graph->nodes[node->inputs[i]];
        const int h = from->h * node->factors[i], w = from->w * node->factors[i];
        if (i == 0) {
            node->c = from->c;
            node->h = h;
            node->w = w;
        } else if (from->c != node->c || h != node->h || w != node->w) {
            return hr_fail(HRNET_ERR_ARGUMENT, "expected terms of one shape, found %dx%dx%d and %dx%dx%d", node->c,
                           node->h, node->w, from->c, h, w);
        }
    }
    return HRNET_OK;
}

static void sum_forward(const hr_reference *r)
{
    memset(r->y->data, 0, hr_doubles_count(r->y) * sizeof *r->y->data);
    for (int j = 0; j < r->node->n_inputs; j++)
        for (size_t i = 0; i < hr_doubles_count(r->y); i++) r->y->data[i] += r->x[j]->data[i];
}

static void sum_backward(const hr_reference *r)
{
    for (int j = 0; j < r->node->n_inputs; j++)
        for (size_t i = 0; i < hr_doubles_count(r->dy); i++) r->dx[j]->data[i] += r->dy->data[i];
}

static void sum_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    int n = node->n_inputs - 1 + hr_onnx_activation_steps(node->activation);
    for (int i = 0; i < node->n_inputs; i++) n += node->factors[i] > 1;
    hr_onnx_expect(chain, n);
    hr_onnx_name sum = {""};
    for (int i = 0; i < node->n_inputs; i++) {
        hr_onnx_name term = hr_onnx_tensor(chain->graph, node->inputs[i]);
        if (node->factors[i] > 1) term = hr_onnx_resize(chain, term, node->factors[i], HR_NEAREST);
        sum = i == 0 ? term : hr_onnx_binary(chain, "Add", sum, term);
    }
    hr_onnx_activation(chain, node->activation, sum);
}

static hrnet_status scale_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]], *factors = &graph->nodes[node->inputs[1]];
    if (factors->c != from->c || factors->h != 1 || factors->w != 1)
        return hr_fail(HRNET_ERR_ARGUMENT, "expected factors of %dx1x1, found %dx%dx%d", from->c, factors->c,
                       factors->h, factors->w);
    node->c = from->c;
    node->h = from->h;
    node->w = from->w;
    return HRNET_OK;
}

static void scale_forward(const hr_reference *r)
{
    const size_t n_cells = (size_t)r->y->h * (size_t)r->y->w;
    for (size_t i = 0; i < hr_doubles_count(r->y); i++) r->y->data[i] = r->x[0]->data[i] * r->x[1]->data[i / n_cells];
}

static void scale_backward(const hr_reference *r)
{
    const size_t n_cells = (size_t)r->dy->h * (size_t)r->dy->w;
    for (size_t i = 0; i < hr_doubles_count(r->dy); i++) {
        r->dx[0]->data[i] += r->dy->data[i] * r->x[1]->data[i / n_cells];
        r->dx[1]->data[i / n_cells] += r->dy->data[i] * r->x[0]->data[i];
    }
}

static void scale_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    hr_onnx_expect(chain, 1);
    hr_onnx_binary(chain, "Mul", hr_onnx_tensor(chain->graph, node->inputs[0]),
                   hr_onnx_tensor(chain->graph, node->inputs[1]));
}

const hr_op_type hr_op_sum = {
    .name = "sum", .shape = sum_shape, .forward = sum_forward, .backward = sum_backward, .onnx = sum_onnx};
const hr_op_type hr_op_scale = {
    .name = "scale", .shape = scale_shape, .forward = scale_forward, .backward = scale_backward, .onnx = scale_onnx};
