/*
 * image_store.h - the pictures of a dataset by name, from a folder or from a zip archive. Several threads can read at
 * once, each as a "reader" of its own.
 *
 * Names come from annotation files and are not trusted: an absolute name, or one with a part "..", is refused, so that
 * nothing outside the folder is read.
 */
#ifndef HR_DATA_IMAGE_STORE_H
#define HR_DATA_IMAGE_STORE_H

#include "base/file.h"

typedef struct hr_image_store hr_image_store;

/* Open a folder, or a file that is a zip archive. n_readers: threads that will read; an archive is opened once for
 * each, because a handle of libzip serves one thread. HRNET_ERR_IO: no such path; HRNET_ERR_FORMAT: not a zip. */
hrnet_status hr_image_store_open(hr_image_store **out, const char *path, int n_readers);

/* *out = 1 if the picture is there and no folder, without reading it. A name that would be refused is not there. */
hrnet_status hr_image_store_has(hr_image_store *store, int reader, const char *name, int *out);

/* Read all bytes of a picture; free out->data with hr_free. reader: 0..n_readers-1, used by one thread at a time. In an
 * archive the name is looked up as it is, then below the folder that the archive is named after ("x.jpg" and
 * "val2017/x.jpg" in val2017.zip). HRNET_ERR_IO: no such picture; messages begin with the picture's path. */
hrnet_status hr_image_store_read(hr_image_store *store, int reader, const char *name, hr_bytes *out);

/* Read and decode a picture; free it with hrnet_image_free. EXIF orientation is ignored, as upstream ignores it:
 * annotations count in the pixels that are stored. */
hrnet_status hr_image_store_load(hr_image_store *store, int reader, const char *name, hrnet_image *out);

/* The path of a picture for messages and file lists: "images/val2017/x.jpg", "images/val2017.zip/x.jpg". *out is freed
 * with hr_free. */
hrnet_status hr_image_store_path(const hr_image_store *store, const char *name, char **out);

/* Decoded pictures that wait to be used are bounded by their bytes, since a small file may be a picture of 768 MiB: who
 * has loaded as many begins no further one. */
#define HR_IMAGES_IN_FLIGHT ((size_t)256 << 20)

/* Accepts NULL. No thread may be reading. */
void hr_image_store_close(hr_image_store *store);

#endif
