/* py_tracks.c - tracks and smoothing. */
#include "py_core.h"

static void free_tracker(void *pointer)
{
    hrnet_tracker_free(pointer);
}

static void free_smoother(void *pointer)
{
    hrnet_smoother_free(pointer);
}

const handle_kind tracker_kind = {"tracker", free_tracker, 1};
const handle_kind smoother_kind = {"smoother", free_smoother, 1};

/* create(options, model or None): with the sigmas of the model's skeleton */
static PyObject *tracker_create(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(INT, hrnet_tracker_options, method),
                                   FIELD(FLOAT, hrnet_tracker_options, high),
                                   FIELD(FLOAT, hrnet_tracker_options, low),
                                   FIELD(FLOAT, hrnet_tracker_options, start),
                                   FIELD(FLOAT, hrnet_tracker_options, match),
                                   FIELD(FLOAT, hrnet_tracker_options, match_low),
                                   FIELD(FLOAT, hrnet_tracker_options, match_new),
                                   FIELD(INT, hrnet_tracker_options, no_fuse),
                                   FIELD(FLOAT, hrnet_tracker_options, confirm),
                                   FIELD(FLOAT, hrnet_tracker_options, buffer),
                                   FIELD(FLOAT, hrnet_tracker_options, follow),
                                   FIELD(FLOAT, hrnet_tracker_options, joint),
                                   FIELDS_END};
    PyObject *how, *model_object;
    const hrnet_model *model;
    hrnet_tracker_options options = {0};
    hrnet_tracker *tracker = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "OO", &how, &model_object) || fields_read(&options, fields, how) < 0 ||
        handle_optional(model_object, &model_kind, &model) < 0)
        return NULL;
    if (model != NULL) options.skeleton = hrnet_model_skeleton(model);
    const hrnet_status status = hrnet_tracker_create(&tracker, &options);
    return status == HRNET_OK ? handle_new(&tracker_kind, tracker, NULL) : errors_raise(status);
}

static PyObject *tracker_update(PyObject *self, PyObject *args)
{
    PyObject *object, *people_object;
    double seconds;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOd", &object, &people_object, &seconds)) return NULL;
    hrnet_tracker *const tracker = handle_get(object, &tracker_kind);
    hrnet_people *const people = handle_get(people_object, &people_kind);
    if (tracker == NULL || people == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    const hrnet_status status = hrnet_tracker_update(tracker, people, seconds);
    handle_leave(object, state);
    return errors_none(status);
}

static PyObject *tracker_n_tracks(PyObject *self, PyObject *object)
{
    const hrnet_tracker *const tracker = handle_get(object, &tracker_kind);
    (void)self;
    return tracker != NULL ? PyLong_FromUnsignedLong(hrnet_tracker_n_tracks(tracker)) : NULL;
}

static PyObject *tracker_reset(PyObject *self, PyObject *object)
{
    hrnet_tracker *const tracker = handle_get(object, &tracker_kind);
    (void)self;
    if (tracker == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    hrnet_tracker_reset(tracker);
    handle_leave(object, state);
    Py_RETURN_NONE;
}

static PyObject *smoother_create(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(FLOAT, hrnet_smoother_options, min_cutoff),
                                   FIELD(FLOAT, hrnet_smoother_options, beta),
                                   FIELD(FLOAT, hrnet_smoother_options, d_cutoff),
                                   FIELD(INT, hrnet_smoother_options, pixels),
                                   FIELD(FLOAT, hrnet_smoother_options, joint),
                                   FIELD(FLOAT, hrnet_smoother_options, gap),
                                   FIELDS_END};
    PyObject *how;
    int n_keypoints;
    hrnet_smoother_options options = {0};
    hrnet_smoother *smoother = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "iO", &n_keypoints, &how) || fields_read(&options, fields, how) < 0) return NULL;
    const hrnet_status status = hrnet_smoother_create(&smoother, n_keypoints, &options);
    return status == HRNET_OK ? handle_new(&smoother_kind, smoother, NULL) : errors_raise(status);
}

static PyObject *smoother_update(PyObject *self, PyObject *args)
{
    PyObject *object, *people_object;
    double seconds;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOd", &object, &people_object, &seconds)) return NULL;
    hrnet_smoother *const smoother = handle_get(object, &smoother_kind);
    hrnet_people *const people = handle_get(people_object, &people_kind);
    if (smoother == NULL || people == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    const hrnet_status status = hrnet_smoother_update(smoother, people, seconds);
    handle_leave(object, state);
    return errors_none(status);
}

static PyObject *smoother_reset(PyObject *self, PyObject *object)
{
    hrnet_smoother *const smoother = handle_get(object, &smoother_kind);
    (void)self;
    if (smoother == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    hrnet_smoother_reset(smoother);
    handle_leave(object, state);
    Py_RETURN_NONE;
}

PyMethodDef track_functions[] = {
    {"tracker_create", tracker_create, METH_VARARGS, NULL},   {"tracker_update", tracker_update, METH_VARARGS, NULL},
    {"tracker_n_tracks", tracker_n_tracks, METH_O, NULL},     {"tracker_reset", tracker_reset, METH_O, NULL},
    {"smoother_create", smoother_create, METH_VARARGS, NULL}, {"smoother_update", smoother_update, METH_VARARGS, NULL},
    {"smoother_reset", smoother_reset, METH_O, NULL},         {NULL, NULL, 0, NULL},
};
