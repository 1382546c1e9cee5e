/*
 * objective_pose.c - heatmaps of joints: JointsMSELoss or JointsOHKMMSELoss, and the published accuracy.
 *
 * The network has cells outermost, [cells][ld] with n_joints padded to ld; the loss wants whole maps, [n_joints]
 * [cells]. So: transpose, compute, transpose the gradient back (padding 0).
 */
#include <string.h>

#include "base/mem.h"
#include "cpu/conv/conv.h"
#include "train/objective_internal.h"

static size_t n_cells(const hr_config *config)
{
    return (size_t)config->model.heatmap_size[0] * (size_t)config->model.heatmap_size[1];
}

hrnet_status hr_pose_objective_create(hr_objective *o)
{
    const size_t n = (size_t)o->batch * (size_t)o->config->model.n_joints;
    HR_NEW(o->maps, n * n_cells(o->config));
    HR_NEW(o->gradients, n * n_cells(o->config));
    HR_NEW(o->joint_losses, n);
    return HRNET_OK;
}

void hr_pose_objective_free(hr_objective *o)
{
    hr_free(o->maps);
    hr_free(o->gradients);
    hr_free(o->joint_losses);
}

size_t hr_pose_objective_bytes(const hr_config *config, int batch)
{
    return 2 * (size_t)batch * (size_t)config->model.n_joints * n_cells(config) * sizeof(float);
}

typedef struct pose_pass {
    hr_objective *o;
    const hr_pass *pass;
} pose_pass;

/* Task: loss, gradient and accuracy of picture i. */
static void compute(void *context, int i)
{
    const pose_pass *const r = context;
    hr_objective *const o = r->o;
    const hr_config *const config = o->config;
    const int n_joints = config->model.n_joints, *const size = config->model.heatmap_size;
    const size_t cells = n_cells(config), ld = (size_t)hr_padded(n_joints), at = (size_t)i * (size_t)n_joints;
    const float *const out = hr_backprop_output(r->pass->net, 0, i);
    float *const back = hr_backprop_output_gradient(r->pass->net, 0, i);
    float *const maps = o->maps + at * cells, *const gradients = o->gradients + at * cells;
    const hr_example *const example = &r->pass->examples[i];
    const float *const weights = config->loss.use_target_weight ? example->weights : NULL;
    for (int j = 0; j < n_joints; j++)
        for (size_t c = 0; c < cells; c++) maps[(size_t)j * cells + c] = out[c * ld + (size_t)j];
    o->losses[i] =
        config->loss.use_ohkm
            ? hr_joints_ohkm(maps, example->targets, weights, n_joints, cells, config->loss.topk, o->joint_losses + at,
                             r->pass->scale, gradients)
            : hr_joints_mse_gradient(maps, example->targets, weights, n_joints, cells, r->pass->scale, gradients);
    for (size_t c = 0; c < cells; c++) {
        for (int j = 0; j < n_joints; j++) back[c * ld + (size_t)j] = gradients[(size_t)j * cells + c];
        for (size_t j = (size_t)n_joints; j < ld; j++) back[c * ld + j] = 0;
    }
    memset(o->hits + at, 0, (size_t)n_joints * sizeof *o->hits);
    hr_count_hits(maps, example->targets, n_joints, size[1], size[0], o->hits + at);
}

void hr_pose_objective_run(hr_objective *o, const hr_pass *pass)
{
    pose_pass r = {o, pass};
    hr_backprop_parallel(pass->net, pass->n, compute, &r);
}
