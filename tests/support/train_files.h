/*
 * train_files.h - what one step and five steps of training give for the small golden networks, in double precision, by
 * the published PyTorch code (tests/golden/train/NET, made by make_golden.py).
 */
#ifndef TESTS_TRAIN_FILES_H
#define TESTS_TRAIN_FILES_H

#include "net_files.h"

enum { N_TRAIN_NETS = 2, TRAIN_STEPS = 5, TRAIN_BATCH = 4, MAX_KEPT = 8 };
extern const char *const train_nets[N_TRAIN_NETS];

/* How far PyTorch's own float32 is from the values, each max|difference| / max|value|; of the gradients the median and
 * the 90th percentile over the parameters; of the losses all five steps together. */
typedef struct float32_deviation {
    double heatmaps, loss_mse, loss_ohkm, grad_median, grad_p90, buffers, adam_losses, sgd_losses, adam_after_5,
        sgd_after_5;
} float32_deviation;

typedef struct train_golden {
    hrnet_array input, target, target_weight; /* [4][3][h][w], [4][joints][oh][ow], [4][joints][1] */
    hrnet_array heatmaps;                     /* training mode, [4][joints][oh][ow] */
    hrnet_array gradients;                    /* of loss_mse: parameters that learn, in the graph's order */
    hrnet_array buffers;                      /* after one pass: mean, var, count of every norm, in the graph's order */
    hrnet_array after_5;                      /* [2][n]: the tensors of `kept` after five steps of Adam, of SGD */
    int n_kept;
    char kept[MAX_KEPT][96];
    double loss_mse, loss_ohkm;    /* of the first batch; top 8 */
    double losses[2][TRAIN_STEPS]; /* Adam lr 1e-4; SGD lr 1e-3, momentum 0.9, decay 1e-4, Nesterov: every step on
                                    * the same batch */
    float32_deviation deviation;   /* as published with the values: one run; after_5 the worse of both */
    float32_deviation runs;        /* root mean square of 18 runs that differ in rounding only (make_float32.py) */
} train_golden;

void train_golden_open(train_golden *out, const char *net);
void train_golden_close(train_golden *golden);

#endif
