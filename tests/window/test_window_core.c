/*
 * test_window_core.c - what src/window does itself, over a module that is made up: pixels of every format, titles,
 * keys, refusals, failures. Pixels end where memory ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "fake_window.h"
#include "../support/calls.h"

static int begin_test(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    return 0;
}

static hrnet_window *open_fake(const char *title)
{
    hrnet_window *window = NULL;
    MUST(hr_window_open_with(&window, &fake_module, title, 40, 30, NULL));
    return window;
}

/* ---------------------------------------------------------------------------------------------- pixels */

/* The picture that was shown is a copy of the one that was given; its formats and strides are test_pixels.c's matter.
 */
static void pictures_arrive(void **state)
{
    (void)state;
    enum { MOST = 200 };
    static const int sizes[][2] = {{64, 48}, {63, 47}, {1, 1}, {200, 1}, {1, 200}, {65, 129}};
    static uint8_t bytes[4 * MOST * MOST];
    hrnet_window *window = open_fake("pictures");
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)hr_random_bits(1, i);
    for (int i = 0; i < 6; i++)
        for (hrnet_pixel_format format = HRNET_PIXELS_RGB; format <= HRNET_PIXELS_I420; format++) {
            const int width = sizes[i][0], height = sizes[i][1];
            const hrnet_pixels pixels = {.width = width,
                                         .height = height,
                                         .format = format,
                                         .planes = {bytes, bytes + MOST * MOST, bytes + 2 * MOST * MOST}};
            hrnet_image copy = {0};
            MUST(hrnet_image_copy(&copy, &pixels));
            MUST(hrnet_window_show(window, &pixels, NULL));
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++) {
                    const uint8_t *const rgb = copy.rgb + (y * width + x) * 3;
                    assert_int_equal(fake.memory[y * (width + 1) + x],
                                     0xff000000u | (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2]);
                }
            hr_free(copy.rgb);
        }
    assert_int_equal(fake.n_shown, 42);
    hrnet_window_free(window);
}

/* ---------------------------------------------------------------------------------------------- titles */

static const uint8_t a_pixel[3] = {10, 20, 30};
static const hrnet_pixels small = {.width = 1, .height = 1, .planes = {a_pixel}};

/* A title stands for a quarter of a second; the last one wanted is set when its time has come, while polling. */
static void titles_change_four_times_a_second(void **state)
{
    (void)state;
    hrnet_window *window = open_fake("dance");
    hrnet_window_event event;
    char status[32];
    assert_string_equal(fake.title, "dance");
    const double start = hr_clock_now();
    for (int i = 0; i < 200; i++) {
        snprintf(status, sizeof status, "frame %d", i);
        MUST(hrnet_window_show(window, &small, status));
    }
    const double seconds = hr_clock_now() - start;
    assert_true(fake.n_titles >= 1 && fake.n_titles <= 1 + seconds / 0.25);
    MUST(hrnet_window_poll(window, 0.3, &event));
    assert_string_equal(fake.title, "dance - frame 199");
    MUST(hrnet_window_show(window, &small, NULL));
    MUST(hrnet_window_poll(window, 0.3, &event));
    assert_string_equal(fake.title, "dance");
    hrnet_window_free(window);
}

/* Titles of any length and content are cut and made harmless. */
static void titles_are_harmless(void **state)
{
    (void)state;
    char name[2000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(name, "a\x1b[31m\xff", 7);
    hrnet_window *window = open_fake(name);
    assert_memory_equal(fake.title, "a?[31m?xxx", 10);
    MUST(hrnet_window_show(window, &small, "b\n\x80"));
    assert_non_null(strstr(fake.title, " - b??"));
    hrnet_window_free(window);
    window = open_fake(NULL);
    assert_string_equal(fake.title, "hrnet");
    hrnet_window_free(window);
}

/* ---------------------------------------------------------------------------------------------- keys */

static hrnet_window_event_kind event_of_key(hrnet_window *window, int key, int is_repeat, int *character)
{
    hrnet_window_event event = {.reserved = {1, 1}};
    fake.inputs[0] = (hr_window_input){HR_WINDOW_INPUT_KEY, key, is_repeat};
    fake.n_inputs = 1;
    fake.next_input = 0;
    MUST(hrnet_window_poll(window, 0, &event));
    assert_int_equal(event.reserved[0] | event.reserved[1], 0);
    *character = event.key;
    return event.kind;
}

static void keys_are_events(void **state)
{
    (void)state;
    static const struct {
        int key;
        hrnet_window_event_kind pressed, held;
    } cases[] = {{' ', HRNET_WINDOW_PAUSE, HRNET_WINDOW_NOTHING},
                 {'.', HRNET_WINDOW_STEP, HRNET_WINDOW_STEP},
                 {HR_WINDOW_RIGHT, HRNET_WINDOW_STEP, HRNET_WINDOW_STEP},
                 {'s', HRNET_WINDOW_SAVE, HRNET_WINDOW_NOTHING},
                 {'q', HRNET_WINDOW_QUIT, HRNET_WINDOW_NOTHING},
                 {HR_WINDOW_ESCAPE, HRNET_WINDOW_QUIT, HRNET_WINDOW_NOTHING},
                 {'f', HRNET_WINDOW_NOTHING, HRNET_WINDOW_NOTHING},
                 {'t', HRNET_WINDOW_KEY, HRNET_WINDOW_NOTHING},
                 {'7', HRNET_WINDOW_KEY, HRNET_WINDOW_NOTHING}};
    hrnet_window *window = open_fake("keys");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int character;
        assert_int_equal(event_of_key(window, cases[i].key, 0, &character), cases[i].pressed);
        assert_int_equal(character, cases[i].pressed == HRNET_WINDOW_KEY ? cases[i].key : 0);
        assert_int_equal(event_of_key(window, cases[i].key, 1, &character), cases[i].held);
        assert_int_equal(character, 0);
    }
    assert_int_equal(fake.n_fullscreen, 1);
    hrnet_window_free(window);
}

