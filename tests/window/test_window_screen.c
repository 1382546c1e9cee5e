/*
 * test_window_screen.c - what an X server shows of a window, read back by a client of its own, and keys that another
 * client sends. test_window_screen.sh runs it under Xvfb; "lost PID" kills the server with that number under the
 * window;
 * "--bench" prints the time that a picture of 1920 x 1080 takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <time.h>

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/keysym.h>

#include <hrnet_window.h>

#include "calls.h"
#include "x11_client.h"

enum { W = 160, H = 120, PATIENCE = 100 /* looks at the screen, each after 50 ms */ };

/* Another client of the X server. */
static Display *other;

static int connect_other(void **state)
{
    (void)state;
    other = XOpenDisplay(NULL);
    return other != NULL ? 0 : -1;
}

static int disconnect_other(void **state)
{
    (void)state;
    XCloseDisplay(other);
    return 0;
}

static Window window_of(const char *title)
{
    const Window found = x11_window(other, DefaultRootWindow(other), title);
    assert_int_not_equal(found, None);
    return found;
}

/* ---------------------------------------------------------------------------------------------- pictures */

/* A picture of noise: neighbours differ, so that no pixel can stand in another's place. */
static void fill(uint8_t *bytes, size_t n)
{
    uint32_t x = 12345;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(x >> 24);
    }
}

/* The largest difference of a channel between the screen and a picture [height][width][3] that stands at (left, top) of
 * the window; with rgb NULL, between the screen and black. */
static int difference(Window window, int left, int top, int width, int height, const uint8_t *rgb)
{
    int most = 0;
    XImage *seen = XGetImage(other, window, left, top, (unsigned)width, (unsigned)height, AllPlanes, ZPixmap);
    assert_non_null(seen);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const unsigned long pixel = XGetPixel(seen, x, y);
            for (int c = 0; c < 3; c++) {
                const int expected = rgb != NULL ? rgb[(y * width + x) * 3 + c] : 0;
                const int d = abs((int)(pixel >> (16 - 8 * c) & 255) - expected);
                if (d > most) most = d;
            }
        }
    XDestroyImage(seen);
    return most;
}

/* The picture is seen there, sooner or later. */
static void assert_seen(hrnet_window *window, Window id, int left, int top, int width, int height, const uint8_t *rgb)
{
    int found = 256;
    for (int i = 0; i < PATIENCE && found > 0; i++) {
        hrnet_window_event event;
        MUST(hrnet_window_poll(window, i > 0 ? 0.05 : 0, &event));
        found = difference(id, left, top, width, height, rgb);
    }
    if (found > 0) fail_msg("channels differ by up to %d", found);
}

/* Formats of one plane are seen to the bit. The CPU as GPU, which this server has at best, is passed over. */
static void the_screen_shows_the_picture(void **state)
{
    (void)state;
    static const int places[5][4] = {{0, 1, 2, 3}, {2, 1, 0, 3}, {0, 1, 2, 4}, {2, 1, 0, 4}, {0, 0, 0, 1}};
    static uint8_t bytes[W * H * 4], rgb[W * H * 3];
    hrnet_window *window = NULL;
    MUST(hrnet_window_open(&window, "shown", W, H, NULL));
    const Window id = window_of("shown");
    assert_string_equal(hrnet_window_get_info(window).driver, "x11");
    const char *wanted = getenv("SDL_RENDER_DRIVER");
    assert_string_equal(hrnet_window_get_info(window).renderer, wanted != NULL ? wanted : "software");
    for (hrnet_pixel_format format = HRNET_PIXELS_RGB; format <= HRNET_PIXELS_GREY; format++) {
        const int *at = places[format], step = at[3];
        fill(bytes, sizeof bytes);
        for (int i = 0; i < W * H * 3; i++) rgb[i] = bytes[i / 3 * step + at[i % 3]];
        const hrnet_pixels pixels = {.width = W, .height = H, .format = format, .planes = {bytes}};
        MUST(hrnet_window_show(window, &pixels, "status"));
        assert_seen(window, id, 0, 0, W, H, rgb);
        memset(bytes, 0, sizeof bytes);
        const hrnet_pixels black = {.width = W, .height = H, .planes = {bytes}};
        MUST(hrnet_window_show(window, &black, "status"));
        assert_seen(window, id, 0, 0, W, H, NULL);
    }
    hrnet_window_free(window);
}

