/*
 * json_write.h - JSON text, value by value. The public functions (hrnet_json_*) are defined here; a layer that streams
 * takes the finished part of the text out of the struct itself.
 */
#ifndef HR_IO_JSON_WRITE_H
#define HR_IO_JSON_WRITE_H

#include <hrnet_results.h>

#include "base/text.h"

enum { HR_JSON_DEPTH = 32 };

/* What the next call may be, one for each open object or array. */
typedef enum hr_json_state {
    HR_JSON_START,       /* the document's one value */
    HR_JSON_DONE,        /* nothing */
    HR_JSON_FIRST_ENTRY, /* the first value of an array */
    HR_JSON_ENTRY,       /* a further one */
    HR_JSON_FIRST_KEY,   /* the first key of an object */
    HR_JSON_KEY,         /* a further one */
    HR_JSON_VALUE        /* the value of a key */
} hr_json_state;

struct hrnet_json_writer {
    hr_text text;
    int indent, depth;
    int misused; /* 1: a call did not fit; the text is no JSON */
    hr_json_state states[HR_JSON_DEPTH + 1];
};

/* Begin a document behind what the text holds. */
void hr_json_begin(hrnet_json_writer *json, int indent);

/* The first n bytes of a text that ends later, at a byte that is no part of a UTF-8 sequence. */
void hr_json_text_n(hrnet_json_writer *json, const char *text, size_t n);

/* An array of n numbers. */
void hr_json_floats(hrnet_json_writer *json, const float *values, int n);

#endif
