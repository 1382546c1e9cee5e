/* backprop_conv.c - jobs of convolutions: packing, forward, the gradients of input, weights and bias. */
#include <string.h>

#include "cpu/backprop/backprop_internal.h"

static const hr_tape_step *step_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.tape.steps[job->step];
}

static const hr_node *node_of(const hr_backprop *net, const hr_job *job)
{
    return &net->graph.nodes[step_of(net, job)->node];
}

static const hr_layer *layer_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.layers[job->step];
}

static float *scratch_of(const hr_backprop *net, int thread)
{
    return (float *)(void *)(net->scratch + (size_t)thread * net->sizes.scratch_bytes);
}

static const float *weights_of(const hr_backprop *net, const hr_job *job)
{
    return net->params + net->layout.at[node_of(net, job)->weight];
}

static int count_pack(const hr_backprop *net, const hr_job *job, int n)
{
    (void)n;
    return hr_conv_pack_tasks(&layer_of(net, job)->conv);
}

static void run_pack(hr_backprop *net, const hr_job *job, int task, int thread)
{
    (void)thread;
    hr_conv_pack_task(&layer_of(net, job)->conv, weights_of(net, job), task);
}

static int count_pack_turned(const hr_backprop *net, const hr_job *job, int n)
{
    (void)n;
    return hr_conv_pack_tasks(&layer_of(net, job)->turned);
}

static void run_pack_turned(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_layer *layer = layer_of(net, job);
    hr_conv_pack_turned_task(&layer->turned, &layer->conv.shape, weights_of(net, job), scratch_of(net, thread), task);
}

static int count_conv(const hr_backprop *net, const hr_job *job, int n)
{
    const hr_conv *conv = &layer_of(net, job)->conv;
    return conv->algorithm->n_tasks(conv, n, net->options.threads);
}

static void run_conv(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_conv *conv = &layer_of(net, job)->conv;
    const hr_conv_io io = {.in = hr_value(net, step->terms[0].tensor),
                           .out = hr_value(net, step->out),
                           .zeros = net->zeros,
                           .scratch = scratch_of(net, thread),
                           .n = net->n,
                           .threads = net->options.threads};
    conv->algorithm->run(conv, &io, task);
}

static int count_input_gradient(const hr_backprop *net, const hr_job *job, int n)
{
    const hr_conv *turned = &layer_of(net, job)->turned;
    return turned->algorithm->n_tasks(turned, n, net->options.threads);
}

static void run_input_gradient(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_conv *turned = &layer_of(net, job)->turned;
    float *out = hr_gradient(net, step->terms[0].tensor);
    const hr_conv_io io = {.in = hr_gradient(net, step->out),
                           .add = job->add ? out : NULL,
                           .out = out,
                           .zeros = net->zeros,
                           .scratch = scratch_of(net, thread),
                           .n = net->n,
                           .threads = net->options.threads};
    turned->algorithm->run(turned, &io, task);
}

static int count_weight_sums(const hr_backprop *net, const hr_job *job, int n)
{
    return hr_weight_gradient_n_tasks(&layer_of(net, job)->gradient, n, 0);
}

static int count_weight_total(const hr_backprop *net, const hr_job *job, int n)
{
    return hr_weight_gradient_n_tasks(&layer_of(net, job)->gradient, n, 1);
}

static void run_weight(hr_backprop *net, const hr_job *job, int phase, int task, int thread)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_weight_gradient_io io = {.in = hr_kept_value(net, step->terms[0].tensor),
                                      .dout = hr_gradient(net, step->out),
                                      .dweights = net->gradients + net->layout.at[node_of(net, job)->weight],
                                      .n = net->n,
                                      .add = net->add,
                                      .shared = hr_buffer_at(net, job->buffer),
                                      .scratch = scratch_of(net, thread)};
    hr_weight_gradient_run(&layer_of(net, job)->gradient, &io, phase, task);
}

static void run_weight_sums(hr_backprop *net, const hr_job *job, int task, int thread)
{
    run_weight(net, job, 0, task, thread);
}

static void run_weight_total(hr_backprop *net, const hr_job *job, int task, int thread)
{
    run_weight(net, job, 1, task, thread);
}

static const hr_tape_tensor *out_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.tape.tensors[step_of(net, job)->out];
}

static int count_bias(const hr_backprop *net, const hr_job *job, int n)
{
    return hr_sum_slots(out_of(net, job), 1, n);
}

static void run_bias(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_tensor *out = out_of(net, job);
    const hr_rows rows = hr_rows_of(net, out, hr_task_rows(out, 1), task);
    const size_t ld = (size_t)out->ld, width = (size_t)out->w;
    double *sums = (double *)hr_buffer_at(net, job->buffer) + (size_t)task * 2 * ld;
    (void)thread;
    memset(sums, 0, 2 * ld * sizeof *sums);
    net->kern->norm_sums(hr_gradient(net, step_of(net, job)->out) + (size_t)rows.first * width * ld, net->zeros,
                         (size_t)(rows.last - rows.first) * width, out->ld, sums);
}

static void finish_bias(hr_backprop *net, const hr_job *job)
{
    const hr_tape_tensor *out = out_of(net, job);
    double *sums = hr_buffer_at(net, job->buffer);
    float *gradient = net->gradients + net->layout.at[node_of(net, job)->bias];
    hr_add_slots(sums, hr_sum_slots(out, 1, net->n), out->ld);
    for (int c = 0; c < out->ld; c++) gradient[c] = (net->add ? gradient[c] : 0) + (float)sums[c];
}

const hr_job_functions hr_job_pack = {count_pack, run_pack, NULL};
const hr_job_functions hr_job_pack_turned = {count_pack_turned, run_pack_turned, NULL};
const hr_job_functions hr_job_conv = {count_conv, run_conv, NULL};
const hr_job_functions hr_job_input_gradient = {count_input_gradient, run_input_gradient, NULL};
const hr_job_functions hr_job_weight_sums = {count_weight_sums, run_weight_sums, NULL};
const hr_job_functions hr_job_weight_total = {count_weight_total, run_weight_total, NULL};
const hr_job_functions hr_job_bias_gradient = {count_bias, run_bias, finish_bias};
