/*
 * status.h - how a failure travels: a hrnet_status as the return value, and one message per thread that says what was
 * expected and what was found. The first function that knows the facts calls hr_fail; those above pass it on with
 * HR_TRY, or put the file's name in front with hr_fail_in.
 */
#ifndef HR_BASE_STATUS_H
#define HR_BASE_STATUS_H

#include <hrnet.h>

/* Set this thread's message and yield status, so that `return hr_fail(...)` is one statement. A macro, so that the
 * compiler sees that the status is the one given and not HRNET_OK. */
#define hr_fail(status, ...) (hr_fail_message(__VA_ARGS__), hr_status_of(status))
static inline hrnet_status hr_status_of(hrnet_status status)
{
    return status;
}
void hr_fail_message(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

/* Put "where: " in front of the message that is already set and return status unchanged. */
hrnet_status hr_fail_in(hrnet_status status, const char *where) __attribute__((cold));

/* The message for HRNET_ERR_MEMORY. */
hrnet_status hr_fail_memory(size_t n_bytes) __attribute__((cold));

/* Return from the calling function with the status of a call that failed. */
#define HR_TRY(call)                                                                                                   \
    do {                                                                                                               \
        const hrnet_status hr_try_ = (call);                                                                           \
        if (hr_try_ != HRNET_OK) return hr_try_;                                                                       \
    } while (0)

#endif
