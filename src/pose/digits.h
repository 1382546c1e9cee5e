/* digits.h - numbers painted on a picture: a font of strokes for digits, point and minus. */
#ifndef HR_POSE_DIGITS_H
#define HR_POSE_DIGITS_H

#include "pose/paint.h"

/* Paint text, of which characters other than "0123456789.-" leave a gap, with its top left corner at `at`. height: of a
 * digit in pixels, between the centres of the strokes at its top and bottom. Parts outside the image are cut off. */
void hr_paint_digits(hrnet_image *image, hr_point at, const char *text, double height, hr_color color);

/* The width of the painted text in pixels. */
double hr_digits_length(const char *text, double height);

#endif
