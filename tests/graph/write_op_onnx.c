/* write_op_onnx.c - write_op_onnx FOLDER: FOLDER/CASE.onnx of every case of tests/golden/ops that can be exported, for
 * run_op_onnx.sh. */
#include <stdio.h>

#include "graph/onnx.h"
#include "../support/op_fixtures.h"

static void write_case(const op_case *c, const char *folder)
{
    op_fixture f;
    hr_graph fused;
    char path[512];
    op_fixture_open(&f, c, c->fuse_refuses != NULL); /* a norm needs a convolution before it */
    MUST(f.status);
    MUST(hr_graph_fuse(&fused, &f.graph));
    snprintf(path, sizeof path, "%s/%s.onnx", folder, c->name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    MUST(hr_onnx_write(file, &fused, &f.weights, 0));
    assert_int_equal(fclose(file), 0);
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
