/*
 * augment.h - how an example is changed before the network sees it: the published steps in the published order
 * (JointsDataset.__getitem__), and switches of our own, which leave the others' random numbers alone.
 *
 *   half body   with PROB_HALF_BODY, of a person with more than NUM_JOINTS_HALF_BODY visible joints: the crop goes
 *               around the upper or the lower joints
 *   box jitter  (ours) with BOX_JITTER: the centre moves by up to 16 % of the crop's sides
 *   scale       by a normal around 1, cut at 1 +- SCALE_FACTOR, whose deviation that is too
 *   rotation    with chance 0.6 by a normal with deviation ROT_FACTOR degrees, cut at twice that
 *   flip        with chance 0.5 when FLIP is set: picture, joints and left and right
 *   colour      (ours) with COLOR_JITTER: brightness, contrast, saturation and hue, each with chance 0.5
 *   dropout     (ours) with COARSE_DROPOUT: 1 to 8 black rectangles
 */
#ifndef HR_BATCHES_AUGMENT_H
#define HR_BATCHES_AUGMENT_H

#include <hrnet_data.h>

#include "config/config.h"

/* Random numbers one after the other; the whole sequence is a function of the stream. */
typedef struct hr_draws {
    uint64_t stream, n;
} hr_draws;
double hr_draw_uniform(hr_draws *draws); /* [0, 1) */
double hr_draw_normal(hr_draws *draws);

/* Where the crop lies and whether it is mirrored. */
typedef struct hr_placement {
    hrnet_crop crop;
    int is_flipped; /* the crop is one of the mirrored picture */
} hr_placement;

/* Choose a placement for a person whose crop is p->crop. joints [n][3]: x, y in the picture, visibility; they are
 * mirrored with it. width: of the picture. stream: of this example alone. */
void hr_augment_place(hr_placement *p, const hr_config *config, const hrnet_dataset_info *info, int width,
                      uint64_t stream, double *joints);

/* The crop around joints [n][3] of the upper (or lower) body: upstream's half_body_transform after its choice. 0 when
 * fewer than two joints are chosen or they have no extent; *out is then untouched. */
int hr_half_body(hrnet_crop *out, const hrnet_dataset_info *info, const double *joints, double aspect, int upper);

/* Mirror joints in a picture of that width: x, flip pairs; hidden joints become zeros (upstream's fliplr_joints). */
void hr_flip_joints(const hrnet_dataset_info *info, int width, double *joints);

/* The switches for pixels, on a crop rgb [height][width][3]. */
void hr_augment_pixels(const hr_config *config, uint64_t stream, uint8_t *rgb, int width, int height);

#endif
