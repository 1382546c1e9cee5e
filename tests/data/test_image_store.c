/* test_image_store.c - pictures from folders and archives, names that lead elsewhere, broken archives. */
#include "data/image_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zip.h>

#include "base/mem.h"

static char folder[64];

static const char *below(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    FILE *stream = fopen(below(name), "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    fclose(stream);
}

/* set.zip with a.txt, and b.txt below the folder set/. */
static void make_archive(void)
{
    static char large[300000];
    zip_t *zip = zip_open(below("set.zip"), ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    assert_true(zip_file_add(zip, "a.txt", zip_source_buffer(zip, "first", 5, 0), 0) >= 0);
    assert_true(zip_file_add(zip, "set/b.txt", zip_source_buffer(zip, "second", 6, 0), 0) >= 0);
    assert_true(zip_file_add(zip, "large.txt", zip_source_buffer(zip, large, sizeof large, 0), 0) >= 0);
    assert_int_equal(zip_close(zip), 0);
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_image_store_XXXXXX");
    if (mkdtemp(folder) == NULL) return -1;
    write_file("a.txt", "first", 5);
    make_archive();
    return 0;
}

static int end(void **state)
{
    static const char *const names[] = {"a.txt", "set.zip", "cut.zip", "no.zip"};
    (void)state;
    for (int i = 0; i < 4; i++) unlink(below(names[i]));
    return rmdir(folder);
}

static hr_image_store *open_store(const char *path)
{
    hr_image_store *store = NULL;
    assert_int_equal(hr_image_store_open(&store, path, 3), HRNET_OK);
    return store;
}

static void expect(hr_image_store *store, int reader, const char *name, const char *content)
{
    hr_bytes bytes;
    assert_int_equal(hr_image_store_read(store, reader, name, &bytes), HRNET_OK);
    assert_int_equal(bytes.size, strlen(content));
    assert_memory_equal(bytes.data, content, bytes.size);
    hr_free(bytes.data);
}

static void expect_failure(hr_image_store *store, const char *name, hrnet_status status)
{
    hr_bytes bytes = {0};
    assert_int_equal(hr_image_store_read(store, 0, name, &bytes), status);
    assert_non_null(strstr(hrnet_last_error(), name));
    assert_null(bytes.data);
}

static void folders(void **state)
{
    (void)state;
    hr_image_store *store = open_store(folder);
    expect(store, 2, "a.txt", "first");
    expect_failure(store, "missing.txt", HRNET_ERR_IO);
    hr_image_store_close(store);
}

static void archives(void **state)
{
    hr_bytes bytes;
    (void)state;
    hr_image_store *store = open_store(below("set.zip"));
    for (int reader = 0; reader < 3; reader++) {
        expect(store, reader, "a.txt", "first");
        expect(store, reader, "b.txt", "second"); /* below set/ */
        expect(store, reader, "set/b.txt", "second");
    }
    assert_int_equal(hr_image_store_read(store, 1, "large.txt", &bytes), HRNET_OK);
    assert_int_equal(bytes.size, 300000);
    hr_free(bytes.data);
    expect_failure(store, "missing.txt", HRNET_ERR_IO);
    hr_image_store_close(store);
}

static void names_that_lead_elsewhere(void **state)
{
    static const char *const names[] = {"/etc/passwd", "../a.txt", "x/../../a.txt", "..", "x/.."};
    (void)state;
    const char *const paths[] = {folder, below("set.zip")};
    for (int p = 0; p < 2; p++) {
        hr_image_store *store = open_store(paths[p]);
        for (int i = 0; i < 5; i++) expect_failure(store, names[i], HRNET_ERR_FORMAT);
        expect_failure(store, "", HRNET_ERR_FORMAT);
        expect_failure(store, "..a", HRNET_ERR_IO); /* an odd name, but one of this folder */
        hr_image_store_close(store);
    }
}

static void what_is_no_archive(void **state)
{
    hr_image_store *store = NULL;
    char *content = malloc(1000);
    (void)state;
    assert_int_equal(hr_image_store_open(&store, "/no/such/place", 1), HRNET_ERR_IO);
    write_file("no.zip", "no archive", 10);
    assert_int_equal(hr_image_store_open(&store, below("no.zip"), 1), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "no.zip"));
    FILE *whole = fopen(below("set.zip"), "rb");
    const size_t n = fread(content, 1, 1000, whole);
    fclose(whole);
    write_file("cut.zip", content, n - 30);
    free(content);
    assert_int_equal(hr_image_store_open(&store, below("cut.zip"), 1), HRNET_ERR_FORMAT);
    assert_null(store);
}

/* Any damage gives an error or the bytes, never a crash. */
static void damaged_archives(void **state)
{
    (void)state;
    FILE *whole = fopen(below("set.zip"), "rb");
    char *content = malloc(4000);
    const size_t n = fread(content, 1, 4000, whole);
    fclose(whole);
    for (size_t i = 0; i < n; i++) {
        hr_image_store *store = NULL;
        hr_bytes bytes;
        content[i] ^= 0x5a;
        write_file("cut.zip", content, n);
        content[i] ^= 0x5a;
        if (hr_image_store_open(&store, below("cut.zip"), 1) != HRNET_OK) continue;
        static const char *const names[] = {"a.txt", "b.txt", "large.txt"};
        for (int k = 0; k < 3; k++)
            if (hr_image_store_read(store, 0, names[k], &bytes) == HRNET_OK) hr_free(bytes.data);
        hr_image_store_close(store);
    }
    free(content);
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    for (long k = 0;; k++) {
        hr_image_store *store = NULL;
        hr_bytes bytes = {0};
        hr_mem_fail_after(k);
        hrnet_status status = hr_image_store_open(&store, below("set.zip"), 2);
        if (status == HRNET_OK) status = hr_image_store_read(store, 1, "large.txt", &bytes);
        hr_mem_fail_after(-1);
        hr_image_store_close(store);
        hr_free(bytes.data);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
}

static size_t put(unsigned char *out, size_t at, uint64_t value, int n)
{
    for (int i = 0; i < n; i++) out[at++] = (unsigned char)(value >> (8 * i));
    return at;
}

/* An archive that is all directory: n entries that hold nothing, with names of 15 pairs of letters. With collide each
 * pair is "Ez" or "FY", which have one sum in libzip's table (33 * 'E' + 'z'); else they are digits. */
static void write_names(const char *name, int n, int collide, int with_end64)
{
    enum { NAME = 30, ENTRY = 46 + NAME };
    unsigned char *const bytes = hr_calloc((size_t)n * ENTRY + 128, 1);
    assert_non_null(bytes);
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        memcpy(bytes + at, "PK\1\2", 4);
        put(bytes, at + 28, NAME, 2);
        char digits[NAME + 1];
        snprintf(digits, sizeof digits, "%030d", i);
        for (int k = 0; k < NAME / 2; k++)
            memcpy(bytes + at + 46 + 2 * k, !collide ? digits + 2 * k : i >> k & 1 ? "Ez" : "FY", 2);
        at += ENTRY;
    }
    const size_t size = at;
    if (with_end64) {
        memcpy(bytes + at, "PK\6\6", 4);
        put(bytes, at + 4, 44, 8);
        put(bytes, at + 24, (uint64_t)n, 8);
        put(bytes, at + 32, (uint64_t)n, 8);
        put(bytes, at + 40, size, 8);
        memcpy(bytes + at + 56, "PK\6\7", 4);
        put(bytes, at + 64, size, 8);
        put(bytes, at + 72, 1, 4);
        at += 76;
    }
    memcpy(bytes + at, "PK\5\6", 4);
    at = put(bytes, at + 8, with_end64 ? 0xffff : (uint64_t)n, 2);
    at = put(bytes, at, with_end64 ? 0xffff : (uint64_t)n, 2);
    at = put(bytes, at, with_end64 ? 0xffffffff : size, 4);
    at = put(bytes, at, with_end64 ? 0xffffffff : 0, 4);
    write_file(name, bytes, at + 2);
    hr_free(bytes);
}

/* 30,000 names of one sum would take libzip 4.5e8 comparisons for each reader; 300,000 honest ones are fine. */
static void names_of_one_sum_are_refused(void **state)
{
    (void)state;
    hr_image_store *store = NULL;
    for (int with_end64 = 0; with_end64 < 2; with_end64++) {
        write_names("names.zip", 30000, 1, with_end64);
        assert_int_equal(hr_image_store_open(&store, below("names.zip"), 1), HRNET_ERR_LIMIT);
        assert_non_null(strstr(hrnet_last_error(), "names.zip: zip: expected names of different sums, found 30000"));
        assert_null(store);
    }
    write_names("names.zip", 1000, 1, 0);
    assert_int_equal(hr_image_store_open(&store, below("names.zip"), 1), HRNET_OK);
    hr_image_store_close(store);
    store = NULL;
    write_names("names.zip", 300000, 0, 1);
    assert_int_equal(hr_image_store_open(&store, below("names.zip"), 1), HRNET_OK);
    hr_image_store_close(store);
    unlink(below("names.zip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_one_sum_are_refused),
        cmocka_unit_test(folders),
        cmocka_unit_test(archives),
        cmocka_unit_test(names_that_lead_elsewhere),
        cmocka_unit_test(what_is_no_archive),
        cmocka_unit_test(damaged_archives),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
