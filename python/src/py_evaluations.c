/* py_evaluations.c - the published validation pass. */
#include "py_core.h"

static void free_evaluation(void *pointer)
{
    hrnet_evaluation_free(pointer);
}

const handle_kind evaluation_kind = {"evaluation", free_evaluation, 1};

static const field file_fields[] = {FIELD(TEXT, hrnet_evaluation_files, annotations),
                                    FIELD(TEXT, hrnet_evaluation_files, images),
                                    FIELD(TEXT, hrnet_evaluation_files, detections),
                                    FIELD(TEXT, hrnet_evaluation_files, truth),
                                    FIELD(TEXT, hrnet_evaluation_files, category),
                                    FIELD(INT, hrnet_evaluation_files, detect),
                                    FIELDS_END};

int evaluation_files_read(hrnet_evaluation_files *out, PyObject *dictionary)
{
    return fields_read(out, file_fields, dictionary);
}

/* open(config, files, on_message) */
static PyObject *evaluation_open(PyObject *self, PyObject *args)
{
    PyObject *config_object, *how;
    listener heard = {Py_None, 0};
    hrnet_evaluation_files files = {.on_message = listener_message, .context = &heard};
    hrnet_evaluation *evaluation = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO", &config_object, &how, &heard.on_message)) return NULL;
    const hrnet_config *const config = handle_get(config_object, &config_kind);
    if (config == NULL || evaluation_files_read(&files, how) < 0) return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_evaluation_open(&evaluation, config, &files);
    handle_leave(NULL, state);
    if (status == HRNET_OK && !heard.is_failed) return handle_new(&evaluation_kind, evaluation, config_object);
    hrnet_evaluation_free(evaluation);
    return errors_raise(status);
}

static PyObject *evaluation_info(PyObject *self, PyObject *object)
{
    static const field fields[] = {FIELD(INT, hrnet_evaluation_info, is_mpii),
                                   FIELD(TEXT, hrnet_evaluation_info, set),
                                   FIELD(TEXT, hrnet_evaluation_info, annotations),
                                   FIELD(TEXT, hrnet_evaluation_info, images),
                                   FIELD(TEXT, hrnet_evaluation_info, detections),
                                   FIELD(INT, hrnet_evaluation_info, detects),
                                   FIELD(INT, hrnet_evaluation_info, has_truth),
                                   FIELD(INT, hrnet_evaluation_info, n_joints),
                                   FIELD(SIZE, hrnet_evaluation_info, n_images),
                                   FIELD(SIZE, hrnet_evaluation_info, n_persons),
                                   FIELDS_END};
    const hrnet_evaluation *const evaluation = handle_get(object, &evaluation_kind);
    (void)self;
    if (evaluation == NULL) return NULL;
    const hrnet_evaluation_info info = hrnet_evaluation_get_info(evaluation);
    return fields_write(&info, fields);
}

/* What the functions of a run call. */
typedef struct run_listener {
    listener heard;
    PyObject *on_progress;
} run_listener;

static void tell_line(void *context, const char *line)
{
    listener_message(&((run_listener *)context)->heard, line);
}

static int is_cancelled(void *context)
{
    return listener_cancelled(&((run_listener *)context)->heard);
}

static void tell_progress(void *context, size_t n_done, size_t n)
{
    run_listener *const run = context;
    if (run->on_progress == Py_None || run->heard.is_failed) return;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *const result = PyObject_CallFunction(run->on_progress, "nn", (Py_ssize_t)n_done, (Py_ssize_t)n);
    if (result == NULL) run->heard.is_failed = 1;
    Py_XDECREF(result);
    PyGILState_Release(state);
}

