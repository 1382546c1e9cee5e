/* cmd_forward.c - `hrnet forward`: the bare network on an array, for whoever checks parity. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fetch_options.h"
#include "model_options.h"
#include "tool.h"

typedef struct settings {
    network_settings network;
    const char *input, *output;
    int flip_test, shift, is_reference;
} settings;

static const option options[] = {
    {"input", 'i', OPTION_TEXT, "x.npy",
     "[n][3][height][width], normalised, in the network's channel order; '-' is standard "
     "input",
     offsetof(settings, input), 0, 0},
    {"output", 'o', OPTION_TEXT, "y.npy",
     "heatmaps [n][joints][height/4][width/4]; '-' is standard output; of a detector y_head_8.npy, y_head_16.npy and "
     "y_head_32.npy, [n][numbers of a cell][height/stride][width/stride]",
     offsetof(settings, output), 0, 0},
    NETWORK_MODEL_OPTIONS(settings, network),
    NETWORK_DESCRIPTION_OPTION(settings, network),
    {"flip-test", 0, OPTION_INT, "0|1", "average with the mirrored input; default: 0", offsetof(settings, flip_test), 0,
     1},
    {"shift", 0, OPTION_INT, "0|1", "of the flip test: move mirrored heatmaps one cell (SHIFT_HEATMAP); default: 1",
     offsetof(settings, shift), 0, 1},
    {"reference", 0, OPTION_FLAG, NULL,
     "in double precision and by the plainest loops, to settle which of two results is right: seconds a picture",
     offsetof(settings, is_reference), 0, 0},
    NETWORK_RUN_OPTIONS(settings, network),
    {0},
};

static const char details[] =
    "Only the options decide about the flip test; TEST.* keys of the configuration are not asked.\n"
    "--reference computes the network as published, without packed weights, fast algorithms or threads; --threads and "
    "--batch change nothing there, and --precision fp16w is refused.\n"
    "KEY VALUE pairs at the end change the configuration of --config.";

/* 0 for an input of the right shape; STATUS_FAILED after a message for any other. */
static int check_input(const hrnet_array *input, const hrnet_model_info *info, const char *path)
{
    const size_t height = (size_t)info->input_height, width = (size_t)info->input_width;
    if (input->n_dims == 4 && input->shape[1] == 3 && input->shape[2] == height && input->shape[3] == width &&
        input->shape[0] != 0 && input->shape[0] <= 1 << 20)
        return STATUS_DONE;
    char found[256];
    int at = snprintf(found, sizeof found, "%s", input->n_dims == 0 ? "a number" : "");
    for (int i = 0; i < input->n_dims; i++)
        at += snprintf(found + at, sizeof found - (size_t)at, "[%zu]", input->shape[i]);
    tool_error("%s: shape: expected [n][3][%zu][%zu] with n >= 1, found %s", path, height, width, found);
    return STATUS_FAILED;
}

/* Save the only output as the user calls it, one of several as "y_NAME.npy". */
static int save_output(const hrnet_array *output, const char *path, const char *name, int n_outputs)
{
    const size_t length = strlen(path), stem = tool_has_ending(path, ".npy") ? length - 4 : length;
    char *const own = n_outputs > 1 ? tool_text("%.*s_%s%s", (int)stem, path, name, path + stem) : NULL;
    const hrnet_status status = hrnet_array_save(output, own != NULL ? own : path);
    free(own);
    return status == HRNET_OK ? STATUS_DONE : tool_failed();
}

/* Several outputs have no place on standard output. */
static int check_several(const settings *set, int n_outputs)
{
    if (n_outputs == 1 || strcmp(set->output, "-") != 0) return STATUS_DONE;
    return tool_usage("--output -: the %d outputs of a detector need a file's name", n_outputs);
}

static int run_arrays(const settings *set, const network *net, const hrnet_array *input)
{
    const hrnet_model_info info = hrnet_model_get_info(net->model);
    hrnet_array outputs[HRNET_MAX_OUTPUTS] = {0};
    float *data[HRNET_MAX_OUTPUTS];
    int status = check_input(input, &info, set->input);
    if (status == STATUS_DONE) status = check_several(set, hrnet_session_n_outputs(net->session));
    if (status == STATUS_DONE && set->flip_test)
        status = info.task == HRNET_TASK_POSE ? network_check_flip("--flip-test", hrnet_model_skeleton(net->model))
                                              : network_check_pose(net, &set->network);
    if (status != STATUS_DONE) return status;
    const int n = (int)input->shape[0];
    const int n_outputs = network_new_outputs(net->session, input->shape[0], outputs, data);
    const hrnet_status result = set->flip_test
                                    ? hrnet_session_forward_flip(net->session, input->data, n, set->shift, data[0])
                                    : hrnet_session_forward_outputs(net->session, input->data, n, data);
    if (result != HRNET_OK) status = tool_failed();
    for (int k = 0; k < n_outputs && status == STATUS_DONE; k++)
        status = save_output(&outputs[k], set->output, hrnet_session_output(net->session, k).name, n_outputs);
    network_free_outputs(outputs);
    return status;
}

