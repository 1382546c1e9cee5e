/*
 * letterbox.h - a picture resized into the top left corner of a detector's input, the rest grey. Rows depend on nothing
 * but the struct, so that several threads may share one picture; making them neither allocates nor fails.
 *
 *   hr_letterbox box;
 *   hr_letterbox_fit(&box, 640, 425, 416, 416, HR_LETTERBOX_TRUNCATED);   // 416x276 in 416x416
 *   hr_letterbox_trim(&box, 32);                                          // 416x276 in 416x288
 *   hr_letterbox_pixels(&box, &pixels);
 *   hr_letterbox_rows_input(&box, &table, 0, box.height, input, 4);
 */
#ifndef HR_DETECT_LETTERBOX_H
#define HR_DETECT_LETTERBOX_H

#include "pose/crop.h"
#include "pose/pixels.h"

enum { HR_LETTERBOX_GREY = 114 };

/* How sides of the resized picture become whole pixels. */
typedef enum hr_letterbox_rule {
    HR_LETTERBOX_TRUNCATED, /* Megvii's preproc: int(w r) */
    HR_LETTERBOX_ROUNDED    /* mmdetection's Resize: int(w r + 0.5) */
} hr_letterbox_rule;

typedef struct hr_letterbox {
    int picture_width, picture_height;
    int width, height;                 /* of the input */
    int content_width, content_height; /* of the resized picture in its top left corner, at least 1 */
    double ratio;                      /* min(width / picture_width, height / picture_height) before any trimming: what
                                          Megvii's boxes are divided by */
    hrnet_pixels pixels;               /* as hr_pixels_check gives them */
} hr_letterbox;

/* Fit a picture of picture_width x picture_height, each at least 1, into width x height. */
void hr_letterbox_fit(hr_letterbox *box, int picture_width, int picture_height, int width, int height,
                      hr_letterbox_rule rule);

/* Make the input no larger than the resized picture needs, in multiples of `step` pixels. The size that the picture was
 * fitted into must be such multiples. */
void hr_letterbox_trim(hr_letterbox *box, int step);

/* The picture, of the size that was fitted. Its pixels, not the struct that describes them, must outlive the letterbox.
 * Fails as hr_pixels_check does and in no other way. */
hrnet_status hr_letterbox_pixels(hr_letterbox *box, const hrnet_pixels *pixels);

/* Rows [y0, y1) of the input as bytes into rgb [y1 - y0][width][3]: the pixels of cv2.resize (INTER_LINEAR), bit for
 * bit, and those of the grey rest. */
void hr_letterbox_rows(const hr_letterbox *box, int y0, int y1, uint8_t *rgb);

/* The same as numbers for the network into out [y1 - y0][width][ld], ld >= 3 floats a pixel; the others stay as they
 * are. */
void hr_letterbox_rows_input(const hr_letterbox *box, const hr_pixel_table *table, int y0, int y1, float *out,
                             ptrdiff_t ld);

#endif
