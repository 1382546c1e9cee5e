/*
 * test_state.c - checkpoint.pth: what was saved comes back bit for bit; what PyTorch saved is read; what is of another
 * run, damaged or half written is refused and changes nothing.
 */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/net_files.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "networks/registry.h"
#include "train/state.h"

static char folder[] = "/tmp/hrnet-test-state-XXXXXX", path[sizeof folder + 24];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/checkpoint.pth", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails when a test left a temporary file */
}

/* ---------------------------------------------------------------------------------------------- runs */

/* A network with its layout and an optimiser: all that a state belongs to. */
typedef struct run {
    hr_graph graph;
    hr_params params;
    hr_config *config;
    hr_optimizer optimizer;
    hr_train_state state;
} run;

/* The network of make_state.py. */
static void build_tiny(hr_graph *graph, int n_joints)
{
    *graph = (hr_graph){0};
    int at = hr_graph_conv(graph, hr_graph_input(graph, 3, 8, 8), "conv1", 5, 3, 1, 0);
    at = hr_graph_deconv(graph, hr_graph_norm(graph, at, "bn1"), "up", 6, 4, 0);
    hr_graph_output(graph, hr_graph_conv(graph, at, "final_layer", n_joints, 1, 1, 1), "heatmaps");
    MUST(hr_graph_finish(graph));
}

/* Blocks for everything, zeros. optimizer: "adam", "adamw", "sgd". */
static void open_run(run *r, const char *optimizer)
{
    hr_train_state *const s = &r->state;
    MUST(hrnet_config_load(&r->config, "coco/hrnet/w32_256x192", NULL, NULL, NULL));
    snprintf(r->config->train.optimizer, sizeof r->config->train.optimizer, "%s", optimizer);
    r->config->train.momentum = 0.9;
    MUST(hr_optimizer_init(&r->optimizer, &r->config->train));
    MUST(hr_params_init(&r->params, &r->graph));
    const size_t n = r->params.n_floats;
    *s = (hr_train_state){.params = hr_calloc(n, sizeof(float)),
                          .average = hr_calloc(n, sizeof(float)),
                          .best = hr_calloc(n, sizeof(float))};
    for (int m = 0; m < hr_optimizer_n_moments(&r->optimizer); m++) s->moments[m] = hr_calloc(n, sizeof(float));
}

static void close_run(run *r)
{
    hr_free(r->state.params);
    hr_free(r->state.average);
    hr_free(r->state.best);
    hr_free(r->state.moments[0]);
    hr_free(r->state.moments[1]);
    hr_params_free(&r->params);
    hr_graph_free(&r->graph);
    hrnet_config_free(r->config);
    *r = (run){0};
}

static void open_tiny(run *r, const char *optimizer)
{
    build_tiny(&r->graph, 2);
    open_run(r, optimizer);
}

/* Any finite bits in what a parameter or (trainable 1) a moment has. */
static void fill(const run *r, float *block, uint64_t stream, int trainable)
{
    for (int i = 0; i < r->graph.n_params && block != NULL; i++) {
        const hr_param *const param = &r->graph.params[i];
        float *const values = test_malloc(param->n_elements * sizeof *values);
        for (size_t k = 0; k < param->n_elements; k++) {
            const uint32_t bits = (uint32_t)hr_random_bits(stream + (uint64_t)i, k) & 0xff7fffff; /* never all ones */
            memcpy(&values[k], &bits, sizeof bits);
            if (param->kind == HR_PARAM_NORM_COUNT) values[k] = (float)(bits >> 10);
            if (trainable && param->kind > HR_PARAM_NORM_BIAS) values[k] = 0;
        }
        hr_params_set(&r->params, block, i, values);
        test_free(values);
    }
}

