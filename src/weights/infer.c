/*
 * infer.c - hr_infer_config: the configuration of a network from the names and shapes of its state dict. The highest
 * index that any name has decides how many modules, branches, blocks and deconvolutions there are; bind.c then asks for
 * every tensor of that network, so that a file that lacks one is refused and never read as a smaller network:
 *
 *   stage3.3.branches.0.0.bn1.bias           NUM_MODULES is 4 or more
 *   stage3.0.fuse_layers.2.0.1.1.weight,
 *   transition2.2.0.0.weight                 NUM_BRANCHES is 3 or more
 *   stage3.0.branches.1.3.conv2.weight       NUM_BLOCKS[1] is 4 or more
 *   stage3.0.branches.1.0.conv1.weight       shape[0]: NUM_CHANNELS[1]
 *   stage3.0.branches.0.0.conv3.weight       BLOCK is BOTTLENECK if there is any such name
 *   layer1.2.bn1.weight                      NUM_LAYERS of a ResNet, by a table
 *   deconv_layers.6.weight                   NUM_DECONV_LAYERS is 3; shapes: NUM_DECONV_FILTERS and _KERNELS
 *   final_layer.weight                       NUM_JOINTS and FINAL_CONV_KERNEL
 *
 * Detectors are told in infer_detector.c.
 *
 * The cost is that of one pass over the names, and of one look-up for each block that the indices promise until one is
 * missing.
 */
#include "weights/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/config_keys.h"
#include "weights/infer.h"
#include "weights/mmpose_meta.h"

/* ---------------------------------------------------------------------------------------------- counting */

static int is_third_layer(const char *of_block)
{
    return strncmp(of_block, "conv3.", 6) == 0 || strncmp(of_block, "bn3.", 4) == 0;
}

/* stageS.MODULE.branches.BRANCH.BLOCK.LAYER and stageS.MODULE.fuse_layers.ROW.COLUMN */
static void count_stage(hr_name_counts *n, int stage, const char *at)
{
    const int module = hr_infer_index(&at);
    if (module < 0) return;
    if (hr_infer_step(&at, "branches.")) {
        const int branch = hr_infer_index(&at), block = branch >= 0 ? hr_infer_index(&at) : -1;
        if (block < 0) return;
        hr_infer_raise(&n->n_branches[stage], branch);
        if (branch < HR_MAX_BRANCHES) hr_infer_raise(&n->n_blocks[stage][branch], block);
        n->is_bottleneck[stage] |= is_third_layer(at);
    } else if (hr_infer_step(&at, "fuse_layers.")) {
        const int row = hr_infer_index(&at), column = row >= 0 ? hr_infer_index(&at) : -1;
        if (column < 0) return;
        hr_infer_raise(&n->n_branches[stage], row);
        hr_infer_raise(&n->n_branches[stage], column);
    } else {
        return;
    }
    hr_infer_raise(&n->n_modules[stage], module);
}

static void count_name(hr_name_counts *n, const char *name)
{
    const char *at = name;
    int index;
    if (hr_infer_step(&at, "stage") && at[0] >= '2' && at[0] <= '4' && at[1] == '.') {
        count_stage(n, at[0] - '2', at + 2);
    } else if (hr_infer_step(&at, "transition") && at[0] >= '1' && at[0] <= '3' && at[1] == '.') {
        const int stage = at[0] - '1';
        at += 2;
        if ((index = hr_infer_index(&at)) >= 0) hr_infer_raise(&n->n_branches[stage], index);
    } else if (hr_infer_step(&at, "layer") && at[0] >= '1' && at[0] <= '4' && at[1] == '.') {
        const int layer = at[0] - '1';
        at += 2;
        if ((index = hr_infer_index(&at)) < 0) return;
        hr_infer_raise(&n->n_layer_blocks[layer], index);
        n->has_bottleneck_layers |= is_third_layer(at);
    } else if (hr_infer_step(&at, "deconv_layers.") && (index = hr_infer_index(&at)) >= 0) {
        /* deconv_layers repeats a transposed convolution, a batch norm and a ReLU */
        hr_infer_raise(&n->n_deconvs, index / 3);
        n->has_deconv_bias |= index % 3 == 0 && strcmp(at, "bias") == 0;
    }
}

