/* registry.c - from a configuration to the graph of its network. */
#include "networks/registry.h"

#include <string.h>

static const hr_network networks[] = {{"pose_hrnet", hr_build_pose_hrnet}, {"pose_resnet", hr_build_pose_resnet}};

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
        return hr_fail(HRNET_ERR_UNSUPPORTED, "MODEL.NAME: expected pose_hrnet or pose_resnet, found %.64s",
                       model->name);
    hr_graph_output(&graph, network->build(&graph, model), "heatmaps");
    HR_TRY(hr_graph_finish(&graph));
    *out = graph;
    return HRNET_OK;
}
