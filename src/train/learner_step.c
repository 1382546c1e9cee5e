/*
 * learner_step.c - one optimisation step: passes forward and backward over the step's examples, and sums over
 * processes. Every picture is a task of its own and sums are taken in the pictures' order, so that a step gives the
 * same bits for any number of threads.
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
    hr_learner *const t = context;
    const double start = hr_clock_now();
    const hrnet_status status = hr_collective_sum(t->collective, values, n);
    if (t->work->failed == HRNET_OK) t->work->failed = status;
    t->times.collective += hr_clock_now() - start;
}

/* Gradients are on their way to the other processes while backward goes on with the layers before. */
void hr_learner_gradients_ready(void *context, size_t first, size_t n)
{
    hr_learner *const t = context;
    struct hr_learner_work *const w = t->work;
    if (!w->is_last_pass) return;
    const hrnet_status status = hr_collective_begin_sum_floats(t->collective, hr_backprop_gradients(t->net) + first, n);
    if (w->failed == HRNET_OK) w->failed = status;
}

/* ---------------------------------------------------------------------------------------------- one pass */

typedef struct pass {
    hr_learner *t;
    int n;
    double scale; /* of the gradient: one example's part of the mean */
    double *losses;
} pass;

static void fill_input(void *context, int i)
{
    const pass *const p = context;
    const int *const size = p->t->config->model.image_size;
    memcpy(hr_backprop_input(p->t->net, i), p->t->examples[i].input,
           4 * (size_t)size[0] * (size_t)size[1] * sizeof(float));
}

/* Maps of picture i from the network's layout, their loss, and its gradient back into that layout. */
static void judge(void *context, int i)
{
    const pass *const p = context;
    const hr_learner *const t = p->t;
    const hr_config *const config = t->config;
    const int n_joints = config->model.n_joints, *const size = config->model.heatmap_size;
    const size_t cells = (size_t)size[0] * (size_t)size[1], ld = (size_t)hr_padded(n_joints);
    const float *const out = hr_backprop_output(t->net, 0, i);
    float *const maps = t->maps + (size_t)i * (size_t)n_joints * cells;
    float *const gradients = t->work->gradients + (size_t)i * (size_t)n_joints * cells;
    float *const back = hr_backprop_output_gradient(t->net, 0, i);
    const hr_example *const example = &t->examples[i];
    const float *const weights = config->loss.use_target_weight ? example->weights : NULL;
    for (int j = 0; j < n_joints; j++)
        for (size_t c = 0; c < cells; c++) maps[(size_t)j * cells + c] = out[c * ld + (size_t)j];
    p->losses[i] = config->loss.use_ohkm
                       ? hr_joints_ohkm(maps, example->targets, weights, n_joints, cells, config->loss.topk,
                                        t->work->joint_losses + (size_t)i * (size_t)n_joints, p->scale, gradients)
                       : hr_joints_mse_gradient(maps, example->targets, weights, n_joints, cells, p->scale, gradients);
    for (size_t c = 0; c < cells; c++) {
        for (int j = 0; j < n_joints; j++) back[c * ld + (size_t)j] = gradients[(size_t)j * cells + c];
        for (size_t j = (size_t)n_joints; j < ld; j++) back[c * ld + j] = 0;
    }
    hr_joint_hits *const hits = t->work->hits + (size_t)i * (size_t)n_joints;
    memset(hits, 0, (size_t)n_joints * sizeof *hits);
    hr_count_hits(maps, example->targets, n_joints, size[1], size[0], hits);
}

static void drop_examples(hr_learner *t)
{
    for (int i = 0; i < t->n_examples; i++) hr_example_free(&t->examples[i]);
    t->n_examples = 0;
}

static hrnet_status next_examples(hr_learner *t, hr_step_report *out)
{
    int is_end;
    const double waited = hr_batches_waited(t->batches), start = hr_clock_now();
    drop_examples(t);
    const hrnet_status status = hr_batches_next(t->batches, t->examples, &t->n_examples, &is_end);
    out->waited += hr_batches_waited(t->batches) - waited;
    t->times.data += hr_clock_now() - start;
    if (status == HRNET_OK && is_end) return hr_fail(HRNET_ERR_ARGUMENT, "the epoch has fewer batches than counted");
    return status;
}

static hrnet_status run_pass(hr_learner *t, hr_step_report *out, double scale, int add)
{
    struct hr_learner_work *const w = t->work;
    const int n_joints = t->config->model.n_joints;
    HR_TRY(next_examples(t, out));
    pass p = {t, t->n_examples, scale, w->losses};
    const double start = hr_clock_now();
    hr_backprop_parallel(t->net, p.n, fill_input, &p);
    hr_backprop_forward(t->net, p.n);
    const double forward = hr_clock_now();
    hr_backprop_parallel(t->net, p.n, judge, &p);
    const double judged = hr_clock_now();
    hr_backprop_backward(t->net, p.n, add);
    t->times.forward += forward - start;
    t->times.loss += judged - forward;
    t->times.backward += hr_clock_now() - judged;
    for (int i = 0; i < p.n; i++) {
        w->sums[0] += w->losses[i];
        for (int j = 0; j < n_joints; j++) {
            w->sums[2 + 2 * j] += w->hits[i * n_joints + j].n_hit;
            w->sums[3 + 2 * j] += w->hits[i * n_joints + j].n_tried;
        }
    }
    return w->failed;
}

/* ---------------------------------------------------------------------------------------------- step */

