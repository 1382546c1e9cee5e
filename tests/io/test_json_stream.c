/* test_json_stream.c - hr_json_stream: which lists and members reach the caller, limits, positions of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/json.h"

typedef struct heard {
    int64_t sum;
    size_t n_numbers, n_objects;
} heard;

static hrnet_status on_number(void *context, const hr_json *value, size_t index)
{
    heard *const h = context;
    int64_t number;
    if (!hr_json_integer(value, &number)) return hr_fail(HRNET_ERR_FORMAT, "expected a number");
    h->sum += number * (int64_t)(index + 1);
    h->n_numbers++;
    return HRNET_OK;
}

static hrnet_status on_object(void *context, const hr_json *value, size_t index)
{
    heard *const h = context;
    int64_t number = 0;
    assert_int_equal(index, h->n_objects);
    assert_null(hr_json_get(value, "mask"));
    assert_null(hr_json_get(hr_json_get(value, "in"), "mask"));
    assert_true(hr_json_integer(hr_json_get(value, "last"), &number));
    assert_int_equal(number, h->n_objects + 1);
    h->n_objects++;
    return HRNET_OK;
}

static hrnet_status stream(heard *h, const char *text)
{
    static const hr_json_list lists[] = {{"numbers", on_number, NULL}, {"objects", on_object, NULL}, {0}};
    static const char *const skip[] = {"mask", NULL};
    *h = (heard){0};
    return hr_json_stream(&(hr_json_plan){.lists = lists, .skip = skip}, h, text, strlen(text));
}

static void test_members(void **state)
{
    (void)state;
    heard h;
    assert_int_equal(stream(&h, "{\"x\": {\"numbers\": [9]}, \"numbers\": [1, 2, 3], \"y\": [[1], {}], \"objects\": ["
                                "{\"mask\": [[1, {\"mask\": 2}]], \"in\": {\"mask\": \"a\", \"b\": [1]}, \"last\": 1},"
                                "{\"mask\": 1.5, \"last\": 2}], \"z\": null}"),
                     HRNET_OK);
    assert_true(h.n_numbers == 3 && h.sum == 1 + 4 + 9 && h.n_objects == 2);
    assert_int_equal(stream(&h, "{}"), HRNET_OK);
    assert_int_equal(stream(&h, "{\"numbers\": []}"), HRNET_OK);
}

static void test_root(void **state)
{
    static const hr_json_list lists[] = {{NULL, on_number, NULL}, {0}};
    (void)state;
    heard h = {0};
    assert_int_equal(hr_json_stream(&(hr_json_plan){.lists = lists}, &h, "[5, 6]", 6), HRNET_OK);
    assert_int_equal(h.sum, 17);
    assert_int_equal(hr_json_stream(&(hr_json_plan){.lists = lists}, &h, "[5, []]", 7), HRNET_ERR_FORMAT);
    assert_string_equal(hrnet_last_error(), "line 1, byte 6: entry 1: expected a number");
}

static void test_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "[]",
                                        "1",
                                        "{\"numbers\": 1}",
                                        "{\"numbers\": {\"a\": 1}}",
                                        "{\"numbers\": [1",
                                        "{\"numbers\": [\"a\"]}",
                                        "{} {}"};
    (void)state;
    heard h;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) assert_int_equal(stream(&h, texts[i]), HRNET_ERR_FORMAT);
    assert_int_equal(stream(&h, "{\n\"numbers\": [1, null]}"), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "line 2, byte "));
    assert_non_null(strstr(hrnet_last_error(), "numbers[1]: expected a number"));
}

/* The limit of nesting holds for each element; skipped values may be nested deeper. */
static void test_depth(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    static char text[2 * DEPTH + 64];
    heard h;
    strcpy(text, "{\"other\": ");
    memset(text + strlen(text), '[', DEPTH);
    memset(text + strlen(text), ']', DEPTH);
    strcat(text, "}");
    assert_int_equal(stream(&h, text), HRNET_OK);
    memcpy(text, "{\"numbers\":[", 12);
    assert_int_equal(stream(&h, text), HRNET_ERR_LIMIT);
}

