/* cmd_convert.c - `hrnet convert`: weights of any layout to one of ours. */
#include <stddef.h>

#include "command.h"
#include "fetch_options.h"
#include "model_options.h"
#include "tool.h"

typedef struct settings {
    network_settings network; /* config, weights_key and description of it */
    int half;
} settings;

static const option options[] = {
    {"config", 'c', OPTION_TEXT, "NAME",
     "experiment that the weights belong to; default: what IN carries, else its tensors",
     offsetof(settings, network.config), 0, 0},
    {"weights-key", 0, OPTION_TEXT, "KEY",
     "which of several networks in IN, by a part of its path: ema, teacher, state_dict; default: a whole pose network, "
     "state_dict first",
     offsetof(settings, network.weights_key), 0, 0},
    NETWORK_DESCRIPTION_OPTION(settings, network),
    NETWORK_YES_OPTION(settings, network),
    {"half", 0, OPTION_FLAG, NULL, "store weights as float16 (.safetensors only)", offsetof(settings, half), 0, 0},
    {0},
};

static const char details[] =
    "IN is a .pth of any published layout or a .safetensors file, told apart by content, or a "
    "name of `hrnet fetch --list`. OUT "
    "ending in .safetensors holds "
    "weights, configuration and keypoints in one file; ending in .pth it is a flat state "
    "dict with the official names, which "
    "PyTorch's torch.load reads.\n"
    "What nobody knows of the weights (their keypoints, codec, input size) is not written "
    "as known; --config and --description say it. Of a .pth it is told what has no place "
    "there.";

static int run(int argc, char **argv)
{
    settings set = {0};
    int n_arguments = 0;
    int status = options_parse(&command_convert, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (n_arguments != 2) return tool_usage("expected IN and OUT");
    const int to_pth = tool_has_ending(argv[1], ".pth");
    if (!to_pth && !tool_has_ending(argv[1], ".safetensors"))
        return tool_usage("%s: expected the ending .safetensors or .pth", argv[1]);
    if (to_pth && set.half) return tool_usage("--half goes with .safetensors only");
    const char *in = argv[0];
    status = fetch_named(&in, NULL, "IN", -1, set.network.yes, 0);
    if (status != 0) return status;
    if (tool_check_output(argv[1], TOOL_INPUTS(in, set.network.config, set.network.description)) != 0)
        return STATUS_USAGE;
    hrnet_config *config = NULL;
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_dataset_info *info = NULL;
    int quiet = 1; /* warnings only */
    if (set.network.config != NULL &&
        hrnet_config_load(&config, set.network.config, NULL, network_message, &quiet) != HRNET_OK)
        return tool_failed();
    status = network_description(&set.network, &info);
    const hrnet_save_options how = {.format = to_pth ? HRNET_PTH : HRNET_SAFETENSORS,
                                    .half = set.half,
                                    .config = config,
                                    .skeleton = info != NULL ? &info->skeleton : NULL,
                                    .on_message = network_message,
                                    .context = &quiet};
    if (status != 0)
        status = STATUS_FAILED;
    else if (hrnet_checkpoint_load_key(&checkpoint, in, set.network.weights_key) != HRNET_OK ||
             hrnet_checkpoint_save(checkpoint, argv[1], &how) != HRNET_OK)
        status = tool_failed();
    else
        status = STATUS_DONE;
    hrnet_checkpoint_free(checkpoint);
    hrnet_config_free(config);
    hrnet_dataset_info_free(info);
    return status;
}

const command command_convert = {
    "convert", "IN OUT [options]", "Write weights as .safetensors or as a .pth for PyTorch.", details, options, run};
