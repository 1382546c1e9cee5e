/* fuzz_annotations.c - COCO annotations and results, and with them the JSON stream; what reads well is scored too, as
 * poses and as boxes. */
#include <string.h>

#include "data/coco_json.h"
#include "score/coco_score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Boxes that are where the annotations have them, all with one score. */
static void score_boxes(const uint8_t *data, size_t size)
{
    enum { MOST = 64 };
    hrnet_annotations *annotations = NULL;
    hrnet_box_score score;
    int64_t images[MOST], categories[MOST];
    double scores[MOST] = {0}, boxes[MOST][4];
    const hrnet_annotations_options options = {.boxes_alone = 1};
    hrnet_coco_results found = {.image_ids = images, .category_ids = categories, .scores = scores, .boxes = boxes};
    if (hr_annotations_parse(&annotations, data, size, &options) != HRNET_OK) return;
    for (; found.n < hrnet_annotations_n(annotations) && found.n < MOST; found.n++) {
        const hrnet_annotation truth = hrnet_annotations_get(annotations, found.n);
        images[found.n] = truth.image_id;
        categories[found.n] = truth.category_id;
        memcpy(boxes[found.n], truth.bbox, sizeof truth.bbox);
    }
    hrnet_box_evaluate(&score, annotations, &found);
    hrnet_annotations_free(annotations);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hrnet_annotations *annotations = NULL;
    hrnet_coco_results results = {0};
    hrnet_coco_score score = {0};
    if (hr_coco_results_parse(&results, data, size, 0) == HRNET_OK) hrnet_coco_results_free(&results);
    if (hr_box_results_parse(&results, data, size) == HRNET_OK) hrnet_coco_results_free(&results);
    score_boxes(data, size);
    if (hr_annotations_parse(&annotations, data, size, NULL) != HRNET_OK) return 0;
    /* one person, found where it is */
    const size_t n = hrnet_annotations_n(annotations);
    if (n > 0 && n < 64) {
        const hrnet_annotation one = hrnet_annotations_get(annotations, n / 2);
        int64_t image = one.image_id, category = one.category_id;
        double confidence = .5;
        hrnet_coco_results found = {.n = 1,
                                    .n_keypoints = hrnet_annotations_info(annotations)->skeleton.n_keypoints,
                                    .image_ids = &image,
                                    .category_ids = &category,
                                    .scores = &confidence,
                                    .keypoints = (double *)one.keypoints};
        if (hrnet_coco_evaluate(&score, annotations, &found, NULL) == HRNET_OK) hrnet_coco_score_free(&score);
    }
    hrnet_annotations_free(annotations);
    return 0;
}
