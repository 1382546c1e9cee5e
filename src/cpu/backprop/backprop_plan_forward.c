/* backprop_plan_forward.c - the forward half of a plan: each step as soon as what it reads is there. */
#include "cpu/backprop/backprop_plan_internal.h"
#include "cpu/engine/engine.h"

static hrnet_status describe_layer(hr_backprop_planner *p, int index)
{
    const hr_tape *tape = &p->plan->tape;
    const hr_tape_step *step = &tape->steps[index];
    const hr_conv_shape shape = hr_conv_shape_of(tape->graph, NULL, step->node);
    const hr_packing packing = {.batch = p->options->max_batch, .repacked = 1};
    const hr_kern *kern = p->options->kern;
    const hr_epilogue plain = {HR_ACTIVATION_NONE, 0};
    hr_layer *layer = &p->plan->layers[index];
    hr_conv_shape turned;
    HR_TRY(hr_conv_init(&layer->conv, &shape, plain, &packing, kern));
    HR_TRY(hr_weight_gradient_init(&layer->gradient, &shape, kern, p->options->max_batch));
    if (step->terms[0].tensor == 0) return HRNET_OK; /* nobody asks for the gradient of the picture */
    HR_TRY(hr_conv_input_gradient_shape(&turned, &shape));
    return hr_conv_init(&layer->turned, &turned, plain, &packing, kern);
}

static hrnet_status make_layer(hr_backprop_planner *p, int index)
{
    const hrnet_status status = describe_layer(p, index);
    if (status == HRNET_OK) return status;
    return hr_fail_in(status, p->plan->tape.graph->nodes[p->plan->tape.steps[index].node].name);
}

/* A statistics job for each norm of a sum; returns the first phase in which it can run. */
static int plan_norms(hr_backprop_planner *p, int index)
{
    const hr_tape *tape = &p->plan->tape;
    const hr_tape_step *step = &tape->steps[index];
    int phase = 0;
    for (int i = 0; i < step->n_terms; i++) {
        const hr_term *term = &step->terms[i];
        int there = p->ready[term->tensor];
        if (term->norm >= 0) {
            const hr_tape_tensor *x = &tape->tensors[term->tensor];
            const int at = ++there, slots = hr_sum_slots(x, 1, p->options->max_batch);
            const int buffer = hr_plan_buffer(p, hr_sum_doubles(x, slots) * sizeof(double), at, at);
            hr_plan_job(p, (hr_job){HR_JOB_STATISTICS, index, i, at, buffer, 0});
            if (p->options->shared) {
                hr_plan_job(p, (hr_job){HR_JOB_REDUCE_STATISTICS, index, i, ++there, buffer, 0});
                hr_plan_touch(p, buffer, there);
            }
        }
        phase = hr_later(phase, there + 1);
    }
    return phase;
}

hrnet_status hr_plan_forward(hr_backprop_planner *p)
{
    const hr_tape *tape = &p->plan->tape;
    p->plan->tensors[0].value = hr_plan_buffer(p, hr_plan_tensor_bytes(p, 0), 0, 0);
    for (int i = 0; i < tape->n_steps; i++) {
        const hr_tape_step *step = &tape->steps[i];
        int phase = 0;
        for (int j = 0; j < step->n_terms; j++) phase = hr_later(phase, p->ready[step->terms[j].tensor] + 1);
        if (step->kind == HR_TAPE_CONV) {
            HR_TRY(make_layer(p, i));
            const int buffer = hr_plan_buffer(p, hr_conv_bytes(&p->plan->layers[i].conv), phase - 1, phase);
            hr_plan_job(p, (hr_job){HR_JOB_PACK, i, 0, phase - 1, buffer, 0});
            hr_plan_job(p, (hr_job){HR_JOB_CONV, i, 0, phase, buffer, 0});
        } else if (step->kind == HR_TAPE_OP) {
            hr_plan_job(p, (hr_job){HR_JOB_OP, i, 0, phase, -1, 0});
        } else {
            phase = plan_norms(p, i);
            hr_plan_job(p, (hr_job){HR_JOB_SUM, i, 0, phase, -1, 0});
        }
        for (int j = 0; j < step->n_terms; j++) hr_plan_touch(p, p->plan->tensors[step->terms[j].tensor].value, phase);
        p->plan->tensors[step->out].value = hr_plan_buffer(p, hr_plan_tensor_bytes(p, step->out), phase, phase);
        p->ready[step->out] = phase;
    }
    return HRNET_OK;
}
