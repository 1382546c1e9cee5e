/*
 * test_graph.c - the graphs: tensors named, shaped and ordered as the published code's state dicts, sizes as published,
 * the inference form complete, and the values a network starts from.
 */
#include "../support/net_files.h"

#include <math.h>
#include <string.h>

#include "networks/registry.h"
#include "weights/bind.h"
#include "../weights/state_dict.h"

static hr_graph build(const char *name, const char *const *overrides)
{
    hrnet_config *config = NULL;
    hr_graph graph = {0};
    MUST(hrnet_config_load(&config, name, overrides, NULL, NULL));
    MUST(hr_config_check(config));
    MUST(hr_network_build(&graph, &config->model));
    hrnet_config_free(config);
    return graph;
}

/* The lists were printed by PyTorch from the published code (state_dict_names.json of the golden values). */
static void state_dict_order(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"coco/hrnet/w32_256x192", "coco_hrnet_w32"},
                                           {"coco/resnet/res50_256x192", "coco_resnet50"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        hr_graph graph = build(pairs[i][0], NULL);
        state_dict dict = {0};
        size_t offset = 0;
        state_dict_load(&dict, pairs[i][1], "", "", "");
        assert_int_equal(graph.n_params, dict.tensors.n_items);
        for (int k = 0; k < graph.n_params; k++) {
            const hr_param *param = &graph.params[k];
            const hr_tensor *expected = &dict.tensors.items[k];
            assert_string_equal(param->name, expected->name);
            assert_int_equal(param->n_dims, expected->n_dims);
            size_t n_elements = 1;
            for (int d = 0; d < param->n_dims; d++) {
                assert_int_equal(param->shape[d], expected->shape[d]);
                n_elements *= (size_t)expected->shape[d];
            }
            assert_int_equal(param->n_elements, n_elements);
            assert_int_equal(param->offset, offset);
            assert_int_equal(hr_graph_find_param(&graph, expected->name), k);
            offset += n_elements;
        }
        assert_int_equal(graph.n_floats, offset);
        state_dict_free(&dict);
        hr_graph_free(&graph);
    }
}

/* Trainable parameters and multiply-adds, from calculators that share nothing with this project; they agree with
 * PyTorch's parameter counts of five of these networks, and the HRNets' with the published 7.1, 16.0, 14.6 and 32.9
 * (in units of 2^30). */
static void published_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t n_parameters;
        uint64_t n_macs;
    } nets[] = {
        {"coco/hrnet/w32_256x192", 28536113, 7645003776},      {"coco/hrnet/w32_384x288", 28536113, 17201258496},
        {"coco/hrnet/w48_256x192", 63595745, 15691825152},     {"coco/hrnet/w48_384x288", 63595745, 35306606592},
        {"mpii/hrnet/w32_256x256", 28536080, 10193207296},     {"mpii/hrnet/w48_256x256", 63595696, 20922236928},
        {"coco/resnet/res50_256x192", 33999697, 5426380800},   {"coco/resnet/res50_384x288", 33999697, 12209356800},
        {"coco/resnet/res101_256x192", 52991825, 9062842368},  {"coco/resnet/res101_384x288", 52991825, 20391395328},
        {"coco/resnet/res152_256x192", 68635473, 12699303936}, {"coco/resnet/res152_384x288", 68635473, 28573433856},
        {"mpii/resnet/res50_256x256", 33999440, 7234125824},   {"mpii/resnet/res101_256x256", 52991568, 12082741248},
        {"mpii/resnet/res152_256x256", 68635216, 16931356672},
    };
    size_t n_published = 0;
    while (hrnet_config_names()[n_published] != NULL) n_published++;
    assert_int_equal(n_published, sizeof nets / sizeof *nets);
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        hr_graph graph = build(nets[i].name, NULL);
        assert_int_equal(hr_graph_n_trainable(&graph), nets[i].n_parameters);
        assert_int_equal(hr_graph_macs(&graph), nets[i].n_macs);
        hr_graph_free(&graph);
    }
}

static int count(const hr_graph *graph, hr_op op)
{
    int n = 0;
    for (int i = 0; i < graph->n_nodes; i++) n += graph->nodes[i].op == op;
    return n;
}

/* The census that the official summary prints for W32. (Its 261 ReLU are modules, which blocks call several times.) */
static void layer_census(void **state)
{
    (void)state;
    hr_graph graph = build("coco/hrnet/w32_256x192", NULL);
    assert_int_equal(count(&graph, HR_OP_CONV), 293);
    assert_int_equal(count(&graph, HR_OP_NORM), 292);
    assert_int_equal(count(&graph, HR_OP_UPSAMPLE), 28);
    hr_graph_free(&graph);
}

