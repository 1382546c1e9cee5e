/* py_trainers.c - training runs. */
#include "py_core.h"

/* The trainer tells lines of its log for as long as it lives. */
typedef struct held_trainer {
    hrnet_trainer *trainer;
    listener heard;
} held_trainer;

static void free_trainer(void *pointer)
{
    held_trainer *const held = pointer;
    hrnet_trainer_free(held->trainer);
    Py_XDECREF(held->heard.on_message);
    PyMem_Free(held);
}

const handle_kind trainer_kind = {"trainer", free_trainer, 1};

static void tell(void *context, const char *line)
{
    listener_message(&((held_trainer *)context)->heard, line);
}

/* create(config, options, files of the validation set, on_message) */
static PyObject *trainer_create(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(TEXT, hrnet_trainer_options, name),
                                   FIELD(TEXT, hrnet_trainer_options, output),
                                   FIELD(TEXT, hrnet_trainer_options, annotations),
                                   FIELD(TEXT, hrnet_trainer_options, images),
                                   FIELD(INT, hrnet_trainer_options, resume),
                                   FIELD(INT, hrnet_trainer_options, threads),
                                   FIELD(INT, hrnet_trainer_options, recompute),
                                   FIELD(INT, hrnet_trainer_options, validate_every),
                                   FIELD(INT, hrnet_trainer_options, log_times),
                                   FIELD(TEXT, hrnet_trainer_options, category),
                                   FIELD(INT, hrnet_trainer_options, skip_broken),
                                   FIELD(INT, hrnet_trainer_options, allow_missing),
                                   FIELDS_END};
    PyObject *config_object, *how, *valid, *on_message;
    hrnet_evaluation_files files = {0};
    hrnet_trainer_options options = {.valid = &files, .on_message = tell};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO", &config_object, &how, &valid, &on_message)) return NULL;
    const hrnet_config *const config = handle_get(config_object, &config_kind);
    if (config == NULL || fields_read(&options, fields, how) < 0 || evaluation_files_read(&files, valid) < 0)
        return NULL;
    held_trainer *const held = PyMem_Calloc(1, sizeof *held);
    if (held == NULL) return PyErr_NoMemory();
    Py_INCREF(on_message);
    held->heard.on_message = on_message;
    options.context = held;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_trainer_create(&held->trainer, config, &options);
    handle_leave(NULL, state);
    if (status == HRNET_OK && !held->heard.is_failed) return handle_new(&trainer_kind, held, NULL);
    free_trainer(held);
    return errors_raise(status);
}

static PyObject *after(const held_trainer *held, hrnet_status status)
{
    if (held->heard.is_failed && PyErr_Occurred()) return NULL;
    return errors_none(status);
}

static PyObject *trainer_step(PyObject *self, PyObject *object)
{
    held_trainer *const held = handle_get(object, &trainer_kind);
    (void)self;
    if (held == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    const hrnet_status status = hrnet_trainer_step(held->trainer);
    handle_leave(object, state);
    return after(held, status);
}

/* Steps until the end, or until trainer_stop; then the files of the end. */
static PyObject *trainer_run(PyObject *self, PyObject *object)
{
    held_trainer *const held = handle_get(object, &trainer_kind);
    (void)self;
    if (held == NULL) return NULL;
    PyThreadState *const state = handle_enter(object);
    const hrnet_status status = hrnet_trainer_run(held->trainer);
    handle_leave(object, state);
    return after(held, status);
}

static PyObject *trainer_stop(PyObject *self, PyObject *object)
{
    held_trainer *const held = handle_get(object, &trainer_kind);
    (void)self;
    if (held == NULL) return NULL;
    hrnet_trainer_stop(held->trainer);
    Py_RETURN_NONE;
}

static PyObject *trainer_info(PyObject *self, PyObject *object)
{
    static const field fields[] = {
        FIELD(TEXT, hrnet_trainer_info, output),           FIELD(INT, hrnet_trainer_info, is_first),
        FIELD(INT, hrnet_trainer_info, is_done),           FIELD(INT, hrnet_trainer_info, is_stopped),
        FIELD(INT64, hrnet_trainer_info, epoch),           FIELD(INT64, hrnet_trainer_info, step),
        FIELD(INT64, hrnet_trainer_info, steps_per_epoch), FIELD(SIZE, hrnet_trainer_info, n_persons),
        FIELD(SIZE, hrnet_trainer_info, n_examples),       FIELD(DOUBLE, hrnet_trainer_info, loss),
        FIELD(DOUBLE, hrnet_trainer_info, accuracy),       FIELD(DOUBLE, hrnet_trainer_info, perf),
        FIELD(DOUBLE, hrnet_trainer_info, best_perf),      FIELDS_END};
    const held_trainer *const held = handle_get(object, &trainer_kind);
    (void)self;
    if (held == NULL) return NULL;
    const hrnet_trainer_info info = hrnet_trainer_get_info(held->trainer);
    return fields_write(&info, fields);
}

/* fine_tune(options, config or None, overrides or None, on_message): a configuration */
static PyObject *fine_tune(PyObject *self, PyObject *args)
{
    static const field fields[] = {
        FIELD(TEXT, hrnet_fine_tune_options, init),        FIELD(TEXT, hrnet_fine_tune_options, data),
        FIELD(TEXT, hrnet_fine_tune_options, annotations), FIELD(TEXT, hrnet_fine_tune_options, valid_annotations),
        FIELD(TEXT, hrnet_fine_tune_options, category),    FIELDS_END};
    PyObject *how, *config, *changes;
    listener heard = {Py_None, 0};
    const char **overrides;
    hrnet_fine_tune_options options = {.on_message = listener_message, .context = &heard};
    hrnet_config *out = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO", &how, &config, &changes, &heard.on_message) ||
        fields_read(&options, fields, how) < 0 || handle_optional(config, &config_kind, &options.config) < 0 ||
        texts_get(&overrides, changes) < 0)
        return NULL;
    options.overrides = overrides;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_fine_tune_config(&out, &options);
    handle_leave(NULL, state);
    PyMem_Free(overrides);
    if (status == HRNET_OK && !heard.is_failed) return handle_new(&config_kind, out, NULL);
    hrnet_config_free(out);
    return errors_raise(status);
}

PyMethodDef train_functions[] = {
    {"trainer_create", trainer_create, METH_VARARGS, NULL},
    {"trainer_step", trainer_step, METH_O, NULL},
    {"trainer_run", trainer_run, METH_O, NULL},
    {"trainer_stop", trainer_stop, METH_O, NULL},
    {"trainer_info", trainer_info, METH_O, NULL},
    {"fine_tune", fine_tune, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
