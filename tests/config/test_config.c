/* test_config.c - defaults, published experiments, yacs's typing, messages that help, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"
#include "config/config_keys.h"

static char messages[4096];
static int n_messages;

static void collect_message(void *context, const char *line)
{
    (void)context;
    n_messages++;
    strncat(messages, line, sizeof messages - strlen(messages) - 2);
    strcat(messages, "\n");
}

static hrnet_status parse(hr_config *config, const char *yaml)
{
    messages[0] = '\0';
    n_messages = 0;
    hr_config_defaults(config);
    return hr_config_parse(config, yaml, strlen(yaml), "test.yaml", collect_message, NULL);
}

/* The failure's message holds each of the words (NULL-terminated). */
static void expect_message(const char *const *words)
{
    for (; *words != NULL; words++)
        if (strstr(hrnet_last_error(), *words) == NULL) fail_msg("expected \"%s\" in: %s", *words, hrnet_last_error());
}
#define EXPECT_MESSAGE(...) expect_message((const char *const[]){__VA_ARGS__, NULL})

/* Every default in the table can be set, and the whole is what lib/config/default.py says. */
static void defaults(void **state)
{
    (void)state;
    hr_config *config = test_malloc(sizeof *config);
    hr_config_defaults(config);
    for (int i = 0; i < hr_n_keys; i++) {
        const hr_yaml node = {.quoted = hr_keys[i].type == HR_KEY_STRING, .text = (char *)hr_keys[i].standard};
        if ((hr_keys[i].type == HR_KEY_INT && strcmp(hr_keys[i].standard, "0") == 0) || node.text[0] == '\0') continue;
        assert_int_equal(hr_key_set(&hr_keys[i], config, &node, "defaults"), HRNET_OK);
    }
    assert_string_equal(config->model.name, "pose_hrnet");
    assert_int_equal(config->model.n_joints, 17);
    assert_int_equal(config->model.image_size[0], 256);
    assert_int_equal(config->n_gpus, 1);
    assert_int_equal(config->train.n_lr_steps, 2);
    assert_int_equal(config->train.lr_steps[1], 110);
    assert_true(config->train.gamma1 == 0.99);
    assert_true(config->dataset.rot_factor == 30);
    assert_string_equal(config->dataset.dataset, "mpii");
    assert_int_equal(config->dataset.color_rgb, 0);
    assert_true(config->test.nms_thre == 0.6);
    assert_int_equal(config->model.stages[0].n_branches, 0);
    test_free(config);
}

static void published_experiments(void **state)
{
    (void)state;
    const char *const *names = hrnet_config_names();
    int n = 0, n_hrnet = 0;
    for (; names[n] != NULL; n++) {
        hrnet_config *config = NULL;
        assert_int_equal(hrnet_config_load(&config, names[n], NULL, collect_message, NULL), HRNET_OK);
        assert_int_equal(hr_config_check(config), HRNET_OK);
        assert_string_equal(config->source, names[n]);
        const int is_hrnet = strstr(names[n], "/hrnet/") != NULL, is_coco = strncmp(names[n], "coco", 4) == 0;
        const int is_large = strstr(names[n], "384x288") != NULL, is_w48 = strstr(names[n], "w48") != NULL;
        n_hrnet += is_hrnet;
        assert_string_equal(config->model.name, is_hrnet ? "pose_hrnet" : "pose_resnet");
        assert_int_equal(config->model.n_joints, is_coco ? 17 : 16);
        assert_int_equal(config->model.image_size[0], is_coco ? is_large ? 288 : 192 : 256);
        assert_int_equal(config->model.image_size[1], is_large ? 384 : 256);
        assert_int_equal(config->model.sigma, is_large ? 3 : 2);
        assert_int_equal(config->dataset.color_rgb, is_hrnet);
        assert_int_equal(config->train.end_epoch, is_hrnet ? 210 : 140);
        assert_int_equal(config->train.lr_steps[0], is_hrnet ? 170 : 90);
        assert_int_equal(config->train.batch_size_per_gpu, is_large && is_w48 ? 24 : 32);
        assert_int_equal(config->n_gpus, 4);
        assert_true(config->dataset.rot_factor == (!is_coco ? 30 : is_hrnet ? 45 : 40));
        assert_true(config->test.oks_thre == (is_coco || !is_hrnet ? 0.9 : 0.5));
        assert_int_equal(config->test.shift_heatmap, 1);
        if (is_hrnet) assert_int_equal(config->model.stages[2].n_channels[3], is_w48 ? 384 : 256);
        if (is_hrnet) assert_int_equal(config->model.n_pretrained_layers, 11);
        if (!is_hrnet) assert_int_equal(config->model.deconv_filters[2], 256);
        hrnet_config_free(config);
    }
    assert_int_equal(n, 15);
    assert_int_equal(n_hrnet, 6);
    assert_int_equal(n_messages, 0);
}

