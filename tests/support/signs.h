/*
 * signs.h - a float network and the double oracle on the same side of every ReLU. A ReLU whose input rounds to the
 * other side of zero makes gradients differ by a percent, and is nobody's mistake: PyTorch's own float32 does so in
 * most runs.
 */
#ifndef TESTS_TRAIN_SIGNS_H
#define TESTS_TRAIN_SIGNS_H

#include "cpu/backprop/backprop.h"
#include "graph/reference_backward.h"

/* After a forward pass of n pictures through both (the network without recompute): let the oracle's backward pass use
 * the signs that the network found. Fails unless they differ only where the oracle's value is within `near` times the
 * largest of its layer. Returns how many differ. */
int match_signs(const hr_backprop *net, hr_reference_backward *oracle, const hr_graph *graph, int n, double near);

#endif
