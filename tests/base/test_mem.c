/* test_mem.c - alignment, overflow, injected failure. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void blocks_are_aligned(void **state)
{
    (void)state;
    for (size_t n = 0; n < 200; n += 13) {
        void *block = hr_alloc(n, 3);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % HR_ALIGN, 0);
        hr_free(block);
    }
    hr_free(NULL);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    assert_null(hr_alloc(SIZE_MAX, 2));
    assert_null(hr_alloc(SIZE_MAX / 4 + 1, 4));
    assert_null(hr_calloc((size_t)1 << (sizeof(size_t) * CHAR_BIT / 2), (size_t)1 << (sizeof(size_t) * CHAR_BIT / 2)));
    assert_null(hr_alloc(1, SIZE_MAX));
}

static void calloc_is_zero(void **state)
{
    (void)state;
    unsigned char *block = hr_calloc(1000, 1);
    assert_non_null(block);
    for (int i = 0; i < 1000; i++) assert_int_equal(block[i], 0);
    hr_free(block);
}

static void resize_keeps_content(void **state)
{
    (void)state;
    int *block = hr_resize(NULL, 0, 3, sizeof *block);
    assert_non_null(block);
    for (int i = 0; i < 3; i++) block[i] = i + 1;
    block = hr_resize(block, 3, 1000, sizeof *block);
    assert_non_null(block);
    assert_int_equal(block[2], 3);
    block = hr_resize(block, 1000, 2, sizeof *block);
    assert_non_null(block);
    assert_int_equal(block[1], 2);
    assert_null(hr_resize(block, 2, SIZE_MAX, sizeof *block));
    assert_int_equal(block[0], 1); /* a refused resize leaves the block alone */
    hr_free(block);
}

static void strings_are_copied(void **state)
{
    (void)state;
    char *whole = hr_strdup("keypoint"), *part = hr_strndup("keypoint", 3), *more = hr_strndup("key", 99);
    assert_string_equal(whole, "keypoint");
    assert_string_equal(part, "key");
    assert_string_equal(more, "key");
    hr_free(whole);
    hr_free(part);
    hr_free(more);
}

static hrnet_status take_two(void)
{
    int *a, *b;
    HR_NEW(a, 4);
    b = hr_alloc(4, sizeof *b);
    hr_free(a);
    if (b == NULL) return hr_fail_memory(16);
    hr_free(b);
    return HRNET_OK;
}

static void the_kth_allocation_fails(void **state)
{
    (void)state;
    hr_mem_fail_after(0);
    assert_int_equal(take_two(), HRNET_ERR_MEMORY);
    hr_mem_fail_after(1);
    assert_int_equal(take_two(), HRNET_ERR_MEMORY);
    assert_string_equal(hrnet_last_error(), "out of memory (16 bytes asked for)");
    hr_mem_fail_after(2);
    assert_int_equal(take_two(), HRNET_OK);
    assert_int_equal(hr_mem_fail_after(-1), 2);
    assert_int_equal(take_two(), HRNET_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned), cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(calloc_is_zero),     cmocka_unit_test(resize_keeps_content),
        cmocka_unit_test(strings_are_copied), cmocka_unit_test(the_kth_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
