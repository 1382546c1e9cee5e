/* video_load.c - finds the module of video, and is its host. */
#include "video/video_module.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/module.h"
#include "base/status.h"

hrnet_status hr_video_module_get(const hr_video_module **out, const char *name)
{
    static _Atomic(const hr_video_module *) loaded; /* two threads may both load it, which is harmless */
    const hr_video_module *found = atomic_load(&loaded);
    if (found == NULL) {
        const hr_module_place place = {.name = "libav", .folder = "video/libav", .named = getenv("HRNET_LIBAV")};
        int is_there;
        void *const module = hr_module_open(&place, &is_there);
        found = module != NULL ? dlsym(module, HR_VIDEO_MODULE_SYMBOL) : NULL;
        if (found == NULL && is_there)
            return hr_fail(
                HRNET_ERR_UNSUPPORTED,
                "%s: a video, which needs FFmpeg's libraries, and they cannot be loaded (%s): install FFmpeg in the "
                "version that has it (package ffmpeg), or build hrnet with the version that is here",
                name, dlerror());
        if (found == NULL)
            return hr_fail(HRNET_ERR_UNSUPPORTED,
                           "%s: a video, which this hrnet cannot read or write without FFmpeg's libraries: install "
                           "libavcodec-dev, libavdevice-dev, libavfilter-dev, libavformat-dev, libavutil-dev and "
                           "libswscale-dev and build hrnet again (%s)",
                           name, dlerror());
        if (found->version != HR_VIDEO_MODULE_VERSION)
            return hr_fail(HRNET_ERR_UNSUPPORTED,
                           "%s: a video, but libhrnet_libav.so is of another build: expected version %d, found %d",
                           name, HR_VIDEO_MODULE_VERSION, found->version);
        atomic_store(&loaded, found);
    }
    *out = found;
    return HRNET_OK;
}

static void fail(const char *text)
{
    hr_fail_message("%s", text);
}

static void fail_in(const char *where)
{
    hr_fail_in(HRNET_ERR_IO, where);
}

const hr_video_host hr_video_library_host = {.fail = fail, .fail_in = fail_in, .alloc = hr_calloc, .release = hr_free};
