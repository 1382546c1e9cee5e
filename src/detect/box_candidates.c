/* box_candidates.c - a list of boxes that keeps the best of each map in a heap. */
#include "detect/box_candidates.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

void hr_candidates_clear(hr_candidates *list)
{
    list->n = list->map_begin = 0;
    list->n_over_limit = list->n_not_finite = 0;
}

void hr_candidates_free(hr_candidates *list)
{
    hr_free(list->items);
    *list = (hr_candidates){0};
}

void hr_candidates_next_map(hr_candidates *list)
{
    list->map_begin = list->n;
}

static int is_better(const hr_box_candidate *a, const hr_box_candidate *b)
{
    return a->score != b->score ? a->score > b->score : a->order < b->order;
}

/* Put an item into the heap of n with the worst on top, at position i or below. */
static void sift_down(hr_box_candidate *heap, size_t n, size_t i, hr_box_candidate item)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n) break;
        if (child + 1 < n && is_better(&heap[child], &heap[child + 1])) child++;
        if (is_better(&heap[child], &item)) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = item;
}

/* So that areas and scaled boxes stay finite, too. Far beyond any picture, whose sides are below 2^20. */
static int is_near(float coordinate)
{
    return fabsf(coordinate) <= 1e9f;
}

hrnet_status hr_candidates_add(hr_candidates *list, const hr_box_candidate *candidate)
{
    if (!is_near(candidate->x1) || !is_near(candidate->y1) || !is_near(candidate->x2) || !is_near(candidate->y2)) {
        list->n_not_finite++;
        return HRNET_OK;
    }
    if (list->n - list->map_begin < HR_MOST_CANDIDATES) {
        HR_GROW(list->items, list->n, list->capacity);
        list->items[list->n++] = *candidate;
        if (list->n - list->map_begin < HR_MOST_CANDIDATES) return HRNET_OK;
        hr_box_candidate *const full = list->items + list->map_begin;
        for (size_t i = HR_MOST_CANDIDATES / 2; i-- > 0;) sift_down(full, HR_MOST_CANDIDATES, i, full[i]);
        return HRNET_OK;
    }
    hr_box_candidate *const heap = list->items + list->map_begin;
    list->n_over_limit++;
    if (is_better(candidate, &heap[0])) sift_down(heap, HR_MOST_CANDIDATES, 0, *candidate);
    return HRNET_OK;
}

static int better_candidate_first(const void *left, const void *right)
{
    return is_better(left, right) ? -1 : 1;
}

void hr_candidates_sort(hr_candidates *list)
{
    if (list->n > 1) qsort(list->items, list->n, sizeof *list->items, better_candidate_first);
}
