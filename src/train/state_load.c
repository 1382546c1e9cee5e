/*
 * state_load.c - reads checkpoint.pth, written by this library or by PyTorch. Everything is read into a second state
 * with blocks of its own; its numbers and the contents of its blocks replace the caller's when nothing can fail any
 * more, so a failure leaves the caller's state as it was.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "train/state_internal.h"

enum { N_BLOCKS = 5 };

/* Pointers to the state's pointers to blocks, so that loops can treat all of them alike; some blocks are NULL. */
static void list_blocks(hr_train_state *state, float **blocks[N_BLOCKS])
{
    blocks[0] = &state->params;
    blocks[1] = &state->average;
    blocks[2] = &state->best;
    blocks[3] = &state->moments[0];
    blocks[4] = &state->moments[1];
}

/* ---------------------------------------------------------------------------------------------- numbers */

static hrnet_status no_number(const hr_state_loading *l, const char *key, const char *expected, const char *found)
{
    return hr_fail(HRNET_ERR_FORMAT, "%s: %s: expected %s, found %.64s", l->path, key, expected,
                   found != NULL ? found : "nothing");
}

/* A count: at least 0, or -1 for the best epoch if there is none. Sums of two must not overflow. */
static hrnet_status read_integer(const hr_state_loading *l, const char *key, int64_t *out)
{
    const char *const text = hr_tensors_entry(&l->tensors, key);
    char *end;
    if (text == NULL || *text == '\0') return no_number(l, key, "a count", text);
    const long long value = strtoll(text, &end, 10);
    if (*end != '\0' || value < -1 || value > INT64_MAX / 4) return no_number(l, key, "a count", text);
    *out = value;
    return HRNET_OK;
}

static hrnet_status read_real(const hr_state_loading *l, const char *key, double *out)
{
    const char *const text = hr_tensors_entry(&l->tensors, key);
    if (text == NULL) return no_number(l, key, "a number", text);
    if (hr_number_parse(text, strlen(text), out)) return HRNET_OK;
    if (strspn(text, "-infa") != strlen(text)) return no_number(l, key, "a number", text);
    /* Python's "nan", "inf", "-inf": a score is NaN if nobody could be scored */
    *out = strstr(text, "nan") != NULL ? NAN : *text == '-' ? -INFINITY : INFINITY;
    return HRNET_OK;
}

static hrnet_status read_ours(const hr_state_loading *l, hr_train_state *found)
{
    const char *const seed = hr_tensors_entry(&l->tensors, "hrnet/seed");
    char key[64], *end;
    for (int i = 0; i < HR_N_STATE_FIELDS; i++) {
        const hr_state_field *const field = &hr_state_fields[i];
        void *const value = (char *)found + field->at;
        snprintf(key, sizeof key, "hrnet/%s", field->name);
        if (field->is_new && hr_tensors_entry(&l->tensors, key) == NULL) {
            *(int64_t *)value = 0;
            continue;
        }
        HR_TRY(field->is_real ? read_real(l, key, value) : read_integer(l, key, value));
    }
    if (seed == NULL || *seed < '0' || *seed > '9') return no_number(l, "hrnet/seed", "a number", seed);
    found->seed = strtoull(seed, &end, 10);
    if (*end != '\0') return no_number(l, "hrnet/seed", "a number", seed);
    snprintf(found->fingerprint, sizeof found->fingerprint, "%s", hr_tensors_entry(&l->tensors, "hrnet/fingerprint"));
    return HRNET_OK;
}

/* The number of steps, which PyTorch stores with each parameter: an int, since version 1.12 a tensor. */
static hrnet_status read_published_step(hr_state_loading *l, int64_t *out)
{
    const hr_tensor *const tensor = hr_state_find(l, "optimizer/state/0", "step");
    double step = 0;
    if (tensor != NULL && tensor->n_elements == 1) {
        HR_TRY(hr_tensor_read_double(&l->tensors, tensor, &step));
        if (!(step >= 0 && step < 9e15)) return no_number(l, "optimizer/state/0/step", "a count", "another number");
        *out = (int64_t)step;
    } else if (hr_tensors_entry(&l->tensors, "optimizer/state/0/step") != NULL) {
        HR_TRY(read_integer(l, "optimizer/state/0/step", out));
    }
    return HRNET_OK;
}

/* Upstream's checkpoint is written at the end of an epoch; "epoch" is the next one. */
static hrnet_status read_published(hr_state_loading *l, hr_train_state *found)
{
    found->position = found->n_loss = found->n_accuracy = found->step = found->n_worse = found->end_epoch = 0;
    found->loss_sum = found->accuracy_sum = 0;
    found->best_perf = found->last_perf; /* upstream stores one score only */
    found->best_epoch = found->epoch - 1;
    return read_published_step(l, &found->step);
}

