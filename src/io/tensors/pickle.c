/*
 * pickle.c - the pickle machine (pickle_machine.h): a small function for each opcode, a table of them, and the loop.
 * Opcodes have the names of Python's pickletools.
 *
 * Why a hostile pickle can do no harm: no function is ever called; each opcode consumes at least one byte and creates a
 * bounded number of values or moves those of the stack once; nothing recurses; values, items and marks have limits.
 * Time and memory are therefore bounded by the size of the input.
 */
#include "io/tensors/pickle.h"

#include <string.h>

#include "base/mem.h"
#include "io/tensors/pickle_machine.h"

/* ------------------------------------------------------------------------------------------------ containers */

/* MARK: remember the height of the stack. */
static hrnet_status on_mark(hr_machine *m, unsigned n)
{
    (void)n;
    if (m->n_marks == HR_MAX_VALUES)
        return hr_fail(HRNET_ERR_LIMIT, "pickle: expected at most %d marks, found more", HR_MAX_VALUES);
    HR_GROW(m->marks, m->n_marks, m->mark_capacity);
    m->marks[m->n_marks++] = m->n_stack;
    return HRNET_OK;
}

/* EMPTY_TUPLE, EMPTY_LIST, EMPTY_DICT, EMPTY_SET */
static hrnet_status on_empty(hr_machine *m, unsigned kind)
{
    return hr_machine_push_container(m, kind, m->n_stack);
}

/* TUPLE, LIST, DICT, FROZENSET: collect the values above the mark. */
static hrnet_status on_marked(hr_machine *m, unsigned kind)
{
    size_t from = 0;
    HR_TRY(hr_machine_pop_mark(m, &from));
    if (kind == HR_PICKLE_DICT && (m->n_stack - from) % 2 != 0) return hr_machine_broken(m, "a key without a value");
    return hr_machine_push_container(m, kind, from);
}

/* TUPLE1, TUPLE2, TUPLE3: collect the topmost n values. */
static hrnet_status on_small_tuple(hr_machine *m, unsigned n)
{
    if (m->n_stack - hr_machine_floor(m) < n) return hr_machine_broken(m, "the stack is empty");
    return hr_machine_push_container(m, HR_PICKLE_TUPLE, m->n_stack - n);
}

/* Append the values from height `from` up to the container just below them. pairs: it must be a DICT, else a LIST or a
 * SET. A CALL (an OrderedDict, a subclass of list) takes either; the first append decides which. */
static hrnet_status extend(hr_machine *m, size_t from, int pairs)
{
    if (from <= hr_machine_floor(m)) return hr_machine_broken(m, "the stack is empty");
    const hr_ref container = m->stack[from - 1];
    hr_value *const value = &m->tree->values[container];
    if (pairs && (m->n_stack - from) % 2 != 0) return hr_machine_broken(m, "a key without a value");
    if (value->kind == HR_PICKLE_CALL && value->n == 0)
        value->pairs = (uint8_t)pairs;
    else if (pairs ? !value->pairs
                   : value->kind != HR_PICKLE_LIST && value->kind != HR_PICKLE_SET &&
                         (value->kind != HR_PICKLE_CALL || value->pairs))
        return hr_machine_broken(m, "not a container of that kind");
    return hr_machine_append_from(m, container, from);
}

/* APPENDS, ADDITEMS, SETITEMS: the values above the mark. */
static hrnet_status on_extend(hr_machine *m, unsigned pairs)
{
    size_t from = 0;
    HR_TRY(hr_machine_pop_mark(m, &from));
    return extend(m, from, (int)pairs);
}

/* APPEND, SETITEM: the topmost value, or key and value. */
static hrnet_status on_extend_one(hr_machine *m, unsigned pairs)
{
    const size_t n = pairs ? 2 : 1;
    if (m->n_stack - hr_machine_floor(m) < n) return hr_machine_broken(m, "the stack is empty");
    return extend(m, m->n_stack - n, (int)pairs);
}

/* ------------------------------------------------------------------------------------------------ objects */

/* A class or function by name. Only the names are kept; nothing is imported. */
static hrnet_status push_global(hr_machine *m, hr_ref module, hr_ref name)
{
    if (m->tree->values[module].kind != HR_PICKLE_TEXT || m->tree->values[name].kind != HR_PICKLE_TEXT)
        return hr_machine_broken(m, "a global whose name is not text");
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_GLOBAL, .as.global = {module, name}});
}

/* GLOBAL: module and name are two lines of text. */
static hrnet_status on_global(hr_machine *m, unsigned n)
{
    hr_ref module = 0, name = 0;
    HR_TRY(hr_on_text_line(m, n));
    HR_TRY(hr_on_text_line(m, n));
    HR_TRY(hr_machine_pop(m, &name));
    HR_TRY(hr_machine_pop(m, &module));
    return push_global(m, module, name);
}