static void names_and_beginnings(void **state)
{
    (void)state;
    static const char *const good[] = {"coco/hrnet/w32_256x192", "coco/hrnet/w32_256x192_adam_lr1e-3.yaml",
                                       "experiments/coco/hrnet/w32_256x192_adam_lr1e-3.yaml"};
    for (size_t i = 0; i < 3; i++) {
        hrnet_config *config = NULL;
        assert_int_equal(hrnet_config_load(&config, good[i], NULL, NULL, NULL), HRNET_OK);
        assert_string_equal(config->source, "coco/hrnet/w32_256x192_adam_lr1e-3");
        hrnet_config_free(config);
    }
    hrnet_config *untouched = NULL;
    assert_int_equal(hrnet_config_load(&untouched, "coco/hrnet/w32", NULL, NULL, NULL), HRNET_ERR_CONFIG);
    EXPECT_MESSAGE("coco/hrnet/w32", "several", "w32_256x192_adam_lr1e-3", "w32_384x288_adam_lr1e-3");
    assert_null(strstr(hrnet_last_error(), "w48"));
    assert_int_equal(hrnet_config_load(&untouched, "no/such", NULL, NULL, NULL), HRNET_ERR_CONFIG);
    EXPECT_MESSAGE("no/such", "mpii/resnet/res152_256x256_d256x3_adam_lr1e-3");
    assert_null(untouched);
}

static void golden_files(void **state)
{
    (void)state;
    static const char *const names[] = {"hrnet_w8_96x64", "hrnet_w12_odd_160x96", "hrnet_w8_bottleneck_k3_64x64"};
    static const int n_channels[] = {64, 96, 64}, widths[] = {64, 96, 64}, kernels[] = {1, 1, 3};
    for (size_t i = 0; i < 3; i++) {
        char path[1024];
        hrnet_config *config = NULL;
        snprintf(path, sizeof path, TEST_DATA "/golden/%s/config.yaml", names[i]);
        assert_int_equal(hrnet_config_load(&config, path, NULL, NULL, NULL), HRNET_OK);
        assert_int_equal(hr_config_check(config), HRNET_OK);
        assert_int_equal(config->model.stages[2].n_channels[3], n_channels[i]);
        assert_int_equal(config->model.image_size[0], widths[i]);
        assert_int_equal(config->model.final_conv_kernel, kernels[i]);
        assert_int_equal(config->model.stages[0].block, i == 2 ? HR_BLOCK_BOTTLENECK : HR_BLOCK_BASIC);
        hrnet_config_free(config);
    }
}

/* A dump read again is the same configuration, byte for byte. */
static void dump_and_back(void **state)
{
    (void)state;
    static const char *const overrides[] = {"OUTPUT_DIR",
                                            "it's: a #path",
                                            "TRAIN.LR",
                                            "0.00001",
                                            "GPUS",
                                            "(7,)",
                                            "TEST.MODEL_FILE",
                                            "'17'",
                                            "DATASET.ROT_FACTOR",
                                            "22.5",
                                            "DATASET.DATA_FORMAT",
                                            "'true'",
                                            NULL};
    for (const char *const *name = hrnet_config_names(); *name != NULL; name++) {
        hrnet_config *config = NULL, *again = NULL;
        char *text = NULL;
        assert_int_equal(hrnet_config_load(&config, *name, overrides, NULL, NULL), HRNET_OK);
        assert_int_equal(hrnet_config_dump(config, &text), HRNET_OK);
        assert_int_equal(hrnet_config_load(&again, NULL, NULL, NULL, NULL), HRNET_OK);
        assert_int_equal(hr_config_parse(again, text, strlen(text), *name, NULL, NULL), HRNET_OK);
        assert_memory_equal(config, again, sizeof *config);
        assert_non_null(strstr(text, "OUTPUT_DIR: 'it''s: a #path'\n"));
        assert_non_null(strstr(text, "  LR: 1.0e-05\n"));
        assert_non_null(strstr(text, "  ROT_FACTOR: 22.5\n"));
        assert_null(strstr(text, strstr(*name, "resnet") != NULL ? "STAGE2" : "DECONV"));
        hrnet_string_free(text);
        hrnet_config_free(config);
        hrnet_config_free(again);
    }
}