static void count_names(hr_inference *in)
{
    for (size_t i = 0; i < in->layout->n_sorted; i++) {
        const char *const name = in->layout->items[in->layout->sorted[i]].name;
        count_name(&in->n, name);
        hr_infer_count_detector(&in->n, name);
    }
}

/* ---------------------------------------------------------------------------------------------- HRNet */

/* NUM_CHANNELS of a branch: the first convolution's or norm's of any of its blocks, which are all alike. */
static hrnet_status infer_channels(const hr_inference *in, int number, int branch, hr_stage *stage)
{
    char path[64];
    int *const out = &stage->n_channels[branch];
    for (int module = 0; module < stage->n_modules; module++) {
        for (int block = 0; block < stage->n_blocks[branch]; block++) {
            snprintf(path, sizeof path, "stage%d.%d.branches.%d.%d.bn1", number, module, branch, block);
            const hr_tensor *const weight =
                hr_infer_find(in, "stage%d.%d.branches.%d.%d.conv1.weight", number, module, branch, block);
            if (weight != NULL) return hr_infer_weight_size(in, weight, 0, out);
            if (hr_infer_norm_size(in, path, out)) return HRNET_OK;
        }
    }
    return hr_fail(HRNET_ERR_MISMATCH, "%s: missing: stage%d.0.branches.%d.0.conv1.weight and all others of the branch",
                   in->path, number, branch);
}

/* Every block that the indices promise has a first convolution, or at least its norm. Ends at the first that has
 * neither, so that indices that skip numbers cost nothing. */
static hrnet_status check_blocks(const hr_inference *in, int number, const hr_stage *stage)
{
    for (int module = 0; module < stage->n_modules; module++) {
        for (int branch = 0; branch < stage->n_branches; branch++) {
            for (int block = 0; block < stage->n_blocks[branch]; block++) {
                char path[64];
                int unused;
                snprintf(path, sizeof path, "stage%d.%d.branches.%d.%d", number, module, branch, block);
                if (hr_infer_find(in, "%s.conv1.weight", path) != NULL) continue;
                snprintf(path, sizeof path, "stage%d.%d.branches.%d.%d.bn1", number, module, branch, block);
                if (hr_infer_norm_size(in, path, &unused)) continue;
                return hr_fail(HRNET_ERR_MISMATCH,
                               "%s: missing: stage%d.%d.branches.%d.%d.conv1.weight and more of its block, although "
                               "other names promise %d modules and %d blocks",
                               in->path, number, module, branch, block, stage->n_modules, stage->n_blocks[branch]);
            }
        }
    }
    return HRNET_OK;
}

static hrnet_status infer_stage(const hr_inference *in, int number)
{
    const int at = number - 2;
    hr_stage *stage = &in->model->stages[at];
    if (in->n.n_modules[at] == 0)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected stage%d.0.branches.0.0.conv1.weight, found no such tensor",
                       in->path, number);
    if (in->n.n_modules[at] > HR_INFER_MAX_COUNT || in->n.n_branches[at] > HR_MAX_BRANCHES)
        return hr_fail(HRNET_ERR_LIMIT, "%s: stage%d: expected at most %d modules and %d branches, found more",
                       in->path, number, HR_INFER_MAX_COUNT, HR_MAX_BRANCHES);
    stage->n_modules = in->n.n_modules[at];
    stage->n_branches = in->n.n_branches[at];
    stage->block = in->n.is_bottleneck[at] ? HR_BLOCK_BOTTLENECK : HR_BLOCK_BASIC;
    for (int branch = 0; branch < stage->n_branches; branch++) {
        if (in->n.n_blocks[at][branch] > HR_INFER_MAX_COUNT)
            return hr_fail(HRNET_ERR_LIMIT, "%s: stage%d: expected at most %d blocks, found more", in->path, number,
                           HR_INFER_MAX_COUNT);
        stage->n_blocks[branch] = in->n.n_blocks[at][branch];
        HR_TRY(infer_channels(in, number, branch, stage));
    }
    return check_blocks(in, number, stage);
}

