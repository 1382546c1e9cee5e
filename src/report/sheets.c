/*
 * sheets.c - contact sheets, with float32 and double in the places where upstream's torch and numpy code has them, so
 * that pixels agree: torchvision's make_grid with normalize=True, cv2.circle, cv2.applyColorMap, cv2.resize.
 */
#include "report/sheets.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/image/image.h"

enum {
    COLUMNS = 8,
    BORDER = 2,
    MAX_SIDE = 65500 /* of a JPEG */
};

static const uint8_t blue[3] = {0, 0, 255}, red[3] = {255, 0, 0};

/* ------------------------------------------------------------------------------------------------ pictures */

/* Lowest and highest value of the three channels of all pictures. A sheet is normalised as a whole:
 * pixel = 255 (value - low) / (high - low). */
typedef struct range {
    float low, high;
} range;

static range range_of(const hr_sheet_item *items, int n, const hr_sheet_options *o)
{
    range all = {INFINITY, -INFINITY};
    const size_t n_values = (size_t)o->width * (size_t)o->height * 4;
    for (int i = 0; i < n; i++) {
        for (size_t k = 0; k < n_values; k++) {
            if (k % 4 == 3) continue;
            all.low = fminf(all.low, items[i].input[k]);
            all.high = fmaxf(all.high, items[i].input[k]);
        }
    }
    return all;
}

/* torch's mul(255).clamp(0, 255).byte(), which rounds towards zero */
static uint8_t to_byte(float value)
{
    const float scaled = value * 255;
    return scaled >= 255 ? 255 : scaled > 0 ? (uint8_t)scaled : 0;
}

static void copy_pixel(uint8_t *rgb, const float *input, float low, float divisor, int color_rgb)
{
    for (int c = 0; c < 3; c++) rgb[color_rgb ? c : 2 - c] = to_byte((input[c] - low) / divisor);
}

/* A black sheet. HRNET_ERR_LIMIT if it is larger than images may be. */
static hrnet_status new_sheet(hrnet_image *image, int64_t width, int64_t height)
{
    const hr_image_source limits = {.name = "contact sheet", .max_pixels = HR_LIMIT_PICTURE_PIXELS};
    HR_TRY(hr_image_new(image, (uint64_t)width, (uint64_t)height, 0, &limits));
    memset(image->rgb, 0, (size_t)width * (size_t)height * 3);
    return HRNET_OK;
}

static uint8_t *pixel_at(const hrnet_image *image, int x, int y)
{
    return image->rgb + ((size_t)y * (size_t)image->width + (size_t)x) * 3;
}

/* ------------------------------------------------------------------------------------------------ circles */

/* A rectangle of a sheet, to which drawing is clipped. */
typedef struct sheet_tile {
    hrnet_image *sheet;
    int left, top, width, height;
} sheet_tile;

/* Paint the pixels whose squared distance from pixel (x, y) of the tile is from inner to outer; up to 3 pixels away. */
static void draw_ring(const sheet_tile *in, double x, double y, int inner, int outer, const uint8_t color[3])
{
    const double far_away = 1 << 20;
    if (!(fabs(x) < far_away) || !(fabs(y) < far_away)) return;
    const int cx = (int)x, cy = (int)y, reach = 3;
    for (int py = cy - reach; py <= cy + reach; py++) {
        for (int px = cx - reach; px <= cx + reach; px++) {
            const int distance = (px - cx) * (px - cx) + (py - cy) * (py - cy);
            if (distance < inner || distance > outer) continue;
            if (px < 0 || py < 0 || px >= in->width || py >= in->height) continue;
            memcpy(pixel_at(in->sheet, in->left + px, in->top + py), color, 3);
        }
    }
}

/* cv2.circle(radius 2, thickness 2): a disc of 37 pixels. */
static void draw_joint(const sheet_tile *in, double x, double y)
{
    draw_ring(in, x, y, 0, 10, blue);
}

/* cv2.circle(radius 1, thickness 1): the four neighbours. */
static void draw_peak(const sheet_tile *in, int x, int y)
{
    draw_ring(in, x, y, 1, 1, red);
}

/* The first highest cell of a map; cell (0, 0) if none is above 0, as in get_max_preds. */
static void find_peak(const float *map, const hr_sheet_options *o, int *x, int *y)
{
    const int n = o->map_width * o->map_height;
    int best = 0;
    for (int i = 1; i < n; i++)
        if (map[i] > map[best]) best = i;
    if (!(map[best] > 0)) best = 0;
    *x = best % o->map_width;
    *y = best / o->map_width;
}

/* ------------------------------------------------------------------------------------------------ joints */

/* Copy a picture to the sheet, its top left pixel to (left, top). */
static void paste_picture(hrnet_image *sheet, int left, int top, const hr_sheet_item *item, const range *all,
                          const hr_sheet_options *o)
{
    const float divisor = (float)fmax((double)all->high - (double)all->low, 1e-5);
    for (int y = 0; y < o->height; y++) {
        for (int x = 0; x < o->width; x++)
            copy_pixel(pixel_at(sheet, left + x, top + y), item->input + ((size_t)y * (size_t)o->width + (size_t)x) * 4,
                       all->low, divisor, o->color_rgb);
    }
}

