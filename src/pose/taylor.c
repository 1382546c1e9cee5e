/*
 * taylor.c - the peak of a heatmap between its cells (Zhang et al., Distribution-aware coordinate representation for
 * human pose estimation, CVPR 2020). A map is assumed to be a Gaussian around the keypoint m:
 *
 *   h(x) = A exp(-|x - m|^2 / (2 sigma^2))      D(x) = log h(x) = log A - |x - m|^2 / (2 sigma^2)
 *
 * D is a parabola, so that one Newton step from any cell x lands on its centre: m = x - H^-1 g, where g is the gradient
 * and H the Hessian of D at x, both from finite differences between cells. x is the cell of the maximum. Since a
 * network's map is rougher than a Gaussian, it is first smoothed with a Gaussian and scaled back to its old maximum.
 *
 * Two published variants of it:
 *
 *                        DARK                             UDP
 *   source               DarkPose: taylor, gaussian_blur  mmpose 1.x: refine_keypoints_dark_udp
 *                                                         (Huang et al., CVPR 2020)
 *   logarithm of         max(h, 1e-10)                    h limited to 1e-3 .. 50
 *   second differences   D(x+2) - 2 D(x) + D(x-2), / 4    D(x+1) - 2 D(x) + D(x-1)
 *   mixed difference     from the four diagonal cells     from two diagonal and four direct neighbours
 *   peaks near a border  not refined                      cells outside repeat the border's
 *
 * UDP's own repository and mmpose 0.x smooth with a reflected border and do not scale back, which changes numbers near
 * borders only.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "pose/decode.h"

enum {
    MAX_RADIUS = 60, /* blur_radius(HR_MAX_SIGMA), rounded up */
    MAX_STEP = 3     /* cells */
};

/* Half width of the smoothing window in cells, which is 2 * radius + 1 wide. The published pairs: 11 for sigma 2, 17
 * for sigma 3. */
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

/* Fill weights [2 radius + 1] as cv2.getGaussianKernel does with sigma 0: it then derives the kernel's sigma from the
 * size by the formula below. Computed in double, stored as float32. */
static void make_kernel(float *weights, int radius)
{
    const double sigma = 0.3 * (radius - 1) + 0.8;
    double exact[2 * MAX_RADIUS + 1], sum = 0;
    for (int i = -radius; i <= radius; i++) sum += exact[i + radius] = exp(-i * i / (2 * sigma * sigma));
    for (int i = 0; i <= 2 * radius; i++) weights[i] = (float)(exact[i] / sum);
}

/* Smooth map [height][width], with zeros around it, and scale the result so that its maximum is `peak` again
 * (DarkPose's gaussian_blur). Separable: first along rows into `rows`, then along columns into the result. scratch
 * holds the result, `rows`, and one row with `radius` zeros on both sides. Returns the result, at the start of scratch.
 */
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

/* (x, y) -= H^-1 g with g = (dx, dy) and H = ((dxx, dxy), (dxy, dyy)), inverted by Cramer's rule. Steps of more than
 * MAX_STEP cells are not taken: where a map is flat, H is nearly singular and the published step may lead tens of
 * thousands of pixels away, while the true peak lies within a cell or two of the highest cell. */
static void newton_step(double dx, double dy, double dxx, double dxy, double dyy, float *x, float *y)
{
    const double determinant = dxx * dyy - dxy * dxy;
    const double step_x = -(dyy * dx - dxy * dy) / determinant, step_y = -(dxx * dy - dxy * dx) / determinant;
    if (!(fabs(step_x) <= MAX_STEP && fabs(step_y) <= MAX_STEP)) return; /* also if either is NaN */
    *x = (float)(*x + step_x);
    *y = (float)(*y + step_y);
}

void hr_refine_dark(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y)
{
    const int px = (int)*x, py = (int)*y;
    if (!(1 < px && px < width - 2 && 1 < py && py < height - 2)) return;
    const float *smooth = smoothed(map, height, width, blur_radius(sigma), map[(ptrdiff_t)py * width + px], scratch);
    double f[5][5]; /* D at the 5x5 cells around the peak, f[2][2] */
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
    double f[3][3]; /* D at the 3x3 cells around the peak, f[1][1] */
    for (int j = 0; j < 3; j++) {
        for (int i = 0; i < 3; i++) {
            /* outside the map the nearest border cell counts */
            const int cx = px + i - 1 < 0 ? 0 : px + i - 1 >= width ? width - 1 : px + i - 1;
            const int cy = py + j - 1 < 0 ? 0 : py + j - 1 >= height ? height - 1 : py + j - 1;
            f[j][i] = log(fmin(fmax(smooth[(ptrdiff_t)cy * width + cx], 1e-3), 50));
        }
    }
    const double centre = f[1][1];
    /* FLT_EPSILON is in mmpose's formula, against a singular H */
    newton_step(0.5 * (f[1][2] - f[1][0]), 0.5 * (f[2][1] - f[0][1]),
                f[1][2] - 2 * centre + f[1][0] + (double)FLT_EPSILON,
                0.5 * (f[2][2] - f[1][2] - f[2][1] + 2 * centre - f[1][0] - f[0][1] + f[0][0]),
                f[2][1] - 2 * centre + f[0][1] + (double)FLT_EPSILON, x, y);
}
