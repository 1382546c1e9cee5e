/* fuzz_mat.c - MATLAB 5 files, and MPII's ground truth and predictions in them or in JSON. */
#include "score/mpii_score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hrnet_mpii_truth *truth = NULL;
    hrnet_keypoint *poses = NULL;
    size_t n;
    if (hr_mpii_truth_parse(&truth, data, size) == HRNET_OK) hrnet_mpii_truth_free(truth);
    if (hr_mpii_poses_parse(&poses, &n, data, size) == HRNET_OK) hrnet_mpii_poses_free(poses);
    return 0;
}
