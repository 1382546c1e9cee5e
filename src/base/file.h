/*
 * file.h - whole files in, whole files out. Reading has a limit. Writing goes to "PATH.tmp-PID-N" beside the target
 * and is renamed by hr_file_commit, so a reader sees the old content or the new, never half.
 * What is no regular file (a device, a pipe) is written in place.
 */
#ifndef HR_BASE_FILE_H
#define HR_BASE_FILE_H

#include <stdio.h>

#include "base/status.h"

typedef struct hr_bytes {
    unsigned char *data; /* free with hr_free */
    size_t size;
} hr_bytes;

/* Read all of path ("-": standard input). Over max_bytes: HRNET_ERR_LIMIT. Messages start with the path. */
hrnet_status hr_file_read(hr_bytes *out, const char *path, size_t max_bytes);

typedef struct hr_file {
    FILE *stream;           /* write here */
    char *path, *temporary; /* temporary NULL: written in place */
} hr_file;

/* Begin writing path. "-" is standard output (no temporary file). */
hrnet_status hr_file_create(hr_file *file, const char *path);
/* Flush, fsync, rename, fsync the folder. On failure the temporary file is removed. The hr_file is empty afterwards
 * either way. */
hrnet_status hr_file_commit(hr_file *file);
/* Give up: remove the temporary file. Harmless on an empty hr_file. */
void hr_file_abandon(hr_file *file);

/* Make a folder and those above it that are missing. */
hrnet_status hr_file_make_folders(const char *path);

#endif
