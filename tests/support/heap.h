/*
 * heap.h - the whole process' heap under a test: what malloc gives to us and to every library is counted, and can be
 * made to fail. Link heap.c into the test. It stands in for the C library's malloc (glibc's alone), or listens to a
 * sanitizer's, which cannot be made to fail.
 */
#ifndef TEST_SUPPORT_HEAP_H
#define TEST_SUPPORT_HEAP_H

#include <stddef.h>

/* Whether allocations are counted here, and whether they can fail. */
int heap_is_counted(void);
int heap_can_fail(void);

/* Bytes that are allocated, and the most there were since the last call of heap_peak. */
size_t heap_held(void);
size_t heap_peak(void);

/* The next n allocations succeed; the one after them fails, and with is_lasting all later ones, too. n < 0 ends this.
 * Returns how many allocations there were since the last call. */
long heap_fail_after(long n, int is_lasting);

#endif
