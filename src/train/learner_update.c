/*
 * learner_update.c - gradients into weights: clipping, the optimiser, the moving average. The blocks are cut into
 * chunks of a fixed size, which threads share; sums over chunks are taken in their order.
 */
#include <math.h>

#include "base/clock.h"
#include "train/learner.h"

typedef struct update {
    hr_learner *t;
    double rate, scale, decay;
} update;

static size_t chunk_size(size_t first, size_t end)
{
    if (first >= end) return 0;
    return end - first < HR_LEARNER_CHUNK ? end - first : HR_LEARNER_CHUNK;
}

static void sum_squares(void *context, int chunk)
{
    enum { LANES = 8 };
    const update *const u = context;
    const size_t first = (size_t)chunk * HR_LEARNER_CHUNK, n = chunk_size(first, u->t->params->n_trainable);
    const float *const g = hr_backprop_gradients(u->t->net) + first;
    double sums[LANES] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) sums[i % LANES] += (double)g[i] * (double)g[i];
    for (int i = 0; i < LANES; i++) sum += sums[i];
    u->t->work->norms[chunk] = sum;
}

static void update_chunk(void *context, int chunk)
{
    const update *const u = context;
    hr_train_state *const s = &u->t->state;
    const hr_params *const params = u->t->params;
    const size_t first = (size_t)chunk * HR_LEARNER_CHUNK, n_learn = chunk_size(first, params->n_trainable);
    const size_t n = chunk_size(first, params->n_floats);
    if (n_learn > 0)
        hr_optimizer_step(&u->t->optimizer, s->step + 1, u->rate, u->scale, s->params, hr_backprop_gradients(u->t->net),
                          s->moments, first, n_learn);
    if (s->average == NULL) return;
    const float part = (float)(1 - u->decay);
    for (size_t i = first; i < first + n; i++) s->average[i] += (s->params[i] - s->average[i]) * part;
}

/* torch.nn.utils.clip_grad_norm_. */
static double clip_scale(hr_learner *t, update *u)
{
    const double most = t->config->train.clip_grad;
    double sum = 0;
    if (!(most > 0)) return 1;
    hr_backprop_parallel(t->net, t->work->n_chunks, sum_squares, u);
    for (int i = 0; i < t->work->n_chunks; i++) sum += t->work->norms[i];
    const double scale = most / (sqrt(sum) + 1e-6);
    return scale < 1 ? scale : 1;
}

/* num_batches_tracked is a count, of which there is no average. */
static void copy_counts(hr_learner *t)
{
    for (int i = 0; i < t->graph.n_params; i++)
        if (t->graph.params[i].kind == HR_PARAM_NORM_COUNT)
            t->state.average[t->params->at[i]] = t->state.params[t->params->at[i]];
}

void hr_learner_update(hr_learner *t, double rate)
{
    const double start = hr_clock_now(), n = (double)t->state.step, most = t->config->train.ema;
    update u = {.t = t, .rate = rate};
    u.decay = fmin(most, (1 + n) / (10 + n));
    u.scale = clip_scale(t, &u);
    hr_backprop_parallel(t->net, t->work->n_chunks, update_chunk, &u);
    if (t->state.average != NULL) copy_counts(t);
    t->times.update += hr_clock_now() - start;
}
