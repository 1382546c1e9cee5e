/*
 * backprop_op.c - jobs of the operators of cpu/ops: forward by rows, the gradient of an input by strips of a picture,
 * because windows of neighbouring rows may overlap.
 */
#include "cpu/backprop/backprop_internal.h"
#include "cpu/ops/ops.h"

static const hr_tape_step *step_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.tape.steps[job->step];
}

static hr_op_tensor view(const hr_backprop *net, int tensor, float *data)
{
    const hr_tape_tensor *t = &net->plan.tape.tensors[tensor];
    return (hr_op_tensor){data, t->c, t->h, t->w, (size_t)t->ld};
}

static int count_op(const hr_backprop *net, const hr_job *job, int n)
{
    return hr_sum_slots(&net->plan.tape.tensors[step_of(net, job)->out], 1, n);
}

static void run_op(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_tape_tensor *out = &net->plan.tape.tensors[step->out];
    const hr_node *node = &net->graph.nodes[step->node];
    const hr_rows rows = hr_rows_of(net, out, hr_task_rows(out, 1), task);
    hr_op_io io = {.node = node, .kern = net->kern, .y = view(net, step->out, hr_value(net, step->out))};
    (void)thread;
    for (int i = 0; i < step->n_terms; i++)
        io.x[i] = view(net, step->terms[i].tensor, hr_value(net, step->terms[i].tensor));
    for (int row = rows.first; row < rows.last; row++) hr_cpu_op_of(node->op)->forward(&io, row / out->h, row % out->h);
}

static const hr_tape_tensor *input_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.tape.tensors[step_of(net, job)->terms[job->term].tensor];
}

static int count_op_gradient(const hr_backprop *net, const hr_job *job, int n)
{
    return n * (input_of(net, job)->ld / HR_STRIP);
}

static void run_op_gradient(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_node *node = &net->graph.nodes[step->node];
    const int n_strips = input_of(net, job)->ld / HR_STRIP;
    hr_op_io io = {.node = node, .kern = net->kern, .dy = view(net, step->out, hr_gradient(net, step->out))};
    (void)thread;
    for (int i = 0; i < step->n_terms; i++) {
        const int tensor = step->terms[i].tensor;
        io.x[i] = view(net, tensor, hr_kept_value(net, tensor));
        io.dx[i] = view(net, tensor, i == job->term ? hr_gradient(net, tensor) : NULL);
    }
    hr_cpu_op_of(node->op)->backward(&io, job->term, task / n_strips, task % n_strips * HR_STRIP, job->add);
}

const hr_job_functions hr_job_op = {count_op, run_op, NULL};
const hr_job_functions hr_job_op_gradient = {count_op_gradient, run_op_gradient, NULL};
