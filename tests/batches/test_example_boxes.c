/*
 * test_example_boxes.c - a detector's examples: boxes lie where their pixels lie, whatever the augmentation; the same
 * examples for any number of workers and ranks; what is ignored; pictures without anybody.
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

#include "batches/batch.h"
#include "batches/place.h"
#include "../support/small_set.h"

enum { N_IMAGES = 7, SIDE = 128 };

static char folder[64];
static hr_config *config;

static int make_folder(void **state)
{
    (void)state;
    small_folder(folder);
    small_set_make(folder, "first", N_IMAGES, NULL, 0);
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

static void detector_config(double mosaic)
{
    small_config(config, folder, "first");
    strcpy(config->model.name, "detect_hrnet");
    config->model.image_size[0] = config->model.image_size[1] = SIDE;
    config->dataset.scale_factor = 0.5;
    config->dataset.aspect_jitter = 0.2;
    config->dataset.mosaic = mosaic;
    config->dataset.flip = 1;
    config->dataset.color_jitter = config->dataset.coarse_dropout = 0;
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

/* The pixel of the picture that the canvas shows at (x, y), from its colours; blue tells the picture's number. */
static void look_up(const hr_example *e, double x, double y, double at[2], double *blue)
{
    const int column = (int)fmin(fmax(floor(x), 0), SIDE - 1), row = (int)fmin(fmax(floor(y), 0), SIDE - 1);
    const float *const pixel = e->input + 4 * (row * SIDE + column);
    const double half = 0.5; /* from the number of a pixel to its centre */
    at[0] = ((double)pixel[0] * 0.229 + 0.485) * 255 / SMALL_RED + half;
    at[1] = ((double)pixel[1] * 0.224 + 0.456) * 255 / SMALL_GREEN + half;
    *blue = ((double)pixel[2] * 0.225 + 0.406) * 255;
}

/* Whether one of the two persons of the picture that is seen in the middle of the box has it: edges that the canvas
 * does not cut lie at the person's edges. A pixel of the canvas is up to 1.3 pixels of the picture here. */
static int belongs(const hr_example *e, const hr_box_truth *box, int *n_flipped)
{
    const double x1 = (double)(box->x - box->w / 2), x2 = (double)(box->x + box->w / 2);
    const double y1 = (double)(box->y - box->h / 2), y2 = (double)(box->y + box->h / 2), inside = 0.75, off = 2;
    double left[2], right[2], top[2], bottom[2], blue;
    look_up(e, x1 + inside, (double)box->y, left, &blue);
    const int image = (int)lrint((blue - 40) / 20);
    look_up(e, x2 - inside, (double)box->y, right, &blue);
    look_up(e, (double)box->x, y1 + inside, top, &blue);
    look_up(e, (double)box->x, y2 - inside, bottom, &blue);
    for (int p = 2 * image; p < 2 * image + 2; p++) {
        double from = 15 + p % 7, to = from + 50 + p % 5;
        const int flipped = left[0] > right[0];
        if (flipped) {
            const double kept = from;
            from = to;
            to = kept;
        }
        if ((x1 < 0.01 || fabs(left[0] - from) < off) && (x2 > SIDE - 0.01 || fabs(right[0] - to) < off) &&
            (y1 < 0.01 || fabs(top[1] - 4) < off) && (y2 > SIDE - 0.01 || fabs(bottom[1] - 64) < off)) {
            *n_flipped += flipped;
            return 1;
        }
    }
    return 0;
}

static void boxes_follow_pixels(void **state)
{
    int n_boxes = 0, n_flipped = 0, n_cut = 0;
    (void)state;
    detector_config(0);
    hr_train_set *const set = open_set();
    assert_int_equal(hr_train_set_n_examples(set), N_IMAGES);
    for (int64_t epoch = 0; epoch < 20; epoch++) {
        hr_batches *batches = NULL;
        hr_example examples[N_IMAGES];
        hr_batches_options options = standard(N_IMAGES, 2);
        int n, is_end;
        options.epoch = epoch;
        assert_int_equal(hr_batches_create(&batches, set, &options), HRNET_OK);
        assert_int_equal(hr_batches_next(batches, examples, &n, &is_end), HRNET_OK);
        assert_int_equal(n, N_IMAGES);
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < examples[i].n_boxes; k++) {
                const hr_box_truth *const box = &examples[i].boxes[k];
                assert_true(box->w > 0 && box->h > 0 && box->category == 0);
                assert_true(box->x - box->w / 2 > -0.01f && box->x + box->w / 2 < SIDE + 0.01f);
                if (!belongs(&examples[i], box, &n_flipped))
                    fail_msg("epoch %d, picture %s: box %g %g %g %g is not where its person is", (int)epoch,
                             examples[i].image, (double)box->x, (double)box->y, (double)box->w, (double)box->h);
                n_cut += box->x - box->w / 2 < 0.01f || box->x + box->w / 2 > SIDE - 0.01f;
                n_boxes++;
            }
            hr_example_free(&examples[i]);
        }
        hr_batches_free(batches);
    }
    assert_int_equal(n_boxes, 280); /* the centre of one is seen, and the other is beside it */
    assert_true(n_cut > 10);
    assert_true(n_flipped > n_boxes / 3 && n_flipped < 2 * n_boxes / 3);
    hr_train_set_free(set);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001B3u;
    return hash;
}

