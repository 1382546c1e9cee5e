/*
 * test_detector.c - whole detectors: published pictures and a resized one against published boxes, the same numbers for
 * any batch and threads, and what is defined for odd input.
 */
#include "../support/net_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/ppm.h"
#include "base/mem.h"
#include "base/rng.h"
#include "session/detector.h"

static hrnet_detector *yolox, *rtmdet; /* 3 classes; 1 class */
static hrnet_image photo;              /* 640x425 */

static hrnet_detector *load(const char *path, const hrnet_detector_options *options)
{
    hrnet_detector *detector = NULL;
    MUST(hrnet_detector_load(&detector, path, options));
    return detector;
}

static int set_up(void **state)
{
    (void)state;
    yolox = load(golden_path("detect", "yolox_dw.pth"), NULL);
    rtmdet = load(golden_path("detect", "rtmdet_nano.pth"), NULL);
    MUST(hrnet_image_load(&photo, golden_path("detect", "crop_source.png"), 0));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hrnet_detector_free(yolox);
    hrnet_detector_free(rtmdet);
    hrnet_image_free(&photo);
    return 0;
}

static hrnet_detector_session *open_with(const hrnet_detector *detector, const hrnet_detector_session_options *options)
{
    hrnet_detector_session *session = NULL;
    MUST(hrnet_detector_session_create(&session, detector, options));
    return session;
}

static hrnet_detector_session *open_size(const hrnet_detector *detector, int size)
{
    return open_with(detector, &(hrnet_detector_session_options){.threads = 1, .size = size});
}

/* A detector of initial weights that no file holds. */
static hrnet_detector *make_detector(const char *name, const char *n_classes)
{
    const char *const overrides[] = {"MODEL.NAME",
                                     name,
                                     "MODEL.NUM_CLASSES",
                                     n_classes,
                                     "MODEL.IMAGE_SIZE",
                                     "[64, 64]",
                                     "MODEL.EXTRA.STEM_CHANNELS",
                                     "8",
                                     "MODEL.EXTRA.NUM_BLOCKS",
                                     "[1, 1, 1, 1]",
                                     "MODEL.EXTRA.NECK_BLOCKS",
                                     "1",
                                     "MODEL.EXTRA.HEAD_CHANNELS",
                                     "16",
                                     NULL};
    hrnet_config *config = NULL;
    MUST(hrnet_config_load(&config, NULL, overrides, NULL, NULL));
    hrnet_detector *const detector = load(NULL, &(hrnet_detector_options){.config = config});
    hrnet_config_free(config);
    return detector;
}

/* ---------------------------------------------------------------------------------------------- published values */

/* x, y, w, h, score, category against a row; coordinates up to `far` pixels. The tolerances are 20 times what float32
 * costs the published code (boxes 1.0e-6 of the largest, scores 2.5e-6), as the numbers stand behind an exponential. */
static void check_object(const hrnet_object *found, const double row[6], double far)
{
    const double values[5] = {(double)found->box.x, (double)found->box.y, (double)found->box.w, (double)found->box.h,
                              (double)found->score};
    for (int i = 0; i < 5; i++)
        if (!(fabs(values[i] - row[i]) <= (i < 4 ? 2e-5 * far : 5e-5)))
            fail_msg("number %d: expected %.9g, found %.9g", i, row[i], values[i]);
    assert_int_equal(found->category, (int)row[5]);
}

static double farthest(const hrnet_array *rows, size_t columns)
{
    double far = 1;
    for (size_t i = 0; i < rows->shape[0]; i++)
        for (size_t k = 0; k < 4; k++) far = fmax(far, fabs((double)rows->data[i * columns + k]));
    return far;
}

