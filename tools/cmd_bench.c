/* cmd_bench.c - `hrnet bench`: how long one pass of a network, or a step of training, takes here, and how much memory.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "cmd_bench.h"
#include "command.h"
#include "fetch_options.h"
#include "model_options.h"
#include "tool.h"

typedef struct settings {
    network_settings network;
    int runs, layers, json, train, recompute;
} settings;

static const option options[] = {
    {"runs", 'n', OPTION_INT, "N", "timed passes, or steps of training; default: 20", offsetof(settings, runs), 1,
     100000},
    {"train", 0, OPTION_FLAG, NULL, "steps of training instead: forward, loss, backward, optimiser; without data",
     offsetof(settings, train), 0, 0},
    {"recompute", 0, OPTION_FLAG, NULL, "with --train: less memory, more time", offsetof(settings, recompute), 0, 0},
    {"layers", 0, OPTION_FLAG, NULL, "also the time of every layer, and of every algorithm", offsetof(settings, layers),
     0, 0},
    {"json", 0, OPTION_FLAG, NULL, "as JSON", offsetof(settings, json), 0, 0},
    NETWORK_MODEL_OPTIONS(settings, network),
    NETWORK_RUN_OPTIONS(settings, network),
    {0},
};

static const char details[] =
    "Without --model the weights are initial, which takes the same time; without --config too, the "
    "network is coco/hrnet/w32_256x192. --batch is 1 unless given, with --train 8.";

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* What was measured; seconds are those of one pass divided by its pictures, sorted. */
typedef struct result {
    double *seconds;
    bench_layers layers; /* empty unless asked for */
} result;

static double quantile(const result *found, int runs, double part)
{
    return found->seconds[(int)(part * (runs - 1) + 0.5)];
}

size_t bench_peak_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
}

static int time_passes(const network *net, int batch, int runs, double *seconds)
{
    const hrnet_model_info info = hrnet_model_get_info(net->model);
    const size_t n_in = (size_t)batch * 3 * (size_t)info.input_height * (size_t)info.input_width;
    float *input = tool_alloc(n_in, sizeof *input);
    hrnet_array outputs[HRNET_MAX_OUTPUTS] = {0};
    float *data[HRNET_MAX_OUTPUTS];
    network_new_outputs(net->session, (size_t)batch, outputs, data);
    int status = STATUS_DONE;
    for (size_t i = 0; i < n_in; i++) input[i] = (float)(i * 2654435761u % 4096) / 1024.0f - 2.0f;
    for (int i = -1; i < runs && status == STATUS_DONE; i++) { /* the first pass touches all memory and is not timed */
        const double start = tool_seconds();
        if (hrnet_session_forward_outputs(net->session, input, batch, data) != HRNET_OK) status = tool_failed();
        if (i >= 0) seconds[i] = (tool_seconds() - start) / batch;
    }
    qsort(seconds, (size_t)runs, sizeof *seconds, compare);
    free(input);
    network_free_outputs(outputs);
    return status;
}

static void print_text(const settings *set, const network *net, const result *found)
{
    const hrnet_model_info info = hrnet_model_get_info(net->model);
    const double median = quantile(found, set->runs, 0.5);
    printf("%s %dx%d (height x width), batch %d, %d passes\n", info.name, info.input_height, info.input_width,
           set->network.batch, set->runs);
    printf("time a picture: median %.2f ms, fastest %.2f ms, 10..90 %% of passes %.2f..%.2f ms\n", median * 1e3,
           found->seconds[0] * 1e3, quantile(found, set->runs, 0.1) * 1e3, quantile(found, set->runs, 0.9) * 1e3);
    printf("arithmetic: %.1f GFLOP/s (%.2f x 10^9 multiply-adds a picture, by direct convolution)\n",
           2e-9 * (double)info.n_macs / median, 1e-9 * (double)info.n_macs);
    printf("memory: %.1f MB packed weights, %.1f MB session, %.1f MB peak of the process\n",
           (double)hrnet_model_bytes(net->model) * 1e-6, (double)hrnet_session_bytes(net->session) * 1e-6,
           (double)bench_peak_bytes() * 1e-6);
    if (found->layers.n > 0) bench_layers_print(&found->layers);
}

