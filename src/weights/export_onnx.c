/*
 * export_onnx.c - hrnet_export_onnx: the network that a checkpoint and options ask for, fused (batch norms folded into
 * convolutions), written by graph/onnx.c.
 */
#include "base/file.h"
#include "graph/onnx.h"
#include "weights/bound_network.h"

static hrnet_status write_file(const char *path, const hr_graph *graph, const hr_weights *weights, int batch)
{
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    const hrnet_status status = hr_onnx_write(file.stream, graph, weights, batch);
    if (status == HRNET_OK) return hr_file_commit(&file);
    hr_file_abandon(&file);
    return status;
}

hrnet_status hrnet_export_onnx(const hrnet_checkpoint *checkpoint, const char *path, const hrnet_model_options *options,
                               int batch)
{
    enum { MAX_BATCH = 65536 };
    const hrnet_model_options defaults = {0};
    hr_bound_network *network;
    hr_graph fused = {0};
    if (options == NULL) options = &defaults;
    if (path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_export_onnx: path is NULL");
    if (checkpoint == NULL && options->config == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_export_onnx: neither a checkpoint nor a configuration");
    if (batch < 0 || batch > MAX_BATCH)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_export_onnx: batch: expected 0..%d, found %d", MAX_BATCH, batch);
    HR_TRY(hr_bound_network_create(&network, checkpoint, options));
    hrnet_status status = hr_graph_fuse(&fused, &network->graph);
    if (status == HRNET_OK) status = write_file(path, &fused, &network->weights, batch);
    hr_graph_free(&fused);
    hr_bound_network_free(network);
    return status;
}
