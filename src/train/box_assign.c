/*
 * box_assign.c - SimOTA: which cells are to find which box (YOLOX's get_assignments, with the centre rule of its
 * current code). The matrix of costs is never stored: a box keeps its ten best candidates, and the few cells that
 * several boxes take are compared again with all boxes.
 */
#include <math.h>
#include <string.h>

#include "train/box_loss.h"

enum { MOST_CELLS = 10 }; /* that one box takes */

/* -log as PyTorch's binary_cross_entropy bounds it. */
static double minus_log(double p)
{
    const double value = -log(p);
    return value < 100 ? value : 100;
}

size_t hr_head_n_cells(const hr_head *head)
{
    size_t n = 0;
    for (int level = 0; level < HR_HEAD_LEVELS; level++)
        n += (size_t)head->levels[level].width * (size_t)head->levels[level].height;
    return n;
}

/* ---------------------------------------------------------------------------------------------- cells */

static int is_near(const hr_candidate *c, const hr_box_truth *box)
{
    return fabs(c->x - (double)box->x) < c->reach && fabs(c->y - (double)box->y) < c->reach;
}

static int is_inside(const hr_candidate *c, const hr_box_truth *box)
{
    return fabs(c->x - (double)box->x) < 0.5 * (double)box->w && fabs(c->y - (double)box->y) < 0.5 * (double)box->h;
}

static hr_candidate cell_at(const hr_head *head, int level, size_t i, size_t cell)
{
    const int width = head->levels[level].width, stride = head->levels[level].stride;
    const int column = (int)(i % (size_t)width), row = (int)(i / (size_t)width);
    return (hr_candidate){.cell = cell,
                          .raw = head->levels[level].cells + i * head->levels[level].ld,
                          .x = (column + 0.5) * stride,
                          .y = (row + 0.5) * stride,
                          .reach = 1.5 * stride,
                          .match = -1};
}

/* Fill in what the cell says. */
static void read_cell(hr_candidate *c, const hr_head *head)
{
    const double stride = c->reach / 1.5;
    c->box[0] = (double)c->raw[0] * stride + c->x - 0.5 * stride;
    c->box[1] = (double)c->raw[1] * stride + c->y - 0.5 * stride;
    c->box[2] = exp((double)c->raw[2]) * stride;
    c->box[3] = exp((double)c->raw[3]) * stride;
    c->obj = hr_sigmoid((double)c->raw[4]);
    c->miss_all = 0;
    for (int k = 0; k < head->n_classes; k++)
        c->miss_all += minus_log(1 - sqrt(hr_sigmoid((double)c->raw[HR_HEAD_BOX + k]) * c->obj));
}

/* The cells that are near some box; and for all cells, whether they count as background. */
static void choose_candidates(hr_assignment *a, const hr_head *head, const hr_box_truth *boxes, int n_boxes)
{
    size_t cell = 0;
    a->n_candidates = 0;
    for (int level = 0; level < HR_HEAD_LEVELS; level++) {
        const size_t n = (size_t)head->levels[level].width * (size_t)head->levels[level].height;
        for (size_t i = 0; i < n; i++, cell++) {
            hr_candidate c = cell_at(head, level, i, cell);
            int near = 0, ignored = 0;
            for (int g = 0; g < n_boxes; g++) {
                if (boxes[g].is_ignored)
                    ignored |= is_inside(&c, &boxes[g]);
                else
                    near |= is_near(&c, &boxes[g]);
            }
            a->use[cell] = !ignored;
            if (!near) continue;
            read_cell(&c, head);
            a->candidates[a->n_candidates++] = c;
        }
    }
}

/* ---------------------------------------------------------------------------------------------- costs */

static double iou_of(const double found[4], const hr_box_truth *box)
{
    const double w = fmin(found[0] + found[2] / 2, (double)box->x + (double)box->w / 2) -
                     fmax(found[0] - found[2] / 2, (double)box->x - (double)box->w / 2);
    const double h = fmin(found[1] + found[3] / 2, (double)box->y + (double)box->h / 2) -
                     fmax(found[1] - found[3] / 2, (double)box->y - (double)box->h / 2);
    if (!(w > 0) || !(h > 0)) return 0;
    return w * h / (found[2] * found[3] + (double)box->w * (double)box->h - w * h);
}

static double cost_of(const hr_candidate *c, const hr_box_truth *box, double iou)
{
    const double p = sqrt(hr_sigmoid((double)c->raw[HR_HEAD_BOX + box->category]) * c->obj);
    const double class_cost = c->miss_all - minus_log(1 - p) + minus_log(p);
    return class_cost - 3 * log(iou + 1e-8) + (is_near(c, box) ? 0 : 1e6);
}

/* The first of all boxes for which the candidate is cheapest. */
static int cheapest_box(const hr_candidate *c, const hr_box_truth *boxes, int n_boxes)
{
    int best = -1;
    double least = INFINITY;
    for (int g = 0; g < n_boxes; g++) {
        if (boxes[g].is_ignored) continue;
        const double cost = cost_of(c, &boxes[g], iou_of(c->box, &boxes[g]));
        if (best >= 0 && !(cost < least)) continue;
        least = cost;
        best = g;
    }
    return best;
}

/* ---------------------------------------------------------------------------------------------- assignment */

/* The smallest values so far, ascending, with the candidates they belong to; of equal ones the first comes first. */
typedef struct best_list {
    int n;
    double values[MOST_CELLS];
    size_t at[MOST_CELLS];
} best_list;

static void insert(best_list *list, double value, size_t at)
{
    int k = list->n;
    if (k == MOST_CELLS && !(value < list->values[k - 1])) return;
    if (k == MOST_CELLS) k--;
    for (; k > 0 && value < list->values[k - 1]; k--) {
        list->values[k] = list->values[k - 1];
        list->at[k] = list->at[k - 1];
    }
    list->values[k] = value;
    list->at[k] = at;
    if (list->n < MOST_CELLS) list->n++;
}

/* Let box g take its k cheapest candidates. */
static void take(hr_assignment *a, const hr_box_truth *boxes, int g)
{
    best_list costs = {0}, overlaps = {0};
    double sum = 0;
    for (size_t i = 0; i < a->n_candidates; i++) {
        const double iou = iou_of(a->candidates[i].box, &boxes[g]);
        insert(&costs, cost_of(&a->candidates[i], &boxes[g], iou), i);
        insert(&overlaps, -iou, i);
    }
    for (int k = 0; k < overlaps.n; k++) sum -= overlaps.values[k];
    const int n = sum >= 1 ? (int)sum : 1;
    for (int k = 0; k < n && k < costs.n; k++) {
        a->candidates[costs.at[k]].match = g;
        a->candidates[costs.at[k]].n_takers++;
    }
}

void hr_boxes_assign(hr_assignment *a, const hr_head *head, const hr_box_truth *boxes, int n_boxes)
{
    choose_candidates(a, head, boxes, n_boxes);
    for (int g = 0; g < n_boxes; g++)
        if (!boxes[g].is_ignored) take(a, boxes, g);
    a->n_matched = a->n_good = 0;
    for (size_t i = 0; i < a->n_candidates; i++) {
        hr_candidate *const c = &a->candidates[i];
        if (c->n_takers > 1) c->match = cheapest_box(c, boxes, n_boxes);
        if (c->match < 0) continue;
        c->iou = iou_of(c->box, &boxes[c->match]);
        a->n_matched++;
        a->n_good += c->iou > 0.5;
    }
}
