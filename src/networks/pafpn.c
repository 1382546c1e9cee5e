/*
 * pafpn.c - from the deepest features up and down again:
 *
 *   1/32 --- reduce ----------------------------------------> bottom_up -> 1/32
 *                \ up                                         / down
 *   1/16 -------> top_down -- reduce ---------> bottom_up ---+-----------> 1/16
 *                                 \ up          / down
 *   1/8  -----------------------> top_down ---+--------------------------> 1/8
 */
#include "networks/pafpn.h"

static int channels(const hr_graph *graph, int node)
{
    return node < 0 ? 0 : graph->nodes[node].c;
}

static int add_layer(hr_graph *graph, const hr_csp_style *style, const char *path, int first, int second, int oc,
                     int n_blocks)
{
    return hr_add_csp(graph, style, hr_graph_concat(graph, (int[]){first, second}, 2), path, oc, n_blocks, 0, 0);
}

void hr_add_pafpn(hr_graph *graph, const hr_csp_style *style, const hr_pafpn_names *names, const int features[3],
                  int n_blocks, int out[3])
{
    int reduced[2], x = features[2];
    for (int i = 0; i < 2; i++) {
        const int lateral = features[1 - i], c = channels(graph, lateral);
        reduced[i] = hr_add_unit(graph, &style->unit, x, names->reduce[i], c, 1, 1, 0);
        x = add_layer(graph, style, names->top_down[i], hr_graph_upsample(graph, reduced[i], 2), lateral, c, n_blocks);
    }
    out[0] = x;
    for (int i = 0; i < 2; i++) {
        const int c = channels(graph, x), oc = channels(graph, features[i + 1]);
        x = hr_add_unit(graph, &style->unit, x, names->downsample[i], c, 3, 2, style->depthwise);
        x = add_layer(graph, style, names->bottom_up[i], x, reduced[1 - i], oc, n_blocks);
        out[i + 1] = x;
    }
    for (int i = 0; i < 3; i++) hr_graph_name(graph, out[i], "neck_%d", 8 << i);
}
