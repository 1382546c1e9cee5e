/*
 * test_session_pool.c - sessions that share threads: two models and several callers at once have the bits that each has
 * alone; an idle session uses no processor time; what a forked process may do.
 */
#include "persons.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { N_PICTURES = 3, N_CALLERS = 4, N_PASSES = 4 };

typedef struct caller {
    pthread_t thread;
    hrnet_session *session;
    const hrnet_person *persons;
    const float *input;
    float *heatmaps; /* [N_PICTURES] */
    hrnet_keypoint keypoints[N_PERSONS * MAX_JOINTS];
    hrnet_status status;
} caller;

/* Runs on a thread of its own, so it only reports: cmocka's checks belong to the main thread. */
static void *call(void *context)
{
    caller *c = context;
    const hrnet_pose_options options = {.flip_test = 1};
    for (int i = 0; i < N_PASSES && c->status == HRNET_OK; i++) {
        c->status = hrnet_session_forward(c->session, c->input, N_PICTURES, c->heatmaps);
        if (c->status == HRNET_OK)
            c->status = hrnet_session_pose(c->session, c->persons, N_PERSONS, &options, c->keypoints, NULL);
    }
    hrnet_session_free(c->session); /* while others work on the same pool */
    return NULL;
}

static caller open_caller(const hrnet_model *model, hrnet_pool *pool, int max_batch)
{
    caller c = {0};
    const hrnet_session_options options = {.max_batch = max_batch, .pool = pool, .threads = pool == NULL};
    const size_t n_in = N_PICTURES * input_floats(model);
    float *input = test_malloc(n_in * sizeof *input);
    formula_input(input, n_in);
    c.input = input;
    c.heatmaps = test_malloc(N_PICTURES * map_floats(model) * sizeof *c.heatmaps);
    MUST(hrnet_session_create(&c.session, model, &options));
    return c;
}

static void close_caller(caller *c)
{
    test_free((void *)c->input);
    test_free(c->heatmaps);
}

/* The callers work at the same time, each with a session of its own, the first two of one model and the others of
 * another; what they find is what sessions of one thread find alone. */
