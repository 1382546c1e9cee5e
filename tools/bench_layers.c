/* bench_layers.c - the part of `hrnet bench` that looks inside a pass. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_bench.h"
#include "tool.h"

/* All layers that are computed in one way. */
typedef struct group {
    const char *name;
    size_t n_layers, weight_bytes;
    uint64_t macs;
    double seconds;
} group;

enum { MAX_GROUPS = 32 };

int bench_layers_measure(bench_layers *out, hrnet_session *session, int batch, int n_passes)
{
    *out = (bench_layers){.batch = batch};
    for (int pass = 0; pass < n_passes; pass++) {
        hrnet_layer *layers = NULL;
        size_t n = 0;
        if (hrnet_session_profile(session, batch, &layers, &n) != HRNET_OK) {
            bench_layers_free(out);
            return tool_failed();
        }
        for (size_t i = 0; pass > 0 && i < n; i++)
            if (out->layers[i].seconds < layers[i].seconds) layers[i].seconds = out->layers[i].seconds;
        hrnet_layers_free(out->layers);
        out->layers = layers;
        out->n = n;
    }
    return STATUS_DONE;
}

void bench_layers_free(bench_layers *layers)
{
    hrnet_layers_free(layers->layers);
    *layers = (bench_layers){0};
}

/* Arithmetic operations a nanosecond, two a multiply-add, as direct convolution counts them; 0 where there are none. */
static double gflops(uint64_t macs, int batch, double seconds)
{
    return seconds > 0 ? 2e-9 * (double)macs * batch / seconds : 0;
}

static const char *way(const hrnet_layer *layer)
{
    return layer->algorithm[0] != '\0' ? layer->algorithm : layer->op;
}

/* Returns how many groups there are, in the order in which the network first needs them. */
static size_t make_groups(const bench_layers *all, group groups[MAX_GROUPS])
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const hrnet_layer *layer = &all->layers[i];
        size_t k = 0;
        while (k < n && strcmp(groups[k].name, way(layer)) != 0) k++;
        if (k == MAX_GROUPS) continue;
        if (k == n) groups[n++] = (group){.name = way(layer)};
        groups[k].n_layers++;
        groups[k].weight_bytes += layer->weight_bytes;
        groups[k].macs += layer->macs;
        groups[k].seconds += layer->seconds;
    }
    return n;
}

static double total_seconds(const bench_layers *all)
{
    double seconds = 0;
    for (size_t i = 0; i < all->n; i++) seconds += all->layers[i].seconds;
    return seconds;
}

void bench_layers_print(const bench_layers *all)
{
    group groups[MAX_GROUPS];
    const size_t n_groups = make_groups(all, groups);
    const double total = total_seconds(all);
    printf("\n%-44s %-15s %-16s %4s %-16s %9s %6s %8s %9s\n", "layer", "op", "channels", "k/s", "algorithm", "us", "%",
           "GFLOP/s", "kB packed");
    for (size_t i = 0; i < all->n; i++) {
        const hrnet_layer *l = &all->layers[i];
        char channels[64], window[24] = "";
        snprintf(channels, sizeof channels, "%d>%d %dx%d", l->in_channels, l->out_channels, l->height, l->width);
        if (l->kernel > 0) snprintf(window, sizeof window, "%d/%d", l->kernel, l->stride);
        printf("%-44s %-15s %-16s %4s %-16s %9.1f %6.2f %8.1f %9.1f\n", l->name, l->op, channels, window, l->algorithm,
               l->seconds * 1e6, 100 * l->seconds / total, gflops(l->macs, all->batch, l->seconds),
               (double)l->weight_bytes * 1e-3);
    }
    printf("\n%-16s %7s %9s %6s %8s %9s\n", "algorithm", "layers", "ms", "%", "GFLOP/s", "MB packed");
    for (size_t i = 0; i < n_groups; i++)
        printf("%-16s %7zu %9.3f %6.2f %8.1f %9.2f\n", groups[i].name, groups[i].n_layers, groups[i].seconds * 1e3,
               100 * groups[i].seconds / total, gflops(groups[i].macs, all->batch, groups[i].seconds),
               (double)groups[i].weight_bytes * 1e-6);
    printf("Times are those of the fastest pass of each layer, added up over threads.\n");
}

static void costs(hrnet_json_writer *json, double seconds, uint64_t macs, int batch, size_t weight_bytes)
{
    hrnet_json_key(json, "ms");
    hrnet_json_float(json, (float)(seconds * 1e3));
    hrnet_json_key(json, "macs");
    hrnet_json_integer(json, (long long)macs);
    hrnet_json_key(json, "gflops");
    hrnet_json_float(json, (float)gflops(macs, batch, seconds));
    hrnet_json_key(json, "weight_bytes");
    hrnet_json_integer(json, (long long)weight_bytes);
}

static void layer_json(hrnet_json_writer *json, const hrnet_layer *layer, int batch)
{
    const struct {
        const char *name;
        int value;
    } numbers[] = {{"in_channels", layer->in_channels}, {"out_channels", layer->out_channels},
                   {"height", layer->height},           {"width", layer->width},
                   {"kernel", layer->kernel},           {"stride", layer->stride}};
    hrnet_json_object(json);
    hrnet_json_key(json, "name");
    hrnet_json_text(json, layer->name);
    hrnet_json_key(json, "op");
    hrnet_json_text(json, layer->op);
    hrnet_json_key(json, "algorithm");
    hrnet_json_text(json, layer->algorithm);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        hrnet_json_key(json, numbers[i].name);
        hrnet_json_integer(json, numbers[i].value);
    }
    costs(json, layer->seconds, layer->macs, batch, layer->weight_bytes);
    hrnet_json_close(json);
}

void bench_layers_json(const bench_layers *all, hrnet_json_writer *json)
{
    group groups[MAX_GROUPS];
    const size_t n_groups = make_groups(all, groups);
    hrnet_json_key(json, "algorithms");
    hrnet_json_array(json);
    for (size_t i = 0; i < n_groups; i++) {
        hrnet_json_object(json);
        hrnet_json_key(json, "name");
        hrnet_json_text(json, groups[i].name);
        hrnet_json_key(json, "n_layers");
        hrnet_json_integer(json, (long long)groups[i].n_layers);
        costs(json, groups[i].seconds, groups[i].macs, all->batch, groups[i].weight_bytes);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
    hrnet_json_key(json, "layers");
    hrnet_json_array(json);
    for (size_t i = 0; i < all->n; i++) layer_json(json, &all->layers[i], all->batch);
    hrnet_json_close(json);
}
