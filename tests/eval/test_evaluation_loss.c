/*
 * test_evaluation_loss.c - the loss of a validation pass against the published formulas written out, over examples made
 * as in training without augmentation, for every setting that changes it.
 */
#include <hrnet_eval.h>

#include "../support/small_set.h"

#include <math.h>
#include <stdlib.h>

#include "../support/net_files.h"
#include "batches/batch.h"

enum { PICTURES = 3, JOINTS = 17, TOPK = 5 };

/* Published weights of COCO's joints. */
static const double coco[JOINTS] = {1, 1, 1, 1, 1, 1, 1, 1.2, 1.2, 1.5, 1.5, 1, 1, 1.2, 1.2, 1.5, 1.5};

static char folder[64];

static int larger(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* One person's loss as upstream's loss.py has it. */
static double expected_loss(const hr_config *config, const hr_example *example, const float *maps, size_t n_cells)
{
    double losses[JOINTS], sum = 0;
    for (size_t j = 0; j < JOINTS; j++) {
        double w = config->loss.use_target_weight ? example->joints[3 * j + 2] : 1;
        if (config->loss.use_target_weight && config->loss.use_different_joints_weight) w *= coco[j];
        losses[j] = 0;
        for (size_t i = j * n_cells; i < (j + 1) * n_cells; i++)
            losses[j] += 0.5 * pow(w * ((double)maps[i] - (double)example->targets[i]), 2) / (double)n_cells;
    }
    const int n = config->loss.use_ohkm ? TOPK : JOINTS;
    qsort(losses, JOINTS, sizeof *losses, larger);
    for (int j = 0; j < n; j++) sum += losses[j] / n;
    return sum;
}

/* The same persons through the examples of training. */
static double mean_loss(const hr_config *config, hrnet_session *session)
{
    const hrnet_model_info about = hrnet_model_get_info(hrnet_session_model(session));
    const size_t pixels = (size_t)about.input_width * (size_t)about.input_height;
    const size_t n_cells = (size_t)about.heatmap_width * (size_t)about.heatmap_height;
    const hr_batches_options options = {.batch = 1, .n_ranks = 1, .workers = 1};
    float *const input = test_malloc(3 * pixels * sizeof *input), *const maps =
                                                                      test_malloc(JOINTS * n_cells * sizeof *maps);
    hr_train_set *set = NULL;
    hr_batches *batches = NULL;
    double sum = 0;
    int n = 0, n_persons = 0, is_end = 0;
    MUST(hr_train_set_open(&set, config, NULL));
    MUST(hr_batches_create(&batches, set, &options));
    for (;; n_persons += n) {
        hr_example example;
        MUST(hr_batches_next(batches, &example, &n, &is_end));
        if (is_end) break;
        for (size_t i = 0; i < pixels; i++)
            for (size_t c = 0; c < 3; c++) input[c * pixels + i] = example.input[4 * i + c];
        MUST(hrnet_session_forward(session, input, 1, maps));
        sum += expected_loss(config, &example, maps, n_cells);
        hr_example_free(&example);
    }
    assert_int_equal(n_persons, 2 * PICTURES);
    hr_batches_free(batches);
    hr_train_set_free(set);
    test_free(input);
    test_free(maps);
    return sum / n_persons;
}

static double told_loss(const hr_config *config, hrnet_session *session)
{
    hrnet_evaluation *evaluation = NULL;
    double loss = NAN, accuracy = NAN;
    MUST(hrnet_evaluation_open(&evaluation, config, NULL));
    MUST(hrnet_evaluation_run(evaluation, session, NULL));
    MUST(hrnet_evaluation_loss(evaluation, &loss, &accuracy));
    hrnet_evaluation_free(evaluation);
    return loss;
}

static void loss_of_every_setting(void **state)
{
    static hr_config config;
    (void)state;
    double seen[8] = {0};
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = NULL;
    MUST(hrnet_session_create(&session, model, NULL));
    small_config(&config, folder, "set");
    strcpy(config.dataset.test_set, config.dataset.train_set);
    config.test.use_gt_bbox = 1;
    config.test.flip_test = 0;
    config.loss.topk = TOPK;
    for (int way = 0; way < 8; way++) {
        config.loss.use_target_weight = way & 1;
        config.loss.use_different_joints_weight = way >> 1 & 1;
        config.loss.use_ohkm = way >> 2;
        const double expected = mean_loss(&config, session), found = told_loss(&config, session);
        print_message("target weight %d, different weights %d, hard joints %d: %.9g\n", way & 1, way >> 1 & 1, way >> 2,
                      found);
        /* maps are floats of the same bits; the sums over cells are in double in both */
        assert_true(fabs(found - expected) <= 1e-6 * expected);
        seen[way] = found;
    }
    /* without target weights the joints' weights have nothing to multiply */
    assert_true(seen[0] == seen[2] && seen[4] == seen[6]);
    assert_true(seen[1] != seen[3] && seen[5] != seen[7] && seen[1] != seen[5]);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

static int set_up(void **state)
{
    (void)state;
    small_folder(folder);
    small_set_make(folder, "set", PICTURES, NULL, JOINTS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    small_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(loss_of_every_setting)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
