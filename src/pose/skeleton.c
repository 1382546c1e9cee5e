/*
 * skeleton.c - the keypoints of COCO and MPII: names, flip pairs, links and sigmas as the datasets and upstream's code
 * define them, in the order of the networks' heatmaps; and the checks that every skeleton must pass.
 */
#include "pose/skeleton.h"

#include <math.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *const coco_names[] = {"nose",          "left_eye",       "right_eye",  "left_ear",    "right_ear",
                                         "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
                                         "right_wrist",   "left_hip",       "right_hip",  "left_knee",   "right_knee",
                                         "left_ankle",    "right_ankle"};
static const int coco_flip_pairs[][2] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}, {11, 12}, {13, 14}, {15, 16}};
static const int coco_links[][2] = {{15, 13}, {13, 11}, {16, 14}, {14, 12}, {11, 12}, {5, 11}, {6, 12},
                                    {5, 6},   {5, 7},   {6, 8},   {7, 9},   {8, 10},  {1, 2},  {0, 1},
                                    {0, 2},   {1, 3},   {2, 4},   {3, 5},   {4, 6}};
/* Standard deviation of the annotations of each keypoint, relative to the size of the person, for OKS (cocoeval.py).
 * MPII has none. */
static const float coco_sigmas[] = {.026f, .025f, .025f, .035f, .035f, .079f, .079f, .072f, .072f,
                                    .062f, .062f, .107f, .107f, .087f, .087f, .089f, .089f};

static const char *const mpii_names[] = {"right_ankle",    "right_knee",    "right_hip",   "left_hip",
                                         "left_knee",      "left_ankle",    "pelvis",      "thorax",
                                         "upper_neck",     "head_top",      "right_wrist", "right_elbow",
                                         "right_shoulder", "left_shoulder", "left_elbow",  "left_wrist"};
static const int mpii_flip_pairs[][2] = {{0, 5}, {1, 4}, {2, 3}, {10, 15}, {11, 14}, {12, 13}};
static const int mpii_links[][2] = {{0, 1}, {1, 2},  {2, 6},   {6, 3},   {3, 4},  {4, 5},   {6, 7},  {7, 8},
                                    {8, 9}, {7, 12}, {12, 11}, {11, 10}, {7, 13}, {13, 14}, {14, 15}};

const hrnet_skeleton *hrnet_skeleton_coco(void)
{
    static const hrnet_skeleton coco = {.name = "coco",
                                        .n_keypoints = COUNT(coco_names),
                                        .keypoint_names = coco_names,
                                        .n_flip_pairs = COUNT(coco_flip_pairs),
                                        .flip_pairs = coco_flip_pairs,
                                        .n_links = COUNT(coco_links),
                                        .links = coco_links,
                                        .sigmas = coco_sigmas};
    return &coco;
}

const hrnet_skeleton *hrnet_skeleton_mpii(void)
{
    static const hrnet_skeleton mpii = {.name = "mpii",
                                        .n_keypoints = COUNT(mpii_names),
                                        .keypoint_names = mpii_names,
                                        .n_flip_pairs = COUNT(mpii_flip_pairs),
                                        .flip_pairs = mpii_flip_pairs,
                                        .n_links = COUNT(mpii_links),
                                        .links = mpii_links};
    return &mpii;
}

/* Each pair must be two different keypoints; `what` names the list in messages. */
static hrnet_status check_pairs(const char *what, const int (*pairs)[2], int n_pairs, int n_keypoints)
{
    if (n_pairs < 0 || (n_pairs > 0 && pairs == NULL))
        return hr_fail(HRNET_ERR_CONFIG, "skeleton: %d %s without a list", n_pairs, what);
    for (int i = 0; i < n_pairs; i++) {
        const int a = pairs[i][0], b = pairs[i][1];
        if (a < 0 || b < 0 || a >= n_keypoints || b >= n_keypoints || a == b)
            return hr_fail(HRNET_ERR_CONFIG, "skeleton: %s[%d] is (%d, %d), expected two different keypoints of 0..%d",
                           what, i, a, b, n_keypoints - 1);
    }
    return HRNET_OK;
}

