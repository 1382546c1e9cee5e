/*
 * torch_names.h - the globals of PyTorch's pickles that mean something to us, in one table, and references to storages.
 * A global that is not in the table means nothing here, whatever it would have done in Python.
 */
#ifndef HR_IO_TENSORS_TORCH_NAMES_H
#define HR_IO_TENSORS_TORCH_NAMES_H

#include "io/tensors/pickle.h"
#include "io/tensors/tensors.h"

typedef enum hr_torch_meaning {
    HR_TORCH_UNKNOWN,
    HR_TORCH_PART,      /* known, but only as a part of something else */
    HR_TORCH_DICT,      /* called: a dictionary */
    HR_TORCH_FIRST,     /* called: stands for its first argument */
    HR_TORCH_RETYPED,   /* called: (function, type, arguments, state) stands for function called with arguments */
    HR_TORCH_TENSOR,    /* called: (storage, offset, size, stride, ...) */
    HR_TORCH_TENSOR_AS, /* the same with the element type as argument 6 */
    HR_TORCH_NUMBER,    /* called: (dtype, bytes), a NumPy scalar */
    HR_TORCH_ELEMENTS,  /* an element type */
    HR_TORCH_STORAGE    /* a storage type */
} hr_torch_meaning;

typedef struct hr_torch_name {
    const char *module, *name;
    hr_torch_meaning meaning;
    hr_dtype dtype; /* of STORAGE and ELEMENTS */
} hr_torch_name;

/* The table's line of a GLOBAL; one of HR_TORCH_UNKNOWN for all else. */
const hr_torch_name *hr_torch_look_up(const hr_pickle *pickle, hr_ref ref);
/* What a CALL calls; HR_TORCH_UNKNOWN for all else. */
hr_torch_meaning hr_torch_meaning_of(const hr_pickle *pickle, hr_ref call);

/* A persistent id is ('storage', type, key, location, number of elements, view), where view, in files of torch 0.4 and
 * 1.0, is (key, offset, size) of a part of the storage. */
typedef struct hr_storage_id {
    const hr_value *key;       /* a TEXT */
    const hr_torch_name *type; /* HR_TORCH_UNKNOWN: elements of a type we do not have */
    int64_t n_elements, view_offset;
} hr_storage_id;

/* 0 when the value is not a reference to a storage. */
int hr_torch_storage_id(const hr_pickle *pickle, hr_ref ref, hr_storage_id *out);

#endif
