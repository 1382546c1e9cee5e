/*
 * lock.h - one process at a time for a folder: a file in it that this process holds open and locked, with its process
 * id as text. The system lets go of the lock when the process ends, however it ends, so that a file that a killed
 * process leaves behind bars nobody.
 */
#ifndef HR_BASE_LOCK_H
#define HR_BASE_LOCK_H

#include <sys/types.h>

#include "base/status.h"

/* Zeroed: none is held. */
typedef struct hr_lock {
    int fd; /* when path is not NULL */
    char *path;
    pid_t owner; /* the process that took it: a fork of it has the file open, too, but not the lock to give */
} hr_lock;

/* Create path and lock it. HRNET_ERR_IO: another process (or another lock of this one) holds it; the message names its
 * process id. On file systems without locks it succeeds without one. Release it with hr_lock_release. */
hrnet_status hr_lock_take(hr_lock *out, const char *path);
/* Remove the file and let go; in a fork of the owner, the lock stays the owner's. Harmless on a zeroed lock. */
void hr_lock_release(hr_lock *lock);

#endif
