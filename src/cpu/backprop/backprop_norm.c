/*
 * backprop_norm.c - batch statistics, and what backward does with a norm. Sums of squares are made about a pixel of the
 * batch, because in float a mean far from zero would spoil them; from then on they are double, and about zero, so that
 * several processes can add theirs.
 */
#include <math.h>
#include <string.h>

#include "cpu/backprop/backprop_internal.h"

static const hr_term *term_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.tape.steps[job->step].terms[job->term];
}

static const hr_tape_tensor *tensor_of(const hr_backprop *net, const hr_term *term)
{
    return &net->plan.tape.tensors[term->tensor];
}

void hr_add_slots(double *sums, int n_slots, int ld)
{
    const size_t n = 2 * (size_t)ld;
    for (int slot = 1; slot < n_slots; slot++)
        for (size_t c = 0; c < n; c++) sums[c] += sums[(size_t)slot * n + c];
}

static const float *pivot_of(const hr_backprop *net, const hr_term *term)
{
    const hr_tape_tensor *x = tensor_of(net, term);
    return hr_value(net, term->tensor) + (size_t)(x->h / 2 * x->w + x->w / 2) * (size_t)x->ld;
}

static int count_statistics(const hr_backprop *net, const hr_job *job, int n)
{
    return hr_sum_slots(tensor_of(net, term_of(net, job)), 1, n);
}

static void run_statistics(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_term *term = term_of(net, job);
    const hr_tape_tensor *x = tensor_of(net, term);
    const hr_rows rows = hr_rows_of(net, x, hr_task_rows(x, 1), task);
    const size_t ld = (size_t)x->ld, width = (size_t)x->w;
    double *sums = (double *)hr_buffer_at(net, job->buffer) + (size_t)task * 2 * ld;
    (void)thread;
    memset(sums, 0, 2 * ld * sizeof *sums);
    net->kern->norm_sums(hr_value(net, term->tensor) + (size_t)rows.first * width * ld, pivot_of(net, term),
                         (size_t)(rows.last - rows.first) * width, x->ld, sums);
}

/* The coefficients of a frozen norm: those of inference. */
static void use_running(const hr_backprop *net, const hr_term *term, hr_norm_state *state)
{
    const size_t *at = net->layout.at + term->norm; /* weight, bias, mean, var, count */
    for (size_t c = 0; c < (size_t)tensor_of(net, term)->ld; c++) {
        const double inverse = 1 / sqrt((double)net->params[at[3] + c] + term->epsilon);
        state->mean[c] = net->params[at[2] + c];
        state->inverse[c] = (float)inverse;
        state->scale[c] = (float)((double)net->params[at[0] + c] * inverse);
        state->shift[c] = net->params[at[1] + c];
    }
}

/* From sums of deviations d and d^2 about the running mean [2][ld] and, behind them, their count: mean and variance,
 * the norm's coefficients, the running statistics. */
static void finalize(hr_backprop *net, const hr_term *term, const double *sums)
{
    const int ld = tensor_of(net, term)->ld;
    const double n = sums[2 * ld];
    hr_norm_state *state = &net->norms[term->state];
    const size_t *at = net->layout.at + term->norm; /* weight, bias, mean, var, count */
    float *running_mean = net->params + at[2], *running_var = net->params + at[3];
    state->count = n;
    if (n <= 0) return;
    if (state->is_frozen) {
        use_running(net, term, state);
        return;
    }
    for (int c = 0; c < ld; c++) {
        const double mean = sums[c] / n;
        double var = sums[ld + c] / n - mean * mean;
        if (var < 0) var = 0;
        const double inverse = 1 / sqrt(var + term->epsilon), unbiased = n > 1 ? var * n / (n - 1) : var;
        state->mean[c] = (float)mean;
        state->inverse[c] = (float)inverse;
        state->scale[c] = (float)((double)net->params[at[0] + (size_t)c] * inverse);
        state->shift[c] = net->params[at[1] + (size_t)c];
        running_mean[c] = (float)((1 - term->momentum) * (double)running_mean[c] + term->momentum * mean);
        running_var[c] = (float)((1 - term->momentum) * (double)running_var[c] + term->momentum * unbiased);
    }
    net->params[at[4]] += 1;
}

