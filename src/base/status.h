/*
 * status.h - how failures are reported. A function that can fail returns a hrnet_status; one message per thread says
 * what was expected and what was found (hrnet_last_error). The first function that knows the facts calls hr_fail, and
 * its callers pass the status on:
 *
 *   if (n != 3) return hr_fail(HRNET_ERR_FORMAT, "expected 3 sizes, found %d", n);
 *   HR_TRY(read_shape(&in, &shape));
 *   return status == HRNET_OK ? status : hr_fail_in(status, path);      // "PATH: expected 3 sizes, found 2"
 */
#ifndef HR_BASE_STATUS_H
#define HR_BASE_STATUS_H

#include <hrnet.h>

/* Set this thread's message (a printf format and its arguments; one line, cut after 4095 bytes, made harmless by
 * hrnet_printable) and evaluate to status. A macro,
 * because the compiler then knows the returned status and does not warn about outputs that are unset on failure. */
#define hr_fail(status, ...) (hr_fail_message(__VA_ARGS__), hr_status_of(status))
static inline hrnet_status hr_status_of(hrnet_status status)
{
    return status;
}
void hr_fail_message(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

/* Put "where: " in front of the message that is set. Returns status. */
hrnet_status hr_fail_in(hrnet_status status, const char *where) __attribute__((cold));

/* HRNET_ERR_ARGUMENT unless all n reserved words of a caller's struct are 0. name: of the struct, for the message. */
hrnet_status hr_check_reserved(const uint64_t *reserved, size_t n, const char *name);
/* hr_check_reserved of all reserved words that the struct at s has. */
#define HR_CHECK_RESERVED(s, name) hr_check_reserved((s)->reserved, sizeof(s)->reserved / sizeof *(s)->reserved, name)

/* Set the message for a failed allocation of n_bytes (0: unknown). Returns HRNET_ERR_MEMORY. */
hrnet_status hr_fail_memory(size_t n_bytes) __attribute__((cold));

/* Evaluate call; unless it gives HRNET_OK, return its status from the calling function. */
#define HR_TRY(call)                                                                                                   \
    do {                                                                                                               \
        const hrnet_status hr_try_ = (call);                                                                           \
        if (hr_try_ != HRNET_OK) return hr_try_;                                                                       \
    } while (0)

#endif
