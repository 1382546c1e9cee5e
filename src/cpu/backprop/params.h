/*
 * params.h - all parameters of a network as one flat block of floats, in the layout that training works in. Gradients,
 * optimiser moments and averages are blocks of the same layout.
 *
 *   convolution         [kh][kw][ic][oc rounded up to HR_STRIP]    (published: [oc][ic][kh][kw])
 *   transposed          [kh][kw][ic][oc rounded up]                (published: [ic][oc][kh][kw])
 *   bias, norms         [c rounded up];  num_batches_tracked [1 rounded up]
 *
 * The padding lanes are zero in every block, and stay zero because their gradients are. What learns comes first, in the
 * order of the graph's parameters; running statistics and counts follow behind n_trainable.
 */
#ifndef HR_CPU_BACKPROP_PARAMS_H
#define HR_CPU_BACKPROP_PARAMS_H

#include "cpu/kern/kern.h"
#include "graph/weights.h"

typedef struct hr_params {
    const hr_graph *graph; /* as built; must outlive this */
    size_t *at;            /* [graph->n_params]: first float of each, a multiple of HR_STRIP */
    size_t n_trainable;    /* floats that learn, padding included */
    size_t n_floats;       /* of the whole block */
} hr_params;

hrnet_status hr_params_init(hr_params *out, const hr_graph *graph);
void hr_params_free(hr_params *params);

/* Floats of parameter `index` in a block, padding included. */
size_t hr_params_size(const hr_params *params, int index);

/* One parameter between a block and the published layout [param->n_elements]; set zeroes the padding. */
void hr_params_get(const hr_params *params, const float *block, int index, float *out);
void hr_params_set(const hr_params *params, float *block, int index, const float *in);

/* Fill a block from a source of published parameters. */
hrnet_status hr_params_read(const hr_params *params, float *block, const hr_weights *from);

/* A block as a source of published parameters; both must outlive it. */
typedef struct hr_params_block {
    const hr_params *params;
    const float *block;
} hr_params_block;
hr_weights hr_params_weights(const hr_params_block *block);

#endif
