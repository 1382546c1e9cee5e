/*
 * onnx_operators.c - one node of the graph becomes one to several operators:
 *
 *   conv, deconv   Conv or ConvTranspose, then Add (the residual) and Relu where it has them
 *   sum            Resize for every term of lower resolution, a chain of Add, Relu
 *   maxpool        MaxPool
 *
 * These are the plainest forms there are, so that every runtime and converter takes them; each fuses them again in its
 * own way.
 */
#include "graph/onnx_operators.h"

#include <stdio.h>
#include <string.h>

#include "io/protobuf.h"

/* Field numbers of onnx.proto, ONNX's published schema, and its attribute types. */
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_STRING = 4, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };
enum { TYPE_STRING = 3, TYPE_INTS = 7 };

hr_onnx_name hr_onnx_tensor(const hr_graph *graph, int node)
{
    hr_onnx_name name;
    if (node == graph->output)
        snprintf(name.text, sizeof name.text, "heatmaps");
    else if (graph->nodes[node].op == HR_OP_INPUT)
        snprintf(name.text, sizeof name.text, "input");
    else
        snprintf(name.text, sizeof name.text, "n%d", node);
    return name;
}

hr_onnx_name hr_onnx_weights(const hr_graph *graph, int node, const char *field)
{
    hr_onnx_name name;
    const char *weight = graph->params[graph->nodes[node].weight].name;
    snprintf(name.text, sizeof name.text, "%.*s%s", (int)(strlen(weight) - strlen(".weight")), weight, field);
    return name;
}

hr_onnx_name hr_onnx_scales(int factor)
{
    hr_onnx_name name;
    snprintf(name.text, sizeof name.text, "scales%d", factor);
    return name;
}

/* The operators of one node, as they are added. */
typedef struct chain {
    hr_text *out;
    const hr_graph *graph;
    int node;
    int n_left; /* operators still to come; the last one makes the node's tensor */
    int n_made;
} chain;

/* Begin a NodeProto, to which attributes may be added; returns what it makes. */
static hr_onnx_name begin_operator(chain *c, hr_text *message, const char *op, const hr_onnx_name *inputs, int n_inputs)
{
    const int has_weights = c->graph->nodes[c->node].weight >= 0;
    hr_onnx_name output = hr_onnx_tensor(c->graph, c->node);
    if (--c->n_left > 0) snprintf(output.text, sizeof output.text, "n%d_%d", c->node, c->n_made++);
    /* runtimes want every name once: a node with weights has no two operators of one kind */
    const hr_onnx_name name = has_weights ? hr_onnx_weights(c->graph, c->node, "") : output;
    for (int i = 0; i < n_inputs; i++) hr_protobuf_string(message, NODE_INPUT, inputs[i].text);
    hr_protobuf_string(message, NODE_OUTPUT, output.text);
    hr_protobuf_head(message, NODE_NAME, strlen(name.text) + 1 + strlen(op));
    hr_text_add(message, "%s/%s", name.text, op);
    hr_protobuf_string(message, NODE_OP, op);
    return output;
}

static void end_operator(chain *c, hr_text *message)
{
    hr_protobuf_message(c->out, HR_ONNX_GRAPH_NODE, message);
}

/* The same number n times: all that square windows need. */
static void add_ints(hr_text *message, const char *name, int n, int number)
{
    hr_text attribute = {0};
    hr_protobuf_string(&attribute, ATTRIBUTE_NAME, name);
    for (int i = 0; i < n; i++) hr_protobuf_int(&attribute, ATTRIBUTE_INTS, number);
    hr_protobuf_int(&attribute, ATTRIBUTE_TYPE, TYPE_INTS);
    hr_protobuf_message(message, NODE_ATTRIBUTE, &attribute);
}

static void add_string(hr_text *message, const char *name, const char *text)
{
    hr_text attribute = {0};
    hr_protobuf_string(&attribute, ATTRIBUTE_NAME, name);
    hr_protobuf_string(&attribute, ATTRIBUTE_STRING, text);
    hr_protobuf_int(&attribute, ATTRIBUTE_TYPE, TYPE_STRING);
    hr_protobuf_message(message, NODE_ATTRIBUTE, &attribute);
}

