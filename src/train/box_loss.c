/*
 * box_loss.c - the parts of YOLOX's loss and their gradients, picture by picture. box_assign.c decides what is matched.
 *
 * IoU = overlap / union. With l, t, r, b the sides of the found box and o_w, o_h the sides of the overlap, the
 * derivative of the overlap with respect to r is o_h where the found right side is the one that bounds the overlap,
 * else 0, and so on; that of the union is the derivative of the found area less that of the overlap. The loss is
 * 1 - IoU^2, its derivative -2 IoU.
 */
#include "train/box_loss.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

/* BCE(sigmoid(x), target) without overflow. */
static double bce(double x, double target)
{
    return fmax(x, 0) - x * target + log1p(exp(-fabs(x)));
}

/* One axis of two boxes: the length of the overlap and its derivatives with respect to the found centre and side. */
static double overlap(double centre, double side, double other_centre, double other_side, double *d_centre,
                      double *d_side)
{
    const double low = centre - side / 2, high = centre + side / 2;
    const double other_low = other_centre - other_side / 2, other_high = other_centre + other_side / 2;
    const int low_bounds = low > other_low, high_bounds = high < other_high;
    const double length = fmin(high, other_high) - fmax(low, other_low);
    *d_centre = *d_side = 0;
    if (!(length > 0)) return 0;
    *d_centre = high_bounds - low_bounds;
    *d_side = 0.5 * (high_bounds + low_bounds);
    return length;
}

/* 1 - IoU^2 of a found box and a true one; derivatives with respect to the found centre x, y, width, height. */
static double iou_loss(const double found[4], const hr_box_truth *truth, double d[4])
{
    double dx, dw, dy, dh;
    const double ow = overlap(found[0], found[2], (double)truth->x, (double)truth->w, &dx, &dw);
    const double oh = overlap(found[1], found[3], (double)truth->y, (double)truth->h, &dy, &dh);
    const double inside = ow * oh, all = found[2] * found[3] + (double)truth->w * (double)truth->h - inside;
    const double iou = inside / (all + 1e-16);
    const double d_inside[4] = {dx * oh, dy * ow, dw * oh, dh * ow};
    const double d_area[4] = {0, 0, found[3], found[2]};
    for (int k = 0; k < 4; k++) {
        const double d_iou = (d_inside[k] - iou * (d_area[k] - d_inside[k])) / (all + 1e-16);
        d[k] = inside > 0 ? -2 * iou * d_iou : 0;
    }
    return 1 - iou * iou;
}

/* What a cell's first four numbers should be. */
static void wanted(const hr_box_truth *truth, int column, int row, int stride, double out[4])
{
    out[0] = (double)truth->x / stride - column;
    out[1] = (double)truth->y / stride - row;
    out[2] = log((double)truth->w / stride + 1e-8);
    out[3] = log((double)truth->h / stride + 1e-8);
}

/* A matched cell: box and class. */
static void add_match(const hr_candidate *c, const hr_head *head, int level, size_t at, const hr_box_truth *truth,
                      double scale, double l1_weight, float *gradient, hr_box_losses *sums)
{
    const int stride = head->levels[level].stride, width = head->levels[level].width;
    double d[4], target[4];
    sums->iou += iou_loss(c->box, truth, d);
    wanted(truth, (int)(at % (size_t)width), (int)(at / (size_t)width), stride, target);
    for (int k = 0; k < 4; k++) {
        const double from_raw = k < 2 ? stride : c->box[k]; /* d box / d raw */
        const double error = (double)c->raw[k] - target[k];
        sums->l1 += fabs(error);
        gradient[k] = (float)(scale * (5 * d[k] * from_raw + l1_weight * ((error > 0) - (error < 0))));
    }
    for (int k = 0; k < head->n_classes; k++) {
        const double x = (double)c->raw[HR_HEAD_BOX + k], target_k = k == truth->category ? c->iou : 0;
        sums->cls += bce(x, target_k);
        gradient[HR_HEAD_BOX + k] = (float)(scale * (hr_sigmoid(x) - target_k));
    }
}

hr_box_losses hr_box_loss(const hr_assignment *a, const hr_head *head, const hr_box_truth *boxes, double scale,
                          double l1_weight, float *const gradients[HR_HEAD_LEVELS])
{
    hr_box_losses sums = {0};
    size_t cell = 0, next = 0;
    for (int level = 0; level < HR_HEAD_LEVELS; level++) {
        const size_t n = (size_t)head->levels[level].width * (size_t)head->levels[level].height;
        const size_t ld = head->levels[level].ld;
        memset(gradients[level], 0, n * ld * sizeof(float));
        for (size_t i = 0; i < n; i++, cell++) {
            const float *const raw = head->levels[level].cells + i * ld;
            float *const gradient = gradients[level] + i * ld;
            while (next < a->n_candidates && a->candidates[next].cell < cell) next++;
            const hr_candidate *const c =
                next < a->n_candidates && a->candidates[next].cell == cell && a->candidates[next].match >= 0
                    ? &a->candidates[next]
                    : NULL;
            if (c != NULL) add_match(c, head, level, i, &boxes[c->match], scale, l1_weight, gradient, &sums);
            if (c == NULL && !a->use[cell]) continue;
            sums.obj += bce((double)raw[4], c != NULL);
            gradient[4] = (float)(scale * (hr_sigmoid((double)raw[4]) - (c != NULL)));
        }
    }
    return sums;
}

hrnet_status hr_assignment_create(hr_assignment *out, size_t n_cells)
{
    hr_assignment a = {0};
    HR_NEW(a.candidates, n_cells);
    a.use = hr_alloc(n_cells, 1);
    if (a.use == NULL) {
        hr_assignment_free(&a);
        return hr_fail_memory(n_cells);
    }
    *out = a;
    return HRNET_OK;
}

void hr_assignment_free(hr_assignment *a)
{
    hr_free(a->candidates);
    hr_free(a->use);
    *a = (hr_assignment){0};
}
