/* test_infer.c - the configuration inferred from names and shapes is the one that the weights were made with: it gives
 * the same network, tensor by tensor, in state-dict order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "networks/registry.h"
#include "weights/checkpoint.h"
#include "state_dict.h"

static char message[1024];

static void remember(void *context, const char *line)
{
    (void)context;
    snprintf(message, sizeof message, "%s", line);
}

static hrnet_status infer(hr_config *config, state_dict *dict)
{
    hr_layout layout = {0};
    message[0] = '\0';
    assert_int_equal(hr_layout_read(&layout, &dict->tensors, NULL), HRNET_OK);
    const hrnet_status status = hr_infer_config(config, &layout, "weights.pth", NULL, remember, NULL);
    hr_layout_free(&layout);
    return status;
}

/* Names and shapes were listed by PyTorch from the published code. */
static void same_network(void **state)
{
    (void)state;
    static const char *const lists[] = {"coco_hrnet_w32", "coco_resnet50", "hrnet_w12_odd_160x96",
                                        "hrnet_w8_bottleneck_k3_64x64"};
    hr_config *config = test_malloc(sizeof *config);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        state_dict dict = {0};
        hr_graph graph = {0};
        state_dict_load(&dict, lists[i], "", "", "");
        if (infer(config, &dict) != HRNET_OK) fail_msg("%s: %s", lists[i], hrnet_last_error());
        assert_int_equal(hr_network_build(&graph, &config->model), HRNET_OK);
        assert_int_equal(graph.n_params, dict.tensors.n_items);
        for (int k = 0; k < graph.n_params; k++) {
            const hr_tensor *expected = &dict.tensors.items[k];
            assert_string_equal(graph.params[k].name, expected->name);
            assert_int_equal(graph.params[k].n_dims, expected->n_dims);
            for (int d = 0; d < expected->n_dims; d++) assert_int_equal(graph.params[k].shape[d], expected->shape[d]);
        }
        hr_graph_free(&graph);
        state_dict_free(&dict);
    }
    test_free(config);
}

/* The inferred network of the published sizes is the one of the published experiment. */
static void published_networks(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"coco_hrnet_w32", "coco/hrnet/w32_256x192"},
                                           {"coco_resnet50", "coco/resnet/res50_256x192"}};
    hr_config *config = test_malloc(sizeof *config);
    for (size_t i = 0; i < 2; i++) {
        state_dict dict = {0};
        hrnet_config *published = NULL;
        state_dict_load(&dict, pairs[i][0], "", "", "");
        assert_int_equal(infer(config, &dict), HRNET_OK);
        assert_int_equal(hrnet_config_load(&published, pairs[i][1], NULL, NULL, NULL), HRNET_OK);
        /* not in the weights: which of them came from ImageNet */
        memset(published->model.pretrained, 0, sizeof published->model.pretrained);
        memset(published->model.pretrained_layers, 0, sizeof published->model.pretrained_layers);
        published->model.n_pretrained_layers = 0;
        assert_memory_equal(&config->model, &published->model, sizeof config->model);
        assert_int_equal(config->dataset.color_rgb, published->dataset.color_rgb);
        assert_non_null(strstr(message, "weights.pth"));
        assert_non_null(strstr(message, "IMAGE_SIZE [192, 256]"));
        hrnet_config_free(published);
        state_dict_free(&dict);
    }
    test_free(config);
}

/* mmpose trains ResNets on RGB, upstream on BGR; 16 joints are MPII's, whose crops are square. */
static void colours_and_sizes(void **state)
{
    (void)state;
    hr_config *config = test_malloc(sizeof *config);
    state_dict dict = {0}, mpii = {0};
    state_dict_load(&dict, "coco_resnet50", "state_dict", "backbone.", "head.");
    assert_int_equal(infer(config, &dict), HRNET_OK);
    assert_int_equal(config->dataset.color_rgb, 1);
    assert_int_equal(config->model.n_layers, 50);
    state_dict_free(&dict);
    state_dict_load(&mpii, "hrnet_w8_bottleneck_k3_64x64", "", "", "");
    assert_int_equal(infer(config, &mpii), HRNET_OK);
    assert_int_equal(config->model.n_joints, 16);
    assert_int_equal(config->model.image_size[0], 256);
    assert_int_equal(config->model.heatmap_size[1], 64);
    assert_string_equal(config->dataset.dataset, "mpii");
    state_dict_free(&mpii);
    test_free(config);
}

static hr_tensor *find(state_dict *dict, const char *name)
{
    for (size_t i = 0; i < dict->tensors.n_items; i++)
        if (strcmp(dict->tensors.items[i].name, name) == 0) return &dict->tensors.items[i];
    return NULL;
}

