/* input_pixels.c - tables of input values, one for each way in which published detectors were trained. */
#include "detect/input_pixels.h"

void hr_yolox_pixels(hr_pixel_table *table)
{
    for (int c = 0; c < 3; c++) {
        table->source[c] = 2 - c;
        for (int v = 0; v < 256; v++) table->value[c][v] = (float)v;
    }
}

/* NumPy subtracts and divides by its doubles in double, each time rounded to the array's float. */
void hr_yolox_legacy_pixels(hr_pixel_table *table)
{
    static const double mean[3] = {0.485, 0.456, 0.406}, std[3] = {0.229, 0.224, 0.225};
    for (int c = 0; c < 3; c++) {
        table->source[c] = c;
        for (int v = 0; v < 256; v++) {
            const float centred = (float)((double)((float)v / 255.0f) - mean[c]);
            table->value[c][v] = (float)((double)centred / std[c]);
        }
    }
}

void hr_rtmdet_pixels(hr_pixel_table *table)
{
    static const float mean[3] = {103.53f, 116.28f, 123.675f}, std[3] = {57.375f, 57.12f, 58.395f};
    for (int c = 0; c < 3; c++) {
        table->source[c] = 2 - c;
        for (int v = 0; v < 256; v++) table->value[c][v] = ((float)v - mean[c]) / std[c];
    }
}
