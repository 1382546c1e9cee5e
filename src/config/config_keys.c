/*
 * config_keys.c - the table of keys, in the order in which a dump writes them: those of upstream's
 * lib/config/default.py and of its experiment files, and a few of our own; searching the table.
 */
#include "config/config_keys.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* Parts of a row, then rows by type. What follows the default (...) are further parts. */
#define MEMBER(member) .offset = offsetof(hr_config, member), .size = sizeof((hr_config *)0)->member
#define COUNT(member)  .count_offset = offsetof(hr_config, member)
#define RANGE(a, b)    .low = (a), .high = (b)
#define BOOL(path_, member, standard_, ...)                                                                            \
    {                                                                                                                  \
        .path = path_, .type = HR_KEY_BOOL, MEMBER(member), .standard = standard_, __VA_ARGS__                         \
    }
#define INT(path_, member, low_, high_, standard_, ...)                                                                \
    {                                                                                                                  \
        .path = path_, .type = HR_KEY_INT, MEMBER(member), RANGE(low_, high_), .standard = standard_, __VA_ARGS__      \
    }
#define FLOAT(path_, member, standard_, ...)                                                                           \
    {                                                                                                                  \
        .path = path_, .type = HR_KEY_FLOAT, MEMBER(member), .standard = standard_, __VA_ARGS__                        \
    }
#define STRING(path_, member, standard_, ...)                                                                          \
    {                                                                                                                  \
        .path = path_, .type = HR_KEY_STRING, MEMBER(member), .standard = standard_, __VA_ARGS__                       \
    }
#define INTS(path_, member, low_, high_, standard_, ...)                                                               \
    {                                                                                                                  \
        .path = path_, .type = HR_KEY_INTS, MEMBER(member), RANGE(low_, high_), .standard = standard_, __VA_ARGS__     \
    }

#define ONLY(families_) .families = (families_)
#define TRUNK_ONLY      ONLY(HR_POSE_HRNET | HR_DETECT_HRNET)
#define POSE_ONLY       ONLY(HR_POSE_HRNET | HR_POSE_RESNET)
#define RESNET_ONLY     ONLY(HR_POSE_RESNET)
#define CSP_ONLY        ONLY(HR_YOLOX | HR_RTMDET)
#define UNREAD          .note = "nothing in the published code reads it"

/* Upstream has no defaults below EXTRA. Here they are () and 0, which mean "missing": hr_config_check refuses them if
 * the network needs the key. */
#define STAGE(name, i)                                                                                                 \
    INT("MODEL.EXTRA." name ".NUM_MODULES", model.stages[i].n_modules, 0, 64, "0", TRUNK_ONLY),                        \
        INT("MODEL.EXTRA." name ".NUM_BRANCHES", model.stages[i].n_branches, 0, HR_MAX_BRANCHES, "0", TRUNK_ONLY),     \
        {.path = "MODEL.EXTRA." name ".BLOCK",                                                                         \
         .type = HR_KEY_BLOCK,                                                                                         \
         MEMBER(model.stages[i].block),                                                                                \
         .standard = "BASIC",                                                                                          \
         TRUNK_ONLY},                                                                                                  \
        INTS("MODEL.EXTRA." name ".NUM_BLOCKS", model.stages[i].n_blocks, 1, 256, "()", TRUNK_ONLY),                   \
        INTS("MODEL.EXTRA." name ".NUM_CHANNELS", model.stages[i].n_channels, 1, 4096, "()", TRUNK_ONLY),              \
        STRING("MODEL.EXTRA." name ".FUSE_METHOD", model.stages[i].fuse_method, "SUM", TRUNK_ONLY,                     \
               .note = "the published code stores it and always sums")

