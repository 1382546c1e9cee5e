/*
 * checkpoint.h - an open checkpoint: the file's tensors with their official names, and the configuration of the network
 * that they belong to. <hrnet.h> has the public functions.
 */
#ifndef HR_WEIGHTS_CHECKPOINT_H
#define HR_WEIGHTS_CHECKPOINT_H

#include "io/tensors/tensors.h"
#include "config/config.h"
#include "weights/naming.h"

struct hrnet_checkpoint {
    char *path;
    hr_tensors tensors;
    hr_layout layout; /* of tensors */
    char *notes;      /* lines about what was read from meta (mmpose_meta.h), each with a newline */
};

/* hrnet_checkpoint_config into *out: the configuration that the file carries ("hrnet.config"), or else the inferred
 * one. on_message (may be NULL) gets a line with the values that had to be assumed, except for keys that the caller
 * will set itself: overrides (KEY, VALUE, ..., NULL; may be NULL), which are not applied here. */
hrnet_status hr_checkpoint_config(const hrnet_checkpoint *checkpoint, hr_config *out, const char *const *overrides,
                                  hrnet_message_fn *on_message, void *context);

/* Infer a configuration from the names and shapes of a layout's tensors. What they do not show (the input size, the
 * order of colours, the test settings) is what the file's meta says, else follows published practice and is reported to
 * on_message, but for keys of the overrides, as in hr_checkpoint_config. *out has passed hr_config_check.
 * HRNET_ERR_UNSUPPORTED for bodies and heads that the library does not build, HRNET_ERR_MISMATCH for incomplete ones;
 * messages start with path. */
hrnet_status hr_infer_config(hr_config *out, const hr_layout *layout, const char *path, const char *const *overrides,
                             hrnet_message_fn *on_message, void *context);

/* The keys that hr_infer_config sets by published practice for this layout and the network that config is of:
 * "MODEL.IMAGE_SIZE, DATASET.COLOR_RGB". Our own files list them under "hrnet.assumed", since their "hrnet.config" does
 * not show which of its keys nobody knew. */
enum { HR_ASSUMED_TEXT = 128 };
void hr_assumed_keys(const hr_layout *layout, const hr_config *config, char out[HR_ASSUMED_TEXT]);
/* Send a warning with the values of such keys, but for those of the overrides. */
void hr_report_assumed(const hr_config *config, const char *keys, const char *path, const char *const *overrides,
                       hrnet_message_fn *on_message, void *context);

/* Whether the file carries its configuration, none of it assumed. */
int hr_checkpoint_knows_config(const hrnet_checkpoint *checkpoint);

/* Send the lines about what was read from the file's meta. */
void hr_checkpoint_report(const hrnet_checkpoint *checkpoint, hrnet_message_fn *on_message, void *context);

/* hrnet_checkpoint_save with further metadata entries, from layers that know more than names and weights (the skeleton,
 * the codec). If a key occurs twice, the first of these counts: "hrnet.version" and "hrnet.config" of this save, the
 * given entries, the "hrnet." entries of the checkpoint, and, if the configuration is known (given, or carried by the
 * checkpoint), "hrnet.codec" by the configuration, and "hrnet.mean" and "hrnet.std" of published practice. If not,
 * "hrnet.assumed" lists the keys that are not. options->skeleton is not looked at. */
hrnet_status hr_checkpoint_save(const hrnet_checkpoint *checkpoint, const char *path, const hrnet_save_options *options,
                                const hr_entry *entries, size_t n_entries);

/* The model that ships with the library: the bytes of a safetensors file of models/ (shipped_weights.S), and its name
 * in messages. HRNET_ERR_UNSUPPORTED, saying what to do, in a build without it. */
hrnet_status hr_shipped_weights(const unsigned char **out, size_t *n_bytes);
#define HR_SHIPPED_NAME "the model that ships with hrnet"

/* The same of the detector that ships. */
hrnet_status hr_shipped_detector(const unsigned char **out, size_t *n_bytes);
#define HR_SHIPPED_DETECTOR_NAME "the detector that ships with hrnet"

/* hrnet_checkpoint_load of the detector that ships. HRNET_ERR_UNSUPPORTED in a build without one. */
hrnet_status hr_checkpoint_load_detector(hrnet_checkpoint **out);

#endif
