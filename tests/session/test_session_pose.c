/*
 * test_session_pose.c - hrnet_session_pose against its parts: the crop, the bare network, the decoder; and a defined
 * answer to every box.
 */
#include "persons.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Heatmaps of a pose are those of the published crop, cut by hrnet_crop_image and normalised here, in the channel order
 * of the configuration. */
static void pose_is_forward_of_crop(void **state)
{
    (void)state;
    static const char *const orders[] = {"false", "true"};
    hrnet_image image = noise(100, 90);
    const hrnet_person person = {.pixels = hrnet_image_pixels(&image), .box = {10, 12, 40, 60}, .rotation = 20};
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
        MUST(hrnet_crop_image(&crop, &person.pixels, &where, w, h, HRNET_SAMPLE_OPENCV));
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < w * h; i++)
                input[c * w * h + i] =
                    ((float)crop.rgb[3 * i + (rgb ? c : 2 - c)] / 255.0f - info.mean[c]) / info.std[c];
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
            MUST(hrnet_decode_heatmaps(heatmaps, N_PERSONS, info.n_joints, info.heatmap_height, info.heatmap_width,
                                       crops, decoder, 2, decoded));
            assert_memory_equal(posed, decoded, sizeof posed);
        }
    }
    test_free(heatmaps);
    test_free(image.rgb);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* {0} is the whole picture; a box beside the picture sees what it sees in a black picture. */
static void special_boxes(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 1);
    hrnet_image image = noise(100, 90), black = {100, 90, test_calloc(100 * 90, 3)};
    hrnet_keypoint a[MAX_JOINTS], b[MAX_JOINTS];
    MUST(hrnet_session_pose(session, &(hrnet_person){.pixels = hrnet_image_pixels(&image)}, 1, NULL, a, NULL));
    MUST(hrnet_session_pose(session, &(hrnet_person){.pixels = hrnet_image_pixels(&image), .box = {0, 0, 100, 90}}, 1,
                            NULL, b, NULL));
    assert_memory_equal(a, b, sizeof a);
    const hrnet_box beside = {5000, -7000, 50, 60};
    MUST(hrnet_session_pose(session, &(hrnet_person){.pixels = hrnet_image_pixels(&image), .box = beside}, 1, NULL, a,
                            NULL));
    MUST(hrnet_session_pose(session, &(hrnet_person){.pixels = hrnet_image_pixels(&black), .box = beside}, 1, NULL, b,
                            NULL));
    assert_memory_equal(a, b, sizeof a);
    for (int i = 0; i < MAX_JOINTS; i++) assert_true(isfinite(a[i].x) && isfinite(a[i].y) && isfinite(a[i].score));
    const hrnet_box box = {10, 20, 50, 40};
    const hrnet_crop crop = hrnet_crop_from_box(box, 64.0f / 96); /* the crop itself says the same as its box */
    MUST(hrnet_session_pose(session, &(hrnet_person){.pixels = hrnet_image_pixels(&image), .box = box}, 1, NULL, a,
                            NULL));
    MUST(hrnet_session_pose(session, &(hrnet_person){.pixels = hrnet_image_pixels(&image), .crop = &crop}, 1, NULL, b,
                            NULL));
    assert_memory_equal(a, b, sizeof a);
    test_free(image.rgb);
    test_free(black.rgb);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

/* Finite boxes of any size are answered, scores stay numbers, and nothing overflows on the way (sanitizers watch). */
static void extreme_boxes(void **state)
{
    (void)state;
    static const hrnet_box boxes[] = {
        {0, 0, 1e-30f, 1e-30f},   {50, 50, 1e-3f, 1e9f},         {-1e30f, 1e30f, 1, 1},
        {0, 0, 1e30f, 1e-30f},    {0, 0, FLT_MAX, FLT_MAX},      {-FLT_MAX, 0, FLT_MAX, 1},
        {FLT_MAX, FLT_MAX, 1, 1}, {0, 0, FLT_TRUE_MIN, FLT_MAX}, {1e9f, 1e9f, 1e9f, 1e9f}};
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = open_session(model, 1, 1);
    hrnet_image image = noise(100, 90);
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        for (int k = 0; k < 10; k++) {
            const hrnet_pose_options options = {.decoder = (hrnet_decoder)(k % 5), .sampler = (hrnet_sampler)(k / 5)};
            const hrnet_person person = {
                .pixels = hrnet_image_pixels(&image), .box = boxes[i], .rotation = k % 2 ? 1e30f : 0};
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
    hrnet_person persons[2] = {{.pixels = hrnet_image_pixels(&image)}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        persons[1] = (hrnet_person){.pixels = hrnet_image_pixels(&image), .box = bad[i]};
        REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1");
    }
    persons[1] = (hrnet_person){.pixels = hrnet_image_pixels(&image), .rotation = NAN};
    REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1");
    persons[1] = (hrnet_person){.pixels = hrnet_image_pixels(&image),
                                .crop = &(hrnet_crop){.center = {5, 5}, .scale = {1, NAN}}};
    REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1: crop");
    persons[1] = (hrnet_person){.pixels = hrnet_image_pixels(&empty)};
    REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1");
    persons[1] = (hrnet_person){.pixels = hrnet_image_pixels(&image), .reserved = {0, 1}};
    REFUSED(hrnet_session_pose(session, persons, 2, NULL, keypoints, NULL), HRNET_ERR_ARGUMENT, "person 1");
    MUST(hrnet_session_pose(session, persons, 0, NULL, keypoints, NULL)); /* nobody is fine */
    MUST(hrnet_session_pose(session, NULL, 0, NULL, NULL, NULL));
    assert_memory_equal(keypoints, before, sizeof keypoints);
    test_free(image.rgb);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pose_is_forward_of_crop), cmocka_unit_test(pose_is_decoded_heatmaps),
        cmocka_unit_test(special_boxes),           cmocka_unit_test(extreme_boxes),
        cmocka_unit_test(refused_persons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