/* Values that have no short decimal form, a seed past int64. */
static void fill_state(run *r, uint64_t stream)
{
    hr_train_state *const s = &r->state;
    s->epoch = 17;
    s->position = 1234567890123;
    s->step = 98765432109;
    s->best_perf = 0.1 + 0.2;
    s->last_perf = 1.0 / 3;
    s->best_epoch = -1;
    s->loss_sum = 5e-324;
    s->accuracy_sum = 1.7976931348623157e308;
    s->n_loss = 3;
    s->n_accuracy = 1LL << 40;
    s->rate = 1e-3 / 7;
    s->seed = UINT64_MAX - stream;
    snprintf(s->fingerprint, sizeof s->fingerprint, "%064" PRIx64, stream);
    fill(r, s->params, stream, 0);
    fill(r, s->average, stream + 1000000, 0);
    fill(r, s->best, stream + 2000000, 0);
    fill(r, s->moments[0], stream + 3000000, 1);
    fill(r, s->moments[1], stream + 4000000, 1);
}

static hrnet_status save(const run *r)
{
    return hr_train_state_save(&r->state, &r->params, r->config, &r->optimizer, path);
}

static hrnet_status load(run *r, const char *from)
{
    return hr_train_state_load(&r->state, &r->params, r->config, &r->optimizer, from);
}

static int same_block(const run *a, const float *x, const float *y)
{
    if (x == NULL || y == NULL) return x == y;
    return memcmp(x, y, a->params.n_floats * sizeof *x) == 0;
}

/* Every number and every bit of every block. */
static int same_state(const run *a, const run *b)
{
    const hr_train_state *const s = &a->state;
    const hr_train_state *const t = &b->state;
    return s->epoch == t->epoch && s->position == t->position && s->step == t->step && s->best_perf == t->best_perf &&
           s->last_perf == t->last_perf && s->best_epoch == t->best_epoch && s->loss_sum == t->loss_sum &&
           s->accuracy_sum == t->accuracy_sum && s->n_loss == t->n_loss && s->n_accuracy == t->n_accuracy &&
           s->rate == t->rate && s->seed == t->seed && strcmp(s->fingerprint, t->fingerprint) == 0 &&
           same_block(a, s->params, t->params) && same_block(a, s->average, t->average) &&
           same_block(a, s->best, t->best) && same_block(a, s->moments[0], t->moments[0]) &&
           same_block(a, s->moments[1], t->moments[1]);
}

/* ---------------------------------------------------------------------------------------------- round trips */

static void test_round_trip(void **unused)
{
    (void)unused;
    static const char *const optimizers[] = {"adam", "adamw", "sgd"};
    for (int i = 0; i < 3; i++) {
        run saved = {0}, loaded = {0};
        open_tiny(&saved, optimizers[i]);
        open_tiny(&loaded, optimizers[i]);
        fill_state(&saved, 1);
        fill_state(&loaded, 2);
        strcpy(loaded.state.fingerprint, saved.state.fingerprint);
        MUST(save(&saved));
        MUST(load(&loaded, path));
        assert_true(same_state(&saved, &loaded));
        loaded.state.fingerprint[0] = '\0'; /* any */
        MUST(load(&loaded, path));
        assert_true(same_state(&saved, &loaded));
        close_run(&saved);
        close_run(&loaded);
    }
}

/* The file of a state before its first step has no moments; loading it fills the blocks with zeros. */
static void test_before_the_first_step(void **unused)
{
    (void)unused;
    run saved = {0}, loaded = {0};
    open_tiny(&saved, "adam");
    open_tiny(&loaded, "adam");
    fill_state(&saved, 1);
    fill_state(&loaded, 1);
    saved.state.step = 0;
    saved.state.last_perf = -INFINITY;
    memset(saved.state.moments[0], 0, saved.params.n_floats * sizeof(float));
    memset(saved.state.moments[1], 0, saved.params.n_floats * sizeof(float));
    MUST(save(&saved));
    MUST(load(&loaded, path));
    assert_true(same_state(&saved, &loaded));
    saved.state.last_perf = NAN;
    MUST(save(&saved));
    MUST(load(&loaded, path));
    assert_true(isnan(loaded.state.last_perf));
    close_run(&saved);
    close_run(&loaded);
}

/* Without best weights both dictionaries name the current ones, which are in the file once. A run with a moving average
 * cannot resume from a file without one. */
