/*
 * json.h - a JSON text as an immutable tree. It knows no schema; callers ask for what they expect.
 *
 * The tree is one array in the order of the text: a container is followed by its content, and `span` counts the nodes
 * of a value with all that is inside it, so the first child is at v + 1 and the next sibling at v + v->span. An
 * object's content is a key (a string), its value, the next key, and so on.
 */
#ifndef HR_IO_JSON_H
#define HR_IO_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

typedef enum hr_json_kind {
    HR_JSON_NULL,
    HR_JSON_BOOL,
    HR_JSON_INTEGER, /* a number without fraction or exponent that int64 holds */
    HR_JSON_REAL,    /* any other number; finite */
    HR_JSON_STRING,
    HR_JSON_ARRAY,
    HR_JSON_OBJECT
} hr_json_kind;

typedef struct hr_json {
    uint32_t kind : 3, span : 29;
    uint32_t count; /* elements of an array, members of an object, bytes of a string */
    union {
        int64_t integer; /* also 0 or 1 of a bool */
        double real;
        const char *text; /* UTF-8, NUL-terminated, holds no other NUL */
    } as;
} hr_json;

typedef struct hr_json_text hr_json_text;

typedef struct hr_json_document {
    const hr_json *root; /* owned */
    hr_json_text *texts;
} hr_json_document;

/* Parse n bytes of UTF-8. Refused: nesting deeper than 64, more than 2^26 values, NUL inside a string, numbers that
 * pass a double. Messages say "line L, byte B: ...". Free with hr_json_free. */
hrnet_status hr_json_parse(hr_json_document *out, const void *bytes, size_t n_bytes);
void hr_json_free(hr_json_document *document);

/* Walk over the elements of an array or the keys of an object; NULL at the end, and for what is not a container. */
const hr_json *hr_json_first(const hr_json *container);
const hr_json *hr_json_next(const hr_json *container, const hr_json *child);
/* The value that belongs to a key. */
static inline const hr_json *hr_json_value(const hr_json *key)
{
    return key + 1;
}
/* The member of an object by key; the first of that name. NULL when there is none or value is no object (or NULL). */
const hr_json *hr_json_get(const hr_json *value, const char *key);

/* 1 and *out when value has that type, else 0 and *out untouched; value may be NULL. A REAL is never an integer. */
int hr_json_integer(const hr_json *value, int64_t *out);
int hr_json_number(const hr_json *value, double *out);
/* The text of a string, else NULL; value may be NULL. */
const char *hr_json_string(const hr_json *value);
/* Whether value is of that kind; value may be NULL. */
int hr_json_is(const hr_json *value, hr_json_kind kind);

/* Append a string in quotes: '"', '\' and control characters are escaped; bytes from 0x80 on pass as they are. */
void hr_json_add_string(hr_text *text, const char *string);
/* The same into a stream; a failed write shows in ferror(stream). */
void hr_json_write_string(FILE *stream, const char *string);

#endif
