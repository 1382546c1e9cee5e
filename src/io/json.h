/*
 * json.h - JSON texts, in two ways: hr_json_parse gives the whole text as an immutable tree; hr_json_stream hands the
 * elements of large lists over one at a time, so that the tree of a whole annotation file never exists. Neither knows a
 * schema: callers ask for what they expect.
 *
 *   hr_json_document document;
 *   HR_TRY(hr_json_parse(&document, bytes, n_bytes));
 *   if (!hr_json_integer(hr_json_get(document.root, "id"), &id)) ...;    // absent or not an integer
 *   hr_json_free(&document);
 *
 * A tree is one array of nodes in the order of the text. A container is followed by its content, and `span` counts the
 * nodes of a value including everything inside it: the first child of v is v + 1, the next sibling v + v->span. The
 * content of an object is a key (a string), its value, the next key, and so on. {"a": [1, 2], "b": null} becomes
 *
 *   node     0 object  1 "a"  2 array  3 number 1  4 number 2  5 "b"  6 null
 *   span     7         1      3        1           1           1      1
 *   count    2         1      2                                1
 */
#ifndef HR_IO_JSON_H
#define HR_IO_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/pool.h"
#include "base/text.h"

typedef enum hr_json_kind {
    HR_JSON_NULL,
    HR_JSON_BOOL,
    HR_JSON_INTEGER, /* a number without fraction or exponent that int64 holds */
    HR_JSON_REAL,    /* any other number; finite */
    HR_JSON_STRING,
    HR_JSON_ARRAY,
    HR_JSON_OBJECT,
    HR_JSON_NOT_FINITE /* NaN, Infinity or -Infinity, which JSON does not have and Python writes; never a number here */
} hr_json_kind;

/* One node. */
typedef struct hr_json {
    uint32_t kind : 3, span : 29;
    uint32_t count; /* elements of an array, members of an object, bytes of a string */
    union {
        int64_t integer;  /* also 0 or 1 of a bool */
        double real;      /* also of a number that is not finite */
        const char *text; /* UTF-8, NUL-terminated, without other NULs */
    } as;
} hr_json;

typedef struct hr_json_text hr_json_text;

/* A tree with its strings. */
typedef struct hr_json_document {
    const hr_json *root; /* owned */
    hr_json_text *texts; /* owned */
} hr_json_document;

/* ------------------------------------------------------------------------------------------------ whole texts */

/* Parse n_bytes of UTF-8, with or without a byte order mark; bytes are not needed afterwards. NaN, Infinity and
 * -Infinity are read as values of their own kind. HRNET_ERR_FORMAT for anything but one JSON value, for NUL inside a
 * string and for numbers beyond a double; HRNET_ERR_LIMIT for more than 64 levels of nesting or 2^26 nodes. Messages
 * say "line L, byte B: ...". Free with hr_json_free. */
hrnet_status hr_json_parse(hr_json_document *out, const void *bytes, size_t n_bytes);
/* Harmless on a zeroed document. */
void hr_json_free(hr_json_document *document);

/* Iterate over the elements of an array or the keys of an object. NULL at the end; hr_json_first also gives NULL for
 * anything but a container, NULL included. */
const hr_json *hr_json_first(const hr_json *container);
const hr_json *hr_json_next(const hr_json *container, const hr_json *child);
/* The value of a key that hr_json_first or hr_json_next gave. */
static inline const hr_json *hr_json_value(const hr_json *key)
{
    return key + 1;
}
/* The value of an object's member, the first of that name. NULL if there is none or value is not an object. */
const hr_json *hr_json_get(const hr_json *value, const char *key);

/* The questions below accept NULL as a value, so that they can be asked about the result of hr_json_get. */