static void test_memory(void **state)
{
    (void)state;
    heard h;
    for (long k = 0;; k++) {
        hr_mem_fail_after(k);
        const hrnet_status status = stream(&h, "{\"objects\": [{\"a\": \"text\", \"last\": 1}]}");
        hr_mem_fail_after(-1);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
}

/* An entry at fault is left out where that is wanted; the list goes on, and the first message is kept. */
static void test_broken_entries(void **state)
{
    (void)state;
    hr_json_broken broken = {0};
    const hr_json_list lists[] = {{"numbers", on_number, &broken}, {0}};
    static const char text[] = "{\"numbers\": [1, \"a\", 3, [], 5]}";
    heard h = {0};
    assert_int_equal(hr_json_stream(&(hr_json_plan){.lists = lists}, &h, text, sizeof text - 1), HRNET_OK);
    assert_true(h.n_numbers == 3 && h.sum == 1 + 3 * 3 + 5 * 5);
    assert_int_equal(broken.n, 2);
    assert_string_equal(broken.first, "numbers[1]: expected a number");
}

/* ------------------------------------------------------------------------------------------------ threads */

/* What a list of objects holds, in order: each has its place in the list as "last", from 1, and an odd string. */
typedef struct told {
    size_t n;
    int64_t sum;
} told;

static hrnet_status on_counted(void *context, const hr_json *value, size_t index)
{
    told *const t = context;
    int64_t number = 0;
    if (!hr_json_integer(hr_json_get(value, "last"), &number)) return hr_fail(HRNET_ERR_FORMAT, "expected a number");
    assert_int_equal(index, t->n);
    t->n++;
    t->sum = t->sum * 31 % 1000003 + number;
    return HRNET_OK;
}

static void *fork_told(const void *context)
{
    (void)context;
    return hr_calloc(1, sizeof(told));
}

static int n_joined;

static int join_told(void *context, void *part_context, size_t first)
{
    told *const t = context;
    const told *const part = part_context;
    int64_t power = 1;
    assert_int_equal(first, t->n);
    for (size_t i = 0; i < part->n; i++) power = power * 31 % 1000003;
    t->sum = (t->sum * power + part->sum) % 1000003;
    t->n += part->n;
    n_joined++;
    return 1;
}

/* A text of 2 MB: in front of the list and behind it stand lists of objects, and strings that look like cuts. With a
 * mistake in element `broken`, if that is not 0. */
static size_t write_objects(char *text, size_t capacity, int n, int broken)
{
    size_t at = (size_t)snprintf(text, capacity, "{\"a\": [{}, {\"x\": \"}, {\"}], \"objects\": [");
    for (int i = 1; i <= n; i++)
        at += (size_t)snprintf(text + at, capacity - at,
                               "%s{\"s\": \"}, {\\\"\", \"k\": [1, 2.5, {}, {}], \"more\": "
                               "\"................................................\", \"last\": %d%s}",
                               i > 1 ? ", " : "", i, i == broken ? "x" : "");
    return at + (size_t)snprintf(text + at, capacity - at, "], \"b\": [{}, {}, {\"last\": 0}]}");
}

/* Several threads read the same as one, and fail with the same message. */
static void test_threads(void **state)
{
    (void)state;
    enum { CAPACITY = 1 << 22, OBJECTS = 20000 };
    static const hr_json_list lists[] = {{"objects", on_counted, NULL}, {0}};
    static const hr_json_split split = {"objects", fork_told, join_told, hr_free};
    char *const text = malloc(CAPACITY);
    assert_non_null(text);
    for (int broken = 0; broken <= OBJECTS; broken += OBJECTS / 2) {
        const size_t n = write_objects(text, CAPACITY, OBJECTS, broken);
        char expected[300];
        told alone = {0};
        const hrnet_status status = hr_json_stream(&(hr_json_plan){.lists = lists}, &alone, text, n);
        assert_int_equal(status, broken == 0 ? HRNET_OK : HRNET_ERR_FORMAT);
        snprintf(expected, sizeof expected, "%s", hrnet_last_error());
        for (int threads = 1; threads <= 4; threads++) {
            hrnet_pool *pool = NULL;
            told together = {0};
            assert_int_equal(hrnet_pool_create(&pool, threads), HRNET_OK);
            n_joined = 0;
            const hr_json_plan plan = {.lists = lists, .split = &split, .pool = pool};
            assert_int_equal(hr_json_stream(&plan, &together, text, n), status);
            if (status != HRNET_OK) assert_string_equal(hrnet_last_error(), expected);
            assert_true(together.n == alone.n && together.sum == alone.sum);
            assert_true(threads > 1 ? n_joined > 0 : n_joined == 0);
            hrnet_pool_free(pool);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members), cmocka_unit_test(test_root),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),   cmocka_unit_test(test_memory), cmocka_unit_test(test_broken_entries),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
