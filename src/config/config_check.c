/*
 * config_check.c - whether the configuration describes a network that can be built, and one of a plausible size. The
 * ranges of single keys are in the table of keys; here are the conditions on several keys together.
 */
#include <string.h>

#include "config/config_keys.h"

/* Limits of the whole network: twenty times W48's 63.6 million weights. A configuration comes with a checkpoint from
 * anywhere, and a few characters of it could ask for terabytes. */
static const double max_weights = 1.3e9;
enum { MAX_BLOCKS = 4096 };

hrnet_status hr_key_check_ranges(const hr_config *config)
{
    for (int i = 0; i < hr_n_keys; i++) {
        const hr_key *key = &hr_keys[i];
        if (key->type == HR_KEY_FLOAT) {
            const double value = *(const double *)((const char *)config + key->offset);
            if (!hr_key_in_range(key, value))
                return hr_fail(HRNET_ERR_CONFIG, "%s: %s: expected %g to %g, found %g", config->source, key->path,
                               key->low, key->high, value);
        }
        if (key->type != HR_KEY_INT && key->type != HR_KEY_INTS) continue;
        const int *values = (const int *)((const char *)config + key->offset);
        const int n = key->type == HR_KEY_INT ? 1 : hr_key_count(key, config);
        for (int k = 0; k < n; k++)
            if (values[k] < key->low || values[k] > key->high)
                return hr_fail(HRNET_ERR_CONFIG, "%s: %s: expected %.0f to %.0f, found %d", config->source, key->path,
                               key->low, key->high, values[k]);
    }
    return HRNET_OK;
}

/* Entries of a list that ends at its first 0. */
static int count_entries(const int *list, int capacity)
{
    int n = 0;
    while (n < capacity && list[n] != 0) n++;
    return n;
}

/* The list MODEL.EXTRA.SECTIONLIST must have as many entries as the key `counter` says. */
static hrnet_status check_length(const hr_config *config, const char *section, const char *list, const char *counter,
                                 int expected, int found)
{
    if (found == expected) return HRNET_OK;
    return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.EXTRA.%s%s: expected %d entries (%s), found %d", config->source,
                   section, list, expected, counter, found);
}

/* Estimate the weights of one module of a stage. With c channels, a BASIC block has two 3x3 convolutions c -> c, a
 * BOTTLENECK 1x1 4c -> c, 3x3 c -> c and 1x1 c -> 4c. The fusion has a 1x1 convolution between each branch and every
 * higher resolution, and a chain of (to - i) strided 3x3 convolutions to every lower one. */
static double module_weights(const hr_stage *stage)
{
    const double per_square = stage->block == HR_BLOCK_BASIC ? 2 * 9 : 4 + 9 + 4; /* weights of a block per c * c */
    const double expansion = stage->block == HR_BLOCK_BASIC ? 1 : 4;
    double sum = 0;
    for (int i = 0; i < stage->n_branches; i++) {
        const double c = stage->n_channels[i];
        sum += stage->n_blocks[i] * per_square * c * c;
        for (int to = 0; to < stage->n_branches; to++)
            sum += (to <= i ? 1 : 9 * (to - i)) * c * stage->n_channels[to] * expansion * expansion;
    }
    return sum;
}

/* Compare the estimates, which are doubles so that they cannot overflow, with the limits. */
static hrnet_status check_amount(const hr_config *config, double n_weights, double n_blocks)
{
    if (n_weights <= max_weights && n_blocks <= MAX_BLOCKS) return HRNET_OK;
    return hr_fail(HRNET_ERR_LIMIT, "%s: MODEL.EXTRA: about %.3g weights in %.0f blocks; the limits are %.3g and %d",
                   config->source, n_weights, n_blocks, max_weights, MAX_BLOCKS);
}

