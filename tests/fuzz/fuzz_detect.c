/*
 * fuzz_detect.c - what a network may put out and a picture may hold: a few bytes choose family, sizes, classes and
 * rules, the others are the numbers of the maps and the pixels, again and again if they are too few. Ends the program
 * if suppression breaks what it promises.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/box_nms.h"
#include "detect/head_boxes.h"
#include "detect/letterbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 12, MOST_CLASSES = 8 };

static void must(int holds)
{
    if (!holds) abort();
}

/* n bytes of the body, repeated. */
static void repeat(const uint8_t *body, size_t body_size, void *out, size_t n)
{
    for (size_t i = 0; i < n; i++) ((uint8_t *)out)[i] = body_size > 0 ? body[i % body_size] : 0;
}

static float overlap(const hr_box_candidate *a, const hr_box_candidate *b)
{
    const float w = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1), h = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
    const float shared = fmaxf(w, 0) * fmaxf(h, 0);
    return shared / ((a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - shared);
}

static void check_kept(const hr_candidates *list, float iou, size_t most)
{
    must(list->n <= most);
    for (size_t i = 0; i < list->n; i++) {
        const hr_box_candidate *const c = &list->items[i];
        must(isfinite(c->x1 + c->y1 + c->x2 + c->y2) && !isnan(c->score) && c->category < MOST_CLASSES);
        if (i > 0) must(c[-1].score >= c->score);
        for (size_t k = 0; k < i; k++)
            if (list->items[k].category == c->category) must(!(overlap(&list->items[k], c) > iou));
    }
}

/* Boxes by votes lie among the candidates, in the order of their scores, none below the threshold. */
static void check_voted(const hr_candidates *list, const hr_box_candidate *all, size_t n_all, float threshold)
{
    float least[2] = {INFINITY, INFINITY}, most[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < n_all; i++) {
        least[0] = fminf(least[0], all[i].x1);
        least[1] = fminf(least[1], all[i].y1);
        most[0] = fmaxf(most[0], all[i].x2);
        most[1] = fmaxf(most[1], all[i].y2);
    }
    for (size_t i = 0; i < list->n; i++) {
        const hr_box_candidate *const c = &list->items[i];
        must(c->x1 >= least[0] && c->y1 >= least[1] && c->x2 <= most[0] && c->y2 <= most[1]);
        must(c->score >= threshold && (i == 0 || c[-1].score >= c->score));
    }
}

/* Suppression with votes, of a copy of the list. */
static void vote(const hr_candidates *list, float iou, const uint8_t *header, size_t most)
{
    const float vote_iou = (float)(1 + header[8]) / 256, threshold = (float)header[9] / 255;
    hr_candidates copy = {0};
    for (size_t i = 0; i < list->n; i++) must(hr_candidates_add(&copy, &list->items[i]) == HRNET_OK);
    must(hr_box_nms_voted(&copy, iou, vote_iou, threshold, most) == HRNET_OK);
    must(copy.n <= most);
    check_voted(&copy, list->items, list->n, threshold);
    hr_candidates_free(&copy);
}

static void decode(const uint8_t *header, const uint8_t *body, size_t body_size)
{
    static const int first = 0;
    const int is_yolox = header[0] & 1, all = header[0] & 2, n_classes = 1 + header[1] % MOST_CLASSES;
    const int channels = n_classes + (is_yolox ? 5 : 4), w = 1 + header[2] % 24, h = 1 + header[3] % 24;
    const size_t n = (size_t)(channels * w * h), most = 1 + header[4];
    const float iou = (float)header[5] / 255;
    float *const numbers = malloc(n * sizeof *numbers);
    must(numbers != NULL);
    repeat(body, body_size, numbers, n * sizeof *numbers);
    const hr_class_rule rule = {(float)(header[6] - 1) / 255, all ? NULL : &first, all ? 0 : 1};
    const int planes = header[0] & 4;
    const hr_head_map map = {numbers, h, w, 8 << header[7] % 3, planes ? w * h : 1, planes ? 1 : channels};
    hr_candidates list = {0};
    const hr_rtmdet_geometry geometry = {header[0] >> 3 & 1, 200, 100, 0.5f, 1.75f};
    must(is_yolox ? hr_yolox_boxes(&list, &map, 1, n_classes, &rule) == HRNET_OK
                  : hr_rtmdet_boxes(&list, &map, 1, n_classes, &rule, &geometry) == HRNET_OK);
    must(list.n + (size_t)list.n_not_finite <= (size_t)(w * h * n_classes));
    vote(&list, iou, header, most);
    hr_box_nms(&list, iou, 0, most);
    check_kept(&list, iou, most);
    hr_candidates_free(&list);
    free(numbers);
}

/* Planes of just the bytes that the format has. */
static void letterbox(const uint8_t *header, const uint8_t *body, size_t body_size)
{
    static uint8_t rgb[96 * 96 * 3];
    const int width = 1 + header[8] % 70, height = 1 + header[9] % 70, half = (width + 1) / 2;
    const hrnet_pixel_format format = (hrnet_pixel_format)(header[10] % 7);
    const int step = hr_pixel_layout_of(format).step;
    hrnet_pixels pixels = {.width = width, .height = height, .format = format};
    uint8_t *planes[3] = {NULL};
    for (int i = 0; i < 3; i++) {
        const int row = step != 0                     ? i == 0 ? width * step : 0
                        : i == 0                      ? width
                        : format == HRNET_PIXELS_NV12 ? 2 * half
                                                      : half;
        const size_t n = (size_t)row * (size_t)(i == 0 ? height : (height + 1) / 2);
        if (n == 0) continue;
        planes[i] = malloc(n);
        must(planes[i] != NULL);
        repeat(body, body_size, planes[i], n);
        pixels.planes[i] = planes[i];
    }
    hr_letterbox box;
    hr_letterbox_fit(&box, width, height, 96, 96, header[11] & 1 ? HR_LETTERBOX_ROUNDED : HR_LETTERBOX_TRUNCATED);
    if (header[11] & 2) hr_letterbox_trim(&box, 32);
    must(box.content_width <= box.width && box.content_height <= box.height && box.width <= 96 && box.height <= 96);
    must(hr_letterbox_pixels(&box, &pixels) == HRNET_OK);
    hr_letterbox_rows(&box, 0, box.height, rgb);
    for (int i = 0; i < 3; i++) free(planes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t header[HEADER] = {0};
    const size_t n = size < HEADER ? size : HEADER;
    memcpy(header, data, n);
    decode(header, data + n, size - n);
    letterbox(header, data + n, size - n);
    return 0;
}