static void overrides(void **state)
{
    (void)state;
    static const char *const pairs[] = {"MODEL.EXTRA.STAGE2.NUM_CHANNELS",
                                        "[16,32]",
                                        "MODEL.EXTRA.STAGE3",
                                        "{NUM_MODULES: 2}",
                                        "TEST.USE_GT_BBOX",
                                        "False",
                                        "MODEL.EXTRA.PRETRAINED_LAYERS",
                                        "['*']",
                                        "MODEL.IMAGE_SIZE",
                                        "(128, 96)",
                                        "TRAIN.LR",
                                        "1e-3",
                                        "DATASET.SCALE_FACTOR",
                                        "1",
                                        "DATA_DIR",
                                        "",
                                        "TEST.MODEL_FILE",
                                        "C: # x.pth",
                                        NULL};
    hrnet_config *config = NULL;
    char *text = NULL;
    assert_int_equal(hrnet_config_load(&config, "coco/hrnet/w32_256x192", pairs, NULL, NULL), HRNET_OK);
    assert_int_equal(config->model.stages[0].n_channels[1], 32);
    assert_int_equal(config->model.stages[1].n_modules, 2);
    assert_int_equal(config->model.stages[1].n_channels[2], 128);
    assert_int_equal(config->test.use_gt_bbox, 0);
    assert_int_equal(config->model.n_pretrained_layers, 1);
    assert_string_equal(config->model.pretrained_layers[0], "*");
    assert_int_equal(config->model.image_size[1], 96);
    assert_true(config->train.lr == 0.001);
    assert_true(config->dataset.scale_factor == 1);
    assert_string_equal(config->test.model_file, "C: # x.pth");
    assert_int_equal(hrnet_config_get(config, "MODEL.EXTRA.STAGE2.NUM_CHANNELS", &text), HRNET_OK);
    assert_string_equal(text, "[16, 32]");
    hrnet_string_free(text);
    assert_int_equal(hrnet_config_get(config, "MODEL.NUM_JOINT", &text), HRNET_ERR_CONFIG);
    EXPECT_MESSAGE("MODEL.NUM_JOINT", "did you mean MODEL.NUM_JOINTS?");
    hrnet_config_free(config);

    static const char *const odd[] = {"TRAIN.LR", NULL};
    assert_int_equal(hrnet_config_load(&config, NULL, odd, NULL, NULL), HRNET_ERR_CONFIG);
    EXPECT_MESSAGE("TRAIN.LR", "without a value");
}

