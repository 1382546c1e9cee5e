/*
 * sdl_module.c - libhrnet_sdl.so: a window of SDL2's. State is global, as SDL's is.
 *
 * The picture that is shown is a texture, which stays as it is until the next one: whenever the screen lost what was
 * drawn, or the window has another size, it is drawn again. Its pixels have 32 bits, as all of SDL's renderers have
 * them. SDL would also take NV12 and I420, but bright saturated colours overflow in its software renderer (2.26: bright
 * blue of NV12 loses all its blue).
 */
#include <stdio.h>
#include <string.h>

#include "window/sdl/sdl_display.h"
#include "window/sdl/sdl_guard.h"

static struct {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_RendererInfo renderer_info;
    SDL_Texture *texture; /* NULL: there was no picture yet */
    int width, height;    /* of the texture */
    int must_redraw;
    int is_dead; /* the connection broke: SDL cannot be called in this process any more */
} here;

/* ------------------------------------------------------------------------------------------------ the window */

static hrnet_status fail(const char *what, char *text)
{
    snprintf(text, HR_WINDOW_TEXT, "%s: %s", what, SDL_GetError());
    return HRNET_ERR_IO;
}

static hrnet_status check_alive(char *text)
{
    here.is_dead |= hr_sdl_guard_lost_display();
    if (!here.is_dead && !hr_sdl_guard_lost_window()) return HRNET_OK;
    snprintf(text, HR_WINDOW_TEXT,
             here.is_dead ? "the connection to the display has broken" : "another program has destroyed the window");
    return HRNET_ERR_IO;
}

static void close_window(void)
{
    here.is_dead |= hr_sdl_guard_lost_display();
    if (here.is_dead) return;
    if (here.texture != NULL) SDL_DestroyTexture(here.texture);
    if (here.renderer != NULL) SDL_DestroyRenderer(here.renderer);
    if (here.window != NULL) SDL_DestroyWindow(here.window);
    memset(&here, 0, sizeof here);
    hr_sdl_display_close();
}

static hrnet_status make_window(const char *title, int width, int height, int is_fullscreen, char *text)
{
    const Uint32 flags = SDL_WINDOW_HIDDEN | SDL_WINDOW_RESIZABLE | (is_fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    hr_sdl_display_fit(&width, &height);
    here.window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width, height, flags);
    if (here.window == NULL) return fail("no window", text);
    here.renderer = hr_sdl_display_renderer(here.window);
    if (here.renderer == NULL || SDL_GetRendererInfo(here.renderer, &here.renderer_info) != 0)
        return fail("no way to draw", text);
    hr_sdl_guard_watch(here.window);
    SDL_ShowWindow(here.window);
    SDL_StopTextInput(); /* keys are keys, not the beginning of a word for an input method */
    here.must_redraw = 1;
    return HRNET_OK;
}

static hrnet_status open_window(const char *title, int width, int height, int is_fullscreen, char *text)
{
    if (here.is_dead) return check_alive(text);
    const hrnet_status reached = hr_sdl_display_open(text);
    if (reached != HRNET_OK) return reached;
    const hrnet_status status = make_window(title, width, height, is_fullscreen, text);
    if (status != HRNET_OK) close_window();
    return status;
}

static void describe(hrnet_window_info *out)
{
    out->driver = out->renderer = "";
    if (here.is_dead) return;
    out->driver = SDL_GetCurrentVideoDriver();
    out->renderer = here.renderer_info.name;
    SDL_GetRendererOutputSize(here.renderer, &out->width, &out->height);
}

static void set_title(const char *title)
{
    SDL_SetWindowTitle(here.window, title);
}

