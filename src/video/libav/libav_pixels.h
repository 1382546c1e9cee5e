/*
 * libav_pixels.h - decoded frames as pixels of the library: as they are if the format is one that hrnet_pixels has,
 * else converted to RGB; and turned.
 */
#ifndef HR_VIDEO_LIBAV_LIBAV_PIXELS_H
#define HR_VIDEO_LIBAV_LIBAV_PIXELS_H

#include "video/libav/libav_scaler.h"

/* How pictures are turned: pixel (x, y) goes to (xx x + xy y, yx x + yy y), moved so that all are at 0 or above. The
 * numbers are -1, 0 and 1. */
typedef struct hr_libav_turn {
    int xx, xy, yx, yy;
} hr_libav_turn;

/* The turn of a stream's matrix, or none for NULL. Returns 0 if it is no turn by quarters; there is then none. */
int hr_libav_turn_of(const int32_t *matrix, hr_libav_turn *out);

static inline int hr_libav_is_turned(const hr_libav_turn *turn)
{
    return turn->xx != 1 || turn->yy != 1;
}

/* Degrees clockwise, and whether left and right are exchanged after that. */
int hr_libav_turn_degrees(const hr_libav_turn *turn, int *is_mirrored);

/* Memory for frames that are valid at the same time. */
typedef struct hr_libav_slot {
    AVFrame *decoded; /* holds the decoder's memory */
    AVFrame *rgb;     /* converted, if that was needed */
    AVFrame *turned;  /* turned, likewise */
} hr_libav_slot;

hrnet_status hr_libav_slot_create(hr_libav_slot *slot, const hr_video_host *host);
void hr_libav_slot_free(hr_libav_slot *slot);

/* Pixels of slot->decoded, valid until the slot is used again. */
hrnet_status hr_libav_pixels(hr_libav_slot *slot, const hr_video_host *host, hr_libav_scaler *scaler,
                             const hr_libav_turn *turn, hrnet_pixels *out);

#endif
