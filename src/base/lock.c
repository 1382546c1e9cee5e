/* lock.c - locks by flock(2), which belong to the open file and so also bar a second run of the same process. */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Whether fd is still the file of that name: the process that held the lock may have removed it meanwhile. */
static int is_current(int fd, const char *path)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
           ours.st_ino == there.st_ino;
}

static hrnet_status fail_held(int fd, const char *path)
{
    char owner[24] = "";
    const ssize_t n = pread(fd, owner, sizeof owner - 1, 0);
    owner[n > 0 ? strspn(owner, "0123456789") : 0] = '\0';
    close(fd);
    return hr_fail(HRNET_ERR_IO, "%s: held by process %s: two runs cannot write to one folder", path,
                   owner[0] != '\0' ? owner : "(unknown)");
}

static void write_owner(int fd)
{
    char owner[24];
    const int n = snprintf(owner, sizeof owner, "%ld\n", (long)getpid());
    /* for the message of another process alone: a full disk is no reason to stop here */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, owner, (size_t)n, 0) != n) return;
}

hrnet_status hr_lock_take(hr_lock *out, const char *path)
{
    for (;;) {
        const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0) return hr_fail(HRNET_ERR_IO, "%s: cannot create: %s", path, strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return fail_held(fd, path);
        if (!is_current(fd, path)) {
            close(fd);
            continue;
        }
        char *const copy = hr_strdup(path);
        if (copy == NULL) {
            unlink(path);
            close(fd);
            return hr_fail_memory(strlen(path) + 1);
        }
        write_owner(fd);
        *out = (hr_lock){fd, copy, getpid()};
        return HRNET_OK;
    }
}

void hr_lock_release(hr_lock *lock)
{
    if (lock->path == NULL) return;
    if (lock->owner == getpid()) unlink(lock->path); /* before the lock goes: nobody else has it yet */
    close(lock->fd);
    hr_free(lock->path);
    *lock = (hr_lock){0};
}
