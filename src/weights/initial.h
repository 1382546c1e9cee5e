/* initial.h - the values a network starts from when no checkpoint gives them. */
#ifndef HR_WEIGHTS_INITIAL_H
#define HR_WEIGHTS_INITIAL_H

#include "graph/weights.h"

/*
 * Upstream's init_weights: convolutions and transposed convolutions N(0, 0.001), biases 0, batch norms 1 and 0 with
 * running mean 0 and variance 1. Each number is a function of (seed, parameter name, index), so the same seed gives the
 * same network on any machine, whole or in parts.
 */
void hr_initial_value(uint64_t seed, const hr_param *param, float *out);

/* The same as a source of weights; seed must outlive it. */
hr_weights hr_initial_weights(const uint64_t *seed);

#endif