/* DATASET.MORE_SETS from a file and from the command line; a dump gives the same again. */
static void more_sets(void **state)
{
    (void)state;
    static const char yaml[] =
        "DATASET:\n  MORE_SETS:\n    - ROOT: data/lspet\n      WEIGHT: 2\n    - {ROOT: '/a: b', DATASET: "
        "mpii, TRAIN_SET: all, DATA_FORMAT: zip, EXCLUDE: bad.txt, KEYPOINTS: {\"l ear\": left_ear, "
        "'7': nose}}\n";
    static const char *const cleared[] = {"DATASET.MORE_SETS", "[]", NULL};
    hr_config *config = test_malloc(sizeof *config), *again = test_malloc(sizeof *config);
    char *text = NULL;
    assert_int_equal(parse(config, yaml), HRNET_OK);
    const hr_dataset_config *const d = &config->dataset;
    assert_int_equal(d->n_more_sets, 2);
    assert_string_equal(d->more_sets[0].root, "data/lspet");
    assert_string_equal(d->more_sets[0].dataset, "coco");
    assert_string_equal(d->more_sets[0].train_set, "train");
    assert_true(d->more_sets[0].weight == 2 && d->more_sets[0].n_keypoints == 0);
    assert_string_equal(d->more_sets[1].root, "/a: b");
    assert_string_equal(d->more_sets[1].exclude, "bad.txt");
    assert_true(d->more_sets[1].weight == 1);
    assert_int_equal(d->more_sets[1].n_keypoints, 2);
    assert_string_equal(d->more_sets[1].keypoints[0][0], "l ear");
    assert_string_equal(d->more_sets[1].keypoints[1][0], "7");
    assert_string_equal(d->more_sets[1].keypoints[1][1], "nose");

    assert_int_equal(hrnet_config_get(config, "DATASET.MORE_SETS", &text), HRNET_OK);
    assert_string_equal(text,
                        "[{ROOT: data/lspet, DATASET: coco, TRAIN_SET: train, DATA_FORMAT: jpg, EXCLUDE: '', WEIGHT: "
                        "2.0, KEYPOINTS: {}}, {ROOT: '/a: b', DATASET: mpii, TRAIN_SET: all, DATA_FORMAT: zip, "
                        "EXCLUDE: bad.txt, WEIGHT: 1.0, KEYPOINTS: {'l ear': left_ear, '7': nose}}]");
    hr_config_defaults(again);
    assert_int_equal(hr_config_set(again, "DATASET.MORE_SETS", text, NULL, NULL), HRNET_OK);
    assert_memory_equal(&again->dataset, d, sizeof *d);
    hrnet_string_free(text);
    assert_int_equal(hrnet_config_dump(config, &text), HRNET_OK);
    assert_int_equal(parse(again, text), HRNET_OK);
    assert_memory_equal(&again->dataset, d, sizeof *d);
    hrnet_string_free(text);
    assert_int_equal(hr_config_override(config, cleared, NULL, NULL), HRNET_OK);
    hr_config_defaults(again);
    assert_memory_equal(&config->dataset, &again->dataset, sizeof again->dataset);
    test_free(config);
    test_free(again);
}

