/* cmd_export.c - `hrnet export`: the network in a format that other runtimes read. */
#include <stddef.h>
#include <stdlib.h>

#include "command.h"
#include "fetch_options.h"
#include "model_options.h"
#include "tool.h"

typedef struct settings {
    network_settings network;
    const char *onnx;
} settings;

static const option options[] = {
    {"onnx", 0, OPTION_TEXT, "FILE", "write the network as ONNX; '-' is standard output", offsetof(settings, onnx), 0,
     0},
    {"batch", 'b', OPTION_INT, "N", "pictures of a run; default: left open, as the symbol n",
     offsetof(settings, network.batch), 1, 65536},
    NETWORK_MODEL_OPTIONS(settings, network),
    {0},
};

static const char details[] =
    "ONNX operator set 13, float32, batch norms folded into the convolutions. Input \"input\" [n][3][height][width], "
    "normalised, in the network's channel order; output \"heatmaps\" [n][joints][height/4][width/4], of a detector "
    "\"head_8\", "
    "\"head_16\" and \"head_32\", by stride.\n"
    "Without --model and --config it is the model that ships with hrnet; with --config alone the weights are initial "
    "(random).\n"
    "KEY VALUE pairs at the end change the configuration.";

/* Returns the exit status. */
static int write_onnx(const settings *set, const hrnet_config *config, const char *const *overrides)
{
    int quiet = set->network.quiet, status = STATUS_DONE;
    char *configured = set->network.model == NULL ? network_model_file(config) : NULL;
    const char *path = set->network.model != NULL ? set->network.model : configured;
    hrnet_checkpoint *checkpoint = NULL;
    const hrnet_model_options how = {.config = config,
                                     .overrides = config == NULL ? overrides : NULL,
                                     .allow_missing = set->network.allow_missing,
                                     .on_message = network_message,
                                     .context = &quiet};
    const int is_initial = path == NULL && config != NULL;
    if ((!is_initial && hrnet_checkpoint_load_key(&checkpoint, path, set->network.weights_key) != HRNET_OK) ||
        hrnet_export_onnx(checkpoint, set->onnx, &how, set->network.batch) != HRNET_OK)
        status = tool_failed();
    else if (is_initial)
        tool_error("the weights are initial (random)");
    hrnet_checkpoint_free(checkpoint);
    free(configured);
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {0};
    int n_arguments = 0, quiet;
    const char **overrides = NULL;
    hrnet_config *config = NULL;
    int status = options_parse(&command_export, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (set.onnx == NULL) return tool_usage("expected --onnx FILE");
    quiet = set.network.quiet;
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments > 0) status = tool_usage("'%s': expected options and KEY VALUE pairs only", argv[0]);
    if (status == 0) status = fetch_model(&set.network, -1, &overrides);
    if (status == 0) status = tool_check_output(set.onnx, TOOL_INPUTS(set.network.model, set.network.config));
    if (status == 0 && set.network.config != NULL &&
        hrnet_config_load(&config, set.network.config, overrides, network_message, &quiet) != HRNET_OK)
        status = tool_failed();
    if (status == 0) status = write_onnx(&set, config, overrides);
    hrnet_config_free(config);
    free(overrides);
    return status;
}

const command command_export = {"export",
                                "--onnx FILE [--model FILE] [--config NAME] [options] [KEY VALUE ...]",
                                "Write the network for other runtimes (ONNX).",
                                details,
                                options,
                                run};
