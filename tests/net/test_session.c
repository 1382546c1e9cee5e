/*
 * test_session.c - sessions: the same bits however the work is cut, nothing allocated in a pass, poses that are the
 * decoded heatmaps of the published crop, and a defined answer to every box.
 */
#include "net_files.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

enum { N_PERSONS = 5, MAX_JOINTS = 17 };

static hrnet_session *open_session(const hrnet_model *model, int threads, int max_batch)
{
    hrnet_session *session = NULL;
    MUST(hrnet_session_create(&session, model,
                              &(hrnet_session_options){.threads = threads, .max_batch = max_batch}));
    return session;
}

/* A picture of noise; rgb is freed with test_free. */
static hrnet_image noise(int width, int height)
{
    hrnet_image image = {width, height, test_malloc((size_t)(width * height * 3))};
    for (int i = 0; i < width * height * 3; i++) image.rgb[i] = (uint8_t)hr_random_bits(1, (uint64_t)i);
    return image;
}

/* Boxes inside, across the border, turned, tall, wide. */
static void make_persons(hrnet_person persons[N_PERSONS], const hrnet_image *image)
{
    static const struct {
        hrnet_box box;
        float rotation;
    } places[N_PERSONS] = {
        {{10, 12, 40, 80}, 0}, {{-20, -30, 60, 60}, 0}, {{30, 5, 50.5f, 70.25f}, 30}, {{0, 0, 0, 0}, 0}, {{5, 40, 90, 9}, -75}};
    for (int i = 0; i < N_PERSONS; i++) persons[i] = (hrnet_person){image, places[i].box, places[i].rotation};
}

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
        const hrnet_pose_options options = {.flip_test = i % 2, .decoder = (hrnet_decoder)(i / 2 % 5),
                                            .sampler = (hrnet_sampler)(i / 10)};
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
    hrnet_session *one = open_session(model, 1, 1), *four = open_session(model, 1, 4), *wide = open_session(model, 4, 1);
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

/* ---------------------------------------------------------------------------------------------- poses */

/* Heatmaps of a pose are those of the published crop, cut by hrnet_crop_image and normalised here, in the channel order
 * of the configuration. */
static void pose_is_forward_of_crop(void **state)
{
    (void)state;
    static const char *const orders[] = {"false", "true"};
    hrnet_image image = noise(100, 90);
    const hrnet_person person = {.image = &image, .box = {10, 12, 40, 60}, .rotation = 20};
    for (int rgb = 0; rgb < 2; rgb++) {
        hrnet_config *config = NULL;
        hrnet_model *model = NULL;
        const char *const overrides[] = {"DATASET.COLOR_RGB", orders[rgb], NULL};
        MUST(hrnet_config_load(&config, golden_path(net_names[0], "config.yaml"), overrides, NULL, NULL));
        MUST(hrnet_model_load(&model, golden_path(net_names[0], "weights.pth"),
                              &(hrnet_model_options){.config = config}));
        const hrnet_model_info info = hrnet_model_get_info(model);
        assert_int_equal(info.color_rgb, rgb);
        const int w = info.input_width, h = info.input_height;
        hrnet_session *session = open_session(model, 1, 1);
        hrnet_keypoint keypoints[MAX_JOINTS];
        hrnet_image crop = {0};
        hrnet_crop where = hrnet_crop_from_box(person.box, (float)w / (float)h);
        float *posed = test_malloc(map_floats(model) * sizeof *posed);
        float *input = test_malloc(input_floats(model) * sizeof *input);
        where.rotation = person.rotation;
        MUST(hrnet_session_pose(session, &person, 1, NULL, keypoints, posed));
        MUST(hrnet_crop_image(&crop, &image, &where, w, h, HRNET_SAMPLE_OPENCV));
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < w * h; i++)
                input[c * w * h + i] = ((float)crop.rgb[3 * i + (rgb ? c : 2 - c)] / 255.0f - info.mean[c]) / info.std[c];
        float *expected = run_model(model, input, 1, 0, 1, 1);
        assert_true(relative_error(posed, expected, map_floats(model)) <= 1e-6); /* normalised in the same order: 0 */
        test_free(expected);
        test_free(posed);
        test_free(input);
        hrnet_image_free(&crop);
        hrnet_session_free(session);
        hrnet_model_free(model);
        hrnet_config_free(config);
    }
    test_free(image.rgb);
}

