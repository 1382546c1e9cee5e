/* cmd_decode.c - `hrnet decode`: heatmaps of any origin to keypoints in the image. */
#include <stddef.h>
#include <stdlib.h>

#include <hrnet.h>

#include "command.h"
#include "tool.h"

typedef struct settings {
    const char *heatmaps, *center, *scale, *output;
    int decoder;
    float sigma;
} settings;

static const option options[] = {
    {"heatmaps", 'i', OPTION_TEXT, "h.npy", "[n][joints][height][width]", offsetof(settings, heatmaps), 0, 0},
    {"center", 0, OPTION_TEXT, "c.npy", "[n][2], centres of the crops in pixels", offsetof(settings, center), 0, 0},
    {"scale", 0, OPTION_TEXT, "s.npy", "[n][2], width and height of the crops / 200 px", offsetof(settings, scale), 0,
     0},
    {"decode", 'd', OPTION_CHOICE, DECODER_NAMES, "rule; default: auto, which is shift", offsetof(settings, decoder), 0,
     0},
    {"sigma", 0, OPTION_FLOAT, "S", "of the training target in cells, for dark and udp; default: 2",
     offsetof(settings, sigma), 0.1, 100},
    {"output", 'o', OPTION_TEXT, "p.npy", "[n][joints][3]: x, y in image pixels, score; '-' is standard output",
     offsetof(settings, output), 0, 0},
    {0},
};

static int load_pairs(hrnet_array *pairs, const char *path, size_t n)
{
    if (hrnet_array_load(pairs, path) != HRNET_OK) return tool_failed();
    if (pairs->n_dims == 2 && pairs->shape[0] == n && pairs->shape[1] == 2) return 0;
    tool_error("%s: expected the shape [%zu][2], one row a heatmap set", path, n);
    return STATUS_FAILED;
}

static int decode(const settings *set, const hrnet_array *maps, const hrnet_array *center, const hrnet_array *scale)
{
    const size_t n = maps->shape[0], n_joints = maps->shape[1];
    hrnet_crop *crops = tool_alloc(n, sizeof *crops);
    hrnet_keypoint *keypoints = tool_alloc(n * n_joints, sizeof *keypoints);
    for (size_t i = 0; i < n; i++) {
        crops[i] = (hrnet_crop){
            {center->data[2 * i], center->data[2 * i + 1]}, {scale->data[2 * i], scale->data[2 * i + 1]}, 0};
    }
    _Static_assert(sizeof(hrnet_keypoint) == 3 * sizeof(float), "a keypoint is a row of the output array");
    const hrnet_array rows = {3, {n, n_joints, 3}, (float *)keypoints};
    int status = STATUS_DONE;
    if (hrnet_decode_heatmaps(maps->data, (int)n, (int)n_joints, (int)maps->shape[2], (int)maps->shape[3], crops,
                              (hrnet_decoder)set->decoder, set->sigma, keypoints) != HRNET_OK ||
        hrnet_array_save(&rows, set->output) != HRNET_OK)
        status = tool_failed();
    free(crops);
    free(keypoints);
    return status;
}

static int run(int argc, char **argv)
{
    const size_t most = 1 << 24; /* keeps every product of sizes far from overflow */
    settings set = {0};
    int n_arguments = 0;
    int status = options_parse(&command_decode, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (set.heatmaps == NULL || set.center == NULL || set.scale == NULL || set.output == NULL || n_arguments > 0)
        return tool_usage("expected --heatmaps, --center, --scale and --output, and nothing else");
    if (tool_check_output(set.output, TOOL_INPUTS(set.heatmaps, set.center, set.scale)) != 0) return STATUS_USAGE;
    hrnet_array maps = {0}, center = {0}, scale = {0};
    status = hrnet_array_load(&maps, set.heatmaps) != HRNET_OK ? tool_failed() : STATUS_DONE;
    if (status == STATUS_DONE && (maps.n_dims != 4 || maps.shape[0] > most || maps.shape[1] > most ||
                                  maps.shape[2] > most || maps.shape[3] > most)) {
        tool_error("%s: expected the shape [n][joints][height][width]", set.heatmaps);
        status = STATUS_FAILED;
    }
    if (status == STATUS_DONE) status = load_pairs(&center, set.center, maps.shape[0]);
    if (status == STATUS_DONE) status = load_pairs(&scale, set.scale, maps.shape[0]);
    if (status == STATUS_DONE) status = decode(&set, &maps, &center, &scale);
    hrnet_array_free(&maps);
    hrnet_array_free(&center);
    hrnet_array_free(&scale);
    return status;
}

const command command_decode = {"decode",
                                "--heatmaps h.npy --center c.npy --scale s.npy --output p.npy [options]",
                                "Turn heatmaps into keypoints.",
                                NULL,
                                options,
                                run};
