/* write_op_onnx.c - write_op_onnx FOLDER: FOLDER/CASE.onnx of every case of tests/golden/ops that can be exported, for
 * run_op_onnx.sh. The files do not say which version of the library wrote them, so that a release changes none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/onnx.h"
#include "../support/op_fixtures.h"

/* Write a model without its field producer_version: the tag of field 3, a length, HRNET_VERSION. */
static void save_without_version(const char *path, const char *bytes, size_t n)
{
    static const char field[] = "\x1a\x05" HRNET_VERSION;
    const size_t n_field = sizeof field - 1;
    const char *const version = memmem(bytes, n < 64 ? n : 64, field, n_field);
    assert_int_equal(strlen(HRNET_VERSION), 5);
    assert_non_null(version);
    FILE *const file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(bytes, 1, (size_t)(version - bytes), file);
    fwrite(version + n_field, 1, n - (size_t)(version - bytes) - n_field, file);
    assert_int_equal(fclose(file), 0);
}

static void write_case(const op_case *c, const char *folder)
{
    op_fixture f;
    hr_graph fused;
    char path[512];
    op_fixture_open(&f, c, c->fuse_refuses != NULL); /* a norm needs a convolution before it */
    MUST(f.status);
    MUST(hr_graph_fuse(&fused, &f.graph));
    snprintf(path, sizeof path, "%s/%s.onnx", folder, c->name);
    char *bytes = NULL;
    size_t n = 0;
    FILE *const memory = open_memstream(&bytes, &n);
    assert_non_null(memory);
    MUST(hr_onnx_write(memory, &fused, &f.weights, 0));
    assert_int_equal(fclose(memory), 0);
    save_without_version(path, bytes, n);
    free(bytes);
    hr_graph_free(&fused);
    op_fixture_close(&f);
}

static void write_all(void **state)
{
    for (int i = 0; i < N_OP_CASES; i++)
        if (op_cases[i].graph_refuses == NULL) write_case(&op_cases[i], *state);
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(write_all, argv[1])};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
