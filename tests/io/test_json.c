/* test_json.c - the JSON tree: values, exact numbers, limits, positions of errors, failing allocations. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "base/text.h"

static hrnet_status parse(hr_json_document *out, const char *text)
{
    /* exactly its size, so that a sanitizer sees a read past the end */
    const size_t n = strlen(text);
    char *const copy = malloc(n > 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, text, n);
    const hrnet_status status = hr_json_parse(out, copy, n);
    free(copy);
    return status;
}

static void test_values(void **state)
{
    (void)state;
    hr_json_document d;
    int64_t integer = 0;
    double number = 0;
    assert_int_equal(parse(&d, "{\"a\": [1, -2.5e1, \"\\u00e9\\n\"], \"b\": {}, \"c\": null, \"d\": true, "
                               "\"max\": 9223372036854775807, \"min\": -9223372036854775808, "
                               "\"past\": 9223372036854775808, \"e\": []}"),
                     HRNET_OK);
    assert_int_equal(d.root->count, 8);
    const hr_json *const a = hr_json_get(d.root, "a"), *v = hr_json_first(a);
    assert_int_equal(a->count, 3);
    assert_true(hr_json_integer(v, &integer) && integer == 1);
    v = hr_json_next(a, v);
    assert_true(hr_json_number(v, &number) && number == -25.0);
    assert_false(hr_json_integer(v, &integer));
    v = hr_json_next(a, v);
    assert_string_equal(hr_json_string(v), "\xc3\xa9\n");
    assert_int_equal(v->count, 3);
    assert_null(hr_json_next(a, v));
    assert_null(hr_json_first(hr_json_get(d.root, "b")));
    assert_null(hr_json_first(hr_json_get(d.root, "e")));
    assert_true(hr_json_is(hr_json_get(d.root, "c"), HR_JSON_NULL));
    assert_true(hr_json_get(d.root, "d")->as.integer == 1);
    assert_true(hr_json_integer(hr_json_get(d.root, "max"), &integer) && integer == INT64_MAX);
    assert_true(hr_json_integer(hr_json_get(d.root, "min"), &integer) && integer == INT64_MIN);
    assert_true(hr_json_number(hr_json_get(d.root, "past"), &number) && number == 0x1p63);
    assert_null(hr_json_get(d.root, "A"));
    assert_null(hr_json_get(a, "a"));
    assert_false(hr_json_number(NULL, &number));
    hr_json_free(&d);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        hrnet_status status;
        const char *message; /* the beginning */
    } bad[] = {
        {"", HRNET_ERR_FORMAT, "line 1, byte 0"},
        {"[1,\n2,\n}", HRNET_ERR_FORMAT, "line 3, byte 8"},
        {"[1", HRNET_ERR_FORMAT, "line 1, byte 2"},
        {"{\"a\": 1} 2", HRNET_ERR_FORMAT, "line 1"},
        {"[\"a\\u0000b\"]", HRNET_ERR_FORMAT, "line 1"},
        {"[\"\xff\"]", HRNET_ERR_FORMAT, "line 1"},
        {"[1e999]", HRNET_ERR_FORMAT, "line 1"},
        {"[nan]", HRNET_ERR_FORMAT, "line 1"},
        {"[1NaN]", HRNET_ERR_FORMAT, "line 1, byte 2"},
        {"[NaNx]", HRNET_ERR_FORMAT, "line 1, byte "},
        {"\xff\xfe[", HRNET_ERR_FORMAT, "expected UTF-8, found UTF-16"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hr_json_document d = {0};
        assert_int_equal(parse(&d, bad[i].text), bad[i].status);
        if (strncmp(hrnet_last_error(), bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("%s", hrnet_last_error());
        assert_null(d.root);
    }
}

/* What Python's json module writes beside JSON, and what editors put in front of it. */
static void test_beside_json(void **state)
{
    (void)state;
    hr_json_document d;
    double number = 0;
    assert_int_equal(
        parse(&d, "\xef\xbb\xbf{\"NaN\": [NaN, -Infinity, Infinity, -1, \"-Infinity\\\"NaN\"], \"b\": NaN}"), HRNET_OK);
    const hr_json *const list = hr_json_get(d.root, "NaN"), *v = hr_json_first(list);
    assert_int_equal(list->count, 5);
    static const char *const words[] = {"NaN", "-Infinity", "Infinity", "a number", "a string"};
    for (int i = 0; i < 5; i++, v = hr_json_next(list, v)) {
        assert_string_equal(hr_json_what(v), words[i]);
        assert_int_equal(hr_json_number(v, &number), i == 3);
        if (i == 4) assert_string_equal(hr_json_string(v), "-Infinity\"NaN");
    }
    assert_true(number == -1);
    assert_string_equal(hr_json_what(hr_json_get(d.root, "b")), "NaN");
    hr_json_free(&d);
}

static void test_ids(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int is_id;
        int64_t id;
    } cases[] = {{"7", 1, 7},
                 {"7.0", 1, 7},
                 {"-7.0", 1, -7},
                 {"9007199254740993", 1, 9007199254740993},
                 {"9007199254740992.0", 1, 9007199254740992},
                 {"1e3", 1, 1000},
                 {"1e17", 0, 0},
                 {"7.5", 0, 0},
                 {"\"7\"", 0, 0},
                 {"null", 0, 0},
                 {"NaN", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hr_json_document d;
        int64_t id = 0;
        assert_int_equal(parse(&d, cases[i].text), HRNET_OK);
        assert_int_equal(hr_json_id(d.root, &id), cases[i].is_id);
        assert_true(id == cases[i].id);
        hr_json_free(&d);
    }
}

/* Lists of numbers inside of a tree have a reader of their own, for the forms that numbers have mostly; the others are
 * yajl's, as is a list that is the whole text. Both read the same, and refuse the same with the same message. */
static void test_lists_of_numbers(void **state)
{
    (void)state;
    static const char *const lists[] = {"[0]",
                                        "[1, -2.5,\t3 ,\n-0, -0.0]",
                                        "[424.5140380859375, 11.202396392822266, 0.00000000000000001]",
                                        "[12345678.12345678, 0.1234567, 0.123456789, 99999999.99999999]",
                                        "[9223372036854775807, -9223372036854775808, 4611686018427387904]",
                                        "[999999999999999999, 0.1234567890123456789, 12345678901234567890.5]",
                                        "[1, 2e3, 4.5E-6]",
                                        "[1, NaN, -Infinity]",
                                        "[01]",
                                        "[1, .5]",
                                        "[5.]",
                                        "[-]",
                                        "[1,]",
                                        "[1 2]",
                                        "[1, 1e999]",
                                        "[1"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char text[200], alone[200];
        hr_json_document whole = {0}, inside = {0};
        snprintf(text, sizeof text, "{\"a\":%s", lists[i]);
        if (lists[i][strlen(lists[i]) - 1] == ']') strcat(text, "}");
        const hrnet_status status = parse(&whole, lists[i]);
        snprintf(alone, sizeof alone, "%s", status != HRNET_OK ? strstr(strstr(hrnet_last_error(), "byte"), ": ") : "");
        assert_int_equal(parse(&inside, text), status);
        if (status != HRNET_OK) {
            assert_non_null(strstr(hrnet_last_error(), alone));
            continue;
        }
        const hr_json *const list = hr_json_get(inside.root, "a");
        assert_int_equal(list->span, whole.root->span);
        assert_memory_equal(list, whole.root, list->span * sizeof *list);
        hr_json_free(&whole);
        hr_json_free(&inside);
    }
}

static void test_depth(void **state)
{
    (void)state;
    char text[200];
    hr_json_document d;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = '\0';
    assert_int_equal(parse(&d, text), HRNET_OK);
    hr_json_free(&d);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    text[130] = '\0';
    assert_int_equal(parse(&d, text), HRNET_ERR_LIMIT);
}

static void test_memory(void **state)
{
    (void)state;
    hr_json_document d;
    hrnet_status status = HRNET_ERR_MEMORY;
    for (long k = 0; status != HRNET_OK; k++) {
        hr_mem_fail_after(k);
        status = parse(&d, "[1, {\"a\": \"b\"}]");
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    hr_json_free(&d);
}

/* A string and a stream get the same bytes, and a reader gets the string back. */
static void test_strings(void **state)
{
    (void)state;
    static const char string[] = "a\"b\\c/\n\x1f\x7f\xc3\xa9";
    static const char expected[] = "\"a\\\"b\\\\c/\\u000a\\u001f\x7f\xc3\xa9\"";
    hr_text text = {0};
    char *added = NULL, *written = NULL;
    size_t n_written = 0;
    hr_json_document d;
    hr_json_add_string(&text, string);
    assert_int_equal(hr_text_take(&text, &added), HRNET_OK);
    assert_string_equal(added, expected);
    FILE *const stream = open_memstream(&written, &n_written);
    assert_non_null(stream);
    hr_json_write_string(stream, string);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(written, expected);
    assert_int_equal(parse(&d, added), HRNET_OK);
    assert_string_equal(hr_json_string(d.root), string);
    hr_json_free(&d);
    hr_free(added);
    free(written);
}

/* Numbers are parsed as in the C locale, whatever locale the program has set. */
static void test_locale(void **state)
{
    (void)state;
    char text[HR_NUMBER_TEXT];
    double value = 0;
    const int german = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;
    assert_true(hr_number_parse("0.744", 5, &value) && value == 0.744);
    hr_number_text(0.744, text);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(text, "0.744");
    hr_number_text(1.0 / 3, text);
    assert_true(strtod(text, NULL) == 1.0 / 3);
    assert_false(hr_number_parse("0x10", 4, &value));
    assert_false(hr_number_parse("inf", 3, &value));
    assert_false(hr_number_parse("1,5", 3, &value));
    if (!german) {
        print_message("the locale de_DE.UTF-8 is not installed: only the C locale was seen\n");
        skip();
    }
}

/* A text that makes yajl's buffers and its stack grow by turns: each of `levels` lists begins with a string with an
 * escape, of which each is longer than the one before by a quarter, or with a long number. */
static size_t write_growing(char *text, size_t capacity, int levels, int with_words)
{
    size_t n = 0, length = 8;
    for (int i = 0; i < levels && n + 2 * length + 16 < capacity; i++, length += length / 4) {
        text[n++] = '[';
        if (with_words && i % 2 == 1) {
            memset(text + n, '1', length);
            n += length;
        } else {
            text[n++] = '"';
            memset(text + n, 'x', length);
            memcpy(text + n + length - 2, "\\n", 2);
            n += length;
            text[n++] = '"';
        }
        text[n++] = ',';
    }
    return n;
}

/* yajl does not look whether an allocation failed, so the memory that is taken for it before must do for every text,
 * also one that ends anywhere; a crash is the failure. */
static void test_memory_of_the_parser(void **state)
{
    (void)state;
    enum { CAPACITY = 1 << 20 };
    char *const text = malloc(CAPACITY);
    assert_non_null(text);
    for (int with_words = 0; with_words < 2; with_words++) {
        const size_t n = write_growing(text, CAPACITY, 60, with_words);
        assert_true(n > 200000);
        for (size_t end = 1; end <= n; end += end < 300 ? 1 : end / 7) {
            hr_json_document d = {0};
            char *const copy = malloc(end);
            assert_non_null(copy);
            memcpy(copy, text, end);
            hr_mem_peak();
            const size_t held = hr_mem_held();
            assert_int_not_equal(hr_json_parse(&d, copy, end), HRNET_OK);
            assert_true(hr_mem_peak() - held < (1 << 18) + 24 * end);
            assert_int_equal(hr_mem_held(), held);
            free(copy);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_json),      cmocka_unit_test(test_ids),
        cmocka_unit_test(test_values),           cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lists_of_numbers), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_memory),           cmocka_unit_test(test_locale),
        cmocka_unit_test(test_strings),          cmocka_unit_test(test_memory_of_the_parser)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
