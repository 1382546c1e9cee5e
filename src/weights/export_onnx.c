/*
 * export_onnx.c - hrnet_export_onnx: configuration and weights are combined as in hrnet_model_load, and the fused graph
 * (batch norms folded into convolutions) is written by graph/onnx.c.
 */
#include "base/file.h"
#include "base/mem.h"
#include "networks/registry.h"
#include "weights/bind.h"
#include "weights/checkpoint.h"
#include "graph/onnx.h"

/* The working data of hrnet_export_onnx, which frees it in one place. */
typedef struct exporting {
    hr_config config;
    hr_graph graph, fused;
    hr_binding binding;
} exporting;

/* The configuration: the options' or the checkpoint's, with the options' overrides; checked. */
static hrnet_status configure(hr_config *config, const hrnet_checkpoint *checkpoint, const hrnet_model_options *options)
{
    if (options->config != NULL)
        *config = *options->config;
    else
        HR_TRY(hr_checkpoint_config(checkpoint, config, options->on_message, options->context));
    HR_TRY(hr_config_override(config, options->overrides, options->on_message, options->context));
    return hr_config_check(config);
}

static hrnet_status write_file(const char *path, const hr_graph *graph, const hr_weights *weights, int batch)
{
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    const hrnet_status status = hr_onnx_write(file.stream, graph, weights, batch);
    if (status == HRNET_OK) return hr_file_commit(&file);
    hr_file_abandon(&file);
    return status;
}

/* Without a checkpoint the network has its initial weights. */
static hrnet_status export(exporting *e, const hrnet_checkpoint *checkpoint, const char *path,
                           const hrnet_model_options *options, int batch)
{
    hr_weights weights = hr_initial_weights(&options->seed);
    HR_TRY(configure(&e->config, checkpoint, options));
    HR_TRY(hr_network_build(&e->graph, &e->config.model));
    HR_TRY(hr_graph_fuse(&e->fused, &e->graph));
    if (checkpoint != NULL) {
        const hr_bind_options bind = {.path = checkpoint->path,
                                      .allow_missing = options->allow_missing,
                                      .on_message = options->on_message,
                                      .context = options->context,
                                      .seed = options->seed};
        HR_TRY(hr_bind(&e->binding, &e->graph, &checkpoint->tensors, &checkpoint->layout, &bind));
        weights = hr_bound(&e->binding);
    }
    return write_file(path, &e->fused, &weights, batch);
}

hrnet_status hrnet_export_onnx(const hrnet_checkpoint *checkpoint, const char *path, const hrnet_model_options *options,
                               int batch)
{
    enum { MAX_BATCH = 65536 };
    const hrnet_model_options defaults = {0};
    if (options == NULL) options = &defaults;
    if (path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_export_onnx: path is NULL");
    if (checkpoint == NULL && options->config == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_export_onnx: neither a checkpoint nor a configuration");
    if (batch < 0 || batch > MAX_BATCH)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_export_onnx: batch: expected 0..%d, found %d", MAX_BATCH, batch);
    exporting *e;
    HR_NEW(e, 1);
    const hrnet_status status = export(e, checkpoint, path, options, batch);
    hr_binding_free(&e->binding);
    hr_graph_free(&e->fused);
    hr_graph_free(&e->graph);
    hr_free(e);
    return status;
}
