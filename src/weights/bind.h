/*
 * bind.h - the values of a network's parameters: from a checkpoint, whose tensors are matched with the parameters by
 * official name and shape, or the initial values of an untrained network. Both are given as a hr_weights
 * (graph/weights.h), from which one parameter after the other is read.
 *
 *   HR_TRY(hr_bind(&binding, &graph, &tensors, &layout, &options));
 *   hr_weights weights = hr_bound(&binding);          // reads from the file
 *
 * Everything that does not match is reported by name: nothing is left out silently.
 */
#ifndef HR_WEIGHTS_BIND_H
#define HR_WEIGHTS_BIND_H

#include "graph/weights.h"
#include "config/config.h"
#include "weights/naming.h"

typedef struct hr_bind_options {
    const char *path;  /* of the checkpoint, for messages */
    int allow_missing; /* 1: parameters that are missing or have another shape or type keep their initial values, and
                          tensors inside the network that no parameter asks for are told and left */
    const hr_model_config
        *pretrained;              /* not NULL: take only the tensors that its PRETRAINED_LAYERS names, as upstream's
                                     init_weights does; the other parameters keep their initial values */
    hrnet_message_fn *on_message; /* gets the report line by line; NULL: none */
    void *context;
    uint64_t seed; /* of the initial values */
} hr_bind_options;

/* Which tensor each parameter is read from. */
typedef struct hr_binding {
    const hr_tensors *tensors; /* not owned */
    const hr_named **items;    /* [n_params] owned, the items are the layout's; NULL: the initial value */
    uint64_t seed;
} hr_binding;

/* Match every parameter of the graph with a tensor of the layout; tensors and layout must outlive the binding.
 * num_batches_tracked may be missing. HRNET_ERR_MISMATCH, with counts and the first names, if any other parameter is
 * missing, has another shape or is not of floating numbers, or if a tensor inside the network (HR_INSIDE) has no
 * parameter, and the options do not allow it; or if no tensor matches at all. What changes numbers (tensors beside the
 * network, a choice among networks, initial values) is a line that begins with "warning: ". Free with hr_binding_free.
 */
hrnet_status hr_bind(hr_binding *out, const hr_graph *graph, const hr_tensors *tensors, const hr_layout *layout,
                     const hr_bind_options *options);
/* Harmless on a zeroed binding. */
void hr_binding_free(hr_binding *binding);

/* The values of a bound graph. The binding must outlive the result. Reading fails with HRNET_ERR_FORMAT, naming file
 * and parameter, for NaN, infinite numbers and negative variances. */
hr_weights hr_bound(const hr_binding *binding);

/* Write the initial value of a parameter to out [n_elements]: hr_param.start and .spread, which are those of upstream's
 * init_weights (weights of convolutions and transposed ones are normal with standard deviation 0.001, biases 0, batch
 * norms have weight 1, bias 0, mean 0 and variance 1) unless the builder says otherwise. Each number is a function of
 * (seed, parameter name, index), so that a seed gives the same network on any machine and in any order of reading. */
void hr_initial_value(uint64_t seed, const hr_param *param, float *out);

/* The initial values of a whole network. *seed must outlive the result. */
hr_weights hr_initial_weights(const uint64_t *seed);

#endif