/* A file of rows x1, y1, x2, y2, object, class score, class, as YOLOX's postprocess gives them. */
static void check_published(hrnet_detector_session *session, const hrnet_pixels *picture, const char *name,
                            float threshold, float nms_iou)
{
    hrnet_array rows = golden_array("detect", name);
    hrnet_objects found = {0};
    const hrnet_detect_options options = {
        .threshold = threshold, .nms_iou = nms_iou, .max_detections = 1000, .all_categories = 1};
    MUST(hrnet_detector_session_detect(session, picture, 1, &options, &found));
    assert_int_equal(found.n, rows.shape[0]);
    assert_int_equal(found.n_over_limit, 0);
    assert_int_equal(found.n_not_finite, 0);
    for (int i = 0; i < found.n; i++) {
        const float *const r = rows.data + i * 7;
        const double row[6] = {(double)r[0],
                               (double)r[1],
                               (double)r[2] - (double)r[0],
                               (double)r[3] - (double)r[1],
                               (double)r[4] * (double)r[5],
                               (double)r[6]};
        check_object(&found.objects[i], row, farthest(&rows, 7));
    }
    hrnet_objects_free(&found);
    hrnet_array_free(&rows);
}

/* A picture that fits the input as it is: from bytes to boxes all is published. */
static void test_published_picture(void **state)
{
    (void)state;
    hrnet_image image = read_ppm(golden_path("detect", "yolox_dw_input.ppm"));
    const hrnet_pixels pixels = hrnet_image_pixels(&image);
    hrnet_detector_session *const session = open_size(yolox, 128);
    int input[2];
    hrnet_detector_session_input(session, 96, 128, input);
    assert_int_equal(input[0], 96);
    assert_int_equal(input[1], 128);
    check_published(session, &pixels, "yolox_dw_common", 0.25f, 0.45f);
    check_published(session, &pixels, "yolox_dw_eval", 0.01f, 0.65f);
    hrnet_detector_session_free(session);
    free(image.rgb);
}

/* A picture that is enlarged by a half, against cv2.resize, ONNX Runtime and the published steps in NumPy. */
static void check_pipeline(const hrnet_detector *detector, const char *name, const hrnet_detect_options *options)
{
    hrnet_image image = read_ppm(golden_path("detect", "yolox_dw_input.ppm"));
    const hrnet_pixels pixels = hrnet_image_pixels(&image);
    hrnet_detector_session *const session = open_size(detector, 192);
    hrnet_array rows = golden_array("detect", name);
    hrnet_objects found = {0};
    MUST(hrnet_detector_session_detect(session, &pixels, 1, options, &found));
    assert_int_equal(found.n, rows.shape[0]);
    for (int i = 0; i < found.n; i++) {
        double row[6];
        for (int k = 0; k < 6; k++) row[k] = (double)rows.data[i * 6 + k];
        check_object(&found.objects[i], row, farthest(&rows, 6));
    }
    hrnet_objects_free(&found);
    hrnet_array_free(&rows);
    hrnet_detector_session_free(session);
    free(image.rgb);
}

static void test_pipeline(void **state)
{
    (void)state;
    const int second = 1;
    check_pipeline(
        yolox, "pipeline_yolox",
        &(hrnet_detect_options){.threshold = 0.1f, .nms_iou = 0.45f, .categories = &second, .n_categories = 1});
    check_pipeline(rtmdet, "pipeline_rtmdet",
                   &(hrnet_detect_options){.threshold = 0.2f, .nms_iou = 0.6f, .max_detections = 40});
}

/* ---------------------------------------------------------------------------------------------- same numbers */

enum { N_PICTURES = 7 };

/* Parts of the photograph in four shapes. */
static void make_pictures(hrnet_pixels pictures[N_PICTURES])
{
    static const int parts[N_PICTURES][4] = {{0, 0, 640, 425}, {10, 5, 200, 300},  {3, 3, 640 - 3, 425 - 3},
                                             {0, 0, 31, 9},    {50, 60, 200, 300}, {9, 9, 1, 1},
                                             {0, 0, 640, 424}};
    for (int i = 0; i < N_PICTURES; i++)
        pictures[i] = (hrnet_pixels){.width = parts[i][2],
                                     .height = parts[i][3],
                                     .planes = {photo.rgb + (parts[i][1] * photo.width + parts[i][0]) * 3},
                                     .strides = {photo.width * 3}};
}

