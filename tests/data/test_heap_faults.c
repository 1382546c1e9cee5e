/*
 * test_heap_faults.c - memory that runs out inside the libraries that read for us (libpng, libjpeg, libwebp, libexif,
 * libyaml, yajl, libzip, zlib): for every allocation of a reader, theirs and ours, that one fails, or it and all later
 * ones. Each time the reader returns, says why or gives what it gives without failures, and leaves no byte of ours
 * behind. What a library itself leaks when its memory runs out (libzip 1.7: 24 bytes) is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <webp/decode.h>

#include "../support/heap.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/image_store.h"
#include "io/arrays.h"
#include "io/image/image.h"
#include "io/json.h"
#include "io/tensors/tensors.h"
#include "io/yaml.h"

/* Reads the input and frees what was read. *found: a number that differs for different contents. */
typedef hrnet_status reader_fn(const hr_bytes *input, const char *path, uint64_t *found);

static uint64_t mix(uint64_t sum, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3;
    return sum;
}

static hrnet_status read_image(const hr_bytes *input, const char *path, uint64_t *found)
{
    hrnet_image image = {0};
    HR_TRY(hrnet_image_decode(&image, input->data, input->size, path, 0));
    *found = mix((uint64_t)image.width, image.rgb, 3 * (size_t)image.width * (size_t)image.height);
    hrnet_image_free(&image);
    return HRNET_OK;
}

static hrnet_status read_json(const hr_bytes *input, const char *path, uint64_t *found)
{
    hr_json_document document;
    (void)path;
    HR_TRY(hr_json_parse(&document, input->data, input->size));
    *found = document.root->span;
    hr_json_free(&document);
    return HRNET_OK;
}

static hrnet_status take_element(void *context, const hr_json *value, size_t index)
{
    *(uint64_t *)context += value->span * (index + 1);
    return HRNET_OK;
}

static hrnet_status read_json_stream(const hr_bytes *input, const char *path, uint64_t *found)
{
    static const hr_json_list lists[] = {{.key = "annotations", .element = take_element}, {.key = NULL}};
    (void)path;
    *found = 0;
    return hr_json_stream(&(hr_json_plan){.lists = lists}, found, input->data, input->size);
}

static uint64_t count_nodes(const hr_yaml *node)
{
    uint64_t n = 1;
    for (const hr_yaml *child = node->first; child != NULL; child = child->next) n += count_nodes(child);
    return n;
}

static hrnet_status read_yaml(const hr_bytes *input, const char *path, uint64_t *found)
{
    hr_yaml *root = NULL;
    HR_TRY(hr_yaml_parse(&root, input->data, input->size, path));
    *found = root != NULL ? count_nodes(root) : 0;
    hr_yaml_free(root);
    return HRNET_OK;
}

static hrnet_status read_mat(const hr_bytes *input, const char *path, uint64_t *found)
{
    hr_mat mat;
    (void)path;
    HR_TRY(hr_mat_parse(&mat, input->data, input->size));
    *found = mat.n;
    for (size_t i = 0; i < mat.n; i++)
        if (mat.arrays[i].numbers != NULL)
            *found = mix(*found, mat.arrays[i].numbers, mat.arrays[i].count * sizeof(double));
    hr_mat_free(&mat);
    return HRNET_OK;
}

static hrnet_status read_tensors(const hr_bytes *input, const char *path, uint64_t *found)
{
    hr_tensors tensors;
    hrnet_status status = hr_tensors_open_memory(&tensors, input->data, input->size, path);
    if (status != HRNET_OK) return status;
    *found = tensors.n_items;
    for (size_t i = 0; i < tensors.n_items && status == HRNET_OK; i++) {
        const size_t n = tensors.items[i].n_elements;
        double *const values = hr_calloc(n, sizeof *values);
        status = values != NULL ? hr_tensor_read_double(&tensors, &tensors.items[i], values) : hr_fail_memory(n);
        if (status == HRNET_OK) *found = mix(*found, values, n * sizeof *values);
        hr_free(values);
    }
    hr_tensors_close(&tensors);
    return status;
}

static hrnet_status read_archive(const hr_bytes *input, const char *path, uint64_t *found)
{
    hr_image_store *store = NULL;
    hr_bytes bytes = {0};
    (void)input;
    HR_TRY(hr_image_store_open(&store, path, 2));
    const hrnet_status status = hr_image_store_read(store, 1, "a.png", &bytes);
    if (status == HRNET_OK) *found = mix(0, bytes.data, bytes.size);
    hr_free(bytes.data);
    hr_image_store_close(store);
    return status;
}

