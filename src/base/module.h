/*
 * module.h - finding the modules of the library, "libhrnet_NAME.so": parts that link a library which most programs do
 * not need (MPI, libtiff, ...), are built where that library is there, and are loaded when they are asked for.
 */
#ifndef HR_BASE_MODULE_H
#define HR_BASE_MODULE_H

typedef struct hr_module_place {
    const char *name;   /* "mpi": the file is libhrnet_mpi.so */
    const char *folder; /* of the module below src/ in a build folder */
    const char *named;  /* path of the file, which alone is tried then; NULL: looked for */
} hr_module_place;

/* dlopen's handle of the module, which stays loaded until the process ends; NULL with dlerror() if it is nowhere
 * (*is_there is 0) or cannot be loaded, as when a library that it needs is missing (*is_there is 1; is_there may be
 * NULL). Looked for beside libhrnet.so, and in a folder `hrnet` there (where an installation has it), if that is what
 * this code is part of, whatever program uses it; else near the program, which holds the library itself (the command);
 * else where it was installed. In each of the first two the place in an installation is tried before those in a build
 * folder. The first file that is found is the module: another one is not tried if it cannot be loaded. */
void *hr_module_open(const hr_module_place *place, int *is_there);

#endif
