/* activation.h - the activations there are. Nothing else: the graph and the kernels share the list. */
#ifndef HR_GRAPH_ACTIVATION_H
#define HR_GRAPH_ACTIVATION_H

typedef enum hr_activation {
    HR_ACTIVATION_NONE,
    HR_ACTIVATION_RELU,         /* max(x, 0) */
    HR_ACTIVATION_LEAKY_RELU,   /* x, below zero 0.1 x: the slope that YOLO networks use */
    HR_ACTIVATION_SILU,         /* x sigmoid(x) */
    HR_ACTIVATION_SIGMOID,      /* 1 / (1 + e^-x) */
    HR_ACTIVATION_HARD_SIGMOID, /* x / 6 + 1/2, between 0 and 1 */
    HR_N_ACTIVATIONS
} hr_activation;

#define HR_LEAKY_SLOPE 0.1f

#endif
