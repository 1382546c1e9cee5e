/* profile.c - what a network costs: bytes of its weights, and the time of each step of a pass. */
#include <string.h>

#include "base/mem.h"
#include "graph/op.h"
#include "session/model.h"

size_t hrnet_model_bytes(const hrnet_model *model)
{
    return model->backend->network_bytes(model->network);
}

/* The time of a pass does not depend on what is in the pictures, as long as they are made of ordinary numbers. */
static void fill_input(const hrnet_session *session, int n)
{
    const size_t n_floats = (size_t)session->input_height * (size_t)session->input_width * 4;
    for (int i = 0; i < n; i++) {
        float *input = session->model->backend->input(session->runner, i);
        for (size_t k = 0; k < n_floats; k++) input[k] = (float)(k % 17) / 8 - 1;
    }
}

static hrnet_layer describe(const hrnet_model *model, const hr_graph *graph, int index)
{
    const hr_node *node = &graph->nodes[index], *from = &graph->nodes[node->inputs[0]];
    const hr_backend_layer layer = model->backend->layer(model->network, index);
    const int has_window = node->weight >= 0 || node->op == HR_OP_MAXPOOL;
    return (hrnet_layer){.name = node->name,
                         .op = hr_op_type_of(node->op)->name,
                         .algorithm = layer.algorithm,
                         .in_channels = from->c,
                         .out_channels = node->c,
                         .height = node->h,
                         .width = node->w,
                         .kernel = has_window ? node->window.kh : 0,
                         .stride = has_window ? node->window.stride : 0,
                         .macs = hr_node_macs(graph, index),
                         .weight_bytes = layer.weight_bytes};
}

/* Add the seconds of n pictures, in passes as large as the session's. scratch [n_nodes]. */
static hrnet_status add_passes(hrnet_session *session, int n, int n_nodes, double *seconds, double *scratch)
{
    const int max_batch = (int)session->n_slots;
    for (int done = 0; done < n; done += max_batch) {
        const int n_pictures = n - done < max_batch ? n - done : max_batch;
        fill_input(session, n_pictures);
        HR_TRY(session->model->backend->profile(session->runner, n_pictures, scratch));
        for (int i = 0; i < n_nodes; i++) seconds[i] += scratch[i];
    }
    return HRNET_OK;
}

hrnet_status hrnet_session_profile(hrnet_session *session, int n, hrnet_layer **out, size_t *n_out)
{
    if (session == NULL || out == NULL || n_out == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_profile: an argument is NULL");
    if (n < 1) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_profile: n: expected 1 or more, found %d", n);
    HR_TRY(hr_pool_check(session->pool));
    const hrnet_model *model = session->model;
    hr_graph graph; /* what runs, at the session's size; texts live in the model's */
    HR_TRY(
        hr_graph_reshape(&graph, model->backend->graph(model->network), session->input_height, session->input_width));
    const size_t n_nodes = (size_t)graph.n_nodes;
    hrnet_layer *layers = NULL;
    double *seconds = hr_calloc(2 * n_nodes, sizeof *seconds); /* and scratch behind them */
    if (seconds != NULL) layers = hr_calloc(n_nodes, sizeof *layers);
    hrnet_status status = layers == NULL ? hr_fail_memory(n_nodes * sizeof *layers) : HRNET_OK;
    if (status == HRNET_OK) status = add_passes(session, n, (int)n_nodes, seconds, seconds + n_nodes);
    size_t n_layers = 0;
    for (size_t i = 0; i < n_nodes && status == HRNET_OK; i++) {
        if (graph.nodes[i].op == HR_OP_INPUT) continue;
        layers[n_layers] = describe(model, &graph, (int)i);
        layers[n_layers].name = model->backend->graph(model->network)->nodes[i].name;
        layers[n_layers++].seconds = seconds[i];
    }
    hr_free(seconds);
    hr_graph_free(&graph);
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