/* STACK_GLOBAL: module and name are the topmost two values. */
static hrnet_status on_stack_global(hr_machine *m, unsigned n)
{
    (void)n;
    hr_ref module = 0, name = 0;
    HR_TRY(hr_machine_pop(m, &name));
    HR_TRY(hr_machine_pop(m, &module));
    return push_global(m, module, name);
}

/* REDUCE, NEWOBJ, NEWOBJ_EX: callee and arguments become a CALL. Keyword arguments (NEWOBJ_EX) are dropped. */
static hrnet_status on_call(hr_machine *m, unsigned with_keywords)
{
    hr_ref callee = 0, arguments = 0;
    if (with_keywords) HR_TRY(hr_machine_pop(m, &arguments)); /* the keywords */
    HR_TRY(hr_machine_pop(m, &arguments));
    HR_TRY(hr_machine_pop(m, &callee));
    if (m->tree->values[arguments].kind != HR_PICKLE_TUPLE)
        return hr_machine_broken(m, "arguments that are not a tuple");
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_CALL, .as.call = {callee, arguments, 0}});
}

/* INST and OBJ of protocols 0 and 1: a class called with the values above the mark. INST (named) gives the class as two
 * lines, OBJ as the first of those values. */
static hrnet_status on_instance(hr_machine *m, unsigned named)
{
    hr_ref callee = 0, arguments = 0;
    size_t from = 0;
    if (named) {
        HR_TRY(on_global(m, 0));
        HR_TRY(hr_machine_pop(m, &callee));
    }
    HR_TRY(hr_machine_pop_mark(m, &from));
    if (!named && m->n_stack == from) return hr_machine_broken(m, "the stack is empty");
    if (!named) callee = m->stack[from];
    HR_TRY(hr_machine_push_container(m, HR_PICKLE_TUPLE, named ? from : from + 1));
    HR_TRY(hr_machine_pop(m, &arguments));
    m->n_stack = from;
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_CALL, .as.call = {callee, arguments, 0}});
}

/* BUILD: sets an object's attributes in Python; here the state is kept with the call that makes the object. */
static hrnet_status on_build(hr_machine *m, unsigned n)
{
    (void)n;
    hr_ref state = 0, object = 0;
    HR_TRY(hr_machine_pop(m, &state));
    HR_TRY(hr_machine_top(m, &object));
    hr_value *const value = &m->tree->values[object];
    if (value->kind == HR_PICKLE_CALL && value->as.call.state == 0) value->as.call.state = state;
    return HRNET_OK;
}

/* PERSID, BINPERSID: a reference to something outside; the id is a line of text, or the topmost value. */
static hrnet_status on_persistent(hr_machine *m, unsigned as_line)
{
    hr_ref id = 0;
    if (as_line) HR_TRY(hr_on_text_line(m, 0));
    HR_TRY(hr_machine_pop(m, &id));
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_PERSISTENT, .as.id = id});
}

/* ------------------------------------------------------------------------------------------------ stack and memo */

static hrnet_status on_pop(hr_machine *m, unsigned n)
{
    (void)n;
    hr_ref dropped = 0;
    /* as in Python, POP removes a mark if one is on top */
    if (m->n_marks > 0 && m->n_stack == hr_machine_floor(m)) {
        m->n_marks--;
        return HRNET_OK;
    }
    return hr_machine_pop(m, &dropped);
}

static hrnet_status on_pop_mark(hr_machine *m, unsigned n)
{
    (void)n;
    return hr_machine_pop_mark(m, &m->n_stack);
}

static hrnet_status on_dup(hr_machine *m, unsigned n)
{
    (void)n;
    hr_ref ref = 0;
    HR_TRY(hr_machine_top(m, &ref));
    return hr_machine_push(m, ref);
}

/* The operand of the PUT and GET opcodes: a number of n bytes, or for n = 0 a decimal line. A line with a negative
 * number becomes a huge index, which the callers refuse. */
static hrnet_status memo_index(hr_machine *m, unsigned n, uint64_t *out)
{
    if (n == 0) {
        HR_TRY(hr_on_number_line(m, 'L'));
        hr_ref ref = 0;
        HR_TRY(hr_machine_pop(m, &ref));
        *out = (uint64_t)m->tree->values[ref].as.integer;
        return HRNET_OK;
    }
    *out = hr_cursor_uint(m->in, n);
    return m->in->failed ? hr_machine_broken(m, "") : HRNET_OK;
}

