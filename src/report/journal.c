/* journal.c - appending with write(2), so that nothing waits in a buffer of the process. */
#include "report/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

hrnet_status hr_journal_open(hr_journal *out, const char *path, int is_new)
{
    struct stat status;
    *out = (hr_journal){.fd = -1};
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (is_new ? O_EXCL : 0), 0666);
    if (fd < 0 && errno == EEXIST && is_new) return hr_fail(HRNET_ERR_MISMATCH, "%s: is there already", path);
    if (fd < 0) return hr_fail(HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (fstat(fd, &status) != 0) {
        const int reason = errno;
        close(fd);
        return hr_fail(HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(reason));
    }
    char *const name = hr_strdup(path);
    if (name == NULL) {
        close(fd);
        return hr_fail_memory(strlen(path) + 1);
    }
    /* a device or a pipe has no size, and nothing in it can be taken back */
    *out = (hr_journal){name, fd, S_ISREG(status.st_mode) ? (int64_t)status.st_size : -1, 0};
    return HRNET_OK;
}

static int write_all(int fd, const unsigned char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return 0;
        bytes += written;
        n -= (size_t)written;
    }
    return 1;
}

hrnet_status hr_journal_append(hr_journal *journal, const void *bytes, size_t n)
{
    if (journal->is_broken)
        return hr_fail(HRNET_ERR_IO, "%s: an earlier entry is cut short, nothing can follow it", journal->path);
    if (!write_all(journal->fd, bytes, n)) {
        const int reason = errno;
        journal->is_broken = journal->size >= 0 && ftruncate(journal->fd, (off_t)journal->size) != 0;
        return hr_fail(HRNET_ERR_IO, "%s: cannot write: %s", journal->path, strerror(reason));
    }
    if (journal->size >= 0) journal->size += (int64_t)n;
    return HRNET_OK;
}

hrnet_status hr_journal_close(hr_journal *journal)
{
    hrnet_status status = HRNET_OK;
    if (journal->path == NULL) return HRNET_OK;
    const int is_synced = journal->size < 0 || fsync(journal->fd) == 0;
    int reason = errno;
    const int is_closed = close(journal->fd) == 0;
    if (is_synced) reason = errno;
    if (!is_synced || !is_closed)
        status = hr_fail(HRNET_ERR_IO, "%s: cannot write: %s", journal->path, strerror(reason));
    hr_free(journal->path);
    *journal = (hr_journal){.fd = -1};
    return status;
}
