/* record.c - the same reports into the JSONL log and into TensorBoard's files. */
#include "report/record.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/json.h"
#include "report/events.h"
#include "report/journal.h"
#include "report/run_log.h"

struct hr_record {
    hr_journal log;   /* path NULL: none */
    hr_events events; /* the same */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)(time.tv_nsec / 1000000) / 1000;
}

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
