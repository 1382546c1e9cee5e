/* bench_train.c - `hrnet bench --train`: how long one step of training takes here, and what the time and memory go to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet_train.h>

#include "cmd_bench.h"
#include "tool.h"

typedef struct named {
    const char *name;
    double value;
} named;

enum { N_PHASES = 4, N_KINDS = 7, N_BYTES = 6 };

typedef struct result {
    const bench_training *set;
    char *network;              /* as the configuration names it, quotes and all */
    hrnet_training_step *steps; /* by seconds */
    named phases[N_PHASES];     /* seconds of the middle step */
    named kinds[N_KINDS];       /* seconds of a step, all threads together */
    named bytes[N_BYTES];
} result;

static int compare(const void *a, const void *b)
{
    const double left = ((const hrnet_training_step *)a)->seconds, right = ((const hrnet_training_step *)b)->seconds;
    return (left > right) - (left < right);
}

static void name_results(result *found, const hrnet_training_cost *cost)
{
    const hrnet_training_step *const middle = &found->steps[found->set->runs / 2];
    const named phases[N_PHASES] = {{"forward", middle->forward},
                                    {"loss", middle->loss},
                                    {"backward", middle->backward},
                                    {"update", middle->update}};
    const named kinds[N_KINDS] = {{"convolution", cost->conv},
                                  {"input_gradient", cost->input_gradient},
                                  {"weight_gradient", cost->weight_gradient},
                                  {"packing", cost->pack},
                                  {"norm_add_relu", cost->norm_add_relu},
                                  {"norm_add_relu_gradient", cost->norm_add_relu_gradient},
                                  {"other", cost->other}};
    const named bytes[N_BYTES] = {
        {"param_bytes", (double)cost->param_bytes},   {"gradient_bytes", (double)cost->gradient_bytes},
        {"moment_bytes", (double)cost->moment_bytes}, {"activation_bytes", (double)cost->activation_bytes},
        {"work_bytes", (double)cost->work_bytes},     {"peak_bytes", (double)bench_peak_bytes()}};
    memcpy(found->phases, phases, sizeof phases);
    memcpy(found->kinds, kinds, sizeof kinds);
    memcpy(found->bytes, bytes, sizeof bytes);
}

static void print_row(const char *title, const named *values, int n, double factor, const char *unit)
{
    printf("%s:", title);
    for (int i = 0; i < n; i++) {
        const size_t length = strcspn(values[i].name, "_");
        const int is_bytes = strcmp(values[i].name + length, "_bytes") == 0;
        printf("%s %.*s %.1f", i > 0 ? "," : "", (int)(is_bytes ? length : strlen(values[i].name)), values[i].name,
               values[i].value * factor);
    }
    printf(" %s\n", unit);
}

static void print_text(const result *found)
{
    const bench_training *const set = found->set;
    const double median = found->steps[set->runs / 2].seconds;
    printf("%s, training, batch %d, %d steps\n", found->network, set->batch, set->runs);
    printf("time a step: median %.1f ms, fastest %.1f ms; %.2f samples a second\n", median * 1e3,
           found->steps[0].seconds * 1e3, set->batch / median);
    print_row("of it", found->phases, N_PHASES, 1e3, "ms");
    print_row("threads together", found->kinds, N_KINDS, 1e3, "ms");
    print_row("memory", found->bytes, N_BYTES, 1e-6, "MB");
}

static void print_json(const result *found)
{
    const bench_training *const set = found->set;
    const double median = found->steps[set->runs / 2].seconds;
    const named numbers[] = {{"min_ms", found->steps[0].seconds * 1e3},
                             {"median_ms", median * 1e3},
                             {"samples_per_second", set->batch / median}};
    hrnet_json_writer *const json = tool_json_begin();
    hrnet_json_object(json);
    hrnet_json_key(json, "network");
    hrnet_json_text(json, found->network);
    hrnet_json_key(json, "batch");
    hrnet_json_integer(json, set->batch);
    hrnet_json_key(json, "runs");
    hrnet_json_integer(json, set->runs);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        hrnet_json_key(json, numbers[i].name);
        hrnet_json_float(json, (float)numbers[i].value);
    }
    for (int i = 0; i < N_PHASES + N_KINDS; i++) {
        const named *const part = i < N_PHASES ? &found->phases[i] : &found->kinds[i - N_PHASES];
        char *const name = tool_text("%s_ms", part->name);
        hrnet_json_key(json, name);
        hrnet_json_float(json, (float)(part->value * 1e3));
        free(name);
    }
    for (int i = 0; i < N_BYTES; i++) {
        hrnet_json_key(json, found->bytes[i].name);
        hrnet_json_integer(json, (long long)found->bytes[i].value);
    }
    hrnet_json_close(json);
    tool_json_end(json, stdout);
}

int bench_train(const hrnet_config *config, const bench_training *set)
{
    const hrnet_training_options options = {.threads = set->threads, .batch = set->batch, .recompute = set->recompute};
    result found = {.set = set, .steps = tool_alloc((size_t)set->runs, sizeof *found.steps)};
    hrnet_training_cost cost;
    int status = STATUS_DONE;
    if (hrnet_config_get(config, "MODEL.NAME", &found.network) != HRNET_OK ||
        hrnet_training_measure(config, &options, set->runs, found.steps, &cost) != HRNET_OK) {
        status = tool_failed();
    } else {
        qsort(found.steps, (size_t)set->runs, sizeof *found.steps, compare);
        found.network[strcspn(found.network, "\n")] = '\0';
        name_results(&found, &cost);
        (set->json ? print_json : print_text)(&found);
    }
    hrnet_string_free(found.network);
    free(found.steps);
    return status;
}
