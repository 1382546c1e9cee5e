/*
 * image_store.h - where a dataset's pictures are: a folder, or a zip archive. It knows names and bytes, not pixels.
 * Names come from annotation files and are not trusted: one that is absolute or has a ".." part is refused.
 */
#ifndef HR_DATA_IMAGE_STORE_H
#define HR_DATA_IMAGE_STORE_H

#include "base/file.h"

typedef struct hr_image_store hr_image_store;

/* path: a folder, or a file, which is a zip archive. n_readers: threads that will read; an archive is opened once for
 * each. */
hrnet_status hr_image_store_open(hr_image_store **out, const char *path, int n_readers);

/* All bytes of the picture `name`; free out->data with hr_free. In an archive names are looked up as they are and below
 * the folder that the archive is named after ("val2017/x.jpg" in val2017.zip). reader: 0..n_readers-1, one thread at a
 * time each. HRNET_ERR_IO when there is no such picture; messages start with its path. */
hrnet_status hr_image_store_read(hr_image_store *store, int reader, const char *name, hr_bytes *out);

/* The same, decoded; EXIF orientation is ignored, as upstream ignores it. */
hrnet_status hr_image_store_load(hr_image_store *store, int reader, const char *name, hrnet_image *out);

/* The path of a picture for messages and file lists: "images/val2017/x.jpg", "images/val2017.zip/x.jpg". *out is freed
 * with hr_free. */
hrnet_status hr_image_store_path(const hr_image_store *store, const char *name, char **out);

void hr_image_store_close(hr_image_store *store);

#endif
