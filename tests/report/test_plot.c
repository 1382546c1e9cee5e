/* test_plot.c - ticks and their texts, markup, and where curves of known values run in the picture. */
#include <locale.h>
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

#include "../support/xml_check.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/plot_axis.h"
#include "report/record.h"
#include "report/svg.h"

/* ------------------------------------------------------------------------------------------------ axes */

static void expect_ticks(double low, double high, int is_log, const char *expected)
{
    const hr_axis axis = {is_log, low, high};
    hr_tick ticks[HR_AXIS_MAX_TICKS];
    char text[512] = "";
    const int n = hr_axis_ticks(&axis, ticks);
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
    expect_ticks(0, 1, 0, "0 0.2 0.4 0.6 0.8 1");
    expect_ticks(0, 0.7, 0, "0 0.2 0.4 0.6");
    expect_ticks(-3, 3, 0, "-3 -2 -1 0 1 2 3");
    expect_ticks(0, 245700, 0, "0 50k 100k 150k 200k");
    expect_ticks(1000000, 1000010, 0, "1M 1.000002M 1.000004M 1.000006M 1.000008M 1.00001M");
    expect_ticks(1e-5, 1e-3, 1, "1e-5 2e-5 5e-5 0.0001 0.0002 0.0005 0.001");
    expect_ticks(1e-12, 1, 1, "1e-12 1e-10 1e-8 1e-6 0.0001 0.01 1");
    expect_ticks(0.01, 0.05, 1, "0.01 0.02 0.03 0.04 0.05");
}

