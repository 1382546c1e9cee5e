/*
 * test_tensors.c - the three containers: golden checkpoints that hold the same network four times, written by PyTorch;
 * files that we write and read back; damaged files, which give an error or data but never a crash.
 */
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
#include "io/tensors/tensors.h"
#include "io/tensors/torch_save.h"

#define GOLDEN TEST_DATA "/golden/hrnet_w8_96x64/"
#define CORPUS TEST_DATA "/fuzz/corpus/"

static void open_golden(hr_tensors *out, const char *path)
{
    *out = (hr_tensors){0};
    if (hr_tensors_open(out, path) != HRNET_OK) fail_msg("%s", hrnet_last_error());
}

static double *read_all(const hr_tensors *tensors, const hr_tensor *tensor)
{
    double *const out = hr_alloc(tensor->n_elements, sizeof *out);
    assert_non_null(out);
    if (hr_tensor_read_double(tensors, tensor, out) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return out;
}

static double sum(const hr_tensors *tensors, const char *name)
{
    double total = 0;
    for (size_t i = 0; i < tensors->n_items; i++) {
        if (strcmp(tensors->items[i].name, name) != 0) continue;
        double *const values = read_all(tensors, &tensors->items[i]);
        for (size_t k = 0; k < tensors->items[i].n_elements; k++) total += values[k];
        hr_free(values);
    }
    return total;
}

/* The tensors of a, in order, are those of b from index first on. */
static void expect_same(const hr_tensors *a, const hr_tensors *b, size_t first)
{
    for (size_t i = 0; i < a->n_items; i++) {
        const hr_tensor *const x = &a->items[i], *const y = &b->items[first + i];
        assert_int_equal(x->dtype, y->dtype);
        assert_int_equal(x->n_dims, y->n_dims);
        assert_memory_equal(x->shape, y->shape, sizeof x->shape);
        double *const p = read_all(a, x), *const q = read_all(b, y);
        assert_memory_equal(p, q, x->n_elements * sizeof *p);
        hr_free(p);
        hr_free(q);
    }
}

/* Numbers from torch.load of the same file. */
static void test_zip(void **state)
{
    (void)state;
    hr_tensors t;
    float first[64 * 27];
    open_golden(&t, GOLDEN "weights.pth");
    assert_int_equal(t.container, HR_TORCH_ZIP);
    assert_int_equal(t.n_items, 710);
    assert_int_equal(t.n_skipped, 0);
    const hr_tensor *const conv1 = &t.items[0];
    assert_string_equal(conv1->name, "conv1.weight");
    assert_string_equal(conv1->scope, "");
    assert_true(conv1->n_dims == 4 && conv1->shape[0] == 64 && conv1->shape[1] == 3 && conv1->shape[3] == 3);
    assert_int_equal(hr_tensor_read(&t, conv1, first), HRNET_OK);
    assert_true(first[0] == 0.20797711610794067f && first[1] == -0.03342781960964203f);
    assert_string_equal(t.items[5].name, "bn1.num_batches_tracked");
    assert_true(t.items[5].n_dims == 0 && t.items[5].dtype == HR_I64 && t.items[5].n_elements == 1);
    assert_true(sum(&t, "bn1.num_batches_tracked") == 7);
    /* sums of at most 1728 doubles of size 1: 1e-12 is 4 times the worst rounding of another order of adding */
    assert_true(sum(&t, "conv1.weight") - -6.184265590723953 < 1e-12);
    assert_true(sum(&t, "stage4.1.branches.3.1.bn2.running_var") - 63.140317261219025 < 1e-12);
    assert_string_equal(t.items[709].name, "final_layer.bias");
    hr_tensors_close(&t);
}

static void test_containers_agree(void **state)
{
    (void)state;
    hr_tensors flat, other;
    open_golden(&flat, GOLDEN "weights.pth");
    open_golden(&other, GOLDEN "weights_legacy.pth");
    assert_int_equal(other.container, HR_TORCH_STREAM);
    assert_int_equal(other.n_items, 710);
    assert_string_equal(other.items[709].name, "final_layer.bias");
    expect_same(&flat, &other, 0);
    hr_tensors_close(&other);
    open_golden(&other, GOLDEN "weights_mmpose.pth");
    assert_string_equal(other.items[0].scope, "state_dict");
    assert_string_equal(other.items[0].name, "backbone.conv1.weight");
    assert_string_equal(hr_tensors_entry(&other, "meta/epoch"), "210");
    expect_same(&flat, &other, 0);
    hr_tensors_close(&other);
    open_golden(&other, GOLDEN "checkpoint_official.pth");
    assert_int_equal(other.n_items, 1420);
    assert_string_equal(other.items[0].scope, "state_dict");
    assert_string_equal(other.items[0].name, "module.conv1.weight");
    assert_string_equal(other.items[710].scope, "best_state_dict");
    assert_string_equal(hr_tensors_entry(&other, "perf"), "0.5");
    assert_string_equal(hr_tensors_entry(&other, "model"), "pose_hrnet");
    assert_null(hr_tensors_entry(&other, "optimizer"));
    expect_same(&flat, &other, 0);
    expect_same(&flat, &other, 710);
    hr_tensors_close(&other);
    hr_tensors_close(&flat);
}

/* Element types, a transposed view, a parameter and an empty tensor, as torch 1.13 writes them in both containers. */
static void test_kinds(void **state)
{
    (void)state;
    static const char *const paths[] = {CORPUS "torch_zip/small.pth", CORPUS "torch_zip/deflated.pth",
                                        CORPUS "pickle_stream/small.pth"};
    static const char *const names[] = {"a", "t", "h", "n", "b", "p", "e"};
    static const hr_dtype dtypes[] = {HR_F32, HR_F32, HR_F16, HR_I64, HR_BF16, HR_F32, HR_F32};
    static const double transposed[] = {0, 3, 1, 4, 2, 5};
    for (size_t f = 0; f < sizeof paths / sizeof *paths; f++) {
        hr_tensors t;
        open_golden(&t, paths[f]);
        assert_int_equal(t.n_items, 7);
        for (size_t i = 0; i < 7; i++) {
            assert_string_equal(t.items[i].name, names[i]);
            assert_int_equal(t.items[i].dtype, dtypes[i]);
        }
        double *const values = read_all(&t, &t.items[1]);
        assert_memory_equal(values, transposed, sizeof transposed);
        hr_free(values);
        assert_true(sum(&t, "a") == 15 && sum(&t, "h") == 2 && sum(&t, "n") == 3 && sum(&t, "b") == 2);
        assert_true(sum(&t, "p") == 1 && t.items[6].n_elements == 0);
        assert_string_equal(hr_tensors_entry(&t, "perf"), "0.5");
        assert_string_equal(hr_tensors_entry(&t, "meta/CLASSES/0"), "person");
        assert_string_equal(hr_tensors_entry(&t, "meta/ok"), "true");
        assert_int_equal(t.n_skipped, 1);
        assert_string_equal(t.skipped[0], "__builtin__.set");
        hr_tensors_close(&t);
    }
}

/* ------------------------------------------------------------------------------------------------ writing */

static const float weights[] = {1, -2.5f, 0.1f, 65504, 1e-3f, 0};
static const int64_t counter[] = {1234567890123};
static const hr_tensor_data small[] = {{"w", HR_F32, 2, {2, 3}, weights},
                                       {"n", HR_I64, 0, {0}, counter},
                                       {"quote \" \\ \n", HR_F32, 1, {1}, weights},
                                       {"none", HR_F32, 2, {0, 4}, weights}};

static char *temporary_path(void)
{
    static char path[40];
    strcpy(path, "/tmp/hrnet-tensors-XXXXXX");
    close(mkstemp(path));
    return path;
}

static void expect_small(const char *path, int half)
{
    hr_tensors t;
    float out[6];
    double n;
    open_golden(&t, path);
    assert_int_equal(t.n_items, 4);
    for (size_t i = 0; i < 4; i++) assert_string_equal(t.items[i].name, small[i].name);
    assert_int_equal(t.items[0].dtype, half ? HR_F16 : HR_F32);
    assert_int_equal(hr_tensor_read(&t, &t.items[0], out), HRNET_OK);
    for (size_t i = 0; i < 6; i++)
        assert_true(out[i] == (half ? hr_half_to_float(hr_float_to_half(weights[i])) : weights[i]));
    assert_int_equal(hr_tensor_read_double(&t, &t.items[1], &n), HRNET_OK);
    assert_true(n == 1234567890123.0);
    hr_tensors_close(&t);
}

static void test_save(void **state)
{
    (void)state;
    static const hr_entry entries[] = {{"hrnet.codec", "msra"}, {"hrnet.\"config\"", "MODEL:\n\tNAME: \\x\x01\n"}};
    char *const path = temporary_path();
    hr_tensors t;
    assert_int_equal(hr_torch_save(path, small, 4), HRNET_OK);
    expect_small(path, 0);
    for (int half = 0; half < 2; half++) {
        assert_int_equal(hr_safetensors_save(path, small, 4, entries, 2, half), HRNET_OK);
        expect_small(path, half);
    }
    open_golden(&t, path);
    assert_int_equal(t.container, HR_SAFETENSORS_FILE);
    assert_string_equal(hr_tensors_entry(&t, "hrnet.codec"), "msra");
    assert_string_equal(hr_tensors_entry(&t, entries[1].key), entries[1].value);
    hr_tensors_close(&t);
    assert_int_equal(hr_safetensors_save(path, NULL, 0, NULL, 0, 0), HRNET_OK);
    assert_int_equal(hr_torch_save("/nonexistent/x", small, 4), HRNET_ERR_IO);
    assert_int_equal(hr_safetensors_save("/nonexistent/x", small, 4, NULL, 0, 0), HRNET_ERR_IO);
    unlink(path);
}

/* Numbers that float16 would make infinite keep their tensor in float32. */
static void test_save_beyond_half(void **state)
{
    (void)state;
    static const float fits[] = {65519, -65519}, beyond[] = {1, -65520};
    static const hr_tensor_data items[] = {{"fits", HR_F32, 1, {2}, fits}, {"beyond", HR_F32, 1, {2}, beyond}};
    char *const path = temporary_path();
    hr_tensors t;
    float out[2];
    assert_int_equal(hr_safetensors_save(path, items, 2, NULL, 0, 1), HRNET_OK);
    open_golden(&t, path);
    assert_int_equal(t.items[0].dtype, HR_F16);
    assert_int_equal(t.items[1].dtype, HR_F32);
    assert_int_equal(hr_tensor_read(&t, &t.items[0], out), HRNET_OK);
    assert_true(out[0] == 65504 && out[1] == -65504);
    assert_int_equal(hr_tensor_read(&t, &t.items[1], out), HRNET_OK);
    assert_true(out[0] == 1 && out[1] == -65520);
    hr_tensors_close(&t);
    unlink(path);
}

static void read_twice(const void *context, size_t index, void *out)
{
    for (size_t i = 0; i < 6; i++) ((float *)out)[i] = 2 * ((const float *)context)[i] + (float)index;
}

/* Every kind of value under keys of both kinds, two tensors over one storage, elements read while the file is written.
 */
static void test_tree(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
    } expected[] = {
        {"text", "\xc3\xa9"}, {"7/0", "-1"},      {"7/1", "-4294967296"},         {"7/2", "9223372036854775807"},
        {"7/3/0", "true"},    {"7/3/1", "false"}, {"7/4", "0.30000000000000004"}, {"7/5", "4.94065645841247e-324"}};
    char *const path = temporary_path();
    hr_torch_file file = {0};
    hr_tensors t;
    float out[6];
    hr_torch_begin(&file, HR_TORCH_MAP);
    hr_torch_add_text(&file, "text");
    hr_torch_add_text(&file, "\xc3\xa9");
    hr_torch_add_integer(&file, 7);
    hr_torch_begin(&file, HR_TORCH_LIST);
    hr_torch_add_integer(&file, -1);
    hr_torch_add_integer(&file, -4294967296);
    hr_torch_add_integer(&file, INT64_MAX);
    hr_torch_begin(&file, HR_TORCH_TUPLE);
    hr_torch_add_bool(&file, 1);
    hr_torch_add_bool(&file, 0);
    hr_torch_add_none(&file);
    hr_torch_end(&file);
    hr_torch_add_real(&file, 0.1 + 0.2);
    hr_torch_add_real(&file, 5e-324);
    hr_torch_end(&file);
    hr_torch_add_text(&file, "tensors");
    hr_torch_begin(&file, HR_TORCH_ORDERED_MAP);
    const size_t storage = hr_torch_add_storage(
        &file,
        &(hr_torch_elements){.dtype = HR_F32, .n_elements = 6, .read = read_twice, .context = weights, .index = 3});
    hr_torch_add_integer(&file, 0);
    hr_torch_add_tensor(&file, &small[0], storage);
    hr_torch_add_text(&file, "flat");
    hr_torch_add_tensor(&file, &(hr_tensor_data){.n_dims = 1, .shape = {6}}, storage);
    hr_torch_end(&file);
    hr_torch_add_text(&file, "empty");
    hr_torch_begin(&file, HR_TORCH_MAP);
    hr_torch_end(&file);
    hr_torch_end(&file);
    assert_int_equal(hr_torch_write(&file, path), HRNET_OK);
    open_golden(&t, path);
    assert_int_equal(t.n_entries, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < t.n_entries; i++) {
        assert_string_equal(t.entries[i].key, expected[i].key);
        assert_string_equal(t.entries[i].value, expected[i].value);
    }
    assert_int_equal(t.n_items, 2);
    assert_int_equal(t.items[0].storage, t.items[1].storage);
    assert_string_equal(t.items[0].scope, "tensors");
    assert_string_equal(t.items[0].name, "0");
    assert_true(t.items[0].n_dims == 2 && t.items[1].n_dims == 1);
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(hr_tensor_read(&t, &t.items[k], out), HRNET_OK);
        for (size_t i = 0; i < 6; i++) assert_true(out[i] == 2 * weights[i] + 3);
    }
    hr_tensors_close(&t);
    unlink(path);
}

