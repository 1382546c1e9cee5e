/* backends.c - one row a backend. */
#include "session/backends.h"

#include <string.h>

#include "cpu/engine/cpu_backend.h"

static const hr_backend *const backends[] = {&hr_cpu_backend};

hrnet_status hr_backend_find(const hr_backend **out, const char *name)
{
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        if (name != NULL && strcmp(backends[i]->name, name) != 0) continue;
        *out = backends[i];
        return HRNET_OK;
    }
    return hr_fail(HRNET_ERR_ARGUMENT, "backend: expected cpu, found %.64s", name);
}
