/*
 * detect_hrnet.c - a detector of the HRNet family: the trunk of pose_hrnet, and YOLOX's head, with ReLU, on its
 * branches of strides 8, 16 and 32.
 */
#include "networks/hrnet_trunk.h"
#include "networks/registry.h"
#include "networks/yolox_head.h"

void hr_build_detect_hrnet(hr_graph *graph, const hr_model_config *model)
{
    const hr_unit_style style = {.epsilon = 1e-5, .momentum = 0.1, .activation = HR_ACTIVATION_RELU};
    const hr_branches x = hr_add_hrnet_trunk(graph, model, model->layer1_blocks, (hr_branch_range){1, 4});
    hr_add_yolox_head(graph, &style, model, &x.at[1], 0);
}