static void check_fused(const char *name, const hr_graph *graph)
{
    hr_graph fused = {0};
    MUST(hr_graph_fuse(&fused, graph));
    assert_int_equal(count(&fused, HR_OP_NORM), 0);
    assert_int_equal(count(&fused, HR_OP_ACTIVATION), 0);
    assert_int_equal(count(&fused, HR_OP_UPSAMPLE), 0);
    assert_int_equal(count(&fused, HR_OP_CONV), count(graph, HR_OP_CONV));
    assert_int_equal(count(&fused, HR_OP_DECONV), count(graph, HR_OP_DECONV));
    assert_int_equal(count(&fused, HR_OP_MAXPOOL), count(graph, HR_OP_MAXPOOL));
    assert_int_equal(hr_graph_macs(&fused), hr_graph_macs(graph));
    int n_folded = 0;
    for (int i = 0; i < fused.n_nodes; i++) {
        const hr_node *node = &fused.nodes[i];
        n_folded += node->norm >= 0;
        for (int j = 0; j < node->n_inputs; j++) {
            const hr_node *x = &fused.nodes[node->inputs[j]];
            if (node->inputs[j] >= i) fail_msg("%s: node %d reads node %d", name, i, node->inputs[j]);
            if (node->op == HR_OP_SUM && x->h * node->factors[j] != node->h)
                fail_msg("%s: node %d: a sum of maps of different height", name, i);
        }
        if (node->add >= i) fail_msg("%s: node %d adds node %d", name, i, node->add);
    }
    assert_int_equal(n_folded, count(graph, HR_OP_NORM)); /* every norm found its convolution */
    assert_int_equal(fused.nodes[fused.outputs[0].node].h, graph->nodes[graph->outputs[0].node].h);
    hr_graph_free(&fused);
}

static void inference_form(void **state)
{
    (void)state;
    for (const char *const *name = hrnet_config_names(); *name != NULL; name++) {
        hr_graph graph = build(*name, NULL);
        check_fused(*name, &graph);
        hr_graph_free(&graph);
    }
    for (int i = 0; i < N_NETS; i++) {
        hr_graph graph = build(golden_path(net_names[i], "config.yaml"), NULL);
        check_fused(net_names[i], &graph);
        hr_graph_free(&graph);
    }
}

/* Every kernel of the schema's transposed convolutions doubles the size; a bias adds a parameter. */
static void deconvolutions(void **state)
{
    (void)state;
    static const char *const overrides[] = {"MODEL.EXTRA.NUM_DECONV_KERNELS",
                                            "[2, 3, 4]",
                                            "MODEL.EXTRA.DECONV_WITH_BIAS",
                                            "true",
                                            "MODEL.EXTRA.NUM_LAYERS",
                                            "18",
                                            NULL};
    hr_graph graph = build("coco/resnet/res50_256x192", overrides);
    assert_int_equal(graph.nodes[graph.outputs[0].node].h, 64);
    assert_int_equal(graph.nodes[graph.outputs[0].node].w, 48);
    assert_int_not_equal(hr_graph_find_param(&graph, "deconv_layers.3.bias"), -1);
    assert_int_equal(graph.params[hr_graph_find_param(&graph, "deconv_layers.0.weight")].shape[3], 2);
    check_fused("deconvolutions", &graph);
    hr_graph_free(&graph);
}

static void initial_values(void **state)
{
    (void)state;
    const uint64_t seed = 7, other_seed = 8;
    const hr_weights weights = hr_initial_weights(&seed), others = hr_initial_weights(&other_seed);
    hr_graph graph = build("coco/resnet/res50_256x192", NULL);
    double n = 0, sum = 0, squares = 0;
    size_t n_beyond = 0;
    for (int i = 0; i < graph.n_params; i++) {
        const hr_param *param = &graph.params[i];
        if (param->n_elements > 1 << 18) continue; /* the larger half of the network is more of the same */
        float *values = test_malloc(param->n_elements * sizeof *values);
        float *again = test_malloc(param->n_elements * sizeof *again);
        MUST(hr_weights_read(&weights, &graph, i, values));
        MUST(hr_weights_read(&weights, &graph, i, again));
        assert_memory_equal(values, again, param->n_elements * sizeof *values);
        const float constant = param->kind == HR_PARAM_NORM_WEIGHT || param->kind == HR_PARAM_NORM_VAR ? 1 : 0;
        for (size_t k = 0; k < param->n_elements; k++) {
            const double x = (double)values[k];
            if (param->kind != HR_PARAM_WEIGHT) {
                assert_true(values[k] == constant);
                continue;
            }
            n++;
            sum += x;
            squares += x * x;
            n_beyond += fabs(x) > 0.002;
        }
        MUST(hr_weights_read(&others, &graph, i, again));
        assert_int_equal(memcmp(values, again, param->n_elements * sizeof *values) == 0,
                         param->kind != HR_PARAM_WEIGHT);
        test_free(values);
        test_free(again);
    }
    /* N(0, 0.001): mean, variance and the share beyond two sigma, each within five of its standard errors */
    assert_true(n > 1e6);
    assert_true(fabs(sum / n) < 5 * 0.001 / sqrt(n));
    assert_true(fabs(squares / n / 1e-6 - 1) < 5 * sqrt(2 / n));
    assert_true(fabs((double)n_beyond / n - 0.0455) < 5 * sqrt(0.0455 * 0.9545 / n));
    hr_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_dict_order), cmocka_unit_test(published_sizes), cmocka_unit_test(layer_census),
        cmocka_unit_test(inference_form),   cmocka_unit_test(deconvolutions),  cmocka_unit_test(initial_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
