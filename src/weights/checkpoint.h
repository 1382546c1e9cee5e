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
};

/* hrnet_checkpoint_config into *out: the configuration that the file carries ("hrnet.config"), or else the inferred
 * one. on_message (may be NULL) gets a line with the values that had to be assumed. */
hrnet_status hr_checkpoint_config(const hrnet_checkpoint *checkpoint, hr_config *out, hrnet_message_fn *on_message,
                                  void *context);

/* Infer a configuration from the names and shapes of a layout's tensors. What they do not show (the input size, the
 * order of colours, the test settings) follows published practice and is reported to on_message. *out has passed
 * hr_config_check. HRNET_ERR_UNSUPPORTED for bodies and heads that the library does not build, HRNET_ERR_MISMATCH for
 * incomplete ones; messages start with path. */
hrnet_status hr_infer_config(hr_config *out, const hr_layout *layout, const char *path, hrnet_message_fn *on_message,
                             void *context);

/* hrnet_checkpoint_save with further metadata entries, from layers that know more than names and weights (the skeleton,
 * the codec). If a key occurs twice, the first of these counts: "hrnet.version" and "hrnet.config" of this save, the
 * given entries, the "hrnet." entries of the checkpoint, "hrnet.codec" by the configuration, and "hrnet.mean" and
 * "hrnet.std" of published practice. */
hrnet_status hr_checkpoint_save(const hrnet_checkpoint *checkpoint, const char *path, const hrnet_save_options *options,
                                const hr_entry *entries, size_t n_entries);

/* The model that ships with the library: the bytes of a safetensors file of models/ (shipped_weights.S), and its name
 * in messages. HRNET_ERR_UNSUPPORTED, saying what to do, in a build without it. */
hrnet_status hr_shipped_weights(const unsigned char **out, size_t *n_bytes);
#define HR_SHIPPED_NAME "the model that ships with hrnet"

#endif
