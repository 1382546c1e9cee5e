/* py_scores.c - scores of poses, boxes and tracks as dictionaries. */
#include <string.h>

#include "py_core.h"

/* ------------------------------------------------------------------------------------------------ COCO */

/* Results as arrays: buffers[] of image ids, category ids, scores, keypoints or boxes, areas. */
typedef struct result_arrays {
    Py_buffer buffers[5];
    int n_got;
    hrnet_coco_results results;
} result_arrays;

static void release_results(result_arrays *a)
{
    for (int i = 0; i < a->n_got; i++)
        if (a->buffers[i].obj != NULL) PyBuffer_Release(&a->buffers[i]);
    a->n_got = 0;
}

static int get_array(result_arrays *a, PyObject *object, const char *format, Py_ssize_t n, const char *what)
{
    Py_buffer *const next = &a->buffers[a->n_got];
    *next = (Py_buffer){.obj = NULL};
    if (object != Py_None && buffer_get(next, object, format, n, 0, what) < 0) return -1;
    a->n_got++;
    return 0;
}

/* A tuple (n, image ids, category ids, scores, values [n][3 n_keypoints] or [n][4], areas or None, n_keypoints);
 * n_keypoints 0: boxes. */
static int get_results(result_arrays *a, PyObject *tuple)
{
    Py_ssize_t n;
    PyObject *images, *categories, *scores, *values, *areas;
    int n_keypoints;
    if (!PyArg_ParseTuple(tuple, "nOOOOOi", &n, &images, &categories, &scores, &values, &areas, &n_keypoints) ||
        get_array(a, images, "q", n, "image ids") < 0 || get_array(a, categories, "q", n, "category ids") < 0 ||
        get_array(a, scores, "d", n, "scores") < 0 ||
        get_array(a, values, "d", n * (n_keypoints > 0 ? 3 * n_keypoints : 4), "keypoints or boxes") < 0 ||
        get_array(a, areas, "d", n, "areas") < 0) {
        release_results(a);
        return -1;
    }
    a->results = (hrnet_coco_results){.n = (size_t)n,
                                      .n_keypoints = n_keypoints,
                                      .image_ids = a->buffers[0].buf,
                                      .category_ids = a->buffers[1].buf,
                                      .scores = a->buffers[2].buf,
                                      .keypoints = n_keypoints > 0 ? a->buffers[3].buf : NULL,
                                      .boxes = n_keypoints > 0 ? NULL : a->buffers[3].buf,
                                      .areas = a->buffers[4].obj != NULL ? a->buffers[4].buf : NULL};
    return 0;
}

/* A nested list of a table of areas and thresholds. */
static PyObject *table_new(const double (*table)[HRNET_OKS_THRESHOLDS], int n_areas)
{
    PyObject *const out = PyList_New(n_areas);
    for (int a = 0; out != NULL && a < n_areas; a++) {
        PyObject *const row = doubles_new(table[a], HRNET_OKS_THRESHOLDS);
        if (row == NULL) {
            Py_DECREF(out);
            return NULL;
        }
        PyList_SetItem(out, a, row);
    }
    return out;
}

PyObject *coco_score_new(const hrnet_coco_score *score)
{
    static const field fields[] = {
        FIELD(SIZE, hrnet_coco_score, n_images),         FIELD(SIZE, hrnet_coco_score, n_persons),
        FIELD(SIZE, hrnet_coco_score, n_ignored),        FIELD(SIZE, hrnet_coco_score, n_results),
        FIELD(SIZE, hrnet_coco_score, n_other_category), FIELDS_END};
    PyObject *const out = fields_write(score, fields);
    if (out != NULL &&
        put(out, "numbers", named_new(hrnet_coco_number_names(), score->numbers, HRNET_COCO_NUMBERS)) == 0 &&
        put(out, "precision", table_new(score->precision, HRNET_COCO_AREAS)) == 0 &&
        put(out, "recall", table_new(score->recall, HRNET_COCO_AREAS)) == 0)
        return out;
    Py_XDECREF(out);
    return NULL;
}

