/*
 * test_memory_limit.c - what weights and configurations may ask for: a plan or packed weights beyond the limit are
 * refused before they are taken, and names that are not as many as joints are refused wherever they come from.
 */
#include "persons.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

enum { MIB = 1 << 20 };

static void the_default_has_a_floor_and_a_ceiling(void **state)
{
    (void)state;
    const uint64_t limit = hr_memory_limit(0), total = hr_memory_total();
    assert_true(limit >= (uint64_t)1024 * MIB && limit <= (uint64_t)4096 * MIB);
    assert_true(limit <= total / 4 || limit == (uint64_t)1024 * MIB);
    assert_int_equal(hr_memory_limit(7), 7);
}

/* 7168.9 MiB are planned for one picture of 8192x8192; nothing of that is taken. */
static void a_large_size_is_refused_before_it_is_taken(void **state)
{
    (void)state;
    static const char *const large[] = {"MODEL.IMAGE_SIZE", "[8192, 8192]", "MODEL.HEATMAP_SIZE", "[2048, 2048]", NULL};
    hrnet_model *model = NULL;
    hrnet_session *session = NULL;
    MUST(hrnet_model_load(&model, NULL, &(hrnet_model_options){.overrides = large}));
    const size_t before = hr_mem_held();
    hr_mem_peak();
    REFUSED(hrnet_session_create(&session, model, NULL), HRNET_ERR_LIMIT, "a picture of 8192x8192: expected at most");
    REFUSED(hrnet_session_create(&session, model, &(hrnet_session_options){.threads = 1, .memory_limit = 100 * MIB}),
            HRNET_ERR_LIMIT, "at most 100.0 MiB (memory_limit, --memory-limit), found a plan of");
    assert_null(session);
    assert_true(hr_mem_peak() < before + 64 * MIB);
    assert_int_equal(hr_mem_held(), before);
    hrnet_model_free(model);
}

static void a_refused_reshape_changes_nothing(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = NULL;
    const hrnet_model_info info = hrnet_model_get_info(model);
    const size_t n_in = 3 * (size_t)info.input_width * (size_t)info.input_height,
                 n_out = (size_t)info.n_joints * (size_t)info.heatmap_width * (size_t)info.heatmap_height;
    float *input = hr_calloc(n_in, sizeof *input), *first = hr_calloc(n_out, sizeof *first),
          *second = hr_calloc(n_out, sizeof *second);
    for (size_t i = 0; i < n_in; i++) input[i] = (float)(i % 251) / 125 - 1;
    MUST(hrnet_session_create(&session, model, &(hrnet_session_options){.threads = 1, .memory_limit = 32 * MIB}));
    MUST(hrnet_session_forward(session, input, 1, first));
    REFUSED(hrnet_session_reshape(session, 2048, 2048), HRNET_ERR_LIMIT, "2048x2048: expected at most 32.0 MiB");
    int size[2];
    hrnet_session_size(session, size, NULL);
    assert_int_equal(size[0], info.input_width);
    assert_int_equal(size[1], info.input_height);
    MUST(hrnet_session_forward(session, input, 1, second));
    assert_memory_equal(first, second, n_out * sizeof *first);
    /* kept plans keep the limit together: twelve sizes of some MiB each */
    for (int i = 1; i <= 12; i++) {
        MUST(hrnet_session_reshape(session, 256 + 32 * i, 256));
        assert_true(hrnet_session_bytes(session) < 2 * 32 * MIB);
    }
    MUST(hrnet_session_reshape(session, info.input_width, info.input_height));
    MUST(hrnet_session_forward(session, input, 1, second));
    assert_memory_equal(first, second, n_out * sizeof *first);
    hrnet_session_free(session);
    hr_free(input);
    hr_free(first);
    hr_free(second);
    hrnet_model_free(model);
}

/* Some 1.2e9 weights that no file holds, as --allow-missing or --initial-weights would make them. */
static void weights_beyond_the_limit_are_refused(void **state)
{
    (void)state;
    static const char *const wide[] = {"MODEL.EXTRA.STAGE4.NUM_CHANNELS", "[512, 1024, 1024, 1024]", NULL};
    hrnet_config *config = NULL;
    hrnet_model *model = NULL;
    MUST(hrnet_config_load(&config, "coco/hrnet/w32_256x192", wide, NULL, NULL));
    const size_t before = hr_mem_held();
    hr_mem_peak();
    REFUSED(hrnet_model_load(&model, NULL, &(hrnet_model_options){.config = config, .memory_limit = 256 * MIB}),
            HRNET_ERR_LIMIT, "packed weights: expected at most 256.0 MiB (memory_limit, --memory-limit), found");
    assert_true(hr_mem_peak() < before + 64 * MIB);
    assert_int_equal(hr_mem_held(), before);
    assert_null(model);
    hrnet_config_free(config);
}

/* A caller reserves as many keypoints as the model says; the skeleton that it prints by has no more and no fewer: the
 * weights' 17 names do not come to a network of other joints. */
static void names_are_as_many_as_joints(void **state)
{
    (void)state;
    static const char *const joints[] = {"1", "5", "16", "18", "1000"};
    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++) {
        const char *const overrides[] = {"MODEL.NUM_JOINTS", joints[i], NULL};
        hrnet_model *model = NULL;
        hrnet_config *config = NULL;
        MUST(hrnet_config_load(&config, "mpii/hrnet/w32_256x256", overrides, NULL, NULL));
        const hrnet_model_options how[] = {{.allow_missing = 1, .overrides = overrides},
                                           {.allow_missing = 1, .config = config}};
        for (int k = 0; k < 2; k++) {
            const hrnet_status status = hrnet_model_load(&model, NULL, &how[k]);
            assert_true(status == HRNET_ERR_MISMATCH || status == HRNET_OK);
            if (status == HRNET_OK)
                assert_int_equal(hrnet_model_skeleton(model)->n_keypoints, hrnet_model_get_info(model).n_joints);
            hrnet_model_free(model);
            model = NULL;
        }
        hrnet_config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_has_a_floor_and_a_ceiling),
        cmocka_unit_test(a_large_size_is_refused_before_it_is_taken),
        cmocka_unit_test(a_refused_reshape_changes_nothing),
        cmocka_unit_test(weights_beyond_the_limit_are_refused),
        cmocka_unit_test(names_are_as_many_as_joints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
