/* py_handles.c - one Python type for all handles of the library. */
#include "py_core.h"

#include <pythread.h>

typedef struct handle {
    PyObject_HEAD const handle_kind *kind;
    void *pointer;
    int is_borrowed;
    PyObject *needs;         /* what must live as long; or NULL */
    PyThread_type_lock lock; /* NULL: may be used by several threads */
} handle;

static PyTypeObject *handle_type;

static void handle_dealloc(PyObject *self)
{
    handle *const one = (handle *)self;
    PyTypeObject *const type = Py_TYPE(self);
    if (one->pointer != NULL && !one->is_borrowed) one->kind->free(one->pointer);
    Py_XDECREF(one->needs);
    if (one->lock != NULL) PyThread_free_lock(one->lock);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *handle_repr(PyObject *self)
{
    const handle *const one = (const handle *)self;
    return PyUnicode_FromFormat("<hrnet %s>", one->kind->name);
}

int handles_add(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_dealloc, handle_dealloc}, {Py_tp_repr, handle_repr}, {0, NULL}};
    static PyType_Spec spec = {"hrnet._core.Handle", sizeof(handle), 0, Py_TPFLAGS_DEFAULT, slots};
    handle_type = (PyTypeObject *)PyType_FromSpec(&spec);
    if (handle_type == NULL) return -1;
    Py_INCREF(handle_type);
    return PyModule_AddObject(module, "Handle", (PyObject *)handle_type);
}

static PyObject *new_handle(const handle_kind *kind, void *pointer, PyObject *needs, int is_borrowed)
{
    handle *const one = (handle *)((allocfunc)PyType_GetSlot(handle_type, Py_tp_alloc))(handle_type, 0);
    if (one != NULL) {
        one->kind = kind;
        one->is_borrowed = is_borrowed;
        one->lock = kind->is_locked ? PyThread_allocate_lock() : NULL;
        if (!kind->is_locked || one->lock != NULL) {
            one->pointer = pointer;
            Py_XINCREF(needs);
            one->needs = needs;
            return (PyObject *)one;
        }
        Py_DECREF(one);
        PyErr_NoMemory();
    }
    if (!is_borrowed) kind->free(pointer);
    return NULL;
}

PyObject *handle_new(const handle_kind *kind, void *pointer, PyObject *needs)
{
    return new_handle(kind, pointer, needs, 0);
}

PyObject *handle_borrow(const handle_kind *kind, const void *pointer, PyObject *needs)
{
    return new_handle(kind, (void *)(uintptr_t)pointer, needs, 1);
}

void *handle_get(PyObject *object, const handle_kind *kind)
{
    const handle *const one = (const handle *)object;
    if (Py_TYPE(object) != handle_type || one->kind != kind) {
        PyErr_Format(PyExc_TypeError, "expected a handle of a %s, found %R", kind->name, object);
        return NULL;
    }
    return one->pointer;
}

int handle_optional(PyObject *object, const handle_kind *kind, void *pointer)
{
    void **const out = pointer;
    *out = object != Py_None ? handle_get(object, kind) : NULL;
    return object != Py_None && *out == NULL ? -1 : 0;
}

PyThreadState *handle_enter(PyObject *object)
{
    const handle *const one = (const handle *)object;
    PyThreadState *const state = PyEval_SaveThread();
    if (one != NULL && one->lock != NULL) PyThread_acquire_lock(one->lock, WAIT_LOCK);
    return state;
}

void handle_leave(PyObject *object, PyThreadState *state)
{
    const handle *const one = (const handle *)object;
    if (one != NULL && one->lock != NULL) PyThread_release_lock(one->lock);
    PyEval_RestoreThread(state);
}
