/*
 * state_file.c - for state_torch.sh: state_file CONFIG IN OUT [fill]. Reads a checkpoint.pth of Adam and writes it
 * again; with fill as if 12 steps had been done whose moments are m = 0.001 w and v = w^2 of the weights w.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "networks/registry.h"
#include "train/state.h"

static hrnet_status run(const char *config_path, const char *in, const char *out, int fill)
{
    hr_config *config = NULL;
    hr_graph graph;
    hr_params params;
    hr_optimizer optimizer;
    HR_TRY(hrnet_config_load(&config, config_path, NULL, NULL, NULL));
    HR_TRY(hr_optimizer_init(&optimizer, &config->train));
    HR_TRY(hr_network_build(&graph, &config->model));
    HR_TRY(hr_params_init(&params, &graph));
    hr_train_state state = {.seed = 5};
    HR_NEW(state.params, params.n_floats);
    HR_NEW(state.moments[0], params.n_floats);
    HR_NEW(state.moments[1], params.n_floats);
    HR_NEW(state.average, params.n_floats);
    HR_TRY(hr_train_state_load(&state, &params, config, &optimizer, in));
    for (size_t i = 0; i < params.n_trainable && fill; i++) {
        state.moments[0][i] = 0.001f * state.params[i];
        state.moments[1][i] = state.params[i] * state.params[i];
    }
    if (fill) {
        state.step = 12;
        state.rate = 0.00025;
    }
    HR_TRY(hr_train_state_save(&state, &params, config, &optimizer, out));
    hr_free(state.params);
    hr_free(state.moments[0]);
    hr_free(state.moments[1]);
    hr_free(state.average);
    hr_params_free(&params);
    hr_graph_free(&graph);
    hrnet_config_free(config);
    return HRNET_OK;
}

int main(int argc, char **argv)
{
    if (argc < 4) return 2;
    if (run(argv[1], argv[2], argv[3], argc > 4 && strcmp(argv[4], "fill") == 0) == HRNET_OK) return 0;
    fprintf(stderr, "state_file: %s\n", hrnet_last_error());
    return 1;
}
