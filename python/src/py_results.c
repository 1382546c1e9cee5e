/* py_results.c - the library's formats of results, as bytes, and drawing. */
#include "py_core.h"

/* ------------------------------------------------------------------------------------------------ formats */

/* A document that grows in a list of bytes. Called with the GIL. */
static int append(void *context, const void *bytes, size_t n)
{
    PyObject *const part = PyBytes_FromStringAndSize(bytes, (Py_ssize_t)n);
    const int status = part != NULL ? PyList_Append(context, part) : -1;
    Py_XDECREF(part);
    return status;
}

static hrnet_status write_all(hrnet_results_writer *writer, PyObject *people)
{
    hrnet_status status = HRNET_OK;
    for (Py_ssize_t i = 0; status == HRNET_OK && i < PySequence_Size(people); i++) {
        PyObject *const object = PySequence_GetItem(people, i);
        const hrnet_people *const one = object != NULL ? handle_get(object, &people_kind) : NULL;
        status = one != NULL ? hrnet_results_write(writer, one) : HRNET_ERR_ARGUMENT;
        Py_XDECREF(object);
    }
    return status == HRNET_OK ? hrnet_results_finish(writer) : status;
}

/* text(people, format, options, model or None, detector or None, used thresholds): a list of bytes */
static PyObject *results_text(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(INT, hrnet_results_options, boxes),
                                   FIELD(FLOAT, hrnet_results_options, threshold),
                                   FIELD(INT, hrnet_results_options, track), FIELDS_END};
    static const field used_fields[] = {
        FIELD(FLOAT, hrnet_detector_info, threshold), FIELD(FLOAT, hrnet_detector_info, nms_iou),
        FIELD(INT, hrnet_detector_info, input_width), FIELD(INT, hrnet_detector_info, input_height), FIELDS_END};
    PyObject *people, *how, *model_object, *detector_object, *used;
    int format;
    const hrnet_model *model;
    const hrnet_detector *detector;
    hrnet_results_options options = {.write = append};
    hrnet_results_writer *writer = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "OiOOOO", &people, &format, &how, &model_object, &detector_object, &used) ||
        handle_optional(model_object, &model_kind, &model) < 0 ||
        handle_optional(detector_object, &detector_kind, &detector) < 0 || fields_read(&options, fields, how) < 0)
        return NULL;
    hrnet_model_info network = {0};
    hrnet_detector_info found_by = {0};
    if (model != NULL) network = hrnet_model_get_info(model);
    if (detector != NULL) found_by = hrnet_detector_get_info(detector);
    if (fields_read(&found_by, used_fields, used) < 0) return NULL;
    options.format = (hrnet_results_format)format;
    options.skeleton = model != NULL ? hrnet_model_skeleton(model) : NULL;
    options.network = model != NULL ? &network : NULL;
    options.detector = detector != NULL ? &found_by : NULL;
    PyObject *const out = PyList_New(0);
    if (out == NULL) return NULL;
    options.context = out;
    hrnet_status status = hrnet_results_open(&writer, "results", &options);
    if (status == HRNET_OK) status = write_all(writer, people);
    hrnet_results_free(writer);
    if (status == HRNET_OK && !PyErr_Occurred()) return out;
    Py_DECREF(out);
    return errors_raise(status);
}

PyMethodDef results_functions[] = {
    {"results_text", results_text, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* ------------------------------------------------------------------------------------------------ drawing */

/* Poses [n][skeleton->n_keypoints], the first on top. */
static hrnet_status draw_all(hrnet_image *image, const hrnet_pixels *pixels, const hrnet_skeleton *skeleton,
                             const hrnet_keypoint *poses, Py_ssize_t n, const hrnet_draw_options *options)
{
    hrnet_status status = hrnet_image_copy(image, pixels);
    while (status == HRNET_OK && n-- > 0)
        status = hrnet_draw_pose(image, skeleton, poses + n * skeleton->n_keypoints, NULL, options);
    if (status != HRNET_OK) hrnet_image_free(image);
    return status;
}

/* poses(picture, names, links [n_links][2], n_links, keypoints [n][names][3], n, threshold, size): a view of an image,
 * a copy of the picture with the poses */
static PyObject *draw_poses(PyObject *self, PyObject *args)
{
    PyObject *pair, *names_object, *links_object, *poses_object;
    Py_ssize_t n;
    hrnet_skeleton skeleton = {.name = "custom"};
    hrnet_draw_options options = {.color = HRNET_COLOR_SIDE};
    hrnet_pixels pixels;
    hrnet_image image = {0};
    Py_buffer buffer, links, poses;
    const char **names = NULL;
    PyObject *out = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOiOnff", &pair, &names_object, &links_object, &skeleton.n_links, &poses_object, &n,
                          &options.threshold, &options.size) ||
        texts_get(&names, names_object) < 0)
        return NULL;
    skeleton.n_keypoints = (int)PySequence_Size(names_object);
    skeleton.keypoint_names = names;
    const Py_ssize_t n_numbers = n * skeleton.n_keypoints * 3;
    if (buffer_get(&links, links_object, "i", (Py_ssize_t)skeleton.n_links * 2, 0, "links") == 0) {
        skeleton.links = links.buf;
        if (buffer_get(&poses, poses_object, "f", n_numbers, 0, "keypoints") == 0) {
            if (picture_get(&pixels, &buffer, pair) == 0) {
                PyThreadState *const state = handle_enter(NULL);
                const hrnet_status status = draw_all(&image, &pixels, &skeleton, poses.buf, n, &options);
                handle_leave(NULL, state);
                out = status == HRNET_OK ? image_new(&image) : errors_raise(status);
                PyBuffer_Release(&buffer);
            }
            PyBuffer_Release(&poses);
        }
        PyBuffer_Release(&links);
    }
    PyMem_Free(names);
    return out;
}