const hr_key hr_keys[] = {
    STRING("OUTPUT_DIR", output_dir, ""),
    STRING("LOG_DIR", log_dir, ""),
    STRING("DATA_DIR", data_dir, ""),
    INTS("GPUS", gpus, 0, 4095, "(0,)", COUNT(n_gpus)),
    INT("WORKERS", workers, 0, 4096, "4"),
    INT("PRINT_FREQ", print_freq, 1, 1e9, "20"),
    BOOL("AUTO_RESUME", auto_resume, "false"),
    BOOL("PIN_MEMORY", pin_memory, "true"),
    INT("RANK", rank, 0, 1e6, "0"),
    BOOL("CUDNN.BENCHMARK", cudnn.benchmark, "true"),
    BOOL("CUDNN.DETERMINISTIC", cudnn.deterministic, "false"),
    BOOL("CUDNN.ENABLED", cudnn.enabled, "true"),

    STRING("MODEL.NAME", model.name, "pose_hrnet"),
    BOOL("MODEL.INIT_WEIGHTS", model.init_weights, "true"),
    STRING("MODEL.PRETRAINED", model.pretrained, ""),
    INT("MODEL.NUM_JOINTS", model.n_joints, 1, 1024, "17", POSE_ONLY),
    INT("MODEL.NUM_CLASSES", model.n_classes, 1, 1000, "80", ONLY(HR_DETECTORS)), /* not in the published schema */
    BOOL("MODEL.TAG_PER_JOINT", model.tag_per_joint, "true", UNREAD),
    STRING("MODEL.TARGET_TYPE", model.target_type, "gaussian", POSE_ONLY),
    INTS("MODEL.IMAGE_SIZE", model.image_size, 1, 8192, "(256, 256)", .min_count = 2),
    INTS("MODEL.HEATMAP_SIZE", model.heatmap_size, 1, 8192, "(64, 64)", .min_count = 2, POSE_ONLY),
    INT("MODEL.SIGMA", model.sigma, 1, 256, "2", POSE_ONLY),
    {.path = "MODEL.EXTRA.PRETRAINED_LAYERS",
     .type = HR_KEY_NAMES,
     MEMBER(model.pretrained_layers),
     COUNT(model.n_pretrained_layers),
     .standard = "()",
     TRUNK_ONLY},
    INT("MODEL.EXTRA.FINAL_CONV_KERNEL", model.final_conv_kernel, 1, 3, "1", POSE_ONLY),
    STAGE("STAGE2", 0),
    STAGE("STAGE3", 1),
    STAGE("STAGE4", 2),
    INT("MODEL.EXTRA.NUM_LAYERS", model.n_layers, 0, 152, "0", RESNET_ONLY),
    BOOL("MODEL.EXTRA.DECONV_WITH_BIAS", model.deconv_with_bias, "false", RESNET_ONLY),
    INT("MODEL.EXTRA.NUM_DECONV_LAYERS", model.n_deconvs, 0, HR_MAX_DECONVS, "0", RESNET_ONLY),
    INTS("MODEL.EXTRA.NUM_DECONV_FILTERS", model.deconv_filters, 1, 4096, "()", RESNET_ONLY),
    INTS("MODEL.EXTRA.NUM_DECONV_KERNELS", model.deconv_kernels, 2, 4, "()", RESNET_ONLY),
    /* not in the published schema: detectors */
    INT("MODEL.EXTRA.HEAD_CHANNELS", model.head_channels, 0, 4096, "0", ONLY(HR_DETECTORS)),
    INT("MODEL.EXTRA.LAYER1_BLOCKS", model.layer1_blocks, 1, 256, "4", ONLY(HR_DETECT_HRNET)),
    INT("MODEL.EXTRA.STEM_CHANNELS", model.stem_channels, 0, 1024, "0", CSP_ONLY),
    INTS("MODEL.EXTRA.NUM_BLOCKS", model.n_csp_blocks, 1, 256, "()", CSP_ONLY),
    INT("MODEL.EXTRA.NECK_BLOCKS", model.neck_blocks, 0, 256, "0", CSP_ONLY),
    BOOL("MODEL.EXTRA.DEPTHWISE", model.depthwise, "false", CSP_ONLY),
    BOOL("MODEL.EXTRA.SHARE_HEAD", model.share_head, "true", ONLY(HR_RTMDET)),
    BOOL("MODEL.EXTRA.EXP_DISTANCES", model.exp_distances, "false", ONLY(HR_RTMDET)),

    BOOL("LOSS.USE_OHKM", loss.use_ohkm, "false"),
    INT("LOSS.TOPK", loss.topk, 1, 1024, "8"),
    BOOL("LOSS.USE_TARGET_WEIGHT", loss.use_target_weight, "true"),
    BOOL("LOSS.USE_DIFFERENT_JOINTS_WEIGHT", loss.use_different_joints_weight, "false"),
    BOOL("LOSS.USE_L1", loss.use_l1, "false", ONLY(HR_DETECTORS)), /* not in the published schema */

    STRING("DATASET.ROOT", dataset.root, ""),
    STRING("DATASET.DATASET", dataset.dataset, "mpii"),
    STRING("DATASET.TRAIN_SET", dataset.train_set, "train"),
    STRING("DATASET.TEST_SET", dataset.test_set, "valid"),
    STRING("DATASET.DATA_FORMAT", dataset.data_format, "jpg"),
    STRING("DATASET.HYBRID_JOINTS_TYPE", dataset.hybrid_joints_type, ""),
    BOOL("DATASET.SELECT_DATA", dataset.select_data, "false"),
    BOOL("DATASET.FLIP", dataset.flip, "true"),
    FLOAT("DATASET.SCALE_FACTOR", dataset.scale_factor, "0.25"),
    {.path = "DATASET.ROT_FACTOR", .type = HR_KEY_NUMBER, MEMBER(dataset.rot_factor), .standard = "30"},
    FLOAT("DATASET.PROB_HALF_BODY", dataset.prob_half_body, "0.0"),
    INT("DATASET.NUM_JOINTS_HALF_BODY", dataset.num_joints_half_body, 0, 1024, "8"),
    BOOL("DATASET.COLOR_RGB", dataset.color_rgb, "false"),
    /* not in the published schema: probabilities of augmentations (batches/augment.h), and more data */
    FLOAT("DATASET.COLOR_JITTER", dataset.color_jitter, "0.0", RANGE(0, 1)),
    FLOAT("DATASET.COARSE_DROPOUT", dataset.coarse_dropout, "0.0", RANGE(0, 1)),
    FLOAT("DATASET.BOX_JITTER", dataset.box_jitter, "0.0", RANGE(0, 1)),
    FLOAT("DATASET.MOSAIC", dataset.mosaic, "0.0", RANGE(0, 1)),
    FLOAT("DATASET.ASPECT_JITTER", dataset.aspect_jitter, "0.0", RANGE(0, 1)),
    INT("DATASET.PICTURE_SIZE", dataset.picture_size, 0, 8192, "0"),
    STRING("DATASET.EXCLUDE", dataset.exclude, ""),
    FLOAT("DATASET.VALID_PART", dataset.valid_part, "0.0", RANGE(0, 0.9)),
    {.path = "DATASET.MORE_SETS",
     .type = HR_KEY_SETS,
     MEMBER(dataset.more_sets),
     COUNT(dataset.n_more_sets),
     .standard = "[]"},

    FLOAT("TRAIN.LR", train.lr, "0.001"),
    FLOAT("TRAIN.LR_FACTOR", train.lr_factor, "0.1"),
    INTS("TRAIN.LR_STEP", train.lr_steps, 0, 1e9, "(90, 110)", COUNT(train.n_lr_steps)),
    STRING("TRAIN.OPTIMIZER", train.optimizer, "adam"),
    FLOAT("TRAIN.WD", train.wd, "0.0001"),
    FLOAT("TRAIN.MOMENTUM", train.momentum, "0.9"),
    BOOL("TRAIN.NESTEROV", train.nesterov, "false"),
    FLOAT("TRAIN.GAMMA1", train.gamma1, "0.99", UNREAD),
    FLOAT("TRAIN.GAMMA2", train.gamma2, "0.0", UNREAD),
    INT("TRAIN.BEGIN_EPOCH", train.begin_epoch, 0, 1e9, "0"),
    INT("TRAIN.END_EPOCH", train.end_epoch, 0, 1e9, "140"),
    BOOL("TRAIN.RESUME", train.resume, "false", UNREAD),
    STRING("TRAIN.CHECKPOINT", train.checkpoint, "", UNREAD),
    INT("TRAIN.BATCH_SIZE_PER_GPU", train.batch_size_per_gpu, 1, 65536, "32"),
    BOOL("TRAIN.SHUFFLE", train.shuffle, "true"),
    /* not in the published schema */
    STRING("TRAIN.INIT", train.init, ""),
    STRING("TRAIN.SCHEDULE", train.schedule, "multistep"),
    INT("TRAIN.WARMUP_STEPS", train.warmup_steps, 0, 1e9, "0"),
    INT("TRAIN.ACCUMULATE", train.accumulate, 1, 65536, "1"),
    FLOAT("TRAIN.CLIP_GRAD", train.clip_grad, "0.0"),
    FLOAT("TRAIN.EMA", train.ema, "0.0", RANGE(0, 0.999999)),
    INT("TRAIN.SEED", train.seed, 0, 2147483647, "0"),
    FLOAT("TRAIN.SAVE_MINUTES", train.save_minutes, "10.0"),
    {.path = "TRAIN.FREEZE", .type = HR_KEY_NAMES, MEMBER(train.freeze), COUNT(train.n_freeze), .standard = "[]"},
    INT("TRAIN.PATIENCE", train.patience, 0, 1e9, "0"),

    INT("TEST.BATCH_SIZE_PER_GPU", test.batch_size_per_gpu, 1, 65536, "32"),
    BOOL("TEST.FLIP_TEST", test.flip_test, "false"),
    BOOL("TEST.POST_PROCESS", test.post_process, "false"),
    BOOL("TEST.SHIFT_HEATMAP", test.shift_heatmap, "false"),
    BOOL("TEST.USE_GT_BBOX", test.use_gt_bbox, "false"),
    FLOAT("TEST.IMAGE_THRE", test.image_thre, "0.1"),
    FLOAT("TEST.NMS_THRE", test.nms_thre, "0.6", UNREAD),
    BOOL("TEST.SOFT_NMS", test.soft_nms, "false"),
    FLOAT("TEST.OKS_THRE", test.oks_thre, "0.5"),
    FLOAT("TEST.IN_VIS_THRE", test.in_vis_thre, "0.0"),
    STRING("TEST.COCO_BBOX_FILE", test.coco_bbox_file, ""),
    FLOAT("TEST.BBOX_THRE", test.bbox_thre, "1.0", UNREAD),
    STRING("TEST.MODEL_FILE", test.model_file, ""),

    BOOL("DEBUG.DEBUG", debug.debug, "false"),
    BOOL("DEBUG.SAVE_BATCH_IMAGES_GT", debug.save_batch_images_gt, "false"),
    BOOL("DEBUG.SAVE_BATCH_IMAGES_PRED", debug.save_batch_images_pred, "false"),
    BOOL("DEBUG.SAVE_HEATMAPS_GT", debug.save_heatmaps_gt, "false"),
    BOOL("DEBUG.SAVE_HEATMAPS_PRED", debug.save_heatmaps_pred, "false"),
};

