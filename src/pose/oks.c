/* oks.c - object keypoint similarity, in pycocotools' order of operations. */
#include "pose/oks.h"

#include <float.h>
#include <math.h>

double hr_oks_term(double dx, double dy, double sigma, double area)
{
    const double variance = sigma * 2 * (sigma * 2), underflow = 746; /* exp(-746) is below the least double */
    /* the divisions in computeOks's order, since the last bit decides at a threshold; np.spacing(1) is DBL_EPSILON */
    const double exponent = (dx * dx + dy * dy) / variance / (area + DBL_EPSILON) / 2;
    return exponent > underflow ? 0 : exp(-exponent); /* far away is common, and exp is slow there */
}

double hr_oks_poses(const hrnet_keypoint *a, double area_a, const hrnet_keypoint *b, double area_b, const float *sigmas,
                    int n)
{
    const double area = (area_a + area_b) / 2;
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += hr_oks_term((double)b[i].x - a[i].x, (double)b[i].y - a[i].y, (double)sigmas[i], area);
    return isnan(sum) ? 0 : sum / n; /* what is not a number resembles nothing */
}

double hr_oks_truth(const double *truth, double area, const hrnet_keypoint *pose, const float *sigmas, int n)
{
    double sum = 0;
    int n_labelled = 0;
    for (int i = 0; i < n; i++) {
        const double *const label = truth + (ptrdiff_t)3 * i;
        if (!(label[2] > 0)) continue;
        sum += hr_oks_term((double)pose[i].x - label[0], (double)pose[i].y - label[1], (double)sigmas[i], area);
        n_labelled++;
    }
    return n_labelled > 0 ? sum / n_labelled : 0;
}

/* Distance from the interval, 0 inside of it. */
static double outside(double value, double low, double high)
{
    return fmax(0, low - value) + fmax(0, value - high);
}

static double result_and_box(const double box[4], double area, const double *result, const double *sigmas, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double dx = outside(result[3 * i], box[0] - box[2], box[0] + box[2] * 2);
        const double dy = outside(result[3 * i + 1], box[1] - box[3], box[1] + box[3] * 2);
        sum += hr_oks_term(dx, dy, sigmas[i], area);
    }
    return sum / n;
}

double hr_oks_result(const double *truth, const double bbox[4], double area, const double *result, const double *sigmas,
                     int n)
{
    double sum = 0;
    int n_labelled = 0;
    for (int i = 0; i < n; i++) {
        if (!(truth[3 * i + 2] > 0)) continue;
        sum += hr_oks_term(result[3 * i] - truth[3 * i], result[3 * i + 1] - truth[3 * i + 1], sigmas[i], area);
        n_labelled++;
    }
    return n_labelled > 0 ? sum / n_labelled : result_and_box(bbox, area, result, sigmas, n);
}