static hrnet_status infer_hrnet(const hr_inference *in)
{
    snprintf(in->model->name, sizeof in->model->name, "pose_hrnet");
    for (int number = 2; number <= 4; number++) HR_TRY(infer_stage(in, number));
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- ResNet */

/* NUM_LAYERS of pose_resnet, from the number and the kind of blocks in its four layers. */
static hrnet_status infer_depth(const hr_inference *in)
{
    static const struct {
        int n_layers, is_bottleneck, n_blocks[4];
    } known[] = {{18, 0, {2, 2, 2, 2}},
                 {34, 0, {3, 4, 6, 3}},
                 {50, 1, {3, 4, 6, 3}},
                 {101, 1, {3, 4, 23, 3}},
                 {152, 1, {3, 8, 36, 3}}};
    const int *const n_blocks = in->n.n_layer_blocks;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].is_bottleneck != in->n.has_bottleneck_layers ||
            memcmp(known[i].n_blocks, n_blocks, sizeof known[i].n_blocks) != 0)
            continue;
        in->model->n_layers = known[i].n_layers;
        return HRNET_OK;
    }
    return hr_fail(HRNET_ERR_UNSUPPORTED,
                   "%s: expected a ResNet of 18, 34, 50, 101 or 152 layers, found %d, %d, %d and %d %s blocks",
                   in->path, n_blocks[0], n_blocks[1], n_blocks[2], n_blocks[3],
                   in->n.has_bottleneck_layers ? "bottleneck" : "basic");
}

/* Filters and kernel of a transposed convolution; a missing one has those that its norm and the others show. */
static hrnet_status infer_deconv(const hr_inference *in, int i)
{
    enum { PUBLISHED_KERNEL = 4 };
    hr_model_config *const model = in->model;
    char path[64];
    const hr_tensor *const weight = hr_infer_find(in, "deconv_layers.%d.weight", 3 * i);
    if (weight != NULL) {
        HR_TRY(hr_infer_weight_size(in, weight, 1, &model->deconv_filters[i]));
        return hr_infer_weight_size(in, weight, 2, &model->deconv_kernels[i]);
    }
    snprintf(path, sizeof path, "deconv_layers.%d", 3 * i + 1);
    if (!hr_infer_norm_size(in, path, &model->deconv_filters[i]))
        return hr_fail(HRNET_ERR_MISMATCH, "%s: missing: deconv_layers.%d.weight", in->path, 3 * i);
    model->deconv_kernels[i] = PUBLISHED_KERNEL;
    for (int other = 0; other < in->n.n_deconvs; other++) {
        const hr_tensor *const alike = hr_infer_find(in, "deconv_layers.%d.weight", 3 * other);
        if (alike != NULL) return hr_infer_weight_size(in, alike, 2, &model->deconv_kernels[i]);
    }
    return HRNET_OK;
}

static hrnet_status infer_resnet(const hr_inference *in)
{
    hr_model_config *model = in->model;
    snprintf(model->name, sizeof model->name, "pose_resnet");
    HR_TRY(infer_depth(in));
    if (in->n.n_deconvs > HR_MAX_DECONVS)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: expected at most %d transposed convolutions, found more", in->path,
                       HR_MAX_DECONVS);
    model->n_deconvs = in->n.n_deconvs;
    model->deconv_with_bias = in->n.has_deconv_bias;
    for (int i = 0; i < model->n_deconvs; i++) HR_TRY(infer_deconv(in, i));
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- head */

/* Whether the head is likely to be UDP's combined target (Huang et al., CVPR 2020): three maps for each keypoint
 * (score, dx, dy) instead of one. Decoding them as heatmaps would give three times as many keypoints, all of them
 * meaningless. Only counts can tell: three times those of COCO, MPII, CrowdPose and COCO-WholeBody; except for 51, only
 * in files of mmpose, which trains such networks. */
static int is_combined_head(const hr_layout *layout, int n_maps)
{
    static const int joints[] = {17, 16, 14, 133};
    if (n_maps == 3 * 17) return 1;
    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++)
        if (n_maps == 3 * joints[i] && hr_layout_is_mmpose(layout)) return 1;
    return 0;
}

/* Fail on heads with more layers than one convolution (options of mmpose's keypoint head). */
static hrnet_status refuse_other_heads(const hr_inference *in)
{
    for (size_t i = 0; i < in->layout->n_items; i++) {
        const hr_named *item = &in->layout->items[i];
        int layer;
        if (item->ignored == NULL && item->standing == HR_INSIDE &&
            (strncmp(item->name, "conv_layers.", 12) == 0 || sscanf(item->name, "final_layer.%4d.", &layer) == 1))
            return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: %s: expected a head of one convolution, found additional layers",
                           in->path, item->found);
    }
    return HRNET_OK;
}

