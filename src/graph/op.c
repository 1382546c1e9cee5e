/* op.c - the table, and what all operators share. */
#include "graph/op.h"

static void keep(const hr_reference *r)
{
    (void)r; /* the driver has filled the input, and nothing follows from its gradient */
}

static const hr_op_type hr_op_input = {.name = "input", .n_inputs = 0, .forward = keep, .backward = keep};

const hr_op_type *hr_op_type_of(hr_op op)
{
    static const hr_op_type *const types[HR_N_OPS] = {
        [HR_OP_INPUT] = &hr_op_input,
        [HR_OP_CONV] = &hr_op_conv,
        [HR_OP_DECONV] = &hr_op_deconv,
        [HR_OP_NORM] = &hr_op_norm,
        [HR_OP_ACTIVATION] = &hr_op_activation,
        [HR_OP_SUM] = &hr_op_sum,
        [HR_OP_UPSAMPLE] = &hr_op_upsample,
        [HR_OP_MAXPOOL] = &hr_op_maxpool,
        [HR_OP_CONCAT] = &hr_op_concat,
        [HR_OP_SLICE] = &hr_op_slice,
        [HR_OP_SPACE_TO_DEPTH] = &hr_op_space_to_depth,
        [HR_OP_AVERAGE] = &hr_op_average,
        [HR_OP_SCALE] = &hr_op_scale,
    };
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
