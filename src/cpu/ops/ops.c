/* ops.c - the table of the operators' CPU forms. */
#include "cpu/ops/ops.h"

const hr_cpu_op *hr_cpu_op_of(hr_op op)
{
#define ROW_OTHER(NAME, name)     [HR_OP_##NAME] = NULL,
#define ROW_ROWS(NAME, name)      [HR_OP_##NAME] = &hr_cpu_##name,
#define CPU_ROW(NAME, name, FORM) ROW_##FORM(NAME, name)
    static const hr_cpu_op *const ops[HR_N_OPS] = {HR_OPERATORS(CPU_ROW)};
#undef CPU_ROW
#undef ROW_ROWS
#undef ROW_OTHER
    return ops[op];
}
