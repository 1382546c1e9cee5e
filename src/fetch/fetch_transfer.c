/* fetch_transfer.c - transfers that go on where they were broken off. */
#include "fetch/fetch_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/status.h"

/* Transfers that break off are taken up again as long as each brings something, so many times. */
enum { MOST_TRIES = 5 };

static const uint64_t most_bytes = (uint64_t)8 << 30; /* no published file is near that */
static const double progress_time = 0.1;              /* seconds between two calls of on_progress */

/* One try. */
typedef struct attempt {
    const hr_transfer *transfer;
    int fd;
    char validator[HR_FETCH_VALIDATOR]; /* of what the part holds */
    uint64_t asked_from, done, total;   /* bytes; total 0: unknown */
    uint64_t came;                      /* in this try */
    int is_anew;                        /* the part does not go on here: it was emptied, ask for all */
    int is_whole;                       /* the server says that the part is all there is */
    double told_at;
    hrnet_status status; /* of a callback that ended the request */
} attempt;

static void tell(const hr_transfer *transfer, const char *what, uint64_t done)
{
    char line[1024];
    if (transfer->on_message == NULL) return;
    snprintf(line, sizeof line, "%s: %s %.1f MB", transfer->shown, what, (double)done * 1e-6);
    transfer->on_message(transfer->context, line);
}

/* ------------------------------------------------------------------------------------------------ the part */

static hrnet_status fail_write(const attempt *a, int reason)
{
    char all[32] = "";
    if (a->total > 0) snprintf(all, sizeof all, " of %llu", (unsigned long long)a->total);
    return hr_fail(HRNET_ERR_IO, "%s: cannot write behind byte %llu%s: %s", a->transfer->part,
                   (unsigned long long)a->done, all, strerror(reason));
}

/* Empty the part: what comes is another file, or all of it. */
static hrnet_status begin_anew(attempt *a)
{
    a->done = 0;
    a->validator[0] = '\0';
    if (ftruncate(a->fd, 0) == 0 && lseek(a->fd, 0, SEEK_SET) == 0) return HRNET_OK;
    return fail_write(a, errno);
}

static hrnet_status open_part(attempt *a)
{
    struct stat info;
    a->fd = open(a->transfer->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (a->fd < 0) return hr_fail(HRNET_ERR_IO, "%s: cannot open for writing: %s", a->transfer->part, strerror(errno));
    if (fstat(a->fd, &info) != 0 || !S_ISREG(info.st_mode))
        return hr_fail(HRNET_ERR_IO, "%s: expected a file, found something else", a->transfer->part);
    a->done = (uint64_t)info.st_size;
    if (lseek(a->fd, 0, SEEK_END) < 0) return fail_write(a, errno);
    return HRNET_OK;
}

static hrnet_status read_validator(attempt *a)
{
    hr_bytes bytes;
    if (access(a->transfer->from, F_OK) != 0) return HRNET_OK;
    HR_TRY(hr_file_read(&bytes, a->transfer->from, sizeof a->validator - 1));
    /* a header of the request: nothing that could end its line */
    size_t n = 0;
    while (n < bytes.size && bytes.data[n] >= ' ' && bytes.data[n] < 127) n++;
    memcpy(a->validator, bytes.data, n);
    a->validator[n] = '\0';
    hr_free(bytes.data);
    return HRNET_OK;
}

static hrnet_status write_validator(const attempt *a, const char *validator)
{
    hr_file file;
    if (validator[0] == '\0') {
        unlink(a->transfer->from);
        return HRNET_OK;
    }
    HR_TRY(hr_file_create(&file, a->transfer->from));
    fputs(validator, file.stream);
    return hr_file_commit(&file);
}

/* Whether the disk has room for the rest. */
static hrnet_status check_room(const attempt *a)
{
    struct statvfs disk;
    if (a->total <= a->done || fstatvfs(a->fd, &disk) != 0 || disk.f_blocks == 0) return HRNET_OK;
    const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize, rest = a->total - a->done;
    if (room >= rest) return HRNET_OK;
    return hr_fail(HRNET_ERR_IO, "%s: expected room for %llu bytes on its disk, found %llu", a->transfer->part,
                   (unsigned long long)rest, (unsigned long long)room);
}

/* ------------------------------------------------------------------------------------------------ the answer */

static hrnet_status fail_answer(const attempt *a, const hr_fetch_head *head)
{
    const char *const hint = head->code == 404 || head->code == 410   ? ", no such file there"
                             : head->code == 401 || head->code == 403 ? ", no permission"
                             : head->code == 407                      ? ", the proxy wants a password"
                             : head->code >= 500                      ? ", the server's own trouble"
                                                                      : "";
    return hr_fail(HRNET_ERR_IO, "%s: expected the file, found HTTP status %d%s", a->transfer->shown, head->code, hint);
}

/* A part: where it begins, and how long the whole is. */
static hrnet_status take_part(attempt *a, const hr_fetch_head *head)
{
    if (a->asked_from == 0 || head->from != a->asked_from)
        return hr_fail(HRNET_ERR_IO, "%s: expected bytes from %llu on, found others", a->transfer->shown,
                       (unsigned long long)a->asked_from);
    if (head->total != HR_FETCH_UNKNOWN)
        a->total = head->total;
    else if (head->length != HR_FETCH_UNKNOWN && head->length <= most_bytes)
        a->total = head->from + head->length;
    tell(a->transfer, "goes on at", a->done);
    return HRNET_OK;
}

static hrnet_status take_whole(attempt *a, const hr_fetch_head *head)
{
    if (a->done > 0) tell(a->transfer, "begins anew, since the server does not go on at", a->done);
    if (head->length != HR_FETCH_UNKNOWN) a->total = head->length;
    return begin_anew(a);
}

/* No such part: the one here is all there is, or of another file. */
static hrnet_status take_nothing(attempt *a, const hr_fetch_head *head)
{
    a->is_whole = head->total == a->asked_from;
    a->is_anew = !a->is_whole;
    return a->is_anew ? begin_anew(a) : HRNET_OK;
}

static hrnet_status take_head(attempt *a, const hr_fetch_head *head)
{
    if (head->code == 416 && a->asked_from > 0) return take_nothing(a, head);
    if (head->code != 200 && head->code != 206) return fail_answer(a, head);
    HR_TRY(head->code == 206 ? take_part(a, head) : take_whole(a, head));
    if (a->total > most_bytes)
        return hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %llu bytes, found %llu", a->transfer->shown,
                       (unsigned long long)most_bytes, (unsigned long long)a->total);
    HR_TRY(check_room(a));
    return head->code == 200 ? write_validator(a, head->validator) : HRNET_OK;
}

