/*
 * naming.h - the official names of a checkpoint's tensors. Programs store the same network under different names: with
 * prefixes of wrappers, inside dictionaries, beside optimizer states and other networks. A layout says which tensors
 * belong to the network and what upstream's code calls them. It depends on names and scopes only; shapes are looked at
 * by infer.c and bind.c.
 *
 * A file may hold several networks (roots.h). Without a key the layout takes, in this order: a whole pose network
 * before a body; the scope "state_dict", "" (the root), "model", "best_state_dict", then any other; the first in the
 * file. Reasons: upstream's checkpoint.pth has the same weights in state_dict and best_state_dict; mmengine exchanges
 * state_dict and ema_state_dict before saving, so that state_dict is the moving average, which is what should be used.
 */
#ifndef HR_WEIGHTS_NAMING_H
#define HR_WEIGHTS_NAMING_H

#include "io/tensors/tensors.h"
#include "weights/roots.h"

/* Where a tensor of the chosen scopes stands. */
typedef enum hr_standing {
    HR_OUTSIDE, /* under a prefix that is not the network's. It has no official name and is not found */
    HR_BESIDE,  /* under the network's prefix, but under no name of the network's modules: another head, for example */
    HR_INSIDE   /* under a name of the network's modules. A network without this tensor is another network */
} hr_standing;

/* One tensor of the chosen scopes. */
typedef struct hr_named {
    const hr_tensor *tensor; /* in the hr_tensors that was read */
    char *name;              /* the official name, "conv1.weight"; the file's own if no rule applies */
    char *found;             /* scope and name in the file: "state_dict/module.conv1.weight" */
    const char *ignored;     /* why no pose network uses it ("ImageNet classifier"); NULL: one may */
    hr_standing standing;
} hr_named;

typedef struct hr_layout {
    const char *name;          /* the producer, as hrnet_checkpoint_layout returns it. Static */
    const hr_tensors *tensors; /* that were read */
    const char *scope;         /* the scope of the network's body, a string of the hr_tensors that was read */
    char *choice; /* "state_dict/model, ema/model": the networks of which the first was taken, by order only; "" or NULL
                     for one */
    char *others; /* the other scopes: "best_state_dict (300 tensors), optimizer (600 tensors)", or "" */
    hr_named *items; /* the tensors of the scopes of body and head, in the file's order */
    size_t n_items;
    size_t *sorted; /* indices of the items that are neither ignored nor outside, sorted by official name */
    size_t n_sorted;
    int is_detector; /* the network has the head of a detector */
} hr_layout;

/* Find the layout of a file, which must outlive it. key NULL: by the order above; else only networks whose path the key
 * names (hr_path_match), HRNET_ERR_MISMATCH with a list of all if there is none. HRNET_ERR_MISMATCH if there are no
 * tensors, HRNET_ERR_FORMAT if two of the network have the same official name. Free with hr_layout_free. */
hrnet_status hr_layout_read(hr_layout *out, const hr_tensors *tensors, const char *key);

/* The item with that official name, or NULL. Ignored items and those outside are not found. */
const hr_named *hr_layout_find(const hr_layout *layout, const char *name);

/* Whether the checkpoint comes from mmpose. */
int hr_layout_is_mmpose(const hr_layout *layout);

/* Harmless on a zeroed layout. */
void hr_layout_free(hr_layout *layout);

#endif
