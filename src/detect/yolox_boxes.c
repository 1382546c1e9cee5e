/* yolox_boxes.c - YOLOX's head: decode_outputs of yolo_head.py and the first half of boxes.postprocess. */
#include <math.h>

#include "detect/head_boxes.h"

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

typedef struct yolox_cell {
    const float *data; /* of channel 0 */
    ptrdiff_t step;
    int x, y, stride;
    uint32_t order; /* of its first class */
} yolox_cell;

static hrnet_status add(hr_candidates *list, const yolox_cell *c, int category, float score)
{
    const float stride = (float)c->stride;
    const float x = (c->data[0] + (float)c->x) * stride, y = (c->data[c->step] + (float)c->y) * stride;
    const float w = expf(c->data[2 * c->step]) * stride, h = expf(c->data[3 * c->step]) * stride;
    return hr_candidates_add(list, &(hr_box_candidate){.x1 = x - w / 2,
                                                       .y1 = y - h / 2,
                                                       .x2 = x + w / 2,
                                                       .y2 = y + h / 2,
                                                       .score = score,
                                                       .category = category,
                                                       .order = c->order + (uint32_t)category});
}

/* The first class of the highest score. */
static int best_class(const yolox_cell *c, int n_classes)
{
    int best = 0;
    for (int k = 1; k < n_classes; k++)
        if (c->data[(5 + k) * c->step] > c->data[(5 + best) * c->step]) best = k;
    return best;
}

static hrnet_status add_class(hr_candidates *list, const yolox_cell *c, int category, float object, float threshold)
{
    const float score = object * sigmoid(c->data[(5 + category) * c->step]);
    if (score >= threshold) return add(list, c, category, score);
    list->n_not_finite += isnan(score);
    return HRNET_OK;
}

static hrnet_status add_cell(hr_candidates *list, const yolox_cell *c, int n_classes, const hr_class_rule *rule)
{
    const float object = sigmoid(c->data[4 * c->step]);
    if (object < rule->threshold) return HRNET_OK; /* no class scores higher */
    if (rule->categories == NULL) return add_class(list, c, best_class(c, n_classes), object, rule->threshold);
    for (int k = 0; k < rule->n_categories; k++)
        HR_TRY(add_class(list, c, rule->categories[k], object, rule->threshold));
    return HRNET_OK;
}

hrnet_status hr_yolox_boxes(hr_candidates *list, const hr_head_map *maps, int n_maps, int n_classes,
                            const hr_class_rule *rule)
{
    uint32_t order = 0;
    for (int i = 0; i < n_maps; i++) {
        const hr_head_map *const map = &maps[i];
        hr_candidates_next_map(list);
        for (int y = 0; y < map->h; y++) {
            for (int x = 0; x < map->w; x++, order += (uint32_t)n_classes) {
                const yolox_cell c = {map->data + ((ptrdiff_t)y * map->w + x) * map->cell_step,
                                      map->channel_step,
                                      x,
                                      y,
                                      map->stride,
                                      order};
                HR_TRY(add_cell(list, &c, n_classes, rule));
            }
        }
    }
    return HRNET_OK;
}
