/*
 * infer.c - hr_infer_config: the configuration of a network from the names and shapes of its state dict. Blocks,
 * branches and modules are counted by looking up the name of each one's first tensor until there is none:
 *
 *   stage3.0, stage3.1, ...                  NUM_MODULES
 *   stage3.0.branches.0, .1, ...             NUM_BRANCHES
 *   stage3.0.branches.1.0, .1, ...           NUM_BLOCKS[1]; shape[0] of the first one's conv1.weight: NUM_CHANNELS[1]
 *   stage3.0.branches.0.0.conv3.weight       BLOCK is BOTTLENECK if it exists
 *   layer1.0, layer1.1, ...                  NUM_LAYERS of a ResNet, by a table
 *   deconv_layers.0, .3, ...                 NUM_DECONV_LAYERS; their shapes: NUM_DECONV_FILTERS and _KERNELS
 *   final_layer.weight                       NUM_JOINTS and FINAL_CONV_KERNEL
 *
 * The number of look-ups is bounded by the limits of the configuration, however many tensors a file has.
 */
#include "weights/checkpoint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/config_keys.h"
#include "weights/mmpose_meta.h"

enum { MAX_COUNT = 256 }; /* of blocks or modules; hr_config_check then applies the limits of the keys */

typedef struct inference {
    const hr_layout *layout;
    const char *path;
    hr_model_config *model;
} inference;

/* The tensor of an official name (a printf format), or NULL. */
__attribute__((format(printf, 2, 3))) static const hr_tensor *find(const inference *in, const char *format, ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    const hr_named *item = hr_layout_find(in->layout, name);
    return item != NULL ? item->tensor : NULL;
}

/* Check that a weight has the shape [a][b][k][k] and set *out to the size of dimension dim. */
static hrnet_status weight_size(const inference *in, const hr_tensor *weight, int dim, int *out)
{
    const int64_t *shape = weight->shape;
    if (weight->n_dims != 4 || shape[2] != shape[3] || shape[0] < 1 || shape[1] < 1 || shape[2] < 1)
        return hr_fail(HRNET_ERR_MISMATCH,
                       "%s: %s: expected the weight of a square convolution, found another tensor of %d dimensions",
                       in->path, weight->name, weight->n_dims);
    if (shape[dim] > 1 << 20)
        return hr_fail(HRNET_ERR_LIMIT, "%s: %s: expected a size of at most %d, found %lld", in->path, weight->name,
                       1 << 20, (long long)shape[dim]);
    *out = (int)shape[dim];
    return HRNET_OK;
}

/* Number of residual blocks below path ("layer1", "stage2.0.branches.1"). */
static int count_blocks(const inference *in, const char *path)
{
    int n = 0;
    while (n < MAX_COUNT && find(in, "%s.%d.conv1.weight", path, n) != NULL) n++;
    return n;
}

/* One branch of stage `number` (2 to 4), from its first module: all modules of a stage are alike. */
static hrnet_status infer_branch(const inference *in, int number, int branch, hr_stage *stage)
{
    char path[64];
    snprintf(path, sizeof path, "stage%d.0.branches.%d", number, branch);
    stage->n_blocks[branch] = count_blocks(in, path);
    return weight_size(in, find(in, "%s.0.conv1.weight", path), 0, &stage->n_channels[branch]);
}

static hrnet_status infer_stage(const inference *in, int number)
{
    hr_stage *stage = &in->model->stages[number - 2];
    while (stage->n_modules < MAX_COUNT &&
           find(in, "stage%d.%d.branches.0.0.conv1.weight", number, stage->n_modules) != NULL)
        stage->n_modules++;
    if (stage->n_modules == 0)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected stage%d.0.branches.0.0.conv1.weight, found no such tensor",
                       in->path, number);
    while (stage->n_branches < HR_MAX_BRANCHES &&
           find(in, "stage%d.0.branches.%d.0.conv1.weight", number, stage->n_branches) != NULL) {
        HR_TRY(infer_branch(in, number, stage->n_branches, stage));
        stage->n_branches++;
    }
    stage->block =
        find(in, "stage%d.0.branches.0.0.conv3.weight", number) != NULL ? HR_BLOCK_BOTTLENECK : HR_BLOCK_BASIC;
    return HRNET_OK;
}

static hrnet_status infer_hrnet(const inference *in)
{
    snprintf(in->model->name, sizeof in->model->name, "pose_hrnet");
    for (int number = 2; number <= 4; number++) HR_TRY(infer_stage(in, number));
    return HRNET_OK;
}

