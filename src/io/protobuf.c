/*
 * protobuf.c - the wire types that ONNX and TensorBoard need. A field is a varint (field << 3 | type) followed by
 *
 *   type 0  a varint: 7 bits a byte, lowest first; the top bit of a byte says that another follows. 300 = AC 02
 *   type 1  8 bytes, little-endian (double)
 *   type 2  a varint n and n bytes (strings, nested messages)
 *   type 5  4 bytes, little-endian (float)
 */
#include "io/protobuf.h"

#include <string.h>

enum { TYPE_BITS = 3, VARINT = 0, EIGHT_BYTES = 1, BYTES = 2, FOUR_BYTES = 5 };

static void add_varint(hr_text *message, uint64_t value)
{
    unsigned char bytes[10]; /* 64 bits in groups of 7 */
    size_t n = 0;
    while (value > 0x7F) {
        bytes[n++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    bytes[n++] = (unsigned char)value;
    hr_text_add_bytes(message, bytes, n);
}

/* Negative numbers take ten bytes, as protobuf's int32 and int64 do (sint64 would be another encoding). */
void hr_protobuf_int(hr_text *message, int field, int64_t value)
{
    add_varint(message, (uint64_t)field << TYPE_BITS | VARINT);
    add_varint(message, (uint64_t)value);
}

static void add_fixed(hr_text *message, int field, int type, uint64_t bits, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++) bytes[i] = (unsigned char)(bits >> 8 * i);
    add_varint(message, (uint64_t)field << TYPE_BITS | (unsigned)type);
    hr_text_add_bytes(message, bytes, n);
}

void hr_protobuf_double(hr_text *message, int field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_fixed(message, field, EIGHT_BYTES, bits, sizeof bits);
}

void hr_protobuf_float(hr_text *message, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_fixed(message, field, FOUR_BYTES, bits, sizeof bits);
}

void hr_protobuf_head(hr_text *message, int field, uint64_t n_bytes)
{
    add_varint(message, (uint64_t)field << TYPE_BITS | BYTES);
    add_varint(message, n_bytes);
}

void hr_protobuf_string(hr_text *message, int field, const char *value)
{
    const size_t n = strlen(value);
    hr_protobuf_head(message, field, n);
    hr_text_add_bytes(message, value, n);
}

void hr_protobuf_message(hr_text *message, int field, hr_text *nested)
{
    hr_protobuf_head(message, field, nested->length);
    hr_text_add_bytes(message, nested->data != NULL ? nested->data : "", nested->length);
    message->failed |= nested->failed;
    hr_text_free(nested);
}
