/*
 * pickle_machine.h - the state of a pickle while it is read. A pickle is a program for a stack machine: opcodes push
 * values, put a mark on the stack, collect what stands above the mark into a container, and store and fetch values in a
 * numbered memo. (1, "a") is  MARK  BININT1 1  SHORT_BINUNICODE "a"  TUPLE.
 *
 * pickle.c has the loop and the opcodes for containers, objects, stack and memo; pickle_machine.c has the stack itself
 * and the opcodes for numbers and text.
 */
#ifndef HR_IO_TENSORS_PICKLE_MACHINE_H
#define HR_IO_TENSORS_PICKLE_MACHINE_H

#include "io/tensors/pickle.h"

enum { HR_MAX_VALUES = 1 << 24 };

/* Invariant: marks are heights of the stack, in rising order, and none is above n_stack. */
typedef struct hr_machine {
    hr_pickle *tree; /* the values so far */
    hr_cursor *in;
    size_t operation_at; /* offset of the current opcode, for messages */
    hr_ref *stack;
    size_t n_stack, stack_capacity;
    size_t *marks;
    size_t n_marks, mark_capacity;
    hr_ref *memo; /* 0: not stored */
    size_t n_memo, memo_capacity;
} hr_machine;

/* One opcode's function. n: the width of its operand in bytes, or another parameter from the table in pickle.c. */
typedef hrnet_status hr_operation(hr_machine *m, unsigned n);

/* Fail with HRNET_ERR_FORMAT at the current opcode. The message says `what`, or that the data ends inside the opcode if
 * the cursor has failed. */
hrnet_status hr_machine_broken(const hr_machine *m, const char *what);

/* Add a value to the tree; add it and push it; push one that exists. */
hrnet_status hr_machine_new(hr_machine *m, hr_value value, hr_ref *out);
hrnet_status hr_machine_push_value(hr_machine *m, hr_value value);
hrnet_status hr_machine_push(hr_machine *m, hr_ref ref);
/* Take, or look at, the topmost value. HRNET_ERR_FORMAT if there is none above the innermost mark. */
hrnet_status hr_machine_pop(hr_machine *m, hr_ref *out);
hrnet_status hr_machine_top(hr_machine *m, hr_ref *out);
/* The height of the innermost mark: values below it cannot be taken. 0 without a mark. */
size_t hr_machine_floor(const hr_machine *m);
/* Remove the innermost mark and return its height. */
hrnet_status hr_machine_pop_mark(hr_machine *m, size_t *out);
/* Move the values from height `from` up to the end of a container's items; or into a new container, which is pushed. */
hrnet_status hr_machine_append_from(hr_machine *m, hr_ref container, size_t from);
hrnet_status hr_machine_push_container(hr_machine *m, hr_pickle_kind kind, size_t from);

/* The opcodes for numbers and text; each pushes one value. */
hr_operation hr_on_none, hr_on_bool, hr_on_int, hr_on_long, hr_on_float, hr_on_number_line, hr_on_text, hr_on_bytes,
    hr_on_text_line;

#endif
