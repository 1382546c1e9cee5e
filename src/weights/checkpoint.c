/*
 * checkpoint.c - the public functions hrnet_checkpoint_*: load, inspect, save. It puts together the readers and writers
 * of io/tensors, the official names (naming.c), the inferred configuration (infer.c) and the matching of tensors with a
 * network (bind.c).
 */
#include "weights/checkpoint.h"

#include <hrnet_eval.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/mem.h"
#include "config/normalize.h"
#include "networks/registry.h"
#include "weights/bind.h"
#include "weights/mmpose_meta.h"
#include "graph/graph.h"

/* ---------------------------------------------------------------------------------------------- load and inspect */

/* A file of models/ that is part of the library. */
typedef struct shipped_file {
    const char *name;
    hrnet_status (*find)(const unsigned char **out, size_t *n_bytes);
} shipped_file;

static const shipped_file shipped_pose = {HR_SHIPPED_NAME, hr_shipped_weights};
static const shipped_file shipped_detector = {HR_SHIPPED_DETECTOR_NAME, hr_shipped_detector};

static hrnet_status open_shipped(hr_tensors *out, const shipped_file *file)
{
    const unsigned char *bytes;
    size_t n_bytes;
    HR_TRY(file->find(&bytes, &n_bytes));
    return hr_tensors_open_memory(out, bytes, n_bytes, file->name);
}

/* A file that opens but has no tensors. */
static hrnet_status fail_empty(const hrnet_checkpoint *checkpoint)
{
    if (checkpoint->tensors.is_script)
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "%s: expected tensors, found a TorchScript program whose weights are constants of its code "
                       "(frozen or optimised); save its module with torch.save(model.state_dict(), FILE) instead",
                       checkpoint->path);
    return hr_fail(HRNET_ERR_MISMATCH,
                   "%s: expected tensors, found none%s%s; torch.save(model.state_dict(), FILE) makes a file of them",
                   checkpoint->path, checkpoint->tensors.n_skipped > 0 ? " but objects of " : "",
                   checkpoint->tensors.n_skipped > 0 ? checkpoint->tensors.skipped[0] : "");
}

/* What mmpose's meta says becomes entries of ours. A detector's meta says nothing that is used. */
static hrnet_status read_meta(hrnet_checkpoint *checkpoint)
{
    if (checkpoint->layout.is_detector) return HRNET_OK;
    const hr_named *const head = hr_layout_find(&checkpoint->layout, "final_layer.weight");
    const int n_joints =
        head != NULL && head->tensor->n_dims > 0 && head->tensor->shape[0] < 1 << 20 ? (int)head->tensor->shape[0] : 0;
    hr_text notes = {0};
    const hrnet_status status = hr_mmpose_meta_read(&checkpoint->tensors, n_joints, &notes);
    if (status == HRNET_OK) return hr_text_take(&notes, &checkpoint->notes);
    hr_text_free(&notes);
    return status;
}

/* Open a file, or for NULL one that is part of the library. */
static hrnet_status open_checkpoint(hrnet_checkpoint *checkpoint, const char *path, const char *key,
                                    const shipped_file *shipped)
{
    const char *const name = path != NULL ? path : shipped->name;
    checkpoint->path = hr_strdup(name);
    if (checkpoint->path == NULL) return hr_fail_memory(strlen(name));
    HR_TRY(path != NULL ? hr_tensors_open(&checkpoint->tensors, path) : open_shipped(&checkpoint->tensors, shipped));
    if (checkpoint->tensors.n_items == 0) return fail_empty(checkpoint);
    hrnet_status status = hr_layout_read(&checkpoint->layout, &checkpoint->tensors, key);
    if (status == HRNET_OK) status = read_meta(checkpoint);
    return status == HRNET_OK ? HRNET_OK : hr_fail_in(status, name);
}

static hrnet_status load(hrnet_checkpoint **out, const char *path, const char *key, const shipped_file *shipped)
{
    hrnet_checkpoint *checkpoint;
    HR_NEW(checkpoint, 1);
    const hrnet_status status = open_checkpoint(checkpoint, path, key, shipped);
    if (status != HRNET_OK) {
        hrnet_checkpoint_free(checkpoint);
        return status;
    }
    *out = checkpoint;
    return HRNET_OK;
}