/* NUM_LAYERS of pose_resnet, from the number and the kind of blocks in its four layers. */
static hrnet_status infer_depth(const inference *in)
{
    static const struct {
        int n_layers, is_bottleneck, n_blocks[4];
    } known[] = {{18, 0, {2, 2, 2, 2}},
                 {34, 0, {3, 4, 6, 3}},
                 {50, 1, {3, 4, 6, 3}},
                 {101, 1, {3, 4, 23, 3}},
                 {152, 1, {3, 8, 36, 3}}};
    const int is_bottleneck = find(in, "layer1.0.conv3.weight") != NULL;
    int n_blocks[4];
    for (int i = 0; i < 4; i++) {
        char path[16];
        snprintf(path, sizeof path, "layer%d", i + 1);
        n_blocks[i] = count_blocks(in, path);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].is_bottleneck != is_bottleneck || memcmp(known[i].n_blocks, n_blocks, sizeof n_blocks) != 0)
            continue;
        in->model->n_layers = known[i].n_layers;
        return HRNET_OK;
    }
    return hr_fail(HRNET_ERR_UNSUPPORTED,
                   "%s: expected a ResNet of 18, 34, 50, 101 or 152 layers, found %d, %d, %d and %d %s blocks",
                   in->path, n_blocks[0], n_blocks[1], n_blocks[2], n_blocks[3],
                   is_bottleneck ? "bottleneck" : "basic");
}

static hrnet_status infer_resnet(const inference *in)
{
    hr_model_config *model = in->model;
    snprintf(model->name, sizeof model->name, "pose_resnet");
    HR_TRY(infer_depth(in));
    const hr_tensor *weight;
    /* deconv_layers repeats a transposed convolution, a batch norm and a ReLU, hence every third number */
    while (model->n_deconvs < HR_MAX_DECONVS &&
           (weight = find(in, "deconv_layers.%d.weight", 3 * model->n_deconvs)) != NULL) {
        HR_TRY(weight_size(in, weight, 1, &model->deconv_filters[model->n_deconvs]));
        HR_TRY(weight_size(in, weight, 2, &model->deconv_kernels[model->n_deconvs]));
        model->n_deconvs++;
    }
    model->deconv_with_bias = find(in, "deconv_layers.0.bias") != NULL;
    return HRNET_OK;
}

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
static hrnet_status refuse_other_heads(const inference *in)
{
    for (size_t i = 0; i < in->layout->n_items; i++) {
        const hr_named *item = &in->layout->items[i];
        int layer;
        if (item->ignored == NULL &&
            (strncmp(item->name, "conv_layers.", 12) == 0 || sscanf(item->name, "final_layer.%4d.", &layer) == 1))
            return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: %s: expected a head of one convolution, found additional layers",
                           in->path, item->found);
    }
    return HRNET_OK;
}

/* Sets *out_found to whether the file has a head at all: a body for fine-tuning has none. */
static hrnet_status infer_head(const inference *in, int *out_found)
{
    HR_TRY(refuse_other_heads(in));
    const hr_tensor *weight = find(in, "final_layer.weight");
    *out_found = weight != NULL;
    if (weight == NULL) return HRNET_OK;
    HR_TRY(weight_size(in, weight, 0, &in->model->n_joints));
    HR_TRY(weight_size(in, weight, 2, &in->model->final_conv_kernel));
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

void hr_assumed_keys(const hr_layout *layout, char out[HR_ASSUMED_TEXT])
{
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

void hr_report_assumed(const hr_config *config, const char *keys, const char *path, hrnet_message_fn *on_message,
                       void *context)
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
        if (n++ > 0) hr_text_add(&line, ", ");
        add_key(&line, config, key);
    }
    if (n > 0 && !line.failed) on_message(context, line.data);
    hr_text_free(&line);
}

hrnet_status hr_infer_config(hr_config *out, const hr_layout *layout, const char *path, hrnet_message_fn *on_message,
                             void *context)
{
    hr_config_defaults(out);
    snprintf(out->source, sizeof out->source, "%s", path);
    const inference in = {layout, path, &out->model};
    int has_head = 0;
    if (find(&in, "stage2.0.branches.0.0.conv1.weight") != NULL)
        HR_TRY(infer_hrnet(&in));
    else if (find(&in, "deconv_layers.0.weight") != NULL)
        HR_TRY(infer_resnet(&in));
    else
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "%s: expected stage2.0.branches.0.0.conv1.weight (pose_hrnet) or "
                       "deconv_layers.0.weight (pose_resnet) among %zu tensors, found neither; the first is %.200s",
                       path, layout->n_items, layout->items[0].found);
    HR_TRY(infer_head(&in, &has_head));
    hrnet_status status = assume(out, layout);
    if (status != HRNET_OK) return hr_fail_in(status, path);
    HR_TRY(hr_config_check(out));
    char keys[HR_ASSUMED_TEXT + 32];
    hr_assumed_keys(layout, keys);
    if (!has_head) strcat(keys, keys[0] != '\0' ? ", MODEL.NUM_JOINTS" : "MODEL.NUM_JOINTS");
    hr_report_assumed(out, keys, path, on_message, context);
    return HRNET_OK;
}
