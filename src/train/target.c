/* target.c - Gaussian heatmaps as generate_target of upstream's JointsDataset draws them. */
#include "train/target.h"

#include <math.h>
#include <string.h>

static void draw(const hr_target_shape *s, int mu_x, int mu_y, float *map)
{
    const int radius = 3 * s->sigma;
    for (int y = mu_y - radius < 0 ? 0 : mu_y - radius; y <= mu_y + radius && y < s->height; y++) {
        for (int x = mu_x - radius < 0 ? 0 : mu_x - radius; x <= mu_x + radius && x < s->width; x++) {
            const double dx = x - mu_x, dy = y - mu_y;
            map[y * s->width + x] = (float)exp(-(dx * dx + dy * dy) / (2.0 * s->sigma * s->sigma));
        }
    }
}

/* int(joint / stride + 0.5): towards zero, so a joint a little outside lands on cell 0. Far outside: any cell is. */
static int nearest_cell(double joint, double stride)
{
    const double cell = joint / stride + 0.5;
    return cell > -1e6 && cell < 1e6 ? (int)cell : -1000000;
}

void hr_target_msra(const hr_target_shape *s, const double *joints, float *maps, float *weights)
{
    const int radius = 3 * s->sigma;
    const size_t map_size = (size_t)s->width * (size_t)s->height;
    memset(maps, 0, (size_t)s->n_joints * map_size * sizeof *maps);
    for (int j = 0; j < s->n_joints; j++) {
        const double *joint = joints + 3 * j;
        const int mu_x = nearest_cell(joint[0], (double)s->input_width / s->width);
        const int mu_y = nearest_cell(joint[1], (double)s->input_height / s->height);
        const int outside = mu_x - radius >= s->width || mu_y - radius >= s->height || mu_x + radius + 1 < 0 ||
                            mu_y + radius + 1 < 0;
        weights[j] = outside ? 0 : (float)joint[2];
        if (weights[j] > 0.5f) draw(s, mu_x, mu_y, maps + (size_t)j * map_size);
    }
}
