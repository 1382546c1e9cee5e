/* backprop.c - making a network in training: plan, memory, where everything lies. network_run.c runs it. */
#include "cpu/backprop/backprop.h"

#include <string.h>

#include "base/mem.h"
#include "cpu/backprop/backprop_internal.h"

enum {
    MAX_BATCH = 1024,
    NORM_NUMBERS = 6 /* arrays of an hr_norm_state */
};

static hrnet_status check_options(const hr_backprop_options *options)
{
    if (options->threads < 1 || options->threads > HR_MAX_THREADS)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads: expected 1..%d, found %d", HR_MAX_THREADS, options->threads);
    if (options->max_batch < 1 || options->max_batch > MAX_BATCH)
        return hr_fail(HRNET_ERR_ARGUMENT, "max_batch: expected 1..%d, found %d", MAX_BATCH, options->max_batch);
    return HRNET_OK;
}

static void widen(size_t *size, size_t wanted)
{
    if (wanted > *size) *size = wanted;
}

static hr_backprop_sizes measure(const hr_backprop_plan *plan)
{
    const hr_tape *tape = &plan->tape;
    hr_backprop_sizes sizes = {0};
    for (int i = 0; i < tape->n_tensors; i++) widen(&sizes.zeros, (size_t)tape->tensors[i].ld);
    for (int i = 0; i < tape->n_steps; i++) {
        const hr_layer *layer = &plan->layers[i];
        for (int j = 0; j < tape->steps[i].n_terms; j++)
            if (tape->steps[i].terms[j].norm >= 0)
                sizes.norm_floats += NORM_NUMBERS * (size_t)tape->tensors[tape->steps[i].terms[j].tensor].ld;
        if (layer->conv.algorithm == NULL) continue;
        widen(&sizes.scratch_bytes, layer->conv.algorithm->scratch_bytes(&layer->conv));
        widen(&sizes.scratch_bytes, hr_weight_gradient_scratch_bytes(&layer->gradient));
        if (layer->turned.algorithm == NULL) continue;
        widen(&sizes.scratch_bytes, layer->turned.algorithm->scratch_bytes(&layer->turned));
        widen(&sizes.scratch_bytes, hr_conv_turned_scratch_bytes(&layer->turned));
    }
    sizes.scratch_bytes = (sizes.scratch_bytes + HR_ALIGN - 1) / HR_ALIGN * HR_ALIGN;
    return sizes;
}

/* Everything that is known before memory is taken. */
static hrnet_status plan(hr_backprop *net, const hr_graph *graph, const hr_backprop_options *options)
{
    HR_TRY(check_options(options));
    net->options = *options;
    net->kern = hr_kern_select(options->features);
    HR_TRY(hr_params_init(&net->layout, graph));
    hr_tape tape;
    HR_TRY(hr_tape_build(&tape, graph));
    HR_TRY(hr_backprop_plan_make(&net->plan, &tape, &net->layout,
                                 &(hr_backprop_plan_options){.kern = net->kern,
                                                             .max_batch = options->max_batch,
                                                             .recompute = options->recompute,
                                                             .shared = hr_is_shared(net)}));
    net->sizes = measure(&net->plan);
    return HRNET_OK;
}

static hr_backprop_bytes bytes_of(const hr_backprop *net)
{
    const hr_backprop_plan *plan = &net->plan;
    const size_t floats = net->layout.n_floats * sizeof(float);
    return (hr_backprop_bytes){.params = floats,
                               .gradients = floats,
                               .activations = plan->kept_lines * HR_ALIGN,
                               .work = (plan->n_lines - plan->kept_lines) * HR_ALIGN +
                                       (size_t)net->options.threads * net->sizes.scratch_bytes +
                                       (net->sizes.norm_floats + net->sizes.zeros) * sizeof(float)};
}

hrnet_status hr_backprop_estimate(hr_backprop_bytes *out, const hr_graph *graph, const hr_backprop_options *options)
{
    hr_backprop net = {0};
    const hrnet_status status = plan(&net, graph, options);
    if (status == HRNET_OK) *out = bytes_of(&net);
    hr_backprop_plan_free(&net.plan);
    hr_params_free(&net.layout);
    return status;
}

static hrnet_status copy_graph(hr_graph *out, const hr_graph *graph)
{
    *out = *graph;
    out->nodes = NULL;
    out->params = NULL;
    HR_NEW(out->nodes, (size_t)graph->n_nodes);
    HR_NEW(out->params, (size_t)graph->n_params);
    memcpy(out->nodes, graph->nodes, (size_t)graph->n_nodes * sizeof *out->nodes);
    if (graph->n_params > 0) memcpy(out->params, graph->params, (size_t)graph->n_params * sizeof *out->params);
    out->node_capacity = graph->n_nodes;
    out->param_capacity = graph->n_params;
    return HRNET_OK;
}

