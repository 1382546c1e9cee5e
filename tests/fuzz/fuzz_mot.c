/* fuzz_mot.c - MOTChallenge's rows of boxes; a few of them are scored against themselves and against every second one,
 * which gives rates within their ranges. */
#include <stdlib.h>

#include "base/mem.h"
#include "score/mot_score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_SCORED = 300 /* scoring takes more than linear time */ };

static void check(const hrnet_mot_boxes *truth, const hrnet_mot_boxes *results, hrnet_mot_benchmark benchmark)
{
    hrnet_mot_score score;
    if (hrnet_mot_evaluate(&score, truth, results, &(hrnet_mot_options){.benchmark = benchmark}) != HRNET_OK) return;
    for (int i = 0; i < HRNET_MOT_NUMBERS; i++)
        if (!(score.numbers[i] <= 1 + 1e-9) || (i != HRNET_MOT_MOTA && !(score.numbers[i] >= 0))) abort();
    if (score.n_matched > score.n_truths || score.n_matched > score.n_results ||
        score.n_mostly_tracked + score.n_partly_tracked + score.n_mostly_lost != score.n_people)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hrnet_mot_boxes boxes = {0};
    if (hr_mot_parse(&boxes, data, size) != HRNET_OK) return 0;
    hrnet_mot_boxes half = {.has_classes = boxes.has_classes};
    if (boxes.n <= MOST_SCORED && (half.boxes = hr_alloc(boxes.n, sizeof *half.boxes)) != NULL) {
        for (size_t i = 0; i < boxes.n; i += 2) half.boxes[half.n++] = boxes.boxes[i];
        check(&boxes, &boxes, HRNET_MOT_AUTO);
        check(&half, &boxes, HRNET_MOT20);
        check(&boxes, &half, HRNET_MOT15);
    }
    hr_free(half.boxes);
    hrnet_mot_boxes_free(&boxes);
    return 0;
}