hrnet_status hrnet_checkpoint_load(hrnet_checkpoint **out, const char *path)
{
    return hrnet_checkpoint_load_key(out, path, NULL);
}

hrnet_status hrnet_checkpoint_load_key(hrnet_checkpoint **out, const char *path, const char *key)
{
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_checkpoint_load: out is NULL");
    return load(out, path, key, &shipped_pose);
}

hrnet_status hr_checkpoint_load_detector(hrnet_checkpoint **out)
{
    return load(out, NULL, NULL, &shipped_detector);
}

void hrnet_checkpoint_free(hrnet_checkpoint *checkpoint)
{
    if (checkpoint == NULL) return;
    hr_layout_free(&checkpoint->layout);
    hr_tensors_close(&checkpoint->tensors);
    hr_free(checkpoint->path);
    hr_free(checkpoint->notes);
    hr_free(checkpoint);
}

size_t hrnet_checkpoint_n_tensors(const hrnet_checkpoint *checkpoint)
{
    return checkpoint->layout.n_items;
}

hrnet_tensor_info hrnet_checkpoint_tensor(const hrnet_checkpoint *checkpoint, size_t index)
{
    hrnet_tensor_info info = {0};
    if (index >= checkpoint->layout.n_items) return info;
    const hr_named *item = &checkpoint->layout.items[index];
    info.name = item->name;
    info.found = item->found;
    info.dtype = item->tensor->foreign != NULL ? item->tensor->foreign : hr_dtype_name(item->tensor->dtype);
    info.n_dims = item->tensor->n_dims;
    memcpy(info.shape, item->tensor->shape, sizeof info.shape);
    return info;
}

const char *hrnet_checkpoint_container(const hrnet_checkpoint *checkpoint)
{
    switch (checkpoint->tensors.container) {
    case HR_TORCH_ZIP: return "PyTorch zip";
    case HR_TORCH_STREAM: return "PyTorch pickle stream";
    case HR_SAFETENSORS_FILE: return "safetensors";
    }
    return "unknown";
}

const char *hrnet_checkpoint_layout(const hrnet_checkpoint *checkpoint)
{
    return checkpoint->layout.name;
}

const char *hrnet_checkpoint_metadata(const hrnet_checkpoint *checkpoint, const char *key)
{
    return hr_tensors_entry(&checkpoint->tensors, key);
}

hrnet_status hr_checkpoint_config(const hrnet_checkpoint *checkpoint, hr_config *out, const char *const *overrides,
                                  hrnet_message_fn *on_message, void *context)
{
    const char *text = hr_tensors_entry(&checkpoint->tensors, "hrnet.config");
    if (text == NULL)
        return hr_infer_config(out, &checkpoint->layout, checkpoint->path, overrides, on_message, context);
    const char *const assumed = hr_tensors_entry(&checkpoint->tensors, "hrnet.assumed");
    hr_config_defaults(out);
    HR_TRY(hr_config_parse(out, text, strlen(text), checkpoint->path, NULL, NULL));
    if (assumed == NULL) return HRNET_OK;
    out->assumes_flip_test = strstr(assumed, "TEST.FLIP_TEST") != NULL;
    hr_report_assumed(out, assumed, checkpoint->path, overrides, on_message, context);
    return HRNET_OK;
}

int hr_checkpoint_knows_config(const hrnet_checkpoint *checkpoint)
{
    return hr_tensors_entry(&checkpoint->tensors, "hrnet.config") != NULL &&
           hr_tensors_entry(&checkpoint->tensors, "hrnet.assumed") == NULL;
}

void hr_checkpoint_report(const hrnet_checkpoint *checkpoint, hrnet_message_fn *on_message, void *context)
{
    const char *at = checkpoint->notes;
    for (size_t n; on_message != NULL && at != NULL && *at != '\0'; at += n + (at[n] == '\n')) {
        char line[1024];
        n = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.400s: %.*s", checkpoint->path, (int)(n < 600 ? n : 600), at);
        on_message(context, line);
    }
}