static void test_unbalanced_tree(void **state)
{
    (void)state;
    hr_torch_file file = {0};
    assert_int_equal(hr_torch_write(&file, "/nonexistent/x"), HRNET_ERR_ARGUMENT);
    hr_torch_begin(&file, HR_TORCH_MAP);
    assert_int_equal(hr_torch_write(&file, "/nonexistent/x"), HRNET_ERR_ARGUMENT);
    hr_torch_end(&file);
    assert_int_equal(hr_torch_write(&file, "/nonexistent/x"), HRNET_ERR_ARGUMENT);
    for (int i = 0; i <= HR_TORCH_MAX_DEPTH; i++) hr_torch_begin(&file, HR_TORCH_LIST);
    for (int i = 0; i <= HR_TORCH_MAX_DEPTH; i++) hr_torch_end(&file);
    assert_int_equal(hr_torch_write(&file, "/nonexistent/x"), HRNET_ERR_ARGUMENT);
}

/* Every entry's data starts at a multiple of 64: local headers are found by their signature. */
static void test_alignment(void **state)
{
    (void)state;
    char *const path = temporary_path();
    hr_bytes file;
    int n_entries = 0;
    uint64_t header;
    assert_int_equal(hr_torch_save(path, small, 4), HRNET_OK);
    assert_int_equal(hr_file_read(&file, path, 1 << 20), HRNET_OK);
    for (size_t i = 0; i + 30 < file.size; i++) {
        const unsigned char *const p = file.data + i;
        if (memcmp(p, "PK\3\4", 4) != 0) continue;
        assert_int_equal((i + 30 + (size_t)(p[26] | p[27] << 8) + (size_t)(p[28] | p[29] << 8)) % 64, 0);
        n_entries++;
    }
    assert_int_equal(n_entries, 7);
    hr_free(file.data);
    assert_int_equal(hr_safetensors_save(path, small, 4, NULL, 0, 0), HRNET_OK);
    assert_int_equal(hr_file_read(&file, path, 1 << 20), HRNET_OK);
    memcpy(&header, file.data, sizeof header);
    assert_int_equal((8 + header) % 64, 0);
    hr_free(file.data);
    unlink(path);
}

