/* calls.h - calls of the library that must succeed, or must fail with a status and a message. */
#ifndef TESTS_CALLS_H
#define TESTS_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hrnet.h>

/* Fail with hrnet_last_error() unless the call succeeds. */
#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        if ((call) != HRNET_OK) fail_msg("%s: %s", #call, hrnet_last_error());                                         \
    } while (0)

/* The call fails with that status and the message holds that text. */
#define REFUSED(call, status, text)                                                                                    \
    do {                                                                                                               \
        assert_int_equal((call), (status));                                                                            \
        if (strstr(hrnet_last_error(), (text)) == NULL)                                                                \
            fail_msg("%s: expected \"%s\" in the message, found: %s", #call, (text), hrnet_last_error());              \
    } while (0)

#endif
