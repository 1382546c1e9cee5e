/* sdl_display.h - which display there is, and with what a window on it is drawn. */
#ifndef HR_WINDOW_SDL_SDL_DISPLAY_H
#define HR_WINDOW_SDL_SDL_DISPLAY_H

#include <SDL.h>

#include "window/window_module.h"

/* Connect to the display that the environment names. */
hrnet_status hr_sdl_display_open(char *text);
void hr_sdl_display_close(void);

/* Shrink a window's size, with its aspect, to what the screen has for windows. */
void hr_sdl_display_fit(int *width, int *height);

/* What draws a window: the GPU if there is one. NULL: SDL says why. */
SDL_Renderer *hr_sdl_display_renderer(SDL_Window *window);

#endif