static void same_bits_as_alone(void **state)
{
    (void)state;
    hrnet_model *models[2] = {golden_model(net_names[0], NULL), golden_model(net_names[2], NULL)};
    hrnet_image image = noise(100, 90);
    hrnet_person persons[N_PERSONS];
    static caller alone[2], callers[N_CALLERS];
    make_persons(persons, &image);
    for (int i = 0; i < 2; i++) {
        alone[i] = open_caller(models[i], NULL, 1);
        alone[i].persons = persons;
        call(&alone[i]);
        assert_int_equal(alone[i].status, HRNET_OK);
    }
    for (int threads = 1; threads <= 3; threads++) {
        hrnet_pool *pool = NULL;
        MUST(hrnet_pool_create(&pool, threads));
        for (int i = 0; i < N_CALLERS; i++) {
            callers[i] = open_caller(models[i / 2], pool, 1 + i);
            callers[i].persons = persons;
        }
        hrnet_pool_free(pool); /* the sessions keep it */
        for (int i = 0; i < N_CALLERS; i++)
            assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
        for (int i = 0; i < N_CALLERS; i++) {
            const caller *c = &callers[i], *expected = &alone[i / 2];
            const hrnet_model *model = models[i / 2];
            assert_int_equal(pthread_join(c->thread, NULL), 0);
            assert_int_equal(c->status, HRNET_OK);
            assert_memory_equal(c->heatmaps, expected->heatmaps, N_PICTURES * map_floats(model) * sizeof(float));
            assert_memory_equal(c->keypoints, expected->keypoints,
                                N_PERSONS * (size_t)hrnet_model_get_info(model).n_joints * sizeof *c->keypoints);
            close_caller(&callers[i]);
        }
    }
    for (int i = 0; i < 2; i++) {
        close_caller(&alone[i]);
        hrnet_model_free(models[i]);
    }
    test_free(image.rgb);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Measured: 0.03 ms of 300. */
static void an_idle_session_costs_nothing(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    caller c = open_caller(model, NULL, 1);
    hrnet_session *idle = open_session(model, 3, 2);
    MUST(hrnet_session_forward(idle, c.input, N_PICTURES, c.heatmaps));
    nanosleep(&(struct timespec){0, 20000000}, NULL); /* the last spins */
    const double start = cpu_seconds();
    nanosleep(&(struct timespec){0, 300000000}, NULL);
    const double used = cpu_seconds() - start;
    print_message("processor time of an idle session: %.2f ms of 300\n", 1e3 * used);
    assert_true(used < 0.03);
    hrnet_session_free(idle);
    hrnet_session_free(c.session);
    close_caller(&c);
    hrnet_model_free(model);
}

static int is_refused(hrnet_status status)
{
    return status == HRNET_ERR_UNSUPPORTED && strstr(hrnet_last_error(), "fork") != NULL;
}

/* In the child: nothing on the parent's threads, everything else. Returns the number of the first step that went
 * otherwise, or 0. */
static int use_after_fork(const hrnet_model *model, hrnet_pool *pool, const caller *c, const hrnet_person *persons)
{
    hrnet_session *session = NULL;
    hrnet_keypoint keypoints[N_PERSONS * MAX_JOINTS];
    hrnet_layer *layers;
    size_t n_layers;
    const size_t n = map_floats(model);
    float *heatmaps = test_malloc(n * sizeof *heatmaps);
    if (!is_refused(hrnet_session_forward(c->session, c->input, 1, heatmaps))) return 1;
    if (!is_refused(hrnet_session_forward_flip(c->session, c->input, 1, 0, heatmaps))) return 2;
    if (!is_refused(hrnet_session_pose(c->session, persons, N_PERSONS, NULL, keypoints, NULL))) return 3;
    if (!is_refused(hrnet_session_profile(c->session, 1, &layers, &n_layers))) return 4;
    if (!is_refused(hrnet_session_create(&session, model, &(hrnet_session_options){.pool = pool}))) return 5;
    if (!is_refused(hrnet_session_reshape(c->session, 64, 64))) return 9;
    hrnet_session_free(c->session);
    hrnet_pool_free(pool);
    /* one thread: the thread sanitizer allows no others in a forked process */
    if (hrnet_session_create(&session, model, &(hrnet_session_options){.threads = 1}) != HRNET_OK) return 6;
    if (hrnet_session_forward(session, c->input, 1, heatmaps) != HRNET_OK) return 7;
    return memcmp(heatmaps, c->heatmaps, n * sizeof *heatmaps) == 0 ? 0 : 8;
}

static void forked(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_pool *pool = NULL;
    hrnet_image image = noise(100, 90);
    hrnet_person persons[N_PERSONS];
    int status;
    make_persons(persons, &image);
    MUST(hrnet_pool_create(&pool, 2));
    caller c = open_caller(model, pool, 1);
    MUST(hrnet_session_forward(c.session, c.input, 1, c.heatmaps));
    const pid_t child = fork();
    if (child == 0) {
        alarm(60); /* ends a child that hangs */
        _exit(use_after_fork(model, pool, &c, persons));
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    MUST(hrnet_session_forward(c.session, c.input, 1, c.heatmaps));
    hrnet_session_free(c.session);
    hrnet_pool_free(pool);
    close_caller(&c);
    test_free(image.rgb);
    hrnet_model_free(model);
}

static void arguments(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_pool *pool = NULL;
    hrnet_session *session = NULL;
    MUST(hrnet_pool_create(&pool, 2));
    REFUSED(hrnet_session_create(&session, model, &(hrnet_session_options){.threads = 2, .pool = pool}),
            HRNET_ERR_ARGUMENT, "threads: expected 0 beside a pool");
    REFUSED(hrnet_session_create(&session, model, &(hrnet_session_options){.max_batch = 65, .pool = pool}),
            HRNET_ERR_ARGUMENT, "max_batch");
    assert_null(session);
    hrnet_pool_free(pool);
    hrnet_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_as_alone),
        cmocka_unit_test(an_idle_session_costs_nothing),
        cmocka_unit_test(forked),
        cmocka_unit_test(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