static void texts_of_values(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},           {0.123456, "0.1235"}, {-0.5, "-0.5"},      {999.96, "1k"},
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
    hr_axis axis = hr_axis_make(0, 0.87, 0);
    assert_true(axis.low == 0 && axis.high == 1 && !axis.is_log);
    axis = hr_axis_make(5, 5, 0);
    assert_true(axis.low < 5 && axis.high > 5);
    axis = hr_axis_make(0, 0, 0);
    assert_true(axis.low < axis.high && axis.low <= 0 && axis.high >= 0);
    axis = hr_axis_make(-1, 5, 1); /* no logarithms of these */
    assert_true(!axis.is_log && axis.low <= -1 && axis.high >= 5);
    axis = hr_axis_make(1e-3, 1e-3, 1);
    assert_true(axis.is_log && axis.low < 1e-3 && axis.high > 1e-3);
    assert_true(isnan(hr_axis_place(&axis, 0)) && fabs(hr_axis_place(&axis, 1e-3) - 0.5) < 1e-9);

    /* whatever numbers come, an axis has a length and its ticks lie on it */
    static const double strange[] = {-1.7e308, -1e100, -1e9, -1e-300, 0, 5e-324, 1e-9, 1, 1.0000000001, 1e99, 1.7e308};
    const int n = sizeof strange / sizeof *strange;
    for (int i = 0; i < n; i++) {
        for (int k = i; k < n; k++) {
            for (int is_log = 0; is_log < 2; is_log++) {
                hr_tick out[HR_AXIS_MAX_TICKS];
                axis = hr_axis_make(strange[i], strange[k], is_log);
                assert_true(axis.low < axis.high && isfinite(axis.high - axis.low));
                const int n_ticks = hr_axis_ticks(&axis, out);
                assert_in_range(n_ticks, 0, HR_AXIS_MAX_TICKS);
                for (int t = 1; t < n_ticks; t++)
                    assert_true(hr_axis_place(&axis, out[t].value) > hr_axis_place(&axis, out[t - 1].value));
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------ markup */

static void expect_markup(hr_text *svg, const char *expected)
{
    assert_string_equal(svg->data, expected);
    hr_text_free(svg);
}

static void numbers_and_texts(void **state)
{
    (void)state;
    hr_text svg = {0};
    hr_svg_add(&svg, "%f %f %f %f %f %f|%d|%lld|%%", 12.0, 0.25, -0.06, 1234.56, -0.04, 1e300, -7, 1LL << 40);
    expect_markup(&svg, "12 0.2 -0.1 1234.6 0 1000000|-7|1099511627776|%");
    hr_svg_add(&svg, "<b title='%s'/>", "<a href=\"x\">&'");
    expect_markup(&svg, "<b title='&#60;a href=&#34;x&#34;&#62;&#38;&#39;'/>");
    /* whole characters stay: two, three and four bytes, the last of all */
    hr_svg_add(&svg, "%s", "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBD");
    expect_markup(&svg, "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBD");
    /* what is none: control characters, a lone tail, a cut character, "/" in two bytes, a surrogate, U+FFFF, 0x110000
     */
    static const char *const bad[] = {
        "\x01", "\n", "\x80", "\xE2\x82", "\xC0\xAF", "\xED\xA0\x80", "\xEF\xBF\xBF", "\xF4\x90\x80\x80", "\xFF"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hr_svg_add(&svg, "%s", bad[i]);
        assert_memory_equal(svg.data, "\xEF\xBF\xBD", 3);
        assert_int_equal(svg.length, 3 * strlen(bad[i])); /* one for each byte */
        hr_text_free(&svg);
    }
    hr_svg_point(&svg, 1, 1, 2);
    hr_svg_point(&svg, 0, 3.5, 4);
    hr_svg_point(&svg, 1, 5, 6);
    expect_markup(&svg, "M1 2L1 2 3.5 4M5 6L5 6");
}

/* Numbers have a point whatever the program has chosen. */
static void another_locale(void **state)
{
    (void)state;
    hr_text svg = {0};
    char text[HR_NUMBER_TEXT];
    const int german = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;
    hr_svg_add(&svg, "%f", 0.5);
    hr_axis_text(1500, 4, text);
    setlocale(LC_NUMERIC, "C");
    expect_markup(&svg, "0.5");
    assert_string_equal(text, "1.5k");
    if (!german) {
        print_message("the locale de_DE.UTF-8 is not installed: only the C locale was seen\n");
        skip();
    }
}

/* ------------------------------------------------------------------------------------------------ pictures */

static char folder[] = "/tmp/hrnet_plot_XXXXXX", log_path[64], svg_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(log_path, sizeof log_path, "%s/train.jsonl", folder);
    snprintf(svg_path, sizeof svg_path, "%s/train.svg", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(log_path);
    unlink(svg_path);
    return rmdir(folder);
}

static void write_log(const char *text)
{
    FILE *file = fopen(log_path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

/* The picture of a log; free with hr_free. */
static char *plot(const char *text)
{
    hr_bytes bytes;
    hr_text svg = {0};
    write_log(text);
    assert_int_equal(hr_record_plot(log_path, svg_path), HRNET_OK);
    assert_int_equal(hr_file_read(&bytes, svg_path, 500 * 1000), HRNET_OK);
    hr_text_add_bytes(&svg, bytes.data, bytes.size);
    hr_free(bytes.data);
    expect_xml(svg.data);
    return svg.data;
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)) != NULL; text++) n++;
    return n;
}

/* Compare the path of a class ("curve", "pale", "dots") of a tag's curve; expected NULL: it has none. */
static void expect_path(const char *svg, const char *tag, const char *class, const char *expected)
{
    char begin[128];
    snprintf(begin, sizeof begin, "<title>%s</title><path", tag);
    const char *const group = strstr(svg, begin);
    assert_non_null(group);
    snprintf(begin, sizeof begin, "class='%s' d='", class);
    const char *const path = strstr(group, begin), *const end = strstr(group, "</g>");
    if (expected == NULL) assert_true(path == NULL || path > end);
    if (expected == NULL) return;
    assert_true(path != NULL && path < end);
    assert_memory_equal(path + strlen(begin), expected, strlen(expected));
    assert_int_equal(path[strlen(begin) + strlen(expected)], '\'');
}

/* The area is 448 wide and 270 high, its origin the upper left corner. */
static void curves_run_where_values_say(void **state)
{
    (void)state;
    /* 0..1 from the bottom to the top: step 40 is at 179.2, 0.25 at 202.5; null leaves a gap; of step 0 the lowest and
     * the highest are drawn, not 0.25 between them */
    char *svg = plot("{\"step\":0,\"acc\":0}\n{\"step\":0,\"acc\":1}\n{\"step\":0,\"acc\":0.25}\n"
                     "{\"step\":40,\"acc\":0.25}\n{\"step\":60,\"acc\":0.75}\n{\"step\":70,\"acc\":null}\n"
                     "{\"step\":80,\"acc\":0.75}\n{\"step\":100,\"acc\":0.75}\n");
    expect_path(svg, "acc", "curve", "M0 270L0 270 0 0 179.2 202.5 268.8 67.5M358.4 67.5L358.4 67.5 448 67.5");
    expect_path(
        svg, "acc", "dots",
        "M0 270L0 270M0 0L0 0M179.2 202.5L179.2 202.5M268.8 67.5L268.8 67.5M358.4 67.5L358.4 67.5M448 67.5L448 67.5");
    expect_path(svg, "acc", "pale", NULL);
    hr_free(svg);
    /* logarithmic from 1e-5 to 1e-3 with 4 % of two decades beyond: 1e-3 is 0.08/2.16 of 270 below the top; 0 is not
     * there */
    svg = plot("{\"step\":0,\"lr\":1e-3}\n{\"step\":1,\"lr\":1e-3}\n{\"step\":2,\"lr\":1e-5}\n{\"step\":4,\"lr\":0}\n");
    expect_path(svg, "lr", "curve", "M0 10L0 10 112 10 224 260");
    hr_free(svg);
    /* one value stands in the middle; a last line that has no end is one that is being written */
    svg = plot("{\"step\":120,\"acc\":0.5}\n{\"step\":130,\"ac");
    expect_path(svg, "acc", "dots", "M224 0L224 0");
    hr_free(svg);
}

static void panels(void **state)
{
    (void)state;
    char *svg = plot("{\"step\":5,\"a\":1}\n");
    assert_non_null(strstr(svg, "width='776' height='476'"));
    hr_free(svg);
    /* train and valid share a panel, so do all scores: four panels, two rows */
    svg = plot("{\"step\":5,\"epoch\":1,\"train_loss\":1,\"learning_rate\":0.001,\"train_acc\":0,\"AP\":0.9}\n"
               "{\"step\":6,\"epoch\":2,\"valid_loss\":2,\"valid_acc\":1,\"AP\":0.5,\"Ap .5\":0.6,\"AR\":0.7}\n");
    assert_non_null(strstr(svg, "width='1528' height='872'"));
    assert_int_equal(count(svg, "class='title'"), 1 + 4);
    assert_non_null(strstr(svg, ">best AP 0.9 at step 5<"));
    assert_non_null(strstr(svg, ">reports: 2; last step: 6; last epoch: 2;"));
    hr_free(svg);
    /* too many: twelve panels, fifteen curves in one; tags are escaped */
    hr_text many = {0};
    hr_text_add(&many, "{\"step\":0");
    for (int i = 0; i < 40; i++) hr_text_add(&many, ",\"tag %d <&>\":%d,\"loss %d\":1", i, i, i);
    hr_text_add(&many, "}\n");
    svg = plot(many.data);
    assert_non_null(strstr(svg, "; the first 12 of 41 panels;"));
    assert_int_equal(count(svg, "class='title'"), 1 + 12);
    assert_int_equal(count(svg, "<title>loss "), 15);
    assert_non_null(strstr(svg, ">and 25 more<"));
    assert_non_null(strstr(svg, "<title>tag 10 &#60;&#38;&#62;</title>"));
    hr_free(svg);
    hr_text_free(&many);
}

static void odd_logs(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "{\"step\":3,\"loss\":null}\n",
        "{\"step\":0,\"lr\":0}\n{\"step\":9223372036854775807,\"lr\":0}\n",
        "{\"step\":9223372036854775807,\"lr\":1}\n",
        "{\"step\":0,\"lr\":0}\n{\"step\":1,\"lr\":1e-3}\n{\"step\":2,\"lr\":0}\n",
        "{\"step\":9,\"loss\":-1.7e308}\n{\"step\":2,\"loss\":1.7e308}\n{\"step\":2,\"loss\":5e-324}\n",
        "{\"step\":1,\"epoch\":-9223372036854775808,\"AP\":-1}\n",
        "{\"step\":1,\"AP\":-1}\n{\"step\":1,\"epoch\":9223372036854775807,\"AP\":-1}\n",
        "{\"step\":1,\"\":1,\"\\u0001'\\ud83d\\ude00]]>\":2}\n"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) hr_free(plot(odd[i]));
    assert_int_equal(hr_record_plot(log_path, "/nonexistent/train.svg"), HRNET_ERR_IO);
    static const char *const empty[] = {"", "\n", "{\"step\":1}\n", "{\"step\":1,\"loss\":2}"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        write_log(empty[i]);
        assert_int_equal(hr_record_plot(log_path, svg_path), HRNET_ERR_FORMAT);
        assert_non_null(strstr(hrnet_last_error(), "expected reports with numbers, found none"));
    }
    write_log("{\"step\":1}\nx\n");
    assert_int_equal(hr_record_plot(log_path, svg_path), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "train.jsonl: line 2: expected a report"));
}