/* Wrong values: each is refused with the file, the line, the key, what was expected and what was found. */
static void wrong_values(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        hrnet_status status;
        const char *words[4];
    } cases[] = {
        {"MODEL:\n  NUM_JOINTS: abc\n", HRNET_ERR_CONFIG, {"test.yaml:2", "MODEL.NUM_JOINTS", "integer", "\"abc\""}},
        {"MODEL:\n  NUM_JOINTS: 1.5\n", HRNET_ERR_CONFIG, {"integer", "1.5"}},
        {"MODEL:\n  NUM_JOINTS: true\n", HRNET_ERR_CONFIG, {"integer", "true"}},
        {"MODEL:\n  NUM_JOINTS: 99999999999999999999\n", HRNET_ERR_CONFIG, {"1 to 1024"}},
        {"MODEL:\n  NUM_JOINTS:\n", HRNET_ERR_CONFIG, {"integer", "\"\""}},
        {"AUTO_RESUME: 1\n", HRNET_ERR_CONFIG, {"test.yaml:1", "AUTO_RESUME", "true or false"}},
        {"TRAIN:\n  LR: .inf\n", HRNET_ERR_CONFIG, {"finite number"}},
        {"TRAIN:\n  LR: 1e999\n", HRNET_ERR_CONFIG, {"finite number"}},
        {"TRAIN:\n  LR: 0x10\n", HRNET_ERR_CONFIG, {"finite number"}},
        {"OUTPUT_DIR: 2024\n", HRNET_ERR_CONFIG, {"OUTPUT_DIR", "text", "2024"}},
        {"OUTPUT_DIR: [a]\n", HRNET_ERR_CONFIG, {"single value", "a sequence"}},
        {"OUTPUT_DIR: \"a\\nb\"\n", HRNET_ERR_CONFIG, {"printable"}},
        {"GPUS: 0,1\n", HRNET_ERR_CONFIG, {"GPUS", "a list", "0,1"}},
        {"GPUS: (0,,1)\n", HRNET_ERR_CONFIG, {"a list"}},
        {"GPUS: [0, [1]]\n", HRNET_ERR_CONFIG, {"scalars"}},
        {"GPUS: (-1,)\n", HRNET_ERR_CONFIG, {"-1"}},
        {"MODEL:\n  IMAGE_SIZE: [256]\n", HRNET_ERR_CONFIG, {"MODEL.IMAGE_SIZE", "2 entries", "found 1"}},
        {"MODEL:\n  IMAGE_SIZE: [1, 2, 3]\n", HRNET_ERR_LIMIT, {"MODEL.IMAGE_SIZE", "more than 2"}},
        {"MODEL:\n  IMAGE_SIZE: [90000, 2]\n", HRNET_ERR_CONFIG, {"1 to 8192", "90000"}},
        {"MODEL: 5\n", HRNET_ERR_CONFIG, {"test.yaml:1", "MODEL", "mapping", "a scalar"}},
        {"- 1\n", HRNET_ERR_CONFIG, {"document", "mapping"}},
        {"MODEL:\n  EXTRA:\n    STAGE2: {BLOCK: basic}\n", HRNET_ERR_CONFIG, {"BOTTLENECK", "\"basic\""}},
        {"MODEL:\n\n  NUM_JIONTS: 5\n",
         HRNET_ERR_CONFIG,
         {"test.yaml:3", "unknown key MODEL.NUM_JIONTS", "did you mean MODEL.NUM_JOINTS?"}},
        {"IMAGE_SIZE: [1, 1]\n", HRNET_ERR_CONFIG, {"did you mean MODEL.IMAGE_SIZE?"}},
        {"Model:\n  NAME: x\n", HRNET_ERR_CONFIG, {"unknown key Model"}},
        {"DATASET:\n  MORE_SETS: 5\n", HRNET_ERR_CONFIG, {"test.yaml:2", "DATASET.MORE_SETS", "a list of sets"}},
        {"DATASET:\n  MORE_SETS: [5]\n", HRNET_ERR_CONFIG, {"MORE_SETS[0]", "a mapping", "a scalar"}},
        {"DATASET:\n  MORE_SETS: [{TRAIN_SET: a}]\n", HRNET_ERR_CONFIG, {"MORE_SETS[0]", "ROOT", "a folder"}},
        {"DATASET:\n  MORE_SETS: [{ROOT: a}, {ROOT: b, WIEGHT: 1}]\n",
         HRNET_ERR_CONFIG,
         {"MORE_SETS[1]", "unknown key WIEGHT"}},
        {"DATASET:\n  MORE_SETS: [{ROOT: a, WEIGHT: -1}]\n",
         HRNET_ERR_CONFIG,
         {"MORE_SETS[0]", "WEIGHT", "0 to 1000", "-1"}},
        {"DATASET:\n  MORE_SETS: [{ROOT: a, KEYPOINTS: [nose]}]\n", HRNET_ERR_CONFIG, {"KEYPOINTS", "a mapping"}},
        {"DATASET:\n  MORE_SETS: [{ROOT: a, KEYPOINTS: {a: [b]}}]\n", HRNET_ERR_CONFIG, {"KEYPOINTS", "single value"}},
        {"DATASET:\n  MORE_SETS: [{ROOT: a},{ROOT: a},{ROOT: a},{ROOT: a},{ROOT: a},{ROOT: a},{ROOT: a},{ROOT: a},"
         "{ROOT: a}]\n",
         HRNET_ERR_LIMIT,
         {"more than 8"}},
        {"DATASET:\n  COLOR_JITTER: 1.5\n", HRNET_ERR_CONFIG, {"DATASET.COLOR_JITTER", "0 to 1", "1.5"}},
        {"xyzzy: 1\n", HRNET_ERR_CONFIG, {"unknown key xyzzy"}},
        {"MODEL:\n  NAME: a\n  NAME: b\n", HRNET_ERR_FORMAT, {"test.yaml:3", "NAME", "line 2"}},
        {"a: &x 1\nb: *x\n", HRNET_ERR_UNSUPPORTED, {"test.yaml:2", "alias"}},
        {"GPUS: !!python/tuple [0]\n", HRNET_ERR_UNSUPPORTED, {"test.yaml:1", "tag"}},
        {"? [a]\n: b\n", HRNET_ERR_UNSUPPORTED, {"key"}},
        {"RANK: 0\n---\nRANK: 1\n", HRNET_ERR_UNSUPPORTED, {"test.yaml:2", "second"}},
        {"RANK: [\n", HRNET_ERR_FORMAT, {"test.yaml:2", "not YAML"}},
        {"\xff\xfe", HRNET_ERR_FORMAT, {"expected UTF-8, found UTF-16"}},
    };
    hr_config *config = test_malloc(sizeof *config);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hrnet_status status = parse(config, cases[i].yaml);
        if (status != cases[i].status) fail_msg("status %d of: %s (%s)", status, cases[i].yaml, hrnet_last_error());
        for (int k = 0; k < 4 && cases[i].words[k] != NULL; k++)
            if (strstr(hrnet_last_error(), cases[i].words[k]) == NULL)
                fail_msg("expected \"%s\" in: %s", cases[i].words[k], hrnet_last_error());
    }
    test_free(config);
}