hrnet_status hr_skeleton_check(const hrnet_skeleton *skeleton)
{
    const int n = skeleton->n_keypoints;
    HR_TRY(HR_CHECK_RESERVED(skeleton, "hrnet_skeleton"));
    if (n < 1 || n > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_CONFIG, "skeleton: %d keypoints, expected 1 to %d", n, HR_MAX_KEYPOINTS);
    if (skeleton->keypoint_names == NULL) return hr_fail(HRNET_ERR_CONFIG, "skeleton: keypoints without names");
    for (int i = 0; i < n; i++) {
        if (skeleton->keypoint_names[i] == NULL)
            return hr_fail(HRNET_ERR_CONFIG, "skeleton: keypoint %d has no name", i);
    }
    HR_TRY(check_pairs("flip_pairs", skeleton->flip_pairs, skeleton->n_flip_pairs, n));
    HR_TRY(check_pairs("links", skeleton->links, skeleton->n_links, n));
    unsigned char paired[HR_MAX_KEYPOINTS] = {0};
    for (int i = 0; i < skeleton->n_flip_pairs; i++) {
        for (int side = 0; side < 2; side++) {
            const int keypoint = skeleton->flip_pairs[i][side];
            if (paired[keypoint])
                return hr_fail(HRNET_ERR_CONFIG, "skeleton: keypoint %d is in two flip pairs", keypoint);
            paired[keypoint] = 1;
        }
    }
    for (int i = 0; skeleton->sigmas != NULL && i < n; i++) {
        if (!(skeleton->sigmas[i] > 0) || !isfinite(skeleton->sigmas[i]))
            return hr_fail(HRNET_ERR_CONFIG, "skeleton: sigma %g of keypoint %d, expected a positive number",
                           skeleton->sigmas[i], i);
    }
    return HRNET_OK;
}

void hr_skeleton_find_pairs(hrnet_skeleton *skeleton, int (*pairs)[2])
{
    const int n = skeleton->n_keypoints;
    skeleton->n_flip_pairs = hr_pairs_by_name(skeleton->keypoint_names, n, pairs);
    skeleton->flip_pairs = (const int(*)[2])pairs;
    if (skeleton->n_flip_pairs > 0)
        skeleton->pairs_from = HRNET_PAIRS_BY_NAME;
    else if (hr_names_are_numbers(skeleton->keypoint_names, n))
        skeleton->pairs_from = HRNET_PAIRS_UNKNOWN;
    else
        skeleton->pairs_from = n > 1 ? HRNET_PAIRS_NONE_FOUND : HRNET_PAIRS_GIVEN;
}

void hr_skeleton_pairs_text(const hrnet_skeleton *skeleton, hr_text *out)
{
    switch (skeleton->pairs_from) {
    case HRNET_PAIRS_UNKNOWN: hr_text_add(out, "unknown: the names do not tell left from right"); return;
    case HRNET_PAIRS_NONE_FOUND: hr_text_add(out, "none: no name tells left from right"); return;
    case HRNET_PAIRS_BY_NAME: hr_text_add(out, "by their names: "); break;
    case HRNET_PAIRS_GIVEN: break;
    }
    if (skeleton->n_flip_pairs == 0) hr_text_add(out, "none");
    for (int i = 0; i < skeleton->n_flip_pairs; i++)
        hr_text_add(out, "%s%s - %s", i > 0 ? ", " : "", skeleton->keypoint_names[skeleton->flip_pairs[i][0]],
                    skeleton->keypoint_names[skeleton->flip_pairs[i][1]]);
}

hrnet_status hr_skeleton_check_joints(const hrnet_skeleton *skeleton, int n_joints)
{
    HR_TRY(HR_CHECK_RESERVED(skeleton, "hrnet_skeleton"));
    if (skeleton->n_keypoints == n_joints) return HRNET_OK;
    return hr_fail(HRNET_ERR_MISMATCH,
                   "skeleton: expected %d keypoints, one for each joint of the network, found %d (%.64s, ...)",
                   n_joints, skeleton->n_keypoints, skeleton->keypoint_names[0]);
}

hrnet_status hr_skeleton_check_flip(const hrnet_skeleton *skeleton)
{
    if (skeleton->pairs_from != HRNET_PAIRS_UNKNOWN) return HRNET_OK;
    return hr_fail(HRNET_ERR_ARGUMENT,
                   "flip test: expected to know which of the %d keypoints are left and right, found names that do not "
                   "tell (%.64s, ...): give a description of the keypoints with names or flip_pairs (--description "
                   "FILE), or do without the flip test (TEST.FLIP_TEST false)",
                   skeleton->n_keypoints, skeleton->keypoint_names[0]);
}
