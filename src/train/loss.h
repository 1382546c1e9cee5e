/*
 * loss.h - the published losses with their gradients, and the published training accuracy. Every function treats one
 * picture (or one batch's counts) and depends on its arguments alone, so that pictures can run on any threads.
 *
 * p_j, t_j: heatmap and target of joint j, n_cells cells each; w_j its weight; J joints; l_j = mean over cells of
 * (w_j p_j - w_j t_j)^2 / 2. The weight enters squared, as in upstream's lib/core/loss.py.
 *
 *   JointsMSELoss       loss = sum_j l_j / J          d loss / d p_j = w_j (w_j p_j - w_j t_j) / (n_cells J)
 *   JointsOHKMMSELoss   loss = mean of the K largest l_j; the gradient of the other joints is 0
 *
 * The loss of a batch is the mean over its pictures.
 */
#ifndef HR_TRAIN_LOSS_H
#define HR_TRAIN_LOSS_H

#include <stddef.h>

/* ------------------------------------------------------------------------------------------------ losses */

/* JointsMSELoss of one picture. maps, targets [n_joints][n_cells]; weights [n_joints], NULL: ones. */
double hr_joints_mse(const float *maps, const float *targets, const float *weights, int n_joints, size_t n_cells);

/* The same; also sets gradient [n_joints][n_cells] to scale * d loss / d maps. scale is 1 / pictures of the batch.
 * gradient may be the same memory as maps. */
double hr_joints_mse_gradient(const float *maps, const float *targets, const float *weights, int n_joints,
                              size_t n_cells, double scale, float *gradient);

/* JointsOHKMMSELoss of one picture with K = min(topk, n_joints); of equal losses the first joints are taken.
 * joint_losses [n_joints] receives l_j. gradient as above; NULL: not wanted. */
double hr_joints_ohkm(const float *maps, const float *targets, const float *weights, int n_joints, size_t n_cells,
                      int topk, double *joint_losses, double scale, float *gradient);

/* ------------------------------------------------------------------------------------------------ accuracy */

/* Counts of one joint over a batch. */
typedef struct hr_joint_hits {
    int n_hit, n_tried;
} hr_joint_hits;

/*
 * Add one picture to a batch's counts [n_joints], as upstream's accuracy() (lib/core/evaluate.py) counts. A joint is
 * tried if the highest cell of its target is beyond column 1 and row 1. It is hit if
 *   sqrt((dx / (height / 10))^2 + (dy / (width / 10))^2) < 0.5
 * for the distance (dx, dy) between the highest cells of map and target; x is divided by the height and y by the width,
 * as upstream has it.
 */
void hr_count_hits(const float *maps, const float *targets, int n_joints, int height, int width, hr_joint_hits *hits);

/* Accuracy of a batch: the mean of n_hit / n_tried over the *n joints that were tried; 0 if there is none. */
double hr_batch_accuracy(const hr_joint_hits *hits, int n_joints, int *n);

#endif