/* coco(annotations, results: bytes or a tuple, sigmas or None, max_detections) */
static PyObject *score_coco(PyObject *self, PyObject *args)
{
    const char *truth_path;
    PyObject *given, *sigma_object;
    hrnet_coco_options options = {0};
    hrnet_annotations *truth = NULL;
    hrnet_coco_score score = {0};
    result_arrays a = {.n_got = 0};
    Py_buffer sigmas = {.obj = NULL};
    (void)self;
    if (!PyArg_ParseTuple(args, "yOOi", &truth_path, &given, &sigma_object, &options.max_detections)) return NULL;
    const char *const path = PyBytes_Check(given) ? PyBytes_AsString(given) : NULL;
    if ((path == NULL && get_results(&a, given) < 0) ||
        (sigma_object != Py_None && buffer_get(&sigmas, sigma_object, "d", -1, 0, "sigmas") < 0)) {
        release_results(&a);
        return NULL;
    }
    options.sigmas = sigmas.obj != NULL ? sigmas.buf : NULL;
    const Py_ssize_t n_sigmas = sigmas.obj != NULL ? sigmas.len / (Py_ssize_t)sizeof(double) : -1;
    PyThreadState *const state = handle_enter(NULL);
    hrnet_status status = hrnet_annotations_load(&truth, truth_path);
    const int n_keypoints = status == HRNET_OK ? hrnet_annotations_info(truth)->skeleton.n_keypoints : 0;
    const int are_right = n_sigmas < 0 || n_sigmas == n_keypoints;
    if (status == HRNET_OK && path != NULL) status = hrnet_coco_results_load(&a.results, path, n_keypoints);
    if (status == HRNET_OK && are_right) status = hrnet_coco_evaluate(&score, truth, &a.results, &options);
    if (path != NULL) hrnet_coco_results_free(&a.results);
    hrnet_annotations_free(truth);
    handle_leave(NULL, state);
    release_results(&a);
    if (sigmas.obj != NULL) PyBuffer_Release(&sigmas);
    if (status == HRNET_OK && !are_right)
        return PyErr_Format(PyExc_ValueError, "sigmas: expected %d, found %zd", n_keypoints, n_sigmas);
    if (status != HRNET_OK) return errors_raise(status);
    PyObject *const out = coco_score_new(&score);
    hrnet_coco_score_free(&score);
    return out;
}

PyObject *box_score_new(const hrnet_box_score *score)
{
    static const field fields[] = {FIELD(SIZE, hrnet_box_score, n_images),
                                   FIELD(SIZE, hrnet_box_score, n_categories),
                                   FIELD(SIZE, hrnet_box_score, n_boxes),
                                   FIELD(SIZE, hrnet_box_score, n_ignored),
                                   FIELD(SIZE, hrnet_box_score, n_results),
                                   FIELD(SIZE, hrnet_box_score, n_other_category),
                                   FIELDS_END};
    PyObject *const out = fields_write(score, fields);
    if (out != NULL &&
        put(out, "numbers", named_new(hrnet_box_number_names(), score->numbers, HRNET_BOX_NUMBERS)) == 0 &&
        put(out, "precision", table_new(score->precision, HRNET_BOX_AREAS)) == 0 &&
        put(out, "recall", table_new(score->recall, HRNET_BOX_AREAS)) == 0)
        return out;
    Py_XDECREF(out);
    return NULL;
}

/* boxes(annotations, results: bytes or a tuple) */
static PyObject *score_boxes(PyObject *self, PyObject *args)
{
    const char *truth_path;
    PyObject *given;
    hrnet_annotations *truth = NULL;
    hrnet_box_score score;
    result_arrays a = {.n_got = 0};
    const hrnet_annotations_options how = {.boxes_alone = 1};
    (void)self;
    if (!PyArg_ParseTuple(args, "yO", &truth_path, &given)) return NULL;
    const char *const path = PyBytes_Check(given) ? PyBytes_AsString(given) : NULL;
    if (path == NULL && get_results(&a, given) < 0) return NULL;
    PyThreadState *const state = handle_enter(NULL);
    hrnet_status status = hrnet_annotations_open(&truth, truth_path, &how);
    if (status == HRNET_OK && path != NULL) status = hrnet_box_results_load(&a.results, path);
    if (status == HRNET_OK) status = hrnet_box_evaluate(&score, truth, &a.results);
    if (path != NULL) hrnet_coco_results_free(&a.results);
    hrnet_annotations_free(truth);
    handle_leave(NULL, state);
    release_results(&a);
    return status == HRNET_OK ? box_score_new(&score) : errors_raise(status);
}

/* ------------------------------------------------------------------------------------------------ tracks */

