/*
 * onnx_operators.c - the plainest forms of operators there are, so that every runtime and converter takes them; each
 * fuses them again in its own way.
 */
#include "graph/onnx_operators.h"

#include <stdio.h>
#include <string.h>

#include "graph/op.h"
#include "io/protobuf.h"

/* Field numbers of onnx.proto, ONNX's published schema, and its attribute types. */
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_FLOAT = 2,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_STRING = 4,
    ATTRIBUTE_TENSOR = 5,
    ATTRIBUTE_FLOATS = 7,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20
};
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_STRING = 3, TYPE_TENSOR = 4, TYPE_FLOATS = 6, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_FLOATS = 4, FLOAT32 = 1 };

hr_onnx_name hr_onnx_tensor(const hr_graph *graph, int node)
{
    hr_onnx_name name;
    snprintf(name.text, sizeof name.text, "n%d", node);
    if (graph->nodes[node].op == HR_OP_INPUT) snprintf(name.text, sizeof name.text, "input");
    for (int i = 0; i < graph->n_outputs; i++)
        if (graph->outputs[i].node == node) snprintf(name.text, sizeof name.text, "%s", graph->outputs[i].name);
    return name;
}

hr_onnx_name hr_onnx_weights(const hr_graph *graph, int node, const char *field)
{
    hr_onnx_name name;
    const char *weight = graph->params[graph->nodes[node].weight].name;
    snprintf(name.text, sizeof name.text, "%.*s%s", (int)(strlen(weight) - strlen(".weight")), weight, field);
    return name;
}

const hr_node *hr_onnx_node(const hr_onnx_chain *chain)
{
    return &chain->graph->nodes[chain->node];
}

void hr_onnx_expect(hr_onnx_chain *chain, int n_operators)
{
    chain->n_left = n_operators;
}

/* The parts of a NodeProto before its attributes. */
static void add_head(const hr_onnx_chain *c, hr_text *message, const char *op, const hr_onnx_name *inputs, int n_inputs,
                     const hr_onnx_name *output)
{
    /* runtimes want every name once: a node with weights has no two operators of one kind */
    const int is_weighted = n_inputs == 3 && c->graph->nodes[c->node].weight >= 0;
    const hr_onnx_name name = is_weighted ? hr_onnx_weights(c->graph, c->node, "") : *output;
    for (int i = 0; i < n_inputs; i++) hr_protobuf_string(message, NODE_INPUT, inputs[i].text);
    hr_protobuf_string(message, NODE_OUTPUT, output->text);
    hr_protobuf_head(message, NODE_NAME, strlen(name.text) + 1 + strlen(op));
    hr_text_add(message, "%s/%s", name.text, op);
    hr_protobuf_string(message, NODE_OP, op);
}

hr_onnx_name hr_onnx_begin(hr_onnx_chain *c, hr_text *message, const char *op, const hr_onnx_name *inputs, int n_inputs)
{
    hr_onnx_name output = hr_onnx_tensor(c->graph, c->node);
    if (--c->n_left > 0) snprintf(output.text, sizeof output.text, "n%d_%d", c->node, c->n_made++);
    add_head(c, message, op, inputs, n_inputs, &output);
    return output;
}

void hr_onnx_end(hr_onnx_chain *chain, hr_text *message)
{
    hr_protobuf_message(chain->out, HR_ONNX_GRAPH_NODE, message);
}

/* An AttributeProto whose value has been added to `value`. */
static void add_attribute(hr_text *message, const char *name, int type, hr_text *value)
{
    hr_text attribute = {0};
    hr_protobuf_string(&attribute, ATTRIBUTE_NAME, name);
    hr_text_add_bytes(&attribute, value->data != NULL ? value->data : "", value->length);
    attribute.failed |= value->failed;
    hr_text_free(value);
    hr_protobuf_int(&attribute, ATTRIBUTE_TYPE, type);
    hr_protobuf_message(message, NODE_ATTRIBUTE, &attribute);
}

