/* example_order.c - the order of an epoch: Fisher and Yates's shuffle, with numbers from (seed, epoch) alone. */
#include "base/mem.h"
#include "base/rng.h"
#include "batches/train_set.h"

/* 0..n-1, equally likely to within n / 2^64. */
static uint64_t below(uint64_t stream, uint64_t index, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)hr_random_bits(stream, index) * n) >> 64);
}

static void swap(uint32_t *a, uint32_t *b)
{
    const uint32_t t = *a;
    *a = *b;
    *b = t;
}

/* The first n entries of list [size] become a random choice of all of it, in random order. */
static void draw(uint32_t *list, size_t size, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n && i + 1 < size; i++) swap(&list[i], &list[i + below(stream, i, size - i)]);
}

/* A part's examples to out; first: the number of its first person. */
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
    draw(chosen, n, left, stream);
    for (size_t i = 0; i < left; i++) *out++ = chosen[i];
    hr_free(chosen);
    return HRNET_OK;
}

hrnet_status hr_train_order(uint32_t **out, const hr_train_set *set, uint64_t seed, int64_t epoch, int shuffle)
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
    if (shuffle) draw(order, n, n, stream);
    *out = order;
    return HRNET_OK;
}
