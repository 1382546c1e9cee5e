/* loss.c - JointsMSELoss of upstream's core/loss.py, accuracy of core/evaluate.py. */
#include "train/loss.h"

#include <math.h>

double hr_joints_mse(const float *maps, const float *targets, const float *weights, int n_joints, size_t n_cells)
{
    double total = 0;
    for (int j = 0; j < n_joints; j++) {
        const double w = weights != NULL ? weights[j] : 1;
        const float *map = maps + (size_t)j * n_cells, *target = targets + (size_t)j * n_cells;
        double sum = 0;
        for (size_t i = 0; i < n_cells; i++) {
            const double d = w * map[i] - w * target[i];
            sum += d * d;
        }
        total += 0.5 * sum / (double)n_cells;
    }
    return total / n_joints;
}

/* get_max_preds: the first highest cell; (0, 0) where nothing is above 0. */
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
        if (target_x <= 1 || target_y <= 1) continue;
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
