/* pickle_machine.c - the stack and the values of the pickle machine, and its opcodes for numbers and text. */
#include "io/tensors/pickle_machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

hrnet_status hr_machine_broken(const hr_machine *m, const char *what)
{
    return hr_fail(HRNET_ERR_FORMAT, "pickle, operation 0x%02x at byte %zu: %s", m->in->data[m->operation_at],
                   m->operation_at, m->in->failed ? "the data ends inside it" : what);
}

/* ------------------------------------------------------------------------------------------------ values and stack */

hrnet_status hr_machine_new(hr_machine *m, hr_value value, hr_ref *out)
{
    hr_pickle *const tree = m->tree;
    if (tree->n_values == HR_MAX_VALUES)
        return hr_fail(HRNET_ERR_LIMIT, "pickle: expected at most %d values, found more", HR_MAX_VALUES);
    HR_GROW(tree->values, tree->n_values, tree->value_capacity);
    tree->values[tree->n_values] = value;
    *out = (hr_ref)tree->n_values++;
    return HRNET_OK;
}

hrnet_status hr_machine_push(hr_machine *m, hr_ref ref)
{
    if (m->n_stack == HR_MAX_VALUES)
        return hr_fail(HRNET_ERR_LIMIT, "pickle: expected at most %d values, found more", HR_MAX_VALUES);
    HR_GROW(m->stack, m->n_stack, m->stack_capacity);
    m->stack[m->n_stack++] = ref;
    return HRNET_OK;
}

hrnet_status hr_machine_push_value(hr_machine *m, hr_value value)
{
    hr_ref ref = 0;
    HR_TRY(hr_machine_new(m, value, &ref));
    return hr_machine_push(m, ref);
}

size_t hr_machine_floor(const hr_machine *m)
{
    return m->n_marks > 0 ? m->marks[m->n_marks - 1] : 0;
}

hrnet_status hr_machine_pop(hr_machine *m, hr_ref *out)
{
    if (m->n_stack == hr_machine_floor(m)) return hr_machine_broken(m, "the stack is empty");
    *out = m->stack[--m->n_stack];
    return HRNET_OK;
}

hrnet_status hr_machine_top(hr_machine *m, hr_ref *out)
{
    if (m->n_stack == hr_machine_floor(m)) return hr_machine_broken(m, "the stack is empty");
    *out = m->stack[m->n_stack - 1];
    return HRNET_OK;
}

hrnet_status hr_machine_pop_mark(hr_machine *m, size_t *out)
{
    if (m->n_marks == 0) return hr_machine_broken(m, "no mark on the stack");
    *out = m->marks[--m->n_marks];
    return HRNET_OK;
}

/* Append an item to the end of a container's list of cells. */
static hrnet_status append(hr_machine *m, hr_ref container, hr_ref item)
{
    hr_pickle *const tree = m->tree;
    if (tree->n_cells == HR_MAX_VALUES)
        return hr_fail(HRNET_ERR_LIMIT, "pickle: expected at most %d items, found more", HR_MAX_VALUES);
    HR_GROW(tree->cells, tree->n_cells, tree->cell_capacity);
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

hrnet_status hr_machine_append_from(hr_machine *m, hr_ref container, size_t from)
{
    for (size_t i = from; i < m->n_stack; i++) HR_TRY(append(m, container, m->stack[i]));
    m->n_stack = from;
    return HRNET_OK;
}

hrnet_status hr_machine_push_container(hr_machine *m, hr_pickle_kind kind, size_t from)
{
    hr_ref container = 0;
    HR_TRY(hr_machine_new(m, (hr_value){.kind = (uint8_t)kind, .pairs = kind == HR_PICKLE_DICT}, &container));
    HR_TRY(hr_machine_append_from(m, container, from));
    return hr_machine_push(m, container);
}

/* ------------------------------------------------------------------------------------------------ plain values */

/* Read a line of protocol 0; *n is its length without the newline. NULL, with the cursor failed, if no newline is left.
 */
static const char *take_line(hr_machine *m, size_t *n)
{
    hr_cursor *const in = m->in;
    const size_t left = hr_cursor_left(in);
    const unsigned char *const end = left > 0 ? memchr(in->data + in->at, '\n', left) : NULL;
    *n = end != NULL ? (size_t)(end - (in->data + in->at)) : left;
    const char *const line = (const char *)hr_cursor_take(in, *n + 1);
    return line;
}

hrnet_status hr_on_none(hr_machine *m, unsigned n)
{
    (void)n;
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_NONE});
}

hrnet_status hr_on_bool(hr_machine *m, unsigned n)
{
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_BOOL, .as.integer = n});
}

