/*
 * python_text.h - assignments of a Python file as data. Programs of the OpenMMLab family store the configuration of a
 * training run in its checkpoints, as Python text in which every value is spelled out:
 *
 *   codec = dict(type='UDPHeatmap', input_size=(288, 384), sigma=3)          {"codec": {"type": "UDPHeatmap",
 *   lr = 1e-3                                                                  "input_size": [288, 384], "sigma": 3},
 *                                                                             "lr": 0.001}
 *
 * Nothing is run. Understood are numbers, strings, True, False, None, lists, tuples, dictionaries and dict(...); a
 * value of any other kind (a name, another call) is null.
 */
#ifndef HR_IO_PYTHON_TEXT_H
#define HR_IO_PYTHON_TEXT_H

#include "io/json.h"

/* Read n bytes of Python: the assignments `name = value` that begin a line, as members of a JSON object. An assignment
 * that is not understood is left out, and its name appended to *left_out (", " between names; may be NULL); after 64 of
 * them the rest of the text is not read. Other lines are passed over. HRNET_ERR_FORMAT if a string is not UTF-8,
 * HRNET_ERR_MEMORY. Free with hr_json_free. */
hrnet_status hr_python_parse(hr_json_document *out, const char *text, size_t n, hr_text *left_out);

#endif
