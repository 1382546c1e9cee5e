/* py_columns.c - COCO files as arrays, for hrnet.cocoeval: the numbers that scores need, without an object for each
 * entry. A file of which the library would leave anything out, or assume anything, is none: what pycocotools makes of
 * it can only be said of its entries. */
#include <string.h>

#include "py_core.h"

/* All threads that this process may use, to read a file; NULL: the caller's alone. */
static hrnet_pool *pool_new(void)
{
    hrnet_pool *pool = NULL;
    return hrnet_pool_create(&pool, 0) == HRNET_OK ? pool : NULL;
}

/* ------------------------------------------------------------------------------------------------ annotations */

/* Arrays of a tuple, as bytes. */
typedef struct column {
    PyObject *bytes;
    size_t size; /* of an item */
} column;

/* Allocate arrays of n items each; -1 with an exception set. */
static int columns_new(column *columns, int n_columns, size_t n)
{
    for (int c = 0; c < n_columns; c++) {
        if (columns[c].size != 0 && n > (size_t)PY_SSIZE_T_MAX / columns[c].size) {
            PyErr_NoMemory();
            return -1;
        }
        columns[c].bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(n * columns[c].size));
        if (columns[c].bytes == NULL) return -1;
    }
    return 0;
}

static void columns_free(column *columns, int n_columns)
{
    for (int c = 0; c < n_columns; c++) Py_XDECREF(columns[c].bytes);
}

static char *column_at(const column *columns, int c, size_t i)
{
    return PyBytes_AsString(columns[c].bytes) + i * columns[c].size;
}

enum { IDS, IMAGES, CATEGORIES, AREAS, BOXES, KEYPOINTS, CROWDS, LABELLED, N_COLUMNS };

static void fill_annotation(const column *columns, size_t i, const hrnet_annotation *one)
{
    const int64_t numbers[] = {one->id, one->image_id, one->category_id, one->n_labelled};
    const unsigned char is_crowd = one->is_crowd != 0;
    memcpy(column_at(columns, IDS, i), &numbers[0], sizeof *numbers);
    memcpy(column_at(columns, IMAGES, i), &numbers[1], sizeof *numbers);
    memcpy(column_at(columns, CATEGORIES, i), &numbers[2], sizeof *numbers);
    memcpy(column_at(columns, LABELLED, i), &numbers[3], sizeof *numbers);
    memcpy(column_at(columns, AREAS, i), &one->area, sizeof one->area);
    memcpy(column_at(columns, BOXES, i), one->bbox, sizeof one->bbox);
    memcpy(column_at(columns, CROWDS, i), &is_crowd, sizeof is_crowd);
    if (one->keypoints != NULL) memcpy(column_at(columns, KEYPOINTS, i), one->keypoints, columns[KEYPOINTS].size);
}

/* (image ids, annotations, n_keypoints, ids, image ids, category ids, areas, boxes, keypoints, crowds, labelled) */
static PyObject *annotations_new(const hrnet_annotations *annotations)
{
    const size_t n = hrnet_annotations_n(annotations), n_images = hrnet_annotations_n_images(annotations);
    const int n_keypoints = hrnet_annotations_info(annotations)->skeleton.n_keypoints;
    column images = {.size = sizeof(int64_t)};
    column c[N_COLUMNS] = {{.size = sizeof(int64_t)},
                           {.size = sizeof(int64_t)},
                           {.size = sizeof(int64_t)},
                           {.size = sizeof(double)},
                           {.size = 4 * sizeof(double)},
                           {.size = 0},
                           {.size = 1},
                           {.size = sizeof(int64_t)}};
    c[KEYPOINTS].size = (size_t)n_keypoints * 3 * sizeof(double);
    PyObject *out = NULL;
    if (columns_new(&images, 1, n_images) == 0 && columns_new(c, N_COLUMNS, n) == 0) {
        for (size_t i = 0; i < n_images; i++) {
            const int64_t id = hrnet_annotations_image(annotations, i).id;
            memcpy(column_at(&images, 0, i), &id, sizeof id);
        }
        for (size_t i = 0; i < n; i++) {
            const hrnet_annotation one = hrnet_annotations_get(annotations, i);
            fill_annotation(c, i, &one);
        }
        out = Py_BuildValue("(OniOOOOOOOO)", images.bytes, (Py_ssize_t)n, n_keypoints, c[IDS].bytes, c[IMAGES].bytes,
                            c[CATEGORIES].bytes, c[AREAS].bytes, c[BOXES].bytes, c[KEYPOINTS].bytes, c[CROWDS].bytes,
                            c[LABELLED].bytes);
    }
    columns_free(&images, 1);
    columns_free(c, N_COLUMNS);
    return out;
}

