/* detections.h - person boxes from memory; hrnet_detections_load of <hrnet.h> is the same on a file. */
#ifndef HR_DATA_DETECTIONS_H
#define HR_DATA_DETECTIONS_H

#include <hrnet_data.h>

#include "base/status.h"

/* Read a COCO detections or annotations text. Free with hrnet_detections_free. */
hrnet_status hr_detections_parse(hrnet_detection **out, size_t *n_out, const void *bytes, size_t n_bytes);

#endif
