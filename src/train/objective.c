/* objective.c - the life of an objective, and which of the two kinds it is. */
#include "base/mem.h"
#include "train/objective_internal.h"

static hrnet_status create(hr_objective *o)
{
    o->n_parts = hr_config_detects(o->config) ? 1 : o->config->model.n_joints;
    HR_NEW(o->losses, (size_t)o->batch);
    HR_NEW(o->hits, (size_t)o->batch * (size_t)o->n_parts);
    return hr_config_detects(o->config) ? hr_boxes_objective_create(o) : hr_pose_objective_create(o);
}

hrnet_status hr_objective_create(hr_objective **out, const hr_config *config, const hr_graph *graph, int batch)
{
    hr_objective *o;
    HR_NEW(o, 1);
    o->config = config;
    o->graph = graph;
    o->batch = batch;
    const hrnet_status status = create(o);
    if (status != HRNET_OK) {
        hr_objective_free(o);
        return status;
    }
    *out = o;
    return HRNET_OK;
}

void hr_objective_free(hr_objective *o)
{
    if (o == NULL) return;
    hr_pose_objective_free(o);
    hr_boxes_objective_free(o);
    hr_free(o->losses);
    hr_free(o->hits);
    hr_free(o);
}

size_t hr_objective_bytes(const hr_config *config, const hr_graph *graph, int batch)
{
    return hr_config_detects(config) ? hr_boxes_objective_bytes(graph, batch) : hr_pose_objective_bytes(config, batch);
}

void hr_objective_run(hr_objective *o, const hr_pass *pass)
{
    if (hr_config_detects(o->config))
        hr_boxes_objective_run(o, pass);
    else
        hr_pose_objective_run(o, pass);
}

const double *hr_objective_losses(const hr_objective *o)
{
    return o->losses;
}

const hr_joint_hits *hr_objective_hits(const hr_objective *o)
{
    return o->hits;
}

int hr_objective_n_parts(const hr_objective *o)
{
    return o->n_parts;
}

const float *hr_objective_maps(const hr_objective *o)
{
    return o->maps;
}
