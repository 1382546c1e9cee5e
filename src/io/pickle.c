/*
 * pickle.c - the pickle machine: a stack, marks, a memo, and one small function an operation. Each operation takes at
 * least a byte of input and makes a bounded number of values, and nothing recurses, so time and memory are bounded by
 * the input. The operations are those of Python's pickletools.
 */
#include "io/pickle.h"

#include <stdlib.h>

#include "io/grow.h"
#include "io/number.h"

enum { MAX_VALUES = 1 << 24 };

typedef struct machine {
    hr_pickle *tree;
    hr_cursor *in;
    size_t operation_at; /* where the present operation starts, for messages */
    hr_ref *stack;
    size_t n_stack, stack_capacity;
    size_t *marks; /* heights of the stack */
    size_t n_marks, mark_capacity;
    hr_ref *memo; /* 0: unset */
    size_t n_memo, memo_capacity;
} machine;

/* n: the width of the operand in bytes or another small parameter from the table at the end. */
typedef hrnet_status operation(machine *m, unsigned n);

static hrnet_status broken(const machine *m, const char *what)
{
    return hr_fail(HRNET_ERR_FORMAT, "pickle, operation 0x%02x at byte %zu: %s", m->in->data[m->operation_at],
                   m->operation_at, m->in->failed ? "the data ends inside it" : what);
}

/* ------------------------------------------------------------------------------------------------ values and stack */

static hrnet_status new_value(machine *m, hr_value value, hr_ref *out)
{
    hr_pickle *const tree = m->tree;
    if (tree->n_values == MAX_VALUES) return hr_fail(HRNET_ERR_LIMIT, "pickle: more than %d values", MAX_VALUES);
    HR_ROOM(tree->values, tree->n_values, tree->value_capacity);
    tree->values[tree->n_values] = value;
    *out = (hr_ref)tree->n_values++;
    return HRNET_OK;
}

static hrnet_status push(machine *m, hr_ref ref)
{
    if (m->n_stack == MAX_VALUES) return hr_fail(HRNET_ERR_LIMIT, "pickle: more than %d values", MAX_VALUES);
    HR_ROOM(m->stack, m->n_stack, m->stack_capacity);
    m->stack[m->n_stack++] = ref;
    return HRNET_OK;
}

static hrnet_status push_value(machine *m, hr_value value)
{
    hr_ref ref = 0;
    HR_TRY(new_value(m, value, &ref));
    return push(m, ref);
}

/* Height below which values belong to an open mark. */
static size_t stack_floor(const machine *m)
{
    return m->n_marks > 0 ? m->marks[m->n_marks - 1] : 0;
}

static hrnet_status pop(machine *m, hr_ref *out)
{
    if (m->n_stack == stack_floor(m)) return broken(m, "the stack is empty");
    *out = m->stack[--m->n_stack];
    return HRNET_OK;
}

static hrnet_status top(machine *m, hr_ref *out)
{
    if (m->n_stack == stack_floor(m)) return broken(m, "the stack is empty");
    *out = m->stack[m->n_stack - 1];
    return HRNET_OK;
}

/* Close the innermost mark; *out is the height of the stack where it stood. */
static hrnet_status pop_mark(machine *m, size_t *out)
{
    if (m->n_marks == 0) return broken(m, "no mark on the stack");
    *out = m->marks[--m->n_marks];
    return HRNET_OK;
}

static hrnet_status append(machine *m, hr_ref container, hr_ref item)
{
    hr_pickle *const tree = m->tree;
    if (tree->n_cells == MAX_VALUES) return hr_fail(HRNET_ERR_LIMIT, "pickle: more than %d items", MAX_VALUES);
    HR_ROOM(tree->cells, tree->n_cells, tree->cell_capacity);
    const uint32_t cell = (uint32_t)tree->n_cells++;
    tree->cells[cell] = (hr_cell){item, 0};
    hr_value *const value = &tree->values[container];
    if (value->n == 0)
        value->first = cell;
    else
        tree->cells[value->last].next = cell;
    value->last = cell;
    value->n++;
    return HRNET_OK;
}

/* Move what stands on the stack from height `from` up into the container. */
static hrnet_status append_from(machine *m, hr_ref container, size_t from)
{
    for (size_t i = from; i < m->n_stack; i++) HR_TRY(append(m, container, m->stack[i]));
    m->n_stack = from;
    return HRNET_OK;
}

static hrnet_status push_container(machine *m, hr_pickle_kind kind, size_t from)
{
    hr_ref container = 0;
    HR_TRY(new_value(m, (hr_value){.kind = (uint8_t)kind, .pairs = kind == HR_PICKLE_DICT}, &container));
    HR_TRY(append_from(m, container, from));
    return push(m, container);
}

