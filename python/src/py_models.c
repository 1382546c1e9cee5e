/* py_models.c - configurations, pose networks and their weights. */
#include "py_core.h"

static void free_config(void *pointer)
{
    hrnet_config_free(pointer);
}

static void free_model(void *pointer)
{
    hrnet_model_free(pointer);
}

static void free_pool(void *pointer)
{
    hrnet_pool_free(pointer);
}

const handle_kind config_kind = {"configuration", free_config, 0};
const handle_kind model_kind = {"model", free_model, 0};
const handle_kind pool_kind = {"pool", free_pool, 0};

/* ------------------------------------------------------------------------------------------------ configurations */

static PyObject *config_load(PyObject *self, PyObject *args)
{
    const char *name, **overrides;
    PyObject *changes;
    listener heard = {Py_None, 0};
    hrnet_config *config = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OO", text_get, &name, &changes, &heard.on_message) ||
        texts_get(&overrides, changes) < 0)
        return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_config_load(&config, name, overrides, listener_message, &heard);
    handle_leave(NULL, state);
    PyMem_Free(overrides);
    if (status == HRNET_OK && !heard.is_failed) return handle_new(&config_kind, config, NULL);
    hrnet_config_free(config);
    return errors_raise(status);
}

static PyObject *take_text(hrnet_status status, char *text)
{
    if (status != HRNET_OK) return errors_raise(status);
    PyObject *const out = text_new(text);
    hrnet_string_free(text);
    return out;
}

static PyObject *config_get(PyObject *self, PyObject *args)
{
    PyObject *object;
    const char *key;
    char *text = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "Oy", &object, &key)) return NULL;
    const hrnet_config *const config = handle_get(object, &config_kind);
    if (config == NULL) return NULL;
    const hrnet_status status = hrnet_config_get(config, key, &text);
    return take_text(status, text);
}

static PyObject *config_dump(PyObject *self, PyObject *object)
{
    const hrnet_config *const config = handle_get(object, &config_kind);
    char *text = NULL;
    (void)self;
    if (config == NULL) return NULL;
    const hrnet_status status = hrnet_config_dump(config, &text);
    return take_text(status, text);
}

static PyObject *config_names(PyObject *self, PyObject *nothing)
{
    const char *const *const names = hrnet_config_names();
    size_t n = 0;
    (void)self;
    (void)nothing;
    while (names[n] != NULL) n++;
    return texts_new(names, n);
}

/* ------------------------------------------------------------------------------------------------ models */

static PyObject *model_load(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(INT, hrnet_model_options, allow_missing),
                                   FIELD(INT, hrnet_model_options, precision),
                                   FIELD(INT, hrnet_model_options, batch),
                                   FIELD(UINT64, hrnet_model_options, seed),
                                   FIELD(UINT64, hrnet_model_options, memory_limit),
                                   FIELD(TEXT, hrnet_model_options, weights_key),
                                   FIELDS_END};
    const char *path, **overrides;
    PyObject *config, *changes, *how;
    listener heard = {Py_None, 0};
    hrnet_model_options options = {.on_message = listener_message, .context = &heard};
    hrnet_model *model = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OOOO", text_get, &path, &config, &changes, &how, &heard.on_message) ||
        handle_optional(config, &config_kind, &options.config) < 0 || fields_read(&options, fields, how) < 0 ||
        texts_get(&overrides, changes) < 0)
        return NULL;
    options.overrides = overrides;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_model_load(&model, path, &options);
    handle_leave(NULL, state);
    PyMem_Free(overrides);
    if (status == HRNET_OK && !heard.is_failed) return handle_new(&model_kind, model, NULL);
    hrnet_model_free(model);
    return errors_raise(status);
}

static PyObject *model_info(PyObject *self, PyObject *object)
{
    static const field fields[] = {
        FIELD(TEXT, hrnet_model_info, name),         FIELD(INT, hrnet_model_info, task),
        FIELD(INT, hrnet_model_info, n_joints),      FIELD(INT, hrnet_model_info, n_classes),
        FIELD(INT, hrnet_model_info, input_width),   FIELD(INT, hrnet_model_info, input_height),
        FIELD(INT, hrnet_model_info, heatmap_width), FIELD(INT, hrnet_model_info, heatmap_height),
        FIELD(INT, hrnet_model_info, color_rgb),     FIELD(TEXT, hrnet_model_info, codec),
        FIELD(SIZE, hrnet_model_info, n_tensors),    FIELD(SIZE, hrnet_model_info, n_parameters),
        FIELD(UINT64, hrnet_model_info, n_macs),     FIELDS_END};
    const hrnet_model *const model = handle_get(object, &model_kind);
    (void)self;
    if (model == NULL) return NULL;
    const hrnet_model_info info = hrnet_model_get_info(model);
    PyObject *const out = fields_write(&info, fields);
    const double mean[] = {(double)info.mean[0], (double)info.mean[1], (double)info.mean[2]};
    const double std[] = {(double)info.std[0], (double)info.std[1], (double)info.std[2]};
    if (out != NULL && put(out, "mean", doubles_new(mean, 3)) == 0 && put(out, "std", doubles_new(std, 3)) == 0 &&
        put(out, "n_bytes", PyLong_FromSize_t(hrnet_model_bytes(model))) == 0)
        return out;
    Py_XDECREF(out);
    return NULL;
}

static PyObject *model_skeleton(PyObject *self, PyObject *object)
{
    const hrnet_model *const model = handle_get(object, &model_kind);
    (void)self;
    return model != NULL ? skeleton_new(hrnet_model_skeleton(model)) : NULL;
}

static PyObject *model_config(PyObject *self, PyObject *object)
{
    const hrnet_model *const model = handle_get(object, &model_kind);
    (void)self;
    return model != NULL ? handle_borrow(&config_kind, hrnet_model_config(model), object) : NULL;
}

static PyObject *pool_create(PyObject *self, PyObject *args)
{
    int threads;
    hrnet_pool *pool = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "i", &threads)) return NULL;
    const hrnet_status status = hrnet_pool_create(&pool, threads);
    return status == HRNET_OK ? handle_new(&pool_kind, pool, NULL) : errors_raise(status);
}

PyMethodDef model_functions[] = {
    {"config_load", config_load, METH_VARARGS, NULL}, {"config_get", config_get, METH_VARARGS, NULL},
    {"config_dump", config_dump, METH_O, NULL},       {"config_names", config_names, METH_NOARGS, NULL},
    {"model_load", model_load, METH_VARARGS, NULL},   {"model_info", model_info, METH_O, NULL},
    {"model_skeleton", model_skeleton, METH_O, NULL}, {"model_config", model_config, METH_O, NULL},
    {"pool_create", pool_create, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL},
};
