/*
 * json_arena.h - memory for yajl, which does not look whether its allocations fail. Everything that it may ask for
 * while it reads a piece of text is taken before, so that memory runs out there, where it is a status, or nowhere.
 *
 * What yajl 2 allocates:
 *   - its handle and a lexer; the message of a syntax error: less than 2 KiB together;
 *   - a stack of one byte a level of nesting, which grows by 128 at a time;
 *   - a buffer for strings with escapes, which doubles from 2 KiB until the longest of them fits; and one for words
 *     (numbers, mostly) and strings that are cut off where a piece of the text ends.
 * The arena gives memory out in one direction and takes none back, so a buffer that grew to n bytes has taken less than
 * 4n in all. A scan of each piece (json_feed.c) finds the longest such string and word, and the depth.
 */
#ifndef HR_IO_JSON_ARENA_H
#define HR_IO_JSON_ARENA_H

#include <yajl/yajl_common.h>

#include "base/status.h"

/* What decides how much yajl takes for a piece of text. */
typedef struct hr_json_bounds {
    size_t longest_string; /* bytes between quotes, with an escape or without an end */
    size_t longest_word;   /* of a number or another word that the piece's end cuts off */
    size_t depth;
} hr_json_bounds;

typedef struct hr_json_block hr_json_block;

/* Starts zeroed; free it with hr_json_arena_free. */
typedef struct hr_json_arena {
    hr_json_block *newest; /* blocks are linked; memory comes from the newest one */
    hr_json_bounds bounds; /* for which there is memory */
} hr_json_arena;

/* Take memory for pieces of such bounds, unless it is there. HRNET_ERR_MEMORY. */
hrnet_status hr_json_arena_reserve(hr_json_arena *arena, const hr_json_bounds *bounds);
/* Harmless on a zeroed arena. */
void hr_json_arena_free(hr_json_arena *arena);

/* For yajl_alloc; the arena must outlive the parser. */
yajl_alloc_funcs hr_json_arena_funcs(hr_json_arena *arena);

#endif
