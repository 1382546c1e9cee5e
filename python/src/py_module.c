/* py_module.c - the module hrnet._core. */
#include "py_core.h"

/* The command, tools/main.c. */
int hrnet_command_main(int argc, char **argv);

static PyObject *core_version(PyObject *self, PyObject *nothing)
{
    (void)self;
    (void)nothing;
    return PyUnicode_FromString(hrnet_version());
}

/* main(list of bytes): the command, with an exit status */
static PyObject *core_main(PyObject *self, PyObject *arguments)
{
    const char **texts;
    int n = 0;
    (void)self;
    if (texts_get(&texts, arguments) < 0) return NULL;
    while (texts != NULL && texts[n] != NULL) n++;
    PyThreadState *const state = handle_enter(NULL);
    const int status = hrnet_command_main(n, (char **)(uintptr_t)texts);
    handle_leave(NULL, state);
    PyMem_Free(texts);
    return PyLong_FromLong(status);
}

static PyMethodDef own_functions[] = {
    {"version", core_version, METH_NOARGS, NULL},
    {"main", core_main, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void)
{
    static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "hrnet._core", .m_size = -1};
    PyMethodDef *const files[] = {
        own_functions,      image_functions, model_functions, session_functions, detector_functions, people_functions,
        finder_functions,   track_functions, video_functions, results_functions, draw_functions,     score_functions,
        evaluate_functions, fetch_functions, train_functions, table_functions,   column_functions};
    PyObject *const module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    int status = errors_add(module) < 0 || handles_add(module) < 0 || views_add(module) < 0 ? -1 : 0;
    for (size_t i = 0; status == 0 && i < sizeof files / sizeof *files; i++)
        status = PyModule_AddFunctions(module, files[i]);
    if (status == 0) return module;
    Py_DECREF(module);
    return NULL;
}
