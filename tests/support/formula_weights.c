/*
 * formula_weights.c - formula_weights CONFIG OUT.safetensors: a checkpoint of an experiment whose weights are numbers
 * of a formula (net_files.h). Networks of full size then give lively heatmaps without a trained file; with initial
 * weights most layers hardly matter to the result.
 */
#include "net_files.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "networks/registry.h"

static hrnet_status save(const char *path, const hr_graph *graph)
{
    const hr_weights formula = formula_weights();
    const size_t n = (size_t)graph->n_params;
    float *block;
    hr_tensor_data *items;
    HR_NEW(block, graph->n_floats);
    HR_NEW(items, n);
    for (size_t i = 0; i < n; i++) {
        const hr_param *param = &graph->params[i];
        HR_TRY(hr_weights_read(&formula, graph, (int)i, block + param->offset));
        items[i] = (hr_tensor_data){
            .name = param->name, .dtype = HR_F32, .n_dims = param->n_dims, .data = block + param->offset};
        memcpy(items[i].shape, param->shape, sizeof param->shape);
    }
    const hrnet_status status = hr_safetensors_save(path, items, n, NULL, 0, 0);
    hr_free(items);
    hr_free(block);
    return status;
}

int main(int argc, char **argv)
{
    hrnet_config *config = NULL;
    hr_graph graph = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: formula_weights CONFIG OUT.safetensors\n");
        return 2;
    }
    hrnet_status status = hrnet_config_load(&config, argv[1], NULL, NULL, NULL);
    if (status == HRNET_OK) status = hr_config_check(config);
    if (status == HRNET_OK) status = hr_network_build(&graph, &config->model);
    if (status == HRNET_OK) status = save(argv[2], &graph);
    if (status != HRNET_OK) fprintf(stderr, "formula_weights: %s\n", hrnet_last_error());
    hr_graph_free(&graph);
    hrnet_config_free(config);
    return status != HRNET_OK;
}