/* The network in this processor's fast arithmetic. */
static int run_session(const settings *set, const char *const *overrides)
{
    network net = {0};
    hrnet_array input = {0};
    int status = network_open(&net, &set->network, overrides, 1);
    if (status == 0 && hrnet_array_load(&input, set->input) != HRNET_OK) status = tool_failed();
    if (status == 0) status = run_arrays(set, &net, &input);
    hrnet_array_free(&input);
    network_close(&net);
    return status;
}

/* Save what the reference made, under the names that a session's outputs have. */
static int save_reference(const settings *set, const hrnet_array *outputs, int n_outputs)
{
    int status = check_several(set, n_outputs);
    for (int k = 0; k < n_outputs && status == STATUS_DONE; k++) {
        char name[16];
        snprintf(name, sizeof name, "head_%d", 8 << k);
        status = save_output(&outputs[k], set->output, name, n_outputs);
    }
    return status;
}

/* The same network in double precision. checkpoint NULL: initial weights; config NULL: what the checkpoint carries. */
static int run_reference_on(const settings *set, const hrnet_checkpoint *checkpoint, const hrnet_config *config,
                            const hrnet_dataset_info *info, const char *const *overrides)
{
    int quiet = set->network.quiet, status = STATUS_DONE;
    const hrnet_model_options how = {.config = config,
                                     .overrides = config == NULL ? overrides : NULL,
                                     .allow_missing = set->network.allow_missing,
                                     .skeleton = info != NULL ? &info->skeleton : NULL,
                                     .on_message = network_message,
                                     .context = &quiet};
    hrnet_array input = {0}, outputs[HRNET_MAX_OUTPUTS] = {0};
    int n_outputs = 1;
    if (hrnet_array_load(&input, set->input) != HRNET_OK) return tool_failed();
    const hrnet_status result = set->flip_test
                                    ? hrnet_reference_forward(&outputs[0], checkpoint, &how, &input, 1, set->shift)
                                    : hrnet_reference_outputs(outputs, &n_outputs, checkpoint, &how, &input);
    if (result == HRNET_ERR_ARGUMENT) { /* the library does not know the array's file */
        tool_error("%s: %s", set->input, hrnet_last_error());
        status = STATUS_FAILED;
    } else if (result != HRNET_OK) {
        status = tool_failed();
    } else {
        status = save_reference(set, outputs, n_outputs);
    }
    hrnet_array_free(&input);
    for (int k = 0; k < n_outputs; k++) hrnet_array_free(&outputs[k]);
    return status;
}

static int run_reference(const settings *set, const char *const *overrides)
{
    int quiet = set->network.quiet, status;
    hrnet_config *config = NULL;
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_dataset_info *info = NULL;
    char *path = NULL;
    if (set->network.precision != HRNET_FP32)
        return tool_usage("--reference and --precision fp16w exclude each other: the reference has no packed weights");
    if (set->network.config != NULL &&
        hrnet_config_load(&config, set->network.config, overrides, network_message, &quiet) != HRNET_OK)
        return tool_failed();
    status = network_description(&set->network, &info);
    if (status == 0) status = network_weights_file(&set->network, config, &path);
    if (status == 0 && !set->network.initial_weights &&
        hrnet_checkpoint_load_key(&checkpoint, path, set->network.weights_key) != HRNET_OK)
        status = tool_failed();
    if (status == 0) status = run_reference_on(set, checkpoint, config, info, overrides);
    hrnet_checkpoint_free(checkpoint);
    hrnet_dataset_info_free(info);
    hrnet_config_free(config);
    free(path);
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {.shift = 1};
    int n_arguments = 0;
    const char **overrides = NULL;
    int status = options_parse(&command_forward, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (set.input == NULL || set.output == NULL) return tool_usage("expected --input x.npy and --output y.npy");
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments > 0) status = tool_usage("'%s': expected options and KEY VALUE pairs only", argv[0]);
    if (status == 0) status = fetch_model(&set.network, -1, &overrides);
    if (status == 0)
        status = tool_check_output(set.output, TOOL_INPUTS(set.input, set.network.model, set.network.config));
    if (status == 0) status = set.is_reference ? run_reference(&set, overrides) : run_session(&set, overrides);
    free(overrides);
    return status;
}

const command command_forward = {"forward",
                                 "--model FILE --input x.npy --output y.npy [options] [KEY VALUE ...]",
                                 "Run the bare network on an array.",
                                 details,
                                 options,
                                 run};