const int hr_n_keys = (int)(sizeof hr_keys / sizeof *hr_keys);

/* Rows of hr_set_keys, whose values are in hr_set_config. */
#define IN_SET(member) .offset = offsetof(hr_set_config, member), .size = sizeof((hr_set_config *)0)->member
#define SET_STRING(path_, member, standard_)                                                                           \
    {                                                                                                                  \
        .path = path_, .type = HR_KEY_STRING, IN_SET(member), .standard = standard_                                    \
    }

const hr_key hr_set_keys[] = {
    SET_STRING("ROOT", root, ""),
    SET_STRING("DATASET", dataset, "coco"),
    SET_STRING("TRAIN_SET", train_set, "train"),
    SET_STRING("DATA_FORMAT", data_format, "jpg"),
    SET_STRING("EXCLUDE", exclude, ""),
    {.path = "WEIGHT", .type = HR_KEY_FLOAT, IN_SET(weight), RANGE(0, 1000), .standard = "1.0"},
    {.path = "KEYPOINTS",
     .type = HR_KEY_PAIRS,
     IN_SET(keypoints),
     .count_offset = offsetof(hr_set_config, n_keypoints),
     .standard = "{}"},
};

const int hr_n_set_keys = (int)(sizeof hr_set_keys / sizeof *hr_set_keys);

