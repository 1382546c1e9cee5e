/*
 * augment.h - augmentation: how a training example is changed before the network sees it. The published steps in the
 * published order (upstream's JointsDataset.__getitem__), and three steps of our own, which draw from random streams of
 * their own so that switching one on leaves the numbers of the others as they are.
 *
 *   half body   PROB_HALF_BODY, for a person with more than NUM_JOINTS_HALF_BODY visible joints: the crop is put around
 *               the joints of the upper or of the lower body
 *   box jitter  (ours) BOX_JITTER: the centre moves by up to 16 % of the crop's sides
 *   scale       x clip(normal(1, SCALE_FACTOR), 1 - SCALE_FACTOR, 1 + SCALE_FACTOR)
 *   rotation    with probability 0.6 by clip(normal(0, ROT_FACTOR), -2 ROT_FACTOR, 2 ROT_FACTOR) degrees
 *   flip        FLIP, with probability 0.5: mirrors the picture and the joints and exchanges left and right
 *   colour      (ours) COLOR_JITTER: brightness, contrast, saturation and hue, each with probability 0.5
 *   dropout     (ours) COARSE_DROPOUT: 1 to 8 black rectangles
 *
 * The first five choose a crop (hr_augment_crop), the last two change its pixels (hr_augment_pixels).
 */
#ifndef HR_BATCHES_AUGMENT_H
#define HR_BATCHES_AUGMENT_H

#include <hrnet_data.h>

#include "config/config.h"

/* A sequence of random numbers: draw k is a function of (stream, k) alone. */
typedef struct hr_draws {
    uint64_t stream, n; /* n: numbers drawn so far */
} hr_draws;
double hr_draw_uniform(hr_draws *draws); /* [0, 1) */
double hr_draw_normal(hr_draws *draws);  /* mean 0, deviation 1 */

typedef struct hr_augmented_crop {
    hrnet_crop crop;
    int is_flipped; /* 1: a crop of the mirrored picture */
} hr_augmented_crop;

/* Augment p->crop, the crop of a person, and set p->is_flipped. joints [n][3] (x, y in pixels of the picture,
 * visibility) are mirrored with the picture, whose width in pixels is given. stream: unique to this example of this
 * epoch; the result is a function of the arguments. */
void hr_augment_crop(hr_augmented_crop *p, const hr_config *config, const hrnet_dataset_info *info, int width,
                     uint64_t stream, double *joints);

/* The crop around the visible joints [n][3] of the upper (1) or lower (0) body: centred at their mean, their extent
 * extended to `aspect` (width / height) and x 1.5 (upstream's half_body_transform). Returns 0 and leaves *out untouched
 * if fewer than two joints are chosen or they are one point. */
int hr_half_body(hrnet_crop *out, const hrnet_dataset_info *info, const double *joints, double aspect, int upper);

/* Mirror joints [n][3] in a picture of that width: x becomes width - x - 1, flip pairs are exchanged, hidden joints
 * become (0, 0) (upstream's fliplr_joints). */
void hr_flip_joints(const hrnet_dataset_info *info, int width, double *joints);

/* Apply colour and dropout, if the configuration wants them, to a crop rgb [height][width][3] in place. */
void hr_augment_pixels(const hr_config *config, uint64_t stream, uint8_t *rgb, int width, int height);

#endif
