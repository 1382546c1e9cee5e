/* module.c - modules of the library over dlopen. */
#include "base/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOW = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE, PATH_SIZE = PATH_MAX + 64 };

/* 1: the module is a file in the folder of `file`, or behind `below` in it ("../lib/"), and `path` is its path. */
static int find_near(char *path, const char *file, const char *below, const char *subfolder, const char *name)
{
    const char *const slash = strrchr(file, '/');
    if (slash == NULL) return 0;
    const char *const gap = subfolder[0] != '\0' ? "/" : "";
    const int n =
        snprintf(path, PATH_SIZE, "%.*s/%s%s%slibhrnet_%s.so", (int)(slash - file), file, below, subfolder, gap, name);
    return n > 0 && n < PATH_SIZE && access(path, R_OK) == 0;
}

static int find(char *path, const hr_module_place *place)
{
    static const char any_address_of_this_code;
    const char *const name = place->name;
    char program[PATH_MAX];
    Dl_info library;
    /* in a program that holds the library itself, the file of this code is the program */
    if (dladdr(&any_address_of_this_code, &library) != 0 && library.dli_fname != NULL) {
        if (find_near(path, library.dli_fname, "", "", name)) return 1;
        if (find_near(path, library.dli_fname, "hrnet/", "", name)) return 1;
        if (find_near(path, library.dli_fname, "", place->folder, name)) return 1;
    }
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    if (find_near(path, program, HR_LIBDIR_NEAR "/", "", name)) return 1;
    if (find_near(path, program, "../src/", place->folder, name)) return 1;
    if (find_near(path, program, "../../src/", place->folder, name)) return 1;
    snprintf(path, PATH_SIZE, "%s/libhrnet_%s.so", HR_LIBDIR, name);
    return access(path, R_OK) == 0;
}

void *hr_module_open(const hr_module_place *place, int *is_there)
{
    char path[PATH_SIZE];
    const int found = place->named != NULL ? access(place->named, R_OK) == 0 : find(path, place);
    if (is_there != NULL) *is_there = found;
    return dlopen(place->named != NULL ? place->named : path, HOW);
}
