/* kern_tests.h - the parts of test_kern: one file a family of kernels, and the bench over all of them. */
#ifndef TESTS_KERN_TESTS_H
#define TESTS_KERN_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/guard.h"
#include "cpu/kern/kern.h"

/* The tables that this processor can run, the scalar one last. */
extern const hr_kern *tables[8];
extern int n_tables;

#define UNIT 0x1p-24 /* u: a rounding changes a float by at most this part of it */

void gemm_sums(void **state);
void gemm_same_bits(void **state);
void gemm_batch_sums(void **state);
void gemm_transposed_sums(void **state);
void winograd_matrix(void **state);
void winograd_transforms(void **state);
void winograd_fused(void **state);
void winograd_tiles(void **state);
void depthwise_rows(void **state);
void depthwise_gradient_rows(void **state);
void activate_values(void **state);
void activate_special(void **state);
void activation_gradient_values(void **state);
void activation_gradient_special(void **state);
void combine_sums(void **state);
void combine_rows(void **state);
void combine_folds(void **state);
void combine_gates(void **state);

/* Time every slot of every table and print it. */
void bench(void);

#endif
