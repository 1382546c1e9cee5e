/*
 * test_model_skeleton.c - where a model's skeleton comes from, what the flip test does with it, and that what is only
 * guessed is told and not written down.
 */
#include "persons.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { N_JOINTS = 4 };

static const char *const names[] = {"a", "b", "c", "d"};
static const int pairs[][2] = {{0, 1}, {2, 3}};
static const hrnet_skeleton paired = {
    .name = "custom", .n_keypoints = N_JOINTS, .keypoint_names = names, .n_flip_pairs = 2, .flip_pairs = pairs};

static char messages[4096];

static void remember(void *context, const char *line)
{
    (void)context;
    const size_t n = strlen(messages);
    snprintf(messages + n, sizeof messages - n, "%s\n", line);
}

/* The golden network with a head of n_joints and initial weights: nobody says what its joints are. */
static hrnet_model *unnamed_model(const char *n_joints, const hrnet_skeleton *skeleton)
{
    const char *const overrides[] = {"MODEL.NUM_JOINTS", n_joints, NULL};
    hrnet_config *config = NULL;
    hrnet_model *model = NULL;
    MUST(hrnet_config_load(&config, golden_path(net_names[0], "config.yaml"), overrides, NULL, NULL));
    MUST(hrnet_model_load(&model, NULL, &(hrnet_model_options){.config = config, .seed = 3, .skeleton = skeleton}));
    hrnet_config_free(config);
    return model;
}

/* The published flip test in plain loops, with partner[j] for joint j: flip_back, the shift, the mean. */
static void flip_test(const hrnet_model *model, const float *input, const int *partner, int shift, float *out)
{
    const hrnet_model_info info = hrnet_model_get_info(model);
    const int w = info.input_width, rows = 3 * info.input_height, mw = info.heatmap_width, mh = info.heatmap_height;
    float *mirrored = test_malloc(input_floats(model) * sizeof *mirrored);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < w; x++) mirrored[y * w + x] = input[y * w + w - 1 - x];
    float *plain = run_model(model, input, 1, 0, 1, 1), *other = run_model(model, mirrored, 1, 0, 1, 1);
    for (int j = 0; j < info.n_joints; j++)
        for (int y = 0; y < mh; y++)
            for (int x = 0; x < mw; x++) {
                const int from = shift && x > 0 ? x - 1 : x; /* column 0 stays */
                const float back = other[(partner[j] * mh + y) * mw + mw - 1 - from];
                out[(j * mh + y) * mw + x] = (plain[(j * mh + y) * mw + x] + back) / 2;
            }
    test_free(plain);
    test_free(other);
    test_free(mirrored);
}

static void flip_test_exchanges_the_given_pairs(void **state)
{
    (void)state;
    static const int exchanged[] = {1, 0, 3, 2}, kept[] = {0, 1, 2, 3};
    hrnet_model *model = unnamed_model("4", &paired);
    const size_t n = map_floats(model);
    float *input = test_malloc(input_floats(model) * sizeof *input), *expected = test_malloc(n * sizeof *expected);
    formula_input(input, input_floats(model));
    assert_int_equal(hrnet_model_skeleton_origin(model), HRNET_SKELETON_GIVEN);
    for (int shift = 0; shift < 2; shift++) {
        float *found = run_model(model, input, 1, 1 + shift, 1, 1);
        flip_test(model, input, exchanged, shift, expected);
        assert_true(relative_error(found, expected, n) < 1e-6); /* the order of one addition */
        flip_test(model, input, kept, shift, expected);
        assert_true(relative_error(found, expected, n) > 0.01);
        test_free(found);
    }
    test_free(input);
    test_free(expected);
    hrnet_model_free(model);
}

