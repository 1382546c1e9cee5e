/*
 * model.c - hrnet_model: configuration, weights and skeleton become something that runs; and saving
 * checkpoints, which needs the same knowledge.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/normalize.h"
#include "io/json.h"
#include "networks/registry.h"
#include "pose/skeleton.h"
#include "session/backends.h"
#include "session/model.h"
#include "weights/bind.h"
#include "weights/checkpoint.h"

const char *hrnet_version(void)
{
    return HRNET_VERSION;
}

/* Three numbers of a metadata entry "[a, b, c]"; the fallback when there is none. */
static hrnet_status read_three(float out[3], const hr_tensors *tensors, const char *key, const float fallback[3])
{
    const char *text = tensors != NULL ? hr_tensors_entry(tensors, key) : NULL;
    double values[3] = {0};
    int n = 0;
    for (int i = 0; i < 3; i++) out[i] = fallback[i];
    if (text == NULL) return HRNET_OK;
    hr_json_document document;
    const hrnet_status status = hr_json_parse(&document, text, strlen(text));
    if (status != HRNET_OK) return hr_fail_in(status, key);
    for (const hr_json *item = hr_json_first(document.root); item != NULL && n < 3;
         item = hr_json_next(document.root, item))
        n += hr_json_number(item, &values[n]) && values[n] > -1e3 && values[n] < 1e3;
    hr_json_free(&document);
    if (n != 3) return hr_fail(HRNET_ERR_FORMAT, "%s: expected [a, b, c], found %.64s", key, text);
    for (int i = 0; i < 3; i++) out[i] = (float)values[i];
    return HRNET_OK;
}

/* Where the meaning of a network's input and output is said. */
typedef struct practice {
    const hr_tensors *tensors; /* metadata; NULL: none, so that published practice holds */
    const hrnet_skeleton *skeleton;
    int knows_config; /* the configuration was given, or is carried by the weights */
    const char *path;
    hrnet_message_fn *on_message;
    void *context;
} practice;

/* Warn of what is neither in the weights nor in a configuration. */
static void report_guesses(const hrnet_model *model, const practice *from)
{
    const int guesses_codec =
        !from->knows_config && (from->tensors == NULL || hr_tensors_entry(from->tensors, "hrnet.codec") == NULL);
    hr_text joints = {0}, line = {0};
    hr_skeleton_guess_text(model->skeleton, model->skeleton_origin, &joints);
    /* joints without names change no number */
    hr_text_add(&line, "%s%.500s does not say, and is assumed to have: ",
                guesses_codec || model->skeleton_origin == HRNET_SKELETON_GUESSED ? "warning: " : "", from->path);
    if (guesses_codec) hr_text_add(&line, "codec %s", model->codec);
    hr_text_add(&line, "%s%s%s", guesses_codec && joints.length > 0 ? ", " : "", joints.data != NULL ? joints.data : "",
                joints.length > 0 ? "; --description FILE names them" : "");
    if ((guesses_codec || joints.length > 0) && !line.failed && !joints.failed && from->on_message != NULL)
        from->on_message(from->context, line.data);
    hr_text_free(&joints);
    hr_text_free(&line);
}

static hrnet_status read_joints(hrnet_model *model, const practice *from)
{
    const hr_skeleton_sources sources = {.given = from->skeleton,
                                         .tensors = from->tensors,
                                         .dataset = from->knows_config ? model->config.dataset.dataset : NULL,
                                         .n_joints = model->config.model.n_joints,
                                         .path = from->path};
    HR_TRY(hr_skeleton_read(&model->skeleton, &model->skeleton_origin, &model->owned_skeleton, &sources));
    report_guesses(model, from);
    return HRNET_OK;
}

