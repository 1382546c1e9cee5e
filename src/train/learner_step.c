/*
 * learner_step.c - one optimiser step: passes forward and backward over the step's examples, then sums over ranks.
 *
 * Same bits for any number of threads: every picture is a task of its own, and losses and counts are summed in the
 * order of pictures. With several ranks gradients are summed while backward still runs:
 *
 *   rank 0   backward layer 9 | backward layer 8 | backward layer 7 | ...   update
 *   network              sum of 9's gradients | sum of 8's gradients | ...  wait
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cpu/conv/conv.h"
#include "train/learner.h"

/* ---------------------------------------------------------------------------------------------- call-backs */

void hr_learner_reduce(void *context, double *values, size_t n)
{
    hr_learner *const l = context;
    const double start = hr_clock_now();
    const hrnet_status status = hr_collective_sum(l->collective, values, n);
    if (l->work->failed == HRNET_OK) l->work->failed = status;
    l->times.collective += hr_clock_now() - start;
}

/* Begin the sum of these gradients while backward goes on with the layers before. Earlier passes of a step only
 * accumulate. */
void hr_learner_gradients_ready(void *context, size_t first, size_t n)
{
    hr_learner *const l = context;
    struct hr_learner_work *const w = l->work;
    if (!w->is_last_pass) return;
    const hrnet_status status = hr_collective_begin_sum_floats(l->collective, hr_backprop_gradients(l->net) + first, n);
    if (w->failed == HRNET_OK) w->failed = status;
}

/* ---------------------------------------------------------------------------------------------- one pass */

/* Task: copy the input of picture i into the network. */
static void fill_input(void *context, int i)
{
    hr_learner *const l = context;
    const int *const size = l->config->model.image_size;
    memcpy(hr_backprop_input(l->net, i), l->examples[i].input, 4 * (size_t)size[0] * (size_t)size[1] * sizeof(float));
}

static void free_examples(hr_learner *l)
{
    for (int i = 0; i < l->n_examples; i++) hr_example_free(&l->examples[i]);
    l->n_examples = 0;
}

static hrnet_status next_examples(hr_learner *l, hr_step_report *out)
{
    int is_end;
    const double waited = hr_batches_waited(l->batches), start = hr_clock_now();
    free_examples(l);
    const hrnet_status status = hr_batches_next(l->batches, l->examples, &l->n_examples, &is_end);
    out->waited += hr_batches_waited(l->batches) - waited;
    l->times.data += hr_clock_now() - start;
    if (status == HRNET_OK && is_end) return hr_fail(HRNET_ERR_ARGUMENT, "the epoch has fewer batches than counted");
    return status;
}

/* One pass. add 0: the first of a step, gradients are overwritten; 1: added to. A rank without examples in the last
 * batch (p.n 0) still calls the network, which takes part in the ranks' sums. */
static hrnet_status run_pass(hr_learner *l, hr_step_report *out, double scale, int add)
{
    struct hr_learner_work *const w = l->work;
    const int n_parts = hr_objective_n_parts(l->objective);
    HR_TRY(next_examples(l, out)); /* waits for workers; everything after it is computation */
    const hr_pass pass = {.net = l->net,
                          .examples = l->examples,
                          .n = l->n_examples,
                          .scale = scale,
                          .sum = l->n_ranks > 1 ? hr_learner_reduce : NULL,
                          .context = l};
    const double start = hr_clock_now();
    hr_backprop_parallel(l->net, pass.n, fill_input, l);
    hr_backprop_forward(l->net, pass.n);
    const double forward = hr_clock_now();
    hr_objective_run(l->objective, &pass);
    const double loss = hr_clock_now();
    hr_backprop_backward(l->net, pass.n, add);
    l->times.forward += forward - start;
    l->times.loss += loss - forward;
    l->times.backward += hr_clock_now() - loss;
    const double *const losses = hr_objective_losses(l->objective);
    const hr_joint_hits *const hits = hr_objective_hits(l->objective);
    for (int i = 0; i < pass.n; i++) {
        w->sums[0] += losses[i];
        for (int j = 0; j < n_parts; j++) {
            w->sums[2 + 2 * j] += hits[i * n_parts + j].n_hit;
            w->sums[3 + 2 * j] += hits[i * n_parts + j].n_tried;
        }
    }
    return w->failed;
}

/* ---------------------------------------------------------------------------------------------- step */

/* Start the workers, if they are not running, at the position of the state: resuming needs no other code. */
static hrnet_status begin_epoch(hr_learner *l)
{
    const hr_batches_options options = {.seed = l->state.seed,
                                        .epoch = l->state.epoch,
                                        .first = (size_t)(l->state.position * l->batch * l->n_ranks),
                                        .batch = l->batch,
                                        .rank = l->rank,
                                        .n_ranks = l->n_ranks,
                                        .workers = l->options.workers,
                                        .shuffle = l->config->train.shuffle,
                                        .augment = 1};
    return l->batches != NULL ? HRNET_OK : hr_batches_create(&l->batches, l->set, &options);
}

/* Finish the step's sums over ranks (gradients; loss, request to stop, counts) and fill the report from them. All ranks
 * see the same sums, so all of them stop, or fail, in the same step. */
