/* op_graphs.c - the cases of make_ops.py, with the graph's builders: the same parts of the same names, connected as
 * their descriptions tell. */
#include "op_fixtures.h"

#include <stdio.h>

typedef struct path {
    char text[80];
} path;

/* "stem.conv"; of an empty module the part alone. */
static path join(const char *module, const char *part)
{
    path p;
    snprintf(p.text, sizeof p.text, "%.40s%s%.36s", module, module[0] != '\0' ? "." : "", part);
    return p;
}

static void one_output(hr_graph *g, int x)
{
    hr_graph_output(g, x, "output");
}

static void outputs(hr_graph *g, const int *nodes, int n)
{
    for (int k = 0; k < n; k++) {
        char name[24];
        snprintf(name, sizeof name, "output.%d", k);
        hr_graph_output(g, nodes[k], name);
    }
}

static int sum2(hr_graph *g, int a, int b)
{
    return hr_graph_sum(g, (const int[]){a, b}, 2);
}

static int concat2(hr_graph *g, int a, int b)
{
    return hr_graph_concat(g, (const int[]){a, b}, 2);
}

/* ---------------------------------------------------------------------------------------------- operators alone */

static void activation_alone(const op_case *c, hr_graph *g, int x)
{
    one_output(g, hr_graph_activation(g, x, c->activation));
}

static void conv_activation(const op_case *c, hr_graph *g, int x)
{
    one_output(g, hr_graph_activation(g, hr_graph_conv(g, x, "conv", 9, 3, 1, 1), c->activation));
}

static void conv_alone(const op_case *c, hr_graph *g, int x)
{
    one_output(g, hr_graph_conv_window(g, x, "conv", c->oc, c->window, c->with_bias));
}

static void maxpool_alone(const op_case *c, hr_graph *g, int x)
{
    one_output(g, hr_graph_maxpool(g, x, c->window.kh, c->window.stride));
}

static void upsample_alone(const op_case *c, hr_graph *g, int x)
{
    one_output(g, hr_graph_upsample_like(g, x, c->factor, c->upsampling));
}

static void depth_alone(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, hr_graph_space_to_depth(g, x));
}

static void average_alone(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, hr_graph_average(g, x));
}

static void norm_alone(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, hr_graph_norm(g, x, "bn"));
}

static void norm_yolox(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, hr_graph_norm_like(g, x, "bn", 1e-3, 0.03));
}

/* ---------------------------------------------------------------------------------------------- concat, slices, sums
 */

static void concat_2(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    const int whole = concat2(g, hr_graph_conv(g, x, "part0", 16, 1, 1, 1), hr_graph_conv(g, x, "part1", 16, 3, 1, 1));
    one_output(g, hr_graph_conv(g, whole, "conv", 7, 1, 1, 1));
}

static void concat_4(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    const int parts[] = {hr_graph_conv(g, x, "part0", 5, 1, 1, 1), hr_graph_conv(g, x, "part1", 7, 3, 1, 1), x,
                         hr_graph_conv(g, x, "part3", 3, 1, 1, 1)};
    one_output(g, hr_graph_conv(g, hr_graph_concat(g, parts, 4), "conv", 9, 1, 1, 1));
}

static void split(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    const int y = hr_graph_conv(g, x, "conv", 14, 1, 1, 1);
    const int first = hr_graph_conv(g, hr_graph_slice(g, y, 0, 7), "conv1", 9, 3, 1, 1);
    one_output(g, sum2(g, first, hr_graph_conv(g, hr_graph_slice(g, y, 7, 7), "conv2", 9, 1, 1, 1)));
}

/* Branches of c, 2c, 4c ... channels, each of half the size of the one before. */
static void make_branches(hr_graph *g, int x, int c, int n, int *branches)
{
    branches[0] = x;
    for (int i = 1; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "down.%d", i - 1);
        branches[i] = hr_graph_conv(g, branches[i - 1], name, c << i, 3, 2, 0);
    }
}

static void upsampled_sum(const op_case *c, hr_graph *g, int x)
{
    int xs[3];
    make_branches(g, x, 3, 3, xs);
    const int terms[] = {x, hr_graph_upsample_like(g, hr_graph_conv(g, xs[1], "conv2", 3, 1, 1, 1), 2, c->upsampling),
                         hr_graph_upsample_like(g, hr_graph_conv(g, xs[2], "conv4", 3, 1, 1, 1), 4, c->upsampling)};
    one_output(g, hr_graph_sum(g, terms, 3));
}