static hrnet_status read_pixels(hrnet_model *model, const practice *from)
{
    const hr_normalization *const published = hr_normalization_of(&model->config);
    hrnet_status status = read_three(model->info.mean, from->tensors, "hrnet.mean", published->mean);
    if (status == HRNET_OK) status = read_three(model->info.std, from->tensors, "hrnet.std", published->std);
    for (int i = 0; i < 3 && status == HRNET_OK; i++)
        if (!(model->info.std[i] > 0)) status = hr_fail(HRNET_ERR_FORMAT, "hrnet.std: expected numbers above 0");
    return status == HRNET_OK ? HRNET_OK : hr_fail_in(status, from->path);
}

/* How pixels and heatmaps are to be understood: codec, mean, std, skeleton; of a detector mean and std. */
static hrnet_status read_practice(hrnet_model *model, const practice *from)
{
    const hr_tensors *const tensors = from->tensors;
    const char *const path = from->path;
    static const char *const codecs[] = {"msra", "dark", "udp"};
    if (hr_network_find(model->config.model.name)->task != HRNET_TASK_POSE) return read_pixels(model, from);
    const char *codec = tensors != NULL ? hr_tensors_entry(tensors, "hrnet.codec") : NULL;
    if (codec == NULL) codec = hr_codec_of(&model->config);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (strcmp(codec, codecs[i]) == 0) snprintf(model->codec, sizeof model->codec, "%s", codec);
    if (model->codec[0] == '\0')
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: hrnet.codec: expected msra, dark or udp, found %.32s", path, codec);
    HR_TRY(read_pixels(model, from));
    return read_joints(model, from);
}

static void fill_info(hrnet_model *model, const hr_graph *graph)
{
    const hr_model_config *m = &model->config.model;
    hrnet_model_info *info = &model->info;
    info->name = m->name;
    info->task = hr_network_find(m->name)->task;
    info->n_joints = info->task == HRNET_TASK_POSE ? m->n_joints : 0;
    info->n_classes = info->task == HRNET_TASK_DETECT ? m->n_classes : 0;
    info->input_width = m->image_size[0];
    info->input_height = m->image_size[1];
    info->heatmap_width = info->task == HRNET_TASK_POSE ? graph->nodes[graph->outputs[0].node].w : 0;
    info->heatmap_height = info->task == HRNET_TASK_POSE ? graph->nodes[graph->outputs[0].node].h : 0;
    info->color_rgb = model->config.dataset.color_rgb;
    info->codec = model->codec;
    info->n_tensors = (size_t)graph->n_params;
    info->n_parameters = hr_graph_n_trainable(graph);
    info->n_macs = hr_graph_macs(graph);
    hr_pixel_table_init(&model->pixels, info->mean, info->std, info->color_rgb);
}

hrnet_status hr_model_check_task(const hrnet_model *model, hrnet_task task)
{
    if (model->info.task == task) return HRNET_OK;
    return hr_fail(HRNET_ERR_MISMATCH, "%s: expected %s, found %s, which is %s", model->config.source,
                   task == HRNET_TASK_POSE ? "a pose network (pose_hrnet, pose_resnet)"
                                           : "a detector (detect_hrnet, yolox, rtmdet)",
                   model->info.name, task == HRNET_TASK_POSE ? "a detector" : "a pose network");
}

static hrnet_status make_network(hrnet_model *model, const hr_graph *graph, const hr_weights *weights,
                                 const hrnet_model_options *options)
{
    HR_TRY(hr_backend_find(&model->backend, options->backend));
    const hr_backend_options how = {.precision = options->precision,
                                    .batch = options->batch,
                                    .memory_limit = hr_memory_limit(options->memory_limit)};
    return model->backend->create(&model->network, graph, weights, &how);
}