/* pose_hrnet: stages 2 to 4. Branches are added from stage to stage and never removed. */
static hrnet_status check_stages(const hr_config *config)
{
    static const char *const names[] = {"STAGE2.", "STAGE3.", "STAGE4."};
    double n_weights = 0, n_blocks = 0;
    for (int i = 0; i < 3; i++) {
        const hr_stage *stage = &config->model.stages[i];
        const int least = i > 0 ? config->model.stages[i - 1].n_branches : 1;
        if (stage->n_modules < 1)
            return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.EXTRA.%sNUM_MODULES: expected at least 1, found %d",
                           config->source, names[i], stage->n_modules);
        if (stage->n_branches < least)
            return hr_fail(HRNET_ERR_CONFIG,
                           "%s: MODEL.EXTRA.%sNUM_BRANCHES: expected at least the %d of the stage before, found %d",
                           config->source, names[i], least, stage->n_branches);
        HR_TRY(check_length(config, names[i], "NUM_BLOCKS", "NUM_BRANCHES", stage->n_branches,
                            count_entries(stage->n_blocks, HR_MAX_BRANCHES)));
        HR_TRY(check_length(config, names[i], "NUM_CHANNELS", "NUM_BRANCHES", stage->n_branches,
                            count_entries(stage->n_channels, HR_MAX_BRANCHES)));
        n_weights += stage->n_modules * module_weights(stage);
        for (int k = 0; k < stage->n_branches; k++) n_blocks += stage->n_modules * stage->n_blocks[k];
    }
    return check_amount(config, n_weights, n_blocks);
}

/* pose_resnet: a published depth, and transposed convolutions whose lists fit their number. */
static hrnet_status check_resnet(const hr_config *config)
{
    const hr_model_config *model = &config->model;
    static const int depths[] = {18, 34, 50, 101, 152};
    int is_known = 0;
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) is_known |= depths[i] == model->n_layers;
    if (!is_known)
        return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.EXTRA.NUM_LAYERS: expected 18, 34, 50, 101 or 152, found %d",
                       config->source, model->n_layers);
    HR_TRY(check_length(config, "", "NUM_DECONV_FILTERS", "NUM_DECONV_LAYERS", model->n_deconvs,
                        count_entries(model->deconv_filters, HR_MAX_DECONVS)));
    HR_TRY(check_length(config, "", "NUM_DECONV_KERNELS", "NUM_DECONV_LAYERS", model->n_deconvs,
                        count_entries(model->deconv_kernels, HR_MAX_DECONVS)));
    double n_weights = 0;
    for (int i = 0; i < model->n_deconvs; i++) {
        const double ic = i > 0 ? model->deconv_filters[i - 1] : 2048, k = model->deconv_kernels[i];
        n_weights += ic * model->deconv_filters[i] * k * k;
    }
    return check_amount(config, n_weights, model->n_layers / 2);
}

/* Both sides of the image must be multiples of the network's deepest stride, and the heatmap's must be
 * numerator / denominator of the image's. */
static hrnet_status check_sizes(const hr_config *config, int deepest, int numerator, int denominator)
{
    static const char *const sides[] = {"width", "height"};
    for (int i = 0; i < 2; i++) {
        const int image = config->model.image_size[i], heatmap = config->model.heatmap_size[i];
        if (image < 1 || image % deepest != 0)
            return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.IMAGE_SIZE: expected a %s that %d divides, found %d",
                           config->source, sides[i], deepest, image);
        const int expected = image / denominator * numerator;
        if (heatmap != expected)
            return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.HEATMAP_SIZE: expected a %s of %d (for images of %d), found %d",
                           config->source, sides[i], expected, image, heatmap);
    }
    return HRNET_OK;
}

/* TARGET_TYPE and the codec's name in checkpoints. */
static const char *const target_types[][2] = {{"gaussian", "msra"}, {"dark", "dark"}, {"udp", "udp"}};
enum { N_TARGET_TYPES = sizeof target_types / sizeof *target_types };

/* Index of TARGET_TYPE, or -1. */
static int find_target_type(const hr_config *config)
{
    for (int i = 0; i < N_TARGET_TYPES; i++)
        if (strcmp(target_types[i][0], config->model.target_type) == 0) return i;
    return -1;
}

const char *hr_codec_of(const hr_config *config)
{
    const int i = find_target_type(config);
    return target_types[i < 0 ? 0 : i][1];
}

/* Every side of a detector's image must be a multiple of its deepest stride. */
static hrnet_status check_detector_size(const hr_config *config)
{
    enum { DEEPEST = 32 };
    for (int i = 0; i < 2; i++)
        if (config->model.image_size[i] % DEEPEST != 0)
            return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.IMAGE_SIZE: expected a %s that %d divides, found %d",
                           config->source, i == 0 ? "width" : "height", DEEPEST, config->model.image_size[i]);
    return HRNET_OK;
}