static void test_without_some_blocks(void **unused)
{
    (void)unused;
    run saved = {0}, loaded = {0};
    hr_bytes with, without;
    open_tiny(&saved, "sgd");
    open_tiny(&loaded, "sgd");
    fill_state(&saved, 1);
    fill_state(&loaded, 1);
    MUST(save(&saved));
    MUST(hr_file_read(&with, path, 1 << 20));
    hr_free(saved.state.best);
    saved.state.best = NULL;
    MUST(save(&saved));
    MUST(hr_file_read(&without, path, 1 << 20));
    assert_true(without.size < with.size);
    MUST(load(&loaded, path));
    assert_true(same_block(&saved, loaded.state.best, saved.state.params));
    hr_free(saved.state.average);
    saved.state.average = NULL;
    MUST(save(&saved));
    REFUSED(load(&loaded, path), HRNET_ERR_MISMATCH, "hrnet/ema");
    hr_free(loaded.state.average);
    loaded.state.average = NULL;
    MUST(load(&loaded, path));
    hr_free(with.data);
    hr_free(without.data);
    close_run(&saved);
    close_run(&loaded);
}

/* ---------------------------------------------------------------------------------------------- PyTorch's files */

/* What make_state.py wrote beside NAME.pth: the tensors one after the other in the file's order. */
static void expect_arrays(const run *r, const char *name, const char *kind, float *const *blocks)
{
    char file[512];
    hrnet_array array = {0};
    snprintf(file, sizeof file, TEST_DATA "/golden/train/state/%s_%s.npy", name, kind);
    MUST(hrnet_array_load(&array, file));
    const float *expected = array.data;
    const int moments = strcmp(kind, "moments") == 0;
    for (int m = 0; m < (moments ? (int)array.shape[0] : 1); m++) {
        for (int i = 0; i < r->graph.n_params; i++) {
            const hr_param *const param = &r->graph.params[i];
            if (moments && param->kind > HR_PARAM_NORM_BIAS) continue;
            float *const values = test_malloc(param->n_elements * sizeof *values);
            hr_params_get(&r->params, blocks[m], i, values);
            assert_memory_equal(values, expected, param->n_elements * sizeof *values);
            expected += param->n_elements;
            test_free(values);
        }
    }
    hrnet_array_free(&array);
}

static void test_published(void **unused)
{
    (void)unused;
    static const char *const optimizers[] = {"adam", "sgd"};
    for (int i = 0; i < 2; i++) {
        run r = {0};
        char file[512];
        snprintf(file, sizeof file, TEST_DATA "/golden/train/state/%s.pth", optimizers[i]);
        open_tiny(&r, optimizers[i]);
        fill_state(&r, 5);
        MUST(load(&r, file));
        const hr_train_state *const s = &r.state;
        expect_arrays(&r, optimizers[i], "weights", &r.state.params);
        expect_arrays(&r, optimizers[i], "weights", &r.state.best);
        expect_arrays(&r, optimizers[i], "weights", &r.state.average);
        expect_arrays(&r, optimizers[i], "moments", r.state.moments);
        assert_true(s->epoch == 7 && s->position == 0 && s->n_loss == 0 && s->loss_sum == 0 && s->best_epoch == 6);
        assert_true(s->last_perf == 0.625 && s->best_perf == 0.625);
        assert_int_equal(s->step, i == 0 ? 3 : 0); /* SGD does not count */
        assert_true(fabs(s->rate - (i == 0 ? 1e-4 : 1e-3)) < 1e-18);
        assert_true(s->seed == UINT64_MAX - 5 && s->fingerprint[63] == '5');
        close_run(&r);
    }
}

/* The golden checkpoint.pth holds the weights of weights.pth twice and an empty optimiser. */
static void test_official(void **unused)
{
    (void)unused;
    golden_graph net;
    run r = {0};
    golden_graph_open(&net, net_names[0]);
    MUST(hr_network_build(&r.graph, &net.config->model));
    open_run(&r, "adam");
    memset(r.state.moments[1], 1, r.params.n_floats * sizeof(float));
    MUST(load(&r, golden_path(net_names[0], "checkpoint_official.pth")));
    float *const expected = hr_calloc(r.params.n_floats, sizeof *expected);
    assert_non_null(expected);
    assert_true(same_block(&r, r.state.moments[0], expected) && same_block(&r, r.state.moments[1], expected));
    MUST(hr_params_read(&r.params, expected, &net.weights));
    assert_true(same_block(&r, r.state.params, expected) && same_block(&r, r.state.best, expected));
    assert_true(r.state.epoch == 5 && r.state.last_perf == 0.5 && r.state.step == 0);
    hr_free(expected);
    close_run(&r);
    golden_graph_close(&net);
}