/* Inputs that mean nothing do not hide the ones behind them; each call hands out one event. */
static void events_come_in_order(void **state)
{
    (void)state;
    hrnet_window *window = open_fake("order");
    hrnet_window_event event;
    fake.inputs[0] = (hr_window_input){HR_WINDOW_INPUT_KEY, 'f', 0};
    fake.inputs[1] = (hr_window_input){HR_WINDOW_INPUT_KEY, ' ', 1};
    fake.inputs[2] = (hr_window_input){HR_WINDOW_INPUT_KEY, 's', 0};
    fake.inputs[3] = (hr_window_input){HR_WINDOW_INPUT_CLOSE, 0, 0};
    fake.n_inputs = 4;
    MUST(hrnet_window_poll(window, 10, &event));
    assert_int_equal(event.kind, HRNET_WINDOW_SAVE);
    MUST(hrnet_window_poll(window, 10, &event));
    assert_int_equal(event.kind, HRNET_WINDOW_QUIT);
    const double start = hr_clock_now();
    MUST(hrnet_window_poll(window, 0.05, &event));
    assert_int_equal(event.kind, HRNET_WINDOW_NOTHING);
    assert_true(hr_clock_now() - start >= 0.05);
    hrnet_window_free(window);
}

/* ---------------------------------------------------------------------------------------------- refusals */

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    hrnet_window *window = NULL, *other = NULL;
    hrnet_window_event event;
    const hrnet_window_options wrong = {.reserved = {0, 0, 0, 1}};
    REFUSED(hrnet_window_open(NULL, "x", 40, 30, NULL), HRNET_ERR_ARGUMENT, "is NULL");
    REFUSED(hrnet_window_open(&window, "x", 0, 30, NULL), HRNET_ERR_ARGUMENT, "window of 0 x 30");
    REFUSED(hrnet_window_open(&window, "x", 40, -1, NULL), HRNET_ERR_ARGUMENT, "window of 40 x -1");
    REFUSED(hrnet_window_open(&window, "x", (1 << 20) + 1, 30, NULL), HRNET_ERR_ARGUMENT, "2^20");
    REFUSED(hrnet_window_open(&window, "x", 40, 30, &wrong), HRNET_ERR_ARGUMENT, "reserved[3]");
    assert_null(window);
    hrnet_window_free(NULL);

    window = open_fake("x");
    REFUSED(hr_window_open_with(&other, &fake_module, "y", 40, 30, NULL), HRNET_ERR_UNSUPPORTED,
            "another that is open");
    assert_null(other);
    assert_int_equal(fake.n_open, 1);

    hrnet_pixels pixels = small;
    REFUSED(hrnet_window_show(NULL, &small, NULL), HRNET_ERR_ARGUMENT, "is NULL");
    REFUSED(hrnet_window_show(window, NULL, NULL), HRNET_ERR_ARGUMENT, "is NULL");
    pixels.width = 0;
    REFUSED(hrnet_window_show(window, &pixels, NULL), HRNET_ERR_ARGUMENT, "found none");
    pixels = small;
    pixels.format = (hrnet_pixel_format)7;
    REFUSED(hrnet_window_show(window, &pixels, NULL), HRNET_ERR_ARGUMENT, "format 7");
    pixels = small;
    pixels.reserved[0] = 1;
    REFUSED(hrnet_window_show(window, &pixels, NULL), HRNET_ERR_ARGUMENT, "reserved[0]");
    assert_int_equal(fake.n_shown, 0);

    REFUSED(hrnet_window_poll(NULL, 0, &event), HRNET_ERR_ARGUMENT, "is NULL");
    REFUSED(hrnet_window_poll(window, 0, NULL), HRNET_ERR_ARGUMENT, "is NULL");
    REFUSED(hrnet_window_poll(window, -1, &event), HRNET_ERR_ARGUMENT, "expected 0 or more");
    REFUSED(hrnet_window_poll(window, NAN, &event), HRNET_ERR_ARGUMENT, "expected 0 or more");
    hrnet_window_free(window);
    assert_int_equal(fake.n_closed, 1);
}

