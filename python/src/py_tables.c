/* py_tables.c - pycocotools' tables of precision and recall, for hrnet.cocoeval. */
#include "py_core.h"

#include <string.h>

/* Flags of an item. */
enum { IS_CROWD = 1, IS_IGNORED = 2, IS_NAMELESS = 4 };

/* Arrays that are held while the library reads or writes them. */
typedef struct held_arrays {
    Py_buffer buffers[24];
    int n;
} held_arrays;

static void release(held_arrays *held)
{
    while (held->n > 0) PyBuffer_Release(&held->buffers[--held->n]);
}

/* The memory of an array of n_items or more; NULL with an exception set. */
static void *hold(held_arrays *held, PyObject *object, const char *format, Py_ssize_t n_items, int is_written,
                  const char *what)
{
    Py_buffer *const next = &held->buffers[held->n];
    if (buffer_get(next, object, format, n_items, is_written, what) < 0) return NULL;
    held->n++;
    return next->buf;
}

/* Items of a tuple (n, categories [n], images [n], scores [n], areas [n], boxes [n][4], keypoints [n][3 n_keypoints] or
 * None, flags [n]). Free with PyMem_Free. NULL with an exception set. */
static hrnet_coco_item *get_items(held_arrays *held, PyObject *tuple, int n_keypoints, Py_ssize_t *n)
{
    PyObject *o[7];
    if (!PyArg_ParseTuple(tuple, "nOOOOOOO", n, &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], &o[6])) return NULL;
    const int64_t *const categories = hold(held, o[0], "q", *n, 0, "categories");
    const int64_t *const images = categories != NULL ? hold(held, o[1], "q", *n, 0, "images") : NULL;
    const double *const scores = images != NULL ? hold(held, o[2], "d", *n, 0, "scores") : NULL;
    const double *const areas = scores != NULL ? hold(held, o[3], "d", *n, 0, "areas") : NULL;
    const double *const boxes = areas != NULL ? hold(held, o[4], "d", *n * 4, 0, "boxes") : NULL;
    const double *const keypoints =
        boxes != NULL && o[5] != Py_None ? hold(held, o[5], "d", *n * 3 * n_keypoints, 0, "keypoints") : NULL;
    const unsigned char *const flags =
        boxes != NULL && (o[5] == Py_None || keypoints != NULL) ? hold(held, o[6], "B", *n, 0, "flags") : NULL;
    if (flags == NULL) return NULL;
    hrnet_coco_item *const items = PyMem_Calloc((size_t)*n + 1, sizeof *items);
    if (items == NULL) return (hrnet_coco_item *)(void *)PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < *n; i++) {
        items[i] = (hrnet_coco_item){.category = (size_t)categories[i],
                                     .image = (size_t)images[i],
                                     .score = scores[i],
                                     .area = areas[i],
                                     .keypoints = keypoints != NULL ? keypoints + i * 3 * n_keypoints : NULL,
                                     .is_crowd = (flags[i] & IS_CROWD) != 0,
                                     .is_ignored = (flags[i] & IS_IGNORED) != 0,
                                     .is_nameless = (flags[i] & IS_NAMELESS) != 0};
        memcpy(items[i].box, boxes + 4 * i, sizeof items[i].box);
    }
    return items;
}

/* The four axes and the sigmas; -1 with an exception set. */
static int get_axes(held_arrays *held, hrnet_coco_axes *axes, PyObject *const objects[5])
{
    const char *const formats[] = {"d", "d", "d", "i", "d"};
    const char *const names[] = {"thresholds", "recalls", "areas", "limits", "sigmas"};
    const void *data[5] = {NULL};
    int n[5] = {0};
    for (int i = 0; i < 5; i++) {
        if (objects[i] == Py_None) continue;
        data[i] = hold(held, objects[i], formats[i], -1, 0, names[i]);
        if (data[i] == NULL) return -1;
        const Py_buffer *const one = &held->buffers[held->n - 1];
        n[i] = (int)(one->len / one->itemsize);
    }
    axes->thresholds = data[0];
    axes->recalls = data[1];
    axes->areas = data[2];
    axes->limits = data[3];
    axes->sigmas = data[4];
    axes->n_thresholds = n[0];
    axes->n_recalls = n[1];
    axes->n_areas = n[2] / 2;
    axes->n_limits = n[3];
    axes->n_keypoints = n[4];
    return 0;
}

/* accumulate(thresholds, recalls, areas, limits, sigmas or None, n_categories, truths, results, precision, recall,
 * scores): fills the last three */
static PyObject *coco_accumulate(PyObject *self, PyObject *args)
{
    PyObject *o[5], *truth_tuple, *result_tuple, *tables[3];
    held_arrays held = {.n = 0};
    hrnet_coco_axes axes = {0};
    Py_ssize_t n_categories, n_truths = 0, n_results = 0;
    hrnet_coco_item *truths = NULL, *results = NULL;
    double *out[3] = {NULL};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOnOOOOO", &o[0], &o[1], &o[2], &o[3], &o[4], &n_categories, &truth_tuple,
                          &result_tuple, &tables[0], &tables[1], &tables[2]))
        return NULL;
    int is_got = get_axes(&held, &axes, o) == 0;
    axes.n_categories = (size_t)n_categories;
    const Py_ssize_t n_recalls = n_categories * axes.n_thresholds * axes.n_areas * axes.n_limits;
    for (int i = 0; is_got && i < 3; i++) {
        out[i] = hold(&held, tables[i], "d", i == 1 ? n_recalls : n_recalls * axes.n_recalls, 1, "a table");
        is_got = out[i] != NULL;
    }
    if (is_got) truths = get_items(&held, truth_tuple, axes.n_keypoints, &n_truths);
    if (truths != NULL) results = get_items(&held, result_tuple, axes.n_keypoints, &n_results);
    is_got = results != NULL;
    hrnet_status status = HRNET_OK;
    if (is_got) {
        PyThreadState *const state = handle_enter(NULL);
        status =
            hrnet_coco_accumulate(&axes, truths, (size_t)n_truths, results, (size_t)n_results, out[0], out[1], out[2]);
        handle_leave(NULL, state);
    }
    PyMem_Free(results);
    PyMem_Free(truths);
    release(&held);
    return is_got ? errors_none(status) : NULL;
}

PyMethodDef table_functions[] = {
    {"coco_accumulate", coco_accumulate, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
