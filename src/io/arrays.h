/*
 * arrays.h - files of plain numeric arrays: NumPy's .npy from memory (hrnet_array_load and hrnet_array_save of
 * <hrnet.h> are the same on files), and MATLAB's version 5 files (.mat), as scipy.io.savemat and MATLAB's save -v7
 * write them and the MPII dataset is published in.
 */
#ifndef HR_IO_ARRAYS_H
#define HR_IO_ARRAYS_H

#include <stddef.h>

#include "base/status.h"

/* ------------------------------------------------------------------------------------------------ NumPy */

/* Read a whole .npy file: one array of any numeric type, converted to float32, C order. HRNET_ERR_FORMAT for broken
 * files, HRNET_ERR_UNSUPPORTED for element types other than real numbers and booleans and for more than 8 dimensions.
 * Free with hrnet_array_free. */
hrnet_status hr_array_parse(hrnet_array *out, const void *bytes, size_t n_bytes);

/* ------------------------------------------------------------------------------------------------ MATLAB */

enum { HR_MAT_DIMS = 8 };

/* A variable of a .mat file: an array of numbers, or a cell array of strings. Column-major: the first index runs
 * fastest. Exactly one of numbers and texts is not NULL. */
typedef struct hr_mat_array {
    char *name;
    int n_dims;
    size_t dims[HR_MAT_DIMS], count; /* count: the product of dims */
    double *numbers;                 /* [count] */
    char **texts;                    /* [count] ASCII; other characters are '?' */
} hr_mat_array;

typedef struct hr_mat {
    hr_mat_array *arrays; /* in the file's order */
    size_t n;
} hr_mat;

/* Whether the bytes begin like a MATLAB file, of any version from 5 on. */
int hr_mat_is(const void *bytes, size_t n_bytes);

/* Read all arrays of numbers and cell arrays of strings. Structures, sparse and complex arrays, and other cell arrays
 * are left out. HRNET_ERR_FORMAT for broken files, HRNET_ERR_UNSUPPORTED for HDF5 (-v7.3) and big-endian files,
 * HRNET_ERR_LIMIT for content that takes more memory than the file may cost (base/limits.h). Free with hr_mat_free. */
hrnet_status hr_mat_parse(hr_mat *out, const void *bytes, size_t n_bytes);
/* The array of that name, or NULL. */
const hr_mat_array *hr_mat_find(const hr_mat *mat, const char *name);
void hr_mat_free(hr_mat *mat);

/* Write a file with one float32 array, values [prod(dims)] column-major. The file appears whole or not at all.
 * HRNET_ERR_LIMIT for 2 GiB or more, which the format cannot hold. */
hrnet_status hr_mat_save(const char *path, const char *name, const float *values, const size_t *dims, int n_dims);

#endif