static void *call_from_elsewhere(void *window)
{
    static const char *failed = "not refused";
    hrnet_window_event event;
    if (hrnet_window_show(window, &small, NULL) != HRNET_ERR_ARGUMENT) return (void *)(uintptr_t)failed;
    if (strstr(hrnet_last_error(), "on the thread that opened it") == NULL) return (void *)(uintptr_t)failed;
    if (hrnet_window_poll(window, 0, &event) != HRNET_ERR_ARGUMENT) return (void *)(uintptr_t)failed;
    return NULL;
}

static void other_threads_are_refused(void **state)
{
    (void)state;
    pthread_t thread;
    void *failed;
    hrnet_window *window = open_fake("threads");
    assert_int_equal(pthread_create(&thread, NULL, call_from_elsewhere, window), 0);
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_int_equal(fake.n_shown, 0);
    hrnet_window_free(window);
}

/* A failure of the module is a status with its text, and outputs stay as they were. */
static void failures_are_passed_on(void **state)
{
    (void)state;
    hrnet_window *window = NULL;
    hrnet_window_event event = {.kind = HRNET_WINDOW_SAVE};
    fake.open_status = HRNET_ERR_IO;
    REFUSED(hr_window_open_with(&window, &fake_module, "x", 40, 30, NULL), HRNET_ERR_IO, "window: made up");
    assert_null(window);
    fake.open_status = HRNET_OK;
    const hrnet_window_options options = {.fullscreen = 1};
    MUST(hr_window_open_with(&window, &fake_module, "x", 40, 30, &options));
    assert_int_equal(fake.is_fullscreen, 1);
    const hrnet_window_info info = hrnet_window_get_info(window);
    assert_string_equal(info.driver, "fake");
    assert_int_equal(info.width, 40);
    assert_int_equal(info.height, 30);

    fake.begin_status = HRNET_ERR_LIMIT;
    REFUSED(hrnet_window_show(window, &small, NULL), HRNET_ERR_LIMIT, "window: made up");
    assert_int_equal(fake.n_shown, 0);
    fake.begin_status = HRNET_OK;
    fake.finish_status = HRNET_ERR_IO;
    REFUSED(hrnet_window_show(window, &small, "status"), HRNET_ERR_IO, "window: made up");
    fake.next_status = HRNET_ERR_IO;
    REFUSED(hrnet_window_poll(window, 10, &event), HRNET_ERR_IO, "window: made up");
    assert_int_equal(event.kind, HRNET_WINDOW_SAVE);
    assert_int_equal(fake.n_titles, 0);
    hrnet_window_free(window);
}

/* Every allocation fails once; nothing stays behind, and the window can be opened after that. */
static void allocations_may_fail(void **state)
{
    (void)state;
    hrnet_window *window = NULL;
    const size_t held = hr_mem_held();
    int n_failed = 0;
    for (;; n_failed++) {
        hr_mem_fail_after(n_failed);
        const hrnet_status status = hr_window_open_with(&window, &fake_module, "x", 40, 30, NULL);
        hr_mem_fail_after(-1);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
        assert_null(window);
        assert_int_equal(hr_mem_held(), held);
    }
    assert_int_equal(n_failed, 1);
    hr_mem_fail_after(0); /* pictures and events need no memory of the library's */
    MUST(hrnet_window_show(window, &small, "status"));
    MUST(hrnet_window_poll(window, 0, &(hrnet_window_event){0}));
    hr_mem_fail_after(-1);
    hrnet_window_free(window);
    assert_int_equal(hr_mem_held(), held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pictures_arrive, begin_test),
        cmocka_unit_test_setup(titles_change_four_times_a_second, begin_test),
        cmocka_unit_test_setup(titles_are_harmless, begin_test),
        cmocka_unit_test_setup(keys_are_events, begin_test),
        cmocka_unit_test_setup(events_come_in_order, begin_test),
        cmocka_unit_test_setup(bad_arguments_are_refused, begin_test),
        cmocka_unit_test_setup(other_threads_are_refused, begin_test),
        cmocka_unit_test_setup(failures_are_passed_on, begin_test),
        cmocka_unit_test_setup(allocations_may_fail, begin_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