static hrnet_status begin_epoch(hr_learner *t)
{
    const hr_batches_options options = {.seed = t->state.seed,
                                        .epoch = t->state.epoch,
                                        .first = (size_t)(t->state.position * t->batch * t->n_ranks),
                                        .batch = t->batch,
                                        .rank = t->rank,
                                        .n_ranks = t->n_ranks,
                                        .workers = t->options.workers,
                                        .shuffle = t->config->train.shuffle,
                                        .augment = 1};
    return t->batches != NULL ? HRNET_OK : hr_batches_create(&t->batches, t->set, &options);
}

/* Add up what the processes found; gradients that are on their way arrive. */
static hrnet_status collect(hr_learner *t, hr_step_report *out)
{
    struct hr_learner_work *const w = t->work;
    const int n_joints = t->config->model.n_joints;
    const double start = hr_clock_now();
    w->sums[1] = t->wants_stop != 0;
    if (t->n_ranks > 1) {
        HR_TRY(hr_collective_wait(t->collective));
        HR_TRY(hr_collective_sum(t->collective, w->sums, 2 + 2 * (size_t)n_joints));
    }
    t->times.collective += hr_clock_now() - start;
    for (int j = 0; j < n_joints; j++) w->hits[j] = (hr_joint_hits){(int)w->sums[2 + 2 * j], (int)w->sums[3 + 2 * j]};
    out->loss = w->sums[0] / (double)out->n_examples;
    out->accuracy = hr_batch_accuracy(w->hits, n_joints, &out->n_accuracy);
    out->stop = w->sums[1] > 0;
    if (isfinite(out->loss)) return HRNET_OK;
    return hr_fail(HRNET_ERR_LIMIT,
                   "epoch %lld, step %lld: the loss is %g at learning rate %g: stopped before it reached the weights "
                   "(a lower TRAIN.LR, TRAIN.WARMUP_STEPS or TRAIN.CLIP_GRAD may help)",
                   (long long)out->epoch, (long long)out->position, out->loss, out->rate);
}

static void describe(const hr_learner *t, hr_step_report *out, int64_t n_passes)
{
    const hr_train_state *const s = &t->state;
    const int64_t whole = (int64_t)t->batch * t->n_ranks, first = s->position * whole;
    const int64_t left = (int64_t)hr_train_set_n_examples(t->set) - first;
    *out = (hr_step_report){.index = s->step, .epoch = s->epoch, .position = s->position / t->config->train.accumulate};
    out->n_examples = n_passes * whole < left ? n_passes * whole : left;
    out->rate = hr_learning_rate_at(&t->schedule, (int)s->epoch, s->step, t->n_steps);
}

hrnet_status hr_learner_step(hr_learner *t, hr_step_report *out)
{
    hr_train_state *const s = &t->state;
    struct hr_learner_work *const w = t->work;
    const int64_t left = t->n_passes - s->position, most = t->config->train.accumulate;
    const int64_t n_passes = left < most ? left : most;
    if (n_passes < 1) return hr_fail(HRNET_ERR_ARGUMENT, "hr_learner_step: the epoch is over");
    HR_TRY(begin_epoch(t));
    describe(t, out, n_passes);
    memset(w->sums, 0, (2 + 2 * (size_t)t->config->model.n_joints) * sizeof *w->sums);
    w->failed = HRNET_OK;
    for (int64_t i = 0; i < n_passes; i++) {
        w->is_last_pass = i == n_passes - 1;
        HR_TRY(run_pass(t, out, 1.0 / (double)out->n_examples, i > 0));
    }
    HR_TRY(collect(t, out));
    hr_learner_update(t, out->rate);
    s->rate = out->rate;
    s->step++;
    s->position += n_passes;
    s->loss_sum += out->loss * (double)out->n_examples;
    s->n_loss += out->n_examples;
    s->accuracy_sum += out->accuracy * out->n_accuracy;
    s->n_accuracy += out->n_accuracy;
    return HRNET_OK;
}

hrnet_status hr_learner_try(hr_learner *t, double *seconds)
{
    enum { PICTURES = 8 };
    const int n = t->batch < PICTURES ? t->batch : PICTURES;
    const size_t first = t->params->n_trainable, n_tail = t->params->n_floats - first;
    const size_t input = 4 * (size_t)t->config->model.image_size[0] * (size_t)t->config->model.image_size[1];
    const size_t output = (size_t)t->config->model.heatmap_size[0] * (size_t)t->config->model.heatmap_size[1] *
                          (size_t)hr_padded(t->config->model.n_joints);
    float *tail; /* running statistics, which a forward pass moves */
    HR_NEW(tail, n_tail);
    memcpy(tail, t->state.params + first, n_tail * sizeof *tail);
    t->work->is_last_pass = 0;
    t->work->failed = HRNET_OK;
    for (int i = 0; i < n; i++) {
        memset(hr_backprop_input(t->net, i), 0, input * sizeof(float));
        memset(hr_backprop_output_gradient(t->net, 0, i), 0, output * sizeof(float));
    }
    for (int k = 0; k < 2; k++) { /* the first one meets memory that was never touched */
        const double start = hr_clock_now();
        hr_backprop_forward(t->net, n);
        hr_backprop_backward(t->net, n, 0);
        *seconds = (hr_clock_now() - start) * t->batch / n;
    }
    memcpy(t->state.params + first, tail, n_tail * sizeof *tail);
    hr_free(tail);
    hr_backprop_take_times(t->net);
    t->times = (hr_learner_times){0};
    return t->work->failed;
}
