/* ops.c - the table of the operators' CPU forms. */
#include "cpu/ops/ops.h"

const hr_cpu_op *hr_cpu_op_of(hr_op op)
{
    static const hr_cpu_op *const ops[HR_N_OPS] = {
        [HR_OP_ACTIVATION] = &hr_cpu_activation,
        [HR_OP_SUM] = &hr_cpu_sum,
        [HR_OP_UPSAMPLE] = &hr_cpu_upsample,
        [HR_OP_MAXPOOL] = &hr_cpu_maxpool,
        [HR_OP_CONCAT] = &hr_cpu_concat,
        [HR_OP_SLICE] = &hr_cpu_slice,
        [HR_OP_SPACE_TO_DEPTH] = &hr_cpu_space_to_depth,
        [HR_OP_AVERAGE] = &hr_cpu_average,
        [HR_OP_SCALE] = &hr_cpu_scale,
    };
    return ops[op];
}
