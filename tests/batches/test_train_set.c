/*
 * test_train_set.c - which persons are trained on: several sets whose keypoints are mapped to joints, EXCLUDE,
 * SELECT_DATA, MPII; and the messages of sets that cannot be used. With HRNET_DATA, the folder of coco_small and lspet,
 * also the real sets.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/small_set.h"
#include "batches/train_set.h"

enum { JOINTS = 17 };

static char folder[64], told[4096];
static hr_config *config;

static int make_folder(void **state)
{
    (void)state;
    small_folder(folder);
    small_set_make(folder, "first", 3, NULL, 0);
    small_set_make(folder, "second", 3, "\"left_ankle\", \"odd\", \"nose\"", 3);
    small_set_make(folder, "strange", 2, "\"a\", \"b\"", 2);
    config = malloc(sizeof *config);
    return config == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    free(config);
    small_folder_remove(folder);
    return 0;
}

static void remember(void *context, const char *line)
{
    (void)context;
    strncat(told, line, sizeof told - strlen(told) - 2);
    strcat(told, "\n");
}

static hrnet_status try_open(hr_train_set **out)
{
    told[0] = '\0';
    return hr_train_set_open(out, config, &(hr_train_set_files){.on_message = remember});
}

static hr_train_set *open_set(void)
{
    hr_train_set *set = NULL;
    if (try_open(&set) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return set;
}

/* DATASET.MORE_SETS of one set: FOLDER/NAME with further keys. */
static void add_set(const char *name, const char *keys)
{
    char value[512];
    snprintf(value, sizeof value, "[{ROOT: %s/%s%s}]", folder, name, keys);
    if (hr_config_set(config, "DATASET.MORE_SETS", value, NULL, NULL) != HRNET_OK) fail_msg("%s", hrnet_last_error());
}

static void expect_joint(const hr_train_set *set, int part, size_t person, int joint, int theirs)
{
    double joints[3 * JOINTS], at[2];
    hr_train_part_joints(&set->parts[part], person, JOINTS, joints);
    const double *const found = joints + 3 * joint;
    if (theirs < 0) {
        assert_true(found[0] == 0 && found[1] == 0 && found[2] == 0);
        return;
    }
    small_joint((int)person, theirs, at);
    assert_true(found[0] == at[0] && found[1] == at[1]);
    const int visible = ((int)person + theirs) % 5 != 4;
    assert_true(found[2] == visible);
}

static void keypoints_are_matched(void **state)
{
    (void)state;
    small_config(config, folder, "first");
    strcat(config->dataset.root, "/");
    add_set("second", "");
    hr_train_set *set = open_set();
    assert_non_null(strstr(told, "first/annotations/"));
    assert_int_equal(hr_train_set_n_persons(set), 12);
    assert_int_equal(hr_train_set_info(set)->skeleton.n_keypoints, JOINTS);
    assert_non_null(strstr(told, "second/annotations/person_keypoints_train.json: 6 persons with 2 of the 17 joints"));
    for (int j = 0; j < JOINTS; j++) {
        expect_joint(set, 0, 4, j, j);
        expect_joint(set, 1, 3, j, j == 0 ? 2 : j == 15 ? 0 : -1);
    }
    hr_train_set_free(set);

    add_set("second", ", KEYPOINTS: {odd: left_wrist}");
    set = open_set();
    for (int j = 0; j < JOINTS; j++) expect_joint(set, 1, 2, j, j == 9 ? 1 : -1);
    /* "odd" is hidden for person 3 ((3 + 1) % 5 == 4), who has no other joint then */
    assert_int_equal(set->parts[1].samples.n, 5);
    assert_non_null(strstr(told, "1 have none of them"));
    hr_train_set_free(set);
}

static void expect_failure(hrnet_status status, const char *words)
{
    hr_train_set *set = NULL;
    assert_int_equal(try_open(&set), status);
    if (strstr(hrnet_last_error(), words) == NULL) fail_msg("expected \"%s\" in: %s", words, hrnet_last_error());
}

static void mistakes_are_named(void **state)
{
    (void)state;
    small_config(config, folder, "first");
    add_set("strange", "");
    expect_failure(HRNET_ERR_MISMATCH, "found none (a, ...)");
    add_set("strange", ", KEYPOINTS: {a: nose, c: left_eye}");
    expect_failure(HRNET_ERR_CONFIG, "has no keypoint \"c\"");
    add_set("strange", ", KEYPOINTS: {a: beak}");
    expect_failure(HRNET_ERR_CONFIG, "has no keypoint \"beak\"");
    add_set("strange", ", KEYPOINTS: {a: nose, b: nose}");
    expect_failure(HRNET_ERR_CONFIG, "two keypoints are \"nose\"");
    add_set("nowhere", "");
    expect_failure(HRNET_ERR_IO, "nowhere/annotations/person_keypoints_train.json");
    add_set("second", ", DATASET: lsp");
    expect_failure(HRNET_ERR_CONFIG, "DATASET.MORE_SETS[0].DATASET");
    small_config(config, folder, "strange");
    expect_failure(HRNET_ERR_MISMATCH, "expected 17 keypoints (MODEL.NUM_JOINTS), found 2");
    small_file(folder, "strange/annotations/person_keypoints_empty.json",
               "{\"categories\": [{\"id\": 1, \"name\": \"person\", \"keypoints\": [\"a\"]}], \"images\": [], "
               "\"annotations\": []}");
    strcpy(config->dataset.train_set, "empty");
    config->model.n_joints = 1;
    expect_failure(HRNET_ERR_FORMAT, "expected persons to train on, found none");
}