/* Joints that nobody named: no flip test, unless the call itself says which are exchanged. */
static void no_flip_test_without_pairs(void **state)
{
    (void)state;
    hrnet_model *model = unnamed_model("4", NULL), *given = unnamed_model("4", &paired);
    hrnet_session *session = open_session(model, 1, 2), *other = open_session(given, 1, 2);
    const size_t n = map_floats(model);
    float *input = test_calloc(input_floats(model), sizeof *input), *maps = test_calloc(n, sizeof *maps),
          *same = test_calloc(n, sizeof *same);
    hrnet_image image = noise(100, 90);
    const hrnet_person person = {.pixels = hrnet_image_pixels(&image), .box = {10, 12, 40, 60}};
    hrnet_keypoint keypoints[MAX_JOINTS];
    assert_int_equal(hrnet_model_skeleton_origin(model), HRNET_SKELETON_UNKNOWN);
    assert_int_equal(hrnet_model_skeleton(model)->pairs_from, HRNET_PAIRS_UNKNOWN);
    REFUSED(hrnet_session_forward_flip(session, input, 1, 1, maps), HRNET_ERR_ARGUMENT, "left and right");
    REFUSED(hrnet_session_pose(session, &person, 1, &(hrnet_pose_options){.flip_test = 1}, keypoints, NULL),
            HRNET_ERR_ARGUMENT, "--description");
    MUST(hrnet_session_forward(session, input, 1, maps));
    MUST(hrnet_session_pose(session, &person, 1, NULL, keypoints, NULL));
    hrnet_pose_options how = {.flip_test = 1, .skeleton = &paired};
    MUST(hrnet_session_pose(session, &person, 1, &how, keypoints, maps));
    how.skeleton = NULL;
    MUST(hrnet_session_pose(other, &person, 1, &how, keypoints, same));
    assert_memory_equal(maps, same, n * sizeof *maps);
    how.skeleton = hrnet_skeleton_coco();
    REFUSED(hrnet_session_pose(session, &person, 1, &how, keypoints, maps), HRNET_ERR_MISMATCH,
            "expected 4 keypoints, one for each joint of the network, found 17");
    hrnet_session_free(session);
    hrnet_session_free(other);
    hrnet_model_free(model);
    hrnet_model_free(given);
    test_free(image.rgb);
    test_free(input);
    test_free(maps);
    test_free(same);
}

static void a_given_skeleton_must_fit(void **state)
{
    (void)state;
    hrnet_model *model = NULL;
    hrnet_config *config = golden_config(net_names[0]);
    REFUSED(hrnet_model_load(&model, golden_path(net_names[0], "weights.pth"),
                             &(hrnet_model_options){.config = config, .skeleton = &paired}),
            HRNET_ERR_MISMATCH, "weights.pth: skeleton: expected 17 keypoints");
    assert_null(model);
    hrnet_config_free(config);
}

/* ---------------------------------------------------------------------------------------------- what is guessed */

static hrnet_skeleton_origin origin_of(const char *path, const hrnet_config *config)
{
    static const char *const size[] = {"MODEL.IMAGE_SIZE", "[64, 96]", "MODEL.HEATMAP_SIZE", "[16, 24]", NULL};
    hrnet_model *model = NULL;
    messages[0] = '\0';
    MUST(hrnet_model_load(
        &model, path,
        &(hrnet_model_options){.config = config, .overrides = config == NULL ? size : NULL, .on_message = remember}));
    const hrnet_skeleton_origin origin = hrnet_model_skeleton_origin(model);
    hrnet_model_free(model);
    return origin;
}

static void save(const char *path, const hrnet_save_options *options)
{
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_save_options with_messages = *options;
    with_messages.on_message = remember;
    messages[0] = '\0';
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net_names[0], "weights.pth")));
    MUST(hrnet_checkpoint_save(checkpoint, path, &with_messages));
    hrnet_checkpoint_free(checkpoint);
}

static const char *metadata_of(const char *path, const char *key)
{
    static char value[4096];
    hrnet_checkpoint *checkpoint = NULL;
    MUST(hrnet_checkpoint_load(&checkpoint, path));
    const char *const found = hrnet_checkpoint_metadata(checkpoint, key);
    snprintf(value, sizeof value, "%s", found != NULL ? found : "");
    hrnet_checkpoint_free(checkpoint);
    return value;
}

#define SAYS(text)     assert_non_null(strstr(messages, (text)))
#define SAYS_NOT(text) assert_null(strstr(messages, (text)))

/* 17 joints without names are COCO's by a guess, which is told; a configuration of that data set makes it known. */
static void a_guess_is_told(void **state)
{
    (void)state;
    hrnet_config *config = golden_config(net_names[0]);
    assert_int_equal(origin_of(golden_path(net_names[0], "weights.pth"), NULL), HRNET_SKELETON_GUESSED);
    SAYS("warning: ");
    SAYS("is assumed to have: DATASET.COLOR_RGB true");
    SAYS_NOT("MODEL.IMAGE_SIZE"); /* origin_of gives it */
    SAYS("is assumed to have: codec msra, COCO's names and flip pairs of 17 keypoints (a guess by their number)");
    assert_int_equal(origin_of(golden_path(net_names[0], "weights.pth"), config), HRNET_SKELETON_CONFIG);
    SAYS_NOT("warning: ");
    assert_int_equal(origin_of(NULL, config), HRNET_SKELETON_CONFIG);
    hrnet_config_free(config);
}

