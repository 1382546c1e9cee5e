/*
 * box_nms.c - greedy suppression: candidates are taken from the best to the worst, and one stays if none of those that
 * stayed before suppresses it, until enough have stayed. What comes after those is never looked at.
 *
 * torchvision's batched_nms keeps classes apart by moving each to coordinates of its own, in which boxes with negative
 * coordinates reach into their neighbours; comparing the classes themselves is what was meant.
 */
#include "detect/box_nms.h"

static float area(const hr_box_candidate *c)
{
    return (c->x2 - c->x1) * (c->y2 - c->y1);
}

/* Whether a suppresses b: intersection over union above iou >= 0, in the order of torchvision's operations. Boxes
 * apart, which are most, have 0 or 0/0 there. */
static int suppresses(const hr_box_candidate *a, const hr_box_candidate *b, float iou)
{
    const float left = a->x1 > b->x1 ? a->x1 : b->x1, right = a->x2 < b->x2 ? a->x2 : b->x2;
    if (right <= left) return 0;
    const float top = a->y1 > b->y1 ? a->y1 : b->y1, bottom = a->y2 < b->y2 ? a->y2 : b->y2;
    if (bottom <= top) return 0;
    const float shared = (right - left) * (bottom - top);
    return shared / (area(a) + area(b) - shared) > iou;
}

static int is_suppressed(const hr_box_candidate *kept, size_t n_kept, const hr_box_candidate *c, float iou,
                         int agnostic)
{
    for (size_t i = 0; i < n_kept; i++)
        if ((agnostic || kept[i].category == c->category) && suppresses(&kept[i], c, iou)) return 1;
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
