/* mpii_poses.h - hrnet_mpii_poses_load on a file in memory. */
#ifndef HR_SCORE_MPII_POSES_H
#define HR_SCORE_MPII_POSES_H

#include <hrnet_eval.h>

#include "base/status.h"

hrnet_status hr_mpii_poses_parse(hrnet_keypoint **out, size_t *n, const void *bytes, size_t n_bytes);

#endif
