/* py_people.c - everybody in a picture: views of boxes, scores and keypoints where they lie. */
#include <string.h>

#include "py_core.h"

/* people stands first: the pointer of the handle is that of the people. */
typedef struct held_people {
    hrnet_people people;
    hrnet_keypoint *keypoints; /* [n_persons][n_keypoints], those of all persons in their order */
} held_people;

static void free_people(void *pointer)
{
    held_people *const held = pointer;
    hrnet_people_free(&held->people);
    PyMem_Free(held->keypoints);
    PyMem_Free(held);
}

const handle_kind people_kind = {"picture's people", free_people, 0};

/* Suppression leaves the keypoints where they are and sorts the persons; one array of all has no gaps. */
static int gather_keypoints(held_people *held)
{
    hrnet_people *const people = &held->people;
    const size_t n = (size_t)people->n_keypoints;
    held->keypoints = PyMem_Malloc(((size_t)people->n_persons * n + 1) * sizeof *held->keypoints);
    if (held->keypoints == NULL) return -1;
    for (int i = 0; i < people->n_persons; i++) {
        hrnet_keypoint *const to = held->keypoints + (size_t)i * n;
        if (n > 0) memcpy(to, people->persons[i].keypoints, n * sizeof *to);
        people->persons[i].keypoints = to;
    }
    return 0;
}

PyObject *people_new(hrnet_people *people)
{
    held_people *const held = PyMem_Calloc(1, sizeof *held);
    if (held == NULL) {
        hrnet_people_free(people);
        return PyErr_NoMemory();
    }
    held->people = *people;
    *people = (hrnet_people){0};
    if (gather_keypoints(held) == 0) return handle_new(&people_kind, held, NULL);
    free_people(held);
    return PyErr_NoMemory();
}

hrnet_status people_copy(hrnet_people *out, const hrnet_people *from)
{
    hrnet_people people = {0};
    const hrnet_status status = hrnet_people_create(&people, from->name, from->n_persons, from->n_keypoints);
    if (status != HRNET_OK) return status;
    hrnet_pose *const persons = people.persons;
    const char *const name = people.name;
    void *const memory = people.memory;
    for (int i = 0; i < from->n_persons; i++) {
        hrnet_keypoint *const keypoints = persons[i].keypoints;
        persons[i] = from->persons[i];
        persons[i].keypoints = keypoints;
        persons[i].message = NULL;
        if (from->n_keypoints > 0)
            memcpy(keypoints, from->persons[i].keypoints, (size_t)from->n_keypoints * sizeof *keypoints);
    }
    people = *from;
    people.name = name;
    people.memory = memory;
    people.persons = persons;
    people.message = people.image_text = NULL;
    people.heatmaps = NULL;
    for (int i = 0; i < from->n_persons; i++)
        if (from->persons[i].status != HRNET_OK)
            hrnet_people_fail(&people, i, from->persons[i].status, from->persons[i].message);
    if (from->status != HRNET_OK) hrnet_people_fail(&people, -1, from->status, from->message);
    *out = people;
    return HRNET_OK;
}

/* create(name, width, height, n_keypoints, boxes [n][4], scores [n], n) */
static PyObject *people_create(PyObject *self, PyObject *args)
{
    const char *name;
    int width, height, n_keypoints, n;
    PyObject *box_object, *score_object;
    Py_buffer boxes, scores;
    hrnet_people people = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "yiiiOOi", &name, &width, &height, &n_keypoints, &box_object, &score_object, &n) ||
        buffer_get(&boxes, box_object, "f", (Py_ssize_t)n * 4, 0, "boxes") < 0)
        return NULL;
    if (buffer_get(&scores, score_object, "f", n, 0, "scores") < 0) {
        PyBuffer_Release(&boxes);
        return NULL;
    }
    const hrnet_status status = hrnet_people_create(&people, name, n, n_keypoints);
    for (int i = 0; status == HRNET_OK && i < n; i++) {
        memcpy(&people.persons[i].box, (const float *)boxes.buf + 4 * i, sizeof people.persons[i].box);
        people.persons[i].box_score = ((const float *)scores.buf)[i];
    }
    PyBuffer_Release(&scores);
    PyBuffer_Release(&boxes);
    if (status != HRNET_OK) return errors_raise(status);
    people.width = width;
    people.height = height;
    return people_new(&people);
}