/* Return 1 and set *out if value is an integer (for _number: any number), else return 0. 1.0 is not an integer. */
int hr_json_integer(const hr_json *value, int64_t *out);
int hr_json_number(const hr_json *value, double *out);
/* The same for an id: an integer, or a number like 7.0 that some exporters make of one (up to 2^53). */
int hr_json_id(const hr_json *value, int64_t *out);
/* What a value is, for messages: "nothing" for NULL, "null", "a number", "NaN", "a string", "a list", ... */
const char *hr_json_what(const hr_json *value);
/* 1 for a member that says nothing: it is missing (NULL), null, or an empty list. */
int hr_json_is_empty(const hr_json *value);
/* The text of a string; NULL for anything else. */
const char *hr_json_string(const hr_json *value);
/* Whether value is of that kind. */
int hr_json_is(const hr_json *value, hr_json_kind kind);

/* ------------------------------------------------------------------------------------------------ large lists */

/* Entries of a list that could not be read and were left out. Starts zeroed. */
typedef struct hr_json_broken {
    size_t n;
    char first[256]; /* the message of the first one, "KEY[INDEX]: ..." or "entry INDEX: ..." */
} hr_json_broken;

/* Note the failure of an entry, whose message is set; key NULL: "entry". Returns HRNET_OK if the entry alone is at
 * fault (HRNET_ERR_FORMAT, _CONFIG), else status: the reading must end. */
hrnet_status hr_json_note_broken(hr_json_broken *broken, hrnet_status status, const char *key, size_t index);

/* A list to read: the member `key` of the root object, or the root itself if key is NULL. `element` receives its values
 * in order with their index from 0; a value's tree is valid until element returns. A failure of element ends the
 * reading, unless `broken` is there and hr_json_note_broken takes it: the entry is then left out, of which element must
 * leave no trace. */
typedef struct hr_json_list {
    const char *key;
    hrnet_status (*element)(void *context, const hr_json *value, size_t index);
    hr_json_broken *broken; /* or NULL */
} hr_json_list;

/* How several threads read one list: parts of it go into contexts of their own, which are joined in the list's order.
 * Elements of a part have indices from 0. */
typedef struct hr_json_split {
    const char *key;                    /* of the list, as in hr_json_list */
    void *(*fork)(const void *context); /* a context for a part; NULL: there is no memory, and the part is read later */
    /* Append what a part has read to context; its first element has the index `first`. 0, with context as it was: that
     * cannot be, and the part is read again into context. */
    int (*join)(void *context, void *part, size_t first);
    void (*drop)(void *part); /* free it, joined or not */
} hr_json_split;

/* What hr_json_stream reads. Example: the lists "images" and "annotations" without their members "segmentation". */
typedef struct hr_json_plan {
    const hr_json_list *lists; /* ends with one whose element is NULL */
    const char *const *skip;   /* NULL-terminated names of members, at any depth of an element, to leave out; or NULL */
    const hr_json_split *split;
    hrnet_pool *pool; /* whose threads read the list of `split`; NULL, as split may be: the caller reads alone */
} hr_json_plan;

/* Read n_bytes of UTF-8 and call the lists' element functions with context. Other members of the root are skipped, and
 * only checked to be JSON. HRNET_ERR_FORMAT if a named member is not a list, or if the root is an object where only a
 * list was planned for (or the other way round). A failure of element gets "line L, byte B: KEY[INDEX]: " in front, or
 * "line L, byte B: entry INDEX: " if the root is the list. The limits of hr_json_parse hold for each element. What is
 * read, and every message, is the same with any pool. */
hrnet_status hr_json_stream(const hr_json_plan *plan, void *context, const void *bytes, size_t n_bytes);

/* ------------------------------------------------------------------------------------------------ writing */

/* Append string in quotes, escaping quotes, backslashes and control characters. Other bytes are copied: UTF-8 stays. */
void hr_json_add_string(hr_text *text, const char *string);
/* The same into a stream; a failed write shows in ferror(stream). */
void hr_json_write_string(FILE *stream, const char *string);

#endif
