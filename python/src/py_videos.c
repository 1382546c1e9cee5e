/* py_videos.c - videos, frame by frame, with the people in them. */
#include "py_core.h"

/* Frames on their way, of which the stages hold some. */
enum { N_VALID = 24 };

/* A video asks its listener between frames for as long as it lives. */
typedef struct held_video {
    hrnet_video *video;
    listener heard;
} held_video;

static void free_video(void *pointer)
{
    held_video *const held = pointer;
    hrnet_video_free(held->video);
    Py_XDECREF(held->heard.on_message);
    PyMem_Free(held);
}

const handle_kind video_kind = {"video", free_video, 1};

/* A signal's handler runs on Python's main thread alone, and the reader's thread is another one. */
static int is_stopped(void *context)
{
    return ((held_video *)context)->heard.is_failed;
}

static void tell(void *context, const char *line)
{
    listener_message(&((held_video *)context)->heard, line);
}

/* open(path, options, on_message) */
static PyObject *video_open(PyObject *self, PyObject *args)
{
    static const field fields[] = {
        FIELD(DOUBLE, hrnet_video_options, from),       FIELD(DOUBLE, hrnet_video_options, to),
        FIELD(INT, hrnet_video_options, every),         FIELD(INT, hrnet_video_options, threads),
        FIELD(INT, hrnet_video_options, is_live),       FIELD(DOUBLE, hrnet_video_options, timeout),
        FIELD(INT, hrnet_video_options, reconnect),     FIELD(TEXT, hrnet_video_options, hardware),
        FIELD(INT, hrnet_video_options, camera_width),  FIELD(INT, hrnet_video_options, camera_height),
        FIELD(DOUBLE, hrnet_video_options, camera_fps), FIELDS_END};
    const char *path;
    PyObject *how, *on_message;
    hrnet_video_options options = {.n_valid = N_VALID, .cancelled = is_stopped, .on_message = tell};
    (void)self;
    if (!PyArg_ParseTuple(args, "yOO", &path, &how, &on_message) || fields_read(&options, fields, how) < 0) return NULL;
    held_video *const held = PyMem_Calloc(1, sizeof *held);
    if (held == NULL) return PyErr_NoMemory();
    Py_INCREF(on_message);
    held->heard.on_message = on_message;
    options.context = held;
    PyThreadState *const state = handle_enter(NULL);
    const hrnet_status status = hrnet_video_open(&held->video, path, &options);
    handle_leave(NULL, state);
    if (status == HRNET_OK && !held->heard.is_failed) return handle_new(&video_kind, held, NULL);
    free_video(held);
    return errors_raise(status);
}

static PyObject *video_info(PyObject *self, PyObject *object)
{
    static const field fields[] = {FIELD(INT, hrnet_video_info, width),
                                   FIELD(INT, hrnet_video_info, height),
                                   FIELD(DOUBLE, hrnet_video_info, fps),
                                   FIELD(DOUBLE, hrnet_video_info, duration),
                                   FIELD(INT64, hrnet_video_info, n_frames),
                                   FIELD(INT, hrnet_video_info, rotation),
                                   FIELD(INT, hrnet_video_info, is_mirrored),
                                   FIELD(INT, hrnet_video_info, is_live),
                                   FIELD(INT, hrnet_video_info, has_audio),
                                   FIELD(DOUBLE, hrnet_video_info, pixel_aspect),
                                   FIELD(TEXT, hrnet_video_info, codec),
                                   FIELD(TEXT, hrnet_video_info, format),
                                   FIELD(TEXT, hrnet_video_info, hardware),
                                   FIELD(UINT64, hrnet_video_info, n_read),
                                   FIELD(UINT64, hrnet_video_info, n_corrupt),
                                   FIELD(UINT64, hrnet_video_info, n_moved),
                                   FIELD(UINT64, hrnet_video_info, n_reconnects),
                                   FIELD(TEXT, hrnet_video_info, warning),
                                   FIELDS_END};
    const held_video *const held = handle_get(object, &video_kind);
    (void)self;
    if (held == NULL) return NULL;
    const hrnet_video_info info = hrnet_video_get_info(held->video);
    return fields_write(&info, fields);
}

