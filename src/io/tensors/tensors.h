/*
 * tensors.h - files of named tensors: PyTorch checkpoints (both containers of torch.save) and safetensors. Opening a
 * file reads its headers only; each tensor is read when asked for, so that a network can be packed with one tensor in
 * memory at a time. Names are those of the file; what they mean to a network is for weights/naming.h.
 *
 *   hr_tensors file;
 *   HR_TRY(hr_tensors_open(&file, "pose_hrnet_w32_256x192.pth"));
 *   for (size_t i = 0; i < file.n_items; i++) HR_TRY(hr_tensor_read(&file, &file.items[i], out));   // as float32
 *   hr_tensors_close(&file);
 */
#ifndef HR_IO_TENSORS_TENSORS_H
#define HR_IO_TENSORS_TENSORS_H

#include "base/half.h"
#include "base/status.h"

/* Types of stored elements. */
typedef enum hr_dtype { HR_F32, HR_F16, HR_BF16, HR_F64, HR_I64, HR_I32, HR_I16, HR_I8, HR_U8, HR_BOOL } hr_dtype;

enum { HR_MAX_DIMS = 8 };

/* Bytes of one element. */
size_t hr_dtype_size(hr_dtype dtype);
/* Its name for people: "float32". Static. */
const char *hr_dtype_name(hr_dtype dtype);
/* Write "[64, 3, 3, 3]" into text [size], cut if it does not fit. */
void hr_shape_text(char *text, size_t size, int n_dims, const int64_t *shape);

/* ------------------------------------------------------------------------------------------------ reading */

/* One tensor: a strided view of a storage, which is a run of bytes in the file. Element (i, j, ...) is element
 * offset + i * strides[0] + j * strides[1] + ... of the storage. */
typedef struct hr_tensor {
    char *scope; /* keys of the nested dictionaries above it, joined with '/': "", "state_dict", "optimizer/state/0" */
    char *name;  /* its key in the innermost dictionary: "module.conv1.weight" */
    hr_dtype dtype;
    char *foreign; /* NULL; or the file's name of an element type or kind of tensor that is not read ("F8_E4M3"): such a
                      tensor is listed, and hr_tensor_read fails. Owned */
    int negated;   /* 1: the elements are the negatives of those stored (PyTorch's negative bit) */
    int n_dims;    /* 0 for a scalar */
    int64_t shape[HR_MAX_DIMS];
    size_t n_elements;
    int64_t strides[HR_MAX_DIMS]; /* in elements, >= 0; checked to stay inside the storage */
    size_t storage, offset;       /* index of the storage in the store; first element there */
} hr_tensor;

/* One text of metadata: an entry of safetensors' __metadata__; in a pickle a string, number or bool beside the tensors,
 * with the keys above it joined with '/': "epoch" -> "210", "meta/CLASSES/0" -> "person". */
typedef struct hr_entry {
    char *key, *value;
} hr_entry;

typedef enum hr_container {
    HR_TORCH_ZIP,    /* torch.save since 1.6 */
    HR_TORCH_STREAM, /* torch.save before */
    HR_SAFETENSORS_FILE
} hr_container;

/* An open file. All pointers are owned. */
typedef struct hr_tensors {
    hr_container container;
    hr_tensor *items; /* in the file's order */
    size_t n_items;
    hr_entry *entries;
    size_t n_entries;
    /* Unknown classes and functions of a pickle, whose values were left out: "mmengine.logging.HistoryBuffer". Each
     * once, at most 256. */
    char **skipped;
    size_t n_skipped;
    int is_script;          /* 1: a TorchScript archive, of which the modules' tensors are read and no code */
    struct hr_store *store; /* the file and its storages: store.h */
} hr_tensors;

/* Open a regular file; its content decides about the format. HRNET_ERR_FORMAT for broken files and other formats
 * (a file that ends too early is said to be cut short),
 * HRNET_ERR_UNSUPPORTED for valid files outside these formats (big-endian numbers, tensors that repeat elements of a
 * smaller storage), HRNET_ERR_LIMIT for more than 1,000,000 tensors or a pickle of more than 256 MiB,
 * HRNET_ERR_IO. Messages start with the path. A metadata value of more than 1 MiB is left out. Close with
 * hr_tensors_close. */
hrnet_status hr_tensors_open(hr_tensors *out, const char *path);
/* The same over memory, which is not copied and must outlive *out; name takes the path's place in messages. */
hrnet_status hr_tensors_open_memory(hr_tensors *out, const void *bytes, size_t n_bytes, const char *name);
/* Harmless on a zeroed hr_tensors. */
void hr_tensors_close(hr_tensors *tensors);

/* Read all elements of a tensor, converted to float32 or float64, in C order into out [n_elements]. The first read of a
 * storage in a zip also checks its CRC. HRNET_ERR_FORMAT if the data is damaged, HRNET_ERR_UNSUPPORTED for a foreign
 * tensor. One thread at a time for each
 * hr_tensors. */
hrnet_status hr_tensor_read(const hr_tensors *tensors, const hr_tensor *tensor, float *out);
hrnet_status hr_tensor_read_double(const hr_tensors *tensors, const hr_tensor *tensor, double *out);

/* The path of the file, or the name that its memory was given. */
const char *hr_tensors_name(const hr_tensors *tensors);

/* The metadata value of a key, or NULL. Valid while the file is open. */
const char *hr_tensors_entry(const hr_tensors *tensors, const char *key);

/* ------------------------------------------------------------------------------------------------ writing */

/* One tensor to write: contiguous, C order, of dtype HR_F32, HR_F16 or HR_I64. Owns nothing. */
typedef struct hr_tensor_data {
    const char *name;
    hr_dtype dtype;
    int n_dims;
    int64_t shape[HR_MAX_DIMS];
    const void *data;
} hr_tensor_data;

/* Write tensors and metadata as safetensors; with half != 0, HR_F32 is stored as float16, unless that would make a
 * finite number of the tensor infinite. The file appears whole or not at all. The data starts at a multiple of 64
 * bytes, and tensors of larger elements stand first, so that each is aligned to its elements for readers that map the
 * file. The header lists the tensors in the order of items. */
hrnet_status hr_safetensors_save(const char *path, const hr_tensor_data *items, size_t n_items, const hr_entry *entries,
                                 size_t n_entries, int half);
/* Write a flat state dict (an OrderedDict) in PyTorch's zip container, which torch.load reads, also with
 * weights_only=True. The file appears whole or not at all. For anything else than a state dict see torch_save.h. */
hrnet_status hr_torch_save(const char *path, const hr_tensor_data *items, size_t n_items);

#endif
