/* cmd_info.c - `hrnet info`: what a weights file or an experiment is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <hrnet.h>

#include "command.h"
#include "fetch_options.h"
#include "tool.h"

typedef struct settings {
    const char *config, *weights_key;
    int tensors, show_config, json, yes;
} settings;

static const option options[] = {
    {"config", 'c', OPTION_TEXT, "NAME",
     "experiment to compare with, or to tell about without a FILE; default: what FILE "
     "carries, else its tensors",
     offsetof(settings, config), 0, 0},
    {"weights-key", 0, OPTION_TEXT, "KEY",
     "which of several networks in FILE, by a part of its path: ema, teacher, state_dict; default: a whole pose "
     "network, state_dict first",
     offsetof(settings, weights_key), 0, 0},
    {"yes", 0, OPTION_FLAG, NULL, "fetch published weights that are named and not here without asking",
     offsetof(settings, yes), 0, 0},
    {"tensors", 0, OPTION_FLAG, NULL, "list all tensors: name, type, shape, where it stands in the file",
     offsetof(settings, tensors), 0, 0},
    {"show-config", 0, OPTION_FLAG, NULL, "print the whole configuration as YAML and nothing else",
     offsetof(settings, show_config), 0, 0},
    {"json", 0, OPTION_FLAG, NULL, "as JSON", offsetof(settings, json), 0, 0},
    {0},
};

/* What stands for a file's name. */
static const char shipped_name[] = "the model that ships with hrnet";

/* All that is known; handles are NULL where there is nothing. */
typedef struct facts {
    const char *path; /* NULL: the model that ships, or an experiment alone */
    hrnet_checkpoint *checkpoint;
    hrnet_config *config;
    hrnet_model *model;
    char **report; /* lines about matched, missing, unexpected tensors; [n_report] */
    size_t n_report;
    char *problem; /* why there is no model, or NULL */
} facts;

static void keep_line(void *context, const char *line)
{
    facts *all = context;
    all->report = tool_grow(all->report, all->n_report, sizeof *all->report);
    all->report[all->n_report++] = tool_text("%s", line);
}

static void find_network(facts *all, const settings *set)
{
    const hrnet_model_options options_of_model = {.config = all->config,
                                                  .allow_missing = 1,
                                                  .on_message = keep_line,
                                                  .context = all,
                                                  .weights_key = set->weights_key};
    if (all->config == NULL && hrnet_checkpoint_config(all->checkpoint, &all->config) != HRNET_OK)
        all->problem = tool_text("%s", hrnet_last_error());
    else if (hrnet_model_load(&all->model, all->path, &options_of_model) != HRNET_OK)
        all->problem = tool_text("%s", hrnet_last_error());
}

static int gather(facts *all, const settings *set)
{
    if (set->config != NULL && hrnet_config_load(&all->config, set->config, NULL, keep_line, all) != HRNET_OK)
        return tool_failed();
    if ((all->path != NULL || all->config == NULL) &&
        hrnet_checkpoint_load_key(&all->checkpoint, all->path, set->weights_key) != HRNET_OK)
        return tool_failed();
    find_network(all, set);
    return STATUS_DONE;
}

static void release(facts *all)
{
    hrnet_model_free(all->model);
    hrnet_config_free(all->config);
    hrnet_checkpoint_free(all->checkpoint);
    for (size_t i = 0; i < all->n_report; i++) free(all->report[i]);
    free(all->report);
    free(all->problem);
}

/* Entries that our own files carry. */
static const char *const metadata_keys[] = {"hrnet.version",  "hrnet.codec",     "hrnet.mean",
                                            "hrnet.std",      "hrnet.keypoints", "hrnet.flip_pairs",
                                            "hrnet.skeleton", "hrnet.sigmas",    NULL};

