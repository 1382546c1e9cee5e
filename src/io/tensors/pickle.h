/*
 * pickle.h - the content of a Python pickle as a tree of plain values, without running any of it. Python's own reader
 * calls whatever functions a pickle names; this one only records the call. {"w": Tensor} in a checkpoint becomes
 *
 *   DICT
 *     TEXT "w"
 *     CALL  callee:    GLOBAL torch._utils _rebuild_tensor_v2
 *           arguments: TUPLE (PERSISTENT ('storage', ..., '0', 'cpu', 12), 0, (3, 4), (4, 1), ...)
 *
 * and torch_tree.h knows that such a call means a tensor.
 *
 * Values are numbered and refer to each other by number. Through the memo of a pickle several values may share a part,
 * and a container may even contain itself, so that a walk over the tree must be bounded. Value 0 is a NONE, which every
 * failed look-up returns.
 */
#ifndef HR_IO_TENSORS_PICKLE_H
#define HR_IO_TENSORS_PICKLE_H

#include "base/status.h"
#include "io/cursor.h"

typedef uint32_t hr_ref; /* number of a value */

typedef enum hr_pickle_kind {
    HR_PICKLE_NONE,
    HR_PICKLE_BOOL,
    HR_PICKLE_INTEGER,
    HR_PICKLE_HUGE, /* an integer beyond int64: `text` holds its little-endian two's complement */
    HR_PICKLE_REAL,
    HR_PICKLE_TEXT, /* a str of Python 3 or 2: UTF-8 as the pickle holds it; escapes of protocol 0 are not decoded */
    HR_PICKLE_BYTES,
    HR_PICKLE_TUPLE,
    HR_PICKLE_LIST,
    HR_PICKLE_DICT, /* items: key, value, key, value ... */
    HR_PICKLE_SET,
    HR_PICKLE_GLOBAL,    /* a class or function, by module and name */
    HR_PICKLE_CALL,      /* a call of a GLOBAL; items: what was appended to its result */
    HR_PICKLE_PERSISTENT /* a reference to something outside of the pickle, by an id; PyTorch: a storage */
} hr_pickle_kind;

typedef struct hr_value {
    uint8_t kind;
    uint8_t pairs;        /* the items are key, value, key, value ... */
    uint32_t n;           /* number of items; bytes of a text */
    uint32_t first, last; /* cells of the first and last item; 0: none */
    union {
        int64_t integer; /* also 0 or 1 of a BOOL */
        double real;
        const char *text; /* n bytes inside the pickle's own bytes, without a NUL at the end */
        struct {
            hr_ref module, name; /* two TEXTs */
        } global;
        struct {
            hr_ref callee, arguments; /* arguments: a TUPLE */
            hr_ref state; /* what BUILD would set the object's attributes from, the first time; 0: nothing */
        } call;
        hr_ref id; /* of a PERSISTENT */
    } as;
} hr_value;

/* A container's items are a linked list of cells. */
typedef struct hr_cell {
    hr_ref value;
    uint32_t next; /* 0: this is the last */
} hr_cell;

typedef struct hr_pickle {
    hr_value *values;
    size_t n_values, value_capacity;
    hr_cell *cells; /* cell 0 is not used */
    size_t n_cells, cell_capacity;
    hr_ref root;
} hr_pickle;

/* Read one pickle of protocol 0 to 5 at the cursor and leave the cursor after it. Texts point into the cursor's bytes,
 * which must outlive the tree. HRNET_ERR_FORMAT for broken pickles; if the bytes end too early, bytes->failed is set as
 * well. HRNET_ERR_UNSUPPORTED for opcodes of extension registries and out-of-band buffers, HRNET_ERR_LIMIT for more
 * than 2^24 values or items. Free with hr_pickle_free. */
hrnet_status hr_pickle_read(hr_pickle *out, hr_cursor *bytes);
void hr_pickle_free(hr_pickle *pickle);

static inline const hr_value *hr_pickle_value(const hr_pickle *pickle, hr_ref ref)
{
    return &pickle->values[ref];
}

/* Item i of a container or a CALL, found by walking its list; 0 if there are fewer. */
hr_ref hr_pickle_item(const hr_pickle *pickle, hr_ref container, size_t i);
/* Argument i of a CALL; 0 for other values. */
hr_ref hr_pickle_argument(const hr_pickle *pickle, hr_ref call, size_t i);
/* Whether the value is this TEXT. */
int hr_pickle_is_text(const hr_pickle *pickle, hr_ref ref, const char *text);
/* Whether the value is this GLOBAL. */
int hr_pickle_is_global(const hr_pickle *pickle, hr_ref ref, const char *module, const char *name);

#endif
