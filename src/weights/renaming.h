/* renaming.h - names of one program in place of another's, for networks that two programs publish. */
#ifndef HR_WEIGHTS_RENAMING_H
#define HR_WEIGHTS_RENAMING_H

#include "base/text.h"

/* Append the name that Megvii's code gives a tensor of YOLOX which mmdetection's calls `name`
 * ("backbone.stage1.1.main_conv.conv.weight": "backbone.backbone.dark2.1.conv1.conv.weight"). */
void hr_yolox_name(const char *name, hr_text *out);

#endif
