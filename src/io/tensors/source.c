/* source.c - checked random access over pread or memory. */
#include "io/tensors/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

hrnet_status hr_source_open(hr_source *out, const char *path)
{
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return hr_fail(HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return hr_fail(HRNET_ERR_IO, "%s: is not a regular file", path);
    }
    char *const name = hr_strdup(path);
    if (name == NULL) {
        close(fd);
        return hr_fail_memory(strlen(path) + 1);
    }
    *out = (hr_source){name, NULL, fd, (uint64_t)status.st_size};
    return HRNET_OK;
}

hrnet_status hr_source_over(hr_source *out, const void *bytes, size_t n_bytes, const char *name)
{
    char *const copy = hr_strdup(name);
    if (copy == NULL) return hr_fail_memory(strlen(name) + 1);
    *out = (hr_source){copy, bytes, -1, n_bytes};
    return HRNET_OK;
}

hrnet_status hr_source_read(const hr_source *source, uint64_t at, size_t n, void *out)
{
    if (at > source->size || n > source->size - at)
        return hr_fail(HRNET_ERR_FORMAT, "%zu bytes expected at offset %llu, the file has %llu", n,
                       (unsigned long long)at, (unsigned long long)source->size);
    if (source->bytes != NULL) {
        memcpy(out, source->bytes + at, n);
        return HRNET_OK;
    }
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(source->fd, (unsigned char *)out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return hr_fail(HRNET_ERR_IO, "cannot read: %s", strerror(errno));
        if (got == 0) return hr_fail(HRNET_ERR_IO, "the file became shorter while it was read");
        done += (size_t)got;
    }
    return HRNET_OK;
}

void hr_source_close(hr_source *source)
{
    if (source->name != NULL && source->fd >= 0) close(source->fd);
    hr_free(source->name);
    *source = (hr_source){0};
}
