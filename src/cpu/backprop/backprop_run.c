/*
 * backprop_run.c - running a network's plan. In each phase all threads draw tasks of the phase's jobs from one
 * counter, then meet. Tasks are cut by shapes and the number of pictures alone, so the result does not depend on who
 * draws which.
 */
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "cpu/backprop/backprop_internal.h"

enum { REPORT_FLOATS = 1 << 18 }; /* gradients that are reported together at least */

static const hr_job_functions *const kinds[HR_N_JOB_KINDS] = {
    [HR_JOB_CONV] = &hr_job_conv,
    [HR_JOB_INPUT_GRADIENT] = &hr_job_input_gradient,
    [HR_JOB_WEIGHT_SUMS] = &hr_job_weight_sums,
    [HR_JOB_WEIGHT_TOTAL] = &hr_job_weight_total,
    [HR_JOB_PACK] = &hr_job_pack,
    [HR_JOB_PACK_TURNED] = &hr_job_pack_turned,
    [HR_JOB_OP] = &hr_job_op,
    [HR_JOB_OP_GRADIENT] = &hr_job_op_gradient,
    [HR_JOB_STATISTICS] = &hr_job_statistics,
    [HR_JOB_SUM] = &hr_job_sum,
    [HR_JOB_RECOMPUTE] = &hr_job_recompute,
    [HR_JOB_SUM_BACKWARD] = &hr_job_sum_backward,
    [HR_JOB_NORM_BACKWARD] = &hr_job_norm_backward,
    [HR_JOB_BIAS_GRADIENT] = &hr_job_bias_gradient,
    [HR_JOB_REDUCE_STATISTICS] = &hr_job_reduce_statistics,
    [HR_JOB_REDUCE_GRADIENT] = &hr_job_reduce_gradient,
};

/* Count every phase's tasks for a batch of n. */
static void cut(hr_backprop *net, int n)
{
    const hr_backprop_plan *plan = &net->plan;
    if (net->planned == n) return;
    net->planned = n;
    for (int phase = 0; phase < plan->n_phases; phase++) {
        int total = 0;
        for (int i = plan->phase_jobs[phase]; i < plan->phase_jobs[phase + 1]; i++) {
            const hr_job *job = &plan->jobs[i];
            net->states[i].first_task = total;
            net->states[i].n_tasks =
                n > 0 && kinds[job->kind]->n_tasks != NULL ? kinds[job->kind]->n_tasks(net, job, n) : 0;
            total += net->states[i].n_tasks;
        }
        net->phase_tasks[phase] = total;
    }
}

static void run_timed(hr_backprop *net, const hr_job *job, hr_job_state *state, int task, int thread)
{
    const hr_job_functions *kind = kinds[job->kind];
    const double start = hr_clock_now();
    kind->run(net, job, task, thread);
    if (kind->finish != NULL && atomic_fetch_add(&state->n_done, 1) == state->n_tasks - 1) kind->finish(net, job);
    net->times[thread * HR_N_JOB_KINDS + (int)job->kind] += hr_clock_now() - start;
}

/* Jobs of a phase that are the caller's; they are its last. Returns whether there are any. */
static int run_caller(hr_backprop *net, int phase, int thread)
{
    const hr_backprop_plan *plan = &net->plan;
    int any = 0;
    for (int i = plan->phase_jobs[phase + 1] - 1; i >= plan->phase_jobs[phase]; i--) {
        if (kinds[plan->jobs[i].kind]->n_tasks != NULL) break;
        any = 1;
        if (thread == 0) run_timed(net, &plan->jobs[i], &net->states[i], 0, thread);
    }
    return any;
}

static void report_gradients(hr_backprop *net, int phase, size_t *reported)
{
    const size_t complete = net->plan.complete[phase];
    if (*reported - complete < REPORT_FLOATS && complete > 0) return;
    if (*reported > complete) net->options.on_gradients(net->options.context, complete, *reported - complete);
    *reported = complete;
}

static void region(void *context, int thread)
{
    hr_backprop *net = context;
    const int reports = thread == 0 && net->first > 0 && net->options.on_gradients != NULL;
    size_t reported = net->layout.n_trainable;
    for (int phase = net->first; phase < net->last; phase++) {
        const int first = net->plan.phase_jobs[phase], n_tasks = net->phase_tasks[phase];
        const int has_caller = run_caller(net, phase, thread);
        int i = first;
        for (int task; n_tasks > 0 && (task = atomic_fetch_add(&net->next[phase], 1)) < n_tasks;) {
            while (task >= net->states[i].first_task + net->states[i].n_tasks) i++; /* a thread's tasks only grow */
            run_timed(net, &net->plan.jobs[i], &net->states[i], task - net->states[i].first_task, thread);
        }
        if (n_tasks > 0 || has_caller) hr_pool_barrier(net->pool);
        if (reports) report_gradients(net, phase, &reported);
    }
}

static void run(hr_backprop *net, int n, int first, int last)
{
    cut(net, n);
    net->n = n;
    net->first = first;
    net->last = last;
    for (int phase = first; phase < last; phase++) atomic_store(&net->next[phase], 0);
    for (int i = net->plan.phase_jobs[first]; i < net->plan.phase_jobs[last]; i++)
        atomic_store(&net->states[i].n_done, 0);
    hr_pool_run(net->pool, region, net);
}

void hr_backprop_forward(hr_backprop *net, int n)
{
    run(net, n, 0, net->plan.first_backward);
}

void hr_backprop_backward(hr_backprop *net, int n, int add)
{
    net->add = add;
    if (!add && (n == 0 || net->plan.has_idle))
        memset(net->gradients, 0, net->layout.n_trainable * sizeof *net->gradients);
    run(net, n, net->plan.first_backward, net->plan.n_phases);
}

hr_backprop_times hr_backprop_take_times(hr_backprop *net)
{
    double of[HR_N_JOB_KINDS] = {0};
    for (int i = 0; i < net->options.threads * HR_N_JOB_KINDS; i++) {
        of[i % HR_N_JOB_KINDS] += net->times[i];
        net->times[i] = 0;
    }
    return (hr_backprop_times){
        .conv = of[HR_JOB_CONV],
        .input_gradient = of[HR_JOB_INPUT_GRADIENT],
        .weight_gradient = of[HR_JOB_WEIGHT_SUMS] + of[HR_JOB_WEIGHT_TOTAL] + of[HR_JOB_BIAS_GRADIENT],
        .pack = of[HR_JOB_PACK] + of[HR_JOB_PACK_TURNED],
        .norm_add_relu = of[HR_JOB_STATISTICS] + of[HR_JOB_SUM] + of[HR_JOB_RECOMPUTE],
        .norm_add_relu_gradient = of[HR_JOB_SUM_BACKWARD] + of[HR_JOB_NORM_BACKWARD],
        .other = of[HR_JOB_OP] + of[HR_JOB_OP_GRADIENT] + of[HR_JOB_REDUCE_STATISTICS] + of[HR_JOB_REDUCE_GRADIENT],
    };
}

void hr_backprop_parallel(hr_backprop *net, int n_tasks, void (*func)(void *context, int task), void *context)
{
    hr_parallel(net->pool, n_tasks, func, context);
}
