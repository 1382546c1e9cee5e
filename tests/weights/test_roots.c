/* test_roots.c - the network is found under any prefix, in any dictionary, and beside other networks; a key chooses. */
#include "../support/net_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "state_dict.h"

static char folder[] = "/tmp/hrnet-test-roots-XXXXXX", file[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(file, sizeof file, "%s/prefixed.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

/* ---------------------------------------------------------------------------------------------- prefixes */

/* Prefix number i of 36: one of the words that wrappers use, or two of them. */
static const char *make_prefix(size_t i)
{
    static const char *const words[] = {"_orig_mod", "module",     "model", "net",     "network",      "backbone",
                                        "pose_net",  "pose_model", "0",     "student", "estimator_2d", "x.y"};
    static char prefix[64];
    const size_t n = sizeof words / sizeof *words;
    if (i < n)
        snprintf(prefix, sizeof prefix, "%s.", words[i]);
    else
        snprintf(prefix, sizeof prefix, "%s.%s.", words[i % n], words[(5 * i + i / n) % n]);
    return prefix;
}

/* The golden network under a prefix has the golden network's numbers, and tells no more than its count. */
static void expect_equal(const golden_graph *net, const float *expected, const char *prefix)
{
    hrnet_checkpoint *checkpoint = NULL;
    hr_config *config = test_malloc(sizeof *config);
    hr_binding binding = {0};
    float *found = test_malloc(net->graph.n_floats * sizeof *found);
    MUST(hrnet_checkpoint_load(&checkpoint, file));
    if (hr_checkpoint_config(checkpoint, config, NULL, NULL, NULL) != HRNET_OK)
        fail_msg("%s: %s", prefix, hrnet_last_error());
    assert_memory_equal(config->model.stages, net->config->model.stages, sizeof config->model.stages);
    MUST(hr_bind(&binding, &net->graph, &checkpoint->tensors, &checkpoint->layout, &(hr_bind_options){.path = file}));
    const hr_weights weights = hr_bound(&binding);
    for (int i = 0; i < net->graph.n_params; i++) {
        const hr_param *const param = &net->graph.params[i];
        if (param->kind == HR_PARAM_NORM_COUNT) continue;
        MUST(hr_weights_read(&weights, &net->graph, i, found + param->offset));
        if (memcmp(found + param->offset, expected + param->offset, param->n_elements * sizeof *found) != 0)
            fail_msg("%s%s: other numbers", prefix, param->name);
    }
    assert_string_equal(checkpoint->layout.others, "");
    assert_string_equal(checkpoint->layout.choice, "");
    test_free(found);
    test_free(config);
    hr_binding_free(&binding);
    hrnet_checkpoint_free(checkpoint);
}

static void any_prefix(void **state)
{
    (void)state;
    golden_graph net;
    golden_graph_open(&net, net_names[0]);
    const size_t n = (size_t)net.graph.n_params;
    float *block = test_malloc(net.graph.n_floats * sizeof *block);
    hr_tensor_data *items = test_calloc(n, sizeof *items);
    char(*names)[256] = test_malloc(n * sizeof *names);
    for (size_t i = 0; i < n; i++) {
        const hr_param *const param = &net.graph.params[i];
        items[i] =
            (hr_tensor_data){.name = names[i], .dtype = HR_F32, .n_dims = param->n_dims, .data = block + param->offset};
        memcpy(items[i].shape, param->shape, sizeof param->shape);
        MUST(hr_weights_read(&net.weights, &net.graph, (int)i, block + param->offset));
    }
    for (size_t k = 0; k < 36; k++) {
        const char *const prefix = make_prefix(k);
        for (size_t i = 0; i < n; i++) snprintf(names[i], sizeof names[i], "%s%s", prefix, net.graph.params[i].name);
        MUST(hr_safetensors_save(file, items, n, NULL, 0, 0));
        expect_equal(&net, block, prefix);
    }
    test_free(names);
    test_free(items);
    test_free(block);
    golden_graph_close(&net);
}

/* Body and head under prefixes of their own: siblings as in mmpose, in two dictionaries, the head inside, or outside.
 */
static void body_and_head(void **state)
{
    (void)state;
    static const struct {
        const char *scope, *body, *head, *producer;
    } cases[] = {
        {"state_dict", "backbone.", "keypoint_head.", "mmpose 0.x"},
        {"state_dict", "backbone.", "head.", "mmpose 1.x"},
        {"state_dict", "module.backbone.", "module.keypoint_head.", "mmpose 0.x"},
        {"", "model._orig_mod.backbone.", "model._orig_mod.head.", "mmpose 1.x"},
        {"", "0.", "1.", "official"},
        {"", "backbone.", "", "official"},
        {"", "", "head.", "official"},
        {"state_dict", "pose.encoder.", "pose.decoder.", "official"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        state_dict dict = {0};
        hr_layout layout = {0};
        state_dict_load(&dict, "hrnet_w12_odd_160x96", cases[i].scope, cases[i].body, cases[i].head);
        MUST(hr_layout_read(&layout, &dict.tensors, NULL));
        assert_string_equal(layout.name, cases[i].producer);
        assert_non_null(hr_layout_find(&layout, "conv1.weight"));
        assert_non_null(hr_layout_find(&layout, "stage4.0.branches.3.0.conv1.weight"));
        assert_non_null(hr_layout_find(&layout, "final_layer.weight"));
        assert_int_equal(layout.n_sorted, dict.tensors.n_items);
        for (size_t k = 0; k < layout.n_items; k++) assert_int_equal(layout.items[k].standing, HR_INSIDE);
        hr_layout_free(&layout);
        state_dict_free(&dict);
    }
}

/* Of two heads beside one body the first is taken, however short the other's name is; the other stands outside. */
static void second_head(void **state)
{
    (void)state;
    state_dict dict = {0};
    hr_layout layout = {0};
    state_dict_load(&dict, "hrnet_w12_odd_160x96", "", "backbone.", "keypoint_head.");
    state_dict_add(&dict, "", "aux_head.final_layer.weight", 0, NULL);
    state_dict_add(&dict, "", "detector.rpn.conv_layers.0.weight", 0, NULL);
    MUST(hr_layout_read(&layout, &dict.tensors, NULL));
    assert_string_equal(hr_layout_find(&layout, "final_layer.weight")->found, "keypoint_head.final_layer.weight");
    for (size_t i = 0; i < 2; i++) assert_int_equal(layout.items[layout.n_items - 1 - i].standing, HR_OUTSIDE);
    hr_layout_free(&layout);
    state_dict_free(&dict);
}

/* ---------------------------------------------------------------------------------------------- several networks */

/* Add a network whose tensors stand in storages of their own. */
static void add_network(state_dict *dict, const char *list, const char *scope, const char *body, const char *head)
{
    const size_t first = dict->tensors.n_items;
    state_dict_load(dict, list, scope, body, head);
    for (size_t i = first; i < dict->tensors.n_items; i++) dict->tensors.items[i].storage = i;
}

/* Take the head off again. */
static void drop_head(state_dict *dict)
{
    for (;;) {
        hr_tensor *const last = &dict->tensors.items[dict->tensors.n_items - 1];
        if (strstr(last->name, "final_layer") == NULL && strstr(last->name, "deconv_layers") == NULL) return;
        dict->tensors.n_items--;
        hr_free(last->scope);
        hr_free(last->name);
    }
}

static void expect_found(const state_dict *dict, const char *key, const char *conv1, const char *choice)
{
    hr_layout layout = {0};
    MUST(hr_layout_read(&layout, &dict->tensors, key));
    assert_string_equal(hr_layout_find(&layout, "conv1.weight")->found, conv1);
    assert_string_equal(layout.choice, choice);
    hr_layout_free(&layout);
}

/* The pose network is taken, wherever the detector stands and whatever it is made of. */
static void detector_beside(void **state)
{
    (void)state;
    state_dict one = {0}, two = {0}, three = {0};
    add_network(&one, "coco_resnet50", "", "detector.backbone.body.", "detector.");
    drop_head(&one);
    add_network(&one, "hrnet_w12_odd_160x96", "", "pose.", "pose.");
    expect_found(&one, NULL, "pose.conv1.weight", "");
    state_dict_free(&one);
    add_network(&two, "hrnet_w12_odd_160x96", "state_dict", "detector.backbone.", "detector.backbone.");
    drop_head(&two);
    add_network(&two, "hrnet_w12_odd_160x96", "state_dict", "pose.backbone.", "pose.head.");
    expect_found(&two, NULL, "state_dict/pose.backbone.conv1.weight", "");
    state_dict_free(&two);
    add_network(&three, "hrnet_w12_odd_160x96", "pose", "", "");
    add_network(&three, "hrnet_w12_odd_160x96", "", "detector.", "detector.");
    drop_head(&three);
    expect_found(&three, NULL, "pose/conv1.weight", "");
    state_dict_free(&three);
}

static void keys(void **state)
{
    (void)state;
    state_dict dict = {0};
    hr_layout layout = {0};
    const char *const all = "state_dict/student, ema, state_dict/teacher";
    add_network(&dict, "hrnet_w12_odd_160x96", "ema", "", "");
    add_network(&dict, "hrnet_w12_odd_160x96", "state_dict", "student.", "student.");
    add_network(&dict, "hrnet_w12_odd_160x96", "state_dict", "teacher.", "teacher.");
    expect_found(&dict, NULL, "state_dict/student.conv1.weight", all);
    expect_found(&dict, "teacher", "state_dict/teacher.conv1.weight", "");
    expect_found(&dict, "state_dict/teacher", "state_dict/teacher.conv1.weight", "");
    expect_found(&dict, "state_dict.teacher", "state_dict/teacher.conv1.weight", "");
    expect_found(&dict, "ema", "ema/conv1.weight", "");
    expect_found(&dict, "ema/", "ema/conv1.weight", "");
    expect_found(&dict, "state_dict", "state_dict/student.conv1.weight", "state_dict/student, state_dict/teacher");
    static const char *const unknown[] = {"teach", "tate_dict", "emas", ".", "", "optimizer"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        REFUSED(hr_layout_read(&layout, &dict.tensors, unknown[i]), HRNET_ERR_MISMATCH,
                "(ema, state_dict/student, state_dict/teacher)");
    add_network(&dict, "hrnet_w12_odd_160x96", "", "", "");
    expect_found(&dict, ".", "conv1.weight", "");
    state_dict_free(&dict);
}

/* upstream's checkpoint.pth refers to one network twice: nothing has been chosen. */
static void one_network_twice(void **state)
{
    (void)state;
    state_dict dict = {0};
    add_network(&dict, "hrnet_w12_odd_160x96", "state_dict", "module.", "module.");
    const size_t n = dict.tensors.n_items;
    state_dict_load(&dict, "hrnet_w12_odd_160x96", "best_state_dict", "", "");
    for (size_t i = 0; i < n; i++) dict.tensors.items[n + i].storage = i;
    expect_found(&dict, NULL, "state_dict/module.conv1.weight", "");
    dict.tensors.items[n + 20].storage = 100000;
    expect_found(&dict, NULL, "state_dict/module.conv1.weight", "state_dict/module, best_state_dict");
    state_dict_free(&dict);
}

/* A file of very many prefixes is refused in time, not compared each with each. */
static void many_prefixes(void **state)
{
    (void)state;
    state_dict dict = {0};
    hr_layout layout = {0};
    char name[64];
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "p%d.layer1.0.conv1.weight", i);
        state_dict_add(&dict, "", name, 0, NULL);
    }
    REFUSED(hr_layout_read(&layout, &dict.tensors, NULL), HRNET_ERR_LIMIT, "at most 256 networks");
    state_dict_free(&dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_prefix),      cmocka_unit_test(body_and_head), cmocka_unit_test(second_head),
        cmocka_unit_test(detector_beside), cmocka_unit_test(keys),          cmocka_unit_test(one_network_twice),
        cmocka_unit_test(many_prefixes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