static void test_memory(void **state)
{
    (void)state;
    static const char *const paths[] = {CORPUS "torch_zip/small.pth", CORPUS "pickle_stream/small.pth",
                                        CORPUS "safetensors/small.safetensors"};
    char *const path = temporary_path();
    for (size_t f = 0; f < 5; f++) {
        hrnet_status status = HRNET_ERR_MEMORY;
        for (long k = 0; status != HRNET_OK; k++) {
            hr_tensors t = {0};
            float out[6];
            hr_mem_fail_after(k);
            if (f == 3) {
                status = hr_torch_save(path, small, 4);
            } else if (f == 4) {
                status = hr_safetensors_save(path, small, 4, &(hr_entry){"k", "v"}, 1, 1);
            } else {
                status = hr_tensors_open(&t, paths[f]);
                if (status == HRNET_OK) status = hr_tensor_read(&t, &t.items[1], out);
            }
            hr_mem_fail_after(-1);
            hr_tensors_close(&t);
            if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
        }
    }
    unlink(path);
}

/* ------------------------------------------------------------------------------------------------ damage */

/* Open a file and read everything: any status is fine, a crash or an endless loop is not. */
static void try_open(const unsigned char *bytes, size_t n)
{
    hr_tensors t;
    /* exactly its size, so that a sanitizer sees a read past the end */
    unsigned char *const copy = malloc(n > 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    if (hr_tensors_open_memory(&t, copy, n, "damaged") == HRNET_OK) {
        for (size_t i = 0; i < t.n_items; i++) {
            double *const out = hr_alloc(t.items[i].n_elements, sizeof *out);
            assert_non_null(out);
            hr_tensor_read_double(&t, &t.items[i], out);
            hr_free(out);
        }
        hr_tensors_close(&t);
    }
    free(copy);
}

static void test_every_damage_of_small_files(void **state)
{
    (void)state;
    static const char *const paths[] = {CORPUS "torch_zip/small.pth", CORPUS "torch_zip/deflated.pth",
                                        CORPUS "pickle_stream/small.pth", CORPUS "pickle_stream/protocol4.pth",
                                        CORPUS "safetensors/small.safetensors"};
    for (size_t f = 0; f < sizeof paths / sizeof *paths; f++) {
        hr_bytes file;
        assert_int_equal(hr_file_read(&file, paths[f], 1 << 20), HRNET_OK);
        for (size_t n = 0; n < file.size; n++) try_open(file.data, n);
        for (size_t bit = 0; bit < 8 * file.size; bit++) {
            file.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
            try_open(file.data, file.size);
            file.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        hr_free(file.data);
    }
}

static void test_truncated_golden(void **state)
{
    (void)state;
    static const char *const paths[] = {GOLDEN "weights.pth", GOLDEN "weights_legacy.pth"};
    for (size_t f = 0; f < 2; f++) {
        hr_bytes file;
        hr_tensors t;
        assert_int_equal(hr_file_read(&file, paths[f], 1 << 26), HRNET_OK);
        for (size_t i = 1; i < 40; i++) {
            const hrnet_status status = hr_tensors_open_memory(&t, file.data, file.size - i * i * 2500, "short");
            assert_int_equal(status, HRNET_ERR_FORMAT);
        }
        hr_free(file.data);
    }
}

/* Replace each occurrence of a text by one as long. */
static size_t replace(hr_bytes *file, const char *from, const char *to)
{
    size_t n_found = 0;
    for (unsigned char *p = file->data; (p = memmem(p, file->size - (size_t)(p - file->data), from, strlen(from)));
         p++, n_found++)
        memcpy(p, to, strlen(to));
    return n_found;
}

static void test_zip_tricks(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } tricks[] = {
        {"small/data/0", "../../data/0", "no entry data/0"},
        {"small/data/1", "small/data/0", "two entries"},
        {"small/data/1", "/etc/passwd1", "no entry data/1"},
        {"small/data.pkl", "small/data.pkx", "without data.pkl"},
        {"small/data.pkl", "small\\data.pkl", "without data.pkl"},
    };
    hr_tensors t;
    hr_bytes file;
    float out[6];
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        assert_int_equal(hr_file_read(&file, CORPUS "torch_zip/small.pth", 1 << 20), HRNET_OK);
        assert_true(replace(&file, tricks[i].from, tricks[i].to) >= 2);
        assert_int_equal(hr_tensors_open_memory(&t, file.data, file.size, "trick"), HRNET_ERR_FORMAT);
        if (strstr(hrnet_last_error(), tricks[i].message) == NULL) fail_msg("%s", hrnet_last_error());
        hr_free(file.data);
    }
    /* a storage whose bytes changed: found by its CRC, and the message says where */
    assert_int_equal(hr_file_read(&file, CORPUS "torch_zip/small.pth", 1 << 20), HRNET_OK);
    assert_true(replace(&file, "\xa0\x40", "\xa1\x40") > 0); /* 5.0f */
    assert_int_equal(hr_tensors_open_memory(&t, file.data, file.size, "changed"), HRNET_OK);
    assert_int_equal(hr_tensor_read(&t, &t.items[0], out), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "changed: a: "));
    hr_tensors_close(&t);
    hr_free(file.data);
}

