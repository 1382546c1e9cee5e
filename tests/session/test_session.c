/*
 * test_session.c - sessions: the same bits however the work is cut, nothing allocated in a pass, wrong arguments.
 */
#include "persons.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

/* ---------------------------------------------------------------------------------------------- the same bits */

static void forward_same_bits(void **state)
{
    (void)state;
    static const struct {
        int threads, max_batch;
    } ways[] = {{1, 4}, {2, 1}, {2, 2}, {3, 4}, {7, 1}, {7, 3}};
    enum { N_PICTURES = 5 };
    hrnet_model *model = golden_model(net_names[2], NULL);
    const size_t n_in = N_PICTURES * input_floats(model), n_out = N_PICTURES * map_floats(model);
    float *input = test_malloc(n_in * sizeof *input);
    formula_input(input, n_in);
    for (int flip = 0; flip < 3; flip++) {
        float *plain = run_model(model, input, N_PICTURES, flip, 1, 1);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            float *other = run_model(model, input, N_PICTURES, flip, ways[i].threads, ways[i].max_batch);
            if (memcmp(plain, other, n_out * sizeof *plain) != 0)
                fail_msg("flip %d: %d threads, batch %d: other bits", flip, ways[i].threads, ways[i].max_batch);
            test_free(other);
        }
        test_free(plain);
    }
    test_free(input);
    hrnet_model_free(model);
}

static void pose_same_bits(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_image image = noise(100, 90);
    hrnet_person persons[N_PERSONS];
    make_persons(persons, &image);
    for (int flip = 0; flip < 2; flip++) {
        const hrnet_pose_options options = {.flip_test = flip};
        hrnet_keypoint plain[N_PERSONS * MAX_JOINTS], other[N_PERSONS * MAX_JOINTS];
        for (int way = 0; way < 6; way++) {
            hrnet_session *session = open_session(model, 1 + way, way % 2 ? 4 : 1);
            MUST(hrnet_session_pose(session, persons, N_PERSONS, &options, way == 0 ? plain : other, NULL));
            if (way > 0) assert_memory_equal(plain, other, sizeof plain);
            hrnet_session_free(session);
        }
    }
    test_free(image.rgb);
    hrnet_model_free(model);
}

typedef struct worker {
    pthread_t thread;
    const hrnet_model *model;
    const hrnet_person *persons;
    hrnet_keypoint keypoints[N_PERSONS * MAX_JOINTS];
    hrnet_status status;
} worker;

/* Runs on a thread of its own, so it only reports: cmocka's checks belong to the main thread. */
static void *work(void *context)
{
    worker *w = context;
    hrnet_session *session = NULL;
    const hrnet_session_options options = {.threads = 2, .max_batch = 2};
    w->status = hrnet_session_create(&session, w->model, &options);
    for (int i = 0; i < 3 && w->status == HRNET_OK; i++)
        w->status = hrnet_session_pose(session, w->persons, N_PERSONS, NULL, w->keypoints, NULL);
    hrnet_session_free(session);
    return NULL;
}

/* Sessions of one model in several threads at once. */
static void shared_model(void **state)
{
    (void)state;
    enum { N_WORKERS = 4 };
    static worker workers[N_WORKERS];
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_image image = noise(100, 90);
    hrnet_person persons[N_PERSONS];
    make_persons(persons, &image);
    for (int i = 0; i < N_WORKERS; i++) {
        workers[i].model = model;
        workers[i].persons = persons;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < N_WORKERS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].status, HRNET_OK);
        assert_memory_equal(workers[i].keypoints, workers[0].keypoints, sizeof workers[0].keypoints);
    }
    test_free(image.rgb);
    hrnet_model_free(model);
}

/* ---------------------------------------------------------------------------------------------- memory */

static void nothing_allocated(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 2, 2);
    hrnet_image image = noise(100, 90);
    hrnet_person persons[N_PERSONS];
    hrnet_keypoint keypoints[N_PERSONS * MAX_JOINTS];
    float *input = test_calloc(3 * input_floats(model), sizeof *input);
    float *heatmaps = test_malloc(3 * map_floats(model) * sizeof *heatmaps);
    make_persons(persons, &image);
    hr_mem_fail_after(0); /* whoever allocates from here on fails */
    hrnet_status status = hrnet_session_forward(session, input, 3, heatmaps);
    if (status == HRNET_OK) status = hrnet_session_forward_flip(session, input, 3, 1, heatmaps);
    for (int i = 0; i < 20 && status == HRNET_OK; i++) {
        const hrnet_pose_options options = {
            .flip_test = i % 2, .decoder = (hrnet_decoder)(i / 2 % 5), .sampler = (hrnet_sampler)(i / 10)};
        status = hrnet_session_pose(session, persons, N_PERSONS, &options, keypoints, NULL);
    }
    assert_int_equal(hr_mem_fail_after(-1), 0);
    assert_int_equal(status, HRNET_OK);
    test_free(input);
    test_free(heatmaps);
    test_free(image.rgb);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* More pictures take more room, at least their own input and heatmaps; threads take scratch. */
