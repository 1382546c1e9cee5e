/*
 * learner_update.c - the update at the end of a step: clipping of gradients, optimiser, moving average.
 *
 *   clipping        scale = min(1, CLIP_GRAD / (|g| + 1e-6))     torch.nn.utils.clip_grad_norm_
 *   moving average  a += (w - a) (1 - d),  d = min(EMA, (1 + n) / (10 + n)) before step n (from 0): a short memory at
 *                   the beginning, so that the initial weights are soon forgotten
 *
 * Tasks are chunks of HR_LEARNER_CHUNK floats, whatever the number of threads, and sums over chunks are taken in the
 * order of chunks: the same bits for any number of threads.
 */
#include <math.h>

#include "base/clock.h"
#include "train/learner.h"

typedef struct update {
    hr_learner *l;
    double rate, scale, decay;
} update;

/* Floats of the chunk at `first` in a range that ends at `end`. */
static size_t chunk_size(size_t first, size_t end)
{
    if (first >= end) return 0;
    return end - first < HR_LEARNER_CHUNK ? end - first : HR_LEARNER_CHUNK;
}

/* The part of a span in the chunk that begins at `first`; without floats where they do not meet. */
static hr_span meet(const hr_span *span, size_t first)
{
    const size_t end = first + HR_LEARNER_CHUNK;
    const hr_span part = {span->first > first ? span->first : first, span->end < end ? span->end : end};
    return part.first < part.end ? part : (hr_span){first, first};
}

/* Task: the sum of squares of what learns in one chunk. Eight partial sums, which the compiler can keep in vectors
 * without changing the order of additions. */
static void sum_squares(void *context, int chunk)
{
    enum { LANES = 8 };
    const update *const u = context;
    const size_t first = (size_t)chunk * HR_LEARNER_CHUNK;
    const float *const g = hr_backprop_gradients(u->l->net);
    double sums[LANES] = {0}, sum = 0;
    for (int k = 0; k < u->l->n_spans; k++) {
        const hr_span part = meet(&u->l->spans[k], first);
        for (size_t i = part.first; i < part.end; i++) sums[i % LANES] += (double)g[i] * (double)g[i];
    }
    for (int i = 0; i < LANES; i++) sum += sums[i];
    u->l->work->norms[chunk] = sum;
}

/* Task: optimiser and moving average of one chunk. The optimiser moves the floats of the learner's spans, which all lie
 * in the block's first n_trainable; the average covers all, running statistics included. What is frozen equals its
 * average, and stays equal. */
static void update_chunk(void *context, int chunk)
{
    const update *const u = context;
    hr_train_state *const s = &u->l->state;
    const hr_params *const params = u->l->params;
    const size_t first = (size_t)chunk * HR_LEARNER_CHUNK, n = chunk_size(first, params->n_floats);
    for (int k = 0; k < u->l->n_spans; k++) {
        const hr_span part = meet(&u->l->spans[k], first);
        if (part.first < part.end)
            hr_optimizer_step(&u->l->optimizer, s->step + 1, u->rate, u->scale, s->params,
                              hr_backprop_gradients(u->l->net), s->moments, part.first, part.end - part.first);
    }
    if (s->average == NULL) return;
    const float part = (float)(1 - u->decay);
    for (size_t i = first; i < first + n; i++) s->average[i] += (s->params[i] - s->average[i]) * part;
}

static double clip_scale(hr_learner *l, update *u)
{
    const double most = l->config->train.clip_grad;
    double sum = 0;
    if (!(most > 0)) return 1;
    hr_backprop_parallel(l->net, l->work->n_chunks, sum_squares, u);
    for (int i = 0; i < l->work->n_chunks; i++) sum += l->work->norms[i];
    const double scale = most / (sqrt(sum) + 1e-6);
    return scale < 1 ? scale : 1;
}

/* num_batches_tracked is a count: it is copied, not averaged. */
static void copy_counts(hr_learner *l)
{
    for (int i = 0; i < l->graph.n_params; i++)
        if (l->graph.params[i].kind == HR_PARAM_NORM_COUNT)
            l->state.average[l->params->at[i]] = l->state.params[l->params->at[i]];
}

void hr_learner_update(hr_learner *l, double rate)
{
    const double start = hr_clock_now(), n = (double)l->state.step, most = l->config->train.ema;
    update u = {.l = l, .rate = rate};
    u.decay = fmin(most, (1 + n) / (10 + n));
    u.scale = clip_scale(l, &u);
    hr_backprop_parallel(l->net, l->work->n_chunks, update_chunk, &u);
    if (l->state.average != NULL) copy_counts(l);
    l->times.update += hr_clock_now() - start;
}
