/*
 * learner.c - the life of a learner: sizes of batches and epochs, memory and its estimate, the network, and the state
 * at the beginning of runs and epochs. learner_step.c runs steps, learner_update.c moves the weights.
 */
#include "train/learner.h"

#include <string.h>

#include "base/mem.h"
#include "networks/registry.h"
#include "train/freeze.h"

int hr_learner_batch(const hr_config *config)
{
    const int64_t n = (int64_t)config->train.batch_size_per_gpu * (config->n_gpus > 0 ? config->n_gpus : 1);
    return n < HR_MAX_PASS ? (int)n : HR_MAX_PASS + 1; /* too large; count_epoch says so */
}

/* ---------------------------------------------------------------------------------------------- sizes */

/* The network of one process; make_network adds what several need. */
static hr_backprop_options network_options(const hr_learner_options *options, int batch)
{
    return (hr_backprop_options){.threads = options->threads,
                                 .max_batch = batch,
                                 .features = options->features,
                                 .recompute = options->recompute,
                                 .share = 1};
}

/* Examples that workers hold (a batch and four a worker, see hr_loader_options.ahead in batch.c) and those of the pass,
 * each with input and, for heatmaps, targets. */
static size_t examples_bytes(const hr_config *config, const hr_learner_options *options, int batch)
{
    const hr_model_config *const m = &config->model;
    const size_t input = 4 * (size_t)m->image_size[0] * (size_t)m->image_size[1];
    const size_t maps = (size_t)m->n_joints * (size_t)m->heatmap_size[0] * (size_t)m->heatmap_size[1];
    const size_t held = 2 * (size_t)batch + 4 * (size_t)options->workers;
    return sizeof(float) * held * (input + (hr_config_detects(config) ? 0 : maps));
}

hrnet_status hr_learner_estimate(hr_learner_bytes *out, const hr_config *config, const hr_learner_options *options,
                                 int batch)
{
    hr_graph graph = {0};
    hr_params params = {0};
    hr_optimizer optimizer;
    const hr_backprop_options network = network_options(options, batch);
    HR_TRY(hr_optimizer_init(&optimizer, &config->train));
    hrnet_status status = hr_network_build(&graph, &config->model);
    if (status == HRNET_OK) status = hr_params_init(&params, &graph);
    if (status == HRNET_OK) status = hr_backprop_estimate(&out->network, &graph, &network);
    /* best weights and moving average besides the moments; the weights themselves are the network's */
    const int n_blocks = hr_optimizer_n_moments(&optimizer) + 1 + (config->train.ema > 0);
    out->optimizer = sizeof(float) * params.n_floats * (size_t)n_blocks;
    out->examples = examples_bytes(config, options, batch);
    if (status == HRNET_OK) out->examples += hr_objective_bytes(config, &graph, batch);
    hr_params_free(&params);
    hr_graph_free(&graph);
    return status;
}

/* ---------------------------------------------------------------------------------------------- life */

/* Passes and steps of an epoch, both rounded up. */
static hrnet_status count_epoch(hr_learner *l)
{
    const int64_t n = (int64_t)hr_train_set_n_examples(l->set), whole = (int64_t)l->batch * l->n_ranks;
    if (l->batch < 1 || l->batch > HR_MAX_PASS)
        return hr_fail(HRNET_ERR_CONFIG,
                       "TRAIN.BATCH_SIZE_PER_GPU: %d for each of %d GPUS: expected at most %d together "
                       "(TRAIN.ACCUMULATE makes larger steps of several passes)",
                       l->config->train.batch_size_per_gpu, l->config->n_gpus, HR_MAX_PASS);
    if (n <= 0) return hr_fail(HRNET_ERR_FORMAT, "DATASET: expected persons to train on, found none");
    l->n_passes = (n + whole - 1) / whole;
    l->n_steps = (l->n_passes + l->config->train.accumulate - 1) / l->config->train.accumulate;
    return HRNET_OK;
}

/* With several ranks, norms take their statistics over all of them (all_reduce), and gradients are sent as soon as they
 * are complete (on_gradients). */
