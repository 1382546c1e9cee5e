/* test_protobuf.c - bytes of the wire format, by the examples of protobuf's encoding guide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/protobuf.h"

static void expect_bytes(hr_text *message, const char *bytes, size_t n)
{
    assert_int_equal(message->failed, 0);
    assert_int_equal(message->length, n);
    assert_memory_equal(message->data, bytes, n);
    hr_text_free(message);
}

static void numbers(void **state)
{
    (void)state;
    hr_text message = {0};
    hr_protobuf_int(&message, 1, 150);
    expect_bytes(&message, "\x08\x96\x01", 3);
    hr_protobuf_int(&message, 1, 0);
    expect_bytes(&message, "\x08\x00", 2);
    hr_protobuf_int(&message, 1, -2);
    expect_bytes(&message, "\x08\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11);
    hr_protobuf_int(&message, 20, 7); /* field numbers from 16 on take a second byte */
    expect_bytes(&message, "\xA0\x01\x07", 3);
}

/* by the encoding guide: wire type 1 is eight bytes, 5 is four, the lowest first, as IEEE 754 has them */
static void reals(void **state)
{
    (void)state;
    hr_text message = {0};
    hr_protobuf_double(&message, 1, -1.5);
    expect_bytes(&message, "\x09\0\0\0\0\0\0\xF8\xBF", 9);
    hr_protobuf_float(&message, 2, 0.1f);
    expect_bytes(&message, "\x15\xCD\xCC\xCC\x3D", 5);
}

static void bytes(void **state)
{
    (void)state;
    hr_text message = {0}, nested = {0};
    hr_protobuf_string(&message, 2, "testing");
    expect_bytes(&message, "\x12\x07testing", 9);
    hr_protobuf_int(&nested, 1, 150);
    hr_protobuf_message(&message, 3, &nested);
    expect_bytes(&message, "\x1A\x03\x08\x96\x01", 5);
    assert_null(nested.data);
    hr_protobuf_message(&message, 3, &nested);
    expect_bytes(&message, "\x1A\x00", 2);
    hr_protobuf_head(&message, 9, 300);
    expect_bytes(&message, "\x4A\xAC\x02", 3);
}

static void failures_reach_the_outer_message(void **state)
{
    (void)state;
    hr_text message = {0}, nested = {0};
    hr_mem_fail_after(0);
    hr_protobuf_int(&nested, 1, 1);
    hr_mem_fail_after(-1);
    hr_protobuf_message(&message, 1, &nested);
    assert_int_equal(message.failed, 1);
    hr_text_free(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers), cmocka_unit_test(reals), cmocka_unit_test(bytes),
                                       cmocka_unit_test(failures_reach_the_outer_message)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
