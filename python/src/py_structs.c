/* py_structs.c - between structs of C and dictionaries, lists and texts of Python. */
#include <string.h>

#include "py_core.h"

/* ------------------------------------------------------------------------------------------------ in */

static int read_whole(void *at, field_type type, PyObject *value)
{
    const long long number = PyLong_AsLongLong(value);
    if (number == -1 && PyErr_Occurred()) return -1;
    if (type == FIELD_INT64) {
        memcpy(at, &(int64_t){number}, sizeof(int64_t));
        return 0;
    }
    if (number < (type == FIELD_INT ? INT32_MIN : 0) || (type == FIELD_INT && number > INT32_MAX)) {
        PyErr_Format(PyExc_OverflowError, "%R is out of range", value);
        return -1;
    }
    if (type == FIELD_INT)
        memcpy(at, &(int){(int)number}, sizeof(int));
    else
        memcpy(at, &(uint64_t){(uint64_t)number}, sizeof(uint64_t)); /* size_t too */
    return 0;
}

int text_get(PyObject *object, void *out)
{
    const char *const text = object != Py_None ? PyBytes_AsString(object) : NULL;
    memcpy(out, &text, sizeof text);
    return object == Py_None || text != NULL;
}

static int read_field(void *at, field_type type, PyObject *value)
{
    if (type == FIELD_TEXT) return text_get(value, at) ? 0 : -1;
    if (type != FIELD_FLOAT && type != FIELD_DOUBLE) return read_whole(at, type, value);
    const double number = PyFloat_AsDouble(value);
    if (number == -1 && PyErr_Occurred()) return -1;
    if (type == FIELD_FLOAT)
        memcpy(at, &(float){(float)number}, sizeof(float));
    else
        memcpy(at, &number, sizeof number);
    return 0;
}

static const field *find_field(const field *fields, PyObject *name)
{
    for (const field *one = fields; one->type != FIELD_END; one++)
        if (PyUnicode_CompareWithASCIIString(name, one->name) == 0) return one;
    return NULL;
}

int fields_read(void *out, const field *fields, PyObject *dictionary)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    if (dictionary == Py_None) return 0;
    if (!PyDict_Check(dictionary)) {
        PyErr_Format(PyExc_TypeError, "options: expected a dict, found %R", dictionary);
        return -1;
    }
    while (PyDict_Next(dictionary, &at, &name, &value)) {
        const field *const one = PyUnicode_Check(name) ? find_field(fields, name) : NULL;
        if (one == NULL) {
            PyErr_Format(PyExc_TypeError, "there is no option %R", name);
            return -1;
        }
        if (read_field((char *)out + one->offset, one->type, value) < 0) return -1;
    }
    return 0;
}

int texts_get(const char ***out, PyObject *sequence)
{
    *out = NULL;
    if (sequence == Py_None) return 0;
    const Py_ssize_t n = PySequence_Size(sequence);
    if (n < 0) return -1;
    const char **const texts = PyMem_Calloc((size_t)n + 1, sizeof *texts);
    if (texts == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *const one = PySequence_GetItem(sequence, i);
        texts[i] = one != NULL ? PyBytes_AsString(one) : NULL; /* the sequence keeps it */
        Py_XDECREF(one);
        if (texts[i] == NULL) {
            PyMem_Free(texts);
            return -1;
        }
    }
    *out = texts;
    return 0;
}

/* ------------------------------------------------------------------------------------------------ out */

PyObject *text_new(const char *text)
{
    if (text == NULL) Py_RETURN_NONE;
    return PyUnicode_DecodeFSDefault(text);
}

int put(PyObject *dictionary, const char *name, PyObject *value)
{
    /* PyDict_SetItemString would intern the name anew in each call, which makes that table of Python's grow */
    PyObject *const key = value != NULL ? PyUnicode_FromString(name) : NULL;
    const int status = key != NULL ? PyDict_SetItem(dictionary, key, value) : -1;
    Py_XDECREF(key);
    Py_XDECREF(value);
    return status;
}

static PyObject *field_value(const char *at, field_type type)
{
    switch (type) {
    case FIELD_INT: return PyLong_FromLong(*(const int *)(const void *)at);
    case FIELD_SIZE: return PyLong_FromSize_t(*(const size_t *)(const void *)at);
    case FIELD_INT64: return PyLong_FromLongLong(*(const int64_t *)(const void *)at);
    case FIELD_UINT64: return PyLong_FromUnsignedLongLong(*(const uint64_t *)(const void *)at);
    case FIELD_FLOAT: return PyFloat_FromDouble((double)*(const float *)(const void *)at);
    case FIELD_DOUBLE: return PyFloat_FromDouble(*(const double *)(const void *)at);
    default: return text_new(*(const char *const *)(const void *)at);
    }
}

