/* fuzz_detections.c - COCO detections and annotations, and with them the JSON tree. */
#include "data/coco_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hrnet_detection *detections = NULL;
    size_t n = 0;
    hr_detections_parse(&detections, &n, data, size);
    hrnet_detections_free(detections, n);
    return 0;
}
