/*
 * test_bind.c - checkpoints that do not fit: everything missing, unexpected or of another shape is reported by name;
 * what allow_missing accepts; and which tensors PRETRAINED and PRETRAINED_LAYERS take (init_weights upstream).
 */
#include "../support/net_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weights/bind.h"

static char folder[] = "/tmp/hrnet-test-bind-XXXXXX", file[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(file, sizeof file, "%s/edited.pth", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

/* A change to one tensor of the golden network. */
typedef struct edit {
    const char *name;
    const char *renamed; /* NULL: left out, unless transposed */
    int transposed;      /* its first two sizes exchanged */
} edit;

static const edit *find_edit(const edit *edits, size_t n_edits, const char *name)
{
    for (size_t i = 0; i < n_edits; i++)
        if (strcmp(edits[i].name, name) == 0) return &edits[i];
    return NULL;
}

/* Further changes: a tensor that is added, one with a bad value, one of integers; NULL: none. */
static const char *extra_name, *bad_name, *integer_name;
static float bad_value;

/* Write weights.pth of the first golden network to `file`, edited, without num_batches_tracked (as files before torch
 * 0.4.1 are). Returns how many tensors it has. */
static int write_edited(const edit *edits, size_t n_edits)
{
    golden_graph net;
    size_t n = 0;
    golden_graph_open(&net, net_names[0]);
    float *block = test_malloc(net.graph.n_floats * sizeof *block);
    hr_tensor_data *items = test_calloc((size_t)net.graph.n_params + 1, sizeof *items);
    static const int64_t integers[1024];
    for (int i = 0; i < net.graph.n_params; i++) {
        const hr_param *param = &net.graph.params[i];
        const edit *change = find_edit(edits, n_edits, param->name);
        if (param->kind == HR_PARAM_NORM_COUNT) continue;
        if (change != NULL && change->renamed == NULL && !change->transposed) continue;
        hr_tensor_data *item = &items[n++];
        *item = (hr_tensor_data){
            .name = param->name, .dtype = HR_F32, .n_dims = param->n_dims, .data = block + param->offset};
        memcpy(item->shape, param->shape, sizeof param->shape);
        if (change != NULL && change->renamed != NULL) item->name = change->renamed;
        if (change != NULL && change->transposed) {
            item->shape[0] = param->shape[1];
            item->shape[1] = param->shape[0];
        }
        MUST(hr_weights_read(&net.weights, &net.graph, i, block + param->offset));
        if (bad_name != NULL && strcmp(bad_name, param->name) == 0) block[param->offset + 5] = bad_value;
        if (integer_name != NULL && strcmp(integer_name, param->name) == 0) {
            item->dtype = HR_I64;
            item->data = integers;
        }
    }
    if (extra_name != NULL)
        items[n++] = (hr_tensor_data){.name = extra_name, .dtype = HR_F32, .n_dims = 1, .shape = {8}, .data = block};
    MUST(hr_torch_save(file, items, n));
    test_free(items);
    test_free(block);
    golden_graph_close(&net);
    return (int)n;
}

/* Every line of the report, each ended by a newline. */
static char report[1 << 16];

static void collect(void *context, const char *line)
{
    (void)context;
    const size_t at = strlen(report);
    snprintf(report + at, sizeof report - at, "%s\n", line);
}

static void reported(const char *line)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s\n", line);
    if (strstr(report, whole) == NULL) fail_msg("expected \"%s\" in the report:\n%s", line, report);
}

/* Load a file into the first golden network. */
static hrnet_status load(hrnet_model **model, const char *path, int allow_missing)
{
    hrnet_config *config = golden_config(net_names[0]);
    report[0] = '\0';
    const hrnet_status status = hrnet_model_load(
        model, path,
        &(hrnet_model_options){.config = config, .allow_missing = allow_missing, .on_message = collect, .seed = 5});
    hrnet_config_free(config);
    return status;
}

static void all_there(void **state)
{
    (void)state;
    char line[256];
    hrnet_model *model = NULL;
    const int n = write_edited(NULL, 0);
    MUST(load(&model, file, 0));
    snprintf(line, sizeof line, "%s: %d of %zu tensors matched, 0 missing, 0 of another shape, 0 unexpected, 0 ignored",
             file, n, hrnet_model_get_info(model).n_tensors);
    reported(line);
    hrnet_model_free(model);
}

static void named_problems(void **state)
{
    (void)state;
    static const edit edits[] = {{"stage2.0.branches.0.0.conv1.weight", NULL, 0},
                                 {"bn1.weight", "first_norm.weight", 0},
                                 {"final_layer.weight", NULL, 1}};
    hrnet_model *model = NULL;
    write_edited(edits, 3);
    REFUSED(load(&model, file, 0), HRNET_ERR_MISMATCH, file);
    reported("missing: stage2.0.branches.0.0.conv1.weight");
    reported("missing: bn1.weight");
    reported("unexpected: first_norm.weight");
    reported("wrong shape: final_layer.weight: expected [17, 8, 1, 1], found [8, 17, 1, 1]");
    assert_non_null(strstr(report, "2 missing, 1 of another shape, 1 unexpected"));
    assert_non_null(strstr(hrnet_last_error(), "2 tensors missing, 1 of another shape, 1 unexpected"));
    assert_non_null(strstr(hrnet_last_error(), "stage2.0.branches.0.0.conv1.weight"));
    assert_non_null(strstr(hrnet_last_error(), "bn1.weight"));
    assert_non_null(strstr(hrnet_last_error(), "expected [17, 8, 1, 1], found [8, 17, 1, 1]"));
    assert_null(model);
    MUST(load(&model, file, 1));
    reported("missing: bn1.weight");
    assert_non_null(strstr(report, "3 tensors keep their initial values"));
    hrnet_model_free(model);
}

/* A network of fewer modules than the file's is another one: what is left over of the file's is named. */
static void left_over_inside(void **state)
{
    (void)state;
    hrnet_model *model = NULL;
    hrnet_config *config = NULL;
    const char *const overrides[] = {"MODEL.EXTRA.STAGE4.NUM_MODULES", "1", NULL};
    const char *const path = golden_path(net_names[0], "weights.pth");
    MUST(hrnet_config_load(&config, golden_path(net_names[0], "config.yaml"), overrides, NULL, NULL));
    hrnet_model_options options = {.config = config, .on_message = collect};
    report[0] = '\0';
    /* the shorter network's last module is the golden one's first, which has three fuse outputs more */
    REFUSED(hrnet_model_load(&model, path, &options), HRNET_ERR_MISMATCH,
            "0 tensors missing, 0 of another shape, 192 unexpected; unexpected: stage4.0.fuse_layers.1.0.0.0.weight");
    reported("unexpected: stage4.1.branches.0.0.conv1.weight");
    reported("unexpected: stage4.0.fuse_layers.3.2.0.0.weight");
    assert_null(model);
    options.allow_missing = 1;
    MUST(hrnet_model_load(&model, path, &options));
    assert_non_null(strstr(report, "warning: "));
    assert_non_null(strstr(report, "192 tensors inside the network are not used"));
    hrnet_model_free(model);
    hrnet_config_free(config);
}

/* Attention, further deconvolutions, layers of the head: inside. Another head: beside, told with a warning. */
static void left_over_tensors(void **state)
{
    (void)state;
    static const struct {
        const char *name, *word; /* word: of the error; NULL: of the warning */
    } cases[] = {
        {"stage2.0.branches.0.0.se.fc1.weight", "unexpected: stage2.0.branches.0.0.se.fc1.weight"},
        {"deconv_layers.0.weight", "unexpected: deconv_layers.0.weight"},
        {"conv3.weight", "unexpected: conv3.weight"},
        {"layer1.4.conv1.weight", "unexpected: layer1.4.conv1.weight"},
        {"stage5.0.weight", "unexpected: stage5.0.weight"},
        {"final_layer.extra", "unexpected: final_layer.extra"},
        {"reid_head.fc.weight", NULL},
        {"fc.weight", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_model *model = NULL;
        char line[256];
        extra_name = cases[i].name;
        write_edited(NULL, 0);
        extra_name = NULL;
        if (cases[i].word != NULL) {
            REFUSED(load(&model, file, 0), HRNET_ERR_MISMATCH, cases[i].word);
            MUST(load(&model, file, 1));
            assert_non_null(strstr(report, "\nwarning: "));
        } else {
            MUST(load(&model, file, 0));
            snprintf(line, sizeof line, "warning: %s: 1 tensors beside the network are not used: %.*s (1)", file,
                     (int)strcspn(cases[i].name, "."), cases[i].name);
            reported(line);
        }
        hrnet_model_free(model);
    }
}

/* Numbers that no network can compute with are refused wherever weights are read. */
static void bad_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *message;
        float value;
    } cases[] = {{"stage3.0.branches.1.0.conv2.weight", "expected finite numbers, found NaN at element 5", NAN},
                 {"bn1.bias", "expected finite numbers, found an infinite one", INFINITY},
                 {"bn1.running_mean", "expected finite numbers, found an infinite one", -INFINITY},
                 {"bn1.running_var", "expected variances of at least 0, found -1 at element 5", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_model *model = NULL;
        hrnet_checkpoint *checkpoint = NULL;
        hrnet_config *config = golden_config(net_names[0]);
        hrnet_array input = golden_array(net_names[0], "input"), heatmaps = {0};
        char whole[512], out[80];
        bad_name = cases[i].name;
        bad_value = cases[i].value;
        write_edited(NULL, 0);
        bad_name = NULL;
        snprintf(whole, sizeof whole, "%s: %s: %s", file, cases[i].name, cases[i].message);
        snprintf(out, sizeof out, "%s/out", folder);
        REFUSED(load(&model, file, 0), HRNET_ERR_FORMAT, whole);
        REFUSED(load(&model, file, 1), HRNET_ERR_FORMAT, whole);
        MUST(hrnet_checkpoint_load(&checkpoint, file));
        const hrnet_model_options options = {.config = config};
        for (int format = 0; format < 2; format++) {
            const hrnet_save_options how = {.format = (hrnet_file_format)format, .config = config};
            REFUSED(hrnet_checkpoint_save(checkpoint, out, &how), HRNET_ERR_FORMAT, whole);
        }
        REFUSED(hrnet_export_onnx(checkpoint, out, &options, 1), HRNET_ERR_FORMAT, whole);
        REFUSED(hrnet_reference_forward(&heatmaps, checkpoint, &options, &input, 0, 0), HRNET_ERR_FORMAT, whole);
        assert_int_equal(access(out, F_OK), -1);
        hrnet_checkpoint_free(checkpoint);
        hrnet_config_free(config);
        hrnet_array_free(&input);
    }
}

/* Integers are no weights: nothing says how to scale them. A count of batches may have any type. */
static void integer_weights(void **state)
{
    (void)state;
    hrnet_model *model = NULL;
    integer_name = "layer1.0.bn1.weight";
    write_edited(NULL, 0);
    integer_name = NULL;
    REFUSED(load(&model, file, 0), HRNET_ERR_MISMATCH,
            "1 of another type, 0 unexpected; wrong type: layer1.0.bn1.weight: expected floating numbers, found int64");
    MUST(load(&model, file, 1));
    assert_non_null(strstr(report, "1 tensors keep their initial values"));
    hrnet_model_free(model);
}

static void other_networks(void **state)
{
    (void)state;
    static const float one = 1;
    static const hr_tensor_data stranger = {"foo.bar", HR_F32, 1, {1}, &one};
    hrnet_model *model = NULL;
    hrnet_config *config = NULL;
    REFUSED(load(&model, golden_path(net_names[2], "weights.pth"), 0), HRNET_ERR_MISMATCH, "of another shape");
    assert_non_null(strstr(hrnet_last_error(), "; ...")); /* the first few only: the report has them all */
    MUST(hrnet_config_load(&config, "coco/resnet/res50_256x192", NULL, NULL, NULL));
    const char *path = golden_path(net_names[0], "weights.pth");
    REFUSED(hrnet_model_load(&model, path, &(hrnet_model_options){.config = config}), HRNET_ERR_MISMATCH, "missing");
    hrnet_config_free(config);
    MUST(hr_safetensors_save(file, &stranger, 1, NULL, 0, 0));
    REFUSED(load(&model, file, 1), HRNET_ERR_MISMATCH, "none of the network's");
    reported("unexpected: foo.bar");
    REFUSED(load(&model, "no/such/file.pth", 0), HRNET_ERR_IO, "no/such/file.pth");
    REFUSED(hrnet_model_load(NULL, file, NULL), HRNET_ERR_ARGUMENT, "out is NULL");
    assert_null(model);
}

/* ---------------------------------------------------------------------------------------------- which values */

enum source { FROM_FILE, INITIAL };

/* Bind `path` to the first golden network and check where every parameter comes from. initial(name) says which keep
 * their initial values. */
static void check_sources(const char *path, hr_bind_options options, int (*initial)(const char *name))
{
    golden_graph net;
    hrnet_checkpoint *checkpoint = NULL;
    hr_binding binding = {0};
    int n[2] = {0};
    options.path = path;
    options.seed = 11;
    golden_graph_open(&net, net_names[0]);
    MUST(hrnet_checkpoint_load(&checkpoint, path));
    MUST(hr_bind(&binding, &net.graph, &checkpoint->tensors, &checkpoint->layout, &options));
    const hr_weights bound = hr_bound(&binding), from_seed = hr_initial_weights(&options.seed);
    for (int i = 0; i < net.graph.n_params; i++) {
        const hr_param *param = &net.graph.params[i];
        const enum source source = initial(param->name) ? INITIAL : FROM_FILE;
        float *found = test_malloc(param->n_elements * sizeof *found);
        float *expected = test_malloc(param->n_elements * sizeof *expected);
        if (param->kind != HR_PARAM_NORM_COUNT) {
            MUST(hr_weights_read(&bound, &net.graph, i, found));
            MUST(hr_weights_read(source == INITIAL ? &from_seed : &net.weights, &net.graph, i, expected));
            if (memcmp(found, expected, param->n_elements * sizeof *found) != 0)
                fail_msg("%s: not the %s values", param->name, source == INITIAL ? "initial" : "file's");
            n[source]++;
        }
        test_free(found);
        test_free(expected);
    }
    assert_true(n[FROM_FILE] > 0 && n[INITIAL] > 0);
    hr_binding_free(&binding);
    hrnet_checkpoint_free(checkpoint);
    golden_graph_close(&net);
}

static int is_edited(const char *name)
{
    return strcmp(name, "bn1.weight") == 0 || strcmp(name, "final_layer.weight") == 0;
}

static void missing_keep_initial_values(void **state)
{
    (void)state;
    static const edit edits[] = {{"bn1.weight", NULL, 0}, {"final_layer.weight", NULL, 1}};
    write_edited(edits, 2);
    check_sources(file, (hr_bind_options){.allow_missing = 1}, is_edited);
}

static int is_head(const char *name)
{
    return strncmp(name, "final_layer.", 12) == 0;
}

static int is_not_stem(const char *name)
{
    return strncmp(name, "conv1.", 6) != 0 && strncmp(name, "bn1.", 4) != 0;
}

/* The published list names all but the head; "conv1" means the module, not every name that begins like it. */
static void pretrained_layers(void **state)
{
    (void)state;
    const char *path = golden_path(net_names[0], "weights.pth");
    const char *const overrides[] = {"MODEL.EXTRA.PRETRAINED_LAYERS", "['conv1', 'bn1', 'stage']", NULL};
    hrnet_config *config = golden_config(net_names[0]);
    check_sources(path, (hr_bind_options){.pretrained = &config->model}, is_head);
    hrnet_config_free(config);
    MUST(hrnet_config_load(&config, golden_path(net_names[0], "config.yaml"), overrides, NULL, NULL));
    check_sources(path, (hr_bind_options){.pretrained = &config->model}, is_not_stem);
    hrnet_config_free(config);
}

/* Heatmaps of golden picture 0 of the first golden network under overrides, without a checkpoint; freed with
 * test_free. */
static float *start_heatmaps(const char *const *overrides, int training, uint64_t seed)
{
    hrnet_config *config = NULL;
    hrnet_model *model = NULL;
    MUST(hrnet_config_load(&config, golden_path(net_names[0], "config.yaml"), overrides, NULL, NULL));
    MUST(hrnet_model_load(&model, NULL, &(hrnet_model_options){.config = config, .training = training, .seed = seed}));
    hrnet_array input = golden_array(net_names[0], "input");
    float *heatmaps = run_model(model, input.data, 1, 0, 1, 1);
    hrnet_array_free(&input);
    hrnet_model_free(model);
    hrnet_config_free(config);
    return heatmaps;
}

/* What get_pose_net(cfg, is_train) starts from. */
static void training_start(void **state)
{
    (void)state;
    static const struct {
        const char *overrides[9];
        int training;
        uint64_t seed;
        enum source source;
    } cases[] = {
        {{NULL}, 0, 0, INITIAL},
        {{NULL}, 1, 0, INITIAL}, /* PRETRAINED is '' */
        {{"DATA_DIR", TEST_DATA "/golden", "MODEL.PRETRAINED", "hrnet_w8_96x64/weights.pth",
          "MODEL.EXTRA.PRETRAINED_LAYERS", "['*']", NULL},
         1,
         0,
         FROM_FILE},
        {{"DATA_DIR", "elsewhere", "MODEL.PRETRAINED", TEST_DATA "/golden/hrnet_w8_96x64/weights_mmpose.pth",
          "MODEL.EXTRA.PRETRAINED_LAYERS", "['*', 'conv1']", NULL},
         1,
         0,
         FROM_FILE},
        {{"MODEL.PRETRAINED", TEST_DATA "/golden/hrnet_w8_96x64/weights.pth", NULL}, 0, 0, INITIAL}, /* not training */
        {{"MODEL.PRETRAINED", TEST_DATA "/golden/hrnet_w8_96x64/weights.pth", "MODEL.INIT_WEIGHTS", "false", NULL},
         1,
         0,
         INITIAL},
    };
    hrnet_array golden = golden_array(net_names[0], "heatmaps");
    const size_t n = golden.shape[1] * golden.shape[2] * golden.shape[3];
    static const char *const nothing[] = {NULL};
    float *start = start_heatmaps(nothing, 0, 0), *other_seed = start_heatmaps(nothing, 0, 1);
    assert_memory_not_equal(start, other_seed, n * sizeof *start);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float *found = start_heatmaps(cases[i].overrides, cases[i].training, cases[i].seed);
        if (cases[i].source == INITIAL)
            assert_memory_equal(found, start, n * sizeof *found);
        else
            assert_true(relative_error(found, golden.data, n) <= 1e-5); /* test_golden's bound */
        test_free(found);
    }
    test_free(start);
    test_free(other_seed);
    hrnet_array_free(&golden);
}

/* Upstream: "... is not exist!" */
static void pretrained_file_missing(void **state)
{
    (void)state;
    static const char *const overrides[] = {"DATA_DIR", "some/where", "MODEL.PRETRAINED", "models/imagenet.pth", NULL};
    hrnet_config *config = NULL;
    hrnet_model *model = NULL;
    MUST(hrnet_config_load(&config, golden_path(net_names[0], "config.yaml"), overrides, NULL, NULL));
    REFUSED(hrnet_model_load(&model, NULL, &(hrnet_model_options){.config = config, .training = 1}), HRNET_ERR_IO,
            "MODEL.PRETRAINED: some/where/models/imagenet.pth");
    assert_null(model);
    hrnet_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_there),
        cmocka_unit_test(named_problems),
        cmocka_unit_test(left_over_inside),
        cmocka_unit_test(other_networks),
        cmocka_unit_test(pretrained_layers),
        cmocka_unit_test(missing_keep_initial_values),
        cmocka_unit_test(left_over_tensors),
        cmocka_unit_test(bad_numbers),
        cmocka_unit_test(integer_weights),
        cmocka_unit_test(training_start),
        cmocka_unit_test(pretrained_file_missing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