/* ------------------------------------------------------------------------------------------------ plain values */

/* A line of the text protocol without its newline; NULL (and the cursor failed) when there is none. */
static const char *take_line(machine *m, size_t *n)
{
    hr_cursor *const in = m->in;
    const size_t left = hr_cursor_left(in);
    const unsigned char *const end = left > 0 ? memchr(in->data + in->at, '\n', left) : NULL;
    *n = end != NULL ? (size_t)(end - (in->data + in->at)) : left;
    const char *const line = (const char *)hr_cursor_take(in, *n + 1);
    return line;
}

static hrnet_status on_none(machine *m, unsigned n)
{
    (void)n;
    return push_value(m, (hr_value){.kind = HR_PICKLE_NONE});
}

static hrnet_status on_bool(machine *m, unsigned n)
{
    return push_value(m, (hr_value){.kind = HR_PICKLE_BOOL, .as.integer = n});
}

/* BININT1, BININT2, BININT: only the widest is signed. */
static hrnet_status on_int(machine *m, unsigned n)
{
    const uint64_t value = hr_cursor_uint(m->in, n);
    if (m->in->failed) return broken(m, "");
    return push_value(m, (hr_value){.kind = HR_PICKLE_INTEGER,
                                    .as.integer = n == 4 ? (int64_t)(int32_t)value : (int64_t)value});
}

/* LONG1, LONG4: two's complement of any length. */
static hrnet_status on_long(machine *m, unsigned n)
{
    const uint64_t length = hr_cursor_uint(m->in, n);
    const unsigned char *const bytes = hr_cursor_take(m->in, (size_t)length);
    if (bytes == NULL) return broken(m, "");
    if (length > 8)
        return push_value(m, (hr_value){.kind = HR_PICKLE_HUGE, .n = (uint32_t)length, .as.text = (const char *)bytes});
    uint64_t value = length > 0 && bytes[length - 1] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = (size_t)length; i-- > 0;) value = value << 8 | bytes[i];
    return push_value(m, (hr_value){.kind = HR_PICKLE_INTEGER, .as.integer = (int64_t)value});
}

/* BINFLOAT: big-endian. */
static hrnet_status on_float(machine *m, unsigned n)
{
    const uint64_t bits = __builtin_bswap64(hr_cursor_uint(m->in, n));
    if (m->in->failed) return broken(m, "");
    hr_value value = {.kind = HR_PICKLE_REAL};
    memcpy(&value.as.real, &bits, sizeof bits);
    return push_value(m, value);
}

/* INT, LONG, FLOAT of protocol 0: a decimal line; INT also spells booleans as 00 and 01, LONG ends with L. */
static hrnet_status on_number_line(machine *m, unsigned kind)
{
    size_t n = 0;
    const char *const line = take_line(m, &n);
    if (line == NULL) return broken(m, "");
    if (kind == 'I' && n == 2 && line[0] == '0') return on_bool(m, line[1] == '1');
    if (kind == 'L' && n > 0 && line[n - 1] == 'L') n--;
    double real;
    if (!hr_number_parse(line, n, &real)) return broken(m, "not a number");
    if (kind == 'F') return push_value(m, (hr_value){.kind = HR_PICKLE_REAL, .as.real = real});
    char digits[24] = {0}, *end;
    memcpy(digits, line, n < sizeof digits ? n : sizeof digits - 1);
    const long long integer = strtoll(digits, &end, 10);
    if (n > 18 || end != digits + n) return broken(m, "not an integer of at most 18 characters");
    return push_value(m, (hr_value){.kind = HR_PICKLE_INTEGER, .as.integer = integer});
}

static hrnet_status push_text(machine *m, hr_pickle_kind kind, unsigned n)
{
    const uint64_t length = hr_cursor_uint(m->in, n);
    const unsigned char *const bytes = hr_cursor_take(m->in, (size_t)length);
    if (bytes == NULL) return broken(m, "");
    if (length > UINT32_MAX) return hr_fail(HRNET_ERR_LIMIT, "pickle: a string of %llu bytes", (unsigned long long)length);
    return push_value(m, (hr_value){.kind = (uint8_t)kind, .n = (uint32_t)length, .as.text = (const char *)bytes});
}

static hrnet_status on_text(machine *m, unsigned n)
{
    return push_text(m, HR_PICKLE_TEXT, n);
}

static hrnet_status on_bytes(machine *m, unsigned n)
{
    return push_text(m, HR_PICKLE_BYTES, n);
}