static void session_bytes(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *one = open_session(model, 1, 1), *four = open_session(model, 1, 4);
    hrnet_session *wide = open_session(model, 4, 1);
    const size_t picture = (input_floats(model) + map_floats(model)) * sizeof(float);
    const size_t of_one = hrnet_session_bytes(one), of_four = hrnet_session_bytes(four);
    print_message("%zu bytes for a picture, %zu for four, %zu for four threads\n", of_one, of_four,
                  hrnet_session_bytes(wide));
    assert_true(of_one > picture);
    assert_true(of_four > of_one + 3 * picture && of_four < 4 * of_one);
    assert_true(hrnet_session_bytes(wide) > of_one);
    hrnet_session_free(one);
    hrnet_session_free(four);
    hrnet_session_free(wide);
    hrnet_model_free(model);
}

static void refused_arguments(void **state)
{
    (void)state;
    static const hrnet_session_options bad[] = {{.threads = -1}, {.threads = 65}, {.max_batch = -1}, {.max_batch = 65}};
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = NULL;
    hrnet_keypoint keypoints[MAX_JOINTS];
    hrnet_image image = noise(20, 20);
    const hrnet_person person = {.pixels = hrnet_image_pixels(&image)};
    float number = 5;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REFUSED(hrnet_session_create(&session, model, &bad[i]), HRNET_ERR_ARGUMENT,
                bad[i].threads != 0 ? "threads" : "max_batch");
    REFUSED(hrnet_session_create(&session, NULL, NULL), HRNET_ERR_ARGUMENT, "hrnet_session_create");
    REFUSED(hrnet_session_create(NULL, model, NULL), HRNET_ERR_ARGUMENT, "hrnet_session_create");
    assert_null(session);
    MUST(hrnet_session_create(&session, model, NULL));
    REFUSED(hrnet_session_forward(session, &number, -1, &number), HRNET_ERR_ARGUMENT, "hrnet_session_forward");
    REFUSED(hrnet_session_forward(session, NULL, 1, &number), HRNET_ERR_ARGUMENT, "hrnet_session_forward");
    REFUSED(hrnet_session_forward(session, &number, 1, NULL), HRNET_ERR_ARGUMENT, "hrnet_session_forward");
    REFUSED(hrnet_session_forward(NULL, &number, 1, &number), HRNET_ERR_ARGUMENT, "hrnet_session_forward");
    REFUSED(hrnet_session_forward_flip(NULL, &number, 1, 1, &number), HRNET_ERR_ARGUMENT, "hrnet_session_forward");
    MUST(hrnet_session_forward(session, &number, 0, &number));
    REFUSED(hrnet_session_pose(NULL, &person, 1, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "hrnet_session_pose");
    REFUSED(hrnet_session_pose(session, NULL, 1, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "hrnet_session_pose");
    REFUSED(hrnet_session_pose(session, &person, 1, NULL, NULL, NULL), HRNET_ERR_ARGUMENT, "hrnet_session_pose");
    REFUSED(hrnet_session_pose(session, &person, -1, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "hrnet_session_pose");
    hrnet_pose_options options = {.decoder = (hrnet_decoder)9};
    REFUSED(hrnet_session_pose(session, &person, 1, &options, keypoints, NULL), HRNET_ERR_ARGUMENT, "decoder 9");
    options = (hrnet_pose_options){.sampler = (hrnet_sampler)9};
    REFUSED(hrnet_session_pose(session, &person, 1, &options, keypoints, NULL), HRNET_ERR_ARGUMENT, "sampler 9");
    assert_true(number == 5);
    hrnet_session_free(session);
    hrnet_session_free(NULL);
    hrnet_model_free(NULL);
    test_free(image.rgb);
    hrnet_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_same_bits), cmocka_unit_test(pose_same_bits), cmocka_unit_test(shared_model),
        cmocka_unit_test(nothing_allocated), cmocka_unit_test(session_bytes),  cmocka_unit_test(refused_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