/* ---------------------------------------------------------------------------------------------- YOLOX, RTMDet */

typedef enum norm_like { YOLOX, TORCH } norm_like;

/* BaseConv, ConvModule: convolution, norm, SiLU. groups 0: dense. */
static int unit(hr_graph *g, int x, const char *module, int oc, hr_window window, norm_like like)
{
    window.pad_h = window.pad_w = window.kh / 2;
    x = hr_graph_conv_window(g, x, join(module, "conv").text, oc, window, 0);
    x = hr_graph_norm_like(g, x, join(module, "bn").text, like == YOLOX ? 1e-3 : 1e-5, like == YOLOX ? 0.03 : 0.1);
    return hr_graph_activation(g, x, HR_ACTIVATION_SILU);
}

static int unit_k(hr_graph *g, int x, const char *module, int oc, int kernel)
{
    return unit(g, x, module, oc, (hr_window){.kh = kernel}, YOLOX);
}

/* ic channels, depthwise, then pointwise to oc. */
static int dw_unit(hr_graph *g, int x, const char *module, int ic, int oc, int stride)
{
    x = unit(g, x, join(module, "dconv").text, ic, (hr_window){.kh = 3, .stride = stride, .groups = ic}, YOLOX);
    return unit_k(g, x, join(module, "pconv").text, oc, 1);
}

static int bottleneck(hr_graph *g, int x, const char *module, int c)
{
    const int y = unit_k(g, x, join(module, "conv1").text, c, 1);
    return sum2(g, x, unit_k(g, y, join(module, "conv2").text, c, 3));
}

static void yolox_focus(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, unit_k(g, hr_graph_space_to_depth(g, x), "conv", 8, 3));
}

static void yolox_base_conv(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, unit(g, x, "", 10, (hr_window){.kh = 3, .stride = 2}, YOLOX));
}

static void yolox_bottleneck(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, bottleneck(g, x, "", 10));
}

static void yolox_bottleneck_depthwise(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, sum2(g, x, dw_unit(g, unit_k(g, x, "conv1", 10, 1), "conv2", 10, 10, 1)));
}

static void yolox_csp_layer(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    const int deep = bottleneck(g, unit_k(g, x, "conv1", 6, 1), "m.0", 6);
    one_output(g, unit_k(g, concat2(g, deep, unit_k(g, x, "conv2", 6, 1)), "conv3", 12, 1));
}

static void yolox_spp(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    const int y = unit_k(g, x, "conv1", 3, 1);
    const int parts[] = {y, hr_graph_maxpool(g, y, 5, 1), hr_graph_maxpool(g, y, 9, 1), hr_graph_maxpool(g, y, 13, 1)};
    one_output(g, unit_k(g, hr_graph_concat(g, parts, 4), "conv2", 7, 1));
}

static int yolox_tower(hr_graph *g, int x, const char *module)
{
    x = unit_k(g, x, join(module, "0.0").text, 8, 3);
    return unit_k(g, x, join(module, "0.1").text, 8, 3);
}

static void yolox_head(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    x = unit_k(g, x, "stems.0", 8, 1);
    const int reg = yolox_tower(g, x, "reg_convs"), cls = yolox_tower(g, x, "cls_convs");
    const int heads[] = {hr_graph_conv(g, cls, "cls_preds.0", 3, 1, 1, 1),
                         hr_graph_conv(g, reg, "reg_preds.0", 4, 1, 1, 1),
                         hr_graph_conv(g, reg, "obj_preds.0", 1, 1, 1, 1)};
    outputs(g, heads, 3);
}

static void yolox_dwconv(const op_case *c, hr_graph *g, int x)
{
    one_output(g, dw_unit(g, x, "", 10, 12, c->window.stride));
}

static int cspnext_block(hr_graph *g, int x, const char *module, int c)
{
    const path separable = join(module, "conv2");
    int y = unit(g, x, join(module, "conv1").text, c, (hr_window){.kh = 3}, TORCH);
    y = unit(g, y, join(separable.text, "depthwise_conv").text, c, (hr_window){.kh = 5, .groups = c}, TORCH);
    return sum2(g, x, unit(g, y, join(separable.text, "pointwise_conv").text, c, (hr_window){.kh = 1}, TORCH));
}

