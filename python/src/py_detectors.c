/* py_detectors.c - detectors of persons and other things. */
#include "py_core.h"

static void free_detector(void *pointer)
{
    hrnet_detector_free(pointer);
}

static void free_detector_session(void *pointer)
{
    hrnet_detector_session_free(pointer);
}

const handle_kind detector_kind = {"detector", free_detector, 0};
const handle_kind detector_session_kind = {"detector's session", free_detector_session, 1};

static PyObject *detector_load(PyObject *self, PyObject *args)
{
    static const field fields[] = {
        FIELD(INT, hrnet_detector_options, precision),    FIELD(INT, hrnet_detector_options, batch),
        FIELD(INT, hrnet_detector_options, legacy),       FIELD(UINT64, hrnet_detector_options, memory_limit),
        FIELD(TEXT, hrnet_detector_options, weights_key), FIELDS_END};
    const char *path;
    PyObject *how;
    listener heard = {Py_None, 0};
    hrnet_detector_options options = {.on_message = listener_message, .context = &heard};
    hrnet_detector *detector = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OO", text_get, &path, &how, &heard.on_message) ||
        fields_read(&options, fields, how) < 0)
        return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_detector_load(&detector, path, &options);
    handle_leave(NULL, state);
    if (status == HRNET_OK && !heard.is_failed) return handle_new(&detector_kind, detector, NULL);
    hrnet_detector_free(detector);
    return errors_raise(status);
}

static PyObject *detector_info(PyObject *self, PyObject *object)
{
    static const field fields[] = {
        FIELD(TEXT, hrnet_detector_info, name),        FIELD(INT, hrnet_detector_info, n_categories),
        FIELD(INT, hrnet_detector_info, person),       FIELD(INT, hrnet_detector_info, input_width),
        FIELD(INT, hrnet_detector_info, input_height), FIELD(FLOAT, hrnet_detector_info, threshold),
        FIELD(FLOAT, hrnet_detector_info, nms_iou),    FIELD(FLOAT, hrnet_detector_info, eval_nms_iou),
        FIELD(SIZE, hrnet_detector_info, n_tensors),   FIELD(SIZE, hrnet_detector_info, n_parameters),
        FIELD(UINT64, hrnet_detector_info, n_macs),    FIELDS_END};
    const hrnet_detector *const detector = handle_get(object, &detector_kind);
    (void)self;
    if (detector == NULL) return NULL;
    const hrnet_detector_info info = hrnet_detector_get_info(detector);
    PyObject *const out = fields_write(&info, fields);
    const size_t n_names = info.category_names != NULL ? (size_t)info.n_categories : 0;
    if (out != NULL && put(out, "category_names", texts_new(info.category_names, n_names)) == 0) return out;
    Py_XDECREF(out);
    return NULL;
}

static PyObject *detector_session_create(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(INT, hrnet_detector_session_options, threads),
                                   FIELD(INT, hrnet_detector_session_options, size),
                                   FIELD(INT, hrnet_detector_session_options, square),
                                   FIELD(INT, hrnet_detector_session_options, max_batch),
                                   FIELD(UINT64, hrnet_detector_session_options, memory_limit),
                                   FIELDS_END};
    PyObject *detector_object, *pool, *how;
    hrnet_detector_session_options options = {0};
    hrnet_detector_session *session = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO", &detector_object, &pool, &how)) return NULL;
    const hrnet_detector *const detector = handle_get(detector_object, &detector_kind);
    if (detector == NULL || handle_optional(pool, &pool_kind, &options.pool) < 0 ||
        fields_read(&options, fields, how) < 0)
        return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_detector_session_create(&session, detector, &options);
    handle_leave(NULL, state);
    return status == HRNET_OK ? handle_new(&detector_session_kind, session, detector_object) : errors_raise(status);
}

/* [(x, y, w, h, score, category), ...] */
static PyObject *objects_new(const hrnet_objects *found)
{
    PyObject *const out = PyList_New(found->n);
    for (int i = 0; out != NULL && i < found->n; i++) {
        const hrnet_object one = found->objects[i];
        PyObject *const row = Py_BuildValue("(fffffi)", (double)one.box.x, (double)one.box.y, (double)one.box.w,
                                            (double)one.box.h, (double)one.score, one.category);
        if (row == NULL) {
            Py_DECREF(out);
            return NULL;
        }
        PyList_SetItem(out, i, row);
    }
    return out;
}

/* detect(session, pictures, options, categories or None): a list a picture */
static PyObject *detector_detect(PyObject *self, PyObject *args)
{
    static const field fields[] = {
        FIELD(FLOAT, hrnet_detect_options, threshold), FIELD(FLOAT, hrnet_detect_options, nms_iou),
        FIELD(INT, hrnet_detect_options, max_detections), FIELD(INT, hrnet_detect_options, all_categories), FIELDS_END};
    PyObject *object, *sequence, *how, *classes;
    listener heard = {Py_None, 0};
    hrnet_detect_options options = {.cancelled = listener_cancelled, .context = &heard};
    Py_buffer categories = {.obj = NULL};
    picture_list pictures;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO", &object, &sequence, &how, &classes)) return NULL;
    hrnet_detector_session *const session = handle_get(object, &detector_session_kind);
    if (session == NULL || fields_read(&options, fields, how) < 0 || pictures_get(&pictures, sequence) < 0) return NULL;
    hrnet_objects *const found = PyMem_Calloc((size_t)pictures.n + 1, sizeof *found);
    PyObject *out = NULL;
    if (found == NULL) {
        PyErr_NoMemory();
    } else if (classes == Py_None || buffer_get(&categories, classes, "i", -1, 0, "categories") == 0) {
        options.categories = categories.buf;
        options.n_categories = categories.obj != NULL ? (int)(categories.len / (Py_ssize_t)sizeof(int)) : 0;
        PyThreadState *const state = handle_enter(object);
        const hrnet_status status =
            hrnet_detector_session_detect(session, pictures.pixels, pictures.n, &options, found);
        handle_leave(object, state);
        out = status == HRNET_OK ? PyList_New(pictures.n) : errors_raise(status);
    }
    for (int i = 0; i < pictures.n && found != NULL; i++) {
        PyObject *const one = out != NULL ? objects_new(&found[i]) : NULL;
        if (out != NULL && one == NULL) Py_CLEAR(out);
        if (one != NULL) PyList_SetItem(out, i, one);
        hrnet_objects_free(&found[i]);
    }
    if (categories.obj != NULL) PyBuffer_Release(&categories);
    PyMem_Free(found);
    pictures_release(&pictures);
    return out;
}

PyMethodDef detector_functions[] = {
    {"detector_load", detector_load, METH_VARARGS, NULL},
    {"detector_info", detector_info, METH_O, NULL},
    {"detector_session_create", detector_session_create, METH_VARARGS, NULL},
    {"detector_detect", detector_detect, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