/* STRING (quoted) and UNICODE (bare) of protocol 0. */
static hrnet_status on_text_line(machine *m, unsigned quoted)
{
    size_t n = 0;
    const char *line = take_line(m, &n);
    if (line == NULL) return broken(m, "");
    if (quoted) {
        if (n < 2 || line[0] != line[n - 1] || (line[0] != '\'' && line[0] != '"'))
            return broken(m, "a string without quotes");
        line++;
        n -= 2;
    }
    if (n > UINT32_MAX) return hr_fail(HRNET_ERR_LIMIT, "pickle: a string of %zu bytes", n);
    return push_value(m, (hr_value){.kind = HR_PICKLE_TEXT, .n = (uint32_t)n, .as.text = line});
}

/* ------------------------------------------------------------------------------------------------ containers */

static hrnet_status on_mark(machine *m, unsigned n)
{
    (void)n;
    if (m->n_marks == MAX_VALUES) return hr_fail(HRNET_ERR_LIMIT, "pickle: more than %d marks", MAX_VALUES);
    HR_ROOM(m->marks, m->n_marks, m->mark_capacity);
    m->marks[m->n_marks++] = m->n_stack;
    return HRNET_OK;
}

static hrnet_status on_empty(machine *m, unsigned kind)
{
    return push_container(m, kind, m->n_stack);
}

/* TUPLE, LIST, DICT, FROZENSET: of what stands above the mark. */
static hrnet_status on_marked(machine *m, unsigned kind)
{
    size_t from = 0;
    HR_TRY(pop_mark(m, &from));
    if (kind == HR_PICKLE_DICT && (m->n_stack - from) % 2 != 0) return broken(m, "a key without a value");
    return push_container(m, kind, from);
}

/* TUPLE1, TUPLE2, TUPLE3 */
static hrnet_status on_small_tuple(machine *m, unsigned n)
{
    if (m->n_stack - stack_floor(m) < n) return broken(m, "the stack is empty");
    return push_container(m, HR_PICKLE_TUPLE, m->n_stack - n);
}

/* Put what stands on the stack from height `from` up into the container below it: a dictionary when in pairs, else a
 * list or a set; a CALL may be either. */
static hrnet_status extend(machine *m, size_t from, int pairs)
{
    hr_ref container = 0;
    if (from <= stack_floor(m)) return broken(m, "the stack is empty");
    container = m->stack[from - 1];
    hr_value *const value = &m->tree->values[container];
    if (pairs && (m->n_stack - from) % 2 != 0) return broken(m, "a key without a value");
    if (value->kind == HR_PICKLE_CALL && value->n == 0)
        value->pairs = (uint8_t)pairs;
    else if (pairs ? !value->pairs : value->kind != HR_PICKLE_LIST && value->kind != HR_PICKLE_SET &&
                                         (value->kind != HR_PICKLE_CALL || value->pairs))
        return broken(m, "not a container of that kind");
    return append_from(m, container, from);
}

/* APPENDS, ADDITEMS, SETITEMS */
static hrnet_status on_extend(machine *m, unsigned pairs)
{
    size_t from = 0;
    HR_TRY(pop_mark(m, &from));
    return extend(m, from, (int)pairs);
}

/* APPEND, SETITEM */
static hrnet_status on_extend_one(machine *m, unsigned pairs)
{
    const size_t n = pairs ? 2 : 1;
    if (m->n_stack - stack_floor(m) < n) return broken(m, "the stack is empty");
    return extend(m, m->n_stack - n, (int)pairs);
}

/* ------------------------------------------------------------------------------------------------ objects */

static hrnet_status push_global(machine *m, hr_ref module, hr_ref name)
{
    if (m->tree->values[module].kind != HR_PICKLE_TEXT || m->tree->values[name].kind != HR_PICKLE_TEXT)
        return broken(m, "a global whose name is not text");
    return push_value(m, (hr_value){.kind = HR_PICKLE_GLOBAL, .as.global = {module, name}});
}

/* GLOBAL: module and name as two lines. */
static hrnet_status on_global(machine *m, unsigned n)
{
    hr_ref module = 0, name = 0;
    HR_TRY(on_text_line(m, n));
    HR_TRY(on_text_line(m, n));
    HR_TRY(pop(m, &name));
    HR_TRY(pop(m, &module));
    return push_global(m, module, name);
}

static hrnet_status on_stack_global(machine *m, unsigned n)
{
    (void)n;
    hr_ref module = 0, name = 0;
    HR_TRY(pop(m, &name));
    HR_TRY(pop(m, &module));
    return push_global(m, module, name);
}

