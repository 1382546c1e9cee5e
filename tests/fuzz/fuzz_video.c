/*
 * fuzz_video.c - what a demuxer and a decoder may say of a video: sizes, strides, pixel formats, timestamps, durations,
 * time bases and where seeking goes to. Ends the program if a frame that the library hands out breaks what it promises.
 * FFmpeg itself is not in it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../video/fake_video.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds) abort();
}

/* Bytes of the input one behind the other, 0 when there are no more. */
typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

static int64_t take(input *in, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n && in->left > 0; i++, in->left--) value |= (uint64_t)*in->at++ << (8 * i);
    return n == 4 ? (int32_t)value : (int64_t)value;
}

/* A kind of byte decides what the frame has of its own, so that short inputs reach far: 1 a timestamp, 2 a size, 4
 * strides, 8 a format, 16 a missing plane, 32 no timestamp, 64 damage. */
static fake_frame take_frame(input *in, int64_t i)
{
    static const uint8_t byte;
    const int64_t kind = take(in, 1);
    fake_frame frame = {.stamp = {.has_pts = (kind & 32) == 0, .pts = 40 * i, .is_damaged = (kind & 64) != 0}};
    frame.pixels = (hrnet_pixels){.width = 64, .height = 48, .format = HRNET_PIXELS_I420};
    if (kind & 1) frame.stamp.pts = take(in, 8);
    if (kind & 1) frame.stamp.duration = take(in, 8);
    if (kind & 2) frame.pixels.width = (int)take(in, 4);
    if (kind & 2) frame.pixels.height = (int)take(in, 4);
    for (int k = 0; k < 3; k++) {
        if (kind & 4) frame.pixels.strides[k] = (ptrdiff_t)take(in, 8);
        frame.pixels.planes[k] = kind & 16 && k == 1 ? NULL : &byte;
    }
    if (kind & 8) frame.pixels.format = (hrnet_pixel_format)take(in, 1);
    return frame;
}

static void check_frame(const hrnet_frame *frame, const hrnet_frame *before)
{
    const hrnet_pixels *pixels = &frame->pixels;
    must(pixels->width > 0 && pixels->height > 0);
    must(pixels->width <= HR_VIDEO_MOST_SIDE && pixels->height <= HR_VIDEO_MOST_SIDE);
    must((int64_t)pixels->width * pixels->height <= HR_VIDEO_MOST_PIXELS);
    must(pixels->format >= HRNET_PIXELS_RGB && pixels->format <= HRNET_PIXELS_I420);
    /* every row can be reached without an overflow */
    ptrdiff_t end;
    for (int k = 0; k < 3; k++)
        must(!__builtin_mul_overflow(pixels->strides[k], (ptrdiff_t)pixels->height, &end) ||
             pixels->format < HRNET_PIXELS_NV12);
    must(isfinite(frame->seconds) && isfinite(frame->duration) && frame->duration >= 0);
    must(frame->index >= 0 && (before == NULL || (frame->pts > before->pts && frame->index > before->index)));
}

static void read_all(hrnet_video *video)
{
    hrnet_frame frame, before;
    for (int n = 0; hrnet_video_next(video, &frame) == HRNET_OK && frame.pixels.width > 0; n++) {
        check_frame(&frame, n > 0 ? &before : NULL);
        before = frame;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 1 << 14 };
    input in = {data, size};
    const hrnet_video_options options = {
        .from = (double)take(&in, 1) / 8, .to = 0, .every = (int)take(&in, 1) % 4, .n_valid = (int)take(&in, 1) % 65};
    hrnet_video *video = NULL;
    fake = (struct hr_video_reader){.can_seek = take(&in, 1) & 1};
    fake.info.time_base_num = (int)take(&in, 4);
    fake.info.time_base_den = (int)take(&in, 4);
    fake.info.start = take(&in, 8);
    fake.info.fps = (double)take(&in, 4) / 1000;
    fake.first_after_seek = (int)(take(&in, 1) & 63);
    fake_frame *const frames = calloc(MOST, sizeof *frames);
    must(frames != NULL);
    while (in.left > 0 && fake.n < MOST) {
        frames[fake.n] = take_frame(&in, fake.n);
        fake.n++;
    }
    fake.frames = frames;
    if (hr_video_open_with(&video, &fake_module, "fuzz", &options) == HRNET_OK) read_all(video);
    hrnet_video_free(video);
    free(frames);
    return 0;
}