void hr_onnx_int(hr_text *message, const char *name, int64_t number)
{
    hr_text value = {0};
    hr_protobuf_int(&value, ATTRIBUTE_INT, number);
    add_attribute(message, name, TYPE_INT, &value);
}

void hr_onnx_ints(hr_text *message, const char *name, const int64_t *values, int n)
{
    hr_text value = {0};
    for (int i = 0; i < n; i++) hr_protobuf_int(&value, ATTRIBUTE_INTS, values[i]);
    add_attribute(message, name, TYPE_INTS, &value);
}

void hr_onnx_float(hr_text *message, const char *name, float number)
{
    hr_text value = {0};
    hr_protobuf_float(&value, ATTRIBUTE_FLOAT, number);
    add_attribute(message, name, TYPE_FLOAT, &value);
}

void hr_onnx_string(hr_text *message, const char *name, const char *text)
{
    hr_text value = {0};
    hr_protobuf_string(&value, ATTRIBUTE_STRING, text);
    add_attribute(message, name, TYPE_STRING, &value);
}

void hr_onnx_window(hr_text *message, const hr_window *w)
{
    hr_onnx_ints(message, "kernel_shape", (const int64_t[]){w->kh, w->kw}, 2);
    hr_onnx_ints(message, "strides", (const int64_t[]){w->stride, w->stride}, 2);
    hr_onnx_ints(message, "pads", (const int64_t[]){w->pad_h, w->pad_w, w->pad_h, w->pad_w}, 4);
}

/* A Constant operator: a list of whole numbers, or of floats. */
static hr_onnx_name add_constant(hr_onnx_chain *c, const int64_t *ints, const float *floats, int n)
{
    hr_onnx_name output;
    hr_text message = {0}, value = {0};
    snprintf(output.text, sizeof output.text, "n%d_constant%d", c->node, c->n_constants++);
    add_head(c, &message, "Constant", NULL, 0, &output);
    for (int i = 0; i < n && ints != NULL; i++) hr_protobuf_int(&value, ATTRIBUTE_INTS, ints[i]);
    for (int i = 0; i < n && floats != NULL; i++) hr_protobuf_float(&value, ATTRIBUTE_FLOATS, floats[i]);
    add_attribute(&message, ints != NULL ? "value_ints" : "value_floats", ints != NULL ? TYPE_INTS : TYPE_FLOATS,
                  &value);
    hr_onnx_end(c, &message);
    return output;
}

hr_onnx_name hr_onnx_constant_weights(hr_onnx_chain *c, const float *weights, const int64_t shape[4])
{
    hr_onnx_name output;
    hr_text message = {0}, tensor = {0}, value = {0};
    snprintf(output.text, sizeof output.text, "n%d_constant%d", c->node, c->n_constants++);
    add_head(c, &message, "Constant", NULL, 0, &output);
    for (int i = 0; i < 4; i++) hr_protobuf_int(&tensor, TENSOR_DIMS, shape[i]);
    hr_protobuf_int(&tensor, TENSOR_TYPE, FLOAT32);
    const int64_t n = shape[0] * shape[1] * shape[2] * shape[3];
    for (int64_t i = 0; i < n; i++) hr_protobuf_float(&tensor, TENSOR_FLOATS, weights[i]);
    hr_protobuf_message(&value, ATTRIBUTE_TENSOR, &tensor);
    add_attribute(&message, "value", TYPE_TENSOR, &value);
    hr_onnx_end(c, &message);
    return output;
}

hr_onnx_name hr_onnx_unary(hr_onnx_chain *chain, const char *op, hr_onnx_name x)
{
    hr_text message = {0};
    const hr_onnx_name y = hr_onnx_begin(chain, &message, op, &x, 1);
    hr_onnx_end(chain, &message);
    return y;
}

hr_onnx_name hr_onnx_binary(hr_onnx_chain *chain, const char *op, hr_onnx_name a, hr_onnx_name b)
{
    hr_text message = {0};
    const hr_onnx_name y = hr_onnx_begin(chain, &message, op, (const hr_onnx_name[]){a, b}, 2);
    hr_onnx_end(chain, &message);
    return y;
}

