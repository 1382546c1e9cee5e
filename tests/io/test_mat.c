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
#include <zlib.h>

#include "base/file.h"
#include "base/limits.h"
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

static size_t put_u32(unsigned char *out, size_t at, uint32_t value)
{
    for (int i = 0; i < 4; i++) out[at++] = (unsigned char)(value >> (8 * i));
    return at;
}

/* A file of n_parts compressed elements, each an array of n zeros that are kept as bytes. Free with hr_free. */
static hr_bytes make_packed(uint32_t n, int n_parts)
{
    enum { HEAD = 56 };
    unsigned char *const plain = hr_calloc(HEAD + (size_t)n, 1);
    uLongf n_packed = compressBound(HEAD + n);
    unsigned char *const packed = hr_alloc(n_packed, 1);
    assert_true(plain != NULL && packed != NULL);
    size_t at = put_u32(plain, 0, 14);
    at = put_u32(plain, at, HEAD - 8 + n);
    at = put_u32(plain, at, 6); /* flags: class double */
    at = put_u32(plain, at, 8);
    at = put_u32(plain, at, 6);
    at = put_u32(plain, at + 4, 5); /* dimensions: 1 x n */
    at = put_u32(plain, at, 8);
    at = put_u32(plain, at, 1);
    at = put_u32(plain, at, n);
    at = put_u32(plain, at, 1 | 1 << 16); /* name: "x" */
    plain[at] = 'x';
    at = put_u32(plain, at + 4, 2); /* values: bytes */
    put_u32(plain, at, n);
    assert_int_equal(compress2(packed, &n_packed, plain, HEAD + n, 9), Z_OK);
    const size_t part = 8 + n_packed;
    hr_bytes file = {hr_calloc(128 + (size_t)n_parts * part, 1), 128 + (size_t)n_parts * part};
    assert_non_null(file.data);
    memcpy(file.data, "MATLAB 5.0 MAT-file", 19);
    memcpy(file.data + 124, "\0\1IM", 4);
    for (int i = 0; i < n_parts; i++) {
        at = put_u32(file.data, 128 + (size_t)i * part, 15);
        at = put_u32(file.data, at, (uint32_t)n_packed);
        memcpy(file.data + at, packed, n_packed);
    }
    hr_free(plain);
    hr_free(packed);
    return file;
}

/* A byte becomes a double, and deflate makes a thousand bytes of one: what a file may cost is counted for all of it. */
static void test_cost(void **state)
{
    (void)state;
    static const struct {
        uint32_t n;
        int n_parts;
        hrnet_status status;
    } files[] = {{100000, 1, HRNET_OK},
                 {100000, 50, HRNET_OK},
                 {100000000, 1, HRNET_ERR_LIMIT},
                 {10000000, 1, HRNET_ERR_LIMIT},
                 {1000000, 200, HRNET_ERR_LIMIT}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        hr_mat mat = {0};
        const hr_bytes file = make_packed(files[i].n, files[i].n_parts);
        const size_t held = hr_mem_held();
        hr_mem_peak();
        assert_int_equal(hr_mat_parse(&mat, file.data, file.size), files[i].status);
        assert_true(hr_mem_peak() - held <= hr_cost_most(file.size));
        if (files[i].status == HRNET_OK) assert_int_equal(mat.n, files[i].n_parts);
        if (files[i].status != HRNET_OK) assert_non_null(strstr(hrnet_last_error(), "in proportion to the file"));
        hr_mat_free(&mat);
        hr_free(file.data);
    }
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
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