static hrnet_status make_network(hr_learner *l)
{
    hr_backprop_options network = network_options(&l->options, l->batch);
    if (l->n_ranks > 1) {
        network.share = l->n_ranks;
        network.all_reduce = hr_learner_reduce;
        network.on_gradients = hr_learner_gradients_ready;
        network.context = l;
    }
    HR_TRY(hr_network_build(&l->graph, &l->config->model));
    HR_TRY(hr_backprop_create(&l->net, &l->graph, &network));
    l->params = hr_backprop_layout(l->net);
    return HRNET_OK;
}

/* What learns, as few spans as possible: without TRAIN.FREEZE one, the whole trainable part of a block. */
static hrnet_status make_spans(hr_learner *l)
{
    const hr_params *const params = l->params;
    HR_TRY(hr_freeze_choose(&l->frozen, &l->graph, &l->config->train));
    HR_NEW(l->spans, (size_t)l->graph.n_params);
    for (int i = 0; i < l->graph.n_params; i++) {
        const hr_span span = {params->at[i], params->at[i] + hr_params_size(params, i)};
        if (span.first >= params->n_trainable || (l->frozen != NULL && l->frozen[i])) continue;
        if (l->n_spans > 0 && l->spans[l->n_spans - 1].end == span.first)
            l->spans[l->n_spans - 1].end = span.end;
        else
            l->spans[l->n_spans++] = span;
    }
    if (l->frozen != NULL) hr_backprop_freeze(l->net, l->frozen);
    return HRNET_OK;
}

/* The blocks of the state. Best weights are kept by rank 0, which validates. */
static hrnet_status make_blocks(hr_learner *l)
{
    hr_train_state *const s = &l->state;
    const size_t n = l->params->n_floats;
    s->params = hr_backprop_params(l->net);
    s->seed = (uint64_t)l->config->train.seed;
    s->best_perf = s->last_perf = -1;
    for (int i = 0; i < hr_optimizer_n_moments(&l->optimizer); i++) HR_NEW(s->moments[i], n);
    if (l->config->train.ema > 0) HR_NEW(s->average, n);
    if (l->rank == 0) HR_NEW(s->best, n);
    return HRNET_OK;
}

static hrnet_status make_work(hr_learner *l)
{
    struct hr_learner_work *w;
    HR_TRY(hr_objective_create(&l->objective, l->config, &l->graph, l->batch));
    const size_t n_parts = (size_t)hr_objective_n_parts(l->objective);
    HR_NEW(w, 1);
    l->work = w;
    w->n_chunks = (int)((l->params->n_floats + HR_LEARNER_CHUNK - 1) / HR_LEARNER_CHUNK);
    HR_NEW(w->hits, n_parts);
    HR_NEW(w->sums, 2 * n_parts + 2); /* loss, wants_stop, n_hit and n_tried of each part */
    HR_NEW(w->norms, (size_t)w->n_chunks);
    HR_NEW(l->examples, (size_t)l->batch);
    return HRNET_OK;
}

static hrnet_status create(hr_learner *l)
{
    l->rank = hr_collective_rank(l->collective);
    l->n_ranks = hr_collective_size(l->collective);
    l->batch = hr_learner_batch(l->config);
    HR_TRY(hr_optimizer_init(&l->optimizer, &l->config->train));
    HR_TRY(hr_learning_rate_init(&l->learning_rate, &l->config->train));
    HR_TRY(count_epoch(l));
    HR_TRY(make_network(l));
    HR_TRY(make_spans(l));
    HR_TRY(make_blocks(l));
    return make_work(l);
}

hrnet_status hr_learner_create(hr_learner **out, const hr_config *config, const hr_train_set *set,
                               hr_collective *collective, const hr_learner_options *options)
{
    hr_learner *l;
    HR_NEW(l, 1);
    l->config = config;
    l->set = set;
    l->collective = collective;
    l->options = *options;
    const hrnet_status status = create(l);
    if (status != HRNET_OK) {
        hr_learner_free(l);
        return status;
    }
    *out = l;
    return HRNET_OK;
}

static void free_work(struct hr_learner_work *w)
{
    if (w == NULL) return;
    hr_free(w->hits);
    hr_free(w->sums);
    hr_free(w->norms);
    hr_free(w);
}