/* NV12 and I420 have the colours of hrnet_image_copy, also those that are outside of RGB. */
static void planes_have_the_right_colors(void **state)
{
    (void)state;
    static uint8_t bytes[W * H * 2];
    hrnet_window *window = NULL;
    fill(bytes, sizeof bytes);
    MUST(hrnet_window_open(&window, "planes", W, H, NULL));
    for (int i = 0; i < 2; i++) {
        hrnet_image image = {0};
        const hrnet_pixels pixels = {.width = W,
                                     .height = H,
                                     .format = i == 0 ? HRNET_PIXELS_I420 : HRNET_PIXELS_NV12,
                                     .planes = {bytes, bytes + W * H, bytes + W * H * 3 / 2}};
        MUST(hrnet_image_copy(&image, &pixels));
        MUST(hrnet_window_show(window, &pixels, NULL));
        assert_seen(window, window_of("planes"), 0, 0, W, H, image.rgb);
        hrnet_image_free(&image);
    }
    hrnet_window_free(window);
}

/* A window of another shape has the picture in its middle, redrawn without a call of hrnet_window_show; so has a
 * picture of another size in it. */
static void shapes_are_kept(void **state)
{
    (void)state;
    static uint8_t rgb[W * H * 3];
    hrnet_window *window = NULL;
    fill(rgb, sizeof rgb);
    const hrnet_pixels pixels = {.width = W, .height = H, .planes = {rgb}};
    const hrnet_pixels narrow = {.width = W / 2, .height = H, .planes = {rgb}};
    MUST(hrnet_window_open(&window, "shape", W, H, NULL));
    const Window id = window_of("shape");
    MUST(hrnet_window_show(window, &pixels, NULL));
    XResizeWindow(other, id, W + 100, H);
    XSync(other, False);
    assert_seen(window, id, 50, 0, W, H, rgb);
    assert_seen(window, id, 0, 0, 50, H, NULL);
    assert_seen(window, id, 50 + W, 0, 50, H, NULL);
    assert_int_equal(hrnet_window_get_info(window).width, W + 100);
    XResizeWindow(other, id, W, H + 40);
    XSync(other, False);
    assert_seen(window, id, 0, 20, W, H, rgb);
    assert_seen(window, id, 0, 0, W, 20, NULL);
    XResizeWindow(other, id, W, H);
    XSync(other, False);
    assert_seen(window, id, 0, 0, W, H, rgb);
    MUST(hrnet_window_show(window, &narrow, NULL));
    assert_seen(window, id, W / 4, 0, W / 2, H, rgb);
    assert_seen(window, id, 0, 0, W / 4, H, NULL);
    hrnet_window_free(window);
}

/* ---------------------------------------------------------------------------------------------- events */

static void assert_event(hrnet_window *window, hrnet_window_event_kind kind, int key)
{
    hrnet_window_event event;
    MUST(hrnet_window_poll(window, kind != HRNET_WINDOW_NOTHING ? 5 : 0.1, &event));
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.key, key);
}

static void keys_are_heard(void **state)
{
    (void)state;
    static const struct {
        KeySym symbol;
        hrnet_window_event_kind kind;
        int key;
    } cases[] = {{XK_space, HRNET_WINDOW_PAUSE, 0}, {XK_period, HRNET_WINDOW_STEP, 0},
                 {XK_Right, HRNET_WINDOW_STEP, 0},  {XK_s, HRNET_WINDOW_SAVE, 0},
                 {XK_t, HRNET_WINDOW_KEY, 't'},     {XK_1, HRNET_WINDOW_KEY, '1'},
                 {XK_F5, HRNET_WINDOW_NOTHING, 0},  {XK_Left, HRNET_WINDOW_NOTHING, 0},
                 {XK_Escape, HRNET_WINDOW_QUIT, 0}, {XK_q, HRNET_WINDOW_QUIT, 0}};
    hrnet_window *window = NULL;
    MUST(hrnet_window_open(&window, "keys", W, H, NULL));
    const Window id = window_of("keys");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        x11_strike(other, id, cases[i].symbol);
        assert_event(window, cases[i].kind, cases[i].key);
    }
    x11_strike(other, id, XK_s);
    x11_strike(other, id, XK_space);
    assert_event(window, HRNET_WINDOW_SAVE, 0);
    assert_event(window, HRNET_WINDOW_PAUSE, 0);
    x11_send_key(other, id, XK_Control_L, KeyPress);
    x11_strike(other, id, XK_s);
    x11_send_key(other, id, XK_Control_L, KeyRelease);
    assert_event(window, HRNET_WINDOW_NOTHING, 0);
    hrnet_window_free(window);
}

static void closing_is_heard(void **state)
{
    (void)state;
    hrnet_window *window = NULL;
    MUST(hrnet_window_open(&window, "close", W, H, NULL));
    XClientMessageEvent message = {.type = ClientMessage,
                                   .window = window_of("close"),
                                   .message_type = XInternAtom(other, "WM_PROTOCOLS", False),
                                   .format = 32};
    message.data.l[0] = (long)XInternAtom(other, "WM_DELETE_WINDOW", False);
    XSendEvent(other, message.window, False, NoEventMask, (XEvent *)&message);
    XSync(other, False);
    assert_event(window, HRNET_WINDOW_QUIT, 0);
    hrnet_window_free(window);
}