/* Build the graph, bind the weights, make the network. checkpoint NULL: initial values. */
static hrnet_status build(hrnet_model *model, const hrnet_checkpoint *checkpoint, const hr_bind_options *options,
                          const hrnet_model_options *model_options)
{
    hr_graph graph = {0};
    hr_binding binding = {0};
    hr_weights weights = hr_initial_weights(&options->seed);
    hrnet_status status = hr_config_check(&model->config);
    if (status == HRNET_OK) status = hr_network_build(&graph, &model->config.model);
    if (status == HRNET_OK && checkpoint != NULL) {
        status = hr_bind(&binding, &graph, &checkpoint->tensors, &checkpoint->layout, options);
        weights = hr_bound(&binding);
    }
    const hr_tensors *tensors = checkpoint != NULL && options->pretrained == NULL ? &checkpoint->tensors : NULL;
    const practice from = {.tensors = tensors,
                           .skeleton = model_options->skeleton,
                           .knows_config = model_options->config != NULL || hr_checkpoint_knows_config(checkpoint),
                           .path = options->path,
                           .on_message = options->on_message,
                           .context = options->context};
    if (status == HRNET_OK) status = read_practice(model, &from);
    if (status == HRNET_OK) status = make_network(model, &graph, &weights, model_options);
    if (status == HRNET_OK) fill_info(model, &graph);
    hr_binding_free(&binding);
    hr_graph_free(&graph);
    return status;
}

hrnet_status hr_model_create(hrnet_model **out, const hr_config *config, const hr_weights *weights, const char *codec,
                             const hrnet_skeleton *skeleton, int batch)
{
    hr_graph graph = {0};
    hrnet_model *model;
    if (skeleton != NULL) HR_TRY(hr_skeleton_check_joints(skeleton, config->model.n_joints));
    HR_NEW(model, 1);
    model->config = *config;
    hrnet_status status = read_practice(model, &(practice){.knows_config = 1, .path = config->source});
    if (status == HRNET_OK) status = hr_network_build(&graph, &config->model);
    if (status == HRNET_OK)
        status =
            make_network(model, &graph, weights, &(hrnet_model_options){.batch = batch, .memory_limit = UINT64_MAX});
    if (status == HRNET_OK) {
        if (codec != NULL) snprintf(model->codec, sizeof model->codec, "%s", codec);
        if (skeleton != NULL) {
            model->skeleton = skeleton;
            model->skeleton_origin = HRNET_SKELETON_GIVEN;
        }
        fill_info(model, &graph);
        *out = model;
    } else {
        hrnet_model_free(model);
    }
    hr_graph_free(&graph);
    return status;
}

hrnet_status hr_model_pretrained_path(const hr_config *config, char **out)
{
    const char *name = config->model.pretrained;
    hr_text path = {0};
    *out = NULL;
    if (!config->model.init_weights || name[0] == '\0') return HRNET_OK;
    if (config->data_dir[0] != '\0' && name[0] != '/') hr_text_add(&path, "%s/", config->data_dir);
    hr_text_add(&path, "%s", name);
    HR_TRY(hr_text_take(&path, out));
    if (access(*out, R_OK) == 0) return HRNET_OK;
    const hrnet_status status =
        hr_fail(HRNET_ERR_IO, "MODEL.PRETRAINED: %s: no such file (an empty name trains from initial values)", *out);
    hr_free(*out);
    return status;
}

/* The network of a checkpoint. */
static hrnet_status load_checkpoint(hrnet_model *model, const hrnet_checkpoint *checkpoint,
                                    const hrnet_model_options *options, int pretrained)
{
    const hr_bind_options bind = {.path = checkpoint->path,
                                  .allow_missing = options->allow_missing,
                                  .pretrained = pretrained ? &model->config.model : NULL,
                                  .on_message = options->on_message,
                                  .context = options->context,
                                  .seed = options->seed};
    hr_checkpoint_report(checkpoint, options->on_message, options->context);
    if (options->config == NULL) {
        HR_TRY(hr_checkpoint_config(checkpoint, &model->config, options->overrides, options->on_message,
                                    options->context));
        HR_TRY(hr_config_override(&model->config, options->overrides, options->on_message, options->context));
    }
    return build(model, checkpoint, &bind, options);
}

/* path NULL: the model that ships. */
static hrnet_status load_file(hrnet_model *model, const char *path, const hrnet_model_options *options, int pretrained)
{
    hrnet_checkpoint *checkpoint = NULL;
    HR_TRY(hrnet_checkpoint_load_key(&checkpoint, path, options->weights_key));
    const hrnet_status status = load_checkpoint(model, checkpoint, options, pretrained);
    hrnet_checkpoint_free(checkpoint);
    return status;
}