/* Accepted with a message that they do nothing: unknown keys below EXTRA; keys that no code reads, if not the default.
 */
static void keys_without_effect(void **state)
{
    (void)state;
    hr_config *config = test_malloc(sizeof *config);
    assert_int_equal(parse(config, "MODEL:\n  EXTRA:\n    STEM_INPLANES: 64\n    STAGE2: {X: {Y: 1}}\n"
                                   "TEST: {NMS_THRE: 1.0, BBOX_THRE: 1.0}\nTRAIN: {GAMMA1: 0.99}\n"),
                     HRNET_OK);
    assert_int_equal(n_messages, 3);
    assert_non_null(strstr(messages, "test.yaml:3: MODEL.EXTRA.STEM_INPLANES"));
    assert_non_null(strstr(messages, "test.yaml:4: MODEL.EXTRA.STAGE2.X"));
    assert_non_null(strstr(messages, "test.yaml:5: TEST.NMS_THRE"));
    test_free(config);
}

/* hr_config_check: one wrong thing at a time. */
static void networks_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key, *value;
        hrnet_status status;
        const char *word;
    } cases[] = {
        {"coco/hrnet/w32_256", "MODEL.NAME", "pose_x", HRNET_ERR_CONFIG, "MODEL.NAME"},
        {"coco/hrnet/w32_256", "MODEL.TARGET_TYPE", "offset", HRNET_ERR_CONFIG, "gaussian, dark or udp"},
        {"coco/hrnet/w32_256", "MODEL.IMAGE_SIZE", "[200, 256]", HRNET_ERR_CONFIG, "that 32 divides"},
        {"coco/hrnet/w32_256", "MODEL.HEATMAP_SIZE", "[64, 48]", HRNET_ERR_CONFIG, "MODEL.HEATMAP_SIZE"},
        {"coco/hrnet/w32_256", "MODEL.EXTRA.STAGE3.NUM_BRANCHES", "1", HRNET_ERR_CONFIG, "STAGE3.NUM_BRANCHES"},
        {"coco/hrnet/w32_256", "MODEL.EXTRA.STAGE3.NUM_BLOCKS", "[4, 4]", HRNET_ERR_CONFIG, "STAGE3.NUM_BLOCKS"},
        {"coco/hrnet/w32_256", "MODEL.EXTRA.STAGE4.NUM_MODULES", "0", HRNET_ERR_CONFIG, "STAGE4.NUM_MODULES"},
        {"coco/hrnet/w32_256", "MODEL.EXTRA.FINAL_CONV_KERNEL", "2", HRNET_ERR_CONFIG, "FINAL_CONV_KERNEL"},
        {"coco/hrnet/w32_256", "MODEL.EXTRA.STAGE4.NUM_CHANNELS", "[4096, 4096, 4096, 4096]", HRNET_ERR_LIMIT,
         "weights"},
        {"coco/hrnet/w32_256", "MODEL.EXTRA.STAGE4",
         "{NUM_MODULES: 64, NUM_BLOCKS: [256, 4, 4, 4], NUM_CHANNELS: [1, 1, 1, 1]}", HRNET_ERR_LIMIT, "blocks"},
        {"coco/resnet/res50_256", "MODEL.EXTRA.NUM_LAYERS", "51", HRNET_ERR_CONFIG, "NUM_LAYERS"},
        {"coco/resnet/res50_256", "MODEL.EXTRA.NUM_DECONV_LAYERS", "2", HRNET_ERR_CONFIG, "NUM_DECONV_FILTERS"},
        {"coco/resnet/res50_256", "MODEL.EXTRA",
         "{NUM_DECONV_LAYERS: 6, NUM_DECONV_KERNELS: [4, 4, 4, 4, 4, 4], "
         "NUM_DECONV_FILTERS: [4096, 4096, 4096, 4096, 4096, 4096]}",
         HRNET_ERR_LIMIT, "weights"},
        {"coco/resnet/res50_256", "MODEL.NAME", "pose_hrnet", HRNET_ERR_CONFIG, "STAGE2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const pair[] = {cases[i].key, cases[i].value, NULL};
        hrnet_config *config = NULL;
        assert_int_equal(hrnet_config_load(&config, cases[i].name, pair, NULL, NULL), HRNET_OK);
        const hrnet_status status = hr_config_check(config);
        if (status != cases[i].status || strstr(hrnet_last_error(), cases[i].word) == NULL)
            fail_msg("%s %s: status %d, %s", cases[i].key, cases[i].value, status, hrnet_last_error());
        hrnet_config_free(config);
    }
}