static PyObject *mot_score_new(const hrnet_mot_score *score)
{
    static const field fields[] = {
        FIELD(SIZE, hrnet_mot_score, n_frames),         FIELD(SIZE, hrnet_mot_score, n_truths),
        FIELD(SIZE, hrnet_mot_score, n_people),         FIELD(SIZE, hrnet_mot_score, n_results),
        FIELD(SIZE, hrnet_mot_score, n_tracks),         FIELD(SIZE, hrnet_mot_score, n_twice),
        FIELD(SIZE, hrnet_mot_score, n_matched),        FIELD(SIZE, hrnet_mot_score, n_missed),
        FIELD(SIZE, hrnet_mot_score, n_false),          FIELD(SIZE, hrnet_mot_score, n_switches),
        FIELD(SIZE, hrnet_mot_score, n_fragments),      FIELD(SIZE, hrnet_mot_score, n_mostly_tracked),
        FIELD(SIZE, hrnet_mot_score, n_partly_tracked), FIELD(SIZE, hrnet_mot_score, n_mostly_lost),
        FIELD(SIZE, hrnet_mot_score, n_id_matched),     FIELD(SIZE, hrnet_mot_score, n_id_missed),
        FIELD(SIZE, hrnet_mot_score, n_id_false),       FIELD(SIZE, hrnet_mot_score, n_ignored),
        FIELD(SIZE, hrnet_mot_score, n_other_classes),  FIELD(SIZE, hrnet_mot_score, n_distracted),
        FIELD(SIZE, hrnet_mot_score, n_after),          FIELDS_END};
    const char *const *const names = hrnet_mot_number_names();
    PyObject *const out = fields_write(score, fields), *const curves = PyDict_New();
    int is_failed = out == NULL || curves == NULL;
    for (int i = 0; !is_failed && i < HRNET_MOT_CURVES; i++)
        is_failed = put(curves, names[i], doubles_new(score->curves[i], HRNET_MOT_THRESHOLDS)) < 0;
    if (!is_failed && put(out, "numbers", named_new(names, score->numbers, HRNET_MOT_NUMBERS)) == 0 &&
        put(out, "curves", curves) == 0)
        return out;
    Py_XDECREF(out);
    return NULL;
}

/* mot(list of (truth, results), benchmark): of all sequences together */
static PyObject *score_mot(PyObject *self, PyObject *args)
{
    PyObject *pairs;
    int benchmark;
    (void)self;
    if (!PyArg_ParseTuple(args, "Oi", &pairs, &benchmark)) return NULL;
    const hrnet_mot_options options = {.benchmark = (hrnet_mot_benchmark)benchmark};
    const Py_ssize_t n = PySequence_Size(pairs);
    if (n < 1) return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "expected a sequence or more");
    hrnet_mot_score *const scores = PyMem_Calloc((size_t)n, sizeof *scores), all;
    hrnet_status status = HRNET_OK;
    if (scores == NULL) return PyErr_NoMemory();
    for (Py_ssize_t i = 0; status == HRNET_OK && i < n && !PyErr_Occurred(); i++) {
        PyObject *const pair = PySequence_GetItem(pairs, i);
        const char *truth_path, *result_path;
        hrnet_mot_boxes truth = {0}, results = {0};
        if (pair != NULL && PyArg_ParseTuple(pair, "yy", &truth_path, &result_path)) {
            PyThreadState *const state = handle_enter(NULL);
            status = hrnet_mot_boxes_load(&truth, truth_path);
            if (status == HRNET_OK) status = hrnet_mot_boxes_load(&results, result_path);
            if (status == HRNET_OK) status = hrnet_mot_evaluate(&scores[i], &truth, &results, &options);
            hrnet_mot_boxes_free(&results);
            hrnet_mot_boxes_free(&truth);
            handle_leave(NULL, state);
        }
        Py_XDECREF(pair);
    }
    if (status == HRNET_OK && !PyErr_Occurred()) status = hrnet_mot_combine(&all, scores, (size_t)n);
    PyMem_Free(scores);
    return status == HRNET_OK && !PyErr_Occurred() ? mot_score_new(&all) : errors_raise(status);
}

/* mpii(truth, poses): PCKh of a .npy or .mat file */
static PyObject *score_mpii(PyObject *self, PyObject *args)
{
    const char *truth_path, *poses_path;
    hrnet_mpii_truth *truth = NULL;
    hrnet_keypoint *poses = NULL;
    size_t n = 0;
    hrnet_mpii_score score;
    (void)self;
    if (!PyArg_ParseTuple(args, "yy", &truth_path, &poses_path)) return NULL;
    PyThreadState *const state = handle_enter(NULL);
    hrnet_status status = hrnet_mpii_truth_load(&truth, truth_path);
    if (status == HRNET_OK) status = hrnet_mpii_poses_load(&poses, &n, poses_path);
    if (status == HRNET_OK) status = hrnet_mpii_evaluate(&score, truth, poses, n);
    hrnet_mpii_poses_free(poses);
    hrnet_mpii_truth_free(truth);
    handle_leave(NULL, state);
    return status == HRNET_OK ? mpii_score_new(&score) : errors_raise(status);
}

PyObject *mpii_score_new(const hrnet_mpii_score *score)
{
    PyObject *const out = PyDict_New();
    if (out != NULL &&
        put(out, "numbers", named_new(hrnet_mpii_number_names(), score->numbers, HRNET_MPII_NUMBERS)) == 0 &&
        put(out, "joints", doubles_new(score->joints, HRNET_MPII_JOINTS)) == 0)
        return out;
    Py_XDECREF(out);
    return NULL;
}

PyMethodDef score_functions[] = {
    {"score_coco", score_coco, METH_VARARGS, NULL},
    {"score_boxes", score_boxes, METH_VARARGS, NULL},
    {"score_mot", score_mot, METH_VARARGS, NULL},
    {"score_mpii", score_mpii, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
