/*
 * infer_detector.c - the configuration of a detector:
 *
 *   backbone.backbone.stem.conv.conv.weight        yolox: shape[0] is STEM_CHANNELS; for rtmdet backbone.stem.2
 *   backbone.backbone.dark3.1.m.2.conv1.bn.bias    NUM_BLOCKS[1] is 3 or more; backbone.stage2.1.blocks.2
 *   backbone.C3_p4.m.0.conv1.bn.bias               NECK_BLOCKS is 1 or more; neck.top_down_blocks.0.blocks.0
 *   backbone.backbone.dark2.0.dconv.bn.bias        DEPTHWISE; backbone.stage1.0.depthwise_conv
 *   head.stems.0.conv.weight                       shape[0]: HEAD_CHANNELS; neck.out_convs.0
 *   head.cls_preds.0.weight                        shape[0]: NUM_CLASSES; bbox_head.rtm_cls.0
 */
#include <stdio.h>
#include <string.h>

#include "weights/infer.h"
#include "weights/roots.h"

/* ---------------------------------------------------------------------------------------------- counting */

static void note(const char **first, const char *name)
{
    if (*first == NULL) *first = name;
}

/* What follows "darkN." or "stageN.": the layer's number, then its parts. */
static void count_backbone(hr_name_counts *n, int stage, const char *at, const char *name)
{
    if (hr_infer_index(&at) < 0) return;
    if (hr_infer_step(&at, "m.") || hr_infer_step(&at, "blocks.")) {
        const int block = hr_infer_index(&at);
        if (block >= 0) hr_infer_raise(&n->n_csp_blocks[stage], block);
    } else if (hr_infer_step(&at, "layer1.") || hr_infer_step(&at, "layer2.")) {
        note(&n->of_darknet53, name);
    }
    n->is_depthwise |= hr_infer_step(&at, "dconv.") || hr_infer_step(&at, "depthwise_conv.");
}

/* "WORDd." with a digit d of four from `first` on: the digit's number, and *at moves behind it; else -1. */
static int stage_of(const char **at, const char *word, char first)
{
    const char *rest = *at;
    if (!hr_infer_step(&rest, word) || rest[0] < first || rest[0] > first + 3 || rest[1] != '.') return -1;
    *at = rest + 2;
    return rest[0] - first;
}

/* A CSP layer of the neck. */
static void count_neck(hr_name_counts *n, const char *at)
{
    static const char *const of_yolox[] = {"backbone.C3_p4.m.", "backbone.C3_p3.m.", "backbone.C3_n3.m.",
                                           "backbone.C3_n4.m."};
    int block = -1;
    if (hr_infer_step(&at, "neck.top_down_blocks.") || hr_infer_step(&at, "neck.bottom_up_blocks.")) {
        if (hr_infer_index(&at) >= 0 && hr_infer_step(&at, "blocks.")) block = hr_infer_index(&at);
    } else {
        for (int i = 0; i < 4 && block < 0; i++)
            if (hr_infer_step(&at, of_yolox[i])) block = hr_infer_index(&at);
    }
    if (block >= 0) hr_infer_raise(&n->n_neck_blocks, block);
}

void hr_infer_count_detector(hr_name_counts *n, const char *name)
{
    const hr_part part = hr_part_at(name);
    const char *at = name;
    if (part != HR_PART_CSP && part != HR_PART_BOXES) return;
    if (part == HR_PART_BOXES) note(&n->of_box_head, name);
    const int dark = stage_of(&at, "backbone.backbone.dark", '2'), stage = stage_of(&at, "backbone.stage", '1');
    const int is_megvii = strncmp(name, "backbone.", 9) == 0 && stage < 0 && strncmp(name, "backbone.stem.", 14) != 0;
    if (is_megvii) note(&n->of_yolox, name);
    if (!is_megvii && strncmp(name, "head.", 5) != 0) note(&n->of_rtmdet, name);
    if (dark >= 0 || stage >= 0)
        count_backbone(n, dark >= 0 ? dark : stage, at, name);
    else
        count_neck(n, name);
}

/* ---------------------------------------------------------------------------------------------- sizes */

/* Set *out to the channels that leave a unit: its convolution's or its norm's. */
static hrnet_status unit_size(const hr_inference *in, const char *path, int *out)
{
    char norm[96];
    const hr_tensor *const weight = hr_infer_find(in, "%s.conv.weight", path);
    if (weight != NULL) return hr_infer_weight_size(in, weight, 0, out);
    snprintf(norm, sizeof norm, "%s.bn", path);
    if (hr_infer_norm_size(in, norm, out)) return HRNET_OK;
    return hr_fail(HRNET_ERR_MISMATCH, "%s: missing: %s.conv.weight", in->path, path);
}

