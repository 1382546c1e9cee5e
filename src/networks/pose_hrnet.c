/*
 * pose_hrnet.c - the high-resolution network for keypoints (Sun, Xiao, Liu, Wang: CVPR 2019): the trunk, and a
 * convolution that makes heatmaps of its highest resolution.
 */
#include "networks/hrnet_trunk.h"
#include "networks/registry.h"

void hr_build_pose_hrnet(hr_graph *graph, const hr_model_config *model)
{
    enum { LAYER1_BLOCKS = 4 };
    const hr_branches x = hr_add_hrnet_trunk(graph, model, LAYER1_BLOCKS, (hr_branch_range){0, 1});
    const int heatmaps = hr_graph_conv(graph, x.at[0], "final_layer", model->n_joints, model->final_conv_kernel, 1, 1);
    hr_graph_output(graph, heatmaps, "heatmaps");
}
