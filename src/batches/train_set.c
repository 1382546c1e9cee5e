/*
 * train_set.c - the persons to train on, DATASET and DATASET.MORE_SETS as parts of one set, and the order in which an
 * epoch visits them: Fisher and Yates's shuffle, with random numbers from (seed, epoch) alone.
 */
#include "batches/train_set.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/wide.h"

/* The first set, which also defines the joints unless the caller describes them. */
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
    return HRNET_OK;
}

/* A further set: its paths come from the configuration alone. */
static hrnet_status open_more(hr_train_set *set, int i, const hr_train_set_files *files)
{
    const hr_set_config *const more = &set->config->dataset.more_sets[i];
    hr_train_part *const part = &set->parts[set->n_parts++];
    const hrnet_dataset_info *found;
    const hr_train_set_files not_named = {.on_message = files->on_message,
                                          .context = files->context,
                                          .check_pictures = files->check_pictures,
                                          .skip_broken = files->skip_broken};
    const hr_part_options options = {.config = set->config,
                                     .root = more->root,
                                     .dataset = more->dataset,
                                     .set = more->train_set,
                                     .data_format = more->data_format,
                                     .exclude = more->exclude,
                                     .files = &not_named,
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
    /* hr_epoch_order numbers persons and examples with 32 bits */
    if (set->n_persons > UINT32_MAX || set->n_examples > UINT32_MAX)
        return hr_fail(HRNET_ERR_LIMIT, "DATASET: %zu persons, %zu examples an epoch: expected at most %u",
                       set->n_persons, set->n_examples, UINT32_MAX);
    return HRNET_OK;
}

static hrnet_status make_broken(hr_train_set *set)
{
    hr_broken_pictures *broken;
    HR_NEW(broken, 1);
    pthread_mutex_init(&broken->lock, NULL); /* cannot fail without attributes */
    set->broken = broken;
    return HRNET_OK;
}

/* Name the joints that no person of any part has: nothing is learned about them. */
static void warn_unlabelled(const hr_train_set *set, const hr_train_set_files *files)
{
    hr_text line = {0};
    int n = 0;
    for (int j = 0; j < set->config->model.n_joints; j++) {
        size_t n_labelled = 0;
        for (int p = 0; p < set->n_parts; p++) {
            const hr_train_part *const part = &set->parts[p];
            for (size_t i = 0; i < part->samples.n && part->source[j] >= 0 && n_labelled == 0; i++)
                n_labelled += part->samples.list[i].keypoints[3 * part->source[j] + 2] > 0;
        }
        if (n_labelled > 0) continue;
        hr_text_add(&line, "%s%s",
                    n++ == 0 ? "warning: labelled nowhere, so that nothing is learned about them: " : ", ",
                    set->info->skeleton.keypoint_names[j]);
    }
    if (n > 0 && !line.failed && files->on_message != NULL) files->on_message(files->context, line.data);
    hr_text_free(&line);
}

hrnet_status hr_train_set_open(hr_train_set **out, const hr_config *config, const hr_train_set_files *files)
{
    static const hr_train_set_files as_published;
    hr_train_set *set;
    HR_NEW(set, 1);
    set->config = config;
    if (files == NULL) files = &as_published;
    set->skip_broken = files->skip_broken;
    set->detects = hr_config_detects(config);
    hrnet_status status = make_broken(set);
    if (status == HRNET_OK) status = open_all(set, files);
    if (status == HRNET_OK && files->check_pictures && !set->detects) warn_unlabelled(set, files);
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
    if (set->broken != NULL) {
        pthread_mutex_destroy(&set->broken->lock);
        hr_text_free(&set->broken->lines);
    }
    hr_free(set->broken);
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

/* ---------------------------------------------------------------------------------------------- broken pictures */

int hr_train_set_is_bad(const hr_train_set *set, const hr_train_part *part, size_t image)
{
    pthread_mutex_lock(&set->broken->lock);
    const int is_bad = part->bad != NULL && part->bad[image];
    pthread_mutex_unlock(&set->broken->lock);
    return is_bad;
}

void hr_train_set_note_bad(const hr_train_set *set, const hr_train_part *part, size_t image)
{
    hr_broken_pictures *const broken = set->broken;
    pthread_mutex_lock(&broken->lock);
    if (part->bad != NULL && !part->bad[image]) {
        part->bad[image] = 1;
        broken->n++;
        hr_text_add(&broken->lines, "%s\n", hrnet_last_error());
    }
    pthread_mutex_unlock(&broken->lock);
}

hrnet_status hr_train_set_take_broken(const hr_train_set *set, char **out, size_t *n_all)
{
    hr_broken_pictures *const broken = set->broken;
    hrnet_status status = HRNET_OK;
    *out = NULL;
    pthread_mutex_lock(&broken->lock);
    *n_all = broken->n;
    if (broken->lines.length > 0) status = hr_text_take(&broken->lines, out);
    pthread_mutex_unlock(&broken->lock);
    return status;
}

/* Only keypoints that become joints: adding others to a file changes no example. */
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

/* Of a detector: pictures' names and boxes. */
static void hash_boxes(const hr_train_part *part, hr_sha256 *hash)
{
    const hr_samples *const samples = &part->samples;
    hr_sha256_add(hash, &part->weight, sizeof part->weight);
    for (size_t i = 0; i < samples->n; i++) {
        const size_t image = samples->list[i].image, first = part->first_box[image];
        const size_t n = part->first_box[image + 1] - first;
        hr_sha256_add(hash, samples->images[image].name, strlen(samples->images[image].name) + 1);
        hr_sha256_add(hash, part->boxes + first, n * sizeof *part->boxes);
        hr_sha256_add(hash, part->is_crowd + first, n);
    }
}

void hr_train_set_hash(const hr_train_set *set, hr_sha256 *hash)
{
    for (int p = 0; p < set->n_parts; p++) {
        if (set->detects)
            hash_boxes(&set->parts[p], hash);
        else
            hash_part(&set->parts[p], set->config->model.n_joints, hash);
    }
}

/* ---------------------------------------------------------------------------------------------- the order of an epoch
 */

/* A number of 0..n-1, equally likely to within n / 2^64: the upper half of a 128-bit product, without division. */
static uint64_t below(uint64_t stream, uint64_t index, uint64_t n)
{
    return hr_multiply_high(hr_random_bits(stream, index), n);
}

static void swap(uint32_t *a, uint32_t *b)
{
    const uint32_t t = *a;
    *a = *b;
    *b = t;
}

/* Make the first n entries of list [size] a random choice of all of them in random order: the first n steps of Fisher
 * and Yates's shuffle. n == size shuffles the list. */
static void choose_first(uint32_t *list, size_t size, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n && i + 1 < size; i++) swap(&list[i], &list[i + below(stream, i, size - i)]);
}

/* Write the numbers of a part's n_examples to out; `first` is the number of its first person. Weight 2.5 and 10
 * persons: all persons twice, then 5 chosen at random. */
static hrnet_status add_part(uint32_t *out, const hr_train_part *part, size_t first, uint64_t stream)
{
    const size_t n = part->samples.n;
    uint32_t *chosen;
    size_t left = part->n_examples;
    for (; left >= n && n > 0; left -= n)
        for (size_t i = 0; i < n; i++) *out++ = (uint32_t)(first + i);
    if (left == 0) return HRNET_OK;
    HR_NEW(chosen, n);
    for (size_t i = 0; i < n; i++) chosen[i] = (uint32_t)(first + i);
    choose_first(chosen, n, left, stream);
    for (size_t i = 0; i < left; i++) *out++ = chosen[i];
    hr_free(chosen);
    return HRNET_OK;
}

hrnet_status hr_epoch_order(uint32_t **out, const hr_train_set *set, uint64_t seed, int64_t epoch, int shuffle)
{
    const uint64_t stream = hr_random_bits(seed ^ hr_hash_text("order"), (uint64_t)epoch);
    uint32_t *order;
    size_t n = 0, first = 0;
    hrnet_status status = HRNET_OK;
    HR_NEW(order, set->n_examples);
    for (int p = 0; p < set->n_parts && status == HRNET_OK; p++) {
        const hr_train_part *const part = &set->parts[p];
        status = add_part(order + n, part, first, hr_random_bits(stream, (uint64_t)p));
        n += part->n_examples;
        first += part->samples.n;
    }
    if (status != HRNET_OK) {
        hr_free(order);
        return status;
    }
    if (shuffle) choose_first(order, n, n, stream);
    *out = order;
    return HRNET_OK;
}
