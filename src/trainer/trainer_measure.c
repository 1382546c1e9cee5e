/*
 * trainer_measure.c - hrnet_training_measure: time and memory of a training step (forward, loss, backward,
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
#include "train/objective.h"
#include "train/optimizer.h"

enum { CHUNK = 1 << 16 }; /* floats that one task updates */

typedef struct bench {
    const hr_config *config;
    int batch;
    hr_graph graph;
    hr_backprop *net;
    hr_optimizer optimizer;
    float *moments[2];
    hr_objective *objective;
    hr_example *examples; /* [batch], without input */
    float *targets;       /* of all examples: [batch][joints][cells]; NULL for a detector */
    hr_box_truth box;     /* of all examples of a detector: in the middle, a third of the picture's sides */
    int64_t step;
} bench;

/* ---------------------------------------------------------------------------------------------- create, free */

static void fill_pictures(bench *b)
{
    const int *const size = b->config->model.image_size;
    const size_t pixels = (size_t)size[0] * (size_t)size[1];
    for (int i = 0; i < b->batch; i++) {
        float *const input = hr_backprop_input(b->net, i);
        for (size_t k = 0; k < 4 * pixels; k++) input[k] = k % 4 < 3 ? 4 * hr_random_uniform((uint64_t)i, k) - 2 : 0;
    }
}

static hrnet_status make_examples(bench *b)
{
    const hr_model_config *const m = &b->config->model;
    const size_t n_maps = (size_t)m->n_joints * (size_t)m->heatmap_size[0] * (size_t)m->heatmap_size[1];
    const int detects = hr_config_detects(b->config);
    HR_NEW(b->examples, (size_t)b->batch);
    if (!detects) HR_NEW(b->targets, (size_t)b->batch * n_maps);
    for (size_t k = 0; !detects && k < (size_t)b->batch * n_maps; k++)
        b->targets[k] = hr_random_uniform(hr_hash_text("targets"), k);
    const float w = (float)m->image_size[0], h = (float)m->image_size[1];
    b->box = (hr_box_truth){.x = w / 2, .y = h / 2, .w = w / 3, .h = h / 3};
    for (int i = 0; i < b->batch; i++) {
        if (detects)
            b->examples[i] = (hr_example){.boxes = &b->box, .n_boxes = 1};
        else
            b->examples[i].targets = b->targets + (size_t)i * n_maps;
    }
    return HRNET_OK;
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
    const hr_backprop_options network = network_options(options);
    HR_TRY(hr_config_check(b->config));
    HR_TRY(hr_optimizer_init(&b->optimizer, &b->config->train));
    HR_TRY(hr_network_build(&b->graph, &b->config->model));
    HR_TRY(hr_backprop_create(&b->net, &b->graph, &network));
    const hr_params *const params = hr_backprop_layout(b->net);
    HR_TRY(hr_params_read(params, hr_backprop_params(b->net), &initial));
    for (int m = 0; m < hr_optimizer_n_moments(&b->optimizer); m++) HR_NEW(b->moments[m], params->n_floats);
    HR_TRY(hr_objective_create(&b->objective, b->config, &b->graph, b->batch));
    HR_TRY(make_examples(b));
    fill_pictures(b);
    return HRNET_OK;
}

static void release(bench *b)
{
    hr_backprop_free(b->net);
    hr_graph_free(&b->graph);
    for (int m = 0; m < 2; m++) hr_free(b->moments[m]);
    hr_objective_free(b->objective);
    hr_free(b->examples);
    hr_free(b->targets);
}

/* ---------------------------------------------------------------------------------------------- a step */

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
    const hr_pass pass = {.net = b->net, .examples = b->examples, .n = b->batch, .scale = 1.0 / b->batch};
    b->step++;
    const double start = hr_clock_now();
    hr_backprop_forward(b->net, b->batch);
    const double forward = hr_clock_now();
    hr_objective_run(b->objective, &pass);
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
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_training_options"));
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
