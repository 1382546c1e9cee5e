/*
 * registry.h - the networks there are, by the name that MODEL.NAME gives: one row a network. A new network is a builder
 * of its own and a row here; what its checkpoints look like is told in weights/infer.c.
 */
#ifndef HR_NETWORKS_REGISTRY_H
#define HR_NETWORKS_REGISTRY_H

#include "config/config.h"
#include "graph/graph.h"

typedef struct hr_network {
    const char *name; /* MODEL.NAME */
    /* Append the nodes that the configuration describes; returns the node of the heatmaps, or -1 (graph.h). */
    int (*build)(hr_graph *graph, const hr_model_config *model);
} hr_network;

/* The network of that name, or NULL. */
const hr_network *hr_network_find(const char *name);

/* Build what the description says, which must have passed hr_config_check. Free with hr_graph_free. */
hrnet_status hr_network_build(hr_graph *out, const hr_model_config *model);

/* The builders. */
int hr_build_pose_hrnet(hr_graph *graph, const hr_model_config *model);
int hr_build_pose_resnet(hr_graph *graph, const hr_model_config *model);

#endif
