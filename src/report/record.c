/*
 * record.c - the record of a run: each report as a line of train.jsonl and as an event of TensorBoard. Both are
 * journals, files that grow by whole pieces with write(2), so that nothing waits in a buffer of the process: a run that
 * is killed has every report up to its last one.
 */
#include "report/record.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/json.h"
#include "report/record_internal.h"
#include "report/run_log.h"

/* ------------------------------------------------------------------------------------------------ journal */

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
    /* of a device or a pipe nothing can be removed again; O_APPEND is all it needs */
    *out = (hr_journal){name, fd, S_ISREG(status.st_mode) ? (int64_t)status.st_size : -1, 0};
    return HRNET_OK;
}

/* write(2) until all bytes are written; it may write fewer than asked for, or be interrupted. 0: errno says why not. */
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
        /* on a full disk half a piece may have been written: cut it off, so that a later one begins on a line */
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
    /* close even if the sync fails; the message gives the reason of the first failure */
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

/* ------------------------------------------------------------------------------------------------ record */

struct hr_record {
    hr_journal log;   /* path NULL: none */
    hr_events events; /* journal.path NULL: none */
};

/* Seconds since 1970, to milliseconds, so that JSON has few digits. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)(time.tv_nsec / 1000000) / 1000;
}

/* Create the folder, remove what a resumed run will write again, and open for appending. */
static hrnet_status open_log(hr_journal *out, const char *path, int64_t resumed_step)
{
    const char *const slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        char *const folder = hr_strndup(path, (size_t)(slash - path));
        if (folder == NULL) return hr_fail_memory((size_t)(slash - path));
        const hrnet_status status = hr_file_make_folders(folder);
        hr_free(folder);
        HR_TRY(status);
    }
    HR_TRY(hr_run_log_trim(path, resumed_step));
    return hr_journal_open(out, path, 0);
}

hrnet_status hr_record_open(hr_record **out, const char *log_path, const char *event_folder, int64_t resumed_step)
{
    hr_record *record;
    HR_NEW(record, 1);
    hrnet_status status = HRNET_OK;
    if (log_path != NULL) status = open_log(&record->log, log_path, resumed_step);
    if (status == HRNET_OK && event_folder != NULL)
        status = hr_events_open(&record->events, event_folder, now(), resumed_step);
    if (status != HRNET_OK) {
        hr_record_close(record);
        return status;
    }
    *out = record;
    return HRNET_OK;
}

/* One line of JSON with the shortest digits that read back to the same doubles. */
static hrnet_status add_line(hr_journal *log, double time, int64_t step, int64_t epoch, const hr_record_value *values,
                             size_t n)
{
    hr_text line = {0};
    char number[HR_NUMBER_TEXT];
    hr_number_text(time, number);
    hr_text_add(&line, "{\"step\":%lld,\"epoch\":%lld,\"time\":%s", (long long)step, (long long)epoch, number);
    for (size_t i = 0; i < n; i++) {
        hr_text_add_bytes(&line, ",", 1);
        hr_json_add_string(&line, values[i].tag);
        if (isfinite(values[i].value)) hr_number_text(values[i].value, number);
        hr_text_add(&line, ":%s", isfinite(values[i].value) ? number : "null");
    }
    hr_text_add_bytes(&line, "}\n", 2);
    const hrnet_status status =
        line.failed ? hr_fail_memory(line.length) : hr_journal_append(log, line.data, line.length);
    hr_text_free(&line);
    return status;
}

hrnet_status hr_record_add(hr_record *record, int64_t step, int64_t epoch, const hr_record_value *values, size_t n)
{
    const double time = now();
    if (record->log.path != NULL) HR_TRY(add_line(&record->log, time, step, epoch, values, n));
    if (record->events.journal.path != NULL) HR_TRY(hr_events_add(&record->events, time, step, values, n));
    return HRNET_OK;
}

hrnet_status hr_record_close(hr_record *record)
{
    if (record == NULL) return HRNET_OK;
    const hrnet_status log = hr_journal_close(&record->log), events = hr_events_close(&record->events);
    hr_free(record);
    return log != HRNET_OK ? log : events;
}
