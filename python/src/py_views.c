/* py_views.c - memory of the library as buffers for Python, and buffers of Python as pictures and arrays for the
 * library. */
#include <string.h>

#include "py_core.h"

/* ------------------------------------------------------------------------------------------------ out */

enum { MOST_DIMS = 4 };

typedef struct memory_view {
    PyObject_HEAD PyObject *owner;
    void *data;
    const char *format;
    Py_ssize_t item_size;
    int n_dims;
    Py_ssize_t shape[MOST_DIMS], strides[MOST_DIMS];
} memory_view;

static PyTypeObject *view_type;

static Py_ssize_t format_size(const char *format)
{
    switch (format[0]) {
    case 'B': return 1;
    case 'f':
    case 'I':
    case 'i': return 4;
    default: return 8; /* "d", "q" */
    }
}

static void view_dealloc(PyObject *self)
{
    PyTypeObject *const type = Py_TYPE(self);
    Py_XDECREF(((memory_view *)self)->owner);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static int is_packed(const memory_view *one)
{
    Py_ssize_t step = one->item_size;
    for (int d = one->n_dims - 1; d >= 0; d--) {
        if (one->shape[d] > 1 && one->strides[d] != step) return 0;
        step *= one->shape[d];
    }
    return 1;
}

static int view_get_buffer(PyObject *self, Py_buffer *out, int flags)
{
    memory_view *const one = (memory_view *)self;
    out->obj = NULL;
    if (!is_packed(one) && (flags & PyBUF_STRIDES) != PyBUF_STRIDES) {
        PyErr_SetString(PyExc_BufferError, "the memory has gaps: ask for a buffer with strides");
        return -1;
    }
    out->buf = one->data;
    out->len = one->item_size;
    for (int d = 0; d < one->n_dims; d++) out->len *= one->shape[d];
    out->itemsize = one->item_size;
    out->readonly = 0;
    out->ndim = one->n_dims;
    out->format = flags & PyBUF_FORMAT ? (char *)(uintptr_t)one->format : NULL;
    out->shape = flags & PyBUF_ND ? one->shape : NULL;
    out->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? one->strides : NULL;
    out->suboffsets = NULL;
    out->internal = NULL;
    Py_INCREF(self);
    out->obj = self;
    return 0;
}

int views_add(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_dealloc, view_dealloc}, {Py_bf_getbuffer, view_get_buffer}, {0, NULL}};
    static PyType_Spec spec = {"hrnet._core.View", sizeof(memory_view), 0, Py_TPFLAGS_DEFAULT, slots};
    view_type = (PyTypeObject *)PyType_FromSpec(&spec);
    if (view_type == NULL) return -1;
    Py_INCREF(view_type);
    return PyModule_AddObject(module, "View", (PyObject *)view_type);
}

PyObject *view_new(PyObject *owner, void *data, const char *format, int n_dims, const Py_ssize_t *shape,
                   const Py_ssize_t *strides)
{
    static double nothing; /* what an empty array points to */
    memory_view *const one = (memory_view *)((allocfunc)PyType_GetSlot(view_type, Py_tp_alloc))(view_type, 0);
    if (one == NULL) return NULL;
    Py_INCREF(owner);
    one->owner = owner;
    one->data = data != NULL ? data : &nothing;
    one->format = format;
    one->item_size = format_size(format);
    one->n_dims = n_dims;
    Py_ssize_t step = one->item_size;
    for (int d = n_dims - 1; d >= 0; d--) {
        one->shape[d] = shape[d];
        one->strides[d] = strides != NULL ? strides[d] : step;
        step *= shape[d];
    }
    return (PyObject *)one;
}

/* ------------------------------------------------------------------------------------------------ in */

int buffer_get(Py_buffer *out, PyObject *object, const char *format, Py_ssize_t n_items, int is_written,
               const char *what)
{
    const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (is_written ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, out, flags) < 0) return -1;
    const char *const found = out->format != NULL ? out->format : "B";
    /* 'l' and 'q' are both 8 bytes here */
    const int is_right = strcmp(found, format) == 0 || (strcmp(format, "q") == 0 && strcmp(found, "l") == 0);
    if (is_right && (n_items < 0 || out->len / format_size(format) >= n_items)) return 0;
    PyErr_Format(PyExc_ValueError, "%s: expected %zd items of format '%s', found %zd bytes of '%s'", what, n_items,
                 format, out->len, found);
    PyBuffer_Release(out);
    return -1;
}

static int n_channels(int format)
{
    return format == HRNET_PIXELS_GREY ? 1 : format == HRNET_PIXELS_RGB || format == HRNET_PIXELS_BGR ? 3 : 4;
}

/* Whether the rows are bytes without gaps between pixels. */
static int has_rows(const Py_buffer *buffer, int format)
{
    const int n = n_channels(format), n_dims = n == 1 ? 2 : 3;
    if (buffer->itemsize != 1 || buffer->ndim != n_dims) return 0;
    if (n_dims == 2) return buffer->shape[1] <= 1 || buffer->strides[1] == 1;
    return buffer->shape[2] == n && buffer->strides[2] == 1 && (buffer->shape[1] <= 1 || buffer->strides[1] == n);
}

int picture_get(hrnet_pixels *out, Py_buffer *buffer, PyObject *pair)
{
    PyObject *array;
    int format;
    if (!PyTuple_Check(pair) || !PyArg_ParseTuple(pair, "Oi", &array, &format)) {
        PyErr_SetString(PyExc_TypeError, "a picture: expected (array, format)");
        return -1;
    }
    if (PyObject_GetBuffer(array, buffer, PyBUF_STRIDES | PyBUF_FORMAT) < 0) return -1;
    if (format < HRNET_PIXELS_RGB || format > HRNET_PIXELS_GREY || !has_rows(buffer, format)) {
        PyBuffer_Release(buffer);
        PyErr_SetString(PyExc_ValueError,
                        "a picture: expected bytes [height][width][channels] with pixels side by side");
        return -1;
    }
    if (buffer->shape[0] > INT32_MAX || buffer->shape[1] > INT32_MAX) {
        PyBuffer_Release(buffer);
        PyErr_SetString(PyExc_ValueError, "a picture: expected sides below 2^31");
        return -1;
    }
    *out = (hrnet_pixels){.width = (int)buffer->shape[1],
                          .height = (int)buffer->shape[0],
                          .format = (hrnet_pixel_format)format,
                          .planes = {buffer->buf},
                          .strides = {buffer->strides[0]}};
    return 0;
}

int pictures_get(picture_list *out, PyObject *sequence)
{
    const Py_ssize_t n = PySequence_Size(sequence);
    *out = (picture_list){0};
    if (n < 0) return -1;
    out->pixels = PyMem_Calloc((size_t)n + 1, sizeof *out->pixels);
    out->buffers = PyMem_Calloc((size_t)n + 1, sizeof *out->buffers);
    int is_failed = out->pixels == NULL || out->buffers == NULL;
    if (is_failed) PyErr_NoMemory();
    while (!is_failed && out->n < n) {
        PyObject *const pair = PySequence_GetItem(sequence, out->n);
        is_failed = pair == NULL || picture_get(&out->pixels[out->n], &out->buffers[out->n], pair) < 0;
        Py_XDECREF(pair);
        out->n += !is_failed;
    }
    if (is_failed) pictures_release(out);
    return is_failed ? -1 : 0;
}

void pictures_release(picture_list *list)
{
    for (int i = 0; i < list->n; i++) PyBuffer_Release(&list->buffers[i]);
    PyMem_Free(list->buffers);
    PyMem_Free(list->pixels);
    *list = (picture_list){0};
}
