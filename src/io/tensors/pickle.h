/*
 * pickle.h - what a Python pickle describes, as a tree of plain values. Nothing is ever called: a global is a pair of
 * names, and calling one yields a CALL value that remembers what was to be called with what. What the names mean
 * (tensors, dictionaries) is torch_tree.c's business.
 *
 * Values stand in one array and refer to each other by index; through the memo they may share parts and even form
 * cycles, so whoever walks the tree has to bound the walk. Index 0 is a None that every failed look-up yields.
 */
#ifndef HR_IO_TENSORS_PICKLE_H
#define HR_IO_TENSORS_PICKLE_H

#include "base/status.h"
#include "io/cursor.h"

typedef uint32_t hr_ref; /* index of a value */

typedef enum hr_pickle_kind {
    HR_PICKLE_NONE,
    HR_PICKLE_BOOL,
    HR_PICKLE_INTEGER,
    HR_PICKLE_HUGE, /* an integer past int64: its little-endian two's complement as text */
    HR_PICKLE_REAL,
    HR_PICKLE_TEXT, /* str, or the str of Python 2: UTF-8 as the pickle holds it, escapes of protocol 0 undecoded */
    HR_PICKLE_BYTES,
    HR_PICKLE_TUPLE,
    HR_PICKLE_LIST,
    HR_PICKLE_DICT, /* items: key, value, key, value ... */
    HR_PICKLE_SET,
    HR_PICKLE_GLOBAL,
    HR_PICKLE_CALL,      /* items: what was put into the object afterwards; its state (BUILD) is dropped */
    HR_PICKLE_PERSISTENT /* a reference out of the pickle, by its id */
} hr_pickle_kind;

typedef struct hr_value {
    uint8_t kind;
    uint8_t pairs;        /* items are key, value, ... */
    uint32_t n;           /* number of items; bytes of text */
    uint32_t first, last; /* cells of the items; 0: none */
    union {
        int64_t integer; /* also 0 or 1 of a BOOL */
        double real;
        const char *text; /* inside the pickle's own bytes; n bytes, no NUL at the end */
        struct {
            hr_ref module, name; /* two TEXTs */
        } global;
        struct {
            hr_ref callee, arguments; /* the arguments' TUPLE */
        } call;
        hr_ref id;
    } as;
} hr_value;

typedef struct hr_cell {
    hr_ref value;
    uint32_t next; /* 0: the last */
} hr_cell;

typedef struct hr_pickle {
    hr_value *values;
    size_t n_values, value_capacity;
    hr_cell *cells;
    size_t n_cells, cell_capacity;
    hr_ref root;
} hr_pickle;

/* Read one pickle (protocols 0 to 5) and leave the cursor behind it. Texts point into the cursor's bytes, which must
 * outlive the tree. When the bytes end too early the cursor has failed. Limits: 2^24 values and as many items.
 * HRNET_ERR_UNSUPPORTED for opcodes that need an extension registry or out-of-band buffers. */
hrnet_status hr_pickle_read(hr_pickle *out, hr_cursor *bytes);
void hr_pickle_free(hr_pickle *pickle);

static inline const hr_value *hr_pickle_value(const hr_pickle *pickle, hr_ref ref)
{
    return &pickle->values[ref];
}

/* Item i of a container, or of a CALL's items; 0 when there are fewer. */
hr_ref hr_pickle_item(const hr_pickle *pickle, hr_ref container, size_t i);
/* Argument i of a CALL. */
hr_ref hr_pickle_argument(const hr_pickle *pickle, hr_ref call, size_t i);
/* Whether ref is that TEXT. */
int hr_pickle_is_text(const hr_pickle *pickle, hr_ref ref, const char *text);
/* Whether ref is that GLOBAL. */
int hr_pickle_is_global(const hr_pickle *pickle, hr_ref ref, const char *module, const char *name);

#endif
