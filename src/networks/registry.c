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

hrnet_status hr_network_build(hr_graph *out, const hr_config *config)
{
    const hr_network *network = hr_network_find(config->model.name);
    hr_graph graph = {0};
    if (network == NULL)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "MODEL.NAME: expected pose_hrnet or pose_resnet, found %.64s",
                       config->model.name);
    graph.output = network->build(&graph, &config->model);
    if (graph.output < 0) {
        const int too_large = graph.n_nodes >= HR_MAX_NODES;
        hr_graph_free(&graph);
        if (too_large) return hr_fail(HRNET_ERR_LIMIT, "the network has more than %d operations", HR_MAX_NODES);
        return hr_fail_memory(0);
    }
    *out = graph;
    return HRNET_OK;
}
