/* engine.c - fold and pack. */
#include "cpu/engine/engine.h"

#include "base/mem.h"
#include "cpu/ops/ops.h"
#include "graph/fold_norms.h"
#include "graph/op.h"

hr_conv_shape hr_conv_shape_of(const hr_graph *graph, const hr_exec_tensor *tensors, int index)
{
    const hr_node *node = &graph->nodes[index], *from = &graph->nodes[node->inputs[0]];
    const hr_window *w = &node->window;
    const int in_ld = from->op == HR_OP_INPUT ? hr_input_ld(from->c) : hr_padded(from->c), out_ld = hr_padded(node->c);
    hr_conv_shape shape = {.ic = from->c,
                           .oc = node->c,
                           .ih = from->h,
                           .iw = from->w,
                           .oh = node->h,
                           .ow = node->w,
                           .kh = w->kh,
                           .kw = w->kw,
                           .stride = w->stride,
                           .pad_h = w->pad_h,
                           .pad_w = w->pad_w,
                           .dilation = w->dilation,
                           .transposed = node->op == HR_OP_DECONV,
                           .depthwise = w->groups > 1,
                           .in_ld = in_ld,
                           .out_ld = out_ld,
                           .add_ld = out_ld};
    if (tensors == NULL) return shape;
    shape.in_ld = tensors[node->inputs[0]].ld;
    shape.out_ld = tensors[index].ld;
    if (node->add >= 0) shape.add_ld = tensors[node->add].ld;
    return shape;
}

static hrnet_status describe_conv(hr_engine *engine, int index)
{
    const hr_conv_shape shape = hr_conv_shape_of(&engine->graph, NULL, index);
    const hr_node *node = &engine->graph.nodes[index];
    const hr_epilogue epilogue = {node->activation, node->add_last};
    hr_packing packing = engine->packing;
    if (!node->weight_bound) packing.batch = 1;
    const hrnet_status status = hr_conv_init(&engine->convs[index], &shape, epilogue, &packing, engine->kern);
    return status == HRNET_OK ? status : hr_fail_in(status, node->name);
}

size_t hr_engine_conv_bytes(const hr_conv *conv)
{
    return (size_t)hr_padded(conv->shape.oc) * sizeof(float) + hr_conv_bytes(conv);
}

/* What packing one convolution works in, as offsets in floats: its weights as published and arranged, what folding
 * needs, and the packed form before it is rounded to half precision. */
typedef struct work {
    size_t published, arranged, scale, rest, packed, end;
} work;

static work lay_out(const hr_engine *engine, int index)
{
    const hr_node *node = &engine->graph.nodes[index];
    const hr_conv *conv = &engine->convs[index];
    const size_t n_taps = (size_t)hr_n_taps(&conv->shape), n_columns = (size_t)hr_padded(node->c);
    work w = {.arranged = engine->graph.params[node->weight].n_elements};
    w.scale = w.arranged + n_taps * (size_t)hr_weight_depth(&conv->shape) * n_columns;
    w.rest = w.scale + (size_t)node->c;
    w.packed = w.rest + 5 * (size_t)node->c;
    w.end = w.packed +
            (conv->format != HR_FORMAT_FLOAT32 ? conv->algorithm->packed_floats(conv->algorithm, &conv->shape) : 0);
    return w;
}

/* block: the bias, then the packed weights. */
static hrnet_status pack_conv(hr_engine *engine, int index, const hr_weights *weights, float *block, float *floats)
{
    const hr_graph *graph = &engine->graph;
    const hr_node *node = &graph->nodes[index];
    hr_conv *conv = &engine->convs[index];
    const work w = lay_out(engine, index);
    HR_TRY(hr_weights_read(weights, graph, node->weight, floats + w.published));
    HR_TRY(hr_fold(graph, node, weights, floats + w.scale, block, floats + w.rest));
    for (int i = node->c; i < hr_padded(node->c); i++) block[i] = 0;
    hr_conv_arrange(&conv->shape, floats + w.published, floats + w.scale, floats + w.arranged);
    hr_conv_place(conv, block + hr_padded(node->c), block);
    hr_conv_pack(conv, floats + w.arranged, floats + w.packed);
    return HRNET_OK;
}