/* BININT1, BININT2, BININT: 1, 2 or 4 bytes, of which only the last is signed. */
hrnet_status hr_on_int(hr_machine *m, unsigned n)
{
    const uint64_t value = hr_cursor_uint(m->in, n);
    if (m->in->failed) return hr_machine_broken(m, "");
    return hr_machine_push_value(
        m, (hr_value){.kind = HR_PICKLE_INTEGER, .as.integer = n == 4 ? (int64_t)(int32_t)value : (int64_t)value});
}

/* LONG1, LONG4: a length of n bytes and two's complement of that length; more than 8 bytes become a HUGE. */
hrnet_status hr_on_long(hr_machine *m, unsigned n)
{
    const uint64_t length = hr_cursor_uint(m->in, n);
    const unsigned char *const bytes = hr_cursor_take(m->in, (size_t)length);
    if (bytes == NULL) return hr_machine_broken(m, "");
    if (length > 8)
        return hr_machine_push_value(
            m, (hr_value){.kind = HR_PICKLE_HUGE, .n = (uint32_t)length, .as.text = (const char *)bytes});
    uint64_t value = length > 0 && bytes[length - 1] >= 0x80 ? UINT64_MAX : 0; /* sign extension */
    for (size_t i = (size_t)length; i-- > 0;) value = value << 8 | bytes[i];
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_INTEGER, .as.integer = (int64_t)value});
}

/* BINFLOAT: a double, the only big-endian operand. */
hrnet_status hr_on_float(hr_machine *m, unsigned n)
{
    const uint64_t bits = __builtin_bswap64(hr_cursor_uint(m->in, n));
    if (m->in->failed) return hr_machine_broken(m, "");
    hr_value value = {.kind = HR_PICKLE_REAL};
    memcpy(&value.as.real, &bits, sizeof bits);
    return hr_machine_push_value(m, value);
}

/* INT, LONG, FLOAT of protocol 0 (kind 'I', 'L', 'F'): a decimal line. INT spells booleans as 00 and 01, LONG ends with
 * an L. */
hrnet_status hr_on_number_line(hr_machine *m, unsigned kind)
{
    size_t n = 0;
    const char *const line = take_line(m, &n);
    if (line == NULL) return hr_machine_broken(m, "");
    if (kind == 'I' && n == 2 && line[0] == '0') return hr_on_bool(m, line[1] == '1');
    if (kind == 'L' && n > 0 && line[n - 1] == 'L') n--;
    double real;
    if (!hr_number_parse(line, n, &real)) return hr_machine_broken(m, "not a number");
    if (kind == 'F') return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_REAL, .as.real = real});
    char digits[24] = {0}, *end;
    memcpy(digits, line, n < sizeof digits ? n : sizeof digits - 1);
    const long long integer = strtoll(digits, &end, 10);
    if (n > 18 || end != digits + n) return hr_machine_broken(m, "not an integer of at most 18 characters");
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_INTEGER, .as.integer = integer});
}

/* A length of n bytes and that many bytes, which are not copied. */
static hrnet_status push_text(hr_machine *m, hr_pickle_kind kind, unsigned n)
{
    const uint64_t length = hr_cursor_uint(m->in, n);
    const unsigned char *const bytes = hr_cursor_take(m->in, (size_t)length);
    if (bytes == NULL) return hr_machine_broken(m, "");
    if (length > UINT32_MAX)
        return hr_fail(HRNET_ERR_LIMIT, "pickle: expected a shorter string, found %llu bytes",
                       (unsigned long long)length);
    return hr_machine_push_value(
        m, (hr_value){.kind = (uint8_t)kind, .n = (uint32_t)length, .as.text = (const char *)bytes});
}

/* BINUNICODE and its variants; BINSTRING and SHORT_BINSTRING of Python 2. */
hrnet_status hr_on_text(hr_machine *m, unsigned n)
{
    return push_text(m, HR_PICKLE_TEXT, n);
}

/* BINBYTES and its variants, BYTEARRAY8. */
hrnet_status hr_on_bytes(hr_machine *m, unsigned n)
{
    return push_text(m, HR_PICKLE_BYTES, n);
}

/* STRING (quoted) and UNICODE (not quoted) of protocol 0: a line, whose escapes are left as they are. */
hrnet_status hr_on_text_line(hr_machine *m, unsigned quoted)
{
    size_t n = 0;
    const char *line = take_line(m, &n);
    if (line == NULL) return hr_machine_broken(m, "");
    if (quoted) {
        if (n < 2 || line[0] != line[n - 1] || (line[0] != '\'' && line[0] != '"'))
            return hr_machine_broken(m, "a string without quotes");
        line++;
        n -= 2;
    }
    if (n > UINT32_MAX) return hr_fail(HRNET_ERR_LIMIT, "pickle: expected a shorter string, found %zu bytes", n);
    return hr_machine_push_value(m, (hr_value){.kind = HR_PICKLE_TEXT, .n = (uint32_t)n, .as.text = line});
}
