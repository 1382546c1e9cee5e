/* test_text.c - strings that grow, and allocations that fail while they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"

static void pieces_join(void **state)
{
    (void)state;
    hr_text text = {0};
    char *out = NULL;
    hr_text_add(&text, "%s=%d", "width", 32);
    hr_text_add_bytes(&text, ";xyz", 1);
    hr_text_add(&text, "%s", "");
    assert_int_equal(text.length, 9);
    assert_int_equal(hr_text_take(&text, &out), HRNET_OK);
    assert_string_equal(out, "width=32;");
    assert_null(text.data);
    hr_free(out);
}

static void long_texts_grow(void **state)
{
    (void)state;
    hr_text text = {0};
    char *out = NULL;
    for (int i = 0; i < 1000; i++) hr_text_add(&text, "%04d", i);
    assert_int_equal(hr_text_take(&text, &out), HRNET_OK);
    assert_int_equal(strlen(out), 4000);
    assert_memory_equal(out + 3996, "0999", 4);
    hr_free(out);
}

static void an_empty_text_is_a_string(void **state)
{
    (void)state;
    hr_text text = {0};
    char *out = NULL;
    assert_int_equal(hr_text_take(&text, &out), HRNET_OK);
    assert_string_equal(out, "");
    hr_free(out);
}

static void a_failed_append_is_reported_by_take(void **state)
{
    (void)state;
    hr_text text = {0};
    char *out = NULL;
    hr_text_add(&text, "kept");
    hr_mem_fail_after(0);
    for (int i = 0; i < 50; i++) hr_text_add(&text, "some more text");
    hr_mem_fail_after(-1);
    hr_text_add(&text, "after");
    assert_int_equal(hr_text_take(&text, &out), HRNET_ERR_MEMORY);
    assert_null(out);
    assert_null(text.data);
}

static void printable_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", NULL},
                                           {"\x1b[31m\a\n\r\t\x7f", "?[31m?????"},
                                           {"\xc2\x9b\x31m\xc2\xa0", "??1m\xc2\xa0"},
                                           {"\x9b\xff\xc3 \xe2\x82", "??? ??"},
                                           {"", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", cases[i][0]);
        assert_ptr_equal(hrnet_printable(text), text);
        assert_string_equal(text, cases[i][1] != NULL ? cases[i][1] : cases[i][0]);
    }
    assert_int_equal(hr_fail(HRNET_ERR_FORMAT, "name \x1b]0;x\x07"), HRNET_ERR_FORMAT);
    assert_string_equal(hrnet_last_error(), "name ?]0;x?");
    hr_fail_in(HRNET_ERR_FORMAT, "path\x1b");
    assert_string_equal(hrnet_last_error(), "path?: name ?]0;x?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printable_text),
        cmocka_unit_test(pieces_join),
        cmocka_unit_test(long_texts_grow),
        cmocka_unit_test(an_empty_text_is_a_string),
        cmocka_unit_test(a_failed_append_is_reported_by_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
