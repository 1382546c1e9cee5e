/*
 * affine.c - boxes to crops, crops to matrices. The pixels of a crop, and so the published scores, depend on the last
 * bits of its matrix: rounding to a 1/32 pixel follows (crop.c). So this file repeats upstream's transforms.py with its
 * float32 roundings, and OpenCV's order of elimination.
 *
 * The published map is defined by three points in the image and in the crop (upstream's get_affine_transform): the
 * centre; the point half a box width above it, along the rotated axis; and the corner that makes a right angle with the
 * two. Only the width of the box enters, so the map scales both axes alike; boxes have the crop's aspect ratio.
 */
#include "pose/affine.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* hrnet_crop.scale is in units of 200 pixels, MPII's reference height of a person. */
static const float pixel_std = 200;

/* Widen the box to the aspect ratio, then by 1.25 for context (upstream's _box2cs and _xywh2cs). */
hrnet_crop hr_crop_from_box(const double box[4], double aspect)
{
    double w = box[2], h = box[3];
    hrnet_crop crop = {.center = {(float)(box[0] + w * 0.5), (float)(box[1] + h * 0.5)}};
    if (w > aspect * h)
        h = w / aspect;
    else if (w < aspect * h)
        w = h * aspect;
    /* upstream does not widen a box centred on x = -1, its mark for "no person" */
    const float margin = crop.center[0] != -1.0f ? 1.25f : 1.0f;
    crop.scale[0] = (float)(w / pixel_std) * margin;
    crop.scale[1] = (float)(h / pixel_std) * margin;
    return crop;
}

hrnet_crop hrnet_crop_from_box(hrnet_box box, float aspect)
{
    return hr_crop_from_box((double[]){box.x, box.y, box.w, box.h}, aspect);
}

/* Solve a x = b by Gaussian elimination with partial pivoting; b becomes x. The order of operations and the threshold
 * for a zero pivot are those of OpenCV's LU (hal::LU64f). Returns 0 for a singular or NaN matrix. */
static int solve(double a[6][6], double b[6])
{
    for (int i = 0; i < 6; i++) {
        int pivot = i;
        for (int j = i + 1; j < 6; j++) {
            if (fabs(a[j][i]) > fabs(a[pivot][i])) pivot = j;
        }
        if (!(fabs(a[pivot][i]) >= DBL_EPSILON * 100)) return 0;
        if (pivot != i) {
            for (int k = i; k < 6; k++) {
                const double t = a[i][k];
                a[i][k] = a[pivot][k];
                a[pivot][k] = t;
            }
            const double t = b[i];
            b[i] = b[pivot];
            b[pivot] = t;
        }
        const double d = -1 / a[i][i];
        for (int j = i + 1; j < 6; j++) {
            const double alpha = a[j][i] * d;
            for (int k = i + 1; k < 6; k++) a[j][k] += alpha * a[i][k];
            b[j] += alpha * b[i];
        }
    }
    for (int i = 5; i >= 0; i--) {
        for (int k = i + 1; k < 6; k++) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    return 1;
}

/* cv2.getAffineTransform: the map of three points to three others. Each pair (x, y) -> (x', y') gives two equations for
 * the six coefficients, x' = m0 x + m1 y + m2 and y' = m3 x + m4 y + m5. All zeros if the points lie on a line. */
static void map_of_points(float from[3][2], float to[3][2], double matrix[6])
{
    double a[6][6] = {{0}}, b[6];
    for (int i = 0; i < 3; i++) {
        a[2 * i][0] = a[2 * i + 1][3] = from[i][0];
        a[2 * i][1] = a[2 * i + 1][4] = from[i][1];
        a[2 * i][2] = a[2 * i + 1][5] = 1;
        b[2 * i] = to[i][0];
        b[2 * i + 1] = to[i][1];
    }
    if (!solve(a, b)) memset(b, 0, sizeof b);
    memcpy(matrix, b, sizeof b);
}

/* Upstream's get_3rd_point: points[1] plus the vector from points[1] to points[0] rotated by 90 degrees. */
static void set_third_point(float points[3][2])
{
    const float dx = points[0][0] - points[1][0], dy = points[0][1] - points[1][1];
    points[2][0] = points[1][0] - dy;
    points[2][1] = points[1][1] + dx;
}

void hrnet_crop_matrix(const hrnet_crop *crop, int width, int height, int inverse, double matrix[6])
{
    const double angle = M_PI * (double)crop->rotation / 180;
    const double up = (double)(crop->scale[0] * pixel_std * -0.5f); /* up to here in float32, as in upstream */
    float image[3][2] = {{crop->center[0], crop->center[1]}};
    image[1][0] = (float)(image[0][0] - up * sin(angle));
    image[1][1] = (float)(image[0][1] + up * cos(angle));
    set_third_point(image);
    const float half_width = (float)width * 0.5f, half_height = (float)height * 0.5f;
    float cropped[3][2] = {{half_width, half_height}, {half_width, half_height - half_width}};
    set_third_point(cropped);
    if (inverse)
        map_of_points(cropped, image, matrix);
    else
        map_of_points(image, cropped, matrix);
}

/* Upstream UDP's get_warp_matrix: move the box's centre to the origin, rotate, move the origin to the box's corner, and
 * scale x by sx and y by sy. With c = cos, s = sin of the angle and a box of bw x bh around (x, y):
 *
 *   x' = sx (c (X - x) - s (Y - y) + bw / 2)
 *   y' = sy (s (X - x) + c (Y - y) + bh / 2) */
void hr_crop_matrix_udp(const hrnet_crop *crop, int width, int height, int inverse, double matrix[6])
{
    const double box_width = (double)(crop->scale[0] * pixel_std), box_height = (double)(crop->scale[1] * pixel_std);
    const double sx = (width - 1) / box_width, sy = (height - 1) / box_height;
    if (!isfinite(sx) || !isfinite(sy)) {
        memset(matrix, 0, 6 * sizeof *matrix);
        return;
    }
    /* get_warp_matrix rotates in the other direction than get_affine_transform; here both have the same meaning */
    const double angle = -M_PI * (double)crop->rotation / 180, c = cos(angle), s = sin(angle);
    const double x = crop->center[0], y = crop->center[1];
    const double to_crop[6] = {c * sx, -s * sx, sx * (-x * c + y * s + 0.5 * box_width),
                               s * sy, c * sy,  sy * (-x * s - y * c + 0.5 * box_height)};
    if (inverse)
        hr_affine_invert(to_crop, matrix);
    else
        memcpy(matrix, to_crop, sizeof to_crop);
}

/* The inverse of x' = A x + t is A^-1 x' - A^-1 t, with A^-1 from the adjugate. */
void hr_affine_invert(const double matrix[6], double inverse[6])
{
    const double determinant = matrix[0] * matrix[4] - matrix[1] * matrix[3];
    const double d = determinant != 0 ? 1 / determinant : 0;
    const double a = matrix[4] * d, b = -matrix[1] * d, c = -matrix[3] * d, e = matrix[0] * d;
    const double x = matrix[2], y = matrix[5];
    const double result[6] = {a, b, -a * x - b * y, c, e, -c * x - e * y};
    memcpy(inverse, result, sizeof result);
}
