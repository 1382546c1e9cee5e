/*
 * sdl_display.c - the connection to a display, and the choice of what draws.
 *
 * A CPU that plays the GPU (Mesa's llvmpipe) is passed over: a picture of 1920 x 1080 in a window of its size took 30
 * ms of the processor through it, and 4 ms through SDL's own software renderer and the X server's shared memory (two
 * cores of Zen 3, Xvfb).
 */
#include "window/sdl/sdl_display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "window/sdl/sdl_guard.h"

/* The value of a variable of the environment, or NULL if it is not set or empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* SDL's messages for developers are printed by default. */
static void drop_message(void *context, int category, SDL_LogPriority priority, const char *message)
{
    (void)context;
    (void)category;
    (void)priority;
    (void)message;
}

/* Values of the environment go before these. */
static void set_hints(const char *driver)
{
    SDL_LogSetOutputFunction(drop_message, NULL);
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0"); /* is for games */
    SDL_SetHint(SDL_HINT_RENDER_VSYNC, "0");
    /* else SDL also tries drivers whose libraries print that they do not find their server */
    if (driver != NULL) SDL_SetHint("SDL_VIDEODRIVER", driver);
}

hrnet_status hr_sdl_display_open(char *text)
{
    const char *x11 = variable("DISPLAY"), *wayland = variable("WAYLAND_DISPLAY"), *named = variable("SDL_VIDEODRIVER");
    if (x11 == NULL && wayland == NULL && named == NULL) {
        snprintf(text, HR_WINDOW_TEXT, "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set%s",
                 variable("SSH_CONNECTION") != NULL ? " (ssh -X hands on the one that you sit at)" : "");
        return HRNET_ERR_IO;
    }
    set_hints(wayland == NULL ? "x11" : x11 == NULL ? "wayland" : NULL);
    hr_sdl_guard_begin();
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0) {
        snprintf(text, HR_WINDOW_TEXT, "the display cannot be reached (DISPLAY is '%s', WAYLAND_DISPLAY '%s'): %s",
                 x11 != NULL ? x11 : "", wayland != NULL ? wayland : "", SDL_GetError());
        hr_sdl_guard_end();
        return HRNET_ERR_IO;
    }
    return HRNET_OK;
}

void hr_sdl_display_close(void)
{
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    hr_sdl_guard_end();
}

void hr_sdl_display_fit(int *width, int *height)
{
    SDL_Rect screen;
    if (SDL_GetDisplayUsableBounds(0, &screen) != 0 || screen.w < 1 || screen.h < 1) return;
    const double across = (double)screen.w / *width, down = (double)screen.h / *height;
    const double scale = across < down ? across : down;
    if (scale >= 1) return;
    *width = *width * scale > 1 ? (int)(*width * scale) : 1;
    *height = *height * scale > 1 ? (int)(*height * scale) : 1;
}

/* Whether the current context of OpenGL is the work of the CPU. */
static int is_cpu(void)
{
    static const char *const names[] = {"llvmpipe", "softpipe", "swrast", "Software Rasterizer"};
    const unsigned char *(*get_string)(unsigned) = NULL;
    void *const found = SDL_GL_GetProcAddress("glGetString");
    memcpy(&get_string, &found, sizeof found);
    const unsigned char *name = get_string != NULL ? get_string(0x1F01) : NULL; /* GL_RENDERER */
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof *names; i++)
        if (strstr((const char *)name, names[i]) != NULL) return 1;
    return 0;
}

SDL_Renderer *hr_sdl_display_renderer(SDL_Window *window)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    const int is_x11 = driver != NULL && strcmp(driver, "x11") == 0;
    SDL_RendererInfo info;
    /* the software renderer then uses shared memory instead of OpenGL; other displays have nothing but OpenGL */
    if (is_x11) SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_Renderer *renderer = SDL_CreateRenderer(window, -1, 0);
    if (renderer != NULL && is_x11 && variable("SDL_RENDER_DRIVER") == NULL &&
        SDL_GetRendererInfo(renderer, &info) == 0 && strncmp(info.name, "opengl", 6) == 0 && is_cpu()) {
        SDL_DestroyRenderer(renderer);
        renderer = NULL;
    }
    return renderer != NULL ? renderer : SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE);
}
