/* py_sessions.c - a pose network on crops and on bare tensors. */
#include "py_core.h"

static void free_session(void *pointer)
{
    hrnet_session_free(pointer);
}

const handle_kind session_kind = {"session", free_session, 1};

static PyObject *session_create(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(INT, hrnet_session_options, threads),
                                   FIELD(INT, hrnet_session_options, max_batch),
                                   FIELD(UINT64, hrnet_session_options, memory_limit), FIELDS_END};
    PyObject *model_object, *pool, *how;
    hrnet_session_options options = {0};
    hrnet_session *session = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO", &model_object, &pool, &how)) return NULL;
    const hrnet_model *const model = handle_get(model_object, &model_kind);
    if (model == NULL || handle_optional(pool, &pool_kind, &options.pool) < 0 || fields_read(&options, fields, how) < 0)
        return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_session_create(&session, model, &options);
    handle_leave(NULL, state);
    return status == HRNET_OK ? handle_new(&session_kind, session, model_object) : errors_raise(status);
}

static PyObject *session_reshape(PyObject *self, PyObject *args)
{
    PyObject *object;
    int width, height;
    (void)self;
    if (!PyArg_ParseTuple(args, "Oii", &object, &width, &height)) return NULL;
    hrnet_session *const session = handle_get(object, &session_kind);
    if (session == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    const hrnet_status status = hrnet_session_reshape(session, width, height);
    handle_leave(object, state);
    return errors_none(status);
}

/* ((input width, height), (heatmap width, height), [(name, channels, height, width), ...]) */
static PyObject *session_size(PyObject *self, PyObject *object)
{
    hrnet_session *const session = handle_get(object, &session_kind);
    int input[2], heatmaps[2];
    (void)self;
    if (session == NULL) return NULL;
    hrnet_session_size(session, input, heatmaps);
    PyObject *const outputs = PyList_New(0);
    for (int i = 0; outputs != NULL && i < hrnet_session_n_outputs(session); i++) {
        const hrnet_output one = hrnet_session_output(session, i);
        PyObject *const row = Py_BuildValue("(siii)", one.name, one.channels, one.height, one.width);
        const int is_failed = row == NULL || PyList_Append(outputs, row) < 0;
        Py_XDECREF(row);
        if (is_failed) {
            Py_DECREF(outputs);
            return NULL;
        }
    }
    if (outputs == NULL) return NULL;
    return Py_BuildValue("((ii)(ii)N)", input[0], input[1], heatmaps[0], heatmaps[1], outputs);
}

/* Number of floats of an input, or of output i, of n pictures. */
static Py_ssize_t n_floats(const hrnet_session *session, int output, int n)
{
    int input[2];
    hrnet_session_size(session, input, NULL);
    if (output < 0) return (Py_ssize_t)n * 3 * input[0] * input[1];
    const hrnet_output one = hrnet_session_output(session, output);
    return (Py_ssize_t)n * one.channels * one.height * one.width;
}

/* forward(session, input, n, outputs) of any network: a buffer an output. */
static PyObject *session_forward(PyObject *self, PyObject *args)
{
    PyObject *object, *input_object, *outputs;
    Py_buffer input, buffers[HRNET_MAX_OUTPUTS];
    float *data[HRNET_MAX_OUTPUTS];
    int n, n_got = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOiO", &object, &input_object, &n, &outputs)) return NULL;
    hrnet_session *const session = handle_get(object, &session_kind);
    if (session == NULL || buffer_get(&input, input_object, "f", n_floats(session, -1, n), 0, "input") < 0) return NULL;
    const int n_outputs = hrnet_session_n_outputs(session);
    int is_failed = PySequence_Size(outputs) != n_outputs;
    if (is_failed) PyErr_Format(PyExc_ValueError, "outputs: expected %d of them", n_outputs);
    while (!is_failed && n_got < n_outputs) {
        PyObject *const one = PySequence_GetItem(outputs, n_got);
        is_failed =
            one == NULL || buffer_get(&buffers[n_got], one, "f", n_floats(session, n_got, n), 1, "an output") < 0;
        Py_XDECREF(one);
        if (!is_failed) data[n_got] = buffers[n_got].buf;
        n_got += !is_failed;
    }
    hrnet_status status = HRNET_OK;
    if (!is_failed) {
        PyThreadState *const state = handle_enter(object);
        status = hrnet_session_forward_outputs(session, input.buf, n, data);
        handle_leave(object, state);
    }
    for (int i = 0; i < n_got; i++) PyBuffer_Release(&buffers[i]);
    PyBuffer_Release(&input);
    return is_failed ? NULL : errors_none(status);
}

/* forward_flip(session, input, n, shift, heatmaps) */
static PyObject *session_forward_flip(PyObject *self, PyObject *args)
{
    PyObject *object, *input_object, *output_object;
    Py_buffer input, output;
    int n, shift;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOiiO", &object, &input_object, &n, &shift, &output_object)) return NULL;
    hrnet_session *const session = handle_get(object, &session_kind);
    if (session == NULL || buffer_get(&input, input_object, "f", n_floats(session, -1, n), 0, "input") < 0) return NULL;
    if (buffer_get(&output, output_object, "f", n_floats(session, 0, n), 1, "heatmaps") < 0) {
        PyBuffer_Release(&input);
        return NULL;
    }
    PyThreadState *const state = handle_enter(object);
    const hrnet_status status = hrnet_session_forward_flip(session, input.buf, n, shift, output.buf);
    handle_leave(object, state);
    PyBuffer_Release(&output);
    PyBuffer_Release(&input);
    return errors_none(status);
}

/* ------------------------------------------------------------------------------------------------ poses */

/* The arrays of session_pose. */
typedef struct pose_arrays {
    hrnet_pixels picture;
    Py_buffer pixels, boxes, keypoints, heatmaps; /* boxes [n][4], keypoints [n][n_joints][3]; obj NULL: none */
    hrnet_person *persons;                        /* [n] */
    int n;
} pose_arrays;

static void release_arrays(pose_arrays *a)
{
    Py_buffer *const all[] = {&a->pixels, &a->boxes, &a->keypoints, &a->heatmaps};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->obj != NULL) PyBuffer_Release(all[i]);
    PyMem_Free(a->persons);
}