/* run(evaluation, session or None, detector's session or None, options, on_message, on_progress) */
static PyObject *evaluation_run(PyObject *self, PyObject *args)
{
    static const field fields[] = {
        FIELD(INT, hrnet_evaluation_options, decoder),         FIELD(INT, hrnet_evaluation_options, sampler),
        FIELD(INT, hrnet_evaluation_options, workers),         FIELD(INT, hrnet_evaluation_options, skip_broken),
        FIELD(FLOAT, hrnet_evaluation_options, det_threshold), FIELD(FLOAT, hrnet_evaluation_options, det_nms),
        FIELD(INT, hrnet_evaluation_options, max_detections),  FIELDS_END};
    PyObject *object, *session_object, *detector, *how;
    run_listener run = {{Py_None, 0}, Py_None};
    hrnet_session *session;
    hrnet_evaluation_options options = {
        .on_progress = tell_progress, .on_message = tell_line, .cancelled = is_cancelled, .context = &run};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOO", &object, &session_object, &detector, &how, &run.heard.on_message,
                          &run.on_progress) ||
        handle_optional(session_object, &session_kind, &session) < 0 ||
        handle_optional(detector, &detector_session_kind, &options.detector) < 0 ||
        fields_read(&options, fields, how) < 0)
        return NULL;
    hrnet_evaluation *const evaluation = handle_get(object, &evaluation_kind);
    if (evaluation == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    const hrnet_status status = hrnet_evaluation_run(evaluation, session, &options);
    handle_leave(object, state);
    return errors_none(status);
}

/* score(evaluation, "coco", "mpii", "boxes" or "loss") */
static PyObject *evaluation_score(PyObject *self, PyObject *args)
{
    PyObject *object, *out = NULL;
    const char *what;
    (void)self;
    if (!PyArg_ParseTuple(args, "Os", &object, &what)) return NULL;
    hrnet_evaluation *const evaluation = handle_get(object, &evaluation_kind);
    if (evaluation == NULL) return NULL;
    hrnet_status status;
    if (what[0] == 'c') {
        hrnet_coco_score score = {0};
        status = hrnet_evaluation_coco(evaluation, &score);
        if (status == HRNET_OK) out = coco_score_new(&score);
        hrnet_coco_score_free(&score);
    } else if (what[0] == 'm') {
        hrnet_mpii_score score;
        status = hrnet_evaluation_mpii(evaluation, &score);
        if (status == HRNET_OK) out = mpii_score_new(&score);
    } else if (what[0] == 'b') {
        hrnet_box_score score;
        status = hrnet_evaluation_boxes(evaluation, &score);
        if (status == HRNET_OK) out = box_score_new(&score);
    } else {
        double loss, accuracy;
        status = hrnet_evaluation_loss(evaluation, &loss, &accuracy);
        if (status == HRNET_OK) out = Py_BuildValue("(dd)", loss, accuracy);
    }
    return status == HRNET_OK ? out : errors_raise(status);
}

/* save(evaluation, path, boxes) */
static PyObject *evaluation_save(PyObject *self, PyObject *args)
{
    PyObject *object;
    const char *path;
    int boxes;
    (void)self;
    if (!PyArg_ParseTuple(args, "Oyi", &object, &path, &boxes)) return NULL;
    hrnet_evaluation *const evaluation = handle_get(object, &evaluation_kind);
    if (evaluation == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    const hrnet_status status =
        boxes ? hrnet_evaluation_save_boxes(evaluation, path) : hrnet_evaluation_save(evaluation, path);
    handle_leave(object, state);
    return errors_none(status);
}

static PyObject *evaluation_n_skipped(PyObject *self, PyObject *object)
{
    const hrnet_evaluation *const evaluation = handle_get(object, &evaluation_kind);
    (void)self;
    return evaluation != NULL ? PyLong_FromSize_t(hrnet_evaluation_n_skipped(evaluation)) : NULL;
}

PyMethodDef evaluate_functions[] = {
    {"evaluation_open", evaluation_open, METH_VARARGS, NULL},
    {"evaluation_info", evaluation_info, METH_O, NULL},
    {"evaluation_run", evaluation_run, METH_VARARGS, NULL},
    {"evaluation_score", evaluation_score, METH_VARARGS, NULL},
    {"evaluation_save", evaluation_save, METH_VARARGS, NULL},
    {"evaluation_n_skipped", evaluation_n_skipped, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