static void detect_all(const hrnet_detector *detector, const hrnet_detector_session_options *how,
                       const hrnet_detect_options *options, hrnet_objects *found)
{
    hrnet_pixels pictures[N_PICTURES];
    hrnet_detector_session *const session = open_with(detector, how);
    make_pictures(pictures);
    MUST(hrnet_detector_session_detect(session, pictures, N_PICTURES, options, found));
    hrnet_detector_session_free(session);
}

static void assert_same(const hrnet_objects *a, const hrnet_objects *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->n_not_finite, b->n_not_finite);
    if (a->n > 0) assert_memory_equal(a->objects, b->objects, (size_t)a->n * sizeof *a->objects);
}

static void check_same(const hrnet_detector *detector, int square, const hrnet_detect_options *options)
{
    hrnet_objects single[N_PICTURES] = {0}, found[N_PICTURES] = {0};
    hrnet_pixels pictures[N_PICTURES];
    hrnet_pool *pool = NULL;
    int n_found = 0;
    MUST(hrnet_pool_create(&pool, 3));
    make_pictures(pictures);
    const hrnet_detector_session_options one = {.threads = 1, .size = 160, .square = square},
                                         many[] = {{.threads = 1, .size = 160, .square = square, .max_batch = 8},
                                                   {.pool = pool, .size = 160, .square = square, .max_batch = 3},
                                                   {.pool = pool, .size = 160, .square = square, .max_batch = 64}};
    hrnet_detector_session *const session = open_with(detector, &one);
    for (int i = 0; i < N_PICTURES; i++) {
        MUST(hrnet_detector_session_detect(session, &pictures[i], 1, options, &single[i]));
        n_found += single[i].n;
    }
    assert_true(n_found > 20);
    hrnet_detector_session_free(session);
    for (int k = 0; k < 3; k++) {
        detect_all(detector, &many[k], options, found);
        for (int i = 0; i < N_PICTURES; i++) {
            assert_same(&found[i], &single[i]);
            hrnet_objects_free(&found[i]);
        }
    }
    for (int i = 0; i < N_PICTURES; i++) hrnet_objects_free(&single[i]);
    hrnet_pool_free(pool);
}

static void test_same_for_any_batch_and_threads(void **state)
{
    (void)state;
    const int two[2] = {1, 2};
    check_same(yolox, 0, &(hrnet_detect_options){.threshold = 0.05f, .categories = two, .n_categories = 2});
    check_same(yolox, 1, &(hrnet_detect_options){.threshold = 0.05f, .all_categories = 1});
    check_same(rtmdet, 0, NULL);
}

/* ---------------------------------------------------------------------------------------------- what detectors say */

static void test_info(void **state)
{
    (void)state;
    hrnet_detector_info info = hrnet_detector_get_info(yolox);
    assert_string_equal(info.name, "yolox");
    assert_int_equal(info.n_categories, 3);
    assert_null(info.category_names);
    assert_int_equal(info.person, -1);
    assert_true(info.threshold == 0.3f && info.nms_iou == 0.3f);
    assert_true(info.n_parameters > 100000 && info.n_macs > 0);
    info = hrnet_detector_get_info(rtmdet);
    assert_string_equal(info.name, "rtmdet");
    assert_int_equal(info.n_categories, 1);
    assert_int_equal(info.person, 0);
    assert_string_equal(hrnet_model_get_info(hrnet_detector_model(rtmdet)).name, "rtmdet");
    hrnet_detector *const coco = make_detector("yolox", "80");
    info = hrnet_detector_get_info(coco);
    assert_int_equal(info.person, 0);
    assert_string_equal(info.category_names[0], "person");
    assert_string_equal(info.category_names[79], "toothbrush");
    assert_int_equal(info.input_width, 64);
    hrnet_detector_free(coco);
}

