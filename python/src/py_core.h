/*
 * py_core.h - the parts of the extension module hrnet._core, one thin layer over the public headers: C structs become
 * dictionaries, C handles become Python objects, a hrnet_status becomes an exception. Whatever is convenient is written
 * in Python, above this.
 *
 * The module is built with the limited API of Python 3.9, so that one file serves 3.9 and all later versions.
 *
 * Texts that go into the library are bytes (os.fsencode), because file names may be anything; those that come out are
 * str, decoded as os.fsdecode does.
 */
#ifndef PYTHON_CORE_H
#define PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <hrnet_results.h>
#include <hrnet_train.h>
#include <hrnet_video.h>

#if !defined(Py_LIMITED_API) || Py_LIMITED_API < 0x030B0000
#include "py_old_buffer.h"
#endif

/* ------------------------------------------------------------------------------------------------ errors */

/* Make hrnet.Error and a subclass for each status, and add them to the module. Returns -1 with an exception set. */
int errors_add(PyObject *module);

/* Set the exception of a failure, with the library's message; one that a callback has set stays. Returns NULL. */
PyObject *errors_raise(hrnet_status status);

/* None, or the exception of the status. */
PyObject *errors_none(hrnet_status status);

/* ------------------------------------------------------------------------------------------------ handles */

typedef struct handle_kind {
    const char *name; /* "model" */
    void (*free)(void *pointer);
    int is_locked; /* 1: for one thread at a time */
} handle_kind;

extern const handle_kind config_kind, model_kind, session_kind, pool_kind, detector_kind, detector_session_kind,
    finder_kind, people_kind, image_kind, tracker_kind, smoother_kind, video_kind, evaluation_kind, trainer_kind;

int handles_add(PyObject *module);

/* A Python object that owns pointer, and keeps `needs` (may be NULL) alive for as long. A failure frees pointer. */
PyObject *handle_new(const handle_kind *kind, void *pointer, PyObject *needs);

/* The same for a pointer that belongs to what `needs` holds. */
PyObject *handle_borrow(const handle_kind *kind, const void *pointer, PyObject *needs);

/* The pointer of a handle. NULL with a TypeError set: the object is none of the kind. */
void *handle_get(PyObject *object, const handle_kind *kind);

/* The same where None stands for NULL: *pointer is set. Returns -1 with a TypeError set. */
int handle_optional(PyObject *object, const handle_kind *kind, void *pointer);

/* Let other Python threads run, wait until no other thread uses the handle (may be NULL: none is used), and take it. */
PyThreadState *handle_enter(PyObject *object);
void handle_leave(PyObject *object, PyThreadState *state);

/* ------------------------------------------------------------------------------------------------ memory */

int views_add(PyObject *module);

/* An object with the buffer protocol over memory that `owner` keeps alive. format: of the struct module, "f". strides
 * NULL: without gaps. */
PyObject *view_new(PyObject *owner, void *data, const char *format, int n_dims, const Py_ssize_t *shape,
                   const Py_ssize_t *strides);

/* An array of `format` without gaps, of n_items items or more (-1: any number), as an argument of a call. Release it
 * with PyBuffer_Release. Returns -1 with an exception set. what: its name in messages. */
int buffer_get(Py_buffer *out, PyObject *object, const char *format, Py_ssize_t n_items, int is_written,
               const char *what);

/* Pictures as arguments: a sequence of (array, format) with arrays of bytes [height][width] or [height][width][3 or 4],
 * whose rows may have any distance. */
typedef struct picture_list {
    int n;
    hrnet_pixels *pixels; /* [n] */
    Py_buffer *buffers;   /* [n] */
} picture_list;

int pictures_get(picture_list *out, PyObject *sequence);
void pictures_release(picture_list *list);

/* One picture, (array, format). */
int picture_get(hrnet_pixels *out, Py_buffer *buffer, PyObject *pair);

/* ------------------------------------------------------------------------------------------------ structs */

