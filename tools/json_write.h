/* json_write.h - yajl's writer with the three things it lacks: shortest floats, null for what is no number, clean
 * UTF-8. */
#ifndef TOOLS_JSON_WRITE_H
#define TOOLS_JSON_WRITE_H

#include <stdio.h>

#include <hrnet.h>
#include <yajl/yajl_gen.h>

/* A writer onto stream; indented over lines when pretty. Ends the program when there is no memory. */
yajl_gen json_open(FILE *stream, int pretty);
/* End the document with a newline and free the writer. */
void json_close(yajl_gen json, FILE *stream);

/* Bytes that are not UTF-8 (file names may hold any) become U+FFFD. */
void json_text(yajl_gen json, const char *text);
/* The shortest digits that read back as the same float; null for NaN and infinities. */
void json_number(yajl_gen json, float value);
void json_numbers(yajl_gen json, const float *values, int n);
void json_box(yajl_gen json, hrnet_box box);

#endif
