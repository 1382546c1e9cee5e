/*
 * sdl_guard.h - keeps a process alive when its X server goes away, or when somebody else destroys its window. Xlib
 * prints a line and calls exit() for both, unless its handlers of errors are set; they are a process's, and stay set
 * while a window is open. Where SDL uses no X11 nothing here does anything.
 */
#ifndef HR_WINDOW_SDL_SDL_GUARD_H
#define HR_WINDOW_SDL_SDL_GUARD_H

#include <SDL.h>

/* Before SDL connects to the X server, and after it has disconnected. */
void hr_sdl_guard_begin(void);
void hr_sdl_guard_end(void);

/* From now on `window` is watched. */
void hr_sdl_guard_watch(SDL_Window *window);

/* The connection has broken: no function of SDL can be called any more. */
int hr_sdl_guard_lost_display(void);
/* The window does not exist any more, as far as an error has said so. */
int hr_sdl_guard_lost_window(void);

#endif
