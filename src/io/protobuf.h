/*
 * protobuf.h - writing protobuf's wire format, which ONNX and TensorBoard files are made of. A message is a sequence of
 * fields, each a field number with a value; a nested message is a field whose value is the message's bytes.
 *
 *   hr_text tensor = {0};
 *   hr_protobuf_int(&tensor, 2, 1);                     // TensorProto.data_type = FLOAT
 *   hr_protobuf_message(&graph, 5, &tensor);            // GraphProto.initializer
 *
 * What the field numbers mean is for the caller to know. Failed allocations are remembered by the text (text.h).
 */
#ifndef HR_IO_PROTOBUF_H
#define HR_IO_PROTOBUF_H

#include <stdint.h>

#include "base/text.h"

/* Append one field. Integers of any declared width (int32, int64, enum, bool) are written alike. */
void hr_protobuf_int(hr_text *message, int field, int64_t value);
void hr_protobuf_double(hr_text *message, int field, double value);
void hr_protobuf_float(hr_text *message, int field, float value);
void hr_protobuf_string(hr_text *message, int field, const char *value);

/* Append a nested message as a field and free it. If an allocation failed in it, message->failed is set. */
void hr_protobuf_message(hr_text *message, int field, hr_text *nested);

/* Append only the head of a field of bytes; the caller writes its n_bytes next. For values too large to copy. */
void hr_protobuf_head(hr_text *message, int field, uint64_t n_bytes);

#endif
