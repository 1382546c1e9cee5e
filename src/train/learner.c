/* learner.c - what a trainer is made of: sizes, memory, its state at the beginning. */
#include "train/learner.h"

#include <string.h>

#include "base/mem.h"
#include "networks/registry.h"

int hr_learner_batch(const hr_config *config)
{
    const int64_t n = (int64_t)config->train.batch_size_per_gpu * (config->n_gpus > 0 ? config->n_gpus : 1);
    return n < HR_MAX_PASS ? (int)n : HR_MAX_PASS + 1;
}

static size_t n_cells(const hr_config *config)
{
    return (size_t)config->model.heatmap_size[0] * (size_t)config->model.heatmap_size[1];
}

/* ---------------------------------------------------------------------------------------------- sizes */

static hr_backprop_options network_options(const hr_learner_options *options, int batch)
{
    return (hr_backprop_options){.threads = options->threads,
                                 .max_batch = batch,
                                 .features = options->features,
                                 .recompute = options->recompute,
                                 .share = 1};
}

/* Examples that workers hold ready (a batch, and four a worker) and those of the pass under way. */
static size_t examples_bytes(const hr_config *config, const hr_learner_options *options, int batch)
{
    const size_t input = 4 * (size_t)config->model.image_size[0] * (size_t)config->model.image_size[1];
    const size_t maps = (size_t)config->model.n_joints * n_cells(config);
    const size_t held = 2 * (size_t)batch + 4 * (size_t)options->workers;
    return sizeof(float) * (held * (input + maps) + 2 * (size_t)batch * maps);
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
    const int n_blocks = hr_optimizer_n_moments(&optimizer) + 1 + (config->train.ema > 0);
    out->optimizer = sizeof(float) * params.n_floats * (size_t)n_blocks;
    out->examples = examples_bytes(config, options, batch);
    hr_params_free(&params);
    hr_graph_free(&graph);
    return status;
}

/* ---------------------------------------------------------------------------------------------- life */

static hrnet_status count_epoch(hr_learner *t)
{
    const int64_t n = (int64_t)hr_train_set_n_examples(t->set), whole = (int64_t)t->batch * t->n_ranks;
    if (t->batch < 1 || t->batch > HR_MAX_PASS)
        return hr_fail(HRNET_ERR_CONFIG,
                       "TRAIN.BATCH_SIZE_PER_GPU: %d for each of %d GPUS: expected at most %d together "
                       "(TRAIN.ACCUMULATE makes larger steps of several passes)",
                       t->config->train.batch_size_per_gpu, t->config->n_gpus, HR_MAX_PASS);
    if (n <= 0) return hr_fail(HRNET_ERR_FORMAT, "DATASET: nobody to train on");
    t->n_passes = (n + whole - 1) / whole;
    t->n_steps = (t->n_passes + t->config->train.accumulate - 1) / t->config->train.accumulate;
    return HRNET_OK;
}

static hrnet_status make_network(hr_learner *t)
{
    hr_backprop_options network = network_options(&t->options, t->batch);
    if (t->n_ranks > 1) {
        network.share = t->n_ranks;
        network.all_reduce = hr_learner_reduce;
        network.on_gradients = hr_learner_gradients_ready;
        network.context = t;
    }
    HR_TRY(hr_network_build(&t->graph, &t->config->model));
    HR_TRY(hr_backprop_create(&t->net, &t->graph, &network));
    t->params = hr_backprop_layout(t->net);
    return HRNET_OK;
}

static hrnet_status make_blocks(hr_learner *t)
{
    hr_train_state *const s = &t->state;
    const size_t n = t->params->n_floats;
    s->params = hr_backprop_params(t->net);
    s->seed = (uint64_t)t->config->train.seed;
    s->best_perf = s->last_perf = -1;
    for (int i = 0; i < hr_optimizer_n_moments(&t->optimizer); i++) HR_NEW(s->moments[i], n);
    if (t->config->train.ema > 0) HR_NEW(s->average, n);
    if (t->rank == 0) HR_NEW(s->best, n);
    return HRNET_OK;
}

static hrnet_status make_work(hr_learner *t)
{
    const size_t batch = (size_t)t->batch, n_joints = (size_t)t->config->model.n_joints;
    struct hr_learner_work *w;
    HR_NEW(w, 1);
    t->work = w;
    w->n_chunks = (int)((t->params->n_floats + HR_LEARNER_CHUNK - 1) / HR_LEARNER_CHUNK);
    HR_NEW(w->losses, batch);
    HR_NEW(w->joint_losses, batch * n_joints);
    HR_NEW(w->hits, batch * n_joints);
    HR_NEW(w->gradients, batch * n_joints * n_cells(t->config));
    HR_NEW(w->sums, 2 * n_joints + 3);
    HR_NEW(w->norms, (size_t)w->n_chunks);
    HR_NEW(t->maps, batch * n_joints * n_cells(t->config));
    HR_NEW(t->examples, batch);
    return HRNET_OK;
}

