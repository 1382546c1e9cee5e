/*
 * events.c - TensorBoard's event files. The file is a sequence of records in TensorFlow's container:
 *
 *   8 bytes   length n of the data, little-endian, as are all numbers
 *   4         masked CRC-32C of those 8 bytes
 *   n         data: one Event message in protobuf's encoding
 *   4         masked CRC-32C of the data
 *
 * Events use the few fields of event.proto and summary.proto that scalars need. The first event names the version;
 * after a resume a second one, SessionLog START at the resumed step, makes TensorBoard discard later steps of earlier
 * files.
 */
#include "report/record_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/file.h"
#include "base/mem.h"
#include "io/protobuf.h"

/* Numbers of fields, as the .proto files give them. */
enum {
    EVENT_TIME = 1,
    EVENT_STEP = 2,
    EVENT_FILE_VERSION = 3,
    EVENT_SUMMARY = 5,
    EVENT_SESSION = 7,
    SESSION_STATUS = 1,
    SESSION_START = 1, /* a value of SESSION_STATUS */
    SUMMARY_VALUE = 1,
    VALUE_TAG = 1,
    VALUE_NUMBER = 2
};

enum { MAX_FILES_A_SECOND = 1000 };

static void store32(unsigned char *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) out[i] = (unsigned char)(value >> 8 * i);
}

/* TensorFlow's mask: rotate right by 15 bits and add a constant. A CRC of data that contains its own CRC would lose its
 * strength; masked, it does not. */
static uint32_t masked_crc(const void *bytes, size_t n)
{
    const uint32_t crc = hr_crc32c(bytes, n);
    return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

/* Append the event as one record, in a single write, and free it. */
static hrnet_status add_record(hr_events *events, hr_text *event)
{
    hr_text record = {0};
    unsigned char head[12], tail[4];
    const uint64_t n = event->length;
    store32(head, (uint32_t)n);
    store32(head + 4, (uint32_t)(n >> 32));
    store32(head + 8, masked_crc(head, 8));
    store32(tail, event->data != NULL ? masked_crc(event->data, event->length) : 0);
    hr_text_add_bytes(&record, head, sizeof head);
    hr_text_add_bytes(&record, event->data != NULL ? event->data : "", event->length);
    hr_text_add_bytes(&record, tail, sizeof tail);
    const hrnet_status status = event->failed || record.failed
                                    ? hr_fail_memory(event->length)
                                    : hr_journal_append(&events->journal, record.data, record.length);
    hr_text_free(event);
    hr_text_free(&record);
    return status;
}

/* Create the file under the name that TensorFlow gives it; a host name that is unknown or no file name is replaced. */
static hrnet_status open_file(hr_events *out, const char *folder, double time)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0' || strchr(host, '/') != NULL)
        strcpy(host, "localhost");
    hrnet_status status = HRNET_ERR_MISMATCH;
    /* two starts within a second get files of their own: ".1", ".2" ... at the end of the name */
    for (int i = 0; i < MAX_FILES_A_SECOND && status == HRNET_ERR_MISMATCH; i++) {
        hr_text name = {0};
        char *path = NULL;
        hr_text_add(&name, "%s/events.out.tfevents.%010lld.%s", folder, (long long)time, host);
        if (i > 0) hr_text_add(&name, ".%d", i);
        HR_TRY(hr_text_take(&name, &path));
        status = hr_journal_open(&out->journal, path, 1);
        hr_free(path);
    }
    return status;
}

static hrnet_status add_beginning(hr_events *events, double time, int64_t resumed_step)
{
    hr_text event = {0}, session = {0};
    hr_protobuf_double(&event, EVENT_TIME, time);
    hr_protobuf_string(&event, EVENT_FILE_VERSION, "brain.Event:2");
    HR_TRY(add_record(events, &event));
    if (resumed_step < 0) return HRNET_OK;
    hr_protobuf_double(&event, EVENT_TIME, time);
    hr_protobuf_int(&event, EVENT_STEP, resumed_step);
    hr_protobuf_int(&session, SESSION_STATUS, SESSION_START);
    hr_protobuf_message(&event, EVENT_SESSION, &session);
    return add_record(events, &event);
}

hrnet_status hr_events_open(hr_events *out, const char *folder, double time, int64_t resumed_step)
{
    *out = (hr_events){.journal = {.fd = -1}};
    HR_TRY(hr_file_make_folders(folder));
    HR_TRY(open_file(out, folder, time));
    const hrnet_status status = add_beginning(out, time, resumed_step);
    if (status != HRNET_OK) {
        unlink(out->journal.path);
        hr_journal_close(&out->journal);
    }
    return status;
}

hrnet_status hr_events_add(hr_events *events, double time, int64_t step, const hr_record_value *values, size_t n)
{
    hr_text event = {0}, summary = {0};
    hr_protobuf_double(&event, EVENT_TIME, time);
    hr_protobuf_int(&event, EVENT_STEP, step);
    for (size_t i = 0; i < n; i++) {
        hr_text value = {0};
        hr_protobuf_string(&value, VALUE_TAG, values[i].tag);
        hr_protobuf_float(&value, VALUE_NUMBER, (float)values[i].value);
        hr_protobuf_message(&summary, SUMMARY_VALUE, &value);
    }
    hr_protobuf_message(&event, EVENT_SUMMARY, &summary);
    return add_record(events, &event);
}

hrnet_status hr_events_close(hr_events *events)
{
    return hr_journal_close(&events->journal);
}