/* Whether every operator has a form here; only some read the network's input, whose pixels are no whole strips. */
static hrnet_status check_operators(const hr_graph *graph)
{
    for (int i = 1; i < graph->n_nodes; i++) {
        const hr_node *node = &graph->nodes[i];
        const hr_cpu_op *op = hr_cpu_op_of(node->op);
        const int is_narrow = hr_input_ld(graph->nodes[0].c) < HR_STRIP;
        int reads_input = is_narrow && node->add == 0;
        for (int k = 0; k < node->n_inputs; k++) reads_input |= is_narrow && node->inputs[k] == 0;
        if (node->weight >= 0 && node->window.groups == 1 && !(is_narrow && node->add == 0)) continue;
        if (node->weight >= 0 ? reads_input : op == NULL || (reads_input && !op->reads_input))
            return hr_fail(HRNET_ERR_UNSUPPORTED, "node %d (%s): a %s cannot run here%s", i, node->name,
                           hr_op_type_of(node->op)->name, reads_input ? " on the network's input" : "");
    }
    return HRNET_OK;
}

static hrnet_status pack_all(hr_engine *engine, const hr_weights *weights)
{
    const int n = engine->graph.n_nodes;
    size_t n_work = 0;
    for (int i = 0; i < n; i++) {
        if (engine->graph.nodes[i].weight < 0) continue;
        HR_TRY(describe_conv(engine, i));
        engine->n_bytes += hr_engine_conv_bytes(&engine->convs[i]);
        const work w = lay_out(engine, i);
        if (w.end > n_work) n_work = w.end;
    }
    if (engine->packing.memory_limit != 0 && engine->n_bytes > engine->packing.memory_limit)
        return hr_fail(HRNET_ERR_LIMIT,
                       "packed weights: expected at most %.1f MiB (memory_limit, --memory-limit), found %.1f MiB",
                       (double)engine->packing.memory_limit / 1048576.0, (double)engine->n_bytes / 1048576.0);
    engine->weights = hr_alloc(engine->n_bytes, 1);
    float *floats = hr_alloc(n_work, sizeof *floats);
    hrnet_status status = engine->weights != NULL && floats != NULL ? HRNET_OK : hr_fail_memory(engine->n_bytes);
    char *block = engine->weights;
    for (int i = 0; i < n && status == HRNET_OK; i++) {
        const hr_conv *conv = &engine->convs[i];
        if (conv->algorithm == NULL) continue;
        status = pack_conv(engine, i, weights, (float *)(void *)block, floats);
        block += hr_engine_conv_bytes(conv);
    }
    hr_free(floats);
    return status;
}

hrnet_status hr_engine_create(hr_engine **out, const hr_graph *graph, const hr_weights *weights, unsigned features,
                              const hr_packing *packing)
{
    hr_engine *engine;
    HR_NEW(engine, 1);
    if (packing != NULL) engine->packing = *packing;
    engine->kern = hr_kern_select(features);
    hrnet_status status = hr_graph_fuse(&engine->graph, graph);
    if (status == HRNET_OK) status = check_operators(&engine->graph);
    if (status != HRNET_OK) goto fail;
    const size_t n = (size_t)engine->graph.n_nodes;
    engine->convs = hr_calloc(n, sizeof *engine->convs);
    status = engine->convs != NULL ? pack_all(engine, weights) : hr_fail_memory(n * sizeof *engine->convs);
    if (status != HRNET_OK) goto fail;
    *out = engine;
    return HRNET_OK;
fail:
    hr_engine_free(engine);
    return status;
}

void hr_engine_free(hr_engine *engine)
{
    if (engine == NULL) return;
    hr_free(engine->weights);
    hr_free(engine->convs);
    hr_graph_free(&engine->graph);
    hr_free(engine);
}

size_t hr_engine_bytes(const hr_engine *engine)
{
    return engine->n_bytes;
}