static hrnet_status read_numbers(hr_state_loading *l, hr_train_state *found)
{
    HR_TRY(read_integer(l, "epoch", &found->epoch));
    HR_TRY(read_real(l, "perf", &found->last_perf));
    if (hr_tensors_entry(&l->tensors, "optimizer/param_groups/0/lr") != NULL)
        HR_TRY(read_real(l, "optimizer/param_groups/0/lr", &found->rate));
    HR_TRY(l->is_ours ? read_ours(l, found) : read_published(l, found));
    if (found->epoch < 0 || found->epoch > INT32_MAX || found->position < 0 || found->step < 0 || found->n_loss < 0 ||
        found->n_accuracy < 0)
        return hr_fail(HRNET_ERR_FORMAT, "%s: epoch %" PRId64 ", position %" PRId64 ", step %" PRId64 ": out of range",
                       l->path, found->epoch, found->position, found->step);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- what it is of */

static hrnet_status mismatch(const hr_state_loading *l, const char *what, const char *expected, const char *found)
{
    return hr_fail(HRNET_ERR_MISMATCH, "%s: %s: expected %s, found %.64s", l->path, what, expected, found);
}

/* Compare model, fingerprint and optimiser before anything large is read. */
static hrnet_status check_identity(hr_state_loading *l, const hr_train_state *state, const hr_config *config)
{
    const char *const model = hr_tensors_entry(&l->tensors, "model");
    const char *const fingerprint = hr_tensors_entry(&l->tensors, "hrnet/fingerprint");
    const char *optimizer = hr_tensors_entry(&l->tensors, "hrnet/optimizer");
    const char *const name = hr_optimizer_name(l->optimizer);
    l->is_ours = fingerprint != NULL;
    if (!hr_state_has_scope(l, "state_dict") || hr_tensors_entry(&l->tensors, "epoch") == NULL)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected a checkpoint.pth of a run, with epoch and state_dict, found %s",
                       l->path, hr_state_has_scope(l, "") ? "weights alone" : "neither");
    if (model != NULL && strcmp(model, config->model.name) != 0) return mismatch(l, "model", config->model.name, model);
    if (l->is_ours && state->fingerprint[0] != '\0' && strcmp(fingerprint, state->fingerprint) != 0)
        return mismatch(l, "fingerprint of configuration and data", state->fingerprint, fingerprint);
    if (optimizer != NULL) return strcmp(optimizer, name) == 0 ? HRNET_OK : mismatch(l, "optimizer", name, optimizer);
    /* PyTorch does not name the optimiser; Adam has betas, SGD has momentum */
    if (hr_tensors_entry(&l->tensors, "optimizer/param_groups/0/betas/0") != NULL) optimizer = "adam";
    if (hr_tensors_entry(&l->tensors, "optimizer/param_groups/0/momentum") != NULL) optimizer = "sgd";
    if (optimizer != NULL && (l->optimizer->kind == HR_SGD) != (strcmp(optimizer, "sgd") == 0))
        return mismatch(l, "optimizer", name, optimizer);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- the whole */

/* Read into `found`, whose blocks are NULL; it gets blocks where `state` has some. */
static hrnet_status load(hr_state_loading *l, hr_train_state *found, const hr_train_state *state,
                         const hr_config *config)
{
    float **theirs[N_BLOCKS], **own[N_BLOCKS];
    hr_train_state blocks = *state;
    list_blocks(&blocks, theirs);
    list_blocks(found, own);
    HR_TRY(hr_tensors_open(&l->tensors, l->path));
    HR_TRY(check_identity(l, state, config));
    for (int i = 0; i < N_BLOCKS; i++)
        if (*theirs[i] != NULL) HR_NEW(*own[i], l->params->n_floats);
    HR_TRY(read_numbers(l, found));
    return hr_state_read_blocks(l, found);
}

hrnet_status hr_train_state_load(hr_train_state *state, const hr_params *params, const hr_config *config,
                                 const hr_optimizer *optimizer, const char *path)
{
    hr_state_loading l = {.path = path, .params = params, .optimizer = optimizer};
    hr_train_state found = *state;
    float **own[N_BLOCKS], **theirs[N_BLOCKS];
    list_blocks(&found, own);
    list_blocks(state, theirs);
    for (int i = 0; i < N_BLOCKS; i++) *own[i] = NULL;
    const hrnet_status status = load(&l, &found, state, config);
    /* contents move to the caller's blocks, whose addresses others hold (params is the network's); then the temporary
     * blocks are released and found points to the caller's, so that it can replace *state as a whole */
    for (int i = 0; i < N_BLOCKS; i++) {
        float *const block = *own[i];
        if (status == HRNET_OK && block != NULL) memcpy(*theirs[i], block, params->n_floats * sizeof *block);
        *own[i] = *theirs[i];
        hr_free(block);
    }
    if (status == HRNET_OK) *state = found;
    hr_tensors_close(&l.tensors);
    return status;
}