/* Hashes of the examples of an epoch. */
static size_t run(const hr_train_set *set, const hr_batches_options *options, uint64_t *hashes)
{
    hr_batches *batches = NULL;
    hr_example examples[16];
    size_t n_done = 0;
    if (hr_batches_create(&batches, set, options) != HRNET_OK) fail_msg("%s", hrnet_last_error());
    for (int n, is_end;;) {
        if (hr_batches_next(batches, examples, &n, &is_end) != HRNET_OK) fail_msg("%s", hrnet_last_error());
        if (is_end) break;
        for (int i = 0; i < n; i++) {
            const uint64_t hash = hash_bytes(1, examples[i].input, sizeof(float) * 4 * SIDE * SIDE);
            hashes[n_done++] =
                hash_bytes(hash, examples[i].boxes, (size_t)examples[i].n_boxes * sizeof *examples[i].boxes);
            hr_example_free(&examples[i]);
        }
    }
    hr_batches_free(batches);
    return n_done;
}

static void same_for_workers_and_ranks(void **state)
{
    uint64_t expected[N_IMAGES], found[N_IMAGES];
    (void)state;
    detector_config(0.7);
    config->dataset.color_jitter = 0.5;
    hr_train_set *const set = open_set();
    hr_batches_options options = standard(4, 1);
    assert_int_equal(run(set, &options, expected), N_IMAGES);
    options.workers = 3;
    assert_int_equal(run(set, &options, found), N_IMAGES);
    assert_memory_equal(found, expected, sizeof found);
    options.first = 4;
    assert_int_equal(run(set, &options, found), N_IMAGES - 4);
    assert_memory_equal(found, expected + 4, (N_IMAGES - 4) * sizeof *found);
    options = standard(2, 2);
    options.n_ranks = 2;
    options.rank = 1;
    assert_int_equal(run(set, &options, found), 3); /* numbers 2, 3 and 6 */
    assert_true(found[0] == expected[2] && found[1] == expected[3] && found[2] == expected[6]);
    options = standard(4, 1);
    options.epoch = 4;
    run(set, &options, found);
    assert_memory_not_equal(found, expected, sizeof found);
    hr_train_set_free(set);
}

/* Crowds, and persons of whom little is seen, are regions to ignore; what is not seen at all is gone. */
static void what_is_ignored(void **state)
{
    const hr_placement place = {.area = {0, 0, 100, 100}, .scale_x = 2, .scale_y = 2, .x = -20, .y = 10};
    const hrnet_box box = {20, 10, 30, 20}, cut = {0, 0, 12, 20}, gone = {-5, 0, 10, 20}, tiny = {30, 10, 1, 20};
    hr_box_truth out;
    (void)state;
    assert_true(hr_place_box(&out, &place, &box, 0, 60));
    assert_true(out.x == 50 && out.y == 50 && out.w == 60 && out.h == 40 && !out.is_ignored);
    assert_true(hr_place_box(&out, &place, &box, 1, 60) && out.is_ignored);
    assert_true(hr_place_box(&out, &place, &cut, 0, 60) && out.is_ignored && out.w == 4); /* a sixth of it */
    assert_false(hr_place_box(&out, &place, &gone, 0, 60));
    assert_true(hr_place_box(&out, &place, &tiny, 0, 60) && out.is_ignored); /* 2 px wide */
    const hr_placement mirror = {.area = {0, 0, 100, 100}, .scale_x = 1, .scale_y = 1, .is_flipped = 1};
    assert_true(hr_place_box(&out, &mirror, &box, 0, 60) && out.x == 25 && out.w == 30); /* 60 - 20 - 15 */
}

/* Annotations without anybody in some pictures, without boxes of any size, with boxes that are parts of the size. */
static void strange_annotations(void **state)
{
    (void)state;
    small_set_make(folder, "odd", 3, NULL, 0);
    small_file(folder, "odd/annotations/person_keypoints_train.json",
               "{\"images\": [{\"id\": 1, \"file_name\": \"0.png\"}, {\"id\": 2, \"file_name\": \"1.png\"}],"
               "\"categories\": [{\"id\": 1, \"name\": \"person\"}],"
               "\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [15, 4, 50, 60]},"
               "{\"id\": 2, \"image_id\": 1, \"category_id\": 1, \"iscrowd\": 1, \"bbox\": [0, 0, 20, 20]}]}");
    detector_config(0);
    snprintf(config->dataset.root, sizeof config->dataset.root, "%s/odd", folder);
    hr_train_set *const set = open_set();
    hr_batches *batches = NULL;
    hr_example examples[2];
    hr_batches_options options = standard(2, 1);
    int n, is_end;
    options.shuffle = options.augment = 0;
    assert_int_equal(hr_batches_create(&batches, set, &options), HRNET_OK);
    assert_int_equal(hr_batches_next(batches, examples, &n, &is_end), HRNET_OK);
    assert_int_equal(n, 2);
    assert_int_equal(examples[0].n_boxes, 2);
    assert_true(!examples[0].boxes[0].is_ignored && examples[0].boxes[1].is_ignored);
    assert_int_equal(examples[1].n_boxes, 0);
    for (int i = 0; i < n; i++) hr_example_free(&examples[i]);
    hr_batches_free(batches);
    hr_train_set_free(set);
    hr_train_set *none = NULL;
    strcpy(config->dataset.dataset, "mpii");
    assert_int_equal(hr_train_set_open(&none, config, NULL), HRNET_ERR_CONFIG);
    assert_non_null(strstr(hrnet_last_error(), "has no boxes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_follow_pixels),
        cmocka_unit_test(same_for_workers_and_ranks),
        cmocka_unit_test(what_is_ignored),
        cmocka_unit_test(strange_annotations),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
