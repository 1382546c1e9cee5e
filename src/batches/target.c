/*
 * target.c - Gaussian target heatmaps. Numbers are computed in double and rounded to float once, in numpy's order, so
 * that maps agree with those of the Python code.
 */
#include "batches/target.h"

#include <math.h>
#include <string.h>

#include "pose/affine.h"

hr_target_shape hr_target_shape_of(const hr_config *config)
{
    const hr_model_config *const m = &config->model;
    return (hr_target_shape){m->n_joints,        m->image_size[0],   m->image_size[1],
                             m->heatmap_size[0], m->heatmap_size[1], m->sigma};
}

hr_codec hr_codec_find(const char *name)
{
    return strcmp(name, "dark") == 0 ? HR_CODEC_DARK : strcmp(name, "udp") == 0 ? HR_CODEC_UDP : HR_CODEC_MSRA;
}

void hr_codec_matrix(hr_codec codec, const hrnet_crop *crop, const hr_target_shape *shape, double matrix[6])
{
    if (codec == HR_CODEC_UDP)
        hr_crop_matrix_udp(crop, shape->input_width, shape->input_height, 0, matrix);
    else
        hrnet_crop_matrix(crop, shape->input_width, shape->input_height, 0, matrix);
}

void hr_target_draw(hr_codec codec, const hr_target_shape *shape, const double *joints, float *maps, float *weights)
{
    switch (codec) {
    case HR_CODEC_MSRA: hr_target_msra(shape, joints, maps, weights); break;
    case HR_CODEC_DARK: hr_target_dark(shape, joints, maps, weights); break;
    case HR_CODEC_UDP: hr_target_udp(shape, joints, maps, weights); break;
    }
}

/* Python's int(): rounds towards zero. NaN and values far away give a cell that is outside of any map. */
static int whole(double value)
{
    return value > -1e6 && value < 1e6 ? (int)value : -1000000;
}

/* ---------------------------------------------------------------------------------------------- patches */

/* Whether the patch around cell (mu_x, mu_y) lies outside the map, as upstream tests it. */
static int is_outside(const hr_target_shape *s, int mu_x, int mu_y)
{
    const int radius = 3 * s->sigma;
    return mu_x - radius >= s->width || mu_y - radius >= s->height || mu_x + radius + 1 < 0 || mu_y + radius + 1 < 0;
}

/* Draw the part inside the map of the patch of 6 sigma + 1 cells around cell (mu_x, mu_y), of a Gaussian around the
 * centre. */
static void draw_patch(const hr_target_shape *s, int mu_x, int mu_y, double centre_x, double centre_y, float *map)
{
    const int radius = 3 * s->sigma;
    for (int y = mu_y - radius < 0 ? 0 : mu_y - radius; y <= mu_y + radius && y < s->height; y++) {
        for (int x = mu_x - radius < 0 ? 0 : mu_x - radius; x <= mu_x + radius && x < s->width; x++) {
            const double dx = x - centre_x, dy = y - centre_y;
            map[y * s->width + x] = (float)exp(-(dx * dx + dy * dy) / (2.0 * s->sigma * s->sigma));
        }
    }
}

/* MSRA and UDP. stride: input pixels a cell in x and y; is_exact 1: the centre is the joint, 0: the cell. */
static void draw_patches(const hr_target_shape *s, const double stride[2], int is_exact, const double *joints,
                         float *maps, float *weights)
{
    const size_t map_size = (size_t)s->width * (size_t)s->height;
    memset(maps, 0, (size_t)s->n_joints * map_size * sizeof *maps);
    for (int j = 0; j < s->n_joints; j++) {
        const double x = joints[3 * j] / stride[0], y = joints[3 * j + 1] / stride[1];
        /* rounding towards zero: a joint up to 1.5 cells outside lands on cell 0, as in upstream */
        const int mu_x = whole(x + 0.5), mu_y = whole(y + 0.5);
        weights[j] = is_outside(s, mu_x, mu_y) ? 0 : (float)joints[3 * j + 2];
        if (weights[j] > 0.5f)
            draw_patch(s, mu_x, mu_y, is_exact ? x : mu_x, is_exact ? y : mu_y, maps + (size_t)j * map_size);
    }
}

void hr_target_msra(const hr_target_shape *s, const double *joints, float *maps, float *weights)
{
    const double stride[2] = {(double)s->input_width / s->width, (double)s->input_height / s->height};
    draw_patches(s, stride, 0, joints, maps, weights);
}

void hr_target_udp(const hr_target_shape *s, const double *joints, float *maps, float *weights)
{
    const double stride[2] = {(s->input_width - 1.0) / (s->width - 1.0), (s->input_height - 1.0) / (s->height - 1.0)};
    draw_patches(s, stride, 1, joints, maps, weights);
}

/* ---------------------------------------------------------------------------------------------- whole maps */

/* A Gaussian over the whole map as a product of one in x and one in y: width + height exponentials instead of their
 * product. 64 columns at a time, so that the factors in x fit the stack. */
static void draw_everywhere(const hr_target_shape *s, double centre_x, double centre_y, float *map)
{
    enum { COLUMNS = 64 };
    const double scale = -1 / (2.0 * s->sigma * s->sigma);
    for (int x0 = 0; x0 < s->width; x0 += COLUMNS) {
        double across[COLUMNS];
        const int n = s->width - x0 < COLUMNS ? s->width - x0 : COLUMNS;
        for (int i = 0; i < n; i++) across[i] = exp((x0 + i - centre_x) * (x0 + i - centre_x) * scale);
        for (int y = 0; y < s->height; y++) {
            const double down = exp((y - centre_y) * (y - centre_y) * scale);
            for (int i = 0; i < n; i++) map[y * s->width + x0 + i] = (float)(across[i] * down);
        }
    }
}

void hr_target_dark(const hr_target_shape *s, const double *joints, float *maps, float *weights)
{
    const double stride[2] = {(double)s->input_width / s->width, (double)s->input_height / s->height};
    const int radius = 3 * s->sigma;
    const size_t map_size = (size_t)s->width * (size_t)s->height;
    memset(maps, 0, (size_t)s->n_joints * map_size * sizeof *maps);
    for (int j = 0; j < s->n_joints; j++) {
        const double x = joints[3 * j] / stride[0], y = joints[3 * j + 1] / stride[1];
        /* DarkPose's adjust_target_weight tests the joint itself, not its cell */
        const int outside = whole(x - radius) >= s->width || whole(y - radius) >= s->height ||
                            whole(x + radius + 1) < 0 || whole(y + radius + 1) < 0;
        weights[j] = outside ? 0 : (float)joints[3 * j + 2];
        if (weights[j] > 0.5f) draw_everywhere(s, x, y, maps + (size_t)j * map_size);
    }
}