static int attention(hr_graph *g, int x, const char *module, int c)
{
    const int factors = hr_graph_conv(g, hr_graph_average(g, x), join(module, "fc").text, c, 1, 1, 1);
    return hr_graph_scale(g, x, hr_graph_activation(g, factors, HR_ACTIVATION_HARD_SIGMOID));
}

static void channel_attention(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, attention(g, x, "", 12));
}

static void rtmdet_cspnext_block(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, cspnext_block(g, x, "", 10));
}

static void rtmdet_csp_layer(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    const hr_window pointwise = {.kh = 1};
    const int deep = cspnext_block(g, unit(g, x, "main_conv", 6, pointwise, TORCH), "blocks.0", 6);
    const int whole = concat2(g, deep, unit(g, x, "short_conv", 6, pointwise, TORCH));
    one_output(g, unit(g, attention(g, whole, "attention", 12), "final_conv", 12, pointwise, TORCH));
}

/* ---------------------------------------------------------------------------------------------- HRNet's family */

static void residual_silu(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    const int y = hr_graph_norm(g, hr_graph_conv(g, x, "conv", 10, 3, 1, 0), "bn");
    one_output(g, sum2(g, x, hr_graph_activation(g, y, HR_ACTIVATION_SILU)));
}

static int basic_block(hr_graph *g, int x, const char *module, int c)
{
    int y = hr_graph_conv(g, x, join(module, "conv1").text, c, 3, 1, 0);
    y = hr_graph_relu(g, hr_graph_norm(g, y, join(module, "bn1").text));
    y = hr_graph_conv(g, y, join(module, "conv2").text, c, 3, 1, 0);
    return hr_graph_relu(g, sum2(g, hr_graph_norm(g, y, join(module, "bn2").text), x));
}

static void residual_relu(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    one_output(g, basic_block(g, x, "", 10));
}

/* Branch j, of 3 << j channels, brought to the shape of branch i. */
static int fuse_layer(hr_graph *g, int x, int i, int j, hr_upsampling upsampling)
{
    char layer[40], name[80];
    snprintf(layer, sizeof layer, "fuse_layers.%d.%d", i, j);
    if (j > i) {
        x = hr_graph_conv(g, x, join(layer, "0").text, 3 << i, 1, 1, 0);
        return hr_graph_upsample_like(g, hr_graph_norm(g, x, join(layer, "1").text), 1 << (j - i), upsampling);
    }
    for (int k = 0; k < i - j; k++) {
        const int is_last = k == i - j - 1;
        snprintf(name, sizeof name, "%s.%d.0", layer, k);
        x = hr_graph_conv(g, x, name, 3 << (is_last ? i : j), 3, 2, 0);
        snprintf(name, sizeof name, "%s.%d.1", layer, k);
        x = hr_graph_norm(g, x, name);
        if (!is_last) x = hr_graph_relu(g, x);
    }
    return x;
}

static void hrnet_fuse(const op_case *c, hr_graph *g, int x)
{
    enum { N = 3 };
    int xs[N], fused[N];
    make_branches(g, x, 3, N, xs);
    for (int i = 0; i < N; i++) {
        int terms[N];
        for (int j = 0; j < N; j++) terms[j] = fuse_layer(g, xs[j], i, j, c->upsampling);
        fused[i] = hr_graph_relu(g, hr_graph_sum(g, terms, N));
    }
    outputs(g, fused, N);
}

static void higher_head(const op_case *c, hr_graph *g, int x)
{
    (void)c;
    const int first = hr_graph_conv(g, x, "final_layers.0", 6, 1, 1, 1);
    int y = hr_graph_deconv(g, concat2(g, x, first), "deconv_layers.0.0.0", 8, 4, 0);
    y = basic_block(g, hr_graph_relu(g, hr_graph_norm(g, y, "deconv_layers.0.0.1")), "deconv_layers.0.1.0", 8);
    outputs(g, (const int[]){first, hr_graph_conv(g, y, "final_layers.1", 3, 1, 1, 1)}, 2);
}

static void hrnetv2_head(const op_case *c, hr_graph *g, int x)
{
    enum { N = 4 };
    const int n_channels = g->nodes[x < 0 ? 0 : x].c;
    int xs[N];
    make_branches(g, x, n_channels, N, xs);
    for (int i = 1; i < N; i++) xs[i] = hr_graph_upsample_like(g, xs[i], 1 << i, c->upsampling);
    int y = hr_graph_conv(g, hr_graph_concat(g, xs, N), "head.0", 15 * n_channels, 1, 1, 1);
    y = hr_graph_relu(g, hr_graph_norm(g, y, "head.1"));
    one_output(g, hr_graph_conv(g, y, "head.3", c->oc, 1, 1, 1));
}

