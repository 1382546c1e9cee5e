/* session/profile.c - what a network costs: bytes of its weights, and the time of each step of a pass. */
#include <string.h>

#include "base/mem.h"
#include "session/model.h"

size_t hrnet_model_bytes(const hrnet_model *model)
{
    return hr_engine_bytes(model->engine);
}

/* The time of a pass does not depend on what is in the pictures, as long as they are made of ordinary numbers. */
static void fill_input(hr_exec *exec, const hrnet_model_info *info, int n)
{
    const size_t n_floats = (size_t)info->input_height * (size_t)info->input_width * 4;
    for (int i = 0; i < n; i++) {
        float *input = hr_exec_input(exec, i);
        for (size_t k = 0; k < n_floats; k++) input[k] = (float)(k % 17) / 8 - 1;
    }
}

static hrnet_layer describe(const hr_engine *engine, int index)
{
    static const char *const ops[] = {
        [HR_OP_CONV] = "conv", [HR_OP_DECONV] = "transposed conv", [HR_OP_SUM] = "sum", [HR_OP_MAXPOOL] = "max pool"};
    const hr_graph *graph = &engine->graph;
    const hr_node *node = &graph->nodes[index], *from = &graph->nodes[node->inputs[0]];
    const hr_conv *conv = &engine->convs[index];
    hrnet_layer layer = {.name = node->name,
                         .op = ops[node->op],
                         .algorithm = "",
                         .in_channels = from->c,
                         .out_channels = node->c,
                         .height = node->h,
                         .width = node->w,
                         .kernel = node->kernel,
                         .stride = node->stride,
                         .macs = hr_node_macs(graph, index)};
    if (conv->algorithm != NULL) {
        layer.algorithm = conv->algorithm->name;
        layer.weight_bytes = hr_engine_conv_bytes(conv);
    }
    return layer;
}

/* Add the seconds of n pictures, in passes as large as the session's. scratch [n_nodes]. */
static hrnet_status add_passes(hrnet_session *session, int n, double *seconds, double *scratch)
{
    const int max_batch = hr_exec_max_batch(session->exec), n_nodes = session->model->engine->graph.n_nodes;
    for (int done = 0; done < n; done += max_batch) {
        const int together = n - done < max_batch ? n - done : max_batch;
        fill_input(session->exec, &session->model->info, together);
        HR_TRY(hr_exec_profile(session->exec, together, scratch));
        for (int i = 0; i < n_nodes; i++) seconds[i] += scratch[i];
    }
    return HRNET_OK;
}

hrnet_status hrnet_session_profile(hrnet_session *session, int n, hrnet_layer **out, size_t *n_out)
{
    if (session == NULL || out == NULL || n_out == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_profile: an argument is NULL");
    if (n < 1) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_profile: n: expected 1 or more, found %d", n);
    const hr_engine *engine = session->model->engine;
    const size_t n_nodes = (size_t)engine->graph.n_nodes;
    hrnet_layer *layers;
    double *seconds = hr_calloc(2 * n_nodes, sizeof *seconds); /* and scratch behind them */
    if (seconds == NULL) return hr_fail_memory(2 * n_nodes * sizeof *seconds);
    layers = hr_calloc(n_nodes, sizeof *layers);
    hrnet_status status = layers == NULL ? hr_fail_memory(n_nodes * sizeof *layers) : HRNET_OK;
    if (status == HRNET_OK) status = add_passes(session, n, seconds, seconds + n_nodes);
    size_t n_layers = 0;
    for (size_t i = 0; i < n_nodes && status == HRNET_OK; i++) {
        if (engine->graph.nodes[i].op == HR_OP_INPUT) continue;
        layers[n_layers] = describe(engine, (int)i);
        layers[n_layers++].seconds = seconds[i];
    }
    hr_free(seconds);
    if (status != HRNET_OK) {
        hr_free(layers);
        return status;
    }
    *out = layers;
    *n_out = n_layers;
    return HRNET_OK;
}

void hrnet_layers_free(hrnet_layer *layers)
{
    hr_free(layers);
}