static void add_window(hr_text *message, const hr_node *node)
{
    add_ints(message, "kernel_shape", 2, node->kernel);
    add_ints(message, "strides", 2, node->stride);
    add_ints(message, "pads", 4, node->padding);
}

static hr_onnx_name add_sum(chain *c, hr_onnx_name a, hr_onnx_name b)
{
    hr_text message = {0};
    const hr_onnx_name sum = begin_operator(c, &message, "Add", (const hr_onnx_name[]){a, b}, 2);
    end_operator(c, &message);
    return sum;
}

static void add_relu(chain *c, hr_onnx_name x)
{
    hr_text message = {0};
    begin_operator(c, &message, "Relu", &x, 1);
    end_operator(c, &message);
}

/* Nearest, cell x from floor(x / factor): upstream's nn.Upsample. */
static hr_onnx_name add_resize(chain *c, hr_onnx_name x, int factor)
{
    hr_text message = {0};
    const hr_onnx_name no_roi = {""}, scales = hr_onnx_scales(factor);
    const hr_onnx_name large = begin_operator(c, &message, "Resize", (const hr_onnx_name[]){x, no_roi, scales}, 3);
    add_string(&message, "mode", "nearest");
    add_string(&message, "coordinate_transformation_mode", "asymmetric");
    add_string(&message, "nearest_mode", "floor");
    end_operator(c, &message);
    return large;
}

static void export_conv(hr_text *out, const hr_graph *graph, int index)
{
    const hr_node *node = &graph->nodes[index];
    chain c = {.out = out, .graph = graph, .node = index, .n_left = 1 + (node->add >= 0) + (node->relu != 0)};
    hr_text message = {0};
    const hr_onnx_name inputs[] = {hr_onnx_tensor(graph, node->inputs[0]), hr_onnx_weights(graph, index, ".weight"),
                                   hr_onnx_weights(graph, index, ".bias")};
    hr_onnx_name x = begin_operator(&c, &message, node->op == HR_OP_DECONV ? "ConvTranspose" : "Conv", inputs, 3);
    add_window(&message, node);
    if (node->op == HR_OP_DECONV) add_ints(&message, "output_padding", 2, node->out_padding);
    end_operator(&c, &message);
    if (node->add >= 0) x = add_sum(&c, x, hr_onnx_tensor(graph, node->add));
    if (node->relu) add_relu(&c, x);
}

static void export_sum(hr_text *out, const hr_graph *graph, int index)
{
    const hr_node *node = &graph->nodes[index];
    chain c = {.out = out, .graph = graph, .node = index, .n_left = node->n_inputs - 1 + (node->relu != 0)};
    hr_onnx_name sum = {""};
    for (int i = 0; i < node->n_inputs; i++) c.n_left += node->factors[i] > 1;
    for (int i = 0; i < node->n_inputs; i++) {
        hr_onnx_name term = hr_onnx_tensor(graph, node->inputs[i]);
        if (node->factors[i] > 1) term = add_resize(&c, term, node->factors[i]);
        sum = i == 0 ? term : add_sum(&c, sum, term);
    }
    if (node->relu) add_relu(&c, sum);
}

static void export_maxpool(hr_text *out, const hr_graph *graph, int index)
{
    const hr_node *node = &graph->nodes[index];
    chain c = {.out = out, .graph = graph, .node = index, .n_left = 1};
    hr_text message = {0};
    const hr_onnx_name input = hr_onnx_tensor(graph, node->inputs[0]);
    begin_operator(&c, &message, "MaxPool", &input, 1);
    add_window(&message, node);
    end_operator(&c, &message);
}

hrnet_status hr_onnx_operators(hr_text *out, const hr_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const hr_node *node = &graph->nodes[i];
        switch (node->op) {
        case HR_OP_INPUT: break;
        case HR_OP_CONV:
        case HR_OP_DECONV: export_conv(out, graph, i); break;
        case HR_OP_SUM: export_sum(out, graph, i); break;
        case HR_OP_MAXPOOL: export_maxpool(out, graph, i); break;
        case HR_OP_NORM:
        case HR_OP_RELU:
        case HR_OP_UPSAMPLE: /* hr_graph_fuse leaves none of these */
            return hr_fail(HRNET_ERR_ARGUMENT, "node %d (%s): expected a fused graph", i, node->name);
        }
    }
    return out->failed ? hr_fail_memory(out->length) : HRNET_OK;
}
