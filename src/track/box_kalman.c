/* box_kalman.c - ByteTrack's Kalman filter of a box as four filters of two numbers. */
#include "track/box_kalman.h"

#include <math.h>

/* Standard deviations as published: of positions and velocities in heights, of the aspect in its own unit. */
static const double position_weight = 1.0 / 20, velocity_weight = 1.0 / 160;
static const double aspect_start = 1e-2, aspect_step = 1e-2, aspect_velocity = 1e-5, aspect_measured = 1e-1;

static double square(double x)
{
    return x * x;
}

/* The height that noise is proportional to. A filter may run through 0, where no noise at all would divide 0 by 0. */
static double noise_height(double height)
{
    return fmax(fabs(height), 1e-6);
}

int hr_box_is_good(hrnet_box box)
{
    return isfinite(box.x) && isfinite(box.y) && isfinite(box.w) && isfinite(box.h) && box.w > 0 && box.h > 0;
}

static void begin_axis(hr_kalman_axis *axis, double position, double deviation, double velocity_deviation)
{
    *axis = (hr_kalman_axis){.position = position, .pp = square(deviation), .vv = square(velocity_deviation)};
}

void hr_box_kalman_begin(hr_box_kalman *filter, hrnet_box box)
{
    const double w = box.w, h = box.h;
    begin_axis(&filter->x, box.x + w / 2, 2 * position_weight * h, 10 * velocity_weight * h);
    begin_axis(&filter->y, box.y + h / 2, 2 * position_weight * h, 10 * velocity_weight * h);
    begin_axis(&filter->aspect, w / h, aspect_start, aspect_velocity);
    begin_axis(&filter->height, h, 2 * position_weight * h, 10 * velocity_weight * h);
}

static void predict_axis(hr_kalman_axis *axis, double n, double deviation, double velocity_deviation)
{
    const double p = square(deviation), v = square(velocity_deviation);
    axis->position += n * axis->velocity;
    axis->pp += n * (2 * axis->pv + n * axis->vv) + n * p + v * n * (n - 1) * (2 * n - 1) / 6;
    axis->pv += n * axis->vv + v * n * (n - 1) / 2;
    axis->vv += n * v;
}

void hr_box_kalman_predict(hr_box_kalman *filter, double frames, int is_seen)
{
    const double h = noise_height(filter->height.position);
    if (!is_seen) filter->height.velocity = 0;
    predict_axis(&filter->x, frames, position_weight * h, velocity_weight * h);
    predict_axis(&filter->y, frames, position_weight * h, velocity_weight * h);
    predict_axis(&filter->aspect, frames, aspect_step, aspect_velocity);
    predict_axis(&filter->height, frames, position_weight * h, velocity_weight * h);
}

static void correct_axis(hr_kalman_axis *axis, double measured, double deviation)
{
    const double s = axis->pp + square(deviation); /* of the difference to the measurement */
    const double position_gain = axis->pp / s, velocity_gain = axis->pv / s;
    const double difference = measured - axis->position;
    axis->position += position_gain * difference;
    axis->velocity += velocity_gain * difference;
    /* P - K s K' */
    axis->vv -= velocity_gain * axis->pv;
    axis->pv -= position_gain * axis->pv;
    axis->pp -= position_gain * axis->pp;
}

void hr_box_kalman_correct(hr_box_kalman *filter, hrnet_box box)
{
    const double w = box.w, h = box.h, deviation = position_weight * noise_height(filter->height.position);
    correct_axis(&filter->x, box.x + w / 2, deviation);
    correct_axis(&filter->y, box.y + h / 2, deviation);
    correct_axis(&filter->aspect, w / h, aspect_measured);
    correct_axis(&filter->height, h, deviation);
}

hrnet_box hr_box_kalman_box(const hr_box_kalman *filter)
{
    const double h = filter->height.position, w = filter->aspect.position * h;
    return (hrnet_box){(float)(filter->x.position - w / 2), (float)(filter->y.position - h / 2), (float)w, (float)h};
}
