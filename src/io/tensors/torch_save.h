/*
 * torch_save.h - a file as torch.save writes it: a tree of Python values, told from the outside to the inside, and the
 * storages of its tensors, whose elements are asked for one storage at a time while the file is written.
 *
 *   hr_torch_file file = {0};
 *   hr_torch_begin(&file, HR_TORCH_MAP);
 *   hr_torch_add_text(&file, "epoch");
 *   hr_torch_add_integer(&file, 3);
 *   hr_torch_add_text(&file, "weight");
 *   hr_torch_add_tensor(&file, &shape, hr_torch_add_storage(&file, &elements));
 *   hr_torch_end(&file);
 *   return hr_torch_write(&file, path);
 *
 * A failed allocation is remembered; hr_torch_write reports it.
 */
#ifndef HR_IO_TENSORS_TORCH_SAVE_H
#define HR_IO_TENSORS_TORCH_SAVE_H

#include "base/file.h"
#include "base/text.h"
#include "io/tensors/tensors.h"

/* A run of elements of dtype HR_F32, HR_F16 or HR_I64 that tensors are views of. */
typedef struct hr_torch_elements {
    hr_dtype dtype;
    size_t n_elements;
    const void *data;                                           /* must stand until the file is written; or NULL: */
    void (*read)(const void *context, size_t index, void *out); /* writes all elements to out, 64-byte aligned */
    const void *context;
    size_t index;
} hr_torch_elements;

/* Children of a map are key, value, key, value ...; keys are text or integers. */
typedef enum hr_torch_group { HR_TORCH_MAP, HR_TORCH_ORDERED_MAP, HR_TORCH_LIST, HR_TORCH_TUPLE } hr_torch_group;

enum { HR_TORCH_MAX_DEPTH = 16 };

typedef struct hr_torch_file {
    hr_text pickle;
    hr_torch_elements *storages;
    size_t n_storages, capacity;
    hr_torch_group open[HR_TORCH_MAX_DEPTH]; /* the groups around the next value */
    int depth;
    int failed, unbalanced;
} hr_torch_file;

/* The root is a group; as many are ended as were begun, at most HR_TORCH_MAX_DEPTH deep, or hr_torch_write fails with
 * HRNET_ERR_ARGUMENT. */
void hr_torch_begin(hr_torch_file *file, hr_torch_group group);
void hr_torch_end(hr_torch_file *file);

void hr_torch_add_none(hr_torch_file *file);
void hr_torch_add_bool(hr_torch_file *file, int value);
void hr_torch_add_integer(hr_torch_file *file, int64_t value);
void hr_torch_add_real(hr_torch_file *file, double value); /* all 64 bits survive */
void hr_torch_add_text(hr_torch_file *file, const char *utf8);

/* Returns the storage's number, for any number of tensors. */
size_t hr_torch_add_storage(hr_torch_file *file, const hr_torch_elements *elements);
/* A contiguous tensor over all of a storage. Of `shape` only the dimensions are read. */
void hr_torch_add_tensor(hr_torch_file *file, const hr_tensor_data *shape, size_t storage);

/* Write it in PyTorch's zip container, stored, data aligned to 64 bytes. Atomic. Frees file in any case. */
hrnet_status hr_torch_write(hr_torch_file *file, const char *path);
void hr_torch_file_free(hr_torch_file *file);

/* For hr_torch_write: the container. stream is a new file that can seek. The message does not name the file. */
hrnet_status hr_torch_write_zip(FILE *stream, const hr_bytes *pickle, const hr_torch_elements *storages,
                                size_t n_storages);

#endif