hrnet_status hrnet_checkpoint_config(const hrnet_checkpoint *checkpoint, hrnet_config **out)
{
    if (checkpoint == NULL || out == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_checkpoint_config: an argument is NULL");
    hr_config *config;
    HR_NEW(config, 1);
    const hrnet_status status = hr_checkpoint_config(checkpoint, config, NULL, NULL, NULL);
    if (status != HRNET_OK) {
        hr_free(config);
        return status;
    }
    *out = config;
    return HRNET_OK;
}

/* Names the weights that a result was made with; NULL: the model that is part of the library. */
hrnet_status hrnet_file_sha256(const char *path, char out[65])
{
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_file_sha256: out is NULL");
    if (path != NULL) return hr_sha256_file(path, out);
    const unsigned char *bytes;
    size_t n_bytes;
    HR_TRY(hr_shipped_weights(&bytes, &n_bytes));
    hr_sha256 hash;
    hr_sha256_begin(&hash);
    hr_sha256_add(&hash, bytes, n_bytes);
    hr_sha256_end(&hash, out);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- save */

/* The working data of hr_checkpoint_save, which frees it in one place. */
typedef struct saving {
    const hrnet_checkpoint *checkpoint;
    hr_config config;
    hr_graph graph;
    hr_binding binding;
    float *weights;        /* all parameters in one block, each at its hr_param.offset */
    int64_t *counts;       /* [n_params] num_batches_tracked; 0 for other parameters */
    hr_tensor_data *items; /* [n_params] */
    hr_entry *entries;
    size_t n_entries;
    char *config_text;
    int is_known;                  /* nothing of the configuration is assumed */
    char assumed[HR_ASSUMED_TEXT]; /* else: the keys that are */
} saving;

/* Read every parameter of the network and describe it for the writer, in the graph's order, which is that of a PyTorch
 * state dict. A strict binding has been made, so that only num_batches_tracked may be missing; it is then 0. */
static hrnet_status read_tensors(saving *s)
{
    HR_NEW(s->weights, s->graph.n_floats);
    HR_NEW(s->counts, (size_t)s->graph.n_params);
    HR_NEW(s->items, (size_t)s->graph.n_params);
    const hr_weights weights = hr_bound(&s->binding);
    for (int i = 0; i < s->graph.n_params; i++) {
        const hr_param *param = &s->graph.params[i];
        const hr_named *item = s->binding.items[i];
        const int is_count = param->kind == HR_PARAM_NORM_COUNT;
        hr_tensor_data *data = &s->items[i];
        *data = (hr_tensor_data){.name = param->name, .n_dims = param->n_dims};
        memcpy(data->shape, param->shape, sizeof param->shape);
        data->dtype = is_count ? HR_I64 : HR_F32;
        data->data = is_count ? (const void *)&s->counts[i] : &s->weights[param->offset];
        if (is_count && item != NULL) {
            double count;
            HR_TRY(hr_tensor_read_double(&s->checkpoint->tensors, item->tensor, &count));
            if (count >= 0 && count < 9e15) s->counts[i] = (int64_t)count;
        } else if (!is_count) {
            HR_TRY(hr_weights_read(&weights, &s->graph, i, &s->weights[param->offset]));
        }
    }
    return HRNET_OK;
}

/* Add an entry, unless one of that key was added before. */
static void add_entry(saving *s, const char *key, const char *value)
{
    for (size_t i = 0; i < s->n_entries; i++)
        if (strcmp(s->entries[i].key, key) == 0) return;
    s->entries[s->n_entries++] = (hr_entry){(char *)key, (char *)value};
}

/* The metadata, in the order of precedence that checkpoint.h describes. */
static hrnet_status collect_entries(saving *s, const hr_entry *entries, size_t n_entries)
{
    enum { N_OWN = 6, MAX_KEPT = 256 }; /* entries that are added here; of the checkpoint */
    size_t n_kept = 0;
    const hr_tensors *tensors = &s->checkpoint->tensors;
    HR_TRY(hrnet_config_dump(&s->config, &s->config_text));
    HR_NEW(s->entries, n_entries + MAX_KEPT + N_OWN);
    add_entry(s, "hrnet.version", HRNET_VERSION);
    add_entry(s, "hrnet.config", s->config_text);
    for (size_t i = 0; i < n_entries; i++) add_entry(s, entries[i].key, entries[i].value);
    for (size_t i = 0; i < tensors->n_entries; i++) {
        if (strncmp(tensors->entries[i].key, "hrnet.", 6) != 0 || strcmp(tensors->entries[i].key, "hrnet.assumed") == 0)
            continue;
        if (n_kept++ == MAX_KEPT) /* each is compared with all before it */
            return hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %d entries of metadata \"hrnet.\", found more",
                           s->checkpoint->path, MAX_KEPT);
        add_entry(s, tensors->entries[i].key, tensors->entries[i].value);
    }
    if (s->assumed[0] != '\0') add_entry(s, "hrnet.assumed", s->assumed);
    if (!s->is_known) return HRNET_OK;
    const hr_normalization *const normalization = hr_normalization_of(&s->config);
    if (hr_network_find(s->config.model.name)->task == HRNET_TASK_POSE)
        add_entry(s, "hrnet.codec", hr_codec_of(&s->config));
    add_entry(s, "hrnet.mean", normalization->mean_text);
    add_entry(s, "hrnet.std", normalization->std_text);
    return HRNET_OK;
}

/* Which keys of the configuration nobody knew. */
static void note_assumed(saving *s, int is_given)
{
    const hr_tensors *const tensors = &s->checkpoint->tensors;
    const char *const carried = hr_tensors_entry(tensors, "hrnet.assumed");
    s->is_known = is_given || hr_checkpoint_knows_config(s->checkpoint);
    if (s->is_known) return;
    if (carried != NULL)
        snprintf(s->assumed, sizeof s->assumed, "%s", carried);
    else
        hr_assumed_keys(&s->checkpoint->layout, &s->config, s->assumed);
}

/* Build the network, match the tensors strictly, and write the file. */
static hrnet_status save(saving *s, const char *path, const hrnet_save_options *options, const hr_entry *entries,
                         size_t n_entries)
{
    if (options->config != NULL)
        s->config = *options->config;
    else
        HR_TRY(hr_checkpoint_config(s->checkpoint, &s->config, NULL, options->on_message, options->context));
    HR_TRY(hr_config_check(&s->config));
    note_assumed(s, options->config != NULL);
    HR_TRY(hr_network_build(&s->graph, &s->config.model));
    const hr_bind_options strict = {
        .path = s->checkpoint->path, .on_message = options->on_message, .context = options->context};
    HR_TRY(hr_bind(&s->binding, &s->graph, &s->checkpoint->tensors, &s->checkpoint->layout, &strict));
    HR_TRY(read_tensors(s));
    const size_t n_items = (size_t)s->graph.n_params;
    if (options->format == HRNET_PTH) return hr_torch_save(path, s->items, n_items);
    HR_TRY(collect_entries(s, entries, n_entries));
    return hr_safetensors_save(path, s->items, n_items, s->entries, s->n_entries, options->half);
}

hrnet_status hr_checkpoint_save(const hrnet_checkpoint *checkpoint, const char *path, const hrnet_save_options *options,
                                const hr_entry *entries, size_t n_entries)
{
    static const hrnet_save_options standard = {0};
    if (checkpoint == NULL || path == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_checkpoint_save: an argument is NULL");
    if (options == NULL) options = &standard;
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_save_options"));
    if (options->format != HRNET_SAFETENSORS && options->format != HRNET_PTH)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_checkpoint_save: unknown format %d", (int)options->format);
    if (options->half && options->format == HRNET_PTH)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_checkpoint_save: float16 goes with safetensors only");
    saving *s;
    HR_NEW(s, 1);
    s->checkpoint = checkpoint;
    const hrnet_status status = save(s, path, options, entries, n_entries);
    hr_binding_free(&s->binding);
    hr_graph_free(&s->graph);
    hr_free(s->weights);
    hr_free(s->counts);
    hr_free(s->items);
    hr_free(s->entries);
    hr_free(s->config_text);
    hr_free(s);
    return status;
}
