/*
 * protobuf.h - messages in protobuf's wire format, appended to a text. A message is a run of fields, each a number, a
 * type and a value; a nested message is a field of bytes. What the numbers mean is the caller's business.
 */
#ifndef HR_IO_PROTOBUF_H
#define HR_IO_PROTOBUF_H

#include <stdint.h>

#include "base/text.h"

void hr_protobuf_int(hr_text *message, int field, int64_t value);
void hr_protobuf_double(hr_text *message, int field, double value);
void hr_protobuf_float(hr_text *message, int field, float value);
void hr_protobuf_string(hr_text *message, int field, const char *value);

/* Append the nested message and free it. A failed allocation in it is remembered by the outer one. */
void hr_protobuf_message(hr_text *message, int field, hr_text *nested);

/* The head of a field whose n_bytes of value the caller writes behind it. */
void hr_protobuf_head(hr_text *message, int field, uint64_t n_bytes);

#endif
