/* coco_set.h - persons of a COCO annotations file: from their labelled boxes, or from a detector's. */
#ifndef HR_DATA_COCO_SET_H
#define HR_DATA_COCO_SET_H

#include <hrnet_data.h>

#include "data/samples.h"

/* Ground-truth boxes, clipped to the picture and filtered as upstream's _load_coco_person_keypoint_annotation_kernal
 * does: no crowds, no boxes without area, nobody without a labelled keypoint. A picture of unknown size clips at 0
 * only. aspect: width / height of the network's input. The annotations must outlive the samples. */
hrnet_status hr_coco_set_truth(hr_samples *out, const hrnet_annotations *annotations, double aspect);

/* A detector's boxes with a score of at least image_thre, not clipped (_load_coco_person_detection_results). Those of
 * pictures that the annotations do not list are left out and counted in *n_unknown; HRNET_ERR_MISMATCH when that is all
 * of them. Messages do not name the detections' file. */
hrnet_status hr_coco_set_detections(hr_samples *out, const hrnet_annotations *annotations,
                                    const hrnet_detection *detections, size_t n, double image_thre, double aspect,
                                    size_t *n_unknown);

#endif