static void toggle_fullscreen(void)
{
    const Uint32 flags = SDL_GetWindowFlags(here.window);
    SDL_SetWindowFullscreen(here.window, flags & SDL_WINDOW_FULLSCREEN ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}

/* ------------------------------------------------------------------------------------------------ pictures */

static hrnet_status make_texture(int width, int height, char *text)
{
    const int most_width = here.renderer_info.max_texture_width, most_height = here.renderer_info.max_texture_height;
    if ((most_width > 0 && width > most_width) || (most_height > 0 && height > most_height)) {
        snprintf(
            text, HR_WINDOW_TEXT,
            "a picture of %d x %d, but what draws here (%s) takes %d x %d at most; SDL_RENDER_DRIVER=software takes "
            "all",
            width, height, here.renderer_info.name, most_width, most_height);
        return HRNET_ERR_LIMIT;
    }
    if (here.texture != NULL) SDL_DestroyTexture(here.texture);
    here.texture =
        SDL_CreateTexture(here.renderer, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STREAMING, width, height);
    if (here.texture == NULL) return fail("no memory for the picture", text);
    here.width = width;
    here.height = height;
    return HRNET_OK;
}

static hrnet_status begin(int width, int height, void **pixels, int *stride, char *text)
{
    const hrnet_status alive = check_alive(text);
    if (alive != HRNET_OK) return alive;
    if (here.texture == NULL || width != here.width || height != here.height) {
        const hrnet_status made = make_texture(width, height, text);
        if (made != HRNET_OK) return made;
    }
    return SDL_LockTexture(here.texture, NULL, pixels, stride) == 0 ? HRNET_OK : fail("no access to the picture", text);
}

/* The largest rectangle of the picture's shape within width x height, in its middle. */
static SDL_Rect fit(int width, int height)
{
    const Sint64 wide = (Sint64)width * here.height, tall = (Sint64)height * here.width;
    SDL_Rect area = {.w = width, .h = height};
    if (wide < tall)
        area.h = (int)(wide / here.width);
    else
        area.w = (int)(tall / here.height);
    if (area.w < 1) area.w = 1;
    if (area.h < 1) area.h = 1;
    area.x = (width - area.w) / 2;
    area.y = (height - area.h) / 2;
    return area;
}

static void draw(void)
{
    int width = 0, height = 0;
    here.must_redraw = 0;
    if (SDL_GetWindowFlags(here.window) & SDL_WINDOW_MINIMIZED) return; /* restoring it redraws */
    SDL_SetRenderDrawColor(here.renderer, 0, 0, 0, 255);
    SDL_RenderClear(here.renderer);
    if (here.texture != NULL && SDL_GetRendererOutputSize(here.renderer, &width, &height) == 0 && width > 0 &&
        height > 0) {
        const SDL_Rect area = fit(width, height);
        /* the software renderer enlarges 1920 x 1080 to 2560 x 1440 smoothly in 19 ms, roughly in 10 (Zen 3) */
        const int is_rough = here.renderer_info.flags & SDL_RENDERER_SOFTWARE && area.w > here.width;
        SDL_SetTextureScaleMode(here.texture, is_rough ? SDL_ScaleModeNearest : SDL_ScaleModeLinear);
        SDL_RenderCopy(here.renderer, here.texture, NULL, &area);
    }
    SDL_RenderPresent(here.renderer);
}

static hrnet_status finish(char *text)
{
    SDL_UnlockTexture(here.texture);
    draw();
    return check_alive(text);
}

/* ------------------------------------------------------------------------------------------------ events */

/* Which key it is (hr_window_input.key), or 0 for one that is of no use. */
static int key_of(const SDL_Keysym *key)
{
    if (key->mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI)) return 0;
    if (key->sym == SDLK_RIGHT) return HR_WINDOW_RIGHT;
    if (key->sym == SDLK_ESCAPE || (key->sym >= ' ' && key->sym <= '~')) return (int)key->sym;
    /* a layout without Latin letters: the letter's place */
    if (key->sym < SDLK_SCANCODE_MASK && key->scancode >= SDL_SCANCODE_A && key->scancode <= SDL_SCANCODE_Z)
        return 'a' + (int)(key->scancode - SDL_SCANCODE_A);
    return 0;
}

/* What an event is for the caller, if it is anything. */
static hr_window_input input_of(const SDL_Event *event)
{
    hr_window_input input = {.kind = HR_WINDOW_INPUT_NONE};
    if (event->type == SDL_QUIT) input.kind = HR_WINDOW_INPUT_CLOSE;
    if (event->type == SDL_KEYDOWN) {
        input.key = key_of(&event->key.keysym);
        input.is_repeat = event->key.repeat != 0;
        if (input.key != 0) input.kind = HR_WINDOW_INPUT_KEY;
    }
    return input;
}

static hrnet_status next(hr_window_input *out, char *text)
{
    SDL_Event event;
    hrnet_status alive = check_alive(text);
    *out = (hr_window_input){.kind = HR_WINDOW_INPUT_NONE};
    while (alive == HRNET_OK && out->kind == HR_WINDOW_INPUT_NONE && SDL_PollEvent(&event)) {
        if (event.type == SDL_WINDOWEVENT) here.must_redraw = 1;
        *out = input_of(&event);
        alive = check_alive(text);
    }
    if (alive == HRNET_OK && out->kind == HR_WINDOW_INPUT_NONE && here.must_redraw) {
        draw();
        alive = check_alive(text);
    }
    return alive;
}

__attribute__((visibility("default"))) extern const hr_window_module hrnet_window_module;
const hr_window_module hrnet_window_module = {.version = HR_WINDOW_MODULE_VERSION,
                                              .open = open_window,
                                              .close = close_window,
                                              .describe = describe,
                                              .begin = begin,
                                              .finish = finish,
                                              .set_title = set_title,
                                              .toggle_fullscreen = toggle_fullscreen,
                                              .next = next};