/* What a classifier of three unnamed classes calls a person is not known. */
static void test_who_is_a_person(void **state)
{
    (void)state;
    const hrnet_pixels pixels = hrnet_image_pixels(&photo);
    hrnet_detector_session *const session = open_size(yolox, 96);
    hrnet_objects found = {.n = 7};
    const int first = 0;
    REFUSED(hrnet_detector_session_detect(session, &pixels, 1, NULL, &found), HRNET_ERR_MISMATCH,
            "expected a class \"person\"");
    assert_int_equal(found.n, 7);
    MUST(hrnet_detector_session_detect(session, &pixels, 1,
                                       &(hrnet_detect_options){.categories = &first, .n_categories = 1}, &found));
    for (int i = 0; i < found.n; i++) assert_int_equal(found.objects[i].category, 0);
    hrnet_objects_free(&found);
    hrnet_detector_session_free(session);
}

static void test_one_is_not_the_other(void **state)
{
    (void)state;
    hrnet_detector *detector = NULL;
    hrnet_session *session = NULL;
    hrnet_keypoint keypoints[17];
    const hrnet_person person = {.pixels = hrnet_image_pixels(&photo)};
    REFUSED(hrnet_detector_load(&detector, golden_path(net_names[0], "weights.pth"), NULL), HRNET_ERR_MISMATCH,
            "expected a detector");
    assert_non_null(strstr(hrnet_last_error(), "found pose_hrnet"));
    assert_null(detector);
    MUST(hrnet_session_create(&session, hrnet_detector_model(yolox), &(hrnet_session_options){.threads = 1}));
    REFUSED(hrnet_session_pose(session, &person, 1, NULL, keypoints, NULL), HRNET_ERR_MISMATCH, "found yolox");
    hrnet_session_free(session);
}

static void test_legacy(void **state)
{
    (void)state;
    const hrnet_detector_options legacy = {.legacy = 1};
    const hrnet_pixels pixels = hrnet_image_pixels(&photo);
    const hrnet_detect_options options = {.threshold = 0.01f, .all_categories = 1};
    hrnet_detector *detector = NULL;
    REFUSED(hrnet_detector_load(&detector, golden_path("detect", "rtmdet_nano.pth"), &legacy), HRNET_ERR_ARGUMENT,
            "expected a YOLOX");
    detector = load(golden_path("detect", "yolox_dw.pth"), &legacy);
    hrnet_objects old = {0}, now = {0};
    hrnet_detector_session *session = open_size(detector, 96);
    MUST(hrnet_detector_session_detect(session, &pixels, 1, &options, &old));
    hrnet_detector_session_free(session);
    session = open_size(yolox, 96);
    MUST(hrnet_detector_session_detect(session, &pixels, 1, &options, &now));
    hrnet_detector_session_free(session);
    assert_true(old.n != now.n || memcmp(old.objects, now.objects, (size_t)old.n * sizeof *old.objects) != 0);
    hrnet_objects_free(&old);
    hrnet_objects_free(&now);
    hrnet_detector_free(detector);
}