static void count_line(void *context, const char *line)
{
    (void)line;
    ++*(int *)context;
}

/* coco_annotations(path, boxes alone): the tuple of annotations_new; None if the file cannot be read as it is */
static PyObject *coco_annotations(PyObject *self, PyObject *args)
{
    const char *path;
    int boxes_alone, n_lines = 0;
    hrnet_annotations *annotations = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "yi", &path, &boxes_alone)) return NULL;
    hrnet_annotations_options options = {.boxes_alone = boxes_alone, .on_message = count_line, .context = &n_lines};
    PyThreadState *const state = handle_enter(NULL);
    options.pool = pool_new();
    const hrnet_status status = hrnet_annotations_open(&annotations, path, &options);
    hrnet_pool_free(options.pool);
    handle_leave(NULL, state);
    if (status == HRNET_ERR_MEMORY) return errors_raise(status);
    if (status == HRNET_OK && n_lines == 0) {
        PyObject *const out = annotations_new(annotations);
        hrnet_annotations_free(annotations);
        return out;
    }
    hrnet_annotations_free(annotations);
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------------------ results */

/* bytes of n doubles or 8-byte numbers; None of NULL. */
static PyObject *bytes_new(const void *values, size_t n)
{
    if (values == NULL) return Py_BuildValue("");
    return PyBytes_FromStringAndSize(values, (Py_ssize_t)(n * sizeof(double)));
}

/* coco_results(path, boxes alone): (n, n_keypoints, image ids, category ids, scores, areas or None, boxes or None,
 * keypoints or None); None if the file cannot be read as it is */
static PyObject *coco_results(PyObject *self, PyObject *args)
{
    const char *path;
    int boxes_alone;
    hrnet_coco_results r = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "yi", &path, &boxes_alone)) return NULL;
    PyThreadState *const state = handle_enter(NULL);
    hrnet_coco_results_options options = {.boxes_alone = boxes_alone, .pool = pool_new()};
    const hrnet_status status = hrnet_coco_results_open(&r, path, &options);
    hrnet_pool_free(options.pool);
    handle_leave(NULL, state);
    if (status == HRNET_ERR_MEMORY) return errors_raise(status);
    PyObject *out = NULL;
    const int is_whole = status == HRNET_OK && r.n > 0 && r.n_broken == 0 && r.n_without_score == 0;
    if (is_whole)
        out = Py_BuildValue("(niNNNNNN)", (Py_ssize_t)r.n, r.n_keypoints, bytes_new(r.image_ids, r.n),
                            bytes_new(r.category_ids, r.n), bytes_new(r.scores, r.n), bytes_new(r.areas, r.n),
                            bytes_new(r.boxes, 4 * r.n), bytes_new(r.keypoints, r.n * 3 * (size_t)r.n_keypoints));
    hrnet_coco_results_free(&r);
    if (is_whole) return out;
    Py_RETURN_NONE;
}

PyMethodDef column_functions[] = {
    {"coco_annotations", coco_annotations, METH_VARARGS, NULL},
    {"coco_results", coco_results, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