/* ---------------------------------------------------------------------------------------------- as a model */

/* Loaded as a model, a checkpoint.pth gives its state_dict and the configuration in the file. */
static void test_is_a_model(void **unused)
{
    (void)unused;
    golden_graph net;
    run r = {0};
    golden_graph_open(&net, net_names[0]);
    MUST(hr_network_build(&r.graph, &net.config->model));
    open_run(&r, "adam");
    fill_state(&r, 3);
    MUST(hr_params_read(&r.params, r.state.params, &net.weights));
    hrnet_config_free(r.config);
    r.config = golden_config(net_names[0]);
    MUST(save(&r));
    hrnet_model *saved = NULL, *golden = golden_model(net_names[0], NULL);
    hrnet_checkpoint *checkpoint = NULL;
    MUST(hrnet_checkpoint_load(&checkpoint, path));
    assert_string_equal(hrnet_checkpoint_layout(checkpoint), "official checkpoint.pth");
    assert_int_equal(hrnet_checkpoint_n_tensors(checkpoint), 710);
    hrnet_checkpoint_free(checkpoint);
    for (int flat = 0; flat < 2; flat++) {
        hrnet_array input = golden_array(net_names[0], "input");
        if (flat) MUST(hr_train_state_save_weights(&r.params, r.state.params, path));
        MUST(hrnet_model_load(&saved, path, &(hrnet_model_options){.config = flat ? r.config : NULL}));
        float *const a = run_model(saved, input.data, 1, 0, 1, 1), *const b = run_model(golden, input.data, 1, 0, 1, 1);
        assert_memory_equal(a, b, map_floats(golden) * sizeof *a);
        test_free(a);
        test_free(b);
        hrnet_model_free(saved);
        hrnet_array_free(&input);
    }
    hrnet_model_free(golden);
    close_run(&r);
    golden_graph_close(&net);
}

/* Converted, it keeps how its heatmaps are to be decoded. */
static void test_keeps_its_codec(void **unused)
{
    (void)unused;
    golden_graph net;
    run r = {0};
    hrnet_checkpoint *checkpoint = NULL;
    golden_graph_open(&net, net_names[0]);
    MUST(hr_network_build(&r.graph, &net.config->model));
    open_run(&r, "sgd");
    hrnet_config_free(r.config);
    r.config = golden_config(net_names[0]);
    strcpy(r.config->model.target_type, "dark");
    MUST(save(&r));
    MUST(hrnet_checkpoint_load(&checkpoint, path));
    MUST(hrnet_checkpoint_save(checkpoint, path, NULL));
    hrnet_checkpoint_free(checkpoint);
    MUST(hrnet_checkpoint_load(&checkpoint, path));
    assert_string_equal(hrnet_checkpoint_metadata(checkpoint, "hrnet.codec"), "dark");
    hrnet_checkpoint_free(checkpoint);
    close_run(&r);
    golden_graph_close(&net);
}

/* ---------------------------------------------------------------------------------------------- refusals */

/* The load fails with that status and message, which names the file, and the state stays. */
static void expect_refused(run *r, const char *from, hrnet_status status, const char *message)
{
    run before = {0};
    build_tiny(&before.graph, (int)r->graph.nodes[r->graph.outputs[0].node].c);
    open_run(&before, r->config->train.optimizer);
    fill_state(&before, 9);
    fill_state(r, 9);
    REFUSED(load(r, from), status, message);
    assert_non_null(strstr(hrnet_last_error(), from));
    assert_true(same_state(r, &before));
    close_run(&before);
}

