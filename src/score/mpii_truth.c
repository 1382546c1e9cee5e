/*
 * mpii_truth.c - reads MPII's ground truth from gt_<set>.mat or from a JSON object with the same entries. Both are
 * accessed as a truth_table: a name, dimensions, and strides. MATLAB stores arrays column by column, nested JSON lists
 * are row by row; with strides one reader serves both.
 *
 *   "pos_gt_src" [16][2][n]: joint j, coordinate c, person p is   values[j * s0 + c * s1 + p * s2]
 *      MATLAB   s = 1, 16, 32           JSON (copied to a flat block)   s = 2 n, n, 1
 */
#include "score/mpii_score.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/json.h"
#include "io/arrays.h"

#define MAX_FILE ((size_t)1 << 28)
enum { N = HRNET_MPII_JOINTS };

const char *const hr_mpii_joint_names[N] = {"rank",       "rkne", "rhip", "lhip", "lkne", "lank", "pelvis", "thorax",
                                            "upper_neck", "head", "rwri", "relb", "rsho", "lsho", "lelb",   "lwri"};

/* Element [i][j][k] of dims [dims[0]][dims[1]][dims[2]] is values[i * strides[0] + j * strides[1] + k * strides[2]]. */
typedef struct truth_table {
    int n_dims;
    size_t dims[HR_MAT_DIMS], strides[HR_MAT_DIMS];
    const double *values;
} truth_table;

/* The file: one of mat and json, the other NULL. */
typedef struct truth_source {
    const hr_mat *mat;
    const hr_json *json;
    double *flat; /* numbers of the last table found in JSON; the next one replaces them */
} truth_source;

/* ------------------------------------------------------------------------------------------------ tables */

static hrnet_status find_in_mat(const hr_mat *mat, const char *name, truth_table *out)
{
    const hr_mat_array *const array = hr_mat_find(mat, name);
    if (array == NULL || array->numbers == NULL) return hr_fail(HRNET_ERR_FORMAT, "expected an array of numbers");
    size_t stride = 1;
    for (int d = 0; d < array->n_dims; d++) {
        out->dims[d] = array->dims[d];
        out->strides[d] = stride;
        stride *= array->dims[d];
    }
    out->n_dims = array->n_dims;
    out->values = array->numbers;
    return HRNET_OK;
}

/* Copy the numbers of a nested list to *out, which moves on; 0 if the list has another shape than dims. */
static int flatten(const hr_json *list, const size_t *dims, int n_dims, double **out)
{
    if (n_dims == 0) return hr_json_number(list, (*out)++);
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != dims[0]) return 0;
    for (const hr_json *v = hr_json_first(list); v != NULL; v = hr_json_next(list, v))
        if (!flatten(v, dims + 1, n_dims - 1, out)) return 0;
    return 1;
}

/* The dimensions are guessed along the first elements, [[[1, 2], ...], ...] is 3, and checked by flatten. */
static hrnet_status find_in_json(truth_source *s, const char *name, truth_table *out)
{
    const hr_json *const list = hr_json_get(s->json, name), *inner = list;
    size_t count = 1;
    for (out->n_dims = 0; hr_json_is(inner, HR_JSON_ARRAY) && out->n_dims < 3; inner = hr_json_first(inner)) {
        out->dims[out->n_dims++] = inner->count;
        count *= inner->count;
        /* checked after every factor: 2^28 times a length, below 2^29 nodes, does not overflow */
        if (count > MAX_FILE) return hr_fail(HRNET_ERR_FORMAT, "expected lists of one length");
    }
    /* row by row: the last dimension has stride 1; count <= MAX_FILE keeps the products in an int */
    for (int d = out->n_dims - 1, stride = 1; d >= 0; stride *= (int)out->dims[d--]) out->strides[d] = (size_t)stride;
    /* span: nodes of the list's tree, at least one a number; so no more is allocated than the text holds */
    if (out->n_dims == 0 || count > list->span) return hr_fail(HRNET_ERR_FORMAT, "expected lists of numbers");
    hr_free(s->flat);
    HR_NEW(s->flat, count);
    double *end = s->flat;
    if (!flatten(list, out->dims, out->n_dims, &end))
        return hr_fail(HRNET_ERR_FORMAT, "expected lists of numbers, of one length on each level");
    out->values = s->flat;
    return HRNET_OK;
}

/* Find a table of the shape dims [n_dims]. A 0 in dims accepts any number, and is set to the one found. MATLAB drops a
 * last dimension of 1 ([16][2][1] for one person is stored as [16][2]), so a missing one counts as 1. */
static hrnet_status find_table(truth_source *s, const char *name, size_t *dims, int n_dims, truth_table *out)
{
    hrnet_status status = s->mat != NULL ? find_in_mat(s->mat, name, out) : find_in_json(s, name, out);
    if (status == HRNET_OK && out->n_dims > n_dims)
        status = hr_fail(HRNET_ERR_FORMAT, "expected %d dimensions, found %d", n_dims, out->n_dims);
    for (int d = 0; status == HRNET_OK && d < n_dims; d++) {
        const size_t found = d < out->n_dims ? out->dims[d] : 1;
        if (d >= out->n_dims) out->strides[d] = 0;
        if (dims[d] == 0) dims[d] = found;
        if (found != dims[d])
            status = hr_fail(HRNET_ERR_FORMAT, "dimension %d: expected %zu, found %zu", d, dims[d], found);
    }
    return status == HRNET_OK ? status : hr_fail_in(status, name);
}

