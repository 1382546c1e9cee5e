/*
 * rtmdet.c - RTMDet (Lyu et al.: 2022), as mmdetection builds it: the backbone CSPNeXt, a path aggregation network, and
 * a head whose levels may share their convolutions, but not the norms behind them.
 */
#include "networks/blocks.h"
#include "networks/pafpn.h"
#include "networks/registry.h"
#include "networks/yolox_head.h"

static const hr_pafpn_names neck = {.reduce = {"neck.reduce_layers.0", "neck.reduce_layers.1"},
                                    .top_down = {"neck.top_down_blocks.0", "neck.top_down_blocks.1"},
                                    .downsample = {"neck.downsamples.0", "neck.downsamples.1"},
                                    .bottom_up = {"neck.bottom_up_blocks.0", "neck.bottom_up_blocks.1"}};

static int add_stem(hr_graph *graph, const hr_unit_style *style, const hr_model_config *model)
{
    int x = hr_graph_input(graph, 3, model->image_size[1], model->image_size[0]);
    for (int i = 0; i < 3; i++)
        x = hr_add_unit(graph, style, x, hr_path_of("backbone.stem.%d", i).text,
                        i < 2 ? model->stem_channels / 2 : model->stem_channels, 3, i == 0 ? 2 : 1, 0);
    hr_graph_name(graph, x, "stem");
    return x;
}

/* stage1 to stage4; features get the last three. */
static void add_backbone(hr_graph *graph, const hr_csp_style *style, const hr_model_config *model, int features[3])
{
    int x = add_stem(graph, &style->unit, model);
    for (int i = 0; i < 4; i++) {
        const hr_path stage = hr_path_of("backbone.stage%d", i + 1);
        const int oc = model->stem_channels * (2 << i), is_last = i == 3;
        x = hr_add_unit(graph, &style->unit, x, hr_path_of("%s.0", stage.text).text, oc, 3, 2, style->depthwise);
        if (is_last) x = hr_add_spp(graph, &style->unit, x, hr_path_of("%s.1", stage.text).text, oc);
        x = hr_add_csp(graph, style, x, hr_path_of("%s.%d", stage.text, is_last ? 2 : 1).text, oc,
                       model->n_csp_blocks[i], !is_last, 1);
        hr_graph_name(graph, x, "stage%d", i + 1);
        if (i > 0) features[i - 1] = x;
    }
}

/* Two units of the head; with SHARE_HEAD their convolutions repeat those of level 0, firsts[i]. */
static int add_convs(hr_graph *graph, const hr_unit_style *style, const hr_model_config *model, int x, const char *list,
                     int level, int firsts[2])
{
    for (int i = 0; i < 2; i++) {
        const hr_path path = hr_path_of("bbox_head.%s.%d.%d", list, level, i), conv = hr_path_of("%s.conv", path.text);
        x = hr_add_unit(graph, style, x, path.text, model->head_channels, 3, 1, model->depthwise);
        if (!model->share_head) continue;
        if (level == 0)
            firsts[i] = hr_graph_find_node(graph, conv.text);
        else
            hr_graph_like(graph, hr_graph_find_node(graph, conv.text), firsts[i]);
    }
    return x;
}

static void add_head(hr_graph *graph, const hr_unit_style *style, const hr_model_config *model, const int features[3])
{
    const int c = model->head_channels;
    int firsts[2][2];
    for (int k = 0; k < 3; k++) {
        const int x =
            hr_add_unit(graph, style, features[k], hr_path_of("neck.out_convs.%d", k).text, c, 3, 1, model->depthwise);
        const int of_class = add_convs(graph, style, model, x, "cls_convs", k, firsts[0]);
        const int of_box = add_convs(graph, style, model, x, "reg_convs", k, firsts[1]);
        const int boxes = hr_graph_conv(graph, of_box, hr_path_of("bbox_head.rtm_reg.%d", k).text, 4, 1, 1, 1);
        const int classes =
            hr_graph_conv(graph, of_class, hr_path_of("bbox_head.rtm_cls.%d", k).text, model->n_classes, 1, 1, 1);
        hr_graph_initial(graph, boxes, 0.01, 0);
        hr_graph_initial(graph, classes, 0.01, HR_PRIOR_BIAS);
        const int joined = hr_graph_concat(graph, (int[]){boxes, classes}, 2);
        const hr_path name = hr_path_of("head_%d", 8 << k);
        hr_graph_name(graph, joined, "%s", name.text);
        hr_graph_output(graph, joined, name.text);
    }
}

/* The published configurations override the norm of the layers, and with it its epsilon of 0.001. */
void hr_build_rtmdet(hr_graph *graph, const hr_model_config *model)
{
    const hr_csp_style style = {.unit = {.epsilon = 1e-5,
                                         .momentum = 0.1,
                                         .activation = HR_ACTIVATION_SILU,
                                         .depthwise = "depthwise_conv",
                                         .pointwise = "pointwise_conv"},
                                .to_blocks = "main_conv",
                                .around = "short_conv",
                                .last = "final_conv",
                                .blocks = "blocks",
                                .kernels = {3, 5},
                                .separable = {model->depthwise, 1},
                                .depthwise = model->depthwise};
    int features[3] = {-1, -1, -1}, out[3];
    add_backbone(graph, &style, model, features);
    hr_add_pafpn(graph, &style, &neck, features, model->neck_blocks, out);
    add_head(graph, &style.unit, model, out);
}
