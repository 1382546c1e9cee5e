/* test_infer_detector.c - detectors inferred from names and shapes, which PyTorch listed from the published code: the
 * network has those tensors, and the numbers that the published tables give. What is no detector of ours is refused. */
#include <math.h>
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
    const hrnet_status read = hr_layout_read(&layout, &dict->tensors, NULL);
    if (read != HRNET_OK) return read;
    const hrnet_status status = hr_infer_config(config, &layout, "weights.pth", NULL, remember, NULL);
    hr_layout_free(&layout);
    return status;
}

static hr_tensor *find(state_dict *dict, const char *name)
{
    for (size_t i = 0; i < dict->tensors.n_items; i++)
        if (strcmp(dict->tensors.items[i].name, name) == 0) return &dict->tensors.items[i];
    return NULL;
}

/* Every parameter is a tensor of the list, with its shape, and as many there are. */
static void expect_same_tensors(const char *list, const hr_graph *graph, state_dict *dict)
{
    assert_int_equal(graph->n_params, dict->tensors.n_items);
    for (int k = 0; k < graph->n_params; k++) {
        const hr_param *const param = &graph->params[k];
        const hr_tensor *const expected = find(dict, param->name);
        if (expected == NULL) fail_msg("%s: %s is no tensor of the list", list, param->name);
        assert_int_equal(param->n_dims, expected->n_dims);
        for (int d = 0; d < param->n_dims; d++)
            if (param->shape[d] != expected->shape[d]) fail_msg("%s: shape of %s", list, param->name);
    }
}

/* As the tables of RTMDet count: the average that its attention takes and the product with it are multiply-adds, too.
 */
static double count_macs(const hr_graph *graph)
{
    double n = (double)hr_graph_macs(graph);
    for (int i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].op == HR_OP_SCALE) n += 2.0 * graph->nodes[i].c * graph->nodes[i].h * graph->nodes[i].w;
    return n;
}

/* Sizes, parameters and tensors as counted in the published code, 10^9 multiply-adds at the size. */
static void published_networks(void **state)
{
    (void)state;
    static const struct {
        const char *list, *name;
        int side, n_classes, n_tensors;
        size_t n_parameters;
        double gmac;
    } known[] = {{"yolox_nano", "yolox", 416, 80, 642, 912159, 0.523},
                 {"yolox_tiny", "yolox", 416, 80, 462, 5055855, 3.206},
                 {"yolox_s", "yolox", 640, 80, 462, 8968255, 13.343},
                 {"yolox_m", "yolox", 640, 80, 606, 25326495, 36.765},
                 {"yolox_l", "yolox", 640, 80, 750, 54208895, 77.646},
                 {"yolox_x", "yolox", 640, 80, 894, 99071455, 140.705},
                 {"rtmdet_tiny", "rtmdet", 640, 80, 476, 4896168, 8.04},
                 {"rtmdet_s", "rtmdet", 640, 80, 512, 8886924, 14.77},
                 {"rtmdet_m", "rtmdet", 640, 80, 692, 24709188, 39.08},
                 {"rtmdet_m_person", "rtmdet", 640, 1, 692, 24663447, 38.95},
                 {"rtmdet_nano_person", "rtmdet", 320, 1, 698, 994423, 0.31}};
    hr_config *config = test_malloc(sizeof *config);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        state_dict dict = {0};
        hr_graph graph = {0};
        state_dict_load(&dict, known[i].list, i % 2 == 0 ? "model" : "state_dict", i % 3 == 0 ? "module." : "", "");
        if (infer(config, &dict) != HRNET_OK) fail_msg("%s: %s", known[i].list, hrnet_last_error());
        assert_string_equal(config->model.name, known[i].name);
        assert_int_equal(config->model.image_size[0], known[i].side);
        assert_int_equal(config->model.image_size[1], known[i].side);
        assert_int_equal(config->model.n_classes, known[i].n_classes);
        assert_int_equal(config->dataset.color_rgb, 0);
        /* of RTMDet the distances of m, and of m alone here, are exponents */
        assert_int_equal(config->model.exp_distances, strncmp(known[i].list, "rtmdet_m", 8) == 0);
        assert_non_null(strstr(message, "weights.pth does not say"));
        assert_int_equal(hr_network_build(&graph, &config->model), HRNET_OK);
        assert_int_equal(graph.n_params, known[i].n_tensors);
        assert_int_equal(hr_graph_n_trainable(&graph), known[i].n_parameters);
        const double gmac = count_macs(&graph) * 1e-9, digits = strstr(known[i].list, "yolox") != NULL ? 5e-4 : 5e-3;
        if (fabs(gmac - known[i].gmac) > digits) fail_msg("%s: %.4f x 10^9 multiply-adds", known[i].list, gmac);
        for (size_t k = 0; k < dict.tensors.n_items && i % 3 == 0; k++)
            memmove(dict.tensors.items[k].name, dict.tensors.items[k].name + 7, strlen(dict.tensors.items[k].name) - 6);
        expect_same_tensors(known[i].list, &graph, &dict);
        hr_graph_free(&graph);
        state_dict_free(&dict);
    }
    test_free(config);
}

