/*
 * store.h - what the readers of the three containers (safetensors.c, torch_zip.c, torch_stream.c) fill and tensors.c
 * reads from: the open file, and the table of its storages. A storage is a run of bytes in the file that one or more
 * tensors are views of. Internal to this folder.
 */
#ifndef HR_IO_TENSORS_STORE_H
#define HR_IO_TENSORS_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/tensors/tensors.h"

enum { HR_MAX_INFLATED = 1 << 28 };                                                    /* bytes */
enum { HR_MAX_TENSORS = 1000000, HR_MAX_PICKLE = 1 << 28, HR_MAX_METADATA = 1 << 20 }; /* tensors; bytes; bytes */

/* ------------------------------------------------------------------------------------------------ the file */

/* Random access to a file's bytes, on disk or in memory; every read is checked against the size. */
typedef struct hr_source {
    char *name;                 /* for messages; owned */
    const unsigned char *bytes; /* in memory, not owned; NULL: on disk */
    int fd;                     /* on disk, owned; -1: in memory */
    uint64_t size;
} hr_source;

/* Open a regular file. HRNET_ERR_IO; the message starts with the path. */
hrnet_status hr_source_open(hr_source *out, const char *path);
/* The same over memory that must outlive the source. */
hrnet_status hr_source_over(hr_source *out, const void *bytes, size_t n_bytes, const char *name);
/* Copy n bytes from offset `at`. HRNET_ERR_FORMAT if they reach past the end. The message does not name the source. */
hrnet_status hr_source_read(const hr_source *source, uint64_t at, size_t n, void *out);
/* Harmless on a zeroed source. */
void hr_source_close(hr_source *source);

/* ------------------------------------------------------------------------------------------------ storages */

typedef struct hr_storage {
    char *key;           /* PyTorch's name of it, "0", "1", ...; NULL in safetensors. Owned */
    hr_dtype dtype;      /* of its elements */
    int known;           /* 0: elements of a type that is not in hr_dtype; dtype means nothing */
    size_t element_size; /* bytes; 0: not known, and n_bytes means nothing */
    uint64_t n_bytes;
    uint64_t at;             /* offset in the file; in a zip the index of the entry */
    int verified;            /* in a zip: the entry's CRC has been checked */
    int is_deflated;         /* in a zip: the entry is compressed */
    size_t n_tensors;        /* in a zip: tensors that are views of it */
    unsigned char *inflated; /* in a zip: the whole entry, if it is deflated and several tensors need it. Owned */
} hr_storage;

/* The beginning of the message for a file that ends too early. */
#define HR_CUT_SHORT "the file is cut short (a download or copy that broke off?)"

typedef struct hr_store {
    hr_source source;
    struct zip *zip; /* the archive; NULL: storages stand in the file uncompressed */
    hr_storage *storages;
    size_t n_storages, capacity;
    uint64_t n_inflated; /* bytes that are kept inflated */
} hr_store;

/* Append a storage. Its key (n bytes, not NUL-terminated; NULL for none) is copied. HRNET_ERR_LIMIT beyond
 * HR_MAX_TENSORS. */
hrnet_status hr_store_add(hr_store *store, const char *key, size_t n, hr_storage storage);
/* Sort the storages by key and drop repetitions; call it once, after the last hr_store_add. HRNET_ERR_FORMAT if two
 * of one key differ. */
hrnet_status hr_store_sort(hr_store *store);
/* The storage of that key in a sorted store, or NULL. */
hr_storage *hr_store_find(const hr_store *store, const char *key, size_t n);
/* Close the file and free the store itself. NULL is allowed. */
void hr_store_free(hr_store *store);

/* ------------------------------------------------------------------------------------------------ containers */

/* Read the headers of tensors->store->source: fill the storages, items, entries and skipped. After a failure
 * hr_tensors_close frees what was filled. Messages do not name the source. */
hrnet_status hr_torch_zip_index(hr_tensors *tensors);
hrnet_status hr_torch_stream_index(hr_tensors *tensors);
hrnet_status hr_safetensors_index(hr_tensors *tensors);

/* Copy n bytes from byte `at` of a storage in a zip. The first call for a storage also checks the CRC of its whole
 * entry. A deflated entry that several tensors need is inflated once and kept until the file is closed;
 * HRNET_ERR_LIMIT if these would take more than HR_MAX_INFLATED bytes. */
hrnet_status hr_torch_zip_read(hr_store *store, hr_storage *storage, uint64_t at, size_t n, void *out);
void hr_torch_zip_close(struct zip *zip);

/* Check that a tensor with untrusted shape, strides and offset stays inside a storage of n_bytes and has no more
 * elements than it; set n_elements. HRNET_ERR_FORMAT or HRNET_ERR_UNSUPPORTED; the message does not name the tensor. */
hrnet_status hr_tensor_check(hr_tensor *tensor, uint64_t n_bytes);

#endif
