/*
 * naming.h - whose naming a checkpoint has, and what its tensors are called officially. It knows names and scopes; it
 * never looks at shapes (infer.h) nor at elements.
 *
 * One scope of the file holds the network. Of several the first of these is taken: "state_dict", "" (flat), "model",
 * "best_state_dict", then any other. Upstream's checkpoint.pth writes the same weights into state_dict and
 * best_state_dict; mmengine has exchanged state_dict and ema_state_dict before saving, so state_dict is the average.
 */
#ifndef HR_WEIGHTS_NAMING_H
#define HR_WEIGHTS_NAMING_H

#include "io/tensors/tensors.h"

typedef struct hr_named {
    const hr_tensor *tensor; /* in the hr_tensors that was read */
    char *name;              /* the official name, or the file's own where no rule applies */
    char *found;             /* scope and name as in the file: "state_dict/module.conv1.weight" */
    const char *ignored;     /* why no pose network wants it ("ImageNet classifier"); NULL: it may belong to one */
} hr_named;

typedef struct hr_layout {
    const char *name;  /* what hrnet_checkpoint_layout says */
    const char *scope; /* the one taken, of the hr_tensors that was read */
    char *others;      /* what else the file holds: "best_state_dict (300 tensors), optimizer (600 tensors)", or "" */
    hr_named *items;   /* the tensors of that scope, in the file's order */
    size_t n_items;
    size_t *sorted; /* indices of the items that are not ignored, by name */
    size_t n_sorted;
} hr_layout;

/* Read the layout of tensors, which must outlive it. Tensors of the network that share one official name are
 * HRNET_ERR_FORMAT; a file with no tensors at all is HRNET_ERR_MISMATCH. */
hrnet_status hr_layout_read(hr_layout *out, const hr_tensors *tensors);

/* The item of that official name that is not ignored, or NULL. */
const hr_named *hr_layout_find(const hr_layout *layout, const char *name);

/* 1 when the checkpoint comes from mmpose. */
int hr_layout_is_mmpose(const hr_layout *layout);

void hr_layout_free(hr_layout *layout);

#endif
