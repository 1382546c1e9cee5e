/*
 * checkpoint.h - an open checkpoint as the library sees it inside: the file's tensors, and their official names.
 */
#ifndef HR_WEIGHTS_CHECKPOINT_H
#define HR_WEIGHTS_CHECKPOINT_H

#include "io/tensors/tensors.h"
#include "config/config.h"
#include "weights/naming.h"

struct hrnet_checkpoint {
    char *path;
    hr_tensors tensors;
    hr_layout layout;
};

/* hrnet_checkpoint_config into a given struct; on_message (may be NULL) is told which values are assumed. */
hrnet_status hr_checkpoint_config(const hrnet_checkpoint *checkpoint, hr_config *out, hrnet_message_fn *on_message,
                                  void *context);

/* hrnet_checkpoint_save with metadata from a layer that knows more than names and weights (the skeleton, the codec).
 * Our file's metadata are, the first that has a key winning: "hrnet.version" and "hrnet.config", the given entries, the
 * "hrnet." entries of the checkpoint itself, the configuration's "hrnet.codec", and "hrnet.mean", "hrnet.std" of
 * published practice. */
hrnet_status hr_checkpoint_save(const hrnet_checkpoint *checkpoint, const char *path, const hrnet_save_options *options,
                                const hr_entry *entries, size_t n_entries);

#endif