/* ------------------------------------------------------------------------------------------------ people */

typedef struct video_search {
    listener *heard;
    PyObject *on_frame;
    int has_images; /* 1: frames are handed out too */
} video_search;

/* on_frame(people, image or None, warning or None, number of dropped frames), without the GIL before it. */
static hrnet_status hand_out(void *context, const hrnet_picture *picture)
{
    video_search *const search = context;
    hrnet_people people = {0};
    hrnet_image image = {0};
    const hrnet_pixels pixels = picture->image.rgb != NULL ? hrnet_image_pixels(&picture->image) : picture->pixels;
    hrnet_status status = people_copy(&people, &picture->people);
    if (status == HRNET_OK && search->has_images && pixels.width > 0) status = hrnet_image_copy(&image, &pixels);
    if (status != HRNET_OK) {
        hrnet_people_free(&people);
        return status;
    }
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject *const view = image.rgb != NULL ? image_new(&image) : Py_BuildValue("");
    PyObject *const result = PyObject_CallFunction(search->on_frame, "NNNK", people_new(&people), view,
                                                   text_new(picture->warning), (unsigned long long)picture->n_dropped);
    const int is_wanted = result != NULL && PyObject_IsTrue(result) == 1;
    Py_XDECREF(result);
    PyGILState_Release(state);
    return is_wanted ? HRNET_OK : HRNET_ERR_CANCELLED;
}

static int is_cancelled(void *context)
{
    return listener_cancelled(((const video_search *)context)->heard);
}

/* find(video, finder, tracker or None, smoother or None, options, has_images, on_frame): until the end, or until
 * on_frame returns something false */
static PyObject *video_find(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(INT, hrnet_video_find_options, detect_every),
                                   FIELD(INT, hrnet_video_find_options, drop_late),
                                   FIELD(INT, hrnet_video_find_options, workers),
                                   FIELD(UINT64, hrnet_video_find_options, memory_limit), FIELDS_END};
    PyObject *object, *finder_object, *tracker, *smoother, *how;
    video_search search;
    hrnet_video_find_options options = {.done = hand_out, .cancelled = is_cancelled, .context = &search};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOiO", &object, &finder_object, &tracker, &smoother, &how, &search.has_images,
                          &search.on_frame) ||
        handle_optional(tracker, &tracker_kind, &options.tracker) < 0 ||
        handle_optional(smoother, &smoother_kind, &options.smoother) < 0 || fields_read(&options, fields, how) < 0)
        return NULL;
    held_video *const held = handle_get(object, &video_kind);
    hrnet_finder *const finder = finder_get(finder_object);
    if (held == NULL || finder == NULL) return NULL;
    search.heard = &held->heard;
    PyThreadState *const outer = handle_enter(finder_object);
    const hrnet_status status = hrnet_video_find(held->video, finder, &options);
    handle_leave(finder_object, outer);
    if (status == HRNET_ERR_CANCELLED && !PyErr_Occurred()) Py_RETURN_FALSE;
    if (status != HRNET_OK || PyErr_Occurred()) return errors_raise(status);
    Py_RETURN_TRUE;
}

/* stop(video): ends a search in it soon. */
static PyObject *video_stop(PyObject *self, PyObject *object)
{
    held_video *const held = handle_get(object, &video_kind);
    (void)self;
    if (held == NULL) return NULL;
    held->heard.is_failed = 1;
    Py_RETURN_NONE;
}

PyMethodDef video_functions[] = {
    {"video_open", video_open, METH_VARARGS, NULL},
    {"video_info", video_info, METH_O, NULL},
    {"video_find", video_find, METH_VARARGS, NULL},
    {"video_stop", video_stop, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
