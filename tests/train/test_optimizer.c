/*
 * test_optimizer.c - optimisers and learning rates against numbers that PyTorch made (make_optimizers.py, whose
 * variants stand here in the same order).
 */
#include <math.h>
#include <stdio.h>

#include "../support/net_files.h"
#include "train/optimizer.h"

enum { N = 64, STEPS = 6 };

static const struct {
    const char *name;
    double wd, momentum;
    int nesterov;
    double scale;
} variants[] = {{"adam", 1e-4, 0.9, 0, 1}, /* decay and momentum are not Adam's */
                {"adam", 0, 0, 0, 0.25},   {"adamw", 0.05, 0, 0, 1}, {"sgd", 0, 0, 0, 1},     {"sgd", 0.01, 0, 0, 0.25},
                {"sgd", 0, 0.9, 0, 1},     {"sgd", 0.01, 0.9, 0, 1}, {"sgd", 0.01, 0.9, 1, 1}};
enum { N_VARIANTS = sizeof variants / sizeof *variants };

static hr_train_config train_config(const char *optimizer)
{
    hr_config config;
    hr_config_defaults(&config);
    snprintf(config.train.optimizer, sizeof config.train.optimizer, "%s", optimizer);
    return config.train;
}

static hr_optimizer optimizer_of(int variant)
{
    hr_optimizer optimizer;
    hr_train_config config = train_config(variants[variant].name);
    config.wd = variants[variant].wd;
    config.momentum = variants[variant].momentum;
    config.nesterov = variants[variant].nesterov;
    MUST(hr_optimizer_init(&optimizer, &config));
    return optimizer;
}

/* sizes [N]: of all numbers that went into found, whose roundings add up (PyTorch may fuse a multiplication with an
 * addition); 1.2e-7 is two roundings of each. */
static void assert_close(int variant, int step, const char *what, const float *found, const float *expected,
                         const double *sizes)
{
    for (int i = 0; i < N; i++)
        if (!(fabs((double)found[i] - (double)expected[i]) <= 1.2e-7 * sizes[i]))
            fail_msg("%s (variant %d), step %d, %s %d: found %.9g, expected %.9g", variants[variant].name, variant,
                     step, what, i, (double)found[i], (double)expected[i]);
}

/* Also in pieces of odd sizes, which must give the same bits. */
static void optimizers(void **state)
{
    (void)state;
    hrnet_array input = golden_array("train", "optimizer_input"), expected = golden_array("train", "optimizer_params"),
                expected_moments = golden_array("train", "optimizer_moments");
    for (int v = 0; v < N_VARIANTS; v++) {
        const hr_optimizer o = optimizer_of(v);
        float params[N], pieces[N], moments[2][N] = {{0}}, piece_moments[2][N] = {{0}};
        double sizes[N], moment_sizes[2][N] = {{0}};
        memcpy(params, input.data, sizeof params);
        memcpy(pieces, input.data, sizeof pieces);
        for (int i = 0; i < N; i++) sizes[i] = fabs((double)params[i]);
        for (int s = 0; s < STEPS; s++) {
            const float *gradients = input.data + (1 + s) * N, *after = expected.data + (v * STEPS + s) * N;
            for (int i = 0; i < N; i++) {
                const double before = (double)params[i], g = fabs((double)gradients[i]);
                sizes[i] += fabs((double)after[i]) + fabs((double)after[i] - before);
                moment_sizes[0][i] += g + fabs(before) * o.weight_decay;
                moment_sizes[1][i] += g * g;
            }
            hr_optimizer_step(&o, s + 1, 1e-3 * (s + 1), variants[v].scale, params, gradients,
                              (float *[]){moments[0], moments[1]}, 0, N);
            for (size_t at = 0, n = 1; at < N; at += n, n = at + 2 * n + 1 < N ? 2 * n + 1 : N - at)
                hr_optimizer_step(&o, s + 1, 1e-3 * (s + 1), variants[v].scale, pieces, gradients,
                                  (float *[]){piece_moments[0], piece_moments[1]}, at, n);
            assert_close(v, s, "parameter", params, after, sizes);
            assert_memory_equal(params, pieces, sizeof params);
        }
        for (int m = 0; m < hr_optimizer_n_moments(&o); m++)
            assert_close(v, STEPS, "moment", moments[m], expected_moments.data + (v * 2 + m) * N, moment_sizes[m]);
        assert_memory_equal(moments, piece_moments, sizeof moments);
    }
    hrnet_array_free(&input);
    hrnet_array_free(&expected);
    hrnet_array_free(&expected_moments);
}

