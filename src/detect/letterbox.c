/*
 * letterbox.c - cv2.resize with INTER_LINEAR on bytes, bit for bit, into a grey input.
 *
 * Output column x lies at f = float((x + 0.5) n_in / n_out - 0.5) of the picture, between pixels i = floor(f) and i +
 * 1, with weights rint(2048 (1 - t)) and rint(2048 t), t = f - i; rows alike. Then h   = a0 p(i) + a1 p(i + 1) of the
 * two rows out = (((b0 (h0 >> 4)) >> 16) + ((b1 (h1 >> 4)) >> 16) + 2) >> 2 At the sides a column beyond the last pixel
 * is that pixel alone (t = 0); at top and bottom the two rows are clamped and keep their weights. OpenCV's sums are cut
 * three times, which a single rounding would not repeat.
 *
 * Columns are made in chunks, so that the weights of a chunk and its two rows h >> 4 stay in the first cache.
 */
#include "detect/letterbox.h"

#include <math.h>
#include <string.h>

#include "base/status.h"

enum {
    CHUNK = 256,  /* columns that are made together at most */
    SPAN = 4096,  /* columns of the picture that they lie between at most */
    ONE = 1 << 11 /* INTER_RESIZE_COEF_SCALE */
};

static int resized(int side, double ratio, int most, hr_letterbox_rule rule)
{
    const double exact = side * ratio + (rule == HR_LETTERBOX_ROUNDED ? 0.5 : 0);
    const int whole = exact < most ? (int)exact : most;
    return whole > 1 ? whole : 1;
}

void hr_letterbox_fit(hr_letterbox *box, int picture_width, int picture_height, int width, int height,
                      hr_letterbox_rule rule)
{
    const double across = (double)width / picture_width, down = (double)height / picture_height;
    const double ratio = across < down ? across : down;
    *box = (hr_letterbox){.picture_width = picture_width,
                          .picture_height = picture_height,
                          .width = width,
                          .height = height,
                          .content_width = resized(picture_width, ratio, width, rule),
                          .content_height = resized(picture_height, ratio, height, rule),
                          .ratio = ratio};
}

void hr_letterbox_trim(hr_letterbox *box, int step)
{
    box->width = (box->content_width + step - 1) / step * step;
    box->height = (box->content_height + step - 1) / step * step;
}

hrnet_status hr_letterbox_pixels(hr_letterbox *box, const hrnet_pixels *pixels)
{
    return hr_pixels_check(pixels, &box->pixels);
}

/* Where an output pixel lies between two of the picture: the first one's index, and its weight and the second one's. */
typedef struct between {
    int index;
    int16_t weight[2];
} between;

static between find_between(int i, int n_in, int n_out)
{
    const float at = (float)((i + 0.5) * ((double)n_in / n_out) - 0.5);
    const float whole = floorf(at), share = at - whole;
    return (between){(int)whole, {(int16_t)lrintf((1.0f - share) * ONE), (int16_t)lrintf(share * ONE)}};
}

typedef struct chunk {
    int n;               /* columns */
    int pixel[CHUNK][2]; /* the two columns of the picture */
    int16_t weight[CHUNK][2];
    int16_t rows[2][CHUNK * 3]; /* h >> 4 of two rows of the picture, which are ... */
    int row_of[2];              /* ... these; -1: none yet */
} chunk;

static void begin_chunk(chunk *c, const hr_letterbox *box, int x0)
{
    const int n_in = box->picture_width, left = box->content_width - x0;
    const int most = left < CHUNK ? left : CHUNK;
    c->row_of[0] = c->row_of[1] = -1;
    for (c->n = 0; c->n < most; c->n++) {
        const int i = c->n;
        between b = find_between(x0 + i, n_in, box->content_width);
        if (b.index < 0 || b.index >= n_in - 1) {
            b = (between){b.index < 0 ? 0 : n_in - 1, {ONE, 0}};
        }
        c->pixel[i][0] = b.index;
        c->pixel[i][1] = b.index < n_in - 1 ? b.index + 1 : b.index;
        if (c->pixel[i][1] - c->pixel[0][0] >= SPAN) break;
        memcpy(c->weight[i], b.weight, sizeof b.weight);
    }
}

/* One row of a picture in one plane, of which row holds the pixels from `first` on; inlined for each format so that its
 * layout is known when it is compiled. */
static inline __attribute__((always_inline)) void resize_packed(const chunk *c, const uint8_t *row, int first,
                                                                hr_pixel_layout layout, int16_t *restrict out)
{
    const int n = c->n;
    for (int i = 0; i < n; i++) {
        const uint8_t *const left = row + (ptrdiff_t)(c->pixel[i][0] - first) * layout.step;
        const uint8_t *const right = row + (ptrdiff_t)(c->pixel[i][1] - first) * layout.step;
        const int a0 = c->weight[i][0], a1 = c->weight[i][1];
        out[i * 3 + 0] = (int16_t)((a0 * left[layout.red] + a1 * right[layout.red]) >> 4);
        out[i * 3 + 1] = (int16_t)((a0 * left[layout.green] + a1 * right[layout.green]) >> 4);
        out[i * 3 + 2] = (int16_t)((a0 * left[layout.blue] + a1 * right[layout.blue]) >> 4);
    }
}

