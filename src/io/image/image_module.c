/*
 * image_module.c - TIFF, GIF, AVIF and HEIC: loads the format's module and is its host. HRNET_PICTURES names a folder
 * of modules in place of the usual ones (base/module.h).
 */
#include "io/image/image_module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/module.h"
#include "io/image/image.h"

typedef struct picture_kind {
    const char *name, *module, *library, *package; /* "a TIFF picture", "tiff", "libtiff", "libtiff-dev" */
    _Atomic(const hr_image_module *) loaded;       /* NULL: not yet. Two threads may both load it, which is harmless */
} picture_kind;

/* ------------------------------------------------------------------------------------------------ loading */

static hrnet_status load(const hr_image_module **out, picture_kind *kind, const char *picture)
{
    const hr_image_module *found = atomic_load(&kind->loaded);
    const char *const folder = getenv("HRNET_PICTURES");
    char named[PATH_MAX];
    if (found == NULL) {
        hr_module_place place = {.name = kind->module, .folder = "pictures"};
        if (folder != NULL) {
            snprintf(named, sizeof named, "%s/libhrnet_%s.so", folder, kind->module);
            place.named = named;
        }
        int is_there;
        void *const module = hr_module_open(&place, &is_there);
        found = module != NULL ? dlsym(module, HR_IMAGE_MODULE_SYMBOL) : NULL;
        if (found == NULL && is_there)
            return hr_fail(HRNET_ERR_UNSUPPORTED,
                           "%s: %s, which needs %s, and that cannot be loaded (%s): install it, as %s does", picture,
                           kind->name, kind->library, dlerror(), kind->package);
        if (found == NULL)
            return hr_fail(HRNET_ERR_UNSUPPORTED,
                           "%s: %s, which this hrnet cannot read without %s: install %s and build hrnet again (%s)",
                           picture, kind->name, kind->library, kind->package, dlerror());
        if (found->version != HR_IMAGE_MODULE_VERSION)
            return hr_fail(HRNET_ERR_UNSUPPORTED,
                           "%s: %s, but libhrnet_%s.so is of another build: expected version %d, found %d", picture,
                           kind->name, kind->module, HR_IMAGE_MODULE_VERSION, found->version);
        atomic_store(&kind->loaded, found);
    }
    *out = found;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ host */

typedef struct host_state {
    const hr_image_source *source;
    hr_image_canvas canvas;
    hrnet_status status; /* of begin */
} host_state;

static int begin(void *context, uint64_t width, uint64_t height, int orientation, uint64_t extra_bytes)
{
    host_state *state = context;
    state->status = hr_image_begin(&state->canvas, width, height, orientation, extra_bytes, state->source);
    return state->status == HRNET_OK ? 0 : -1;
}

static void put_row(void *context, int y, const unsigned char *rgb)
{
    host_state *state = context;
    hr_image_put_row(&state->canvas, y, rgb);
}

static void warn(void *context, const char *text)
{
    const host_state *state = context;
    hr_image_warn(state->source, "%s", text);
}

static void *allocate(size_t n_bytes)
{
    return hr_alloc(n_bytes, 1);
}

static hrnet_status fail(const picture_kind *kind, const host_state *state, hr_image_result result, const char *text)
{
    const char *const name = state->source->name;
    switch (result) {
    case HR_IMAGE_REFUSED: return state->status;
    case HR_IMAGE_NO_MEMORY: return hr_fail(HRNET_ERR_MEMORY, "%s: out of memory in %s", name, kind->library);
    case HR_IMAGE_UNSUPPORTED: return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: %s with %s", name, kind->name, text);
    default: return hr_fail(HRNET_ERR_FORMAT, "%s: %s that is broken: %s", name, kind->name, text);
    }
}

static hrnet_status decode(picture_kind *kind, hrnet_image *out, const hr_image_source *source)
{
    const hr_image_module *module;
    char text[HR_IMAGE_MODULE_TEXT] = "";
    host_state state = {.source = source, .status = HRNET_OK};
    HR_TRY(load(&module, kind, source->name));
    const hr_image_host host = {.context = &state,
                                .ignore_orientation = source->ignore_orientation,
                                .max_pixels = source->max_pixels,
                                .max_side = HR_LIMIT_PICTURE_SIDE,
                                .max_memory = HR_LIMIT_PICTURE_MEMORY,
                                .begin = begin,
                                .put_row = put_row,
                                .warn = warn,
                                .alloc = allocate,
                                .release = hr_free};
    const hr_image_result result = module->decode(&host, source->bytes, source->n_bytes, text);
    if (result != HR_IMAGE_DONE) {
        hr_image_abandon(&state.canvas);
        return fail(kind, &state, result, text);
    }
    hr_image_finish(&state.canvas, out);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ kinds */

hrnet_status hr_tiff_decode(hrnet_image *out, const hr_image_source *source)
{
    static picture_kind tiff = {"a TIFF picture", "tiff", "libtiff", "libtiff-dev", NULL};
    return decode(&tiff, out, source);
}

hrnet_status hr_gif_decode(hrnet_image *out, const hr_image_source *source)
{
    static picture_kind gif = {"a GIF picture", "gif", "giflib", "libgif-dev", NULL};
    return decode(&gif, out, source);
}

hrnet_status hr_avif_decode(hrnet_image *out, const hr_image_source *source)
{
    static picture_kind avif = {"an AVIF picture", "avif", "libavif", "libavif-dev", NULL};
    return decode(&avif, out, source);
}

hrnet_status hr_heif_decode(hrnet_image *out, const hr_image_source *source)
{
    static picture_kind heif = {"a HEIC picture", "heif", "libheif", "libheif-dev", NULL};
    return decode(&heif, out, source);
}
