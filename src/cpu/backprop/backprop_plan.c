/* backprop_plan.c - buffers, what is kept for backward, and putting the jobs in order. */
#include "cpu/backprop/backprop_plan_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { TASK_FLOATS = 32 * 1024 };

int hr_task_rows(const hr_tape_tensor *tensor, int factor)
{
    const int rows = TASK_FLOATS / (tensor->w * tensor->ld) / factor * factor;
    return rows > factor ? rows : factor;
}

int hr_tape_step_factor(const hr_tape_step *step)
{
    int shift = 0;
    for (int i = 0; i < step->n_terms; i++) shift = hr_later(shift, step->terms[i].shift);
    return 1 << shift;
}

int hr_gates_by_output(const hr_tape_step *step)
{
    const int is_plain = step->n_terms == 1 && step->terms[0].norm >= 0 && step->terms[0].shift == 0;
    return step->relu && !is_plain;
}

int hr_sum_slots(const hr_tape_tensor *tensor, int factor, int n)
{
    const int rows = hr_task_rows(tensor, factor);
    return (n * tensor->h + rows - 1) / rows;
}

size_t hr_sum_doubles(const hr_tape_tensor *tensor, int slots)
{
    return (size_t)slots * 2 * (size_t)tensor->ld + HR_STRIP;
}

int hr_plan_buffer(hr_backprop_planner *p, size_t bytes, int first, int last)
{
    hr_backprop_plan *plan = p->plan;
    if (plan->n_buffers == plan->buffer_capacity) {
        const int capacity = plan->buffer_capacity == 0 ? 1024 : 2 * plan->buffer_capacity;
        hr_buffer *buffers = hr_resize(plan->buffers, (size_t)plan->n_buffers, (size_t)capacity, sizeof *buffers);
        if (buffers == NULL) {
            p->has_failed = 1;
            return -1;
        }
        plan->buffers = buffers;
        plan->buffer_capacity = capacity;
    }
    plan->buffers[plan->n_buffers] =
        (hr_buffer){.size = (bytes + HR_ALIGN - 1) / HR_ALIGN, .first = first, .last = last};
    return plan->n_buffers++;
}

void hr_plan_touch(hr_backprop_planner *p, int buffer, int phase)
{
    if (buffer < 0) return;
    hr_buffer *life = &p->plan->buffers[buffer];
    if (phase < life->first) life->first = phase;
    if (phase > life->last) life->last = phase;
}

void hr_plan_job(hr_backprop_planner *p, hr_job job)
{
    hr_backprop_plan *plan = p->plan;
    if (plan->n_jobs == plan->job_capacity) {
        const int capacity = plan->job_capacity == 0 ? 1024 : 2 * plan->job_capacity;
        hr_job *jobs = hr_resize(plan->jobs, (size_t)plan->n_jobs, (size_t)capacity, sizeof *jobs);
        if (jobs == NULL) {
            p->has_failed = 1;
            return;
        }
        plan->jobs = jobs;
        plan->job_capacity = capacity;
    }
    plan->jobs[plan->n_jobs++] = job;
    if (job.phase >= plan->n_phases) plan->n_phases = job.phase + 1;
}

size_t hr_plan_tensor_bytes(const hr_backprop_planner *p, int tensor)
{
    const hr_tape_tensor *t = &p->plan->tape.tensors[tensor];
    return (size_t)p->options->max_batch * (size_t)t->h * (size_t)t->w * (size_t)t->ld * sizeof(float);
}

static int is_output(const hr_tape *tape, int tensor)
{
    for (int i = 0; i < tape->graph->n_outputs; i++)
        if (tape->outputs[i] == tensor) return 1;
    return 0;
}

/* Which values are kept: with recompute, not those that can be made again from kept ones without a convolution. */
static void choose_kept(hr_backprop_planner *p)
{
    const hr_tape *tape = &p->plan->tape;
    p->kept[0] = 1;
    for (int i = 0; i < tape->n_steps; i++) {
        const hr_tape_step *step = &tape->steps[i];
        int again = p->options->recompute && step->kind == HR_TAPE_SUM && !is_output(tape, step->out);
        for (int j = 0; j < step->n_terms; j++) again = again && p->kept[step->terms[j].tensor];
        p->kept[step->out] = !again;
    }
}

/* Values that backward reads: kept ones live until then, others are made again just before. */
static void plan_values(hr_backprop_planner *p)
{
    hr_backprop_plan *plan = p->plan;
    for (int t = 0; t < plan->tape.n_tensors; t++) {
        if (p->first_read[t] == 0 || p->kept[t]) continue;
        const int step = plan->tape.tensors[t].producer, phase = p->first_read[t] - 1;
        hr_plan_job(p, (hr_job){HR_JOB_RECOMPUTE, step, 0, phase, -1, 0});
        plan->tensors[t].again = hr_plan_buffer(p, hr_plan_tensor_bytes(p, t), phase, p->last_read[t]);
        for (int j = 0; j < plan->tape.steps[step].n_terms; j++)
            p->last_read[plan->tape.steps[step].terms[j].tensor] =
                hr_later(p->last_read[plan->tape.steps[step].terms[j].tensor], phase);
    }
    for (int t = 0; t < plan->tape.n_tensors; t++) {
        const int buffer = plan->tensors[t].value;
        if (!p->kept[t] || p->last_read[t] == 0 || p->has_failed) continue;
        hr_plan_touch(p, buffer, p->last_read[t]);
        plan->kept_lines += plan->buffers[buffer].size;
    }
}

