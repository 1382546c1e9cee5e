/*
 * fuzz_layout.c - names and shapes of a checkpoint ("SCOPE/NAME SIZE SIZE ..." a line, the scope may be missing): which
 * network it is, its configuration, its graph, and what binds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "networks/registry.h"
#include "weights/bind.h"
#include "weights/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_TENSORS = 4096 };

/* A tensor without elements from a line, which is cut into its words. Returns whether it is one. */
static int read_line(char *line, hr_tensor *tensor)
{
    char *rest = NULL, *const path = strtok_r(line, " ", &rest);
    if (path == NULL) return 0;
    char *const slash = strrchr(path, '/');
    *tensor = (hr_tensor){.n_elements = 1};
    for (char *word; tensor->n_dims < HR_MAX_DIMS && (word = strtok_r(NULL, " ", &rest)) != NULL;)
        tensor->shape[tensor->n_dims++] = strtol(word, NULL, 10);
    if (slash != NULL) *slash = '\0';
    tensor->scope = hr_strdup(slash != NULL ? path : "");
    tensor->name = hr_strdup(slash != NULL ? slash + 1 : path);
    return 1;
}

static void look_at(const hr_tensors *tensors)
{
    hr_layout layout = {0};
    hr_graph graph = {0};
    hr_binding binding = {0};
    hr_config *const config = hr_alloc(1, sizeof *config);
    if (config != NULL && hr_layout_read(&layout, tensors, NULL) == HRNET_OK &&
        hr_infer_config(config, &layout, "input", NULL, NULL, NULL) == HRNET_OK &&
        hr_network_build(&graph, &config->model) == HRNET_OK)
        hr_bind(&binding, &graph, tensors, &layout, &(hr_bind_options){.path = "input"});
    hr_binding_free(&binding);
    hr_graph_free(&graph);
    hr_layout_free(&layout);
    hr_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const text = hr_calloc(size + 1, 1);
    hr_tensors tensors = {.items = hr_calloc(MAX_TENSORS, sizeof(hr_tensor))};
    if (text != NULL && tensors.items != NULL) {
        char *rest = NULL;
        memcpy(text, data, size);
        for (char *line = strtok_r(text, "\n", &rest); line != NULL && tensors.n_items < MAX_TENSORS;
             line = strtok_r(NULL, "\n", &rest))
            tensors.n_items += (size_t)read_line(line, &tensors.items[tensors.n_items]);
        int complete = tensors.n_items > 0;
        for (size_t i = 0; i < tensors.n_items; i++)
            complete &= tensors.items[i].scope != NULL && tensors.items[i].name != NULL;
        if (complete) look_at(&tensors);
        for (size_t i = 0; i < tensors.n_items; i++) {
            hr_free(tensors.items[i].scope);
            hr_free(tensors.items[i].name);
        }
    }
    hr_free(tensors.items);
    hr_free(text);
    return 0;
}