/* How the keypoints are known, for people and as a word. */
static const char *const origins[][2] = {
    [HRNET_SKELETON_UNKNOWN] = {"without names", "unknown"},
    [HRNET_SKELETON_GUESSED] = {"a guess by their number", "guess"},
    [HRNET_SKELETON_CONFIG] = {"as DATASET.DATASET of the configuration says", "configuration"},
    [HRNET_SKELETON_WEIGHTS] = {"as the weights say", "weights"},
    [HRNET_SKELETON_GIVEN] = {"as given", "given"},
};
static const char *const pairs_from[] = {[HRNET_PAIRS_GIVEN] = "given",
                                         [HRNET_PAIRS_BY_NAME] = "names",
                                         [HRNET_PAIRS_NONE_FOUND] = "none found",
                                         [HRNET_PAIRS_UNKNOWN] = "unknown"};

/* The text with more behind it; both texts are freed by free, and the first one here. */
__attribute__((format(printf, 2, 3))) static char *append(char *text, const char *format, ...)
{
    char more[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(more, sizeof more, format, arguments);
    va_end(arguments);
    char *const longer = tool_text("%s%s", text, more);
    free(text);
    return longer;
}

static void print_skeleton(const hrnet_model *model)
{
    const hrnet_skeleton *const s = hrnet_model_skeleton(model);
    char *names = tool_text("%s", ""), *pairs = tool_text("%s", "");
    for (int i = 0; i < s->n_keypoints; i++) names = append(names, "%s%s", i > 0 ? ", " : "", s->keypoint_names[i]);
    for (int i = 0; i < s->n_flip_pairs; i++)
        pairs = append(pairs, "%s%s - %s", i > 0 ? ", " : "", s->keypoint_names[s->flip_pairs[i][0]],
                       s->keypoint_names[s->flip_pairs[i][1]]);
    tool_line("skeleton:    %s, %d keypoints, %s", s->name, s->n_keypoints,
              origins[hrnet_model_skeleton_origin(model)][0]);
    tool_line("keypoints:   %s", names);
    tool_line("flip pairs:  %s%s",
              s->pairs_from == HRNET_PAIRS_BY_NAME      ? "by the names: "
              : s->pairs_from == HRNET_PAIRS_NONE_FOUND ? "none: no name tells left from right"
              : s->pairs_from == HRNET_PAIRS_UNKNOWN    ? "unknown"
              : s->n_flip_pairs == 0                    ? "none"
                                                        : "",
              pairs);
    free(names);
    free(pairs);
}

static void print_detector(const hrnet_model_info *info)
{
    tool_line("network:     %s, a detector of %d class%s, input %dx%d (width x height), %s", info->name,
              info->n_classes, info->n_classes == 1 ? "" : "es", info->input_width, info->input_height,
              info->color_rgb ? "RGB" : "BGR");
    tool_line("pixels:      mean %g %g %g, std %g %g %g", (double)info->mean[0], (double)info->mean[1],
              (double)info->mean[2], (double)info->std[0], (double)info->std[1], (double)info->std[2]);
}

static void print_pose_network(const hrnet_model *model, const hrnet_model_info *info)
{
    tool_line("network:     %s, %d heatmaps of %dx%d, input %dx%d (width x height), %s", info->name, info->n_joints,
              info->heatmap_width, info->heatmap_height, info->input_width, info->input_height,
              info->color_rgb ? "RGB" : "BGR");
    print_skeleton(model);
    tool_line("codec:       %s, mean %g %g %g, std %g %g %g", info->codec, (double)info->mean[0], (double)info->mean[1],
              (double)info->mean[2], (double)info->std[0], (double)info->std[1], (double)info->std[2]);
}

static void print_network(const hrnet_model *model)
{
    const hrnet_model_info info = hrnet_model_get_info(model);
    if (info.task == HRNET_TASK_POSE)
        print_pose_network(model, &info);
    else
        print_detector(&info);
    tool_line("size:        %zu trainable numbers, %zu tensors, %.3f x 2^30 multiply-adds a picture", info.n_parameters,
              info.n_tensors, (double)info.n_macs / (double)(1 << 30));
}

static void print_tensors(const hrnet_checkpoint *checkpoint)
{
    for (size_t i = 0; i < hrnet_checkpoint_n_tensors(checkpoint); i++) {
        const hrnet_tensor_info tensor = hrnet_checkpoint_tensor(checkpoint, i);
        char shape[256] = "";
        for (int d = 0, at = 0; d < tensor.n_dims; d++)
            at += snprintf(shape + at, sizeof shape - (size_t)at, "%s%lld", d > 0 ? ", " : "",
                           (long long)tensor.shape[d]);
        tool_line("%s %s [%s] %s", tensor.name, tensor.dtype, shape, tensor.found);
    }
}

static void print_facts(const facts *all, const settings *set)
{
    if (all->checkpoint != NULL) {
        tool_line("file:        %s", all->path != NULL ? all->path : shipped_name);
        tool_line("container:   %s", hrnet_checkpoint_container(all->checkpoint));
        tool_line("layout:      %s", hrnet_checkpoint_layout(all->checkpoint));
        tool_line("tensors:     %zu", hrnet_checkpoint_n_tensors(all->checkpoint));
        for (size_t i = 0; metadata_keys[i] != NULL; i++) {
            const char *value = hrnet_checkpoint_metadata(all->checkpoint, metadata_keys[i]);
            if (value != NULL) tool_line("metadata:    %s = %s", metadata_keys[i], value);
        }
    }
    if (all->model != NULL) print_network(all->model);
    for (size_t i = 0; i < all->n_report; i++) tool_line("report:      %s", all->report[i]);
    if (set->tensors && all->checkpoint != NULL) print_tensors(all->checkpoint);
}

static void write_pair(hrnet_json_writer *json, const char *key, const char *text)
{
    hrnet_json_key(json, key);
    hrnet_json_text(json, text);
}

static void write_count(hrnet_json_writer *json, const char *key, uint64_t count)
{
    hrnet_json_key(json, key);
    hrnet_json_integer(json, (long long)count);
}

static void write_floats(hrnet_json_writer *json, const float *values, int n)
{
    hrnet_json_array(json);
    for (int i = 0; i < n; i++) hrnet_json_float(json, values[i]);
    hrnet_json_close(json);
}

static void write_skeleton(hrnet_json_writer *json, const hrnet_model *model)
{
    const hrnet_skeleton *const s = hrnet_model_skeleton(model);
    write_pair(json, "skeleton", s->name);
    write_pair(json, "skeleton_from", origins[hrnet_model_skeleton_origin(model)][1]);
    hrnet_json_key(json, "keypoints");
    hrnet_json_array(json);
    for (int i = 0; i < s->n_keypoints; i++) hrnet_json_text(json, s->keypoint_names[i]);
    hrnet_json_close(json);
    write_pair(json, "flip_pairs_from", pairs_from[s->pairs_from]);
    hrnet_json_key(json, "flip_pairs");
    hrnet_json_array(json);
    for (int i = 0; i < s->n_flip_pairs; i++) {
        hrnet_json_array(json);
        for (int side = 0; side < 2; side++) hrnet_json_integer(json, s->flip_pairs[i][side]);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
}

static void write_network(hrnet_json_writer *json, const hrnet_model *model)
{
    const hrnet_model_info info = hrnet_model_get_info(model);
    hrnet_json_key(json, "network");
    hrnet_json_object(json);
    write_pair(json, "name", info.name);
    write_pair(json, "task", info.task == HRNET_TASK_POSE ? "pose" : "detect");
    if (info.task == HRNET_TASK_POSE) {
        write_skeleton(json, model);
        write_pair(json, "codec", info.codec);
        write_count(json, "n_joints", (uint64_t)info.n_joints);
        write_count(json, "heatmap_width", (uint64_t)info.heatmap_width);
        write_count(json, "heatmap_height", (uint64_t)info.heatmap_height);
    } else {
        write_count(json, "n_classes", (uint64_t)info.n_classes);
    }
    write_pair(json, "channel_order", info.color_rgb ? "RGB" : "BGR");
    write_count(json, "input_width", (uint64_t)info.input_width);
    write_count(json, "input_height", (uint64_t)info.input_height);
    hrnet_json_key(json, "mean");
    write_floats(json, info.mean, 3);
    hrnet_json_key(json, "std");
    write_floats(json, info.std, 3);
    write_count(json, "n_tensors", info.n_tensors);
    write_count(json, "n_parameters", info.n_parameters);
    write_count(json, "n_macs", info.n_macs);
    hrnet_json_close(json);
}

static void write_tensors(hrnet_json_writer *json, const hrnet_checkpoint *checkpoint)
{
    hrnet_json_key(json, "tensors");
    hrnet_json_array(json);
    for (size_t i = 0; i < hrnet_checkpoint_n_tensors(checkpoint); i++) {
        const hrnet_tensor_info tensor = hrnet_checkpoint_tensor(checkpoint, i);
        hrnet_json_object(json);
        write_pair(json, "name", tensor.name);
        write_pair(json, "found", tensor.found);
        write_pair(json, "dtype", tensor.dtype);
        hrnet_json_key(json, "shape");
        hrnet_json_array(json);
        for (int d = 0; d < tensor.n_dims; d++) hrnet_json_integer(json, tensor.shape[d]);
        hrnet_json_close(json);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
}

static void write_facts(const facts *all, const settings *set)
{
    hrnet_json_writer *const json = tool_json_begin();
    hrnet_json_object(json);
    if (all->checkpoint != NULL) {
        write_pair(json, "file", all->path != NULL ? all->path : shipped_name);
        write_pair(json, "container", hrnet_checkpoint_container(all->checkpoint));
        write_pair(json, "layout", hrnet_checkpoint_layout(all->checkpoint));
        write_count(json, "n_tensors", hrnet_checkpoint_n_tensors(all->checkpoint));
        hrnet_json_key(json, "metadata");
        hrnet_json_object(json);
        for (size_t i = 0; metadata_keys[i] != NULL; i++) {
            const char *value = hrnet_checkpoint_metadata(all->checkpoint, metadata_keys[i]);
            if (value != NULL) write_pair(json, metadata_keys[i], value);
        }
        hrnet_json_close(json);
    }
    if (all->model != NULL) write_network(json, all->model);
    hrnet_json_key(json, "report");
    hrnet_json_array(json);
    for (size_t i = 0; i < all->n_report; i++) hrnet_json_text(json, all->report[i]);
    hrnet_json_close(json);
    if (set->tensors && all->checkpoint != NULL) write_tensors(json, all->checkpoint);
    hrnet_json_close(json);
    tool_json_end(json, stdout);
}

static int print_config(const hrnet_config *config)
{
    char *text = NULL;
    if (hrnet_config_dump(config, &text) != HRNET_OK) return tool_failed();
    fputs(text, stdout);
    hrnet_string_free(text);
    return STATUS_DONE;
}

static int run(int argc, char **argv)
{
    settings set = {0};
    int n_arguments = 0;
    int status = options_parse(&command_info, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (n_arguments > 1) return tool_usage("expected one FILE");
    facts all = {.path = n_arguments == 1 ? argv[0] : NULL};
    status = fetch_named(&all.path, NULL, "FILE", -1, set.yes, 0);
    if (status == STATUS_DONE) status = gather(&all, &set);
    if (status == STATUS_DONE && set.show_config && all.config != NULL)
        status = print_config(all.config);
    else if (status == STATUS_DONE && set.json)
        write_facts(&all, &set);
    else if (status == STATUS_DONE)
        print_facts(&all, &set);
    if (all.problem != NULL) tool_error("%s", all.problem);
    if (all.problem != NULL) status = STATUS_FAILED;
    release(&all);
    return status;
}

const command command_info = {"info",
                              "[FILE] [options]",
                              "Tell what a weights file holds, or what an experiment is.",
                              "FILE is also a name of `hrnet fetch --list`. Without FILE and --config it tells of the "
                              "model that ships with hrnet.",
                              options,
                              run};
