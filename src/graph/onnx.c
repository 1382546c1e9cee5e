/*
 * onnx.c - the file: operators, then the shapes of input and output, then the weights with their batch norms folded
 * in. A message stands behind its length in the file, so weights are gone through twice: first only their sizes are
 * added up, then they are written.
 */
#include "graph/onnx.h"

#include "base/mem.h"
#include "io/protobuf.h"
#include "graph/fold_norms.h"
#include "graph/onnx_operators.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "ONNX stores floats in little-endian order, and they are written here as they stand"
#endif

/* Field numbers of onnx.proto, ONNX's published schema, and its type of float32. */
enum { MODEL_IR_VERSION = 1, MODEL_PRODUCER_NAME = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7, MODEL_OPSET = 8 };
enum { OPSET_VERSION = 2 };
enum { GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW_DATA = 9, FLOAT32 = 1 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_TYPE_ELEMENT = 1, TENSOR_TYPE_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2 };

enum { IR_VERSION = 8, OPSET = 13 };
static const uint64_t max_bytes = INT32_MAX; /* protobuf's limit of a message */

typedef struct exporter {
    const hr_graph *graph;
    const hr_weights *weights;
    FILE *stream;     /* NULL: tensors are only measured */
    uint64_t n_bytes; /* of all tensors */
} exporter;

/* ---------------------------------------------------------------------------------------------- weights */

/* One initializer; data [product of shape] is not looked at while measuring. */
static hrnet_status put_tensor(exporter *e, hr_onnx_name name, int n_dims, const int64_t *shape, const float *data)
{
    hr_text fields = {0}, head = {0};
    uint64_t n = 1;
    for (int i = 0; i < n_dims; i++) {
        hr_protobuf_int(&fields, TENSOR_DIMS, shape[i]);
        n *= (uint64_t)shape[i];
    }
    const uint64_t data_bytes = n * sizeof(float);
    hr_protobuf_int(&fields, TENSOR_TYPE, FLOAT32);
    hr_protobuf_string(&fields, TENSOR_NAME, name.text);
    hr_protobuf_head(&fields, TENSOR_RAW_DATA, data_bytes);
    hr_protobuf_head(&head, GRAPH_INITIALIZER, fields.length + data_bytes);
    const int failed = fields.failed || head.failed;
    if (!failed) e->n_bytes += head.length + fields.length + data_bytes;
    if (!failed && e->stream != NULL) {
        fwrite(head.data, 1, head.length, e->stream);
        fwrite(fields.data, 1, fields.length, e->stream);
        fwrite(data, sizeof(float), (size_t)n, e->stream);
    }
    hr_text_free(&fields);
    hr_text_free(&head);
    return failed ? hr_fail_memory(0) : HRNET_OK;
}

/* Read weights [n] of a node and fold its batch norm into them: weights and shift [c] are then the operator's. */
static hrnet_status read_folded(const exporter *e, const hr_node *node, float *weights, float *shift, float *scratch)
{
    const hr_param *param = &e->graph->params[node->weight];
    const size_t taps = (size_t)(param->shape[2] * param->shape[3]), oc = (size_t)node->c;
    const size_t per_channel = node->op == HR_OP_DECONV ? taps : (size_t)param->shape[1] * taps;
    float *scale = scratch;
    HR_TRY(hr_weights_read(e->weights, e->graph, node->weight, weights));
    HR_TRY(hr_fold(e->graph, node, e->weights, scale, shift, scratch + oc));
    for (size_t i = 0; i < param->n_elements; i++) weights[i] *= scale[i / per_channel % oc];
    return HRNET_OK;
}

static hrnet_status put_conv(exporter *e, int index, float *block)
{
    const hr_node *node = &e->graph->nodes[index];
    const hr_param *param = &e->graph->params[node->weight];
    float *shift = block != NULL ? block + param->n_elements : NULL;
    if (block != NULL) HR_TRY(read_folded(e, node, block, shift, shift + node->c));
    HR_TRY(put_tensor(e, hr_onnx_weights(e->graph, index, ".weight"), 4, param->shape, block));
    return put_tensor(e, hr_onnx_weights(e->graph, index, ".bias"), 1, &(int64_t){node->c}, shift);
}