typedef enum field_type {
    FIELD_INT,
    FIELD_SIZE,
    FIELD_INT64,
    FIELD_UINT64,
    FIELD_FLOAT,
    FIELD_DOUBLE,
    FIELD_TEXT, /* read from bytes, which the caller keeps; written as str or None */
    FIELD_END
} field_type;

/* A member of a struct; enumerations are FIELD_INT. A table ends with FIELD_END. */
typedef struct field {
    const char *name;
    field_type type;
    size_t offset;
} field;

#define FIELD(type, of, member)                                                                                        \
    {                                                                                                                  \
#member, FIELD_##type, offsetof(of, member)                                                                    \
    }
#define FIELDS_END                                                                                                     \
    {                                                                                                                  \
        NULL, FIELD_END, 0                                                                                             \
    }

/* Set the members that the dictionary names (None: none). A name that is not in the table is a TypeError. Returns -1
 * with an exception set. */
int fields_read(void *out, const field *fields, PyObject *dictionary);

/* A dictionary of all members. */
PyObject *fields_write(const void *from, const field *fields);

/* Put a value into a dictionary and drop the reference to it. Returns -1 with an exception set; value may be NULL then.
 */
int put(PyObject *dictionary, const char *name, PyObject *value);

/* str of a file name or text, None of NULL. */
PyObject *text_new(const char *text);
PyObject *doubles_new(const double *values, size_t n);
/* A list of n str. */
PyObject *texts_new(const char *const *texts, size_t n);
/* A dictionary of n numbers. */
PyObject *named_new(const char *const *names, const double *values, size_t n);

/* A converter of PyArg_ParseTuple ("O&"): bytes, which must outlive *out, or None, which is NULL. */
int text_get(PyObject *object, void *out);

/* NULL-terminated texts of a sequence of bytes, which must outlive them; None: *out is NULL. Free with PyMem_Free.
 * Returns -1 with an exception set. */
int texts_get(const char ***out, PyObject *sequence);

/* ------------------------------------------------------------------------------------------------ callbacks */

/* Context of the two functions below. */
typedef struct listener {
    PyObject *on_message; /* called with a str; or None */
    int is_failed;        /* a callback raised, or a signal's handler did */
} listener;

/* hrnet_message_fn and hrnet_cancel_fn. Python's signal handlers run in the second, so that Ctrl-C ends a long call
 * with KeyboardInterrupt. They take the GIL. */
void listener_message(void *context, const char *line);
int listener_cancelled(void *context);

/* ------------------------------------------------------------------------------------------------ people */

/* A handle that takes over people, which are zeroed. On failure they are freed. */
PyObject *people_new(hrnet_people *people);

/* A copy of what a video hands out. Needs no GIL; sets hrnet_last_error. */
hrnet_status people_copy(hrnet_people *out, const hrnet_people *from);

/* The finder of a handle; NULL with a TypeError set. */
hrnet_finder *finder_get(PyObject *object);

/* Scores as dictionaries. */
PyObject *coco_score_new(const hrnet_coco_score *score);
PyObject *box_score_new(const hrnet_box_score *score);
PyObject *mpii_score_new(const hrnet_mpii_score *score);

/* Texts of the dictionary must outlive *out. */
int evaluation_files_read(hrnet_evaluation_files *out, PyObject *dictionary);

/* A view [height][width][3] of an image, which it takes over; on failure the image is freed. */
PyObject *image_new(hrnet_image *image);

/* ------------------------------------------------------------------------------------------------ functions */

/* The functions of each file, for the module. */
extern PyMethodDef image_functions[], model_functions[], session_functions[], detector_functions[], people_functions[],
    finder_functions[], track_functions[], video_functions[], results_functions[], draw_functions[], score_functions[],
    evaluate_functions[], fetch_functions[], train_functions[], table_functions[], column_functions[];

/* Dictionary of a skeleton; None of NULL. */
PyObject *skeleton_new(const hrnet_skeleton *skeleton);

#endif
