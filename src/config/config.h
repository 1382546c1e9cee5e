/*
 * config.h - an experiment in the published YAML schema (upstream's lib/config/default.py): a struct with a member for
 * every key; reading it from YAML, overrides and the names of published experiments; checking it. The public functions
 * hrnet_config_load, _get, _dump and _free (<hrnet.h>) are defined here.
 *
 *   hr_config_defaults(&config);
 *   HR_TRY(hr_config_parse(&config, yaml, n_bytes, "experiment.yaml", on_message, context));
 *   HR_TRY(hr_config_set(&config, "MODEL.IMAGE_SIZE", "[192, 256]", on_message, context));
 *   HR_TRY(hr_config_check(&config));
 *
 * What a key does is documented where it is used. Keys that upstream's code never reads are accepted with a message
 * that they do nothing.
 */
#ifndef HR_CONFIG_CONFIG_H
#define HR_CONFIG_CONFIG_H

#include "base/status.h"

enum {
    HR_MAX_BRANCHES = 8,
    HR_MAX_DECONVS = 8,
    HR_MAX_STEPS = 64,
    HR_MAX_GPUS = 64,
    HR_MAX_NAMES = 64,
    HR_MAX_SETS = 8,
    HR_MAX_STRING = 1024
};

typedef enum hr_block { HR_BLOCK_BASIC, HR_BLOCK_BOTTLENECK } hr_block;

/* The networks by MODEL.NAME, as bits of hr_key.families. */
typedef enum hr_family {
    HR_POSE_HRNET = 1,
    HR_POSE_RESNET = 2,
    HR_DETECT_HRNET = 4,
    HR_YOLOX = 8,
    HR_RTMDET = 16,
    HR_DETECTORS = HR_DETECT_HRNET | HR_YOLOX | HR_RTMDET
} hr_family;

/* 0 for a name that no network has. */
hr_family hr_family_of(const char *name);

/* One stage of pose_hrnet: MODEL.EXTRA.STAGE2..4. */
typedef struct hr_stage {
    int n_modules, n_branches;
    hr_block block;
    int n_blocks[HR_MAX_BRANCHES];   /* NUM_BLOCKS: residual blocks of each branch */
    int n_channels[HR_MAX_BRANCHES]; /* NUM_CHANNELS: before the block's expansion (x 4 for BOTTLENECK) */
    char fuse_method[16];
} hr_stage;

/* MODEL. */
typedef struct hr_model_config {
    char name[64]; /* "pose_hrnet", "pose_resnet", "detect_hrnet", "yolox", "rtmdet" */
    int init_weights;
    char pretrained[HR_MAX_STRING];
    int n_joints;
    int tag_per_joint;
    char target_type[64];
    int image_size[2], heatmap_size[2]; /* width, height */
    int sigma;                          /* of the target's Gaussians, in heatmap cells */
    /* EXTRA */
    int n_pretrained_layers;
    char pretrained_layers[HR_MAX_NAMES][64]; /* the modules that take PRETRAINED's weights; "*": all */
    int final_conv_kernel;                    /* 1 or 3 */
    hr_stage stages[3];                       /* STAGE2, STAGE3, STAGE4 */
    int n_layers;                             /* NUM_LAYERS: 18 34 50 101 152 */
    int deconv_with_bias, n_deconvs;
    int deconv_filters[HR_MAX_DECONVS], deconv_kernels[HR_MAX_DECONVS];
    /* Detectors; n_classes is MODEL.NUM_CLASSES */
    int n_classes, head_channels;
    int layer1_blocks;             /* detect_hrnet: bottlenecks of layer1 */
    int stem_channels, depthwise;  /* yolox, rtmdet: channels behind the stem; depthwise-separable convolutions */
    int n_csp_blocks[4];           /* NUM_BLOCKS: of the backbone's four stages */
    int neck_blocks;               /* of each CSP layer of the neck */
    int share_head, exp_distances; /* rtmdet: the levels share the head's convolutions; distances are exponents */
} hr_model_config;

/* A further training set: an entry of DATASET.MORE_SETS. Keypoints are matched by name with those of the first set. */
typedef struct hr_set_config {
    char root[HR_MAX_STRING], dataset[64], train_set[256], data_format[16]; /* as DATASET's */
    char exclude[HR_MAX_STRING];
    double weight;                       /* examples per epoch = weight * persons of the set, others in each epoch */
    int n_keypoints;                     /* pairs below; 0: keypoints of the same name are matched */
    char keypoints[HR_MAX_NAMES][2][64]; /* name in this set, name in the first set */
} hr_set_config;

/* DATASET. */
typedef struct hr_dataset_config {
    char root[HR_MAX_STRING], dataset[64], train_set[256], test_set[256], data_format[16], hybrid_joints_type[64];
    int select_data, flip, color_rgb;
    double scale_factor, rot_factor, prob_half_body;
    int num_joints_half_body;
    /* Not in the published schema, off by default: */
    double color_jitter, coarse_dropout, box_jitter; /* probabilities of these augmentations: batches/augment.h */
    double mosaic, aspect_jitter;                    /* of a detector's pictures: batches/place.h */
    int picture_size;                                /* px of their long side before that; 0: the network's input */
    char exclude[HR_MAX_STRING];                     /* a file of annotation ids, one a line, that are not trained on */
    double valid_part; /* above 0: TRAIN_SET is divided by picture, this part of it validates instead of TEST_SET */
    int n_more_sets;
    hr_set_config more_sets[HR_MAX_SETS];
} hr_dataset_config;