/* What cannot be left out changes the result: then the failure has to show. */
static void fail_each(const char *name, reader_fn *read)
{
    char path[512];
    hr_bytes input;
    uint64_t whole = 0, found = 0;
    int n_survived = 0;
    size_t n_leaked = 0;
    snprintf(path, sizeof path, "%s/fuzz/corpus/%s", TEST_DATA, name);
    assert_int_equal(hr_file_read(&input, path, 1 << 22), HRNET_OK);
    if (read(&input, path, &whole) != HRNET_OK) fail_msg("%s: %s", name, hrnet_last_error()); /* libraries set up */
    heap_fail_after(-1, 0);
    assert_int_equal(read(&input, path, &whole), HRNET_OK);
    const long n = heap_fail_after(-1, 0);
    for (int is_lasting = 0; is_lasting < 2; is_lasting++) {
        for (long k = 0; k < n; k++) {
            const size_t held = heap_held(), ours = hr_mem_held();
            heap_fail_after(k, is_lasting);
            const hrnet_status status = read(&input, path, &found);
            heap_fail_after(-1, 0);
            if (status == HRNET_OK && found != whole)
                fail_msg("%s: allocation %ld of %ld fails: another result, and no error", name, k, n);
            if (hr_mem_held() != ours)
                fail_msg("%s: allocation %ld of %ld fails: %zu bytes of ours are left", name, k, n,
                         hr_mem_held() - ours);
            if (heap_held() > held) n_leaked += heap_held() - held;
            n_survived += status == HRNET_OK;
        }
    }
    print_message("%-32s failed at each of %ld allocations, once and from there on: %d times without effect, %zu "
                  "bytes left behind by libraries\n",
                  name, n, n_survived, n_leaked);
    hr_free(input.data);
    assert_true(n > 0);
}

static int has_failures(void **state)
{
    (void)state;
    if (heap_can_fail()) return 1;
    print_message("malloc cannot be made to fail here (a sanitizer's, or not glibc's)\n");
    return 0;
}

/* VP8LHuffmanTablesAllocate of earlier versions leaves root->next unset when it has no memory. */
static int webp_survives(void)
{
    return WebPGetDecoderVersion() >= 0x010400;
}

static void pictures(void **state)
{
    static const char *const names[] = {"image/baseline.jpg",
                                        "image/progressive.jpg",
                                        "image/cmyk.jpg",
                                        "image/exif6.jpg",
                                        "image/exif6.png",
                                        "image/grey16.png",
                                        "image/interlaced_rgba8.png",
                                        "image/trns_palette.png"};
    if (!has_failures(state)) skip();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) fail_each(names[i], read_image);
}

static void webp_pictures(void **state)
{
    if (!has_failures(state)) skip();
    if (!webp_survives()) {
        print_message("libwebp %x frees a pointer that it has not set when an allocation fails; mended in 1.4\n",
                      (unsigned)WebPGetDecoderVersion());
        skip();
    }
    fail_each("image/exif8.webp", read_image);
    fail_each("image/lossless.webp", read_image);
    fail_each("image/lossy_alpha.webp", read_image);
}

static void texts(void **state)
{
    if (!has_failures(state)) skip();
    fail_each("annotations/annotations.json", read_json);
    fail_each("annotations/annotations.json", read_json_stream);
    fail_each("mat/truth.json", read_json);
    fail_each("yaml/hrnet.yaml", read_yaml);
    fail_each("yaml/more_sets.yaml", read_yaml);
}

static void archives(void **state)
{
    if (!has_failures(state)) skip();
    fail_each("mat/truth_packed.mat", read_mat);
    fail_each("torch_zip/small.pth", read_tensors);
    fail_each("torch_zip/deflated.pth", read_tensors);
    fail_each("pickle_stream/small.pth", read_tensors);
    fail_each("safetensors/small.safetensors", read_tensors);
    fail_each("image_store/two.zip", read_archive);
    fail_each("image_store/stored.zip", read_archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures), cmocka_unit_test(webp_pictures),
                                       cmocka_unit_test(texts), cmocka_unit_test(archives)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
