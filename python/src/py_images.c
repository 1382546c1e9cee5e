/* py_images.c - pictures from files, and into them. */
#include "py_core.h"

static void free_image(void *pointer)
{
    hrnet_image_free(pointer);
    PyMem_Free(pointer);
}

const handle_kind image_kind = {"image", free_image, 0};

PyObject *image_new(hrnet_image *image)
{
    hrnet_image *const kept = PyMem_Malloc(sizeof *kept);
    if (kept == NULL) {
        hrnet_image_free(image);
        return PyErr_NoMemory();
    }
    *kept = *image;
    PyObject *const owner = handle_new(&image_kind, kept, NULL);
    if (owner == NULL) return NULL;
    const Py_ssize_t shape[] = {kept->height, kept->width, 3};
    PyObject *const view = view_new(owner, kept->rgb, "B", 3, shape, NULL);
    Py_DECREF(owner);
    return view;
}

/* (view, warning) of what a thread has just read. */
static PyObject *loaded(hrnet_image *image, const char *warning)
{
    PyObject *const view = image_new(image);
    return view != NULL ? Py_BuildValue("(NN)", view, text_new(warning)) : NULL;
}

static PyObject *image_load(PyObject *self, PyObject *args)
{
    const char *path;
    unsigned flags;
    hrnet_image image = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "yI", &path, &flags)) return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_image_load(&image, path, flags);
    handle_leave(NULL, state);
    return status == HRNET_OK ? loaded(&image, hrnet_image_warning()) : errors_raise(status);
}

static PyObject *image_decode(PyObject *self, PyObject *args)
{
    Py_buffer bytes;
    const char *name;
    unsigned flags;
    hrnet_image image = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "y*yI", &bytes, &name, &flags)) return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_image_decode(&image, bytes.buf, (size_t)bytes.len, name, flags);
    handle_leave(NULL, state);
    PyBuffer_Release(&bytes);
    return status == HRNET_OK ? loaded(&image, hrnet_image_warning()) : errors_raise(status);
}

static PyObject *image_copy(PyObject *self, PyObject *pair)
{
    hrnet_pixels pixels;
    hrnet_image image = {0};
    Py_buffer buffer;
    (void)self;
    if (picture_get(&pixels, &buffer, pair) < 0) return NULL;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_image_copy(&image, &pixels);
    handle_leave(NULL, state);
    PyBuffer_Release(&buffer);
    return status == HRNET_OK ? image_new(&image) : errors_raise(status);
}

static PyObject *image_save(PyObject *self, PyObject *args)
{
    PyObject *pair;
    const char *path;
    hrnet_pixels pixels;
    hrnet_image image = {0};
    Py_buffer buffer;
    (void)self;
    if (!PyArg_ParseTuple(args, "Oy", &pair, &path) || picture_get(&pixels, &buffer, pair) < 0) return NULL;
    PyThreadState *const state = handle_enter(NULL);
    hrnet_status status = hrnet_image_copy(&image, &pixels);
    if (status == HRNET_OK) status = hrnet_image_save(&image, path);
    hrnet_image_free(&image);
    handle_leave(NULL, state);
    PyBuffer_Release(&buffer);
    return errors_none(status);
}

/* The address of the first pixel as the library gets it. */
static PyObject *image_address(PyObject *self, PyObject *pair)
{
    hrnet_pixels pixels;
    Py_buffer buffer;
    (void)self;
    if (picture_get(&pixels, &buffer, pair) < 0) return NULL;
    PyBuffer_Release(&buffer);
    return PyLong_FromVoidPtr((void *)(uintptr_t)pixels.planes[0]);
}

PyMethodDef image_functions[] = {
    {"image_load", image_load, METH_VARARGS, NULL}, {"image_decode", image_decode, METH_VARARGS, NULL},
    {"image_copy", image_copy, METH_O, NULL},       {"image_save", image_save, METH_VARARGS, NULL},
    {"image_address", image_address, METH_O, NULL}, {NULL, NULL, 0, NULL},
};
