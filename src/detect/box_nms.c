/*
 * box_nms.c - greedy suppression: the best candidate stays, all that it suppresses leave, the next best stays, and so
 * on until enough are kept. Candidates that left are closed up, so that each is compared with no more than those kept.
 *
 * torchvision's batched_nms keeps classes apart by moving each to coordinates of its own, in which boxes with negative
 * coordinates reach into their neighbours; comparing the classes themselves is what was meant.
 */
#include "detect/box_nms.h"

static float area(const hr_box_candidate *c)
{
    return (c->x2 - c->x1) * (c->y2 - c->y1);
}

/* Of two boxes, in the order of torchvision's operations. NaN for two boxes without area. */
static float overlap(const hr_box_candidate *a, const hr_box_candidate *b)
{
    const float left = a->x1 > b->x1 ? a->x1 : b->x1, right = a->x2 < b->x2 ? a->x2 : b->x2;
    const float top = a->y1 > b->y1 ? a->y1 : b->y1, bottom = a->y2 < b->y2 ? a->y2 : b->y2;
    const float w = right - left > 0 ? right - left : 0, h = bottom - top > 0 ? bottom - top : 0;
    const float shared = w * h;
    return shared / (area(a) + area(b) - shared);
}

void hr_box_nms(hr_candidates *list, float iou, int agnostic, size_t most)
{
    hr_box_candidate *const items = list->items;
    size_t n = list->n, kept = 0;
    hr_candidates_sort(list);
    for (; kept < n && kept < most; kept++) {
        size_t left = kept + 1;
        for (size_t i = kept + 1; i < n; i++) {
            const int rivals = agnostic || items[i].category == items[kept].category;
            if (rivals && overlap(&items[kept], &items[i]) > iou) continue;
            if (left != i) items[left] = items[i];
            left++;
        }
        n = left;
    }
    list->n = kept;
}
