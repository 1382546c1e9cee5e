/*
 * taylor.c - the peak of a heatmap between its cells. Near a Gaussian's peak the logarithm of the map is a parabola, so
 * that one Newton step from the highest cell lands on the centre: offset = -H^-1 g, with gradient g and Hessian H of
 * the logarithm at that cell. The map is smoothed first, because a network's maps are rough.
 *
 * Two published variants differ in border, floor and difference steps: DARK (Zhang et al., CVPR 2020; DarkPose's taylor
 * and gaussian_blur) and UDP (Huang et al., CVPR 2020; mmpose's post_dark_udp).
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "pose/decode.h"

enum { MAX_RADIUS = 60 }; /* blur_radius(HR_MAX_SIGMA), rounded up */

enum border { BORDER_ZERO, BORDER_REFLECT };

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

/* Index of a mirrored line without repeating its ends (OpenCV's BORDER_REFLECT_101). */
static int reflect(int i, int n)
{
    if (n == 1) return 0;
    while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
    return i;
}

/* cv2.GaussianBlur of [height][width]: rows into scratch, then columns into the result, which starts at scratch too.
 * Returns the blurred map. */
static float *blur(const float *map, int height, int width, int radius, enum border border, float *scratch)
{
    float weights[2 * MAX_RADIUS + 1];
    make_kernel(weights, radius);
    const size_t map_size = (size_t)height * (size_t)width;
    float *blurred = scratch, *rows = scratch + map_size, *line = rows + map_size;
    memset(scratch, 0, 2 * map_size * sizeof *scratch);
    for (int y = 0; y < height; y++) {
        const float *from = map + (ptrdiff_t)y * width;
        float *to = rows + (ptrdiff_t)y * width;
        for (int x = -radius; x < width + radius; x++) {
            const int inside = x >= 0 && x < width;
            line[x + radius] = inside ? from[x] : border == BORDER_ZERO ? 0 : from[reflect(x, width)];
        }
        for (int k = 0; k <= 2 * radius; k++) {
            for (int x = 0; x < width; x++) to[x] += weights[k] * line[x + k];
        }
    }
    for (int y = 0; y < height; y++) {
        float *to = blurred + (ptrdiff_t)y * width;
        for (int k = -radius; k <= radius; k++) {
            const int inside = y + k >= 0 && y + k < height;
            if (!inside && border == BORDER_ZERO) continue;
            const float *from = rows + (ptrdiff_t)reflect(y + k, height) * width;
            for (int x = 0; x < width; x++) to[x] += weights[k + radius] * from[x];
        }
    }
    return blurred;
}

/* x, y += -H^-1 g, unless H is singular or the step is not a number. */
static void newton_step(double dx, double dy, double dxx, double dxy, double dyy, float *x, float *y)
{
    const double determinant = dxx * dyy - dxy * dxy;
    const double step_x = -(dyy * dx - dxy * dy) / determinant, step_y = -(dxx * dy - dxy * dx) / determinant;
    if (!isfinite(step_x) || !isfinite(step_y)) return;
    *x = (float)(*x + step_x);
    *y = (float)(*y + step_y);
}

void hr_refine_dark(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y)
{
    const int px = (int)*x, py = (int)*y;
    if (!(1 < px && px < width - 2 && 1 < py && py < height - 2)) return;
    const float *smooth = blur(map, height, width, blur_radius(sigma), BORDER_ZERO, scratch);
    float highest = smooth[0];
    for (size_t i = 1; i < (size_t)height * (size_t)width; i++) highest = smooth[i] > highest ? smooth[i] : highest;
    /* gaussian_blur scales the map back to its old maximum; then what is not positive is lifted to 1e-10 */
    const double rescale = (double)map[(ptrdiff_t)py * width + px] / highest;
    double f[5][5];
    for (int j = 0; j < 5; j++) {
        for (int i = 0; i < 5; i++)
            f[j][i] = log(fmax(rescale * smooth[(ptrdiff_t)(py + j - 2) * width + px + i - 2], 1e-10));
    }
    newton_step(0.5 * (f[2][3] - f[2][1]), 0.5 * (f[3][2] - f[1][2]), 0.25 * (f[2][4] - 2 * f[2][2] + f[2][0]),
                0.25 * (f[3][3] - f[1][3] - f[3][1] + f[1][1]), 0.25 * (f[4][2] - 2 * f[2][2] + f[0][2]), x, y);
}

void hr_refine_udp(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y)
{
    const int px = (int)*x, py = (int)*y;
    const float *smooth = blur(map, height, width, blur_radius(sigma), BORDER_REFLECT, scratch);
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