static void a_guess_is_not_written(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "model_skeleton_%d.safetensors", (int)getpid());
    save(path, &(hrnet_save_options){.format = HRNET_SAFETENSORS});
    SAYS("does not say: names and flip pairs of the 17 keypoints, of which COCO's are a guess (--description FILE); "
         "codec, mean and standard deviation (--config NAME): not written");
    SAYS("MODEL.IMAGE_SIZE, DATASET.COLOR_RGB, TEST.FLIP_TEST: marked as assumed");
    static const char *const unknown[] = {"hrnet.keypoints", "hrnet.flip_pairs", "hrnet.skeleton", "hrnet.sigmas",
                                          "hrnet.codec",     "hrnet.mean",       "hrnet.std"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_string_equal(metadata_of(path, unknown[i]), "");
    assert_string_equal(metadata_of(path, "hrnet.assumed"), "MODEL.IMAGE_SIZE, DATASET.COLOR_RGB, TEST.FLIP_TEST");
    assert_int_equal(origin_of(path, NULL), HRNET_SKELETON_GUESSED);
    SAYS("is assumed to have: DATASET.COLOR_RGB");
    SAYS("codec msra, COCO's names");

    hrnet_config *config = golden_config(net_names[0]);
    save(path, &(hrnet_save_options){.format = HRNET_SAFETENSORS, .config = config});
    SAYS_NOT("does not say");
    assert_string_equal(metadata_of(path, "hrnet.codec"), "msra");
    assert_string_equal(metadata_of(path, "hrnet.assumed"), "");
    assert_int_equal(origin_of(path, NULL), HRNET_SKELETON_WEIGHTS);
    SAYS_NOT("assumed");
    hrnet_config_free(config);
    unlink(path);
}

/* A description is written with its pairs; in a .pth it has no place, which is told. */
static void what_is_given_is_written(void **state)
{
    (void)state;
    char path[64], keypoints[MAX_JOINTS][16];
    const char *list[MAX_JOINTS];
    snprintf(path, sizeof path, "model_skeleton_%d.safetensors", (int)getpid());
    for (int i = 0; i < MAX_JOINTS; i++) {
        snprintf(keypoints[i], sizeof keypoints[i], "point %c", 'a' + i);
        list[i] = keypoints[i];
    }
    const hrnet_skeleton given = {
        .name = "custom", .n_keypoints = MAX_JOINTS, .keypoint_names = list, .n_flip_pairs = 2, .flip_pairs = pairs};
    save(path, &(hrnet_save_options){.format = HRNET_SAFETENSORS, .skeleton = &given});
    assert_string_equal(metadata_of(path, "hrnet.flip_pairs"), "[[0, 1], [2, 3]]");
    assert_int_equal(origin_of(path, NULL), HRNET_SKELETON_WEIGHTS);
    SAYS("codec msra");
    SAYS_NOT("COCO");
    unlink(path);

    snprintf(path, sizeof path, "model_skeleton_%d.pth", (int)getpid());
    hrnet_config *config = golden_config(net_names[0]);
    save(path, &(hrnet_save_options){.format = HRNET_PTH, .config = config, .skeleton = &given});
    SAYS("warning: model_skeleton_");
    SAYS("holds tensors alone; not in it: codec msra, mean and standard deviation, input size 64x96 and order of "
         "colours "
         "(--config NAME), names and flip pairs of the 17 keypoints (--description FILE)");
    save(path, &(hrnet_save_options){.format = HRNET_PTH});
    SAYS_NOT("not in it"); /* what was not known is not lost */
    hrnet_config_free(config);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flip_test_exchanges_the_given_pairs),
        cmocka_unit_test(no_flip_test_without_pairs),
        cmocka_unit_test(a_given_skeleton_must_fit),
        cmocka_unit_test(a_guess_is_told),
        cmocka_unit_test(a_guess_is_not_written),
        cmocka_unit_test(what_is_given_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
