/*
 * normalize.h - how pixels become the network's input: (value / 255 - mean) / std, channel by channel. All published
 * weights were trained with ImageNet's means and deviations, in this order of channels (upstream's
 * transforms.Normalize), whatever COLOR_RGB says.
 */
#ifndef HR_CONFIG_NORMALIZE_H
#define HR_CONFIG_NORMALIZE_H

/* As numbers, and as they stand in our files under "hrnet.mean" and "hrnet.std". */
static const float hr_published_mean[3] = {0.485f, 0.456f, 0.406f}, hr_published_std[3] = {0.229f, 0.224f, 0.225f};
#define HR_PUBLISHED_MEAN_TEXT "[0.485, 0.456, 0.406]"
#define HR_PUBLISHED_STD_TEXT  "[0.229, 0.224, 0.225]"

#endif