/* All initializers: written, or only added to n_bytes while there is no stream. */
static hrnet_status put_weights(exporter *e)
{
    for (int i = 0; i < e->graph->n_nodes; i++) {
        const hr_node *node = &e->graph->nodes[i];
        if (node->weight < 0) continue;
        const size_t n = e->graph->params[node->weight].n_elements + 7 * (size_t)node->c;
        float *block = e->stream != NULL ? hr_alloc(n, sizeof *block) : NULL;
        if (e->stream != NULL && block == NULL) return hr_fail_memory(n * sizeof *block);
        const hrnet_status status = put_conv(e, i, block);
        hr_free(block);
        if (status != HRNET_OK) return status;
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- the model */

/* A ValueInfoProto: name, type and shape of an input or output. */
static void add_value(hr_text *graph, int field, const char *name, int batch, const hr_node *node)
{
    hr_text shape = {0}, tensor = {0}, type = {0}, info = {0};
    const int sizes[] = {batch, node->c, node->h, node->w};
    for (int i = 0; i < 4; i++) {
        hr_text dim = {0};
        if (sizes[i] == 0)
            hr_protobuf_string(&dim, DIM_PARAM, "n");
        else
            hr_protobuf_int(&dim, DIM_VALUE, sizes[i]);
        hr_protobuf_message(&shape, SHAPE_DIM, &dim);
    }
    hr_protobuf_int(&tensor, TENSOR_TYPE_ELEMENT, FLOAT32);
    hr_protobuf_message(&tensor, TENSOR_TYPE_SHAPE, &shape);
    hr_protobuf_message(&type, TYPE_TENSOR, &tensor);
    hr_protobuf_string(&info, VALUE_NAME, name);
    hr_protobuf_message(&info, VALUE_TYPE, &type);
    hr_protobuf_message(graph, field, &info);
}

/* The model up to its graph, whose n_bytes follow. */
static void add_model(hr_text *model, uint64_t n_bytes)
{
    hr_text opset = {0};
    hr_protobuf_int(model, MODEL_IR_VERSION, IR_VERSION);
    hr_protobuf_string(model, MODEL_PRODUCER_NAME, "hrnet");
    hr_protobuf_string(model, MODEL_PRODUCER_VERSION, HRNET_VERSION);
    hr_protobuf_int(&opset, OPSET_VERSION, OPSET);
    hr_protobuf_message(model, MODEL_OPSET, &opset);
    hr_protobuf_head(model, MODEL_GRAPH, n_bytes);
}

static hrnet_status write_model(exporter *e, FILE *stream, int batch, hr_text *head, hr_text *graph)
{
    HR_TRY(hr_onnx_operators(graph, e->graph));
    hr_protobuf_string(graph, GRAPH_NAME, "hrnet");
    add_value(graph, GRAPH_INPUT, "input", batch, &e->graph->nodes[0]);
    for (int i = 0; i < e->graph->n_outputs; i++)
        add_value(graph, GRAPH_OUTPUT, e->graph->outputs[i].name, batch, &e->graph->nodes[e->graph->outputs[i].node]);
    HR_TRY(put_weights(e));
    const uint64_t n_bytes = graph->length + e->n_bytes;
    add_model(head, n_bytes);
    if (head->failed || graph->failed) return hr_fail_memory(0);
    if (head->length + n_bytes > max_bytes)
        return hr_fail(HRNET_ERR_LIMIT, "the network takes %llu bytes as ONNX; its format ends at 2 GiB",
                       (unsigned long long)n_bytes);
    fwrite(head->data, 1, head->length, stream);
    fwrite(graph->data, 1, graph->length, stream);
    e->stream = stream;
    return put_weights(e);
}

hrnet_status hr_onnx_write(FILE *stream, const hr_graph *graph, const hr_weights *weights, int batch)
{
    exporter e = {.graph = graph, .weights = weights};
    hr_text head = {0}, text = {0};
    const hrnet_status status = write_model(&e, stream, batch, &head, &text);
    hr_text_free(&head);
    hr_text_free(&text);
    return status;
}
