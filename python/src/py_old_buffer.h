/*
 * py_old_buffer.h - the buffer protocol for the limited API of Python 3.9 and 3.10.
 *
 * The headers have it in the limited API from 3.11 on. The interpreters before have the same functions and the same
 * struct, which froze as it was, and PyType_FromSpec takes the slots since 3.9; only the declarations are missing.
 */
#ifndef PYTHON_OLD_BUFFER_H
#define PYTHON_OLD_BUFFER_H

typedef struct bufferinfo {
    void *buf;
    PyObject *obj;
    Py_ssize_t len, itemsize;
    int readonly, ndim;
    char *format;
    Py_ssize_t *shape, *strides, *suboffsets;
    void *internal;
} Py_buffer;

PyAPI_FUNC(int) PyObject_GetBuffer(PyObject *object, Py_buffer *view, int flags);
PyAPI_FUNC(void) PyBuffer_Release(Py_buffer *view);
PyAPI_FUNC(int) PyBuffer_IsContiguous(const Py_buffer *view, char order);

#define PyBUF_WRITABLE     0x0001
#define PyBUF_FORMAT       0x0004
#define PyBUF_ND           0x0008
#define PyBUF_STRIDES      (0x0010 | PyBUF_ND)
#define PyBUF_C_CONTIGUOUS (0x0020 | PyBUF_STRIDES)

#define Py_bf_getbuffer     1
#define Py_bf_releasebuffer 2

#endif
