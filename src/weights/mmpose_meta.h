/*
 * mmpose_meta.h - what checkpoints of mmpose say about themselves beside their tensors: meta.dataset_meta (names of
 * keypoints, flip pairs, links, sigmas) and meta.cfg or meta.config (the configuration of the training run, as Python
 * text: codec, input size, mean and deviation, order of colours). It becomes metadata of our own kind, so that the rest
 * of the library knows one form of it:
 *
 *   "hrnet.keypoints", "hrnet.flip_pairs", "hrnet.skeleton", "hrnet.sigmas", "hrnet.codec", "hrnet.mean", "hrnet.std",
 *   "hrnet.dataset" (its name: "ap10k"), and keys of the configuration: "mmpose.MODEL.IMAGE_SIZE" ...
 */
#ifndef HR_WEIGHTS_MMPOSE_META_H
#define HR_WEIGHTS_MMPOSE_META_H

#include "base/text.h"
#include "io/tensors/tensors.h"

/* Append what meta says to tensors->entries, for a network of n_joints joints (0: not known). An entry that the file
 * has already counts first. notes: lines for people, each with a newline: what was read, and what does not fit and was
 * left out. Does nothing if the file has no meta. */
hrnet_status hr_mmpose_meta_read(hr_tensors *tensors, int n_joints, hr_text *notes);

/* The keys of the configuration that it may set, NULL-terminated, and the entry of one; NULL if meta does not say. */
extern const char *const hr_mmpose_config_keys[];
const char *hr_mmpose_config_entry(const hr_tensors *tensors, const char *key);

#endif
