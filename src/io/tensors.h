/*
 * tensors.h - a file of named tensors as plain data: what every checkpoint reader yields and every writer takes. It
 * knows containers, not networks: names stand here as the file spells them.
 */
#ifndef HR_IO_TENSORS_H
#define HR_IO_TENSORS_H

#include "base/status.h"

typedef enum hr_dtype { HR_F32, HR_F16, HR_BF16, HR_F64, HR_I64, HR_I32, HR_I16, HR_I8, HR_U8, HR_BOOL } hr_dtype;

enum { HR_MAX_DIMS = 8 };

size_t hr_dtype_size(hr_dtype dtype);      /* bytes of one element */
const char *hr_dtype_name(hr_dtype dtype); /* "float32" */

typedef struct hr_tensor {
    char *scope; /* keys of the nested dictionaries above it, joined with '/': "" , "state_dict", "optimizer/state/0" */
    char *name;  /* its key in the innermost dictionary: "module.conv1.weight" */
    hr_dtype dtype;
    int n_dims;
    int64_t shape[HR_MAX_DIMS];
    size_t n_elements;
    const void *data; /* contiguous, C order, little-endian, any alignment; inside the store's own buffers */
} hr_tensor;

typedef struct hr_entry {
    char *key, *value; /* text metadata: safetensors __metadata__; strings and numbers beside the tensors in a pickle,
                          keys joined with '/': "epoch" -> "210" */
} hr_entry;

typedef enum hr_container { HR_TORCH_ZIP, HR_TORCH_STREAM, HR_SAFETENSORS_FILE } hr_container;

typedef struct hr_tensors {
    hr_container container;
    hr_tensor *items;
    size_t n_items;
    hr_entry *entries;
    size_t n_entries;
    char **skipped; /* pickle globals that were met and not called: "mmengine.logging.HistoryBuffer" */
    size_t n_skipped;
    void *owner[2]; /* buffers that data points into; freed with the store */
} hr_tensors;

/* Read a file, told apart by content. Limits: 16 GiB, 1,000,000 tensors, metadata values of 1 MiB.
 * HRNET_ERR_FORMAT for broken files, HRNET_ERR_UNSUPPORTED for well-formed things outside these formats. */
hrnet_status hr_tensors_load(hr_tensors *out, const char *path);
/* The same from memory, for fuzzers and tests; name is used in messages. Copies what it keeps. */
hrnet_status hr_tensors_parse(hr_tensors *out, const void *bytes, size_t n_bytes, const char *name);
void hr_tensors_free(hr_tensors *tensors);

/* Element i converted to float. */
float hr_tensor_float(const hr_tensor *tensor, size_t i);
/* All elements converted to float32. */
void hr_tensor_floats(const hr_tensor *tensor, float *out);

/* Metadata by key, or NULL. */
const char *hr_tensors_entry(const hr_tensors *tensors, const char *key);

/* Write items (scope ignored) and entries. Atomic. half: floating tensors as float16, round to nearest even. */
hrnet_status hr_safetensors_save(const char *path, const hr_tensor *items, size_t n_items, const hr_entry *entries,
                                 size_t n_entries, int half);
/* Write items as a flat state dict (OrderedDict) that torch.load reads, in PyTorch's zip container. Atomic. */
hrnet_status hr_torch_save(const char *path, const hr_tensor *items, size_t n_items);

/* IEEE half precision, round to nearest even; portable. */
float hr_half_to_float(uint16_t half);
uint16_t hr_float_to_half(float value);

#endif