/* LOSS. */
typedef struct hr_loss_config {
    int use_ohkm, topk, use_target_weight, use_different_joints_weight;
    int use_l1; /* of a detector: train/box_loss.h */
} hr_loss_config;

/* TRAIN. */
typedef struct hr_train_config {
    double lr, lr_factor, wd, momentum, gamma1, gamma2;
    int n_lr_steps, lr_steps[HR_MAX_STEPS];
    char optimizer[32];
    int nesterov, begin_epoch, end_epoch, resume, batch_size_per_gpu, shuffle;
    char checkpoint[HR_MAX_STRING];
    /* Not in the published schema, off by default: */
    char schedule[16], init[HR_MAX_STRING];
    int warmup_steps, accumulate, seed;
    double ema, clip_grad, save_minutes;
    int n_freeze;
    char freeze[HR_MAX_NAMES][64]; /* names or patterns of what does not learn: train/freeze.h */
    int patience;                  /* validations without improvement that end the run; 0: none do */
} hr_train_config;

/* TEST. */
typedef struct hr_test_config {
    int batch_size_per_gpu, flip_test, post_process, shift_heatmap, use_gt_bbox, soft_nms;
    double image_thre, nms_thre, bbox_thre, oks_thre, in_vis_thre;
    char coco_bbox_file[HR_MAX_STRING], model_file[HR_MAX_STRING];
} hr_test_config;

/* DEBUG. */
typedef struct hr_debug_config {
    int debug, save_batch_images_gt, save_batch_images_pred, save_heatmaps_gt, save_heatmaps_pred;
} hr_debug_config;

/* The whole experiment. A plain struct without pointers: copy it with '=', compare its members as memory. */
struct hrnet_config {
    char source[HR_MAX_STRING]; /* where it came from, for messages: a path, "coco/hrnet/w32_...", "defaults" */
    char output_dir[HR_MAX_STRING], log_dir[HR_MAX_STRING], data_dir[HR_MAX_STRING];
    int n_gpus, gpus[HR_MAX_GPUS];
    int workers, print_freq, auto_resume, pin_memory, rank;
    struct {
        int benchmark, deterministic, enabled;
    } cudnn;
    hr_model_config model;
    hr_dataset_config dataset;
    hr_loss_config loss;
    hr_train_config train;
    hr_test_config test;
    hr_debug_config debug;
    int assumes_flip_test; /* no key: TEST.FLIP_TEST is on because that is published practice, and nobody said so */
};

typedef struct hrnet_config hr_config;

/* Set every key to its published default. */
void hr_config_defaults(hr_config *config);

/* The functions below change the keys that the text names and keep the others. on_message (may be NULL) gets a line for
 * every key that is set but does nothing. A wrong key or value is HRNET_ERR_CONFIG with "FILE:LINE: KEY: expected X,
 * found Y"; broken YAML is HRNET_ERR_FORMAT, HRNET_ERR_UNSUPPORTED or HRNET_ERR_LIMIT. After a failure *config is
 * partly changed and of no use. */

/* Apply YAML text. name becomes config->source and begins the messages. */
hrnet_status hr_config_parse(hr_config *config, const void *yaml, size_t n_bytes, const char *name,
                             hrnet_message_fn *on_message, void *context);

/* Apply one KEY VALUE pair as given on the command line. A value in [] or {} is YAML, one in quotes is text, any other
 * is a single scalar whatever characters it has (a path with "#" or ": "). key may be a section ("MODEL.EXTRA.STAGE2")
 * with a value in {}. */
hrnet_status hr_config_set(hr_config *config, const char *key, const char *value, hrnet_message_fn *on_message,
                           void *context);

/* Apply a NULL-terminated list "KEY", "VALUE", "KEY", "VALUE", ... NULL: no overrides. */
hrnet_status hr_config_override(hr_config *config, const char *const *overrides, hrnet_message_fn *on_message,
                                void *context);

/* Check that the keys together describe a network that can be built: branch counts that do not shrink, image sizes that
 * the network's deepest stride divides, the heatmap size that follows from the image size, weights within the limits.
 * HRNET_ERR_CONFIG (or HRNET_ERR_LIMIT) names the key. */
hrnet_status hr_config_check(const hr_config *config);

/* How the heatmaps encode keypoints, under the name that checkpoints store: "msra" for TARGET_TYPE gaussian, "dark" or
 * "udp". Static. */
const char *hr_codec_of(const hr_config *config);

/* 1: the network finds boxes, 0: keypoints. */
int hr_config_detects(const hr_config *config);

/* The published experiments, compiled in from configs/ by scripts/embed.sh: the YAML text of each, and its name, such
 * as "coco/hrnet/w32_256x192_adam_lr1e-3". The list of names ends with NULL. */
extern const char *const hr_builtin_names[];
extern const char *const hr_builtin_texts[];

#endif
