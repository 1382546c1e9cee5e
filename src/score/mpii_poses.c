/*
 * mpii_poses.c - predictions for MPII from and to files. Pixels count from 0 in .npy and in hrnet_keypoint, from 1 in
 * upstream's pred.mat. MATLAB stores arrays column by column: element [p][j][c] of "preds" [n][16][2] is at
 * p + j n + c 16 n.
 */
#include "score/mpii_score.h"

#include "base/file.h"
#include "base/mem.h"
#include "io/arrays.h"

#define MAX_FILE ((size_t)1 << 30)
enum { N = HRNET_MPII_JOINTS };

static hrnet_status check_shape(const size_t *dims, int n_dims)
{
    if (n_dims == 3 && dims[1] == N && dims[2] >= 2) return HRNET_OK;
    return hr_fail(HRNET_ERR_FORMAT, "predictions: expected the shape [n][%d][2 or more]", N);
}

/* Poses of a .npy file. */
static hrnet_status from_array(hrnet_keypoint **out, size_t *n, const hrnet_array *array)
{
    HR_TRY(check_shape(array->shape, array->n_dims));
    const size_t columns = array->shape[2], rows = array->shape[0] * N;
    hrnet_keypoint *poses;
    HR_NEW(poses, rows);
    for (size_t i = 0; i < rows; i++) {
        const float *const row = array->data + i * columns;
        poses[i] = (hrnet_keypoint){row[0], row[1], columns > 2 ? row[2] : 0};
    }
    *out = poses;
    *n = array->shape[0];
    return HRNET_OK;
}

/* Poses of a pred.mat. */
static hrnet_status from_mat(hrnet_keypoint **out, size_t *n, const hr_mat *mat)
{
    const hr_mat_array *const array = hr_mat_find(mat, "preds");
    if (array == NULL || array->numbers == NULL)
        return hr_fail(HRNET_ERR_FORMAT, "expected an array of numbers \"preds\"");
    HR_TRY(check_shape(array->dims, array->n_dims));
    const size_t persons = array->dims[0], plane = persons * N;
    hrnet_keypoint *poses;
    HR_NEW(poses, plane);
    for (size_t p = 0; p < persons; p++) {
        for (size_t j = 0; j < N; j++) {
            const double *const value =
                array->numbers + p + j * persons; /* plane = 16 n: from one coordinate to the next */
            poses[p * N + j] = (hrnet_keypoint){(float)(value[0] - 1), (float)(value[plane] - 1),
                                                array->dims[2] > 2 ? (float)value[2 * plane] : 0};
        }
    }
    *out = poses;
    *n = persons;
    return HRNET_OK;
}

hrnet_status hr_mpii_poses_parse(hrnet_keypoint **out, size_t *n, const void *bytes, size_t n_bytes)
{
    hrnet_status status;
    if (hr_mat_is(bytes, n_bytes)) {
        hr_mat mat;
        HR_TRY(hr_mat_parse(&mat, bytes, n_bytes));
        status = from_mat(out, n, &mat);
        hr_mat_free(&mat);
    } else {
        hrnet_array array = {0};
        HR_TRY(hr_array_parse(&array, bytes, n_bytes));
        status = from_array(out, n, &array);
        hrnet_array_free(&array);
    }
    return status;
}

hrnet_status hrnet_mpii_poses_load(hrnet_keypoint **out, size_t *n, const char *path)
{
    if (out == NULL || n == NULL || path == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_mpii_poses_load: NULL argument");
    hr_bytes file;
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = hr_mpii_poses_parse(out, n, file.data, file.size);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

hrnet_status hrnet_mpii_poses_save(const hrnet_keypoint *poses, size_t n, const char *path)
{
    const size_t dims[] = {n, N, 2}, plane = n * N;
    float *values;
    if (poses == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_mpii_poses_save: NULL argument");
    if (n > SIZE_MAX / sizeof *values / N / 2) return hr_fail(HRNET_ERR_LIMIT, "%s: %zu persons", path, n);
    HR_NEW(values, 2 * plane);
    for (size_t p = 0; p < n; p++) {
        for (size_t j = 0; j < N; j++) {
            values[p + j * n] = poses[p * N + j].x + 1;
            values[p + j * n + plane] = poses[p * N + j].y + 1;
        }
    }
    const hrnet_status status = hr_mat_save(path, "preds", values, dims, 3);
    hr_free(values);
    return status;
}

void hrnet_mpii_poses_free(hrnet_keypoint *poses)
{
    hr_free(poses);
}
