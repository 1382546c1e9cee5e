/*
 * normalize.h - how pixels become the network's input: (value / 255 - mean) / std, channel by channel. All published
 * weights of pose networks were trained with ImageNet's means and deviations, in this order of channels (upstream's
 * transforms.Normalize), whatever COLOR_RGB says. YOLOX sees BGR from 0 to 255 as it is; RTMDet BGR with ImageNet's
 * numbers in that order.
 */
#ifndef HR_CONFIG_NORMALIZE_H
#define HR_CONFIG_NORMALIZE_H

#include "config/config.h"

/* As numbers, and as they stand in our files under "hrnet.mean" and "hrnet.std". */
typedef struct hr_normalization {
    float mean[3], std[3];
    const char *mean_text, *std_text;
} hr_normalization;

/* What published practice is for the configured network. Static. */
const hr_normalization *hr_normalization_of(const hr_config *config);

#endif
