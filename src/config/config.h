/*
 * config.h - one experiment in the published YAML schema: every key, its published default, its type. Reading it from
 * YAML and overrides, writing it back. What a key does is told by the code that uses it; keys that do nothing upstream
 * are accepted and said to do nothing.
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

/* One stage of pose_hrnet: MODEL.EXTRA.STAGE2..4. */
typedef struct hr_stage {
    int n_modules, n_branches;
    hr_block block;
    int n_blocks[HR_MAX_BRANCHES];   /* NUM_BLOCKS: residual blocks a branch */
    int n_channels[HR_MAX_BRANCHES]; /* NUM_CHANNELS: before the block's expansion (x4 for BOTTLENECK) */
    char fuse_method[16];
} hr_stage;

typedef struct hr_model_config {
    char name[64]; /* "pose_hrnet", "pose_resnet" */
    int init_weights;
    char pretrained[HR_MAX_STRING];
    int n_joints;
    int tag_per_joint;
    char target_type[64];
    int image_size[2], heatmap_size[2]; /* width, height */
    int sigma;
    /* EXTRA */
    int n_pretrained_layers;
    char pretrained_layers[HR_MAX_NAMES][64]; /* "*" : all */
    int final_conv_kernel;                    /* 1 or 3 */
    hr_stage stages[3];                       /* STAGE2, STAGE3, STAGE4 */
    int n_layers;                             /* NUM_LAYERS: 18 34 50 101 152 */
    int deconv_with_bias, n_deconvs;
    int deconv_filters[HR_MAX_DECONVS], deconv_kernels[HR_MAX_DECONVS];
} hr_model_config;

/* A further training set: an entry of DATASET.MORE_SETS. Keypoints are matched by name with those of the first set. */
typedef struct hr_set_config {
    char root[HR_MAX_STRING], dataset[64], train_set[256], data_format[16]; /* as DATASET's */
    char exclude[HR_MAX_STRING];
    double weight;                       /* examples an epoch: this times its persons, others every epoch */
    int n_keypoints;                     /* 0: those of the same name */
    char keypoints[HR_MAX_NAMES][2][64]; /* their name, our name */
} hr_set_config;

typedef struct hr_dataset_config {
    char root[HR_MAX_STRING], dataset[64], train_set[256], test_set[256], data_format[16], hybrid_joints_type[64];
    int select_data, flip, color_rgb;
    double scale_factor, rot_factor, prob_half_body;
    int num_joints_half_body;
    /* Ours, off by default: */
    double color_jitter, coarse_dropout,
        box_jitter;              /* how likely a training picture is changed so: batches/augment.h */
    char exclude[HR_MAX_STRING]; /* a file of annotation ids, one a line, that are not trained on */
    int n_more_sets;
    hr_set_config more_sets[HR_MAX_SETS];
} hr_dataset_config;

typedef struct hr_loss_config {
    int use_ohkm, topk, use_target_weight, use_different_joints_weight;
} hr_loss_config;

typedef struct hr_train_config {
    double lr, lr_factor, wd, momentum, gamma1, gamma2;
    int n_lr_steps, lr_steps[HR_MAX_STEPS];
    char optimizer[32];
    int nesterov, begin_epoch, end_epoch, resume, batch_size_per_gpu, shuffle;
    char checkpoint[HR_MAX_STRING];
    /* Ours, off by default: */
    char schedule[16], init[HR_MAX_STRING];
    int warmup_steps, accumulate, seed;
    double ema, clip_grad, save_minutes;
} hr_train_config;

typedef struct hr_test_config {
    int batch_size_per_gpu, flip_test, post_process, shift_heatmap, use_gt_bbox, soft_nms;
    double image_thre, nms_thre, bbox_thre, oks_thre, in_vis_thre;
    char coco_bbox_file[HR_MAX_STRING], model_file[HR_MAX_STRING];
} hr_test_config;

typedef struct hr_debug_config {
    int debug, save_batch_images_gt, save_batch_images_pred, save_heatmaps_gt, save_heatmaps_pred;
} hr_debug_config;

struct hrnet_config {
    char source[HR_MAX_STRING]; /* where it was read from, for messages: a path, "coco/hrnet/w32_...", "defaults" */
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
};

typedef struct hrnet_config hr_config;

/* The published defaults (lib/config/default.py). */
void hr_config_defaults(hr_config *config);

/* Apply YAML text; name is used in messages. */
hrnet_status hr_config_parse(hr_config *config, const void *yaml, size_t n_bytes, const char *name,
                             hrnet_message_fn *on_message, void *context);

/* Apply one KEY VALUE pair as on the command line: a value in [] or {} is YAML, one in quotes is text, another is a
 * plain scalar whatever characters it has (paths with "#" or ": "). key may be a section ("MODEL.EXTRA.STAGE2"). */
hrnet_status hr_config_set(hr_config *config, const char *key, const char *value, hrnet_message_fn *on_message,
                           void *context);

/* Apply "KEY", "VALUE", ..., NULL; overrides NULL: none. */
hrnet_status hr_config_override(hr_config *config, const char *const *overrides, hrnet_message_fn *on_message,
                                void *context);

/* Check that the network's description makes sense as a whole: branch counts that fit, sizes the strides divide,
 * heatmap size = image size / 4, limits. HRNET_ERR_CONFIG names the key. */
hrnet_status hr_config_check(const hr_config *config);

/* How heatmaps encode joints, as checkpoints name it: "msra" for TARGET_TYPE gaussian, "dark", "udp". Static. */
const char *hr_codec_of(const hr_config *config);

#endif
