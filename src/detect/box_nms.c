/*
 * box_nms.c - greedy suppression: candidates are taken from the best to the worst, and one stays if none of those that
 * stayed before suppresses it, until enough have stayed. What comes after those is never looked at.
 *
 * torchvision's batched_nms keeps classes apart by moving each to coordinates of its own, in which boxes with negative
 * coordinates reach into their neighbours; comparing the classes themselves is what was meant.
 */
#include "detect/box_nms.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

static float area(const hr_box_candidate *c)
{
    return (c->x2 - c->x1) * (c->y2 - c->y1);
}

/* Intersection over union, in the order of torchvision's operations. Boxes apart, which are most, have 0, also where
 * it is 0/0. */
static float overlap(const hr_box_candidate *a, const hr_box_candidate *b)
{
    const float left = a->x1 > b->x1 ? a->x1 : b->x1, right = a->x2 < b->x2 ? a->x2 : b->x2;
    if (right <= left) return 0;
    const float top = a->y1 > b->y1 ? a->y1 : b->y1, bottom = a->y2 < b->y2 ? a->y2 : b->y2;
    if (bottom <= top) return 0;
    const float shared = (right - left) * (bottom - top);
    return shared / (area(a) + area(b) - shared);
}

static int is_suppressed(const hr_box_candidate *kept, size_t n_kept, const hr_box_candidate *c, float iou,
                         int agnostic)
{
    for (size_t i = 0; i < n_kept; i++)
        if ((agnostic || kept[i].category == c->category) && overlap(&kept[i], c) > iou) return 1;
    return 0;
}

void hr_box_nms(hr_candidates *list, float iou, int agnostic, size_t most)
{
    hr_box_candidate *const items = list->items;
    size_t n_kept = 0;
    hr_candidates_sort(list);
    for (size_t i = 0; i < list->n && n_kept < most; i++)
        if (!is_suppressed(items, n_kept, &items[i], iou, agnostic)) items[n_kept++] = items[i];
    list->n = n_kept;
}

/* The mean of c and of all that vote for it. */
static hr_box_candidate voted(const hr_candidates *list, const hr_box_candidate *c, float vote_iou)
{
    double x1 = 0, y1 = 0, x2 = 0, y2 = 0, weights = 0;
    for (size_t i = 0; i < list->n; i++) {
        const hr_box_candidate *const other = &list->items[i];
        const float iou = other->category == c->category ? overlap(c, other) : 0;
        if (!(iou >= vote_iou && other->score > 0)) continue;
        const double weight = (double)other->score * (double)iou;
        x1 += weight * (double)other->x1;
        y1 += weight * (double)other->y1;
        x2 += weight * (double)other->x2;
        y2 += weight * (double)other->y2;
        weights += weight;
    }
    hr_box_candidate mean = *c;
    if (!(weights > 0 && weights < HUGE_VAL)) return mean; /* a box without area; scores of 0, or infinite */
    mean.x1 = (float)(x1 / weights);
    mean.y1 = (float)(y1 / weights);
    mean.x2 = (float)(x2 / weights);
    mean.y2 = (float)(y2 / weights);
    return mean;
}

hrnet_status hr_box_nms_voted(hr_candidates *list, float iou, float vote_iou, float threshold, size_t most)
{
    const size_t room = list->n < most ? list->n : most;
    size_t n_kept = 0;
    hr_candidates_sort(list);
    hr_box_candidate *const kept = hr_alloc(room, sizeof *kept);
    if (kept == NULL) return hr_fail_memory(room * sizeof *kept);
    for (size_t i = 0; i < list->n && n_kept < most && list->items[i].score >= threshold; i++)
        if (!is_suppressed(kept, n_kept, &list->items[i], iou, 0)) kept[n_kept++] = list->items[i];
    for (size_t i = 0; i < n_kept; i++) kept[i] = voted(list, &kept[i], vote_iou);
    if (n_kept > 0) memcpy(list->items, kept, n_kept * sizeof *kept);
    list->n = n_kept;
    hr_free(kept);
    return HRNET_OK;
}
