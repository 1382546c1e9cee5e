/*
 * roots.h - where networks stand in a file of tensors. Wrappers and programs put prefixes of any kind before a
 * network's own names, so no list of prefixes is kept: the network's names are looked for, and what stands before them
 * is the prefix.
 *
 *   state_dict/_orig_mod.module.stage2.0.branches.0.0.conv1.weight
 *              ^ prefix         ^ a name that only an HRNet's body has
 *
 * The tensors of one prefix in one scope are a root. A body has a root, and so has a head (final_layer, deconv_layers):
 * the same one in upstream's files, a sibling in mmpose's ("backbone." and "keypoint_head."). A head belongs to the
 * body with which it shares the longest path. A detector's own names begin with "backbone.", "neck." and "head.", so
 * that all of them have one prefix.
 */
#ifndef HR_WEIGHTS_ROOTS_H
#define HR_WEIGHTS_ROOTS_H

#include "io/tensors/tensors.h"

/* What the start of a name shows. */
typedef enum hr_part {
    HR_PART_NONE,
    HR_PART_STAGE, /* "stage2.0.branches.", "stage2.0.fuse_layers.", "transition1.0.": an HRNet's body */
    HR_PART_LAYER, /* "layer1.0.conv1.": a ResNet's body, and the first part of an HRNet's */
    HR_PART_CSP,   /* "backbone.backbone.dark2.0.", "backbone.stage1.0.conv.", "neck.reduce_layers.0.": the backbone and
                      the neck of YOLOX and RTMDet */
    HR_PART_FINAL, /* "final_layer.": the convolution that makes heatmaps */
    HR_PART_NECK,  /* "deconv_layers.0.", "conv_layers.0.": a head's other layers */
    HR_PART_BOXES, /* "head.stems.0.", "bbox_head.rtm_cls.0.": a detector's head */
    HR_N_PARTS
} hr_part;

/* What a name shows that begins with one of the network's own names. */
hr_part hr_part_at(const char *name);

typedef struct hr_root {
    char *path;                   /* scope and prefix: "state_dict/module.", "" for the file's root. Owned */
    const char *scope;            /* of the hr_tensors */
    size_t n_prefix;              /* bytes of the prefix within names of that scope */
    size_t n_tensors[HR_N_PARTS]; /* by part */
    uint64_t content;             /* the same for bodies that are views of the same storages */
    int mate;                     /* of a body: the head that belongs to it, -1: none; of a head: its body, -1: none */
} hr_root;

/* At most this many networks, and as many heads, in one file. */
enum { HR_MAX_ROOTS = 256 };

typedef struct hr_roots {
    hr_root *bodies, *heads; /* in the file's order. Owned */
    int n_bodies, n_heads;
} hr_roots;

/* Find all roots of a file. HRNET_ERR_LIMIT for more than HR_MAX_ROOTS. Free with hr_roots_free. */
hrnet_status hr_roots_find(hr_roots *out, const hr_tensors *tensors);
/* Harmless on a zeroed hr_roots. */
void hr_roots_free(hr_roots *roots);

/* How much of a network the body with its heads is: 3 a whole pose network or detector, 2 one without final layer or
 * predictors (or an HRNet's body, which another network may have, too), 1 a ResNet with a final layer and no
 * deconvolutions, 0 a ResNet's body. */
int hr_roots_rank(const hr_roots *roots, int body);

/* Whether a tensor's name is below a root. */
int hr_root_holds(const hr_root *root, const hr_tensor *tensor);

/* Whether a head ends in what a network is for: heatmaps or boxes. */
int hr_root_is_whole(const hr_root *head);

/* How well a key names a path: 3 it is the path, 2 its beginning, 1 a part in between, 0 not at all; whole components
 * only ("teacher" names "state_dict/teacher.backbone."). "." names the file's root. */
int hr_path_match(const char *path, const char *key);

#endif
