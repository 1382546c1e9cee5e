/* csp.c - the parts that csp.h describes. */
#include "networks/csp.h"

#include <math.h>

#include "networks/blocks.h"

/* Initial weights have the deviation that PyTorch's convolutions have: with YOLOX's epsilon of 0.001, smaller ones
 * would vanish from layer to layer. */
static int add_single(hr_graph *graph, const hr_unit_style *style, int input, const char *path, int oc,
                      hr_window window)
{
    if (input < 0) return -1;
    window.pad_h = window.pad_w = window.kh / 2;
    const double fan = (double)graph->nodes[input].c / window.groups * window.kh * window.kh;
    int x = hr_graph_conv_window(graph, input, hr_path_of("%s.conv", path).text, oc, window, 0);
    hr_graph_initial(graph, x, 1 / sqrt(3 * fan), 0);
    x = hr_graph_norm_like(graph, x, hr_path_of("%s.bn", path).text, style->epsilon, style->momentum);
    return hr_graph_activation(graph, x, style->activation);
}

int hr_add_unit(hr_graph *graph, const hr_unit_style *style, int input, const char *path, int oc, int kernel,
                int stride, int separable)
{
    const hr_window window = {.kh = kernel, .stride = stride, .groups = 1};
    if (!separable || input < 0) return add_single(graph, style, input, path, oc, window);
    const int ic = graph->nodes[input].c;
    const hr_window depthwise = {.kh = kernel, .stride = stride, .groups = ic}, pointwise = {.kh = 1, .groups = 1};
    const int x = add_single(graph, style, input, hr_path_of("%s.%s", path, style->depthwise).text, ic, depthwise);
    return add_single(graph, style, x, hr_path_of("%s.%s", path, style->pointwise).text, oc, pointwise);
}

static int add_block(hr_graph *graph, const hr_csp_style *style, int input, const char *path, int c, int adds)
{
    int x = input;
    for (int i = 0; i < 2; i++)
        x = hr_add_unit(graph, &style->unit, x, hr_path_of("%s.conv%d", path, i + 1).text, c, style->kernels[i], 1,
                        style->separable[i]);
    return adds ? hr_graph_sum(graph, (int[]){x, input}, 2) : x;
}

static int add_attention(hr_graph *graph, int input, const char *path)
{
    if (input < 0) return -1;
    int factors = hr_graph_average(graph, input);
    factors = hr_graph_conv(graph, factors, hr_path_of("%s.attention.fc", path).text, graph->nodes[input].c, 1, 1, 1);
    return hr_graph_scale(graph, input, hr_graph_activation(graph, factors, HR_ACTIVATION_HARD_SIGMOID));
}

int hr_add_csp(hr_graph *graph, const hr_csp_style *style, int input, const char *path, int oc, int n_blocks, int adds,
               int attention)
{
    const int hidden = oc / 2;
    int x = hr_add_unit(graph, &style->unit, input, hr_path_of("%s.%s", path, style->to_blocks).text, hidden, 1, 1, 0);
    const int around =
        hr_add_unit(graph, &style->unit, input, hr_path_of("%s.%s", path, style->around).text, hidden, 1, 1, 0);
    for (int i = 0; i < n_blocks; i++)
        x = add_block(graph, style, x, hr_path_of("%s.%s.%d", path, style->blocks, i).text, hidden, adds);
    x = hr_graph_concat(graph, (int[]){x, around}, 2);
    if (attention) x = add_attention(graph, x, path);
    return hr_add_unit(graph, &style->unit, x, hr_path_of("%s.%s", path, style->last).text, oc, 1, 1, 0);
}

int hr_add_spp(hr_graph *graph, const hr_unit_style *style, int input, const char *path, int oc)
{
    static const int kernels[] = {5, 9, 13};
    if (input < 0) return -1;
    int parts[4] = {
        hr_add_unit(graph, style, input, hr_path_of("%s.conv1", path).text, graph->nodes[input].c / 2, 1, 1, 0)};
    for (int i = 0; i < 3; i++) parts[i + 1] = hr_graph_maxpool(graph, parts[0], kernels[i], 1);
    return hr_add_unit(graph, style, hr_graph_concat(graph, parts, 4), hr_path_of("%s.conv2", path).text, oc, 1, 1, 0);
}
