/* fetch_load.c - finds the module that fetches. */
#include "fetch/fetch_module.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/module.h"
#include "base/status.h"

hrnet_status hr_fetch_module_get(const hr_fetch_module **out)
{
    static _Atomic(const hr_fetch_module *) loaded; /* two threads may both load it, which is harmless */
    const hr_fetch_module *found = atomic_load(&loaded);
    if (found == NULL) {
        const hr_module_place place = {.name = "curl", .folder = "fetch/curl", .named = getenv("HRNET_CURL")};
        int is_there;
        void *const module = hr_module_open(&place, &is_there);
        found = module != NULL ? dlsym(module, HR_FETCH_MODULE_SYMBOL) : NULL;
        if (found == NULL && is_there)
            return hr_fail(
                HRNET_ERR_UNSUPPORTED,
                "this hrnet cannot fetch files without libcurl, and it cannot be loaded (%s): install libcurl "
                "(Debian: libcurl4)",
                dlerror());
        if (found == NULL)
            return hr_fail(
                HRNET_ERR_UNSUPPORTED,
                "this hrnet cannot fetch files without libcurl: install libcurl4-openssl-dev and build hrnet "
                "again (%s)",
                dlerror());
        if (found->version != HR_FETCH_MODULE_VERSION)
            return hr_fail(HRNET_ERR_UNSUPPORTED,
                           "fetch: libhrnet_curl.so is of another build: expected version %d, found %d",
                           HR_FETCH_MODULE_VERSION, found->version);
        atomic_store(&loaded, found);
    }
    *out = found;
    return HRNET_OK;
}
