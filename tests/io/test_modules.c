/*
 * test_modules.c - files that PyTorch writes of whole modules instead of their state dicts, in both containers and as
 * TorchScript; tensors with marks; tensors of types that are not read; what reading views of one storage costs. The
 * files are made by make_modules.py, which prints the state dict that is expected here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zip.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/tensors/tensors.h"

#define MODULES TEST_DATA "/golden/modules/"

static void open_file(hr_tensors *out, const char *path)
{
    *out = (hr_tensors){0};
    if (hr_tensors_open(out, path) != HRNET_OK) fail_msg("%s", hrnet_last_error());
}

static void expect_element(const hr_tensors *t, size_t i, size_t at, double expected)
{
    double values[8];
    assert_true(t->items[i].n_elements <= 8);
    if (hr_tensor_read_double(t, &t->items[i], values) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    if (values[at] != expected) fail_msg("%s[%zu]: %g, expected %g", t->items[i].name, at, values[at], expected);
}

/* Element k of tensor i is 100 i + k. */
static void test_whole_modules(void **state)
{
    (void)state;
    static const struct {
        const char *path, *scope, *prefix;
        int is_script;
    } files[] = {{MODULES "module_zip.pth", "", "", 0},
                 {MODULES "module_legacy.pth", "", "", 0},
                 {MODULES "module_protocol4.pth", "", "", 0},
                 {MODULES "module_in_dict.pth", "ema", "module.", 0},
                 {MODULES "script.pt", "", "", 1}};
    static const char *const names[] = {"layer1.0.conv1.weight",    "layer1.0.bn1.weight",
                                        "layer1.0.bn1.bias",        "layer1.0.bn1.running_mean",
                                        "layer1.0.bn1.running_var", "layer1.0.bn1.num_batches_tracked",
                                        "final_layer.weight",       "final_layer.bias"};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        hr_tensors t;
        char name[64];
        open_file(&t, files[f].path);
        assert_int_equal(t.n_items, 8);
        assert_int_equal(t.is_script, files[f].is_script);
        for (size_t i = 0; i < 8; i++) {
            snprintf(name, sizeof name, "%s%s", files[f].prefix, names[i]);
            assert_string_equal(t.items[i].name, name);
            assert_string_equal(t.items[i].scope, files[f].scope);
            expect_element(&t, i, t.items[i].n_elements - 1, 100.0 * (double)i + (double)t.items[i].n_elements - 1);
        }
        /* attributes that are no tensors are not metadata */
        assert_int_equal(t.n_entries, files[f].scope[0] != '\0');
        hr_tensors_close(&t);
    }
}

static void test_frozen_script(void **state)
{
    (void)state;
    hr_tensors t;
    open_file(&t, MODULES "frozen.pt");
    assert_int_equal(t.n_items, 0);
    assert_true(t.is_script);
    hr_tensors_close(&t);
}

/* A negative bit is honoured in either precision; a conjugate one of a real tensor changes nothing. */
static void test_marks(void **state)
{
    (void)state;
    static const double expected[] = {1, -2, 3};
    hr_tensors t;
    open_file(&t, MODULES "marks.pth");
    assert_int_equal(t.n_items, 3);
    for (size_t i = 0; i < 3; i++) {
        float floats[3];
        assert_int_equal(t.items[i].negated, i > 0);
        assert_int_equal(hr_tensor_read(&t, &t.items[i], floats), HRNET_OK);
        for (size_t k = 0; k < 3; k++) {
            expect_element(&t, i, k, expected[k]);
            assert_true((double)floats[k] == expected[k]);
        }
    }
    hr_tensors_close(&t);
}

/* What is not read is listed under its own type, and is no reason to refuse the rest. */
static void test_rare_types(void **state)
{
    (void)state;
    static const char *const paths[] = {MODULES "rare.pth", MODULES "rare_legacy.pth"};
    static const struct {
        const char *name, *foreign;
    } expected[] = {{"a", NULL},
                    {"complex", "ComplexFloatStorage"},
                    {"quantised", "_rebuild_qtensor"},
                    {"f8", "float8_e4m3fn"},
                    {"u32", "uint32"},
                    {"sparse", "_rebuild_sparse_tensor"},
                    {"b", NULL}};
    for (size_t f = 0; f < 2; f++) {
        hr_tensors t;
        float out[3];
        open_file(&t, paths[f]);
        assert_int_equal(t.n_items, 7);
        for (size_t i = 0; i < 7; i++) {
            const char *const foreign = expected[i].foreign;
            assert_string_equal(t.items[i].name, expected[i].name);
            if (foreign == NULL) {
                assert_null(t.items[i].foreign);
                expect_element(&t, i, 1, -2);
                continue;
            }
            assert_string_equal(t.items[i].foreign, foreign);
            assert_int_equal(hr_tensor_read(&t, &t.items[i], out), HRNET_ERR_UNSUPPORTED);
            assert_non_null(strstr(hrnet_last_error(), foreign));
        }
        hr_tensors_close(&t);
    }
}