int hr_onnx_activation_steps(hr_activation activation)
{
    return activation == HR_ACTIVATION_NONE ? 0 : activation == HR_ACTIVATION_SILU ? 2 : 1;
}

hr_onnx_name hr_onnx_activation(hr_onnx_chain *chain, hr_activation activation, hr_onnx_name x)
{
    hr_text message = {0};
    hr_onnx_name y = x;
    switch (activation) {
    case HR_ACTIVATION_RELU: return hr_onnx_unary(chain, "Relu", x);
    case HR_ACTIVATION_SIGMOID: return hr_onnx_unary(chain, "Sigmoid", x);
    case HR_ACTIVATION_SILU: return hr_onnx_binary(chain, "Mul", x, hr_onnx_unary(chain, "Sigmoid", x));
    case HR_ACTIVATION_LEAKY_RELU:
        y = hr_onnx_begin(chain, &message, "LeakyRelu", &x, 1);
        hr_onnx_float(&message, "alpha", HR_LEAKY_SLOPE);
        hr_onnx_end(chain, &message);
        return y;
    case HR_ACTIVATION_HARD_SIGMOID:
        y = hr_onnx_begin(chain, &message, "HardSigmoid", &x, 1);
        hr_onnx_float(&message, "alpha", 1.0f / 6);
        hr_onnx_float(&message, "beta", 0.5f);
        hr_onnx_end(chain, &message);
        return y;
    default: return x;
    }
}

/* Nearest: cell x from floor(x / factor), upstream's nn.Upsample. Bilinear: PyTorch's two kinds (ops/op_upsample.c). */
hr_onnx_name hr_onnx_resize(hr_onnx_chain *chain, hr_onnx_name x, int factor, hr_upsampling upsampling)
{
    const float f = (float)factor;
    const hr_onnx_name no_roi = {""}, scales = add_constant(chain, NULL, (const float[]){1, 1, f, f}, 4);
    const int is_nearest = upsampling == HR_NEAREST;
    hr_text message = {0};
    const hr_onnx_name large = hr_onnx_begin(chain, &message, "Resize", (const hr_onnx_name[]){x, no_roi, scales}, 3);
    hr_onnx_string(&message, "mode", is_nearest ? "nearest" : "linear");
    hr_onnx_string(&message, "coordinate_transformation_mode",
                   is_nearest                  ? "asymmetric"
                   : upsampling == HR_BILINEAR ? "half_pixel"
                                               : "align_corners");
    if (is_nearest) hr_onnx_string(&message, "nearest_mode", "floor");
    hr_onnx_end(chain, &message);
    return large;
}

hr_onnx_name hr_onnx_slice(hr_onnx_chain *chain, hr_onnx_name x, int n, const int64_t *axes, const int64_t *starts,
                           const int64_t *ends, const int64_t *steps)
{
    const hr_onnx_name from = add_constant(chain, starts, NULL, n), to = add_constant(chain, ends, NULL, n);
    const hr_onnx_name along = add_constant(chain, axes, NULL, n), by = add_constant(chain, steps, NULL, n);
    hr_text message = {0};
    const hr_onnx_name part =
        hr_onnx_begin(chain, &message, "Slice", (const hr_onnx_name[]){x, from, to, along, by}, 5);
    hr_onnx_end(chain, &message);
    return part;
}

hrnet_status hr_onnx_operators(hr_text *out, const hr_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const hr_node *node = &graph->nodes[i];
        const hr_op_type *type = hr_op_type_of(node->op);
        hr_onnx_chain chain = {.out = out, .graph = graph, .node = i};
        if (node->op == HR_OP_INPUT) continue;
        if (type->onnx == NULL)
            return hr_fail(HRNET_ERR_ARGUMENT, "node %d (%s): expected a fused graph, found a %s", i, node->name,
                           type->name);
        type->onnx(&chain);
    }
    return out->failed ? hr_fail_memory(out->length) : HRNET_OK;
}