static int by_phase(const void *a, const void *b)
{
    const hr_job *x = a, *y = b;
    if (x->phase != y->phase) return x->phase - y->phase;
    if (x->kind != y->kind) return (int)x->kind - (int)y->kind;
    return x->step != y->step ? x->step - y->step : x->term - y->term;
}

static void order_jobs(hr_backprop_plan *plan)
{
    qsort(plan->jobs, (size_t)plan->n_jobs, sizeof *plan->jobs, by_phase);
    for (int i = plan->n_jobs - 1, phase = plan->n_phases; phase >= 0; phase--) {
        while (i >= 0 && plan->jobs[i].phase >= phase) i--;
        plan->phase_jobs[phase] = i + 1;
    }
}

/* complete: parameters lie in the block in the order of the graph, so the last of them that is not complete decides. */
static void order_gradients(hr_backprop_planner *p)
{
    hr_backprop_plan *plan = p->plan;
    const hr_graph *graph = plan->tape.graph;
    int latest = 0;
    for (int i = 0; i < plan->n_phases; i++) plan->complete[i] = p->params->n_trainable;
    for (int i = graph->n_params - 1; i >= 0; i--) {
        if (p->params->at[i] >= p->params->n_trainable) continue;
        latest = hr_later(latest, p->finalized[i]);
        plan->complete[latest] = p->params->at[i];
    }
    for (int i = 1; i < plan->n_phases; i++)
        if (plan->complete[i] > plan->complete[i - 1]) plan->complete[i] = plan->complete[i - 1];
}

static hrnet_status allocate_planner(hr_backprop_planner *p)
{
    const size_t n = (size_t)p->plan->tape.n_tensors;
    HR_NEW(p->ready, n);
    HR_NEW(p->passed, n);
    HR_NEW(p->kept, n);
    HR_NEW(p->first_read, n);
    HR_NEW(p->last_read, n);
    HR_NEW(p->finalized, (size_t)p->params->graph->n_params);
    HR_NEW(p->plan->tensors, n);
    HR_NEW(p->plan->layers, (size_t)p->plan->tape.n_steps);
    for (size_t i = 0; i < n; i++) p->plan->tensors[i] = (hr_tensor_buffers){-1, -1, -1};
    return HRNET_OK;
}

static void free_planner(hr_backprop_planner *p)
{
    hr_free(p->ready);
    hr_free(p->passed);
    hr_free(p->kept);
    hr_free(p->first_read);
    hr_free(p->last_read);
    hr_free(p->finalized);
}

/* A buffer that the caller reads or writes lives all the time. */
static void hold(hr_backprop_planner *p, int buffer)
{
    hr_plan_touch(p, buffer, 0);
    hr_plan_touch(p, buffer, p->plan->n_phases);
}

static hrnet_status make_plan(hr_backprop_planner *p)
{
    hr_backprop_plan *plan = p->plan;
    HR_TRY(allocate_planner(p));
    HR_TRY(hr_plan_forward(p));
    plan->first_backward = plan->n_phases;
    choose_kept(p);
    hr_plan_backward(p);
    plan_values(p);
    if (p->has_failed) return hr_fail_memory((size_t)plan->buffer_capacity * sizeof *plan->buffers);
    hold(p, plan->tensors[0].value);
    for (int i = 0; i < plan->tape.graph->n_outputs; i++) {
        hold(p, plan->tensors[plan->tape.outputs[i]].value);
        hold(p, plan->tensors[plan->tape.outputs[i]].gradient);
    }
    HR_NEW(plan->phase_jobs, (size_t)plan->n_phases + 1);
    HR_NEW(plan->complete, (size_t)plan->n_phases);
    order_jobs(plan);
    order_gradients(p);
    return hr_memory_plan(plan->buffers, plan->n_buffers, NULL, NULL, &plan->n_lines);
}

hrnet_status hr_backprop_plan_make(hr_backprop_plan *out, hr_tape *tape, const hr_params *params,
                                   const hr_backprop_plan_options *options)
{
    hr_backprop_plan plan = {.tape = *tape};
    hr_backprop_planner p = {.plan = &plan, .params = params, .options = options};
    *tape = (hr_tape){0};
    const hrnet_status status = make_plan(&p);
    free_planner(&p);
    if (status != HRNET_OK) {
        hr_backprop_plan_free(&plan);
        return status;
    }
    *out = plan;
    return HRNET_OK;
}

void hr_backprop_plan_free(hr_backprop_plan *plan)
{
    hr_tape_free(&plan->tape);
    hr_free(plan->layers);
    hr_free(plan->tensors);
    hr_free(plan->jobs);
    hr_free(plan->phase_jobs);
    hr_free(plan->complete);
    hr_free(plan->buffers);
    *plan = (hr_backprop_plan){0};
}