/* Keypoints of a pose are its decoded heatmaps, bit for bit, with each decoder. */
static void pose_is_decoded_heatmaps(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    const hrnet_model_info info = hrnet_model_get_info(model);
    hrnet_session *session = open_session(model, 2, 3);
    hrnet_image image = noise(100, 90);
    hrnet_person persons[N_PERSONS];
    hrnet_crop crops[N_PERSONS];
    hrnet_keypoint posed[N_PERSONS * MAX_JOINTS], decoded[N_PERSONS * MAX_JOINTS];
    float *heatmaps = test_malloc(N_PERSONS * map_floats(model) * sizeof *heatmaps);
    make_persons(persons, &image);
    for (int i = 0; i < N_PERSONS; i++) {
        const hrnet_box whole = {0, 0, (float)image.width, (float)image.height};
        crops[i] = hrnet_crop_from_box(persons[i].box.w > 0 ? persons[i].box : whole,
                                       (float)info.input_width / (float)info.input_height);
        crops[i].rotation = persons[i].rotation;
    }
    for (hrnet_decoder decoder = HRNET_DECODE_AUTO; decoder <= HRNET_DECODE_UDP; decoder++) {
        for (int flip = 0; flip < 2; flip++) {
            const hrnet_pose_options options = {.decoder = decoder, .flip_test = flip};
            MUST(hrnet_session_pose(session, persons, N_PERSONS, &options, posed, heatmaps));
            MUST(hrnet_decode_heatmaps(heatmaps, N_PERSONS, info.n_joints, info.heatmap_height, info.heatmap_width, crops,
                                       decoder, 2, decoded));
            assert_memory_equal(posed, decoded, sizeof posed);
        }
    }
    test_free(heatmaps);
    test_free(image.rgb);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* ---------------------------------------------------------------------------------------------- boxes and arguments */

/* {0} is the whole picture; a box beside the picture sees what it sees in a black picture. */
static void special_boxes(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 1);
    hrnet_image image = noise(100, 90), black = {100, 90, test_calloc(100 * 90, 3)};
    hrnet_keypoint a[MAX_JOINTS], b[MAX_JOINTS];
    MUST(hrnet_session_pose(session, &(hrnet_person){.image = &image}, 1, NULL, a, NULL));
    MUST(hrnet_session_pose(session, &(hrnet_person){.image = &image, .box = {0, 0, 100, 90}}, 1, NULL, b, NULL));
    assert_memory_equal(a, b, sizeof a);
    const hrnet_box beside = {5000, -7000, 50, 60};
    MUST(hrnet_session_pose(session, &(hrnet_person){.image = &image, .box = beside}, 1, NULL, a, NULL));
    MUST(hrnet_session_pose(session, &(hrnet_person){.image = &black, .box = beside}, 1, NULL, b, NULL));
    assert_memory_equal(a, b, sizeof a);
    for (int i = 0; i < MAX_JOINTS; i++) assert_true(isfinite(a[i].x) && isfinite(a[i].y) && isfinite(a[i].score));
    test_free(image.rgb);
    test_free(black.rgb);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* Finite boxes of any size are answered, scores stay numbers, and nothing overflows on the way (sanitizers watch). */
static void extreme_boxes(void **state)
{
    (void)state;
    static const hrnet_box boxes[] = {{0, 0, 1e-30f, 1e-30f},   {50, 50, 1e-3f, 1e9f},       {-1e30f, 1e30f, 1, 1},
                                      {0, 0, 1e30f, 1e-30f},    {0, 0, FLT_MAX, FLT_MAX},    {-FLT_MAX, 0, FLT_MAX, 1},
                                      {FLT_MAX, FLT_MAX, 1, 1}, {0, 0, FLT_TRUE_MIN, FLT_MAX}, {1e9f, 1e9f, 1e9f, 1e9f}};
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 1);
    hrnet_image image = noise(100, 90);
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        for (int k = 0; k < 10; k++) {
            const hrnet_pose_options options = {.decoder = (hrnet_decoder)(k % 5), .sampler = (hrnet_sampler)(k / 5)};
            const hrnet_person person = {&image, boxes[i], k % 2 ? 1e30f : 0};
            hrnet_keypoint keypoints[MAX_JOINTS];
            MUST(hrnet_session_pose(session, &person, 1, &options, keypoints, NULL));
            for (int j = 0; j < MAX_JOINTS; j++) assert_true(isfinite(keypoints[j].score));
        }
    }
    test_free(image.rgb);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* Refused persons are named by number, and no output is touched, not even that of a good person before them. */
static void refused_persons(void **state)
{
    (void)state;
    static const hrnet_box bad[] = {{NAN, 0, 1, 1},      {0, NAN, 1, 1},       {0, 0, NAN, 1},      {0, 0, 1, NAN},
                                    {INFINITY, 0, 1, 1}, {0, -INFINITY, 1, 1}, {0, 0, INFINITY, 1}, {0, 0, 1, INFINITY},
                                    {0, 0, -5, 10},      {0, 0, 10, -5},       {3, 4, 0, 10},       {3, 4, 10, 0}};
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 4);
    hrnet_image image = noise(20, 20), empty = {0};
    hrnet_keypoint keypoints[2 * MAX_JOINTS], before[2 * MAX_JOINTS];
    memset(keypoints, 0x5A, sizeof keypoints);
    memcpy(before, keypoints, sizeof before);
    hrnet_person persons[2] = {{.image = &image}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        persons[1] = (hrnet_person){.image = &image, .box = bad[i]};
        REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1");
    }
    persons[1] = (hrnet_person){.image = &image, .rotation = NAN};
    REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1");
    persons[1] = (hrnet_person){.image = &empty};
    REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1");
    persons[1] = (hrnet_person){.image = NULL};
    REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1");
    MUST(hrnet_session_pose(session, persons, 0, NULL, keypoints, NULL)); /* nobody is fine */
    MUST(hrnet_session_pose(session, NULL, 0, NULL, NULL, NULL));
    assert_memory_equal(keypoints, before, sizeof keypoints);
    test_free(image.rgb);
    hrnet_session_free(session);
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
    const hrnet_person person = {.image = &image};
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
    REFUSED(hrnet_session_pose(session, &person, 1, &(hrnet_pose_options){.decoder = (hrnet_decoder)9}, keypoints, NULL),
            HRNET_ERR_ARGUMENT, "decoder 9");
    REFUSED(hrnet_session_pose(session, &person, 1, &(hrnet_pose_options){.sampler = (hrnet_sampler)9}, keypoints, NULL),
            HRNET_ERR_ARGUMENT, "sampler 9");
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
        cmocka_unit_test(forward_same_bits), cmocka_unit_test(pose_same_bits),
        cmocka_unit_test(shared_model),      cmocka_unit_test(nothing_allocated),
        cmocka_unit_test(session_bytes),     cmocka_unit_test(pose_is_forward_of_crop),
        cmocka_unit_test(special_boxes),     cmocka_unit_test(pose_is_decoded_heatmaps),
        cmocka_unit_test(extreme_boxes),     cmocka_unit_test(refused_persons),
        cmocka_unit_test(refused_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
