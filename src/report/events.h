/*
 * events.h - TensorBoard's event files: records of TensorFlow's container (length, masked CRC-32C of it, data, masked
 * CRC-32C of that), each an Event message. One file a start of the program; TensorBoard reads all of a folder.
 */
#ifndef HR_REPORT_EVENTS_H
#define HR_REPORT_EVENTS_H

#include "report/journal.h"
#include "report/record.h"

typedef struct hr_events {
    hr_journal journal;
} hr_events;

/* Begin a file events.out.tfevents.TIME.HOST in folder, which is made if it is missing. resumed_step >= 0: tells
 * TensorBoard to forget what earlier files have of that step and later ones. */
hrnet_status hr_events_open(hr_events *out, const char *folder, double time, int64_t resumed_step);

/* One event with all values; they are stored as floats. time: seconds since 1970. */
hrnet_status hr_events_add(hr_events *events, double time, int64_t step, const hr_record_value *values, size_t n);

hrnet_status hr_events_close(hr_events *events);

#endif
