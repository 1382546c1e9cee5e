/*
 * state_blocks.c - fills the blocks of a state from the tensors of a checkpoint.pth: weights, best weights and moving
 * average by the names of a state dict, moments by the number of their parameter (see state.c). Tensors are read one at
 * a time into their place in the block.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/state_internal.h"

/* ---------------------------------------------------------------------------------------------- tensors */

/* The name without the prefix of torch.nn.DataParallel. */
static const char *without_module(const char *name)
{
    return strncmp(name, "module.", 7) == 0 ? name + 7 : name;
}

const hr_tensor *hr_state_find(hr_state_loading *l, const char *scope, const char *name)
{
    /* tensors are asked for in the order of the network's parameters, mostly that of the file: the search then ends at
     * its first item, where starting at 0 every time would be quadratic in thousands of tensors */
    for (size_t i = 0; i < l->tensors.n_items; i++) {
        const size_t at = (l->next + i) % l->tensors.n_items;
        const hr_tensor *const tensor = &l->tensors.items[at];
        if (strcmp(without_module(tensor->name), name) != 0 || strcmp(tensor->scope, scope) != 0) continue;
        l->next = at + 1;
        return tensor;
    }
    return NULL;
}

/* Read the tensor scope/name, which must have the shape of the parameter; a count may have any shape of one element. */
static hrnet_status read_tensor(hr_state_loading *l, const char *scope, const char *name, const hr_param *param,
                                float *out)
{
    char expected[96], found[128];
    const hr_tensor *const tensor = hr_state_find(l, scope, name);
    hr_shape_text(expected, sizeof expected, param->n_dims, param->shape);
    if (tensor == NULL)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: %s/%s of %s: expected %s, found none", l->path, scope, name,
                       param->name, expected);
    const int is_same =
        param->kind == HR_PARAM_NORM_COUNT
            ? tensor->n_elements == 1
            : tensor->n_dims == param->n_dims &&
                  memcmp(tensor->shape, param->shape, (size_t)param->n_dims * sizeof *param->shape) == 0;
    if (!is_same) {
        hr_shape_text(found, sizeof found, tensor->n_dims, tensor->shape);
        return hr_fail(HRNET_ERR_MISMATCH, "%s: %s/%s of %s: expected %s, found %s", l->path, scope, name, param->name,
                       expected, found);
    }
    l->n_used++;
    HR_TRY(hr_tensor_read(&l->tensors, tensor, out));
    for (size_t i = 0; i < param->n_elements; i++)
        if (!isfinite(out[i]))
            return hr_fail(HRNET_ERR_FORMAT, "%s: %s/%s of %s: expected finite numbers, found another at element %zu",
                           l->path, scope, name, param->name, i);
    return HRNET_OK;
}

int hr_state_has_scope(const hr_state_loading *l, const char *scope)
{
    for (size_t i = 0; i < l->tensors.n_items; i++)
        if (strcmp(l->tensors.items[i].scope, scope) == 0) return 1;
    return 0;
}

/* ---------------------------------------------------------------------------------------------- state dicts */

typedef struct dictionary {
    hr_state_loading *l;
    const char *scope;
} dictionary;

/* hr_weights.read of a state dict. */
static hrnet_status read_entry(void *context, int index, const hr_param *param, float *out)
{
    const dictionary *const from = context;
    (void)index;
    /* files of torch before 0.4.1 have no num_batches_tracked */
    if (param->kind == HR_PARAM_NORM_COUNT && !from->l->is_ours &&
        hr_state_find(from->l, from->scope, param->name) == NULL) {
        *out = 0;
        return HRNET_OK;
    }
    return read_tensor(from->l, from->scope, param->name, param, out);
}

/* Fill a block from a state dict. HRNET_ERR_MISMATCH for a tensor that is missing or has another shape, and for one
 * that the network does not have. The latter are looked for only if the numbers of tensors differ. */
static hrnet_status read_state_dict(hr_state_loading *l, const char *scope, float *block)
{
    dictionary from = {l, scope};
    size_t n = 0;
    l->n_used = 0;
    HR_TRY(hr_params_read(l->params, block, &(hr_weights){read_entry, &from}));
    for (size_t i = 0; i < l->tensors.n_items; i++) n += strcmp(l->tensors.items[i].scope, scope) == 0;
    for (size_t i = 0; n != l->n_used && i < l->tensors.n_items; i++) {
        const hr_tensor *const tensor = &l->tensors.items[i];
        if (strcmp(tensor->scope, scope) == 0 &&
            hr_graph_find_param(l->params->graph, without_module(tensor->name)) < 0)
            return hr_fail(HRNET_ERR_MISMATCH, "%s: %s/%s: no such tensor in the network of the configuration", l->path,
                           scope, tensor->name);
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- optimiser */

typedef struct moment {
    hr_state_loading *l;
    const char *name; /* "exp_avg" */
} moment;

/* hr_weights.read of a block of moments: that of a parameter from the scope with its number, zeros for a buffer. */
static hrnet_status read_moment(void *context, int index, const hr_param *param, float *out)
{
    const moment *const from = context;
    const hr_param *const first = from->l->params->graph->params;
    char scope[48];
    int number = 0;
    if (!hr_param_learns(param)) {
        memset(out, 0, param->n_elements * sizeof *out);
        return HRNET_OK;
    }
    for (int i = 0; i < index; i++) number += hr_param_learns(&first[i]); /* its number among net.parameters() */
    snprintf(scope, sizeof scope, "optimizer/state/%d", number);
    return read_tensor(from->l, scope, from->name, param, out);
}

static int has_moments(const hr_state_loading *l)
{
    for (size_t i = 0; i < l->tensors.n_items; i++)
        if (strncmp(l->tensors.items[i].scope, "optimizer/state/", 16) == 0) return 1;
    return 0;
}

static hrnet_status read_moments(hr_state_loading *l, hr_train_state *found)
{
    if (!has_moments(l) && found->step == 0) return HRNET_OK; /* saved before the first step: zeros */
    for (int m = 0; m < 2; m++) {
        moment from = {l, hr_moment_name(l->optimizer, m)};
        if (found->moments[m] != NULL)
            HR_TRY(hr_params_read(l->params, found->moments[m], &(hr_weights){read_moment, &from}));
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- all of them */

hrnet_status hr_state_read_blocks(hr_state_loading *l, hr_train_state *found)
{
    const size_t n_bytes = l->params->n_floats * sizeof(float);
    HR_TRY(read_state_dict(l, "state_dict", found->params));
    if (found->best != NULL) {
        if (hr_state_has_scope(l, "best_state_dict"))
            HR_TRY(read_state_dict(l, "best_state_dict", found->best));
        else
            memcpy(found->best, found->params, n_bytes);
    }
    if (found->average != NULL) {
        if (l->is_ours)
            HR_TRY(read_state_dict(l, "hrnet/ema", found->average));
        else
            memcpy(found->average, found->params, n_bytes);
    }
    return read_moments(l, found);
}
