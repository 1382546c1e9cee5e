/*
 * test_detector_training.c - a detector learns: the loss of a small one on a few pictures falls until its cells find
 * them; the same weights for any number of threads; a run that goes on from its checkpoint ends with the same bits.
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
#include <hrnet_train.h>

#include "../support/small_set.h"
#include "base/file.h"
#include "base/mem.h"
#include "config/config.h"

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        if ((call) != HRNET_OK) fail_msg("%s", hrnet_last_error());                                                    \
    } while (0)

enum { N_IMAGES = 6 };

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

static void set(const char *key, const char *value)
{
    MUST(hr_config_set(config, key, value, NULL, NULL));
}

/* A detector of a few channels on pictures of 96 x 96. */
static void small_detector(void)
{
    small_config(config, folder, "first");
    set("MODEL.NAME", "detect_hrnet");
    set("MODEL.NUM_CLASSES", "1");
    set("MODEL.IMAGE_SIZE", "[96, 96]");
    set("MODEL.EXTRA.LAYER1_BLOCKS", "1");
    set("MODEL.EXTRA.HEAD_CHANNELS", "8");
    set("MODEL.EXTRA.STAGE2",
        "{NUM_MODULES: 1, NUM_BRANCHES: 2, BLOCK: BASIC, NUM_BLOCKS: [1, 1], NUM_CHANNELS: [8, 16], FUSE_METHOD: SUM}");
    set("MODEL.EXTRA.STAGE3",
        "{NUM_MODULES: 1, NUM_BRANCHES: 3, BLOCK: BASIC, NUM_BLOCKS: [1, 1, 1], NUM_CHANNELS: [8, 16, 16], "
        "FUSE_METHOD: SUM}");
    set("MODEL.EXTRA.STAGE4",
        "{NUM_MODULES: 1, NUM_BRANCHES: 4, BLOCK: BASIC, NUM_BLOCKS: [1, 1, 1, 1], NUM_CHANNELS: [8, 16, 16, 16], "
        "FUSE_METHOD: SUM}");
    set("DATASET.FLIP", "true");
    set("DATASET.SCALE_FACTOR", "0.2");
    set("DATASET.MOSAIC", "0.3");
    set("TRAIN.OPTIMIZER", "adamw");
    set("TRAIN.LR", "0.01");
    set("TRAIN.BATCH_SIZE_PER_GPU", "3");
    set("TRAIN.EMA", "0.9");
    set("TRAIN.END_EPOCH", "3");
    set("TRAIN.SAVE_MINUTES", "0");
    set("WORKERS", "2");
}

/* validate_every: as in hrnet_trainer_options; the validation set is the training set. */
static hrnet_trainer *open_validated(const char *output, int threads, hrnet_resume resume, int validate_every)
{
    char path[128];
    hrnet_trainer *trainer = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, output);
    const hrnet_trainer_options options = {
        .output = path, .threads = threads, .validate_every = validate_every, .resume = resume};
    MUST(hrnet_trainer_create(&trainer, config, &options));
    return trainer;
}

static hrnet_trainer *open_trainer(const char *output, int threads, hrnet_resume resume)
{
    return open_validated(output, threads, resume, -1);
}

/* The file that a run ends with is a detector for pictures of the size that was validated. */
static void check_detector(const char *file)
{
    char path[128];
    hrnet_detector *detector = NULL;
    hrnet_detector_session *session = NULL;
    hrnet_image image = {0};
    hrnet_objects found = {0};
    snprintf(path, sizeof path, "%s/%s", folder, file);
    MUST(hrnet_detector_load(&detector, path, NULL));
    assert_int_equal(hrnet_detector_get_info(detector).input_width, 96);
    assert_int_equal(hrnet_detector_get_info(detector).person, 0);
    MUST(hrnet_detector_session_create(&session, detector, NULL));
    snprintf(path, sizeof path, "%s/first/images/train/1.png", folder);
    MUST(hrnet_image_load(&image, path, 0));
    const hrnet_pixels pixels = hrnet_image_pixels(&image);
    MUST(hrnet_detector_session_detect(session, &pixels, 1, &(hrnet_detect_options){.threshold = 0.1f}, &found));
    assert_true(found.n >= 1);
    /* persons 2 and 3: x 17 and 18, y 4, 52 and 53 x 60 */
    assert_true(fabsf(found.objects[0].box.x - 17.5f) < 8 && fabsf(found.objects[0].box.y - 4) < 8);
    assert_true(fabsf(found.objects[0].box.w - 52.5f) < 12 && fabsf(found.objects[0].box.h - 60) < 12);
    hrnet_objects_free(&found);
    hrnet_image_free(&image);
    hrnet_detector_session_free(session);
    hrnet_detector_free(detector);
}

