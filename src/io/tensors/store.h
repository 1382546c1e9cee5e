/*
 * store.h - the open file behind an hr_tensors and the runs of bytes in it that tensors are views of. Shared by the
 * readers of the three containers; nobody else includes it.
 */
#ifndef HR_IO_TENSORS_STORE_H
#define HR_IO_TENSORS_STORE_H

#include "io/tensors/source.h"
#include "io/tensors/tensors.h"

enum { HR_MAX_TENSORS = 1000000, HR_MAX_PICKLE = 1 << 28, HR_MAX_METADATA = 1 << 20 };

/* One run of bytes. */
typedef struct hr_storage {
    char *key;      /* PyTorch's name of it; NULL in safetensors */
    hr_dtype dtype; /* of its elements */
    int known;      /* 0: elements of a type we do not have; dtype and n_bytes mean nothing */
    uint64_t n_bytes;
    uint64_t at;  /* offset in the file; in a zip the index of the entry */
    int verified; /* the zip entry's CRC was found right */
} hr_storage;

typedef struct hr_store {
    hr_source source;
    struct zip *zip; /* NULL: storages stand in the file as they are */
    hr_storage *storages;
    size_t n_storages, capacity;
} hr_store;

/* Add a storage; its key (n bytes, not NUL-terminated; NULL for none) is copied. HRNET_ERR_LIMIT past
 * HR_MAX_TENSORS. */
hrnet_status hr_store_add(hr_store *store, const char *key, size_t n, hr_storage storage);
/* Once all are added: order storages by key and keep one of each. HRNET_ERR_FORMAT when two of one key differ. */
hrnet_status hr_store_sort(hr_store *store);
/* The storage of that key in a sorted store, or NULL. */
hr_storage *hr_store_find(const hr_store *store, const char *key, size_t n);
void hr_store_free(hr_store *store);

/* Fill tensors from tensors->store->source; on failure what was filled is left to hr_tensors_close. */
hrnet_status hr_torch_zip_index(hr_tensors *tensors);
hrnet_status hr_torch_stream_index(hr_tensors *tensors);
hrnet_status hr_safetensors_index(hr_tensors *tensors);

/* Copy n bytes from byte `at` of a storage in a zip; the first time also check the CRC of the whole entry. */
hrnet_status hr_torch_zip_read(hr_store *store, hr_storage *storage, uint64_t at, size_t n, void *out);
void hr_torch_zip_close(struct zip *zip);

/* Whether a tensor's elements stay inside a storage of n_bytes and are not more than it holds; sets n_elements. shape,
 * strides and offset are untrusted. The message does not name the tensor. */
hrnet_status hr_tensor_check(hr_tensor *tensor, uint64_t n_bytes);

#endif