/* REDUCE, NEWOBJ and (with_keywords, which are dropped) NEWOBJ_EX: remembered, not called. */
static hrnet_status on_call(machine *m, unsigned with_keywords)
{
    hr_ref callee = 0, arguments = 0;
    if (with_keywords) HR_TRY(pop(m, &arguments));
    HR_TRY(pop(m, &arguments));
    HR_TRY(pop(m, &callee));
    if (m->tree->values[arguments].kind != HR_PICKLE_TUPLE) return broken(m, "arguments that are not a tuple");
    return push_value(m, (hr_value){.kind = HR_PICKLE_CALL, .as.call = {callee, arguments}});
}

/* INST and OBJ: the class comes as two lines, or as the first value above the mark; the rest are the arguments. */
static hrnet_status on_instance(machine *m, unsigned named)
{
    hr_ref callee = 0, arguments = 0;
    size_t from = 0;
    if (named) {
        HR_TRY(on_global(m, 0));
        HR_TRY(pop(m, &callee));
    }
    HR_TRY(pop_mark(m, &from));
    if (!named && m->n_stack == from) return broken(m, "the stack is empty");
    if (!named) callee = m->stack[from];
    HR_TRY(push_container(m, HR_PICKLE_TUPLE, named ? from : from + 1));
    HR_TRY(pop(m, &arguments));
    m->n_stack = from;
    return push_value(m, (hr_value){.kind = HR_PICKLE_CALL, .as.call = {callee, arguments}});
}

/* BUILD: the state of an object does not concern us. */
static hrnet_status on_build(machine *m, unsigned n)
{
    (void)n;
    hr_ref state = 0, object = 0;
    HR_TRY(pop(m, &state));
    return top(m, &object);
}

static hrnet_status on_persistent(machine *m, unsigned as_line)
{
    hr_ref id = 0;
    if (as_line) HR_TRY(on_text_line(m, 0));
    HR_TRY(pop(m, &id));
    return push_value(m, (hr_value){.kind = HR_PICKLE_PERSISTENT, .as.id = id});
}

/* ------------------------------------------------------------------------------------------------ stack and memo */

static hrnet_status on_pop(machine *m, unsigned n)
{
    (void)n;
    hr_ref dropped = 0;
    /* Python's own POP removes a mark when one stands on top */
    if (m->n_marks > 0 && m->n_stack == stack_floor(m)) {
        m->n_marks--;
        return HRNET_OK;
    }
    return pop(m, &dropped);
}

static hrnet_status on_pop_mark(machine *m, unsigned n)
{
    (void)n;
    return pop_mark(m, &m->n_stack);
}

static hrnet_status on_dup(machine *m, unsigned n)
{
    (void)n;
    hr_ref ref = 0;
    HR_TRY(top(m, &ref));
    return push(m, ref);
}

/* The operand of PUT and GET: n bytes, or (n 0) a decimal line. */
static hrnet_status memo_index(machine *m, unsigned n, uint64_t *out)
{
    if (n == 0) {
        HR_TRY(on_number_line(m, 'L'));
        hr_ref ref = 0;
        HR_TRY(pop(m, &ref));
        *out = (uint64_t)m->tree->values[ref].as.integer;
        return HRNET_OK;
    }
    *out = hr_cursor_uint(m->in, n);
    return m->in->failed ? broken(m, "") : HRNET_OK;
}

static hrnet_status remember(machine *m, uint64_t index)
{
    hr_ref ref = 0;
    HR_TRY(top(m, &ref));
    /* picklers number from 0, and each entry took an operation: an index past the bytes read is nobody's */
    if (index > m->in->at) return broken(m, "a memo index that skips numbers");
    while (m->n_memo <= index) {
        HR_ROOM(m->memo, m->n_memo, m->memo_capacity);
        m->memo[m->n_memo++] = 0;
    }
    m->memo[index] = ref;
    return HRNET_OK;
}

static hrnet_status on_put(machine *m, unsigned n)
{
    uint64_t index = 0;
    HR_TRY(memo_index(m, n, &index));
    return remember(m, index);
}

/* MEMOIZE numbers its entries itself. */
static hrnet_status on_memoize(machine *m, unsigned n)
{
    (void)n;
    return remember(m, m->n_memo);
}

static hrnet_status on_get(machine *m, unsigned n)
{
    uint64_t index = 0;
    HR_TRY(memo_index(m, n, &index));
    if (index >= m->n_memo || m->memo[index] == 0) return broken(m, "a memo entry that was never stored");
    return push(m, m->memo[index]);
}

