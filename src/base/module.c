/* module.c - modules of the library over dlopen. */
#include "base/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOW = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE };

/* The module in the folder of `file`, or behind `below` in it ("../lib/"); NULL if it is not there. */
static void *load_near(const char *file, const char *below, const char *subfolder, const char *name)
{
    char path[PATH_MAX + 64];
    const char *const slash = strrchr(file, '/');
    if (slash == NULL) return NULL;
    const char *const gap = subfolder[0] != '\0' ? "/" : "";
    const int n = snprintf(path, sizeof path, "%.*s/%s%s%slibhrnet_%s.so", (int)(slash - file), file, below, subfolder,
                           gap, name);
    return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0 ? dlopen(path, HOW) : NULL;
}

void *hr_module_open(const hr_module_place *place)
{
    static const char any_address_of_this_code;
    char path[PATH_MAX];
    Dl_info library;
    void *module = NULL;
    if (place->named != NULL) return dlopen(place->named, HOW);
    /* in a program that holds the library itself, the file of this code is the program */
    if (dladdr(&any_address_of_this_code, &library) != 0 && library.dli_fname != NULL) {
        module = load_near(library.dli_fname, "", "", place->name);
        if (module == NULL) module = load_near(library.dli_fname, "hrnet/", "", place->name);
        if (module == NULL) module = load_near(library.dli_fname, "", place->folder, place->name);
    }
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    if (module == NULL) module = load_near(path, HR_LIBDIR_NEAR "/", "", place->name);
    if (module == NULL) module = load_near(path, "../src/", place->folder, place->name);
    if (module == NULL) module = load_near(path, "../../src/", place->folder, place->name);
    if (module != NULL) return module;
    snprintf(path, sizeof path, "%s/libhrnet_%s.so", HR_LIBDIR, place->name);
    return dlopen(path, HOW);
}
