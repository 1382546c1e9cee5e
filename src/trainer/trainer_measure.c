/*
 * trainer_measure.c - hrnet_training_measure: time and memory of a training step (forward, JointsMSELoss, backward,
 * optimiser) on random pictures. There is no data set: examples are prepared by other threads at the same time, and
 * would only be measured if they were too slow.
 */
#include <string.h>

#include <hrnet_train.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "config/config.h"
#include "networks/registry.h"
#include "weights/bind.h"
#include "train/loss.h"
#include "cpu/backprop/backprop.h"
#include "train/optimizer.h"

enum { CHUNK = 1 << 16 }; /* floats that one task updates */

typedef struct bench {
    const hr_config *config;
    int batch;
    hr_graph graph;
    hr_backprop *net;
    hr_optimizer optimizer;
    float *moments[2];
    float *targets, *maps; /* [batch][joints][cells] */
    int64_t step;
} bench;

static size_t n_cells(const hr_config *config)
{
    return (size_t)config->model.heatmap_size[0] * (size_t)config->model.heatmap_size[1];
}

/* ---------------------------------------------------------------------------------------------- create, free */

static void fill_pictures(bench *b)
{
    const int *const size = b->config->model.image_size;
    const size_t pixels = (size_t)size[0] * (size_t)size[1], n_joints = (size_t)b->config->model.n_joints;
    for (int i = 0; i < b->batch; i++) {
        float *const input = hr_backprop_input(b->net, i);
        for (size_t k = 0; k < 4 * pixels; k++) input[k] = k % 4 < 3 ? 4 * hr_random_uniform((uint64_t)i, k) - 2 : 0;
    }
    for (size_t k = 0; k < (size_t)b->batch * n_joints * n_cells(b->config); k++)
        b->targets[k] = hr_random_uniform(hr_hash_text("targets"), k);
}

static hr_backprop_options network_options(const hrnet_training_options *options)
{
    const int n_threads = options->threads > 0 ? options->threads : hr_cpu_count();
    return (hr_backprop_options){.threads = n_threads < HR_MAX_THREADS ? n_threads : HR_MAX_THREADS,
                                 .max_batch = options->batch,
                                 .features = hr_cpu_features(),
                                 .recompute = options->recompute,
                                 .share = 1};
}

static hrnet_status make(bench *b, const hrnet_training_options *options)
{
    const uint64_t seed = 1;
    const hr_weights initial = hr_initial_weights(&seed);
    const size_t n_maps = (size_t)b->config->model.n_joints * n_cells(b->config);
    const hr_backprop_options network = network_options(options);
    HR_TRY(hr_config_check(b->config));
    HR_TRY(hr_optimizer_init(&b->optimizer, &b->config->train));
    HR_TRY(hr_network_build(&b->graph, &b->config->model));
    HR_TRY(hr_backprop_create(&b->net, &b->graph, &network));
    const hr_params *const params = hr_backprop_layout(b->net);
    HR_TRY(hr_params_read(params, hr_backprop_params(b->net), &initial));
    for (int m = 0; m < hr_optimizer_n_moments(&b->optimizer); m++) HR_NEW(b->moments[m], params->n_floats);
    HR_NEW(b->targets, (size_t)b->batch * n_maps);
    HR_NEW(b->maps, (size_t)b->batch * n_maps);
    fill_pictures(b);
    return HRNET_OK;
}

static void release(bench *b)
{
    hr_backprop_free(b->net);
    hr_graph_free(&b->graph);
    for (int m = 0; m < 2; m++) hr_free(b->moments[m]);
    hr_free(b->targets);
    hr_free(b->maps);
}

/* ---------------------------------------------------------------------------------------------- a step */

