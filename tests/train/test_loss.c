/*
 * test_loss.c - the losses against the values of the public PyTorch code, their gradients against finite differences.
 * (The gradient of the mean squared loss is also what the golden gradients of whole networks begin with.) Accuracy.
 */
#include <math.h>

#include "train/loss.h"
#include "../support/train_files.h"

/* Losses of golden maps, which are rounded to float: 6e-8 of the values. */
static void golden_losses(void **state)
{
    (void)state;
    for (int i = 0; i < N_TRAIN_NETS; i++) {
        train_golden g;
        train_golden_open(&g, train_nets[i]);
        const int joints = (int)g.target.shape[1];
        const size_t cells = g.target.shape[2] * g.target.shape[3], size = (size_t)joints * cells;
        double mse = 0, ohkm = 0, scratch[32];
        for (size_t b = 0; b < TRAIN_BATCH; b++) {
            const float *maps = g.heatmaps.data + b * size, *targets = g.target.data + b * size;
            const float *weights = g.target_weight.data + b * (size_t)joints;
            mse += hr_joints_mse(maps, targets, weights, joints, cells) / TRAIN_BATCH;
            ohkm += hr_joints_ohkm(maps, targets, weights, joints, cells, 8, scratch, 1, NULL) / TRAIN_BATCH;
        }
        assert_true(fabs(mse / g.loss_mse - 1) <= 1e-6);
        assert_true(fabs(ohkm / g.loss_ohkm - 1) <= 1e-6);
        train_golden_close(&g);
    }
}

enum { JOINTS = 5, CELLS = 6, SIZE = JOINTS * CELLS, TOP = 2 };

static double loss_of(int ohkm, const float *maps, const float *targets, const float *weights, float *gradient)
{
    double scratch[JOINTS];
    if (ohkm) return hr_joints_ohkm(maps, targets, weights, JOINTS, CELLS, TOP, scratch, 0.25, gradient);
    if (gradient == NULL) return hr_joints_mse(maps, targets, weights, JOINTS, CELLS);
    return hr_joints_mse_gradient(maps, targets, weights, JOINTS, CELLS, 0.25, gradient);
}

/* The losses are quadratic, so a central difference is exact but for the rounding of maps and losses (1e-7 / 0.1). */
static void gradients(void **state)
{
    (void)state;
    static const float weights[JOINTS] = {1, 0, 1.5f, 1.2f, 0.5f};
    float maps[SIZE], targets[SIZE], gradient[SIZE];
    for (int i = 0; i < SIZE; i++) {
        maps[i] = (float)sin(i);
        targets[i] = (float)cos(3 * i);
    }
    for (int kind = 0; kind < 4; kind++) {
        const float *w = kind & 1 ? weights : NULL;
        const double loss = loss_of(kind / 2, maps, targets, w, gradient);
        assert_true(loss == loss_of(kind / 2, maps, targets, w, NULL));
        for (int i = 0; i < SIZE; i++) {
            const float kept = maps[i], below = kept - 0.01f, above = kept + 0.01f;
            maps[i] = above;
            double difference = loss_of(kind / 2, maps, targets, w, NULL);
            maps[i] = below;
            difference -= loss_of(kind / 2, maps, targets, w, NULL);
            maps[i] = kept;
            const double expected = 0.25 * difference / ((double)above - (double)below);
            assert_true(fabs((double)gradient[i] - expected) <= 1e-6);
        }
        /* in place of the maps */
        float same[SIZE];
        memcpy(same, maps, sizeof same);
        loss_of(kind / 2, same, targets, w, same);
        assert_memory_equal(same, gradient, sizeof same);
    }
}

/* Which joints count when losses are equal, fewer than topk, or not numbers. */
static void hard_joints(void **state)
{
    (void)state;
    const float targets[4] = {0, 0, 0, 0}, equal[4] = {2, 2, 2, 2}, odd[4] = {1, NAN, 3, 2};
    double losses[4];
    float gradient[4];
    assert_true(hr_joints_ohkm(equal, targets, NULL, 4, 1, 2, losses, 1, gradient) == 2);
    assert_true(gradient[0] == 1 && gradient[1] == 1 && gradient[2] == 0 && gradient[3] == 0);
    assert_true(hr_joints_ohkm(equal, targets, NULL, 4, 1, 9, losses, 1, gradient) == 2);
    for (int i = 0; i < 4; i++) assert_true(gradient[i] == 0.5f && losses[i] == 2);
    assert_true(isnan(hr_joints_ohkm(odd, targets, NULL, 4, 1, 2, losses, 1, gradient)));
    assert_true(gradient[0] == 0 && isnan(gradient[1]) && gradient[2] == 1.5f && gradient[3] == 0);
}

/* Computed with numpy from core/evaluate.py's rules, on shifted, noisy targets. */
static void accuracy(void **state)
{
    (void)state;
    train_golden g;
    train_golden_open(&g, "hrnet_w8_96x64");
    hrnet_array maps = golden_array("train", "accuracy_heatmaps");
    hr_joint_hits hits[17] = {{0, 0}};
    int n;
    for (int b = 0; b < TRAIN_BATCH; b++) {
        const int at = b * 17 * 24 * 16;
        hr_count_hits(maps.data + at, g.target.data + at, 17, 24, 16, hits);
    }
    assert_true(fabs(hr_batch_accuracy(hits, 17, &n) - 0.0980392156862745) <= 1e-12);
    assert_int_equal(n, 17);
    assert_true(hr_batch_accuracy((hr_joint_hits[17]){{0, 0}}, 17, &n) == 0 && n == 0);
    hrnet_array_free(&maps);
    train_golden_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_losses), cmocka_unit_test(gradients),
                                       cmocka_unit_test(hard_joints), cmocka_unit_test(accuracy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
