/*
 * test_session_reshape.c - one session at several sizes: the numbers of a network that was built for each size, the
 * same bits whenever a size comes back, weights packed once, sizes that the strides do not divide refused.
 */
#include "persons.h"

#include <string.h>

#include "base/mem.h"
#include "graph/reference_forward.h"
#include "networks/registry.h"

enum { N_SIZES = 5 };
static const int sizes[N_SIZES][2] = {{64, 96}, {96, 64}, {32, 32}, {160, 128}, {64, 128}}; /* width, height */

static size_t floats_of(const hrnet_session *session, int joints)
{
    int map[2];
    hrnet_session_size(session, NULL, map);
    return (size_t)(joints * map[0] * map[1]);
}

/* The reference in double of the golden network built for another size. */
static float *expected_maps(const golden_graph *net, int width, int height, const float *input, size_t n)
{
    hr_graph graph;
    MUST(hr_graph_reshape(&graph, &net->graph, height, width));
    double *maps = test_malloc(n * sizeof *maps);
    float *out = test_malloc(n * sizeof *out);
    MUST(hr_reference_forward(&graph, &net->weights, input, 1, &maps, NULL, NULL));
    for (size_t i = 0; i < n; i++) out[i] = (float)maps[i];
    test_free(maps);
    hr_graph_free(&graph);
    return out;
}

/* Sizes come twice, so that plans are found again, and more of them than are kept. */
static void sizes_through_one_session(void **state)
{
    (void)state;
    golden_graph net;
    hrnet_model *model = golden_model(net_names[0], NULL);
    const int joints = hrnet_model_get_info(model).n_joints;
    hrnet_session *session = open_session(model, 2, 2);
    const size_t weights = hrnet_model_bytes(model);
    float *first[N_SIZES];
    golden_graph_open(&net, net_names[0]);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N_SIZES; i++) {
            const int width = sizes[i][0], height = sizes[i][1];
            int input[2], map[2];
            MUST(hrnet_session_reshape(session, width, height));
            hrnet_session_size(session, input, map);
            assert_true(input[0] == width && input[1] == height && map[0] == width / 4 && map[1] == height / 4);
            const size_t n_in = (size_t)(3 * width * height), n = floats_of(session, joints);
            float *pixels = test_malloc(n_in * sizeof *pixels), *maps = test_malloc(n * sizeof *maps);
            formula_input(pixels, n_in);
            MUST(hrnet_session_forward(session, pixels, 1, maps));
            if (round == 0) {
                float *expected = expected_maps(&net, width, height, pixels, n);
                const double error = relative_error(maps, expected, n);
                print_message("%dx%d: %.1e\n", width, height, error);
                assert_true(error < 4e-6); /* found: 1e-6 */
                test_free(expected);
                first[i] = maps;
            } else {
                assert_memory_equal(maps, first[i], n * sizeof *maps);
                test_free(maps);
            }
            test_free(pixels);
        }
    }
    assert_int_equal(hrnet_model_bytes(model), weights);
    for (int i = 0; i < N_SIZES; i++) test_free(first[i]);
    golden_graph_close(&net);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* The same bits as a model whose configuration says that size from the start, as far as it chooses the same algorithms:
 * for a session's own size it must. */
static void back_to_the_first_size(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[2], NULL);
    const hrnet_model_info info = hrnet_model_get_info(model);
    hrnet_session *session = open_session(model, 1, 1);
    float *input = test_malloc(input_floats(model) * sizeof *input),
          *maps = test_malloc(map_floats(model) * sizeof *maps);
    formula_input(input, input_floats(model));
    float *plain = run_model(model, input, 1, 0, 1, 1);
    MUST(hrnet_session_reshape(session, 64, 64));
    MUST(hrnet_session_reshape(session, info.input_width, info.input_height));
    MUST(hrnet_session_forward(session, input, 1, maps));
    assert_memory_equal(maps, plain, map_floats(model) * sizeof *maps);
    test_free(input);
    test_free(maps);
    test_free(plain);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* A person of a picture, seen by a larger input: found where the smaller one found him, within cells. */
static void poses_at_another_size(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 1);
    hrnet_image image = noise(100, 90);
    hrnet_keypoint keypoints[MAX_JOINTS];
    hrnet_person person = {.pixels = hrnet_image_pixels(&image), .box = {10, 12, 40, 60}};
    MUST(hrnet_session_reshape(session, 96, 128));
    MUST(hrnet_session_pose(session, &person, 1, NULL, keypoints, NULL));
    const float dx = 40 * 1.25f, dy = 60 * 1.25f; /* the crop around the box, and what the decoder may add */
    for (int i = 0; i < hrnet_model_get_info(model).n_joints; i++) {
        assert_true(keypoints[i].x > 30 - dx && keypoints[i].x < 30 + dx);
        assert_true(keypoints[i].y > 42 - dy && keypoints[i].y < 42 + dy);
    }
    test_free(image.rgb);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* After a refusal, and after any allocation that fails, the session works as before. */
static void refused_sizes(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 1);
    float *input = test_malloc(input_floats(model) * sizeof *input),
          *maps = test_malloc(map_floats(model) * sizeof *maps);
    formula_input(input, input_floats(model));
    float *plain = run_model(model, input, 1, 0, 1, 1);
    REFUSED(hrnet_session_reshape(NULL, 64, 64), HRNET_ERR_ARGUMENT, "session is NULL");
    REFUSED(hrnet_session_reshape(session, 0, 64), HRNET_ERR_ARGUMENT, "found 0x64");
    REFUSED(hrnet_session_reshape(session, 64, 20000), HRNET_ERR_ARGUMENT, "found 64x20000");
    REFUSED(hrnet_session_reshape(session, 72, 96), HRNET_ERR_ARGUMENT, "expected terms of one shape");
    hrnet_status status = HRNET_ERR_MEMORY;
    long n = 0;
    for (; status != HRNET_OK; n++) {
        MUST(hrnet_session_forward(session, input, 1, maps));
        assert_memory_equal(maps, plain, map_floats(model) * sizeof *maps);
        hr_mem_fail_after(n);
        status = hrnet_session_reshape(session, 96, 96);
        hr_mem_fail_after(-1);
        assert_true(status == HRNET_OK || status == HRNET_ERR_MEMORY);
    }
    assert_true(n > 5);
    test_free(input);
    test_free(maps);
    test_free(plain);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_through_one_session),
        cmocka_unit_test(back_to_the_first_size),
        cmocka_unit_test(poses_at_another_size),
        cmocka_unit_test(refused_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
