/* target.h - the heatmaps that a network is trained towards. */
#ifndef HR_TRAIN_TARGET_H
#define HR_TRAIN_TARGET_H

/* Sizes of a network's input and of its heatmaps, and the Gaussian's sigma in cells. */
typedef struct hr_target_shape {
    int n_joints, input_width, input_height, width, height;
    int sigma;
} hr_target_shape;

/*
 * Upstream's generate_target (MSRA): around the cell nearest to each joint a Gaussian patch of 6 sigma + 1 cells, cut at
 * the border, 1 at its centre. joints [n_joints][3]: x, y in input pixels, visibility. maps [n_joints][height][width],
 * zero where the joint is invisible or its patch lies outside; weights [n_joints], 0 there and else the visibility.
 */
void hr_target_msra(const hr_target_shape *shape, const double *joints, float *maps, float *weights);

#endif
