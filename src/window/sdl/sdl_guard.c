/* sdl_guard.c - Xlib's handlers of errors. SDL loads Xlib at run time, and so does this file. */
#include "window/sdl/sdl_guard.h"

#include <SDL_syswm.h>

#if defined(SDL_VIDEO_DRIVER_X11)

#include <dlfcn.h>

typedef XErrorHandler set_error_handler(XErrorHandler);
typedef XIOErrorHandler set_io_handler(XIOErrorHandler);
typedef void set_exit_handler(Display *, void (*)(Display *, void *), void *); /* of Xlib 1.7 and later */

static struct {
    void *xlib; /* dlopen's handle; NULL: there is no X11 here */
    set_error_handler *set_error;
    set_io_handler *set_io;
    set_exit_handler *set_exit;
    XErrorHandler error_before; /* the process's own handlers */
    XIOErrorHandler io_before;
    Display *display; /* NULL: not known yet, as while SDL connects */
    XID window;
    int has_lost_display, has_lost_window;
} here;

static int is_ours(const Display *display)
{
    return here.display == NULL || display == here.display;
}

/* Most errors are harmless: of requests that crossed with an action of the window manager. */
static int take_error(Display *display, XErrorEvent *error)
{
    if (!is_ours(display)) return here.error_before != NULL ? here.error_before(display, error) : 0;
    if (here.display != NULL && error->resourceid == here.window &&
        (error->error_code == BadWindow || error->error_code == BadDrawable))
        here.has_lost_window = 1;
    return 0;
}

static int take_io_error(Display *display)
{
    if (!is_ours(display)) return here.io_before != NULL ? here.io_before(display) : 0;
    here.has_lost_display = 1;
    return 0;
}

/* Stands in for exit(): Xlib's functions then return as if there were nothing to read. */
static void stay_alive(Display *display, void *context)
{
    (void)display;
    (void)context;
    here.has_lost_display = 1;
}

void hr_sdl_guard_begin(void)
{
    here.xlib = dlopen("libX11.so.6", RTLD_NOW | RTLD_LOCAL);
    if (here.xlib == NULL) return;
    here.set_error = (set_error_handler *)dlsym(here.xlib, "XSetErrorHandler");
    here.set_io = (set_io_handler *)dlsym(here.xlib, "XSetIOErrorHandler");
    here.set_exit = (set_exit_handler *)dlsym(here.xlib, "XSetIOErrorExitHandler");
    here.display = NULL;
    here.has_lost_display = here.has_lost_window = 0;
    if (here.set_error != NULL) here.error_before = here.set_error(take_error);
    if (here.set_io != NULL) here.io_before = here.set_io(take_io_error);
}

void hr_sdl_guard_watch(SDL_Window *window)
{
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (here.xlib == NULL || !SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_X11) return;
    here.display = info.info.x11.display;
    here.window = info.info.x11.window;
    if (here.set_exit != NULL) here.set_exit(here.display, stay_alive, NULL);
}

void hr_sdl_guard_end(void)
{
    if (here.xlib == NULL) return;
    if (here.set_error != NULL) here.set_error(here.error_before);
    if (here.set_io != NULL) here.set_io(here.io_before);
    dlclose(here.xlib);
    here.xlib = NULL;
}

int hr_sdl_guard_lost_display(void)
{
    return here.has_lost_display;
}

int hr_sdl_guard_lost_window(void)
{
    return here.has_lost_window;
}

#else

void hr_sdl_guard_begin(void) {}

void hr_sdl_guard_watch(SDL_Window *window)
{
    (void)window;
}

void hr_sdl_guard_end(void) {}

int hr_sdl_guard_lost_display(void)
{
    return 0;
}

int hr_sdl_guard_lost_window(void)
{
    return 0;
}

#endif
