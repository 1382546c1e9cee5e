/* test_status.c - error messages: one for each thread, prefixed by callers, cut at the size of the buffer. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

static void there_is_no_message_at_first(void **state)
{
    (void)state;
    assert_string_equal(hrnet_last_error(), "");
}

static hrnet_status pass_on(hrnet_status inner)
{
    HR_TRY(inner);
    return hr_fail(HRNET_ERR_LIMIT, "not reached by a failure");
}

static void a_failure_carries_its_message(void **state)
{
    (void)state;
    assert_int_equal(pass_on(hr_fail(HRNET_ERR_FORMAT, "expected %d, found %d", 17, 16)), HRNET_ERR_FORMAT);
    assert_string_equal(hrnet_last_error(), "expected 17, found 16");
    assert_int_equal(pass_on(HRNET_OK), HRNET_ERR_LIMIT);
}

static void names_are_put_in_front(void **state)
{
    (void)state;
    const hrnet_status status = hr_fail(HRNET_ERR_FORMAT, "cut short");
    assert_int_equal(hr_fail_in(hr_fail_in(status, "data.pkl"), "w32.pth"), HRNET_ERR_FORMAT);
    assert_string_equal(hrnet_last_error(), "w32.pth: data.pkl: cut short");
}

static void endless_messages_are_cut(void **state)
{
    (void)state;
    static char huge[100000];
    memset(huge, 'a', sizeof huge - 1);
    hr_fail(HRNET_ERR_IO, "%s", huge);
    hr_fail_in(HRNET_ERR_IO, huge);
    for (int i = 0; i < 3000; i++) hr_fail_in(HRNET_ERR_IO, "in");
    const size_t length = strlen(hrnet_last_error());
    assert_true(length > 1000 && length < sizeof huge);
    assert_memory_equal(hrnet_last_error(), "in: in: ", 8);
}

static void *fail_elsewhere(void *seen)
{
    *(size_t *)seen = strlen(hrnet_last_error());
    hr_fail(HRNET_ERR_IO, "another thread's");
    return NULL;
}

static void threads_have_their_own(void **state)
{
    (void)state;
    pthread_t thread;
    size_t seen = 99;
    hr_fail(HRNET_ERR_IO, "mine");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &seen), 0);
    pthread_join(thread, NULL);
    assert_int_equal(seen, 0);
    assert_string_equal(hrnet_last_error(), "mine");
}

static void every_status_has_words(void **state)
{
    (void)state;
    for (int i = HRNET_OK; i <= HRNET_ERR_LIMIT; i++) {
        assert_string_not_equal(hrnet_status_text((hrnet_status)i), "unknown status");
        for (int j = HRNET_OK; j < i; j++)
            assert_string_not_equal(hrnet_status_text((hrnet_status)i), hrnet_status_text((hrnet_status)j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_no_message_at_first), cmocka_unit_test(a_failure_carries_its_message),
        cmocka_unit_test(names_are_put_in_front),       cmocka_unit_test(endless_messages_are_cut),
        cmocka_unit_test(threads_have_their_own),       cmocka_unit_test(every_status_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
