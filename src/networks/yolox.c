/*
 * yolox.c - YOLOX (Ge, Liu, Wang, Li, Sun: 2021): the backbone CSPDarknet, as darknet.py builds it, a path aggregation
 * network and the decoupled head.
 */
#include "networks/blocks.h"
#include "networks/pafpn.h"
#include "networks/registry.h"
#include "networks/yolox_head.h"

static const hr_pafpn_names neck = {.reduce = {"backbone.lateral_conv0", "backbone.reduce_conv1"},
                                    .top_down = {"backbone.C3_p4", "backbone.C3_p3"},
                                    .downsample = {"backbone.bu_conv2", "backbone.bu_conv1"},
                                    .bottom_up = {"backbone.C3_n3", "backbone.C3_n4"}};

/* dark2 to dark5; features get the last three. */
static void add_backbone(hr_graph *graph, const hr_csp_style *style, const hr_model_config *model, int features[3])
{
    int x = hr_graph_space_to_depth(graph, hr_graph_input(graph, 3, model->image_size[1], model->image_size[0]));
    x = hr_add_unit(graph, &style->unit, x, "backbone.backbone.stem.conv", model->stem_channels, 3, 1, 0);
    hr_graph_name(graph, x, "stem");
    for (int i = 0; i < 4; i++) {
        const hr_path dark = hr_path_of("backbone.backbone.dark%d", i + 2);
        const int oc = model->stem_channels * (2 << i), is_last = i == 3;
        x = hr_add_unit(graph, &style->unit, x, hr_path_of("%s.0", dark.text).text, oc, 3, 2, style->depthwise);
        if (is_last) x = hr_add_spp(graph, &style->unit, x, hr_path_of("%s.1", dark.text).text, oc);
        x = hr_add_csp(graph, style, x, hr_path_of("%s.%d", dark.text, is_last ? 2 : 1).text, oc,
                       model->n_csp_blocks[i], !is_last, 0);
        hr_graph_name(graph, x, "dark%d", i + 2);
        if (i > 0) features[i - 1] = x;
    }
}

/* The norms' epsilon and momentum are set by the published experiments, not by the layers. */
void hr_build_yolox(hr_graph *graph, const hr_model_config *model)
{
    const hr_csp_style style = {.unit = {.epsilon = 1e-3,
                                         .momentum = 0.03,
                                         .activation = HR_ACTIVATION_SILU,
                                         .depthwise = "dconv",
                                         .pointwise = "pconv"},
                                .to_blocks = "conv1",
                                .around = "conv2",
                                .last = "conv3",
                                .blocks = "m",
                                .kernels = {1, 3},
                                .separable = {0, model->depthwise},
                                .depthwise = model->depthwise};
    int features[3] = {-1, -1, -1}, out[3];
    add_backbone(graph, &style, model, features);
    hr_add_pafpn(graph, &style, &neck, features, model->neck_blocks, out);
    hr_add_yolox_head(graph, &style.unit, model, out, model->depthwise);
}
