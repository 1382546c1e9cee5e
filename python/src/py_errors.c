/* py_errors.c - an exception for each hrnet_status. */
#include "py_core.h"

enum { N_STATUSES = HRNET_ERR_CANCELLED + 1 };

static PyObject *base;
static PyObject *classes[N_STATUSES];

/* The class for a status: hrnet.Error and what Python itself would raise. */
static PyObject *new_class(const char *name, const char *about, PyObject *builtin)
{
    PyObject *const bases = builtin != NULL ? PyTuple_Pack(2, base, builtin) : PyTuple_Pack(1, base);
    if (bases == NULL) return NULL;
    PyObject *const class = PyErr_NewExceptionWithDoc(name, about, bases, NULL);
    Py_DECREF(bases);
    return class;
}

int errors_add(PyObject *module)
{
    const struct {
        const char *name, *about;
        PyObject *builtin;
    } rows[N_STATUSES] = {
        [HRNET_ERR_ARGUMENT] = {"hrnet.ArgumentError", "An argument is out of its range.", PyExc_ValueError},
        [HRNET_ERR_MEMORY] = {"hrnet.OutOfMemoryError", "An allocation failed.", PyExc_MemoryError},
        [HRNET_ERR_IO] = {"hrnet.FileError", "A file cannot be opened, read, written or renamed.", PyExc_OSError},
        [HRNET_ERR_FORMAT] = {"hrnet.FormatError", "A file is broken or is not what its format allows.",
                              PyExc_ValueError},
        [HRNET_ERR_CONFIG] = {"hrnet.ConfigError", "A configuration key or value is wrong.", PyExc_ValueError},
        [HRNET_ERR_MISMATCH] = {"hrnet.MismatchError",
                                "Two things, such as weights and network, do not belong together.", PyExc_ValueError},
        [HRNET_ERR_UNSUPPORTED] = {"hrnet.UnsupportedError", "Well-formed, but not something this library does.", NULL},
        [HRNET_ERR_LIMIT] = {"hrnet.LimitError", "Larger than a safety limit.", NULL},
        [HRNET_ERR_CANCELLED] = {"hrnet.CancelledError", "The call was cancelled.", NULL},
    };
    base = PyErr_NewExceptionWithDoc("hrnet.Error", "What the library reports; the subclasses say of which kind it is.",
                                     NULL, NULL);
    if (base == NULL || PyModule_AddObject(module, "Error", base) < 0) return -1;
    Py_INCREF(base);
    for (int i = HRNET_ERR_ARGUMENT; i < N_STATUSES; i++) {
        classes[i] = new_class(rows[i].name, rows[i].about, rows[i].builtin);
        if (classes[i] == NULL) return -1;
        Py_INCREF(classes[i]);
        if (PyModule_AddObject(module, rows[i].name + sizeof "hrnet." - 1, classes[i]) < 0) return -1;
    }
    return 0;
}

PyObject *errors_raise(hrnet_status status)
{
    if (PyErr_Occurred()) return NULL;
    const int is_known = status > HRNET_OK && (int)status < N_STATUSES;
    const char *const message = hrnet_last_error();
    PyErr_SetString(is_known ? classes[status] : base, message[0] != '\0' ? message : hrnet_status_text(status));
    return NULL;
}

PyObject *errors_none(hrnet_status status)
{
    if (status != HRNET_OK || PyErr_Occurred()) return errors_raise(status);
    Py_RETURN_NONE;
}