/* Sets *out_found to whether the file has a head at all: a body for fine-tuning has none. */
static hrnet_status infer_head(const hr_inference *in, int *out_found)
{
    HR_TRY(refuse_other_heads(in));
    const hr_tensor *weight = hr_infer_find(in, "final_layer.weight"), *bias = hr_infer_find(in, "final_layer.bias");
    *out_found = weight != NULL || bias != NULL;
    if (weight == NULL && bias != NULL && bias->n_dims == 1 && bias->shape[0] > 0 && bias->shape[0] < 1 << 20)
        in->model->n_joints = (int)bias->shape[0];
    if (weight == NULL) return HRNET_OK;
    HR_TRY(hr_infer_weight_size(in, weight, 0, &in->model->n_joints));
    HR_TRY(hr_infer_weight_size(in, weight, 2, &in->model->final_conv_kernel));
    if (is_combined_head(in->layout, in->model->n_joints))
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "%s: %s: %d maps look like score, dx and dy of %d keypoints (UDP's combined target), which is "
                       "not supported; give a configuration if they are %d heatmaps",
                       in->path, weight->name, in->model->n_joints, in->model->n_joints / 3, in->model->n_joints);
    if (in->model->final_conv_kernel != 1 && in->model->final_conv_kernel != 3)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: %s: expected a kernel of 1 or 3, found %d", in->path, weight->name,
                       in->model->final_conv_kernel);
    return HRNET_OK;
}

/* Set what names and shapes do not show: by what the file's meta says, else by published practice:
 *   IMAGE_SIZE   256 x 256 for MPII (16 keypoints) and very deep networks, else 192 x 256
 *   COLOR_RGB    true, except in upstream's pose_resnet, which was trained on BGR
 *   TEST         flip test, post-processing and shifted heatmaps on, as in all published experiments */
static hrnet_status assume(hr_config *config, const hr_layout *layout)
{
    hr_model_config *model = &config->model;
    const int is_mpii = model->n_joints == 16, is_hrnet = strcmp(model->name, "pose_hrnet") == 0;
    /* the image must be a multiple of the deepest stride, which exceeds 64 with more than the published branches */
    const int deepest = is_hrnet && model->stages[2].n_branches > 4 ? 4 << (model->stages[2].n_branches - 1) : 64;
    const char *const size = hr_mmpose_config_entry(layout->tensors, "MODEL.IMAGE_SIZE");
    model->image_size[0] = is_mpii || deepest > 64 ? 256 : 192;
    model->image_size[1] = 256;
    if (size != NULL) HR_TRY(hr_config_set(config, "MODEL.IMAGE_SIZE", size, NULL, NULL));
    for (int i = 0; i < 2; i++) {
        if (size == NULL && model->image_size[i] < deepest) model->image_size[i] = deepest;
        model->heatmap_size[i] = is_hrnet ? model->image_size[i] / 4 : (model->image_size[i] / 32) << model->n_deconvs;
    }
    config->dataset.color_rgb = is_hrnet || hr_layout_is_mmpose(layout);
    snprintf(config->dataset.dataset, sizeof config->dataset.dataset, "%s", is_mpii ? "mpii" : "coco");
    /* as in every published experiment */
    config->test.flip_test = config->test.post_process = config->test.shift_heatmap = 1;
    config->assumes_flip_test = 1;
    for (const char *const *key = hr_mmpose_config_keys; *key != NULL; key++) {
        const char *const value = hr_mmpose_config_entry(layout->tensors, *key);
        if (value != NULL) HR_TRY(hr_config_set(config, *key, value, NULL, NULL));
    }
    return HRNET_OK;
}

void hr_assumed_keys(const hr_layout *layout, const hr_config *config, char out[HR_ASSUMED_TEXT])
{
    const hr_family family = hr_family_of(config->model.name);
    if ((family & HR_DETECTORS) != 0) {
        snprintf(out, HR_ASSUMED_TEXT, "%s", hr_infer_assumed_of_detector(family));
        return;
    }
    static const char *const keys[] = {"MODEL.IMAGE_SIZE", "DATASET.COLOR_RGB", "TEST.FLIP_TEST"};
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (hr_mmpose_config_entry(layout->tensors, keys[i]) == NULL)
            n += (size_t)snprintf(out + n, HR_ASSUMED_TEXT - n, "%s%s", n > 0 ? ", " : "", keys[i]);
}