/* A view of an image that draws on a copy of the picture: of people, or of the heatmaps of one person. */
static PyObject *draw_people(PyObject *self, PyObject *args)
{
    static const field fields[] = {FIELD(FLOAT, hrnet_draw_options, threshold),
                                   FIELD(FLOAT, hrnet_draw_options, size),
                                   FIELD(INT, hrnet_draw_options, show_box),
                                   FIELD(INT, hrnet_draw_options, show_scores),
                                   FIELD(INT, hrnet_draw_options, color),
                                   FIELD(INT, hrnet_draw_options, show_tracks),
                                   FIELDS_END};
    PyObject *pair, *people_object, *model_object, *how;
    const hrnet_model *model;
    hrnet_draw_options options = {0};
    hrnet_pixels pixels;
    hrnet_image image = {0};
    Py_buffer buffer;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO", &pair, &people_object, &model_object, &how) ||
        handle_optional(model_object, &model_kind, &model) < 0 || fields_read(&options, fields, how) < 0)
        return NULL;
    const hrnet_people *const people = handle_get(people_object, &people_kind);
    if (people == NULL || picture_get(&pixels, &buffer, pair) < 0) return NULL;
    const hrnet_skeleton *const skeleton = model != NULL              ? hrnet_model_skeleton(model)
                                           : people->n_keypoints == 0 ? NULL
                                                                      : hrnet_skeleton_coco();
    PyThreadState *const state = handle_enter(NULL);
    hrnet_status status = hrnet_image_copy(&image, &pixels);
    if (status == HRNET_OK) status = hrnet_draw_people(&image, skeleton, people, &options);
    if (status != HRNET_OK) hrnet_image_free(&image);
    handle_leave(NULL, state);
    PyBuffer_Release(&buffer);
    return status == HRNET_OK ? image_new(&image) : errors_raise(status);
}

/* heatmaps(picture, maps [joints][height][width], joints, height, width, box, aspect, opacity) */
static PyObject *draw_heatmaps(PyObject *self, PyObject *args)
{
    PyObject *pair, *maps_object;
    int n_joints, height, width;
    float aspect, opacity;
    hrnet_box box;
    hrnet_pixels pixels;
    hrnet_image image = {0};
    Py_buffer buffer, maps;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOiii(ffff)ff", &pair, &maps_object, &n_joints, &height, &width, &box.x, &box.y,
                          &box.w, &box.h, &aspect, &opacity) ||
        buffer_get(&maps, maps_object, "f", (Py_ssize_t)n_joints * height * width, 0, "heatmaps") < 0)
        return NULL;
    if (picture_get(&pixels, &buffer, pair) < 0) {
        PyBuffer_Release(&maps);
        return NULL;
    }
    const hrnet_crop crop = hrnet_crop_from_box(box, aspect);
    PyThreadState *const state = handle_enter(NULL);
    hrnet_status status = hrnet_image_copy(&image, &pixels);
    if (status == HRNET_OK) status = hrnet_draw_heatmaps(&image, maps.buf, n_joints, height, width, &crop, opacity);
    if (status != HRNET_OK) hrnet_image_free(&image);
    handle_leave(NULL, state);
    PyBuffer_Release(&buffer);
    PyBuffer_Release(&maps);
    return status == HRNET_OK ? image_new(&image) : errors_raise(status);
}

PyMethodDef draw_functions[] = {
    {"draw_people", draw_people, METH_VARARGS, NULL},
    {"draw_poses", draw_poses, METH_VARARGS, NULL},
    {"draw_heatmaps", draw_heatmaps, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
