/* net_files.c - loading the golden networks. */
#include "net_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "cpu/kern/kern.h"
#include "base/rng.h"
#include "networks/registry.h"

const char *const net_names[N_NETS] = {"hrnet_w8_96x64", "hrnet_w8_bottleneck_k3_64x64", "hrnet_w12_odd_160x96"};

const char *golden_path(const char *net, const char *file)
{
    static char paths[64][512]; /* each path once */
    char path[512];
    snprintf(path, sizeof path, TEST_DATA "/golden/%s/%s", net, file);
    size_t i = 0;
    while (i < 64 && paths[i][0] != '\0' && strcmp(paths[i], path) != 0) i++;
    assert_true(i < 64);
    return strcpy(paths[i], path);
}

hrnet_config *golden_config(const char *net)
{
    hrnet_config *config = NULL;
    MUST(hrnet_config_load(&config, golden_path(net, "config.yaml"), NULL, NULL, NULL));
    return config;
}

static const char *array_path(const char *net, const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "%s.npy", name);
    return golden_path(net, file);
}

hrnet_array golden_array(const char *net, const char *name)
{
    hrnet_array array = {0};
    MUST(hrnet_array_load(&array, array_path(net, name)));
    return array;
}

int golden_exists(const char *net, const char *name)
{
    return access(array_path(net, name), R_OK) == 0;
}

hrnet_model *golden_model(const char *net, const char *path)
{
    hrnet_model *model = NULL;
    hrnet_config *config = golden_config(net);
    if (path == NULL) path = golden_path(net, "weights.pth");
    MUST(hrnet_model_load(&model, path, &(hrnet_model_options){.config = config}));
    hrnet_config_free(config);
    return model;
}

size_t map_floats(const hrnet_model *model)
{
    const hrnet_model_info info = hrnet_model_get_info(model);
    return (size_t)info.n_joints * (size_t)info.heatmap_height * (size_t)info.heatmap_width;
}

size_t input_floats(const hrnet_model *model)
{
    const hrnet_model_info info = hrnet_model_get_info(model);
    return 3 * (size_t)info.input_height * (size_t)info.input_width;
}

float *run_model(const hrnet_model *model, const float *input, int n, int flip, int threads, int max_batch)
{
    hrnet_session *session = NULL;
    float *heatmaps = test_malloc((size_t)n * map_floats(model) * sizeof *heatmaps);
    MUST(hrnet_session_create(&session, model, &(hrnet_session_options){.threads = threads, .max_batch = max_batch}));
    if (flip)
        MUST(hrnet_session_forward_flip(session, input, n, flip == 2, heatmaps));
    else
        MUST(hrnet_session_forward(session, input, n, heatmaps));
    hrnet_session_free(session);
    return heatmaps;
}

double relative_error(const float *found, const float *expected, size_t n)
{
    double error = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = fabs((double)found[i] - (double)expected[i]);
        if (!(difference <= error)) error = isnan(difference) ? INFINITY : difference;
        if (fabs((double)expected[i]) > largest) largest = fabs((double)expected[i]);
    }
    return error == 0 ? 0 : error / largest;
}

void golden_graph_open(golden_graph *out, const char *net)
{
    const char *path = golden_path(net, "weights.pth");
    *out = (golden_graph){.config = golden_config(net)};
    MUST(hr_config_check(out->config));
    MUST(hr_network_build(&out->graph, &out->config->model));
    MUST(hrnet_checkpoint_load(&out->checkpoint, path));
    MUST(hr_bind(&out->binding, &out->graph, &out->checkpoint->tensors, &out->checkpoint->layout,
                 &(hr_bind_options){.path = path}));
    out->weights = hr_bound(&out->binding);
}

void golden_graph_close(golden_graph *opened)
{
    hr_binding_free(&opened->binding);
    hr_graph_free(&opened->graph);
    hrnet_checkpoint_free(opened->checkpoint);
    hrnet_config_free(opened->config);
}

static hrnet_status read_formula(void *context, int index, const hr_param *param, float *out)
{
    (void)context;
    (void)index;
    const uint64_t stream = hr_hash_text(param->name);
    const double fan = param->n_dims == 4 ? (double)(param->shape[1] * param->shape[2] * param->shape[3]) : 1;
    const float amplitude = (float)sqrt(4.8 / fan);
    for (size_t i = 0; i < param->n_elements; i++) {
        const float u = hr_random_uniform(stream, i);
        if (param->kind == HR_PARAM_WEIGHT)
            out[i] = (2 * u - 1) * amplitude;
        else if (param->kind == HR_PARAM_NORM_VAR)
            out[i] = 0.5f + u;
        else if (param->kind == HR_PARAM_NORM_WEIGHT)
            out[i] = 0.2f + 0.4f * u;
        else
            out[i] = 0.2f * (u - 0.5f);
    }
    return HRNET_OK;
}

hr_weights formula_weights(void)
{
    return (hr_weights){read_formula, NULL};
}

void formula_input(float *input, size_t n)
{
    const uint64_t stream = hr_hash_text("input");
    for (size_t i = 0; i < n; i++) input[i] = 4 * hr_random_uniform(stream, i) - 2;
}

const char *const *cpu_names(void)
{
    static const char *const all[] = {"scalar", "avx2", "avx512", "neon"};
    static const char *found[sizeof all / sizeof *all + 1];
    int n = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        setenv("HRNET_CPU", all[i], 1);
        if (strcmp(hr_kern_select(hr_cpu_features())->name, all[i]) == 0)
            found[n++] = all[i];
        else
            print_message("skipped: %s kernels: this processor or build has none\n", all[i]);
    }
    unsetenv("HRNET_CPU");
    found[n] = NULL;
    return found;
}