static void learns(void **state)
{
    (void)state;
    small_detector();
    set("DATASET.MOSAIC", "0");
    set("DATASET.SCALE_FACTOR", "0");
    set("TRAIN.END_EPOCH", "60");
    set("DATASET.TEST_SET", "train");
    hrnet_trainer *const trainer = open_validated("learns", 2, HRNET_RESUME_NEVER, 100);
    double first = 0, last = 0, accuracy = 0;
    hrnet_trainer_info info = hrnet_trainer_get_info(trainer);
    assert_int_equal(info.n_persons, N_IMAGES);
    for (int step = 0; step < 120; step++) {
        MUST(hrnet_trainer_step(trainer));
        info = hrnet_trainer_get_info(trainer);
        if (step == 0) first = info.loss;
        if (info.epoch == 59 && info.loss > 0) {
            last = info.loss;
            accuracy = info.accuracy;
        }
    }
    /* 13 at first: nothing is found, and every cell has to learn that it is background */
    assert_true(first > 8);
    assert_true(last < 3);
    assert_true(accuracy > 0.8);
    /* validation after the last epoch, as `hrnet detect` finds boxes */
    assert_true(hrnet_trainer_get_info(trainer).is_done);
    assert_true(hrnet_trainer_get_info(trainer).perf > 0.3);
    MUST(hrnet_trainer_run(trainer)); /* writes the files of the end */
    hrnet_trainer_free(trainer);
    check_detector("learns/model_best.safetensors");
}

static void check_same_file(const char *a, const char *b)
{
    char path[256];
    hr_bytes first, second;
    snprintf(path, sizeof path, "%s/%s/final_state.pth", folder, a);
    MUST(hr_file_read(&first, path, 1 << 28));
    snprintf(path, sizeof path, "%s/%s/final_state.pth", folder, b);
    MUST(hr_file_read(&second, path, 1 << 28));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    hr_free(first.data);
    hr_free(second.data);
}

static void same_bits(void **state)
{
    (void)state;
    small_detector();
    hrnet_trainer *trainer = open_trainer("whole", 2, HRNET_RESUME_NEVER);
    MUST(hrnet_trainer_run(trainer));
    hrnet_trainer_free(trainer);

    trainer = open_trainer("one", 1, HRNET_RESUME_NEVER);
    MUST(hrnet_trainer_run(trainer));
    hrnet_trainer_free(trainer);
    check_same_file("whole", "one");

    trainer = open_trainer("parts", 2, HRNET_RESUME_NEVER);
    for (int step = 0; step < 2; step++) MUST(hrnet_trainer_step(trainer));
    hrnet_trainer_stop(trainer); /* in the middle of the second epoch */
    MUST(hrnet_trainer_run(trainer));
    assert_true(hrnet_trainer_get_info(trainer).is_stopped);
    hrnet_trainer_free(trainer);
    trainer = open_trainer("parts", 1, HRNET_RESUME_ALWAYS);
    assert_int_equal(hrnet_trainer_get_info(trainer).step, 3);
    MUST(hrnet_trainer_run(trainer));
    hrnet_trainer_free(trainer);
    check_same_file("whole", "parts");
}

/* The other detectors: YOLOX is trained on its own input, pixels as they are, here with its last loss; RTMDet's head
 * has another loss. */
static void other_networks(void **state)
{
    (void)state;
    small_detector();
    set("MODEL.NAME", "yolox");
    set("MODEL.EXTRA.STEM_CHANNELS", "8");
    set("MODEL.EXTRA.NUM_BLOCKS", "[1, 1, 1, 1]");
    set("MODEL.EXTRA.NECK_BLOCKS", "1");
    set("LOSS.USE_L1", "true");
    set("TRAIN.END_EPOCH", "40");
    hrnet_trainer *trainer = open_trainer("yolox", 2, HRNET_RESUME_NEVER);
    MUST(hrnet_trainer_step(trainer));
    const double first = hrnet_trainer_get_info(trainer).loss;
    double last = first;
    for (int step = 1; step < 79; step++) {
        MUST(hrnet_trainer_step(trainer));
        if (hrnet_trainer_get_info(trainer).loss > 0) last = hrnet_trainer_get_info(trainer).loss;
    }
    assert_true(last < 0.6 * first);
    hrnet_trainer_free(trainer);

    char path[128];
    snprintf(path, sizeof path, "%s/rtmdet", folder);
    set("MODEL.NAME", "rtmdet");
    trainer = NULL;
    const hrnet_trainer_options options = {.output = path, .validate_every = -1};
    assert_int_equal(hrnet_trainer_create(&trainer, config, &options), HRNET_ERR_UNSUPPORTED);
    assert_non_null(strstr(hrnet_last_error(), "rtmdet"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(learns), cmocka_unit_test(same_bits),
                                       cmocka_unit_test(other_networks)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
