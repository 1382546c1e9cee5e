/* train_files.c - reading tests/golden/train/NET. */
#include "train_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *const train_nets[N_TRAIN_NETS] = {"hrnet_w8_96x64", "hrnet_w8_bottleneck_k3_64x64"};

static hrnet_array array_of(const char *net, const char *name)
{
    char file[128];
    hrnet_array array = {0};
    snprintf(file, sizeof file, "%s/%s", net, name);
    MUST(hrnet_array_load(&array, golden_path("train", file)));
    return array;
}

/* "name number ...": the numbers go where `fields` says. */
static void read_line(train_golden *out, const char *line, int *n_seen)
{
    const struct {
        const char *name;
        int n;
        double *to;
    } fields[] = {{"loss_mse", 1, &out->loss_mse},
                  {"loss_ohkm", 1, &out->loss_ohkm},
                  {"adam_losses", TRAIN_STEPS, out->losses[0]},
                  {"sgd_losses", TRAIN_STEPS, out->losses[1]},
                  {"deviation_train_heatmaps", 1, &out->deviation.heatmaps},
                  {"deviation_loss_mse", 1, &out->deviation.loss_mse},
                  {"deviation_loss_ohkm", 1, &out->deviation.loss_ohkm},
                  {"deviation_grad_median", 1, &out->deviation.grad_median},
                  {"deviation_grad_p90", 1, &out->deviation.grad_p90},
                  {"deviation_buffers_worst", 1, &out->deviation.buffers},
                  {"deviation_adam_losses", 1, &out->deviation.adam_losses},
                  {"deviation_sgd_losses", 1, &out->deviation.sgd_losses},
                  {"deviation_after_5_worst", 1, &out->deviation.adam_after_5}};
    char name[96];
    int at;
    assert_int_equal(sscanf(line, "%95s%n", name, &at), 1);
    if (strcmp(name, "after_5") == 0) {
        assert_true(out->n_kept < MAX_KEPT);
        assert_int_equal(sscanf(line + at, "%95s", out->kept[out->n_kept++]), 1);
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(name, fields[i].name) != 0) continue;
        char *end = (char *)line + at;
        for (int k = 0; k < fields[i].n; k++) fields[i].to[k] = strtod(end, &end);
        assert_true(*end == '\n');
        ++*n_seen;
    }
}

static void read_run_line(float32_deviation *out, const char *line)
{
    const struct {
        const char *name;
        double *to;
    } fields[] = {{"heatmaps", &out->heatmaps},         {"loss_mse", &out->loss_mse},
                  {"loss_ohkm", &out->loss_ohkm},       {"grad_median", &out->grad_median},
                  {"grad_p90", &out->grad_p90},         {"buffers", &out->buffers},
                  {"adam_losses", &out->adam_losses},   {"sgd_losses", &out->sgd_losses},
                  {"adam_after_5", &out->adam_after_5}, {"sgd_after_5", &out->sgd_after_5}};
    char name[96];
    int at, n = 0;
    double squares = 0;
    assert_int_equal(sscanf(line, "%95s%n", name, &at), 1);
    for (const char *from = line + at;; n++) {
        char *end;
        squares += pow(strtod(from, &end), 2);
        if (end == from) break;
        from = end;
    }
    size_t i = 0;
    while (i < sizeof fields / sizeof *fields && strcmp(name, fields[i].name) != 0) i++;
    assert_true(i < sizeof fields / sizeof *fields && n == 18);
    *fields[i].to = sqrt(squares / n);
}

static void read_runs(float32_deviation *out, const char *net)
{
    char file[128], line[512];
    int n_lines = 0;
    snprintf(file, sizeof file, "%s/float32_runs.txt", net);
    FILE *text = fopen(golden_path("train", file), "r");
    assert_non_null(text);
    for (; fgets(line, sizeof line, text) != NULL; n_lines++) read_run_line(out, line);
    fclose(text);
    assert_int_equal(n_lines, 10);
}

void train_golden_open(train_golden *out, const char *net)
{
    char file[128], line[512];
    int n_seen = 0;
    *out = (train_golden){.input = array_of(net, "input.npy"),
                          .target = array_of(net, "target.npy"),
                          .target_weight = array_of(net, "target_weight.npy"),
                          .heatmaps = array_of(net, "heatmaps.npy"),
                          .gradients = array_of(net, "gradients.npy"),
                          .buffers = array_of(net, "buffers.npy"),
                          .after_5 = array_of(net, "after_5.npy")};
    snprintf(file, sizeof file, "%s/values.txt", net);
    FILE *text = fopen(golden_path("train", file), "r");
    assert_non_null(text);
    while (fgets(line, sizeof line, text) != NULL) read_line(out, line, &n_seen);
    fclose(text);
    assert_int_equal(n_seen, 13);
    out->deviation.sgd_after_5 = out->deviation.adam_after_5;
    read_runs(&out->runs, net);
    assert_int_equal(out->input.shape[0], TRAIN_BATCH);
}

void train_golden_close(train_golden *golden)
{
    hrnet_array *const arrays[] = {&golden->input,     &golden->target,  &golden->target_weight, &golden->heatmaps,
                                   &golden->gradients, &golden->buffers, &golden->after_5};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) hrnet_array_free(arrays[i]);
}
