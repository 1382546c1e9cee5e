/* model_options.c - loads the network that the command line names. */
#include "model_options.h"

#include <stdlib.h>
#include <string.h>

#include "tool.h"

static int is_key(const char *text)
{
    static const char *const sections[] = {"CUDNN.", "DATASET.", "DEBUG.", "LOSS.", "MODEL.", "TEST.", "TRAIN."};
    static const char *const roots[] = {"OUTPUT_DIR", "LOG_DIR", "DATA_DIR",    "GPUS",      "WORKERS",
                                        "PRINT_FREQ", "RANK",    "AUTO_RESUME", "PIN_MEMORY"};
    if (text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")] != '\0') return 0;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strncmp(text, sections[i], strlen(sections[i])) == 0) return 1;
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (strcmp(text, roots[i]) == 0) return 1;
    return 0;
}

int network_overrides(char **arguments, int *n_arguments, const char ***out)
{
    int first = 0;
    while (first < *n_arguments && !is_key(arguments[first])) first++;
    const int n = *n_arguments - first;
    if (n % 2 != 0) return tool_usage("%s: expected a value after it", arguments[*n_arguments - 1]);
    const char **pairs = tool_alloc((size_t)n + 1, sizeof *pairs);
    for (int i = 0; i < n; i++) pairs[i] = arguments[first + i];
    *n_arguments = first;
    *out = pairs;
    return 0;
}

void network_message(void *context, const char *line)
{
    const int *quiet = context;
    if (!*quiet || network_is_warning(line)) tool_error("%s", line);
}

int network_is_warning(const char *line)
{
    return strncmp(line, "warning:", 8) == 0;
}

int network_description(const network_settings *settings, hrnet_dataset_info **out)
{
    *out = NULL;
    if (settings->description == NULL) return 0;
    return hrnet_dataset_info_load(out, settings->description) == HRNET_OK ? 0 : tool_failed();
}

int network_check_flip(const char *option, const hrnet_skeleton *skeleton)
{
    if (skeleton->pairs_from == HRNET_PAIRS_UNKNOWN) {
        tool_error("%s: which of the %d keypoints are left and right is not known (%s, ...): give --description FILE "
                   "with names or flip_pairs, or do without the flip test",
                   option, skeleton->n_keypoints, skeleton->keypoint_names[0]);
        return STATUS_FAILED;
    }
    if (skeleton->pairs_from == HRNET_PAIRS_NONE_FOUND)
        tool_error(
            "warning: flip test: no name of the %d keypoints tells left from right (%s, ...): none are exchanged; "
            "flip_pairs in --description says which are ([] if none)",
            skeleton->n_keypoints, skeleton->keypoint_names[0]);
    return 0;
}

char *network_model_file(const hrnet_config *config)
{
    char *yaml = NULL;
    if (config == NULL || hrnet_config_get(config, "TEST.MODEL_FILE", &yaml) != HRNET_OK) return NULL;
    const size_t start = strspn(yaml, "'\" \n"), length = strcspn(yaml + start, "'\"\n");
    char *path = length > 0 ? tool_text("%.*s", (int)length, yaml + start) : NULL;
    hrnet_string_free(yaml);
    return path;
}

int network_weights_file(const network_settings *settings, const hrnet_config *config, char **out)
{
    char *path = settings->model != NULL ? tool_text("%s", settings->model) : network_model_file(config);
    int status = 0;
    if (path == NULL && config != NULL && !settings->initial_weights)
        status = tool_usage("no weights for %s: give --model FILE, or --initial-weights to try the machinery without; "
                            "the model that ships with hrnet runs without --config",
                            settings->config);
    else if (path == NULL && config == NULL && settings->initial_weights)
        status = tool_usage("--initial-weights needs --config NAME");
    else if (path != NULL && settings->initial_weights)
        status = tool_usage("--initial-weights and a weights file (%s) exclude each other", path);
    if (status != 0) {
        free(path);
        return status;
    }
    if (settings->initial_weights) tool_error("the weights are initial (random): the result means nothing");
    *out = path;
    return 0;
}

static int load_model(network *net, const network_settings *settings, const char *const *overrides)
{
    int quiet = settings->quiet;
    const hrnet_model_options options = {.config = net->config,
                                         .overrides = net->config == NULL ? overrides : NULL,
                                         .allow_missing = settings->allow_missing,
                                         .weights_key = settings->weights_key,
                                         .precision = (hrnet_precision)settings->precision,
                                         .batch = settings->batch,
                                         .memory_limit = (uint64_t)settings->memory_limit << 20,
                                         .skeleton = net->info != NULL ? &net->info->skeleton : NULL,
                                         .on_message = network_message,
                                         .context = &quiet};
    char *path = NULL;
    int status = network_weights_file(settings, net->config, &path);
    if (status == 0 && hrnet_model_load(&net->model, path, &options) != HRNET_OK) status = tool_failed();
    free(path);
    return status;
}

int network_open(network *net, const network_settings *settings, const char *const *overrides, int with_session)
{
    int quiet = settings->quiet;
    *net = (network){0};
    if (settings->config != NULL &&
        hrnet_config_load(&net->config, settings->config, overrides, network_message, &quiet) != HRNET_OK)
        return tool_failed();
    int status = network_description(settings, &net->info);
    if (status == 0) status = load_model(net, settings, overrides);
    const hrnet_session_options options = {.threads = settings->threads,
                                           .max_batch = settings->batch != 0 ? settings->batch : 8,
                                           .memory_limit = (uint64_t)settings->memory_limit << 20};
    if (status == 0 && with_session && hrnet_session_create(&net->session, net->model, &options) != HRNET_OK)
        status = tool_failed();
    if (status != 0) network_close(net);
    return status;
}

void network_close(network *net)
{
    hrnet_session_free(net->session);
    hrnet_model_free(net->model);
    hrnet_config_free(net->config);
    hrnet_dataset_info_free(net->info);
    *net = (network){0};
}

int network_new_outputs(const hrnet_session *session, size_t n, hrnet_array outputs[HRNET_MAX_OUTPUTS],
                        float *data[HRNET_MAX_OUTPUTS])
{
    const int n_outputs = hrnet_session_n_outputs(session);
    for (int k = 0; k < n_outputs; k++) {
        const hrnet_output of = hrnet_session_output(session, k);
        outputs[k] = (hrnet_array){.n_dims = 4, .shape = {n, (size_t)of.channels, (size_t)of.height, (size_t)of.width}};
        data[k] = outputs[k].data =
            tool_alloc(n * outputs[k].shape[1] * outputs[k].shape[2] * outputs[k].shape[3], sizeof(float));
    }
    return n_outputs;
}

void network_free_outputs(hrnet_array outputs[HRNET_MAX_OUTPUTS])
{
    for (int k = 0; k < HRNET_MAX_OUTPUTS; k++) free(outputs[k].data);
}

int network_check_pose(const network *net, const network_settings *settings)
{
    const hrnet_model_info info = hrnet_model_get_info(net->model);
    if (info.task == HRNET_TASK_POSE) return 0;
    tool_error("%s: expected a pose network (pose_hrnet, pose_resnet), found %s, which is a detector",
               settings->model != NULL ? settings->model : settings->config, info.name);
    return STATUS_FAILED;
}
