/* test_missing.c - a checkpoint that lacks any one tensor, without a configuration: never read as a smaller network,
 * but refused with the tensor's name. Names and shapes were listed by PyTorch from the published code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "networks/registry.h"
#include "weights/bind.h"
#include "weights/checkpoint.h"
#include "state_dict.h"

/* Read, infer, build and match as hrnet_model_load does. */
static hrnet_status load(const hr_tensors *tensors, hr_config *config)
{
    hr_layout layout = {0};
    hr_graph graph = {0};
    hr_binding binding = {0};
    hrnet_status status = hr_layout_read(&layout, tensors, NULL);
    if (status == HRNET_OK) status = hr_infer_config(config, &layout, "weights.pth", NULL, NULL, NULL);
    if (status == HRNET_OK) status = hr_network_build(&graph, &config->model);
    if (status == HRNET_OK)
        status = hr_bind(&binding, &graph, tensors, &layout, &(hr_bind_options){.path = "weights.pth"});
    hr_binding_free(&binding);
    hr_graph_free(&graph);
    hr_layout_free(&layout);
    return status;
}

/* The dictionary without item i. */
static hr_tensors without(const state_dict *dict, hr_tensor *items, size_t i)
{
    size_t n = 0;
    for (size_t k = 0; k < dict->tensors.n_items; k++)
        if (k != i) items[n++] = dict->tensors.items[k];
    return (hr_tensors){.items = items, .n_items = n};
}

static int ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), tail = strlen(end);
    return n >= tail && strcmp(text + n - tail, end) == 0;
}

/* body and head: the prefixes in the file. */
static void sweep(const char *list, const char *scope, const char *body, const char *head)
{
    state_dict dict = {0};
    hr_config *config = test_malloc(sizeof *config);
    state_dict_load(&dict, list, scope, body, head);
    hr_tensor *items = test_malloc(dict.tensors.n_items * sizeof *items);
    if (load(&dict.tensors, config) != HRNET_OK) fail_msg("%s: %s", list, hrnet_last_error());
    for (size_t i = 0; i < dict.tensors.n_items; i++) {
        const char *name = dict.tensors.items[i].name;
        const hr_tensors rest = without(&dict, items, i);
        const hrnet_status status = load(&rest, config);
        if (ends_in(name, ".num_batches_tracked")) { /* files before PyTorch 0.4.1 have none */
            if (status != HRNET_OK) fail_msg("without %s: %s", name, hrnet_last_error());
            continue;
        }
        name += strncmp(name, head, strlen(head)) == 0 ? strlen(head) : strlen(body);
        char missing[300];
        snprintf(missing, sizeof missing, "missing: %s", name);
        if (status != HRNET_ERR_MISMATCH || strstr(hrnet_last_error(), missing) == NULL)
            fail_msg("%s without %s: status %d, %s", list, name, status, hrnet_last_error());
    }
    test_free(items);
    test_free(config);
    state_dict_free(&dict);
}

static void hrnet_without_one(void **state)
{
    (void)state;
    sweep("hrnet_w12_odd_160x96", "", "", "");
    sweep("hrnet_w8_bottleneck_k3_64x64", "", "", "");
}

static void resnet_without_one(void **state)
{
    (void)state;
    sweep("coco_resnet50", "state_dict", "module.", "module.");
}

static void mmpose_without_one(void **state)
{
    (void)state;
    sweep("hrnet_w12_odd_160x96", "state_dict", "backbone.", "keypoint_head.");
    sweep("coco_resnet50", "state_dict", "backbone.", "head.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hrnet_without_one),
        cmocka_unit_test(resnet_without_one),
        cmocka_unit_test(mmpose_without_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
