/*
 * box_kalman.h - ByteTrack's Kalman filter of a box (yolox/tracker/kalman_filter.py), for steps of any length.
 *
 * The state is (x, y, a, h) and their velocities: centre, aspect w/h, height. Each of the four moves by its own
 * velocity and is measured by itself, and all covariances start diagonal, so that the published filter of 8 numbers
 * never couples two of the four: it is four filters of 2 numbers, with the same results.
 *
 * Time is counted in frames of 1/30 s, at which the published constants hold (per step of one frame: h/20 for positions
 * and h/160 for velocities, 1e-2 and 1e-5 for the aspect). n of its steps without a measurement are one step here:
 *
 *   position += n velocity,     P = F P F' + Q(n),   F = (1 n; 0 1)
 *   Q(n) = sum over k < n of F^k diag(p, v) F^k' = | n p + v n(n-1)(2n-1)/6   v n(n-1)/2 |
 *                                                  | v n(n-1)/2               n v        |
 *
 * with the variances p and v of one step. These polynomials also hold for parts of a frame: steps of n and m frames are
 * a step of n + m, and Q is positive definite for every n > 0 because p > v (its determinant is n^2 v^2 (p/v +
 * (n^2-1)/12)). The one difference to the published steps is that h is that of the beginning for the whole of a step.
 */
#ifndef HR_TRACK_BOX_KALMAN_H
#define HR_TRACK_BOX_KALMAN_H

#include <hrnet.h>

#define HR_FRAMES_A_SECOND 30.0 /* of the frames in which the filter counts */

/* One of x, y, a, h: estimate and covariance of position and velocity (per frame). */
typedef struct hr_kalman_axis {
    double position, velocity;
    double pp, pv, vv;
} hr_kalman_axis;

typedef struct hr_box_kalman {
    hr_kalman_axis x, y, aspect, height;
} hr_box_kalman;

/* Whether the filter can take a box: finite, with an area. */
int hr_box_is_good(hrnet_box box);

/* Start at a box, at rest. */
void hr_box_kalman_begin(hr_box_kalman *filter, hrnet_box box);

/* Step `frames` >= 0 ahead. is_seen 0: the height stops changing, as published for tracks that the last picture did not
 * see. */
void hr_box_kalman_predict(hr_box_kalman *filter, double frames, int is_seen);

/* Take a measured box into account. */
void hr_box_kalman_correct(hr_box_kalman *filter, hrnet_box box);

/* The estimated box; hr_box_is_good says if it is one. */
hrnet_box hr_box_kalman_box(const hr_box_kalman *filter);

#endif