/* Three outputs, each a tensor of the cells of its stride. */
static void outputs_by_stride(void **state)
{
    (void)state;
    static const char *const lists[] = {"yolox_nano", "rtmdet_nano_person"};
    hr_config *config = test_malloc(sizeof *config);
    for (size_t i = 0; i < 2; i++) {
        state_dict dict = {0};
        hr_graph graph = {0}, small = {0};
        state_dict_load(&dict, lists[i], "", "", "");
        assert_int_equal(infer(config, &dict), HRNET_OK);
        assert_int_equal(hr_network_build(&graph, &config->model), HRNET_OK);
        assert_int_equal(hr_graph_reshape(&small, &graph, 64, 96), HRNET_OK);
        assert_int_equal(small.n_outputs, 3);
        for (int k = 0; k < 3; k++) {
            char name[16];
            const hr_node *const node = &small.nodes[small.outputs[k].node];
            snprintf(name, sizeof name, "head_%d", 8 << k);
            assert_string_equal(small.outputs[k].name, name);
            assert_int_equal(node->c, i == 0 ? 85 : 5);
            assert_int_equal(node->h, 64 >> (3 + k));
            assert_int_equal(node->w, 96 >> (3 + k));
        }
        assert_int_not_equal(hr_graph_reshape(&graph, &small, 64, 80), HRNET_OK);
        hr_graph_free(&small);
        hr_graph_free(&graph);
        state_dict_free(&dict);
    }
    test_free(config);
}

/* ---------------------------------------------------------------------------------------------- refusals */

/* What is done to a list before it is read. */
typedef struct change {
    const char *list, *old_name, *new_name; /* old_name NULL: a tensor new_name is added */
    int64_t first_size;
    hrnet_status status;
    const char *word;
} change;

static hrnet_status infer_changed(hr_config *config, const change *c)
{
    state_dict dict = {0};
    state_dict_load(&dict, c->list, "", "", "");
    if (c->old_name == NULL) {
        state_dict_add(&dict, "", c->new_name, 4, (const int64_t[]){c->first_size, 1, 1, 1});
    } else {
        hr_tensor *const tensor = find(&dict, c->old_name);
        assert_non_null(tensor);
        hr_free(tensor->name);
        tensor->name = hr_strdup(c->new_name);
        if (c->first_size != 0) tensor->shape[0] = c->first_size;
    }
    const hrnet_status status = infer(config, &dict);
    state_dict_free(&dict);
    return status;
}

static void other_networks(void **state)
{
    (void)state;
    static const change changes[] = {
        {"yolox_nano", NULL, "backbone.backbone.dark3.1.layer1.conv.weight", 8, HRNET_ERR_UNSUPPORTED, "Darknet53"},
        {"yolox_nano", NULL, "bbox_head.rtm_cls.0.weight", 80, HRNET_ERR_MISMATCH, "bbox_head.rtm_cls.0.weight"},
        {"rtmdet_tiny", NULL, "backbone.C3_p4.conv1.conv.weight", 80, HRNET_ERR_MISMATCH, "backbone.C3_p4"},
        {"yolox_nano", "head.cls_preds.0.weight", "head.cls_preds.0.weight", 5000, HRNET_ERR_CONFIG, "NUM_CLASSES"},
        {"yolox_nano", "head.stems.0.conv.weight", "head.stems.0.conv.weight", 1 << 30, HRNET_ERR_LIMIT,
         "head.stems.0"},
        {"yolox_nano", "backbone.backbone.stem.conv.conv.weight", "backbone.backbone.stem.conv.conv.weight", 1000,
         HRNET_ERR_LIMIT, "weights"},
        {"yolox_nano", "backbone.backbone.dark2.1.m.0.conv1.bn.bias",
         "backbone.backbone.dark2.1.m.999999.conv1.bn.bias", 0, HRNET_ERR_LIMIT, "256 blocks"},
        {"rtmdet_nano_person", "backbone.stem.2.conv.weight", "backbone.stem.2.conv.weight", 17, HRNET_ERR_CONFIG,
         "even"},
    };
    hr_config *config = test_malloc(sizeof *config);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const hrnet_status status = infer_changed(config, &changes[i]);
        if (status != changes[i].status) fail_msg("change %zu: status %d: %s", i, status, hrnet_last_error());
        if (strstr(hrnet_last_error(), changes[i].word) == NULL)
            fail_msg("expected \"%s\" in: %s", changes[i].word, hrnet_last_error());
    }
    test_free(config);
}

