/* engine.c - fold, pack, order by level. */
#include "net/engine.h"

#include <math.h>

#include "base/mem.h"

enum { INPUT_LD = 4 };

int hr_engine_ld(const hr_engine *engine, int node)
{
    const hr_node *n = &engine->graph.nodes[node];
    return n->op == HR_OP_INPUT ? INPUT_LD : hr_padded(n->c);
}

hrnet_status hr_weights_read(const hr_weights *weights, const hr_graph *graph, int index, float *out)
{
    return weights->read(weights->context, index, &graph->params[index], out);
}

/* What a batch norm (or its absence) does to a convolution's output: y = x * scale + shift. [oc] each. The statistics
 * follow upstream's BatchNorm2d: eps 1e-5, in double here so that folding adds no error of its own. */
static hrnet_status fold(const hr_graph *graph, const hr_node *node, const hr_weights *weights, float *scale,
                         float *shift, float *scratch)
{
    const size_t n = (size_t)node->c;
    float *bias = scratch, *gamma = scratch + n, *beta = gamma + n, *mean = beta + n, *var = mean + n;
    for (size_t i = 0; i < n; i++) {
        bias[i] = 0;
        scale[i] = 1;
    }
    if (node->bias >= 0) HR_TRY(hr_weights_read(weights, graph, node->bias, bias));
    if (node->norm >= 0) {
        HR_TRY(hr_weights_read(weights, graph, node->norm, gamma));
        HR_TRY(hr_weights_read(weights, graph, node->norm + 1, beta));
        HR_TRY(hr_weights_read(weights, graph, node->norm + 2, mean));
        HR_TRY(hr_weights_read(weights, graph, node->norm + 3, var));
    }
    for (size_t i = 0; i < n; i++) {
        const double factor = node->norm >= 0 ? gamma[i] / sqrt((double)var[i] + 1e-5) : 1;
        scale[i] = (float)factor;
        shift[i] = (float)(node->norm >= 0 ? beta[i] + ((double)bias[i] - mean[i]) * factor : bias[i]);
    }
    return HRNET_OK;
}

static void describe_conv(hr_engine *engine, int index)
{
    const hr_graph *graph = &engine->graph;
    const hr_node *node = &graph->nodes[index], *from = &graph->nodes[node->inputs[0]];
    const hr_conv_shape shape = {.ic = from->c,
                                 .oc = node->c,
                                 .ih = from->h,
                                 .iw = from->w,
                                 .oh = node->h,
                                 .ow = node->w,
                                 .kernel = node->kernel,
                                 .stride = node->stride,
                                 .padding = node->padding,
                                 .transposed = node->op == HR_OP_DECONV,
                                 .in_ld = hr_engine_ld(engine, node->inputs[0])};
    hr_conv_init(&engine->convs[index], &shape, node->relu, engine->kern);
}

static hrnet_status pack_conv(hr_engine *engine, int index, const hr_weights *weights, float *packed)
{
    const hr_graph *graph = &engine->graph;
    const hr_node *node = &graph->nodes[index];
    const size_t n_weights = graph->params[node->weight].n_elements, n = (size_t)node->c;
    float *block = hr_alloc(n_weights + 7 * n, sizeof *block);
    if (block == NULL) return hr_fail_memory((n_weights + 7 * n) * sizeof *block);
    float *scale = block + n_weights, *shift = scale + n;
    hrnet_status status = hr_weights_read(weights, graph, node->weight, block);
    if (status == HRNET_OK) status = fold(graph, node, weights, scale, shift, shift + n);
    if (status == HRNET_OK) hr_conv_pack(&engine->convs[index], packed, block, scale, shift);
    hr_free(block);
    return status;
}

static hrnet_status pack_all(hr_engine *engine, const hr_weights *weights)
{
    const int n = engine->graph.n_nodes;
    for (int i = 0; i < n; i++) {
        if (hr_engine_ld(engine, i) > engine->max_ld) engine->max_ld = hr_engine_ld(engine, i);
        if (engine->graph.nodes[i].weight < 0) continue;
        describe_conv(engine, i);
        engine->n_floats += hr_conv_floats(&engine->convs[i]);
    }
    engine->weights = hr_alloc(engine->n_floats, sizeof(float));
    if (engine->weights == NULL) return hr_fail_memory(engine->n_floats * sizeof(float));
    float *packed = engine->weights;
    for (int i = 0; i < n; i++) {
        if (engine->convs[i].algorithm == NULL) continue;
        HR_TRY(pack_conv(engine, i, weights, packed));
        packed += hr_conv_floats(&engine->convs[i]);
    }
    return HRNET_OK;
}

static void find_levels(hr_engine *engine)
{
    for (int i = 0; i < engine->graph.n_nodes; i++) {
        const hr_node *node = &engine->graph.nodes[i];
        int level = node->add >= 0 ? engine->levels[node->add] + 1 : 0;
        for (int j = 0; j < node->n_inputs; j++)
            if (engine->levels[node->inputs[j]] >= level) level = engine->levels[node->inputs[j]] + 1;
        engine->levels[i] = level;
        if (level >= engine->n_levels) engine->n_levels = level + 1;
    }
}

hrnet_status hr_engine_create(hr_engine **out, const hr_graph *graph, const hr_weights *weights, unsigned features)
{
    hr_engine *engine;
    HR_NEW(engine, 1);
    engine->kern = hr_kern_select(features);
    hrnet_status status = hr_graph_fuse(&engine->graph, graph);
    if (status != HRNET_OK) goto fail;
    const size_t n = (size_t)engine->graph.n_nodes;
    engine->convs = hr_calloc(n, sizeof *engine->convs);
    engine->levels = hr_calloc(n, sizeof *engine->levels);
    if (engine->convs == NULL || engine->levels == NULL) {
        status = hr_fail_memory(n * sizeof *engine->convs);
        goto fail;
    }
    find_levels(engine);
    status = pack_all(engine, weights);
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
    hr_free(engine->levels);
    hr_graph_free(&engine->graph);
    hr_free(engine);
}

size_t hr_engine_bytes(const hr_engine *engine)
{
    return engine->n_floats * sizeof(float);
}
