/*
 * state.c - writes checkpoint.pth (state.h has its tree). The published part is what upstream's save_checkpoint
 * (lib/utils/utils.py) stores, with the state_dict of PyTorch's optimiser, which numbers parameters in the order of
 * net.parameters(): the order of the state dict, without its buffers. Example: conv1.weight 0, bn1.weight 1, bn1.bias
 * 2, (bn1.running_mean, running_var, num_batches_tracked have no number,) conv2.weight 3.
 *
 * A "storage" is the memory behind a tensor in PyTorch's format; two tensors may share one.
 */
#include "train/state.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/tensors/torch_save.h"
#include "train/state_internal.h"

/* Table of what is stored below "hrnet" besides optimizer, fingerprint and seed. */
#define FIELD(name, is_real, is_new)                                                                                   \
    {                                                                                                                  \
#name, offsetof(hr_train_state, name), is_real, is_new                                                         \
    }
const hr_state_field hr_state_fields[HR_N_STATE_FIELDS] = {
    FIELD(position, 0, 0), FIELD(step, 0, 0),         FIELD(best_perf, 1, 0), FIELD(best_epoch, 0, 0),
    FIELD(loss_sum, 1, 0), FIELD(accuracy_sum, 1, 0), FIELD(n_loss, 0, 0),    FIELD(n_accuracy, 0, 0),
    FIELD(n_worse, 0, 1),  FIELD(end_epoch, 0, 1),
};

const char *hr_optimizer_name(const hr_optimizer *optimizer)
{
    static const char *const names[] = {[HR_ADAM] = "adam", [HR_ADAMW] = "adamw", [HR_SGD] = "sgd"};
    return names[optimizer->kind];
}

const char *hr_moment_name(const hr_optimizer *optimizer, int moment)
{
    return optimizer->kind == HR_SGD ? "momentum_buffer" : moment == 0 ? "exp_avg" : "exp_avg_sq";
}

/* ---------------------------------------------------------------------------------------------- state dicts */

/* hr_torch_elements.read: the elements of parameter `index` in PyTorch's order; counts are kept as floats in blocks and
 * written as int64. */
static void read_param(const void *context, size_t index, void *out)
{
    const hr_params_block *const from = context;
    float count;
    if (from->params->graph->params[index].kind != HR_PARAM_NORM_COUNT) {
        hr_params_get(from->params, from->block, (int)index, out);
        return;
    }
    hr_params_get(from->params, from->block, (int)index, &count);
    *(int64_t *)out = llrintf(count);
}

static size_t add_storage(hr_torch_file *file, const hr_params_block *block, int index)
{
    const hr_param *const param = &block->params->graph->params[index];
    return hr_torch_add_storage(file, &(hr_torch_elements){
                                          .dtype = param->kind == HR_PARAM_NORM_COUNT ? HR_I64 : HR_F32,
                                          .n_elements = param->n_elements,
                                          .read = read_param,
                                          .context = block,
                                          .index = (size_t)index,
                                      });
}

static void add_tensor(hr_torch_file *file, const hr_param *param, size_t storage)
{
    hr_tensor_data shape = {.n_dims = param->n_dims};
    memcpy(shape.shape, param->shape, sizeof param->shape);
    hr_torch_add_tensor(file, &shape, storage);
}

static const size_t NONE = SIZE_MAX;

/* Add a block as a dictionary. first NONE: with storages of its own, the first of which is returned; else the tensors
 * refer to the storages from `first` on, which another dictionary of the same network has added. */
static size_t add_state_dict(hr_torch_file *file, const hr_params_block *block, const char *prefix, size_t first)
{
    const hr_graph *const graph = block->params->graph;
    const size_t own = file->n_storages;
    hr_torch_begin(file, HR_TORCH_ORDERED_MAP);
    for (int i = 0; i < graph->n_params; i++) {
        char name[sizeof graph->params->name + 16];
        snprintf(name, sizeof name, "%s%s", prefix, graph->params[i].name);
        hr_torch_add_text(file, name);
        add_tensor(file, &graph->params[i], first == NONE ? add_storage(file, block, i) : first + (size_t)i);
    }
    hr_torch_end(file);
    return own;
}

/* ---------------------------------------------------------------------------------------------- optimiser */

static void add_named_real(hr_torch_file *file, const char *name, double value)
{
    hr_torch_add_text(file, name);
    hr_torch_add_real(file, value);
}

static void add_named_bool(hr_torch_file *file, const char *name, int value)
{
    hr_torch_add_text(file, name);
    hr_torch_add_bool(file, value);
}

static void add_named_integer(hr_torch_file *file, const char *name, int64_t value)
{
    hr_torch_add_text(file, name);
    hr_torch_add_integer(file, value);
}

/* The one param_group: what torch.optim needs when it loads a state_dict; newer versions fill in keys that they have
 * added. initial_lr is for upstream's MultiStepLR, which reads it when it resumes. */
static void add_group(hr_torch_file *file, const hr_train_state *state, const hr_optimizer *o, double initial_rate,
                      int n_params)
{
    hr_torch_begin(file, HR_TORCH_MAP);
    add_named_real(file, "lr", state->rate);
    add_named_real(file, "initial_lr", initial_rate);
    add_named_real(file, "weight_decay", o->weight_decay);
    if (o->kind == HR_SGD) {
        add_named_real(file, "momentum", o->momentum);
        add_named_real(file, "dampening", 0);
        add_named_bool(file, "nesterov", o->nesterov);
    } else {
        hr_torch_add_text(file, "betas");
        hr_torch_begin(file, HR_TORCH_TUPLE);
        hr_torch_add_real(file, o->beta1);
        hr_torch_add_real(file, o->beta2);
        hr_torch_end(file);
        add_named_real(file, "eps", o->epsilon);
        add_named_bool(file, "amsgrad", 0);
    }
    hr_torch_add_text(file, "params");
    hr_torch_begin(file, HR_TORCH_LIST);
    for (int i = 0; i < n_params; i++) hr_torch_add_integer(file, i);
    hr_torch_end(file);
    hr_torch_end(file);
}

