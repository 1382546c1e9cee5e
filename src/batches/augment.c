/*
 * augment.c - the augmentations that choose a crop: half body, box jitter, scale, rotation, flip.
 *
 * Arithmetic is float32 where upstream has numpy float32 arrays (centre and scale), double elsewhere. As in upstream, a
 * step that does not apply draws no random number: no half body is tried for a person with few joints, and a rotation
 * is drawn only with probability 0.6.
 */
#include "batches/augment.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

static const float pixel_std = 200; /* px of one unit of scale */

double hr_draw_uniform(hr_draws *draws)
{
    return (double)(hr_random_bits(draws->stream, draws->n++) >> 11) * 0x1p-53;
}

double hr_draw_normal(hr_draws *draws)
{
    return (double)hr_random_normal(draws->stream, draws->n++);
}

static double clip(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* ---------------------------------------------------------------------------------------------- half body */

/* Number of visible joints of the upper or lower body. */
static int count_half(const hrnet_dataset_info *info, const double *joints, int upper)
{
    int n = 0;
    for (int j = 0; j < info->skeleton.n_keypoints; j++)
        n += joints[3 * j + 2] > 0 && (info->is_upper[j] != 0) == upper;
    return n;
}

int hr_half_body(hrnet_crop *out, const hrnet_dataset_info *info, const double *joints, double aspect, int upper)
{
    float sum[2] = {0}, low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    int n = 0;
    for (int j = 0; j < info->skeleton.n_keypoints; j++) {
        if (!(joints[3 * j + 2] > 0) || (info->is_upper[j] != 0) != upper) continue;
        for (int i = 0; i < 2; i++) {
            const float at = (float)joints[3 * j + i];
            sum[i] += at;
            low[i] = fminf(low[i], at);
            high[i] = fmaxf(high[i], at);
        }
        n++;
    }
    if (n < 2) return 0;
    double w = (double)(high[0] - low[0]), h = (double)(high[1] - low[1]);
    if (w > aspect * h)
        h = w / aspect;
    else
        w = h * aspect;
    const hrnet_crop crop = {{sum[0] / (float)n, sum[1] / (float)n},
                             {(float)(w / (double)pixel_std) * 1.5f, (float)(h / (double)pixel_std) * 1.5f},
                             0};
    if (!(crop.scale[0] > 0 && crop.scale[1] > 0)) return 0; /* all joints on one point: upstream's crop is empty */
    *out = crop;
    return 1;
}

/* Upstream's decision whether to crop a half, and which. */
static void half_body(hrnet_crop *crop, const hr_config *config, const hrnet_dataset_info *info, const double *joints,
                      hr_draws *draws)
{
    const int *const size = config->model.image_size;
    double n_visible = 0; /* a sum of visibilities, as np.sum(joints_vis[:, 0]) */
    for (int j = 0; j < info->skeleton.n_keypoints; j++) n_visible += joints[3 * j + 2];
    if (!(n_visible > config->dataset.num_joints_half_body)) return;
    if (!(hr_draw_uniform(draws) < config->dataset.prob_half_body)) return;
    /* upstream draws np.random.randn(), a normal number, where rand() was meant: the upper body has probability 0.69 */
    const int prefers_upper = hr_draw_normal(draws) < 0.5;
    const int upper = (prefers_upper && count_half(info, joints, 1) > 2) || count_half(info, joints, 0) <= 2;
    hr_half_body(crop, info, joints, (double)size[0] / size[1], upper);
}

/* ---------------------------------------------------------------------------------------------- box jitter */

/* A normal number in [-1, 1], by drawing again (mmpose's RandomBBoxTransform). A draw is inside with probability 0.68,
 * so that all of 64 are outside with 1e-32. */
static double truncated_normal(hr_draws *draws)
{
    for (int i = 0; i < 64; i++) {
        const double value = hr_draw_normal(draws);
        if (fabs(value) <= 1) return value;
    }
    return 0;
}

static void jitter_box(hrnet_crop *crop, double chance, hr_draws *draws)
{
    const double most = 0.16; /* of the crop's sides (mmpose's shift_factor) */
    if (!(chance > 0) || !(hr_draw_uniform(draws) < chance)) return;
    for (int i = 0; i < 2; i++) crop->center[i] += (float)(truncated_normal(draws) * most) * crop->scale[i] * pixel_std;
}

/* ---------------------------------------------------------------------------------------------- mirror */

void hr_flip_joints(const hrnet_dataset_info *info, int width, double *joints)
{
    const hrnet_skeleton *const s = &info->skeleton;
    for (int j = 0; j < s->n_keypoints; j++) joints[3 * j] = width - joints[3 * j] - 1;
    for (int i = 0; i < s->n_flip_pairs; i++) {
        double *const a = joints + 3 * (ptrdiff_t)s->flip_pairs[i][0], *const b =
                                                                           joints + 3 * (ptrdiff_t)s->flip_pairs[i][1];
        double t[3];
        memcpy(t, a, sizeof t);
        memcpy(a, b, sizeof t);
        memcpy(b, t, sizeof t);
    }
    for (int j = 0; j < s->n_keypoints; j++) {
        joints[3 * j] *= joints[3 * j + 2];
        joints[3 * j + 1] *= joints[3 * j + 2];
    }
}

/* ---------------------------------------------------------------------------------------------- all steps */

void hr_augment_crop(hr_augmented_crop *p, const hr_config *config, const hrnet_dataset_info *info, int width,
                     uint64_t stream, double *joints)
{
    const hr_dataset_config *const d = &config->dataset;
    /* upstream's steps draw from one stream, box jitter from another: switching it on changes none of theirs */
    hr_draws draws = {hr_random_bits(stream, 0), 0}, extra = {hr_random_bits(stream, 1), 0};
    half_body(&p->crop, config, info, joints, &draws);
    jitter_box(&p->crop, d->box_jitter, &extra);
    const float factor =
        (float)clip(hr_draw_normal(&draws) * d->scale_factor + 1, 1 - d->scale_factor, 1 + d->scale_factor);
    p->crop.scale[0] *= factor;
    p->crop.scale[1] *= factor;
    if (hr_draw_uniform(&draws) <= 0.6)
        p->crop.rotation = (float)clip(hr_draw_normal(&draws) * d->rot_factor, -2 * d->rot_factor, 2 * d->rot_factor);
    p->is_flipped = d->flip && hr_draw_uniform(&draws) <= 0.5;
    if (!p->is_flipped) return;
    hr_flip_joints(info, width, joints);
    p->crop.center[0] = (float)width - p->crop.center[0] - 1;
}
