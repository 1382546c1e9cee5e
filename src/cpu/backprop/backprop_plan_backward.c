/*
 * backprop_plan_backward.c - plans the backward pass: visits the forward steps from last to first and appends their
 * backward jobs.
 *
 * Invariant: when a step is visited, every consumer of its output has been visited. The gradient of the output is then
 * complete after phase passed[output], and the step's own jobs may start in phase passed[output] + 1.
 * Example: y = conv(x); z = relu(y) + x. Visiting z first adds z's share to dx in phase 1; conv adds its share in
 * phase 3.
 */
#include "cpu/backprop/backprop_plan_internal.h"

static void read_value(hr_backprop_planner *p, int tensor, int phase)
{
    if (p->first_read[tensor] == 0 || phase < p->first_read[tensor]) p->first_read[tensor] = phase;
    p->last_read[tensor] = hr_later(p->last_read[tensor], phase);
}

/* A step writes (returns 0) or adds to (returns 1) the gradient of a tensor. */
static int write_gradient(hr_backprop_planner *p, int tensor, int phase)
{
    int *buffer = &p->plan->tensors[tensor].gradient;
    const int add = *buffer >= 0;
    if (add)
        hr_plan_touch(p, *buffer, phase);
    else
        *buffer = hr_plan_buffer(p, hr_plan_tensor_bytes(p, tensor), phase, phase);
    p->passed[tensor] = phase;
    return add;
}

/* The first phase in which a step may write the gradient of a tensor. */
static int may_write(const hr_backprop_planner *p, int tensor)
{
    return p->plan->tensors[tensor].gradient >= 0 ? p->passed[tensor] + 1 : 0;
}

static void plan_conv(hr_backprop_planner *p, int index)
{
    hr_backprop_plan *plan = p->plan;
    const hr_tape_step *step = &plan->tape.steps[index];
    const hr_node *node = &plan->tape.graph->nodes[step->node];
    const hr_tape_tensor *out = &plan->tape.tensors[step->out];
    const hr_layer *layer = &plan->layers[index];
    const int dout = plan->tensors[step->out].gradient, in = step->terms[0].tensor;
    const int phase = p->passed[step->out] + 1;
    const size_t shared = hr_weight_gradient_shared_bytes(&layer->gradient, p->options->max_batch);
    const int sums = hr_plan_buffer(p, shared, phase, phase + 1);
    hr_plan_job(p, (hr_job){HR_JOB_WEIGHT_SUMS, index, 0, phase, sums, 0});
    hr_plan_job(p, (hr_job){HR_JOB_WEIGHT_TOTAL, index, 0, phase + 1, sums, 0});
    read_value(p, in, phase);
    hr_plan_touch(p, dout, phase);
    p->finalized[node->weight] = phase + 1;
    if (node->bias >= 0) {
        const int slots = hr_sum_slots(out, 1, p->options->max_batch);
        const int buffer = hr_plan_buffer(p, hr_sum_doubles(out, slots) * sizeof(double), phase, phase);
        hr_plan_job(p, (hr_job){HR_JOB_BIAS_GRADIENT, index, 0, phase, buffer, 0});
        p->finalized[node->bias] = phase;
    }
    if (in == 0) return;
    const int then = hr_later(phase, may_write(p, in));
    const int buffer = hr_plan_buffer(p, hr_conv_bytes(&layer->turned), then - 1, then);
    const int add = write_gradient(p, in, then);
    hr_plan_job(p, (hr_job){HR_JOB_PACK_TURNED, index, 0, then - 1, buffer, 0});
    hr_plan_job(p, (hr_job){HR_JOB_INPUT_GRADIENT, index, 0, then, buffer, add});
    hr_plan_touch(p, dout, then);
}

/* Each input's gradient by a job of its own, as soon as it may be written. The network's input has none. */
static void plan_op(hr_backprop_planner *p, int index)
{
    const hr_tape_step *step = &p->plan->tape.steps[index];
    for (int i = 0; i < step->n_terms; i++) {
        const int in = step->terms[i].tensor, phase = hr_later(p->passed[step->out] + 1, may_write(p, in));
        if (in == 0) continue;
        hr_plan_touch(p, p->plan->tensors[step->out].gradient, phase);
        for (int k = 0; k < step->n_terms; k++) read_value(p, step->terms[k].tensor, phase);
        const int add = write_gradient(p, in, phase);
        hr_plan_job(p, (hr_job){HR_JOB_OP_GRADIENT, index, i, phase, -1, add});
    }
}

/* The term whose gradient takes over the buffer of the output's gradient: one that gets it unchanged, else a norm; -1:
 * none. A term with upsampling has another size, and one whose gradient exists already is added to. */
static int choose_alias(const hr_backprop_planner *p, const hr_tape_step *step)
{
    int alias = -1;
    for (int i = step->n_terms - 1; i >= 0; i--) {
        const hr_term *term = &step->terms[i];
        if (term->shift != 0) continue;
        if (term->norm < 0 && p->plan->tensors[term->tensor].gradient < 0) return i;
        if (term->norm >= 0 && alias < 0) alias = i;
    }
    return alias;
}

