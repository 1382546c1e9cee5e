/* bench.c - `hrnet bench`: how long one pass of a network takes here. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "command.h"
#include "network.h"
#include "tool.h"

typedef struct settings {
    network_settings network;
    int runs;
} settings;

static const option options[] = {
    {"runs", 'n', OPTION_INT, "N", "timed passes; default: 20", offsetof(settings, runs), 1, 100000},
    NETWORK_MODEL_OPTIONS(settings, network),
    NETWORK_RUN_OPTIONS(settings, network),
    {0},
};

static const char details[] =
    "Without --model the weights are initial, which takes the same time; without --config too, the "
    "network is coco/hrnet/w32_256x192. --batch is 1 unless given.";

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static int measure(const network *net, int batch, int runs)
{
    const hrnet_model_info info = hrnet_model_get_info(net->model);
    const size_t n_in = (size_t)batch * 3 * (size_t)info.input_height * (size_t)info.input_width,
                 n_out =
                     (size_t)batch * (size_t)info.n_joints * (size_t)info.heatmap_height * (size_t)info.heatmap_width;
    float *input = tool_alloc(n_in, sizeof *input), *output = tool_alloc(n_out, sizeof *output);
    double *seconds = tool_alloc((size_t)runs, sizeof *seconds);
    int status = STATUS_DONE;
    for (size_t i = 0; i < n_in; i++) input[i] = (float)(i * 2654435761u % 4096) / 1024.0f - 2.0f;
    for (int i = -1; i < runs && status == STATUS_DONE; i++) { /* the first pass touches all memory and is not timed */
        const double start = now();
        if (hrnet_session_forward(net->session, input, batch, output) != HRNET_OK) status = tool_failed();
        if (i >= 0) seconds[i] = (now() - start) / batch;
    }
    if (status == STATUS_DONE) {
        qsort(seconds, (size_t)runs, sizeof *seconds, compare);
        const double median = seconds[runs / 2];
        printf("%s %dx%d (height x width), batch %d, %d passes: median %.2f ms a picture, fastest %.2f ms, "
               "%.1f multiply-adds a nanosecond, %.1f MB of session memory\n",
               info.name, info.input_height, info.input_width, batch, runs, median * 1e3, seconds[0] * 1e3,
               (double)info.n_macs / median * 1e-9, (double)hrnet_session_bytes(net->session) * 1e-6);
    }
    free(input);
    free(output);
    free(seconds);
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {.runs = 20, .network.batch = 1};
    int n_arguments = 0;
    const char **overrides = NULL;
    int status = options_parse(&command_bench, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (set.network.model == NULL) {
        set.network.initial_weights = 1;
        if (set.network.config == NULL) set.network.config = "coco/hrnet/w32_256x192";
    }
    network net = {0};
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments > 0) status = tool_usage("'%s': expected options and KEY VALUE pairs only", argv[0]);
    if (status == 0) status = network_open(&net, &set.network, overrides, 1);
    if (status == 0) status = measure(&net, set.network.batch, set.runs);
    network_close(&net);
    free(overrides);
    return status;
}

const command command_bench = {"bench",
                               "[--model FILE] [--config NAME] [options] [KEY VALUE ...]",
                               "Time a network on this machine.",
                               details,
                               options,
                               run};