/* A list without the tensors that begin so. */
static hrnet_status infer_without(hr_config *config, const char *list, const char *beginning)
{
    state_dict dict = {0}, left = {0};
    state_dict_load(&dict, list, "", "", "");
    for (size_t i = 0; i < dict.tensors.n_items; i++) {
        const hr_tensor *const t = &dict.tensors.items[i];
        if (strncmp(t->name, beginning, strlen(beginning)) != 0)
            state_dict_add(&left, "", t->name, t->n_dims, t->shape);
    }
    const hrnet_status status = infer(config, &left);
    state_dict_free(&dict);
    state_dict_free(&left);
    return status;
}

static void parts_that_are_missing(void **state)
{
    (void)state;
    static const struct {
        const char *list, *beginning;
        hrnet_status status;
        const char *word;
    } cases[] = {{"yolox_nano", "head.", HRNET_ERR_UNSUPPORTED, "another network"},
                 {"rtmdet_tiny", "bbox_head.", HRNET_ERR_UNSUPPORTED, "bbox_head.rtm_cls.0.weight"},
                 {"yolox_nano", "backbone.backbone.dark4.", HRNET_ERR_MISMATCH, "stage 3"},
                 {"yolox_nano", "backbone.backbone.stem.", HRNET_ERR_MISMATCH, "backbone.backbone.stem.conv"},
                 {"yolox_nano", "head.stems.", HRNET_ERR_MISMATCH, "head.stems.0"},
                 {"yolox_nano", "head.cls_preds.", HRNET_ERR_MISMATCH, "head.cls_preds.0"},
                 {"yolox_nano", "backbone.C3", HRNET_ERR_CONFIG, "NECK_BLOCKS"}};
    hr_config *config = test_malloc(sizeof *config);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hrnet_status status = infer_without(config, cases[i].list, cases[i].beginning);
        if (status != cases[i].status) fail_msg("case %zu: status %d: %s", i, status, hrnet_last_error());
        if (strstr(hrnet_last_error(), cases[i].word) == NULL)
            fail_msg("expected \"%s\" in: %s", cases[i].word, hrnet_last_error());
    }
    /* any level's predictor, and a norm in place of a convolution, show a size, too */
    assert_int_equal(infer_without(config, "yolox_nano", "head.cls_preds.0."), HRNET_OK);
    assert_int_equal(config->model.n_classes, 80);
    assert_int_equal(infer_without(config, "yolox_nano", "head.stems.0.conv.weight"), HRNET_OK);
    assert_int_equal(config->model.head_channels, 64);
    test_free(config);
}

/* A body of pose_hrnet with the head of a detector is detect_hrnet. */
static void head_on_an_hrnet(void **state)
{
    (void)state;
    hr_config *config = test_malloc(sizeof *config);
    state_dict body = {0}, head = {0}, dict = {0};
    state_dict_load(&body, "coco_hrnet_w32", "", "", "");
    state_dict_load(&head, "yolox_s", "", "", "");
    for (size_t i = 0; i < body.tensors.n_items + head.tensors.n_items; i++) {
        const int is_body = i < body.tensors.n_items;
        const hr_tensor *const t = is_body ? &body.tensors.items[i] : &head.tensors.items[i - body.tensors.n_items];
        const char *const kept = is_body ? "final_layer" : "head.";
        if ((strncmp(t->name, kept, strlen(kept)) == 0) != is_body)
            state_dict_add(&dict, "", t->name, t->n_dims, t->shape);
    }
    assert_int_equal(infer(config, &dict), HRNET_OK);
    assert_string_equal(config->model.name, "detect_hrnet");
    assert_int_equal(config->model.layer1_blocks, 4);
    assert_int_equal(config->model.head_channels, 128);
    assert_int_equal(config->model.n_classes, 80);
    assert_int_equal(config->dataset.color_rgb, 1);
    state_dict_free(&body);
    state_dict_free(&head);
    state_dict_free(&dict);
    test_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_networks), cmocka_unit_test(outputs_by_stride),
                                       cmocka_unit_test(other_networks), cmocka_unit_test(parts_that_are_missing),
                                       cmocka_unit_test(head_on_an_hrnet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
