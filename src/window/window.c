/*
 * window.c - a window over the module libhrnet_sdl.so: arguments, titles, and what keys mean.
 *
 * Desktops redraw a window's frame when its title changes, at a cost that some of them have at every frame of a video;
 * a title therefore stays for TITLE_TIME. One that has to wait is set by hrnet_window_poll, so that the last one before
 * a pause is seen.
 */
#include "window/window_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/status.h"
#include "pose/pixels.h"

enum {
    TITLE_BYTES = 512,
    NAP = 5 * 1000 * 1000 /* nanoseconds between two looks for events */
};

static const double title_time = 0.25; /* seconds */

struct hrnet_window {
    const hr_window_module *module;
    pthread_t owner;
    char title[TITLE_BYTES];
    char wanted[TITLE_BYTES], shown[TITLE_BYTES]; /* the title with the last status, and what stands in the frame */
    double title_at;                              /* when that was set */
};

/* There is one window a process. */
static atomic_flag is_taken = ATOMIC_FLAG_INIT;

/* ------------------------------------------------------------------------------------------------ opening */

/* Pass a failure of the module on. */
static hrnet_status check(hrnet_status status, const char *text)
{
    return status == HRNET_OK ? status : hr_fail(status, "window: %s", text);
}

static hrnet_status open_window(hrnet_window **out, const hr_window_module *module, const char *title, int width,
                                int height, const hrnet_window_options *options)
{
    char text[HR_WINDOW_TEXT] = "";
    hrnet_window *window;
    HR_NEW(window, 1);
    window->module = module;
    window->owner = pthread_self();
    snprintf(window->title, sizeof window->title, "%s", title != NULL ? title : "hrnet");
    hrnet_printable(window->title);
    memcpy(window->wanted, window->title, sizeof window->title);
    memcpy(window->shown, window->title, sizeof window->title);
    const hrnet_status status =
        check(module->open(window->title, width, height, options != NULL && options->fullscreen, text), text);
    if (status == HRNET_OK)
        *out = window;
    else
        hr_free(window);
    return status;
}

hrnet_status hr_window_open_with(hrnet_window **out, const hr_window_module *module, const char *title, int width,
                                 int height, const hrnet_window_options *options)
{
    if (atomic_flag_test_and_set(&is_taken))
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "window: expected the only one of the process, found another that is open");
    const hrnet_status status = open_window(out, module, title, width, height, options);
    if (status != HRNET_OK) atomic_flag_clear(&is_taken);
    return status;
}

hrnet_status hrnet_window_open(hrnet_window **out, const char *title, int width, int height,
                               const hrnet_window_options *options)
{
    const hr_window_module *module;
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_window_open: an argument is NULL");
    if (width < 1 || height < 1 || width > HR_WINDOW_MOST_SIDE || height > HR_WINDOW_MOST_SIDE)
        return hr_fail(HRNET_ERR_ARGUMENT, "window of %d x %d: expected 1 to 2^20 on a side", width, height);
    if (options != NULL) HR_TRY(HR_CHECK_RESERVED(options, "hrnet_window_options"));
    HR_TRY(hr_window_module_get(&module));
    return hr_window_open_with(out, module, title, width, height, options);
}

void hrnet_window_free(hrnet_window *window)
{
    if (window == NULL) return;
    window->module->close();
    hr_free(window);
    atomic_flag_clear(&is_taken);
}

hrnet_window_info hrnet_window_get_info(const hrnet_window *window)
{
    hrnet_window_info info = {0};
    window->module->describe(&info);
    return info;
}

static hrnet_status check_thread(const hrnet_window *window)
{
    if (pthread_equal(window->owner, pthread_self())) return HRNET_OK;
    return hr_fail(HRNET_ERR_ARGUMENT, "window: expected a call on the thread that opened it, found another thread");
}

/* ------------------------------------------------------------------------------------------------ pictures */

