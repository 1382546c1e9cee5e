/*
 * program_backward.c - the backward half of a program: the steps from last to first. When a step's turn comes all
 * readers of its output have been planned, so the gradient of its output is complete behind the phase `passed`.
 */
#include "train/program_inside.h"

static void read_value(hr_planner *p, int tensor, int phase)
{
    if (p->first_read[tensor] == 0 || phase < p->first_read[tensor]) p->first_read[tensor] = phase;
    p->last_read[tensor] = hr_later(p->last_read[tensor], phase);
}

/* A step writes (returns 0) or adds to (returns 1) the gradient of a tensor. */
static int write_gradient(hr_planner *p, int tensor, int phase)
{
    int *room = &p->program->tensors[tensor].gradient;
    const int add = *room >= 0;
    if (add)
        hr_plan_touch(p, *room, phase);
    else
        *room = hr_plan_room(p, hr_plan_tensor_bytes(p, tensor), phase, phase);
    p->passed[tensor] = phase;
    return add;
}

/* The first phase in which a step may write the gradient of a tensor. */
static int may_write(const hr_planner *p, int tensor)
{
    return p->program->tensors[tensor].gradient >= 0 ? p->passed[tensor] + 1 : 0;
}

static void plan_conv(hr_planner *p, int index)
{
    hr_program *program = p->program;
    const hr_step *step = &program->tape.steps[index];
    const hr_node *node = &program->tape.graph->nodes[step->node];
    const hr_tape_tensor *out = &program->tape.tensors[step->out];
    const hr_layer *layer = &program->layers[index];
    const int dout = program->tensors[step->out].gradient, in = step->terms[0].tensor;
    const int phase = p->passed[step->out] + 1;
    const size_t shared = hr_weight_gradient_shared_bytes(&layer->gradient, p->options->max_batch);
    const int sums = hr_plan_room(p, shared, phase, phase + 1);
    hr_plan_job(p, (hr_job){HR_JOB_WEIGHT_SUMS, index, 0, phase, sums, 0});
    hr_plan_job(p, (hr_job){HR_JOB_WEIGHT_TOTAL, index, 0, phase + 1, sums, 0});
    read_value(p, in, phase);
    hr_plan_touch(p, dout, phase);
    p->settled[node->weight] = phase + 1;
    if (node->bias >= 0) {
        const int slots = hr_sum_slots(out, 1, p->options->max_batch);
        const int room = hr_plan_room(p, hr_sum_doubles(out, slots) * sizeof(double), phase, phase);
        hr_plan_job(p, (hr_job){HR_JOB_BIAS, index, 0, phase, room, 0});
        p->settled[node->bias] = phase;
    }
    if (in == 0) return;
    const int then = hr_later(phase, may_write(p, in));
    const int room = hr_plan_room(p, hr_conv_bytes(&layer->turned), then - 1, then);
    const int add = write_gradient(p, in, then);
    hr_plan_job(p, (hr_job){HR_JOB_PACK_TURNED, index, 0, then - 1, room, 0});
    hr_plan_job(p, (hr_job){HR_JOB_INPUT_GRADIENT, index, 0, then, room, add});
    hr_plan_touch(p, dout, then);
}

static void plan_pool(hr_planner *p, int index)
{
    const hr_step *step = &p->program->tape.steps[index];
    const int in = step->terms[0].tensor, phase = hr_later(p->passed[step->out] + 1, may_write(p, in));
    hr_plan_touch(p, p->program->tensors[step->out].gradient, phase);
    read_value(p, in, phase);
    const int add = write_gradient(p, in, phase);
    hr_plan_job(p, (hr_job){HR_JOB_POOL_GRADIENT, index, 0, phase, -1, add});
}

/* The term that gets the place of the output's gradient: one that passes it on as it is, else a norm; -1: none. */
static int choose_heir(const hr_planner *p, const hr_step *step)
{
    int heir = -1;
    for (int i = step->n_terms - 1; i >= 0; i--) {
        const hr_term *term = &step->terms[i];
        if (term->shift != 0) continue;
        if (term->norm < 0 && p->program->tensors[term->tensor].gradient < 0) return i;
        if (term->norm >= 0 && heir < 0) heir = i;
    }
    return heir;
}

