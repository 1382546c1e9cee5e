/* test_mat.c - MATLAB 5 files that scipy.io.savemat wrote (tests/fuzz/corpus/mat), our own, and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/arrays.h"

static void read_file(hr_bytes *out, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/fuzz/corpus/mat/%s", TEST_DATA, name);
    assert_int_equal(hr_file_read(out, path, 1 << 20), HRNET_OK);
}

static void check_truth(const char *name)
{
    hr_bytes file;
    hr_mat mat;
    read_file(&file, name);
    assert_int_equal(hr_mat_parse(&mat, file.data, file.size), HRNET_OK);
    const hr_mat_array *const names = hr_mat_find(&mat, "dataset_joints"), *const places =
                                                                               hr_mat_find(&mat, "pos_gt_src");
    assert_true(names != NULL && names->texts != NULL && names->count == 16 && names->n_dims == 2);
    assert_string_equal(names->texts[8], "upper_neck");
    assert_true(places != NULL && places->n_dims == 3 && places->dims[0] == 16 && places->dims[1] == 2);
    assert_true(places->numbers != NULL && places->numbers[63] == 1);
    assert_null(hr_mat_find(&mat, "elsewhere"));
    hr_mat_free(&mat);
    hr_free(file.data);
}

static void test_plain_and_packed(void **state)
{
    (void)state;
    check_truth("truth.mat");
    check_truth("truth_packed.mat");
}

/* complex numbers, a string and a structure are left out; the arrays between them are read */
static void test_other_kinds(void **state)
{
    (void)state;
    hr_bytes file;
    hr_mat mat;
    read_file(&file, "other.mat");
    assert_int_equal(hr_mat_parse(&mat, file.data, file.size), HRNET_OK);
    assert_int_equal(mat.n, 1);
    assert_true(mat.arrays[0].numbers[0] == 1 && mat.arrays[0].numbers[1] == 2);
    hr_mat_free(&mat);
    hr_free(file.data);
}

/* A file that is cut or changed anywhere does no harm; a cut one is an error, or gives the arrays before the cut. */
static void break_file(const char *name)
{
    hr_bytes file;
    read_file(&file, name);
    for (size_t n = 0; n < file.size; n++) {
        hr_mat mat;
        unsigned char *const exact =
            hr_alloc(n, 1); /* exactly its size, so that a sanitizer sees a read past the end */
        assert_non_null(exact);
        memcpy(exact, file.data, n);
        if (hr_mat_parse(&mat, exact, n) == HRNET_OK) hr_mat_free(&mat);
        hr_free(exact);
        file.data[n] ^= 0x55;
        if (hr_mat_parse(&mat, file.data, file.size) == HRNET_OK) hr_mat_free(&mat);
        file.data[n] ^= 0x55;
    }
    hr_free(file.data);
}

static void test_broken(void **state)
{
    (void)state;
    hr_mat mat;
    break_file("truth.mat");
    break_file("truth_packed.mat");
    assert_int_equal(hr_mat_parse(&mat, "MATLAB", 6), HRNET_ERR_FORMAT);
    char hdf5[128] = "MATLAB 7.3 MAT-file";
    memcpy(hdf5 + 124, "\0\2IM", 4);
    assert_true(hr_mat_is(hdf5, sizeof hdf5));
    assert_int_equal(hr_mat_parse(&mat, hdf5, sizeof hdf5), HRNET_ERR_UNSUPPORTED);
}

static void test_save(void **state)
{
    (void)state;
    const float values[] = {1, 2, 3, 4, 5, -6.5f};
    const size_t dims[] = {1, 3, 2}, huge[] = {1 << 20, 1 << 20};
    char path[] = "/tmp/hrnet-test-mat-XXXXXX";
    hr_bytes file;
    hr_mat mat;
    const int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(hr_mat_save(path, "preds", values, huge, 2), HRNET_ERR_LIMIT);
    assert_int_equal(hr_mat_save(path, "preds", values, dims, 3), HRNET_OK);
    assert_int_equal(hr_file_read(&file, path, 1 << 20), HRNET_OK);
    assert_int_equal(file.size % 8, 0);
    assert_int_equal(hr_mat_parse(&mat, file.data, file.size), HRNET_OK);
    const hr_mat_array *const array = hr_mat_find(&mat, "preds");
    assert_true(array != NULL && array->n_dims == 3 && array->dims[1] == 3 && array->numbers[5] == -6.5);
    hr_mat_free(&mat);
    hr_free(file.data);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_and_packed),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
