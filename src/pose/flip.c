/* flip.c - see flip.h. */
#include "pose/flip.h"

#include <stddef.h>

static int partner_of(int joint, const int (*flip_pairs)[2], int n_pairs)
{
    for (int i = 0; i < n_pairs; i++) {
        if (flip_pairs[i][0] == joint) return flip_pairs[i][1];
        if (flip_pairs[i][1] == joint) return flip_pairs[i][0];
    }
    return joint;
}

void hr_flip_average(float *maps, const float *mirrored, int n_joints, int height, int width,
                     const int (*flip_pairs)[2], int n_pairs, int shift)
{
    const size_t map_size = (size_t)height * (size_t)width;
    for (int joint = 0; joint < n_joints; joint++) {
        float *row = maps + (size_t)joint * map_size;
        const float *other = mirrored + (size_t)partner_of(joint, flip_pairs, n_pairs) * map_size;
        for (int y = 0; y < height; y++, row += width, other += width) {
            for (int x = 0; x < width; x++) {
                const int moved = shift && x > 0 ? x - 1 : x;
                row[x] = (row[x] + other[width - 1 - moved]) * 0.5f;
            }
        }
    }
}
