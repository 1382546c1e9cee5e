/* window_load.c - finds the module of windows. */
#include "window/window_module.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/module.h"
#include "base/status.h"

hrnet_status hr_window_module_get(const hr_window_module **out)
{
    static _Atomic(const hr_window_module *) loaded; /* two threads may both load it, which is harmless */
    const hr_window_module *found = atomic_load(&loaded);
    if (found == NULL) {
        const hr_module_place place = {.name = "sdl", .folder = "window/sdl", .named = getenv("HRNET_SDL")};
        void *const module = hr_module_open(&place, NULL);
        found = module != NULL ? dlsym(module, HR_WINDOW_MODULE_SYMBOL) : NULL;
        if (found == NULL)
            return hr_fail(
                HRNET_ERR_UNSUPPORTED,
                "this hrnet cannot open a window without SDL2: install libsdl2-dev and build hrnet again (%s)",
                dlerror());
        if (found->version != HR_WINDOW_MODULE_VERSION)
            return hr_fail(HRNET_ERR_UNSUPPORTED,
                           "window: libhrnet_sdl.so is of another build: expected version %d, found %d",
                           HR_WINDOW_MODULE_VERSION, found->version);
        atomic_store(&loaded, found);
    }
    *out = found;
    return HRNET_OK;
}