static void print_json(const settings *set, const network *net, const result *found)
{
    const hrnet_model_info info = hrnet_model_get_info(net->model);
    const struct {
        const char *name;
        double value;
    } times[] = {{"min_ms", found->seconds[0]},
                 {"median_ms", quantile(found, set->runs, 0.5)},
                 {"p10_ms", quantile(found, set->runs, 0.1)},
                 {"p90_ms", quantile(found, set->runs, 0.9)}};
    const struct {
        const char *name;
        size_t value;
    } counts[] = {{"input_height", (size_t)info.input_height},
                  {"input_width", (size_t)info.input_width},
                  {"batch", (size_t)set->network.batch},
                  {"runs", (size_t)set->runs},
                  {"macs", (size_t)info.n_macs},
                  {"weight_bytes", hrnet_model_bytes(net->model)},
                  {"session_bytes", hrnet_session_bytes(net->session)},
                  {"peak_bytes", bench_peak_bytes()}};
    hrnet_json_writer *const json = tool_json_begin();
    hrnet_json_object(json);
    hrnet_json_key(json, "network");
    hrnet_json_text(json, info.name);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        hrnet_json_key(json, times[i].name);
        hrnet_json_float(json, (float)(times[i].value * 1e3));
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        hrnet_json_key(json, counts[i].name);
        hrnet_json_integer(json, (long long)counts[i].value);
    }
    if (found->layers.n > 0) bench_layers_json(&found->layers, json);
    hrnet_json_close(json);
    tool_json_end(json, stdout);
}

static int measure(const settings *set, const network *net)
{
    enum { PROFILED = 10 }; /* passes; the fastest of each layer settles sooner than a median does */
    result found = {.seconds = tool_alloc((size_t)set->runs, sizeof *found.seconds)};
    int status = time_passes(net, set->network.batch, set->runs, found.seconds);
    if (status == STATUS_DONE && set->layers)
        status = bench_layers_measure(&found.layers, net->session, set->network.batch,
                                      set->runs < PROFILED ? set->runs : PROFILED);
    if (status == STATUS_DONE) (set->json ? print_json : print_text)(set, net, &found);
    bench_layers_free(&found.layers);
    free(found.seconds);
    return status;
}

static int measure_training(const settings *set, const char *const *overrides)
{
    const bench_training training = {.threads = set->network.threads,
                                     .batch = set->network.batch != 0 ? set->network.batch : 8,
                                     .runs = set->runs,
                                     .recompute = set->recompute,
                                     .json = set->json};
    int quiet = set->network.quiet;
    hrnet_config *config = NULL;
    if (set->network.model != NULL) return tool_usage("--train and --model: its weights are initial ones");
    if (set->layers) return tool_usage("--train and --layers: there is no table of the layers of a step");
    if (hrnet_config_load(&config, set->network.config, overrides, network_message, &quiet) != HRNET_OK)
        return tool_failed();
    const int status = bench_train(config, &training);
    hrnet_config_free(config);
    return status;
}

static int measure_passes(settings *set, const char *const *overrides)
{
    network net = {0};
    if (set->recompute) return tool_usage("--recompute: expected together with --train");
    if (set->network.batch == 0) set->network.batch = 1;
    int status = network_open(&net, &set->network, overrides, 1);
    if (status == 0) status = measure(set, &net);
    network_close(&net);
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {.runs = 20};
    int n_arguments = 0;
    const char **overrides = NULL;
    int status = options_parse(&command_bench, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (set.network.model == NULL) {
        set.network.initial_weights = 1;
        if (set.network.config == NULL) set.network.config = "coco/hrnet/w32_256x192";
    }
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments > 0) status = tool_usage("'%s': expected options and KEY VALUE pairs only", argv[0]);
    if (status == 0 && !set.train) status = fetch_model(&set.network, -1, &overrides);
    if (status == 0) status = set.train ? measure_training(&set, overrides) : measure_passes(&set, overrides);
    free(overrides);
    return status;
}

const command command_bench = {"bench",
                               "[--model FILE] [--config NAME] [options] [KEY VALUE ...]",
                               "Time a network on this machine.",
                               details,
                               options,
                               run};