/* What the configuration says of the colours counts: RGB pixels seen as BGR by a network that was told to see RGB. */
static void test_colours_of_the_configuration(void **state)
{
    (void)state;
    static const char *const rgb[] = {"DATASET.COLOR_RGB", "true", NULL};
    hrnet_pixels pixels = hrnet_image_pixels(&photo);
    const hrnet_detect_options options = {.threshold = 0.05f, .all_categories = 1};
    hrnet_detector *const detector =
        load(golden_path("detect", "yolox_dw.pth"), &(hrnet_detector_options){.overrides = rgb});
    hrnet_objects as_rgb = {0}, exchanged = {0};
    hrnet_detector_session *session = open_size(yolox, 96);
    MUST(hrnet_detector_session_detect(session, &pixels, 1, &options, &exchanged));
    hrnet_detector_session_free(session);
    session = open_size(detector, 96);
    pixels.format = HRNET_PIXELS_BGR;
    MUST(hrnet_detector_session_detect(session, &pixels, 1, &options, &as_rgb));
    hrnet_detector_session_free(session);
    assert_int_equal(as_rgb.n, exchanged.n);
    assert_true(as_rgb.n > 0);
    for (int i = 0; i < as_rgb.n; i++) assert_true(fabsf(as_rgb.objects[i].score - exchanged.objects[i].score) < 1e-3f);
    hrnet_objects_free(&as_rgb);
    hrnet_objects_free(&exchanged);
    hrnet_detector_free(detector);
}

static void test_the_one_that_ships(void **state)
{
    (void)state;
    hrnet_detector *detector = NULL;
    if (SHIPS_DETECTOR) {
        MUST(hrnet_detector_load(&detector, NULL, NULL));
        assert_true(hrnet_detector_get_info(detector).person >= 0);
        hrnet_detector_free(detector);
    } else {
        REFUSED(hrnet_detector_load(&detector, NULL, NULL), HRNET_ERR_UNSUPPORTED, "--detector FILE");
    }
}

/* ---------------------------------------------------------------------------------------------- odd pictures */

static void test_extreme_pictures(void **state)
{
    (void)state;
    enum { LONG = 30000, SHORT = 200 };
    uint8_t *const grey = test_calloc(LONG * SHORT, 1);
    const hrnet_pixels pictures[] = {
        {.width = 1, .height = 1, .format = HRNET_PIXELS_GREY, .planes = {grey}},
        {.width = LONG, .height = SHORT, .format = HRNET_PIXELS_GREY, .planes = {grey}},
        {.width = SHORT, .height = LONG, .format = HRNET_PIXELS_GREY, .planes = {grey}},
    };
    static const int inputs[3][2] = {{320, 320}, {320, 32}, {32, 320}};
    hrnet_detector_session *const session = open_size(rtmdet, 0);
    hrnet_objects found[3] = {0};
    MUST(hrnet_detector_session_detect(session, pictures, 3, &(hrnet_detect_options){.threshold = 0.01f}, found));
    for (int i = 0; i < 3; i++) {
        int input[2];
        hrnet_detector_session_input(session, pictures[i].width, pictures[i].height, input);
        assert_memory_equal(input, inputs[i], sizeof input);
        for (int k = 0; k < found[i].n; k++) {
            const hrnet_object *const o = &found[i].objects[k];
            assert_true(o->box.w > 0 && o->box.h > 0 && isfinite(o->box.w + o->box.h));
            assert_true(k == 0 || o->score <= o[-1].score);
        }
        hrnet_objects_free(&found[i]);
    }
    hrnet_detector_session_free(session);
    test_free(grey);
}

static void test_nobody(void **state)
{
    (void)state;
    const hrnet_pixels pixels = hrnet_image_pixels(&photo);
    hrnet_detector_session *const session = open_size(rtmdet, 96);
    hrnet_objects found = {.n = 3, .n_over_limit = 2};
    MUST(hrnet_detector_session_detect(session, &pixels, 1, &(hrnet_detect_options){.threshold = 0.99999994f}, &found));
    assert_int_equal(found.n, 0);
    assert_int_equal(found.n_over_limit, 0);
    assert_null(found.objects);
    MUST(hrnet_detector_session_detect(session, NULL, 0, NULL, NULL));
    hrnet_objects_free(&found);
    hrnet_objects_free(NULL);
    hrnet_detector_session_free(session);
}

