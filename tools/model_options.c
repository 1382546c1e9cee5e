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
    if (!*quiet || strncmp(line, "warning:", 8) == 0) tool_error("%s", line);
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
                                         .precision = (hrnet_precision)settings->precision,
                                         .batch = settings->batch,
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
    int status = load_model(net, settings, overrides);
    const hrnet_session_options options = {.threads = settings->threads,
                                           .max_batch = settings->batch != 0 ? settings->batch : 8};
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
    *net = (network){0};
}
