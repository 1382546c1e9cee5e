/*
 * window_module.h - the interface between src/window and its module libhrnet_sdl.so (src/window/sdl), a table of
 * functions that the module exports. The division of labour:
 *
 *   module       the window, what is drawn in it, raw keys
 *   src/window   checked arguments, pixels of every format, what keys mean, the title
 *
 * There is one window a process, so no function takes a handle. The module calls nothing of libhrnet. All functions are
 * called from the thread that called open. Those that fail write why into text, [HR_WINDOW_TEXT].
 */
#ifndef HR_WINDOW_WINDOW_MODULE_H
#define HR_WINDOW_WINDOW_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include <hrnet_window.h>

/* The symbol that the module exports, a hr_window_module. */
#define HR_WINDOW_MODULE_SYMBOL "hrnet_window_module"

enum {
    HR_WINDOW_MODULE_VERSION = 1, /* of this interface; increased with every change */
    HR_WINDOW_TEXT = 256,
    HR_WINDOW_MOST_SIDE = 1 << 20
};

enum { HR_WINDOW_ESCAPE = 27, HR_WINDOW_RIGHT = 256 }; /* keys beside those of ASCII characters */

typedef enum hr_window_input_kind {
    HR_WINDOW_INPUT_NONE,
    HR_WINDOW_INPUT_KEY,
    HR_WINDOW_INPUT_CLOSE
} hr_window_input_kind;

typedef struct hr_window_input {
    hr_window_input_kind kind;
    int key;       /* printable ASCII, a letter as a small one, or one of the above */
    int is_repeat; /* 1: the key was not pressed, it is being held */
} hr_window_input;

typedef struct hr_window_module {
    int version; /* HR_WINDOW_MODULE_VERSION of the module's build */
    hrnet_status (*open)(const char *title, int width, int height, int is_fullscreen, char *text);
    void (*close)(void);
    void (*describe)(hrnet_window_info *out); /* sets all but reserved */

    /* Memory for the next picture: rows of 0xffRRGGBB, *stride bytes from one to the next, of undefined content. finish
     * shows it. */
    hrnet_status (*begin)(int width, int height, void **pixels, int *stride, char *text);
    hrnet_status (*finish)(char *text);

    void (*set_title)(const char *title);
    void (*toggle_fullscreen)(void);

    /* The next input, without waiting. When there is none, what the screen lost of the picture has been redrawn. */
    hrnet_status (*next)(hr_window_input *out, char *text);
} hr_window_module;

/* The module, loaded if need be. HRNET_ERR_UNSUPPORTED if it is not there or of another build. */
hrnet_status hr_window_module_get(const hr_window_module **out);

#endif
