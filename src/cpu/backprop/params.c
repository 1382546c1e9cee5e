/* params.c - where each parameter lies in a block, and its elements between the two layouts. */
#include "cpu/backprop/params.h"

#include <string.h>

#include "base/mem.h"

static int learns(const hr_param *param)
{
    return param->kind <= HR_PARAM_NORM_BIAS;
}

/* Sizes of a weight's dimensions in the block's order. */
typedef struct dims {
    size_t taps, ic, oc, oc_ld;
    size_t tap_step, ic_step, oc_step; /* in the published layout */
} dims;

static int is_transposed(const hr_graph *graph, int index)
{
    for (int i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].weight == index) return graph->nodes[i].op == HR_OP_DECONV;
    return 0;
}

static dims dims_of(const hr_params *params, int index)
{
    const hr_param *param = &params->graph->params[index];
    dims d = {.taps = 1, .ic = 1, .oc = param->n_elements, .tap_step = 1, .ic_step = 1, .oc_step = 1};
    if (param->kind == HR_PARAM_WEIGHT) {
        const int transposed = is_transposed(params->graph, index);
        d.taps = (size_t)(param->shape[2] * param->shape[3]);
        d.oc = (size_t)param->shape[transposed ? 1 : 0];
        d.ic = (size_t)param->shape[transposed ? 0 : 1];
        d.oc_step = transposed ? d.taps : d.ic * d.taps;
        d.ic_step = transposed ? d.oc * d.taps : d.taps;
    }
    d.oc_ld = (size_t)hr_padded((int)d.oc);
    return d;
}

size_t hr_params_size(const hr_params *params, int index)
{
    const dims d = dims_of(params, index);
    return d.taps * d.ic * d.oc_ld;
}

hrnet_status hr_params_init(hr_params *out, const hr_graph *graph)
{
    hr_params params = {.graph = graph};
    HR_NEW(params.at, (size_t)graph->n_params);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < graph->n_params; i++) {
            if (learns(&graph->params[i]) != (pass == 0)) continue;
            params.at[i] = params.n_floats;
            params.n_floats += hr_params_size(&params, i);
        }
        if (pass == 0) params.n_trainable = params.n_floats;
    }
    *out = params;
    return HRNET_OK;
}

void hr_params_free(hr_params *params)
{
    hr_free(params->at);
    *params = (hr_params){0};
}

void hr_params_get(const hr_params *params, const float *block, int index, float *out)
{
    const dims d = dims_of(params, index);
    const float *at = block + params->at[index];
    for (size_t tap = 0; tap < d.taps; tap++)
        for (size_t ic = 0; ic < d.ic; ic++, at += d.oc_ld)
            for (size_t oc = 0; oc < d.oc; oc++) out[tap * d.tap_step + ic * d.ic_step + oc * d.oc_step] = at[oc];
}

void hr_params_set(const hr_params *params, float *block, int index, const float *in)
{
    const dims d = dims_of(params, index);
    float *at = block + params->at[index];
    for (size_t tap = 0; tap < d.taps; tap++) {
        for (size_t ic = 0; ic < d.ic; ic++, at += d.oc_ld) {
            for (size_t oc = 0; oc < d.oc; oc++) at[oc] = in[tap * d.tap_step + ic * d.ic_step + oc * d.oc_step];
            memset(at + d.oc, 0, (d.oc_ld - d.oc) * sizeof *at);
        }
    }
}

hrnet_status hr_params_read(const hr_params *params, float *block, const hr_weights *from)
{
    const hr_graph *graph = params->graph;
    size_t most = 0;
    for (int i = 0; i < graph->n_params; i++)
        if (graph->params[i].n_elements > most) most = graph->params[i].n_elements;
    float *one;
    HR_NEW(one, most);
    hrnet_status status = HRNET_OK;
    for (int i = 0; i < graph->n_params && status == HRNET_OK; i++) {
        status = hr_weights_read(from, graph, i, one);
        if (status == HRNET_OK) hr_params_set(params, block, i, one);
    }
    hr_free(one);
    return status;
}

static hrnet_status read_block(void *context, int index, const hr_param *param, float *out)
{
    const hr_params_block *from = context;
    (void)param;
    hr_params_get(from->params, from->block, index, out);
    return HRNET_OK;
}

hr_weights hr_params_weights(const hr_params_block *block)
{
    return (hr_weights){.read = read_block, .context = (void *)(uintptr_t)block};
}
