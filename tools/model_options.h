/* model_options.h - from the command line to a network that is ready to run: configuration, weights, session. */
#ifndef TOOLS_MODEL_OPTIONS_H
#define TOOLS_MODEL_OPTIONS_H

#include <hrnet_data.h>

typedef struct network_settings {
    const char *model, *config, *weights_key, *description;
    int initial_weights, allow_missing, quiet, yes, precision, threads, batch; /* precision: hrnet_precision */
    int memory_limit;                                                          /* MiB; 0: the library's default */
} network_settings;

/* Rows of an option table for a settings struct that holds a network_settings in `member`. */
/* clang-format off */
#define NETWORK_MODEL_OPTIONS(type, member)                                                                    \
    {"model", 'm', OPTION_TEXT, "FILE",                                                                        \
     "weights: .pth of any published layout, .safetensors, or a name of `hrnet fetch --list`, with its "       \
     "configuration; default: those that ship with hrnet",                                                     \
     offsetof(type, member.model), 0, 0},                                                                      \
    NETWORK_YES_OPTION(type, member),                                                                          \
    {"config", 'c', OPTION_TEXT, "NAME",                                                                       \
     "experiment: a YAML file or a published name (coco/hrnet/w32_256x192); "                                  \
     "default: what the weights carry, else their tensors",                                               \
     offsetof(type, member.config), 0, 0},                                                                     \
    {"weights-key", 0, OPTION_TEXT, "KEY",                                                                     \
     "which of several networks in the weights file, by a part of its path: ema, teacher, state_dict; "        \
     "default: a whole pose network, state_dict first",                                                        \
     offsetof(type, member.weights_key), 0, 0},                                                                \
    {"allow-missing", 0, OPTION_FLAG, NULL,                                                                    \
     "tensors that the weights file lacks keep initial values, those of another network are left",             \
     offsetof(type, member.allow_missing), 0, 0},                                                              \
    {"quiet", 'q', OPTION_FLAG, NULL, "no report about the loaded weights; warnings stay", offsetof(type, member.quiet), 0, 0}
#define NETWORK_YES_OPTION(type, member)                                                                       \
    {"yes", 0, OPTION_FLAG, NULL, "fetch published weights that are named and not here without asking",        \
     offsetof(type, member.yes), 0, 0}
#define NETWORK_DESCRIPTION_OPTION(type, member)                                                               \
    {"description", 0, OPTION_TEXT, "FILE",                                                                    \
     "what the keypoints are: names, flip pairs, links, sigmas; YAML, or annotations in COCO's format; "       \
     "default: what the weights say, else the annotations",                                                    \
     offsetof(type, member.description), 0, 0}
#define NETWORK_RUN_OPTIONS(type, member)                                                                      \
    {"initial-weights", 0, OPTION_FLAG, NULL,                                                                  \
     "run without --model, on random initial weights: a test of the machinery whose keypoints mean nothing",   \
     offsetof(type, member.initial_weights), 0, 0},                                                            \
    NETWORK_SPEED_OPTIONS(type, member)
#define NETWORK_SPEED_OPTIONS(type, member)                                                                    \
    {"precision", 'p', OPTION_CHOICE, "fp32|fp16w",                                                            \
     "of the weights in memory; fp16w: half precision, less memory and often faster; arithmetic stays fp32",   \
     offsetof(type, member.precision), 0, 0},                                                                  \
    {"threads", 't', OPTION_INT, "N", "threads to run on; default, and 0: all that this process may use",      \
     offsetof(type, member.threads), 0, 64},                                                                   \
    {"batch", 'b', OPTION_INT, "N", "persons or pictures in one pass over the weights at most; default: 8, and "          \
     "4 where people are looked for on 4 threads or fewer",                                                    \
     offsetof(type, member.batch), 1, 64},                                                                     \
    {"memory-limit", 0, OPTION_INT, "MIB",                                                                     \
     "refuse a network that needs more memory than this for weights, or for activations, in MiB; "             \
     "default: a quarter of the machine's, within 1024 and 4096",                                              \
     offsetof(type, member.memory_limit), 1, 1 << 30}
/* clang-format on */

typedef struct network {
    hrnet_dataset_info *info; /* of --description; NULL: not given */
    hrnet_config *config;
    hrnet_model *model;
    hrnet_session *session;
} network;

/* "KEY VALUE" pairs at the end of the command line, as upstream takes them: from the first argument that reads as a
 * key ("TEST.FLIP_TEST") on. *n_arguments is cut to what stands before. *out is NULL-terminated, to be freed by free.
 * Returns 0, or an exit status after a message. */
int network_overrides(char **arguments, int *n_arguments, const char ***out);

/* Load what the settings name, the model that ships when they name none; session too when wanted. Returns 0, or an exit
 * status after a message. Messages about weights and configuration go to standard error. */
int network_open(network *net, const network_settings *settings, const char *const *overrides, int with_session);
void network_close(network *net);

/* Whether the network is one for poses: 0, or an exit status after a message that names what it is. */
int network_check_pose(const network *net, const network_settings *settings);

/* Arrays for what the session yields of n pictures, and where their numbers are; returns how many. Free with
 * network_free_outputs. */
int network_new_outputs(const hrnet_session *session, size_t n, hrnet_array outputs[HRNET_MAX_OUTPUTS],
                        float *data[HRNET_MAX_OUTPUTS]);
void network_free_outputs(hrnet_array outputs[HRNET_MAX_OUTPUTS]);

/* Its parts, for a command that needs weights but no session. The weights file that the settings ask for: --model, else
 * TEST.MODEL_FILE of the configuration (may be NULL), else *out is NULL: the model that ships, or with
 * --initial-weights none. Freed by free. Returns 0, after a warning about initial weights, or an exit
 * status after a message when the settings exclude each other. */
int network_weights_file(const network_settings *settings, const hrnet_config *config, char **out);
/* TEST.MODEL_FILE of a configuration (may be NULL), or NULL, to be freed by free. */
char *network_model_file(const hrnet_config *config);
/* A hrnet_message_fn that prints unless *(int *)context, quiet, is set; warnings, which change numbers, it always
 * prints. */
void network_message(void *context, const char *line);
/* Whether a line of the library is a warning. */
int network_is_warning(const char *line);

/* Read --description, if it was given: *out, to be freed with hrnet_dataset_info_free, else NULL. Returns 0, or an exit
 * status after a message. */
int network_description(const network_settings *settings, hrnet_dataset_info **out);

/* Whether a flip test with this skeleton can be made, which `option` asks for: 0, after a warning if it exchanges
 * nothing because no name tells left from right; or an exit status after a message. */
int network_check_flip(const char *option, const hrnet_skeleton *skeleton);

#endif
