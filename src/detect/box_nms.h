/* box_nms.h - non-maximum suppression of boxes, exactly as torchvision.ops.nms, class by class. */
#ifndef HR_DETECT_BOX_NMS_H
#define HR_DETECT_BOX_NMS_H

#include "detect/box_candidates.h"

/* Keep the best `most` candidates that no better one that is kept suppresses: of its class (agnostic: of any class),
 * with an intersection over union strictly above `iou`, in float32. Boxes without area suppress nothing and are not
 * suppressed by their equals (0/0). On return the list holds those that are kept, best first. Time: at most most * n
 * comparisons. Sorts the list and allocates nothing. */
void hr_box_nms(hr_candidates *list, float iou, int agnostic, size_t most);

#endif