static void test_cut_short(void **state)
{
    (void)state;
    static const char *const paths[] = {MODULES "module_zip.pth", MODULES "module_legacy.pth",
                                        TEST_DATA "/fuzz/corpus/pickle_stream/small.pth",
                                        TEST_DATA "/fuzz/corpus/safetensors/small.safetensors"};
    for (size_t f = 0; f < sizeof paths / sizeof *paths; f++) {
        hr_bytes file;
        hr_tensors t;
        assert_int_equal(hr_file_read(&file, paths[f], 1 << 20), HRNET_OK);
        for (size_t n = 32; n < file.size; n += 1 + n / 16) {
            assert_int_equal(hr_tensors_open_memory(&t, file.data, n, "half"), HRNET_ERR_FORMAT);
            if (strstr(hrnet_last_error(), "half: ") == NULL ||
                strstr(hrnet_last_error(), "the file is cut short") == NULL)
                fail_msg("%s, %zu of %zu bytes: %s", paths[f], n, file.size, hrnet_last_error());
        }
        hr_free(file.data);
    }
}

/* Every allocation may fail, in the middle of a module, too. */
static void test_memory(void **state)
{
    (void)state;
    static const char *const paths[] = {MODULES "module_in_dict.pth", MODULES "script.pt", MODULES "rare.pth",
                                        MODULES "marks.pth"};
    for (size_t f = 0; f < sizeof paths / sizeof *paths; f++) {
        hrnet_status status = HRNET_ERR_MEMORY;
        for (long k = 0; status != HRNET_OK; k++) {
            hr_tensors t;
            hr_mem_fail_after(k);
            status = hr_tensors_open(&t, paths[f]);
            hr_mem_fail_after(-1);
            if (status == HRNET_OK)
                hr_tensors_close(&t);
            else
                assert_int_equal(status, HRNET_ERR_MEMORY);
        }
    }
}

/* ------------------------------------------------------------------------------------------------ views */

enum { N_VIEWS = 4000, STORAGE_FLOATS = 1 << 22 };

static void add_entry(zip_t *zip, const char *name, const void *bytes, size_t n, int deflated)
{
    zip_source_t *const source = zip_source_buffer(zip, bytes, n, 0);
    const zip_int64_t index = zip_file_add(zip, name, source, 0);
    assert_true(index >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 1),
                     0);
}

/* Write {"v0": the last float of the storage, "v1": the same, ...}. */
static void write_views(const char *path, const float *storage, int deflated)
{
    hr_text pickle = {0};
    int error;
    hr_text_add_bytes(&pickle, "\x80\x02}(", 4);
    for (int i = 0; i < N_VIEWS; i++) {
        static const char tensor[] = "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n"
                                     "X\x01\0\0\0"
                                     "0X\x03\0\0\0cpuJ\0\0\x40\0tQJ\xff\xff\x3f\0(K\x01t(K\x01t\x89)tR";
        hr_text_add(&pickle, "Vv%d\n", i);
        hr_text_add_bytes(&pickle, tensor, sizeof tensor - 1);
    }
    hr_text_add_bytes(&pickle, "u.", 2);
    zip_t *const zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    add_entry(zip, "views/data.pkl", pickle.data, pickle.length, 1);
    add_entry(zip, "views/data/0", storage, STORAGE_FLOATS * sizeof *storage, deflated);
    assert_int_equal(zip_close(zip), 0);
    hr_text_free(&pickle);
}

/* 4000 views of the end of a storage of 16 MiB: inflated, or passed over, for each it would be 64 GB and take half a
 * minute at least. Once is hundredths of a second; the bound leaves room for a busy machine and sanitizers. */
static void test_views_of_one_storage(void **state)
{
    (void)state;
    char path[] = "/tmp/hrnet-views-XXXXXX";
    float *const storage = test_calloc(STORAGE_FLOATS, sizeof *storage);
    storage[STORAGE_FLOATS - 1] = 7;
    close(mkstemp(path));
    for (int deflated = 0; deflated < 2; deflated++) {
        hr_tensors t;
        write_views(path, storage, deflated);
        const clock_t begun = clock();
        open_file(&t, path);
        assert_int_equal(t.n_items, N_VIEWS);
        for (size_t i = 0; i < N_VIEWS; i++) expect_element(&t, i, 0, 7);
        hr_tensors_close(&t);
        const double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
        print_message("%s: %.2f s\n", deflated ? "deflated" : "stored", seconds);
        assert_true(seconds < 5);
    }
    unlink(path);
    test_free(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_modules),
        cmocka_unit_test(test_frozen_script),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_rare_types),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_views_of_one_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