/* Task: loss and gradient of picture i, as in learner_step.c: transpose [cells][ld] to whole maps and back. */
static void compute_loss(void *context, int i)
{
    const bench *const b = context;
    const size_t n_joints = (size_t)b->config->model.n_joints, cells = n_cells(b->config);
    const size_t ld = (size_t)hr_padded((int)n_joints), at = (size_t)i * n_joints * cells;
    const float *const out = hr_backprop_output(b->net, 0, i);
    float *const back = hr_backprop_output_gradient(b->net, 0, i), *const maps = b->maps + at;
    for (size_t j = 0; j < n_joints; j++)
        for (size_t c = 0; c < cells; c++) maps[j * cells + c] = out[c * ld + j];
    hr_joints_mse_gradient(maps, b->targets + at, NULL, (int)n_joints, cells, 1.0 / b->batch, maps);
    for (size_t c = 0; c < cells; c++)
        for (size_t j = 0; j < ld; j++) back[c * ld + j] = j < n_joints ? maps[j * cells + c] : 0;
}

/* Task: optimiser on one chunk. */
static void update(void *context, int chunk)
{
    bench *const b = context;
    const size_t first = (size_t)chunk * CHUNK, left = hr_backprop_layout(b->net)->n_trainable - first;
    hr_optimizer_step(&b->optimizer, b->step, b->config->train.lr, 1, hr_backprop_params(b->net),
                      hr_backprop_gradients(b->net), b->moments, first, left < CHUNK ? left : CHUNK);
}

static hrnet_training_step run_step(bench *b)
{
    const int n_chunks = (int)((hr_backprop_layout(b->net)->n_trainable + CHUNK - 1) / CHUNK);
    b->step++;
    const double start = hr_clock_now();
    hr_backprop_forward(b->net, b->batch);
    const double forward = hr_clock_now();
    hr_backprop_parallel(b->net, b->batch, compute_loss, b);
    const double loss = hr_clock_now();
    hr_backprop_backward(b->net, b->batch, 0);
    const double backward = hr_clock_now();
    hr_backprop_parallel(b->net, n_chunks, update, b);
    const double end = hr_clock_now();
    return (hrnet_training_step){.seconds = end - start,
                                 .forward = forward - start,
                                 .loss = loss - forward,
                                 .backward = backward - loss,
                                 .update = end - backward};
}

/* ---------------------------------------------------------------------------------------------- the whole */

static hrnet_status report_bytes(const bench *b, const hrnet_training_options *options, hrnet_training_cost *out)
{
    hr_backprop_bytes bytes;
    const hr_backprop_options network = network_options(options);
    HR_TRY(hr_backprop_estimate(&bytes, &b->graph, &network));
    out->param_bytes = bytes.params;
    out->gradient_bytes = bytes.gradients;
    out->moment_bytes = bytes.params * (size_t)hr_optimizer_n_moments(&b->optimizer);
    out->activation_bytes = bytes.activations;
    out->work_bytes = bytes.work;
    return HRNET_OK;
}

static void report_times(bench *b, int n_steps, hrnet_training_cost *out)
{
    const hr_backprop_times t = hr_backprop_take_times(b->net);
    out->conv = t.conv / n_steps;
    out->input_gradient = t.input_gradient / n_steps;
    out->weight_gradient = t.weight_gradient / n_steps;
    out->pack = t.pack / n_steps;
    out->norm_add_relu = t.norm_add_relu / n_steps;
    out->norm_add_relu_gradient = t.norm_add_relu_gradient / n_steps;
    out->other = t.other / n_steps;
}

hrnet_status hrnet_training_measure(const hrnet_config *config, const hrnet_training_options *options, int n_steps,
                                    hrnet_training_step *steps, hrnet_training_cost *cost)
{
    enum { MOST = 1024 };
    if (config == NULL || options == NULL || steps == NULL || cost == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_training_measure: an argument is NULL");
    if (n_steps < 1 || options->batch < 1 || options->batch > MOST || options->threads < 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_training_measure: %d steps, batch %d (1..%d), %d threads", n_steps,
                       options->batch, MOST, options->threads);
    bench b = {.config = config, .batch = options->batch};
    hrnet_status status = make(&b, options);
    if (status == HRNET_OK) status = report_bytes(&b, options, cost);
    if (status == HRNET_OK) {
        run_step(&b); /* not counted: touches all memory for the first time */
        hr_backprop_take_times(b.net);
        for (int i = 0; i < n_steps; i++) steps[i] = run_step(&b);
        report_times(&b, n_steps, cost);
    }
    release(&b);
    return status;
}
