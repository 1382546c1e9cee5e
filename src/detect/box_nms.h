/* box_nms.h - non-maximum suppression of boxes, exactly as torchvision.ops.nms, class by class. */
#ifndef HR_DETECT_BOX_NMS_H
#define HR_DETECT_BOX_NMS_H

#include "detect/box_candidates.h"

/* Keep the best `most` candidates that no better one that is kept suppresses: of its class (agnostic: of any class),
 * with an intersection over union strictly above `iou`, in float32. Boxes without area suppress nothing and are not
 * suppressed by their equals (0/0). On return the list holds those that are kept, best first. Time: at most most * n
 * comparisons. Sorts the list and allocates nothing. */
void hr_box_nms(hr_candidates *list, float iou, int agnostic, size_t most);

/* The same class by class; then each box that is kept, with a score of at least `threshold`, becomes the mean of all
 * candidates of its class whose intersection over union with it is at least vote_iou > 0, itself among them, weighted
 * by their scores times that (box voting: Gidaris and Komodakis, ICCV 2015); a score of 0 or less has no vote. Those
 * that are kept below the threshold are dropped: candidates below it only vote. Scores stay. Time: at most 2 * most * n
 * comparisons. HRNET_ERR_MEMORY leaves the list sorted and otherwise as it was. */
hrnet_status hr_box_nms_voted(hr_candidates *list, float iou, float vote_iou, float threshold, size_t most);

#endif
