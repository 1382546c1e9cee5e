/*
 * decode.c - heatmaps to keypoints, in three steps: find the cell of the maximum (upstream's get_max_preds), refine it
 * by the chosen decoder, and map it from cells to image pixels (transform_preds). Coordinates are float32 wherever
 * upstream's are, so that keypoints agree with the published ones. Before that: the flip test's average.
 */
#include "pose/decode.h"

#include <math.h>

#include "base/mem.h"
#include "base/status.h"
#include "pose/affine.h"

/* ------------------------------------------------------------------------------------------------ flip test */

/* The joint that this one becomes in a mirror; itself if it is in no pair. */
static int partner_of(int joint, const int (*flip_pairs)[2], int n_pairs)
{
    for (int i = 0; i < n_pairs; i++) {
        if (flip_pairs[i][0] == joint) return flip_pairs[i][1];
        if (flip_pairs[i][1] == joint) return flip_pairs[i][0];
    }
    return joint;
}

/* The reversed row's element at x is other[width - 1 - x]; with shift, x - 1 takes the place of x from the second cell
 * on. */
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

/* ------------------------------------------------------------------------------------------------ decoding */

/* get_max_preds: the first maximum in row-major order; cell (0, 0) if it is not positive. */
static hrnet_keypoint find_peak(const float *map, int height, int width)
{
    const size_t size = (size_t)height * (size_t)width;
    size_t best = 0;
    for (size_t i = 1; i < size; i++) {
        if (map[i] > map[best]) best = i;
    }
    if (!(map[best] > 0)) return (hrnet_keypoint){0, 0, map[best]};
    return (hrnet_keypoint){(float)(best % (size_t)width), (float)(best / (size_t)width), map[best]};
}

/* A quarter cell in the direction of the larger of two neighbours; 0 if they are equal or NaN. */
static float quarter_step(float next, float previous)
{
    return next > previous ? 0.25f : next < previous ? -0.25f : 0;
}

/* get_final_preds: move a quarter cell towards the higher neighbour in x and in y. Not for peaks at the border, nor, as
 * upstream tests 1 < px, in column or row 1. */
static void refine_shift(const float *map, int height, int width, float *x, float *y)
{
    const int px = (int)*x, py = (int)*y;
    if (!(1 < px && px < width - 1 && 1 < py && py < height - 1)) return;
    const float *cell = map + (ptrdiff_t)py * width + px;
    *x += quarter_step(cell[1], cell[-1]);
    *y += quarter_step(cell[width], cell[-width]);
}

void hr_decode_pose(const float *heatmaps, int n_joints, int height, int width, const hrnet_crop *crop,
                    hrnet_decoder decoder, float sigma, float *scratch, hrnet_keypoint *keypoints)
{
    double to_image[6];
    if (decoder == HRNET_DECODE_UDP)
        hr_crop_matrix_udp(crop, width, height, 1, to_image);
    else
        hrnet_crop_matrix(crop, width, height, 1, to_image);
    for (int joint = 0; joint < n_joints; joint++) {
        const float *map = heatmaps + (size_t)joint * (size_t)height * (size_t)width;
        hrnet_keypoint peak = find_peak(map, height, width);
        if (peak.score > 0 && decoder == HRNET_DECODE_SHIFT) refine_shift(map, height, width, &peak.x, &peak.y);
        if (peak.score > 0 && decoder == HRNET_DECODE_DARK)
            hr_refine_dark(map, height, width, sigma, scratch, &peak.x, &peak.y);
        if (peak.score > 0 && decoder == HRNET_DECODE_UDP)
            hr_refine_udp(map, height, width, sigma, scratch, &peak.x, &peak.y);
        const double x = peak.x, y = peak.y;
        peak.x = (float)(to_image[0] * x + to_image[1] * y + to_image[2]);
        peak.y = (float)(to_image[3] * x + to_image[4] * y + to_image[5]);
        keypoints[joint] = peak;
    }
}

hrnet_status hrnet_decode_heatmaps(const float *heatmaps, int n, int n_joints, int height, int width,
                                   const hrnet_crop *crops, hrnet_decoder decoder, float sigma,
                                   hrnet_keypoint *keypoints)
{
    if (n == 0) return HRNET_OK;
    if (heatmaps == NULL || crops == NULL || keypoints == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_decode_heatmaps: heatmaps, crops or keypoints is NULL");
    if (n < 0 || n_joints <= 0 || height <= 0 || width <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_decode_heatmaps: heatmaps [%d][%d][%d][%d], expected positive sizes",
                       n, n_joints, height, width);
    if ((int)decoder < HRNET_DECODE_AUTO || decoder > HRNET_DECODE_UDP)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_decode_heatmaps: unknown decoder %d", (int)decoder);
    if (sigma == 0) sigma = 2; /* the published experiments' */
    if (!(sigma > 0 && sigma <= HR_MAX_SIGMA))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_decode_heatmaps: sigma %g, expected 0 to %g cells", sigma,
                       HR_MAX_SIGMA);
    if (decoder == HRNET_DECODE_AUTO) decoder = HRNET_DECODE_SHIFT;
    const size_t n_scratch = hr_decode_scratch(decoder, sigma, height, width);
    float *scratch = hr_alloc(n_scratch, sizeof *scratch);
    if (scratch == NULL) return hr_fail_memory(n_scratch * sizeof *scratch);
    const size_t person_size = (size_t)n_joints * (size_t)height * (size_t)width;
    for (int i = 0; i < n; i++)
        hr_decode_pose(heatmaps + (size_t)i * person_size, n_joints, height, width, &crops[i], decoder, sigma, scratch,
                       keypoints + (size_t)i * (size_t)n_joints);
    hr_free(scratch);
    return HRNET_OK;
}