static hrnet_status read_nan(void *context, int index, const hr_param *param, float *out)
{
    (void)context;
    (void)index;
    for (size_t i = 0; i < param->n_elements; i++) out[i] = param->kind == HR_PARAM_BIAS ? NAN : 0.5f;
    return HRNET_OK;
}

/* A network that has gone wrong finds nobody, and it is counted. */
static void test_numbers_that_are_none(void **state)
{
    (void)state;
    static const char *const names[] = {"yolox", "rtmdet"};
    const hrnet_pixels pixels = hrnet_image_pixels(&photo);
    for (int i = 0; i < 2; i++) {
        hrnet_detector *const sane = make_detector(names[i], "1"), *broken = NULL;
        hrnet_model *model = NULL;
        MUST(hr_model_create(&model, &sane->model->config, &(hr_weights){read_nan, NULL}, NULL, NULL, 1));
        MUST(hr_detector_of_model(&broken, model));
        hrnet_detector_session *const session = open_size(broken, 64);
        hrnet_objects found = {0};
        MUST(hrnet_detector_session_detect(session, &pixels, 1, NULL, &found));
        assert_int_equal(found.n, 0);
        /* 64 x 64 pixels: 640x425 takes 64 x 42 of them, so 64 x 64 cells of pixels and a map of 8 x 8 */
        assert_int_equal(found.n_not_finite, 8 * 8 + 4 * 4 + 2 * 2);
        hrnet_detector_session_free(session);
        hrnet_detector_free(broken);
        hrnet_detector_free(sane);
    }
}

/* ---------------------------------------------------------------------------------------------- options */

static void test_bad_options(void **state)
{
    (void)state;
    const int none[1] = {3}, first[1] = {0};
    const hrnet_detect_options bad[] = {{.threshold = 1},
                                        {.threshold = NAN},
                                        {.nms_iou = -0.1f},
                                        {.nms_iou = 1.5f},
                                        {.nms_iou = NAN},
                                        {.max_detections = -1},
                                        {.max_detections = 10001},
                                        {.categories = none, .n_categories = 1},
                                        {.categories = first, .n_categories = 0},
                                        {.categories = first, .n_categories = 4},
                                        {.n_categories = 1},
                                        {.categories = first, .n_categories = 1, .all_categories = 1},
                                        {.all_categories = 1, .reserved = {0, 1}}};
    const hrnet_detector_session_options bad_sessions[] = {{.size = 100},     {.size = -32},     {.size = 8192},
                                                           {.max_batch = -1}, {.max_batch = 65}, {.threads = 65},
                                                           {.reserved = {1}}};
    const hrnet_pixels pixels = hrnet_image_pixels(&photo);
    hrnet_detector_session *session = open_size(yolox, 64), *other = NULL;
    hrnet_objects found = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hrnet_detector_session_detect(session, &pixels, 1, &bad[i], &found), HRNET_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof bad_sessions / sizeof *bad_sessions; i++)
        assert_int_equal(hrnet_detector_session_create(&other, yolox, &bad_sessions[i]), HRNET_ERR_ARGUMENT);
    assert_null(other);
    assert_int_equal(hrnet_detector_session_detect(session, &pixels, -1, NULL, &found), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_detector_session_detect(session, NULL, 1, NULL, &found), HRNET_ERR_ARGUMENT);
    hrnet_detector_session_free(session);
}

typedef struct refusals {
    int n, picture;
    int n_asked;
} refusals;

static void count_refused(void *context, int picture, hrnet_status status, const char *reason)
{
    refusals *const r = context;
    assert_int_equal(status, HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(reason, "expected a picture"));
    r->n++;
    r->picture = picture;
}

static int cancel_third(void *context)
{
    refusals *const r = context;
    return ++r->n_asked > 2;
}