hr_family hr_family_of(const char *name)
{
    static const struct {
        const char *name;
        hr_family family;
    } families[] = {{"pose_hrnet", HR_POSE_HRNET},
                    {"pose_resnet", HR_POSE_RESNET},
                    {"detect_hrnet", HR_DETECT_HRNET},
                    {"yolox", HR_YOLOX},
                    {"rtmdet", HR_RTMDET}};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i].name, name) == 0) return families[i].family;
    return 0;
}

const hr_key *hr_key_find(const char *path)
{
    for (int i = 0; i < hr_n_keys; i++)
        if (strcmp(hr_keys[i].path, path) == 0) return &hr_keys[i];
    return NULL;
}

int hr_key_is_section(const char *path)
{
    const size_t length = strlen(path);
    for (int i = 0; i < hr_n_keys; i++)
        if (strncmp(hr_keys[i].path, path, length) == 0 && hr_keys[i].path[length] == '.') return 1;
    return 0;
}

/* Levenshtein's distance between a and b, ignoring case: the number of insertions, deletions and replacements. row[j]
 * is the distance between the first i characters of a and the first j of b; one row is updated in place, `diagonal`
 * keeps the entry above on the left. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[HR_KEY_MAX_PATH + 1];
    const size_t n = strnlen(b, HR_KEY_MAX_PATH);
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            const size_t replaced = diagonal + (toupper((unsigned char)a[i]) != toupper((unsigned char)b[j]));
            diagonal = row[j + 1];
            const size_t shorter = row[j] < row[j + 1] ? row[j] : row[j + 1];
            row[j + 1] = replaced <= shorter ? replaced : shorter + 1;
        }
    }
    return row[n];
}

/* "NUM_JOINTS" of "MODEL.NUM_JOINTS". */
static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}

/* At most a third of the characters may differ. */
const char *hr_key_nearest(const char *path)
{
    const char *nearest = NULL;
    size_t least = strlen(path) / 3 + 1;
    for (int i = 0; i < hr_n_keys; i++) {
        size_t distance = edit_distance(hr_keys[i].path, path);
        /* the right name in the wrong section is as good as one wrong letter */
        if (distance > 1 && strcasecmp(last_part(hr_keys[i].path), last_part(path)) == 0) distance = 1;
        if (distance >= least) continue;
        least = distance;
        nearest = hr_keys[i].path;
    }
    return nearest;
}