/* Padding lanes: nothing moves what is zero with a zero gradient. */
static void zeros_stay(void **state)
{
    (void)state;
    for (int v = 0; v < N_VARIANTS; v++) {
        const hr_optimizer o = optimizer_of(v);
        float params[4] = {0}, gradients[4] = {0}, moments[2][4] = {{0}}, zeros[4] = {0};
        for (int s = 0; s < 3; s++)
            hr_optimizer_step(&o, s + 1, 1, 1, params, gradients, (float *[]){moments[0], moments[1]}, 0, 4);
        for (int i = 0; i < 4; i++) assert_true(params[i] == zeros[i] && moments[0][i] == 0 && moments[1][i] == 0);
    }
}

static void refused(void **state)
{
    (void)state;
    hr_optimizer o;
    hr_learning_rate s;
    hr_train_config config = train_config("rmsprop");
    REFUSED(hr_optimizer_init(&o, &config), HRNET_ERR_CONFIG, "TRAIN.OPTIMIZER: expected adam, adamw or sgd");
    config = train_config("sgd");
    config.wd = -1;
    REFUSED(hr_optimizer_init(&o, &config), HRNET_ERR_CONFIG, "TRAIN.WD");
    config = train_config("sgd");
    config.momentum = NAN;
    REFUSED(hr_optimizer_init(&o, &config), HRNET_ERR_CONFIG, "TRAIN.MOMENTUM");
    config.momentum = 0;
    config.nesterov = 1;
    REFUSED(hr_optimizer_init(&o, &config), HRNET_ERR_CONFIG, "TRAIN.NESTEROV");
    config = train_config("adam");
    strcpy(config.schedule, "linear");
    REFUSED(hr_learning_rate_init(&s, &config), HRNET_ERR_CONFIG, "TRAIN.SCHEDULE: expected multistep or cosine");
    config = train_config("adam");
    config.lr = INFINITY;
    REFUSED(hr_learning_rate_init(&s, &config), HRNET_ERR_CONFIG, "TRAIN.LR");
    config = train_config("adam");
    config.lr_factor = -0.5;
    REFUSED(hr_learning_rate_init(&s, &config), HRNET_ERR_CONFIG, "TRAIN.LR_FACTOR");
}

static void moment_counts(void **state)
{
    (void)state;
    static const int expected[N_VARIANTS] = {2, 2, 2, 0, 0, 1, 1, 1};
    for (int v = 0; v < N_VARIANTS; v++) {
        const hr_optimizer o = optimizer_of(v);
        assert_int_equal(hr_optimizer_n_moments(&o), expected[v]);
    }
}

static void schedules(void **state)
{
    (void)state;
    FILE *file = fopen(golden_path("train", "schedules.txt"), "r");
    char name[16];
    int warmup, epoch, step, n_lines = 0;
    double expected;
    assert_non_null(file);
    while (fscanf(file, "%15s %d %d %d %lf", name, &warmup, &epoch, &step, &expected) == 5) {
        hr_learning_rate schedule;
        hr_train_config config = train_config("adam");
        strcpy(config.schedule, name);
        config.lr = 0.02;
        config.lr_steps[0] = 2;
        config.lr_steps[1] = 4;
        config.n_lr_steps = 2;
        config.lr_factor = 0.1;
        config.end_epoch = 6;
        config.warmup_steps = warmup;
        MUST(hr_learning_rate_init(&schedule, &config));
        const double found = hr_learning_rate_at(&schedule, epoch, step, 5);
        if (!(fabs(found - expected) <= 1e-12 * 0.02))
            fail_msg("%s, warm-up %d, step %d: found %.15g, expected %.15g", name, warmup, step, found, expected);
        n_lines++;
    }
    fclose(file);
    assert_int_equal(n_lines, 2 * 3 * 30);
}

static void cosine_ends(void **state)
{
    (void)state;
    const hr_learning_rate schedule = {.is_cosine = 1, .rate = 1, .end_epoch = 2}, empty = {.is_cosine = 1, .rate = 1};
    assert_true(hr_learning_rate_at(&schedule, 2, 10, 5) == 0);
    assert_true(hr_learning_rate_at(&schedule, 9, INT64_MAX, 5) == 0);
    assert_true(hr_learning_rate_at(&empty, 0, 0, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(optimizers), cmocka_unit_test(zeros_stay),
                                       cmocka_unit_test(refused),    cmocka_unit_test(moment_counts),
                                       cmocka_unit_test(schedules),  cmocka_unit_test(cosine_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