static void test_mismatch(void **unused)
{
    (void)unused;
    run saved = {0}, sgd = {0}, adamw = {0}, wider = {0}, adam = {0};
    open_tiny(&saved, "adam");
    open_tiny(&adam, "adam");
    open_tiny(&sgd, "sgd");
    open_tiny(&adamw, "adamw");
    build_tiny(&wider.graph, 3);
    open_run(&wider, "adam");
    fill_state(&saved, 9);
    MUST(save(&saved));
    expect_refused(&sgd, path, HRNET_ERR_MISMATCH, "optimizer: expected sgd, found adam");
    expect_refused(&adamw, path, HRNET_ERR_MISMATCH, "optimizer: expected adamw, found adam");
    expect_refused(&wider, path, HRNET_ERR_MISMATCH,
                   "state_dict/final_layer.weight of final_layer.weight: expected [3, 6, 1, 1], found [2, 6, 1, 1]");
    strcpy(adam.config->model.name, "pose_resnet");
    expect_refused(&adam, path, HRNET_ERR_MISMATCH, "model: expected pose_resnet, found pose_hrnet");
    strcpy(adam.config->model.name, "pose_hrnet");
    fill_state(&saved, 10);
    MUST(save(&saved));
    expect_refused(&adam, path, HRNET_ERR_MISMATCH, "fingerprint of configuration and data: expected 0000");
    MUST(hr_train_state_save_weights(&saved.params, saved.state.params, path));
    expect_refused(&adam, path, HRNET_ERR_FORMAT, "weights alone");
    expect_refused(&sgd, TEST_DATA "/golden/train/state/adam.pth", HRNET_ERR_MISMATCH, "expected sgd, found adam");
    expect_refused(&adam, TEST_DATA "/golden/train/state/sgd.pth", HRNET_ERR_MISMATCH, "expected adam, found sgd");
    expect_refused(&adam, golden_path(net_names[0], "checkpoint_official.pth"), HRNET_ERR_MISMATCH, "conv1.weight");
    expect_refused(&adam, "/nonexistent/checkpoint.pth", HRNET_ERR_IO, "cannot open");
    close_run(&saved);
    close_run(&sgd);
    close_run(&adamw);
    close_run(&wider);
    close_run(&adam);
}

/* A network that has all parameters of ours, and more. */
static void test_more_tensors(void **unused)
{
    (void)unused;
    run saved = {0}, loaded = {0};
    build_tiny(&saved.graph, 2);
    assert_true(hr_graph_norm(&saved.graph, saved.graph.outputs[0].node, "bn2") > 0);
    open_run(&saved, "adam");
    open_tiny(&loaded, "adam");
    fill_state(&saved, 9);
    MUST(save(&saved));
    expect_refused(&loaded, path, HRNET_ERR_MISMATCH, "state_dict/module.bn2.weight: no such tensor");
    close_run(&saved);
    close_run(&loaded);
}

static void write_bytes(const unsigned char *bytes, size_t n)
{
    FILE *const stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    assert_int_equal(fclose(stream), 0);
}

/* Cut anywhere it is refused; with bits turned it may still load where nothing depends on them, else nothing changes.
 */
static void test_damage(void **unused)
{
    (void)unused;
    run saved = {0}, loaded = {0};
    hr_bytes file;
    open_tiny(&saved, "adam");
    open_tiny(&loaded, "adam");
    fill_state(&saved, 9);
    MUST(save(&saved));
    MUST(hr_file_read(&file, path, 1 << 20));
    for (size_t i = 0; i < 100; i++) {
        write_bytes(file.data, file.size * i / 100);
        expect_refused(&loaded, path, HRNET_ERR_FORMAT, "");
    }
    for (size_t i = 0; i < 600; i++) {
        const size_t bit = hr_random_bits(77, i) % (8 * file.size);
        const unsigned char mask = (unsigned char)(1 << bit % 8);
        fill_state(&loaded, 9);
        file.data[bit / 8] ^= mask;
        write_bytes(file.data, file.size);
        loaded.state.fingerprint[0] = '\0';
        if (load(&loaded, path) != HRNET_OK) {
            assert_non_null(strstr(hrnet_last_error(), path));
            strcpy(loaded.state.fingerprint, saved.state.fingerprint);
            assert_true(same_state(&saved, &loaded));
        }
        file.data[bit / 8] ^= mask;
    }
    hr_free(file.data);
    close_run(&saved);
    close_run(&loaded);
}

/* ---------------------------------------------------------------------------------------------- failing writes */