/* ---------------------------------------------------------------------------------------------- the table */

#define ACTIVATION(kind) .activation = HR_ACTIVATION_##kind
#define DEPTHWISE(channels, kernel, step, bias)                                                                        \
    .oc = (channels), .with_bias = (bias),                                                                             \
    .window = {.kh = (kernel), .stride = (step), .pad_h = (kernel) / 2, .pad_w = (kernel) / 2, .groups = (channels)}
#define WINDOW(channels, ...) .oc = (channels), .with_bias = 1, .window = {__VA_ARGS__}
#define KERNEL(channels, rows, columns)                                                                                \
    WINDOW(channels, .kh = (rows), .kw = (columns), .pad_h = (rows) / 2, .pad_w = (columns) / 2)
#define POOL(kernel, step) .window = {.kh = (kernel), .stride = (step)}
#define NARROW             .input_refuses = "cannot run here on the network's input"
#define LONE_NORM          .fuse_refuses = "expected a convolution that it alone reads before a batch norm"

const op_case op_cases[N_OP_CASES] = {
    {.name = "activation_silu", .build = activation_alone, ACTIVATION(SILU)},
    {.name = "activation_sigmoid", .build = activation_alone, ACTIVATION(SIGMOID)},
    {.name = "activation_relu", .build = activation_alone, ACTIVATION(RELU)},
    {.name = "activation_leaky_relu", .build = activation_alone, ACTIVATION(LEAKY_RELU)},
    {.name = "activation_hard_sigmoid", .build = activation_alone, ACTIVATION(HARD_SIGMOID)},
    {.name = "activation_silu_far", .build = activation_alone, ACTIVATION(SILU), NARROW},
    {.name = "activation_sigmoid_far", .build = activation_alone, ACTIVATION(SIGMOID), NARROW},
    {.name = "conv_silu", .build = conv_activation, ACTIVATION(SILU)},
    {.name = "conv_sigmoid", .build = conv_activation, ACTIVATION(SIGMOID)},
    {.name = "conv_relu", .build = conv_activation, ACTIVATION(RELU)},
    {.name = "conv_leaky_relu", .build = conv_activation, ACTIVATION(LEAKY_RELU)},
    {.name = "conv_hard_sigmoid", .build = conv_activation, ACTIVATION(HARD_SIGMOID)},
    {.name = "depthwise_k3_s1", .build = conv_alone, DEPTHWISE(13, 3, 1, 0)},
    {.name = "depthwise_k3_s1_bias", .build = conv_alone, DEPTHWISE(24, 3, 1, 1)},
    {.name = "depthwise_k3_s2", .build = conv_alone, DEPTHWISE(24, 3, 2, 0)},
    {.name = "depthwise_k3_s2_bias", .build = conv_alone, DEPTHWISE(5, 3, 2, 1)},
    {.name = "depthwise_k5_s1", .build = conv_alone, DEPTHWISE(5, 5, 1, 0)},
    {.name = "depthwise_k5_s1_bias", .build = conv_alone, DEPTHWISE(19, 5, 1, 1)},
    {.name = "depthwise_k5_s2", .build = conv_alone, DEPTHWISE(19, 5, 2, 0)},
    {.name = "depthwise_k5_s2_bias", .build = conv_alone, DEPTHWISE(16, 5, 2, 1)},
    {.name = "conv_1x3", .build = conv_alone, KERNEL(7, 1, 3)},
    {.name = "conv_3x1", .build = conv_alone, KERNEL(7, 3, 1)},
    {.name = "conv_1x7", .build = conv_alone, KERNEL(7, 1, 7)},
    {.name = "conv_5x3", .build = conv_alone, KERNEL(7, 5, 3)},
    {.name = "conv_9x9", .build = conv_alone, KERNEL(6, 9, 9)},
    {.name = "conv_groups4",
     .build = conv_alone,
     WINDOW(12, .kh = 3, .pad_h = 1, .pad_w = 1, .groups = 4),
     .graph_refuses = "conv conv: expected 1 group, or as many as input and output channels (depthwise)"},
    {.name = "conv_dilation2", .build = conv_alone, WINDOW(7, .kh = 3, .pad_h = 2, .pad_w = 2, .dilation = 2)},
    {.name = "conv_dilation3", .build = conv_alone, WINDOW(7, .kh = 3, .pad_h = 3, .pad_w = 3, .dilation = 3)},
    {.name = "conv_6x6_s2_p2", .build = conv_alone, WINDOW(8, .kh = 6, .stride = 2, .pad_h = 2, .pad_w = 2)},
    {.name = "conv_3x3_p0", .build = conv_alone, WINDOW(7, .kh = 3)},
    {.name = "maxpool_k2_s2", .build = maxpool_alone, POOL(2, 2), NARROW},
    {.name = "maxpool_k3_s2", .build = maxpool_alone, POOL(3, 2), NARROW},
    {.name = "maxpool_k5_s1", .build = maxpool_alone, POOL(5, 1), NARROW},
    {.name = "maxpool_k9_s1", .build = maxpool_alone, POOL(9, 1), NARROW},
    {.name = "maxpool_k13_s1", .build = maxpool_alone, POOL(13, 1), NARROW},
    {.name = "maxpool_k3_s2_ties", .build = maxpool_alone, POOL(3, 2), NARROW},
    {.name = "maxpool_k5_s1_ties", .build = maxpool_alone, POOL(5, 1), NARROW},
    {.name = "upsample_nearest_x2", .build = upsample_alone, .factor = 2},
    {.name = "upsample_nearest_x4", .build = upsample_alone, .factor = 4},
    {.name = "upsample_nearest_x2_row", .build = upsample_alone, .factor = 2},
    {.name = "upsample_bilinear_x2", .build = upsample_alone, .factor = 2, .upsampling = HR_BILINEAR},
    {.name = "upsample_bilinear_x4", .build = upsample_alone, .factor = 4, .upsampling = HR_BILINEAR},
    {.name = "upsample_bilinear_x2_row", .build = upsample_alone, .factor = 2, .upsampling = HR_BILINEAR},
    {.name = "upsample_corners_x2", .build = upsample_alone, .factor = 2, .upsampling = HR_BILINEAR_CORNERS},
    {.name = "upsample_corners_x4", .build = upsample_alone, .factor = 4, .upsampling = HR_BILINEAR_CORNERS},
    {.name = "upsample_corners_x2_row", .build = upsample_alone, .factor = 2, .upsampling = HR_BILINEAR_CORNERS},
    {.name = "residual_silu_before", .build = residual_silu},
    {.name = "residual_relu_after", .build = residual_relu},
    {.name = "concat_2", .build = concat_2},
    {.name = "concat_4", .build = concat_4},
    {.name = "split", .build = split},
    {.name = "space_to_depth", .build = depth_alone},
    {.name = "average", .build = average_alone},
    {.name = "channel_attention", .build = channel_attention},
    {.name = "sum_nearest", .build = upsampled_sum, NARROW},
    {.name = "sum_bilinear", .build = upsampled_sum, .upsampling = HR_BILINEAR, NARROW},
    {.name = "norm", .build = norm_alone, LONE_NORM},
    {.name = "norm_eps", .build = norm_yolox, LONE_NORM},
    {.name = "yolox_focus", .build = yolox_focus},
    {.name = "yolox_base_conv", .build = yolox_base_conv},
    {.name = "yolox_bottleneck", .build = yolox_bottleneck},
    {.name = "yolox_bottleneck_depthwise", .build = yolox_bottleneck_depthwise},
    {.name = "yolox_csp_layer", .build = yolox_csp_layer},
    {.name = "yolox_spp", .build = yolox_spp},
    {.name = "yolox_head", .build = yolox_head},
    {.name = "yolox_dwconv", .build = yolox_dwconv, .window = {.stride = 1}},
    {.name = "yolox_dwconv_s2", .build = yolox_dwconv, .window = {.stride = 2}},
    {.name = "rtmdet_cspnext_block", .build = rtmdet_cspnext_block},
    {.name = "rtmdet_csp_layer", .build = rtmdet_csp_layer},
    {.name = "higher_head", .build = higher_head},
    {.name = "hrnetv2_head", .build = hrnetv2_head, .oc = 4, .upsampling = HR_BILINEAR},
    {.name = "hrnetv2_head_corners", .build = hrnetv2_head, .oc = 5, .upsampling = HR_BILINEAR_CORNERS},
    {.name = "hrnet_fuse", .build = hrnet_fuse, NARROW},
    {.name = "hrnet_fuse_bilinear", .build = hrnet_fuse, .upsampling = HR_BILINEAR, NARROW},
};
