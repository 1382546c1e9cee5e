/* test_crc32c.c - the examples of RFC 3720, appendix B.4, and the customary check value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"

static void examples(void **state)
{
    (void)state;
    unsigned char bytes[32];
    memset(bytes, 0, sizeof bytes);
    assert_true(hr_crc32c(bytes, sizeof bytes) == 0x8A9136AAu);
    memset(bytes, 0xFF, sizeof bytes);
    assert_true(hr_crc32c(bytes, sizeof bytes) == 0x62A8AB43u);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
    assert_true(hr_crc32c(bytes, sizeof bytes) == 0x46DD794Eu);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)(31 - i);
    assert_true(hr_crc32c(bytes, sizeof bytes) == 0x113FDB5Cu);
    assert_true(hr_crc32c("123456789", 9) == 0xE3069283u);
    assert_true(hr_crc32c("", 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
