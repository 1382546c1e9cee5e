/*
 * torch_tree.h - what PyTorch means by a pickle's globals: dictionaries, storages, tensors. It reads no bytes of files;
 * where a storage stands is the container's business.
 */
#ifndef HR_IO_TENSORS_TORCH_TREE_H
#define HR_IO_TENSORS_TORCH_TREE_H

#include "io/tensors/pickle.h"
#include "io/tensors/store.h"

/* Add every storage that the pickle refers to, with its size as the pickle claims it, sorted by key; at is 0. */
hrnet_status hr_torch_storages(hr_store *store, const hr_pickle *pickle);

/* Fill items, entries and skipped from the pickle; the store's storages have been added and sized.
 *   - A tensor reachable through dictionaries, lists and tuples becomes an item; list elements have their index as key.
 *     Tensors of element types we do not have are left out, their storage type is listed in skipped.
 *   - A string, number or bool ("true", "false") becomes an entry; a string over HR_MAX_METADATA is left out.
 *   - Everything else is left out. skipped lists the unknown globals, each once, 256 at most.
 * A container inside itself is not entered again; nesting deeper than 64, or more than 2^22 values on the way (shared
 * parts count each time), or 2^28 bytes of keys and text, are HRNET_ERR_LIMIT. */
hrnet_status hr_torch_flatten(hr_tensors *out, const hr_pickle *pickle);

#endif
