/* op.c - the table, and what all operators share. */
#include "graph/op.h"

static void keep(const hr_reference *r)
{
    (void)r; /* the driver has filled the input, and nothing follows from its gradient */
}

const hr_op_type hr_op_input = {.name = "input", .forward = keep, .backward = keep};

const hr_op_type *hr_op_type_of(hr_op op)
{
#define OP_ROW(NAME, name, FORM) [HR_OP_##NAME] = &hr_op_##name,
    static const hr_op_type *const types[HR_N_OPS] = {HR_OPERATORS(OP_ROW)};
#undef OP_ROW
    return types[op];
}

size_t hr_doubles_count(const hr_doubles *tensor)
{
    return (size_t)tensor->n * (size_t)tensor->c * (size_t)tensor->h * (size_t)tensor->w;
}

double *hr_doubles_plane(const hr_doubles *t, int image, int channel)
{
    return t->data + ((size_t)image * (size_t)t->c + (size_t)channel) * (size_t)t->h * (size_t)t->w;
}
