/* registry.c - from a configuration to the graph of its network. */
#include "networks/registry.h"

#include <string.h>

static const hr_network networks[] = {{"pose_hrnet", HRNET_TASK_POSE, hr_build_pose_hrnet},
                                      {"pose_resnet", HRNET_TASK_POSE, hr_build_pose_resnet},
                                      {"detect_hrnet", HRNET_TASK_DETECT, hr_build_detect_hrnet},
                                      {"yolox", HRNET_TASK_DETECT, hr_build_yolox},
                                      {"rtmdet", HRNET_TASK_DETECT, hr_build_rtmdet}};

const hr_network *hr_network_find(const char *name)
{
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if (strcmp(networks[i].name, name) == 0) return &networks[i];
    return NULL;
}

hrnet_status hr_network_build(hr_graph *out, const hr_model_config *model)
{
    const hr_network *network = hr_network_find(model->name);
    hr_graph graph = {0};
    if (network == NULL)
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "MODEL.NAME: expected pose_hrnet, pose_resnet, detect_hrnet, yolox or rtmdet, found %.64s",
                       model->name);
    network->build(&graph, model);
    HR_TRY(hr_graph_finish(&graph));
    *out = graph;
    return HRNET_OK;
}
