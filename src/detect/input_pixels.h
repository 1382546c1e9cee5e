/* input_pixels.h - what a pixel becomes in the input of each published detector. */
#ifndef HR_DETECT_INPUT_PIXELS_H
#define HR_DETECT_INPUT_PIXELS_H

#include "pose/crop.h"

/* YOLOX from release 0.1 on: BGR, 0..255 as they are. */
void hr_yolox_pixels(hr_pixel_table *table);

/* YOLOX of release 0.0.1: RGB, / 255, - mean, / deviation of ImageNet. */
void hr_yolox_legacy_pixels(hr_pixel_table *table);

/* RTMDet: BGR, mean and deviation of pixels 0..255 (mmdetection's DetDataPreprocessor with RTMDet's numbers). */
void hr_rtmdet_pixels(hr_pixel_table *table);

#endif
