/*
 * file.h - whole files in, whole files out. Reading has a size limit. Writing goes to a temporary file
 * "PATH.tmp-hrnet-PID-N" beside the target, which hr_file_commit renames to PATH: another process sees the old content
 * or the new, never half of it, even if this one is killed. What a killed process left is removed by the next one that
 * writes into that folder (file_sweep.h). Anything but a regular file (a device, a pipe) is written in place.
 *
 *   hr_file file;
 *   HR_TRY(hr_file_create(&file, path));
 *   fprintf(file.stream, ...);               // errors are remembered by the stream
 *   return hr_file_commit(&file);            // and reported here
 *
 * What a machine that loses power may lose is chosen by hr_file.is_durable:
 *   0  after the commit every process sees the new content. A loss of power within the next half minute or so may leave
 *      the old content, or none. For what can be made again: drawings, results, tables, logs.
 *   1  the new content is also on the disk when the commit returns, which waits for the disk (some 10 ms a file). For
 *      what took hours to make: checkpoints, weights, the state of a run.
 */
#ifndef HR_BASE_FILE_H
#define HR_BASE_FILE_H

#include <stdio.h>

#include "base/status.h"

typedef struct hr_bytes {
    unsigned char *data; /* free with hr_free */
    size_t size;
} hr_bytes;

/* Read all of path ("-": standard input). HRNET_ERR_LIMIT if it has more than max_bytes; HRNET_ERR_IO if it cannot be
 * read. Messages start with the path. */
hrnet_status hr_file_read(hr_bytes *out, const char *path, uint64_t max_bytes);

/* A file that is being written. Zeroed: none. Ended by hr_file_commit or hr_file_abandon. */
typedef struct hr_file {
    FILE *stream;           /* write here */
    char *path, *temporary; /* path NULL: standard output; temporary NULL: path is written in place */
    int is_durable;         /* set by the caller before the commit; see above */
} hr_file;

/* Begin to write path ("-": standard output). HRNET_ERR_IO if it cannot be created; *file is then empty. */
hrnet_status hr_file_create(hr_file *file, const char *path);
/* Finish: flush, rename to path; if is_durable, sync the file before and its folder after. HRNET_ERR_IO if any write
 * since hr_file_create failed; the temporary file is then removed and the old content of path stays. *file is empty
 * afterwards either way. */
hrnet_status hr_file_commit(hr_file *file);
/* Give up: close and remove the temporary file. Harmless on an empty hr_file. */
void hr_file_abandon(hr_file *file);

/* Create the folder path and every missing folder above it. A folder that exists is success. HRNET_ERR_IO. */
hrnet_status hr_file_make_folders(const char *path);

#endif
