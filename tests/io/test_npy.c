/* test_npy.c - .npy files: reading those that NumPy wrote (the fuzzer's corpus), writing, and refusals. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/arrays.h"

#define CORPUS TEST_DATA "/fuzz/corpus/npy/"

static void test_numpy_files(void **state)
{
    (void)state;
    hrnet_array a = {0};
    assert_int_equal(hrnet_array_load(&a, CORPUS "f4.npy"), HRNET_OK);
    assert_true(a.n_dims == 2 && a.shape[0] == 2 && a.shape[1] == 3);
    for (int i = 0; i < 6; i++) assert_true(a.data[i] == (float)i);
    hrnet_array_free(&a);
    assert_int_equal(hrnet_array_load(&a, CORPUS "fortran.npy"), HRNET_OK);
    assert_true(a.n_dims == 2 && a.shape[0] == 2 && a.shape[1] == 3);
    for (int i = 0; i < 6; i++) assert_true(a.data[i] == (float)i);
    hrnet_array_free(&a);
    assert_int_equal(hrnet_array_load(&a, CORPUS "be.npy"), HRNET_OK);
    assert_true(a.n_dims == 1 && a.shape[0] == 3 && a.data[1] == 1 && a.data[2] == 2);
    hrnet_array_free(&a);
    assert_int_equal(hrnet_array_load(&a, CORPUS "f2.npy"), HRNET_OK);
    assert_true(a.n_dims == 0 && a.data[0] == 1);
    hrnet_array_free(&a);
    assert_int_equal(hrnet_array_load(&a, CORPUS "record.npy"), HRNET_ERR_UNSUPPORTED);
    assert_non_null(strstr(hrnet_last_error(), "record.npy"));
    assert_int_equal(hrnet_array_load(&a, CORPUS "none.npy"), HRNET_ERR_IO);
    assert_null(a.data);
}

/* hrnet_array_save writes the same bytes as numpy.save of the same array. */
static void test_save(void **state)
{
    (void)state;
    char path[] = "/tmp/hrnet-npy-XXXXXX";
    close(mkstemp(path));
    hrnet_array a = {0};
    hr_bytes ours, theirs;
    assert_int_equal(hrnet_array_load(&a, CORPUS "f4.npy"), HRNET_OK);
    assert_int_equal(hrnet_array_save(&a, path), HRNET_OK);
    assert_int_equal(hr_file_read(&ours, path, 1 << 20), HRNET_OK);
    assert_int_equal(hr_file_read(&theirs, CORPUS "f4.npy", 1 << 20), HRNET_OK);
    assert_int_equal(ours.size, theirs.size);
    assert_memory_equal(ours.data, theirs.data, ours.size);
    hr_free(ours.data);
    hr_free(theirs.data);
    a.n_dims = 0;
    assert_int_equal(hrnet_array_save(&a, path), HRNET_OK);
    hrnet_array_free(&a);
    assert_int_equal(hrnet_array_load(&a, path), HRNET_OK);
    assert_int_equal(a.n_dims, 0);
    hrnet_array_free(&a);
    unlink(path);
}

/* A version 1 file with that header and n_bytes of zeros. */
static hrnet_status parse(const char *header, size_t n_bytes)
{
    const size_t n = strlen(header), size = 10 + n + n_bytes;
    unsigned char *const file = calloc(size, 1);
    hrnet_array a = {0};
    assert_non_null(file);
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (unsigned char)n;
    memcpy(file + 10, header, n);
    const hrnet_status status = hr_array_parse(&a, file, size);
    hrnet_array_free(&a);
    free(file);
    return status;
}

static void test_refused(void **state)
{
    (void)state;
#define HEAD(type, order, shape) "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }"
    assert_int_equal(parse(HEAD("<f4", "False", "(2,)"), 8), HRNET_OK);
    assert_int_equal(parse(HEAD("|b1", "False", "(2, 2)"), 4), HRNET_OK);
    assert_int_equal(parse(HEAD("<f4", "False", "(0, 3)"), 0), HRNET_OK);
    assert_int_equal(parse(HEAD("<f4", "False", "(2,)"), 7), HRNET_ERR_FORMAT);
    assert_int_equal(parse(HEAD("<f4", "False", "(2,)"), 9), HRNET_ERR_FORMAT);
    assert_int_equal(parse(HEAD("<f4", "Maybe", "(2,)"), 8), HRNET_ERR_FORMAT);
    assert_int_equal(parse(HEAD("<c8", "False", "(1,)"), 8), HRNET_ERR_UNSUPPORTED);
    assert_int_equal(parse(HEAD("|O", "False", "(1,)"), 8), HRNET_ERR_UNSUPPORTED);
    assert_int_equal(parse(HEAD("", "False", "(1,)"), 8), HRNET_ERR_UNSUPPORTED);
    assert_int_equal(parse(HEAD("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), 4), HRNET_ERR_UNSUPPORTED);
    assert_int_equal(parse(HEAD("<f4", "False", "(4294967296, 4294967296)"), 4), HRNET_ERR_FORMAT);
    assert_int_equal(parse(HEAD("<f4", "False", "(99999999999999999999999,)"), 4), HRNET_ERR_FORMAT);
    assert_int_equal(parse(HEAD("<f4", "False", "(-1,)"), 4), HRNET_ERR_FORMAT);
    assert_int_equal(parse("{'descr': '<f4', 'shape': (1,), }", 4), HRNET_ERR_FORMAT);
    assert_int_equal(parse("{'descr': '<f4", 4), HRNET_ERR_FORMAT);
    assert_int_equal(parse("{", 0), HRNET_ERR_FORMAT);
    assert_int_equal(parse("", 0), HRNET_ERR_FORMAT);
    assert_int_equal(hrnet_array_load(NULL, "x"), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_array_save(NULL, "x"), HRNET_ERR_ARGUMENT);
    hrnet_array_free(NULL);
}

static void test_memory(void **state)
{
    (void)state;
    hrnet_array a = {0};
    hrnet_status status = HRNET_ERR_MEMORY;
    for (long k = 0; status != HRNET_OK; k++) {
        hr_mem_fail_after(k);
        status = hrnet_array_load(&a, CORPUS "f4.npy");
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    hrnet_array_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numpy_files), cmocka_unit_test(test_save),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
