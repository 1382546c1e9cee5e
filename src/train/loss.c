/*
 * loss.c - JointsMSELoss and JointsOHKMMSELoss of upstream's lib/core/loss.py, accuracy of lib/core/evaluate.py.
 * Differences are computed in double, so that the loss of a picture has no error worth mentioning.
 */
#include "train/loss.h"

#include <math.h>
#include <string.h>

static double weight_of(const float *weights, int joint)
{
    return weights != NULL ? (double)weights[joint] : 1;
}

/* l_j = mean((w p - w t)^2) / 2 */
static double joint_loss(const float *map, const float *target, double w, size_t n_cells)
{
    double sum = 0;
    for (size_t i = 0; i < n_cells; i++) {
        const double d = w * map[i] - w * target[i];
        sum += d * d;
    }
    return 0.5 * sum / (double)n_cells;
}

/* gradient = scale * d l_j / d map = scale * w (w p - w t) / n_cells. Cell by cell, so gradient may be map. */
static void joint_gradient(const float *map, const float *target, double w, size_t n_cells, double scale,
                           float *gradient)
{
    const double factor = scale * w / (double)n_cells;
    for (size_t i = 0; i < n_cells; i++) gradient[i] = (float)(factor * (w * map[i] - w * target[i]));
}

double hr_joints_mse(const float *maps, const float *targets, const float *weights, int n_joints, size_t n_cells)
{
    double total = 0;
    for (int j = 0; j < n_joints; j++) {
        const size_t at = (size_t)j * n_cells;
        total += joint_loss(maps + at, targets + at, weight_of(weights, j), n_cells);
    }
    return total / n_joints;
}

double hr_joints_mse_gradient(const float *maps, const float *targets, const float *weights, int n_joints,
                              size_t n_cells, double scale, float *gradient)
{
    const double loss = hr_joints_mse(maps, targets, weights, n_joints, n_cells);
    for (int j = 0; j < n_joints; j++) {
        const size_t at = (size_t)j * n_cells;
        joint_gradient(maps + at, targets + at, weight_of(weights, j), n_cells, scale / n_joints, gradient + at);
    }
    return loss;
}

/* Rank of a joint among the losses sorted downwards; of equal losses the first joint comes first, and NaN counts as the
 * largest number, as in torch.topk. */
static int rank_of(const double *losses, int n_joints, int joint)
{
    int rank = 0;
    for (int j = 0; j < n_joints; j++) {
        if (isnan(losses[joint]) || isnan(losses[j]))
            rank += isnan(losses[j]) && (!isnan(losses[joint]) || j < joint);
        else
            rank += losses[j] > losses[joint] || (losses[j] == losses[joint] && j < joint);
    }
    return rank;
}

double hr_joints_ohkm(const float *maps, const float *targets, const float *weights, int n_joints, size_t n_cells,
                      int topk, double *joint_losses, double scale, float *gradient)
{
    const int n_kept = topk < n_joints ? topk : n_joints;
    double total = 0;
    for (int j = 0; j < n_joints; j++) {
        const size_t at = (size_t)j * n_cells;
        joint_losses[j] = joint_loss(maps + at, targets + at, weight_of(weights, j), n_cells);
    }
    for (int j = 0; j < n_joints; j++) {
        const size_t at = (size_t)j * n_cells;
        const int kept = rank_of(joint_losses, n_joints, j) < n_kept;
        if (kept) total += joint_losses[j];
        if (gradient == NULL) continue;
        if (kept)
            joint_gradient(maps + at, targets + at, weight_of(weights, j), n_cells, scale / n_kept, gradient + at);
        else
            memset(gradient + at, 0, n_cells * sizeof *gradient);
    }
    return total / n_kept;
}

/* Upstream's get_max_preds: the first highest cell; (0, 0) if nothing is above 0. */
static void highest(const float *map, int height, int width, int *x, int *y)
{
    int best = 0;
    for (int i = 1; i < height * width; i++)
        if (map[i] > map[best]) best = i;
    *x = map[best] > 0 ? best % width : 0;
    *y = map[best] > 0 ? best / width : 0;
}

void hr_count_hits(const float *maps, const float *targets, int n_joints, int height, int width, hr_joint_hits *hits)
{
    const size_t n_cells = (size_t)height * (size_t)width;
    for (int j = 0; j < n_joints; j++) {
        int x, y, target_x, target_y;
        highest(targets + (size_t)j * n_cells, height, width, &target_x, &target_y);
        if (target_x <= 1 || target_y <= 1) continue; /* upstream's test for an invisible joint, whose map is zero */
        highest(maps + (size_t)j * n_cells, height, width, &x, &y);
        hits[j].n_tried++;
        hits[j].n_hit += hypot((x - target_x) / (height / 10.0), (y - target_y) / (width / 10.0)) < 0.5;
    }
}

double hr_batch_accuracy(const hr_joint_hits *hits, int n_joints, int *n)
{
    double sum = 0;
    *n = 0;
    for (int j = 0; j < n_joints; j++) {
        if (hits[j].n_tried == 0) continue;
        sum += (double)hits[j].n_hit / hits[j].n_tried;
        (*n)++;
    }
    return *n > 0 ? sum / *n : 0;
}