PyObject *fields_write(const void *from, const field *fields)
{
    PyObject *const out = PyDict_New();
    for (const field *one = fields; out != NULL && one->type != FIELD_END; one++)
        if (put(out, one->name, field_value((const char *)from + one->offset, one->type)) < 0) {
            Py_DECREF(out);
            return NULL;
        }
    return out;
}

/* A list of n items, which `item` makes. */
static PyObject *list_new(size_t n, PyObject *(*item)(const void *from, size_t i), const void *from)
{
    PyObject *const out = PyList_New((Py_ssize_t)n);
    for (size_t i = 0; out != NULL && i < n; i++) {
        PyObject *const one = item(from, i);
        if (one == NULL) {
            Py_DECREF(out);
            return NULL;
        }
        PyList_SetItem(out, (Py_ssize_t)i, one);
    }
    return out;
}

static PyObject *double_item(const void *from, size_t i)
{
    return PyFloat_FromDouble(((const double *)from)[i]);
}

static PyObject *text_item(const void *from, size_t i)
{
    return text_new(((const char *const *)from)[i]);
}

static PyObject *pair_item(const void *from, size_t i)
{
    const int *const pair = ((const int(*)[2])from)[i];
    return Py_BuildValue("(ii)", pair[0], pair[1]);
}

static PyObject *float_item(const void *from, size_t i)
{
    return PyFloat_FromDouble((double)((const float *)from)[i]);
}

PyObject *doubles_new(const double *values, size_t n)
{
    return list_new(n, double_item, values);
}

PyObject *texts_new(const char *const *texts, size_t n)
{
    return list_new(n, text_item, texts);
}

PyObject *named_new(const char *const *names, const double *values, size_t n)
{
    PyObject *const out = PyDict_New();
    for (size_t i = 0; out != NULL && i < n; i++)
        if (put(out, names[i], PyFloat_FromDouble(values[i])) < 0) {
            Py_DECREF(out);
            return NULL;
        }
    return out;
}

PyObject *skeleton_new(const hrnet_skeleton *skeleton)
{
    if (skeleton == NULL) Py_RETURN_NONE;
    const size_t n = (size_t)skeleton->n_keypoints;
    static const field fields[] = {FIELD(TEXT, hrnet_skeleton, name), FIELD(INT, hrnet_skeleton, pairs_from),
                                   FIELDS_END};
    PyObject *const out = fields_write(skeleton, fields), *none = Py_None;
    Py_INCREF(none);
    PyObject *const sigmas = skeleton->sigmas != NULL ? list_new(n, float_item, skeleton->sigmas) : none;
    if (skeleton->sigmas != NULL) Py_DECREF(none);
    if (out == NULL || put(out, "sigmas", sigmas) < 0 ||
        put(out, "keypoint_names", texts_new(skeleton->keypoint_names, n)) < 0 ||
        put(out, "flip_pairs", list_new((size_t)skeleton->n_flip_pairs, pair_item, skeleton->flip_pairs)) < 0 ||
        put(out, "links", list_new((size_t)skeleton->n_links, pair_item, skeleton->links)) < 0) {
        Py_XDECREF(out);
        return NULL;
    }
    return out;
}

/* ------------------------------------------------------------------------------------------------ callbacks */

void listener_message(void *context, const char *line)
{
    listener *const one = context;
    if (one->on_message == Py_None) return;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *const text = !one->is_failed ? text_new(line) : NULL;
    PyObject *const result = text != NULL ? PyObject_CallFunctionObjArgs(one->on_message, text, NULL) : NULL;
    if (result == NULL) one->is_failed = 1;
    Py_XDECREF(text);
    Py_XDECREF(result);
    PyGILState_Release(state);
}

int listener_cancelled(void *context)
{
    listener *const one = context;
    if (one->is_failed) return 1;
    const PyGILState_STATE state = PyGILState_Ensure();
    if (PyErr_Occurred() || PyErr_CheckSignals() < 0) one->is_failed = 1;
    PyGILState_Release(state);
    return one->is_failed;
}