/* Of a picture in several planes the part of the row that the chunk lies in becomes RGB first. */
static void resize_planes(const chunk *c, const hrnet_pixels *pixels, int y, int16_t *out)
{
    uint8_t rgbx[SPAN * 4];
    const int first = c->pixel[0][0];
    hr_pixels_convert_row(pixels, first, y, c->pixel[c->n - 1][1] - first + 1, rgbx);
    resize_packed(c, rgbx, first, hr_pixel_layout_of(HRNET_PIXELS_RGBA), out);
}

static void resize_row(const chunk *c, const hrnet_pixels *pixels, int y, int16_t *out)
{
    const uint8_t *const row = pixels->planes[0] + y * pixels->strides[0];
    switch (pixels->format) {
    case HRNET_PIXELS_RGB: resize_packed(c, row, 0, hr_pixel_layout_of(HRNET_PIXELS_RGB), out); break;
    case HRNET_PIXELS_BGR: resize_packed(c, row, 0, hr_pixel_layout_of(HRNET_PIXELS_BGR), out); break;
    case HRNET_PIXELS_RGBA: resize_packed(c, row, 0, hr_pixel_layout_of(HRNET_PIXELS_RGBA), out); break;
    case HRNET_PIXELS_BGRA: resize_packed(c, row, 0, hr_pixel_layout_of(HRNET_PIXELS_BGRA), out); break;
    case HRNET_PIXELS_GREY: resize_packed(c, row, 0, hr_pixel_layout_of(HRNET_PIXELS_GREY), out); break;
    case HRNET_PIXELS_NV12:
    case HRNET_PIXELS_I420: resize_planes(c, pixels, y, out); break;
    }
}

/* Have row y of the picture in rows[slot], taken over from the other slot if it is there. */
static void need_row(chunk *c, const hrnet_pixels *pixels, int slot, int y)
{
    if (c->row_of[slot] == y) return;
    if (c->row_of[1 - slot] == y)
        memcpy(c->rows[slot], c->rows[1 - slot], (size_t)c->n * 3 * sizeof **c->rows);
    else
        resize_row(c, pixels, y, c->rows[slot]);
    c->row_of[slot] = y;
}

static int clamp_row(int y, int height)
{
    return y < 0 ? 0 : y < height ? y : height - 1;
}

/* The chunk's pixels of row y of the resized picture. */
static void make_row(chunk *c, const hr_letterbox *box, int y, uint8_t *restrict rgb)
{
    const between b = find_between(y, box->picture_height, box->content_height);
    need_row(c, &box->pixels, 0, clamp_row(b.index, box->picture_height));
    need_row(c, &box->pixels, 1, clamp_row(b.index + 1, box->picture_height));
    const int16_t *const upper = c->rows[0], *const lower = c->rows[1];
    const int16_t b0 = b.weight[0], b1 = b.weight[1];
    const int n = c->n * 3;
    for (int i = 0; i < n; i++) { /* 16-bit numbers throughout, which compilers multiply eight at a time */
        const int16_t from_upper = (int16_t)((b0 * upper[i]) >> 16), from_lower = (int16_t)((b1 * lower[i]) >> 16);
        rgb[i] = (uint8_t)((int16_t)(from_upper + from_lower + 2) >> 2);
    }
}

void hr_letterbox_rows(const hr_letterbox *box, int y0, int y1, uint8_t *rgb)
{
    const size_t row_bytes = (size_t)box->width * 3, content_bytes = (size_t)box->content_width * 3;
    const int end = y1 < box->content_height ? y1 : box->content_height;
    chunk c;
    for (int x0 = 0; x0 < box->content_width; x0 += c.n) {
        begin_chunk(&c, box, x0);
        for (int y = y0; y < end; y++) make_row(&c, box, y, rgb + (size_t)(y - y0) * row_bytes + (size_t)x0 * 3);
    }
    for (int y = y0; y < y1; y++) {
        const size_t made = y < end ? content_bytes : 0;
        memset(rgb + (size_t)(y - y0) * row_bytes + made, HR_LETTERBOX_GREY, row_bytes - made);
    }
}

static inline __attribute__((always_inline)) void write_pixels(const hr_pixel_table *table, const uint8_t *rgb, int n,
                                                               float *out, ptrdiff_t ld)
{
    const float *const first = table->value[0], *const second = table->value[1], *const third = table->value[2];
    const uint8_t *const a = rgb + table->source[0], *const b = rgb + table->source[1],
                         *const c = rgb + table->source[2];
    for (int i = 0; i < n; i++, out += ld) {
        out[0] = first[a[i * 3]];
        out[1] = second[b[i * 3]];
        out[2] = third[c[i * 3]];
    }
}

void hr_letterbox_rows_input(const hr_letterbox *box, const hr_pixel_table *table, int y0, int y1, float *out,
                             ptrdiff_t ld)
{
    const ptrdiff_t row = box->width * ld;
    const int end = y1 < box->content_height ? y1 : box->content_height;
    uint8_t rgb[CHUNK * 3];
    chunk c;
    for (int x0 = 0; x0 < box->content_width; x0 += c.n) {
        begin_chunk(&c, box, x0);
        for (int y = y0; y < end; y++) {
            make_row(&c, box, y, rgb);
            write_pixels(table, rgb, c.n, out + (y - y0) * row + x0 * ld, ld);
        }
    }
    memset(rgb, HR_LETTERBOX_GREY, sizeof rgb);
    for (int y = y0; y < y1; y++) {
        for (int x = y < end ? box->content_width : 0; x < box->width; x += CHUNK) {
            const int left = box->width - x;
            write_pixels(table, rgb, left < CHUNK ? left : CHUNK, out + (y - y0) * row + x * ld, ld);
        }
    }
}
