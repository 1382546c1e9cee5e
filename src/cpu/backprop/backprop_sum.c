/* backprop_sum.c - jobs of sums: the sum of normalised, upsampled terms, and what comes back through it. */
#include <string.h>

#include "cpu/backprop/backprop_internal.h"

static const hr_tape_step *step_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.tape.steps[job->step];
}

static const hr_tape_tensor *out_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.tape.tensors[step_of(net, job)->out];
}

static int count_rows(const hr_backprop *net, const hr_job *job, int n)
{
    return hr_sum_slots(out_of(net, job), hr_tape_step_factor(step_of(net, job)), n);
}

/* Row of a term's tensor that row `row` of [n * h] of the output reads. */
static const float *term_row(const hr_backprop *net, const hr_term *term, int row)
{
    const hr_tape_tensor *from = &net->plan.tape.tensors[term->tensor];
    return hr_value(net, term->tensor) + (size_t)(row >> term->shift) * (size_t)from->w * (size_t)from->ld;
}

static void sum_row(const hr_backprop *net, const hr_tape_step *step, float *out, int row, int w, int ld)
{
    const float *add = NULL;
    int adds = -1, last = -1;
    for (int i = 0; i < step->n_terms; i++) {
        const hr_term *term = &step->terms[i];
        if (step->n_terms > 1 && adds < 0 && term->norm < 0 && term->shift == 0)
            adds = i; /* added on the way by the first of the others */
        else
            last = i;
    }
    if (adds >= 0) add = term_row(net, &step->terms[adds], row);
    for (int i = 0; i < step->n_terms; i++) {
        const hr_term *term = &step->terms[i];
        if (i == adds) continue;
        const hr_norm norm = term->norm >= 0 ? hr_norm_of(&net->norms[term->state]) : (hr_norm){0};
        net->kern->norm_row(out, term_row(net, term, row), term->shift, term->norm >= 0 ? &norm : NULL, add, w, ld,
                            step->relu && i == last ? HR_ACTIVATION_RELU : HR_ACTIVATION_NONE);
        add = out;
    }
}

static void sum_rows(hr_backprop *net, const hr_job *job, float *to, int task)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_tape_tensor *out = out_of(net, job);
    const hr_rows rows = hr_rows_of(net, out, hr_task_rows(out, hr_tape_step_factor(step)), task);
    for (int row = rows.first; row < rows.last; row++)
        sum_row(net, step, to + (size_t)row * (size_t)out->w * (size_t)out->ld, row, out->w, out->ld);
}

static void run_sum(hr_backprop *net, const hr_job *job, int task, int thread)
{
    (void)thread;
    sum_rows(net, job, hr_value(net, step_of(net, job)->out), task);
}

static void run_recompute(hr_backprop *net, const hr_job *job, int task, int thread)
{
    (void)thread;
    sum_rows(net, job, hr_kept_value(net, step_of(net, job)->out), task);
}

/* Doubles between the sums of neighbouring norms of a sum. */
static size_t sums_step(const hr_backprop *net, const hr_job *job)
{
    return hr_sum_doubles(out_of(net, job), count_rows(net, job, net->options.max_batch));
}

/* Where the sums of term `index`, which has a norm, begin. */
static double *sums_of(const hr_backprop *net, const hr_job *job, int index)
{
    const hr_tape_step *step = step_of(net, job);
    size_t before = 0;
    for (int i = 0; i < index; i++) before += step->terms[i].norm >= 0;
    return (double *)hr_buffer_at(net, job->buffer) + before * sums_step(net, job);
}

/* Some rows of the output's gradient on their way to one term; n_rows whole cells of the upsampling. */
typedef struct passage {
    const float *g; /* gated */
    int row, n_rows, w, ld;
} passage;