/* A key that has no default which makes a network. */
static hrnet_status check_given(const hr_config *config, const char *key, int value)
{
    if (value > 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.EXTRA.%s: expected at least 1, found %d", config->source, key, value);
}

/* Weights of a detector's head: at each of three levels a first convolution and four 3x3 ones. */
static double head_weights(const hr_model_config *model)
{
    const double c = model->head_channels;
    return 3 * (4 * 9 * c * c + c * (model->n_classes + 5));
}

/* yolox and rtmdet. The channels double from stage to stage: stem_channels x 2, 4, 8, 16. A block has about 1 + 9
 * weights a pair of channels, or 9 + 1 (and a depthwise 5x5), of half the stage's channels. */
static hrnet_status check_csp(const hr_config *config)
{
    const hr_model_config *model = &config->model;
    double n_weights = head_weights(model), n_blocks = 4 * model->neck_blocks;
    HR_TRY(check_given(config, "STEM_CHANNELS", model->stem_channels));
    HR_TRY(check_given(config, "NECK_BLOCKS", model->neck_blocks));
    HR_TRY(check_length(config, "", "NUM_BLOCKS", "the stages", 4, count_entries(model->n_csp_blocks, 4)));
    if (hr_family_of(model->name) == HR_RTMDET && model->stem_channels % 2 != 0)
        return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.EXTRA.STEM_CHANNELS: expected an even number, found %d",
                       config->source, model->stem_channels);
    if (hr_family_of(model->name) == HR_RTMDET && model->depthwise && model->share_head)
        return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.EXTRA.SHARE_HEAD: expected false beside DEPTHWISE, found true",
                       config->source);
    for (int i = 0; i < 4; i++) {
        const double c = model->stem_channels * (double)(2 << i);
        n_weights += c * c * (9.0 / 2 + 3) + model->n_csp_blocks[i] * 10 * c * c / 4;
        if (i > 0) n_weights += model->neck_blocks * 10 * c * c / 4;
        n_blocks += model->n_csp_blocks[i];
    }
    return check_amount(config, n_weights, n_blocks);
}

/* The head reads strides 8, 16 and 32. */
static hrnet_status check_detect_hrnet(const hr_config *config)
{
    HR_TRY(check_stages(config));
    if (config->model.stages[2].n_branches != 4)
        return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.EXTRA.STAGE4.NUM_BRANCHES: expected 4, found %d", config->source,
                       config->model.stages[2].n_branches);
    return check_amount(config, head_weights(&config->model), config->model.layer1_blocks);
}

static hrnet_status check_detector(const hr_config *config, hr_family family)
{
    HR_TRY(check_given(config, "HEAD_CHANNELS", config->model.head_channels));
    HR_TRY(family == HR_DETECT_HRNET ? check_detect_hrnet(config) : check_csp(config));
    return check_detector_size(config);
}

int hr_config_detects(const hr_config *config)
{
    return (hr_family_of(config->model.name) & HR_DETECTORS) != 0;
}

static hrnet_status check_pose(const hr_config *config, hr_family family)
{
    const hr_model_config *model = &config->model;
    if (find_target_type(config) < 0)
        return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.TARGET_TYPE: expected gaussian, dark or udp, found \"%s\"",
                       config->source, model->target_type);
    if (model->final_conv_kernel != 1 && model->final_conv_kernel != 3)
        return hr_fail(HRNET_ERR_CONFIG, "%s: MODEL.EXTRA.FINAL_CONV_KERNEL: expected 1 or 3, found %d", config->source,
                       model->final_conv_kernel);
    if (family == HR_POSE_HRNET) {
        HR_TRY(check_stages(config));
        return check_sizes(config, 4 << (model->stages[2].n_branches - 1), 1, 4);
    }
    HR_TRY(check_resnet(config));
    return check_sizes(config, 32, 1 << model->n_deconvs, 32);
}

hrnet_status hr_config_check(const hr_config *config)
{
    const hr_family family = hr_family_of(config->model.name);
    if (family == 0)
        return hr_fail(HRNET_ERR_CONFIG,
                       "%s: MODEL.NAME: expected pose_hrnet, pose_resnet, detect_hrnet, yolox or rtmdet, found \"%s\"",
                       config->source, config->model.name);
    HR_TRY(hr_key_check_ranges(config));
    return (family & HR_DETECTORS) != 0 ? check_detector(config, family) : check_pose(config, family);
}