hrnet_status hr_model_load_checkpoint(hrnet_model **out, const hrnet_checkpoint *checkpoint,
                                      const hrnet_model_options *options)
{
    hrnet_model *model;
    HR_NEW(model, 1);
    const hrnet_status status = load_checkpoint(model, checkpoint, options, 0);
    if (status == HRNET_OK)
        *out = model;
    else
        hrnet_model_free(model);
    return status;
}

static hrnet_status load(hrnet_model *model, const char *path, const hrnet_model_options *options)
{
    if (options->config != NULL) {
        model->config = *options->config;
        HR_TRY(hr_config_override(&model->config, options->overrides, options->on_message, options->context));
    }
    if (path != NULL || options->config == NULL) return load_file(model, path, options, 0);
    char *pretrained = NULL;
    if (options->training) HR_TRY(hr_model_pretrained_path(&model->config, &pretrained));
    if (pretrained != NULL) {
        const hrnet_status status = load_file(model, pretrained, options, 1);
        hr_free(pretrained);
        return status;
    }
    return build(model, NULL, &(hr_bind_options){.path = model->config.source, .seed = options->seed}, options);
}

hrnet_status hrnet_model_load(hrnet_model **out, const char *path, const hrnet_model_options *options)
{
    const hrnet_model_options defaults = {0};
    if (options == NULL) options = &defaults;
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_model_load: out is NULL");
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_model_options"));
    hrnet_model *model;
    HR_NEW(model, 1);
    const hrnet_status status = load(model, path, options);
    if (status != HRNET_OK) {
        hrnet_model_free(model);
        return status;
    }
    *out = model;
    return HRNET_OK;
}

hrnet_model_info hrnet_model_get_info(const hrnet_model *model)
{
    return model->info;
}

const hrnet_skeleton *hrnet_model_skeleton(const hrnet_model *model)
{
    return model->skeleton;
}

hrnet_skeleton_origin hrnet_model_skeleton_origin(const hrnet_model *model)
{
    return model->skeleton_origin;
}

const hrnet_config *hrnet_model_config(const hrnet_model *model)
{
    return &model->config;
}

void hrnet_model_free(hrnet_model *model)
{
    if (model == NULL) return;
    if (model->backend != NULL) model->backend->destroy(model->network);
    hr_skeleton_free(&model->owned_skeleton);
    hr_free(model);
}

/* ---------------------------------------------------------------------------------------------- saving */

/* What hrnet_checkpoint_save puts together. */
typedef struct saving_model {
    const hrnet_checkpoint *checkpoint;
    const hrnet_save_options *options;
    hr_config config;
    int knows_config, is_detector;
    hr_owned_skeleton owned;
    const hrnet_skeleton *skeleton;
    hrnet_skeleton_origin origin;
    hr_entry entries[HR_SKELETON_ENTRIES];
    size_t n_entries;
} saving_model;

/* Tell what a safetensors file does not get, because nobody knows it, and what is marked in it. */
static void report_unknown(const saving_model *s, const char *path)
{
    const hr_tensors *const tensors = &s->checkpoint->tensors;
    const int unknown_joints = !s->is_detector && s->origin <= HRNET_SKELETON_GUESSED;
    const char *const how = s->is_detector ? "hrnet.mean" : "hrnet.codec";
    const int unknown_codec = !s->knows_config && hr_tensors_entry(tensors, how) == NULL;
    hr_text line = {0};
    char keys[HR_ASSUMED_TEXT];
    hr_assumed_keys(&s->checkpoint->layout, &s->config, keys);
    hr_text_add(&line, "warning: %.400s: %.400s does not say: ", path, s->checkpoint->path);
    if (unknown_joints)
        hr_text_add(&line, "names and flip pairs of the %d keypoints%s (--description FILE)", s->skeleton->n_keypoints,
                    s->origin == HRNET_SKELETON_UNKNOWN      ? ""
                    : strcmp(s->skeleton->name, "coco") == 0 ? ", of which COCO's are a guess"
                                                             : ", of which MPII's are a guess");
    if (unknown_codec)
        hr_text_add(&line, "%s%smean and standard deviation (--config NAME)", unknown_joints ? "; " : "",
                    s->is_detector ? "" : "codec, ");
    if (unknown_joints || unknown_codec) hr_text_add(&line, ": not written");
    if (!s->knows_config && keys[0] != '\0')
        hr_text_add(&line, "%s%s: marked as assumed", unknown_joints || unknown_codec ? "; " : "", keys);
    if ((unknown_joints || unknown_codec || (!s->knows_config && keys[0] != '\0')) && !line.failed)
        s->options->on_message(s->options->context, line.data);
    hr_text_free(&line);
}

