/* journal.h - a file that only grows, by pieces that stand in it whole or not at all. */
#ifndef HR_REPORT_JOURNAL_H
#define HR_REPORT_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct hr_journal {
    char *path; /* NULL: not open */
    int fd;
    int64_t size;  /* bytes that stand in it */
    int is_broken; /* a piece stands half in it and could not be taken back */
} hr_journal;

/* Append to path, made if it is missing. is_new: HRNET_ERR_MISMATCH when it is there already. */
hrnet_status hr_journal_open(hr_journal *out, const char *path, int is_new);

/* The piece has left the process when this returns, so a kill does not lose it. When it does not fit, what part of it
 * was written is taken back: HRNET_ERR_IO, the file as before. */
hrnet_status hr_journal_append(hr_journal *journal, const void *bytes, size_t n);

/* Syncs with the disk. Harmless on one that is not open. */
hrnet_status hr_journal_close(hr_journal *journal);

#endif
