/* annotations_part.c - divides annotations in memory into a part to train on and a part to validate with. */
#include "data/annotations_part.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/status.h"
#include "data/annotations_internal.h"

typedef struct hashed_picture {
    uint64_t hash;
    size_t image; /* index */
} hashed_picture;

static int by_hash(const void *a, const void *b)
{
    const hashed_picture *const x = a, *const y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

/* The bits of hr_hash_text are mixed once more: names that differ in their last digit have similar hashes. */
static uint64_t hash_picture(const hrnet_annotations *a, size_t image)
{
    char digits[24];
    const hr_image_record *const record = &a->images[image];
    snprintf(digits, sizeof digits, "%lld", (long long)record->id);
    return hr_random_bits(hr_hash_text(record->name != 0 ? a->names + record->name : digits), 0);
}

/* Set is_valid [n_images] for the pictures that validate. */
static hrnet_status choose_pictures(unsigned char *is_valid, const hrnet_annotations *a, double part,
                                    hr_part_counts *counts)
{
    hashed_picture *list;
    const int boxes_alone = hrnet_annotations_info(a)->skeleton.n_keypoints == 0;
    for (size_t i = 0; i < a->n_persons; i++)
        if ((boxes_alone || a->persons[i].n_labelled > 0) && !a->persons[i].is_crowd) is_valid[a->persons[i].image] = 1;
    HR_NEW(list, a->n_images);
    for (size_t i = 0; i < a->n_images; i++) {
        if (is_valid[i]) list[counts->n++] = (hashed_picture){hash_picture(a, i), i};
        is_valid[i] = 0;
    }
    qsort(list, counts->n, sizeof *list, by_hash);
    counts->n_valid = (size_t)fmax(1, round(part * (double)counts->n));
    for (size_t i = 0; i < counts->n_valid && i < counts->n; i++) is_valid[list[i].image] = 1;
    hr_free(list);
    if (counts->n >= 2 && counts->n_valid < counts->n) return HRNET_OK;
    return hr_fail(HRNET_ERR_FORMAT,
                   "DATASET.VALID_PART: expected at least two pictures with %s to divide, found %zu (0 and "
                   "--no-validation train on "
                   "all)",
                   boxes_alone ? "boxes" : "labelled keypoints", counts->n);
}

/* Close the gaps that dropped pictures leave. to [n_images]: scratch. */
static void keep(hrnet_annotations *a, const unsigned char *is_valid, int wanted, size_t *to)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_images; i++) {
        to[i] = is_valid[i] == wanted ? n : SIZE_MAX;
        if (to[i] != SIZE_MAX) a->images[n++] = a->images[i];
    }
    size_t n_ranks = 0;
    for (size_t i = 0; i < a->n_ranks; i++) {
        const size_t image = to[a->ranks[i].image];
        if (image == SIZE_MAX) continue;
        a->ranks[n_ranks] = (hr_image_rank){a->ranks[i].id, image};
        a->images[image].rank = n_ranks++;
    }
    a->n_images = n;
    a->n_ranks = n_ranks;
    size_t n_persons = 0;
    for (size_t i = 0; i < a->n_persons; i++) {
        hr_person_record person = a->persons[i];
        person.image = to[person.image];
        if (person.image != SIZE_MAX) a->persons[n_persons++] = person;
    }
    a->n_persons = n_persons;
}

hrnet_status hr_annotations_keep_part(hrnet_annotations *a, double part, int is_valid, hr_part_counts *out)
{
    unsigned char *const chosen = hr_calloc(a->n_images, 1);
    size_t *const to = hr_calloc(a->n_images, sizeof *to);
    hrnet_status status = chosen != NULL && to != NULL ? HRNET_OK : hr_fail_memory(a->n_images * sizeof *to);
    *out = (hr_part_counts){0};
    if (status == HRNET_OK) status = choose_pictures(chosen, a, part, out);
    if (status == HRNET_OK) keep(a, chosen, is_valid != 0, to);
    hr_free(chosen);
    hr_free(to);
    return status;
}
