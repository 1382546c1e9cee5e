/*
 * test_window.c - windows of SDL's on its display that is none ("dummy"): without a module, without a display, pictures
 * of every format and size. What is seen of them is a matter of test_window_screen.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>

#include <hrnet_window.h>

#include "../support/calls.h"

#ifdef HAS_WINDOW
#define NEEDS_MODULE()
#else
#define NEEDS_MODULE()                                                                                                 \
    do {                                                                                                               \
        print_message("needs SDL2 (-Dwindow=enabled)\n");                                                              \
        skip();                                                                                                        \
    } while (0)
#endif

static int forget_displays(void **state)
{
    (void)state;
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SSH_CONNECTION");
    unsetenv("SDL_VIDEODRIVER");
    return 0;
}

/* The first test: a module stays loaded. */
static void without_a_module_it_is_named(void **state)
{
    (void)state;
    hrnet_window *window = NULL;
    setenv("HRNET_SDL", "/nowhere/libhrnet_sdl.so", 1);
    REFUSED(hrnet_window_open(&window, "x", 40, 30, NULL), HRNET_ERR_UNSUPPORTED, "install libsdl2-dev");
    assert_non_null(strstr(hrnet_last_error(), "/nowhere/libhrnet_sdl.so"));
    assert_null(window);
    unsetenv("HRNET_SDL");
}

static void without_a_display_it_says_so(void **state)
{
    (void)state;
    hrnet_window *window = NULL;
    NEEDS_MODULE();
    REFUSED(hrnet_window_open(&window, "x", 40, 30, NULL), HRNET_ERR_IO, "neither DISPLAY nor WAYLAND_DISPLAY is set");
    assert_null(strstr(hrnet_last_error(), "ssh"));
    setenv("DISPLAY", "", 1);
    setenv("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22", 1);
    REFUSED(hrnet_window_open(&window, "x", 40, 30, NULL), HRNET_ERR_IO, "ssh -X");
    setenv("DISPLAY", ":4999", 1);
    REFUSED(hrnet_window_open(&window, "x", 40, 30, NULL), HRNET_ERR_IO, "cannot be reached (DISPLAY is ':4999'");
    setenv("SDL_VIDEODRIVER", "nonsense", 1);
    REFUSED(hrnet_window_open(&window, "x", 40, 30, NULL), HRNET_ERR_IO, "nonsense");
    assert_null(window);
}

/* Also after a failure, and again after the window was closed. */
static void every_format_and_size_is_shown(void **state)
{
    (void)state;
    enum { MOST = 20000 * 3 };
    static const int sizes[][2] = {{64, 48}, {63, 47}, {1, 1}, {1, 300}, {4000, 2}, {20000, 1}};
    static uint8_t bytes[4 * MOST];
    hrnet_window_event event = {.kind = HRNET_WINDOW_SAVE};
    NEEDS_MODULE();
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    for (int k = 0; k < 2; k++) {
        hrnet_window *window = NULL;
        MUST(hrnet_window_open(&window, "every \xc3\xa4", 300, 200, NULL));
        const hrnet_window_info info = hrnet_window_get_info(window);
        assert_string_equal(info.driver, "dummy");
        assert_string_equal(info.renderer, "software");
        assert_int_equal(info.width, 300);
        assert_int_equal(info.height, 200);
        for (int i = 0; i < 6; i++)
            for (hrnet_pixel_format format = HRNET_PIXELS_RGB; format <= HRNET_PIXELS_I420; format++) {
                const hrnet_pixels pixels = {.width = sizes[i][0],
                                             .height = sizes[i][1],
                                             .format = format,
                                             .planes = {bytes, bytes + MOST, bytes + 2 * MOST}};
                MUST(hrnet_window_show(window, &pixels, "1 frame/s"));
            }
        MUST(hrnet_window_poll(window, 0, &event));
        assert_int_equal(event.kind, HRNET_WINDOW_NOTHING);
        hrnet_window_free(window);
    }
}

/* The process's signals stay its own. */
static void signals_are_left_alone(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    hrnet_window *window = NULL;
    NEEDS_MODULE();
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    MUST(hrnet_window_open(&window, "signals", 40, 30, NULL));
    for (int i = 0; i < 2; i++) {
        struct sigaction found;
        assert_int_equal(sigaction(signals[i], NULL, &found), 0);
        assert_ptr_equal(found.sa_handler, SIG_DFL);
    }
    hrnet_window_free(window);
}

/* A window is not larger than the screen, and keeps the picture's shape. */
static void windows_fit_the_screen(void **state)
{
    (void)state;
    hrnet_window *window = NULL;
    NEEDS_MODULE();
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    MUST(hrnet_window_open(&window, "large", 16000, 9000, NULL));
    const hrnet_window_info info = hrnet_window_get_info(window);
    assert_in_range(info.width, 320, 8000);
    assert_in_range(info.width * 9 - info.height * 16, 0, 16);
    hrnet_window_free(window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_module_it_is_named, forget_displays),
        cmocka_unit_test_setup(without_a_display_it_says_so, forget_displays),
        cmocka_unit_test_setup(every_format_and_size_is_shown, forget_displays),
        cmocka_unit_test_setup(signals_are_left_alone, forget_displays),
        cmocka_unit_test_setup(windows_fit_the_screen, forget_displays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