/* How many norms read the output's gradient as it is. */
static int count_readers(const hr_step *step)
{
    int n = 0;
    for (int i = 0; i < step->n_terms; i++) n += step->terms[i].norm >= 0 && step->terms[i].shift == 0;
    return n;
}

/* The gradient of a norm's input: folded into its own place by the gather, or taken from that of the output. */
static void plan_norm(hr_planner *p, int index, int term_index, int heir, int gather, int spread)
{
    hr_program *program = p->program;
    const hr_step *step = &program->tape.steps[index];
    const hr_term *term = &step->terms[term_index];
    const int dout = program->tensors[step->out].gradient;
    if (term_index == heir && count_readers(step) > 1) spread++; /* after the others have read it */
    read_value(p, term->tensor, gather);
    read_value(p, term->tensor, spread);
    if (term_index == heir)
        program->tensors[term->tensor].gradient = dout;
    else
        write_gradient(p, term->tensor, term->shift > 0 ? gather : spread);
    if (term->shift == 0) hr_plan_touch(p, dout, spread);
    hr_plan_touch(p, program->tensors[term->tensor].gradient, spread);
    p->passed[term->tensor] = spread;
    p->settled[term->norm] = p->settled[term->norm + 1] = gather;
    hr_plan_job(p, (hr_job){HR_JOB_SPREAD, index, term_index, spread, -1, 0});
}

static int plan_norms(hr_planner *p, int index, int heir, int gather)
{
    const hr_step *step = &p->program->tape.steps[index];
    const hr_tape_tensor *out = &p->program->tape.tensors[step->out];
    const int slots = hr_sum_slots(out, hr_step_factor(step), p->options->max_batch);
    const int settled = gather + (p->options->shared ? 1 : 0);
    int n_norms = 0;
    for (int i = 0; i < step->n_terms; i++) n_norms += step->terms[i].norm >= 0;
    if (n_norms == 0) return -1;
    const size_t bytes = (size_t)n_norms * hr_sum_doubles(out, slots) * sizeof(double);
    const int room = hr_plan_room(p, bytes, gather, settled);
    for (int i = 0; i < step->n_terms; i++) {
        if (step->terms[i].norm < 0) continue;
        if (p->options->shared) hr_plan_job(p, (hr_job){HR_JOB_REDUCE_GRADIENT, index, i, settled, room, 0});
        plan_norm(p, index, i, heir, gather, settled + 1);
    }
    return room;
}

static void plan_combine(hr_planner *p, int index)
{
    hr_program *program = p->program;
    const hr_step *step = &program->tape.steps[index];
    const int dout = program->tensors[step->out].gradient, heir = choose_heir(p, step);
    int gather = p->passed[step->out] + 1, add = 0;
    for (int i = 0; i < step->n_terms; i++) gather = hr_later(gather, may_write(p, step->terms[i].tensor));
    hr_plan_touch(p, dout, gather);
    if (hr_gates_by_output(step)) read_value(p, step->out, gather);
    for (int i = 0; i < step->n_terms; i++) {
        const hr_term *term = &step->terms[i];
        if (term->norm >= 0 || i == heir) continue;
        add |= write_gradient(p, term->tensor, gather) << i;
    }
    const int room = plan_norms(p, index, heir, gather);
    if (heir >= 0 && step->terms[heir].norm < 0) {
        const int tensor = step->terms[heir].tensor;
        program->tensors[tensor].gradient = dout;
        p->passed[tensor] = p->program->rooms[dout].last; /* norms read it until then */
    }
    hr_plan_job(p, (hr_job){HR_JOB_GATHER, index, 0, gather, room, add});
}

void hr_plan_backward(hr_planner *p)
{
    hr_program *program = p->program;
    const int begin = program->first_backward, output = program->tape.output;
    program->tensors[output].gradient = hr_plan_room(p, hr_plan_tensor_bytes(p, output), begin, begin);
    p->passed[output] = begin;
    for (int i = program->tape.n_steps - 1; i >= 0 && !p->has_failed; i--) {
        const hr_step *step = &program->tape.steps[i];
        if (program->tensors[step->out].gradient < 0)
            program->has_idle = 1;
        else if (step->kind == HR_STEP_CONV)
            plan_conv(p, i);
        else if (step->kind == HR_STEP_POOL)
            plan_pool(p, i);
        else
            plan_combine(p, i);
    }
}