/* Store the topmost value in the memo. */
static hrnet_status store_memo(hr_machine *m, uint64_t index)
{
    hr_ref ref = 0;
    HR_TRY(hr_machine_top(m, &ref));
    /* Picklers count from 0 with at least one byte for each entry, so that no honest index exceeds the bytes read. The
     * check keeps one opcode from growing the memo to gigabytes. */
    if (index > m->in->at) return hr_machine_broken(m, "a memo index that skips numbers");
    while (m->n_memo <= index) {
        HR_GROW(m->memo, m->n_memo, m->memo_capacity);
        m->memo[m->n_memo++] = 0;
    }
    m->memo[index] = ref;
    return HRNET_OK;
}

static hrnet_status on_put(hr_machine *m, unsigned n)
{
    uint64_t index = 0;
    HR_TRY(memo_index(m, n, &index));
    return store_memo(m, index);
}

/* MEMOIZE: the index is the number of entries so far. */
static hrnet_status on_memoize(hr_machine *m, unsigned n)
{
    (void)n;
    return store_memo(m, m->n_memo);
}

static hrnet_status on_get(hr_machine *m, unsigned n)
{
    uint64_t index = 0;
    HR_TRY(memo_index(m, n, &index));
    if (index >= m->n_memo || m->memo[index] == 0) return hr_machine_broken(m, "a memo entry that was never stored");
    return hr_machine_push(m, m->memo[index]);
}

/* PROTO and FRAME: skip the protocol's number and the frame's length, which change nothing. */
static hrnet_status on_skip(hr_machine *m, unsigned n)
{
    return hr_cursor_take(m->in, n) != NULL ? HRNET_OK : hr_machine_broken(m, "");
}

/* ------------------------------------------------------------------------------------------------ the machine */

/* By opcode. Missing: STOP, which the loop handles, and EXT1, EXT2, EXT4 (extension registry), NEXT_BUFFER and
 * READONLY_BUFFER (data outside of the pickle). */
static const struct {
    hr_operation *run;
    unsigned n;
} operations[256] = {
    ['N'] = {hr_on_none, 0},              /* NONE */
    [0x88] = {hr_on_bool, 1},             /* NEWTRUE */
    [0x89] = {hr_on_bool, 0},             /* NEWFALSE */
    ['K'] = {hr_on_int, 1},               /* BININT1 */
    ['M'] = {hr_on_int, 2},               /* BININT2 */
    ['J'] = {hr_on_int, 4},               /* BININT */
    [0x8a] = {hr_on_long, 1},             /* LONG1 */
    [0x8b] = {hr_on_long, 4},             /* LONG4 */
    ['G'] = {hr_on_float, 8},             /* BINFLOAT */
    ['I'] = {hr_on_number_line, 'I'},     /* INT */
    ['L'] = {hr_on_number_line, 'L'},     /* LONG */
    ['F'] = {hr_on_number_line, 'F'},     /* FLOAT */
    ['X'] = {hr_on_text, 4},              /* BINUNICODE */
    [0x8c] = {hr_on_text, 1},             /* SHORT_BINUNICODE */
    [0x8d] = {hr_on_text, 8},             /* BINUNICODE8 */
    ['T'] = {hr_on_text, 4},              /* BINSTRING */
    ['U'] = {hr_on_text, 1},              /* SHORT_BINSTRING */
    ['B'] = {hr_on_bytes, 4},             /* BINBYTES */
    ['C'] = {hr_on_bytes, 1},             /* SHORT_BINBYTES */
    [0x8e] = {hr_on_bytes, 8},            /* BINBYTES8 */
    [0x96] = {hr_on_bytes, 8},            /* BYTEARRAY8 */
    ['S'] = {hr_on_text_line, 1},         /* STRING */
    ['V'] = {hr_on_text_line, 0},         /* UNICODE */
    ['('] = {on_mark, 0},                 /* MARK */
    [')'] = {on_empty, HR_PICKLE_TUPLE},  /* EMPTY_TUPLE */
    [']'] = {on_empty, HR_PICKLE_LIST},   /* EMPTY_LIST */
    ['}'] = {on_empty, HR_PICKLE_DICT},   /* EMPTY_DICT */
    [0x8f] = {on_empty, HR_PICKLE_SET},   /* EMPTY_SET */
    ['t'] = {on_marked, HR_PICKLE_TUPLE}, /* TUPLE */
    ['l'] = {on_marked, HR_PICKLE_LIST},  /* LIST */
    ['d'] = {on_marked, HR_PICKLE_DICT},  /* DICT */
    [0x91] = {on_marked, HR_PICKLE_SET},  /* FROZENSET */
    [0x85] = {on_small_tuple, 1},         /* TUPLE1 */
    [0x86] = {on_small_tuple, 2},         /* TUPLE2 */
    [0x87] = {on_small_tuple, 3},         /* TUPLE3 */
    ['e'] = {on_extend, 0},               /* APPENDS */
    [0x90] = {on_extend, 0},              /* ADDITEMS */
    ['u'] = {on_extend, 1},               /* SETITEMS */
    ['a'] = {on_extend_one, 0},           /* APPEND */
    ['s'] = {on_extend_one, 1},           /* SETITEM */
    ['c'] = {on_global, 0},               /* GLOBAL */
    [0x93] = {on_stack_global, 0},        /* STACK_GLOBAL */
    ['R'] = {on_call, 0},                 /* REDUCE */
    [0x81] = {on_call, 0},                /* NEWOBJ */
    [0x92] = {on_call, 1},                /* NEWOBJ_EX */
    ['i'] = {on_instance, 1},             /* INST */
    ['o'] = {on_instance, 0},             /* OBJ */
    ['b'] = {on_build, 0},                /* BUILD */
    ['Q'] = {on_persistent, 0},           /* BINPERSID */
    ['P'] = {on_persistent, 1},           /* PERSID */
    ['0'] = {on_pop, 0},                  /* POP */
    ['1'] = {on_pop_mark, 0},             /* POP_MARK */
    ['2'] = {on_dup, 0},                  /* DUP */
    ['p'] = {on_put, 0},                  /* PUT */
    ['q'] = {on_put, 1},                  /* BINPUT */
    ['r'] = {on_put, 4},                  /* LONG_BINPUT */
    [0x94] = {on_memoize, 0},             /* MEMOIZE */
    ['g'] = {on_get, 0},                  /* GET */
    ['h'] = {on_get, 1},                  /* BINGET */
    ['j'] = {on_get, 4},                  /* LONG_BINGET */
    [0x80] = {on_skip, 1},                /* PROTO */
    [0x95] = {on_skip, 8},                /* FRAME */
};

