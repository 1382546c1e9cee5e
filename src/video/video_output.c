/* video_output.c - writing with space set aside for the end of the file. */
#include "video/video_output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"

enum { STEP = 4 << 20 }; /* bytes that are allocated at a time */

hrnet_status hr_video_output_create(hr_video_output *output, const char *path)
{
    struct stat status;
    *output = (hr_video_output){0};
    HR_TRY(hr_file_create(&output->file, path));
    output->fd = fileno(output->file.stream);
    output->is_seekable = fstat(output->fd, &status) == 0 && S_ISREG(status.st_mode) && output->file.path != NULL;
    output->can_allocate = output->is_seekable;
    return HRNET_OK;
}

static void note_failure(hr_video_output *output, int reason)
{
    if (output->failure == 0) output->failure = reason;
}

/* 0, or an errno. */
static int allocate_to(hr_video_output *output, int64_t wanted)
{
    int reason;
    do {
        reason = posix_fallocate(output->fd, output->allocated, wanted - output->allocated);
    } while (reason == EINTR);
    if (reason == 0) output->allocated = wanted;
    return reason;
}

/* Have the space up to `end` and the reserve behind it, and for less calls a step more, if there is as much. A file
 * system that cannot allocate is not asked again. */
static void allocate(hr_video_output *output, int64_t end)
{
    const int64_t wanted = end + output->reserve;
    if (!output->can_allocate || output->failure != 0 || wanted <= output->allocated) return;
    int reason = allocate_to(output, wanted + STEP);
    if (reason == ENOSPC || reason == EFBIG || reason == EDQUOT) reason = allocate_to(output, wanted);
    if (reason == 0) return;
    if (reason == ENOSPC || reason == EFBIG || reason == EDQUOT || reason == EIO)
        note_failure(output, reason);
    else
        output->can_allocate = 0;
}

static ssize_t write_some(const hr_video_output *output, const char *bytes, size_t n)
{
    return output->is_seekable ? pwrite(output->fd, bytes, n, output->position) : write(output->fd, bytes, n);
}

static int write_bytes(void *context, const void *bytes, size_t n)
{
    hr_video_output *output = context;
    const char *at = bytes;
    allocate(output, output->position + (int64_t)n);
    while (n > 0) {
        const ssize_t written = write_some(output, at, n);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            const int reason = written < 0 ? errno : EIO;
            note_failure(output, reason);
            return reason;
        }
        at += written;
        n -= (size_t)written;
        output->position += written;
        if (output->position > output->size) output->size = output->position;
    }
    return 0;
}

static int64_t seek(void *context, int64_t position)
{
    hr_video_output *output = context;
    if (!output->is_seekable) return -ESPIPE;
    if (position < 0) return -EINVAL;
    output->position = position;
    return position;
}

static int64_t size_of(void *context)
{
    const hr_video_output *output = context;
    return output->size;
}

static void reserve(void *context, int64_t n_bytes)
{
    hr_video_output *output = context;
    output->reserve = n_bytes;
}

static int failure_of(void *context)
{
    const hr_video_output *output = context;
    return output->failure;
}

hr_video_sink hr_video_output_sink(hr_video_output *output)
{
    return (hr_video_sink){.context = output,
                           .is_seekable = output->is_seekable,
                           .write = write_bytes,
                           .seek = seek,
                           .size = size_of,
                           .reserve = reserve,
                           .failure = failure_of};
}

hrnet_status hr_video_output_commit(hr_video_output *output)
{
    hr_file file = output->file;
    const int is_cut = !output->is_seekable || ftruncate(output->fd, output->size) == 0;
    const int reason = errno;
    *output = (hr_video_output){0};
    if (is_cut) return hr_file_commit(&file);
    const hrnet_status status =
        hr_fail(HRNET_ERR_IO, "%s: cannot cut off its surplus: %s", file.path, strerror(reason));
    hr_file_abandon(&file);
    return status;
}

void hr_video_output_abandon(hr_video_output *output)
{
    if (output->file.stream != NULL && output->file.path != NULL) hr_file_abandon(&output->file);
    *output = (hr_video_output){0};
}
