/* score_files.h - what the tests of the scores share: fixture files, numbers in JSON, allocations that fail. */
#ifndef TEST_SCORE_FILES_H
#define TEST_SCORE_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <hrnet_eval.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/json.h"

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        if ((call) != HRNET_OK) fail_msg("%s:%d: %s", __FILE__, __LINE__, hrnet_last_error());                         \
    } while (0)

/* In double, which cmocka's assert_float_equal is not. */
#define assert_near(found, expected, tolerance)                                                                        \
    do {                                                                                                               \
        const double found_ = (found), expected_ = (expected);                                                         \
        if (!(found_ - expected_ <= (tolerance) && expected_ - found_ <= (tolerance)))                                 \
            fail_msg("%s:%d: expected %.17g, found %.17g", __FILE__, __LINE__, expected_, found_);                     \
    } while (0)

/* TEST_DATA/golden/NAME; static. */
static inline const char *golden_path(const char *name)
{
    static char paths[4][512];
    static int next;
    char *const path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/golden/%s", TEST_DATA, name);
    return path;
}

static inline void read_json(hr_json_document *out, const char *path)
{
    hr_bytes file;
    MUST(hr_file_read(&file, path, 1 << 24));
    MUST(hr_json_parse(out, file.data, file.size));
    hr_free(file.data);
}

/* The list has n numbers, each within tolerance of values[]. */
static inline void assert_numbers(const hr_json *list, const double *values, int n, double tolerance)
{
    int i = 0;
    assert_true(hr_json_is(list, HR_JSON_ARRAY) && list->count == (uint32_t)n);
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v), i++) {
        double expected = 0;
        assert_true(hr_json_number(v, &expected));
        assert_near(values[i], expected, tolerance);
    }
}

/* Make attempt's allocations fail one by one until it succeeds. It undoes what it did. */
static inline void fail_each_allocation(hrnet_status (*attempt)(void))
{
    hr_mem_fail_after(-1);
    MUST(attempt());
    const long n = hr_mem_fail_after(-1);
    for (long k = 0; k < n; k++) {
        hr_mem_fail_after(k);
        const hrnet_status status = attempt();
        hr_mem_fail_after(-1);
        if (status != HRNET_ERR_MEMORY) fail_msg("allocation %ld of %ld: status %d", k, n, (int)status);
    }
    assert_true(n > 0);
}

#endif
