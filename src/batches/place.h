/*
 * place.h - how whole pictures become a detector's training example: each is scaled, perhaps mirrored, and placed on
 * the canvas, which is the network's input. What no picture covers has the grey of a letterbox.
 *
 *   one picture   long side PICTURE_SIZE px, x a random scale of 1 / (1 + SCALE_FACTOR) to 1 + SCALE_FACTOR, equally
 *                 likely on a logarithmic axis; the sides' ratio changed by up to ASPECT_JITTER; at a random place: a
 *                 smaller picture anywhere on the canvas, a larger one cut by it so that the centre of one of its
 *                 persons, drawn by lot, is seen
 *   mosaic        (Bochkovskiy et al., 2020) four pictures in the quadrants around a random point of the canvas' inner
 *                 third, each 0.6 times as large
 */
#ifndef HR_BATCHES_PLACE_H
#define HR_BATCHES_PLACE_H

#include "batches/augment.h"
#include "batches/batch.h"

enum { HR_MOSAIC = 4 };

/* A part of the canvas, in pixels: columns [left, right), rows [top, bottom). */
typedef struct hr_area {
    int left, top, right, bottom;
} hr_area;

/* Where a picture lies: canvas x = scale_x * picture x + x, with 0 at the left edge of the first pixel; seen through
 * `area` alone. */
typedef struct hr_placement {
    hr_area area;
    double scale_x, scale_y, x, y;
    int is_flipped; /* 1: mirrored before it is placed */
} hr_placement;

/* Cut a canvas into the areas of an example: *n is 1 or HR_MOSAIC. draws: of the example. */
void hr_place_areas(hr_area areas[HR_MOSAIC], int *n, const hr_config *config, hr_draws *draws);

/* A picture's size and its boxes, in its pixels. */
typedef struct hr_place_picture {
    int width, height;
    const hrnet_box *boxes; /* [n_boxes] */
    size_t n_boxes;
} hr_place_picture;

/* Choose the place of a picture within an area of an example of n_areas. With draws NULL: as a letterbox has it, at the
 * top left, the long side PICTURE_SIZE. */
hr_placement hr_place_choose(const hr_config *config, const hr_area *area, int n_areas, const hr_place_picture *picture,
                             hr_draws *draws);

/* Draw the picture into its area of the canvas [height][width][3]. scratch: as large as the canvas. */
hrnet_status hr_place_draw(const hr_placement *place, const hrnet_image *image, uint8_t *scratch, uint8_t *canvas,
                           int width);

/* A picture's box on the canvas. Returns 0 if nothing of it is seen. is_ignored becomes 1 for a crowd, and for a person
 * of whom less than a quarter is seen, or less than 4 px in width or height. */
int hr_place_box(hr_box_truth *out, const hr_placement *place, const hrnet_box *box, int is_crowd, int picture_width);

#endif