static PyObject *people_info(PyObject *self, PyObject *object)
{
    static const field fields[] = {FIELD(TEXT, hrnet_people, name),        FIELD(INT, hrnet_people, width),
                                   FIELD(INT, hrnet_people, height),       FIELD(INT, hrnet_people, status),
                                   FIELD(TEXT, hrnet_people, message),     FIELD(INT, hrnet_people, n_keypoints),
                                   FIELD(INT, hrnet_people, n_persons),    FIELD(INT, hrnet_people, n_suppressed),
                                   FIELD(INT, hrnet_people, n_not_finite), FIELD(INT, hrnet_people, n_over_limit),
                                   FIELD(INT, hrnet_people, is_cut),       FIELD(INT64, hrnet_people, frame),
                                   FIELD(DOUBLE, hrnet_people, seconds),   FIELDS_END};
    const hrnet_people *const people = handle_get(object, &people_kind);
    (void)self;
    return people != NULL ? fields_write(people, fields) : NULL;
}

/* views(people, heatmap height, heatmap width): boxes [n][4], scores [n], box_scores [n], tracks [n], statuses [n],
 * keypoints [n][n_keypoints][3], heatmaps [n][n_keypoints][height][width] or None */
static PyObject *people_views(PyObject *self, PyObject *args)
{
    PyObject *object;
    int height, width;
    (void)self;
    if (!PyArg_ParseTuple(args, "Oii", &object, &height, &width)) return NULL;
    const hrnet_people *const people = handle_get(object, &people_kind);
    if (people == NULL) return NULL;
    hrnet_pose none, *const first = people->n_persons > 0 ? people->persons : &none;
    const Py_ssize_t n = people->n_persons, step = sizeof *first;
    const Py_ssize_t boxes[] = {n, 4}, box_steps[] = {step, sizeof(float)};
    const Py_ssize_t keypoints[] = {n, people->n_keypoints, 3};
    const Py_ssize_t heatmaps[] = {n, people->n_keypoints, height, width};
    PyObject *const maps =
        people->heatmaps != NULL ? view_new(object, people->heatmaps, "f", 4, heatmaps, NULL) : Py_BuildValue("");
    return Py_BuildValue(
        "(NNNNNNN)", view_new(object, &first->box, "f", 2, boxes, box_steps),
        view_new(object, &first->score, "f", 1, &n, &step), view_new(object, &first->box_score, "f", 1, &n, &step),
        view_new(object, &first->track, "I", 1, &n, &step), view_new(object, &first->status, "i", 1, &n, &step),
        view_new(object, ((const held_people *)people)->keypoints, "f", 3, keypoints, NULL), maps);
}

static PyObject *people_messages(PyObject *self, PyObject *object)
{
    const hrnet_people *const people = handle_get(object, &people_kind);
    (void)self;
    PyObject *const out = people != NULL ? PyList_New(people->n_persons) : NULL;
    for (int i = 0; out != NULL && i < people->n_persons; i++) {
        PyObject *const one = text_new(people->persons[i].message);
        if (one == NULL) {
            Py_DECREF(out);
            return NULL;
        }
        PyList_SetItem(out, i, one);
    }
    return out;
}

/* set(people, image id or None, frame, seconds) */
static PyObject *people_set(PyObject *self, PyObject *args)
{
    PyObject *object, *id;
    long long frame;
    double seconds;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOLd", &object, &id, &frame, &seconds)) return NULL;
    hrnet_people *const people = handle_get(object, &people_kind);
    if (people == NULL) return NULL;
    people->has_image_id = id != Py_None;
    if (id != Py_None) people->image_id = PyLong_AsLongLong(id);
    people->frame = frame;
    people->seconds = seconds;
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

PyMethodDef people_functions[] = {
    {"people_create", people_create, METH_VARARGS, NULL}, {"people_info", people_info, METH_O, NULL},
    {"people_views", people_views, METH_VARARGS, NULL},   {"people_messages", people_messages, METH_O, NULL},
    {"people_set", people_set, METH_VARARGS, NULL},       {NULL, NULL, 0, NULL},
};
