/* status.c - the calling thread's last error message. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 4096 };
static _Thread_local char message[MESSAGE_BYTES];

/* Formatting into the thread's buffer allocates nothing, so that running out of memory can be reported, too. */
void hr_fail_message(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    hrnet_printable(message);
}

/* Shifts the message in its own buffer. A long path takes at most half of it, so that the reason stays readable. */
hrnet_status hr_fail_in(hrnet_status status, const char *where)
{
    const size_t limit = sizeof message - 1, n_inner = strlen(message), n_where = strnlen(where, limit / 2);
    const size_t n_kept = n_inner < limit - n_where - 2 ? n_inner : limit - n_where - 2;
    memmove(message + n_where + 2, message, n_kept);
    memcpy(message, where, n_where);
    memcpy(message + n_where, ": ", 2);
    message[n_where + 2 + n_kept] = '\0';
    hrnet_printable(message);
    return status;
}

hrnet_status hr_fail_memory(size_t n_bytes)
{
    return hr_fail(HRNET_ERR_MEMORY, "out of memory (%zu bytes asked for)", n_bytes);
}

hrnet_status hr_check_reserved(const uint64_t *reserved, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (reserved[i] != 0)
            return hr_fail(HRNET_ERR_ARGUMENT, "%s: reserved[%zu]: expected 0, found another number", name, i);
    return HRNET_OK;
}

const char *hrnet_last_error(void)
{
    return message;
}

const char *hrnet_status_text(hrnet_status status)
{
    switch (status) {
    case HRNET_OK: return "success";
    case HRNET_ERR_ARGUMENT: return "invalid argument";
    case HRNET_ERR_MEMORY: return "out of memory";
    case HRNET_ERR_IO: return "input/output error";
    case HRNET_ERR_FORMAT: return "broken or unknown file content";
    case HRNET_ERR_CONFIG: return "invalid configuration";
    case HRNET_ERR_MISMATCH: return "weights do not fit the network";
    case HRNET_ERR_UNSUPPORTED: return "unsupported";
    case HRNET_ERR_LIMIT: return "over a safety limit";
    case HRNET_ERR_CANCELLED: return "cancelled";
    }
    return "unknown status";
}