void hr_learner_free(hr_learner *l)
{
    if (l == NULL) return;
    for (int i = 0; i < l->n_examples; i++) hr_example_free(&l->examples[i]);
    hr_free(l->examples);
    hr_batches_free(l->batches);
    free_work(l->work);
    hr_objective_free(l->objective);
    hr_free(l->frozen);
    hr_free(l->spans);
    for (int i = 0; i < 2; i++) hr_free(l->state.moments[i]); /* state.params belongs to the network */
    hr_free(l->state.average);
    hr_free(l->state.best);
    hr_backprop_free(l->net);
    hr_graph_free(&l->graph);
    hr_free(l);
}

/* ---------------------------------------------------------------------------------------------- state */

hrnet_status hr_learner_begin(hr_learner *l, const hr_weights *weights)
{
    hr_train_state *const s = &l->state;
    const size_t n_bytes = l->params->n_floats * sizeof(float);
    HR_TRY(hr_params_read(l->params, s->params, weights));
    for (int i = 0; i < 2; i++)
        if (s->moments[i] != NULL) memset(s->moments[i], 0, n_bytes);
    if (s->average != NULL) memcpy(s->average, s->params, n_bytes); /* the average starts at the weights */
    if (s->best != NULL) memcpy(s->best, s->params, n_bytes);
    s->epoch = l->config->train.begin_epoch;
    s->position = s->step = 0;
    s->best_perf = s->last_perf = -1;
    s->best_epoch = -1;
    s->loss_sum = s->accuracy_sum = 0;
    s->n_loss = s->n_accuracy = s->n_worse = 0;
    s->seed = (uint64_t)l->config->train.seed;
    return HRNET_OK;
}

hrnet_status hr_learner_broadcast(hr_learner *l)
{
    hr_train_state *const s = &l->state;
    const size_t n_bytes = l->params->n_floats * sizeof(float);
    /* the struct is sent whole, then its pointers are replaced by this rank's own: ranks run the same program */
    hr_train_state copy = *s;
    HR_TRY(hr_collective_broadcast(l->collective, &copy, sizeof copy));
    copy.params = s->params;
    copy.average = s->average;
    copy.best = s->best;
    memcpy(copy.moments, s->moments, sizeof copy.moments);
    *s = copy;
    HR_TRY(hr_collective_broadcast(l->collective, s->params, n_bytes));
    for (int i = 0; i < 2; i++)
        if (s->moments[i] != NULL) HR_TRY(hr_collective_broadcast(l->collective, s->moments[i], n_bytes));
    if (s->average != NULL) HR_TRY(hr_collective_broadcast(l->collective, s->average, n_bytes));
    return HRNET_OK;
}

int hr_learner_epoch_done(const hr_learner *l)
{
    return l->state.position >= l->n_passes;
}

void hr_learner_next_epoch(hr_learner *l)
{
    hr_train_state *const s = &l->state;
    hr_batches_free(l->batches); /* the next step creates those of the new epoch */
    l->batches = NULL;
    s->epoch++;
    s->position = 0;
    s->loss_sum = s->accuracy_sum = 0;
    s->n_loss = s->n_accuracy = 0;
}

const float *hr_learner_weights(const hr_learner *l)
{
    return l->state.average != NULL ? l->state.average : l->state.params;
}

/* Integer arithmetic on the bits, which vectorises; block NULL is finite. */
static int is_finite(const float *block, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; block != NULL && i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &block[i], sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u; /* the exponent of infinities and of NaN */
    }
    return !bad;
}

hrnet_status hr_learner_check(const hr_learner *l)
{
    const hr_train_state *const s = &l->state;
    const size_t n = l->params->n_floats;
    if (is_finite(s->params, n) && is_finite(s->moments[0], n) && is_finite(s->moments[1], n) &&
        is_finite(s->average, n))
        return HRNET_OK;
    return hr_fail(HRNET_ERR_LIMIT, "epoch %lld, step %lld: weights are not finite any more: nothing was saved",
                   (long long)s->epoch, (long long)s->step);
}