/* Circles on the visible joints of a picture at (left, top), clipped to the sheet and not to the picture. */
static void circle_joints(hrnet_image *sheet, int left, int top, const hr_sheet_item *item, const hr_sheet_options *o,
                          int at_maps)
{
    const sheet_tile whole = {sheet, 0, 0, sheet->width, sheet->height};
    const size_t n_cells = (size_t)o->map_width * (size_t)o->map_height;
    for (int j = 0; j < o->n_joints; j++) {
        const double *const joint = item->truth + (size_t)j * 3;
        double x = joint[0], y = joint[1];
        if (!(joint[2] > 0)) continue;
        if (at_maps) {
            int column, row;
            find_peak(item->maps + (size_t)j * n_cells, o, &column, &row);
            x = (double)column * o->width / o->map_width;
            y = (double)row * o->height / o->map_height;
        }
        draw_joint(&whole, left + x, top + y);
    }
}

/* The frame of a box of a picture at (left, top), clipped to the picture. */
static void frame_box(hrnet_image *sheet, int left, int top, const hrnet_box *box, const uint8_t color[3],
                      const hr_sheet_options *o)
{
    const double x2 = (double)box->x + (double)box->w - 1, y2 = (double)box->y + (double)box->h - 1;
    const int first_x = (int)fmax(0, fmin(o->width - 1, (double)box->x)), last_x = (int)fmax(0, fmin(o->width - 1, x2));
    const int first_y = (int)fmax(0, fmin(o->height - 1, (double)box->y));
    const int last_y = (int)fmax(0, fmin(o->height - 1, y2));
    for (int x = first_x; x <= last_x; x++) {
        memcpy(pixel_at(sheet, left + x, top + first_y), color, 3);
        memcpy(pixel_at(sheet, left + x, top + last_y), color, 3);
    }
    for (int y = first_y; y <= last_y; y++) {
        memcpy(pixel_at(sheet, left + first_x, top + y), color, 3);
        memcpy(pixel_at(sheet, left + last_x, top + y), color, 3);
    }
}

hrnet_status hr_sheet_joints(hrnet_image *image, const hr_sheet_item *items, int n, const hr_sheet_options *options,
                             int at_maps)
{
    const int width = options->width + BORDER, height = options->height + BORDER;
    const int columns = n < COLUMNS ? n : COLUMNS, rows = (n + COLUMNS - 1) / COLUMNS;
    const range all = range_of(items, n, options);
    HR_TRY(new_sheet(image, (int64_t)columns * width + BORDER, (int64_t)rows * height + BORDER));
    for (int i = 0; i < n; i++)
        paste_picture(image, i % COLUMNS * width + BORDER, i / COLUMNS * height + BORDER, &items[i], &all, options);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < items[i].n_boxes; k++)
            frame_box(image, i % COLUMNS * width + BORDER, i / COLUMNS * height + BORDER, &items[i].boxes[k],
                      items[i].is_ignored[k] ? red : blue, options);
    /* circles last: those of joints outside their picture reach into its neighbours */
    for (int i = 0; i < n; i++)
        circle_joints(image, i % COLUMNS * width + BORDER, i / COLUMNS * height + BORDER, &items[i], options, at_maps);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ heatmaps */

/* cv2.resize(INTER_LINEAR) from `of` pixels to n: pixel i is (1 - *t) of source pixel *at and *t of the next. Centres
 * of pixels correspond: x = (i + 0.5) of / n - 0.5, clamped. */
static void source_of(int i, int n, int of, int *at, double *t)
{
    const double x = fmin(fmax((i + 0.5) * of / n - 0.5, 0), of - 1);
    *at = (int)x;
    *t = x - *at;
}

/* Reduce the picture to the tile's size. As in upstream its pixels are rounded to bytes before they are interpolated.
 */
static void paste_reduced(const sheet_tile *in, const hr_sheet_item *item, const range *all, const hr_sheet_options *o)
{
    const float divisor = (float)((double)all->high - (double)all->low + 1e-5);
    for (int y = 0; y < in->height; y++) {
        for (int x = 0; x < in->width; x++) {
            int x0, y0;
            double tx, ty, sums[3] = {0};
            source_of(x, in->width, o->width, &x0, &tx);
            source_of(y, in->height, o->height, &y0, &ty);
            for (int corner = 0; corner < 4; corner++) {
                const int right = corner & 1, below = corner >> 1;
                const double share = (right ? tx : 1 - tx) * (below ? ty : 1 - ty);
                if (share == 0) continue; /* at the last pixel: the next one does not exist */
                const size_t at = (size_t)(y0 + below) * (size_t)o->width + (size_t)(x0 + right);
                uint8_t rgb[3];
                copy_pixel(rgb, item->input + at * 4, all->low, divisor, o->color_rgb);
                for (int c = 0; c < 3; c++) sums[c] += share * rgb[c];
            }
            for (int c = 0; c < 3; c++) pixel_at(in->sheet, in->left + x, in->top + y)[c] = (uint8_t)(sums[c] + 0.5);
        }
    }
}