/* Deep nesting, many nodes, long keys: refused by the limits. */
static void hostile_sizes(void **state)
{
    (void)state;
    hr_config *config = test_malloc(sizeof *config);
    const size_t n = 1 << 20;
    char *text = test_malloc(n + 2);
    memset(text, '[', n);
    text[n] = '\0';
    assert_int_equal(parse(config, text), HRNET_ERR_LIMIT);
    EXPECT_MESSAGE("nested");
    for (size_t i = 1; i + 2 < n; i += 2) memcpy(text + i, "0,", 2);
    assert_int_equal(parse(config, text), HRNET_ERR_LIMIT);
    EXPECT_MESSAGE("nodes");
    size_t at = 0;
    for (int i = 0; i < 65; i++) at += (size_t)sprintf(text + at, "%%TAG !a%d! b\n", i);
    assert_int_equal(parse(config, text), HRNET_ERR_LIMIT);
    EXPECT_MESSAGE("at most 64 %TAG directives");
    memset(text, ' ', n + 1);
    text[n + 1] = '\0';
    assert_int_equal(parse(config, text), HRNET_ERR_LIMIT);
    memset(text, 'a', 900);
    strcpy(text + 900, ": 1\n");
    assert_int_equal(parse(config, text), HRNET_ERR_CONFIG);
    assert_int_equal(hr_config_set(config, text, "1", NULL, NULL), HRNET_ERR_CONFIG);
    test_free(text);
    test_free(config);
}

/* Let the k-th allocation fail, for k = 0, 1, ... until all pass. libyaml's own allocations cannot be made to fail. */
static void allocation_failures(void **state)
{
    (void)state;
    static const char *const pairs[] = {"MODEL.EXTRA.STAGE2.NUM_CHANNELS", "[16,32]", "OUTPUT_DIR", "x", NULL};
    int n_failures = 0;
    for (long k = 0;; k++) {
        hrnet_config *config = NULL;
        char *text = NULL;
        hr_mem_fail_after(k);
        hrnet_status status = hrnet_config_load(&config, "coco/hrnet/w32_256x192", pairs, NULL, NULL);
        if (status == HRNET_OK) status = hrnet_config_dump(config, &text);
        hr_mem_fail_after(-1);
        hrnet_config_free(config);
        hrnet_string_free(text);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
        n_failures++;
    }
    assert_true(n_failures > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(published_experiments),
        cmocka_unit_test(golden_files),
        cmocka_unit_test(names_and_beginnings),
        cmocka_unit_test(dump_and_back),
        cmocka_unit_test(overrides),
        cmocka_unit_test(more_sets),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(keys_without_effect),
        cmocka_unit_test(hostile_sizes),
        cmocka_unit_test(networks_that_cannot_be),
        cmocka_unit_test(allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
