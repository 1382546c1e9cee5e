/* npy.h - .npy files from memory; hrnet_array_load and hrnet_array_save of <hrnet.h> are the same on files. */
#ifndef HR_IO_NPY_H
#define HR_IO_NPY_H

#include "base/status.h"

/* Read a whole .npy file. Free with hrnet_array_free. */
hrnet_status hr_array_parse(hrnet_array *out, const void *bytes, size_t n_bytes);

#endif
