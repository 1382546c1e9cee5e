/*
 * torch_save.h - writing a file as torch.save does: a tree of Python values and the storages of its tensors. The tree
 * is described from the outside to the inside, while its pickle is written into memory; the elements of the storages
 * are read one storage at a time when the file is written.
 *
 *   hr_torch_file file = {0};                           // {"epoch": 3, "weight": Tensor}
 *   hr_torch_begin(&file, HR_TORCH_MAP);
 *   hr_torch_add_text(&file, "epoch");
 *   hr_torch_add_integer(&file, 3);
 *   hr_torch_add_text(&file, "weight");
 *   hr_torch_add_tensor(&file, &shape, hr_torch_add_storage(&file, &elements));
 *   hr_torch_end(&file);
 *   return hr_torch_write(&file, path);
 *
 * No call in between fails: a failed allocation is remembered and hr_torch_write reports it.
 */
#ifndef HR_IO_TENSORS_TORCH_SAVE_H
#define HR_IO_TENSORS_TORCH_SAVE_H

#include "base/file.h"
#include "base/text.h"
#include "io/tensors/tensors.h"

/* The elements of a storage, of dtype HR_F32, HR_F16 or HR_I64. They come from memory (data), or, if data is NULL, from
 * a function that hr_torch_write calls, for tensors that are stored in another layout than the file's. */
typedef struct hr_torch_elements {
    hr_dtype dtype;
    size_t n_elements;
    const void *data;                                           /* must stay valid until the file is written */
    void (*read)(const void *context, size_t index, void *out); /* write all elements to out, 64-byte aligned */
    const void *context;
    size_t index; /* passed to read */
} hr_torch_elements;

/* Kinds of containers. The values in a map are key, value, key, value ...; keys are texts or integers. */
typedef enum hr_torch_group { HR_TORCH_MAP, HR_TORCH_ORDERED_MAP, HR_TORCH_LIST, HR_TORCH_TUPLE } hr_torch_group;

enum { HR_TORCH_MAX_DEPTH = 16 };

/* A file in progress. Starts zeroed; freed by hr_torch_write or hr_torch_file_free. */
typedef struct hr_torch_file {
    hr_text pickle;
    hr_torch_elements *storages;
    size_t n_storages, capacity;
    hr_torch_group open[HR_TORCH_MAX_DEPTH]; /* the containers that are open, outermost first */
    int depth;
    int failed, unbalanced; /* an allocation failed; begin and end do not match */
} hr_torch_file;

/* Open and close a container. The root must be one, every open container must be closed, and at most HR_TORCH_MAX_DEPTH
 * may be open; otherwise hr_torch_write fails with HRNET_ERR_ARGUMENT. */
void hr_torch_begin(hr_torch_file *file, hr_torch_group group);
void hr_torch_end(hr_torch_file *file);

/* Add a plain value to the innermost open container. */
void hr_torch_add_none(hr_torch_file *file);
void hr_torch_add_bool(hr_torch_file *file, int value);
void hr_torch_add_integer(hr_torch_file *file, int64_t value);
void hr_torch_add_real(hr_torch_file *file, double value); /* all 64 bits are kept */
void hr_torch_add_text(hr_torch_file *file, const char *utf8);

/* Add a storage, *elements is copied. Returns its number, which any number of tensors may use. */
size_t hr_torch_add_storage(hr_torch_file *file, const hr_torch_elements *elements);
/* Add a contiguous tensor that covers a whole storage. Of *shape only n_dims and shape are read. */
void hr_torch_add_tensor(hr_torch_file *file, const hr_tensor_data *shape, size_t storage);

/* Write path in PyTorch's zip container: entries uncompressed, data aligned to 64 bytes, the same bytes for the same
 * content. The file appears whole or not at all. Frees file in any case. HRNET_ERR_MEMORY, HRNET_ERR_ARGUMENT,
 * HRNET_ERR_IO. */
hrnet_status hr_torch_write(hr_torch_file *file, const char *path);
/* Harmless on a zeroed file. */
void hr_torch_file_free(hr_torch_file *file);

/* Only for hr_torch_write: write the zip container to a new stream that can seek. The message does not name the file.
 */
hrnet_status hr_torch_write_zip(FILE *stream, const hr_bytes *pickle, const hr_torch_elements *storages,
                                size_t n_storages);

#endif