static hrnet_status create(hr_learner *t)
{
    t->rank = hr_collective_rank(t->collective);
    t->n_ranks = hr_collective_size(t->collective);
    t->batch = hr_learner_batch(t->config);
    HR_TRY(hr_optimizer_init(&t->optimizer, &t->config->train));
    HR_TRY(hr_learning_rate_init(&t->schedule, &t->config->train));
    HR_TRY(count_epoch(t));
    HR_TRY(make_network(t));
    HR_TRY(make_blocks(t));
    return make_work(t);
}

hrnet_status hr_learner_create(hr_learner **out, const hr_config *config, const hr_train_set *set,
                               hr_collective *collective, const hr_learner_options *options)
{
    hr_learner *t;
    HR_NEW(t, 1);
    t->config = config;
    t->set = set;
    t->collective = collective;
    t->options = *options;
    const hrnet_status status = create(t);
    if (status != HRNET_OK) {
        hr_learner_free(t);
        return status;
    }
    *out = t;
    return HRNET_OK;
}

static void free_work(struct hr_learner_work *w)
{
    if (w == NULL) return;
    hr_free(w->losses);
    hr_free(w->joint_losses);
    hr_free(w->hits);
    hr_free(w->gradients);
    hr_free(w->sums);
    hr_free(w->norms);
    hr_free(w);
}

void hr_learner_free(hr_learner *t)
{
    if (t == NULL) return;
    for (int i = 0; i < t->n_examples; i++) hr_example_free(&t->examples[i]);
    hr_free(t->examples);
    hr_batches_free(t->batches);
    free_work(t->work);
    hr_free(t->maps);
    for (int i = 0; i < 2; i++) hr_free(t->state.moments[i]);
    hr_free(t->state.average);
    hr_free(t->state.best);
    hr_backprop_free(t->net);
    hr_graph_free(&t->graph);
    hr_free(t);
}

/* ---------------------------------------------------------------------------------------------- state */

hrnet_status hr_learner_begin(hr_learner *t, const hr_weights *weights)
{
    hr_train_state *const s = &t->state;
    const size_t n_bytes = t->params->n_floats * sizeof(float);
    HR_TRY(hr_params_read(t->params, s->params, weights));
    for (int i = 0; i < 2; i++)
        if (s->moments[i] != NULL) memset(s->moments[i], 0, n_bytes);
    if (s->average != NULL) memcpy(s->average, s->params, n_bytes);
    if (s->best != NULL) memcpy(s->best, s->params, n_bytes);
    s->epoch = t->config->train.begin_epoch;
    s->position = s->step = 0;
    s->best_perf = s->last_perf = -1;
    s->best_epoch = -1;
    s->loss_sum = s->accuracy_sum = 0;
    s->n_loss = s->n_accuracy = 0;
    s->seed = (uint64_t)t->config->train.seed;
    return HRNET_OK;
}

hrnet_status hr_learner_share(hr_learner *t)
{
    hr_train_state *const s = &t->state;
    const size_t n_bytes = t->params->n_floats * sizeof(float);
    hr_train_state copy = *s; /* numbers are rank 0's, blocks are one's own */
    HR_TRY(hr_collective_broadcast(t->collective, &copy, sizeof copy));
    copy.params = s->params;
    copy.average = s->average;
    copy.best = s->best;
    memcpy(copy.moments, s->moments, sizeof copy.moments);
    *s = copy;
    HR_TRY(hr_collective_broadcast(t->collective, s->params, n_bytes));
    for (int i = 0; i < 2; i++)
        if (s->moments[i] != NULL) HR_TRY(hr_collective_broadcast(t->collective, s->moments[i], n_bytes));
    if (s->average != NULL) HR_TRY(hr_collective_broadcast(t->collective, s->average, n_bytes));
    return HRNET_OK;
}

int hr_learner_epoch_done(const hr_learner *t)
{
    return t->state.position >= t->n_passes;
}

void hr_learner_next_epoch(hr_learner *t)
{
    hr_train_state *const s = &t->state;
    hr_batches_free(t->batches);
    t->batches = NULL;
    s->epoch++;
    s->position = 0;
    s->loss_sum = s->accuracy_sum = 0;
    s->n_loss = s->n_accuracy = 0;
}

const float *hr_learner_weights(const hr_learner *t)
{
    return t->state.average != NULL ? t->state.average : t->state.params;
}

static int is_finite(const float *block, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; block != NULL && i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &block[i], sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u; /* the exponent of infinities and NaN */
    }
    return !bad;
}

hrnet_status hr_learner_check(const hr_learner *t)
{
    const hr_train_state *const s = &t->state;
    const size_t n = t->params->n_floats;
    if (is_finite(s->params, n) && is_finite(s->moments[0], n) && is_finite(s->moments[1], n) &&
        is_finite(s->average, n))
        return HRNET_OK;
    return hr_fail(HRNET_ERR_LIMIT, "epoch %lld, step %lld: weights are not finite any more: nothing was saved",
                   (long long)s->epoch, (long long)s->step);
}
