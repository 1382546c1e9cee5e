/* train_set.c - the persons to train on: the set of DATASET and those of DATASET.MORE_SETS, as parts of one. */
#include "batches/train_set.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* The first set says what the joints are. */
static hrnet_status open_first(hr_train_set *set, const hr_train_set_files *files)
{
    const hr_dataset_config *const d = &set->config->dataset;
    hr_train_part *const part = &set->parts[set->n_parts++];
    const hrnet_dataset_info *found = NULL;
    const hr_part_options options = {.config = set->config,
                                     .root = d->root,
                                     .dataset = d->dataset,
                                     .set = d->train_set,
                                     .data_format = d->data_format,
                                     .exclude = d->exclude,
                                     .files = files,
                                     .info = files->info};
    snprintf(part->where, sizeof part->where, "DATASET");
    part->weight = 1;
    HR_TRY(hr_train_part_open(part, &options, &found));
    set->info = files->info != NULL ? files->info : found;
    if (set->info->skeleton.n_keypoints != set->config->model.n_joints)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: its persons have %d keypoints, MODEL.NUM_JOINTS is %d",
                       part->annotations_path, set->info->skeleton.n_keypoints, set->config->model.n_joints);
    return HRNET_OK;
}

static hrnet_status open_more(hr_train_set *set, int i, const hr_train_set_files *files)
{
    const hr_set_config *const more = &set->config->dataset.more_sets[i];
    hr_train_part *const part = &set->parts[set->n_parts++];
    const hrnet_dataset_info *found;
    const hr_train_set_files places = {.on_message = files->on_message, .context = files->context};
    const hr_part_options options = {.config = set->config,
                                     .root = more->root,
                                     .dataset = more->dataset,
                                     .set = more->train_set,
                                     .data_format = more->data_format,
                                     .exclude = more->exclude,
                                     .files = &places,
                                     .more = more,
                                     .info = set->info};
    snprintf(part->where, sizeof part->where, "DATASET.MORE_SETS[%d]", i);
    part->weight = more->weight;
    return hr_train_part_open(part, &options, &found);
}

static hrnet_status open_all(hr_train_set *set, const hr_train_set_files *files)
{
    HR_TRY(open_first(set, files));
    for (int i = 0; i < set->config->dataset.n_more_sets; i++) HR_TRY(open_more(set, i, files));
    for (int p = 0; p < set->n_parts; p++) {
        set->n_persons += set->parts[p].samples.n;
        set->n_examples += set->parts[p].n_examples;
    }
    if (set->n_persons > UINT32_MAX || set->n_examples > UINT32_MAX)
        return hr_fail(HRNET_ERR_LIMIT, "DATASET: %zu persons, %zu examples an epoch: expected at most %u",
                       set->n_persons, set->n_examples, UINT32_MAX);
    return HRNET_OK;
}

hrnet_status hr_train_set_open(hr_train_set **out, const hr_config *config, const hr_train_set_files *files)
{
    static const hr_train_set_files as_published;
    hr_train_set *set;
    HR_NEW(set, 1);
    set->config = config;
    const hrnet_status status = open_all(set, files != NULL ? files : &as_published);
    if (status != HRNET_OK) {
        hr_train_set_free(set);
        return status;
    }
    *out = set;
    return HRNET_OK;
}

void hr_train_set_free(hr_train_set *set)
{
    if (set == NULL) return;
    for (int p = 0; p < set->n_parts; p++) hr_train_part_free(&set->parts[p]);
    hr_free(set);
}

size_t hr_train_set_n_persons(const hr_train_set *set)
{
    return set->n_persons;
}

size_t hr_train_set_n_examples(const hr_train_set *set)
{
    return set->n_examples;
}

const hrnet_dataset_info *hr_train_set_info(const hr_train_set *set)
{
    return set->info;
}

static void hash_part(const hr_train_part *part, int n_joints, hr_sha256 *hash)
{
    const hr_samples *const samples = &part->samples;
    hr_sha256_add(hash, &part->weight, sizeof part->weight);
    for (size_t i = 0; i < samples->n; i++) {
        const hr_sample *const s = &samples->list[i];
        const char *const name = samples->images[s->image].name;
        hr_sha256_add(hash, name, strlen(name) + 1);
        hr_sha256_add(hash, s->crop.center, sizeof s->crop.center);
        hr_sha256_add(hash, s->crop.scale, sizeof s->crop.scale);
        for (int j = 0; j < n_joints; j++)
            if (part->source[j] >= 0)
                hr_sha256_add(hash, s->keypoints + 3 * (ptrdiff_t)part->source[j], 3 * sizeof(double));
    }
    hr_sha256_add(hash, part->source, (size_t)n_joints * sizeof *part->source);
}

void hr_train_set_hash(const hr_train_set *set, hr_sha256 *hash)
{
    for (int p = 0; p < set->n_parts; p++) hash_part(&set->parts[p], set->config->model.n_joints, hash);
}
