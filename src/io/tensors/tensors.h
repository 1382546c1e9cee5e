/*
 * tensors.h - a file of named tensors as plain data: what every checkpoint reader yields and every writer takes. It
 * knows containers, not networks: names stand here as the file spells them.
 */
#ifndef HR_IO_TENSORS_TENSORS_H
#define HR_IO_TENSORS_TENSORS_H

#include "base/half.h"
#include "base/status.h"

typedef enum hr_dtype { HR_F32, HR_F16, HR_BF16, HR_F64, HR_I64, HR_I32, HR_I16, HR_I8, HR_U8, HR_BOOL } hr_dtype;

enum { HR_MAX_DIMS = 8 };

size_t hr_dtype_size(hr_dtype dtype);      /* bytes of one element */
const char *hr_dtype_name(hr_dtype dtype); /* "float32" */
/* "[64, 3, 3, 3]", cut to fit size. */
void hr_shape_text(char *text, size_t size, int n_dims, const int64_t *shape);

/* One tensor of a store. Its elements stay in the file until hr_tensor_read asks for them. */
typedef struct hr_tensor {
    char *scope; /* keys of the nested dictionaries above it, joined with '/': "", "state_dict", "optimizer/state/0" */
    char *name;  /* its key in the innermost dictionary: "module.conv1.weight" */
    hr_dtype dtype;
    int n_dims; /* 0 for a scalar */
    int64_t shape[HR_MAX_DIMS];
    size_t n_elements;
    int64_t strides[HR_MAX_DIMS]; /* in elements of its storage; checked to stay inside it */
    size_t storage, offset;       /* which storage of the store, first element there */
} hr_tensor;

typedef struct hr_entry {
    char *key, *value; /* text metadata: safetensors __metadata__; strings, numbers and bools beside the tensors in a
                          pickle, keys joined with '/': "epoch" -> "210", "meta/CLASSES/0" -> "person" */
} hr_entry;

typedef enum hr_container { HR_TORCH_ZIP, HR_TORCH_STREAM, HR_SAFETENSORS_FILE } hr_container;

typedef struct hr_tensors {
    hr_container container;
    hr_tensor *items;
    size_t n_items;
    hr_entry *entries;
    size_t n_entries;
    char *
        *skipped; /* pickle globals that mean nothing here: "mmengine.logging.HistoryBuffer"; each once, 256 at most */
    size_t n_skipped;
    struct hr_store *store; /* the open file and its storages */
} hr_tensors;

/* Index a regular file, told apart by content; reads headers only, tensors are read on demand, so that a network can be
 * packed with one tensor in memory at a time. Limits: 1,000,000 tensors, pickles of 256 MiB; a metadata value of more
 * than 1 MiB is left out. HRNET_ERR_FORMAT for broken files, HRNET_ERR_UNSUPPORTED for well-formed things outside these
 * formats, and for a tensor with more elements than its storage (a view that repeats them). */
hrnet_status hr_tensors_open(hr_tensors *out, const char *path);
/* The same over memory (not copied, must outlive the store), for fuzzers and tests; name is used in messages. */
hrnet_status hr_tensors_open_memory(hr_tensors *out, const void *bytes, size_t n_bytes, const char *name);
void hr_tensors_close(hr_tensors *tensors);

/* Read all elements of one tensor, C order, converted to float32 / float64. Checks the zip entry's CRC. One thread at a
 * time for each hr_tensors. */
hrnet_status hr_tensor_read(const hr_tensors *tensors, const hr_tensor *tensor, float *out);
hrnet_status hr_tensor_read_double(const hr_tensors *tensors, const hr_tensor *tensor, double *out);

/* Metadata by key, or NULL. */
const char *hr_tensors_entry(const hr_tensors *tensors, const char *key);

/* One tensor to write: contiguous, C order. dtype HR_F32, HR_F16 or HR_I64. */
typedef struct hr_tensor_data {
    const char *name;
    hr_dtype dtype;
    int n_dims;
    int64_t shape[HR_MAX_DIMS];
    const void *data;
} hr_tensor_data;

/* Write tensors and text metadata as safetensors. half: HR_F32 is stored as float16. Atomic. The data starts at a
 * multiple of 64 bytes; in it, tensors of larger elements stand first, so each is aligned to its own elements (the
 * format allows no padding between tensors). The header, and so the order in which they are read again, keeps the order
 * of items. */
hrnet_status hr_safetensors_save(const char *path, const hr_tensor_data *items, size_t n_items, const hr_entry *entries,
                                 size_t n_entries, int half);
/* Write a flat state dict (OrderedDict) that torch.load (also with weights_only=True) reads, in PyTorch's zip
 * container, stored, data aligned to 64 bytes. Atomic. */
hrnet_status hr_torch_save(const char *path, const hr_tensor_data *items, size_t n_items);

#endif
