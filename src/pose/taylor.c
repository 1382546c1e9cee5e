/*
 * taylor.c - the peak of a heatmap between its cells. Near a Gaussian's peak the logarithm of the map is a parabola, so
 * that one Newton step from the highest cell lands on the centre: offset = -H^-1 g, with gradient g and Hessian H of
 * the logarithm at that cell. The map is smoothed first, because a network's maps are rough.
 *
 * Two published variants differ in floor and difference steps: DARK (Zhang et al., CVPR 2020; DarkPose's taylor and
 * gaussian_blur) and UDP (Huang et al., CVPR 2020; refine_keypoints_dark_udp of mmpose 1.x. UDP's own repository and
 * mmpose 0.x smooth with a reflected border and do not rescale: other numbers near borders only).
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "pose/decode.h"

enum {
    MAX_RADIUS = 60, /* blur_radius(HR_MAX_SIGMA), rounded up */
    MAX_STEP = 3     /* cells */
};

/* Cells each side of the smoothing window: 11 wide for sigma 2 and 17 for sigma 3, the published pairs. */
static int blur_radius(float sigma)
{
    return (int)ceilf(3 * sigma) - 1;
}

size_t hr_decode_scratch(hrnet_decoder decoder, float sigma, int height, int width)
{
    if (decoder != HRNET_DECODE_DARK && decoder != HRNET_DECODE_UDP) return 0;
    const size_t map_size = (size_t)height * (size_t)width;
    return 2 * map_size + (size_t)width + 2 * (size_t)blur_radius(sigma);
}

/* cv2.getGaussianKernel with sigma 0, which derives it from the size. weights [2 radius + 1] */
static void make_kernel(float *weights, int radius)
{
    const double sigma = 0.3 * (radius - 1) + 0.8;
    double exact[2 * MAX_RADIUS + 1], sum = 0;
    for (int i = -radius; i <= radius; i++) sum += exact[i + radius] = exp(-i * i / (2 * sigma * sigma));
    for (int i = 0; i <= 2 * radius; i++) weights[i] = (float)(exact[i] / sum);
}

/* Smooth [height][width] with zeros around it, rows into scratch, then columns into the result, which starts at scratch
 * too; then scale it back to its old maximum `peak` (gaussian_blur). Returns the smoothed map. */
static float *smoothed(const float *map, int height, int width, int radius, float peak, float *scratch)
{
    float weights[2 * MAX_RADIUS + 1];
    make_kernel(weights, radius);
    const size_t map_size = (size_t)height * (size_t)width;
    float *smooth = scratch, *rows = scratch + map_size, *line = rows + map_size, highest = 0;
    memset(scratch, 0, (2 * map_size + (size_t)width + 2 * (size_t)radius) * sizeof *scratch);
    for (int y = 0; y < height; y++) {
        float *to = rows + (ptrdiff_t)y * width;
        memcpy(line + radius, map + (ptrdiff_t)y * width, (size_t)width * sizeof *line);
        for (int k = 0; k <= 2 * radius; k++)
            for (int x = 0; x < width; x++) to[x] += weights[k] * line[x + k];
    }
    for (int y = 0; y < height; y++) {
        float *to = smooth + (ptrdiff_t)y * width;
        for (int k = -radius; k <= radius; k++) {
            if (y + k < 0 || y + k >= height) continue;
            const float *from = rows + (ptrdiff_t)(y + k) * width;
            for (int x = 0; x < width; x++) to[x] += weights[k + radius] * from[x];
        }
        for (int x = 0; x < width; x++) highest = to[x] > highest ? to[x] : highest;
    }
    for (size_t i = 0; i < map_size && highest > 0; i++) smooth[i] *= peak / highest;
    return smooth;
}

/* x, y += -H^-1 g, unless H is singular or nearly so: where the map is flat the published step may lead tens of
 * thousands of pixels away. The peak of a parabola that the highest cell tells of lies within a few cells. */
static void newton_step(double dx, double dy, double dxx, double dxy, double dyy, float *x, float *y)
{
    const double determinant = dxx * dyy - dxy * dxy;
    const double step_x = -(dyy * dx - dxy * dy) / determinant, step_y = -(dxx * dy - dxy * dx) / determinant;
    if (!(fabs(step_x) <= MAX_STEP && fabs(step_y) <= MAX_STEP)) return; /* or not a number */
    *x = (float)(*x + step_x);
    *y = (float)(*y + step_y);
}

void hr_refine_dark(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y)
{
    const int px = (int)*x, py = (int)*y;
    if (!(1 < px && px < width - 2 && 1 < py && py < height - 2)) return;
    const float *smooth = smoothed(map, height, width, blur_radius(sigma), map[(ptrdiff_t)py * width + px], scratch);
    double f[5][5];
    for (int j = 0; j < 5; j++) {
        for (int i = 0; i < 5; i++) f[j][i] = log(fmax(smooth[(ptrdiff_t)(py + j - 2) * width + px + i - 2], 1e-10));
    }
    newton_step(0.5 * (f[2][3] - f[2][1]), 0.5 * (f[3][2] - f[1][2]), 0.25 * (f[2][4] - 2 * f[2][2] + f[2][0]),
                0.25 * (f[3][3] - f[1][3] - f[3][1] + f[1][1]), 0.25 * (f[4][2] - 2 * f[2][2] + f[0][2]), x, y);
}

void hr_refine_udp(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y)
{
    const int px = (int)*x, py = (int)*y;
    const float *smooth = smoothed(map, height, width, blur_radius(sigma), map[(ptrdiff_t)py * width + px], scratch);
    double f[3][3];
    for (int j = 0; j < 3; j++) {
        for (int i = 0; i < 3; i++) {
            /* beyond the border the map goes on with its outermost value */
            const int cx = px + i - 1 < 0 ? 0 : px + i - 1 >= width ? width - 1 : px + i - 1;
            const int cy = py + j - 1 < 0 ? 0 : py + j - 1 >= height ? height - 1 : py + j - 1;
            f[j][i] = log(fmin(fmax(smooth[(ptrdiff_t)cy * width + cx], 1e-3), 50));
        }
    }
    const double centre = f[1][1];
    newton_step(0.5 * (f[1][2] - f[1][0]), 0.5 * (f[2][1] - f[0][1]),
                f[1][2] - 2 * centre + f[1][0] + (double)FLT_EPSILON,
                0.5 * (f[2][2] - f[1][2] - f[2][1] + 2 * centre - f[1][0] - f[0][1] + f[0][0]),
                f[2][1] - 2 * centre + f[0][1] + (double)FLT_EPSILON, x, y);
}