/* "state": the moments of each parameter by its number; empty before the first step, as in PyTorch. Returns the number
 * of parameters. */
static int add_moments(hr_torch_file *file, const hr_train_state *state, const hr_optimizer *optimizer,
                       const hr_params_block *moments)
{
    const hr_graph *const graph = moments->params->graph;
    const int n_moments = hr_optimizer_n_moments(optimizer), is_empty = state->step == 0 || n_moments == 0;
    int number = 0;
    hr_torch_begin(file, HR_TORCH_MAP);
    for (int i = 0; i < graph->n_params; i++) {
        if (!hr_param_learns(&graph->params[i])) continue;
        const int at = number++;
        if (is_empty) continue;
        hr_torch_add_integer(file, at);
        hr_torch_begin(file, HR_TORCH_MAP);
        if (optimizer->kind != HR_SGD) add_named_integer(file, "step", state->step);
        for (int m = 0; m < n_moments; m++) {
            hr_torch_add_text(file, hr_moment_name(optimizer, m));
            add_tensor(file, &graph->params[i], add_storage(file, &moments[m], i));
        }
        hr_torch_end(file);
    }
    hr_torch_end(file);
    return number;
}

static void add_optimizer(hr_torch_file *file, const hr_train_state *state, const hr_optimizer *optimizer,
                          double initial_rate, const hr_params_block *moments)
{
    hr_torch_begin(file, HR_TORCH_MAP);
    hr_torch_add_text(file, "state");
    const int n_params = add_moments(file, state, optimizer, moments);
    hr_torch_add_text(file, "param_groups");
    hr_torch_begin(file, HR_TORCH_LIST);
    add_group(file, state, optimizer, initial_rate, n_params);
    hr_torch_end(file);
    hr_torch_end(file);
}

/* ---------------------------------------------------------------------------------------------- the whole */

/* "hrnet": what PyTorch's part has no place for. */
static void add_ours(hr_torch_file *file, const hr_train_state *state, const hr_optimizer *optimizer,
                     const hr_params_block *average)
{
    char seed[24];
    hr_torch_begin(file, HR_TORCH_MAP);
    hr_torch_add_text(file, "optimizer");
    hr_torch_add_text(file, hr_optimizer_name(optimizer));
    hr_torch_add_text(file, "fingerprint");
    hr_torch_add_text(file, state->fingerprint);
    hr_torch_add_text(file, "seed"); /* as text: it has 64 bits without sign, and our reader's integers have a sign */
    snprintf(seed, sizeof seed, "%" PRIu64, state->seed);
    hr_torch_add_text(file, seed);
    for (int i = 0; i < HR_N_STATE_FIELDS; i++) {
        const hr_state_field *const field = &hr_state_fields[i];
        const void *const value = (const char *)state + field->at;
        if (field->is_real)
            add_named_real(file, field->name, *(const double *)value);
        else
            add_named_integer(file, field->name, *(const int64_t *)value);
    }
    if (average->block != NULL) {
        hr_torch_add_text(file, "ema");
        add_state_dict(file, average, "", NONE);
    }
    hr_torch_end(file);
}

hrnet_status hr_train_state_save(const hr_train_state *state, const hr_params *params, const hr_config *config,
                                 const hr_optimizer *optimizer, const char *path)
{
    const hr_params_block weights = {params, state->params}, average = {params, state->average},
                          best = {params, state->best},
                          moments[2] = {{params, state->moments[0]}, {params, state->moments[1]}};
    hr_torch_file file = {0};
    char *yaml;
    for (int m = 0; m < hr_optimizer_n_moments(optimizer); m++)
        if (moments[m].block == NULL)
            return hr_fail(HRNET_ERR_ARGUMENT, "%s: optimizer: expected %s, found none", path,
                           hr_moment_name(optimizer, m));
    HR_TRY(hrnet_config_dump(config, &yaml));
    /* the tree is only described here; hr_torch_write reads the elements, one storage after the other */
    hr_torch_begin(&file, HR_TORCH_MAP);
    add_named_integer(&file, "epoch", state->epoch);
    hr_torch_add_text(&file, "model");
    hr_torch_add_text(&file, config->model.name);
    hr_torch_add_text(&file, "state_dict");
    const size_t first = add_state_dict(&file, &weights, "module.", NONE);
    hr_torch_add_text(&file, "best_state_dict");
    add_state_dict(&file, &best, "", best.block != NULL ? NONE : first); /* without best weights: the same storages */
    add_named_real(&file, "perf", state->last_perf);
    hr_torch_add_text(&file, "optimizer");
    add_optimizer(&file, state, optimizer, config->train.lr, moments);
    hr_torch_add_text(&file, "hrnet");
    add_ours(&file, state, optimizer, &average);
    hr_torch_add_text(&file, "hrnet.config");
    hr_torch_add_text(&file, yaml);
    for (size_t i = 0; i < state->n_entries; i++) {
        hr_torch_add_text(&file, state->entries[i].key);
        hr_torch_add_text(&file, state->entries[i].value);
    }
    hr_torch_end(&file);
    hr_free(yaml);
    return hr_torch_write(&file, path);
}

hrnet_status hr_train_state_save_weights(const hr_params *params, const float *block, const char *path)
{
    const hr_params_block weights = {params, block};
    hr_torch_file file = {0};
    add_state_dict(&file, &weights, "", NONE);
    return hr_torch_write(&file, path);
}
