/*
 * model.h - the inside of hrnet_model and hrnet_session: where configuration, weights and a backend meet.
 */
#ifndef HR_SESSION_MODEL_H
#define HR_SESSION_MODEL_H

#include "base/pool.h"
#include "base/text.h"
#include "config/config.h"
#include "graph/backend.h"
#include "io/tensors/tensors.h"
#include "pose/crop.h"

/* A skeleton read from a file, or a copy; everything hangs on the struct's own memory. */
typedef struct hr_owned_skeleton {
    hrnet_skeleton skeleton;
    char *name, **names;
    int (*flip_pairs)[2], (*links)[2];
    float *sigmas;
} hr_owned_skeleton;

/* Where to look for the skeleton of a network; each may be NULL. */
typedef struct hr_skeleton_sources {
    const hrnet_skeleton *given; /* the caller's */
    const hr_tensors *tensors;   /* metadata: "hrnet.keypoints", "hrnet.flip_pairs", "hrnet.skeleton", "hrnet.sigmas",
                                    "hrnet.dataset" */
    const char *dataset;         /* DATASET.DATASET of a configuration that is known, not inferred */
    int n_joints;
    const char *path; /* for messages */
} hr_skeleton_sources;

/* A network's skeleton, checked, from the first source that has one; else COCO's for 17 joints and MPII's for 16, which
 * is a guess, and unnamed joints for any other number. *out may point into *owned, which hr_skeleton_free releases. */
hrnet_status hr_skeleton_read(const hrnet_skeleton **out, hrnet_skeleton_origin *origin, hr_owned_skeleton *owned,
                              const hr_skeleton_sources *from);
void hr_skeleton_free(hr_owned_skeleton *owned);

/* Append what is assumed about the joints ("COCO's names and flip pairs of 17 keypoints (a guess by their number)");
 * nothing if somebody named them. */
void hr_skeleton_guess_text(const hrnet_skeleton *skeleton, hrnet_skeleton_origin origin, hr_text *out);

/* The same as metadata to write, without flip pairs if they are unknown; values are freed with
 * hr_skeleton_entries_free. */
enum { HR_SKELETON_ENTRIES = 4 };
hrnet_status hr_skeleton_entries(const hrnet_skeleton *skeleton, hr_entry entries[HR_SKELETON_ENTRIES], size_t *n);
void hr_skeleton_entries_free(hr_entry *entries, size_t n);

struct hrnet_model {
    hr_config config;
    const hr_backend *backend;
    void *network; /* of the backend */
    hr_pixel_table pixels;
    hrnet_model_info info;
    char codec[16];
    const hrnet_skeleton *skeleton;
    hrnet_skeleton_origin skeleton_origin;
    hr_owned_skeleton owned_skeleton;
};

struct hrnet_session {
    const hrnet_model *model;
    hrnet_pool *pool;                                     /* a reference */
    void *runner;                                         /* of the model's backend */
    int input_width, input_height, map_width, map_height; /* the size it is planned for */
    float *maps, *mirrored; /* [n_slots][n_joints][map_height][map_width] each; empty for a detector, as scratch is */
    float *scratch;         /* [n_slots][scratch_floats] of the decoders */
    size_t map_floats, scratch_floats, n_slots; /* n_slots: the backend's max_batch at this size */
    uint64_t memory_limit;                      /* bytes of a plan, and of maps and scratch beside it */
    hr_warp warps[64];                          /* of the pass being filled */
};

/* HRNET_ERR_MISMATCH, naming what is asked for and what the model is, for a model with another task. */
hrnet_status hr_model_check_task(const hrnet_model *model, hrnet_task task);

/* A model whose parameters come from anywhere, trained for the heatmaps of `codec`. config must have passed
 * hr_config_check; skeleton must outlive the model; of a detector both are NULL. batch: see hrnet_model_options. Its
 * memory is not limited: it is the caller's own network. */
hrnet_status hr_model_create(hrnet_model **out, const hr_config *config, const hr_weights *weights, const char *codec,
                             const hrnet_skeleton *skeleton, int batch);

/* hrnet_model_load of a checkpoint that is open; options->config is NULL. */
hrnet_status hr_model_load_checkpoint(hrnet_model **out, const hrnet_checkpoint *checkpoint,
                                      const hrnet_model_options *options);

/* MODEL.PRETRAINED as upstream finds it: below DATA_DIR unless absolute. *out NULL when there is none to load, else to
 * be freed with hr_free. */
hrnet_status hr_model_pretrained_path(const hr_config *config, char **out);

#endif
