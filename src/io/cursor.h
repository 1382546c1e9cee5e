/*
 * cursor.h - bounds-checked reading of bytes from outside: every parser of a binary format reads through a cursor,
 * which never passes the end. A read beyond the end returns zeros and sets `failed`, which stays set, so that a parser
 * may read a group of fields and check once:
 *
 *   hr_cursor in = hr_cursor_over(bytes, n_bytes);
 *   const uint32_t type = hr_cursor_u32(&in), size = hr_cursor_u32(&in);
 *   const unsigned char *body = hr_cursor_take(&in, size);
 *   if (in.failed) return hr_fail(HRNET_ERR_FORMAT, "cut short");
 *
 * Numbers are little-endian.
 */
#ifndef HR_IO_CURSOR_H
#define HR_IO_CURSOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Invariant: at <= size. */
typedef struct hr_cursor {
    const unsigned char *data; /* not owned */
    size_t size, at;           /* bytes in all; offset of the next one */
    int failed;
} hr_cursor;

/* A cursor at the start of memory that must outlive it. */
static inline hr_cursor hr_cursor_over(const void *data, size_t size)
{
    return (hr_cursor){data, size, 0, 0};
}

/* Bytes from the cursor to the end. */
static inline size_t hr_cursor_left(const hr_cursor *c)
{
    return c->size - c->at;
}

/* Step over the next n bytes and return where they start. If fewer are left: NULL, failed is set, nothing is stepped
 * over. */
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

/* Read an unsigned little-endian number of n bytes, n <= 8; 0 on failure. */
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