static hrnet_status run(hr_machine *m)
{
    hr_ref unused = 0;
    HR_TRY(hr_machine_new(m, (hr_value){.kind = HR_PICKLE_NONE}, &unused));
    HR_GROW(m->tree->cells, m->tree->n_cells, m->tree->cell_capacity);
    m->tree->n_cells = 1; /* cell 0 means "none", as value 0 above is the NONE of failed look-ups */
    for (;;) {
        m->operation_at = m->in->at;
        const unsigned char *const code = hr_cursor_take(m->in, 1);
        if (code == NULL) return hr_fail(HRNET_ERR_FORMAT, "pickle: the data ends at byte %zu", m->in->at);
        if (*code == '.') return hr_machine_pop(m, &m->tree->root);
        if (operations[*code].run == NULL)
            return hr_fail(HRNET_ERR_UNSUPPORTED, "pickle: operation 0x%02x at byte %zu is not one of plain data",
                           *code, m->operation_at);
        HR_TRY(operations[*code].run(m, operations[*code].n));
    }
}

hrnet_status hr_pickle_read(hr_pickle *out, hr_cursor *bytes)
{
    hr_pickle tree = {0};
    hr_machine m = {.tree = &tree, .in = bytes};
    const hrnet_status status = run(&m);
    hr_free(m.stack);
    hr_free(m.marks);
    hr_free(m.memo);
    if (status != HRNET_OK)
        hr_pickle_free(&tree);
    else
        *out = tree;
    return status;
}

void hr_pickle_free(hr_pickle *pickle)
{
    hr_free(pickle->values);
    hr_free(pickle->cells);
    *pickle = (hr_pickle){0};
}

/* ------------------------------------------------------------------------------------------------ look-ups */

hr_ref hr_pickle_item(const hr_pickle *pickle, hr_ref container, size_t i)
{
    const hr_value *const value = hr_pickle_value(pickle, container);
    uint32_t cell = value->first;
    while (cell != 0 && i-- > 0) cell = pickle->cells[cell].next;
    return cell != 0 ? pickle->cells[cell].value : 0;
}

hr_ref hr_pickle_argument(const hr_pickle *pickle, hr_ref call, size_t i)
{
    const hr_value *const value = hr_pickle_value(pickle, call);
    return value->kind == HR_PICKLE_CALL ? hr_pickle_item(pickle, value->as.call.arguments, i) : 0;
}

int hr_pickle_is_text(const hr_pickle *pickle, hr_ref ref, const char *text)
{
    const hr_value *const value = hr_pickle_value(pickle, ref);
    return value->kind == HR_PICKLE_TEXT && value->n == strlen(text) && memcmp(value->as.text, text, value->n) == 0;
}

int hr_pickle_is_global(const hr_pickle *pickle, hr_ref ref, const char *module, const char *name)
{
    const hr_value *const value = hr_pickle_value(pickle, ref);
    return value->kind == HR_PICKLE_GLOBAL && hr_pickle_is_text(pickle, value->as.global.module, module) &&
           hr_pickle_is_text(pickle, value->as.global.name, name);
}
