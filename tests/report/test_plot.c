/* test_plot.c - ticks and their texts, lettering, and where curves of known values run in the picture. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "report/plot_axis.h"
#include "report/plot_text.h"
#include "report/record.h"

/* ------------------------------------------------------------------------------------------------ axes */

static void expect_ticks(double low, double high, int is_log, int n_wanted, const char *expected)
{
    const hr_axis axis = {is_log, low, high};
    hr_tick ticks[HR_AXIS_MAX_TICKS];
    char text[512] = "";
    const int n = hr_axis_ticks(&axis, n_wanted, ticks);
    for (int i = 0; i < n; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, ticks[i].text);
        assert_true(hr_axis_place(&axis, ticks[i].value) >= -1e-9 && hr_axis_place(&axis, ticks[i].value) <= 1 + 1e-9);
    }
    assert_string_equal(text, expected);
}

static void ticks(void **state)
{
    (void)state;
    expect_ticks(0, 1, 0, 6, "0 0.2 0.4 0.6 0.8 1");
    expect_ticks(0, 0.7, 0, 6, "0 0.2 0.4 0.6");
    expect_ticks(-3, 3, 0, 6, "-3 -2 -1 0 1 2 3");
    expect_ticks(0, 245700, 0, 6, "0 50k 100k 150k 200k");
    expect_ticks(1000000, 1000010, 0, 6, "1M 1.000002M 1.000004M 1.000006M 1.000008M 1.00001M");
    expect_ticks(1e-5, 1e-3, 1, 6, "1e-5 2e-5 5e-5 0.0001 0.0002 0.0005 0.001");
    expect_ticks(1e-12, 1, 1, 6, "1e-12 1e-10 1e-8 1e-6 0.0001 0.01 1");
    expect_ticks(0.01, 0.05, 1, 6, "0.01 0.02 0.03 0.04 0.05");
}

