/* py_finders.c - from pictures to people. */
#include "py_core.h"

/* The options name a function that is asked whether to go on; each call has its own listener. */
typedef struct held_finder {
    hrnet_finder *finder;
    listener heard;
} held_finder;

static void free_finder(void *pointer)
{
    held_finder *const held = pointer;
    hrnet_finder_free(held->finder);
    PyMem_Free(held);
}

const handle_kind finder_kind = {"finder", free_finder, 1};

hrnet_finder *finder_get(PyObject *object)
{
    held_finder *const held = handle_get(object, &finder_kind);
    return held != NULL ? held->finder : NULL;
}

static int is_cancelled(void *context)
{
    return listener_cancelled(&((held_finder *)context)->heard);
}

static PyObject *finder_create(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(INT, hrnet_finder_options, threads),
                                   FIELD(INT, hrnet_finder_options, max_batch),
                                   FIELD(INT, hrnet_finder_options, detector_size),
                                   FIELD(FLOAT, hrnet_finder_options, threshold),
                                   FIELD(FLOAT, hrnet_finder_options, nms_iou),
                                   FIELD(INT, hrnet_finder_options, max_persons),
                                   FIELD(FLOAT, hrnet_finder_options, oks_threshold),
                                   FIELD(INT, hrnet_finder_options, soft_oks),
                                   FIELD(INT, hrnet_finder_options, flip_test),
                                   FIELD(INT, hrnet_finder_options, no_shift),
                                   FIELD(INT, hrnet_finder_options, decoder),
                                   FIELD(INT, hrnet_finder_options, sampler),
                                   FIELD(INT, hrnet_finder_options, heatmaps),
                                   FIELD(UINT64, hrnet_finder_options, memory_limit),
                                   FIELDS_END};
    PyObject *detector_object, *model_object, *pool, *how;
    const hrnet_detector *detector;
    const hrnet_model *model;
    hrnet_finder_options options = {.cancelled = is_cancelled};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO", &detector_object, &model_object, &pool, &how) ||
        handle_optional(detector_object, &detector_kind, &detector) < 0 ||
        handle_optional(model_object, &model_kind, &model) < 0 ||
        handle_optional(pool, &pool_kind, &options.pool) < 0 || fields_read(&options, fields, how) < 0)
        return NULL;
    held_finder *const held = PyMem_Calloc(1, sizeof *held);
    PyObject *const needs = held != NULL ? PyTuple_Pack(2, detector_object, model_object) : PyErr_NoMemory();
    if (needs == NULL) {
        PyMem_Free(held);
        return NULL;
    }
    held->heard.on_message = Py_None;
    options.context = held;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_finder_create(&held->finder, detector, model, &options);
    handle_leave(NULL, state);
    if (status != HRNET_OK) PyMem_Free(held);
    PyObject *const out = status == HRNET_OK ? handle_new(&finder_kind, held, needs) : errors_raise(status);
    Py_DECREF(needs);
    return out;
}

/* A list of handles of n people, which they take over. */
static PyObject *people_list(hrnet_people *people, int n)
{
    PyObject *out = PyList_New(n);
    for (int i = 0; i < n; i++) {
        PyObject *const one = out != NULL ? people_new(&people[i]) : NULL;
        if (one != NULL) PyList_SetItem(out, i, one);
        if (out != NULL && one == NULL) Py_CLEAR(out);
        hrnet_people_free(&people[i]); /* those that nobody took */
    }
    return out;
}

/* find(finder, pictures, names): a handle of people for each picture */
static PyObject *finder_find(PyObject *self, PyObject *args)
{
    PyObject *object, *sequence, *texts;
    picture_list pictures;
    const char **names;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO", &object, &sequence, &texts)) return NULL;
    held_finder *const held = handle_get(object, &finder_kind);
    if (held == NULL || texts_get(&names, texts) < 0) return NULL;
    if (pictures_get(&pictures, sequence) < 0) {
        PyMem_Free(names);
        return NULL;
    }
    hrnet_people *const people = PyMem_Calloc((size_t)pictures.n + 1, sizeof *people);
    PyObject *out = NULL;
    if (people == NULL) {
        PyErr_NoMemory();
    } else {
        PyThreadState *const state = handle_enter(object);
        held->heard.is_failed = 0;
        const hrnet_status status = hrnet_people_find(held->finder, pictures.pixels, pictures.n, names, people);
        handle_leave(object, state);
        out = status == HRNET_OK ? people_list(people, pictures.n) : errors_raise(status);
    }
    PyMem_Free(people);
    PyMem_Free(names);
    pictures_release(&pictures);
    return out;
}

/* pose(finder, picture, people): fills in the people's keypoints */
static PyObject *finder_pose(PyObject *self, PyObject *args)
{
    PyObject *object, *pair, *people_object;
    hrnet_pixels pixels;
    Py_buffer buffer;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO", &object, &pair, &people_object)) return NULL;
    held_finder *const held = handle_get(object, &finder_kind);
    hrnet_people *const people = handle_get(people_object, &people_kind);
    if (held == NULL || people == NULL || picture_get(&pixels, &buffer, pair) < 0) return NULL;
    PyThreadState *const state = handle_enter(object);
    held->heard.is_failed = 0;
    const hrnet_status status = hrnet_people_pose(held->finder, &pixels, 1, people);
    handle_leave(object, state);
    PyBuffer_Release(&buffer);
    return errors_none(status);
}

PyMethodDef finder_functions[] = {
    {"finder_create", finder_create, METH_VARARGS, NULL},
    {"finder_find", finder_find, METH_VARARGS, NULL},
    {"finder_pose", finder_pose, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
