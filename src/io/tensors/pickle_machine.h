/*
 * pickle_machine.h - the state of a pickle being read: a stack of values, marks that divide it, a memo. Shared by
 * pickle.c, which has the operations for containers, objects and the memo, and pickle_machine.c, which has the rest.
 */
#ifndef HR_IO_TENSORS_PICKLE_MACHINE_H
#define HR_IO_TENSORS_PICKLE_MACHINE_H

#include "io/tensors/pickle.h"

enum { HR_MAX_VALUES = 1 << 24 };

typedef struct hr_machine {
    hr_pickle *tree;
    hr_cursor *in;
    size_t operation_at; /* where the present operation starts, for messages */
    hr_ref *stack;
    size_t n_stack, stack_capacity;
    size_t *marks; /* heights of the stack */
    size_t n_marks, mark_capacity;
    hr_ref *memo; /* 0: unset */
    size_t n_memo, memo_capacity;
} hr_machine;

/* One operation. n: the width of its operand in bytes, or another small parameter from pickle.c's table. */
typedef hrnet_status hr_operation(hr_machine *m, unsigned n);

/* HRNET_ERR_FORMAT at the present operation; when the data ended inside it, the message says that instead of what. */
hrnet_status hr_machine_broken(const hr_machine *m, const char *what);

/* A new value of the tree; and one pushed at once. */
hrnet_status hr_machine_new(hr_machine *m, hr_value value, hr_ref *out);
hrnet_status hr_machine_push_value(hr_machine *m, hr_value value);
hrnet_status hr_machine_push(hr_machine *m, hr_ref ref);
/* Neither reaches below the innermost mark. */
hrnet_status hr_machine_pop(hr_machine *m, hr_ref *out);
hrnet_status hr_machine_top(hr_machine *m, hr_ref *out);
/* Height below which values belong to an open mark. */
size_t hr_machine_floor(const hr_machine *m);
/* Close the innermost mark; *out is the height of the stack where it stood. */
hrnet_status hr_machine_pop_mark(hr_machine *m, size_t *out);
/* Move what stands on the stack from height `from` up into a container; into a new one that is then pushed. */
hrnet_status hr_machine_append_from(hr_machine *m, hr_ref container, size_t from);
hrnet_status hr_machine_push_container(hr_machine *m, hr_pickle_kind kind, size_t from);

/* Operations for plain values. */
hr_operation hr_on_none, hr_on_bool, hr_on_int, hr_on_long, hr_on_float, hr_on_number_line, hr_on_text, hr_on_bytes,
    hr_on_text_line;

#endif