/* Append "KEY value" of one key. */
static void add_key(hr_text *line, const hr_config *config, const char *key)
{
    char *value = NULL;
    hr_text_add(line, "%s", key);
    if (hrnet_config_get(config, key, &value) == HRNET_OK) hr_text_add(line, " %.*s", (int)strcspn(value, "\n"), value);
    hrnet_string_free(value);
}

/* Whether the overrides (KEY, VALUE, ..., NULL; may be NULL) name the key. */
static int is_overridden(const char *const *overrides, const char *key)
{
    for (size_t i = 0; overrides != NULL && overrides[i] != NULL && overrides[i + 1] != NULL; i += 2)
        if (strcmp(overrides[i], key) == 0) return 1;
    return 0;
}

void hr_report_assumed(const hr_config *config, const char *keys, const char *path, const char *const *overrides,
                       hrnet_message_fn *on_message, void *context)
{
    hr_text line = {0};
    int n = 0;
    if (on_message == NULL) return;
    hr_text_add(&line, "warning: %.500s does not say, and is assumed to have: ", path);
    for (const char *at = keys; *at != '\0'; at += strspn(at, ", ")) {
        char key[64];
        const size_t length = strcspn(at, ", ");
        snprintf(key, sizeof key, "%.*s", (int)length, at);
        at += length;
        if (strcmp(key, "TEST.FLIP_TEST") == 0) continue; /* told where there is a flip test */
        if (is_overridden(overrides, key)) continue;
        if (n++ > 0) hr_text_add(&line, ", ");
        add_key(&line, config, key);
    }
    if (n > 0 && !line.failed) on_message(context, line.data);
    hr_text_free(&line);
}

/* Which network it is, and its sizes. *out_has_head: a pose network's file may lack the head. */
static hrnet_status infer_network(const hr_inference *in, int *out_has_head)
{
    const hr_name_counts *const n = &in->n;
    if (n->n_branches[0] + n->n_branches[1] + n->n_branches[2] > 0) {
        HR_TRY(infer_hrnet(in));
        if (n->of_box_head != NULL) return hr_infer_detect_hrnet(in);
        return infer_head(in, out_has_head);
    }
    if (n->of_yolox != NULL || n->of_rtmdet != NULL) return hr_infer_csp(in);
    if (n->n_deconvs == 0)
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "%s: expected stage2.0.branches.0.0.conv1.weight (pose_hrnet), deconv_layers.0.weight "
                       "(pose_resnet), backbone.backbone.dark2.1.conv1.conv.weight (yolox) or "
                       "backbone.stage1.1.main_conv.conv.weight (rtmdet) among %zu tensors, found none; the first is "
                       "%.200s",
                       in->path, in->layout->n_items, in->layout->items[0].found);
    HR_TRY(infer_resnet(in));
    return infer_head(in, out_has_head);
}

hrnet_status hr_infer_config(hr_config *out, const hr_layout *layout, const char *path, const char *const *overrides,
                             hrnet_message_fn *on_message, void *context)
{
    hr_config_defaults(out);
    snprintf(out->source, sizeof out->source, "%s", path);
    hr_inference in = {.layout = layout, .path = path, .model = &out->model};
    int has_head = 1;
    count_names(&in);
    HR_TRY(infer_network(&in, &has_head));
    if ((hr_family_of(out->model.name) & HR_DETECTORS) != 0) {
        hr_infer_assume_detector(out);
    } else {
        const hrnet_status status = assume(out, layout);
        if (status != HRNET_OK) return hr_fail_in(status, path);
    }
    HR_TRY(hr_config_check(out));
    char keys[HR_ASSUMED_TEXT + 32];
    hr_assumed_keys(layout, out, keys);
    if (!has_head) strcat(keys, keys[0] != '\0' ? ", MODEL.NUM_JOINTS" : "MODEL.NUM_JOINTS");
    hr_report_assumed(out, keys, path, overrides, on_message, context);
    return HRNET_OK;
}
