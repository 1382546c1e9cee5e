/* rtmdet_boxes.c - RTMDet's head: predict_by_feat of mmdetection's rtmdet_head.py, up to the suppression. */
#include <math.h>

#include "detect/head_boxes.h"

typedef struct rtmdet_map {
    const hr_head_map *map;
    const hr_rtmdet_geometry *geometry;
    float threshold;
    /* Raw class scores below this have a sigmoid below the threshold, with a margin for its rounding. */
    float least;
} rtmdet_map;

static float clip(float value, float most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* The box of cell (x, y), in pixels of the picture. NaN stays NaN. */
static hr_box_candidate make_box(const rtmdet_map *l, int x, int y, const float *data)
{
    const hr_rtmdet_geometry *const g = l->geometry;
    const float stride = (float)l->map->stride, px = (float)x * stride, py = (float)y * stride;
    float d[4];
    for (int i = 0; i < 4; i++) {
        const float raw = data[i * l->map->channel_step];
        d[i] = (g->exp_distances ? expf(raw) : raw) * stride;
    }
    const float wide = 1.0f / g->scale_width, high = 1.0f / g->scale_height;
    return (hr_box_candidate){.x1 = clip(px - d[0], g->clip_width) * wide,
                              .y1 = clip(py - d[1], g->clip_height) * high,
                              .x2 = clip(px + d[2], g->clip_width) * wide,
                              .y2 = clip(py + d[3], g->clip_height) * high};
}

static hrnet_status add_pair(hr_candidates *list, const rtmdet_map *l, int x, int y, const float *data, int category,
                             uint32_t order)
{
    const float raw = data[(4 + category) * l->map->channel_step];
    if (raw < l->least) return HRNET_OK;
    const float score = 1.0f / (1.0f + expf(-raw));
    if (!(score > l->threshold)) {
        list->n_not_finite += isnan(score);
        return HRNET_OK;
    }
    hr_box_candidate box = make_box(l, x, y, data);
    if (box.x2 - box.x1 <= 0 || box.y2 - box.y1 <= 0) return HRNET_OK;
    box.score = score;
    box.category = category;
    box.order = order + (uint32_t)category;
    return hr_candidates_add(list, &box);
}

hrnet_status hr_rtmdet_boxes(hr_candidates *list, const hr_head_map *maps, int n_maps, int n_classes,
                             const hr_class_rule *rule, const hr_rtmdet_geometry *geometry)
{
    const float t = rule->threshold, margin = 1e-3f;
    const float least = t > 0 && t < 1 ? logf(t / (1 - t)) - margin : t > 0 ? 0 : -INFINITY;
    const int n_pairs = rule->categories != NULL ? rule->n_categories : n_classes;
    uint32_t order = 0;
    for (int i = 0; i < n_maps; i++) {
        const rtmdet_map l = {&maps[i], geometry, t, least};
        hr_candidates_next_map(list);
        for (int y = 0; y < maps[i].h; y++) {
            for (int x = 0; x < maps[i].w; x++, order += (uint32_t)n_classes) {
                const float *const data = maps[i].data + ((ptrdiff_t)y * maps[i].w + x) * maps[i].cell_step;
                for (int k = 0; k < n_pairs; k++)
                    HR_TRY(add_pair(list, &l, x, y, data, rule->categories != NULL ? rule->categories[k] : k, order));
            }
        }
    }
    return HRNET_OK;
}