static void persons_are_left_out(void **state)
{
    char path[256];
    (void)state;
    small_config(config, folder, "first");
    small_file(folder, "bad.txt", "\xEF\xBB\xBF# looked at by hand\n3\n 5 \n\n99\r\n6 # twisted");
    snprintf(path, sizeof path, "%s/bad.txt", folder);
    strcpy(config->dataset.exclude, path);
    hr_train_set *set = open_set();
    assert_int_equal(hr_train_set_n_persons(set), 3);
    assert_non_null(strstr(told, "3 are left out by"));
    const hr_sample *const list = set->parts[0].samples.list;
    assert_true(list[0].id == 1 && list[1].id == 2 && list[2].id == 4);
    hr_train_set_free(set);
    small_file(folder, "bad.txt", "1\n2\n3\n4\n5\n6\n");
    expect_failure(HRNET_ERR_FORMAT, "expected persons to train on, found none among 6; 6 are left out");
    small_file(folder, "bad.txt", "1\ntwo\n");
    expect_failure(HRNET_ERR_FORMAT, "bad.txt:2: expected the id of an annotation, found \"two\"");
    remove(path);
    expect_failure(HRNET_ERR_IO, "bad.txt");
    config->dataset.exclude[0] = '\0';
    small_file(folder, "bad.txt", "6\n5\n");
    char keys[300];
    snprintf(keys, sizeof keys, ", EXCLUDE: %s/bad.txt", folder);
    add_set("second", keys);
    set = open_set();
    assert_int_equal(set->parts[1].samples.n, 4);
    hr_train_set_free(set);
}

/* Numbers by hand from upstream's formula: with one joint the similarity must exceed 0.45, d^2 < 2 x 0.04 x area x
 * 0.798508, the area that of the crop. Box 100, 100, 161, 241 is clipped to 160 x 240 around (180, 220). */
static void selected_data(void **state)
{
    static const char form[] =
        "{\"categories\": [{\"id\": 1, \"name\": \"person\", \"keypoints\": [\"a\"]}], \"images\": [{\"id\": 1, "
        "\"file_name\": \"0.png\", \"width\": 900, \"height\": 900}], \"annotations\": [%s]}";
    char persons[2048] = "", text[4096];
    (void)state;
    for (int i = 0; i < 4; i++) {
        static const double at[4][2] = {{180, 220}, {241.8, 220}, {242.0, 220}, {180, 158}};
        char *const end = persons + strlen(persons);
        snprintf(
            end, 400,
            "%s{\"id\": %d, \"image_id\": 1, \"category_id\": 1, \"iscrowd\": 0, \"area\": 9, \"num_keypoints\": 1, "
            "\"bbox\": [100, 100, 161, 241], \"keypoints\": [%g, %g, 2]}",
            i > 0 ? ", " : "", i + 1, at[i][0], at[i][1]);
    }
    snprintf(text, sizeof text, form, persons);
    small_file(folder, "strange/annotations/person_keypoints_select.json", text);
    small_config(config, folder, "strange");
    strcpy(config->dataset.train_set, "select");
    config->model.n_joints = 1;
    config->dataset.select_data = 1;
    config->model.image_size[0] = 72; /* 3 / 4, so padded to 180 x 240; with its margin 225 x 300: d < 65.67 */
    hr_train_set *set = open_set();
    assert_int_equal(hr_train_set_n_persons(set), 4);
    hr_train_set_free(set);
    config->model.image_size[0] = 64; /* 2 / 3: no padding, 200 x 300: d < 61.91 */
    set = open_set();
    assert_int_equal(hr_train_set_n_persons(set), 2);
    assert_non_null(strstr(told, "2 are left out by SELECT_DATA"));
    assert_true(set->parts[0].samples.list[1].id == 2);
    hr_train_set_free(set);
}

