/*
 * session/reference_heatmaps.c - what a session computes, by the double reference instead of the engine: no packed
 * weights, no fused norms, one picture after the other, one thread.
 */
#include <stdio.h>

#include "base/mem.h"
#include "graph/reference_forward.h"
#include "networks/registry.h"
#include "pose/decode.h"
#include "pose/skeleton.h"
#include "session/model.h"
#include "session/reference.h"
#include "weights/bound_network.h"

enum { CHANNELS = 3 };

/* A run over the pictures of an array. */
typedef struct reference_run {
    const hr_bound_network *network;
    const hrnet_skeleton *skeleton;
    int flip, shift;
    size_t picture_floats, map_floats; /* of one picture: input, heatmaps */
    float *mirrored_input;             /* [picture_floats] */
    float *mirrored_maps;              /* [map_floats] */
    double *maps;                      /* [map_floats] */
} reference_run;

/* Heatmaps of one picture, rounded to float. */
static hrnet_status run_picture(const reference_run *r, const float *input, float *maps)
{
    double *outputs[HR_MAX_OUTPUTS] = {r->maps}; /* heatmaps are the first */
    HR_TRY(hr_reference_forward(&r->network->graph, &r->network->weights, input, 1, outputs, NULL, NULL));
    for (size_t i = 0; i < r->map_floats; i++) maps[i] = (float)r->maps[i];
    return HRNET_OK;
}

static void mirror(const reference_run *r, const float *input)
{
    const size_t width = (size_t)r->network->graph.nodes[0].w;
    for (size_t row = 0; row < r->picture_floats; row += width)
        for (size_t x = 0; x < width; x++) r->mirrored_input[row + x] = input[row + width - 1 - x];
}

static hrnet_status run_pictures(const reference_run *r, const float *input, size_t n, float *maps)
{
    const hr_node *out = &r->network->graph.nodes[r->network->graph.outputs[0].node];
    for (size_t i = 0; i < n; i++, input += r->picture_floats, maps += r->map_floats) {
        HR_TRY(run_picture(r, input, maps));
        if (!r->flip) continue;
        mirror(r, input);
        HR_TRY(run_picture(r, r->mirrored_input, r->mirrored_maps));
        hr_flip_average(maps, r->mirrored_maps, out->c, out->h, out->w, r->skeleton->flip_pairs,
                        r->skeleton->n_flip_pairs, r->shift);
    }
    return HRNET_OK;
}

hrnet_status hr_reference_check_input(const hrnet_array *input, const hr_graph *graph)
{
    const hr_node *const in = &graph->nodes[0];
    const size_t *shape = input->shape;
    char found[256] = "a number";
    if (input->n_dims == 4 && shape[0] >= 1 && shape[1] == CHANNELS && shape[2] == (size_t)in->h &&
        shape[3] == (size_t)in->w)
        return HRNET_OK;
    for (int i = 0, at = 0; i < input->n_dims && i < 8; i++)
        at += snprintf(found + at, sizeof found - (size_t)at, "[%zu]", shape[i]);
    return hr_fail(HRNET_ERR_ARGUMENT, "input: shape: expected [n][%d][%d][%d] with n >= 1, found %s", CHANNELS, in->h,
                   in->w, found);
}

static hrnet_status run_array(reference_run *r, const hrnet_array *input, hrnet_array *heatmaps)
{
    const hr_node *out = &r->network->graph.nodes[r->network->graph.outputs[0].node];
    const size_t n = input->shape[0];
    float *maps;
    HR_NEW(r->maps, r->map_floats);
    HR_NEW(r->mirrored_input, r->picture_floats);
    HR_NEW(r->mirrored_maps, r->map_floats);
    HR_NEW(maps, n * r->map_floats);
    const hrnet_status status = run_pictures(r, input->data, n, maps);
    if (status == HRNET_OK)
        *heatmaps =
            (hrnet_array){.n_dims = 4, .shape = {n, (size_t)out->c, (size_t)out->h, (size_t)out->w}, .data = maps};
    else
        hr_free(maps);
    return status;
}

static hrnet_status run_network(const hr_bound_network *network, const hrnet_skeleton *skeleton, int flip, int shift,
                                const hrnet_array *input, hrnet_array *heatmaps)
{
    const hr_node *in = &network->graph.nodes[0], *out = &network->graph.nodes[network->graph.outputs[0].node];
    HR_TRY(hr_reference_check_input(input, &network->graph));
    if (flip) HR_TRY(hr_skeleton_check_flip(skeleton));
    reference_run r = {.network = network,
                       .skeleton = skeleton,
                       .flip = flip,
                       .shift = shift,
                       .picture_floats = CHANNELS * (size_t)in->h * (size_t)in->w,
                       .map_floats = (size_t)out->c * (size_t)out->h * (size_t)out->w};
    const hrnet_status status = run_array(&r, input, heatmaps);
    hr_free(r.maps);
    hr_free(r.mirrored_input);
    hr_free(r.mirrored_maps);
    return status;
}

/* Warn of joints whose meaning is guessed. */
static void report_guess(const hrnet_skeleton *skeleton, hrnet_skeleton_origin origin,
                         const hr_skeleton_sources *sources, const hrnet_model_options *options)
{
    hr_text joints = {0};
    char line[1024];
    hr_skeleton_guess_text(skeleton, origin, &joints);
    if (joints.length > 0 && !joints.failed && options->on_message != NULL) {
        snprintf(line, sizeof line, "%s%.500s does not say, and is assumed to have: %s; --description FILE names them",
                 origin == HRNET_SKELETON_GUESSED ? "warning: " : "", sources->path, joints.data);
        options->on_message(options->context, line);
    }
    hr_text_free(&joints);
}

hrnet_status hrnet_reference_forward(hrnet_array *heatmaps, const hrnet_checkpoint *checkpoint,
                                     const hrnet_model_options *options, const hrnet_array *input, int flip, int shift)
{
    const hrnet_model_options defaults = {0};
    hr_bound_network *network = NULL;
    hr_owned_skeleton owned = {0};
    const hrnet_skeleton *skeleton = NULL;
    hrnet_skeleton_origin origin;
    if (options == NULL) options = &defaults;
    if (heatmaps == NULL || input == NULL || input->data == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_reference_forward: an argument is NULL");
    if (checkpoint == NULL && options->config == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_reference_forward: neither a checkpoint nor a configuration");
    HR_TRY(hr_bound_network_create(&network, checkpoint, options));
    if (hr_network_find(network->config.model.name)->task != HRNET_TASK_POSE) {
        const hrnet_status refused =
            hr_fail(HRNET_ERR_MISMATCH, "%s: expected a pose network, found %s, which is a detector",
                    network->config.source, network->config.model.name);
        hr_bound_network_free(network);
        return refused;
    }
    const int knows_config = options->config != NULL || hr_checkpoint_knows_config(checkpoint);
    const hr_skeleton_sources sources = {.given = options->skeleton,
                                         .tensors = checkpoint != NULL ? &checkpoint->tensors : NULL,
                                         .dataset = knows_config ? network->config.dataset.dataset : NULL,
                                         .n_joints = network->config.model.n_joints,
                                         .path = checkpoint != NULL ? checkpoint->path : network->config.source};
    hrnet_status status = hr_skeleton_read(&skeleton, &origin, &owned, &sources);
    if (status == HRNET_OK) report_guess(skeleton, origin, &sources, options);
    if (status == HRNET_OK) status = run_network(network, skeleton, flip, shift, input, heatmaps);
    hr_skeleton_free(&owned);
    hr_bound_network_free(network);
    return status;
}
