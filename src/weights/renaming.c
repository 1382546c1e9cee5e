/* renaming.c - the two names of YOLOX's parts, as tables. */
#include "weights/renaming.h"

#include <string.h>

/* One name for another: mmdetection's parts of YOLOX, and Megvii's. */
typedef struct renaming {
    const char *from, *to;
} renaming;

/* How names begin; then what components they may have, anywhere. */
static const renaming yolox_beginnings[] = {
    {"backbone.stem.", "backbone.backbone.stem."},           {"backbone.stage1.", "backbone.backbone.dark2."},
    {"backbone.stage2.", "backbone.backbone.dark3."},        {"backbone.stage3.", "backbone.backbone.dark4."},
    {"backbone.stage4.", "backbone.backbone.dark5."},        {"neck.reduce_layers.0.", "backbone.lateral_conv0."},
    {"neck.reduce_layers.1.", "backbone.reduce_conv1."},     {"neck.top_down_blocks.0.", "backbone.C3_p4."},
    {"neck.top_down_blocks.1.", "backbone.C3_p3."},          {"neck.downsamples.0.", "backbone.bu_conv2."},
    {"neck.downsamples.1.", "backbone.bu_conv1."},           {"neck.bottom_up_blocks.0.", "backbone.C3_n3."},
    {"neck.bottom_up_blocks.1.", "backbone.C3_n4."},         {"neck.out_convs.", "head.stems."},
    {"bbox_head.multi_level_cls_convs.", "head.cls_convs."}, {"bbox_head.multi_level_reg_convs.", "head.reg_convs."},
    {"bbox_head.multi_level_conv_cls.", "head.cls_preds."},  {"bbox_head.multi_level_conv_reg.", "head.reg_preds."},
    {"bbox_head.multi_level_conv_obj.", "head.obj_preds."},
};
static const renaming yolox_components[] = {{"main_conv.", "conv1."},      {"short_conv.", "conv2."},
                                            {"final_conv.", "conv3."},     {"blocks.", "m."},
                                            {"depthwise_conv.", "dconv."}, {"pointwise_conv.", "pconv."}};

/* Append the beginning of a name under its other name, if it has one; returns what follows in the name. */
static const char *rename_beginning(const char *name, const renaming *list, size_t n, hr_text *out)
{
    for (size_t i = 0; i < n; i++) {
        if (strncmp(name, list[i].from, strlen(list[i].from)) != 0) continue;
        hr_text_add(out, "%s", list[i].to);
        return name + strlen(list[i].from);
    }
    return name;
}

void hr_yolox_name(const char *name, hr_text *out)
{
    const size_t n_components = sizeof yolox_components / sizeof *yolox_components;
    name = rename_beginning(name, yolox_beginnings, sizeof yolox_beginnings / sizeof *yolox_beginnings, out);
    while (*name != '\0') {
        const char *const rest = rename_beginning(name, yolox_components, n_components, out);
        const size_t length = rest == name ? strcspn(name, ".") + (strchr(name, '.') != NULL) : 0;
        hr_text_add_bytes(out, rest, length);
        name = rest + length;
    }
}
