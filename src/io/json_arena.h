/*
 * json_arena.h - memory for yajl, which does not look whether its allocations fail. Everything that it may ask for
 * while it reads one text is taken in one block before, so that memory runs out there, where it is a status, or
 * nowhere.
 *
 * What yajl 2 allocates:
 *   - its handle and a lexer; the message of a syntax error: less than 2 KiB together;
 *   - a stack of one byte a level of nesting, which grows by 128 at a time;
 *   - a buffer for strings with escapes, which doubles from 2 KiB until the longest of them fits; and one for words
 *     (numbers, mostly) and strings that are cut off where a piece of the text ends.
 * The arena gives blocks out one behind the other and takes none back, so a buffer that grew to n bytes has taken less
 * than 4n in all. A scan of the text finds the longest such string and word, and the depth.
 */
#ifndef HR_IO_JSON_ARENA_H
#define HR_IO_JSON_ARENA_H

#include <yajl/yajl_common.h>

#include "base/status.h"

typedef struct hr_json_arena {
    unsigned char *block;
    size_t used, capacity;
} hr_json_arena;

/* Take the block for a text. HRNET_ERR_MEMORY. Free it with hr_json_arena_free. */
hrnet_status hr_json_arena_make(hr_json_arena *arena, const char *text, size_t n);
void hr_json_arena_free(hr_json_arena *arena);

/* For yajl_alloc; the arena must outlive the parser. */
yajl_alloc_funcs hr_json_arena_funcs(hr_json_arena *arena);

#endif