/* How many norms read the output's gradient as it is. */
static int count_readers(const hr_tape_step *step)
{
    int n = 0;
    for (int i = 0; i < step->n_terms; i++) n += step->terms[i].norm >= 0 && step->terms[i].shift == 0;
    return n;
}

/* The gradient of a norm's input: made in a buffer of its own, by the sum's backward if the term is upsampled; or in
 * place of the output's gradient. sum_phase, norm_phase: in which the sum's and the norm's backward run. */
static void plan_norm(hr_backprop_planner *p, int index, int term_index, int alias, int sum_phase, int norm_phase)
{
    hr_backprop_plan *plan = p->plan;
    const hr_tape_step *step = &plan->tape.steps[index];
    const hr_term *term = &step->terms[term_index];
    const int dout = plan->tensors[step->out].gradient;
    if (term_index == alias && count_readers(step) > 1) norm_phase++; /* after the others have read it */
    read_value(p, term->tensor, sum_phase);
    read_value(p, term->tensor, norm_phase);
    if (term_index == alias)
        plan->tensors[term->tensor].gradient = dout;
    else
        write_gradient(p, term->tensor, term->shift > 0 ? sum_phase : norm_phase);
    if (term->shift == 0) hr_plan_touch(p, dout, norm_phase);
    hr_plan_touch(p, plan->tensors[term->tensor].gradient, norm_phase);
    p->passed[term->tensor] = norm_phase;
    p->finalized[term->norm] = p->finalized[term->norm + 1] = sum_phase;
    hr_plan_job(p, (hr_job){HR_JOB_NORM_BACKWARD, index, term_index, norm_phase, -1, 0});
}

static int plan_norms(hr_backprop_planner *p, int index, int alias, int sum_phase)
{
    const hr_tape_step *step = &p->plan->tape.steps[index];
    const hr_tape_tensor *out = &p->plan->tape.tensors[step->out];
    const int slots = hr_sum_slots(out, hr_tape_step_factor(step), p->options->max_batch);
    const int finalized = sum_phase + (p->options->shared ? 1 : 0);
    int n_norms = 0;
    for (int i = 0; i < step->n_terms; i++) n_norms += step->terms[i].norm >= 0;
    if (n_norms == 0) return -1;
    const size_t bytes = (size_t)n_norms * hr_sum_doubles(out, slots) * sizeof(double);
    const int buffer = hr_plan_buffer(p, bytes, sum_phase, finalized);
    for (int i = 0; i < step->n_terms; i++) {
        if (step->terms[i].norm < 0) continue;
        if (p->options->shared) hr_plan_job(p, (hr_job){HR_JOB_REDUCE_GRADIENT, index, i, finalized, buffer, 0});
        plan_norm(p, index, i, alias, sum_phase, finalized + 1);
    }
    return buffer;
}

static void plan_sum(hr_backprop_planner *p, int index)
{
    hr_backprop_plan *plan = p->plan;
    const hr_tape_step *step = &plan->tape.steps[index];
    const int dout = plan->tensors[step->out].gradient, alias = choose_alias(p, step);
    int sum_phase = p->passed[step->out] + 1, add = 0;
    for (int i = 0; i < step->n_terms; i++) sum_phase = hr_later(sum_phase, may_write(p, step->terms[i].tensor));
    hr_plan_touch(p, dout, sum_phase);
    if (hr_gates_by_output(step)) read_value(p, step->out, sum_phase);
    for (int i = 0; i < step->n_terms; i++) {
        const hr_term *term = &step->terms[i];
        if (term->norm >= 0 || i == alias) continue;
        add |= write_gradient(p, term->tensor, sum_phase) << i;
    }
    const int buffer = plan_norms(p, index, alias, sum_phase);
    if (alias >= 0 && step->terms[alias].norm < 0) {
        const int tensor = step->terms[alias].tensor;
        plan->tensors[tensor].gradient = dout;
        p->passed[tensor] = p->plan->buffers[dout].last; /* norms read it until then */
    }
    hr_plan_job(p, (hr_job){HR_JOB_SUM_BACKWARD, index, 0, sum_phase, buffer, add});
}

void hr_plan_backward(hr_backprop_planner *p)
{
    hr_backprop_plan *plan = p->plan;
    const int begin = plan->first_backward;
    for (int i = 0; i < plan->tape.graph->n_outputs; i++) {
        const int output = plan->tape.outputs[i];
        if (plan->tensors[output].gradient >= 0) continue; /* two names of one tensor */
        plan->tensors[output].gradient = hr_plan_buffer(p, hr_plan_tensor_bytes(p, output), begin, begin);
        p->passed[output] = begin;
    }
    for (int i = plan->tape.n_steps - 1; i >= 0 && !p->has_failed; i--) {
        const hr_tape_step *step = &plan->tape.steps[i];
        if (plan->tensors[step->out].gradient < 0)
            plan->has_idle = 1;
        else if (step->kind == HR_TAPE_CONV)
            plan_conv(p, i);
        else if (step->kind == HR_TAPE_OP)
            plan_op(p, i);
        else
            plan_sum(p, i);
    }
}
