/*
 * loss.h - how far heatmaps are from their targets: the published losses with their gradients, and the published
 * training accuracy. All of one picture; functions of their arguments only, for any thread.
 */
#ifndef HR_TRAIN_LOSS_H
#define HR_TRAIN_LOSS_H

#include <stddef.h>

/* JointsMSELoss of one picture: sum_j 0.5 mean((w_j p_j - w_j t_j)^2) / n_joints, so the weight enters squared. The
 * loss of a batch is the mean over its pictures. maps, targets [n_joints][n_cells]; weights [n_joints], NULL: ones. */
double hr_joints_mse(const float *maps, const float *targets, const float *weights, int n_joints, size_t n_cells);

/* The same, and gradient [n_joints][n_cells] = scale * its derivative with respect to maps; scale: 1 / pictures of the
 * batch. gradient may be maps. */
double hr_joints_mse_gradient(const float *maps, const float *targets, const float *weights, int n_joints,
                              size_t n_cells, double scale, float *gradient);

/* JointsOHKMMSELoss of one picture: a joint's loss is 0.5 mean((w_j p_j - w_j t_j)^2); the mean of the largest topk of
 * them (all, where there are fewer; of equal ones the first), so the other joints' gradient is zero. joint_losses
 * [n_joints]: scratch, a joint's loss afterwards. gradient as above, or NULL: not wanted. */
double hr_joints_ohkm(const float *maps, const float *targets, const float *weights, int n_joints, size_t n_cells,
                      int topk, double *joint_losses, double scale, float *gradient);

/* Hits and tries of one joint over a batch. */
typedef struct hr_joint_hits {
    int n_hit, n_tried;
} hr_joint_hits;

/*
 * Add one picture to a batch's hits [n_joints], as upstream's accuracy() counts: the highest cell of the map lies
 * within half a tenth of the map's size of the target's highest cell; tried where that is beyond column 1 and row 1. x
 * is divided by the height and y by the width, as upstream has it.
 */
void hr_count_hits(const float *maps, const float *targets, int n_joints, int height, int width, hr_joint_hits *hits);

/* A batch's accuracy: the mean over the joints that were tried, whose number is *n. 0 when there is none. */
double hr_batch_accuracy(const hr_joint_hits *hits, int n_joints, int *n);

#endif
