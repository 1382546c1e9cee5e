/* infer.h - what the files of inference share: the names being read, the counts that they promise, and look-ups. */
#ifndef HR_WEIGHTS_INFER_H
#define HR_WEIGHTS_INFER_H

#include "config/config.h"
#include "weights/naming.h"

enum { HR_INFER_MAX_COUNT = 256 }; /* of blocks or modules; hr_config_check then applies the limits of the keys */

/* How many there are of each part, by the highest index in the names. */
typedef struct hr_name_counts {
    int n_modules[3], n_branches[3], n_blocks[3][HR_MAX_BRANCHES], is_bottleneck[3]; /* of stage 2, 3 and 4 */
    int n_layer_blocks[4], has_bottleneck_layers;                                    /* of layer1 to layer4 */
    int n_deconvs, has_deconv_bias;
    /* Detectors: blocks of the backbone's stages and of the neck; whether units of kernel 3 are separable; a name that
     * only YOLOX has, only RTMDet, only a YOLOX on Darknet53, only a head (NULL: none) */
    int n_csp_blocks[4], n_neck_blocks, is_depthwise;
    const char *of_yolox, *of_rtmdet, *of_darknet53, *of_box_head;
} hr_name_counts;

typedef struct hr_inference {
    const hr_layout *layout;
    const char *path;
    hr_model_config *model;
    hr_name_counts n;
} hr_inference;

/* The tensor of an official name (a printf format), or NULL. */
const hr_tensor *hr_infer_find(const hr_inference *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Read "12." at *at and step over it. Returns -1, and leaves *at, if there is no such number; HR_INFER_MAX_COUNT for
 * larger ones. */
int hr_infer_index(const char **at);
void hr_infer_raise(int *count, int index);
/* Whether a name goes on like this; then step over it. */
int hr_infer_step(const char **at, const char *text);

/* Check that a weight has the shape [a][b][k][k] and set *out to the size of dimension dim. */
hrnet_status hr_infer_weight_size(const hr_inference *in, const hr_tensor *weight, int dim, int *out);
/* Set *out to the channels of a batch norm with that path, if the file has any of its tensors; returns whether. */
int hr_infer_norm_size(const hr_inference *in, const char *path, int *out);

/* Detectors (infer_detector.c). Count a name, which must live as long as n. */
void hr_infer_count_detector(hr_name_counts *n, const char *name);
/* yolox or rtmdet: backbone, neck and head. */
hrnet_status hr_infer_csp(const hr_inference *in);
/* YOLOX's head on an HRNet's body, whose stages are inferred: detect_hrnet. */
hrnet_status hr_infer_detect_hrnet(const hr_inference *in);
/* What names and shapes do not show of a detector, by published practice; and which keys these are. */
void hr_infer_assume_detector(hr_config *config);
const char *hr_infer_assumed_of_detector(hr_family family);

#endif
