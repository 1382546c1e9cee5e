/*
 * fake_window.h - a module of windows that shows nothing: it keeps what it was given, and hands out the inputs and
 * failures that a test tells it. Memory for a picture is as large as it must be.
 */
#ifndef TESTS_WINDOW_FAKE_WINDOW_H
#define TESTS_WINDOW_FAKE_WINDOW_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "window/window_internal.h"

enum { FAKE_INPUTS = 16 };

static struct {
    hrnet_status open_status, begin_status, finish_status, next_status; /* of the next calls */
    hr_window_input inputs[FAKE_INPUTS];
    int n_inputs, next_input;

    int n_open, n_closed, n_shown, n_titles, n_fullscreen; /* calls */
    char title[1024];
    int width, height, is_fullscreen; /* of the window */
    uint32_t *memory;                 /* of the picture, rows of its width + 1 */
} fake;

static hrnet_status fake_result(hrnet_status status, char *text)
{
    if (status != HRNET_OK) snprintf(text, HR_WINDOW_TEXT, "made up");
    return status;
}

static hrnet_status fake_open(const char *title, int width, int height, int is_fullscreen, char *text)
{
    fake.n_open++;
    snprintf(fake.title, sizeof fake.title, "%s", title);
    fake.width = width;
    fake.height = height;
    fake.is_fullscreen = is_fullscreen;
    return fake_result(fake.open_status, text);
}

static void fake_close(void)
{
    fake.n_closed++;
    free(fake.memory);
    fake.memory = NULL;
}

static void fake_describe(hrnet_window_info *out)
{
    *out = (hrnet_window_info){.driver = "fake", .renderer = "none", .width = fake.width, .height = fake.height};
}

/* Rows have a gap of a pixel. */
static hrnet_status fake_begin(int width, int height, void **pixels, int *stride, char *text)
{
    if (fake.begin_status != HRNET_OK) return fake_result(fake.begin_status, text);
    free(fake.memory);
    *pixels = fake.memory = malloc(4 * ((size_t)width + 1) * (size_t)height);
    *stride = 4 * (width + 1);
    return HRNET_OK;
}

static hrnet_status fake_finish(char *text)
{
    fake.n_shown++;
    return fake_result(fake.finish_status, text);
}

static void fake_set_title(const char *title)
{
    fake.n_titles++;
    snprintf(fake.title, sizeof fake.title, "%s", title);
}

static void fake_toggle_fullscreen(void)
{
    fake.n_fullscreen++;
}

static hrnet_status fake_next(hr_window_input *out, char *text)
{
    *out = (hr_window_input){.kind = HR_WINDOW_INPUT_NONE};
    if (fake.next_input < fake.n_inputs) *out = fake.inputs[fake.next_input++];
    return fake_result(fake.next_status, text);
}

static const hr_window_module fake_module = {.version = HR_WINDOW_MODULE_VERSION,
                                             .open = fake_open,
                                             .close = fake_close,
                                             .describe = fake_describe,
                                             .begin = fake_begin,
                                             .finish = fake_finish,
                                             .set_title = fake_set_title,
                                             .toggle_fullscreen = fake_toggle_fullscreen,
                                             .next = fake_next};

#endif
