/* test_json_write.c - JSON texts of every kind of value, read back by the reader; calls that make no JSON. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <hrnet_results.h>

#include "base/mem.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

static hrnet_json_writer *json;

static void must_be(const char *expected)
{
    char *text = NULL;
    MUST(hrnet_json_take(json, &text));
    assert_string_equal(text, expected);
    hrnet_string_free(text);
}

static void make_everything(void)
{
    hrnet_json_object(json);
    hrnet_json_key(json, "a");
    hrnet_json_array(json);
    hrnet_json_integer(json, INT64_MIN);
    hrnet_json_float(json, 0.1f);
    hrnet_json_double(json, 0.1);
    hrnet_json_double(json, 1.0 / 3);
    hrnet_json_float(json, NAN);
    hrnet_json_double(json, -INFINITY);
    hrnet_json_null(json);
    hrnet_json_close(json);
    hrnet_json_key(json, "b");
    hrnet_json_object(json);
    hrnet_json_close(json);
    hrnet_json_key(json, "c");
    hrnet_json_text(json, "");
    hrnet_json_close(json);
}

static void every_value(void **state)
{
    (void)state;
    MUST(hrnet_json_create(&json, 0));
    for (int again = 0; again < 2; again++) {
        make_everything();
        must_be("{\"a\":[-9223372036854775808,0.1,0.1,0.3333333333333333,null,null,null],\"b\":{},\"c\":\"\"}\n");
    }
    hrnet_json_text(json, "alone");
    must_be("\"alone\"\n");
    hrnet_json_free(json);
    MUST(hrnet_json_create(&json, 1));
    make_everything();
    must_be(
        "{\n  \"a\": [\n    -9223372036854775808,\n    0.1,\n    0.1,\n    0.3333333333333333,\n    null,\n    null,\n"
        "    null\n  ],\n  \"b\": {\n\n  },\n  \"c\": \"\"\n}\n\n");
    hrnet_json_free(json);
    hrnet_json_free(NULL);
}

/* RFC 8259: control characters, quotes and backslashes are escaped. What is no UTF-8 becomes U+FFFD, byte by byte. */
static void texts_are_escaped_and_clean(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a\xc2\x80\xc2\x9b\xc2\xa0", "\"a\\u0080\\u009B\xc2\xa0\"\n"},
        {"\"\\/\b\f\n\r\t\x01\x1f\x7f", "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\"\n"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"\n"},
        {"\xff\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"}, /* no lead byte; an overlong NUL */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"}, /* a surrogate */
        {"\xf4\x90\x80\x80x", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"\n"}, /* past U+10FFFF */
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"\n"},                                   /* cut */
    };
    MUST(hrnet_json_create(&json, 0));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_json_text(json, cases[i].text);
        must_be(cases[i].expected);
    }
    hrnet_json_object(json);
    hrnet_json_key(json, "\xff\n");
    hrnet_json_null(json);
    hrnet_json_close(json);
    must_be("{\"\xef\xbf\xbd\\n\":null}\n");
    hrnet_json_free(json);
}

static void refuse(void)
{
    char *text = NULL;
    assert_int_equal(hrnet_json_take(json, &text), HRNET_ERR_ARGUMENT);
    assert_null(text);
    hrnet_json_null(json); /* it begins anew */
    must_be("null\n");
}

static void misuse_is_remembered(void **state)
{
    (void)state;
    MUST(hrnet_json_create(&json, 0));
    refuse(); /* nothing */
    hrnet_json_array(json);
    refuse(); /* not closed */
    hrnet_json_close(json);
    refuse(); /* nothing to close */
    hrnet_json_null(json);
    hrnet_json_null(json);
    refuse(); /* two values */
    hrnet_json_object(json);
    hrnet_json_null(json);
    hrnet_json_close(json);
    refuse(); /* a value without a key */
    hrnet_json_object(json);
    hrnet_json_key(json, "a");
    hrnet_json_close(json);
    hrnet_json_null(json);
    hrnet_json_close(json);
    refuse(); /* a key without a value */
    hrnet_json_array(json);
    hrnet_json_key(json, "a");
    hrnet_json_close(json);
    refuse(); /* a key in an array */
    for (int i = 0; i < 33; i++) hrnet_json_array(json);
    for (int i = 0; i < 33; i++) hrnet_json_close(json);
    refuse(); /* too deep */
    for (int i = 0; i < 32; i++) hrnet_json_array(json);
    for (int i = 0; i < 32; i++) hrnet_json_close(json);
    must_be("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n");
    assert_int_equal(hrnet_json_take(json, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_json_take(NULL, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_json_create(NULL, 0), HRNET_ERR_ARGUMENT);
    hrnet_json_free(json);
}

static void failing_allocations(void **state)
{
    (void)state;
    json = NULL;
    hr_mem_fail_after(0);
    assert_int_equal(hrnet_json_create(&json, 0), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
    assert_null(json);
    MUST(hrnet_json_create(&json, 0));
    for (long k = 0; k < 2; k++) { /* the text of this length grows once */
        char *text = NULL;
        hr_mem_fail_after(k);
        make_everything();
        const hrnet_status status = hrnet_json_take(json, &text);
        hr_mem_fail_after(-1);
        assert_int_equal(status, HRNET_ERR_MEMORY);
        assert_null(text);
    }
    make_everything();
    must_be("{\"a\":[-9223372036854775808,0.1,0.1,0.3333333333333333,null,null,null],\"b\":{},\"c\":\"\"}\n");
    hrnet_json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value),
        cmocka_unit_test(texts_are_escaped_and_clean),
        cmocka_unit_test(misuse_is_remembered),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