/* ---------------------------------------------------------------------------------------------- losses */

/* Show pictures until that fails. */
static hrnet_status show_until_failure(hrnet_window *window)
{
    static uint8_t rgb[W * H * 3];
    const hrnet_pixels pixels = {.width = W, .height = H, .planes = {rgb}};
    hrnet_status status = HRNET_OK;
    hrnet_window_event event;
    for (int i = 0; i < PATIENCE && status == HRNET_OK; i++) {
        status = hrnet_window_show(window, &pixels, NULL);
        if (status == HRNET_OK) status = hrnet_window_poll(window, 0.05, &event);
    }
    return status;
}

/* A window that another program destroys is a failure, not the end of the process; the next one works. */
static void a_destroyed_window_is_a_failure(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        hrnet_window *window = NULL;
        MUST(hrnet_window_open(&window, "destroyed", W, H, NULL));
        XDestroyWindow(other, window_of("destroyed"));
        XSync(other, False);
        assert_int_equal(show_until_failure(window), HRNET_ERR_IO);
        assert_non_null(strstr(hrnet_last_error(), "destroyed the window"));
        hrnet_window_free(window);
    }
}

/* So is the end of the X server, after which there is no other window. Returns what main returns. */
static int lose(pid_t server)
{
    hrnet_window *window = NULL;
    hrnet_window_event event;
    int failed = hrnet_window_open(&window, "lost", W, H, NULL) != HRNET_OK || kill(server, SIGKILL) != 0;
    failed = failed || show_until_failure(window) != HRNET_ERR_IO || strstr(hrnet_last_error(), "has broken") == NULL;
    failed = failed || hrnet_window_poll(window, 1, &event) != HRNET_ERR_IO;
    failed = failed || hrnet_window_get_info(window).width != 0;
    hrnet_window_free(window);
    failed = failed || hrnet_window_open(&window, "lost", W, H, NULL) != HRNET_ERR_IO;
    printf("%s lost server%s%s\n", failed ? "[  FAILED  ]" : "[       OK ]", failed ? ": " : "",
           failed ? hrnet_last_error() : "");
    return failed;
}

/* ---------------------------------------------------------------------------------------------- time */

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Milliseconds of the whole process's processor time that hrnet_window_show takes. */
static int bench(void)
{
    enum { WIDTH = 1920, HEIGHT = 1080, N = 60 };
    static const char *const names[] = {"RGB", "I420"};
    static const int windows[][2] = {{1920, 1080}, {960, 540}, {2560, 1440}};
    uint8_t *bytes = malloc(WIDTH * HEIGHT * 3);
    fill(bytes, WIDTH * HEIGHT * 3);
    for (int k = 0; k < 6; k++) {
        const uint8_t *second = bytes + WIDTH * HEIGHT, *third = second + WIDTH * HEIGHT / 4;
        const hrnet_pixels pixels = {.width = WIDTH,
                                     .height = HEIGHT,
                                     .format = k % 2 ? HRNET_PIXELS_I420 : HRNET_PIXELS_RGB,
                                     .planes = {bytes, second, third}};
        hrnet_window *window = NULL;
        hrnet_window_event event;
        if (hrnet_window_open(&window, "bench", windows[k / 2][0], windows[k / 2][1], NULL) != HRNET_OK) {
            printf("%s\n", hrnet_last_error());
            break;
        }
        for (int i = 0; i < 5; i++) hrnet_window_show(window, &pixels, NULL);
        const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID), wall = seconds_of(CLOCK_MONOTONIC);
        for (int i = 0; i < N; i++) {
            hrnet_window_show(window, &pixels, "29.9 frames/s");
            hrnet_window_poll(window, 0, &event);
        }
        const hrnet_window_info info = hrnet_window_get_info(window);
        printf("%-4s in %d x %d, %s: %.2f ms of the processor, %.2f ms\n", names[k % 2], info.width, info.height,
               info.renderer, 1e3 * (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) / N,
               1e3 * (seconds_of(CLOCK_MONOTONIC) - wall) / N);
        hrnet_window_free(window);
    }
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_screen_shows_the_picture),
        cmocka_unit_test(planes_have_the_right_colors),
        cmocka_unit_test(shapes_are_kept),
        cmocka_unit_test(keys_are_heard),
        cmocka_unit_test(closing_is_heard),
        cmocka_unit_test(a_destroyed_window_is_a_failure),
    };
    if (argc == 3 && strcmp(argv[1], "lost") == 0) return lose((pid_t)atoi(argv[2]));
    if (argc == 2 && strcmp(argv[1], "--bench") == 0) return bench();
    return cmocka_run_group_tests_name(argc == 2 ? argv[1] : "screen", tests, connect_other, disconnect_other);
}
