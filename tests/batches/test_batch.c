/*
 * test_batch.c - batches: the same examples for any number of workers, after resuming, and for any number of ranks;
 * what an example holds; what happens to pictures that cannot be read.
 */
#include "batches/batch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pose/affine.h"
#include "../support/small_set.h"

enum { N_IMAGES = 7, N_PERSONS = 2 * N_IMAGES, W = 64, H = 96, MAP_W = 16, MAP_H = 24, JOINTS = 17 };

static char folder[64];
static hr_config *config;

static int make_folder(void **state)
{
    (void)state;
    small_folder(folder);
    small_set_make(folder, "first", N_IMAGES, NULL, 0);
    small_set_make(folder, "second", 3, "\"left_ankle\", \"odd\", \"nose\"", 3);
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

static hr_train_set *open_set(void)
{
    hr_train_set *set = NULL;
    if (hr_train_set_open(&set, config, NULL) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    return set;
}

static hr_batches_options standard(int batch, int workers)
{
    return (hr_batches_options){
        .seed = 5, .epoch = 3, .batch = batch, .n_ranks = 1, .workers = workers, .shuffle = 1, .augment = 1};
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001B3u;
    return hash;
}

static uint64_t hash_example(const hr_example *e)
{
    uint64_t hash = hash_bytes(1, e->input, sizeof(float) * 4 * W * H);
    hash = hash_bytes(hash, e->targets, sizeof(float) * JOINTS * MAP_W * MAP_H);
    hash = hash_bytes(hash, e->weights, sizeof(float) * JOINTS);
    hash = hash_bytes(hash, e->joints, sizeof(double) * 3 * JOINTS);
    hash = hash_bytes(hash, &e->person, sizeof e->person);
    return hash_bytes(hash, &e->set, sizeof e->set);
}

/* Hashes of a run's examples, hashes[i] of number i in the epoch, and the sizes of its batches. */
static size_t run(const hr_train_set *set, const hr_batches_options *options, uint64_t *hashes, int *sizes)
{
    hr_batches *batches = NULL;
    hr_example examples[64];
    size_t n_batches = 0, n_done = 0;
    if (hr_batches_create(&batches, set, options) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    for (;;) {
        int n, is_end;
        if (hr_batches_next(batches, examples, &n, &is_end) != HRNET_OK) fail_msg("%s", hrnet_last_error());
        if (is_end) break;
        for (int i = 0; i < n; i++) {
            hashes[n_done++] = hash_example(&examples[i]);
            hr_example_free(&examples[i]);
        }
        sizes[n_batches++] = n;
    }
    assert_true(hr_batches_waited(batches) >= 0);
    hr_batches_free(batches);
    return n_batches;
}

static void workers_change_nothing(void **state)
{
    uint64_t expected[64], found[64];
    int sizes[64];
    (void)state;
    small_config(config, folder, "first");
    config->dataset.color_jitter = config->dataset.coarse_dropout = config->dataset.box_jitter = 0.5;
    hr_train_set *const set = open_set();
    assert_int_equal(hr_train_set_n_examples(set), N_PERSONS);
    hr_batches_options options = standard(4, 1);
    assert_int_equal(run(set, &options, expected, sizes), 4);
    assert_true(sizes[0] == 4 && sizes[2] == 4 && sizes[3] == 2);
    for (int workers = 2; workers <= 5; workers++) {
        options.workers = workers;
        run(set, &options, found, sizes);
        assert_memory_equal(found, expected, N_PERSONS * sizeof *found);
    }
    /* another epoch, another seed */
    options.epoch = 4;
    run(set, &options, found, sizes);
    assert_memory_not_equal(found, expected, N_PERSONS * sizeof *found);
    options = standard(4, 1);
    options.seed = 6;
    run(set, &options, found, sizes);
    assert_memory_not_equal(found, expected, N_PERSONS * sizeof *found);
    hr_train_set_free(set);
}

static void resuming_goes_on(void **state)
{
    uint64_t expected[64], found[64];
    int sizes[64];
    (void)state;
    small_config(config, folder, "first");
    hr_train_set *const set = open_set();
    hr_batches_options options = standard(4, 2);
    run(set, &options, expected, sizes);
    for (size_t first = 0; first <= N_PERSONS; first += first < 12 ? 4 : 2) {
        options.first = first;
        assert_int_equal(run(set, &options, found, sizes), (N_PERSONS - first + 3) / 4);
        assert_memory_equal(found, expected + first, (N_PERSONS - first) * sizeof *found);
    }
    hr_train_set_free(set);
}

/* Two ranks with 3 examples see what one rank with 6 sees; 14 examples are two full rounds, then 2 and 0. */
static void ranks_share_the_epoch(void **state)
{
    uint64_t expected[64], found[2][64];
    int sizes[64], rank_sizes[2][64];
    (void)state;
    small_config(config, folder, "first");
    hr_train_set *const set = open_set();
    hr_batches_options options = standard(6, 2);
    assert_int_equal(run(set, &options, expected, sizes), 3);
    for (int rank = 0; rank < 2; rank++) {
        options = standard(3, 1);
        options.rank = rank;
        options.n_ranks = 2;
        assert_int_equal(run(set, &options, found[rank], rank_sizes[rank]), 3);
        assert_int_equal(rank_sizes[rank][1], 3);
    }
    assert_true(rank_sizes[0][2] == 2 && rank_sizes[1][2] == 0);
    for (int k = 0; k < N_PERSONS; k++) {
        const int round = k / 6, rank = k % 6 / 3, item = round * 3 + k % 3;
        assert_true(found[rank][item] == expected[k]);
    }
    hr_train_set_free(set);
}

static void take_one(const hr_train_set *set, hr_batches_options options, hr_example *out)
{
    hr_batches *batches = NULL;
    int n, is_end;
    options.batch = 1;
    if (hr_batches_create(&batches, set, &options) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    if (hr_batches_next(batches, out, &n, &is_end) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    assert_int_equal(n, 1);
    hr_batches_free(batches);
}

/* Without augmentation: the crop that validation makes, joints where the crop's matrix takes them, weights 0 and 1. */
static void plain_examples(void **state)
{
    const double mean[3] = {0.485, 0.456, 0.406}, std[3] = {0.229, 0.224, 0.225};
    hrnet_image image, cropped;
    hr_example e;
    char path[256];
    (void)state;
    small_config(config, folder, "first");
    hr_train_set *const set = open_set();
    hr_batches_options options = standard(1, 1);
    options.shuffle = options.augment = 0;
    options.first = 5;
    take_one(set, options, &e);
    assert_int_equal(e.set, 0);
    assert_int_equal(e.person, 5);
    assert_string_equal(e.image, "2.png");
    snprintf(path, sizeof path, "%s/first/images/train/2.png", folder);
    assert_int_equal(hrnet_image_load(&image, path, 0), HRNET_OK);
    /* person 5: box 20, 4, 50, 60, clipped as upstream clips it */
    const hrnet_crop crop = hr_crop_from_box((double[]){20, 4, 49, 59}, (double)W / H);
    const hrnet_pixels pixels = hrnet_image_pixels(&image);
    assert_int_equal(hrnet_crop_image(&cropped, &pixels, &crop, W, H, HRNET_SAMPLE_OPENCV), HRNET_OK);
    for (int i = 0; i < W * H; i++) {
        for (int c = 0; c < 3; c++) /* float32 of numbers up to 3: 2e-7, in three operations */
            assert_true(fabs((double)e.input[4 * i + c] - (cropped.rgb[3 * i + c] / 255.0 - mean[c]) / std[c]) < 1e-6);
        assert_true(e.input[4 * i + 3] == 0);
    }
    double m[6];
    hrnet_crop_matrix(&crop, W, H, 0, m);
    for (int j = 0; j < JOINTS; j++) {
        double at[2];
        small_joint(5, j, at);
        const int visible = (5 + j) % 5 != 4;
        assert_true(e.joints[3 * j + 2] == visible);
        assert_true(e.weights[j] == (float)visible);
        if (!visible) continue;
        assert_true(fabs(e.joints[3 * j] - (m[0] * at[0] + m[1] * at[1] + m[2])) < 1e-9);
        assert_true(fabs(e.joints[3 * j + 1] - (m[3] * at[0] + m[4] * at[1] + m[5])) < 1e-9);
    }
    hrnet_image_free(&image);
    hrnet_image_free(&cropped);
    hr_example_free(&e);
    hr_train_set_free(set);
}

static void weights_of_joints(void **state)
{
    hr_example e;
    (void)state;
    small_config(config, folder, "first");
    config->loss.use_different_joints_weight = 1;
    hr_train_set *const set = open_set();
    hr_batches_options options = standard(1, 1);
    options.shuffle = options.augment = 0;
    take_one(set, options, &e); /* person 0: joint k is hidden where k % 5 == 4 */
    static const float coco[] = {1, 1, 1, 1, 0, 1, 1, 1.2f, 1.2f, 0, 1.5f, 1, 1, 1.2f, 0, 1.5f, 1.5f};
    for (int j = 0; j < JOINTS; j++) assert_true(e.weights[j] == coco[j]);
    hr_example_free(&e);
    hr_train_set_free(set);
}

/* How far the colour at a joint of the example is from where joint `true_joint` is in the picture; 0 for a joint that
 * is hidden or outside the crop. */
static double distance(const hr_example *e, int joint, int true_joint)
{
    const double *const to = e->joints + 3 * joint;
    const long x = lrint(to[0]), y = lrint(to[1]);
    double at[2];
    if (!(to[2] > 0) || x < 0 || y < 0 || x >= W || y >= H) return 0;
    const float *const pixel = e->input + 4 * (y * W + x);
    if (pixel[2] < 0 && pixel[0] < -2) return 0; /* black: at the picture's border */
    small_joint((int)e->person, true_joint, at);
    const double red = ((double)pixel[0] * 0.229 + 0.485) * 255, green = ((double)pixel[1] * 0.224 + 0.456) * 255;
    return fmax(fabs(red / SMALL_RED - at[0]), fabs(green / SMALL_GREEN - at[1]));
}

/* Joints go where their pixels go, whatever the augmentation; in a mirrored example left is right. A joint is up to
 * 0.71 crop pixels from the centre of its pixel and those are up to 1.3 picture pixels large; colours are whole
 * numbers: half of one is 0.25 pixels, twice for resampling. */
static void pixels_follow_joints(void **state)
{
    const int(*const pairs)[2] = hrnet_skeleton_coco()->flip_pairs;
    int n_flipped = 0;
    (void)state;
    small_config(config, folder, "first");
    hr_train_set *const set = open_set();
    for (int64_t epoch = 0; epoch < 10; epoch++) {
        hr_batches *batches = NULL;
        hr_example examples[N_PERSONS];
        strcpy(config->model.target_type, epoch % 2 == 0 ? "gaussian" : "udp");
        int n, is_end;
        hr_batches_options options = standard(N_PERSONS, 2);
        options.epoch = epoch;
        assert_int_equal(hr_batches_create(&batches, set, &options), HRNET_OK);
        assert_int_equal(hr_batches_next(batches, examples, &n, &is_end), HRNET_OK);
        for (int i = 0; i < n; i++) {
            double plain = distance(&examples[i], 0, 0), mirrored = plain;
            for (int k = 0; k < 8; k++) {
                for (int side = 0; side < 2; side++) {
                    plain = fmax(plain, distance(&examples[i], pairs[k][side], pairs[k][side]));
                    mirrored = fmax(mirrored, distance(&examples[i], pairs[k][side], pairs[k][1 - side]));
                }
            }
            n_flipped += mirrored < plain;
            if (fmin(mirrored, plain) > 2)
                fail_msg("person %d is %g pixels off", (int)examples[i].person, fmin(mirrored, plain));
            hr_example_free(&examples[i]);
        }
        hr_batches_free(batches);
    }
    assert_true(n_flipped > 40 && n_flipped < 100); /* of 140: 70 +- 6 */
    hr_train_set_free(set);
}

/* A set of weight 0.5 gives 3 of its 6 persons, others in other epochs; one of 2.5 gives each twice and 3 once more. */
static void weights_of_sets(void **state)
{
    (void)state;
    for (int heavy = 0; heavy < 2; heavy++) {
        int seen_once[6] = {0};
        small_config(config, folder, "first");
        char value[256];
        snprintf(value, sizeof value, "[{ROOT: %s/second, WEIGHT: %s}]", folder, heavy ? "2.5" : "0.5");
        assert_int_equal(hr_config_set(config, "DATASET.MORE_SETS", value, NULL, NULL), HRNET_OK);
        hr_train_set *const set = open_set();
        assert_int_equal(hr_train_set_n_persons(set), N_PERSONS + 6);
        assert_int_equal(hr_train_set_n_examples(set), N_PERSONS + (heavy ? 15 : 3));
        for (int64_t epoch = 0; epoch < 20; epoch++) {
            hr_batches *batches = NULL;
            hr_example e;
            int n, is_end, of_first[N_PERSONS] = {0}, of_second[6] = {0}, least = heavy ? 2 : 0, n_more = 0;
            hr_batches_options options = standard(1, 2);
            options.epoch = epoch;
            assert_int_equal(hr_batches_create(&batches, set, &options), HRNET_OK);
            for (;;) {
                assert_int_equal(hr_batches_next(batches, &e, &n, &is_end), HRNET_OK);
                if (is_end) break;
                (e.set == 0 ? of_first : of_second)[e.person]++;
                hr_example_free(&e);
            }
            for (int p = 0; p < N_PERSONS; p++) assert_int_equal(of_first[p], 1);
            for (int p = 0; p < 6; p++) {
                assert_true(of_second[p] == least || of_second[p] == least + 1);
                n_more += of_second[p] - least;
                seen_once[p] += of_second[p] - least;
            }
            assert_int_equal(n_more, 3);
            hr_batches_free(batches);
        }
        for (int p = 0; p < 6; p++) assert_true(seen_once[p] > 2 && seen_once[p] < 18); /* 10 +- 2.2 */
        hr_train_set_free(set);
    }
}

static void broken_pictures_end_it(void **state)
{
    char path[256];
    hr_batches *batches = NULL;
    hr_example examples[4];
    int n, is_end;
    (void)state;
    small_set_make(folder, "broken", 3, NULL, 0);
    small_file(folder, "broken/images/train/1.png", "no picture");
    small_config(config, folder, "broken");
    hr_train_set *const set = open_set();
    hr_batches_options options = standard(4, 2);
    options.shuffle = 0;
    assert_int_equal(hr_batches_create(&batches, set, &options), HRNET_OK);
    assert_int_equal(hr_batches_next(batches, examples, &n, &is_end), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "broken/images/train/1.png"));
    assert_int_equal(n, 0);
    hr_batches_free(batches);
    snprintf(path, sizeof path, "%s/broken/images/train/1.png", folder);
    assert_int_equal(remove(path), 0);
    assert_int_equal(hr_batches_create(&batches, set, &options), HRNET_OK);
    assert_int_equal(hr_batches_next(batches, examples, &n, &is_end), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "broken/images/train/1.png"));
    hr_batches_free(batches);
    small_folder_remove((snprintf(path, sizeof path, "%s/broken/images", folder), path));
    assert_int_equal(hr_batches_create(&batches, set, &options), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "broken/images/train"));
    hr_train_set_free(set);
}

/* Any allocation may fail: the set, the order, a worker's crop, a picture, an example. */
static void memory_may_end(void **state)
{
    (void)state;
    small_config(config, folder, "first");
    config->dataset.n_more_sets = 0;
    for (long k = 0;; k++) {
        hr_train_set *set = NULL;
        hr_batches *batches = NULL;
        hr_example examples[4];
        int n = 0, is_end;
        const hr_batches_options options = standard(4, 1);
        hr_mem_fail_after(k);
        hrnet_status status = hr_train_set_open(&set, config, NULL);
        if (status == HRNET_OK) status = hr_batches_create(&batches, set, &options);
        if (status == HRNET_OK) status = hr_batches_next(batches, examples, &n, &is_end);
        hr_mem_fail_after(-1);
        for (int i = 0; i < n; i++) hr_example_free(&examples[i]);
        hr_batches_free(batches);
        hr_train_set_free(set);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
        assert_true(k < 5000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_change_nothing), cmocka_unit_test(resuming_goes_on),
        cmocka_unit_test(ranks_share_the_epoch),  cmocka_unit_test(plain_examples),
        cmocka_unit_test(weights_of_joints),      cmocka_unit_test(pixels_follow_joints),
        cmocka_unit_test(weights_of_sets),        cmocka_unit_test(broken_pictures_end_it),
        cmocka_unit_test(memory_may_end)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
