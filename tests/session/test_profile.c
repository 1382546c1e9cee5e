/* test_profile.c - the layers of a pass: complete, in order, and without influence on what the session computes. */
#include "../support/net_files.h"

#include <string.h>

#include "base/mem.h"

static hrnet_session *open_session(const hrnet_model *model, int threads, int max_batch)
{
    hrnet_session *session = NULL;
    const hrnet_session_options options = {.threads = threads, .max_batch = max_batch};
    MUST(hrnet_session_create(&session, model, &options));
    return session;
}

static void sums_are_the_models(void **state)
{
    (void)state;
    for (int net = 0; net < N_NETS; net++) {
        hrnet_model *model = golden_model(net_names[net], NULL);
        hrnet_session *session = open_session(model, 2, 2);
        hrnet_layer *layers = NULL;
        size_t n = 0, weight_bytes = 0;
        uint64_t macs = 0;
        MUST(hrnet_session_profile(session, 2, &layers, &n));
        for (size_t i = 0; i < n; i++) {
            const int is_conv = strcmp(layers[i].op, "conv") == 0;
            assert_true(layers[i].seconds > 0);
            assert_true(is_conv == (layers[i].algorithm[0] != '\0') && is_conv == (layers[i].weight_bytes > 0));
            assert_true(is_conv || strcmp(layers[i].op, "sum") == 0);
            weight_bytes += layers[i].weight_bytes;
            macs += layers[i].macs;
        }
        assert_int_equal(weight_bytes, hrnet_model_bytes(model));
        assert_int_equal(macs, hrnet_model_get_info(model).n_macs);
        hrnet_layers_free(layers);
        hrnet_session_free(session);
        hrnet_model_free(model);
    }
}

/* Of a network whose layers the paper tells: the first and the last. */
static void layers_are_described(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 1);
    hrnet_layer *layers = NULL;
    size_t n = 0;
    MUST(hrnet_session_profile(session, 1, &layers, &n));
    const hrnet_layer *first = &layers[0], *last = &layers[n - 1];
    assert_string_equal(first->name, "conv1");
    assert_true(first->in_channels == 3 && first->out_channels == 64 && first->height == 48 && first->width == 32);
    assert_true(first->kernel == 3 && first->stride == 2);
    assert_int_equal(first->macs, 3 * 9 * 64 * 48 * 32);
    assert_string_equal(last->name, "final_layer");
    assert_true(last->in_channels == 8 && last->out_channels == 17 && last->kernel == 1);
    hrnet_layers_free(layers);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

static void the_session_goes_on_as_before(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 2, 3);
    hrnet_layer *layers = NULL;
    size_t n = 0;
    float *input = test_malloc(input_floats(model) * sizeof *input);
    float *before = test_malloc(map_floats(model) * sizeof *before);
    float *after = test_malloc(map_floats(model) * sizeof *after);
    formula_input(input, input_floats(model));
    MUST(hrnet_session_forward(session, input, 1, before));
    MUST(hrnet_session_profile(session, 5, &layers, &n)); /* two passes */
    MUST(hrnet_session_forward(session, input, 1, after));
    assert_memory_equal(before, after, map_floats(model) * sizeof *before);
    test_free(input);
    test_free(before);
    test_free(after);
    hrnet_layers_free(layers);
    hrnet_layers_free(NULL);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

static void refused(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 2);
    hrnet_layer *layers = NULL;
    size_t n = 7;
    REFUSED(hrnet_session_profile(NULL, 1, &layers, &n), HRNET_ERR_ARGUMENT, "NULL");
    REFUSED(hrnet_session_profile(session, 1, NULL, &n), HRNET_ERR_ARGUMENT, "NULL");
    REFUSED(hrnet_session_profile(session, 0, &layers, &n), HRNET_ERR_ARGUMENT, "expected 1 or more, found 0");
    assert_null(layers);
    assert_int_equal(n, 7);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

static void memory_runs_out(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 2, 1);
    hrnet_layer *layers = NULL;
    size_t n = 0;
    hrnet_status status = HRNET_ERR_MEMORY;
    long k = 0;
    for (; status == HRNET_ERR_MEMORY; k++) {
        hr_mem_fail_after(k);
        status = hrnet_session_profile(session, 1, &layers, &n);
        hr_mem_fail_after(-1);
        assert_true(status == HRNET_OK || layers == NULL);
    }
    MUST(status);
    assert_true(k > 2);
    hrnet_layers_free(layers);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_are_the_models), cmocka_unit_test(layers_are_described),
                                       cmocka_unit_test(the_session_goes_on_as_before), cmocka_unit_test(refused),
                                       cmocka_unit_test(memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