static hrnet_status finish_sums(hr_learner *l, hr_step_report *out)
{
    struct hr_learner_work *const w = l->work;
    const int n_parts = hr_objective_n_parts(l->objective);
    const double start = hr_clock_now();
    w->sums[1] = l->wants_stop != 0; /* a sum above 0: some rank was asked to stop */
    if (l->n_ranks > 1) {
        HR_TRY(hr_collective_wait(l->collective));
        HR_TRY(hr_collective_sum(l->collective, w->sums, 2 + 2 * (size_t)n_parts));
    }
    l->times.collective += hr_clock_now() - start;
    /* whole numbers, exact in double: the accuracy does not depend on how examples are spread over ranks */
    for (int j = 0; j < n_parts; j++) w->hits[j] = (hr_joint_hits){(int)w->sums[2 + 2 * j], (int)w->sums[3 + 2 * j]};
    out->loss = w->sums[0] / (double)out->n_examples;
    out->accuracy = hr_batch_accuracy(w->hits, n_parts, &out->n_accuracy);
    out->stop = w->sums[1] > 0;
    if (isfinite(out->loss)) return HRNET_OK;
    return hr_fail(HRNET_ERR_LIMIT,
                   "epoch %lld, step %lld: the loss is %g at learning rate %g: stopped before it reached the weights "
                   "(a lower TRAIN.LR, TRAIN.WARMUP_STEPS or TRAIN.CLIP_GRAD may help)",
                   (long long)out->epoch, (long long)out->position, out->loss, out->rate);
}

/* The numbers of the step that are known before it runs. */
static void describe(const hr_learner *l, hr_step_report *out, int64_t n_passes)
{
    const hr_train_state *const s = &l->state;
    const int64_t whole = (int64_t)l->batch * l->n_ranks, first = s->position * whole;
    const int64_t left = (int64_t)hr_train_set_n_examples(l->set) - first;
    *out = (hr_step_report){.index = s->step, .epoch = s->epoch, .position = s->position / l->config->train.accumulate};
    out->n_examples = n_passes * whole < left ? n_passes * whole : left;
    out->rate = hr_learning_rate_at(&l->learning_rate, (int)s->epoch, s->step, l->n_steps);
}

hrnet_status hr_learner_step(hr_learner *l, hr_step_report *out)
{
    hr_train_state *const s = &l->state;
    struct hr_learner_work *const w = l->work;
    const int64_t left = l->n_passes - s->position, most = l->config->train.accumulate;
    const int64_t n_passes = left < most ? left : most;
    if (n_passes < 1) return hr_fail(HRNET_ERR_ARGUMENT, "hr_learner_step: the epoch is over");
    HR_TRY(begin_epoch(l));
    describe(l, out, n_passes);
    memset(w->sums, 0, (2 + 2 * (size_t)hr_objective_n_parts(l->objective)) * sizeof *w->sums);
    w->failed = HRNET_OK;
    for (int64_t i = 0; i < n_passes; i++) {
        w->is_last_pass = i == n_passes - 1;
        HR_TRY(run_pass(l, out, 1.0 / (double)out->n_examples, i > 0));
    }
    HR_TRY(finish_sums(l, out));     /* before the update: a loss that is not finite must not reach the weights */
    hr_learner_update(l, out->rate); /* every rank has the same gradients, and so computes the same weights */
    s->rate = out->rate;
    s->step++;
    s->position += n_passes;
    s->loss_sum += out->loss * (double)out->n_examples;
    s->n_loss += out->n_examples;
    s->accuracy_sum += out->accuracy * out->n_accuracy;
    s->n_accuracy += out->n_accuracy;
    return HRNET_OK;
}

hrnet_status hr_learner_time_pass(hr_learner *l, double *seconds)
{
    enum { PICTURES = 8 };
    const int n = l->batch < PICTURES ? l->batch : PICTURES;
    const size_t first = l->params->n_trainable, n_tail = l->params->n_floats - first;
    const size_t input = 4 * (size_t)l->config->model.image_size[0] * (size_t)l->config->model.image_size[1];
    float *tail; /* the block's floats that are not trained: a forward pass changes running statistics */
    HR_NEW(tail, n_tail);
    memcpy(tail, l->state.params + first, n_tail * sizeof *tail);
    l->work->is_last_pass = 0;
    l->work->failed = HRNET_OK;
    for (int i = 0; i < n; i++) {
        memset(hr_backprop_input(l->net, i), 0, input * sizeof(float));
        for (int k = 0; k < l->graph.n_outputs; k++) {
            const hr_node *const node = &l->graph.nodes[l->graph.outputs[k].node];
            memset(hr_backprop_output_gradient(l->net, k, i), 0,
                   (size_t)node->w * (size_t)node->h * (size_t)hr_padded(node->c) * sizeof(float));
        }
    }
    for (int k = 0; k < 2; k++) { /* twice: the first one pays for pages that were never touched */
        const double start = hr_clock_now();
        hr_backprop_forward(l->net, n);
        hr_backprop_backward(l->net, n, 0);
        *seconds = (hr_clock_now() - start) * l->batch / n;
    }
    memcpy(l->state.params + first, tail, n_tail * sizeof *tail);
    hr_free(tail);
    hr_backprop_take_times(l->net); /* the measurement is not part of the run's times */
    l->times = (hr_learner_times){0};
    return l->work->failed;
}
