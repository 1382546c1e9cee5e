/*
 * cursor.h - the one way to walk over outside bytes: little-endian reads that never pass the end. A failed read sets
 * `failed`, yields zeros, and stays failed, so that a parser may check once for a group of reads.
 */
#ifndef HR_IO_CURSOR_H
#define HR_IO_CURSOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct hr_cursor {
    const unsigned char *data;
    size_t size, at;
    int failed;
} hr_cursor;

static inline hr_cursor hr_cursor_over(const void *data, size_t size)
{
    return (hr_cursor){data, size, 0, 0};
}

static inline size_t hr_cursor_left(const hr_cursor *c)
{
    return c->size - c->at;
}

/* The next n bytes, or NULL (and failed) when fewer are left. */
static inline const unsigned char *hr_cursor_take(hr_cursor *c, size_t n)
{
    if (c->failed || n > c->size - c->at) {
        c->failed = 1;
        return NULL;
    }
    const unsigned char *p = c->data + c->at;
    c->at += n;
    return p;
}

/* An unsigned little-endian number of n bytes, n <= 8. */
static inline uint64_t hr_cursor_uint(hr_cursor *c, size_t n)
{
    const unsigned char *p = hr_cursor_take(c, n);
    uint64_t value = 0;
    for (size_t i = 0; p != NULL && i < n; i++) value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static inline uint8_t hr_cursor_u8(hr_cursor *c)
{
    return (uint8_t)hr_cursor_uint(c, 1);
}
static inline uint16_t hr_cursor_u16(hr_cursor *c)
{
    return (uint16_t)hr_cursor_uint(c, 2);
}
static inline uint32_t hr_cursor_u32(hr_cursor *c)
{
    return (uint32_t)hr_cursor_uint(c, 4);
}
static inline uint64_t hr_cursor_u64(hr_cursor *c)
{
    return hr_cursor_uint(c, 8);
}

#endif
