/*
 * mat.h - MATLAB's version 5 files (those of scipy.io.savemat and of MATLAB up to -v7): arrays of numbers, text, and
 * lists of texts. Structures, sparse and complex arrays are passed over; HDF5 files (-v7.3) are refused.
 */
#ifndef HR_IO_MAT_H
#define HR_IO_MAT_H

#include <stddef.h>

#include "base/status.h"

enum { HR_MAT_DIMS = 8 };

/* numbers [prod(dims)], the first index running fastest; or texts [prod(dims)] of a cell array of strings. */
typedef struct hr_mat_array {
    char *name;
    int n_dims;
    size_t dims[HR_MAT_DIMS], count;
    double *numbers; /* or NULL */
    char **texts;    /* or NULL */
} hr_mat_array;

typedef struct hr_mat {
    hr_mat_array *arrays;
    size_t n;
} hr_mat;

/* Whether the bytes begin as a MATLAB file does, of any version from 5 on. */
int hr_mat_is(const void *bytes, size_t n_bytes);

/* Read all arrays of a file. HRNET_ERR_FORMAT, HRNET_ERR_UNSUPPORTED, HRNET_ERR_LIMIT (unpacked content of more than
 * 256 MiB). Free with hr_mat_free. */
hrnet_status hr_mat_parse(hr_mat *out, const void *bytes, size_t n_bytes);
/* The array of that name, or NULL. */
const hr_mat_array *hr_mat_find(const hr_mat *mat, const char *name);
void hr_mat_free(hr_mat *mat);

/* Write one array of float32; values [prod(dims)] with the first index running fastest. Temporary name, then renamed.
 * HRNET_ERR_LIMIT from 2 GiB on, which the format cannot hold. */
hrnet_status hr_mat_save(const char *path, const char *name, const float *values, const size_t *dims, int n_dims);

#endif
