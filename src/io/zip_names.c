/*
 * zip_names.c - walks an archive's directory. The file's end has it: an end record (22 bytes and a comment of up to
 * 65535) with the directory's place, in archives of 4 GiB or 65535 entries with a locator before it of a larger one.
 * Bytes that look like an end record may stand in the comment, and which of them libzip takes is its secret, so each is
 * followed.
 */
#include "io/zip_names.h"

#include <string.h>

#include "base/mem.h"
#include "io/cursor.h"

enum { END_BYTES = 22, LOCATOR_BYTES = 20, END64_BYTES = 56, ENTRY_BYTES = 46, MOST_COMMENT = 65535 };
enum {
    MOST_ENDS = 16,
    MOST_NAMES = 1 << 22,
    MOST_BYTES = 1 << 29,
    COMPARISONS_A_NAME = 16,
    FREE_COMPARISONS = 1 << 20
};

typedef struct directory {
    uint64_t at, size;
} directory;

static uint32_t sum_of(const unsigned char *name, size_t n)
{
    uint32_t sum = 5381;
    for (size_t i = 0; i < n; i++) sum = sum * 33 + name[i];
    return sum;
}

/* Count comparisons from the sums [n]: libzip's table has a power of two of places, of which three quarters are used at
 * most, and a name is compared with those that share its place. */
static hrnet_status check_sums(const uint32_t *sums, size_t n)
{
    size_t n_places = 256;
    uint64_t n_comparisons = 0;
    uint32_t *counts;
    while (n_places * 3 / 4 < n) n_places *= 2;
    HR_NEW(counts, n_places);
    for (size_t i = 0; i < n; i++) n_comparisons += counts[sums[i] & (n_places - 1)]++;
    hr_free(counts);
    if (n_comparisons <= FREE_COMPARISONS + COMPARISONS_A_NAME * (uint64_t)n) return HRNET_OK;
    return hr_fail(HRNET_ERR_LIMIT, "zip: expected names of different sums, found %zu that take %llu comparisons", n,
                   (unsigned long long)n_comparisons);
}

/* The sums of the names in a directory, up to where it is broken. The caller frees *sums, also after a failure. */
static hrnet_status read_sums(const unsigned char *bytes, size_t size, uint32_t **sums, size_t *n)
{
    hr_cursor in = hr_cursor_over(bytes, size);
    HR_NEW(*sums, size / ENTRY_BYTES);
    while (hr_cursor_left(&in) >= ENTRY_BYTES) {
        const unsigned char *const entry = hr_cursor_take(&in, ENTRY_BYTES);
        if (memcmp(entry, "PK\1\2", 4) != 0) break;
        const size_t n_name = entry[28] | (size_t)entry[29] << 8, n_extra = entry[30] | (size_t)entry[31] << 8,
                     n_comment = entry[32] | (size_t)entry[33] << 8;
        const unsigned char *const name = hr_cursor_take(&in, n_name);
        if (name == NULL || hr_cursor_take(&in, n_extra + n_comment) == NULL) break;
        if (*n == MOST_NAMES)
            return hr_fail(HRNET_ERR_LIMIT, "zip: expected at most %d entries, found more", MOST_NAMES);
        (*sums)[(*n)++] = sum_of(name, n_name);
    }
    return HRNET_OK;
}

static hrnet_status check_directory(const hr_source *source, directory found)
{
    unsigned char *bytes;
    uint32_t *sums = NULL;
    size_t n = 0;
    if (found.at > source->size || found.size > source->size - found.at) return HRNET_OK; /* broken */
    if (found.size > MOST_BYTES)
        return hr_fail(HRNET_ERR_LIMIT, "zip: expected a directory of at most %d bytes, found %llu", MOST_BYTES,
                       (unsigned long long)found.size);
    bytes = hr_alloc((size_t)found.size, 1);
    hrnet_status status = bytes != NULL ? HRNET_OK : hr_fail_memory((size_t)found.size);
    if (status == HRNET_OK) status = hr_source_read(source, found.at, (size_t)found.size, bytes);
    if (status == HRNET_OK) status = read_sums(bytes, (size_t)found.size, &sums, &n);
    if (status == HRNET_OK) status = check_sums(sums, n);
    hr_free(sums);
    hr_free(bytes);
    return status;
}

/* The place that an end record names, or the larger record that a locator before it leads to. */
static hrnet_status find_directory(const hr_source *source, const unsigned char *tail, size_t at, directory *out)
{
    unsigned char large[END64_BYTES];
    hr_cursor in = hr_cursor_over(tail + at + 12, 8);
    out->size = hr_cursor_u32(&in);
    out->at = hr_cursor_u32(&in);
    if (at < LOCATOR_BYTES || memcmp(tail + at - LOCATOR_BYTES, "PK\6\7", 4) != 0) return HRNET_OK;
    in = hr_cursor_over(tail + at - LOCATOR_BYTES + 8, 8);
    const uint64_t where = hr_cursor_u64(&in);
    if (where > source->size || END64_BYTES > source->size - where) return HRNET_OK;
    HR_TRY(hr_source_read(source, where, END64_BYTES, large));
    if (memcmp(large, "PK\6\6", 4) != 0) return HRNET_OK;
    in = hr_cursor_over(large + 40, 16);
    out->size = hr_cursor_u64(&in);
    out->at = hr_cursor_u64(&in);
    return HRNET_OK;
}

static hrnet_status check_tail(const hr_source *source, const unsigned char *tail, size_t size)
{
    int n_ends = 0;
    for (size_t at = size - END_BYTES + 1; at-- > 0;) {
        directory found;
        if (memcmp(tail + at, "PK\5\6", 4) != 0) continue;
        if (n_ends++ == MOST_ENDS)
            return hr_fail(HRNET_ERR_LIMIT, "zip: expected one end of the directory, found more than %d", MOST_ENDS);
        HR_TRY(find_directory(source, tail, at, &found));
        HR_TRY(check_directory(source, found));
    }
    return HRNET_OK;
}

hrnet_status hr_zip_check_names(const hr_source *source, int *has_end)
{
    const size_t most = LOCATOR_BYTES + END_BYTES + MOST_COMMENT;
    const size_t size = source->size < most ? (size_t)source->size : most;
    unsigned char *tail;
    HR_NEW(tail, size);
    hrnet_status status = hr_source_read(source, source->size - size, size, tail);
    if (has_end != NULL) *has_end = status == HRNET_OK && memmem(tail, size, "PK\5\6", 4) != NULL;
    if (status == HRNET_OK && size >= END_BYTES) status = check_tail(source, tail, size);
    hr_free(tail);
    return status;
}
