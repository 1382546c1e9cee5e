/* engine.c - fold and pack. */
#include "cpu/engine/engine.h"

#include "base/mem.h"
#include "graph/fold_norms.h"

enum { INPUT_LD = 4 };

static int ld_of(const hr_node *node)
{
    return node->op == HR_OP_INPUT ? INPUT_LD : hr_padded(node->c);
}

int hr_engine_ld(const hr_engine *engine, int node)
{
    return ld_of(&engine->graph.nodes[node]);
}

hr_conv_shape hr_conv_shape_of(const hr_graph *graph, int index)
{
    const hr_node *node = &graph->nodes[index], *from = &graph->nodes[node->inputs[0]];
    return (hr_conv_shape){.ic = from->c,
                           .oc = node->c,
                           .ih = from->h,
                           .iw = from->w,
                           .oh = node->h,
                           .ow = node->w,
                           .kernel = node->kernel,
                           .stride = node->stride,
                           .padding = node->padding,
                           .transposed = node->op == HR_OP_DECONV,
                           .in_ld = ld_of(from)};
}

static void describe_conv(hr_engine *engine, int index)
{
    const hr_conv_shape shape = hr_conv_shape_of(&engine->graph, index);
    const hr_node *node = &engine->graph.nodes[index];
    hr_packing packing = engine->packing;
    if (!node->weight_bound) packing.batch = 1;
    hr_conv_init(&engine->convs[index], &shape, node->relu, &packing, engine->kern);
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
    const size_t n_taps = (size_t)(node->kernel * node->kernel), n_columns = (size_t)hr_padded(node->c);
    work w = {.arranged = engine->graph.params[node->weight].n_elements};
    w.scale = w.arranged + n_taps * (size_t)conv->shape.ic * n_columns;
    w.rest = w.scale + (size_t)node->c;
    w.packed = w.rest + 5 * (size_t)node->c;
    w.end = w.packed + (conv->half ? conv->algorithm->packed_floats(conv->algorithm, &conv->shape) : 0);
    return w;
}

/* room: the bias, then the packed weights. */
static hrnet_status pack_conv(hr_engine *engine, int index, const hr_weights *weights, float *room, float *floats)
{
    const hr_graph *graph = &engine->graph;
    const hr_node *node = &graph->nodes[index];
    hr_conv *conv = &engine->convs[index];
    const work w = lay_out(engine, index);
    HR_TRY(hr_weights_read(weights, graph, node->weight, floats + w.published));
    HR_TRY(hr_fold(graph, node, weights, floats + w.scale, room, floats + w.rest));
    for (int i = node->c; i < hr_padded(node->c); i++) room[i] = 0;
    hr_conv_arrange(&conv->shape, floats + w.published, floats + w.scale, floats + w.arranged);
    hr_conv_place(conv, room + hr_padded(node->c), room);
    hr_conv_pack(conv, floats + w.arranged, floats + w.packed);
    return HRNET_OK;
}

static hrnet_status pack_all(hr_engine *engine, const hr_weights *weights)
{
    const int n = engine->graph.n_nodes;
    size_t n_work = 0;
    for (int i = 0; i < n; i++) {
        if (hr_engine_ld(engine, i) > engine->max_ld) engine->max_ld = hr_engine_ld(engine, i);
        if (engine->graph.nodes[i].weight < 0) continue;
        describe_conv(engine, i);
        engine->n_bytes += hr_engine_conv_bytes(&engine->convs[i]);
        const work w = lay_out(engine, i);
        if (w.end > n_work) n_work = w.end;
    }
    engine->weights = hr_alloc(engine->n_bytes, 1);
    float *floats = hr_alloc(n_work, sizeof *floats);
    hrnet_status status = engine->weights != NULL && floats != NULL ? HRNET_OK : hr_fail_memory(engine->n_bytes);
    char *room = engine->weights;
    for (int i = 0; i < n && status == HRNET_OK; i++) {
        const hr_conv *conv = &engine->convs[i];
        if (conv->algorithm == NULL) continue;
        status = pack_conv(engine, i, weights, (float *)(void *)room, floats);
        room += hr_engine_conv_bytes(conv);
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