/* Set the title that is wanted, unless the one before has not stood for long enough. */
static void renew_title(hrnet_window *window)
{
    const double now = hr_clock_now();
    if (strcmp(window->wanted, window->shown) == 0 || now < window->title_at + title_time) return;
    window->module->set_title(window->wanted);
    memcpy(window->shown, window->wanted, sizeof window->shown);
    window->title_at = now;
}

static void want_title(hrnet_window *window, const char *status)
{
    if (status == NULL)
        memcpy(window->wanted, window->title, sizeof window->wanted);
    else
        snprintf(window->wanted, sizeof window->wanted, "%.*s - %.*s", TITLE_BYTES / 2 - 2, window->title,
                 TITLE_BYTES / 2 - 2, status);
    hrnet_printable(window->wanted);
    renew_title(window);
}

hrnet_status hrnet_window_show(hrnet_window *window, const hrnet_pixels *pixels, const char *status)
{
    char text[HR_WINDOW_TEXT] = "";
    void *memory;
    int stride;
    hrnet_pixels from;
    if (window == NULL || pixels == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_window_show: an argument is NULL");
    HR_TRY(check_thread(window));
    HR_TRY(hr_pixels_check(pixels, &from));
    HR_TRY(check(window->module->begin(from.width, from.height, &memory, &stride, text), text));
    for (ptrdiff_t y = 0; y < from.height; y++)
        hr_pixels_pack_row(&from, y, (uint32_t *)(void *)((char *)memory + y * stride));
    HR_TRY(check(window->module->finish(text), text));
    want_title(window, status);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ events */

/* What a key means. Those that switch something count once, however long they are held. */
static hrnet_window_event event_of(hrnet_window *window, const hr_window_input *input)
{
    hrnet_window_event event = {.kind = HRNET_WINDOW_NOTHING};
    if (input->kind == HR_WINDOW_INPUT_CLOSE) event.kind = HRNET_WINDOW_QUIT;
    if (input->kind != HR_WINDOW_INPUT_KEY) return event;
    if (input->key == '.' || input->key == HR_WINDOW_RIGHT) event.kind = HRNET_WINDOW_STEP;
    if (event.kind == HRNET_WINDOW_STEP || input->is_repeat) return event;
    switch (input->key) {
    case ' ': event.kind = HRNET_WINDOW_PAUSE; break;
    case 's': event.kind = HRNET_WINDOW_SAVE; break;
    case 'q':
    case HR_WINDOW_ESCAPE: event.kind = HRNET_WINDOW_QUIT; break;
    case 'f': window->module->toggle_fullscreen(); break;
    default: event = (hrnet_window_event){.kind = HRNET_WINDOW_KEY, .key = input->key};
    }
    return event;
}

/* The first event among the inputs that have come. */
static hrnet_status find_event(hrnet_window *window, hrnet_window_event *out)
{
    char text[HR_WINDOW_TEXT] = "";
    hr_window_input input;
    *out = (hrnet_window_event){.kind = HRNET_WINDOW_NOTHING};
    do {
        HR_TRY(check(window->module->next(&input, text), text));
        *out = event_of(window, &input);
    } while (input.kind != HR_WINDOW_INPUT_NONE && out->kind == HRNET_WINDOW_NOTHING);
    return HRNET_OK;
}

hrnet_status hrnet_window_poll(hrnet_window *window, double seconds, hrnet_window_event *out)
{
    hrnet_window_event event;
    if (window == NULL || out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_window_poll: an argument is NULL");
    if (!(seconds >= 0))
        return hr_fail(HRNET_ERR_ARGUMENT, "window: waiting for %g seconds, expected 0 or more", seconds);
    HR_TRY(check_thread(window));
    const double end = hr_clock_now() + seconds;
    for (;;) {
        HR_TRY(find_event(window, &event));
        renew_title(window);
        if (event.kind != HRNET_WINDOW_NOTHING || hr_clock_now() >= end) break;
        nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
    }
    *out = event;
    return HRNET_OK;
}
