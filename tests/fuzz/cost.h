/*
 * cost.h - a fuzzer's input with a limit of cost. meson compiles each fuzz_NAME.c with its entry renamed to
 * fuzz_target; the entry that libFuzzer and replay.c call is cost.c's, which runs fuzz_target and ends the program with
 * a message if
 *
 *   - the heap, of us and of all libraries, ever holds more than hr_cost_most(size) bytes beside what it held before
 *     (base/limits.h), or holds more afterwards than before: a leak;
 *   - the processor works longer than 0.5 s + 2 us a byte. Sanitizers and coverage slow code down, so with them the
 * time may be twenty times that. What was slower is run twice more, in case something else had the processor's caches.
 */
#ifndef FUZZ_COST_H
#define FUZZ_COST_H

#include <stddef.h>
#include <stdint.h>

int fuzz_target(const uint8_t *data, size_t size);

#endif
