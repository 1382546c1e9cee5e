/*
 * source.h - random access to a file's bytes, on disk or in memory, with every read checked against the size. It knows
 * nothing of formats.
 */
#ifndef HR_IO_TENSORS_SOURCE_H
#define HR_IO_TENSORS_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct hr_source {
    char *name;                 /* for messages */
    const unsigned char *bytes; /* in memory, not owned; NULL: on disk */
    int fd;
    uint64_t size;
} hr_source;

/* Open a regular file. Messages start with the path. */
hrnet_status hr_source_open(hr_source *out, const char *path);
/* The same over memory that outlives the source. */
hrnet_status hr_source_over(hr_source *out, const void *bytes, size_t n_bytes, const char *name);
/* Copy n bytes from offset at. HRNET_ERR_FORMAT when they pass the end. The message does not name the source. */
hrnet_status hr_source_read(const hr_source *source, uint64_t at, size_t n, void *out);
/* Harmless on a zeroed source. */
void hr_source_close(hr_source *source);

#endif