/* Tell what stays behind in a .pth, which has tensors alone. */
static void report_left_behind(const saving_model *s, const char *path)
{
    const char *codec = hr_tensors_entry(&s->checkpoint->tensors, "hrnet.codec");
    hr_text line = {0};
    if (codec == NULL && s->knows_config) codec = hr_codec_of(&s->config);
    if (codec == NULL && !s->knows_config && s->origin <= HRNET_SKELETON_GUESSED) return;
    hr_text_add(&line, "warning: %.400s holds tensors alone; not in it:", path);
    if (codec != NULL && !s->is_detector) hr_text_add(&line, " codec %s, mean and standard deviation,", codec);
    if (s->knows_config)
        hr_text_add(&line, " input size %dx%d and order of colours (--config NAME),", s->config.model.image_size[0],
                    s->config.model.image_size[1]);
    if (s->origin > HRNET_SKELETON_GUESSED)
        hr_text_add(&line, " names and flip pairs of the %d keypoints (--description FILE),", s->skeleton->n_keypoints);
    hr_text_add(&line, " which a .safetensors file holds");
    if (!line.failed) s->options->on_message(s->options->context, line.data);
    hr_text_free(&line);
}

static hrnet_status save_model(saving_model *s, const char *path)
{
    const hrnet_save_options *const options = s->options;
    s->knows_config = options->config != NULL || hr_checkpoint_knows_config(s->checkpoint);
    if (options->config != NULL)
        s->config = *options->config;
    else
        HR_TRY(hr_checkpoint_config(s->checkpoint, &s->config, NULL, NULL, NULL));
    s->is_detector = (hr_family_of(s->config.model.name) & HR_DETECTORS) != 0;
    if (!s->is_detector)
        HR_TRY(hr_skeleton_read(&s->skeleton, &s->origin, &s->owned,
                                &(hr_skeleton_sources){.given = options->skeleton,
                                                       .tensors = &s->checkpoint->tensors,
                                                       .dataset = s->knows_config ? s->config.dataset.dataset : NULL,
                                                       .n_joints = s->config.model.n_joints,
                                                       .path = s->checkpoint->path}));
    if (s->origin > HRNET_SKELETON_GUESSED) HR_TRY(hr_skeleton_entries(s->skeleton, s->entries, &s->n_entries));
    HR_TRY(hr_checkpoint_save(s->checkpoint, path, options, s->entries, s->n_entries));
    if (options->on_message == NULL) return HRNET_OK;
    if (options->format == HRNET_PTH)
        report_left_behind(s, path);
    else
        report_unknown(s, path);
    return HRNET_OK;
}

hrnet_status hrnet_checkpoint_save(const hrnet_checkpoint *checkpoint, const char *path,
                                   const hrnet_save_options *options)
{
    static const hrnet_save_options standard = {0};
    saving_model *s;
    if (checkpoint == NULL || path == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_checkpoint_save: an argument is NULL");
    HR_NEW(s, 1);
    s->checkpoint = checkpoint;
    s->options = options != NULL ? options : &standard;
    const hrnet_status status = save_model(s, path);
    hr_skeleton_entries_free(s->entries, s->n_entries);
    hr_skeleton_free(&s->owned);
    hr_free(s);
    return status;
}