/* Each of the allocations of saving and loading fails once: the file and the state are the old ones or the new. */
static void test_memory(void **unused)
{
    (void)unused;
    run saved = {0}, next = {0}, loaded = {0};
    open_tiny(&saved, "adam");
    open_tiny(&next, "adam");
    open_tiny(&loaded, "adam");
    fill_state(&saved, 1);
    fill_state(&next, 2);
    MUST(save(&saved));
    hrnet_status status = HRNET_ERR_MEMORY;
    for (long k = 0; status != HRNET_OK; k++) {
        hr_mem_fail_after(k);
        status = save(&next);
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
        strcpy(loaded.state.fingerprint, "");
        MUST(load(&loaded, path));
        assert_true(same_state(&loaded, status == HRNET_OK ? &next : &saved));
    }
    fill_state(&loaded, 1);
    strcpy(loaded.state.fingerprint, next.state.fingerprint);
    strcpy(saved.state.fingerprint, next.state.fingerprint);
    status = HRNET_ERR_MEMORY;
    for (long k = 0; status != HRNET_OK; k++) {
        hr_mem_fail_after(k);
        status = load(&loaded, path);
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
        assert_true(same_state(&loaded, status == HRNET_OK ? &next : &saved));
    }
    close_run(&saved);
    close_run(&next);
    close_run(&loaded);
}

static int n_files(void)
{
    int n = 0;
    DIR *const opened = opendir(folder);
    while (readdir(opened) != NULL) n++;
    closedir(opened);
    return n - 2;
}

/* The disk is full after any number of bytes: a failure that names the file, and the old file stays alone. */
static void test_full_disk(void **unused)
{
    (void)unused;
    run saved = {0}, next = {0}, loaded = {0};
    struct rlimit unlimited;
    open_tiny(&saved, "adam");
    open_tiny(&next, "adam");
    open_tiny(&loaded, "adam");
    fill_state(&saved, 1);
    fill_state(&next, 2);
    MUST(save(&saved));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    for (rlim_t n = 0; n < 12000; n += 1500) {
        const struct rlimit limit = {n, unlimited.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const hrnet_status status = save(&next);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
        assert_int_equal(status, HRNET_ERR_IO);
        assert_non_null(strstr(hrnet_last_error(), path));
        assert_int_equal(n_files(), 1);
    }
    MUST(load(&loaded, path));
    assert_true(same_state(&loaded, &saved));
    close_run(&saved);
    close_run(&next);
    close_run(&loaded);
}

/* A process that only saves, two states in turns, is killed at some moment: the file is whole, and one of the two. */
static void test_killed(void **unused)
{
    (void)unused;
    run states[2] = {0}, loaded = {0};
    for (int i = 0; i < 2; i++) {
        open_tiny(&states[i], "adam");
        fill_state(&states[i], (uint64_t)i + 1);
    }
    open_tiny(&loaded, "adam");
    MUST(save(&states[0]));
    for (unsigned i = 0; i < 10; i++) {
        const pid_t child = fork();
        if (child == 0)
            for (int k = 0;; k ^= 1)
                if (save(&states[k]) != HRNET_OK) _exit(1);
        assert_true(child > 0);
        usleep(1000 + (useconds_t)(hr_random_bits(4, i) % 20000));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        loaded.state.fingerprint[0] = '\0';
        MUST(load(&loaded, path));
        assert_true(same_state(&loaded, &states[0]) || same_state(&loaded, &states[1]));
    }
    DIR *const opened = opendir(folder); /* the killed ones leave what they had not renamed */
    for (const struct dirent *entry; (entry = readdir(opened)) != NULL;) {
        char left[sizeof path + sizeof entry->d_name];
        snprintf(left, sizeof left, "%s/%s", folder, entry->d_name);
        if (strstr(entry->d_name, ".tmp-") != NULL) unlink(left);
    }
    closedir(opened);
    for (int i = 0; i < 2; i++) close_run(&states[i]);
    close_run(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_before_the_first_step),
        cmocka_unit_test(test_without_some_blocks),
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_official),
        cmocka_unit_test(test_is_a_model),
        cmocka_unit_test(test_keeps_its_codec),
        cmocka_unit_test(test_mismatch),
        cmocka_unit_test(test_more_tensors),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_killed),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
