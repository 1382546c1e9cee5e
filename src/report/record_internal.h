/*
 * record_internal.h - the two kinds of files that a record consists of: append-only journals, and TensorBoard's event
 * files, which are journals of binary records.
 */
#ifndef HR_REPORT_RECORD_INTERNAL_H
#define HR_REPORT_RECORD_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "report/record.h"

/* ------------------------------------------------------------------------------------------------ journal */

/* An append-only file whose pieces are in it whole or not at all. */
typedef struct hr_journal {
    char *path; /* NULL: not open */
    int fd;
    int64_t size;  /* bytes in the file; -1: a device or a pipe, which has no size */
    int is_broken; /* 1: the file ends with half a piece that could not be removed */
} hr_journal;

/* Open path for appending; it is created if it is missing. is_new 1: HRNET_ERR_MISMATCH if it is there already. */
hrnet_status hr_journal_open(hr_journal *out, const char *path, int is_new);

/* Append a piece. When this returns the kernel has it, so that killing the process does not lose it. HRNET_ERR_IO: it
 * was not written, and what was written of it has been removed. */
hrnet_status hr_journal_append(hr_journal *journal, const void *bytes, size_t n);

/* Sync with the disk and close. Does nothing on a journal that is not open. */
hrnet_status hr_journal_close(hr_journal *journal);

/* ------------------------------------------------------------------------------------------------ events */

/* One of TensorBoard's event files. Every start of a program writes a new one; TensorBoard reads all files of a folder.
 */
typedef struct hr_events {
    hr_journal journal;
} hr_events;

/* Create events.out.tfevents.TIME.HOST in folder, which is created if it is missing. time: seconds since 1970.
 * resumed_step >= 0: TensorBoard discards what earlier files say of that step and later ones. */
hrnet_status hr_events_open(hr_events *out, const char *folder, double time, int64_t resumed_step);

/* Append one event with all values; they are stored as float32. */
hrnet_status hr_events_add(hr_events *events, double time, int64_t step, const hr_record_value *values, size_t n);

hrnet_status hr_events_close(hr_events *events);

#endif
