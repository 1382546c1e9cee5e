/* py_fetch.c - published weights by name: the table, and fetching. */
#include <hrnet_fetch.h>

#include "py_core.h"

static PyObject *entry_new(const hrnet_published *entry)
{
    static const field fields[] = {FIELD(TEXT, hrnet_published, name),
                                   FIELD(INT, hrnet_published, kind),
                                   FIELD(INT, hrnet_published, is_supported),
                                   FIELD(TEXT, hrnet_published, network),
                                   FIELD(TEXT, hrnet_published, dataset),
                                   FIELD(TEXT, hrnet_published, url),
                                   FIELD(TEXT, hrnet_published, sha256),
                                   FIELD(INT, hrnet_published, megabytes),
                                   FIELD(TEXT, hrnet_published, licence),
                                   FIELD(FLOAT, hrnet_published, score),
                                   FIELD(TEXT, hrnet_published, measure),
                                   FIELD(TEXT, hrnet_published, config),
                                   FIELDS_END};
    size_t n = 0;
    while (entry->overrides != NULL && entry->overrides[n] != NULL) n++;
    PyObject *const out = fields_write(entry, fields);
    if (out == NULL || put(out, "overrides", texts_new(entry->overrides, n)) == 0) return out;
    Py_DECREF(out);
    return NULL;
}

/* published(): a list of dictionaries */
static PyObject *fetch_published(PyObject *self, PyObject *nothing)
{
    PyObject *const list = PyList_New(0);
    (void)self;
    (void)nothing;
    for (size_t i = 0; list != NULL && i < hrnet_published_n(); i++) {
        PyObject *const entry = entry_new(hrnet_published_get(i));
        const int failed = entry == NULL || PyList_Append(list, entry) < 0;
        Py_XDECREF(entry);
        if (!failed) continue;
        Py_DECREF(list);
        return NULL;
    }
    return list;
}

/* What the functions of a transfer call. */
typedef struct fetch_listener {
    listener heard;
    PyObject *on_progress;
} fetch_listener;

static void tell_line(void *context, const char *line)
{
    listener_message(&((fetch_listener *)context)->heard, line);
}

static int tell_progress(void *context, uint64_t done, uint64_t total)
{
    fetch_listener *const fetch = context;
    if (listener_cancelled(&fetch->heard)) return 1;
    if (fetch->on_progress == Py_None) return 0;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *const result =
        PyObject_CallFunction(fetch->on_progress, "KK", (unsigned long long)done, (unsigned long long)total);
    if (result == NULL) fetch->heard.is_failed = 1;
    Py_XDECREF(result);
    PyGILState_Release(state);
    return fetch->heard.is_failed;
}

static const field option_fields[] = {FIELD(TEXT, hrnet_fetch_options, folder),
                                      FIELD(TEXT, hrnet_fetch_options, mirror),
                                      FIELD(INT, hrnet_fetch_options, offline),
                                      FIELD(INT, hrnet_fetch_options, verify),
                                      FIELD(INT, hrnet_fetch_options, accept),
                                      FIELD(INT, hrnet_fetch_options, stall_seconds),
                                      FIELDS_END};

/* fetch(name, options, on_message, on_progress): the path */
static PyObject *fetch_file(PyObject *self, PyObject *args)
{
    const char *name;
    char *path = NULL;
    PyObject *how;
    fetch_listener fetch = {{Py_None, 0}, Py_None};
    hrnet_fetch_options options = {.on_progress = tell_progress, .on_message = tell_line, .context = &fetch};
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OOO", text_get, &name, &how, &fetch.heard.on_message, &fetch.on_progress) ||
        fields_read(&options, option_fields, how) < 0)
        return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_fetch(&path, name, &options);
    handle_leave(NULL, state);
    if (status != HRNET_OK || fetch.heard.is_failed) {
        hrnet_string_free(path);
        return errors_raise(status);
    }
    PyObject *const out = text_new(path);
    hrnet_string_free(path);
    return out;
}

PyMethodDef fetch_functions[] = {
    {"published", fetch_published, METH_NOARGS, NULL},
    {"fetch", fetch_file, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
