/*
 * cmd_bench.h - where the time of a pass goes, layer by layer: gathered over several passes, told as a table or as
 * JSON; and the same of a step of training.
 */
#ifndef TOOLS_CMD_BENCH_H
#define TOOLS_CMD_BENCH_H

#include <hrnet.h>
#include <hrnet_results.h>

typedef struct bench_layers {
    hrnet_layer *layers; /* [n]; seconds of the fastest of the passes */
    size_t n;
    int batch;
} bench_layers;

/* Profile n_passes passes. Returns an exit status; messages were printed. Release with bench_layers_free. */
int bench_layers_measure(bench_layers *out, hrnet_session *session, int batch, int n_passes);
void bench_layers_free(bench_layers *layers);

/* Onto standard output: a row a layer, then the totals of every algorithm. */
void bench_layers_print(const bench_layers *layers);
/* The same as the members "layers" and "algorithms" of the object being written. */
void bench_layers_json(const bench_layers *layers, hrnet_json_writer *json);

typedef struct bench_training {
    int threads, batch, runs, recompute, json;
} bench_training;

/* Time steps of training and tell it on standard output. Returns an exit status; messages were printed. */
int bench_train(const hrnet_config *config, const bench_training *set);

/* The most memory that this process has held. */
size_t bench_peak_bytes(void);

#endif