static int clamp_to_byte(int value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* OpenCV's COLORMAP_JET as RGB. Its table is piecewise linear, except for one entry (value 159). */
static void jet(uint8_t value, uint8_t rgb[3])
{
    const int v = value, up = 128 + 4 * v, down = 638 - 4 * v;
    rgb[0] = (uint8_t)clamp_to_byte(4 * v - 382 < 1148 - 4 * v ? 4 * v - 382 : 1148 - 4 * v);
    rgb[1] = (uint8_t)clamp_to_byte(4 * v - 128 < 892 - 4 * v ? 4 * v - 128 : 892 - 4 * v);
    rgb[2] = (uint8_t)(v == 159 ? 1 : clamp_to_byte(up < down ? up : down));
}

/* Blend the map's colours, 0.7, with the picture, 0.3. */
static void paste_map(const sheet_tile *in, const sheet_tile *picture, const float *map)
{
    for (int y = 0; y < in->height; y++) {
        for (int x = 0; x < in->width; x++) {
            uint8_t color[3];
            const uint8_t *const below = pixel_at(picture->sheet, picture->left + x, picture->top + y);
            jet(to_byte(map[y * in->width + x]), color);
            for (int c = 0; c < 3; c++)
                pixel_at(in->sheet, in->left + x, in->top + y)[c] = (uint8_t)lrint(color[c] * 0.7 + below[c] * 0.3);
        }
    }
}

/* A row of the sheet of heatmaps. As in upstream each peak is first marked in the reduced picture itself, so that a
 * heatmap also shows the peaks of the joints before it. */
static void paste_row(hrnet_image *sheet, int row, const hr_sheet_item *item, const float *maps, const range *all,
                      const hr_sheet_options *o)
{
    const sheet_tile picture = {sheet, 0, row * o->map_height, o->map_width, o->map_height};
    sheet_tile with_map = picture;
    paste_reduced(&picture, item, all, o);
    for (int j = 0; j < o->n_joints; j++) {
        const float *const map = maps + (size_t)j * (size_t)o->map_width * (size_t)o->map_height;
        int x, y;
        with_map.left += o->map_width;
        find_peak(map, o, &x, &y);
        draw_peak(&picture, x, y);
        paste_map(&with_map, &picture, map);
        draw_peak(&with_map, x, y);
    }
}

hrnet_status hr_sheet_heatmaps(hrnet_image *image, const hr_sheet_item *items, int n, const hr_sheet_options *options,
                               int of_maps)
{
    const range all = range_of(items, n, options);
    HR_TRY(new_sheet(image, (int64_t)options->map_width * (options->n_joints + 1), (int64_t)options->map_height * n));
    for (int i = 0; i < n; i++)
        paste_row(image, i, &items[i], of_maps ? items[i].maps : items[i].targets, &all, options);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ files */

typedef hrnet_status make_sheet(hrnet_image *image, const hr_sheet_item *items, int n, const hr_sheet_options *options,
                                int of_maps);

static hrnet_status save_sheet(make_sheet *make, const char *prefix, const char *ending, const hr_sheet_item *items,
                               int n, const hr_sheet_options *options, int of_maps)
{
    hrnet_image image = {0};
    hr_text name = {0};
    char *path = NULL;
    hr_text_add(&name, "%s_%s.jpg", prefix, ending);
    HR_TRY(hr_text_take(&name, &path));
    hrnet_status status = make(&image, items, n, options, of_maps);
    if (status == HRNET_OK) status = hrnet_image_save(&image, path);
    hrnet_image_free(&image);
    hr_free(path);
    return status;
}

hrnet_status hr_sheets_write(const char *prefix, const hr_sheet_item *items, int n, const hr_sheet_options *options)
{
    const hr_sheet_options *const o = options;
    if (n < 1) return hr_fail(HRNET_ERR_ARGUMENT, "%s: a contact sheet of %d pictures", prefix, n);
    /* as many rows as a JPEG can have */
    const int n_rows = (MAX_SIDE - BORDER) / (o->height + BORDER), n_maps = MAX_SIDE / o->map_height;
    const int with_maps = o->n_joints > 0;
    const int n_joints = n / COLUMNS < n_rows ? n : n_rows * COLUMNS, n_heatmaps = n < n_maps ? n : n_maps;
    int has_maps = 1;
    for (int i = 0; i < n; i++) has_maps &= items[i].maps != NULL;
    if (o->gt) HR_TRY(save_sheet(hr_sheet_joints, prefix, "gt", items, n_joints, o, 0));
    if (o->pred && has_maps) HR_TRY(save_sheet(hr_sheet_joints, prefix, "pred", items, n_joints, o, 1));
    if (o->heatmaps_gt && with_maps) HR_TRY(save_sheet(hr_sheet_heatmaps, prefix, "hm_gt", items, n_heatmaps, o, 0));
    if (o->heatmaps_pred && has_maps && with_maps)
        HR_TRY(save_sheet(hr_sheet_heatmaps, prefix, "hm_pred", items, n_heatmaps, o, 1));
    return HRNET_OK;
}
