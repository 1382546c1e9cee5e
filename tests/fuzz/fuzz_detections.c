/* fuzz_detections.c - COCO detections and annotations, and with them the JSON tree; and whose pictures they are. */
#include "base/mem.h"
#include "data/coco_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hrnet_detection *detections = NULL;
    size_t n = 0;
    hr_text notes = {0};
    if (hr_detections_parse(&detections, &n, data, size, NULL, &notes) == HRNET_OK) {
        static const char *const paths[] = {"a/1.jpg", "b/1.jpg", "frame.0001", "000000000785.png"};
        size_t *const pictures = hr_alloc(n, sizeof *pictures);
        if (pictures != NULL) hrnet_detections_match(detections, n, paths, sizeof paths / sizeof *paths, pictures);
        hr_free(pictures);
    }
    hrnet_detections_free(detections, n);
    hr_text_free(&notes);
    return 0;
}