static void texts_of_values(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},           {0.123456, "0.1235"}, {-0.5, "-0.5"},      {999.96, "1000"},
                 {12346, "12.35k"},  {1e9, "1G"},          {1.5e-6, "1.5e-6"},  {9.99999e-5, "0.0001"},
                 {-1e300, "-1e300"}, {1e-300, "0"},        {72.94321, "72.94"}, {9.2e18, "9.2E"}};
    char text[HR_NUMBER_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hr_axis_text(cases[i].value, 4, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void ends_of_axes(void **state)
{
    (void)state;
    hr_axis axis = hr_axis_make(0.21, 0.87, 0, 1);
    assert_true(axis.low == 0 && axis.high == 1 && !axis.is_log);
    axis = hr_axis_make(5, 5, 0, 0);
    assert_true(axis.low < 5 && axis.high > 5);
    axis = hr_axis_make(0, 0, 0, 1);
    assert_true(axis.low < axis.high && axis.low <= 0 && axis.high >= 0);
    axis = hr_axis_make(-1, 5, 1, 0); /* no logarithms of these */
    assert_true(!axis.is_log && axis.low <= -1 && axis.high >= 5);
    axis = hr_axis_make(1e-3, 1e-3, 1, 0);
    assert_true(axis.is_log && axis.low < 1e-3 && axis.high > 1e-3);
    assert_true(isnan(hr_axis_place(&axis, 0)) && fabs(hr_axis_place(&axis, 1e-3) - 0.5) < 1e-9);

    /* whatever numbers come, an axis has a length and its ticks lie on it */
    static const double strange[] = {-1.7e308, -1e100, -1e9, -1e-300, 0, 5e-324, 1e-9, 1, 1.0000000001, 1e99, 1.7e308};
    const int n = sizeof strange / sizeof *strange;
    for (int i = 0; i < n; i++) {
        for (int k = i; k < n; k++) {
            for (int kind = 0; kind < 4; kind++) {
                hr_tick out[HR_AXIS_MAX_TICKS];
                axis = hr_axis_make(strange[i], strange[k], kind & 1, kind >> 1);
                assert_true(axis.low < axis.high && isfinite(axis.high - axis.low));
                const int n_ticks = hr_axis_ticks(&axis, 6, out);
                assert_in_range(n_ticks, 0, HR_AXIS_MAX_TICKS);
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------ lettering */

enum { CANVAS = 400 };

/* Dark pixels of a text, and the box around them. */
typedef struct marks {
    int n, left, top, right, bottom;
    int sum_x; /* of their columns: tells a glyph from its mirror image */
} marks;

static marks marks_of(const char *text, double size)
{
    static uint8_t pixels[CANVAS * CANVAS * 3];
    hrnet_image canvas = {CANVAS, CANVAS, pixels};
    marks m = {0, CANVAS, CANVAS, -1, -1, 0};
    memset(pixels, 255, sizeof pixels);
    hr_plot_text(&canvas, 100, 200, HR_TEXT_LEFT, size, (hr_color){{0, 0, 0}}, text);
    for (int i = 0; i < CANVAS * CANVAS; i++) {
        if (pixels[i * 3] > 127) continue;
        const int x = i % CANVAS, y = i / CANVAS;
        m.n++;
        m.sum_x += x;
        if (x < m.left) m.left = x;
        if (x > m.right) m.right = x;
        if (y < m.top) m.top = y;
        if (y > m.bottom) m.bottom = y;
    }
    return m;
}

static void lettering(void **state)
{
    (void)state;
    /* size is the height of a capital, a stroke of 0.13 of it wide */
    const marks capital = marks_of("H", 70);
    assert_in_range(capital.bottom - capital.top + 1, 77, 81);
    assert_in_range(capital.bottom, 203, 205);
    assert_in_range(capital.right - capital.left + 1, (int)hr_plot_text_width(70, "H") + 8,
                    (int)hr_plot_text_width(70, "H") + 11);
    const marks small = marks_of("x", 70), deep = marks_of("p", 70);
    assert_in_range(small.top, 200 - 50 - 6, 200 - 50 - 3);
    assert_in_range(deep.bottom, 223, 226);
    /* each printable character draws within its width and is unlike its neighbours; a space draws nothing */
    assert_int_equal(marks_of(" ", 70).n, 0);
    marks last = {0};
    for (char c = '!'; c <= '~'; c++) {
        const char text[2] = {c, '\0'};
        const marks m = marks_of(text, 70);
        assert_true(m.n > 20 && memcmp(&m, &last, sizeof m) != 0);
        assert_true(m.left >= 100 - 11 && m.right <= 100 + hr_plot_text_width(70, text) + 11);
        assert_true(m.top >= 200 - 85 && m.bottom <= 200 + 27);
        last = m;
    }
    assert_true(marks_of("\xC3\xA9", 70).n > 2 * 100);
    assert_in_range(marks_of("far beyond the right end of this picture", 70).right, CANVAS - 21, CANVAS - 1);
}

/* ------------------------------------------------------------------------------------------------ pictures */

static char folder[] = "/tmp/hrnet_plot_XXXXXX", log_path[64], png_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(log_path, sizeof log_path, "%s/train.jsonl", folder);
    snprintf(png_path, sizeof png_path, "%s/train.png", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(log_path);
    unlink(png_path);
    return rmdir(folder);
}

static void write_log(const char *text)
{
    FILE *file = fopen(log_path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static hrnet_image plot(const char *text)
{
    hrnet_image image = {0};
    write_log(text);
    assert_int_equal(hr_record_plot(log_path, png_path), HRNET_OK);
    assert_int_equal(hrnet_image_load(&image, png_path, 0), HRNET_OK);
    return image;
}

/* The colour of the first curve of each panel. */
static int is_blue(const hrnet_image *image, int x, int y)
{
    const uint8_t *const p = image->rgb + ((size_t)y * (size_t)image->width + (size_t)x) * 3;
    return p[0] == 0 && p[1] == 114 && p[2] == 178;
}

/* Mean row of the blue pixels of a column below the legend; -1 when there is none. */
static double blue_row(const hrnet_image *image, int x)
{
    int sum = 0, n = 0;
    for (int y = 145; y < image->height; y++) {
        if (!is_blue(image, x, y)) continue;
        sum += y;
        n++;
    }
    return n > 0 ? (double)sum / n : -1;
}

static void curves_run_where_values_say(void **state)
{
    (void)state;
    /* one panel, 0 at the bottom, 1 at the top: 0.25, a rise to 0.75, a gap, and 0.75 */
    hrnet_image image = plot("{\"step\":0,\"acc\":0}\n{\"step\":0,\"acc\":1}\n{\"step\":0,\"acc\":0.25}\n"
                             "{\"step\":40,\"acc\":0.25}\n{\"step\":60,\"acc\":0.75}\n{\"step\":70,\"acc\":null}\n"
                             "{\"step\":80,\"acc\":0.75}\n{\"step\":100,\"acc\":0.75}\n");
    int left = 0, right = image.width - 1, top = 145, bottom = image.height - 1;
    while (blue_row(&image, left) < 0) left++;
    while (blue_row(&image, right) < 0) right--;
    while (!is_blue(&image, left + 2, top)) top++;
    while (!is_blue(&image, left + 2, bottom)) bottom--;
    /* dots of radius 2.6 stand at the corners of the area */
    const double x0 = left + 2, x1 = right - 2, width = x1 - x0, height = bottom - top;
    assert_true(width > 600 && height > 250);
    assert_true(fabs((bottom - blue_row(&image, (int)(x0 + 0.3 * width))) / height - 0.25) < 0.01);
    assert_true(fabs((bottom - blue_row(&image, (int)(x0 + 0.5 * width))) / height - 0.5) < 0.01);
    assert_true(fabs((bottom - blue_row(&image, (int)(x0 + 0.9 * width))) / height - 0.75) < 0.01);
    assert_true(blue_row(&image, (int)(x0 + 0.7 * width)) < 0);
    hrnet_image_free(&image);
}

static void panels(void **state)
{
    (void)state;
    hrnet_image image = plot("{\"step\":5,\"a\":1}\n");
    assert_int_equal(image.width, 820);
    const int one_row = image.height;
    hrnet_image_free(&image);
    /* train and valid share a panel, so do all scores: four panels, two rows */
    image = plot("{\"step\":5,\"epoch\":1,\"train_loss\":1,\"learning_rate\":0.001,\"train_acc\":0}\n"
                 "{\"step\":6,\"epoch\":2,\"valid_loss\":2,\"valid_acc\":1,\"AP\":0.5,\"Ap .5\":0.6,\"AR\":0.7}\n");
    assert_int_equal(image.width, 1600);
    assert_int_equal(image.height - one_row, 480);
    hrnet_image_free(&image);
    /* many unknown tags: twelve panels */
    hr_text many = {0};
    hr_text_add(&many, "{\"step\":0");
    for (int i = 0; i < 40; i++) hr_text_add(&many, ",\"tag %d with a long, long name \\u00e9\":%d", i, i);
    hr_text_add(&many, "}\n");
    image = plot(many.data);
    assert_int_equal(image.height - one_row, 5 * 480);
    hrnet_image_free(&image);
    hr_text_free(&many);
}

static void odd_logs(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "{\"step\":3,\"loss\":null}\n",
        "{\"step\":0,\"lr\":0}\n{\"step\":9223372036854775807,\"lr\":0}\n",
        "{\"step\":0,\"lr\":0}\n{\"step\":1,\"lr\":1e-3}\n{\"step\":2,\"lr\":0}\n",
        "{\"step\":9,\"loss\":-1.7e308}\n{\"step\":2,\"loss\":1.7e308}\n{\"step\":2,\"loss\":5e-324}\n",
        "{\"step\":1,\"epoch\":-9223372036854775808,\"AP\":-1}\n",
        "{\"step\":1,\"AP\":-1}\n{\"step\":1,\"epoch\":9223372036854775807,\"AP\":-1}\n"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        hrnet_image image = plot(odd[i]);
        hrnet_image_free(&image);
    }
    write_log("{\"step\":1}\n");
    assert_int_equal(hr_record_plot(log_path, png_path), HRNET_ERR_FORMAT);
    write_log("{\"step\":1}\nx\n");
    assert_int_equal(hr_record_plot(log_path, png_path), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "train.jsonl: line 2: expected a report"));
}

/* A bold mean over pale noise, but never over a learning rate. */
static void means_of_many(void **state)
{
    (void)state;
    hr_text text = {0};
    for (int i = 0; i <= 1000; i++)
        hr_text_add(&text, "{\"step\":%d,\"acc\":%s,\"lr\":%s}\n", i, i % 2 ? "0.2" : "0.8", i % 2 ? "0.01" : "0.1");
    hrnet_image image = plot(text.data);
    int n_blue = 0;
    for (int x = 200; x < 600; x++)
        for (int y = 145; y < image.height; y++) n_blue += is_blue(&image, x, y);
    assert_in_range(n_blue, 400, 400 * 12); /* a line near 0.5; drawn as they are, the values fill 200 rows */
    int n_rate = 0;
    for (int x = 1000; x < 1400; x++)
        for (int y = 145; y < image.height; y++) n_rate += is_blue(&image, x, y);
    assert_true(n_rate > 400 * 100);
    hrnet_image_free(&image);
    hr_text_free(&text);
}

static void memory_runs_out(void **state)
{
    (void)state;
    write_log("{\"step\":5,\"epoch\":1,\"train_loss\":1,\"lr\":0.001}\n{\"step\":6,\"epoch\":2,\"AP\":0.5}\n");
    hrnet_status status = HRNET_ERR_MEMORY;
    long n = 0;
    for (; status != HRNET_OK && n < 1000; n++) {
        hr_mem_fail_after(n);
        status = hr_record_plot(log_path, png_path);
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    assert_true(n > 20 && n < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ticks),
                                       cmocka_unit_test(texts_of_values),
                                       cmocka_unit_test(ends_of_axes),
                                       cmocka_unit_test(lettering),
                                       cmocka_unit_test(curves_run_where_values_say),
                                       cmocka_unit_test(panels),
                                       cmocka_unit_test(odd_logs),
                                       cmocka_unit_test(means_of_many),
                                       cmocka_unit_test(memory_runs_out)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