static void sum_backward_sums(const hr_backprop *net, const hr_tape_step *step, const hr_term *term, const passage *p,
                              double *sums)
{
    const hr_norm norm = hr_norm_of(&net->norms[term->state]);
    const size_t ld = (size_t)p->ld, row_step = (size_t)p->w * ld;
    const float *x = hr_kept_value(net, term->tensor);
    if (term->shift == 0) {
        net->kern->norm_gradient_sums(p->g, x + (size_t)p->row * row_step, &norm,
                                      step->relu && !hr_gates_by_output(step), (size_t)(p->n_rows * p->w), p->ld, sums);
        return;
    }
    const int low = p->w >> term->shift;
    float *dx = hr_gradient(net, term->tensor);
    for (int y = 0; y < p->n_rows >> term->shift; y++) {
        const size_t at = (size_t)((p->row >> term->shift) + y) * (size_t)low * ld;
        net->kern->fold_row(dx + at, p->g + (size_t)(y << term->shift) * row_step, row_step, term->shift, low, p->ld,
                            0);
        net->kern->norm_gradient_sums(dx + at, x + at, &norm, 0, (size_t)low, p->ld, sums);
    }
}

static void sum_backward_plain(const hr_backprop *net, const hr_tape_step *step, const hr_term *term, const passage *p,
                               int add)
{
    if (net->plan.tensors[term->tensor].gradient == net->plan.tensors[step->out].gradient) return; /* inherited */
    const size_t row_step = (size_t)p->w * (size_t)p->ld;
    const int low = p->w >> term->shift;
    for (int y = 0; y < p->n_rows >> term->shift; y++)
        net->kern->fold_row(hr_gradient(net, term->tensor) +
                                (size_t)((p->row >> term->shift) + y) * (size_t)low * (size_t)p->ld,
                            p->g + (size_t)(y << term->shift) * row_step, row_step, term->shift, low, p->ld, add);
}

static void run_sum_backward(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_tape_tensor *out = out_of(net, job);
    const int factor = hr_tape_step_factor(step);
    const hr_rows rows = hr_rows_of(net, out, hr_task_rows(out, factor), task);
    const size_t row_floats = (size_t)out->w * (size_t)out->ld;
    double *sums[HR_MAX_INPUTS] = {NULL};
    (void)thread;
    for (int i = 0; i < step->n_terms; i++) {
        if (step->terms[i].norm < 0) continue;
        sums[i] = sums_of(net, job, i) + (size_t)task * 2 * (size_t)out->ld;
        memset(sums[i], 0, 2 * (size_t)out->ld * sizeof *sums[i]);
    }
    for (int row = rows.first; row < rows.last; row += factor) {
        float *g = hr_gradient(net, step->out) + (size_t)row * row_floats;
        const passage p = {g, row, factor, out->w, out->ld};
        if (hr_gates_by_output(step))
            net->kern->gate(g, hr_kept_value(net, step->out) + (size_t)row * row_floats, (size_t)factor * row_floats);
        for (int i = 0; i < step->n_terms; i++) {
            if (step->terms[i].norm >= 0)
                sum_backward_sums(net, step, &step->terms[i], &p, sums[i]);
            else
                sum_backward_plain(net, step, &step->terms[i], &p, job->add >> i & 1);
        }
    }
}

static void finish_sum_backward(hr_backprop *net, const hr_job *job)
{
    const hr_tape_step *step = step_of(net, job);
    for (int i = 0; i < step->n_terms; i++) {
        if (step->terms[i].norm < 0) continue;
        double *sums = sums_of(net, job, i);
        hr_add_slots(sums, count_rows(net, job, net->n), out_of(net, job)->ld);
        hr_norm_gradients(net, &step->terms[i], sums);
        if (!hr_is_shared(net)) hr_norm_finalize_gradient(net, &step->terms[i], sums);
    }
}

static void reduce_gradient(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const size_t n = 2 * (size_t)out_of(net, job)->ld;
    double *sums = sums_of(net, job, job->term);
    (void)task;
    (void)thread;
    if (net->n == 0) memset(sums, 0, n * sizeof *sums);
    net->options.all_reduce(net->options.context, sums, n);
    hr_norm_finalize_gradient(net, &step_of(net, job)->terms[job->term], sums);
}

const hr_job_functions hr_job_sum = {count_rows, run_sum, NULL};
const hr_job_functions hr_job_recompute = {count_rows, run_recompute, NULL};
const hr_job_functions hr_job_sum_backward = {count_rows, run_sum_backward, finish_sum_backward};
const hr_job_functions hr_job_reduce_gradient = {NULL, reduce_gradient, NULL};