/* A bold mean over pale noise, but never over a learning rate. */
static void means_of_many(void **state)
{
    (void)state;
    hr_text text = {0};
    for (int i = 0; i <= 1000; i++)
        hr_text_add(&text, "{\"step\":%d,\"acc\":%s,\"lr\":%s}\n", i, i % 2 ? "0.2" : "0.8", i % 2 ? "0.01" : "0.1");
    char *svg = plot(text.data);
    expect_path(svg, "lr", "pale", NULL);
    expect_path(svg, "acc", "dots", NULL);
    const char *at = strstr(strstr(svg, "<title>acc</title><path class='pale'"), "<path class='curve' d='M");
    assert_non_null(at);
    at = strchr(at, 'L');
    int n = 0;
    for (double x, y; sscanf(at + 1, "%lf %lf", &x, &y) == 2; n++) {
        /* 24 or 25 values of both kinds around 0.5 on an axis up to 0.8; fewer at the ends */
        assert_true(fabs(x - (n + 0.5)) < 0.06);
        if (n >= 5 && n < 443) assert_true(fabs(y - 270 * 0.3 / 0.8) < 270 * 0.3 / 0.8 / 24 + 0.05);
        at = strchr(strchr(at + 1, ' ') + 1, ' ');
        if (at == NULL) break;
    }
    assert_int_equal(n, 448);
    hr_free(svg);
    hr_text_free(&text);
}