static void test_statuses(void **state)
{
    (void)state;
    hrnet_pixels pictures[N_PICTURES];
    hrnet_objects found[N_PICTURES] = {0}, whole = {0};
    hrnet_status statuses[N_PICTURES];
    refusals r = {0};
    hrnet_detect_options options = {.all_categories = 1, .threshold = 0.05f};
    hrnet_detector_session *const session = open_size(yolox, 96);
    make_pictures(pictures);
    MUST(hrnet_detector_session_detect(session, &pictures[0], 1, &options, &whole));
    pictures[2].planes[0] = NULL;
    REFUSED(hrnet_detector_session_detect(session, pictures, N_PICTURES, &options, found), HRNET_ERR_ARGUMENT,
            "picture 2: expected a picture");
    for (int i = 0; i < N_PICTURES; i++) assert_null(found[i].objects);
    options.statuses = statuses;
    options.on_refused = count_refused;
    options.context = &r;
    MUST(hrnet_detector_session_detect(session, pictures, N_PICTURES, &options, found));
    assert_int_equal(r.n, 1);
    assert_int_equal(r.picture, 2);
    for (int i = 0; i < N_PICTURES; i++) {
        assert_int_equal(statuses[i], i == 2 ? HRNET_ERR_ARGUMENT : HRNET_OK);
        if (i == 0) assert_same(&found[0], &whole);
        hrnet_objects_free(&found[i]);
    }
    hrnet_objects_free(&whole);
    hrnet_detector_session_free(session);
}

static void test_cancel(void **state)
{
    (void)state;
    hrnet_pixels pictures[N_PICTURES];
    hrnet_objects found[N_PICTURES];
    hrnet_status statuses[N_PICTURES];
    refusals r = {0};
    const hrnet_detect_options options = {
        .all_categories = 1, .statuses = statuses, .cancelled = cancel_third, .context = &r};
    hrnet_detector_session *const session = open_size(yolox, 96);
    int n_done = 0;
    make_pictures(pictures);
    for (int i = 0; i < N_PICTURES; i++) found[i] = (hrnet_objects){.n = -1};
    REFUSED(hrnet_detector_session_detect(session, pictures, N_PICTURES, &options, found), HRNET_ERR_CANCELLED,
            "cancelled after 2 of 7 pictures");
    for (int i = 0; i < N_PICTURES; i++) {
        assert_int_equal(statuses[i], found[i].n >= 0 ? HRNET_OK : HRNET_ERR_CANCELLED);
        n_done += found[i].n >= 0;
        if (found[i].n >= 0) hrnet_objects_free(&found[i]);
    }
    assert_int_equal(n_done, 2);
    hrnet_detector_session_free(session);
}

/* A plan beyond the limit refuses the pictures that need it. */
static void test_memory_limit(void **state)
{
    (void)state;
    const hrnet_pixels pixels = hrnet_image_pixels(&photo);
    hrnet_detector_session *const session = open_with(
        yolox, &(hrnet_detector_session_options){.threads = 1, .size = 4096, .memory_limit = (uint64_t)8 << 20});
    hrnet_objects found = {0};
    hrnet_status status = HRNET_OK;
    hrnet_detect_options options = {.all_categories = 1};
    REFUSED(hrnet_detector_session_detect(session, &pixels, 1, &options, &found), HRNET_ERR_LIMIT, "picture 0: ");
    options.statuses = &status;
    MUST(hrnet_detector_session_detect(session, &pixels, 1, &options, &found));
    assert_int_equal(status, HRNET_ERR_LIMIT);
    assert_true(hrnet_detector_session_bytes(session) < 8 << 20);
    hrnet_detector_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_picture),
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_same_for_any_batch_and_threads),
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_who_is_a_person),
        cmocka_unit_test(test_one_is_not_the_other),
        cmocka_unit_test(test_legacy),
        cmocka_unit_test(test_colours_of_the_configuration),
        cmocka_unit_test(test_the_one_that_ships),
        cmocka_unit_test(test_extreme_pictures),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_numbers_that_are_none),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_memory_limit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