static hrnet_status open_safetensors(const char *header, size_t n_data, const char *message)
{
    const uint64_t n = strlen(header);
    unsigned char *const file = calloc(8 + n + n_data, 1);
    hr_tensors t;
    assert_non_null(file);
    memcpy(file, &n, 8);
    memcpy(file + 8, header, n);
    const hrnet_status status = hr_tensors_open_memory(&t, file, 8 + n + n_data, "input");
    if (status == HRNET_OK)
        hr_tensors_close(&t);
    else if (strstr(hrnet_last_error(), message) == NULL)
        fail_msg("%s, expected %s", hrnet_last_error(), message);
    free(file);
    return status;
}

static void test_safetensors_refused(void **state)
{
    (void)state;
#define T(name, dtype, shape, offsets)                                                                                 \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define REFUSED(n_data, status, message, ...)                                                                          \
    assert_int_equal(open_safetensors("{" __VA_ARGS__ "}", n_data, message), status)
    REFUSED(8, HRNET_OK, "", T("a", "F32", "[2]", "[0,8]"));
    REFUSED(0, HRNET_OK, "", "\"__metadata__\":{\"a\":\"b\"}");
    REFUSED(8, HRNET_ERR_FORMAT, "gap or overlap", T("a", "F32", "[1]", "[0,4]"));
    REFUSED(8, HRNET_ERR_FORMAT, "gap or overlap", T("a", "F32", "[1]", "[4,8]"));
    REFUSED(8, HRNET_ERR_FORMAT, "gap or overlap", T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[1]", "[4,8]"));
    REFUSED(8, HRNET_ERR_FORMAT, "two tensors a", T("a", "F32", "[1]", "[0,4]") "," T("a", "F32", "[1]", "[4,8]"));
    REFUSED(8, HRNET_ERR_FORMAT, "a: data_offsets", T("a", "F32", "[3]", "[0,12]"));
    REFUSED(8, HRNET_ERR_FORMAT, "a: data_offsets", T("a", "F32", "[1]", "[4,0]"));
    REFUSED(8, HRNET_ERR_FORMAT, "a: data_offsets", T("a", "F32", "[1]", "[-4,0]"));
    REFUSED(8, HRNET_ERR_FORMAT, "a: expected 1 elements of float32, found 8 bytes", T("a", "F32", "[1]", "[0,8]"));
    REFUSED(8, HRNET_ERR_FORMAT, "a: ", T("a", "F32", "[4294967296,4294967296]", "[0,8]"));
    REFUSED(8, HRNET_ERR_FORMAT, "whole number", T("a", "F32", "[2.0]", "[0,8]"));
    REFUSED(8, HRNET_ERR_FORMAT, "whole number", T("a", "F32", "[-2]", "[0,8]"));
    REFUSED(8, HRNET_OK, "", T("a", "F8_E4M3", "[8]", "[0,8]"));
    REFUSED(8, HRNET_ERR_FORMAT, "gap or overlap", T("a", "F8_E4M3", "[8]", "[0,4]"));
    REFUSED(8, HRNET_ERR_FORMAT, "a: dtype: expected a string",
            "\"a\":{\"dtype\":1,\"shape\":[],\"data_offsets\":[0,8]}");
    REFUSED(8, HRNET_ERR_FORMAT, "cut short", T("a", "F32", "[3]", "[0,12]"));
    REFUSED(8, HRNET_ERR_FORMAT, "data_offsets: expected [begin, end]", T("a", "F32", "[2]", "[0]"));
    REFUSED(0, HRNET_ERR_FORMAT, "a: expected a string", "\"__metadata__\":{\"a\":1}");
    REFUSED(0, HRNET_ERR_FORMAT, "header: line 1", "\"a\"");
}

static void test_other_files(void **state)
{
    (void)state;
    static const struct {
        const char *content, *message;
    } files[] = {
        {"", "an empty file"},
        {"<!DOCTYPE html><html>", "an HTML page"},
        {"version https://git-lfs.github.com/spec/v1", "Git LFS"},
        {"\x80\x04]\x94.", "a pickle without"},
        {"hello", "something else"},
    };
    hr_tensors t = {0};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const size_t n = strlen(files[i].content);
        assert_int_equal(hr_tensors_open_memory(&t, files[i].content, n, "x"), HRNET_ERR_FORMAT);
        assert_non_null(strstr(hrnet_last_error(), files[i].message));
    }
    assert_int_equal(hr_tensors_open(&t, GOLDEN "none"), HRNET_ERR_IO);
    assert_int_equal(hr_tensors_open(&t, "/tmp"), HRNET_ERR_IO);
    assert_null(t.store);
    hr_tensors_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_zip),
                                       cmocka_unit_test(test_containers_agree),
                                       cmocka_unit_test(test_kinds),
                                       cmocka_unit_test(test_save),
                                       cmocka_unit_test(test_save_beyond_half),
                                       cmocka_unit_test(test_tree),
                                       cmocka_unit_test(test_unbalanced_tree),
                                       cmocka_unit_test(test_alignment),
                                       cmocka_unit_test(test_memory),
                                       cmocka_unit_test(test_every_damage_of_small_files),
                                       cmocka_unit_test(test_truncated_golden),
                                       cmocka_unit_test(test_zip_tricks),
                                       cmocka_unit_test(test_safetensors_refused),
                                       cmocka_unit_test(test_other_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