/* However long the log, the picture is small, and a single spike is in it. */
static void long_logs(void **state)
{
    (void)state;
    hr_text text = {0};
    for (int i = 0; i <= 100000; i++)
        hr_text_add(&text, "{\"step\":%d,\"acc\":%s}\n", i, i == 50001 ? "1" : i % 2 ? "0.2" : "0.4");
    char *svg = plot(text.data); /* step 50001 is at 224.00448 */
    assert_non_null(strstr(svg, " 224 0 "));
    assert_true(strlen(svg) < 30 * 1000);
    hr_free(svg);
    hr_text_free(&text);
    for (int i = 0; i < 2000; i++) {
        hr_text_add(&text, "{\"step\":%d", i);
        for (int k = 0; k < 60; k++)
            hr_text_add(&text, ",\"%s %d\":0.%d", k % 4 ? k % 2 ? "loss" : "acc" : "AP", k, i * 7919 % 1000);
        for (int k = 0; k < 9; k++) hr_text_add(&text, ",\"tag%d\":%s", k, i % 2 ? "0.1" : "null");
        hr_text_add(&text, "}\n");
    }
    hr_free(plot(text.data)); /* which reads 500 kB at most */
    hr_text_free(&text);
}

static void memory_runs_out(void **state)
{
    (void)state;
    write_log("{\"step\":5,\"epoch\":1,\"train_loss\":1,\"lr\":0.001}\n{\"step\":6,\"epoch\":2,\"AP\":0.5}\n");
    hrnet_status status = HRNET_ERR_MEMORY;
    long n = 0;
    unlink(svg_path);
    for (; status != HRNET_OK && n < 1000; n++) {
        hr_mem_fail_after(n);
        status = hr_record_plot(log_path, svg_path);
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
        assert_int_equal(access(svg_path, F_OK), status == HRNET_OK ? 0 : -1);
    }
    assert_true(n > 20 && n < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ticks),          cmocka_unit_test(texts_of_values),
                                       cmocka_unit_test(ends_of_axes),   cmocka_unit_test(numbers_and_texts),
                                       cmocka_unit_test(another_locale), cmocka_unit_test(curves_run_where_values_say),
                                       cmocka_unit_test(panels),         cmocka_unit_test(odd_logs),
                                       cmocka_unit_test(means_of_many),  cmocka_unit_test(long_logs),
                                       cmocka_unit_test(memory_runs_out)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
