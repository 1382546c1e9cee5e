/*
 * formula_weights.c - formula_weights CONFIG OUT.safetensors [PREFIX ...]: a checkpoint of an experiment whose weights
 * are numbers of a formula (net_files.h). Networks of full size then give lively heatmaps without a trained file; with
 * initial weights most layers hardly matter to the result. With prefixes the file has the network once under each, the
 * second with numbers half as large, the third with a third of them.
 */
#include "net_files.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "networks/registry.h"

static hrnet_status save(const char *path, const hr_graph *graph, char *const *prefixes, size_t n_prefixes)
{
    const hr_weights formula = formula_weights();
    const size_t n_params = (size_t)graph->n_params, n = n_params * n_prefixes;
    float *block;
    hr_tensor_data *items;
    char(*names)[256];
    HR_NEW(block, graph->n_floats * n_prefixes);
    HR_NEW(items, n);
    HR_NEW(names, n);
    for (size_t i = 0; i < n; i++) {
        const hr_param *param = &graph->params[i % n_params];
        const size_t network = i / n_params;
        float *const values = block + network * graph->n_floats + param->offset;
        HR_TRY(hr_weights_read(&formula, graph, (int)(i % n_params), values));
        for (size_t k = 0; k < param->n_elements; k++) values[k] /= (float)(network + 1);
        snprintf(names[i], sizeof names[i], "%s%s", prefixes[network], param->name);
        items[i] = (hr_tensor_data){.name = names[i], .dtype = HR_F32, .n_dims = param->n_dims, .data = values};
        memcpy(items[i].shape, param->shape, sizeof param->shape);
    }
    const hrnet_status status = hr_safetensors_save(path, items, n, NULL, 0, 0);
    hr_free(names);
    hr_free(items);
    hr_free(block);
    return status;
}

int main(int argc, char **argv)
{
    hrnet_config *config = NULL;
    hr_graph graph = {0};
    char *const plain[] = {""};
    if (argc < 3) {
        fprintf(stderr, "usage: formula_weights CONFIG OUT.safetensors [PREFIX ...]\n");
        return 2;
    }
    hrnet_status status = hrnet_config_load(&config, argv[1], NULL, NULL, NULL);
    if (status == HRNET_OK) status = hr_config_check(config);
    if (status == HRNET_OK) status = hr_network_build(&graph, &config->model);
    if (status == HRNET_OK)
        status = argc > 3 ? save(argv[2], &graph, argv + 3, (size_t)argc - 3) : save(argv[2], &graph, plain, 1);
    if (status != HRNET_OK) fprintf(stderr, "formula_weights: %s\n", hrnet_last_error());
    hr_graph_free(&graph);
    hrnet_config_free(config);
    return status != HRNET_OK;
}
