/*
 * pose_resnet.c - the simple baseline (Xiao, Wu, Wei: ECCV 2018), as upstream's pose_resnet.py builds it: a ResNet down
 * to 1/32, transposed convolutions up to 1/4, a final layer. The stride of a Bottleneck is on its 3x3 convolution.
 */
#include "networks/blocks.h"
#include "networks/registry.h"

static const struct {
    int n_layers;
    hr_block block;
    int n_blocks[4];
} resnets[] = {{18, HR_BLOCK_BASIC, {2, 2, 2, 2}},
               {34, HR_BLOCK_BASIC, {3, 4, 6, 3}},
               {50, HR_BLOCK_BOTTLENECK, {3, 4, 6, 3}},
               {101, HR_BLOCK_BOTTLENECK, {3, 4, 23, 3}},
               {152, HR_BLOCK_BOTTLENECK, {3, 8, 36, 3}}};

void hr_build_pose_resnet(hr_graph *graph, const hr_model_config *model)
{
    size_t depth = 0;
    while (depth < sizeof resnets / sizeof *resnets - 1 && resnets[depth].n_layers != model->n_layers) depth++;

    int x = hr_graph_input(graph, 3, model->image_size[1], model->image_size[0]);
    x = hr_graph_conv(graph, x, "conv1", 64, 7, 2, 0);
    x = hr_graph_relu(graph, hr_graph_norm(graph, x, "bn1"));
    x = hr_graph_maxpool(graph, x, 3, 2);
    for (int i = 0; i < 4; i++) {
        const hr_path path = hr_path_of("layer%d", i + 1);
        x = hr_add_blocks(graph, x, path.text, resnets[depth].block, 64 << i, resnets[depth].n_blocks[i],
                          i == 0 ? 1 : 2);
        hr_graph_name(graph, x, "%s", path.text);
    }
    for (int i = 0; i < model->n_deconvs; i++) {
        x = hr_graph_deconv(graph, x, hr_path_of("deconv_layers.%d", 3 * i).text, model->deconv_filters[i],
                            model->deconv_kernels[i], model->deconv_with_bias);
        x = hr_graph_relu(graph, hr_graph_norm(graph, x, hr_path_of("deconv_layers.%d", 3 * i + 1).text));
    }
    x = hr_graph_conv(graph, x, "final_layer", model->n_joints, model->final_conv_kernel, 1, 1);
    hr_graph_output(graph, x, "heatmaps");
}
