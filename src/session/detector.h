/* detector.h - the inside of hrnet_detector: a model, and how its published program feeds and reads it. */
#ifndef HR_SESSION_DETECTOR_H
#define HR_SESSION_DETECTOR_H

#include "detect/head_boxes.h"
#include "detect/letterbox.h"
#include "session/model.h"

enum {
    HR_HEAD_MAPS = 3,      /* outputs of a detector's graph, at strides 8, 16, 32 */
    HR_INPUT_MULTIPLE = 32 /* of the sides of its input */
};

/* The ways to read the maps. */
typedef enum hr_head_kind { HR_HEAD_YOLOX, HR_HEAD_RTMDET } hr_head_kind;

struct hrnet_detector {
    hrnet_model *model;
    hr_head_kind head;
    hr_letterbox_rule rule;
    hr_pixel_table pixels;
    int exp_distances; /* of HR_HEAD_RTMDET */
    float vote_iou;    /* of hr_box_nms_voted; 0: no votes */
    hrnet_detector_info info;
};

/* A detector of a model made elsewhere, which it frees at its end. HRNET_ERR_MISMATCH for a pose network; after a
 * failure the model is still the caller's. */
hrnet_status hr_detector_of_model(hrnet_detector **out, hrnet_model *model);

#endif
