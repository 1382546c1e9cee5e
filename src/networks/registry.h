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
    hrnet_task task;
    /* Append the nodes that the configuration describes, and make their outputs: "heatmaps" of a pose network;
     * "head_8", "head_16" and "head_32" of a detector, by stride, each with the numbers of its cells as the head's
     * convolutions make them: x, y, log w, log h, object, classes; for rtmdet left, top, right, bottom, classes. */
    void (*build)(hr_graph *graph, const hr_model_config *model);
} hr_network;

/* The network of that name, or NULL. */
const hr_network *hr_network_find(const char *name);

/* Build what the description says, which must have passed hr_config_check. Free with hr_graph_free. */
hrnet_status hr_network_build(hr_graph *out, const hr_model_config *model);

/* The builders. */
void hr_build_pose_hrnet(hr_graph *graph, const hr_model_config *model);
void hr_build_pose_resnet(hr_graph *graph, const hr_model_config *model);
void hr_build_detect_hrnet(hr_graph *graph, const hr_model_config *model);
void hr_build_yolox(hr_graph *graph, const hr_model_config *model);
void hr_build_rtmdet(hr_graph *graph, const hr_model_config *model);

#endif
