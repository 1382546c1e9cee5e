/*
 * image_limits.h - how much time and memory one picture may cost, whatever its format. A few bytes may stand for any
 * number of equal pixels, so the bounds are absolute:
 *
 *   memory  what a picture asks for is checked before it is taken, so that a claim costs nothing
 *   time    work that a few bytes can repeat (scans) is counted; what remains is linear in bytes and pixels
 *
 * What goes beyond a limit is refused with HRNET_ERR_LIMIT and a message that has the numbers expected and found.
 */
#ifndef HR_IO_IMAGE_IMAGE_LIMITS_H
#define HR_IO_IMAGE_IMAGE_LIMITS_H

#include <stdint.h>

/* Bytes of an encoded picture: larger than any camera's file. Keeps a wrong path from filling the memory. */
#define HR_LIMIT_PICTURE_FILE ((uint64_t)1 << 29)

/* Pixels of a picture, 768 MiB of RGB, and of one of its sides: format libraries hold several rows of up to 8 bytes a
 * pixel. */
#define HR_LIMIT_PICTURE_PIXELS ((uint64_t)1 << 28)
#define HR_LIMIT_PICTURE_SIDE   ((uint64_t)1 << 20)

/* Memory that decoding one picture takes altogether: its RGB pixels and what the format's library holds beside them
 * (coefficients of a progressive JPEG, the planes of an AVIF). */
#define HR_LIMIT_PICTURE_MEMORY ((uint64_t)1 << 30)

/* Visits of 8 x 8 blocks by all scans of a JPEG, at 40 to 80 ns each on Zen 3: at most 5 seconds. A photograph of 200
 * million pixels, progressive in the usual 10 scans of one or more components, takes 3e7. */
#define HR_LIMIT_JPEG_VISITS ((uint64_t)1 << 26)
#define HR_LIMIT_JPEG_SCANS  500

/* Bytes that libpng allocates for one picture, all allocations together: rows, never text or profiles. The longest
 * rows, 2^20 pixels of 16-bit RGBA, take 8 MiB each. */
#define HR_LIMIT_PNG_MEMORY ((uint64_t)64 << 20)

#endif
