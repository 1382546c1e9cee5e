/*
 * mpii_score.c - PCKh (upstream's mpii.py, evaluate): a joint is right at threshold t if
 *
 *   distance to the truth / (0.6 x diagonal of the head's box) <= t
 *
 * PCKh@t of a joint is the percentage of labelled ones that are right. Rows of the published table average left and
 * right; the mean weights joints by how often they are labelled and leaves out pelvis and thorax. Upstream's "Mean@0.1"
 * takes entry 11 of the thresholds 0, .01, .02 ..., which is 0.11; both that and 0.1 are computed.
 */
#include <math.h>
#include <string.h>

#include "score/mpii_score.h"

enum { N = HRNET_MPII_JOINTS };
#define HEAD_PART .6 /* upstream's SC_BIAS */

/* The two joints of each published row, HRNET_MPII_HEAD to HRNET_MPII_ANKLE; the head is alone. */
static const char *const pairs[][2] = {{"head", "head"}, {"lsho", "rsho"}, {"lelb", "relb"}, {"lwri", "rwri"},
                                       {"lhip", "rhip"}, {"lkne", "rkne"}, {"lank", "rank"}};

/* PCKh in percent of each joint, in the file's order of joints; -1 if nobody has the joint. */
static void rate_joints(const hrnet_mpii_truth *truth, const hrnet_keypoint *poses, double threshold, double percent[N],
                        size_t n_labelled[N])
{
    size_t n_right[N] = {0};
    memset(n_labelled, 0, N * sizeof *n_labelled);
    for (size_t p = 0; p < truth->n; p++) {
        for (size_t j = 0; j < N; j++) {
            const hr_mpii_joint *const joint = &truth->joints[p * N + j];
            const hrnet_keypoint *const found = &poses[p * N + j];
            if (joint->missing) continue;
            /* poses count pixels from 0, the truth from 1 */
            const double dx = (double)found->x + 1 - joint->x, dy = (double)found->y + 1 - joint->y;
            n_labelled[j]++;
            n_right[j] += sqrt(dx * dx + dy * dy) / (truth->head_sizes[p] * HEAD_PART) <= threshold;
        }
    }
    for (size_t j = 0; j < N; j++)
        percent[j] = n_labelled[j] > 0 ? 100. * (double)n_right[j] / (double)n_labelled[j] : -1;
}

/* Mean over all joints but 6 and 7 (pelvis and thorax), weighted by how often they are labelled; -1 without any. */
static double weighted_mean(const double percent[N], const size_t n_labelled[N])
{
    double sum = 0, weight = 0;
    for (int j = 0; j < N; j++) {
        if (j == 6 || j == 7 || n_labelled[j] == 0) continue;
        sum += percent[j] * (double)n_labelled[j];
        weight += (double)n_labelled[j];
    }
    return weight > 0 ? sum / weight : -1;
}

/* PCKh of the joint with this name. */
static double rate_of(const hrnet_mpii_truth *truth, const double percent[N], const char *name)
{
    for (int k = 0; k < N; k++)
        if (strcmp(hr_mpii_joint_names[k], name) == 0) return percent[truth->columns[k]];
    return -1;
}

static double rate_pair(const hrnet_mpii_truth *truth, const double percent[N], const char *const names[2])
{
    const double left = rate_of(truth, percent, names[0]), right = rate_of(truth, percent, names[1]);
    if (left < 0) return right;
    return right < 0 ? left : .5 * (left + right);
}

hrnet_status hrnet_mpii_evaluate(hrnet_mpii_score *out, const hrnet_mpii_truth *truth, const hrnet_keypoint *poses,
                                 size_t n)
{
    if (out == NULL || truth == NULL || poses == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_mpii_evaluate: NULL argument");
    if (n != truth->n)
        return hr_fail(HRNET_ERR_MISMATCH, "predictions: expected %zu persons as in the ground truth, found %zu",
                       truth->n, n);
    hrnet_mpii_score score;
    double percent[N];
    /* thresholds as np.arange(0, 0.5 + 0.01, 0.01) computes them: a product, not a decimal constant */
    rate_joints(truth, poses, 11 * .01, percent, score.n_labelled);
    score.numbers[HRNET_MPII_MEAN_01_PUBLISHED] = weighted_mean(percent, score.n_labelled);
    rate_joints(truth, poses, 10 * .01, percent, score.n_labelled);
    score.numbers[HRNET_MPII_MEAN_01] = weighted_mean(percent, score.n_labelled);
    rate_joints(truth, poses, .5, score.joints, score.n_labelled);
    score.numbers[HRNET_MPII_MEAN] = weighted_mean(score.joints, score.n_labelled);
    for (int row = HRNET_MPII_HEAD; row <= HRNET_MPII_ANKLE; row++)
        score.numbers[row] = rate_pair(truth, score.joints, pairs[row]);
    *out = score;
    return HRNET_OK;
}

const char *const *hrnet_mpii_number_names(void)
{
    static const char *const names[HRNET_MPII_NUMBERS] = {
        "Head", "Shoulder", "Elbow", "Wrist",    "Hip",
        "Knee", "Ankle",    "Mean",  "Mean@0.1", "Mean@0.11 (published as Mean@0.1)"};
    return names;
}