/* The slots become one sum about zero, and the count behind it. */
static void finish_statistics(hr_backprop *net, const hr_job *job)
{
    const hr_term *term = term_of(net, job);
    const hr_tape_tensor *x = tensor_of(net, term);
    const float *pivot = pivot_of(net, term);
    const double n = (double)net->n * x->h * x->w;
    double *sums = hr_buffer_at(net, job->buffer);
    hr_add_slots(sums, hr_sum_slots(x, 1, net->n), x->ld);
    for (int c = 0; c < x->ld; c++) {
        const double away = sums[c] / n, mean = (double)pivot[c] + away;
        sums[x->ld + c] += n * (mean * mean - away * away);
        sums[c] = n * mean;
    }
    sums[2 * x->ld] = n;
    if (!hr_is_shared(net)) finalize(net, term, sums);
}

static void reduce_statistics(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_term *term = term_of(net, job);
    const size_t n = 2 * (size_t)tensor_of(net, term)->ld + 1;
    double *sums = hr_buffer_at(net, job->buffer);
    (void)task;
    (void)thread;
    if (net->n == 0) memset(sums, 0, n * sizeof *sums);
    net->options.all_reduce(net->options.context, sums, n);
    finalize(net, term, sums);
}

void hr_norm_gradients(hr_backprop *net, const hr_term *term, const double *sums)
{
    const int ld = tensor_of(net, term)->ld;
    const hr_norm_state *state = &net->norms[term->state];
    float *weight = net->gradients + net->layout.at[term->norm],
          *bias = net->gradients + net->layout.at[term->norm + 1];
    for (int c = 0; c < ld; c++) {
        weight[c] = (net->add ? weight[c] : 0) + (float)(sums[ld + c] * (double)state->inverse[c]);
        bias[c] = (net->add ? bias[c] : 0) + (float)sums[c];
    }
}

void hr_norm_finalize_gradient(hr_backprop *net, const hr_term *term, const double *sums)
{
    const int ld = tensor_of(net, term)->ld;
    const hr_norm_state *state = &net->norms[term->state];
    if (state->is_frozen) { /* its statistics do not depend on its input: nothing comes back through them */
        memset(state->offset, 0, (size_t)ld * sizeof *state->offset);
        memset(state->slope, 0, (size_t)ld * sizeof *state->slope);
        return;
    }
    for (int c = 0; c < ld; c++) {
        const double inverse = (double)state->inverse[c];
        state->offset[c] = (float)(sums[c] / state->count);
        state->slope[c] = (float)(sums[ld + c] / state->count * inverse * inverse);
    }
}

static int count_norm_backward(const hr_backprop *net, const hr_job *job, int n)
{
    return hr_sum_slots(tensor_of(net, term_of(net, job)), 1, n);
}

static void run_norm_backward(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_step *step = &net->plan.tape.steps[job->step];
    const hr_term *term = term_of(net, job);
    const hr_tape_tensor *x = tensor_of(net, term);
    const hr_norm_state *state = &net->norms[term->state];
    const hr_norm norm = hr_norm_of(state);
    const hr_rows rows = hr_rows_of(net, x, hr_task_rows(x, 1), task);
    const size_t at = (size_t)rows.first * (size_t)x->w * (size_t)x->ld;
    float *dx = hr_gradient(net, term->tensor) + at;
    const float *g = term->shift > 0 ? dx : hr_gradient(net, step->out) + at; /* folded there by the sum_phase */
    (void)thread;
    net->kern->norm_gradient(dx, g, hr_kept_value(net, term->tensor) + at, &norm, state->offset, state->slope,
                             step->relu && !hr_gates_by_output(step), (size_t)((rows.last - rows.first) * x->w), x->ld);
}

const hr_job_functions hr_job_statistics = {count_statistics, run_statistics, finish_statistics};
const hr_job_functions hr_job_reduce_statistics = {NULL, reduce_statistics, NULL};
const hr_job_functions hr_job_norm_backward = {count_norm_backward, run_norm_backward, NULL};
