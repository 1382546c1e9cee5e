/* op_activation.c - the activations, number by number. */
#include "graph/op.h"

#include <math.h>

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

double hr_activate(hr_activation activation, double x)
{
    switch (activation) {
    case HR_ACTIVATION_RELU: return x > 0 ? x : 0;
    case HR_ACTIVATION_LEAKY_RELU: return x > 0 ? x : (double)HR_LEAKY_SLOPE * x;
    case HR_ACTIVATION_SILU: return x * sigmoid(x);
    case HR_ACTIVATION_SIGMOID: return sigmoid(x);
    case HR_ACTIVATION_HARD_SIGMOID: return x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + 0.5;
    default: return x;
    }
}

double hr_activation_slope(hr_activation activation, double x)
{
    const double s = sigmoid(x);
    switch (activation) {
    case HR_ACTIVATION_RELU: return x > 0;
    case HR_ACTIVATION_LEAKY_RELU: return x > 0 ? 1 : (double)HR_LEAKY_SLOPE;
    case HR_ACTIVATION_SILU: return s * (1 + x * (1 - s));
    case HR_ACTIVATION_SIGMOID: return s * (1 - s);
    case HR_ACTIVATION_HARD_SIGMOID: return x > -3 && x < 3 ? 1.0 / 6 : 0;
    default: return 1;
    }
}

const char *hr_activation_name(hr_activation activation)
{
    static const char *const names[HR_N_ACTIVATIONS] = {"", "relu", "leaky relu", "silu", "sigmoid", "hard sigmoid"};
    return names[activation];
}

static hrnet_status activation_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]];
    node->c = from->c;
    node->h = from->h;
    node->w = from->w;
    return HRNET_OK;
}

static void activation_forward(const hr_reference *r)
{
    for (size_t i = 0; i < hr_doubles_count(r->y); i++)
        r->y->data[i] = hr_activate(r->node->activation, r->x[0]->data[i]);
}

static void activation_backward(const hr_reference *r)
{
    for (size_t i = 0; i < hr_doubles_count(r->dy); i++)
        r->dx[0]->data[i] += r->dy->data[i] * hr_activation_slope(r->node->activation, r->x[0]->data[i]);
}

static void activation_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    hr_onnx_expect(chain, hr_onnx_activation_steps(node->activation));
    hr_onnx_activation(chain, node->activation, hr_onnx_tensor(chain->graph, node->inputs[0]));
}

const hr_op_type hr_op_activation = {.name = "activation",
                                     .shape = activation_shape,
                                     .forward = activation_forward,
                                     .backward = activation_backward,
                                     .onnx = activation_onnx};
