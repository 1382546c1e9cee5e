/*
 * torch_tree.h - what a pickle of PyTorch means. torch_names.c has the table of the classes and functions that are
 * known here; torch_tree.c walks over the tree of pickle.h and collects tensors and metadata. Neither reads the file:
 * where a storage stands is for the container to know.
 */
#ifndef HR_IO_TENSORS_TORCH_TREE_H
#define HR_IO_TENSORS_TORCH_TREE_H

#include "io/tensors/pickle.h"
#include "io/tensors/store.h"

/* ------------------------------------------------------------------------------------------------ names */

/* What a call of a known GLOBAL, or the GLOBAL itself, stands for. All others are skipped: nothing is ever executed. */
typedef enum hr_torch_meaning {
    HR_TORCH_UNKNOWN,
    HR_TORCH_PART,      /* known, but only as an argument of something else */
    HR_TORCH_DICT,      /* call: a dictionary */
    HR_TORCH_FIRST,     /* call: its first argument (a Parameter stands for its tensor) */
    HR_TORCH_RETYPED,   /* call (function, type, arguments, state): the call of function with arguments */
    HR_TORCH_TENSOR,    /* call (storage, offset, size, stride, ...): a tensor */
    HR_TORCH_TENSOR_AS, /* the same with the element type as argument 6 */
    HR_TORCH_FOREIGN,   /* call: a tensor of a kind that is not read: quantised, sparse */
    HR_TORCH_NUMBER,    /* call (dtype, bytes): a NumPy scalar */
    HR_TORCH_ELEMENTS,  /* an element type, such as torch.float32 */
    HR_TORCH_STORAGE,   /* a storage type, such as torch.FloatStorage */
    HR_TORCH_STORAGE_OF /* a storage type whose elements are not in hr_dtype; `dtype` is their size in bytes */
} hr_torch_meaning;

typedef struct hr_torch_name {
    const char *module, *name;
    hr_torch_meaning meaning;
    int dtype; /* hr_dtype of HR_TORCH_STORAGE and HR_TORCH_ELEMENTS, size of HR_TORCH_STORAGE_OF */
} hr_torch_name;

/* The entry of a GLOBAL; one with HR_TORCH_UNKNOWN for unknown ones and for other values. Static. */
const hr_torch_name *hr_torch_look_up(const hr_pickle *pickle, hr_ref ref);
/* The meaning of what a CALL calls; HR_TORCH_UNKNOWN for other values. */
hr_torch_meaning hr_torch_meaning_of(const hr_pickle *pickle, hr_ref call);

/* A reference to a storage: the persistent id ('storage', type, key, location, number of elements, view). view is None,
 * or, in files of PyTorch 0.4 and 1.0, (key, offset, size) of a part of the storage. */
typedef struct hr_storage_id {
    const hr_value *key;             /* a TEXT */
    const hr_torch_name *type;       /* HR_TORCH_UNKNOWN: elements of a type that is not in hr_dtype */
    int64_t n_elements, view_offset; /* untrusted */
} hr_storage_id;

/* Return 1 and fill *out if the value is a reference to a storage, else return 0. */
int hr_torch_storage_id(const hr_pickle *pickle, hr_ref ref, hr_storage_id *out);

/* ------------------------------------------------------------------------------------------------ the tree */

/* Add every storage that the pickle refers to, with the size that it claims, and sort the store. `at` stays 0 for the
 * container to fill. HRNET_ERR_FORMAT for negative or overflowing sizes. */
hrnet_status hr_torch_storages(hr_store *store, const hr_pickle *pickle);

/* Fill out's items, entries and skipped from the pickle; out->store must have all its storages.
 *   - A tensor inside dictionaries, lists and tuples becomes an item; an element of a list has its index as key. One of
 *     an element type that is not in hr_dtype, or of a kind that is not read, becomes a foreign item.
 *   - A module (torch.save(model), TorchScript) is a dictionary of the parameters and buffers that its state dict would
 *     have, under the same names: "layer1.0.conv1.weight".
 *   - A string, number or bool ("true", "false") becomes an entry, unless it has more than HR_MAX_METADATA bytes.
 *   - Everything else is left out.
 * A container inside itself is not entered again. HRNET_ERR_LIMIT for nesting deeper than 64 levels, more than 2^22
 * visits of values (a shared part counts each time), or 2^28 bytes of keys and text. */
hrnet_status hr_torch_flatten(hr_tensors *out, const hr_pickle *pickle);

#endif
