/*
 * samples.c - grouping of samples by picture, and their release. Grouping is a sort by the pair (order of the picture,
 * index of the sample), which is unique, so that qsort's freedom with equal keys changes nothing.
 */
#include "data/samples.h"

#include <stdlib.h>

#include "base/mem.h"

typedef struct sample_key {
    size_t picture; /* the picture's number in the order wanted */
    size_t index;   /* of the sample, before sorting */
} sample_key;

static int by_key(const void *a, const void *b)
{
    const sample_key *const x = a, *const y = b;
    if (x->picture != y->picture) return x->picture < y->picture ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Sorted keys [n]. first [n_images] is scratch: the first sample of each picture. The caller frees both. */
static hrnet_status sort_keys(const hr_samples *samples, hr_picture_order order, sample_key **keys, size_t **first)
{
    HR_NEW(*keys, samples->n);
    HR_NEW(*first, samples->n_images);
    for (size_t i = 0; i < samples->n_images; i++) (*first)[i] = samples->n;
    for (size_t i = 0; i < samples->n; i++) {
        size_t *const f = &(*first)[samples->list[i].image];
        if (*f == samples->n) *f = i;
        (*keys)[i] = (sample_key){order == HR_ORDER_OF_IMAGES ? samples->list[i].image : *f, i};
    }
    qsort(*keys, samples->n, sizeof **keys, by_key);
    return HRNET_OK;
}

hrnet_status hr_samples_group(hr_samples *samples, hr_picture_order order)
{
    sample_key *keys = NULL;
    size_t *first = NULL;
    hr_sample *sorted = NULL;
    hrnet_status status = sort_keys(samples, order, &keys, &first);
    if (status == HRNET_OK) {
        sorted = hr_alloc(samples->n, sizeof *sorted);
        if (sorted == NULL) status = hr_fail_memory(samples->n * sizeof *sorted);
    }
    if (status == HRNET_OK) {
        for (size_t i = 0; i < samples->n; i++) sorted[i] = samples->list[keys[i].index];
        hr_free(samples->list);
        samples->list = sorted;
    }
    hr_free(first);
    hr_free(keys);
    return status;
}

void hr_add_sample_counts(hr_text *text, const hr_sample_counts *counts)
{
    const struct {
        size_t n;
        const char *reason;
    } all[] = {{counts->n_crowds, "are crowds"},
               {counts->n_unlabelled, "have no labelled keypoint"},
               {counts->n_no_box, "have an empty box"},
               {counts->n_outside, "have a box outside of the picture"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].n > 0) hr_text_add(text, "; %zu %s", all[i].n, all[i].reason);
}

void hr_samples_free(hr_samples *samples)
{
    for (size_t i = 0; samples->names != NULL && i < samples->n_names; i++) hr_free(samples->names[i]);
    hr_free(samples->names);
    hr_free(samples->keypoints);
    hr_free(samples->truths);
    hr_free(samples->images);
    hr_free(samples->list);
    *samples = (hr_samples){0};
}