static double value_at(const truth_table *t, size_t i, size_t j, size_t k)
{
    return t->values[i * t->strides[0] + j * t->strides[1] + k * t->strides[2]];
}

/* ------------------------------------------------------------------------------------------------ truth */

/* Name of joint `index` of the file, or NULL. */
static const char *joint_name(const truth_source *s, size_t index)
{
    if (s->mat != NULL) {
        const hr_mat_array *const names = hr_mat_find(s->mat, "dataset_joints");
        return names != NULL && names->texts != NULL && index < names->count ? names->texts[index] : NULL;
    }
    const hr_json *const list = hr_json_get(s->json, "dataset_joints"), *item = hr_json_first(list);
    if (!hr_json_is(list, HR_JSON_ARRAY)) return NULL;
    for (size_t i = 0; i < index && item != NULL; i++) item = hr_json_next(list, item);
    return hr_json_string(item);
}

/* The joints that no row of the score is about: upstream looks up the names of the other thirteen alone, and leaves
 * joints out of the mean by their place. */
static int is_looked_up(const char *name)
{
    return strcmp(name, "pelvis") != 0 && strcmp(name, "thorax") != 0 && strcmp(name, "upper_neck") != 0;
}

/* Find every known joint among "dataset_joints": files may list joints in another order. */
static hrnet_status read_columns(hrnet_mpii_truth *truth, const truth_source *s)
{
    for (int k = 0; k < N; k++) {
        int i = 0;
        while (i < N &&
               (joint_name(s, (size_t)i) == NULL || strcmp(joint_name(s, (size_t)i), hr_mpii_joint_names[k]) != 0))
            i++;
        if (i == N && is_looked_up(hr_mpii_joint_names[k]))
            return hr_fail(HRNET_ERR_FORMAT, "dataset_joints: expected %d names, among them \"%s\"", N,
                           hr_mpii_joint_names[k]);
        truth->columns[k] = i < N ? i : -1;
    }
    return HRNET_OK;
}

static hrnet_status read_tables(hrnet_mpii_truth *truth, truth_source *s)
{
    size_t missing[] = {N, 0, 0}, positions[] = {N, 2, 0}, heads[] = {2, 2, 0};
    truth_table t = {0};
    HR_TRY(find_table(s, "jnt_missing", missing, 2, &t));
    const size_t n = truth->n = missing[1];
    positions[2] = heads[2] = n;
    if (n == 0) return hr_fail(HRNET_ERR_FORMAT, "jnt_missing: expected at least one person");
    HR_NEW(truth->joints, n * N);
    HR_NEW(truth->head_sizes, n);
    for (size_t p = 0; p < n; p++)
        for (size_t j = 0; j < N; j++) truth->joints[p * N + j].missing = value_at(&t, j, p, 0) != 0;
    HR_TRY(find_table(s, "pos_gt_src", positions, 3, &t));
    for (size_t p = 0; p < n; p++) {
        for (size_t j = 0; j < N; j++) {
            truth->joints[p * N + j].x = value_at(&t, j, 0, p);
            truth->joints[p * N + j].y = value_at(&t, j, 1, p);
        }
    }
    HR_TRY(find_table(s, "headboxes_src", heads, 3, &t));
    for (size_t p = 0; p < n; p++) { /* [0] and [1] are two opposite corners of the head's box */
        const double w = value_at(&t, 1, 0, p) - value_at(&t, 0, 0, p);
        const double h = value_at(&t, 1, 1, p) - value_at(&t, 0, 1, p);
        truth->head_sizes[p] = sqrt(w * w + h * h);
    }
    return HRNET_OK;
}

static hrnet_status read_truth(hrnet_mpii_truth **out, truth_source *s)
{
    hrnet_mpii_truth *truth;
    HR_NEW(truth, 1);
    hrnet_status status = read_columns(truth, s);
    if (status == HRNET_OK) status = read_tables(truth, s);
    hr_free(s->flat);
    if (status == HRNET_OK)
        *out = truth;
    else
        hrnet_mpii_truth_free(truth);
    return status;
}

hrnet_status hr_mpii_truth_parse(hrnet_mpii_truth **out, const void *bytes, size_t n_bytes)
{
    hrnet_status status;
    if (hr_mat_is(bytes, n_bytes)) {
        hr_mat mat;
        HR_TRY(hr_mat_parse(&mat, bytes, n_bytes));
        status = read_truth(out, &(truth_source){.mat = &mat});
        hr_mat_free(&mat);
    } else {
        hr_json_document document;
        HR_TRY(hr_json_parse(&document, bytes, n_bytes));
        status = read_truth(out, &(truth_source){.json = document.root});
        hr_json_free(&document);
    }
    return status;
}

hrnet_status hrnet_mpii_truth_load(hrnet_mpii_truth **out, const char *path)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_mpii_truth_load: NULL argument");
    hr_bytes file;
    HR_TRY(hr_file_read(&file, path, MAX_FILE));
    const hrnet_status status = hr_mpii_truth_parse(out, file.data, file.size);
    hr_free(file.data);
    return status == HRNET_OK ? status : hr_fail_in(status, path);
}

size_t hrnet_mpii_truth_n(const hrnet_mpii_truth *truth)
{
    return truth->n;
}

void hrnet_mpii_truth_free(hrnet_mpii_truth *truth)
{
    if (truth == NULL) return;
    hr_free(truth->joints);
    hr_free(truth->head_sizes);
    hr_free(truth);
}