static hrnet_status allocate(hr_backprop *net)
{
    const hr_backprop_plan *plan = &net->plan;
    const size_t threads = (size_t)net->options.threads;
    HR_NEW(net->params, net->layout.n_floats);
    HR_NEW(net->gradients, net->layout.n_floats);
    HR_NEW(net->zeros, net->sizes.zeros);
    HR_NEW(net->norm_numbers, net->sizes.norm_floats);
    HR_NEW(net->norms, (size_t)plan->tape.n_norms);
    HR_NEW(net->states, (size_t)plan->n_jobs);
    HR_NEW(net->phase_tasks, (size_t)plan->n_phases);
    HR_NEW(net->next, (size_t)plan->n_phases);
    HR_NEW(net->times, threads * HR_N_JOB_KINDS);
    net->block = hr_alloc(plan->n_lines, HR_ALIGN);
    net->scratch = hr_alloc(threads, net->sizes.scratch_bytes);
    if (net->block == NULL || net->scratch == NULL) return hr_fail_memory(plan->n_lines * HR_ALIGN);
    return HRNET_OK;
}

static void clear_buffer(const hr_backprop *net, int buffer)
{
    memset(hr_buffer_at(net, buffer), 0, net->plan.buffers[buffer].size * HR_ALIGN);
}

/* Point everything into the allocated blocks. */
static void place(hr_backprop *net)
{
    const hr_backprop_plan *plan = &net->plan;
    const hr_tape *tape = &plan->tape;
    float *numbers = net->norm_numbers;
    for (int i = 0; i < tape->n_steps; i++) {
        for (int j = 0; j < tape->steps[i].n_terms; j++) {
            const hr_term *term = &tape->steps[i].terms[j];
            if (term->norm < 0) continue;
            hr_norm_state *state = &net->norms[term->state];
            float **const arrays[NORM_NUMBERS] = {&state->mean,    &state->scale,  &state->shift,
                                                  &state->inverse, &state->offset, &state->slope};
            for (int k = 0; k < NORM_NUMBERS; k++, numbers += tape->tensors[term->tensor].ld) *arrays[k] = numbers;
        }
    }
    for (int i = 0; i < plan->n_jobs; i++) {
        const hr_job *job = &plan->jobs[i];
        hr_layer *layer = &net->plan.layers[job->step];
        if (job->kind == HR_JOB_PACK) {
            const int bias = net->graph.nodes[tape->steps[job->step].node].bias;
            hr_conv_place(&layer->conv, hr_buffer_at(net, job->buffer),
                          bias >= 0 ? net->params + net->layout.at[bias] : NULL);
        } else if (job->kind == HR_JOB_PACK_TURNED) {
            hr_conv_place(&layer->turned, hr_buffer_at(net, job->buffer), NULL);
        }
    }
    clear_buffer(net, plan->tensors[0].value);
    for (int i = 0; i < net->graph.n_outputs; i++) {
        clear_buffer(net, plan->tensors[tape->outputs[i]].value);
        clear_buffer(net, plan->tensors[tape->outputs[i]].gradient);
    }
}

hrnet_status hr_backprop_create(hr_backprop **out, const hr_graph *graph, const hr_backprop_options *options)
{
    hr_backprop *net;
    HR_NEW(net, 1);
    net->planned = -1;
    hrnet_status status = copy_graph(&net->graph, graph);
    if (status == HRNET_OK) status = plan(net, &net->graph, options);
    if (status == HRNET_OK) status = allocate(net);
    if (status == HRNET_OK) status = hrnet_pool_create(&net->pool, options->threads);
    if (status != HRNET_OK) {
        hr_backprop_free(net);
        return status;
    }
    place(net);
    *out = net;
    return HRNET_OK;
}

void hr_backprop_freeze(hr_backprop *net, const unsigned char *frozen)
{
    const hr_tape *const tape = &net->plan.tape;
    for (int i = 0; i < tape->n_steps; i++) {
        for (int j = 0; j < tape->steps[i].n_terms; j++) {
            const hr_term *const term = &tape->steps[i].terms[j];
            if (term->norm >= 0) net->norms[term->state].is_frozen = frozen[term->norm + 2]; /* its mean */
        }
    }
}

void hr_backprop_free(hr_backprop *net)
{
    if (net == NULL) return;
    hrnet_pool_free(net->pool);
    hr_backprop_plan_free(&net->plan);
    hr_params_free(&net->layout);
    hr_graph_free(&net->graph);
    hr_free(net->params);
    hr_free(net->gradients);
    hr_free(net->zeros);
    hr_free(net->norm_numbers);
    hr_free(net->norms);
    hr_free(net->states);
    hr_free(net->phase_tasks);
    hr_free(net->next);
    hr_free(net->times);
    hr_free(net->block);
    hr_free(net->scratch);
    hr_free(net);
}

const hr_params *hr_backprop_layout(const hr_backprop *net)
{
    return &net->layout;
}

float *hr_backprop_params(hr_backprop *net)
{
    return net->params;
}

float *hr_backprop_gradients(hr_backprop *net)
{
    return net->gradients;
}

static size_t picture_floats(const hr_backprop *net, int tensor)
{
    const hr_tape_tensor *t = &net->plan.tape.tensors[tensor];
    return (size_t)t->h * (size_t)t->w * (size_t)t->ld;
}

float *hr_backprop_input(hr_backprop *net, int i)
{
    return hr_value(net, 0) + (size_t)i * picture_floats(net, 0);
}

const float *hr_backprop_output(const hr_backprop *net, int k, int i)
{
    const int output = net->plan.tape.outputs[k];
    return hr_value(net, output) + (size_t)i * picture_floats(net, output);
}

float *hr_backprop_output_gradient(hr_backprop *net, int k, int i)
{
    const int output = net->plan.tape.outputs[k];
    return hr_gradient(net, output) + (size_t)i * picture_floats(net, output);
}
