/* bound_network.c - configuration, graph and weights of one network, for readers that need no engine. */
#include "weights/bound_network.h"

#include "base/mem.h"
#include "networks/registry.h"

static hrnet_status configure(hr_config *config, const hrnet_checkpoint *checkpoint, const hrnet_model_options *options)
{
    if (checkpoint != NULL) hr_checkpoint_report(checkpoint, options->on_message, options->context);
    if (options->config != NULL)
        *config = *options->config;
    else
        HR_TRY(hr_checkpoint_config(checkpoint, config, options->overrides, options->on_message, options->context));
    HR_TRY(hr_config_override(config, options->overrides, options->on_message, options->context));
    return hr_config_check(config);
}

static hrnet_status build(hr_bound_network *network, const hrnet_checkpoint *checkpoint,
                          const hrnet_model_options *options)
{
    network->seed = options->seed;
    network->weights = hr_initial_weights(&network->seed);
    HR_TRY(configure(&network->config, checkpoint, options));
    HR_TRY(hr_network_build(&network->graph, &network->config.model));
    if (checkpoint == NULL) return HRNET_OK;
    const hr_bind_options bind = {.path = checkpoint->path,
                                  .allow_missing = options->allow_missing,
                                  .on_message = options->on_message,
                                  .context = options->context,
                                  .seed = options->seed};
    HR_TRY(hr_bind(&network->binding, &network->graph, &checkpoint->tensors, &checkpoint->layout, &bind));
    network->weights = hr_bound(&network->binding);
    return HRNET_OK;
}

hrnet_status hr_bound_network_create(hr_bound_network **out, const hrnet_checkpoint *checkpoint,
                                     const hrnet_model_options *options)
{
    hr_bound_network *network;
    HR_NEW(network, 1);
    const hrnet_status status = build(network, checkpoint, options);
    if (status != HRNET_OK) {
        hr_bound_network_free(network);
        return status;
    }
    *out = network;
    return HRNET_OK;
}

void hr_bound_network_free(hr_bound_network *network)
{
    if (network == NULL) return;
    hr_binding_free(&network->binding);
    hr_graph_free(&network->graph);
    hr_free(network);
}
