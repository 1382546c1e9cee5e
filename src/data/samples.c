/* samples.c - order and release. */
#include "data/samples.h"

#include <stdlib.h>

#include "base/mem.h"

typedef struct sample_place {
    size_t picture, index; /* picture: its place in the order */
} sample_place;

static int by_place(const void *a, const void *b)
{
    const sample_place *const x = a, *const y = b;
    if (x->picture != y->picture) return x->picture < y->picture ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* places [n] and first [n_images] are the caller's to free. */
static hrnet_status sort_places(const hr_samples *samples, hr_picture_order order, sample_place **places,
                                size_t **first)
{
    HR_NEW(*places, samples->n);
    HR_NEW(*first, samples->n_images);
    for (size_t i = 0; i < samples->n_images; i++) (*first)[i] = samples->n;
    for (size_t i = 0; i < samples->n; i++) {
        size_t *const f = &(*first)[samples->list[i].image];
        if (*f == samples->n) *f = i;
        (*places)[i] = (sample_place){order == HR_ORDER_OF_IMAGES ? samples->list[i].image : *f, i};
    }
    qsort(*places, samples->n, sizeof **places, by_place);
    return HRNET_OK;
}

hrnet_status hr_samples_group(hr_samples *samples, hr_picture_order order)
{
    sample_place *places = NULL;
    size_t *first = NULL;
    hr_sample *sorted = NULL;
    hrnet_status status = sort_places(samples, order, &places, &first);
    if (status == HRNET_OK) {
        sorted = hr_alloc(samples->n, sizeof *sorted);
        if (sorted == NULL) status = hr_fail_memory(samples->n * sizeof *sorted);
    }
    if (status == HRNET_OK) {
        for (size_t i = 0; i < samples->n; i++) sorted[i] = samples->list[places[i].index];
        hr_free(samples->list);
        samples->list = sorted;
    }
    hr_free(first);
    hr_free(places);
    return status;
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