static void mpii(void **state)
{
    char text[2048] = "[";
    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(text + strlen(text), 400,
                 "%s{\"image\": \"0.png\", \"center\": [50.0, 40.0], \"scale\": 0.4, "
                 "\"joints_vis\": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,%d], \"joints\": [",
                 i > 0 ? ", " : "", i);
        for (int j = 0; j < 16; j++)
            snprintf(text + strlen(text), 40, "%s[%d.5, %d.0]", j > 0 ? ", " : "", 20 + j, 10 + j);
        strcat(text, "]}");
    }
    strcat(text, "]");
    char path[256];
    snprintf(path, sizeof path, "mkdir -p %s/mpii/annot && ln -sfn ../first/images/train %s/mpii/images", folder,
             folder);
    assert_int_equal(system(path), 0);
    small_file(folder, "mpii/annot/train.json", text);
    small_config(config, folder, "mpii");
    strcpy(config->dataset.dataset, "mpii");
    config->model.n_joints = 16;
    hr_train_set *set = open_set();
    double joints[16 * 3];
    assert_int_equal(hr_train_set_n_persons(set), 2);
    assert_ptr_equal(hr_train_set_info(set), hrnet_dataset_info_mpii());
    hr_train_part_joints(&set->parts[0], 0, 16, joints);
    assert_true(joints[0] == 19.5 && joints[1] == 9 && joints[2] == 1 && joints[47] == 0); /* counted from 0 */
    const hrnet_crop crop = set->parts[0].samples.list[0].crop;
    assert_true(crop.center[0] == 49 && crop.center[1] == 45 && crop.scale[0] == 0.5f); /* 40 + 15 x 0.4 - 1 */
    hr_train_set_free(set);
    /* as a further set of COCO: by names the limbs, by a table what it says */
    small_config(config, folder, "first");
    add_set("mpii", ", DATASET: mpii");
    set = open_set();
    assert_non_null(strstr(told, "2 persons with 12 of the 17 joints"));
    assert_int_equal(set->parts[1].source[16], 0); /* right_ankle */
    assert_int_equal(set->parts[1].source[0], -1); /* nose */
    hr_train_set_free(set);
    add_set("mpii", ", DATASET: mpii, KEYPOINTS: {left_hip: right_hip}");
    set = open_set();
    for (int j = 0; j < JOINTS; j++) assert_int_equal(set->parts[1].source[j], j == 12 ? 3 : -1);
    hr_train_set_free(set);
}

static void hash_knows_the_data(void **state)
{
    char digests[4][HR_SHA256_TEXT];
    (void)state;
    for (int i = 0; i < 4; i++) {
        hr_sha256 hash;
        small_config(config, folder, i == 3 ? "second" : "first");
        if (i == 3) config->model.n_joints = 3;
        if (i == 2) add_set("second", "");
        hr_train_set *const set = open_set();
        hr_sha256_begin(&hash);
        hr_train_set_hash(set, &hash);
        hr_sha256_end(&hash, digests[i]);
        hr_train_set_free(set);
    }
    assert_string_equal(digests[0], digests[1]);
    assert_string_not_equal(digests[0], digests[2]);
    assert_string_not_equal(digests[0], digests[3]);
}

/* coco_small and lspet together: README of the data says how many persons there are. */
static void real_sets(void **state)
{
    const char *const data = getenv("HRNET_DATA");
    char value[512];
    (void)state;
    if (data == NULL || data[0] == '\0') {
        print_message("[  SKIPPED ] HRNET_DATA names no folder with coco_small and lspet\n");
        skip();
    }
    small_config(config, data, "coco_small");
    config->workers = 2;
    snprintf(value, sizeof value, "[{ROOT: %s/lspet, WEIGHT: 0.5}]", data);
    assert_int_equal(hr_config_set(config, "DATASET.MORE_SETS", value, NULL, NULL), HRNET_OK);
    hr_train_set *const set = open_set();
    assert_int_equal(hr_train_set_n_persons(set), 4397 + 7091);
    assert_int_equal(hr_train_set_n_examples(set), 4397 + 3546);
    hr_batches *batches = NULL;
    hr_example examples[16];
    int n, is_end;
    const hr_batches_options options = {.seed = 1, .batch = 16, .n_ranks = 1, .workers = 2, .shuffle = 1, .augment = 1};
    assert_int_equal(hr_batches_create(&batches, set, &options), HRNET_OK);
    int of_second = 0;
    for (int b = 0; b < 10; b++) {
        if (hr_batches_next(batches, examples, &n, &is_end) != HRNET_OK) fail_msg("%s", hrnet_last_error());
        assert_true(n == 16 && !is_end);
        for (int i = 0; i < n; i++) {
            of_second += examples[i].set == 1;
            for (int j = 0; j < 5 && examples[i].set == 1; j++) assert_true(examples[i].weights[j] == 0); /* no face */
            hr_example_free(&examples[i]);
        }
    }
    assert_true(of_second > 45 && of_second < 98); /* 71.4 +- 6.3 */
    hr_batches_free(batches);
    hr_train_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keypoints_are_matched),
                                       cmocka_unit_test(mistakes_are_named),
                                       cmocka_unit_test(persons_are_left_out),
                                       cmocka_unit_test(selected_data),
                                       cmocka_unit_test(mpii),
                                       cmocka_unit_test(hash_knows_the_data),
                                       cmocka_unit_test(real_sets)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