static int fill_persons(pose_arrays *a)
{
    const float *const boxes = a->boxes.buf;
    a->persons = PyMem_Calloc((size_t)a->n + 1, sizeof *a->persons);
    if (a->persons == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int i = 0; i < a->n; i++)
        a->persons[i] = (hrnet_person){.pixels = a->picture,
                                       .box = {boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]}};
    return 0;
}

/* pose(session, picture, boxes, n, options, keypoints, heatmaps) */
static PyObject *session_pose(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(INT, hrnet_pose_options, flip_test), FIELD(INT, hrnet_pose_options, no_shift),
                                   FIELD(INT, hrnet_pose_options, decoder), FIELD(INT, hrnet_pose_options, sampler),
                                   FIELDS_END};
    PyObject *object, *picture, *boxes, *how, *keypoints, *heatmaps;
    listener heard = {Py_None, 0};
    hrnet_pose_options options = {.cancelled = listener_cancelled, .context = &heard};
    pose_arrays a = {.n = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOiOOO", &object, &picture, &boxes, &a.n, &how, &keypoints, &heatmaps)) return NULL;
    hrnet_session *const session = handle_get(object, &session_kind);
    if (session == NULL || fields_read(&options, fields, how) < 0) return NULL;
    const Py_ssize_t n_joints = hrnet_model_get_info(hrnet_session_model(session)).n_joints;
    const int is_got = picture_get(&a.picture, &a.pixels, picture) == 0 &&
                       buffer_get(&a.boxes, boxes, "f", (Py_ssize_t)a.n * 4, 0, "boxes") == 0 &&
                       buffer_get(&a.keypoints, keypoints, "f", a.n * n_joints * 3, 1, "keypoints") == 0 &&
                       (heatmaps == Py_None ||
                        buffer_get(&a.heatmaps, heatmaps, "f", n_floats(session, 0, a.n), 1, "heatmaps") == 0) &&
                       fill_persons(&a) == 0;
    hrnet_status status = HRNET_OK;
    if (is_got) {
        PyThreadState *const state = handle_enter(object);
        status = hrnet_session_pose(session, a.persons, a.n, &options, a.keypoints.buf, a.heatmaps.buf);
        handle_leave(object, state);
    }
    release_arrays(&a);
    return is_got ? errors_none(status) : NULL;
}

PyMethodDef session_functions[] = {
    {"session_create", session_create, METH_VARARGS, NULL},
    {"session_reshape", session_reshape, METH_VARARGS, NULL},
    {"session_size", session_size, METH_O, NULL},
    {"session_forward", session_forward, METH_VARARGS, NULL},
    {"session_forward_flip", session_forward_flip, METH_VARARGS, NULL},
    {"session_pose", session_pose, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
