/*
 * augment_pixels.c - the augmentations of pixels. Colour is mmpose's PhotometricDistortion without its exchange of
 * channels: brightness, then contrast before or after saturation and hue. Dropout is albumentations' CoarseDropout.
 * Pixels are floats between the steps and rounded once.
 */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "batches/augment.h"

/* The changes of one picture's colours. */
typedef struct colors {
    float brightness;   /* added, -32..32 of 255 */
    float contrast;     /* factor */
    int contrast_first; /* 1: before saturation and hue, 0: after */
    float saturation;   /* factor */
    float hue;          /* added, in sixths of the colour circle */
} colors;

static int flip_coin(hr_draws *draws)
{
    return hr_draw_uniform(draws) < 0.5;
}

static float between(hr_draws *draws, double low, double high)
{
    return (float)(low + (high - low) * hr_draw_uniform(draws));
}

static colors choose_colors(hr_draws *draws)
{
    colors c = {.contrast = 1, .saturation = 1};
    if (flip_coin(draws)) c.brightness = between(draws, -32, 32);
    c.contrast_first = flip_coin(draws);
    if (flip_coin(draws)) c.contrast = between(draws, 0.5, 1.5);
    if (flip_coin(draws)) c.saturation = between(draws, 0.5, 1.5);
    /* OpenCV's hue has 180 steps, 30 a sixth */
    if (flip_coin(draws)) c.hue = between(draws, -18, 18) / 30;
    return c;
}

static float clip(float value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* Multiply the saturation of HSV, s = (high - low) / high, by a factor; at most 1. With hue and value kept, that scales
 * each channel's distance from the highest channel; the factor that reaches s = 1 is high / (high - low). */
static void saturate(float rgb[3], float factor)
{
    const float high = fmaxf(rgb[0], fmaxf(rgb[1], rgb[2])), low = fminf(rgb[0], fminf(rgb[1], rgb[2]));
    if (!(high > low)) return;
    const float most = high / (high - low), scale = factor < most ? factor : most;
    for (int i = 0; i < 3; i++) rgb[i] = high - (high - rgb[i]) * scale;
}

/* Add to the hue of HSV. Back to RGB by the closed form: channel = value - chroma * clip(min(k, 4 - k), 0, 1) with
 * k = (phase + hue) mod 6 and phases 5, 3, 1 for red, green, blue (hue in sixths). */
static void rotate_hue(float rgb[3], float sixths)
{
    const float high = fmaxf(rgb[0], fmaxf(rgb[1], rgb[2])), low = fminf(rgb[0], fminf(rgb[1], rgb[2]));
    const float chroma = high - low;
    if (!(chroma > 0)) return;
    float hue = high == rgb[0]   ? (rgb[1] - rgb[2]) / chroma
                : high == rgb[1] ? (rgb[2] - rgb[0]) / chroma + 2
                                 : (rgb[0] - rgb[1]) / chroma + 4;
    hue += sixths;
    static const float phases[3] = {5, 3, 1};
    for (int i = 0; i < 3; i++) {
        float k = phases[i] + hue;
        k -= 6 * floorf(k / 6);
        const float part = fminf(fminf(k, 4 - k), 1);
        rgb[i] = high - chroma * (part > 0 ? part : 0);
    }
}

static void recolor(const colors *c, uint8_t *pixels, size_t n)
{
    for (size_t i = 0; i < n; i++, pixels += 3) {
        float rgb[3];
        for (int k = 0; k < 3; k++) {
            rgb[k] = clip((float)pixels[k] + c->brightness);
            if (c->contrast_first) rgb[k] = clip(rgb[k] * c->contrast);
        }
        if (c->saturation != 1) saturate(rgb, c->saturation);
        if (c->hue != 0) rotate_hue(rgb, c->hue);
        for (int k = 0; k < 3; k++) {
            if (!c->contrast_first) rgb[k] = clip(rgb[k] * c->contrast);
            pixels[k] = (uint8_t)lrintf(clip(rgb[k]));
        }
    }
}

/* A whole number from low to high, all equally likely. */
static int choose_int(hr_draws *draws, int low, int high)
{
    return low + (int)((high - low + 1) * hr_draw_uniform(draws));
}

/* 10 to 40 pixels in a crop of 256 x 192, in proportion in others; 1 to `most`. */
static int hole_side(hr_draws *draws, double unit, int most)
{
    const int side = (int)lrint(choose_int(draws, 10, 40) * unit);
    return side < 1 ? 1 : side > most ? most : side;
}

/* Black rectangles. They may overlap. */
static void cut_holes(hr_draws *draws, uint8_t *rgb, int width, int height)
{
    const double unit = sqrt((double)width * height / (256.0 * 192.0));
    const int n = choose_int(draws, 1, 8);
    for (int i = 0; i < n; i++) {
        const int w = hole_side(draws, unit, width), h = hole_side(draws, unit, height);
        const int x = choose_int(draws, 0, width - w), y = choose_int(draws, 0, height - h);
        for (int row = y; row < y + h; row++)
            memset(rgb + ((size_t)row * (size_t)width + (size_t)x) * 3, 0, (size_t)w * 3);
    }
}

void hr_augment_pixels(const hr_config *config, uint64_t stream, uint8_t *rgb, int width, int height)
{
    const hr_dataset_config *const d = &config->dataset;
    /* streams 0 and 1 are hr_augment_crop's */
    hr_draws color = {hr_random_bits(stream, 2), 0}, dropout = {hr_random_bits(stream, 3), 0};
    if (d->color_jitter > 0 && hr_draw_uniform(&color) < d->color_jitter) {
        const colors c = choose_colors(&color);
        recolor(&c, rgb, (size_t)width * (size_t)height);
    }
    if (d->coarse_dropout > 0 && hr_draw_uniform(&dropout) < d->coarse_dropout) cut_holes(&dropout, rgb, width, height);
}