/* PROTO and FRAME: n bytes that say nothing we need. */
static hrnet_status on_skip(machine *m, unsigned n)
{
    return hr_cursor_take(m->in, n) != NULL ? HRNET_OK : broken(m, "");
}

/* ------------------------------------------------------------------------------------------------ the machine */

static const struct {
    operation *run;
    unsigned n;
} operations[256] = {
    ['N'] = {on_none, 0},
    [0x88] = {on_bool, 1},
    [0x89] = {on_bool, 0},
    ['K'] = {on_int, 1},
    ['M'] = {on_int, 2},
    ['J'] = {on_int, 4},
    [0x8a] = {on_long, 1},
    [0x8b] = {on_long, 4},
    ['G'] = {on_float, 8},
    ['I'] = {on_number_line, 'I'},
    ['L'] = {on_number_line, 'L'},
    ['F'] = {on_number_line, 'F'},
    ['X'] = {on_text, 4},
    [0x8c] = {on_text, 1},
    [0x8d] = {on_text, 8},
    ['T'] = {on_text, 4},
    ['U'] = {on_text, 1},
    ['B'] = {on_bytes, 4},
    ['C'] = {on_bytes, 1},
    [0x8e] = {on_bytes, 8},
    [0x96] = {on_bytes, 8},
    ['S'] = {on_text_line, 1},
    ['V'] = {on_text_line, 0},
    ['('] = {on_mark, 0},
    [')'] = {on_empty, HR_PICKLE_TUPLE},
    [']'] = {on_empty, HR_PICKLE_LIST},
    ['}'] = {on_empty, HR_PICKLE_DICT},
    [0x8f] = {on_empty, HR_PICKLE_SET},
    ['t'] = {on_marked, HR_PICKLE_TUPLE},
    ['l'] = {on_marked, HR_PICKLE_LIST},
    ['d'] = {on_marked, HR_PICKLE_DICT},
    [0x91] = {on_marked, HR_PICKLE_SET},
    [0x85] = {on_small_tuple, 1},
    [0x86] = {on_small_tuple, 2},
    [0x87] = {on_small_tuple, 3},
    ['e'] = {on_extend, 0},
    [0x90] = {on_extend, 0},
    ['u'] = {on_extend, 1},
    ['a'] = {on_extend_one, 0},
    ['s'] = {on_extend_one, 1},
    ['c'] = {on_global, 0},
    [0x93] = {on_stack_global, 0},
    ['R'] = {on_call, 0},
    [0x81] = {on_call, 0},
    [0x92] = {on_call, 1},
    ['i'] = {on_instance, 1},
    ['o'] = {on_instance, 0},
    ['b'] = {on_build, 0},
    ['Q'] = {on_persistent, 0},
    ['P'] = {on_persistent, 1},
    ['0'] = {on_pop, 0},
    ['1'] = {on_pop_mark, 0},
    ['2'] = {on_dup, 0},
    ['p'] = {on_put, 0},
    ['q'] = {on_put, 1},
    ['r'] = {on_put, 4},
    [0x94] = {on_memoize, 0},
    ['g'] = {on_get, 0},
    ['h'] = {on_get, 1},
    ['j'] = {on_get, 4},
    [0x80] = {on_skip, 1},
    [0x95] = {on_skip, 8},
};

static hrnet_status run(machine *m)
{
    hr_ref unused = 0;
    HR_TRY(new_value(m, (hr_value){.kind = HR_PICKLE_NONE}, &unused));
    HR_ROOM(m->tree->cells, m->tree->n_cells, m->tree->cell_capacity);
    m->tree->n_cells = 1; /* cell 0 stands for none */
    for (;;) {
        m->operation_at = m->in->at;
        const unsigned char *const code = hr_cursor_take(m->in, 1);
        if (code == NULL) return hr_fail(HRNET_ERR_FORMAT, "pickle: the data ends at byte %zu", m->in->at);
        if (*code == '.') return pop(m, &m->tree->root);
        if (operations[*code].run == NULL)
            return hr_fail(HRNET_ERR_UNSUPPORTED, "pickle: operation 0x%02x at byte %zu is not one of plain data", *code,
                           m->operation_at);
        HR_TRY(operations[*code].run(m, operations[*code].n));
    }
}

hrnet_status hr_pickle_read(hr_pickle *out, hr_cursor *bytes)
{
    hr_pickle tree = {0};
    machine m = {.tree = &tree, .in = bytes};
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

/* ------------------------------------------------------------------------------------------------ looking */

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
