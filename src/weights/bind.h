/*
 * bind.h - which tensor of a checkpoint gives which parameter of a network, and the report of everything that does not
 * fit. Nothing is passed over in silence.
 */
#ifndef HR_WEIGHTS_BIND_H
#define HR_WEIGHTS_BIND_H

#include "graph/weights.h"
#include "config/config.h"
#include "weights/naming.h"

typedef struct hr_bind_options {
    const char *path;  /* of the checkpoint, for messages */
    int allow_missing; /* 1: parameters that are missing or have another shape keep their initial values */
    const hr_model_config *pretrained; /* not NULL: take only what PRETRAINED_LAYERS names, as init_weights does */
    hrnet_message_fn *on_message;      /* the report, line by line; NULL: none */
    void *context;
    uint64_t seed; /* of initial values */
} hr_bind_options;

typedef struct hr_binding {
    const hr_tensors *tensors;
    const hr_named **items; /* [n_params] NULL: initial value */
    uint64_t seed;
} hr_binding;

/* Match graph's parameters with the layout's tensors, both of which must outlive the binding. num_batches_tracked may
 * be absent. Otherwise HRNET_ERR_MISMATCH, with counts and the first names, when parameters are missing or have another
 * shape, unless the options allow that. */
hrnet_status hr_bind(hr_binding *out, const hr_graph *graph, const hr_tensors *tensors, const hr_layout *layout,
                     const hr_bind_options *options);
void hr_binding_free(hr_binding *binding);

/* The bound tensors as a source of the bound graph's parameters. */
hr_weights hr_bound(const hr_binding *binding);

#endif
