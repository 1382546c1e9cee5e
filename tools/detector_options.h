/* detector_options.h - from the command line to a detector: which, and with which thresholds. */
#ifndef TOOLS_DETECTOR_OPTIONS_H
#define TOOLS_DETECTOR_OPTIONS_H

#include <pthread.h>

#include "model_options.h"

typedef struct detector_settings {
    const char *detector; /* NULL: ours */
    int legacy, size, max_persons;
    float threshold, nms; /* -1: the detector's */
    int is_scored;        /* 1: the detector's own NMS is that of its evaluation */
} detector_settings;

/* What a command begins with. */
#define DETECTOR_DEFAULTS                                                                                              \
    {                                                                                                                  \
        .threshold = -1, .nms = -1                                                                                     \
    }

/* Rows of an option table for a settings struct that holds a detector_settings in `member`. */
/* clang-format off */
#define DETECTOR_OPTIONS(type, member)                                                                         \
    {"detector", 'D', OPTION_TEXT, "FILE",                                                                     \
     "what finds people: weights of YOLOX or RTMDet (Megvii's or mmdetection's .pth, or .safetensors), a "     \
     "name of `hrnet fetch --list`, or ours; default: ours, which ships with hrnet",                                                            \
     offsetof(type, member.detector), 0, 0},                                                                   \
    {"legacy", 0, OPTION_FLAG, NULL,                                                                           \
     "FILE is a YOLOX of release 0.0.1 (storage/0.0.1), which nothing in it tells: RGB, normalised",           \
     offsetof(type, member.legacy), 0, 0},                                                                     \
    {"det-threshold", 0, OPTION_FLOAT, "T",                                                                    \
     "leave out boxes with a lower score; default: the detector's, which is told",                             \
     offsetof(type, member.threshold), 0, 0.9999},                                                             \
    {"det-nms", 0, OPTION_FLOAT, "T",                                                                          \
     "of two boxes that overlap by more (IoU) the worse one is dropped; 1: none; default: the detector's",     \
     offsetof(type, member.nms), 0.0001, 1},                                                                   \
    {"det-size", 0, OPTION_INT, "N",                                                                           \
     "longest side of the detector's input in pixels, a multiple of 32: larger finds smaller people and takes "\
     "longer; default: what it was made for",                                                                  \
     offsetof(type, member.size), 32, 4096},                                                                   \
    {"max-persons", 0, OPTION_INT, "N", "most people of a picture, the best boxes; default: 1000",             \
     offsetof(type, member.max_persons), 1, 29999}
/* clang-format on */

/* The name of the first of these options that was given ("--det-size"), or NULL. */
const char *detector_option_given(const detector_settings *settings);

/* A detector that is being loaded beside something else. Zero: none. */
typedef struct detector_load {
    const detector_settings *settings;
    const network_settings *asked;
    hrnet_detector *detector;
    char **messages, *failure; /* what the library said meanwhile */
    size_t n_messages;
    pthread_t thread;
    int has_thread;
} detector_load;

/* Begin to load the detector: on a thread of its own, unless asked->threads is 1 and with it everything in turn.
 * precision, batch and memory_limit are those of asked. Nothing is printed until detector_load_end. Both settings must
 * stay until then. Returns 0, or an exit status after a message, and then there is nothing to end. */
int detector_load_begin(detector_load *load, const detector_settings *settings, const network_settings *asked);

/* Wait for the detector; print what there was to say, and which detector it is and what it works with unless
 * asked->quiet. *info (may be NULL) is what hrnet_detector_get_info says, with the thresholds and the size that the
 * settings give. Returns 0, or an exit status after a message. */
int detector_load_end(detector_load *load, hrnet_detector **out, hrnet_detector_info *info);

/* Wait for the detector, if one was begun and not ended, and free it, without a word. */
void detector_load_drop(detector_load *load);

/* The same in one call, without a thread. */
int detector_open(hrnet_detector **out, const detector_settings *settings, const network_settings *asked,
                  hrnet_detector_info *info);

/* Set what the settings say in the options of a finder. */
void detector_finder_options(const detector_settings *settings, hrnet_finder_options *options);

#endif