/* Change one tensor of W32 and infer. */
static hrnet_status infer_changed(hr_config *config, const char *prefix, const char *old_name, const char *new_name,
                                  int64_t first_size)
{
    state_dict dict = {0};
    state_dict_load(&dict, "coco_hrnet_w32", "", prefix, prefix[0] != '\0' ? "head." : "");
    hr_tensor *tensor = find(&dict, old_name);
    assert_non_null(tensor);
    hr_free(tensor->name);
    tensor->name = hr_strdup(new_name);
    tensor->shape[0] = first_size;
    const hrnet_status status = infer(config, &dict);
    state_dict_free(&dict);
    return status;
}

static void other_heads_and_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *old_name, *new_name;
        int64_t first_size;
        hrnet_status status;
        const char *word;
    } cases[] = {
        {"", "final_layer.weight", "final_layer.weight", 51, HRNET_ERR_UNSUPPORTED, "17 keypoints"},
        {"", "final_layer.weight", "final_layer.weight", 48, HRNET_OK, NULL},
        {"backbone.", "head.final_layer.weight", "head.final_layer.weight", 48, HRNET_ERR_UNSUPPORTED, "16 keypoints"},
        {"backbone.", "head.final_layer.bias", "head.conv_layers.0.weight", 256, HRNET_ERR_UNSUPPORTED,
         "head.conv_layers.0.weight"},
        {"", "final_layer.weight", "other.weight", 17, HRNET_OK, NULL},
        /* indices that skip numbers: what they promise is not there */
        {"", "stage3.3.branches.0.3.bn2.bias", "stage3.200.branches.0.0.bn2.bias", 32, HRNET_ERR_MISMATCH,
         "stage3.4.branches.0.0.conv1.weight"},
        {"", "stage3.3.branches.0.3.bn2.bias", "stage3.0.branches.0.250.bn2.bias", 32, HRNET_ERR_MISMATCH,
         "stage3.0.branches.0.4.conv1.weight"},
        {"", "stage3.3.branches.0.3.bn2.bias", "stage3.0.branches.7.0.bn2.bias", 32, HRNET_ERR_MISMATCH,
         "stage3.0.branches.3.0.conv1.weight"},
        {"", "stage3.3.branches.0.3.bn2.bias", "stage3.999999.branches.0.0.bn2.bias", 32, HRNET_ERR_LIMIT, "stage3"},
        {"", "stage3.3.branches.0.3.bn2.bias", "stage3.0.fuse_layers.8.0.0.0.weight", 32, HRNET_ERR_LIMIT, "stage3"},
        {"", "stage4.0.branches.0.0.conv1.weight", "stage4.0.branches.0.0.conv1.weight", 1 << 30, HRNET_ERR_LIMIT,
         "stage4.0.branches.0.0.conv1.weight"},
        {"", "stage4.0.branches.0.0.conv1.weight", "stage4.0.branches.0.0.conv1.weight", 5000, HRNET_ERR_CONFIG,
         "NUM_CHANNELS"},
        {"", "stage4.0.branches.0.0.conv1.weight", "stage4.0.branches.0.0.conv1.weight", 0, HRNET_ERR_MISMATCH,
         "stage4.0.branches.0.0.conv1.weight"},
    };
    hr_config *config = test_malloc(sizeof *config);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hrnet_status status =
            infer_changed(config, cases[i].prefix, cases[i].old_name, cases[i].new_name, cases[i].first_size);
        if (status != cases[i].status) fail_msg("case %zu: status %d: %s", i, status, hrnet_last_error());
        if (cases[i].word != NULL && strstr(hrnet_last_error(), cases[i].word) == NULL)
            fail_msg("expected \"%s\" in: %s", cases[i].word, hrnet_last_error());
    }
    test_free(config);
}

/* A ResNet whose block counts are none of the published ones. */
static void unknown_depth(void **state)
{
    (void)state;
    hr_config *config = test_malloc(sizeof *config);
    state_dict dict = {0};
    state_dict_load(&dict, "coco_resnet50", "", "", "");
    state_dict_add(&dict, "", "layer3.6.conv1.weight", 0, NULL);
    assert_int_equal(infer(config, &dict), HRNET_ERR_UNSUPPORTED);
    assert_non_null(strstr(hrnet_last_error(), "3, 4, 7 and 3 bottleneck"));
    state_dict_free(&dict);
    test_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_network),  cmocka_unit_test(published_networks),     cmocka_unit_test(colours_and_sizes),
        cmocka_unit_test(unknown_depth), cmocka_unit_test(other_heads_and_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
