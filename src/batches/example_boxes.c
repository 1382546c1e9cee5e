/*
 * example_boxes.c - a detector's example: one picture, or four as a mosaic, placed on the canvas (place.h), and the
 * boxes of everybody on it. Where and from which pictures follows from the example's number alone.
 */
#include "base/mem.h"
#include "base/rng.h"
#include "batches/batch_internal.h"
#include "batches/place.h"

/* Append the boxes of a picture. */
static hrnet_status add_boxes(hr_example *e, const hr_train_part *part, size_t image, const hr_placement *place,
                              int picture_width)
{
    const size_t first = part->first_box[image], n = part->first_box[image + 1] - first, had = (size_t)e->n_boxes;
    if (n == 0) return HRNET_OK;
    hr_box_truth *const grown = hr_resize(e->boxes, had, had + n, sizeof *grown);
    if (grown == NULL) return hr_fail_memory((had + n) * sizeof *grown);
    e->boxes = grown;
    for (size_t i = first; i < first + n; i++)
        e->n_boxes += hr_place_box(&e->boxes[e->n_boxes], place, &part->boxes[i], part->is_crowd[i], picture_width);
    return HRNET_OK;
}

/* Put one picture on its area of the canvas. from: the example that names the picture. */
static hrnet_status add_picture(const hr_batches *b, int worker, size_t from, const hr_area *area, int n_areas,
                                hr_draws *draws, hr_example *e, uint8_t *canvas)
{
    const int width = b->shape.input_width;
    uint8_t *const scratch = canvas + 3 * (size_t)width * (size_t)b->shape.input_height;
    const hr_train_part *part;
    hr_example named = {0};
    hrnet_image image;
    HR_TRY(hr_batches_find_picture(b, worker, from, &named, &part, &image));
    const size_t at = part->samples.list[named.person].image, first = part->first_box[at];
    const hr_place_picture picture = {image.width, image.height, part->boxes + first, part->first_box[at + 1] - first};
    const hr_placement place = hr_place_choose(b->set->config, area, n_areas, &picture, draws);
    hrnet_status status = hr_place_draw(&place, &image, scratch, canvas, width);
    if (status == HRNET_OK) status = add_boxes(e, part, at, &place, image.width);
    hrnet_image_free(&image);
    if (e->image == NULL) { /* the first picture names the example */
        e->image = named.image;
        e->set = named.set;
        e->person = named.person;
    }
    return status;
}

static hrnet_status make(const hr_batches *b, int worker, size_t number, hr_example *e)
{
    const uint64_t stream = hr_random_bits(b->stream, number);
    const int width = b->shape.input_width, height = b->shape.input_height;
    uint8_t *const canvas = b->crops[worker];
    hr_draws own = {hr_random_bits(stream, 4), 0}, *const draws = b->options.augment ? &own : NULL;
    hr_area areas[HR_MOSAIC];
    int n;
    e->input = hr_alloc(4 * (size_t)width * (size_t)height, sizeof(float));
    if (e->input == NULL) return hr_fail_memory(4 * (size_t)width * (size_t)height * sizeof(float));
    hr_place_areas(areas, &n, b->set->config, draws);
    for (int i = 0; i < n; i++) {
        const size_t n_all = b->set->n_examples;
        const size_t other = (size_t)(hr_draw_uniform(&own) * (double)n_all);
        const size_t from = i == 0 ? number : other < n_all ? other : n_all - 1;
        HR_TRY(add_picture(b, worker, from, &areas[i], n, draws, e, canvas));
    }
    if (b->options.augment) hr_augment_pixels(b->set->config, stream, canvas, width, height);
    hr_batches_fill_input(b, canvas, e->input);
    return HRNET_OK;
}

hrnet_status hr_batches_make_boxes(const hr_batches *b, int worker, size_t number, hr_example *e)
{
    const hrnet_status status = make(b, worker, number, e);
    if (status != HRNET_OK) hr_example_free(e);
    return status;
}