static int on_head(void *context, const hr_fetch_head *head)
{
    attempt *const a = context;
    a->status = take_head(a, head);
    return a->status != HRNET_OK || a->is_whole || a->is_anew;
}

static int on_bytes(void *context, const void *bytes, size_t n)
{
    attempt *const a = context;
    const char *at = bytes;
    if (a->done + n > most_bytes || (a->total > 0 && a->done + n > a->total))
        a->status = hr_fail(HRNET_ERR_IO, "%s: expected %llu bytes, found more", a->transfer->shown,
                            (unsigned long long)(a->total > 0 ? a->total : most_bytes));
    while (a->status == HRNET_OK && n > 0) {
        const ssize_t written = write(a->fd, at, n);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            a->status = fail_write(a, written < 0 ? errno : EIO);
            break;
        }
        at += written;
        n -= (size_t)written;
        a->done += (uint64_t)written;
        a->came += (uint64_t)written;
    }
    return a->status != HRNET_OK;
}

static int on_wait(void *context)
{
    attempt *const a = context;
    const double now = hr_clock_now();
    if (a->transfer->on_progress == NULL || now < a->told_at + progress_time) return 0;
    a->told_at = now;
    if (a->transfer->on_progress(a->transfer->context, a->done, a->total) == 0) return 0;
    a->status =
        hr_fail(HRNET_ERR_CANCELLED, "%s: cancelled at byte %llu", a->transfer->shown, (unsigned long long)a->done);
    return 1;
}

/* ------------------------------------------------------------------------------------------------ tries */

/* What an answer without a fault of the network comes to. *is_cut: it ended before its time. */
static hrnet_status finish(attempt *a, int *is_cut)
{
    if (a->is_anew)
        return hr_fail(HRNET_ERR_IO, "%s: expected bytes from %llu on, found a file without them", a->transfer->shown,
                       (unsigned long long)a->asked_from);
    if (!a->is_whole && a->total > 0 && a->done != a->total) {
        *is_cut = 1;
        return hr_fail(HRNET_ERR_IO, "%s: expected %llu bytes, found an end behind %llu", a->transfer->shown,
                       (unsigned long long)a->total, (unsigned long long)a->done);
    }
    if (fsync(a->fd) != 0) return fail_write(a, errno);
    if (a->transfer->on_progress != NULL) a->transfer->on_progress(a->transfer->context, a->done, a->done);
    return HRNET_OK;
}

static hrnet_status request(attempt *a, int *is_cut)
{
    const hr_transfer *const transfer = a->transfer;
    char text[HR_FETCH_TEXT] = "";
    if (a->done > 0 && a->validator[0] == '\0' && !transfer->is_hash_known) HR_TRY(begin_anew(a));
    a->asked_from = a->done;
    const hr_fetch_request ask = {.url = transfer->url,
                                  .agent = "hrnet/" HRNET_VERSION,
                                  .from = a->asked_from,
                                  .validator = a->validator,
                                  .stall_seconds = transfer->stall_seconds,
                                  .on_head = on_head,
                                  .on_bytes = on_bytes,
                                  .on_wait = on_wait,
                                  .context = a};
    const hr_fetch_end end = transfer->module->get(&ask, text);
    if (a->status != HRNET_OK) return a->status;
    if (end == HR_FETCH_DONE || end == HR_FETCH_STOPPED) return finish(a, is_cut);
    *is_cut = end == HR_FETCH_CUT;
    return hr_fail(HRNET_ERR_IO, "%s: %s%s", transfer->shown, text,
                   a->done > 0 ? "; what came is kept, the next call goes on" : "");
}

/* *is_open: another try may have what this one has not. */
static hrnet_status try_once(const hr_transfer *transfer, int *is_open)
{
    attempt a = {.transfer = transfer, .fd = -1};
    int is_cut = 0;
    hrnet_status status = open_part(&a);
    if (status == HRNET_OK && a.done > 0) status = read_validator(&a);
    if (status == HRNET_OK) status = request(&a, &is_cut);
    if (a.fd >= 0) close(a.fd);
    if (a.fd >= 0 && a.done == 0 && status != HRNET_OK) { /* nothing to go on from */
        unlink(transfer->part);
        unlink(transfer->from);
    }
    *is_open = a.is_anew || (is_cut && a.came > 0);
    return status;
}

hrnet_status hr_transfer_run(const hr_transfer *transfer)
{
    hrnet_status status = HRNET_OK;
    int is_open = 1;
    for (int i = 0; is_open && i < MOST_TRIES; i++) {
        status = try_once(transfer, &is_open);
        if (status == HRNET_OK) break;
    }
    return status;
}
