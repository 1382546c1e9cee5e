/* yolox_head.h - YOLOX's decoupled head, which reads features of any trunk. */
#ifndef HR_NETWORKS_YOLOX_HEAD_H
#define HR_NETWORKS_YOLOX_HEAD_H

#include "config/config.h"
#include "networks/csp.h"

/* Append the head "head" of model->head_channels and model->n_classes on features of strides 8, 16 and 32, and make its
 * outputs "head_8", "head_16" and "head_32" of 5 + n_classes channels: x, y, log w, log h, object, classes, as the
 * convolutions make them. separable: its 3x3 convolutions are depthwise-separable. Initially every cell holds an
 * object, and each class, with probability 0.01 (initialize_biases). */
void hr_add_yolox_head(hr_graph *graph, const hr_unit_style *style, const hr_model_config *model, const int features[3],
                       int separable);

/* The initial bias of a predictor whose sigmoid is to be 0.01. */
#define HR_PRIOR_BIAS (-4.59511985013459) /* -log((1 - 0.01) / 0.01) */

#endif
