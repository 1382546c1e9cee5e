/*
 * hrnet_window.h - a window that shows pictures and hears keys. Errors, ownership and reserved fields are as in
 * <hrnet.h>.
 *
 *   hrnet_window *window = NULL;
 *   hrnet_window_event event = {0};
 *   int is_paused = 0, failed = hrnet_window_open(&window, "dance.mp4", 1280, 720, NULL);
 *   while (!failed && event.kind != HRNET_WINDOW_QUIT) {
 *       if (!is_paused || event.kind == HRNET_WINDOW_STEP)
 *           failed = next_picture(&pixels) || hrnet_window_show(window, &pixels, "29.9 frames/s");
 *       failed = failed || hrnet_window_poll(window, is_paused ? 0.1 : 0, &event);
 *       if (event.kind == HRNET_WINDOW_PAUSE) is_paused = !is_paused;
 *   }
 *   hrnet_window_free(window);
 *
 * Windows are SDL2's, in a module of its own (libhrnet_sdl.so) that is loaded by the first hrnet_window_open; without
 * it that is HRNET_ERR_UNSUPPORTED, and the message names the package. HRNET_SDL in the environment names the module's
 * file; else it is looked for beside the library. SDL reads variables of its own, among them SDL_VIDEODRIVER (x11,
 * wayland, dummy) and SDL_RENDER_DRIVER (opengl, software). Without the latter, pictures are drawn by the GPU where
 * there is one.
 *
 * A process has one window at a time, since SDL has one queue of events, and it takes all of them: a program that uses
 * SDL itself shows its pictures itself. SDL's handlers of signals are not installed. While the window is open, errors
 * of its connection to an X server are statuses here instead of the end of the process.
 */
#ifndef HRNET_WINDOW_H
#define HRNET_WINDOW_H

#include <hrnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A window. All calls come from the thread that opened it (others are HRNET_ERR_ARGUMENT). Free it with
 * hrnet_window_free. */
typedef struct hrnet_window hrnet_window;

typedef struct hrnet_window_options {
    int fullscreen; /* 1: begin with the whole screen */
    uint64_t reserved[4];
} hrnet_window_options;

/* Open a window for pictures of that size, 1 to 2^20 on a side; it is smaller than they where the screen is. title:
 * UTF-8; NULL: "hrnet". HRNET_ERR_IO: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), or it cannot be
 * reached. HRNET_ERR_UNSUPPORTED: the module is missing, or the process has a window already. */
HRNET_API hrnet_status hrnet_window_open(hrnet_window **out, const char *title, int width, int height,
                                         const hrnet_window_options *options);

/* Show a picture until the next one, scaled to fit the window, centred on black. Pixels of all formats and any size,
 * which may differ from picture to picture; they are not needed afterwards. Does not wait for the screen.
 *
 * status: a line that stands behind the title in the window's frame, renewed four times a second at most and by
 * hrnet_window_poll; NULL: none. HRNET_ERR_IO: the window or the display is gone. HRNET_ERR_LIMIT: larger than what is
 * drawn with can take (16384 on a side for most GPUs). */
HRNET_API hrnet_status hrnet_window_show(hrnet_window *window, const hrnet_pixels *pixels, const char *status);

typedef enum hrnet_window_event_kind {
    HRNET_WINDOW_NOTHING = 0,
    HRNET_WINDOW_PAUSE, /* space: pause, or go on */
    HRNET_WINDOW_STEP,  /* '.' or the right arrow: one picture more, then pause. Comes again while the key is held */
    HRNET_WINDOW_SAVE,  /* s: write the picture that is shown to a file */
    HRNET_WINDOW_QUIT,  /* q, Escape, or the window's own way of closing */
    HRNET_WINDOW_KEY    /* another key, which has no meaning here */
} hrnet_window_event_kind;

typedef struct hrnet_window_event {
    hrnet_window_event_kind kind;
    int key; /* of HRNET_WINDOW_KEY: the ASCII character on the key, a letter as a small one; else 0. On keyboards
                without Latin letters, the letter that a US keyboard has there */
    uint64_t reserved[2];
} hrnet_window_event;

/* The next event in the order in which they came; waits for one as long as `seconds` say (0: not at all). To be called
 * several times a second, since it also redraws the window where that is needed. f, which goes to the whole screen and
 * back, and keys together with Ctrl, Alt or the logo key are no events. HRNET_ERR_IO: the window or the display is
 * gone. */
HRNET_API hrnet_status hrnet_window_poll(hrnet_window *window, double seconds, hrnet_window_event *out);

typedef struct hrnet_window_info {
    const char *driver;   /* SDL's name of the display's kind: "x11", "wayland", "dummy". Static, as is renderer */
    const char *renderer; /* what draws: "opengl", "software" */
    int width, height;    /* of the area that pictures are fitted into, now */
    uint64_t reserved[4];
} hrnet_window_info;

HRNET_API hrnet_window_info hrnet_window_get_info(const hrnet_window *window);

HRNET_API void hrnet_window_free(hrnet_window *window);

#ifdef __cplusplus
}
#endif
#endif
