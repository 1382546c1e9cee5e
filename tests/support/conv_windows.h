/*
 * conv_windows.h - the windows on which convolutions and their gradients are tried: not square, large, without padding,
 * dilated, of larger strides, as detectors and other backbones have them. Channels and maps are left to the test.
 */
#ifndef HR_TESTS_CONV_WINDOWS_H
#define HR_TESTS_CONV_WINDOWS_H

#include "cpu/conv/conv.h"

static const hr_conv_shape conv_windows[] = {
    {.kh = 1, .kw = 3, .stride = 1, .pad_w = 1},
    {.kh = 3, .kw = 1, .stride = 1, .pad_h = 1},
    {.kh = 5, .kw = 3, .stride = 1, .pad_h = 2, .pad_w = 1},
    {.kh = 1, .kw = 7, .stride = 1, .pad_w = 3},
    {.kh = 9, .kw = 9, .stride = 1, .pad_h = 4, .pad_w = 4},
    {.kh = 11, .kw = 11, .stride = 1, .pad_h = 5, .pad_w = 5},
    {.kh = 6, .kw = 6, .stride = 2, .pad_h = 2, .pad_w = 2},
    {.kh = 4, .kw = 4, .stride = 2, .pad_h = 1, .pad_w = 1},
    {.kh = 3, .kw = 3, .stride = 1},
    {.kh = 3, .kw = 3, .stride = 2, .pad_h = 1},
    {.kh = 3, .kw = 3, .stride = 1, .pad_h = 2, .pad_w = 2, .dilation = 2},
    {.kh = 3, .kw = 3, .stride = 1, .pad_h = 3, .pad_w = 3, .dilation = 3},
    {.kh = 3, .kw = 3, .stride = 2, .pad_h = 2, .pad_w = 2, .dilation = 2},
    {.kh = 3, .kw = 3, .stride = 3, .pad_h = 1, .pad_w = 1},
};
enum { N_CONV_WINDOWS = sizeof conv_windows / sizeof *conv_windows };

#endif
