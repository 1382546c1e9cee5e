/* place.c - places of pictures on the canvas of a detector's example, and the boxes that follow from them. */
#include "batches/place.h"

#include <math.h>
#include <string.h>

#include "detect/letterbox.h"
#include "pose/crop.h"

static const double mosaic_scale = 0.6, least_seen = 0.25, least_side = 4;

static int between(hr_draws *draws, int low, int high)
{
    return low + (int)((high - low + 1) * hr_draw_uniform(draws));
}

void hr_place_areas(hr_area areas[HR_MOSAIC], int *n, const hr_config *config, hr_draws *draws)
{
    const int w = config->model.image_size[0], h = config->model.image_size[1];
    areas[0] = (hr_area){0, 0, w, h};
    *n = 1;
    if (draws == NULL || !(config->dataset.mosaic > 0) || hr_draw_uniform(draws) >= config->dataset.mosaic) return;
    const int x = between(draws, w / 3, w - w / 3), y = between(draws, h / 3, h - h / 3);
    areas[0] = (hr_area){0, 0, x, y};
    areas[1] = (hr_area){x, 0, w, y};
    areas[2] = (hr_area){0, y, x, h};
    areas[3] = (hr_area){x, y, w, h};
    *n = HR_MOSAIC;
}

/* The offset of `length` pixels within [low, high): anywhere inside; if there are more, cut so that `centre`, counted
 * from their begin, is seen. */
static double offset(hr_draws *draws, int low, int high, double length, double centre)
{
    const double first = length < high - low ? low : fmax(high - length, low - centre);
    const double last = length < high - low ? high - length : fmin(low, high - centre);
    return first + hr_draw_uniform(draws) * (last - first);
}

/* The centre of one of the persons, seen in the mirror if that is drawn; of the picture if there is nobody. */
static void choose_centre(const hr_place_picture *picture, int is_flipped, hr_draws *draws, double centre[2])
{
    const size_t k = (size_t)(hr_draw_uniform(draws) * (double)picture->n_boxes);
    centre[0] = hr_draw_uniform(draws) * picture->width; /* drawn in any case, so that later draws stay the same */
    centre[1] = hr_draw_uniform(draws) * picture->height;
    if (k >= picture->n_boxes) return;
    const hrnet_box *const box = &picture->boxes[k];
    centre[0] = fmin(fmax(0, (double)box->x + (double)box->w / 2), picture->width);
    centre[1] = fmin(fmax(0, (double)box->y + (double)box->h / 2), picture->height);
    if (is_flipped) centre[0] = picture->width - centre[0];
}

hr_placement hr_place_choose(const hr_config *config, const hr_area *area, int n_areas, const hr_place_picture *picture,
                             hr_draws *draws)
{
    const int width = picture->width, height = picture->height;
    double centre[2];
    const hr_dataset_config *const d = &config->dataset;
    const int *const size = config->model.image_size;
    const int long_side = d->picture_size > 0 ? d->picture_size : size[0] > size[1] ? size[0] : size[1];
    hr_placement place = {.area = *area, .x = area->left, .y = area->top};
    double scale = (double)long_side / (width > height ? width : height);
    place.scale_x = place.scale_y = scale;
    if (draws == NULL) return place;
    if (n_areas > 1) scale *= mosaic_scale;
    scale *= exp((2 * hr_draw_uniform(draws) - 1) * log1p(d->scale_factor));
    const double aspect = exp((2 * hr_draw_uniform(draws) - 1) * log1p(d->aspect_jitter) / 2);
    place.scale_x = scale * aspect;
    place.scale_y = scale / aspect;
    place.is_flipped = d->flip && hr_draw_uniform(draws) < 0.5;
    choose_centre(picture, place.is_flipped, draws, centre);
    place.x = offset(draws, area->left, area->right, place.scale_x * width, place.scale_x * centre[0]);
    place.y = offset(draws, area->top, area->bottom, place.scale_y * height, place.scale_y * centre[1]);
    return place;
}

/* Cells [*first, *end) of [low, high) that lie within [from, to). */
static void covered(double from, double to, int low, int high, int *first, int *end)
{
    *first = (int)fmax(low, fmin(high, ceil(from - 0.5)));
    *end = (int)fmax(*first, fmin(high, ceil(to - 0.5)));
}

hrnet_status hr_place_draw(const hr_placement *p, const hrnet_image *image, uint8_t *scratch, uint8_t *canvas,
                           int width)
{
    const hrnet_pixels pixels = hrnet_image_pixels(image);
    const hr_area *const area = &p->area;
    int left, right, top, bottom;
    covered(p->x, p->x + p->scale_x * image->width, area->left, area->right, &left, &right);
    covered(p->y, p->y + p->scale_y * image->height, area->top, area->bottom, &top, &bottom);
    for (int y = area->top; y < area->bottom; y++)
        memset(canvas + 3 * ((size_t)y * (size_t)width + (size_t)area->left), HR_LETTERBOX_GREY,
               3 * (size_t)(area->right - area->left));
    if (right <= left || bottom <= top) return HRNET_OK;
    /* pixel u has its centre at u + 1/2; the part that is drawn begins at (left, top) */
    const double matrix[6] = {p->scale_x, 0,          0.5 * p->scale_x + p->x - 0.5 - left,
                              0,          p->scale_y, 0.5 * p->scale_y + p->y - 0.5 - top};
    hr_warp warp;
    HR_TRY(hr_warp_init(&warp, &pixels, matrix, right - left, bottom - top, HRNET_SAMPLE_OPENCV));
    warp.mirrored = p->is_flipped;
    hr_warp_rows(&warp, 0, bottom - top, scratch);
    const size_t n = 3 * (size_t)(right - left);
    for (int y = top; y < bottom; y++)
        memcpy(canvas + 3 * ((size_t)y * (size_t)width + (size_t)left), scratch + (size_t)(y - top) * n, n);
    return HRNET_OK;
}

int hr_place_box(hr_box_truth *out, const hr_placement *p, const hrnet_box *box, int is_crowd, int picture_width)
{
    const double from = p->is_flipped ? picture_width - (double)box->x - (double)box->w : (double)box->x;
    const double x1 = p->scale_x * from + p->x, x2 = x1 + p->scale_x * (double)box->w;
    const double y1 = p->scale_y * (double)box->y + p->y, y2 = y1 + p->scale_y * (double)box->h;
    const double left = fmax(x1, p->area.left), right = fmin(x2, p->area.right);
    const double top = fmax(y1, p->area.top), bottom = fmin(y2, p->area.bottom);
    const double w = right - left, h = bottom - top;
    if (!(w > 0) || !(h > 0)) return 0;
    const int is_small = w < least_side || h < least_side || w * h < least_seen * (x2 - x1) * (y2 - y1);
    *out = (hr_box_truth){.x = (float)(left + w / 2),
                          .y = (float)(top + h / 2),
                          .w = (float)w,
                          .h = (float)h,
                          .is_ignored = is_crowd || is_small};
    return 1;
}
