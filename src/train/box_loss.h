/*
 * box_loss.h - the loss of a detector with YOLOX's head (Ge et al., 2021, arXiv:2107.08430), as published: which cells
 * are to find which box (SimOTA), and the four parts of the loss with their gradients. Every function treats one
 * picture and depends on its arguments alone, so that pictures can run on any threads. All arithmetic is in double.
 *
 * A cell (column, row) of a level with stride s has the raw numbers x, y, log w, log h, obj, class 0, class 1, ... and
 * means the box with centre ((x + column) s, (y + row) s), sides exp(log w) s and exp(log h) s, score
 * sigmoid(obj) sigmoid(class).
 *
 *   candidates     cells whose centre ((column + 1/2) s, (row + 1/2) s) is nearer than 1.5 s, in x and in y, to the
 *                  centre of some box
 *   cost           sum over classes of BCE(sqrt(sigmoid(class) sigmoid(obj)), is it the box's class) - 3 log(IoU +
 *                  1e-8) + 1e6 if the cell is not near this very box
 *   assignment     each box takes its k cheapest candidates, k = the sum of its 10 largest IoUs, rounded down, at least
 *                  1; a cell that several boxes took goes to the box for which it is cheapest
 *   loss           (5 sum (1 - IoU^2) + sum BCE(obj) + sum BCE(class) [+ sum |raw - wanted|]) / n_matched; the sums
 *                  run over matched cells, that of obj over all cells; the wanted class score is the IoU. The part in
 *                  brackets (LOSS.USE_L1) is for the last epochs, without mosaics: it sharpens boxes
 *
 * Our own: boxes that are to be ignored (crowds, persons cut off so far that they cannot be told). A cell whose centre
 * lies in one and that is not matched takes no part in the sum of BCE(obj).
 */
#ifndef HR_TRAIN_BOX_LOSS_H
#define HR_TRAIN_BOX_LOSS_H

#include <math.h>

#include "batches/batch.h"

enum { HR_HEAD_LEVELS = 3, HR_HEAD_BOX = 5 /* numbers of a cell before its classes */ };

/* What the network says of one picture: for each level cells [height][width], ld floats from one to the next. */
typedef struct hr_head {
    int n_classes;
    struct {
        const float *cells;
        int width, height, stride;
        size_t ld;
    } levels[HR_HEAD_LEVELS];
} hr_head;

/* Cells of all levels; they are numbered through, level by level, row by row. */
size_t hr_head_n_cells(const hr_head *head);

/* A candidate: a cell that may be matched. */
typedef struct hr_candidate {
    size_t cell;
    const float *raw;
    double box[4];        /* centre x, y, width, height in pixels */
    double obj, miss_all; /* sigmoid(obj); the class cost of being no class at all */
    double x, y, reach;   /* of the cell's centre, and 1.5 strides */
    int match, n_takers;  /* the box it is matched with, -1 none; boxes that took it */
    double iou;           /* with that box */
} hr_candidate;

/* The assignment of one picture. */
typedef struct hr_assignment {
    hr_candidate *candidates; /* [n_candidates]; room for every cell; in the order of cells */
    size_t n_candidates;
    int n_matched;      /* cells */
    int n_good;         /* of them, those with an IoU above 0.5 */
    unsigned char *use; /* [n_cells] 1: takes part in the sum of BCE(obj) */
} hr_assignment;

/* Memory for pictures of n_cells cells. Free with hr_assignment_free, which accepts a zeroed one. */
hrnet_status hr_assignment_create(hr_assignment *out, size_t n_cells);
void hr_assignment_free(hr_assignment *assignment);

/* Match cells with the boxes [n_boxes] of the picture, of which those to be ignored are not matched. */
void hr_boxes_assign(hr_assignment *assignment, const hr_head *head, const hr_box_truth *boxes, int n_boxes);

/* The sums of the four parts, without the 5 and not divided by n_matched. */
typedef struct hr_box_losses {
    double iou, obj, cls, l1;
} hr_box_losses;

/* Compute the sums for an assigned picture, and the gradient of
 *   scale * (5 iou + obj + cls + l1_weight * l1)
 * with respect to the raw numbers, into gradients[level] [height][width][ld], padding 0. */
hr_box_losses hr_box_loss(const hr_assignment *assignment, const hr_head *head, const hr_box_truth *boxes, double scale,
                          double l1_weight, float *const gradients[HR_HEAD_LEVELS]);

/* Between box_assign.c and box_loss.c. */
static inline double hr_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

#endif
