/*
 * test_target.c - targets, loss and accuracy against values of the public PyTorch code (tests/golden/train; the accuracy
 * was computed with numpy from core/evaluate.py's rules on shifted, noisy targets).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <hrnet.h>

#include "train/loss.h"
#include "train/target.h"

enum { JOINTS = 17, BATCH = 4, MAP_H = 24, MAP_W = 16, CELLS = MAP_H * MAP_W };

static hrnet_array golden(const char *name)
{
    char path[512];
    hrnet_array array = {0};
    snprintf(path, sizeof path, TEST_DATA "/golden/train/%s.npy", name);
    assert_int_equal(hrnet_array_load(&array, path), HRNET_OK);
    return array;
}

static void gaussians(void **state)
{
    (void)state;
    static const hr_target_shape shape = {JOINTS, 192, 256, 48, 64, 2};
    hrnet_array joints = golden("target_joints"), maps = golden("target_maps"), weights = golden("target_weights");
    static float drawn[JOINTS * 64 * 48], drawn_weights[JOINTS];
    double exact[JOINTS * 3];
    for (int i = 0; i < JOINTS * 3; i++) exact[i] = (double)joints.data[i];
    hr_target_msra(&shape, exact, drawn, drawn_weights);
    for (int j = 0; j < JOINTS; j++) assert_true(drawn_weights[j] == weights.data[j]);
    for (int i = 0; i < JOINTS * 64 * 48; i++) assert_true(fabs((double)drawn[i] - maps.data[i]) <= 1e-6);
    hrnet_array_free(&joints);
    hrnet_array_free(&maps);
    hrnet_array_free(&weights);
}

static void absurd_joints(void **state)
{
    (void)state;
    static const hr_target_shape shape = {3, 64, 96, MAP_W, MAP_H, 2};
    const double joints[9] = {NAN, 5, 1, 1e300, -1e300, 1, -INFINITY, INFINITY, 1};
    float maps[3 * CELLS], weights[3];
    hr_target_msra(&shape, joints, maps, weights);
    for (int j = 0; j < 3; j++) assert_true(weights[j] == 0);
    for (int i = 0; i < 3 * CELLS; i++) assert_true(maps[i] == 0);
}

/* loss_mse of golden hrnet_w8_96x64/train.npz; heatmaps are its train_heatmaps rounded to float, 6e-8 of the value. */
static void joints_mse(void **state)
{
    (void)state;
    hrnet_array maps = golden("loss_heatmaps"), target = golden("loss_target"), weight = golden("loss_weight");
    double loss = 0;
    for (int b = 0; b < BATCH; b++)
        loss += hr_joints_mse(maps.data + b * JOINTS * CELLS, target.data + b * JOINTS * CELLS,
                              weight.data + b * JOINTS, JOINTS, CELLS) /
                BATCH;
    assert_true(fabs(loss / 2.4661857274314185 - 1) <= 1e-6);
    hrnet_array_free(&maps);
    hrnet_array_free(&target);
    hrnet_array_free(&weight);
}

static void accuracy(void **state)
{
    (void)state;
    hrnet_array maps = golden("accuracy_heatmaps"), target = golden("loss_target");
    hr_joint_hits hits[JOINTS] = {{0, 0}};
    int n;
    for (int b = 0; b < BATCH; b++)
        hr_count_hits(maps.data + b * JOINTS * CELLS, target.data + b * JOINTS * CELLS, JOINTS, MAP_H, MAP_W, hits);
    assert_true(fabs(hr_batch_accuracy(hits, JOINTS, &n) - 0.0980392156862745) <= 1e-12);
    assert_int_equal(n, 17);
    assert_true(hr_batch_accuracy((hr_joint_hits[JOINTS]){{0, 0}}, JOINTS, &n) == 0 && n == 0);
    hrnet_array_free(&maps);
    hrnet_array_free(&target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gaussians), cmocka_unit_test(absurd_joints),
                                       cmocka_unit_test(joints_mse), cmocka_unit_test(accuracy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