/* NUM_CLASSES from the predictors "LIST.k", of which any level does. */
static hrnet_status infer_classes(const hr_inference *in, const char *list)
{
    for (int k = 0; k < 3; k++) {
        const hr_tensor *const weight = hr_infer_find(in, "%s.%d.weight", list, k);
        const hr_tensor *const bias = hr_infer_find(in, "%s.%d.bias", list, k);
        if (weight != NULL) return hr_infer_weight_size(in, weight, 0, &in->model->n_classes);
        if (bias == NULL || bias->n_dims != 1 || bias->shape[0] < 1 || bias->shape[0] > 1 << 20) continue;
        in->model->n_classes = (int)bias->shape[0];
        return HRNET_OK;
    }
    return hr_fail(HRNET_ERR_MISMATCH, "%s: missing: %s.0.weight", in->path, list);
}

static hrnet_status infer_yolox(const hr_inference *in)
{
    snprintf(in->model->name, sizeof in->model->name, "yolox");
    HR_TRY(unit_size(in, "backbone.backbone.stem.conv", &in->model->stem_channels));
    HR_TRY(unit_size(in, "head.stems.0", &in->model->head_channels));
    return infer_classes(in, "head.cls_preds");
}

/* Whether levels share their convolutions is not visible in copies of them: the published networks do, except for
 * those that are depthwise. Distances are exponents in the published networks from m on. */
static hrnet_status infer_rtmdet(const hr_inference *in)
{
    enum { STEM_OF_M = 48 };
    hr_model_config *const model = in->model;
    snprintf(model->name, sizeof model->name, "rtmdet");
    HR_TRY(unit_size(in, "backbone.stem.2", &model->stem_channels));
    HR_TRY(unit_size(in, in->n.is_depthwise ? "neck.out_convs.0.pointwise_conv" : "neck.out_convs.0",
                     &model->head_channels));
    model->share_head = !model->depthwise;
    model->exp_distances = model->stem_channels >= STEM_OF_M;
    return infer_classes(in, "bbox_head.rtm_cls");
}

hrnet_status hr_infer_csp(const hr_inference *in)
{
    const hr_name_counts *const n = &in->n;
    hr_model_config *const model = in->model;
    if (n->of_darknet53 != NULL)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: %s: expected CSPDarknet, found Darknet53 (YOLOX-Darknet53)",
                       in->path, n->of_darknet53);
    if (n->of_yolox != NULL && n->of_rtmdet != NULL)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected one network, found names of YOLOX (%s) and of RTMDet (%s)",
                       in->path, n->of_yolox, n->of_rtmdet);
    if (n->of_box_head == NULL)
        return hr_fail(
            HRNET_ERR_UNSUPPORTED,
            "%s: expected %s beside %s, found no tensor of a detector's head: the backbone of another network",
            in->path, n->of_yolox != NULL ? "head.cls_preds.0.weight" : "bbox_head.rtm_cls.0.weight",
            n->of_yolox != NULL ? n->of_yolox : n->of_rtmdet);
    for (int i = 0; i < 4; i++) {
        if (n->n_csp_blocks[i] == 0 || n->n_csp_blocks[i] > HR_INFER_MAX_COUNT)
            return hr_fail(n->n_csp_blocks[i] == 0 ? HRNET_ERR_MISMATCH : HRNET_ERR_LIMIT,
                           "%s: expected 1 to %d blocks in stage %d of the backbone, found %s", in->path,
                           HR_INFER_MAX_COUNT, i + 1, n->n_csp_blocks[i] == 0 ? "none" : "more");
        model->n_csp_blocks[i] = n->n_csp_blocks[i];
    }
    model->neck_blocks = n->n_neck_blocks;
    model->depthwise = n->is_depthwise;
    return n->of_yolox != NULL ? infer_yolox(in) : infer_rtmdet(in);
}

hrnet_status hr_infer_detect_hrnet(const hr_inference *in)
{
    snprintf(in->model->name, sizeof in->model->name, "detect_hrnet");
    in->model->layer1_blocks = in->n.n_layer_blocks[0];
    HR_TRY(unit_size(in, "head.stems.0", &in->model->head_channels));
    return infer_classes(in, "head.cls_preds");
}

/* ---------------------------------------------------------------------------------------------- practice */

/*   IMAGE_SIZE   640 x 640; 416 x 416 for YOLOX-nano and -tiny, 320 x 320 for RTMDet-nano
 *   COLOR_RGB    false but for detect_hrnet: the published detectors see BGR */
void hr_infer_assume_detector(hr_config *config)
{
    enum { STEM_OF_TINY = 24 };
    hr_model_config *const model = &config->model;
    const hr_family family = hr_family_of(model->name);
    int side = 640;
    if (family == HR_YOLOX && model->stem_channels <= STEM_OF_TINY) side = 416;
    if (family == HR_RTMDET && model->depthwise) side = 320;
    model->image_size[0] = model->image_size[1] = side;
    config->dataset.color_rgb = family == HR_DETECT_HRNET;
    snprintf(config->dataset.dataset, sizeof config->dataset.dataset, "coco");
}

const char *hr_infer_assumed_of_detector(hr_family family)
{
    return family == HR_RTMDET ? "MODEL.IMAGE_SIZE, DATASET.COLOR_RGB, MODEL.EXTRA.EXP_DISTANCES"
                               : "MODEL.IMAGE_SIZE, DATASET.COLOR_RGB";
}
